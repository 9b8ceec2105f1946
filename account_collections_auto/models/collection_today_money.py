from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

# Payments with an older date are history that was imported, not money that came in.
OLDEST_DAYS = 7


class CollectionToday(models.AbstractModel):
    """A note: money that came in since the last working day, and credits that nobody has matched with an invoice yet."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _collect_tiles(self):
        return [*super()._collect_tiles(), self._tile_money_in()]

    @api.model
    def _tile_money_in(self):
        paid = self._read_paid()
        credits = self._read_credits()
        lines = []
        if credits:
            label = self.env._("Payments and credit notes not matched with an invoice yet")
            lines.append(self._line(label, credits, link=self._button("", "open_credits")))
        buttons = [self._button(self.env._("Open the Payments"), "open_payments")] if paid else []
        return self._tile(
            "money_in",
            80,
            "fa-money",
            self.env._("Money In"),
            self.env._("Payments of customers that came in, or were booked, since the last working day."),
            paid,
            lines=lines,
            buttons=buttons,
            stamp=f"{self.env.company._collection_today()}:{[(row[0].id, *row[1:]) for row in [*paid, *credits]]}",
        )

    @api.model
    def _read_paid(self):
        """Return (company, number of payments, amount) since the last working day."""
        return self._read_by_company(
            SQL(
                "SELECT company_id, count(DISTINCT move_id), sum(amount)::float FROM (%s) paid GROUP BY company_id",
                self._paid_sql(),
            )
        )

    @api.model
    def _get_last_working_day(self):
        """Return the last day before today on which the company works."""
        company_sudo = self.env.company.root_id.sudo()  # sudo: working hours belong to the settings
        hours_sudo = self.env["resource.calendar.attendance"].sudo()
        worked = hours_sudo._read_group([("calendar_id", "=", company_sudo.resource_calendar_id.id)], ["dayofweek"])
        weekdays = {weekday for (weekday,) in worked} or set("01234")
        day = company_sudo._collection_today() - timedelta(days=1)
        while str(day.weekday()) not in weekdays:
            day -= timedelta(days=1)
        return day

    @api.model
    def _paid_sql(self):
        """Return a SELECT of what bank and cash journals booked for customers with a case since the last working day.

        By its date, or by the day on which it was booked for the customer: a bank statement comes in days later.
        """
        case = self.env["collection.case"]
        since = self._get_last_working_day()
        return SQL(
            """SELECT kase.company_id, line.id AS line_id, line.move_id, -line.balance AS amount
                 FROM account_move_line line
                 JOIN account_journal journal ON journal.id = line.journal_id AND journal.type IN ('bank', 'cash', 'credit')
                 JOIN res_company company ON company.id = line.company_id
                 JOIN res_partner partner ON partner.id = line.partner_id
                 JOIN collection_case kase ON kase.partner_id = %(debtor)s
                                          AND kase.company_id = split_part(company.parent_path, '/', 1)::int
                WHERE line.account_id = ANY(ARRAY(SELECT id FROM account_account
                                                   WHERE account_type = 'asset_receivable' AND non_trade IS NOT TRUE))
                  AND line.parent_state = 'posted' AND line.balance < 0
                  AND line.date BETWEEN %(oldest)s AND %(today)s
                  AND (line.date >= %(since)s OR line.create_date AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s >= %(since)s)
                  AND kase.company_id = ANY(%(companies)s) AND %(mine)s""",
            debtor=case._debtor_sql("partner"),
            since=since,
            oldest=since - timedelta(days=OLDEST_DAYS),
            zone=self.env.company._get_collection_zone(),
            today=case._today_sql("line"),
            companies=self.env.companies.ids,
            mine=case._mine_sql("kase") if self._only_mine() else SQL("TRUE"),
        )

    @api.model
    def _read_credits(self):
        """Return (company, number of open credits, amount)."""
        case = self.env["collection.case"]
        return self._read_by_company(
            SQL(
                """SELECT kase.company_id, count(*), -sum(item.amount_residual)::float
                     FROM collection_item item JOIN collection_case kase ON kase.id = item.case_id
                    WHERE item.active AND item.amount_residual < 0 AND item.is_small IS NOT TRUE
                      AND kase.company_id = ANY(%s) AND %s
                    GROUP BY kase.company_id""",
                self.env.companies.ids,
                case._mine_sql("kase") if self._only_mine() else SQL("TRUE"),
            )
        )

    @api.model
    def _read_by_company(self, query):
        companies = self.env["res.company"]
        return [(companies.browse(company_id), *figures) for company_id, *figures in self.env.execute_query(query)]

    @api.model
    def open_payments(self):
        """Open the payments since the last working day, as journal items."""
        self.env["collection.case"].check_access("read")
        self.env.flush_all()
        rows = self.env.execute_query(SQL("SELECT line_id FROM (%s) paid", self._paid_sql()))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Payments Since the Last Working Day"),
            "res_model": "account.move.line",
            "views": [(self.env.ref("account_collections_auto.account_move_line_view_list_paid").id, "list"), (False, "form")],
            "domain": [("id", "in", [row[0] for row in rows])],
            "context": {"create": False},
        }

    @api.model
    def open_credits(self):
        """Open the credits that nobody has matched yet."""
        domain = [("amount_residual", "<", 0), ("is_small", "=", False), *self._mine_domain("case_id.")]
        return self._open("collection_item_action", domain)
