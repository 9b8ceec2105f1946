from datetime import date, timedelta

from odoo.exceptions import ValidationError

from .common import TODAY, CollectionsCase


class TestAfterStops(CollectionsCase):
    """A stop that covers a part leaves the rest; after it has ended the customer gets time before the next level."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.resume_days = 5

    def dispute(self, customer, *parts, since=TODAY):
        return self.env["collection.dispute"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "date_from": since,
                "reason_id": self.quick_ref("account_collections_auto.collection_dispute_reason_delivery").id,
                "description": "Too few delivered",
                "line_ids": [
                    (0, 0, {"item_id": self.items(invoice).id, **({"amount": amount} if amount else {})})
                    for invoice, amount in parts
                ],
            }
        )

    def claimed(self, customer, on):
        """What a preview of the day would claim, and the level: (days, amount), or None."""
        preview = self.env["collection.cycle"].preview(self.company, on)
        line = preview.line_ids.filtered(lambda line: line.case_id == self.case(customer) and line.decision == "planned")
        return (line.level_id.days_overdue, line.amount) if line else None

    # -- a part of an item -------------------------------------------------------------------------------------------

    def test_the_undisputed_part_stays_collectable_and_money_pays_it_first(self):
        customer = self.customer()
        invoice = self.invoice(customer, 1000)
        self.run_cycle()
        later = TODAY + timedelta(days=8)
        self.dispute(customer, (invoice, 300))
        self.assertEqual(self.claimed(customer, later), (21, 700))
        self.pay(invoice, 500)
        self.assertEqual(self.claimed(customer, later), (21, 200))
        self.pay(invoice, 200)
        self.assertIsNone(self.claimed(customer, later))
        self.assertEqual(self.case(customer).amount_due, 300)

    def test_the_message_says_what_is_not_claimed(self):
        customer = self.customer()
        invoice = self.invoice(customer, 1000)
        self.dispute(customer, (invoice, 300))
        self.run_cycle()
        action = self.case(customer).action_ids
        self.assertEqual(action.amount, 700)
        [line] = action.line_ids
        self.assertEqual((line.amount_residual_currency, line.amount_stopped_currency), (1000, 300))
        self.assertEqual(line.amount_claimed_currency, 700)
        self.assertIn("Not claimed now", action.body)
        self.assertIn("700.00", action.claimed_text)
        self.assertWithheld(customer, "dispute")

    def test_disputes_of_one_item_add_up_and_never_claim_less_than_nothing(self):
        customer = self.customer()
        invoice = self.invoice(customer, 1000)
        self.dispute(customer, (invoice, 600))
        self.dispute(customer, (invoice, 300))
        self.assertEqual(self.claimed(customer, TODAY), (7, 100))
        self.dispute(customer, (invoice, 300))
        self.assertIsNone(self.claimed(customer, TODAY))

    def test_a_rest_within_the_tolerance_is_not_claimed(self):
        customer = self.customer()
        invoice = self.invoice(customer, 1000)
        self.dispute(customer, (invoice, 999.20))
        self.assertIsNone(self.claimed(customer, TODAY))

    def test_a_dispute_that_comes_while_the_message_waits_in_the_queue_changes_it(self):
        customer = self.customer()
        invoice = self.invoice(customer, 1000)
        self.run_cycle()
        action = self.case(customer).action_ids
        self.assertEqual(action.amount, 1000)
        self.dispute(customer, (invoice, 300))
        [reason] = action._check_before_leaving().values()
        self.assertTrue(reason)

    def test_more_than_is_open_cannot_be_disputed(self):
        customer = self.customer()
        invoice = self.invoice(customer, 1000)
        with self.assertRaisesRegex(ValidationError, "1,000.00 is open"):
            self.dispute(customer, (invoice, 1001))

    # -- after the end -----------------------------------------------------------------------------------------------

    def test_a_dispute_that_was_rejected(self):
        """L1 on 1 June, dispute 5 June to 30 July: next is L2, not before 4 August; its days count as overdue."""
        customer = self.customer()
        invoice = self.invoice(customer, 1000, due=date(2026, 5, 25))
        self.run_cycle(date(2026, 6, 1))
        self.assertSent(customer, self.level(7), date(2026, 6, 1))
        dispute = self.dispute(customer, (invoice, None), since=date(2026, 6, 5))
        self.run_cycle(date(2026, 7, 29))
        with self.on_day(date(2026, 7, 30)):
            dispute.sudo().action_end()
        self.run_daily(date(2026, 7, 30), date(2026, 8, 3))
        self.assertEqual(len(self.sent(customer)), 1)
        self.assertWithheld(customer, "resuming", date(2026, 8, 3))
        self.run_cycle(date(2026, 8, 4))
        self.assertSent(customer, self.level(21), date(2026, 8, 4))

    def test_days_under_a_stop_are_no_time_to_answer(self):
        """L1 today, to be answered in 7 days; on hold from the third day for ten days: five days to answer are left."""
        self.plan.resume_days = 0
        customer = self.customer()
        self.invoice(customer)
        self.run_cycle()
        first = TODAY + timedelta(days=3)
        self.hold(customer, since=first, until=first + timedelta(days=9))
        self.hold(customer, since=first + timedelta(days=2), until=first + timedelta(days=4))  # inside of the other
        self.run_daily(first, first + timedelta(days=14))
        self.assertEqual(len(self.sent(customer)), 1)
        self.run_cycle(first + timedelta(days=15))
        self.assertSent(customer, self.level(21), first + timedelta(days=15))

    def test_the_first_level_too_waits_after_a_hold(self):
        customer = self.customer()
        self.invoice(customer)
        self.hold(customer, until=TODAY)
        self.run_daily(TODAY, TODAY + timedelta(days=4))
        self.assertNotSent(customer)
        self.run_cycle(TODAY + timedelta(days=5))
        self.assertSent(customer, self.level(7), TODAY + timedelta(days=5))

    def test_a_stop_that_ended_long_ago_or_before_it_began_changes_nothing(self):
        customer = self.customer()
        self.invoice(customer)
        self.hold(customer, since=TODAY - timedelta(days=20), until=TODAY - timedelta(days=6))
        with self.on_day(TODAY):
            self.hold(customer, since=TODAY + timedelta(days=2)).action_end()
        self.run_cycle()
        self.assertSent(customer, self.level(7))
