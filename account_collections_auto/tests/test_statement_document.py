import io
import re
from datetime import date, datetime

import openpyxl
from lxml import html
from odoo.tests import tagged
from odoo.tools.pdf import PdfFileReader

from .statement_common import CLOSING, OPENING, StatementCase

NASTY = '=HYPERLINK("http://x.example")'


@tagged("post_install", "-at_install")
class TestStatementDocument(StatementCase):
    """What the customer gets to see: a page, a PDF, a spreadsheet."""

    def setUp(self):
        super().setUp()
        self.documents = self.env["collection.statement.document"]
        self.company.partner_id.bank_ids = [(0, 0, {"acc_number": "BE71 0961 2345 6769"})]
        self.buyer = self.customer("Buyer", ref="C-77", vat="", street="Low Road 1")
        self.bill = self.invoice(self.buyer, 1234.5, due=date(2026, 8, 10), ref="PO 4711")
        self.invoice(self.buyer, 100, due=date(2026, 9, 20), issued=date(2026, 8, 12))
        self.credit_note(self.buyer, 34.5, on=date(2026, 8, 20))

    def text(self, customer=None, day=CLOSING, date_from=None, **kwargs):
        page = self.documents._render_html(self.account(customer or self.buyer, day, date_from), **kwargs)
        words = " ".join(html.fromstring(str(page)).find("body").itertext())
        return " ".join(words.replace("\N{NO-BREAK SPACE}", " ").replace("\N{ZERO WIDTH NO-BREAK SPACE}", "").split())

    def workbook(self, *accounts):
        return openpyxl.load_workbook(io.BytesIO(self.documents._render_xlsx(accounts)))

    def test_the_page_says_what_is_due_since_when_and_how_to_pay(self):
        text = self.text()
        for part in (
            "Statement of account As of 08/31/2026",
            "Customer number C-77",
            f"{self.bill.name} Invoice PO 4711 08/10/2026 08/10/2026 21 $ 1,234.50 $ 1,234.50",
            "Owed $ 1,334.50",
            "Credits and payments not yet matched",
            "Credits $ -34.50",
            "Balance $ 1,300.00",
            "Account: BE71 0961 2345 6769",
            f"Payment reference: {self.bill.name}",
        ):
            self.assertIn(part, text)

    def test_movements_show_opening_and_closing_balance(self):
        self.pay(self.bill, 234.5, on=date(2026, 9, 3))
        text = self.text(day=date(2026, 9, 30), date_from=date(2026, 9, 1))
        self.assertIn("09/01/2026 to 09/30/2026", text)
        self.assertRegex(text, r"Opening balance \$ 1,300.00 09/03/2026 \S+ Payment \S+ \$ 234.50 \$ 1,065.50 Closing balance")
        self.assertIn("Closing balance $ 1,065.50", text)

    def test_one_invoice_is_paid_with_its_own_reference(self):
        other = self.customer("Other")
        bill = self.invoice(other, 10, due=date(2026, 8, 1), payment_reference="+++090/9337/55493+++")
        self.assertIn(f"Payment reference: {bill.payment_reference}", self.text(other))

    def test_names_and_references_are_text_for_the_browser(self):
        self.buyer.name = "<script>alert(1)</script>"
        self.bill.ref = "<img src=x onerror=alert(1)>"
        page = str(self.documents._render_html(self.account(self.buyer)))
        self.assertNotIn("<script>", page)
        self.assertNotIn("<img src=x", page)

    def test_names_and_references_are_text_for_the_spreadsheet(self):
        for name in (NASTY, "+49 30", "-1+1", "@SUM(A1)", "[a]:b*?/\\c'", "x" * 60):
            customer = self.customer(name)
            self.invoice(customer, 10, due=date(2026, 8, 1), ref=NASTY)
            book = self.workbook(self.account(customer))
            cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value in (name, NASTY)]
            self.assertEqual({cell.value for cell in cells}, {name, NASTY})
            self.assertEqual({cell.data_type for cell in cells}, {"s"})
        quoted = [cell.quotePrefix for cell in cells if cell.value == NASTY]
        self.assertEqual(quoted, [True])

    def test_the_spreadsheet_has_real_numbers_dates_and_sums(self):
        paper = self.workbook(self.account(self.buyer)).worksheets[0]
        rows = [[cell.value for cell in row] for row in paper.iter_rows()]
        bill = next(row for row in rows if row[0] == self.bill.name)
        self.assertEqual(bill[1:8], ["Invoice", "PO 4711", datetime(2026, 8, 10), datetime(2026, 8, 10), 21, 1234.5, 1234.5])
        balance = next(row for row in rows if row[0] == "Balance")
        self.assertRegex(balance[7], r"^=SUM\(H\d+:H\d+\)$")
        values = openpyxl.load_workbook(
            io.BytesIO(self.documents._render_xlsx([self.account(self.buyer)])), data_only=True
        ).worksheets[0]
        self.assertIn(1300, [row[7].value for row in values.iter_rows(min_col=1, max_col=8)])

    def test_many_customers_get_a_sheet_each_with_names_that_differ(self):
        twin = self.customer("Buyer")
        self.invoice(twin, 10, due=date(2026, 8, 1), currency=self.foreign)
        accounts = [self.account(self.buyer), self.account(twin, CLOSING, OPENING)]
        self.assertEqual(self.workbook(*accounts).sheetnames, ["Buyer", "Buyer (2)"])

    def test_a_foreign_currency_shows_its_worth_in_ours(self):
        self.invoice(self.buyer, 60, due=date(2026, 8, 10), currency=self.foreign)
        text = self.text()
        self.assertIn("All currencies, at the rates of the booking $ 1,330.00", text)
        sheet = self.workbook(self.account(self.buyer)).worksheets[0]
        self.assertIn("Open in USD", [cell.value for row in sheet.iter_rows() for cell in row])

    def test_the_page_is_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env.ref("account_collections_auto.statement_page").update_field_translations(
            "arch_db", {"fr_FR": {"Credits not yet matched": "Avoirs non lettrés"}}
        )
        self.buyer.lang = "fr_FR"
        french = self.documents._in_language_of(self.account(self.buyer))
        page = str(french._render_html(self.account(self.buyer)))
        self.assertIn("Avoirs non lettrés", page)
        self.assertIn("10/08/2026", page)
        self.assertIn('lang="fr-FR"', page)

    def test_an_arabic_page_runs_from_right_to_left(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.buyer.lang = "ar_001"
        account = self.account(self.buyer)
        arabic = self.documents._in_language_of(account)
        page = str(arabic._render_html(account))
        self.assertIn('dir="rtl"', page)
        self.assertRegex(page, r"\.figure \{ text-align: left;")
        self.assertIn("BE71", self.pdf_text(arabic._render_pdf(account)))
        self.assertTrue(
            openpyxl.load_workbook(io.BytesIO(self.documents._render_xlsx([account]))).worksheets[0].sheet_view.rightToLeft
        )

    def test_the_pdf_of_a_page_holds_what_the_page_says(self):
        text = self.pdf_text(self.documents._render_pdf(self.account(self.buyer)))
        self.assertIn("1,300.00", text)
        self.assertIn("Statement of account", text.replace("\t", " "))

    def test_long_statements_go_over_numbered_pages_and_customers_start_anew(self):
        line = self.account(self.buyer).sections[0].items[0]
        account = self.account(self.buyer)
        section = account.sections[0]._replace(items=[line] * 700)
        content = self.documents._render_pdfs([account._replace(sections=[section]), account])
        pages = [page.extract_text() for page in PdfFileReader(io.BytesIO(content), strict=False).pages]
        self.assertGreater(len(pages), 10)
        count = len(pages) - 1
        self.assertIn(f"2 / {count}", pages[1])
        once = sum(page.count("1,234.50") for page in pages[:count])
        self.assertEqual(once, 2 * 700 + 1, "No row is cut in two by the end of a page; one figure is in the summary")
        self.assertIn("Statement of account", pages[-1].replace("\t", " "))
        for page in pages[1:count]:
            self.assertIn("Due date", page.replace("\t", " "), "Each page repeats the headings")
        self.assertFalse(re.search(r"1 / \d", pages[-1]))

    def test_the_preview_is_short(self):
        line = self.account(self.buyer).sections[0].items[0]
        account = self.account(self.buyer)
        section = account.sections[0]._replace(items=[line] * 500)
        page = str(self.documents._render_html(account._replace(sections=[section]), rows=60))
        self.assertEqual(page.count("PO 4711"), 60)
        self.assertIn("440", page)

    def pdf_text(self, content):
        self.assertTrue(content.startswith(b"%PDF"))
        pages = PdfFileReader(io.BytesIO(content), strict=False).pages
        return "".join(page.extract_text() for page in pages).replace("\N{NO-BREAK SPACE}", " ")
