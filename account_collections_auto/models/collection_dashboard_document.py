from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..engine.statement_workbook import Column, Sheet, Table, excel_date, write_workbook


class CollectionDashboard(models.AbstractModel):
    """The dashboard as a spreadsheet: real numbers, with what each rate was computed from."""

    _inherit = "collection.dashboard"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def download(self, options=None):
        """Make the page as a spreadsheet and hand it to the browser."""
        options = self._read_options(options)
        name = f"{self.env._('Collections dashboard')} {options['date'].isoformat()}.xlsx"
        return self.env["collection.aged.download"]._hand_out(self._render_xlsx(options), name)

    @api.model
    def _render_xlsx(self, options):
        page, before = self.get_page(options), self.get_year_before(options)
        currency = self.env["res.currency"].browse(page["currency_id"])
        language = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        return write_workbook(
            [
                Sheet(
                    name=self.env._("Dashboard"),
                    title=self.env._("Collections dashboard"),
                    subtitle=self.env._(
                        "%(first)s to %(last)s",
                        first=format_date(self.env, page["date_from"]),
                        last=format_date(self.env, page["date"]),
                    ),
                    facts=self._describe_filters(options, currency),
                    tables=[
                        self._tile_table(page, before),
                        self._trend_table(page, currency),
                        self._ageing_table(page, currency),
                        self._debtor_table(page, currency),
                        self._level_table(page, currency),
                        self._week_table(page, currency),
                    ],
                    ageing=self._tie_table(page, currency),
                    right_to_left=language.direction == "rtl",
                    date_format=excel_date(language.date_format),
                )
            ]
        )

    @api.model
    def _describe_filters(self, options, currency):
        """Return [(label, text)] of what the page is about."""
        companies = self.env["collection.kpi"]._find_companies([options["company_id"]] if options["company_id"] else None)
        facts = [
            (self.env._("Companies"), ", ".join(companies.mapped("name"))),
            (self.env._("Amounts in"), currency.name),
        ]
        offered = self.get_settings()
        for name, label, choices in (
            ("currency_id", self.env._("Only items in"), offered["currencies"]),
            ("country_id", self.env._("Country"), offered["countries"]),
            ("industry_id", self.env._("Segment"), offered["segments"]),
            ("user_id", self.env._("Collector"), offered["collectors"]),
        ):
            if options[name]:
                names = {choice["id"]: choice["name"] for choice in choices}
                # A client may name any record: only what the page offers has a name here.
                if options[name] not in names:
                    raise UserError(self.env._("The dashboard cannot be narrowed like that."))
                facts.append((label, names[options[name]]))
        note = self.env._("These are observations, not effects: who was about to pay anyway pays after a message too.")
        return [*facts, ("", note)]

    @api.model
    def _tile_table(self, page, before):
        units = {
            "money": self.env["res.currency"].browse(page["currency_id"]).name,
            "percent": "%",
            "days": self.env._("days"),
            "times": self.env._("times"),
            "number": "",
        }
        return Table(
            title=self.env._("Figures"),
            columns=[
                Column(self.env._("Figure"), "text", 40),
                Column(self.env._("Value"), "amount", 16),
                Column(self.env._("Unit"), "text", 16),
                Column(self.env._("A year earlier"), "amount", 16),
                Column(self.env._("Of"), "amount", 16),
                Column(self.env._("Cases"), "integer", 16),
                Column(self.env._("Remark"), "text", 24),
            ],
            rows=[
                (
                    tile["label"],
                    tile["value"],
                    units[tile["unit"]],
                    before.get(tile["key"]),
                    tile.get("whole"),
                    tile.get("count"),
                    self._remark(tile),
                )
                for tile in page["tiles"]
            ],
        )

    @api.model
    def _remark(self, tile):
        if tile["value"] is None:
            return self.env._("not available")
        if tile.get("too_few"):
            return self.env._("too few cases")
        return format_date(self.env, tile["month"]) if tile["month"] else ""

    @api.model
    def _amount(self, label, currency, is_summed=False):
        return Column(label, "amount", 16, currency.decimal_places, is_summed)

    @api.model
    def _trend_table(self, page, currency):
        return Table(
            title=self.env._("The last 13 month-ends"),
            columns=[
                Column(self.env._("Month-end"), "date", 40),
                self._amount(self.env._("Not due"), currency),
                self._amount(self.env._("Overdue"), currency),
                Column(self.env._("Share overdue (%)"), "amount", 16),
            ],
            rows=[(month["date"], month["current"], month["overdue"], month["overdue_rate"]) for month in page["trend"]],
        )

    @api.model
    def _ageing_table(self, page, currency):
        return Table(
            title=self.env._("Ageing"),
            columns=[
                Column(self.env._("Age"), "text", 40),
                self._amount(self.env._("Open"), currency, is_summed=True),
                Column(self.env._("Items"), "integer", 16, 0, True),
            ],
            rows=[(bucket["name"], bucket["amount"], bucket["count"]) for bucket in page["ageing"]],
            sum_label=self.env._("Total before credits"),
        )

    @api.model
    def _debtor_table(self, page, currency):
        return Table(
            title=self.env._("Who owes most"),
            columns=[
                Column(self.env._("Customer"), "text", 40),
                self._amount(self.env._("Open, less credits"), currency, is_summed=True),
                self._amount(self.env._("Overdue"), currency, is_summed=True),
                Column(self.env._("Days overdue"), "integer", 16),
                Column(self.env._("Share of all (%)"), "amount", 16),
            ],
            rows=[(row["name"], row["amount"], row["overdue"], row["days"], row["share"]) for row in page["debtors"]],
            sum_label=self.env._("Total"),
        )

    @api.model
    def _level_table(self, page, currency):
        return Table(
            title=self.env._("Overdue by level reached"),
            columns=[
                Column(self.env._("Level"), "text", 40),
                self._amount(self.env._("Overdue"), currency, is_summed=True),
                Column(self.env._("Items"), "integer", 16, 0, True),
                Column(self.env._("Customers"), "integer", 16),
            ],
            rows=[(row["name"], row["amount"], row["items"], row["customers"]) for row in page["levels"]],
            sum_label=self.env._("Total"),
        )

    @api.model
    def _week_table(self, page, currency):
        return Table(
            title=self.env._("The collectors' week"),
            columns=[
                Column(self.env._("Collector"), "text", 40),
                Column(self.env._("Contacts"), "integer", 16, 0, True),
                Column(self.env._("Conversations"), "integer", 16, 0, True),
                Column(self.env._("Promises"), "integer", 16, 0, True),
                self._amount(self.env._("Money received"), currency, is_summed=True),
            ],
            rows=[
                (row["name"], row["contacts"], row["conversations"], row["promises"], row["money"])
                for row in page["week"]["rows"]
            ],
            sum_label=self.env._("Total"),
        )

    @api.model
    def _tie_table(self, page, currency):
        tie = page["tie"]
        return Table(
            title=tie["text"],
            columns=[Column("", "text", 40), self._amount(self.env._("Amount"), currency)],
            rows=[(line["name"], line["amount"]) for line in tie["lines"]],
        )
