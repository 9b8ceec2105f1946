from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import aged, ageing

PAGE_SIZE = 80
MOST_PER_PAGE = 500
# Of one customer so many items are shown below its name; all of them are in the spreadsheet.
SHOWN_ITEMS = 200


class Report(NamedTuple):
    """The figures of the report; nothing is put into words before the language is known."""

    scope: aged.Scope
    companies: models.Model
    customers: list
    totals: list
    ties: list


class Tie(NamedTuple):
    """Whether the report agrees with the accounts, in one currency."""

    currency: models.Model
    open: float
    balance: float
    exchange: float
    other: float


class CollectionAgedReport(models.AbstractModel):
    """Aged receivables as of any day: the figures for the screen. Figures come from the ledger, one statement a page.

    ``options`` come from a client: date, user_id (collector), account_id, search, order, descending, offset, limit.
    """

    _name = "collection.aged.report"
    _description = "Aged Receivables"

    @api.model
    def get_settings(self):
        """Return what the report can be narrowed to, and the day it opens with."""
        self._check_reader()
        cases = self.env["collection.case"]._read_group(
            [("user_id", "!=", False), ("company_id", "in", self.env.companies.root_id.ids)], ["user_id"]
        )
        accounts = self.env["account.account"].search(
            [("account_type", "=", "asset_receivable"), ("non_trade", "=", False)], order="id"
        )
        return {
            "date": fields.Date.to_string(self.env.company._collection_today()),
            "collectors": [{"id": user.id, "name": user.name} for (user,) in cases],
            "accounts": [{"id": account.id, "name": account.display_name} for account in accounts],
            "companies": self.env.companies.mapped("name"),
        }

    @api.model
    def get_page(self, options=None):
        """Return one page of customers with the totals of all of them, and whether these are the balance of the accounts."""
        options = options or {}
        scope = self._get_scope(options)
        offset = max(int(options.get("offset") or 0), 0)
        limit = min(int(options.get("limit") or PAGE_SIZE), MOST_PER_PAGE)
        report = self._read(scope, *self._get_order(options, scope), offset, limit)
        return {
            "date": fields.Date.to_string(scope.day),
            "columns": self._column_names(scope.limits),
            "rows": [
                {
                    "key": f"{row.partner_id or 0}-{row.currency_id}",
                    "partner_id": row.partner_id or 0,
                    "name": row.name or self.env._("Without a customer"),
                    "currency_id": row.currency_id,
                    "count": row.count,
                    "amounts": row.amounts,
                }
                for row in report.customers
            ],
            "totals": [{"currency_id": row.currency_id, "count": row.count, "amounts": row.amounts} for row in report.totals],
            "ties": [self._describe_tie(tie) for tie in report.ties],
            "count": sum(row.count for row in report.totals),
            "offset": offset,
            "limit": limit,
        }

    @api.model
    def get_items(self, options=None, partner_id=0, currency_id=False):
        """Return the open items of one customer (0: those without one) in one company currency."""
        scope = self._get_scope(options or {})._replace(partner_id=int(partner_id or 0), search=None)
        kinds = self._kind_names()
        found = [item for item in aged.items(self.env, scope) if not currency_id or item.currency_id == currency_id]
        return {
            "items": [
                {
                    "line_id": item.line_id,
                    "move_id": item.move_id,
                    "number": item.number or "",
                    "reference": item.reference or "",
                    "kind": kinds[item.kind],
                    "date": fields.Date.to_string(item.date),
                    "due_date": fields.Date.to_string(item.due_date) if item.due_date else False,
                    "days_overdue": item.days_overdue,
                    "column": self._get_column(item, scope),
                    "residual": item.residual,
                    "foreign": [item.residual_currency, item.line_currency_id]
                    if item.line_currency_id != item.currency_id
                    else False,
                }
                for item in found[:SHOWN_ITEMS]
            ],
            "left_out": max(0, len(found) - SHOWN_ITEMS),
        }

    @api.model
    def open_case(self, partner_id=0):
        """Open the cases of a customer, else its contact."""
        self._check_reader()
        companies = self.env.companies.root_id
        cases = self.env["collection.case"].search([("partner_id", "=", partner_id), ("company_id", "in", companies.ids)])
        records = cases or self.env["res.partner"].browse(partner_id).exists()
        action = {"type": "ir.actions.act_window", "res_model": records._name, "name": self.env._("Customer")}
        if len(records) == 1:
            return action | {"res_id": records.id, "views": [(False, "form")]}
        return action | {"domain": [("id", "in", records.ids)], "views": [(False, "list"), (False, "form")]}

    @api.model
    def download(self, options=None, file_format="xlsx", with_items=False):
        """Make the report as a PDF or a spreadsheet and hand it to the browser."""
        scope = self._get_scope(options or {})
        content, name = self._render_file(scope, file_format, with_items, *self._get_order(options or {}, scope))
        return self.env["collection.aged.download"]._hand_out(content, name)

    # -- figures -------------------------------------------------------------------------------------------------------

    @api.model
    def _check_reader(self):
        """The ledger is read as it is, whatever the rules of its tables: so ask first who reads it."""
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_auditor"):
            raise AccessError(self.env._("You have no access to Collections."))

    @api.model
    def _get_scope(self, options):
        """Return what ``options`` of a client ask for, within the companies that the user works in."""
        self._check_reader()
        try:
            day = fields.Date.to_date(options.get("date")) or self.env.company._collection_today()
        except ValueError:
            raise UserError(self.env._("%(date)s is not a date.", date=options["date"])) from None
        return aged.Scope(
            company_ids=self.env.companies.ids,
            day=day,
            limits=self.env.company._get_collection_ageing_limits(),
            account_ids=[int(options["account_id"])] if options.get("account_id") else None,
            collector_id=int(options.get("user_id") or 0) or None,
            search=str(options.get("search") or "").strip() or None,
        )

    @api.model
    def _get_order(self, options, scope):
        """Return the column to sort by ("name", "total" or a number) and whether it falls."""
        order = options.get("order", "total")
        if order not in ("name", "total"):
            order = order if order in range(aged.column_count(scope.limits)) else "total"
        return order, bool(options.get("descending", order != "name"))

    @api.model
    def _read(self, scope, order="total", descending=True, offset=0, limit=None):
        """Return the `Report` of ``scope``."""
        by_kind = {aged.CUSTOMER: [], aged.TOTAL: [], aged.LEDGER: [], aged.EXCHANGE: []}
        for row in aged.rows(self.env, scope, order, descending, offset, limit):
            by_kind[row.kind].append(row)
        totals = sorted(by_kind[aged.TOTAL], key=lambda row: -row.amounts[-1])
        companies = self.env["res.company"].browse(scope.company_ids)
        return Report(scope, companies, by_kind[aged.CUSTOMER], totals, self._compare(by_kind))

    @api.model
    def _compare(self, by_kind):
        """Return a `Tie` for each currency that something is open in, or that the accounts have a balance in."""
        last = {
            kind: {row.currency_id: row.amounts[-1] for row in by_kind[kind]}
            for kind in (aged.TOTAL, aged.LEDGER, aged.EXCHANGE)
        }
        ties = []
        for currency in self.env["res.currency"].browse(sorted(set().union(*last.values()))):
            opened, balance, exchange = (last[kind].get(currency.id, 0.0) for kind in last)
            ties.append(Tie(currency, opened, balance, exchange, currency.round(opened - balance - exchange) + 0.0))
        return ties

    @staticmethod
    def _get_column(item, scope):
        """Return the number of the column that the open amount of an item stands in."""
        return len(scope.limits) + 2 if item.bucket is None else item.bucket

    # -- words ---------------------------------------------------------------------------------------------------------

    @api.model
    def _column_names(self, limits):
        """Return what the amounts of a row are called, in the language of the context."""
        return [
            *self._bucket_names(limits),
            self.env._("Unapplied"),
            self.env._("Total"),
        ]

    @api.model
    def _bucket_names(self, limits):
        """Return what the buckets are called, from what is not due to the oldest."""
        first_days = ageing.bounds(limits)
        return [
            self.env._("Not due"),
            *(
                self.env._("%(first)s to %(last)s days", first=first, last=last)
                for first, last in zip(first_days, limits, strict=False)
            ),
            self.env._("More than %(days)s days", days=limits[-1]),
        ]

    @api.model
    def _kind_names(self):
        return {
            "invoice": self.env._("Invoice"),
            "credit_note": self.env._("Credit note"),
            "payment": self.env._("Payment"),
            "entry": self.env._("Other entry"),
        }

    @api.model
    def _describe_tie(self, tie):
        """Return the figures of a tie with the sentences that name what differs."""
        lines = []
        if not tie.currency.is_zero(tie.exchange):
            lines.append(
                {"name": self.env._("Exchange differences that count already and are booked later"), "amount": tie.exchange}
            )
        if not tie.currency.is_zero(tie.other):
            lines.append(
                {
                    "name": self.env._("Matched with entries that are not booked, or with those of another company"),
                    "amount": tie.other,
                }
            )
        return {
            "currency_id": tie.currency.id,
            "open": tie.open,
            "balance": tie.balance,
            "lines": lines,
            "text": self.env._("The report and the receivable accounts agree.")
            if not lines
            else self.env._("The report and the receivable accounts differ; the lines below say by what."),
        }
