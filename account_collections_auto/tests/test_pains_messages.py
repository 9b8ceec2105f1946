import random
import re
from datetime import timedelta

from lxml import html

from .common import TODAY, CollectionsCase


class TestPainsMessages(CollectionsCase):
    """What users of other systems suffered from: figures in the message that are not those of the ledger."""

    def rows(self, customer):
        """Return {number: {column: text}} of the table of items in the only message to the customer."""
        mail = self.actions(customer, "sent").mail_id
        mail.ensure_one()
        [table] = html.fromstring(mail.body_html).find_class("o_collection_items")
        heads = [cell.text_content().strip() for cell in table.findall("thead/tr/th")]
        rows = {}
        for row in table.findall("tbody/tr"):
            cells = [" ".join(cell.text_content().split()) for cell in row.findall("td")]
            if len(cells) == len(heads):
                rows[cells[0]] = dict(zip(heads, cells, strict=True))
        return rows

    def figure(self, text):
        digits = re.sub(r"[^\d.-]", "", text.replace("−", "-"))
        return round(float(digits), 2)

    def total(self, customer):
        [sums] = html.fromstring(self.actions(customer).mail_id.body_html).find_class("o_collection_sums")
        return self.figure(sums.findall(".//tr")[-1].text_content().split("pay")[-1])

    def test_pain_22_the_table_shows_original_paid_and_open_and_adds_up(self):
        customer = self.customer()
        half, whole = self.invoice(customer, 1000), self.invoice(customer, 200, due=TODAY - timedelta(days=12))
        self.pay(half, 400)
        self.run_cycle()
        rows = self.rows(customer)
        expected = {half.name: (30, 1000, 400, 600), whole.name: (12, 200, 0, 200)}
        for number, (days, original, paid, still_open) in expected.items():
            with self.subTest(number):
                row = rows[number]
                self.assertEqual(row["Days overdue"], str(days))
                self.assertEqual(self.figure(row["Original"]), original)
                self.assertEqual(self.figure(row["Paid"] or "0"), paid)
                self.assertEqual(self.figure(row["Open"]), still_open)
        self.assertEqual(self.total(customer), 800)
        self.assertEqual(self.actions(customer).amount, half.amount_residual + whole.amount_residual)

    def test_pain_23_every_row_shows_its_own_invoice_whatever_the_set(self):
        chance = random.Random(23)
        customers = [self.customer(f"Customer {number}") for number in range(8)]
        invoices = {}
        for customer in customers:
            invoices[customer] = [
                self.invoice(customer, round(chance.uniform(20, 900), 2), due=TODAY - timedelta(days=chance.randint(7, 90)))
                for _number in range(chance.randint(1, 7))
            ]
            for invoice in chance.sample(invoices[customer], len(invoices[customer]) // 2):
                self.pay(invoice, round(invoice.amount_total * chance.uniform(0.1, 0.8), 2))
        self.run_cycle()
        for customer in customers:
            rows = self.rows(customer)
            self.assertEqual(
                {number: self.figure(row["Open"]) for number, row in rows.items()},
                {invoice.name: invoice.amount_residual for invoice in invoices[customer]},
            )
            residual = round(sum(invoice.amount_residual for invoice in invoices[customer]), 2)
            self.assertEqual((self.total(customer), round(self.actions(customer).amount, 2)), (residual, residual))
