"""A payment that the bank takes back: the item is open again at the level it had, and repeats nothing."""

from datetime import date

from .common import StoryCase


class TestMoneyComesBack(StoryCase):
    def test_a_debit_returned_after_twelve_days_goes_on_at_l2_and_l3_waits_its_time(self):
        """L2 sent, paid, the debit returned after 12 days: the item is at L2, the next is L3, not before its waits."""
        self.level(35).minimum_days_since_previous = 21
        invoice = self.invoice(self.buyer, 1000, due=date(2026, 5, 1))
        self.run_cycle(date(2026, 5, 8))
        self.run_cycle(date(2026, 5, 22))
        self.assertEqual(self.heard(), [(date(2026, 5, 8), "L1", 1000), (date(2026, 5, 22), "L2", 1000)])

        with self.acting(self.anna, date(2026, 5, 25)):
            payment = self.pay(invoice, on=date(2026, 5, 25))
        self.run_cycle(date(2026, 5, 29))
        self.assertEqual(self.case(self.buyer).state, "closed")

        with self.acting(self.anna, date(2026, 6, 6)):
            self.mine(payment).action_draft()
            self.mine(payment).action_cancel()
        self.assertEqual(self.case(self.buyer).state, "open")
        self.assertRecordValues(
            self.items(invoice), [{"amount_residual": 1000, "level_id": self.level(21).id, "level_date": date(2026, 5, 22)}]
        )
        self.run_daily(date(2026, 6, 6), date(2026, 6, 11))  # 36 days overdue, but 21 days since L2 are not over
        self.assertEqual(len(self.heard()), 2)
        self.run_cycle(date(2026, 6, 12))
        self.assertEqual(self.heard()[2:], [(date(2026, 6, 12), "L3", 1000)])

    def test_a_return_that_nobody_matched_is_no_new_debt_and_anna_matches_it(self):
        """L2 sent, paid, returned; the bank line is booked without a word: Carla hears of it, the customer does not."""
        invoice = self.invoice(self.buyer, 1000, due=date(2026, 5, 1))
        for day in (8, 22):
            self.run_cycle(date(2026, 5, day))
        with self.acting(self.anna, date(2026, 5, 25)):
            self.pay(invoice, on=date(2026, 5, 25))
        self.run_cycle(date(2026, 5, 29))

        line = self.booked_bank_line(self.buyer, -1000, on=date(2026, 6, 6), payment_ref="Direct debit returned")
        self.run_daily(date(2026, 6, 6), date(2026, 6, 20))
        self.assertEqual(len(self.heard()), 2)
        self.assertWithheld(self.buyer, "returned_payment", on=date(2026, 6, 20))
        with self.acting(self.carla, date(2026, 6, 8)):
            self.assertEqual(self.tile("decide"), {"open_returned_payments": 1})
            self.assertEqual(self.listed("open_returned_payments"), self.mine(self.case(self.buyer)))
        with self.acting(self.anna, date(2026, 6, 22)):
            self.assertTrue(self.mine(line.move_id).collection_return_of)
            self.mine(line.move_id).action_match_return()
        self.assertRecordValues(
            self.items(self.buyer), [{"move_id": invoice.id, "amount_residual": 1000, "level_id": self.level(21).id}]
        )
        with self.acting(self.carla, date(2026, 6, 22)):
            self.assertFalse(self.tile("decide"))
        self.run_cycle(date(2026, 6, 22))
        self.assertEqual(self.heard()[2:], [(date(2026, 6, 22), "L3", 1000)])
