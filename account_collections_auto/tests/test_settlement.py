from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from ..engine import settlements
from .common import CollectionsCase

JUNE_1, JUNE_15 = date(2026, 6, 1), date(2026, 6, 15)


class TestSettlement(CollectionsCase):
    """Pay this much by that day, and the rest is let go."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.write({"settlement_percent": 10, "settlement_percent_manager": 30})
        cls.payer = cls.customer("Payer")
        cls.debt = cls.invoice(cls.payer, 1000, due=date(2026, 5, 4))
        cls.run_cycle(date(2026, 5, 12))
        cls.collector = cls.make_user("cora", "account_collections_auto.group_collector")

    def draft(self, percent=10, user=None, **vals):
        case = self.case(self.payer).with_user(user or self.env.user)
        with self.on_day(JUNE_1):
            context = case.action_settlement_offer()["context"]
            offers = self.env["collection.settlement.offer"].with_user(user or self.env.user).with_context(**context)
            return offers.create({"discount_percent": percent, "pay_by": JUNE_15, **vals})

    def offer(self, percent=10, **vals):
        offer = self.draft(percent, **vals)
        with self.on_day(JUNE_1):
            offer.action_offer()
        return offer

    def judge(self, on):
        self.env["collection.case"]._refresh_marked()
        self.env["collection.settlement.offer"].sudo()._judge(self.company, on)

    def test_paid_in_time_the_rest_becomes_a_credit_note(self):
        offer = self.offer()
        self.assertRecordValues(offer, [{"state": "offered", "amount": 1000, "amount_to_pay": 900, "amount_discount": 100}])
        action = offer.message_action_id
        self.assertRecordValues(action, [{"state": "sent", "recipient_ids": self.payer.ids, "contact_date": JUNE_1}])
        self.assertRegex(action.body, "900.00.* by June 15, 2026 instead of .*1,000.00 for INV")
        self.assertEqual(action.line_ids.move_id, self.debt)
        self.assertFalse(action.line_ids.filtered("advances"))
        self.run_cycle(date(2026, 6, 10))
        self.assertNotSent(self.payer, date(2026, 6, 10))
        self.assertWithheld(self.payer, "settlement", date(2026, 6, 10))
        self.pay(self.debt, 900, on=JUNE_15)
        self.run_cycle(date(2026, 6, 16))
        self.assertEqual(offer.state, "met")
        self.assertRecordValues(offer.credit_note_ids, [{"state": "draft", "amount_total": 100, "move_type": "out_refund"}])
        self.assertTrue(offer.activity_ids)
        self.run_on(20, 30, since=JUNE_1)
        self.assertNotSent(self.payer, date(2026, 6, 21))
        self.assertEqual(len(self.sent(self.payer)), 2, "the rest is not claimed while its credit note is a draft")
        offer.credit_note_ids.action_post()
        self.run_cycle(date(2026, 7, 9))
        self.assertEqual(len(self.sent(self.payer)), 2)

    def test_it_can_be_posted_at_once(self):
        self.plan.settlement_post_credit_notes = True
        offer = self.offer()
        self.pay(self.debt, 900, on=JUNE_15)
        self.judge(date(2026, 6, 16))
        self.assertEqual((offer.credit_note_ids.state, self.debt.amount_residual), ("posted", 0))
        self.assertFalse(offer.activity_ids)

    def test_a_credit_note_that_cannot_be_posted_holds_up_no_other_customer(self):
        self.plan.settlement_post_credit_notes = True
        other = self.customer("Other")
        self.invoice(other, 50, due=date(2026, 6, 1))
        offer = self.offer()
        self.pay(self.debt, 900, on=JUNE_15)
        # Accounting refuses to post on an account that is no longer used.
        self.debt.invoice_line_ids.account_id.active = False
        with mute_logger("odoo.addons.account_collections_auto.engine.attempt"):
            self.run_cycle(date(2026, 6, 16))
        self.assertEqual((offer.state, offer.credit_note_ids.state), ("met", "draft"))
        self.assertIn("could not be posted", offer.activity_ids.summary)
        self.assertTrue(self.sent(other))

    def test_where_a_hold_says_to_write_to_nobody_nothing_is_said_to_be_sent(self):
        hold = self.hold(self.payer, since=JUNE_1)
        hold.reason_id = self.env.ref("account_collections_auto.collection_hold_reason_represented")
        offer = self.offer()
        self.assertFalse(offer.message_action_id)
        self.assertIn("may not be written to", offer.message_status)

    # -- the message ---------------------------------------------------------------------------------------------------

    def on(self, day):
        with self.on_day(day):
            self.run_cycle(day)

    def test_what_holds_back_a_message_holds_back_the_offer_and_it_leaves_once_that_is_over(self):
        self.company.collection_mode = "send"
        self.hold(self.payer, since=JUNE_1, until=date(2026, 6, 2))
        offer = self.offer()
        self.assertRecordValues(offer, [{"state": "offered", "can_tell": True}])
        self.assertIn("On hold", offer.message_status)
        self.on(date(2026, 6, 2))
        self.assertFalse(offer.message_action_id)
        self.on(date(2026, 6, 3))
        self.assertRecordValues(offer.message_action_id, [{"state": "sent", "contact_date": date(2026, 6, 3)}])
        self.assertFalse(offer.can_tell)
        self.on(date(2026, 6, 4))
        self.assertEqual(len(self.sent(self.payer)), 2, "once")

    def test_soon_after_another_message_a_person_may_send_it_and_says_why(self):
        with self.on_day(date(2026, 5, 30)):
            self.env["collection.request"]._begin(self.case(self.payer), "message").action_send()
        offer = self.offer()
        self.assertIn("Contacted on", offer.message_status)
        with self.on_day(JUNE_1):
            request = self.env["collection.request"].browse(offer.with_user(self.collector).action_tell()["res_id"])
            request = request.with_user(self.collector)
            self.assertTrue(request.has_gap)
            request.write({"sets_aside_gap": True, "set_aside_because": "Agreed on the phone"})
            request.invalidate_recordset()  # the client's next call counts anew
            request.action_send()
        self.assertRecordValues(offer.message_action_id, [{"state": "sent", "set_aside_because": "Agreed on the phone"}])

    def test_an_offer_that_is_taken_back_or_paid_leaves_the_queue(self):
        offer = self.offer()
        action = offer.message_action_id
        self.assertEqual(action._check_before_leaving(), {})
        offer.action_cancel()
        self.assertEqual([code for code, _text in action._check_before_leaving().values()], ["told_already"])

    def test_it_is_about_items_that_are_not_due_yet_too(self):
        later = self.invoice(self.payer, 500, due=date(2026, 7, 1))
        offer = self.offer(item_ids=[Command.set(self.items(later).ids)])
        self.assertEqual((offer.message_action_id.state, offer.message_action_id.line_ids.move_id), ("sent", later))

    def test_in_test_mode_it_goes_to_the_test_address_and_counts_for_nothing(self):
        self.company.write({"collection_test_mode": True, "collection_test_email": "test@example.org"})
        offer = self.offer()
        self.assertTrue(offer.message_action_id.is_test)

    # -- a part of an invoice ------------------------------------------------------------------------------------------

    def test_of_an_invoice_in_instalments_only_what_was_offered_is_let_go(self):
        """Odoo matches a credit note with what is due first of its invoice: here that is not what was settled."""
        for posts in (False, True):
            with self.subTest(posts=posts):
                self.plan.settlement_post_credit_notes = posts
                parts = [(1000, date(2026, 5, 4)), (1000, date(2026, 5, 20)), (1000, date(2026, 7, 20))]
                invoice = self.instalments(self.customer(f"Buyer {posts}"), *parts)
                first, second, third = self.items(invoice).sorted("due_date")
                with self.on_day(JUNE_1):
                    offer = self.env["collection.settlement.offer"].create(
                        {
                            "partner_id": invoice.partner_id.id,
                            "company_id": self.company.id,
                            "item_ids": [Command.set(second.ids)],
                            "discount_percent": 10,
                            "pay_by": JUNE_15,
                        }
                    )
                    offer.action_offer()
                self.assertEqual((offer.amount, offer.amount_to_pay), (1000, 900))
                payment = self.money_on_account(invoice.partner_id, 900, JUNE_15)
                credit = payment.move_id.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
                (credit | second.move_line_id).reconcile()
                self.judge(date(2026, 6, 16))
                self.assertEqual((offer.state, offer.credit_note_ids.amount_total), ("met", 100))
                if not posts:
                    offer.credit_note_ids.action_post()
                self.assertEqual(
                    (first | second | third).move_line_id.sorted("date_maturity").mapped("amount_residual"), [1000, 0, 1000]
                )
                self.judge(date(2026, 6, 17))
                self.assertRecordValues(offer, [{"state": "met", "amount_received": 900, "amount_credited": 0}])

    def test_a_company_that_cannot_be_judged_holds_up_no_other(self):
        offer = self.offer()
        offers = type(offer)
        judge = offers._judge

        def judge_ours(model, company, date):
            if company != self.company:
                raise ValueError("Something is wrong with this company")
            judge(model, company, date)

        with (
            self.on_day(date(2026, 6, 20)),
            patch.object(offers, "_judge", judge_ours),
            self.enter_registry_test_mode(),
            mute_logger("odoo.addons.account_collections_auto.engine.attempt"),
        ):
            self.env.ref("account_collections_auto.ir_cron_settlement_offers").sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(offer.state, "expired")

    def test_run_out_it_goes_on_where_it_stood(self):
        offer = self.offer()
        self.pay(self.debt, 500, on=JUNE_15)
        self.run_cycle(date(2026, 6, 15))
        self.assertEqual(offer.state, "offered")
        self.run_cycle(date(2026, 6, 16))
        self.assertRecordValues(offer, [{"state": "expired", "amount_received": 500}])
        self.assertFalse(offer.credit_note_ids)
        self.assertEqual(self.sent(self.payer)[-1][1:], ("L2", {self.debt: 500}, 500))

    def test_money_dated_in_time_and_booked_late_counts_and_a_return_takes_it_back(self):
        offer = self.offer()
        self.judge(date(2026, 6, 20))
        self.assertEqual(offer.state, "expired")
        payment = self.pay(self.debt, 900, on=JUNE_15)
        self.judge(date(2026, 6, 22))
        self.assertEqual((offer.state, len(offer.credit_note_ids)), ("met", 1))
        payment.action_draft()
        payment.action_cancel()
        self.judge(date(2026, 6, 25))
        self.assertEqual((offer.state, offer.credit_note_ids.ids), ("expired", []))

    def settle(self, *moves):
        lines = self.env["account.move"].union(*moves).line_ids
        lines.filtered(lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled).reconcile()

    def test_what_lacks_within_the_tolerance_of_the_plan_is_forgiven(self):
        self.plan.tolerance_amount = 1
        offer = self.offer()
        payment = self.pay(self.debt, 898.99, on=JUNE_15)
        self.judge(date(2026, 6, 16))
        self.assertEqual(offer.state, "expired")
        payment.action_draft()
        payment.action_cancel()
        self.pay(self.debt, 899.50, on=JUNE_15)
        self.judge(date(2026, 6, 17))
        self.assertEqual((offer.state, offer.credit_note_ids.amount_total), ("met", 100))

    def test_returned_goods_reduce_what_is_to_be_paid(self):
        """1,000 at 10 %, goods for 200 come back: 700 are to be paid, the rest of 800 less the agreed 100."""
        self.plan.settlement_post_credit_notes = True
        offer = self.offer()
        credit_note = self.credit_note(self.payer, 200)
        self.settle(self.debt, credit_note)
        payment = self.pay(self.debt, 650, on=JUNE_15)
        self.judge(date(2026, 6, 15))
        self.assertRecordValues(offer, [{"state": "offered", "amount_received": 650, "amount_credited": 200}])
        payment.action_draft()
        payment.action_cancel()
        self.pay(self.debt, 700, on=JUNE_15)
        self.judge(date(2026, 6, 15))
        self.assertRecordValues(offer, [{"state": "met", "amount_received": 700, "amount_credited": 200}])
        self.assertEqual((offer.credit_note_ids.amount_total, self.debt.amount_residual), (100, 0))
        self.judge(date(2026, 6, 20))
        self.assertRecordValues(offer, [{"state": "met", "amount_credited": 200}])

    def test_a_credit_note_of_before_the_offer_is_no_payment(self):
        self.settle(self.debt, self.credit_note(self.payer, 200))
        offer = self.offer()
        self.assertEqual(offer.amount_to_pay, 720)
        self.judge(date(2026, 6, 10))
        self.assertRecordValues(offer, [{"state": "offered", "amount_credited": 0}])

    def test_it_does_not_run_out_while_the_money_lies_on_account(self):
        offer = self.offer()
        payment = self.money_on_account(self.payer, 900, JUNE_15)
        self.run_on(15, 25, since=JUNE_1)
        self.assertEqual(offer.state, "offered")
        self.assertEqual(len(self.sent(self.payer)), 2, "what is let go is not claimed meanwhile")
        self.settle(self.debt, payment.move_id)
        self.judge(date(2026, 6, 27))
        self.assertEqual((offer.state, offer.credit_note_ids.amount_total), ("met", 100))

    def test_money_on_account_that_is_late_or_too_little_keeps_no_offer_open(self):
        offer = self.offer()
        self.money_on_account(self.payer, 850, JUNE_15)
        self.money_on_account(self.payer, 900, date(2026, 6, 16))
        self.judge(date(2026, 6, 16))
        self.assertEqual(offer.state, "expired")

    def test_money_of_before_the_offer_does_not_count(self):
        self.pay(self.debt, 500, on=JUNE_1)
        self.case(self.payer)
        offer = self.offer()
        self.assertEqual(offer.amount_to_pay, 450)
        self.judge(date(2026, 6, 10))
        self.assertEqual((offer.state, offer.amount_received), ("offered", 0))

    def test_money_of_before_the_offer_that_is_matched_afterwards_counts(self):
        payment = self.money_on_account(self.payer, 250, date(2026, 5, 20))
        offer = self.offer(item_ids=[Command.set(self.items(self.debt).ids)])
        self.settle(self.debt, payment.move_id)
        self.judge(date(2026, 6, 10))
        self.assertRecordValues(offer, [{"state": "offered", "amount_received": 250}])
        self.pay(self.debt, 650, on=JUNE_15)
        self.judge(JUNE_15)
        self.assertRecordValues(offer, [{"state": "met", "amount_received": 900}])
        self.assertEqual(offer.credit_note_ids.amount_total, 100)

    def left(self, *offers):
        ids = [offer.id for offer in offers]
        found = settlements.left_to_pay(self.env, self.company, ids, date(2026, 6, 10))
        return [(left.to_pay, left.on_account, left.asked) for left in map(found.get, ids)]

    def test_money_on_account_counts_for_one_offer_the_oldest_first(self):
        second = self.invoice(self.payer, 500, due=date(2026, 5, 4))
        first = self.offer(item_ids=[Command.set(self.items(self.debt).ids)])
        later = self.offer(item_ids=[Command.set(self.items(second).ids)])
        self.money_on_account(self.payer, 1000, date(2026, 6, 5))
        self.env["collection.case"]._refresh_marked()
        self.assertEqual(self.left(first, later), [(900, 900, 0), (450, 100, 350)])
        self.assertEqual(self.left(later), [(450, 100, 350)], "whoever asks for one alone")
        self.judge(date(2026, 6, 16))
        self.assertEqual((first.state, later.state), ("offered", "expired"))
        self.money_on_account(self.payer, 350, JUNE_15)
        self.judge(date(2026, 6, 17))
        self.assertEqual((first.state, later.state), ("offered", "offered"))

    def test_limits_by_role(self):
        offer = self.draft(20, self.collector)
        with self.on_day(JUNE_1):
            offer.action_offer()
            self.assertEqual(offer.state, "to_approve")
            with self.assertRaises(AccessError):
                offer.action_approve()
            self.assertFalse(offer.message_action_id)
            offer.with_user(self.env.user).action_approve()
        self.assertEqual(offer.state, "offered")
        offer.action_cancel()
        with self.assertRaisesRegex(UserError, "more than anybody"):
            self.offer(31)

    def test_within_the_own_limit_nobody_is_asked(self):
        offer = self.draft(10, self.collector)
        with self.on_day(JUNE_1):
            offer.action_offer()
        self.assertEqual(offer.state, "offered")

    def test_what_was_offered_stays_and_is_offered_once(self):
        offer = self.offer()
        with self.assertRaises(UserError):
            offer.with_user(self.collector).discount_percent = 50
        with self.assertRaises(AccessError):
            offer.with_user(self.collector).state = "met"
        with self.assertRaisesRegex(UserError, "open offer"):
            self.offer()
        with self.assertRaises(UserError):
            offer.unlink()

    def test_an_auditor_changes_nothing(self):
        auditor = self.make_user("ada", "account_collections_auto.group_collection_auditor")
        offer = self.offer().with_user(auditor)
        for act in ("offer", "approve", "cancel", "end"):
            with self.assertRaises(AccessError, msg=act):
                getattr(offer, f"action_{act}")()

    # -- what is stopped otherwise --------------------------------------------------------------------------------------

    def dispute(self, amount):
        return self.env["collection.dispute"].create(
            {
                "partner_id": self.payer.id,
                "company_id": self.company.id,
                "date_from": JUNE_1,
                "reason_id": self.env.ref("account_collections_auto.collection_dispute_reason_delivery").id,
                "line_ids": [Command.create({"item_id": self.items(self.debt).id, "amount": amount})],
            }
        )

    def test_what_is_in_dispute_is_not_offered(self):
        draft = self.draft(user=self.collector)
        self.dispute(300)
        with self.on_day(JUNE_1), self.assertRaisesRegex(UserError, f"{self.debt.name}: In dispute"):
            draft.action_offer()
        self.assertEqual(draft.state, "draft")

    def test_a_dispute_takes_back_an_offer_that_has_not_left_and_it_leaves_when_that_is_settled(self):
        self.company.collection_mode = "send"
        self.hold(self.payer, since=JUNE_1, until=date(2026, 6, 2))
        offer = self.offer()
        self.env["collection.hold"].search([("partner_id", "=", self.payer.id)]).action_end()
        dispute = self.dispute(300)
        self.on(date(2026, 6, 3))
        self.assertFalse(offer.message_action_id)
        self.assertIn("In dispute", offer.message_status)
        with self.on_day(date(2026, 6, 4)):
            dispute.action_withdraw()
        self.on(date(2026, 6, 5))
        self.assertEqual(offer.message_action_id.state, "sent")

    def test_what_was_let_go_of_an_entry_is_not_claimed(self):
        entry = self.journal_debit(self.payer, 500, due=date(2026, 5, 4))
        entry.line_ids.no_followup = False
        offer = self.offer(item_ids=[Command.set(self.items(entry).ids)])
        self.pay(self.debt, on=JUNE_1)
        line = self.pay_of_entry(entry, 450)
        self.run_cycle(date(2026, 6, 16))
        self.assertEqual((offer.state, len(offer.activity_ids)), ("met", 1))
        before = len(self.sent(self.payer))
        self.run_on(30, 60, since=JUNE_1)
        self.assertEqual(len(self.sent(self.payer)), before)
        self.assertWithheld(self.payer, "let_go", date(2026, 7, 31))
        line.remove_move_reconcile()
        self.judge(date(2026, 7, 31))
        self.assertEqual(offer.state, "offered", "nothing is let go, and the money is on account")

    def pay_of_entry(self, entry, amount):
        """Match a payment of ``amount``, dated in time, with ``entry``; return its receivable line."""
        payment = self.env["account.payment"].create(
            {"amount": amount, "partner_id": self.payer.id, "date": JUNE_15, "journal_id": self.pay_in_cash.id}
        )
        payment.action_post()
        lines = (payment.move_id | entry).line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        lines.reconcile()
        return lines.filtered("credit")

    def test_a_deleted_draft_lets_go_all_the_same_and_somebody_is_asked(self):
        offer = self.offer()
        self.pay(self.debt, 900, on=JUNE_15)
        self.run_cycle(date(2026, 6, 16))
        offer.credit_note_ids.unlink()
        self.assertIn("deleted", ", ".join(offer.activity_ids.mapped("summary")))
        self.run_cycle(date(2026, 7, 20))
        self.assertWithheld(self.payer, "let_go", date(2026, 7, 20))
        self.assertEqual(len(self.sent(self.payer)), 2)

    def test_a_draft_credit_note_is_over_the_amount_also_with_a_tax_per_unit(self):
        percent = self.company_data["default_tax_sale"]
        per_unit = percent.copy({"name": "Eco", "amount_type": "fixed", "amount": 2})
        for taxes in (per_unit, per_unit | percent, percent):
            lines = [
                Command.create({"name": "Box", "quantity": 10, "price_unit": 3, "tax_ids": [Command.set(taxes.ids)]}),
                Command.create({"name": "Work", "price_unit": 7.77, "tax_ids": [Command.set(percent.ids)]}),
            ]
            move = self.invoice(self.payer, invoice_line_ids=lines)
            for share in (0.333, 0.5, 0.01, 1):
                amount = move.currency_id.round(move.amount_total * share)
                note = self.env["collection.case"]._draft_credit_note(move, amount, "Let go")
                self.assertAlmostEqual(note.amount_total, amount)

    def test_a_draft_that_cannot_be_over_the_amount_says_so(self):
        per_unit = self.company_data["default_tax_sale"].copy({"name": "Eco", "amount_type": "fixed", "amount": 20})
        line = Command.create({"name": "Box", "quantity": 1, "price_unit": 0, "tax_ids": [Command.set(per_unit.ids)]})
        move = self.invoice(self.payer, invoice_line_ids=[line])
        note = self.env["collection.case"]._draft_credit_note(move, 0.05, "Let go")
        self.assertIn("was to be over", note.message_ids[:1].body)

    def test_the_reference_of_the_credit_note_is_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.payer.lang = "de_DE"
        offer = self.offer()
        self.pay(self.debt, 900, on=JUNE_15)
        self.judge(date(2026, 6, 16))
        german = offer.with_context(lang="de_DE").env._("Reversal of: %(number)s, settlement", number=self.debt.name)
        self.assertEqual(offer.credit_note_ids.ref, german)

    def test_a_manager_is_asked_to_approve_not_who_asked_for_it(self):
        self.company.collection_user_id = self.collector
        draft = self.draft(20, user=self.collector)
        with self.on_day(JUNE_1):
            draft.action_offer()
        self.assertEqual(draft.state, "to_approve")
        self.assertTrue(draft.activity_ids.user_id.has_group("account_collections_auto.group_collection_manager"))
