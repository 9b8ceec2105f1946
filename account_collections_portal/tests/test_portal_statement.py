import csv
import io
import re
import zipfile
from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.addons.account_collections_auto.tests.bulk import post_invoices
from odoo.addons.account_collections_auto.tests.common import TODAY

from ..controllers import documents as documents_controller
from ..controllers import statement as statement_controller
from ..engine import statement
from .common import PortalCase

PDF = b"%PDF-1.4 an invoice"


class TestPortalStatement(PortalCase):
    """The statement shows what is open, as the ledger has it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.overdue = cls.invoice(cls.anna, 100.0, due=TODAY - timedelta(days=10), ref="PO-77")
        cls.later = cls.invoice(cls.anna, 50.0, due=TODAY + timedelta(days=10))
        cls.parts = cls.instalments(cls.anna, (30.0, TODAY - timedelta(days=5)), (70.0, TODAY + timedelta(days=25)))
        cls.credit = cls.credit_note(cls.anna, 20.0)
        cls.user = cls.portal_user(cls.anna)

    def rows(self, **options):
        case = self.case(self.anna)
        domain = [("case_id", "=", case.id), ("active", "=", True)]
        return statement.rows(self.env(su=True), case.company_id, domain, **options)

    def test_items_have_their_status_and_a_running_total(self):
        found = [(row.open, row.status, row.running) for row in self.rows()]
        self.assertEqual(
            found,
            [
                (100.0, "overdue", 100.0),
                (30.0, "overdue", 130.0),
                (50.0, "not_due", 180.0),
                (70.0, "not_due", 250.0),
                (-20.0, "credit", 230.0),
            ],
        )
        self.assertEqual(self.rows()[-1].running, self.case(self.anna).amount_due)

    def test_pain_21_instalments_have_each_their_date_and_amount(self):
        parts = [row for row in self.rows() if row.move_id == self.parts.id]
        self.assertEqual([(row.instalment, row.instalments, row.open) for row in parts], [(1, 2, 30.0), (2, 2, 70.0)])

    def test_answers_change_the_status(self):
        items = {row.move_id: row.item_id for row in self.rows()}
        case = self.case(self.anna)
        values = {"partner_id": self.anna.id, "company_id": self.company.id, "date_from": TODAY}
        reason = self.env.ref("account_collections_auto.collection_dispute_reason_delivery")
        lines = [Command.create({"item_id": items[self.overdue.id], "amount": 40.0})]
        self.env["collection.dispute"].create({**values, "reason_id": reason.id, "line_ids": lines})
        self.env["collection.promise"].create(
            {**values, "item_ids": [items[self.later.id]], "amount": 50.0, "promise_date": TODAY + timedelta(days=3)}
        )
        found = {row.move_id: row for row in self.rows()}
        self.assertEqual((found[self.overdue.id].status, found[self.overdue.id].disputed), ("overdue", 40.0))
        self.assertEqual(found[self.later.id].status, "promised")
        case.item_ids.invalidate_recordset()
        lines = [Command.create({"item_id": items[self.parts.id], "amount": 70.0})]
        self.env["collection.dispute"].create({**values, "reason_id": reason.id, "line_ids": lines})
        self.assertIn("disputed", [row.status for row in self.rows() if row.move_id == self.parts.id])

    def test_logged_in_customer_sees_the_page_and_filters_it(self):
        self.case(self.anna)
        self.visit("anna")
        page = self.get().text
        for move in self.overdue + self.later + self.parts + self.credit:
            self.assertIn(move.name, page)
        self.assertIn("PO-77", page)
        only = self.get("?status=overdue").text
        self.assertIn(self.overdue.name, only)
        self.assertNotIn(self.later.name, only)
        found = self.get("?search=PO-77").text
        self.assertIn(self.overdue.name, found)
        self.assertNotIn(self.later.name, found)
        self.assertIn("Nothing matches", self.get("?search=%25").text)

    def test_who_is_not_logged_in_is_asked_to(self):
        self.visit()
        response = self.get(allow_redirects=False)
        self.assertLeadsTo(response, "/web/login")

    def test_currencies_and_pages_stand_apart(self):
        foreign = self.setup_other_currency("CHF", rounding=0.01)
        in_francs = self.invoice(self.anna, 10.0, currency=foreign)
        self.case(self.anna)
        self.enterContext(patch.object(statement_controller, "ROWS_PER_PAGE", 5))
        self.visit("anna")
        first, second = self.get().text, self.get("?page=2").text
        self.assertIn("Page 1 of 2", first)
        self.assertNotIn(in_francs.name, first)
        self.assertIn(in_francs.name, second)
        sums = statement.totals(self.env(su=True), self.company, [("case_id", "=", self.case(self.anna).id)])
        self.assertEqual([(total.currency_id, total.balance) for total in sums][1], (foreign.id, 10.0))

    def test_the_first_page_takes_as_many_statements_for_10_items_as_for_300(self):
        few, many = (self.customer(name, f"{name}@buyer.example") for name in ("Few", "Many"))
        orders = [(few, 10, TODAY - timedelta(days=number)) for number in range(10)]
        post_invoices(self.env, orders + [(many, 10, TODAY - timedelta(days=number % 40)) for number in range(300)])
        tokens = [self.link(few), self.link(many)]
        self.assertEqual((len(self.items(few)), len(self.items(many))), (10, 300))
        self.visit()

        def statements(token):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(self.get(token=token).status_code, 200)
            return self.env.cr.sql_log_count - before

        for token in tokens:
            statements(token)
        for_few, for_many = (statements(token) for token in tokens)
        self.assertEqual(for_many, for_few)

    def test_many_invoices_come_in_several_zip_files_and_each_document_once(self):
        customer = self.customer("Many", "many@buyer.example")
        post_invoices(self.env, [(customer, 10, TODAY - timedelta(days=number)) for number in range(7)])
        token = self.link(customer)
        self.visit()
        self.assertIn("as a ZIP file", self.get(token=token).text)
        for module in (statement_controller, documents_controller):
            self.enterContext(patch.object(module, "ZIP_ROWS", 3))
        pdf = {"content": PDF, "filename": "x.pdf", "filetype": "pdf"}
        made = patch.object(self.env.registry["account.move"], "_get_invoice_legal_documents", lambda *_args, **_options: pdf)
        self.enterContext(made)
        page = self.get(token=token).text
        addresses = [address.replace("&amp;", "&") for address in re.findall(r'href="([^"]*/documents[^"]*)"', page)]
        self.assertEqual([address.partition("?")[2] for address in addresses], ["part=1", "part=2", "part=3"])
        self.assertIn("rows", page)
        names = []
        for address in addresses:
            names += zipfile.ZipFile(io.BytesIO(self.url_open(address).content)).namelist()
        numbers = [item.move_id.name.replace("/", "_") + ".pdf" for item in self.items(customer)]
        self.assertEqual(sorted(names), sorted(numbers))
        self.assertEqual(self.get("/documents?part=4", token).status_code, 404)

    def test_spreadsheet_and_csv_hold_the_open_items_and_no_formula(self):
        self.overdue.ref = "=HYPERLINK(evil)"
        token = self.link(self.anna)
        self.visit()
        content = self.get(f"/statement/{self.company.id}/csv", token).content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(content)))
        self.assertEqual(len(rows), 6)
        self.assertIn("'=HYPERLINK(evil)", [row[2] for row in rows])
        self.assertEqual([cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))], [])
        workbook = self.get(f"/statement/{self.company.id}/xlsx", token)
        self.assertTrue(zipfile.is_zipfile(io.BytesIO(workbook.content)))
        self.assertIn("attachment", workbook.headers["Content-Disposition"])

    def test_payments_of_the_last_days_are_shown(self):
        self.pay(self.overdue, 60.0, on=TODAY - timedelta(days=2))
        token = self.link(self.anna)
        self.visit()
        page = self.get(token=token).text
        self.assertIn("Paid in the last 90 days", page)
        self.assertIn("60.00", page)
        self.assertIn("40.00", page)

    def test_home_shows_the_overdue_amount_and_odoos_page_leads_here(self):
        self.case(self.anna)
        self.visit("anna")
        counters = self.make_jsonrpc_request("/my/counters", {"counters": ["collections_overdue", "overdue_invoice_count"]})
        self.assertIn("130.00", counters["collections_overdue"])
        self.assertEqual(counters["overdue_invoice_count"], 0)
        self.assertLeadsTo(self.url_open("/my/invoices/overdue", allow_redirects=False), "/my/collections")
        self.assertIn("/my/collections", self.url_open("/my").text)
        invoice = self.url_open(f"/my/invoices/{self.overdue.id}").text
        self.assertIn(f"/my/collections/dispute?document={self.overdue.id}", invoice)
