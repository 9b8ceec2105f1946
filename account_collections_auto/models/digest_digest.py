from datetime import datetime, timedelta

from odoo import fields, models
from odoo.exceptions import AccessError

from ..engine import kpi_inputs, kpis

# Two buckets: not due, and overdue since the first day.
OVERDUE = [1]
# Where the ledgers stand that the mails of one run have read.
KEPT = "collection_digest_ledgers"


class DigestDigest(models.Model):
    """Collections in Odoo's digest mails: what is overdue, how much of all that is, what came in, how long it takes."""

    _inherit = "digest.digest"

    kpi_collection_overdue = fields.Boolean("Overdue Receivables", help="At the end of the period, before credits.")
    kpi_collection_overdue_value = fields.Monetary(compute="_compute_kpi_collection_overdue_value")
    kpi_collection_overdue_rate = fields.Boolean(
        "Overdue, Percent of Open Items", help="At the end of the period; credits are in neither figure."
    )
    kpi_collection_overdue_rate_value = fields.Float(compute="_compute_kpi_collection_overdue_rate_value")
    kpi_collection_collected = fields.Boolean(
        "Money Collected", help="Payments of customers in the period less what was paid back, by their date."
    )
    kpi_collection_collected_value = fields.Monetary(compute="_compute_kpi_collection_collected_value")
    kpi_collection_dso = fields.Boolean(
        "Days Sales Outstanding", help="Receivables at the end of the period by the sales of the three months up to then."
    )
    kpi_collection_dso_value = fields.Float(compute="_compute_kpi_collection_dso_value")

    def _compute_kpi_collection_overdue_value(self):
        for digest in self:
            digest.kpi_collection_overdue_value = digest._read_collection_balance().overdue

    def _compute_kpi_collection_overdue_rate_value(self):
        for digest in self:
            balance = digest._read_collection_balance()
            digest.kpi_collection_overdue_rate_value = digest._need(kpis.percent(balance.overdue, balance.debit))

    def _compute_kpi_collection_collected_value(self):
        for digest in self:
            since, until = digest._get_collection_period()
            digest.kpi_collection_collected_value = digest._read_collection_ledger().flows(since, until)["money"]

    def _compute_kpi_collection_dso_value(self):
        for digest in self:
            _since, until = digest._get_collection_period()
            since, ledger = digest._start_collection_quarter(until), digest._read_collection_ledger()
            sales, receivables = ledger.flows(since, until)["sales"], ledger.balances[until].net
            dso = kpis.dso_simple(receivables, sales, (until - since).days) if ledger.knows(since) else None
            digest.kpi_collection_dso_value = digest._need(dso)

    def _need(self, figure):
        """Return ``figure``; one that is not available is left out of the mail, in the way that Odoo has for it."""
        if figure is None:
            raise AccessError(self.env._("Not available: there is nothing to compare with."))
        return figure

    def _read_collection_balance(self):
        """Return what was open at the end of the period."""
        _since, until = self._get_collection_period()
        return self._read_collection_ledger().balances[until]

    def _read_collection_ledger(self):
        """Return the Ledger of the company on the days of all periods of a mail.

        A mail asks for each figure of each period on its own: what was read is kept while mails are written (`_action_send`).
        """
        company = self._get_collection_company()
        periods = [self._get_collection_period()]
        for _name, frames in self._compute_timeframes(self.env.company):
            periods += [(_as_day(since), _as_day(until)) for since, until in frames]
        days = {day for since, until in periods for day in (since, until, self._start_collection_quarter(until))}
        kept = self.env.cr.cache.get(KEPT, {})
        key = company.id, frozenset(days)
        if key not in kept:
            # sudo: a company is told with its branches, as Collections does everywhere
            branches = self.env["res.company"].sudo().search([("id", "child_of", company.id)])
            kept[key] = kpi_inputs.read_ledger(self.env, branches.ids, days, OVERDUE)
        return kept[key]

    def _get_collection_company(self):
        """Return the company of the digest; who has no access to it or to Collections gets no such figure."""
        company = self.company_id or self.env.company
        if company not in self.env.user.company_ids or not self.env.user.has_group(
            "account_collections_auto.group_collection_auditor"
        ):
            raise AccessError(self.env._("You have no access to Collections."))
        return company

    def _get_collection_period(self):
        """Return the day before the period and its last day."""
        today = self.env.company._collection_today()
        since, until = (self.env.context.get(key) for key in ("start_datetime", "end_datetime"))
        return _as_day(since) or today - timedelta(days=7), _as_day(until) or today

    def _start_collection_quarter(self, until):
        """Return the day before the three months that end with ``until``."""
        return self.env["collection.kpi"]._start(until, 3)

    def _action_send(self, update_periodicity=True):
        self.env.cr.cache[KEPT] = {}
        try:
            return super()._action_send(update_periodicity=update_periodicity)
        finally:
            self.env.cr.cache.pop(KEPT, None)

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = f"?menu_id={self.env.ref('account_collections_auto.collection_menu_root').id}"
        actions["kpi_collection_overdue"] = f"account_collections_auto.collection_aged_report_action{menu}"
        actions["kpi_collection_overdue_rate"] = f"account_collections_auto.collection_report_action{menu}"
        return actions


def _as_day(moment):
    """Return the day of what Odoo's digest passes on: a moment with a time zone; None for nothing."""
    return moment.date() if isinstance(moment, datetime) else fields.Date.to_date(moment)
