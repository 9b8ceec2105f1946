from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .collection_action_report import NO_CONVERSATION
from .collection_kpi import PERIODS
from .collection_kpi_week import WEEK


class CollectionDashboard(models.AbstractModel):
    """What is behind each figure of the dashboard: a list with the filters of the page."""

    _inherit = "collection.dashboard"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def get_action(self, options=None, name="open", value=None):
        """Return the window with the records behind the figure ``name``; ``value`` is the row or the month of it."""
        options = self._read_options(options)
        # Checks that the companies are the user's.
        companies = self.env["collection.kpi"]._find_companies([options["company_id"]] if options["company_id"] else None)
        make = {
            "open": self._open_items,
            "overdue": self._open_items,
            "current": self._open_items,
            "credit": self._open_items,
            "bucket": self._open_items,
            "customer": self._open_items,
            "level": self._open_items,
            "month": self._open_items,
            "movements": self._open_entries,
            "paid": self._open_entries,
            "recovery": self._open_entries,
            "cured": self._open_entries,
            "week_money": self._open_entries,
            "promises": self._open_promises,
            "week_promises": self._open_promises,
            "disputes": self._open_disputes,
            "disputes_settled": self._open_disputes,
            "contacts": self._open_contacts,
            "week_contacts": self._open_contacts,
            "week_conversations": self._open_contacts,
        }.get(name)
        if not make:
            raise UserError(self.env._("There is no figure of that name."))
        try:
            return make(options, companies, name, value)
        except (TypeError, ValueError):
            raise UserError(self.env._("There is no such row.")) from None

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
        date = fields.Date.to_date(value) if name == "month" else options["date"]
        domain = Domain("company_id", "in", companies.ids) & self._filter(options, "country_id", "industry_id", "user_id")
        if options["currency_id"]:
            domain &= Domain("move_line_id.currency_id", "=", options["currency_id"])
        narrowed = {
            "overdue": Domain("due_date", "<", date),
            "month": Domain("due_date", "<", date),
            "current": Domain("due_date", ">=", date),
            "credit": Domain("due_date", "=", False),
        }
        domain &= narrowed.get(name, Domain.TRUE)
        if name == "bucket":
            domain &= Domain("bucket", "=", f"{int(value):02}")
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

    # -- what was booked in the period -----------------------------------------------------------------------------------

    @api.model
    def _open_entries(self, options, companies, name, value):
        """Journal items on receivable accounts."""
        first, last = self._get_period(options)
        if name == "week_money":
            first, last = options["date"] - timedelta(days=WEEK - 1), options["date"]
        elif name == "movements" and value:
            last = fields.Date.to_date(value)
            first = last.replace(day=1)
        domain = Domain(
            [
                ("account_id.account_type", "=", "asset_receivable"),
                ("account_id.non_trade", "=", False),
                ("parent_state", "=", "posted"),
                ("company_id", "in", companies.ids),
            ]
        )
        matched = Domain("matched_credit_ids", "any", [("max_date", ">=", first), ("max_date", "<=", last)])
        late = Domain([("balance", ">", 0), ("date", "<=", last), ("date_maturity", "<", last)])
        titles = {
            "movements": (self.env._("Booked in the Period"), Domain([("date", ">=", first), ("date", "<=", last)])),
            "week_money": (
                self.env._("Money of the Week"),
                Domain([("date", ">=", first), ("date", "<=", last), ("journal_id.type", "in", ("bank", "cash", "credit"))]),
            ),
            "paid": (self.env._("Paid in the Period"), Domain("balance", ">", 0) & matched),
            "cured": (self.env._("Late and Paid in the Period"), late & matched & Domain("reconciled", "=", True)),
            # open when the period began: something is left, or it was matched from then on
            "recovery": (
                self.env._("Overdue in the Period"),
                late & (Domain("amount_residual", "!=", 0) | Domain("matched_credit_ids", "any", [("max_date", ">=", first)])),
            ),
        }
        title, narrowed = titles[name]
        domain &= narrowed & self._filter(
            options,
            "currency_id",
            country_id="partner_id.commercial_partner_id.country_id",
            industry_id="partner_id.commercial_partner_id.industry_id",
        )
        user_id = int(value or 0) if name == "week_money" and value is not None else options["user_id"]
        if user_id or name == "week_money" and value is not None:
            domain &= self._of_collector(user_id, companies)
        return self._window(title, "account.move.line", domain, context={"active_test": False})

    @api.model
    def _of_collector(self, user_id, companies):
        """Entries of customers whose case one person has; 0: of those whose case nobody has."""
        cases = self.env["collection.case"]
        domain = Domain("company_id", "in", companies.root_id.ids)
        if user_id:
            found = cases.search(domain & Domain("user_id", "=", user_id))
            return Domain("partner_id.commercial_partner_id", "in", found.partner_id.ids)
        found = cases.search(domain & Domain("user_id", "!=", False))
        return Domain("partner_id.commercial_partner_id", "not in", found.partner_id.ids)

    # -- answers and contacts --------------------------------------------------------------------------------------------

    @api.model
    def _open_promises(self, options, companies, name, value):
        first, last = self._get_period(options)
        domain = Domain("company_id", "in", companies.ids) & self._filter_answers(options, "currency_id")
        if name == "promises":
            domain &= Domain(
                [("state", "in", ("kept", "partly", "broken")), ("verdict_date", ">=", first), ("verdict_date", "<=", last)]
            )
        else:
            domain &= self._in_week(options, "date_from") & Domain("state", "not in", ("to_approve", "cancelled"))
            domain &= Domain("case_id.user_id", "=", int(value or 0) or False)
        return self._window(self.env._("Promises"), "collection.promise", domain)

    @api.model
    def _open_disputes(self, options, companies, name, value):
        first, last = self._get_period(options)
        domain = Domain("company_id", "in", companies.ids) & self._filter_answers(options)
        if name == "disputes":
            domain &= Domain("date_from", "<=", last) & (Domain("ended_on", "=", False) | Domain("ended_on", ">", last))
        else:
            domain &= Domain([("is_open", "=", False), ("state", "!=", "withdrawn")])
            domain &= Domain([("ended_on", ">=", first), ("ended_on", "<=", last)])
        return self._window(self.env._("Disputes"), "collection.dispute", domain)

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
