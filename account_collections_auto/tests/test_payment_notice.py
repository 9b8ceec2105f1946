from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from .common import TODAY, CollectionsCase


class TestPaymentNotice(CollectionsCase):
    """ "We have paid already": the items rest for some days, the accountant looks, the ledger decides."""

    def setUp(self):
        super().setUp()
        self.payer = self.customer()
        self.debt = self.invoice(self.payer, 1000)

    def notice(self, items=None, amount=1000, on=TODAY, **vals):
        self.case(self.payer)
        return self.env["collection.payment.notice"].create(
            {
                "partner_id": self.payer.id,
                "company_id": self.company.id,
                "amount": amount,
                "date_from": on,
                "payment_date": on - timedelta(days=1),
                "item_ids": [Command.set(self.items(items or self.debt).ids)],
                **vals,
            }
        )

    def test_one_can_be_noted_before_the_customer_has_a_case(self):
        values = {"partner_id": self.payer.id, "company_id": self.company.id, "amount": 1000, "date_from": TODAY}
        notice = self.env["collection.payment.notice"].create({**values, "payment_date": TODAY})
        self.assertFalse(notice.case_id)
        self.assertEqual(notice.activity_ids.user_id, self.env.user)
        self.run_cycle()
        self.assertWithheld(self.payer, "payment_notice")

    def day(self, number):
        return TODAY + timedelta(days=number)

    def test_the_items_rest_for_the_days_in_transit_and_then_go_on_with_a_request_for_proof(self):
        other = self.invoice(self.payer, 70)
        notice = self.notice()
        self.run_cycle()
        self.assertEqual([items for _day, _level, items, _total in self.sent(self.payer)], [{other: 70}])
        self.assertWithheld(self.payer, "payment_notice")
        self.run_cycle(self.day(4))
        self.assertEqual(notice.state, "open")
        self.run_cycle(self.day(7))
        self.assertEqual(notice.state, "not_found")
        action = self.actions(self.payer)[-1]
        self.assertIn(self.debt, action.line_ids.filtered("advances").move_id)
        self.assertIn("please send us the confirmation of your bank", action.body)
        self.assertNotIn("please send us the confirmation", self.actions(self.payer)[0].body)

    def test_nothing_is_asked_for_once_proof_was_sent(self):
        proof = self.env["ir.attachment"].create({"name": "bank.pdf", "raw": b"%PDF-1.4"})
        self.notice(proof_ids=proof.ids)
        self.run_cycle(self.day(5))
        self.assertNotIn("please send us", self.actions(self.payer).body)

    def test_it_closes_by_itself_when_the_money_is_matched(self):
        notice = self.notice()
        self.assertTrue(notice.activity_ids)
        self.pay(self.debt, 990, on=TODAY)
        self.run_cycle(self.day(1))
        self.assertEqual((notice.state, notice.ended_on), ("found", self.day(1)))
        self.assertFalse(notice.activity_ids)

    def test_an_invoice_that_is_reset_to_draft_for_a_moment_does_not_close_it(self):
        of_one, of_all = self.notice(), self.notice(item_ids=[], on=self.day(1))
        self.debt.button_draft()
        self.items(self.debt)
        self.run_cycle()
        self.assertEqual((of_one | of_all).mapped("state"), ["open", "to_check"])
        of_all.action_accept()
        self.debt.action_post()
        self.run_cycle(self.day(1))
        self.assertEqual((of_one | of_all).mapped("state"), ["open", "open"])
        self.assertWithheld(self.payer, "payment_notice", self.day(1))
        self.debt.button_draft()
        self.debt.button_cancel()
        self.run_cycle(self.day(2))
        self.assertEqual((of_one | of_all).mapped("state"), ["found", "found"], "Nothing is left to be paid")

    def test_money_in_another_currency_counts_at_its_worth(self):
        francs = self.setup_other_currency("CHF", rates=[("2020-01-01", 10.0)])
        foreign = self.invoice(self.payer, 2000, currency=francs)
        notice = self.notice(item_ids=[])
        self.pay(foreign, on=TODAY)  # worth 200 of the 1000
        self.run_cycle(self.day(1))
        self.assertEqual(notice.state, "open")
        self.pay(self.debt, 800, on=TODAY)
        self.run_cycle(self.day(2))
        self.assertEqual(notice.state, "found")

    def test_it_is_decided_by_what_people_do_with_it_and_not_written_by_hand(self):
        notice = self.notice().with_user(self.make_user("cora", "account_collections_auto.group_collector"))
        for vals in ({"state": "found"}, {"date_until": self.day(300)}):
            with self.assertRaises(AccessError, msg=vals):
                notice.write(vals)
        notice.action_cancel()
        self.assertEqual(notice.state, "cancelled")

    def test_other_money_does_not_close_it(self):
        other = self.invoice(self.payer, 1000)
        notice = self.notice()
        self.pay(other, 1000, on=TODAY)
        self.pay(self.debt, 200, on=TODAY)
        self.run_cycle(self.day(1))
        self.assertEqual(notice.state, "open")

    def test_the_likely_bank_lines_stand_beside_it(self):
        notice = self.notice(reference="Order 4711")
        own = self.bank_line(400, on=TODAY, partner_id=self.payer.id)
        exact = self.bank_line(1000, on=TODAY)
        charges = self.bank_line(985, on=TODAY)
        named = self.bank_line(333, on=TODAY, payment_ref="your order 4711, thanks")
        self.bank_line(700, on=TODAY)
        self.bank_line(1000, on=TODAY - timedelta(days=30))
        self.assertEqual(notice.likely_line_ids, own + exact + charges + named)
        self.assertEqual(notice._find_likely_lines()[0], own)

    def test_a_second_one_about_the_same_items_needs_a_person(self):
        self.notice(on=self.day(-20))
        self.run_cycle(self.day(-10))
        sent = len(self.sent(self.payer))
        again = self.notice()
        self.assertEqual(again.state, "to_check")
        self.run_cycle()
        self.assertEqual(len(self.sent(self.payer)), sent + 1)  # nobody has let them rest
        again.action_accept()
        self.run_cycle(self.day(3))
        self.assertEqual(again.state, "open")
        other = self.invoice(self.payer, 70)
        self.assertEqual(self.notice(other, 70).state, "open")

    def test_one_about_the_whole_account_is_about_all_that_was_open_then(self):
        other = self.invoice(self.payer, 70)
        self.assertEqual(self.notice(item_ids=[], on=self.day(-20)).state, "open")
        self.run_cycle(self.day(-10))
        self.assertEqual(self.notice(other, 70).state, "to_check")
        self.assertEqual(self.notice(item_ids=[]).state, "to_check")  # the same debts as three weeks ago

    def test_two_about_the_whole_account_are_not_the_same_when_the_first_money_came(self):
        first = self.notice(item_ids=[])
        self.pay(self.debt, on=TODAY)
        self.run_cycle(self.day(1))
        self.assertEqual(first.state, "found")
        self.invoice(self.payer, 300)
        self.assertEqual(self.notice(item_ids=[], amount=300, on=self.day(2)).state, "open")

    def test_a_cycle_of_an_earlier_day_does_not_end_it_before_it_began(self):
        notice = self.notice()
        self.pay(self.debt, on=TODAY)
        self.run_cycle(self.day(-3))
        self.assertEqual((notice.state, notice.ended_on), ("found", TODAY))

    def test_a_person_says_that_it_was_not_found(self):
        notice = self.notice()
        with self.on_day(TODAY):
            notice.action_not_found()
        self.run_cycle()
        self.assertSent(self.payer, self.level(7))
        with self.assertRaises(UserError):
            notice.action_not_found()

    def test_it_is_no_stop_that_shows_in_odoos_own_flag(self):
        self.notice()
        self.assertFalse(any(self.debt.line_ids.mapped("no_followup")))

    def test_what_is_refused(self):
        with self.assertRaises(ValidationError):
            self.notice(self.invoice(self.customer("Other"), 5))
        notice = self.notice()
        auditor = self.make_user("ann", "account_collections_auto.group_collection_auditor")
        for act in ("action_accept", "action_not_found", "action_cancel"):
            with self.assertRaises(AccessError, msg=act):
                getattr(notice.with_user(auditor), act)()

    def test_who_says_it_of_one_item_and_then_of_all_of_them_says_it_again(self):
        first = self.notice()
        self.run_cycle(self.day(7))
        self.assertEqual(first.state, "not_found")
        of_all = {"item_ids": False, "date_from": self.day(8)}
        self.assertEqual(self.notice(**of_all).state, "to_check")
        other = self.customer("Other", "other@example.com")
        self.payer, self.debt = other, self.invoice(other, 500)
        self.assertEqual(self.notice(**of_all).state, "open")
        self.run_cycle(self.day(15))
        self.assertEqual(self.notice(on=self.day(16)).state, "to_check")

    def test_who_is_believed_once_more_gets_the_days_from_then_on(self):
        self.notice()
        self.run_cycle(self.day(7))
        second = self.notice(on=self.day(8))
        with self.on_day(self.day(20)):
            second.action_accept()
        self.assertRecordValues(second, [{"state": "open", "date_from": self.day(20)}])
        self.run_cycle(self.day(20))
        self.assertEqual(second.state, "open")
        self.assertWithheld(self.payer, "payment_notice", self.day(20))
