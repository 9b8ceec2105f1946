import operator
from collections.abc import Collection
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import ageing, as_of

MONTHS = 13
CREDIT = "99"
_COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


class CollectionReport(models.Model):
    """Open items at the end of each of the last months and today, from the ledger as it says now.

    A stock, not a flow: what was open at the end of January and still is at the end of February is in both.
    """

    _name = "collection.report"
    _description = "Open Items by Month-End"
    _auto = False
    _order = "as_of desc, due_date, id"
    _rec_name = "move_id"

    as_of = fields.Date(readonly=True, help="The end of a month, or today: what was open then.")
    is_now = fields.Boolean(string="Today", readonly=True, help="What is open today, as opposed to the end of a month.")
    move_line_id = fields.Many2one("account.move.line", string="Journal Item", readonly=True)
    move_id = fields.Many2one("account.move", string="Document", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    due_date = fields.Date(readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="max", help="On that day; negative before due.")
    bucket = fields.Selection(selection="_selection_bucket", string="Age", readonly=True)
    level_id = fields.Many2one("collection.level", readonly=True, help="The highest level that the item had reached by then.")
    plan_id = fields.Many2one("collection.plan", readonly=True, help="The plan that the case follows now.")
    user_id = fields.Many2one("res.users", string="Collector", readonly=True, help="Of the case, today.")
    country_id = fields.Many2one("res.country", string="Country", readonly=True)
    industry_id = fields.Many2one("res.partner.industry", string="Segment", readonly=True, help="The industry of the customer.")
    salesperson_id = fields.Many2one("res.users", string="Salesperson", readonly=True, help="Of the invoice.")
    amount = fields.Monetary(
        string="Open",
        readonly=True,
        help="In company currency at booking rate; credits are negative. Shown for one day at a time: what was open on two "
        "days has no sum.",
    )
    amount_overdue = fields.Monetary(
        string="Overdue", readonly=True, help="Past its due date on that day, before credits. Shown for one day at a time."
    )

    @api.model
    def _selection_bucket(self):
        """Return the buckets of the company, in the order of age, and one for credits."""
        names = self.env["collection.aged.report"]._bucket_names(self._get_limits())
        return [*((f"{number:02}", name) for number, name in enumerate(names)), (CREDIT, self.env._("Unapplied"))]

    @api.model
    def _get_limits(self):
        return self.env.company._get_collection_ageing_limits()

    @api.model
    def _get_days(self):
        """Return the last month-ends, the oldest first, and today; or the one day that a window was opened for."""
        # A window has nothing but its context to say of which day its rows are, in each of its calls.
        today = self.env.company._collection_today()
        if asked := self.env.context.get("collection_as_of"):
            try:
                return [min(fields.Date.to_date(str(asked)), today)]
            except ValueError:
                raise UserError(self.env._("%(date)s is not a date.", date=asked)) from None
        first = today.replace(day=1)
        days = [*(first - relativedelta(months=back) - timedelta(days=1) for back in reversed(range(MONTHS))), today]
        wanted = self.env.context.get("collection_report_days", days)
        # A domain that no day fits finds nothing on any of them.
        return [day for day in days if day in wanted] or days[-1:]

    def _search(self, domain, *args, **kwargs):
        """Read the ledger only for the days that the domain can be about."""
        # The SELECT of a model knows nothing of the domain; its context, which ends with this query, tells it.
        days = [day for day in self._get_days() if self._may_hold(domain, day)]
        return super(CollectionReport, self.with_context(collection_report_days=days))._search(domain, *args, **kwargs)

    @api.model
    def _may_hold(self, domain, day):
        """Return whether ``domain`` can be true of a row of ``day``: False only where it cannot."""
        stack = []
        for part in reversed(list(Domain(domain).optimize(self))):
            if part == "!":
                # Not to be sure that it holds is not to be sure that it does not.
                stack[-1] = True
            elif part in ("&", "|"):
                first, second = stack.pop(), stack.pop()
                stack.append(first and second if part == "&" else first or second)
            else:
                stack.append(not isinstance(part, tuple) or self._may_match(*part, day))
        return all(stack)

    @api.model
    def _may_match(self, name, comparison, value, day):
        """Return whether the condition can be true of a row of ``day``; exactly so for ``as_of`` and ``is_now``."""
        # What is not plain, such as a day relative to today, is left to the database.
        if name == "as_of" and comparison in _COMPARISONS and type(value) is date:
            return _COMPARISONS[comparison](day, value)
        if comparison not in ("in", "not in") or not isinstance(value, Collection):
            return True
        if name == "as_of" and all(type(each) is date for each in value):
            return (day in value) == (comparison == "in")
        if name == "is_now":
            return ((day == self.env.company._collection_today()) in value) == (comparison == "in")
        if name == "id" and comparison == "in":
            return any(number % 10000 == (day.year * 12 + day.month) % 10000 for number in value)
        return True

    @property
    def _table_query(self):
        days = self._get_days()
        if len(days) == 1:
            lines = SQL(
                "SELECT %s::date AS as_of, line.* FROM (%s) line",
                days[0],
                as_of.open_lines_sql(self.env, self.env.companies.ids, days[0]),
            )
        else:
            lines = as_of.open_lines_over_sql(self.env, self.env.companies.ids, days)
        # The id says the line and the month: the same in each statement, so that what a list shows can be opened.
        return SQL(
            """SELECT line.line_id::bigint * 10000 + (extract(year FROM line.as_of) * 12 + extract(month FROM line.as_of))::int
                          %% 10000 AS id,
                      line.as_of, line.as_of = %(today)s AS is_now, line.line_id AS move_line_id, line.move_id,
                      line.company_id, company.currency_id, line.partner_id,
                      line.date_maturity AS due_date, line.as_of - line.date_maturity AS days_overdue,
                      CASE WHEN line.date_maturity IS NULL THEN %(credit)s
                           ELSE lpad(width_bucket(line.as_of - line.date_maturity, %(bounds)s::int[])::text, 2, '0')
                       END AS bucket,
                      (SELECT claimed.level_id
                         FROM collection_action_line claimed JOIN collection_action action ON action.id = claimed.action_id
                        WHERE claimed.move_line_id = line.line_id AND claimed.advances AND claimed.is_live
                          AND action.state IN ('sent', 'delivered') AND action.contact_date <= line.as_of
                        ORDER BY claimed.level_days DESC, action.contact_date DESC LIMIT 1) AS level_id,
                      kase.plan_id, kase.user_id, partner.country_id, partner.industry_id,
                      move.invoice_user_id AS salesperson_id, line.residual AS amount,
                      CASE WHEN line.date_maturity < line.as_of THEN line.residual ELSE 0 END AS amount_overdue
                 FROM (%(lines)s) line
                 JOIN res_company company ON company.id = line.company_id
                 LEFT JOIN account_move move ON move.id = line.move_id
                 LEFT JOIN res_partner partner ON partner.id = line.partner_id
                 LEFT JOIN collection_case kase ON kase.partner_id = line.partner_id
                                               AND kase.company_id = split_part(company.parent_path, '/', 1)::int""",
            credit=CREDIT,
            bounds=ageing.bounds(self._get_limits()),
            lines=lines,
            today=self.env.company._collection_today(),
        )

    def _read_group_select(self, aggregate_spec, query):
        """What was open on two days is not added up: such a cell stays empty."""
        expression = super()._read_group_select(aggregate_spec, query)
        if aggregate_spec not in ("amount:sum", "amount_overdue:sum"):
            return expression
        day = self._field_to_sql(self._table, "as_of", query)
        return SQL("CASE WHEN min(%s) = max(%s) THEN %s END", day, day, expression)

    def action_open_item(self):
        """Open the journal item."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move.line",
            "res_id": self.move_line_id.id,
            "views": [(False, "form")],
        }

    def action_open_document(self):
        """Open the invoice, credit note, payment or entry."""
        self.ensure_one()
        return self.move_id.action_open_business_doc()
