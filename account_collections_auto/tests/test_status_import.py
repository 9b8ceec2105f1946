"""A file of statuses from a customer's portal: seen first, set in one go, once."""

import base64
import csv
import doctest
import io
from datetime import date, timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError

from ..engine import status_file
from .common import TODAY, CollectionsCase

RUN = date(2026, 9, 25)


def test_examples_in_docstrings_hold():
    assert doctest.testmod(status_file).failed == 0


class TestStatusImport(CollectionsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.customer("Buyer Ltd")
        cls.bills = [cls.invoice(cls.buyer, amount) for amount in (100, 200, 300, 400, 500)]
        cls.collector = cls.make_user("collector", "account_collections_auto.group_collector")
        cls.names = [bill.name for bill in cls.bills]

    def upload(
        self, *rows, head="Invoice number;Status;Payment date;Amount;Comment", name="portal.csv", encoding="utf-8", **vals
    ):
        """Upload a file and look at what it would set, as the collector."""
        content = "\n".join([head, *rows]).encode(encoding)
        wizard = (
            self.env["collection.status.import"]
            .with_user(self.collector)
            .create({"file": base64.b64encode(content), "file_name": name, "company_id": self.company.id, **vals})
        )
        with self.on_day(TODAY):
            wizard.action_read()
        return wizard

    def apply(self, wizard):
        with self.on_day(TODAY):
            wizard.action_apply()
        self.env.invalidate_all()

    def problems(self, wizard):
        return [(line.row, line.column, line.problem) for line in wizard.line_ids if line.outcome == "refused"]

    def test_one_row_of_each_kind_becomes_what_a_person_would_record(self):
        approved, paid, disputed, missing, received = self.names
        wizard = self.upload(
            f"{approved};Approved;2026-09-25;;",
            f"{paid};Paid;2026-09-10;200.00;",
            f"{disputed};Rejected;;50,00;Price differs: 20 % higher than agreed",
            f"{missing};Not found;;;",
            f"{received};In process;;;",
        )
        self.assertEqual((wizard.ready_count, wizard.skipped_count, wizard.refused_count), (4, 1, 0))
        self.apply(wizard)
        hold = self.env["collection.hold"].search([("partner_id", "=", self.buyer.id)])
        self.assertRecordValues(
            hold,
            [{"item_ids": self.items(self.bills[0]).ids, "date_until": RUN + timedelta(days=self.plan.in_transit_days)}],
        )
        notice = self.env["collection.payment.notice"].search([("partner_id", "=", self.buyer.id)])
        self.assertRecordValues(
            notice, [{"amount": 200, "payment_date": date(2026, 9, 10), "item_ids": self.items(self.bills[1]).ids}]
        )
        dispute = self.env["collection.dispute"].search([("partner_id", "=", self.buyer.id)])
        self.assertRecordValues(
            dispute, [{"reason_id": self.env.ref("account_collections_auto.collection_dispute_reason_price").id, "amount": 50}]
        )
        self.assertIn("higher than agreed", dispute.description)
        self.assertIn(missing, " ".join(self.case(self.buyer).sudo().activity_ids.mapped("summary")))
        self.assertEqual(wizard.state, "done")
        self.assertIn("1 disputes", wizard.summary)

    def test_promises_of_one_day_are_one_promise(self):
        wizard = self.upload(*(f"{name};will be paid;25.09.2026;;" for name in self.names[:3]))
        self.apply(wizard)
        self.assertRecordValues(
            self.env["collection.promise"].search([("partner_id", "=", self.buyer.id)]),
            [{"amount": 600, "promise_date": RUN, "channel": "portal"}],
        )

    def test_german_file_of_a_spreadsheet(self):
        wizard = self.upload(
            f"{self.names[0]}\tGesperrt\t\t1.000,00 €\tWare beschädigt",
            f"{self.names[1]}\tZur Zahlung freigegeben\t25.09.2026\t200,00 €\t",
            head="Rechnungsnummer\tZahlungsstatus\tZahlungsdatum\tBetrag\tBemerkung",
            encoding="utf-16",
        )
        self.assertEqual(
            sorted(wizard.line_ids.mapped(lambda line: (line.row, line.answer_type, line.value))),
            [(2, "dispute", 1000), (3, "run", 200)],
        )

    def test_refused_rows_say_row_column_and_reason(self):
        first, second, third, fourth, fifth = self.names
        wizard = self.upload(
            "INV/NOT/0001;Paid;;;",
            ";Paid;;;",
            f"{first};Paid;someday;;",
            f"{second};Approved;;;",
            f"{third};Approved;2026-09-01;;",
            f"{fourth};Zorglub;;;",
            f"{fifth};Paid;;lots;",
            f"{fifth};Approved;2026-09-25;;",
        )
        self.assertEqual(
            self.problems(wizard),
            [
                (2, "Invoice number", "No open invoice has this number."),
                (3, "Invoice number", "There is no number."),
                (4, "Payment date", "This is no date."),
                (5, "Payment date", "Without a day nothing can wait for it."),
                (6, "Payment date", "The day has passed already."),
                (7, "Status", "Nobody has said what this status means. Add it to the words of answers."),
                (8, "Amount", "This is no amount."),
                (9, "Invoice number", "Row 8 is about the same invoice."),
            ],
        )
        with self.assertRaises(UserError):
            self.apply(wizard)

    def test_same_file_is_set_once(self):
        row = f"{self.names[0]};Approved;2026-09-25;;"
        self.apply(self.upload(row))
        with self.assertRaisesRegex(UserError, "already"):
            self.apply(self.upload(row, name="renamed.csv"))

    def test_what_is_recorded_already_is_not_recorded_twice(self):
        self.apply(self.upload(f"{self.names[0]};Approved;2026-09-25;;"))
        again = self.upload(f"{self.names[0]};Approved;2026-09-25;;", f"{self.names[1]};Approved;2026-09-25;;")
        self.assertEqual((again.ready_count, again.skipped_count), (1, 1))

    def test_number_without_its_signs_and_reference_of_the_customer(self):
        self.bills[1].ref = "PO 4711-B"
        wizard = self.upload(f"{self.names[0].replace('/', '-').lower()};Paid;;;", "po4711b;Paid;;;")
        self.assertEqual(wizard.refused_count, 0)

    def test_another_customer_has_the_same_reference(self):
        other = self.invoice(self.customer("Other"), 70)
        (self.bills[0] + other).write({"ref": "PO-1"})
        self.assertEqual(self.problems(self.upload("PO-1;Paid;;;"))[0][2], "Several invoices have this number.")
        self.assertFalse(self.problems(self.upload("PO-1;Paid;;;", partner_id=self.buyer.id)))

    def test_formulas_and_markup_stay_text(self):
        wizard = self.upload('=HYPERLINK("http://x");<script>alert(1)</script>;;;@SUM(A1)')
        refused = base64.b64decode(wizard.with_context(bin_size=False).refused_file).decode("utf-8-sig")
        (_head, row) = csv.reader(io.StringIO(refused), delimiter=";")
        self.assertFalse([cell for cell in row if cell[:1] in ("=", "+", "-", "@")])
        self.assertIn("'@SUM(A1)", row)

    def test_what_is_no_csv_is_refused_in_words(self):
        for content in (b"", b"\x00\x01\x02", b"\n\n", b"Invoice;Status\n"):
            wizard = (
                self.env["collection.status.import"]
                .with_user(self.collector)
                .create({"file": base64.b64encode(content), "company_id": self.company.id})
            )
            with self.subTest(content), self.assertRaises(UserError):
                wizard.action_read()

    def test_columns_can_be_chosen_by_hand(self):
        wizard = self.upload(f"x;{self.names[0]};Paid", head="A;B;C")
        self.assertFalse(wizard.line_ids)
        for column, role in zip(wizard.column_ids, ("reason", "number", "status"), strict=True):
            column.role = role
        with self.on_day(TODAY):
            wizard.action_look_again()
        self.assertEqual(wizard.ready_count, 1)
        wizard.column_ids[0].role = "status"
        with self.assertRaises(UserError):
            wizard.action_look_again()

    def test_nothing_is_half_done(self):
        wizard = self.upload(f"{self.names[0]};Paid;;;", f"{self.names[1]};Rejected;;;")
        dispute = self.env.registry["collection.dispute"]
        with patch.object(dispute, "create", side_effect=UserError("no")), self.assertRaises(UserError):
            with self.env.cr.savepoint():
                self.apply(wizard)
        self.assertFalse(self.env["collection.payment.notice"].search([("partner_id", "=", self.buyer.id)]))
        self.assertFalse(self.env["collection.status.file"].search([]))

    def test_forty_rows_cost_as_many_statements_as_four(self):
        many = self.customer("Large Ltd")
        bills = [self.invoice(many, 10 + number).name for number in range(44)]
        counts = []
        for names in (bills[:4], bills[4:]):
            before = self.env.cr.sql_log_count
            self.apply(self.upload(*(f"{name};Approved;2026-09-25;;" for name in names)))
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 10)

    def test_roles_and_companies(self):
        auditor = self.make_user("auditor", "account_collections_auto.group_collection_auditor")
        wizards = self.env["collection.status.import"]
        with self.assertRaises(AccessError):
            wizards.with_user(auditor).create({"company_id": self.company.id})
        company = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        wizard = wizards.with_user(self.collector).create(
            {"company_id": company.id, "file": base64.b64encode(b"Invoice;Status\n1;Paid")}
        )
        with self.assertRaises(AccessError):
            wizard.action_read()
        files = self.env["collection.status.file"].with_user(self.collector)
        with self.assertRaises(AccessError):
            files.create({"name": "x", "company_id": self.company.id, "checksum": "x"})
