from datetime import date, timedelta

from .common import CollectionsCase


class TestWeeklyBuyer(CollectionsCase):
    """One customer, several invoices at different levels: who advances, in which tone, how often."""

    def test_two_invoices_day_by_day(self):
        customer = self.customer()
        a = self.invoice(customer, 1000, due=date(2026, 6, 1), issued=date(2026, 5, 1))
        b = self.invoice(customer, 500, due=date(2026, 6, 10), issued=date(2026, 5, 1))
        day = date(2026, 5, 20)
        decided = None
        while day <= date(2026, 9, 15):
            if day == date(2026, 6, 23):
                self.pay(a, 400, on=day)
            self.run_cycle(day)
            if not decided and self.case(customer).next_step == "decide":
                decided = day
            day += timedelta(days=1)
        self.assertEqual(
            self.sent(customer),
            [
                (date(2026, 5, 29), "L0", {a: 1000}, 1000),
                (date(2026, 6, 8), "L1", {a: 1000}, 1000),
                (date(2026, 6, 17), "L1", {b: 500}, 1500),
                (date(2026, 6, 24), "L2", {a: 600}, 1100),
                (date(2026, 7, 1), "L2", {b: 500}, 1100),
                (date(2026, 7, 8), "L3", {a: 600}, 1100),
                (date(2026, 7, 15), "L3", {b: 500}, 1100),
            ],
        )
        self.assertEqual(decided, date(2026, 7, 16))

    def test_five_more_invoices_never_bring_two_messages_within_a_week(self):
        customer = self.customer()
        a = self.invoice(customer, 1000, due=date(2026, 6, 1), issued=date(2026, 5, 1))
        self.invoice(customer, 500, due=date(2026, 6, 10), issued=date(2026, 5, 1))
        for due in (date(2026, 6, 12), date(2026, 6, 19), date(2026, 6, 26), date(2026, 7, 3), date(2026, 7, 10)):
            self.invoice(customer, 100, due=due, issued=date(2026, 5, 1))
        self.run_daily(date(2026, 5, 20), date(2026, 6, 22))
        self.pay(a, 400, on=date(2026, 6, 23))
        self.run_daily(date(2026, 6, 23), date(2026, 9, 15))
        days = [day for day, _level, _advancing, _total in self.sent(customer)]
        gaps = [(later - earlier).days for earlier, later in zip(days, days[1:], strict=False)]
        self.assertGreater(len(gaps), 8)
        self.assertGreaterEqual(min(gaps), 7)
