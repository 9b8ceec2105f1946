from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine import ageing, kpi_inputs
from .collection_action_report import NO_CONVERSATION
from .collection_kpi import PERIODS, WEEK

BANKS = ("bank", "cash", "credit")
# Journal items of payments and bank entries, as `kpi_inputs` tells money from the rest.
MONEY = Domain("move_id.move_type", "=", "entry") & (
    Domain("journal_id.type", "in", BANKS) | Domain("move_id.origin_payment_id", "!=", False)
)


class CollectionDashboard(models.AbstractModel):
    """What is behind each figure of the dashboard: a list with the filters of the page."""

    _inherit = "collection.dashboard"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def get_action(self, options=None, name="open", value=None):
        """Return the window with the records behind the figure ``name``; ``value`` is the row or the month of it."""
        options = self._read_options(options)
        # Checks that the companies are the user's.
        companies = self.env["collection.kpi"]._find_companies([options["company_id"]] if options["company_id"] else None)
        make = self._get_openers().get(name)
        if not make:
            raise UserError(self.env._("There is no figure of that name."))
        try:
            return make(options, companies, name, value)
        except (TypeError, ValueError):
            raise UserError(self.env._("There is no such row.")) from None

    @api.model
    def _get_openers(self):
        """Return {figure: method that returns the window behind it}. Extend with yours."""
        items, entries, contacts = self._open_items, self._open_entries, self._open_contacts
        return {
            "open": items,
            "overdue": items,
            "overdue_undisputed": items,
            "current": items,
            "credit": items,
            "bucket": items,
            "customer": items,
            "level": items,
            "month_overdue": items,
            "month_current": items,
            "movements": entries,
            "money": entries,
            "write_off": entries,
            "paid": entries,
            "recovery": entries,
            "at_risk": entries,
            "cured": entries,
            "week_money": entries,
            "promises": self._open_promises,
            "promised": self._open_promises,
            "week_promises": self._open_promises,
            "disputes": self._open_disputes,
            "disputes_settled": self._open_disputes,
            "contacts": contacts,
            "week_contacts": contacts,
            "week_conversations": contacts,
            "forecast": self._open_forecast,
        }

    @api.model
    def _window(self, title, model, domain, views=("list", "form"), context=None):
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": model,
            "domain": list(domain),
            "views": [(False, view) for view in views],
            "context": context or {},
        }

    # -- what is open on the day -----------------------------------------------------------------------------------------

    @api.model
    def _open_items(self, options, companies, name, value):
        """Open items of the day, as the pivot shows them; from each it is one more click to the invoice."""
        date = fields.Date.to_date(value) if name in ("month_overdue", "month_current") else options["date"]
        domain = Domain("company_id", "in", companies.ids) & self._filter(options, "country_id", "industry_id", "user_id")
        if options["currency_id"]:
            domain &= Domain("move_line_id.currency_id", "=", options["currency_id"])
        narrowed = {
            "overdue": Domain("due_date", "<", date),
            "overdue_undisputed": Domain("due_date", "<", date),
            "month_overdue": Domain("due_date", "<", date),
            "month_current": Domain("due_date", ">=", date),
            "current": Domain("due_date", ">=", date),
            "credit": Domain("due_date", "=", False),
        }
        domain &= narrowed.get(name, Domain.TRUE)
        if name == "bucket":
            domain &= self._in_bucket(companies, date, int(value))
        elif name == "overdue_undisputed":
            domain &= Domain("move_line_id", "not in", self._find_disputed(companies, date))
        elif name == "customer":
            domain &= Domain("partner_id", "=", int(value) or False)
        elif name == "level":
            domain &= Domain("level_id", "=", int(value) or False) & Domain("due_date", "<", date)
        return self._window(
            self.env._("Open Items"),
            "collection.report",
            domain,
            ("list", "pivot", "graph"),
            {"collection_as_of": fields.Date.to_string(date)},
        )

    @api.model
    def _in_bucket(self, companies, date, number):
        """Items of a bucket, by its days: its limits are those of the figures, not those of the user's company."""
        starts = ageing.bounds(companies[0]._get_collection_ageing_limits())
        if number not in range(len(starts) + 1):
            raise ValueError(number)
        domain = Domain("due_date", "!=", False)
        if number > 0:
            domain &= Domain("due_date", "<=", date - timedelta(days=starts[number - 1]))
        if number < len(starts):
            domain &= Domain("due_date", ">", date - timedelta(days=starts[number]))
        return domain

    @api.model
    def _find_disputed(self, companies, date):
        """Return the ids of the journal items that were disputed on ``date``, as the figures count them."""
        disputed = Domain("ended_on", "=", False) | Domain("ended_on", ">", date)
        disputed &= Domain([("active", "=", True), ("date_from", "<=", date), ("company_id", "in", companies.root_id.ids)])
        # sudo: disputes belong to the root company, which the user of a branch need not work in
        items = self.env["collection.item"].sudo().with_context(active_test=False)
        return items.search_fetch([("dispute_line_ids.dispute_id", "any", disputed)], ["move_line_id"]).move_line_id.ids

    @api.model
    def _open_forecast(self, options, companies, name, value):
        """Items that are expected in a week: ``value`` is the week and the currency."""
        week, currency_id = value
        filters = self._get_forecast_filters(options) | {"currency_id": int(currency_id)}
        return self.env["collection.forecast"].get_items_action(options["date"], filters, int(week))

    # -- what was booked in the period -----------------------------------------------------------------------------------

    @api.model
    def _open_entries(self, options, companies, name, value):
        """Journal items on receivable accounts; behind what was written off those that stand against them."""
        first, last = self._get_period(options)
        if name == "week_money":
            first, last = options["date"] - timedelta(days=WEEK - 1), options["date"]
        elif name == "movements" and value:
            last = fields.Date.to_date(value)
            first = last.replace(day=1)
        booked = Domain([("date", ">=", first), ("date", "<=", last)])
        matched = Domain([("max_date", ">=", first), ("max_date", "<=", last)])
        late = Domain([("balance", ">", 0), ("date", "<=", last), ("date_maturity", "<", last)])
        paid = Domain("balance", ">", 0) & Domain("matched_credit_ids", "any", matched & Domain("credit_move_id", "any", MONEY))
        # the days of the period are the 91st of these
        oldest = timedelta(days=kpi_inputs.AT_RISK_DAYS + 1)
        risky = Domain([("balance", ">", 0), ("journal_id.type", "=", "sale"), ("date", "<=", last)])
        risky &= Domain([("date_maturity", ">=", first - oldest), ("date_maturity", "<=", last - oldest)])
        titles = {
            "at_risk": (self.env._("Could Pass 90 Days Overdue in the Period"), risky),
            "movements": (self.env._("Booked in the Period"), booked),
            "money": (self.env._("Money Received"), booked & MONEY),
            "write_off": (self.env._("Written Off"), booked),
            "week_money": (self.env._("Money of the Week"), booked & MONEY),
            "paid": (self.env._("Paid in the Period"), paid),
            "cured": (
                self.env._("Late and Paid in the Period"),
                late & Domain("matched_credit_ids", "any", matched) & Domain("reconciled", "=", True),
            ),
            # open when the period began: something is left, or it was matched from then on
            "recovery": (
                self.env._("Overdue in the Period"),
                late & (Domain("amount_residual", "!=", 0) | Domain("matched_credit_ids", "any", [("max_date", ">=", first)])),
            ),
        }
        title, narrowed = titles[name]
        domain = narrowed & self._on_receivables(options, companies)
        if name == "week_money" and value is not None:
            domain &= self._of_collector(int(value), companies)
        if options["user_id"]:
            domain &= self._of_collector(options["user_id"], companies)
        if name == "write_off":
            domain = self._lost_against(domain, companies)
        return self._window(title, "account.move.line", domain, context={"active_test": False})

    @api.model
    def _on_receivables(self, options, companies):
        """Posted journal items on receivable accounts, with the filters of the page but the collector."""
        receivables = Domain(
            [
                ("account_id.account_type", "=", "asset_receivable"),
                ("account_id.non_trade", "=", False),
                ("parent_state", "=", "posted"),
                ("company_id", "in", companies.ids),
            ]
        )
        return receivables & self._filter(
            options,
            "currency_id",
            country_id="partner_id.commercial_partner_id.country_id",
            industry_id="partner_id.commercial_partner_id.industry_id",
        )

    @api.model
    def _lost_against(self, receivables, companies):
        """What stands against ``receivables`` as written off, as `kpi_inputs` tells it apart: it adds up to the figure."""
        # sudo: settings of the head office, which the user of a branch need not work in
        companies_sudo = companies.sudo().parent_ids
        given_up = Domain("account_id.account_type", "=like", "expense%") | Domain(
            "account_id", "in", companies_sudo.collection_write_off_account_id.ids
        )
        left_off = Domain("account_id.account_type", "=like", "income%") & Domain("journal_id.type", "in", BANKS)
        lost = (given_up | left_off) & Domain("tax_line_id", "=", False)
        taxes = Domain("tax_line_id", "!=", False) & Domain("move_id.line_ids", "any", lost)
        taken_off = Domain("balance", ">", 0) & Domain("move_id.line_ids", "any", receivables & Domain("balance", "<", 0))
        taken_back = (
            Domain("balance", "<", 0)
            & Domain("move_id.reversed_entry_id", "!=", False)
            & Domain("move_id.line_ids", "any", receivables & Domain("balance", ">", 0))
        )
        return (
            Domain("journal_id.type", "in", (*BANKS, "general"))
            & Domain("journal_id", "not in", companies_sudo.currency_exchange_journal_id.ids)
            & (lost | taxes)
            & (taken_off | taken_back)
        )

    @api.model
    def _of_collector(self, user_id, companies):
        """Entries of customers whose case one person has; 0: of those whose case nobody has, and of no customer."""
        # sudo: cases belong to the root company, which the user of a branch need not work in
        cases = self.env["collection.case"].sudo()
        customer, entries = "partner_id.commercial_partner_id", []
        for root, branches in companies.grouped("root_id").items():
            found = cases.search([("company_id", "=", root.id), ("user_id", "=" if user_id else "!=", user_id or False)])
            partner_ids = found.partner_id.ids
            if user_id:
                of_case = Domain(customer, "in", partner_ids)
            else:
                of_case = Domain("partner_id", "=", False) | Domain(customer, "not in", partner_ids)
            entries.append(Domain("company_id", "in", branches.ids) & of_case)
        return Domain.OR(entries)

    # -- answers and contacts --------------------------------------------------------------------------------------------

    @api.model
    def _open_promises(self, options, companies, name, value):
        first, last = self._get_period(options)
        domain = Domain([("company_id", "in", companies.ids), ("active", "=", True)])
        domain &= self._filter_answers(options, "currency_id")
        if name == "promises":
            domain &= Domain(
                [("state", "in", ("kept", "partly", "broken")), ("verdict_date", ">=", first), ("verdict_date", "<=", last)]
            )
        elif name == "promised":
            domain &= Domain("state", "not in", ("to_approve", "cancelled"))
            domain &= Domain([("date_from", "<=", last), ("verdict_date", ">", last)])
        else:
            domain &= self._in_week(options, "date_from") & Domain("state", "not in", ("to_approve", "cancelled"))
            domain &= Domain("case_id.user_id", "=", int(value or 0) or False)
        return self._window(self.env._("Promises"), "collection.promise", domain)

    @api.model
    def _open_disputes(self, options, companies, name, value):
        first, last = self._get_period(options)
        domain = Domain("company_id", "in", companies.ids) & self._filter_answers(options)
        if name == "disputes":
            domain &= Domain([("active", "=", True), ("date_from", "<=", last)])
            domain &= Domain("ended_on", "=", False) | Domain("ended_on", ">", last)
        else:
            domain &= Domain([("is_open", "=", False), ("state", "!=", "withdrawn")])
            domain &= Domain([("ended_on", ">=", first), ("ended_on", "<=", last)])
        return self._window(self.env._("Disputes"), "collection.dispute", domain, context={"active_test": False})

    @api.model
    def _open_contacts(self, options, companies, name, value):
        first, last = self._get_period(options)
        domain = Domain("company_id", "in", companies.ids)
        domain &= self._filter(options, "country_id", "industry_id", "user_id")
        if name == "contacts":
            domain &= Domain([("date", ">=", first), ("date", "<=", last), ("is_over", "=", True)])
            kind, record = value or (None, None)
            field = {"levels": "level_id", "channels": "channel", "templates": "template_id"}.get(kind)
            if field:
                domain &= Domain(field, "=", record)
        else:
            domain &= self._in_week(options, "date") & Domain("user_id", "=", int(value or 0) or False)
        if name == "week_conversations":
            domain &= Domain("action_id.call_result", "not in", [False, *NO_CONVERSATION])
        title = self.env._("Contacts and What Followed")
        return self._window(title, "collection.action.report", domain, ("list", "pivot", "graph"))

    # -- parts -----------------------------------------------------------------------------------------------------------

    @api.model
    def _get_period(self, options):
        """Return the first and the last day of the period of the page."""
        start = self.env["collection.kpi"]._start(options["date"], PERIODS[options["period"]])
        return start + timedelta(days=1), options["date"]

    @api.model
    def _in_week(self, options, field):
        return Domain([(field, ">", options["date"] - timedelta(days=WEEK)), (field, "<=", options["date"])])

    @api.model
    def _filter(self, options, *names, **paths):
        """Return the filters of the page on fields of that name, or on the ``paths`` to them."""
        wanted = {name: name for name in names} | paths
        return Domain.AND(Domain(path, "=", options[name]) for name, path in wanted.items() if options[name])

    @api.model
    def _filter_answers(self, options, *names):
        return self._filter(
            options,
            *names,
            country_id="partner_id.commercial_partner_id.country_id",
            industry_id="partner_id.commercial_partner_id.industry_id",
            user_id="case_id.user_id",
        )
