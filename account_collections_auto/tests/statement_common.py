"""Stories about the statement of account: what it shows, read back as plain figures."""

from datetime import date

from .common import CollectionsCase

OPENING, CLOSING = date(2026, 8, 1), date(2026, 8, 31)


class StatementCase(CollectionsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.company.currency_id
        cls.foreign = cls.setup_other_currency("GBP", rates=[("2020-01-01", 2.0), ("2026-08-20", 4.0)])

    def account(self, customer, day=CLOSING, date_from=None):
        """Return the Statement of a customer."""
        period = self.period(day, date_from)
        documents = self.env["collection.statement.document"]
        return documents._get_statements(self.company, customer, period)[customer]

    @staticmethod
    def period(day=CLOSING, date_from=None):
        from ..models.collection_statement_document import Period

        return Period(day, date_from)

    def section(self, customer, day=CLOSING, date_from=None, currency=None):
        """Return the one section of a currency."""
        currency = currency or self.euro
        sections = [part for part in self.account(customer, day, date_from).sections if part.currency_id == currency.id]
        self.assertEqual(len(sections), 1)
        return sections[0]

    def open_on(self, customer, day, currency=None):
        """Return [(kind, original, open)] of a day in one currency."""
        section = self.section(customer, day, currency=currency)
        return [(item.kind, item.original, item.open) for item in [*section.items, *section.credits]]

    def moved(self, customer, date_from=OPENING, day=CLOSING, currency=None):
        """Return (opening, [(day, kind, amount)], closing) of a period in one currency."""
        section = self.section(customer, day, date_from, currency)
        return section.opening, [(move.date.day, move.kind, move.amount) for move in section.movements], section.balance

    def ledger_balance(self, customer, day, currency=None):
        """What the receivable accounts say of a customer at the end of a day: in a currency, or in company currency."""
        domain = [
            ("partner_id", "child_of", customer.id),
            ("account_id.account_type", "=", "asset_receivable"),
            ("parent_state", "=", "posted"),
            ("date", "<=", day),
        ]
        lines = self.env["account.move.line"].search(domain)
        if currency:
            return currency.round(sum(lines.filtered(lambda line: line.currency_id == currency).mapped("amount_currency")))
        return self.euro.round(sum(lines.mapped("balance")))

    def assertTiesOut(self, customer, day=CLOSING, date_from=OPENING):
        """Opening + movements = closing = open items in each currency; all of it together is the ledger."""
        account = self.account(customer, day, date_from)
        for section in account.sections:
            moved = section.opening + sum(movement.amount for movement in section.movements)
            self.assertAlmostEqual(moved, section.balance, 2)
            self.assertAlmostEqual(section.running[-1] if section.running else section.opening, section.balance, 2)
            self.assertAlmostEqual(sum(item.open for item in [*section.items, *section.credits]), section.balance, 2)
            self.assertAlmostEqual(sum(section.buckets) + section.credit, section.balance, 2)
            moved = section.opening_company + sum(movement.amount_company for movement in section.movements)
            self.assertAlmostEqual(moved, section.balance_company, 2)
        total = sum(section.balance_company for section in account.sections)
        self.assertAlmostEqual(total, self.ledger_balance(customer, day), 2)
        return account
