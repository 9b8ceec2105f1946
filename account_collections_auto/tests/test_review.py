from datetime import timedelta

from odoo.exceptions import UserError

from .common import TODAY, CollectionsCase


class TestReview(CollectionsCase):
    """A person approves: one unsent message per customer, brought up to date until it leaves or expires."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level(7).mode = "review"
        cls.buyer = cls.customer("Buyer")
        cls.due = cls.invoice(cls.buyer, 1000)

    def waiting(self):
        return self.actions(self.buyer, "review")

    def approve(self, actions, on=TODAY):
        self.env.cr.flush()  # what a commit would do before another worker sends
        with self.on_day(on), self.enter_registry_test_mode():
            actions.action_approve()
            self.env.ref("account_collections_auto.ir_cron_outbox").sudo().method_direct_trigger()
        self.env.invalidate_all()

    def test_a_reviewed_message_waits_for_a_person(self):
        self.run_on(0, 1, 2)
        self.assertNotSent(self.buyer)
        self.assertEqual(len(self.actions(self.buyer)), 1)
        self.approve(self.waiting(), TODAY + timedelta(days=2))
        self.assertSent(self.buyer, self.level(7), TODAY + timedelta(days=2))
        self.assertRecordValues(
            self.items(self.buyer),
            [{"level_date": TODAY + timedelta(days=2), "deadline": TODAY + timedelta(days=9)}],
        )

    def test_the_next_cycle_brings_it_up_to_date_and_shows_what_changed(self):
        self.run_cycle()
        action = self.waiting()
        self.pay(self.due, 400)
        new = self.invoice(self.buyer, 50, due=TODAY - timedelta(days=10))
        self.run_on(1)
        self.assertEqual(self.actions(self.buyer), action)
        self.assertRecordValues(
            action,
            [
                {
                    "amount": 650,
                    "amount_before": 1000,
                    "planned_date": TODAY + timedelta(days=1),
                    "waiting_since": TODAY,
                    "state": "review",
                }
            ],
        )
        self.assertEqual(action.line_ids.move_id, self.due | new)

    def test_approval_brings_it_up_to_date_once_more(self):
        self.run_cycle()
        action = self.waiting()
        self.pay(self.due, 400)
        self.approve(action)
        self.assertRecordValues(action, [{"state": "sent", "amount": 600}])
        self.assertEqual(action.line_ids.amount_residual_currency, 600)

    def test_what_is_paid_before_the_approval_is_not_sent(self):
        self.run_cycle()
        action = self.waiting()
        self.pay(self.due)
        self.approve(action)
        self.assertRecordValues(action, [{"state": "cancelled", "reason_code": "paid_meanwhile"}])
        self.assertTrue(action.reason)
        self.assertFalse(self.env["mail.mail"].search([("model", "=", "collection.case")]))

    def test_a_hold_set_before_the_approval_stops_it(self):
        self.run_cycle()
        action = self.waiting()
        self.hold(self.buyer)
        self.approve(action)
        self.assertEqual(action.state, "cancelled")

    def test_what_nobody_approves_expires_and_is_selected_anew(self):
        self.plan.review_expiry_days = 10
        self.run_on(0, 1, 9)
        first = self.waiting()
        self.assertEqual(first.waiting_since, TODAY)
        self.run_on(10)
        self.assertRecordValues(first, [{"state": "cancelled", "reason_code": "review_expired"}])
        self.assertRecordValues(self.waiting(), [{"waiting_since": TODAY + timedelta(days=10), "amount": 1000}])

    def test_a_message_with_nothing_left_is_cancelled_by_the_next_cycle(self):
        self.run_cycle()
        action = self.waiting()
        self.pay(self.due)
        self.run_on(1)
        self.assertRecordValues(action, [{"state": "cancelled", "reason_code": "paid_meanwhile"}])

    def test_many_are_approved_at_once(self):
        other = self.customer("Other")
        self.invoice(other, 70)
        self.run_cycle()
        self.approve(self.waiting() | self.actions(other))
        for customer in (self.buyer, other):
            self.assertSent(customer, self.level(7))

    def test_a_cancelled_message_may_be_selected_again_by_a_later_cycle(self):
        self.run_cycle()
        action = self.waiting()
        action.action_cancel()
        self.assertIn(self.env.user.name, action.reason)
        with self.assertRaises(UserError):
            action.action_approve()
        self.run_on(1)
        self.assertEqual(len(self.waiting()), 1)

    def test_an_approval_that_a_cycle_took_back_is_not_remembered(self):
        self.level(7).mode = "auto"
        self.level(21).mode = "review"
        self.run_cycle()
        self.invoice(self.buyer, 50, due=TODAY - timedelta(days=1))
        self.level(7).mode = "review"
        payment = self.pay(self.due)
        self.run_on(7)
        waiting = self.waiting()
        payment.action_cancel()
        waiting.action_approve()
        # The cycle comes before the outbox: the message is about the second reminder now, and asks for its own approval.
        self.run_on(8, 9, 10)
        self.assertRecordValues(waiting, [{"level_id": self.level(21).id, "state": "review", "approved_at": False}])

    def test_grouping_by_contact_chosen_while_a_message_waits_replaces_it(self):
        self.run_cycle()
        before = self.waiting()
        self.buyer.collection_grouping = "contact"
        self.run_on(0, 1)
        self.assertEqual(before.state, "cancelled")
        self.assertRecordValues(self.waiting(), [{"contact_id": self.buyer.id, "amount": 1000}])

    def test_a_hold_that_takes_a_waiting_message_back_is_its_reason(self):
        self.run_cycle()
        before = self.waiting()
        self.hold(self.buyer, reason="Talks")
        self.run_on(1)
        self.assertRecordValues(before, [{"state": "cancelled", "reason_code": "hold"}])
        self.assertIn("Talks", before.reason)

    def test_an_approval_does_not_hold_for_a_higher_level_that_needs_its_own(self):
        self.level(7).mode = "auto"
        self.level(21).mode = "review"
        self.run_cycle()
        action = self.actions(self.buyer)
        self.assertEqual(action.state, "sent")
        late = self.invoice(self.buyer, 50, due=TODAY - timedelta(days=1))
        self.level(7).mode = "review"
        payment = self.pay(self.due)
        self.run_on(7)
        waiting = self.waiting()
        self.assertEqual((waiting.level_id, waiting.line_ids.move_id), (self.level(7), late))
        # The payment is undone: by the time of the approval the second reminder of the other invoice is due as well.
        payment.action_cancel()
        self.approve(waiting, TODAY + timedelta(days=8))
        self.assertRecordValues(waiting, [{"level_id": self.level(21).id, "state": "review", "approved_at": False}])
        self.assertEqual(waiting.amount, 1050)
        self.approve(waiting, TODAY + timedelta(days=8))
        self.assertSent(self.buyer, self.level(21), TODAY + timedelta(days=8))
