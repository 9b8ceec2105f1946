from datetime import date, timedelta
from unittest.mock import patch

import psycopg2
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..engine.instalment_charges import find_stopped
from .test_payment_plan import AUGUST, JULY, JUNE, JUNE_1, PaymentPlanCase

CHARGE = "odoo.addons.account_collections_auto.models.collection_payment_plan_charge"


class TestPaymentPlanCharge(PaymentPlanCase):
    """Instalments are charged to a stored card through Odoo's demonstration provider."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        demo = cls.env["payment.provider"].sudo().search([("code", "=", "demo")], limit=1)
        cls.provider = demo.copy({"company_id": cls.company.id, "state": "test"})
        cls.provider.journal_id = cls.company_data["default_journal_bank"]
        cls.method = cls.env.ref("payment_demo.payment_method_demo").sudo()
        line = cls.provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == cls.provider
        )
        line.payment_account_id = cls.company_data["default_journal_bank"].default_account_id.copy({"code": "101499"})

    def card(self, answer="done", partner=None):
        return (
            self.env["payment.token"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.method.id,
                    "partner_id": (partner or self.payer).id,
                    "provider_ref": "card",
                    "payment_details": "1234",
                    "demo_simulated_state": answer,
                }
            )
        )

    def agree_to_charge(self, answer="done", **vals):
        plan = self.agree(**vals)
        plan.write(
            {"token_id": self.card(answer).id, "charge_consent_on": JUNE_1, "charge_consent": "Signed agreement of 1 June"}
        )
        return plan

    def charge(self, on):
        self.env["collection.payment.plan.charge"].sudo()._charge_due(self.company, on)

    def test_an_instalment_is_charged_on_its_day_and_paid(self):
        plan = self.agree_to_charge()
        self.charge(JUNE - timedelta(days=1))
        self.assertFalse(plan.charge_ids)
        for _time in range(2):
            self.charge(JUNE)
        self.judge(date(2026, 7, 1))
        self.assertRecordValues(plan.charge_ids, [{"state": "done", "amount": 1000}])
        self.assertEqual(plan.charge_ids.transaction_id.sudo().payment_id.amount, 1000)
        self.assertEqual((self.debt.amount_residual, self.days(plan)), (2000, ["paid", "open", "open"]))
        self.charge(JULY)
        self.assertEqual(plan.charge_ids.mapped("amount"), [1000, 1000])

    def test_a_refused_card_is_tried_again_some_days_later_and_a_person_hears_of_it(self):
        self.plan.write({"charge_retries": 1, "charge_retry_days": 3})
        plan = self.agree_to_charge("error", terms={"max_missed": 3})
        for day in (0, 1, 2, 3, 4, 20):
            self.charge(JUNE + timedelta(days=day))
        self.assertEqual(
            plan.charge_ids.sorted("attempt").mapped(lambda charge: (charge.date, charge.state)),
            [(JUNE, "failed"), (JUNE + timedelta(days=3), "failed")],
        )
        self.assertEqual(len(set(plan.charge_ids.mapped("reference"))), 2)
        todo = self.env.ref("account_collections_auto.mail_activity_type_payment_plan_charge")
        self.assertEqual(len(plan.activity_ids.filtered(lambda activity: activity.activity_type_id == todo)), 1)

    def test_while_a_charge_is_under_way_nothing_is_tried_again_and_nobody_is_reminded(self):
        plan = self.agree_to_charge("pending")
        self.charge(JUNE)
        self.run_cycle(date(2026, 7, 1))
        self.charge(date(2026, 7, 3))
        self.assertEqual((plan.charge_ids.mapped("state"), self.reminders()), (["pending"], []))
        plan.charge_ids.transaction_id.sudo()._set_done()
        self.charge(date(2026, 7, 3))
        self.judge(date(2026, 7, 3))
        self.assertEqual((plan.charge_ids.state, self.days(plan)[0]), ("done", "paid"))

    def test_a_charge_whose_answer_was_lost_waits_for_a_person(self):
        plan = self.agree_to_charge()
        charges = self.env["collection.payment.plan.charge"].sudo()
        charges._prepare_due(self.company, JUNE)
        self.assertTrue(plan.charge_ids.sudo()._announce(JUNE))  # and the process dies here
        self.charge(JUNE)
        self.charge(JUNE + timedelta(days=9))
        self.assertEqual(plan.charge_ids.mapped("state"), ["unknown"])
        self.assertEqual(self.debt.amount_residual, 3000)
        auditor = self.make_user("ada", "account_collections_auto.group_collection_auditor")
        with self.assertRaises(AccessError):
            plan.charge_ids.with_user(auditor).action_was_not_paid()
        collector = self.make_user("cora", "account_collections_auto.group_collector")
        plan.charge_ids.with_user(collector).action_was_not_paid()
        self.assertEqual(plan.charge_ids.state, "failed")
        with self.assertRaises(UserError):
            plan.charge_ids.with_user(collector).action_was_not_paid()

    def test_a_provider_that_did_not_answer_in_time_may_have_taken_the_money(self):
        plan = self.agree_to_charge()
        self.env["collection.payment.plan.charge"].sudo()._prepare_due(self.company, JUNE)
        self.assertTrue(plan.charge_ids.sudo()._announce(JUNE))
        plan.charge_ids.transaction_id.sudo()._set_error("Could not establish the connection to the provider.")
        self.charge(JUNE)
        self.charge(JUNE + timedelta(days=9))
        self.assertEqual(plan.charge_ids.mapped("state"), ["unknown"])

    def test_money_that_came_meanwhile_is_not_taken_twice(self):
        plan = self.agree_to_charge()
        charges = self.env["collection.payment.plan.charge"].sudo()
        charges._prepare_due(self.company, JUNE)
        self.pay(self.debt, 1000, on=JUNE)
        self.charge(JUNE)
        self.assertEqual(plan.charge_ids.mapped("state"), ["cancelled"])
        self.assertEqual(self.debt.amount_residual, 2000)

    # -- the debt is read once more right before the provider is asked -------------------------------------------------

    def announce(self, change, terms=None):
        """Prepare the charge of the first instalment, let ``change(plan)`` happen, and return the charge once announced."""
        plan = self.agree_to_charge(terms=terms)
        self.env["collection.payment.plan.charge"].sudo()._prepare_due(self.company, JUNE)
        change(plan)
        self.env.flush_all()
        plan.charge_ids.sudo()._announce(JUNE)
        return plan.charge_ids

    def assertCancelled(self, charge, words):
        self.assertEqual((charge.state, charge.transaction_id.sudo().state), ("cancelled", "cancel"))
        self.assertIn(words, charge.message)
        self.assertIn(words, charge.line_id.charge_note)

    def test_what_was_paid_between_preparing_and_asking_is_not_taken_though_nobody_judged(self):
        """No refresh and no verdict in between: the charge itself looks at the ledger."""
        charge = self.announce(lambda plan: self.pay(self.debt, 400, on=JUNE))
        self.assertCancelled(charge, "Less is to be paid")
        self.charge(JUNE)
        self.assertEqual(charge.payment_plan_id.charge_ids.sorted("attempt").mapped("amount"), [1000, 600])

    def test_money_on_account_that_came_between_is_not_taken_twice(self):
        charge = self.announce(lambda plan: self.money_on_account(self.payer, 1000, JUNE))
        self.assertCancelled(charge, "Covered by open credits")

    def test_a_plan_that_was_cancelled_between_is_not_charged(self):
        charge = self.announce(lambda plan: plan.action_cancel())
        self.assertCancelled(charge, "not running any more")

    def test_a_customer_who_was_archived_between_is_not_charged(self):
        charge = self.announce(lambda plan: plan.partner_id.action_archive())
        self.assertCancelled(charge, "archived")

    def test_a_card_that_was_archived_between_is_not_charged(self):
        charge = self.announce(lambda plan: plan.token_id.sudo().write({"active": False}))
        self.assertCancelled(charge, "not in use any more")

    def test_a_card_that_belongs_to_another_customer_by_now_is_not_charged(self):
        """Merged or moved: the contact with the card became part of another company."""
        stranger = self.customer("Stranger")
        charge = self.announce(lambda plan: plan.token_id.sudo().partner_id.write({"parent_id": stranger.id}))
        self.assertCancelled(charge, "another customer")

    def test_what_is_to_be_written_off_is_not_charged(self):
        self.company.collection_write_off_account_id = self.company_data["default_account_expense"]

        def propose(_plan):
            with self.on_day(JUNE):
                self.env["collection.write.off"].create(
                    {
                        "partner_id": self.payer.id,
                        "company_id": self.company.id,
                        "item_ids": [Command.set(self.items(self.debt).ids)],
                        "reason": "They closed down",
                    }
                )

        self.assertCancelled(self.announce(propose), "write-off")

    # -- the plan is changed while a charge is under way ------------------------------------------------------------------

    def test_a_card_that_was_taken_away_or_replaced_between_is_not_charged(self):
        charge = self.announce(lambda plan: plan.write({"token_id": False}))
        self.assertCancelled(charge, "not in use any more")
        plan, other = charge.payment_plan_id, self.card()
        plan.token_id = self.card()
        self.env["collection.payment.plan.charge"].sudo()._prepare_due(self.company, JUNE)
        plan.token_id = other
        self.charge(JUNE)
        self.charge(JUNE)
        charges = plan.charge_ids.sorted("attempt")
        self.assertEqual(charges.mapped("state"), ["cancelled", "cancelled", "done"])
        self.assertEqual(charges[2].transaction_id.sudo().token_id, other, "and not the one that it was prepared for")

    def test_what_changed_after_it_was_announced_stops_it_at_the_last_moment(self):
        for change, words in (
            (lambda plan: plan.action_cancel(), "not running any more"),
            (lambda plan: plan.write({"token_id": False}), "not in use any more"),
        ):
            with self.subTest(words):
                charge = self.announce(lambda plan: None)
                self.assertEqual(charge.state, "asked")
                plan = charge.payment_plan_id
                change(plan)
                charge.sudo()._ask_provider()
                charge.sudo()._take_answer()
                self.assertRecordValues(charge, [{"state": "cancelled"}])
                self.assertIn(words, charge.message)
                self.assertEqual(charge.transaction_id.sudo().state, "cancel")
                self.assertEqual(self.debt.amount_residual, 3000)
                if plan.state == "running":
                    plan.action_cancel()

    def under_way(self):
        """A plan is cancelled while the provider has not decided on the charge of its first instalment."""
        plan = self.agree_to_charge("pending")
        self.charge(JUNE)
        with self.on_day(JUNE):
            plan.action_cancel()
        self.assertEqual(plan.charge_ids.state, "pending")
        return plan

    def test_a_plan_cancelled_while_the_provider_decides_waits_for_its_answer(self):
        plan = self.under_way()
        self.assertIn("is being charged at this moment", plan.message_ids[0].body)
        before = len(self.sent(self.payer))
        self.run_on(5, 10, 20, since=JUNE)
        self.assertEqual(len(self.sent(self.payer)), before, "nobody is reminded of what may be paid")
        self.assertWithheld(self.payer, "online_payment", JUNE + timedelta(days=20))
        plan.charge_ids.transaction_id.sudo()._set_done()
        self.charge(JUNE + timedelta(days=21))
        self.assertEqual((plan.charge_ids.state, self.debt.amount_residual), ("done", 2000), "matched nevertheless")
        self.run_cycle(JUNE + timedelta(days=22))
        self.assertEqual(self.sent(self.payer)[-1][3], 2000)

    def test_a_new_plan_is_not_charged_what_the_old_one_is_being_charged(self):
        old = self.under_way()
        new = self.agree_to_charge(on=JUNE, first_date=JUNE, terms={"max_missed": 3})
        self.charge(JULY)
        self.assertFalse(new.charge_ids)
        self.assertIn("online payment", new.line_ids.sorted("date")[0].charge_note)
        old.charge_ids.transaction_id.sudo()._set_error("Refused")
        self.env["collection.payment.plan.charge"].sudo()._follow(self.company)
        old.charge_ids.filtered(lambda charge: charge.state == "unknown").action_was_not_paid()
        self.charge(JULY)
        self.assertIn("done", new.charge_ids.mapped("state"))
        self.assertEqual(old.charge_ids.state, "failed", "and it is not tried again")

    def test_nobody_edits_or_deletes_what_is_being_charged(self):
        plan = self.agree_to_charge("pending")
        self.charge(JUNE)
        collector = self.make_user("cora", "account_collections_auto.group_collector")
        line = plan.line_ids.sorted("date")[0].with_user(collector)
        for change in (
            lambda: line.write({"amount": 1}),
            lambda: line.unlink(),
            lambda: plan.with_user(collector).write({"line_ids": [Command.clear()]}),
            lambda: plan.with_user(collector).action_back_to_draft(),
        ):
            with self.assertRaises(UserError):
                change()
        plan.action_cancel()
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            plan.unlink()

    # -- money that is on its way --------------------------------------------------------------------------------------

    def pay_online(self, state="draft", **vals):
        """The customer pays the debt on the portal: the provider has not decided."""
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.method.id,
                    "amount": 1000,
                    "currency_id": self.debt.currency_id.id,
                    "partner_id": self.payer.id,
                    "reference": f"PORTAL-{state}",
                    "invoice_ids": [Command.set(self.debt.ids)],
                    **vals,
                }
            )
        )
        if state != "draft":
            getattr(transaction, f"_set_{state}")()
        return transaction

    def test_while_an_online_payment_is_not_decided_nothing_is_charged(self):
        plan = self.agree_to_charge(terms={"max_missed": 3})
        for number, state in enumerate(("draft", "pending", "authorized")):
            transaction = self.pay_online(state)
            self.charge(JUNE + timedelta(days=number))
            self.assertFalse(plan.charge_ids, state)
            self.assertIn("online payment", plan.line_ids[0].charge_note)
            transaction._set_canceled()
        self.charge(JUNE + timedelta(days=4))
        self.assertEqual(plan.charge_ids.mapped("state"), ["done"])

    def test_an_online_payment_that_begins_between_stops_the_charge(self):
        charge = self.announce(lambda plan: self.pay_online("pending"))
        self.assertCancelled(charge, "online payment")

    def test_a_payment_page_that_was_left_does_not_stop_the_charge_for_ever(self):
        plan = self.agree_to_charge()
        transaction = self.pay_online()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - interval '2 days' WHERE id = %s", [transaction.id]
        )
        self.charge(JUNE)
        self.assertEqual(plan.charge_ids.mapped("state"), ["done"])

    def test_while_a_payment_waits_to_be_booked_nothing_is_charged(self):
        plan = self.agree_to_charge(terms={"max_missed": 3})
        payment = self.money_on_account(self.payer, 1000, JUNE, post=False)
        self.charge(JUNE)
        self.assertFalse(plan.charge_ids)
        self.assertIn("not booked yet", plan.line_ids[0].charge_note)
        payment.action_cancel()
        self.charge(JUNE)
        self.assertEqual(plan.charge_ids.mapped("state"), ["done"])

    def test_while_money_of_the_customer_waits_in_the_bank_nothing_is_charged(self):
        plan = self.agree_to_charge(terms={"max_missed": 3})
        self.bank_line(1000, on=JUNE, partner_id=self.payer.id)
        self.charge(JUNE)
        self.assertFalse(plan.charge_ids)
        self.assertIn("bank line", plan.line_ids[0].charge_note)
        self.charge(JUNE + timedelta(days=self.plan.in_transit_days))
        self.assertEqual(plan.charge_ids.mapped("state"), ["done"])

    def test_money_on_account_is_taken_off_once_whatever_plans_there_are(self):
        self.pay(self.debt, on=JUNE_1)
        plans = self.env["collection.payment.plan"]
        for day in (4, 5):
            debt = self.invoice(self.payer, 1000, due=date(2026, 5, day))
            plans |= self.agree_to_charge(items=self.items(debt), instalment_count=1)
        self.money_on_account(self.payer, 300, JUNE)
        self.charge(JUNE)
        self.assertEqual(plans.mapped(lambda plan: plan.charge_ids.amount), [700, 1000])

    # -- what stops it -------------------------------------------------------------------------------------------------

    def test_what_is_disputed_is_not_charged(self):
        plan = self.agree_to_charge()
        self.dispute(300)
        self.charge(JUNE)
        self.assertEqual((plan.charge_ids.mapped("amount"), self.debt.amount_residual), ([700], 2300))
        first = plan.line_ids.sorted("date")[0]
        self.assertIn("In dispute", first.charge_note)
        self.charge(JULY)
        self.assertEqual(sorted(plan.charge_ids.mapped("amount")), [700, 1000])

    def test_nothing_of_an_invoice_that_is_disputed_as_a_whole_is_charged(self):
        plan = self.agree_to_charge()
        self.dispute(3000)
        self.charge(JUNE)
        self.charge(JUNE + timedelta(days=20))
        self.assertFalse(plan.charge_ids)
        self.assertEqual(plan.state, "running")
        self.assertIn("In dispute", plan.line_ids.sorted("date")[0].charge_note)

    def test_who_is_on_hold_is_not_charged_until_it_ends(self):
        plan = self.agree_to_charge(terms={"max_missed": 2})
        self.hold(self.payer, since=JUNE_1, until=date(2026, 7, 10), reason="Insolvency")
        for day in (JUNE, date(2026, 7, 10)):
            self.charge(day)
        self.assertFalse(plan.charge_ids)
        self.assertIn("Insolvency", plan.line_ids.sorted("date")[0].charge_note)
        self.charge(date(2026, 7, 11))
        self.assertEqual(plan.charge_ids.mapped("amount"), [1000])
        self.assertFalse(plan.line_ids.sorted("date")[0].charge_note)

    def test_who_may_be_written_to_only_through_a_lawyer_is_not_charged(self):
        plan = self.agree_to_charge()
        hold = self.hold(self.payer, since=JUNE_1)
        hold.reason_id = self.env.ref("account_collections_auto.collection_hold_reason_represented")
        self.assertFalse(hold.reason_id.stops_messages)
        self.charge(JUNE)
        self.assertFalse(plan.charge_ids)

    def test_a_hold_that_stops_only_sales_stops_no_charge(self):
        plan = self.agree_to_charge()
        self.hold(self.payer, since=JUNE_1).reason_id = self.env["collection.hold.reason"].create(
            {"name": "No more sales", "stops_messages": False, "stops_calls": False, "stops_credit": True}
        )
        self.charge(JUNE)
        self.assertEqual(plan.charge_ids.mapped("amount"), [1000])

    def test_who_says_to_have_paid_is_not_charged_meanwhile(self):
        plan = self.agree_to_charge()
        self.notice(JUNE)
        self.charge(JUNE)
        self.assertFalse(plan.charge_ids)
        self.assertIn("as they say", plan.line_ids.sorted("date")[0].charge_note)

    def test_a_stop_between_preparing_and_asking_the_provider_cancels_the_charge(self):
        plan = self.agree_to_charge()
        charges = self.env["collection.payment.plan.charge"].sudo()
        charges._prepare_due(self.company, JUNE)
        self.dispute(300)
        self.assertFalse(plan.charge_ids.sudo()._announce(JUNE))
        self.assertEqual(plan.charge_ids.state, "cancelled")
        self.charge(JUNE)
        self.assertEqual(
            plan.charge_ids.sorted("attempt").mapped(lambda charge: (charge.amount, charge.state)),
            [(1000, "cancelled"), (700, "done")],
        )

    def test_the_number_of_statements_for_stops_does_not_grow_with_the_instalments(self):
        self.agree_to_charge()
        self.dispute(300)
        with self.assertQueryCount(1):
            stopped = find_stopped(self.env, self.company, AUGUST)
        self.assertEqual([amount for amount, _reasons in stopped.values()], [300])

    def test_an_instalment_is_not_missed_while_its_charge_is_under_way(self):
        plan = self.agree_to_charge("pending")
        self.charge(JUNE)
        self.judge(date(2026, 7, 20))
        self.assertEqual((plan.state, self.days(plan)[0]), ("running", "late"))
        plan.charge_ids.transaction_id.sudo()._set_error("Refused")
        self.env["collection.payment.plan.charge"].sudo()._follow(self.company)
        self.judge(date(2026, 7, 21))
        self.assertEqual((plan.state, self.days(plan)[0]), ("ended", "missed"))

    def test_one_instalment_cannot_be_charged_by_two_at_once(self):
        plan = self.agree_to_charge()
        charges = self.env["collection.payment.plan.charge"].sudo()
        charges._prepare_due(self.company, JUNE)
        with self.assertRaises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            charges._prepare(plan.line_ids[0], 1000, JUNE)
            self.env.flush_all()
        self.assertEqual(len(plan.charge_ids), 1)

    def test_nothing_is_charged_without_consent_or_to_a_stranger(self):
        plan = self.agree()
        with self.assertRaisesRegex(ValidationError, "consent"):
            plan.token_id = self.card()
        stranger = self.customer("Stranger")
        with self.assertRaisesRegex(ValidationError, "another customer"):
            plan.write({"token_id": self.card(partner=stranger).id, "charge_consent_on": JUNE_1, "charge_consent": "Mail"})

    def test_a_card_stored_with_another_company_is_refused_and_not_charged(self):
        other = self.env["res.company"].sudo().create({"name": "Sister", "country_id": self.company.country_id.id})
        plan = self.agree()
        theirs = self.provider.copy({"company_id": other.id, "state": "test"})
        card = self.card()
        consent = {"charge_consent_on": JUNE_1, "charge_consent": "Mail"}
        strange = card.copy({"provider_id": theirs.id})
        with self.assertRaisesRegex(ValidationError, "provider of Sister"):
            plan.write({"token_id": strange.id, **consent})
        plan.write({"token_id": card.id, **consent})
        # Nothing of Odoo keeps a card from being moved to another provider afterwards.
        card.provider_id = theirs
        self.charge(JUNE)
        self.assertFalse(plan.charge_ids)
        self.assertIn("another company", plan.line_ids[0].charge_note)

    def test_a_card_of_a_contact_of_the_customer_is_charged(self):
        clerk = self.customer("Clerk", parent_id=self.payer.id)
        plan = self.agree()
        plan.write({"token_id": self.card(partner=clerk).id, "charge_consent_on": JUNE_1, "charge_consent": "Mail"})
        self.charge(JUNE)
        self.assertEqual(plan.charge_ids.mapped("state"), ["done"])

    # -- what would not be booked ----------------------------------------------------------------------------------------

    @property
    def method_line(self):
        lines = self.provider.journal_id.inbound_payment_method_line_ids
        return lines.filtered(lambda line: line.payment_provider_id == self.provider)

    def test_without_an_outstanding_account_odoo_chooses_one_and_the_instalment_is_paid(self):
        self.method_line.payment_account_id = False
        plan = self.agree_to_charge()
        self.charge(JUNE)
        self.judge(JUNE)
        self.assertTrue(plan.charge_ids.transaction_id.sudo().payment_id.move_id)
        self.assertEqual((self.days(plan)[0], self.debt.amount_residual), ("paid", 2000))

    def test_nothing_is_charged_that_would_become_a_payment_without_an_entry(self):
        """Such a payment pays no open item: the customer would be reminded of what was taken from the card."""
        account = self.method_line.payment_account_id
        self.method_line.payment_account_id = False
        plan = self.agree_to_charge(terms={"max_missed": 3})
        with patch.object(type(self.env["account.move"]), "_get_invoice_in_payment_state", lambda self: "in_payment"):
            self.charge(JUNE)
            self.assertFalse(plan.charge_ids)
            self.assertIn("would not be booked", plan.line_ids.sorted("date")[0].charge_note)
            self.method_line.payment_account_id = account
            self.charge(JUNE)
        self.assertEqual((plan.charge_ids.mapped("state"), self.debt.amount_residual), (["done"], 2000))

    def test_nothing_is_charged_where_odoo_finds_no_account(self):
        plan = self.agree_to_charge(terms={"max_missed": 3})
        self.method_line.payment_account_id = False
        self.company.transfer_account_id = False
        names = f"{self.company.id}_account_journal_payment_debit_account_id"
        self.env["ir.model.data"].sudo().search([("module", "=", "account"), ("name", "=", names)]).unlink()
        self.charge(JUNE)
        self.assertFalse(plan.charge_ids)
        self.assertIn("would not be booked", plan.line_ids.sorted("date")[0].charge_note)

    # -- the cron ------------------------------------------------------------------------------------------------------

    def test_a_company_that_fails_keeps_no_other_one_from_charging(self):
        other = self.setup_other_company(name="Broken")["company"]
        other.write({"sequence": self.company.sequence - 1, "collection_plan_id": self.make_plan(company=other).id})
        plan = self.agree_to_charge()
        cron = self.env.ref("account_collections_auto.ir_cron_payment_plan_charges").sudo()
        with self.on_day(JUNE, without=other), self.assertLogs(CHARGE, "ERROR") as log:
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
            self.env.invalidate_all()
        self.assertIn("could not all be charged", "".join(log.output))
        self.assertEqual((plan.charge_ids.mapped("state"), self.debt.amount_residual), (["done"], 2000))

    # -- a charge outlives its plan ------------------------------------------------------------------------------------

    def test_what_is_being_charged_for_a_plan_that_ended_is_neither_demanded_nor_charged_again(self):
        self.plan.charge_retries = 0
        plan = self.agree_to_charge("pending")
        self.charge(JUNE)
        plan.token_id.sudo().demo_simulated_state = "error"
        self.charge(JULY)
        self.run_cycle(date(2026, 8, 1))
        self.assertEqual(self.reminders(), [(date(2026, 8, 1), 1000)], "not what is being charged")
        self.run_cycle(date(2026, 8, 6))
        self.assertEqual((plan.state, plan.charge_ids.mapped("state")), ("ended", ["failed", "pending"]))
        before = len(self.sent(self.payer))
        self.run_cycle(date(2026, 8, 20))
        self.assertEqual((len(self.sent(self.payer)), plan.told_on), (before, False))
        self.assertWithheld(self.payer, "online_payment", date(2026, 8, 20))

        second = self.agree(date(2026, 8, 21), instalment_count=1, first_date=date(2026, 8, 21))
        second.write({"token_id": self.card().id, "charge_consent_on": JUNE_1, "charge_consent": "Mail"})
        self.charge(AUGUST)
        self.judge(date(2026, 9, 10))
        self.assertEqual((second.state, second.charge_ids.ids), ("running", []))
        self.assertIn("online payment", second.line_ids.charge_note)

        plan.charge_ids.filtered(lambda charge: charge.state == "pending").transaction_id.sudo()._set_done()
        for _time in range(2):
            self.charge(date(2026, 9, 10))
        done = (plan | second).charge_ids.filtered(lambda charge: charge.state == "done")
        self.assertEqual(sorted(done.mapped("amount")), [1000, 2000])
        self.assertEqual(self.debt.amount_residual, 0)
        self.assertEqual(self.case(self.payer).amount_due, 0)

    def test_the_charge_of_an_undisputed_instalment_pays_the_undisputed_invoice(self):
        second = self.invoice(self.payer, 3000, due=date(2026, 5, 5))
        plan = self.agree_to_charge(items=self.items(self.debt | second), instalment_count=2)
        self.dispute(3000)
        for day in (JUNE, JULY):
            with self.on_day(day):
                self.charge(day)
        self.assertEqual(plan.charge_ids.mapped("amount"), [3000])
        self.assertEqual((self.debt.amount_residual, second.amount_residual), (3000, 0))
        for day in (1, 7):
            self.run_cycle(date(2026, 8, day))
        self.assertEqual((self.reminders(), plan.state), ([], "running"))

    # -- what fails for one holds up no other --------------------------------------------------------------------------

    def test_a_provider_that_refuses_one_charge_holds_up_no_other(self):
        plan = self.agree_to_charge(terms={"max_missed": 3})
        other = self.customer("Other")
        debt = self.invoice(other, 500, due=date(2026, 5, 4))
        second = self.agree(customer=other, items=self.items(debt), instalment_count=1, first_date=JUNE)
        second.write({"token_id": self.card(partner=other).id, "charge_consent_on": JUNE_1, "charge_consent": "Mail"})
        transactions = self.env.registry["payment.transaction"]
        create_values, missing = transactions._get_specific_create_values, "The mandate is missing."

        def refuse(provider_code, values):
            if values["partner_id"] == self.payer.id:
                raise ValidationError(missing)
            return create_values(self.env["payment.transaction"], provider_code, values)

        self.patch(transactions, "_get_specific_create_values", lambda _self, code, values: refuse(code, values))
        self.charge(JUNE)
        self.assertFalse(plan.charge_ids)
        self.assertIn("The mandate is missing", plan.line_ids.sorted("date")[0].charge_note)
        self.assertIn("The mandate is missing", plan.activity_ids.summary)
        self.assertEqual(second.charge_ids.mapped("state"), ["done"])
