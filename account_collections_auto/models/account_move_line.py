import logging

import psycopg2
from odoo import SUPERUSER_ID, api, models
from odoo.modules.registry import Registry

from ..engine import project
from ..engine.transactions import CONFLICTS, retrying

_logger = logging.getLogger(__name__)

# A change of one of these columns may change the projection of a receivable line.
_PROJECTED_COLUMNS = {
    "amount_residual",
    "amount_residual_currency",
    "reconciled",
    "parent_state",
    "partner_id",
    "account_id",
    "date_maturity",
    "date",
    "currency_id",
    "company_id",
}
# How long a refresh waits for one that is busy with the same debtor; after that the scheduler does it.
_LOCK_TIMEOUT = "300ms"
# Most marks that one person's commit refreshes, with its own first; what a bulk change left over the scheduler does.
_MARKS_AT_ONCE = 1000


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _write_multi(self, vals_list):
        # Below `write`, because residuals, states and reconciliations are computed fields: they arrive here only.
        if any(not _PROJECTED_COLUMNS.isdisjoint(vals) for vals in vals_list):
            self._collection_note_change()
        return super()._write_multi(vals_list)

    def unlink(self):
        case_ids = self.env["collection.item"].sudo().search([("move_line_id", "in", self.ids)]).case_id.ids
        result = super().unlink()
        if case_ids:
            self._collection_note_change(case_ids=case_ids)
        return result

    def _collection_note_change(self, case_ids=()):
        """Remember, in memory, that these lines changed; one statement before the commit turns them into marks."""
        precommit = self.env.cr.precommit
        pending = precommit.data.get(project.PENDING)
        if pending is None:
            pending = precommit.data[project.PENDING] = {"lines": set(), "cases": set()}
            precommit.add(self.env["account.move.line"].sudo()._collection_append_marks)
        pending["lines"].update(self.ids)
        pending["cases"].update(case_ids)

    @api.model
    def _collection_append_marks(self):
        if project.append_pending_marks(self.env):
            self._collection_refresh_after_commit()

    @api.model
    def _collection_refresh_after_commit(self):
        """Refresh the marked cases in a transaction of its own, right after this one is committed."""
        postcommit = self.env.cr.postcommit
        if not postcommit.data.get(project.PENDING):
            postcommit.data[project.PENDING] = True
            dbname = self.env.cr.dbname
            postcommit.add(lambda: _refresh_in_new_transaction(dbname))


def _refresh_in_new_transaction(dbname):
    """Refresh what is marked; never raise, since the change is committed: what stays marked is done by the scheduler.

    A refresh of the same debtor elsewhere makes this one fail; it then reads the ledger again. One that is busy for
    longer, such as a cycle, is not waited for.
    """
    try:
        with Registry(dbname).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if not _refresh_now(env):
                env.ref("account_collections_auto.ir_cron_refresh")._trigger()
    except Exception:
        _logger.exception("The collection cases could not be refreshed after a change")


def _refresh_now(env):
    """Return whether all that is marked is done, or in the hands of another refresh."""

    def refresh():
        env.cr.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_TIMEOUT])
        return project.refresh_some_marked(env, _MARKS_AT_ONCE)

    try:
        return retrying(env, refresh, attempts=3) < _MARKS_AT_ONCE
    except (*CONFLICTS, psycopg2.errors.LockNotAvailable) as error:
        env.cr.rollback()
        _logger.debug("Collection cases are left to the scheduler: %s", error)
        return False
