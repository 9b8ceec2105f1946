from typing import NamedTuple

from babel.lists import format_list
from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import format_amount
from odoo.tools.image import image_data_uri
from odoo.tools.pdf import merge_pdf

from ..engine import ageing, statement
from ..engine.pages import Pages, in_lines
from ..engine.sections import join_numbers, sections
from ..engine.statement_workbook import Column, Sheet, Table, excel_date, write_workbook
from .collection_action_text import REFERENCE_LENGTH, Formats
from .ir_actions_report import MARGIN_MM

# So many rows of a table are shown in the preview on the screen.
PREVIEW_ROWS = 60
# How the page of `report/collection_statement.xml` comes out on paper, in its pixels. What is not known beforehand, such
# as the lines of an address, is taken as high rather than low: a page may end early, but never in the middle of a row.
A4_HEIGHT_MM = 297
MM_PER_PIXEL = 0.2033
SAFETY = 0.97
HEAD_HEIGHT, SUMMARY_HEIGHT, FOOT_HEIGHT = 330, 28, 170
TITLE_HEIGHT, SUBTITLE_HEIGHT, HEADING_HEIGHT, ROW_HEIGHT, LINE_HEIGHT = 44, 30, 32, 20, 15
# How many letters of text stand beside each other in one percent of the width.
LETTERS_PER_PERCENT = 1.3


class Period(NamedTuple):
    """What a statement is about: the open items on ``day``, or the movements from ``date_from`` to ``day``."""

    day: fields.Date
    date_from: fields.Date = None


class Statement(NamedTuple):
    """The account of one customer: figures only; nothing is put into words before the language is known."""

    company: models.Model
    partner: models.Model
    period: Period
    sections: list

    def is_zero(self):
        """Whether nothing is owed either way, in any currency."""
        return not any(section.balance for section in self.sections)

    def is_empty(self):
        """Whether there is nothing to show: nothing open, and nothing happened."""
        return not any(section.items or section.credits or section.movements for section in self.sections)


