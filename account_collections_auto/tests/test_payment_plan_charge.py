from datetime import date, timedelta

import psycopg2
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..engine.instalment_charges import find_stopped
from .test_payment_plan import AUGUST, JULY, JUNE, JUNE_1, PaymentPlanCase


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
