import logging

import psycopg2
from odoo import SUPERUSER_ID, api, models
from odoo.modules.registry import Registry

from ..engine import project

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
# How long a refresh waits for one that is busy with the same debtor; after that the next refresh does it.
_LOCK_TIMEOUT = "300ms"


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


def _refresh_in_new_transaction(dbname, attempts=3):
    """Refresh what is marked; never raise: a mark that stays is done by the next refresh.

    A refresh of the same debtor elsewhere makes this one fail or wait; it then reads the ledger again.
    """
    with Registry(dbname).cursor() as cr:
        for attempt in range(attempts):
            try:
                env = api.Environment(cr, SUPERUSER_ID, {})
                cr.execute("SELECT set_config('lock_timeout', %s, true)", [_LOCK_TIMEOUT])
                project.refresh_marked(env)
                cr.commit()  # pylint: disable=invalid-commit  # a cursor of our own
                return
            except psycopg2.errors.OperationalError as error:
                cr.rollback()
                _logger.debug("Refresh of collection cases, attempt %s: %s", attempt + 1, error)
        api.Environment(cr, SUPERUSER_ID, {}).ref("account_collections_auto.ir_cron_refresh")._trigger()
