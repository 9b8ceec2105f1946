import re
from datetime import date, timedelta

from .common import TODAY, CollectionsCase


class TestNetting(CollectionsCase):
    """What may be demanded: per currency, overdue items less all open credits; minimum and tolerance. A EUR company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.eur = cls.env.ref("base.EUR")
        cls.usd = cls.env.ref("base.USD")
        (cls.eur | cls.usd).active = True
        cls.company.currency_id = cls.eur
        cls.set_rate(cls.eur, 1.0)
        cls.set_rate(cls.usd, 1.10)
        cls.plan.minimum_amount = 25

    def claimed(self, customer):
        """Return (total in company currency, {currency: sum of the lines}) of the only message sent."""
        action = self.actions(customer, "sent")
        action.ensure_one()
        sums = {}
        for line in action.line_ids:
            sums[line.currency_id.name] = sums.get(line.currency_id.name, 0) + line.amount_residual_currency
        return action.amount, sums

    def test_credits_pay_overdue_items_before_those_that_are_not_due(self):
        customer = self.customer()
        self.invoice(customer, 1000)
        self.invoice(customer, 5000, due=TODAY + timedelta(days=20))
        self.credit_note(customer, 1200)
        self.run_cycle()
        self.assertNotSent(customer)
        self.assertWithheld(customer, "covered_by_credit")
        self.assertEqual(self.case(customer).amount_due, 4800)
        with self.on_day(TODAY):
            self.assertEqual(self.case(customer).amount_overdue, 1000)

    def test_two_currencies_together_reach_the_minimum(self):
        customer = self.customer()
        self.invoice(customer, 15)
        self.invoice(customer, 15, currency=self.usd)
        self.run_cycle()
        self.assertEqual(self.claimed(customer), (28.64, {"EUR": 15, "USD": 15}))

    def test_credit_in_another_currency_does_not_raise_the_claim_above_the_minimum(self):
        customer = self.customer()
        self.invoice(customer, 15)
        self.credit_note(customer, 500, currency=self.usd)
        self.run_cycle()
        self.assertNotSent(customer)
        self.assertWithheld(customer, "below_minimum")

    def test_a_credit_in_one_currency_never_pays_another_and_is_shown(self):
        customer = self.customer()
        self.invoice(customer, 300)
        self.credit_note(customer, 500, currency=self.usd)
        self.run_cycle()
        self.assertEqual(self.claimed(customer), (300, {"EUR": 300, "USD": -500}))

    def test_what_is_exactly_the_minimum_is_claimed(self):
        enough, too_little = self.customer(), self.customer()
        self.invoice(enough, 25)
        self.invoice(too_little, 24.99)
        self.run_cycle()
        self.assertSent(enough, self.level(7))
        self.assertNotSent(too_little)

    def test_the_minimum_is_compared_after_credits(self):
        customer = self.customer()
        self.invoice(customer, 100)
        self.credit_note(customer, 76)
        self.run_cycle()
        self.assertNotSent(customer)
        self.assertWithheld(customer, "below_minimum")

    def test_the_rate_of_the_day_decides_about_the_minimum(self):
        self.set_rate(self.usd, 2.0, on=TODAY)
        customer = self.customer()
        self.invoice(customer, 40, currency=self.usd)
        self.run_cycle(TODAY)
        self.assertNotSent(customer)  # 20 EUR; the day before it was 36.36
        self.assertWithheld(customer, "below_minimum")

    def test_small_rests_count_as_settled_in_the_currency_of_the_item(self):
        self.plan.minimum_amount = 0
        rests = [(self.eur, 0.80, True), (self.eur, 1.00, True), (self.eur, 1.01, False)]
        rests += [(self.usd, 1.05, True), (self.usd, 1.10, True), (self.usd, 1.15, False)]
        customers = [self.customer(f"{currency.name} {rest}") for currency, rest, _is_settled in rests]
        for customer, (currency, rest, _is_settled) in zip(customers, rests, strict=True):
            self.pay(self.invoice(customer, 100, currency=currency), 100 - rest)
        self.run_cycle()
        for customer, (_currency, _rest, is_settled) in zip(customers, rests, strict=True):
            with self.subTest(customer.name):
                self.assertEqual(self.items(customer).is_small, is_settled)
                self.assertEqual(self.case(customer).state, "closed" if is_settled else "open")
                self.assertEqual(bool(self.sent(customer)), not is_settled)

    def test_small_rests_stay_in_the_totals(self):
        customer = self.customer()
        self.pay(self.invoice(customer, 100), 99.50)
        self.assertEqual(self.case(customer).amount_due, 0.5)

    def test_several_small_rests_are_not_added_up_to_a_claim(self):
        self.plan.minimum_amount = 0
        customer = self.customer()
        for _number in range(3):
            self.invoice(customer, 0.90)
        self.run_cycle()
        self.assertNotSent(customer)

    def test_a_net_claim_within_the_tolerance_is_not_sent(self):
        self.plan.minimum_amount = 0
        customer = self.customer()
        self.invoice(customer, 100)
        self.credit_note(customer, 99.20)
        self.run_cycle()
        self.assertNotSent(customer)
        self.assertWithheld(customer, "covered_by_credit")

    def test_a_customer_in_credit_gets_no_message(self):
        customer = self.customer()
        self.credit_note(customer, 500)
        self.run_cycle()
        self.assertNotSent(customer)
        self.assertEqual(self.case(customer).amount_credit, 500)

    def test_items_of_a_covered_currency_do_not_advance_and_those_of_the_other_do(self):
        customer = self.customer()
        euros = self.invoice(customer, 300)
        dollars = self.invoice(customer, 100, currency=self.usd)
        self.credit_note(customer, 100, currency=self.usd)
        self.run_cycle()
        [(_day, _level, advancing, total)] = self.sent(customer)
        self.assertEqual((advancing, total), ({euros: 300}, 300))
        self.assertFalse(self.items(dollars).level_id)

    def test_a_rest_within_the_tolerance_is_shown_and_not_demanded(self):
        customer = self.customer()
        self.invoice(customer, 300)
        self.credit_note(customer, 299.50)
        dollars = self.invoice(customer, 100, currency=self.usd)
        self.run_cycle()
        self.assertEqual(self.sent(customer)[0][2:], ({dollars: 100}, 90.91))
        action = self.actions(customer)
        self.assertEqual(action.claimed_text, "$\N{NO-BREAK SPACE}100.00")
        self.assertEqual(action._get_demands(), {self.usd: 100})
        totals = re.sub(r"<[^>]+>|\s+", " ", action.items_table).split("Subtotal")[1:]
        self.assertEqual(["Total to pay" in total for total in totals], ["EUR" not in total for total in totals])
        self.assertRegex(" ".join(totals), "Not claimed now +[^0-9]*0.50")

    def test_what_may_be_left_is_converted_into_the_currency_of_the_claim(self):
        self.plan.minimum_amount = 0
        for credit, is_demanded in ((98.90, False), (98.85, True)):
            with self.subTest(credit=credit):
                customer = self.customer()
                self.invoice(customer, 100)
                self.invoice(customer, 100, currency=self.usd)
                self.credit_note(customer, credit, currency=self.usd)
                self.run_cycle()
                self.assertEqual(self.usd in self.actions(customer)._get_demands(), is_demanded)

    def test_all_credits_are_taken_off_also_when_some_items_are_on_hold(self):
        customer = self.customer()
        held = self.invoice(customer, 1000)
        claimed = self.invoice(customer, 500)
        self.credit_note(customer, 200)
        self.hold(customer, self.items(held))
        self.run_cycle()
        [(_day, _level, advancing, total)] = self.sent(customer)
        self.assertEqual((advancing, total), ({claimed: 500}, 300))

    def test_credits_count_whatever_their_no_follow_up_says(self):
        customer = self.customer()
        self.invoice(customer, 100)
        credit = self.credit_note(customer, 40)
        credit.line_ids.no_followup = True
        self.run_cycle()
        self.assertEqual(self.claimed(customer), (60, {"EUR": 60}))

    def test_a_payment_on_account_is_a_credit(self):
        customer = self.customer()
        self.invoice(customer, 100)
        self.money_on_account(customer, 70)
        self.run_cycle()
        self.assertEqual(self.claimed(customer), (30, {"EUR": 30}))

    def test_what_is_due_today_is_not_overdue_and_not_claimed(self):
        customer = self.customer()
        self.invoice(customer, 1000, due=TODAY)
        overdue = self.invoice(customer, 100, due=TODAY - timedelta(days=7))
        self.run_cycle()
        [(_day, _level, advancing, total)] = self.sent(customer)
        self.assertEqual((advancing, total), ({overdue: 100}, 100))

    def test_overdue_items_before_their_first_level_are_claimed_as_also_due(self):
        customer = self.customer()
        old = self.invoice(customer, 100, due=TODAY - timedelta(days=7))
        fresh = self.invoice(customer, 50, due=TODAY - timedelta(days=1))
        self.run_cycle()
        [(_day, _level, advancing, total)] = self.sent(customer)
        self.assertEqual((advancing, total), ({old: 100}, 150))
        listed = self.actions(customer).line_ids.filtered(lambda line: line.move_id == fresh)
        self.assertRecordValues(listed, [{"advances": False, "reminded_date": False, "amount_residual_currency": 50}])

    def test_huge_and_tiny_amounts_are_claimed_to_the_cent(self):
        customer = self.customer()
        self.invoice(customer, 999_999_999_999.99)
        self.invoice(customer, 1.01)
        self.run_cycle()
        self.assertEqual(self.claimed(customer)[0], 1_000_000_000_001.00)

    def test_an_invoice_of_nothing_opens_no_case(self):
        customer = self.customer()
        self.invoice(customer, 0)
        self.run_cycle()
        self.assertFalse(self.case(customer))

    def test_the_total_of_every_message_is_the_sum_of_what_it_lists(self):
        for number in range(6):
            customer = self.customer(f"Customer {number}")
            for position in range(number + 1):
                self.invoice(customer, 100 + 7.31 * position, due=date(2026, 8, 1) + timedelta(days=position))
            self.credit_note(customer, 3.33 * number + 1)
        self.run_cycle()
        actions = self.env["collection.action"].search([("state", "=", "sent")])
        self.assertEqual(len(actions), 6)
        for action in actions:
            self.assertAlmostEqual(action.amount, sum(action.line_ids.mapped("amount_residual")), 2)
