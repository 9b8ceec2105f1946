from datetime import date, timedelta

import psycopg2
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from .test_payment_plan import JULY, JUNE, JUNE_1, PaymentPlanCase


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
        self.assertTrue(plan.charge_ids.sudo()._announce())  # and the process dies here
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

    def test_money_that_came_meanwhile_is_not_taken_twice(self):
        plan = self.agree_to_charge()
        charges = self.env["collection.payment.plan.charge"].sudo()
        charges._prepare_due(self.company, JUNE)
        self.pay(self.debt, 1000, on=JUNE)
        self.charge(JUNE)
        self.assertEqual(plan.charge_ids.mapped("state"), ["cancelled"])
        self.assertEqual(self.debt.amount_residual, 2000)

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
