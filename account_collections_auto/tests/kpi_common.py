"""The ledger that all figures are worked out for by hand: one customer, seven invoices, one credit note, three payments."""

from datetime import date

from odoo import Command

from .common import CollectionsCase

DEC, JAN, FEB, MAR = date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)


class KpiCase(CollectionsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.write({"promise_max_days": 0, "promise_max_in_row": 0})
        cls.buyer = cls.customer("Buyer")

    @classmethod
    def post_ledger(cls):
        """Post invoices, promises and payments in the order in which they came."""
        cls.docs = {
            name: cls.invoice(cls.buyer, amount, issued=issued, due=due)
            for name, issued, due, amount in (
                ("I1", date(2025, 12, 15), date(2026, 1, 14), 1000),
                ("I2", date(2026, 1, 10), date(2026, 2, 9), 2000),
                ("I3", date(2026, 1, 25), date(2026, 2, 24), 3000),
                ("I4", date(2026, 2, 12), date(2026, 3, 14), 4000),
                ("I5", date(2026, 2, 20), date(2026, 3, 22), 1500),
                ("I6", date(2026, 3, 5), date(2026, 4, 4), 5000),
                ("I7", date(2026, 3, 20), date(2026, 4, 19), 2500),
            )
        }
        cls.credit_note(cls.buyer, 500, on=date(2026, 3, 10))
        cls.pay(cls.docs["I2"], on=date(2026, 2, 19))
        cls.promise("I1", 1000, date(2026, 3, 20))
        cls.promise("I3", 1200, date(2026, 3, 5))
        cls.pay(cls.docs["I3"], 1200, on=date(2026, 3, 5))
        cls.judge(date(2026, 3, 6))
        cls.promise("I5", 1500, date(2026, 3, 22))
        cls.pay(cls.docs["I5"], on=date(2026, 3, 22))
        cls.promise("I3", 1800, date(2026, 3, 25), since=date(2026, 3, 10))
        cls.promise("I4", 4000, date(2026, 4, 10), since=date(2026, 3, 20))
        cls.judge(MAR)

    @classmethod
    def promise(cls, name, amount, on, since=date(2026, 3, 1)):
        return cls.env["collection.promise"].create(
            {
                "partner_id": cls.buyer.id,
                "company_id": cls.company.id,
                "amount": amount,
                "promise_date": on,
                "date_from": since,
                "item_ids": [Command.set(cls.items(cls.docs[name]).ids)],
            }
        )

    @classmethod
    def judge(cls, on):
        cls.env["collection.case"]._refresh_marked()
        cls.env["collection.promise"]._judge(cls.company, on)

    def figures(self, on=MAR, period="quarter", **filters):
        return self.env["collection.kpi"].get_figures(on, period, **filters)
