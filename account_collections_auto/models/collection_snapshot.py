from datetime import timedelta
from functools import partial

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from ..engine import as_of
from ..engine.attempt import attempt
from ..engine.transactions import retrying

# So many month-ends are kept at once when somebody asks for those that are missing.
BACK_FILL = 24
# The buckets of what is summed up: not due, overdue from the first day on, and credits, which are never due.
_CURRENT, _OVERDUE, _CREDIT = 0, 1, None


class CollectionSnapshot(models.Model):
    """What was open at the end of a month, item by item, as the ledger said it when the month was over.

    Un-matching leaves no trace in Odoo, and entries can be dated back: what was once reported is only known from here.
    """

    _name = "collection.snapshot"
    _description = "Month-End"
    _inherit = ["collection.recorded.mixin"]
    _order = "date desc, company_id"
    _rec_name = "date"
    _recorded = frozenset(
        {"company_id", "date", "line_ids", "is_later", "amount_debit", "amount_credit", "amount_overdue", "amount_open"}
    )

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(string="Month-End", required=True, readonly=True)
    is_later = fields.Boolean(
        string="Kept Later",
        readonly=True,
        help="Not kept when the month was over, but later: it shows what the ledger said of that day then.",
    )
    amount_debit = fields.Monetary(string="Owed", readonly=True, help="Open invoices and other debits, in company currency.")
    amount_credit = fields.Monetary(string="Unapplied", readonly=True, help="Credits and payments not matched yet.")
    amount_overdue = fields.Monetary(string="Overdue", readonly=True, help="Of what is owed, what was past its due date.")
    amount_open = fields.Monetary(string="Net Receivables", readonly=True, help="Owed less unapplied credits, as it was kept.")
    amount_debit_now = fields.Monetary(compute="_compute_now", string="Owed by Today's Ledger")
    amount_credit_now = fields.Monetary(compute="_compute_now", string="Unapplied by Today's Ledger")
    amount_overdue_now = fields.Monetary(compute="_compute_now", string="Overdue by Today's Ledger")
    amount_open_now = fields.Monetary(
        compute="_compute_now", string="Today's Ledger", help="What the ledger says today about the end of that month."
    )
    amount_difference = fields.Monetary(compute="_compute_now", string="Difference")
    is_changed = fields.Boolean(
        compute="_compute_now", string="Changed Since", help="What was owed, overdue or unapplied is another sum today."
    )
    difference_count = fields.Integer(compute="_compute_difference_count", string="Items That Differ")
    line_ids = fields.One2many("collection.snapshot.line", "snapshot_id", string="Open Items", readonly=True)

    _once = models.UniqueIndex("(company_id, date)", "The end of this month is kept already.")

    @api.depends("date", "company_id")
    def _compute_display_name(self):
        for snapshot in self:
            snapshot.display_name = format_date(self.env, snapshot.date) if snapshot.date else False

    def _compute_now(self):
        """What the ledger says today: sums only, so that many month-ends are quick; one statement for each company."""
        for company, snapshots in self.grouped("company_id").items():
            sums = self._sum_up_now(company, snapshots.mapped("date"))
            for snapshot in snapshots:
                now = sums.get(snapshot.date, {})
                snapshot.amount_overdue_now = now.get(_OVERDUE, 0.0)
                snapshot.amount_debit_now = now.get(_CURRENT, 0.0) + now.get(_OVERDUE, 0.0)
                snapshot.amount_credit_now = now.get(_CREDIT, 0.0)
                snapshot.amount_open_now = snapshot.amount_debit_now + snapshot.amount_credit_now
                snapshot.amount_difference = snapshot.amount_open_now - snapshot.amount_open
                snapshot.is_changed = any(
                    snapshot.currency_id.compare_amounts(snapshot[name], snapshot[f"{name}_now"])
                    for name in ("amount_debit", "amount_credit", "amount_overdue")
                )

    def _sum_up_now(self, company, dates):
        """Return {date: {bucket: amount}}; the buckets are not due, overdue and, as None, credits."""
        bucket = SQL("width_bucket(day.as_of - line.due_date, ARRAY[%s])", _OVERDUE)
        branches = self._get_branches(company)
        sums = {}
        for date, number, amount in self.env.execute_query(as_of.open_sums_sql(self.env, branches.ids, dates, bucket)):
            sums.setdefault(date, {})[number] = amount
        return sums

    def _compute_difference_count(self):
        differences = self.env["collection.snapshot.difference"].with_context(collection_snapshot_ids=self.ids)
        groups = differences._read_group([("snapshot_id", "in", self.ids)], ["snapshot_id"], ["__count"])
        counts = {snapshot.id: count for snapshot, count in groups}
        for snapshot in self:
            snapshot.difference_count = counts.get(snapshot.id, 0)

    # -- keeping -------------------------------------------------------------------------------------------------------

    @api.model
    def _cron_keep(self):
        """Keep the last month-end of each company, once. What goes wrong in one is logged and holds up no other."""
        for company in self.env["res.company"].sudo().search([("parent_id", "=", False)]):
            last = company._collection_today().replace(day=1) - timedelta(days=1)
            keep = partial(attempt, company, self.sudo()._keep, company, [last])
            retrying(self.env, keep)  # each company in a transaction of its own

    def action_back_fill(self):
        """Keep the month-ends of the last two years that are missing, as today's ledger says them. Managers only."""
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can keep month-ends that are missing."))
        for company in self.env.companies.root_id & self.env.companies:
            first_of_month = company._collection_today().replace(day=1)
            dates = [first_of_month - relativedelta(months=number) - timedelta(days=1) for number in range(BACK_FILL)]
            self.sudo()._keep(company, dates)  # sudo: nobody writes here by hand

    @api.model
    def _keep(self, company, dates):
        """Keep those of ``dates``, month-ends, that a root company does not have yet; return them. Three statements or so.

        Days before its first receivable are left out: nothing happened, and nothing is to be compared.
        """
        known = set(self.search([("company_id", "=", company.id), ("date", "in", list(dates))]).mapped("date"))
        branches = self._get_branches(company)
        first = self._find_first_day(branches)
        missing = sorted(date for date in set(dates) - known if first and date >= first)
        if not missing:
            return self.browse()
        last = company._collection_today().replace(day=1) - timedelta(days=1)
        kept = self.create([{"company_id": company.id, "date": date, "is_later": date < last} for date in missing])
        self._insert_lines(kept, branches, missing)
        return kept

    @api.model
    def _get_branches(self, company):
        return company.sudo().with_context(active_test=False).search([("id", "child_of", company.id)])

    @api.model
    def _find_first_day(self, branches):
        rows = self.env.execute_query(
            SQL(
                """SELECT min(date) FROM account_move_line
                    WHERE account_id = ANY(%s) AND parent_state = 'posted' AND company_id = ANY(%s)""",
                as_of.ACCOUNTS,
                branches.ids,
            )
        )
        return rows[0][0]

    @api.model
    def _insert_lines(self, kept, branches, dates):
        """Copy the open lines of ``dates`` in one statement, and sum them up in another."""
        self.env.cr.execute(
            SQL(
                """INSERT INTO collection_snapshot_line (
                       snapshot_id, company_id, move_line_id, move_id, move_name, partner_id, partner_name, date, due_date,
                       amount, currency_id, amount_residual, amount_residual_currency)
                   SELECT snapshot.id, snapshot.company_id, line.line_id, line.move_id, move.name, line.partner_id,
                          partner.name, line.date, line.date_maturity, line.balance, line.currency_id, line.residual,
                          line.residual_currency
                     FROM (%s) line
                     JOIN collection_snapshot snapshot ON snapshot.date = line.as_of AND snapshot.id = ANY(%s)
                     JOIN account_move move ON move.id = line.move_id
                     LEFT JOIN res_partner partner ON partner.id = line.partner_id""",
                as_of.open_lines_over_sql(self.env, branches.ids, dates),
                kept.ids,
            )
        )
        self.env.cr.execute(
            SQL(
                """UPDATE collection_snapshot snapshot
                      SET amount_debit = sums.debit, amount_credit = sums.credit, amount_overdue = sums.overdue,
                          amount_open = sums.debit + sums.credit
                     FROM (SELECT kept.id,
                                  COALESCE(sum(line.amount_residual) FILTER (WHERE line.due_date IS NOT NULL), 0) AS debit,
                                  COALESCE(sum(line.amount_residual) FILTER (WHERE line.due_date IS NULL), 0) AS credit,
                                  COALESCE(sum(line.amount_residual) FILTER (WHERE line.due_date < kept.date), 0) AS overdue
                             FROM collection_snapshot kept
                             LEFT JOIN collection_snapshot_line line ON line.snapshot_id = kept.id
                            WHERE kept.id = ANY(%s) GROUP BY kept.id) sums
                    WHERE snapshot.id = sums.id""",
                kept.ids,
            )
        )
        self.env["collection.snapshot.line"].invalidate_model(flush=False)
        kept.invalidate_recordset(flush=False)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What was reported at the end of a month is kept: it cannot be deleted."))

    # -- looking -------------------------------------------------------------------------------------------------------

    def action_view_lines(self):
        """Open the items that were open, as they were kept."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_snapshot_line_action")
        return action | {"domain": [("snapshot_id", "=", self.id)]}

    def action_view_differences(self):
        """Open the entries of which the ledger says something else today."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_snapshot_difference_action")
        return action | {
            "domain": [("snapshot_id", "=", self.id)],
            "context": {"collection_snapshot_ids": self.ids},
        }
