from markupsafe import Markup
from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang, groupby
from odoo.tools.image import image_data_uri

from ..engine import aged
from ..engine.pages import Pages, in_lines
from ..engine.statement_workbook import Column, Sheet, Table, excel_date, write_workbook
from .collection_statement_document import MM_PER_PIXEL, SAFETY
from .ir_actions_report import MARGIN_MM

# More than this is no paper that somebody reads, and takes the print program minutes.
MOST_PRINTED = 4000
A4_WIDTH_MM = 210
# How `report/collection_aged_report.xml` comes out on paper, in its pixels.
HEAD_HEIGHT, HEADING_HEIGHT, ROW_HEIGHT, FOOT_HEIGHT, LINE_HEIGHT = 190, 42, 20, 60, 18
NAME_WIDTH, NAME_LETTERS, ITEM_LETTERS = 25, 38, 44


class CollectionAgedReport(models.AbstractModel):
    """Aged receivables as a PDF and as a spreadsheet, in the language of the context."""

    _inherit = "collection.aged.report"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _render_file(self, scope, file_format, with_items=False, order="total", descending=True):
        """Return (content, file name) of the report."""
        if file_format not in ("pdf", "xlsx"):
            raise UserError(self.env._("Choose PDF or spreadsheet."))
        report = self._read(scope, order, descending)
        items = self._group_items(scope) if with_items else {}
        rows = len(report.customers) + sum(map(len, items.values()))
        if file_format == "pdf" and rows > MOST_PRINTED:
            raise UserError(
                self.env._(
                    "That would be %(rows)s rows on paper; at most %(most)s are printed. Narrow the report to some customers, "
                    "leave out the items, or take the spreadsheet.",
                    rows=rows,
                    most=MOST_PRINTED,
                )
            )
        content = self._render_xlsx(report, items) if file_format == "xlsx" else self._render_pdf(report, items)
        return content, f"{self._title()} {scope.day.isoformat()}.{file_format}"

    def _group_items(self, scope):
        """Return {(customer id, currency id): items}."""
        return dict(groupby(aged.items(self.env, scope), lambda item: (item.partner_id, item.currency_id)))

    @api.model
    def _title(self):
        return self.env._("Aged receivables")

    def _describe_scope(self, report):
        """Return [(label, text)] of what the report is about."""
        scope = report.scope
        facts = [(self.env._("Companies"), ", ".join(report.companies.mapped("name")))]
        if scope.collector_id:
            facts.append((self.env._("Collector"), self.env["res.users"].browse(scope.collector_id).sudo().name))
        if scope.account_ids:
            accounts = self.env["account.account"].browse(scope.account_ids)
            facts.append((self.env._("Account"), ", ".join(accounts.mapped("display_name"))))
        if scope.search:
            facts.append((self.env._("Customers with"), scope.search))
        return facts

    def _period_text(self, report):
        return self.env._("As of %(date)s", date=format_date(self.env, report.scope.day))

    # -- PDF -----------------------------------------------------------------------------------------------------------

    @api.model
    def _render_pdf(self, report, items):
        # sudo: whoever may read the report may print it
        reports = self.env["ir.actions.report"].sudo().with_company(report.companies[:1])
        return reports._print_collection_page(self._render_html(report, items), landscape=True)

    @api.model
    def _render_html(self, report, items):
        """Return the report as a whole HTML document that needs no other file."""
        language = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        paper = self.env["ir.actions.report"].sudo().with_company(report.companies[:1]).get_paperformat()
        narrow = min(paper.print_page_width or A4_WIDTH_MM, paper.print_page_height or A4_WIDTH_MM)
        facts = self._describe_scope(report)
        pages = Pages((narrow - 2 * MARGIN_MM) / MM_PER_PIXEL * SAFETY, HEAD_HEIGHT + LINE_HEIGHT * len(facts))
        columns = self._column_names(report.scope.limits)
        tables = [self._prepare_printed_table(report, total, items, pages) for total in report.totals]
        ties = [self._prepare_printed_tie(tie) for tie in report.ties]
        values = {
            "image_data_uri": image_data_uri,
            "company": report.companies[:1],
            "direction": language.direction or "ltr",
            "lang": (self.env.lang or "en_US").replace("_", "-"),
            "title": self._title(),
            "period": self._period_text(report),
            "facts": facts,
            "columns": columns,
            "name_width": NAME_WIDTH,
            "width": (100 - NAME_WIDTH) / len(columns),
            "tables": tables,
            "ties": ties,
            "ties_on_new_page": pages.place(FOOT_HEIGHT + LINE_HEIGHT * 4 * len(ties)),
        }
        page = self.env["ir.qweb"]._render("account_collections_auto.aged_report_page", values, minimal_qcontext=True)
        return Markup("<!DOCTYPE html>") + page

    def _prepare_printed_table(self, report, total, items, pages):
        currency = self.env["res.currency"].browse(total.currency_id)
        rows = []
        for row in report.customers:
            if row.currency_id != total.currency_id:
                continue
            own = items.get((row.partner_id, row.currency_id), ())
            name = in_lines(row.name or self.env._("Without a customer"), NAME_LETTERS, 1)[0]
            rows.append({"name": name, "amounts": self._print_amounts(row.amounts, currency), "css": "customer" if own else ""})
            rows += [self._prepare_printed_item(item, report.scope, currency) for item in own]
        return {
            "currency": currency.name,
            "chunks": pages.split(rows, [ROW_HEIGHT] * len(rows), LINE_HEIGHT, HEADING_HEIGHT, ROW_HEIGHT),
            "sum_label": self.env._("Total of %(count)s customers", count=total.count)
            if total.count != 1
            else self.env._("Total of one customer"),
            "sums": self._print_amounts(total.amounts, currency),
        }

    def _prepare_printed_item(self, item, scope, currency):
        amounts = [0.0] * aged.column_count(scope.limits)
        amounts[self._get_column(item, scope)] = amounts[-1] = item.residual
        due = self.env._("due %(date)s", date=format_date(self.env, item.due_date)) if item.due_date else ""
        name = " · ".join(filter(None, [item.number, item.reference, due]))
        return {"name": in_lines(name, ITEM_LETTERS, 1)[0], "amounts": self._print_amounts(amounts, currency), "css": "item"}

    def _print_amounts(self, amounts, currency):
        return ["" if currency.is_zero(amount) else self._print_amount(amount, currency) for amount in amounts]

    def _print_amount(self, amount, currency):
        return formatLang(self.env, currency.round(amount) + 0.0, digits=currency.decimal_places)

    def _prepare_printed_tie(self, tie):
        described = self._describe_tie(tie)
        rows = [
            (self.env._("Open by this report"), tie.open),
            *((line["name"], -line["amount"]) for line in described["lines"]),
            (self.env._("Balance of the receivable accounts"), tie.balance),
        ]
        return {
            "text": described["text"],
            "currency": tie.currency.name,
            "rows": [(name, self._print_amount(amount, tie.currency)) for name, amount in rows],
        }

    # -- spreadsheet ---------------------------------------------------------------------------------------------------

    @api.model
    def _render_xlsx(self, report, items):
        """Return a workbook: the customers, the items if asked for, with real numbers and sums."""
        sheets = [self._prepare_sheet(report, self._title(), [self._customer_table(report, row) for row in report.totals])]
        if items:
            sheets.append(self._prepare_sheet(report, self.env._("Items"), [self._item_table(report, items)]))
        return write_workbook(sheets)

    def _prepare_sheet(self, report, name, tables):
        language = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        return Sheet(
            name=name,
            title=self._title(),
            subtitle=self._period_text(report),
            facts=self._describe_scope(report),
            tables=tables,
            ageing=self._tie_table(report),
            right_to_left=language.direction == "rtl",
            date_format=excel_date(language.date_format),
        )

    def _customer_table(self, report, total):
        currency = self.env["res.currency"].browse(total.currency_id)
        names = self._column_names(report.scope.limits)
        return Table(
            title=currency.name,
            columns=[
                Column(self.env._("Customer"), "text", 36),
                *(Column(name, "amount", 15, currency.decimal_places, is_summed=True) for name in names),
            ],
            rows=[
                (row.name or self.env._("Without a customer"), *row.amounts)
                for row in report.customers
                if row.currency_id == total.currency_id
            ],
            sum_label=self.env._("Total"),
        )

    def _item_table(self, report, items):
        currencies = {currency.id: currency for currency in self.env["res.currency"].search([("active", "in", (True, False))])}
        names = {(row.partner_id, row.currency_id): row.name for row in report.customers}
        kinds, buckets = self._kind_names(), self._column_names(report.scope.limits)
        return Table(
            title=self.env._("Open items"),
            columns=[
                Column(self.env._("Customer"), "text", 36),
                Column(self.env._("Document"), "text", 18),
                Column(self.env._("Reference"), "text", 18),
                Column(self.env._("Kind"), "text", 14),
                Column(self.env._("Date"), "date", 12),
                Column(self.env._("Due date"), "date", 12),
                Column(self.env._("Days overdue"), "integer", 10),
                Column(self.env._("Age"), "text", 16),
                Column(self.env._("Open in company currency"), "amount", 15),
                Column(self.env._("Company currency"), "text", 10),
                Column(self.env._("Open in its currency"), "amount", 15),
                Column(self.env._("Currency"), "text", 10),
            ],
            rows=[
                (
                    names.get(key) or self.env._("Without a customer"),
                    item.number,
                    item.reference,
                    kinds[item.kind],
                    item.date,
                    item.due_date,
                    item.days_overdue,
                    buckets[self._get_column(item, report.scope)],
                    item.residual,
                    currencies[item.currency_id].name,
                    item.residual_currency,
                    currencies[item.line_currency_id].name,
                )
                for key, found in items.items()
                for item in found
            ],
        )

    def _tie_table(self, report):
        rows = []
        for tie in report.ties:
            described = self._describe_tie(tie)
            rows.append((f"{self.env._('Open by this report')} ({tie.currency.name})", tie.open))
            rows += [(line["name"], -line["amount"]) for line in described["lines"]]
            rows.append((f"{self.env._('Balance of the receivable accounts')} ({tie.currency.name})", tie.balance))
        return Table(
            title=self.env._("Compared with the accounts"),
            columns=[Column("", "text", 36), Column(self.env._("Amount"), "amount", 15)],
            rows=rows,
        )
