"""What stops reminders for a while: a hold that a person sets, and a customer who says it was paid already."""

from datetime import date

from odoo.exceptions import AccessError

from .common import StoryCase


class TestHolds(StoryCase):
    def test_a_customer_waits_for_our_own_document(self):
        invoice = self.invoice(self.buyer, 1000, due=date(2026, 6, 1))
        self.run_cycle(date(2026, 6, 8))
        with self.acting(self.carla, date(2026, 6, 10)):
            hold = self.hold(self.buyer, self.items(invoice), since=date(2026, 6, 10), reason="Waits for a proof of delivery")
        other = self.invoice(self.buyer, 200, due=date(2026, 6, 10))
        self.run_cycle(date(2026, 6, 24))  # the other invoice is reminded of, the held one is not even mentioned
        self.assertEqual([items for _day, _level, items, _total in self.sent(self.buyer)][1:], [{other: 200}])
        self.assertWithheld(self.buyer, "hold", on=date(2026, 6, 24))
        self.assertEqual(self.case(self.buyer).amount_due, 1200)
        self.assertTrue(all(self.items(invoice).move_line_id.mapped("no_followup")))

        with self.acting(self.anna, date(2026, 6, 26)):
            self.pay(other, on=date(2026, 6, 26))
            with self.assertRaises(AccessError):
                self.mine(hold).action_end()  # who keeps the books does not collect
        with self.acting(self.carla, date(2026, 7, 1)):
            self.mine(hold).action_end()
        self.assertFalse(any(self.items(invoice).move_line_id.mapped("no_followup")))
        self.run_daily(date(2026, 7, 1), date(2026, 7, 6))
        self.assertWithheld(self.buyer, "resuming", on=date(2026, 7, 6))
        self.run_cycle(date(2026, 7, 7))
        # The 21 days on hold were no time to answer L1: instead of 15 June its deadline was 6 July.
        self.assertEqual(self.heard()[2:], [(date(2026, 7, 7), "L2", 1000)])

    def test_a_lawyer_represents_the_customer_and_gets_the_reminders_and_nobody_calls(self):
        self.invoice(self.buyer, 1000, due=date(2026, 6, 1))
        self.run_cycle(date(2026, 6, 8))
        lawyer = self.customer("Lawyer", "lawyer@example.com")
        with self.acting(self.carla, date(2026, 6, 10)):
            reason = self.env.ref("account_collections_auto.collection_hold_reason_represented")
            wizard = self.fill(self.mine(self.case(self.buyer)).action_hold(), reason_id=reason.id, contact_id=lawyer.id)
            wizard.action_apply()
        with self.on_day(date(2026, 6, 22)):
            self.run_cycle(date(2026, 6, 22))
        self.assertEqual(self.actions(self.buyer, "sent").mapped("recipient"), ["buyer@example.com", "lawyer@example.com"])
        with self.acting(self.carla, date(2026, 6, 22)):
            self.assertFalse(self.env["collection.case"].search([("is_to_call", "=", True)]))


class TestPaymentNotices(StoryCase):
    def test_we_have_paid_already_and_the_money_is_found(self):
        invoice = self.invoice(self.buyer, 1000, due=date(2026, 6, 1))
        with self.acting(self.carla, date(2026, 6, 8)):
            opened = self.call(self.buyer, "paid")
            self.assertEqual(opened["res_model"], "collection.payment.notice")
            notice = self.record(opened, payment_date=date(2026, 6, 5), item_ids=self.items(invoice).ids)
        self.assertEqual(notice.activity_ids.user_id, self.carla)
        self.run_cycle(date(2026, 6, 8))
        self.assertWithheld(self.buyer, "payment_notice", on=date(2026, 6, 8))
        bank_line = self.bank_line(990, on=date(2026, 6, 5))  # ten for the bank
        self.assertEqual(notice.likely_line_ids, bank_line)
        bank_line.unlink()
        with self.acting(self.anna, date(2026, 6, 9)):
            self.pay(invoice, 990, on=date(2026, 6, 5))
        self.run_cycle(date(2026, 6, 10))
        self.assertEqual((notice.state, notice.activity_ids.ids), ("found", []))

    def test_we_have_paid_already_but_nothing_comes(self):
        invoice = self.invoice(self.buyer, 1000, due=date(2026, 6, 1))
        self.run_cycle(date(2026, 6, 8))
        with self.acting(self.carla, date(2026, 6, 20)):
            notice = self.payment_notice(self.buyer, 1000, self.items(invoice))
        self.run_daily(date(2026, 6, 22), date(2026, 6, 24))
        self.assertEqual(len(self.heard()), 1)
        self.run_cycle(date(2026, 6, 25))  # five days in transit are over: on where it stood, with a question
        self.assertEqual((notice.state, self.heard()[1:]), ("not_found", [(date(2026, 6, 25), "L2", 1000)]))
        self.assertIn("please send us the confirmation of your bank", self.actions(self.buyer)[-1].body)

        with self.acting(self.carla, date(2026, 6, 26)):
            again = self.payment_notice(self.buyer, 1000, self.items(invoice))
        self.assertEqual(again.state, "to_check")
        with self.acting(self.carla, date(2026, 7, 8)):
            self.mine(again).action_not_found()
        self.run_cycle(date(2026, 7, 8))
        self.assertEqual(self.heard()[2:], [(date(2026, 7, 8), "L3", 1000)])
