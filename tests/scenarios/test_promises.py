"""Promises to pay: silence until the day and its grace, then a verdict from the ledger, which may change."""

from datetime import date

from odoo.exceptions import AccessError

from .common import StoryCase

JUNE_20 = date(2026, 6, 20)


class TestPromises(StoryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.write({"grace_days": 3, "promise_tolerance_percent": 1})

    def promised_on_the_phone(self):
        """1,000 at L1; on 1 June the customer promises it for 20 June. Return (invoice, promise)."""
        invoice = self.invoice(self.buyer, 1000, due=date(2026, 5, 20))
        self.run_cycle(date(2026, 5, 27))
        with self.acting(self.carla, date(2026, 6, 1)):
            opened = self.call(self.buyer, "will_pay", call_note="After their own customer has paid")
            self.assertEqual((opened["res_model"], opened["context"]["default_amount"]), ("collection.promise", 1000))
            promise = self.record(opened, promise_date=JUNE_20, item_ids=self.items(invoice).ids)
        for day in (11, 18, 23):
            self.run_cycle(date(2026, 6, day))
        self.assertWithheld(self.buyer, "promise", on=date(2026, 6, 23))
        self.assertEqual((promise.state, self.heard()), ("open", [(date(2026, 5, 27), "L1", 1000)]))
        return invoice, promise

    def test_995_dated_20_june_and_booked_on_23_june_keeps_a_promise_of_1000(self):
        invoice, promise = self.promised_on_the_phone()
        with self.acting(self.anna, date(2026, 6, 23)):
            self.pay(invoice, 995, on=JUNE_20)
        self.run_cycle(date(2026, 6, 23))
        self.assertRecordValues(promise, [{"state": "kept", "kept_percent": 99.5}])
        self.assertFalse(promise.activity_ids)
        self.assertEqual(self.case(self.buyer).promise_summary, "1 of 1 kept")

    def test_980_keeps_it_partly_and_once_returned_it_is_broken_and_the_item_stays_at_its_level(self):
        invoice, promise = self.promised_on_the_phone()
        with self.acting(self.anna, date(2026, 6, 23)):
            payment = self.pay(invoice, 980, on=JUNE_20)
        self.run_cycle(date(2026, 6, 23))
        self.assertEqual(promise.state, "open")
        self.run_cycle(date(2026, 6, 24))
        self.assertRecordValues(promise, [{"state": "partly", "kept_percent": 98}])
        self.assertEqual(promise.activity_ids.user_id, self.carla)

        with self.acting(self.anna, date(2026, 6, 30)):
            self.mine(payment).action_draft()
            self.mine(payment).action_cancel()
        self.assertRecordValues(self.items(invoice), [{"amount_residual": 1000, "level_id": self.level(7).id}])
        self.run_cycle(date(2026, 6, 30))
        self.assertRecordValues(promise, [{"state": "broken", "kept_percent": 0}])
        # The ladder goes on: nothing of it is repeated.
        self.assertEqual(self.heard(), [(date(2026, 5, 27), "L1", 1000), (date(2026, 6, 30), "L2", 1000)])

    def test_a_promise_on_the_second_of_three_instalments_leaves_the_first_and_the_third(self):
        invoice = self.instalments(self.buyer, (100, date(2026, 5, 20)), (200, date(2026, 5, 21)), (300, date(2026, 5, 22)))
        with self.acting(self.carla, date(2026, 6, 1)):
            self.promise(self.buyer, 200, JUNE_20, self.items(invoice)[1])
        self.run_cycle(date(2026, 6, 3))
        [(_day, level, advancing, total)] = self.sent(self.buyer)
        self.assertEqual((level, total), ("L1", 400))
        self.assertEqual(self.actions(self.buyer, "sent").line_ids.mapped("instalment"), [1, 3])
        self.assertFalse(any(invoice.line_ids.mapped("no_followup")))

    def test_a_promise_too_far_ahead_waits_for_the_manager_and_until_then_reminders_go_on(self):
        invoice = self.invoice(self.buyer, 1000, due=date(2026, 5, 20))
        self.run_cycle(date(2026, 5, 27))
        with self.acting(self.carla, date(2026, 6, 1)):
            promise = self.promise(self.buyer, 1000, date(2026, 9, 1), self.items(invoice))
            self.assertEqual(promise.state, "to_approve")
            with self.assertRaises(AccessError):
                promise.action_approve()
        self.run_cycle(date(2026, 6, 10))
        self.assertEqual(self.heard()[1:], [(date(2026, 6, 10), "L2", 1000)])
        with self.acting(self.max, date(2026, 6, 11)):
            self.assertEqual(self.tile("answers"), {"open_promises_to_approve": 1})
            self.listed("open_promises_to_approve").action_approve()
        self.run_cycle(date(2026, 6, 24))
        self.assertWithheld(self.buyer, "promise", on=date(2026, 6, 24))