class CollectionStatementDocument(models.AbstractModel):
    """The statement of account as a page, a PDF and a spreadsheet, in the language of the context."""

    _name = "collection.statement.document"
    _description = "Statement of Account as a Document"

    # -- figures -------------------------------------------------------------------------------------------------------

    @api.model
    def _get_statements(self, company, partners, period, only_moves=None):
        """Return {customer: Statement} of ``partners`` in a root company and its branches; the same number of SQL
        statements for one customer and for many.

        ``only_moves``: of what is open, nothing but these documents (ids), for a reader who may not see the others.
        """
        scope = statement.Scope(company.id, partners.ids)
        items = statement.open_items(self.env, scope, period.day)
        if only_moves is not None:
            items = {debtor: [item for item in found if item.move_id in only_moves] for debtor, found in items.items()}
        moved = statement.movements(self.env, scope, period.date_from, period.day) if period.date_from else {}
        ids = {entry.currency_id for entries in [*items.values(), *moved.values()] for entry in entries}
        digits = {currency.id: currency.decimal_places for currency in self.env["res.currency"].browse(ids)}
        return {
            partner: Statement(
                company,
                partner,
                period,
                sections(
                    items[partner.id],
                    moved.get(partner.id, []),
                    period.day,
                    company.currency_id.id,
                    digits,
                    company.currency_id.decimal_places,
                ),
            )
            for partner in partners
        }

    # -- words ---------------------------------------------------------------------------------------------------------

    @api.model
    def _kind_names(self):
        """Return {kind: what the document is called} in the language of the context."""
        return {
            "opening": self.env._("Opening balance"),
            "invoice": self.env._("Invoice"),
            "credit_note": self.env._("Credit note"),
            "payment": self.env._("Payment"),
            "payment_out": self.env._("Payment to you"),
            "exchange": self.env._("Exchange difference"),
            "write_off": self.env._("Discount or write-off"),
            "entry": self.env._("Other entry"),
            "other_currency": self.env._("Settled in another currency"),
            "other_customer": self.env._("Settled with another customer"),
            "not_booked": self.env._("Settled with an entry not booked yet"),
        }

    @api.model
    def _bucket_names(self):
        """Return what the buckets of the ageing are called, from what is not due to the oldest."""
        names = {
            None: self.env._("Not due"),
            1: self.env._("1 to 30 days"),
            31: self.env._("31 to 60 days"),
            61: self.env._("61 to 90 days"),
            91: self.env._("More than 90 days"),
        }
        return [names[bucket.first] for bucket in ageing.BUCKETS]

    @api.model
    def _title(self):
        return self.env._("Statement of account")

    @api.model
    def _period_text(self, period, formats=None):
        """Return what the statement is about: a day or a period."""
        formats = formats or Formats(self.env)
        if period.date_from:
            return self.env._(
                "%(date_from)s to %(date_until)s", date_from=formats.date(period.date_from), date_until=formats.date(period.day)
            )
        return self.env._("As of %(date)s", date=formats.date(period.day))

    @api.model
    def _amounts_text(self, account, figure):
        """Return one figure of each section as text: "120.00 EUR and 50.00 USD"; empty when all are zero."""
        currencies = self.env["res.currency"]
        amounts = [
            format_amount(self.env, getattr(section, figure), currencies.browse(section.currency_id))
            for section in account.sections
            if getattr(section, figure)
        ]
        return format_list(amounts, locale=self.env["collection.action"]._locale()) if amounts else ""

    @api.model
    def _file_name(self, account, extension):
        name = "".join(sign if sign.isalnum() else " " for sign in account.partner.name or "").strip()
        return f"{self._title()} {' '.join(name.split())} {account.period.day.isoformat()}.{extension}"

    # -- the page ------------------------------------------------------------------------------------------------------

    @api.model
    def _render_html(self, account, rows=None):
        """Return the page of ``account`` as a whole HTML document that needs no other file.

        ``rows``: show at most so many rows of a table (None: all).
        """
        return Markup("<!DOCTYPE html>") + self.env["ir.qweb"]._render(
            "account_collections_auto.statement_page", self._prepare_page(account, rows), minimal_qcontext=True
        )

    def _prepare_page(self, account, rows):
        words = _Words(self)
        company, partner = account.company, account.partner
        bank, reference = self._how_to_pay(account)
        language = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        pages = Pages(self._page_height(company), HEAD_HEIGHT + SUMMARY_HEIGHT * len(account.sections))
        tables = [table for section in account.sections for table in self._prepare_tables(account, section, words, rows, pages)]
        return {
            "image_data_uri": image_data_uri,
            "company": company,
            "partner": partner,
            "addressee": partner.collection_payer_id or partner,
            "direction": language.direction or "ltr",
            "lang": (self.env.lang or "en_US").replace("_", "-"),
            "title": self._title(),
            "period": self._period_text(account.period, words),
            "sections": [self._prepare_section(section, words) for section in account.sections],
            "summary": self._prepare_summary(account, words),
            "bucket_names": self._bucket_names(),
            "tables": tables,
            "owes": any(section.items for section in account.sections),
            "bank": bank,
            "holder": bank.acc_holder_name or company.name,
            "reference": reference,
            "payment_on_new_page": pages.place(FOOT_HEIGHT),
        }

    def _page_height(self, company):
        """Return the height between the margins, in the pixels of the page."""
        paper = self.env["ir.actions.report"].sudo().with_company(company).get_paperformat()
        return ((paper.print_page_height or A4_HEIGHT_MM) - 2 * MARGIN_MM) / MM_PER_PIXEL * SAFETY

    def _prepare_section(self, section, words):
        """Return the line of one currency in the summary, as text."""
        currency = self.env["res.currency"].browse(section.currency_id)
        return {
            "currency": currency.name,
            "buckets": [words.amount(value, currency) if value else "" for value in section.buckets],
            "credit": words.amount(section.credit, currency) if section.credit else "",
            "balance": words.amount(section.balance, currency),
        }

    def _prepare_tables(self, account, section, words, rows, pages):
        """Return the tables of one currency as text, split into pages; ``rows``: at most so many of each."""
        currency = self.env["res.currency"].browse(section.currency_id)
        of_currency = f" ({currency.name})" if len(account.sections) > 1 else ""
        tables = []
        if account.period.date_from:
            tables.append(self._prepare_movements(account, section, currency, words))
            tables[-1]["title"] = self.env._("Movements") + of_currency
        day = account.period.day
        title = self.env._("Open items") + of_currency
        if section.items:
            tables.append(self._prepare_items(section.items, day, currency, words))
            tables[-1] |= {"title": title, "sum_label": self.env._("Owed"), "sums": [words.amount(section.owed, currency)]}
        if section.credits:
            tables.append(self._prepare_items(section.credits, day, currency, words))
            tables[-1] |= {
                "title": "" if section.items else title,
                "subtitle": self.env._("Credits and payments not yet matched"),
                "sum_label": self.env._("Credits"),
                "sums": [words.amount(section.credit, currency)],
            }
            if section.items:
                tables[-1]["balance_label"] = self.env._("Balance") + of_currency
                tables[-1]["balance"] = words.amount(section.balance, currency)
        for table in tables:
            self._split_table(table, rows, pages)
        return tables

    def _split_table(self, table, limit, pages):
        rows = table.pop("rows")
        table["left_out"] = max(0, len(rows) - limit) if limit else 0
        rows, heights = rows[:limit], []
        for row in rows:
            lines = 1
            for number, column in enumerate(table["columns"]):
                if column["css"] == "text":
                    parts = in_lines(row[number], column["letters"])
                    row[number] = "\n".join(parts)
                    lines = max(lines, len(parts))
            heights.append(ROW_HEIGHT + LINE_HEIGHT * (lines - 1))
        before = (TITLE_HEIGHT if table.get("title") else 0) + (SUBTITLE_HEIGHT if table.get("subtitle") else 0)
        after = ROW_HEIGHT * (2 if table.get("balance") else 1)
        table["chunks"] = pages.split(rows, heights, before, HEADING_HEIGHT, after)

    def _prepare_items(self, items, day, currency, words):
        has_references = any(item.reference for item in items)
        columns = [
            _column(self.env._("Document"), 16, "text"),
            _column(self.env._("Kind"), 14, "text"),
            *([_column(self.env._("Your reference"), 18, "text")] if has_references else []),
            _column(self.env._("Date"), 9.5),
            _column(self.env._("Due date"), 9.5),
            _column(self.env._("Days overdue"), 7, "figure late"),
            _column(self.env._("Original"), 13, "figure"),
            _column(self.env._("Open"), 13, "figure"),
        ]
        rows = []
        for item in items:
            overdue = (day - item.due_date).days
            rows.append(
                [
                    item.number or "",
                    words.kinds[item.kind],
                    *([item.reference or ""] if has_references else []),
                    words.date(item.date),
                    words.date(item.due_date) if item.open > 0 else "",
                    str(overdue) if item.open > 0 and overdue > 0 else "",
                    words.amount(item.original, currency),
                    words.amount(item.open, currency),
                ]
            )
        return {"columns": columns, "rows": rows}

    def _prepare_movements(self, account, section, currency, words):
        main = account.company.currency_id
        is_foreign = currency != main
        has_references = any(movement.reference for movement in section.movements)
        columns = [
            _column(self.env._("Date"), 9),
            _column(self.env._("Document"), 15, "text"),
            _column(self.env._("Kind"), 17, "text"),
            *([_column(self.env._("Your reference"), 18, "text")] if has_references else []),
            _column(self.env._("Debit"), 13, "figure"),
            _column(self.env._("Credit"), 13, "figure"),
            _column(self.env._("Balance"), 13, "figure"),
            *([_column(self.env._("In %(currency)s", currency=main.name), 13, "figure")] if is_foreign else []),
        ]
        no_reference = [""] if has_references else []
        worth = [words.amount(section.opening_company, main)] if is_foreign else []
        opening = words.amount(section.opening, currency)
        rows = [[words.date(account.period.date_from), "", words.kinds["opening"], *no_reference, "", "", opening, *worth]]
        for movement, balance in zip(section.movements, section.running, strict=True):
            amount = words.amount(abs(movement.amount), currency)
            rows.append(
                [
                    words.date(movement.date),
                    movement.number or "",
                    words.kinds[movement.kind],
                    *([movement.reference or ""] if has_references else []),
                    amount if movement.amount > 0 else "",
                    amount if movement.amount < 0 else "",
                    words.amount(balance, currency),
                    *([words.amount(movement.amount_company, main)] if is_foreign else []),
                ]
            )
        worth = [words.amount(section.balance_company, main)] if is_foreign else []
        return {
            "columns": columns,
            "rows": rows,
            "sum_label": self.env._("Closing balance"),
            "sums": [words.amount(section.balance, currency), *worth],
        }

    def _prepare_summary(self, account, words):
        """Return the total in company currency where another one occurs, as text; else ''."""
        main = account.company.currency_id
        if not any(section.currency_id != main.id for section in account.sections):
            return ""
        return words.amount(sum(section.balance_company for section in account.sections), main)

    def _how_to_pay(self, account):
        """Return the account to pay to and what to state: as on the newest invoice, else the company's first account;
        the reference of the one invoice, else the numbers that fit, else the customer's number.
        """
        owed = [item for section in account.sections for item in section.items]
        banks = self.env["res.partner.bank"].browse([item.bank_id for item in owed if item.bank_id])
        own = banks.filtered(lambda bank: bank.partner_id == account.company.partner_id)
        bank = own[-1:] or account.company.partner_id.bank_ids[:1]
        references = {item.payment_reference for item in owed if item.payment_reference}
        if len({item.move_id for item in owed}) == 1 and references:
            return bank, references.pop()
        numbers = join_numbers((item.number for item in owed), REFERENCE_LENGTH)
        complete = numbers.count(", ") + 1 == len({item.number for item in owed})
        return bank, numbers if complete or not account.partner.ref else account.partner.ref

    @api.model
    def _render_file(self, account, file_format):
        """Return the document of one customer as a PDF or spreadsheet, in the language of the context."""
        if file_format == "xlsx":
            return write_workbook([self._prepare_sheet(account)])
        return self._render_pdf(account)

    # -- PDF -----------------------------------------------------------------------------------------------------------

    @api.model
    def _render_pdf(self, account):
        """Return the PDF of one customer with numbered pages. Raises UserError when the program for it is missing.

        The page carries its letterhead and no file of the web server, so Debian's wkhtmltopdf, which drops headers and
        footers and takes one document at a time, prints it rightly, and nobody has to reach this server for it.
        """
        reports = self.env["ir.actions.report"].sudo().with_company(account.company)
        return reports._print_collection_page(self._render_html(account))

    @api.model
    def _render_pdfs(self, accounts):
        """Return one PDF of many customers, each starting on a page of its own, numbered apart."""
        return merge_pdf([self._in_language_of(account)._render_pdf(account) for account in accounts])

    def _in_language_of(self, account):
        return self.with_context(lang=account.partner.lang or self.env.lang)

    # -- spreadsheet -----------------------------------------------------------------------------------------------------

    @api.model
    def _render_xlsx(self, accounts):
        """Return a workbook with a sheet for each customer."""
        return write_workbook([self._in_language_of(account)._prepare_sheet(account) for account in accounts])

    def _prepare_sheet(self, account):
        company, partner = account.company, account.partner
        bank, reference = self._how_to_pay(account)
        language = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
        facts = [
            (self.env._("Customer"), partner.name or ""),
            (self.env._("Customer number"), partner.ref or ""),
            (self.env._("Tax ID"), partner.vat or ""),
            (self.env._("Account to pay to"), bank.acc_number or ""),
            (self.env._("Payment reference"), reference),
        ]
        tables = []
        for section in account.sections:
            currency = self.env["res.currency"].browse(section.currency_id)
            if account.period.date_from:
                tables.append(self._prepare_movement_table(account, section, currency))
            tables.append(self._prepare_item_table(account, section, currency))
        return Sheet(
            name=partner.name or partner.display_name,
            title=f"{self._title()}: {company.name}",
            subtitle=self._period_text(account.period),
            facts=[fact for fact in facts if fact[1]],
            tables=tables,
            ageing=self._prepare_ageing_table(account),
            right_to_left=language.direction == "rtl",
            date_format=excel_date(language.date_format),
        )

    def _prepare_item_table(self, account, section, currency):
        kinds, day = self._kind_names(), account.period.day
        digits, company_digits = currency.decimal_places, account.company.currency_id.decimal_places
        columns = [
            Column(self.env._("Document"), "text", 18),
            Column(self.env._("Kind"), "text", 24),
            Column(self.env._("Your reference"), "text", 24),
            Column(self.env._("Date"), "date", 12),
            Column(self.env._("Due date"), "date", 12),
            Column(self.env._("Days overdue"), "integer", 9),
            Column(self.env._("Original amount"), "amount", 15, digits),
            Column(self.env._("Open in %(currency)s", currency=currency.name), "amount", 15, digits, is_summed=True),
        ]
        foreign = currency != account.company.currency_id
        if foreign:
            name = account.company.currency_id.name
            columns.append(
                Column(self.env._("Open in %(currency)s", currency=name), "amount", 15, company_digits, is_summed=True)
            )
        rows = [
            (
                item.number,
                kinds[item.kind],
                item.reference,
                item.date,
                item.due_date if item.open > 0 else None,
                max((day - item.due_date).days, 0) if item.open > 0 else None,
                item.original,
                item.open,
                *([item.open_company] if foreign else []),
            )
            for item in [*section.items, *section.credits]
        ]
        return Table(
            title=self.env._("Open items in %(currency)s", currency=currency.name),
            columns=columns,
            rows=rows,
            sum_label=self.env._("Balance"),
        )

    def _prepare_movement_table(self, account, section, currency):
        kinds, digits = self._kind_names(), currency.decimal_places
        columns = [
            Column(self.env._("Document"), "text", 18),
            Column(self.env._("Kind"), "text", 24),
            Column(self.env._("Your reference"), "text", 24),
            Column(self.env._("Date"), "date", 12),
            Column(self.env._("Due date"), "date", 12),
            Column(self.env._("Balance"), "amount", 15, digits),
            Column(self.env._("Amount in %(currency)s", currency=currency.name), "amount", 15, digits, is_summed=True),
        ]
        foreign = currency != account.company.currency_id
        if foreign:
            name, company_digits = account.company.currency_id.name, account.company.currency_id.decimal_places
            columns.append(
                Column(self.env._("Amount in %(currency)s", currency=name), "amount", 15, company_digits, is_summed=True)
            )
        first = (None, kinds["opening"], None, account.period.date_from, None, section.opening, section.opening)
        rows = [
            (*first, *([section.opening_company] if foreign else [])),
            *(
                (
                    movement.number,
                    kinds[movement.kind],
                    movement.reference,
                    movement.date,
                    movement.due_date,
                    balance,
                    movement.amount,
                    *([movement.amount_company] if foreign else []),
                )
                for movement, balance in zip(section.movements, section.running, strict=True)
            ),
        ]
        return Table(
            title=self.env._("Movements in %(currency)s", currency=currency.name),
            columns=columns,
            rows=rows,
            sum_label=self.env._("Closing balance"),
        )

    def _prepare_ageing_table(self, account):
        names = [*self._bucket_names(), self.env._("Credits not yet matched"), self.env._("Balance")]
        rows, digits = [], 0
        for section in account.sections:
            currency = self.env["res.currency"].browse(section.currency_id)
            digits = max(digits, currency.decimal_places)
            rows.append((currency.name, *section.buckets, section.credit, section.balance))
        columns = [Column(self.env._("Currency"), "text", 18), *(Column(name, "amount", 15, digits) for name in names)]
        return Table(title=self.env._("By age"), columns=columns, rows=rows)


class _Words(Formats):
    """Dates, amounts and names of documents in the language of ``documents``."""

    def __init__(self, documents):
        super().__init__(documents.env)
        self.kinds = documents._kind_names()


def _column(name, width, css=""):
    return {"name": name, "width": width, "css": css, "letters": int(width * LETTERS_PER_PERCENT) - 1}
