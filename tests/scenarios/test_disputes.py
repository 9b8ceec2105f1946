"""Disputes: a part, or all, is not claimed until its owner has settled it."""

from datetime import date, timedelta

from .common import StoryCase


class TestDisputes(StoryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.otto = cls.make_user("otto", "account_collections_auto.group_collector")
        cls.quick_ref("account_collections_auto.collection_dispute_reason_delivery").user_id = cls.otto

    def test_a_part_is_disputed_the_rest_is_paid_and_the_owner_credits_a_third_of_it(self):
        """1,000 at L1; 300 disputed: 700; 500 paid: 200; 200 paid: nothing; 100 credited: 200, after the resume days."""
        invoice = self.invoice(self.buyer, 1000, due=date(2026, 5, 25))
        self.run_cycle(date(2026, 6, 1))
        self.assertEqual(self.heard(), [(date(2026, 6, 1), "L1", 1000)])

        with self.acting(self.carla, date(2026, 6, 5)):
            self.call(self.buyer, "disputes")
            dispute = self.dispute(invoice, 300, description="A pallet is missing")
        self.assertEqual((dispute.user_id, dispute.activity_ids.user_id), (self.otto, self.otto))
        self.assertEqual(self.next_message(date(2026, 6, 15)), ("L2", 700))

        with self.acting(self.anna, date(2026, 6, 8)):
            self.pay(invoice, 500, on=date(2026, 6, 8))
        self.assertEqual(self.next_message(date(2026, 6, 15)), ("L2", 200))
        with self.acting(self.anna, date(2026, 6, 10)):
            self.pay(invoice, 200, on=date(2026, 6, 10))
        self.assertIsNone(self.next_message(date(2026, 6, 15)))
        self.run_cycle(date(2026, 6, 15))
        self.assertWithheld(self.buyer, "dispute", on=date(2026, 6, 15))
        self.assertEqual((self.case(self.buyer).amount_due, dispute.line_ids.amount_open, dispute.amount), (300, 300, 300))

        with self.acting(self.otto, date(2026, 6, 22)):
            credit_note = self.settle(self.mine(dispute), 100, says="Half a pallet was missing")
        self.assertRecordValues(credit_note, [{"state": "draft", "move_type": "out_refund", "amount_total": 100}])
        told = self.env["mail.mail"].search([("model", "=", "collection.dispute"), ("res_id", "=", dispute.id)])
        self.assertIn("Half a pallet was missing", told.body_html)
        with self.acting(self.anna, date(2026, 6, 23)):
            self.mine(credit_note).action_post()
        self.assertEqual((dispute.state, self.items(invoice).amount_residual), ("partly_accepted", 200))

        # Five days from the day on which the credit note was posted.
        self.run_daily(date(2026, 6, 22), date(2026, 6, 27))
        self.assertWithheld(self.buyer, "resuming", on=date(2026, 6, 27))
        self.run_cycle(date(2026, 6, 28))
        self.assertEqual(self.heard(), [(date(2026, 6, 1), "L1", 1000), (date(2026, 6, 28), "L2", 200)])

    def test_a_rejected_dispute_goes_on_where_it_stood_after_the_resume_days(self):
        """L1 on 1 June, dispute from 5 June to 30 July, rejected: the next message is L2, not before 4 August."""
        invoice = self.invoice(self.buyer, 1000, due=date(2026, 5, 25))
        self.run_cycle(date(2026, 6, 1))
        with self.acting(self.carla, date(2026, 6, 5)):
            dispute = self.dispute(invoice)
        for day in (15, 29):
            self.run_cycle(date(2026, 6, day))
        self.run_cycle(date(2026, 7, 29))
        with self.acting(self.otto, date(2026, 7, 30)):
            self.assertFalse(self.settle(self.mine(dispute), 0, says="All of it was signed for"))
        self.assertEqual(dispute.state, "rejected")
        self.run_daily(date(2026, 7, 30), date(2026, 8, 3))
        self.assertEqual(self.heard(), [(date(2026, 6, 1), "L1", 1000)])
        self.run_cycle(date(2026, 8, 4))
        self.assertEqual(self.heard()[1:], [(date(2026, 8, 4), "L2", 1000)])

    def test_a_short_payment_becomes_a_dispute_and_when_it_is_late_the_manager_hears_of_it(self):
        self.company.collection_user_id = self.max
        invoice = self.invoice(self.buyer, 1000, due=date(2026, 6, 1))
        with self.acting(self.anna, date(2026, 6, 3)):
            self.pay(invoice, 900, on=date(2026, 6, 3))
        reason = self.quick_ref("account_collections_auto.collection_dispute_reason_delivery")
        with self.acting(self.carla, date(2026, 6, 4)):
            short = self.mine(self.items(self.buyer)).filtered("is_short_paid")
            dispute = self.record(short.action_dispute(), reason_id=reason.id)
        self.assertRecordValues(dispute, [{"raised_by": "short_payment", "amount": 100, "user_id": self.otto.id}])
        self.assertIsNone(self.next_message(date(2026, 6, 8)))
        late = dispute.deadline + timedelta(days=1)
        with self.on_day(late):
            self.env["collection.dispute"]._cron_escalate()
        self.assertEqual(self.todos(dispute, "dispute_late").user_id, self.max)
        with self.acting(self.max, late):
            self.assertEqual(self.listed("open_disputes"), self.mine(dispute))
            self.settle(self.mine(dispute), 0)
        self.assertFalse(dispute.activity_ids)
