import base64
import io
from datetime import date, timedelta

import openpyxl
from lxml import html
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools.pdf import PdfFileReader

from ..engine import aged
from .common import CollectionsCase

FEBRUARY, MARCH = date(2026, 2, 28), date(2026, 3, 31)
NASTY = '=HYPERLINK("http://x.example")'


class TestAgedReport(CollectionsCase):
    """Aged receivables as of any day: figures worked by hand, from invoices that were really posted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.company.currency_id
        cls.foreign = cls.setup_other_currency("GBP", rates=[("2020-01-01", 2.0), ("2026-03-01", 4.0)])
        cls.reports = cls.env["collection.aged.report"]
        cls.buyer = cls.customer("Buyer", ref="C-77")
        cls._post_worked_ledger()

    @classmethod
    def _post_worked_ledger(cls):
        """The ledger of the reference for key figures."""

        def invoice(amount, issued, due):
            return cls.invoice(cls.buyer, amount, due=date.fromisoformat(due), issued=date.fromisoformat(issued))

        cls.oldest = invoice(1000, "2025-12-15", "2026-01-14")
        paid = invoice(2000, "2026-01-10", "2026-02-09")
        partly = invoice(3000, "2026-01-25", "2026-02-24")
        invoice(4000, "2026-02-12", "2026-03-14")
        in_time = invoice(1500, "2026-02-20", "2026-03-22")
        invoice(5000, "2026-03-05", "2026-04-04")
        invoice(2500, "2026-03-20", "2026-04-19")
        cls.credit_note(cls.buyer, 500, on=date(2026, 3, 10))
        cls.pay(paid, on=date(2026, 2, 19))
        cls.pay(partly, 1200, on=date(2026, 3, 5))
        cls.pay(in_time, on=date(2026, 3, 22))

    def page(self, day=MARCH, user=None, companies=None, **options):
        reports = self.reports.with_user(user) if user else self.reports
        if companies:
            reports = reports.with_context(allowed_company_ids=companies.ids)
        return reports.get_page({"date": day.isoformat(), **options})

    def figures(self, page):
        return {row["name"]: row["amounts"] for row in page["rows"]}

    def assertTiesOut(self, page):
        """What the report adds up to is what the accounts say, and it says so."""
        for tie in page["ties"]:
            self.assertEqual(tie["lines"], [])
            self.assertAlmostEqual(tie["open"], tie["balance"], places=2)
            self.assertIn("agree", tie["text"])

    # -- figures -------------------------------------------------------------------------------------------------------

    def test_the_worked_ledger_on_both_days_to_the_cent(self):
        february = self.page(FEBRUARY)
        self.assertEqual(self.figures(february), {"Buyer": [5500, 3000, 1000, 0, 0, 0, 9500]})
        march = self.page(MARCH)
        self.assertEqual(self.figures(march), {"Buyer": [7500, 4000, 1800, 1000, 0, -500, 13800]})
        names = ["Not due", "1 to 30 days", "31 to 60 days", "61 to 90 days", "More than 90 days"]
        self.assertEqual(march["columns"], [*names, "Unapplied", "Total"])
        self.assertEqual(march["totals"][0]["amounts"], [7500, 4000, 1800, 1000, 0, -500, 13800])
        for day in (date(2025, 12, 31), date(2026, 1, 31), FEBRUARY, date(2026, 3, 5), MARCH, date(2026, 9, 15)):
            self.assertTiesOut(self.page(day))
        self.assertEqual(self.figures(self.page(date(2025, 12, 31)))["Buyer"][-1], 1000)
        self.assertEqual(self.page(date(2025, 12, 14))["count"], 0)

    def test_buckets_end_where_the_company_says(self):
        self.company.collection_ageing_limits = "20,75"
        page = self.page()
        self.assertEqual(
            page["columns"], ["Not due", "1 to 20 days", "21 to 75 days", "More than 75 days", "Unapplied", "Total"]
        )
        self.assertEqual(self.figures(page), {"Buyer": [7500, 4000, 1800, 1000, -500, 13800]})
        for wrong in ("30, 20", "0, 30", "a", "30;60", "1,2,3,4,5,6,7,8,9"):
            with self.assertRaises(ValidationError):
                self.company.collection_ageing_limits = wrong
        self.company.collection_ageing_limits = False
        self.assertEqual(len(self.page()["columns"]), 7, "Empty: the usual ones")

    def test_due_today_is_not_overdue(self):
        debtor = self.customer("Due today")
        self.invoice(debtor, 10, due=MARCH, issued=MARCH)
        self.assertEqual(self.figures(self.page())["Due today"][:2], [10, 0])
        self.assertEqual(self.figures(self.page(MARCH + timedelta(days=1)))["Due today"][:2], [0, 10])

    def test_a_foreign_invoice_counts_at_its_booking_rate(self):
        debtor = self.customer("Abroad")
        self.invoice(debtor, 60, due=date(2026, 2, 10), currency=self.foreign)
        self.assertEqual(self.figures(self.page())["Abroad"][-1], 30)
        self.assertTiesOut(self.page())
        [item] = self.reports.get_items({"date": str(MARCH)}, debtor.id)["items"]
        self.assertEqual((item["residual"], item["foreign"]), (30, [60, self.foreign.id]))

    def test_an_exchange_difference_booked_later_is_a_line_with_a_name(self):
        """Paid on the 5th at another rate: closed on the 10th, though the accounts say so at the end of the month only."""
        debtor = self.customer("Abroad")
        bill = self.invoice(debtor, 60, due=date(2026, 2, 10), currency=self.foreign)
        self.pay(bill, on=date(2026, 3, 5))
        [exchange] = bill.line_ids.matched_credit_ids.exchange_move_id
        day = date(2026, 3, 10)
        self.assertGreater(exchange.date, day)
        page = self.page(day)
        self.assertNotIn("Abroad", self.figures(page))
        [tie] = page["ties"]
        [line] = tie["lines"]
        self.assertIn("Exchange differences", line["name"])
        self.assertAlmostEqual(tie["open"] - line["amount"], tie["balance"], places=2)
        self.assertEqual(line["amount"], -15)
        self.assertIn("differ", tie["text"])
        self.assertTiesOut(self.page(exchange.date))
        self.assertTiesOut(self.page(day, search="Buyer"))

    def test_money_on_account_stands_apart_until_it_is_matched(self):
        debtor = self.customer("On account")
        bill = self.invoice(debtor, 100, due=date(2026, 2, 10))
        payment = self.money_on_account(debtor, 100, on=date(2026, 3, 5))
        day = date(2026, 3, 10)
        self.assertEqual(self.figures(self.page(day))["On account"], [0, 100, 0, 0, 0, -100, 0])
        lines = (bill | payment.move_id).line_ids
        lines.filtered(lambda line: line.account_id.account_type == "asset_receivable").reconcile()
        self.assertNotIn("On account", self.figures(self.page(day)))
        self.assertTiesOut(self.page(day))

    def test_what_belongs_to_no_customer_is_shown(self):
        self.journal_debit(False, 70, due=date(2026, 2, 1))
        page = self.page()
        self.assertEqual(self.figures(page)["Without a customer"][-1], 70)
        self.assertTiesOut(page)
        self.assertEqual([item["residual"] for item in self.reports.get_items({"date": str(MARCH)}, 0)["items"]], [70])

    # -- pages, order, search --------------------------------------------------------------------------------------------

    def test_customers_are_paged_sorted_and_searched_by_the_server(self):
        for name, amount in (("Ann", 30), ("Bob 100%", 20), ("Cid", 10)):
            self.invoice(self.customer(name), amount, due=date(2026, 3, 30), issued=date(2026, 3, 1))
        self.assertEqual(list(self.figures(self.page(limit=2))), ["Buyer", "Ann"])
        second = self.page(limit=2, offset=2)
        self.assertEqual((list(self.figures(second)), second["count"]), (["Bob 100%", "Cid"], 4))
        self.assertEqual(second["totals"][0]["amounts"][-1], 13860, "The totals are those of all pages")
        self.assertEqual(list(self.figures(self.page(order="name", descending=False)))[:2], ["Ann", "Bob 100%"])
        self.assertEqual(list(self.figures(self.page(order=1, descending=False)))[:2], ["Cid", "Bob 100%"])
        for search, found in (("bob", ["Bob 100%"]), ("100%", ["Bob 100%"]), ("%", ["Bob 100%"]), ("c-77", ["Buyer"])):
            page = self.page(search=search)
            self.assertEqual((list(self.figures(page)), page["count"]), (found, 1), search)
            self.assertTiesOut(page)
        self.assertEqual(list(self.figures(self.page(order="nonsense; --", limit="7", offset=-3)))[0], "Buyer")
        self.assertEqual(self.page(search="nobody")["rows"], [])

    def test_only_the_customers_of_a_collector_or_an_account(self):
        other = self.customer("Other")
        self.invoice(other, 30, due=date(2026, 3, 1))
        self.env["collection.case"]._refresh_marked()
        collector = self.make_user("collector", "account_collections_auto.group_collector")
        self.case(other).user_id = collector
        page = self.page(user_id=collector.id)
        self.assertEqual(list(self.figures(page)), ["Other"])
        self.assertTiesOut(page)
        self.assertIn(collector.id, [each["id"] for each in self.reports.get_settings()["collectors"]])
        receivable = self.company_data["default_account_receivable"].copy({"code": "121999", "name": "Special"})
        self.journal_debit(other, 5, due=date(2026, 3, 2), account=receivable)
        page = self.page(account_id=receivable.id)
        self.assertEqual(self.figures(page), {"Other": [0, 5, 0, 0, 0, 0, 5]})
        self.assertTiesOut(page)

    def test_the_items_of_a_customer_add_up_to_its_row(self):
        items = self.reports.get_items({"date": str(MARCH)}, self.buyer.id, self.euro.id)["items"]
        amounts = [0.0] * 7
        for item in items:
            amounts[item["column"]] += item["residual"]
            amounts[-1] += item["residual"]
        self.assertEqual(amounts, self.figures(self.page())["Buyer"])
        first, last = items[0], items[-1]
        self.assertEqual((first["number"], first["days_overdue"], first["column"]), (self.oldest.name, 76, 3))
        self.assertEqual((last["kind"], last["due_date"], last["residual"]), ("Credit note", False, -500))
        line = self.env["account.move.line"].browse(first["line_id"])
        self.assertEqual((line.move_id, first["move_id"]), (self.oldest, self.oldest.id))

    def test_the_customer_opens_its_case(self):
        case = self.case(self.buyer)
        action = self.reports.open_case(self.buyer.id)
        self.assertEqual((action["res_model"], action["res_id"]), ("collection.case", case.id))

    # -- companies and people --------------------------------------------------------------------------------------------

    def test_companies_have_their_own_figures_and_currencies(self):
        data = self.setup_other_company(name="Second")
        second = data["company"]
        second.currency_id = self.foreign
        journal = data["default_journal_sale"]
        self.env["account.move"].with_company(second).create(
            {
                "move_type": "out_invoice",
                "partner_id": self.buyer.id,
                "journal_id": journal.id,
                "invoice_date": date(2026, 3, 1),
                "invoice_date_due": date(2026, 3, 1),
                "invoice_payment_term_id": False,
                "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 50, "tax_ids": []})],
            }
        ).action_post()
        both = self.page(companies=self.company | second)
        self.assertEqual(
            [(row["name"], row["currency_id"], row["amounts"][-1]) for row in both["rows"]],
            [("Buyer", self.euro.id, 13800), ("Buyer", self.foreign.id, 50)],
        )
        self.assertEqual({total["currency_id"] for total in both["totals"]}, {self.euro.id, self.foreign.id})
        self.assertTiesOut(both)
        reader = self.make_user("reader", "account_collections_auto.group_collection_auditor")
        self.assertEqual(len(self.page(user=reader)["rows"]), 1)
        with self.assertRaises(AccessError):
            self.page(user=reader, companies=second)
        with self.assertRaises(AccessError):
            self.page(user=reader, companies=self.company | second)
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=second)
        self.assertEqual([row["amounts"][-1] for row in self.page(user=stranger)["rows"]], [50])

    def test_a_branch_counts_where_it_is_chosen(self):
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.sudo().company_ids = [Command.link(branch.id)]
        self.buyer.with_company(branch).property_account_receivable_id = self.company_data["default_account_receivable"]
        bill = (
            self.env["account.move"]
            .with_company(branch)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.buyer.id,
                    "company_id": branch.id,
                    "journal_id": self.company_data["default_journal_sale"].id,
                    "invoice_date": date(2026, 3, 1),
                    "invoice_date_due": date(2026, 3, 1),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 50, "tax_ids": []})],
                }
            )
        )
        bill.action_post()
        self.company.collection_ageing_limits = "10"
        both = self.page(companies=branch | self.company)
        self.assertEqual(self.figures(both)["Buyer"][-1], 13850, "One customer, one row")
        self.assertEqual(len(both["columns"]), 5, "Buckets are those of the root company")
        self.assertEqual(self.figures(self.page(companies=self.company))["Buyer"][-1], 13800)
        self.assertTiesOut(both)

    def test_who_has_no_role_is_refused_and_the_auditor_reads(self):
        clerk = self.make_user("clerk", "account.group_account_invoice")
        reports = self.reports.with_user(clerk)
        for call in (reports.get_page, reports.get_items, reports.get_settings, reports.download, reports.open_case):
            with self.assertRaises(AccessError):
                call()
        auditor = self.make_user("auditor", "account_collections_auto.group_collection_auditor")
        self.assertEqual(len(self.page(user=auditor)["rows"]), 1)
        action = self.reports.with_user(auditor).download({"date": str(MARCH)}, "xlsx")
        self.assertEqual(action["type"], "ir.actions.act_url")

    def test_nonsense_of_a_client_is_refused_in_words(self):
        for options in ({"date": "yesterday"}, {"date": "2026-13-01"}):
            with self.assertRaisesRegex(UserError, "is not a date"):
                self.reports.get_page(options)
        with self.assertRaisesRegex(UserError, "PDF or spreadsheet"):
            self.reports.download({}, "exe")

    def test_the_number_of_statements_does_not_grow(self):
        def count():
            self.page()  # what is read once
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.page()
            self.reports.get_items({"date": str(MARCH)}, self.buyer.id)
            return self.env.cr.sql_log_count - before

        few = count()
        for number in range(12):
            self.invoice(self.customer(f"Debtor {number}"), 10 + number, due=date(2026, 2, 1))
        self.assertEqual(count(), few)

    # -- files -----------------------------------------------------------------------------------------------------------

    def workbook(self, day=MARCH, with_items=False, **options):
        action = self.reports.download({"date": day.isoformat(), **options}, "xlsx", with_items)
        download = self.env["collection.aged.download"].browse(int(action["url"].split("/")[4]))
        self.assertIn("2026-03-31.xlsx", download.file_name)
        return openpyxl.load_workbook(io.BytesIO(base64.b64decode(download.file_data)))

    def test_the_spreadsheet_has_real_numbers_sums_and_the_tie_out(self):
        self.invoice(self.customer(NASTY), 10, due=date(2026, 3, 1), ref=NASTY)
        book = self.workbook(with_items=True)
        customers, items = book.worksheets
        rows = [[cell.value for cell in row] for row in customers.iter_rows()]
        buyer = next(row for row in rows if row[0] == "Buyer")
        self.assertEqual(buyer[:8], ["Buyer", 7500, 4000, 1800, 1000, 0, -500, 13800])
        total = next(row for row in rows if row[0] == "Total")
        self.assertRegex(total[7], r"^=SUM\(H\d+:H\d+\)$")
        self.assertIn(["Balance of the receivable accounts (USD)", 13810], [row[:2] for row in rows])
        nasty = [cell for row in customers.iter_rows() for cell in row if cell.value == NASTY]
        self.assertEqual({(cell.data_type, cell.quotePrefix) for cell in nasty}, {("s", True)})
        cells = [[cell.value for cell in row] for row in items.iter_rows()]
        oldest = next(row for row in cells if row[1] == self.oldest.name)
        self.assertEqual((oldest[0], oldest[6], oldest[7], oldest[8]), ("Buyer", 76, "61 to 90 days", 1000))

    def printed(self, **options):
        scope = self.reports._get_scope({"date": str(MARCH), **options})
        page = html.fromstring(str(self.reports._render_html(self.reports._read(scope), self.reports._group_items(scope))))
        return " ".join(" ".join(page.find("body").itertext()).split())

    def test_the_pdf_holds_what_the_page_says(self):
        text = self.printed()
        for part in (
            "Aged receivables As of 03/31/2026",
            "Buyer 7,500.00 4,000.00 1,800.00 1,000.00 -500.00 13,800.00",
            f"{self.oldest.name} · due 01/14/2026 1,000.00 1,000.00",
            "Total of one customer 7,500.00",
            "The report and the receivable accounts agree.",
            "Balance of the receivable accounts 13,800.00",
        ):
            self.assertIn(part, text)
        content, name = self.reports._render_file(self.reports._get_scope({"date": str(MARCH)}), "pdf", True)
        self.assertTrue(name.endswith("2026-03-31.pdf"))
        [sheet] = PdfFileReader(io.BytesIO(content), strict=False).pages
        self.assertGreater(sheet.mediabox.width, sheet.mediabox.height)
        self.assertIn("13,800.00", sheet.extract_text())

    def test_an_empty_day_is_said_in_words(self):
        scope = self.reports._get_scope({"date": "2020-01-01"})
        self.assertIn("Nothing was open on this day.", str(self.reports._render_html(self.reports._read(scope), {})))
        self.assertEqual(self.workbook(search="nobody").sheetnames, ["Aged receivables"])

    def test_long_reports_go_over_numbered_pages_and_too_long_ones_are_refused(self):
        scope = self.reports._get_scope({"date": str(MARCH)})
        report = self.reports._read(scope)
        many = report._replace(customers=report.customers * 100)
        content = self.reports._render_pdf(many, {})
        self.assertLess(len(content), 500_000, "Pages with numbers stay compressed")
        pages = PdfFileReader(io.BytesIO(content), strict=False).pages
        self.assertEqual(len(pages), 3)
        self.assertIn("3 / 3", pages[2].extract_text())
        self.assertIn("Not due", pages[1].extract_text().replace("\t", " "), "Each page repeats the headings")
        many = [report.customers[0]._replace(partner_id=number) for number in range(5000)]
        self.patch(aged, "rows", lambda *_args: many)
        with self.assertRaisesRegex(UserError, "5000 rows"):
            self.reports._render_file(scope, "pdf")
