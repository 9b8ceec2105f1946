"""Interest and fees on notices: what is claimed, what is refused and why, never twice, and what becomes of it."""

from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger
from psycopg2.errors import ExclusionViolation, UniqueViolation

from .common import TODAY, CollectionsCase

OURS = "account_collections_auto."


class TestLateCharge(CollectionsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.currency_id = cls.env.ref("base.EUR")
        cls.germany = cls.env.ref("base.de")
        cls.business, cls.consumer = (
            cls.env.ref(f"{OURS}collection_charge_terms_de_{who}") for who in ("business", "consumer")
        )
        cls.plan.level_ids.filtered(lambda level: level.days_overdue > 0).charge_terms_ids = cls.business | cls.consumer

    def late_customer(self, kind="business", **values):
        return self.customer(country_id=self.germany.id, collection_customer_type=kind, **values)

    def charges(self, customer):
        return self.env["collection.late.charge"].search([("partner_id", "=", customer.id)], order="id")

    def assertCharges(self, customer, *rows):
        keys = ("kind", "date_from", "date_to", "amount", "state")
        self.assertRecordValues(self.charges(customer), [dict(zip(keys, row, strict=True)) for row in rows])

    def run_levels(self, *days, due):
        for overdue in days:
            self.run_cycle(due + timedelta(days=overdue))

    # -- what is claimed -----------------------------------------------------------------------------------------------

    def test_a_business_owes_interest_and_40_once_whatever_the_number_of_levels(self):
        customer, due = self.late_customer(), date(2026, 7, 1)
        invoice = self.invoice(customer, 1000, due=due)
        self.run_levels(7, 21, 35, due=due)
        # 7, 14 and 14 days at 10.52 % of 1,000
        self.assertCharges(
            customer,
            ("interest", date(2026, 7, 2), date(2026, 7, 8), 2.02, "claimed"),
            ("fee", date(2026, 7, 8), date(2026, 7, 8), 40, "claimed"),
            ("interest", date(2026, 7, 9), date(2026, 7, 22), 4.04, "claimed"),
            ("interest", date(2026, 7, 23), date(2026, 8, 5), 4.04, "claimed"),
        )
        case = self.case(customer)
        self.assertEqual(case.late_charge_text.replace("\xa0", " "), "50.10 €")
        table = self.actions(customer)[-1].items_table
        self.assertIn("1,050.10", table)
        self.assertIn("Late interest from 07/23/2026 to 08/05/2026", table)
        self.assertEqual(invoice.amount_residual, 1000)

    def test_the_first_reminder_of_a_german_consumer_carries_no_fee(self):
        customer, due = self.late_customer("consumer"), date(2026, 7, 1)
        self.invoice(customer, 1000, due=due)
        self.run_levels(7, due=due)
        self.assertCharges(customer, ("interest", date(2026, 7, 2), date(2026, 7, 8), 1.25, "claimed"))

    def test_a_fee_of_the_contract_is_not_on_a_consumers_first_reminder(self):
        self.consumer.write(
            {
                "fee_condition": "agreed",
                "is_agreed": True,
                "fee_currency_id": self.company.currency_id.id,
                "bracket_ids": [Command.create({"amount": 5})],
            }
        )
        customer, due = self.late_customer("consumer"), date(2026, 7, 1)
        self.invoice(customer, 1000, due=due)
        self.run_levels(7, due=due)
        self.assertEqual(self.charges(customer).mapped("kind"), ["interest"])
        self.assertIn("first reminder", self.actions(customer)[-1].charge_note)
        self.run_levels(21, due=due)
        self.assertEqual(self.charges(customer).filtered(lambda charge: charge.kind == "fee").mapped("amount"), [5])

    def test_a_fee_that_needs_a_notice_is_refused_until_it_was_sent_and_its_term_is_over(self):
        dutch = self.env.ref(OURS + "collection_charge_terms_nl_consumer")
        self.plan.level_ids.charge_terms_ids = dutch
        customer = self.customer(country_id=self.env.ref("base.nl").id, collection_customer_type="consumer")
        due = date(2026, 6, 1)
        self.invoice(customer, 1000, due=due)
        self.level(21).is_fee_notice = True
        self.run_levels(7, 21, due=due)
        self.assertFalse(self.charges(customer).filtered(lambda charge: charge.kind == "fee"))
        self.assertIn("was not sent yet", self.actions(customer)[-1].charge_note)
        self.run_levels(35, due=due)  # fourteen days after the notice: the fifteenth is not over
        self.assertFalse(self.charges(customer).filtered(lambda charge: charge.kind == "fee"))
        self.assertIn("07/08/2026", self.actions(customer)[-1].charge_note)

    def test_part_payments_and_holds_are_taken_out(self):
        customer, due = self.late_customer(), date(2026, 7, 1)
        invoice = self.invoice(customer, 1000, due=due)
        self.pay(invoice, 600, on=date(2026, 7, 11))
        reason = self.env["collection.hold.reason"].create(
            {"name": "Moratorium", "stops_interest": True, "stops_fees": True, "stops_messages": False}
        )
        self.env["collection.hold"].create(
            {
                "partner_id": customer.id,
                "reason_id": reason.id,
                "reason": "Moratorium",
                "date_from": date(2026, 7, 13),
                "date_until": date(2026, 7, 17),
            }
        )
        self.run_levels(21, due=due)
        interest = self.charges(customer).filtered(lambda charge: charge.kind == "interest")
        # 10 days of 1,000, then of 400 one day before the hold and five after it
        self.assertRecordValues(interest, [{"date_from": date(2026, 7, 2), "date_to": date(2026, 7, 22), "amount": 3.57}])
        self.assertEqual(len(interest.calculation.splitlines()), 3)

    def test_a_credit_note_was_never_owed(self):
        customer, due = self.late_customer(), date(2026, 7, 1)
        invoice = self.invoice(customer, 1000, due=due)
        credit = self.credit_note(customer, 400)
        lines = (invoice + credit).line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        lines.reconcile()
        self.run_levels(7, due=due)
        self.assertEqual(self.charges(customer)[0].amount, 1.21)

    def test_a_level_without_terms_claims_nothing(self):
        self.plan.level_ids.charge_terms_ids = False
        customer = self.late_customer()
        self.invoice(customer, 1000, due=date(2026, 7, 1))
        self.run_levels(7, due=date(2026, 7, 1))
        self.assertFalse(self.charges(customer))
        self.assertNotIn("interest", self.actions(customer)[-1].items_table)

    def test_terms_of_another_country_are_not_for_this_customer(self):
        customer = self.customer(country_id=self.env.ref("base.fr").id, collection_customer_type="business")
        self.invoice(customer, 1000, due=date(2026, 7, 1))
        self.run_levels(7, due=date(2026, 7, 1))
        self.assertFalse(self.charges(customer))

    def test_a_missing_rate_charges_nothing_and_becomes_one_todo(self):
        self.business.reference_id.known_until = date(2026, 7, 5)
        for _number in range(2):
            self.invoice(self.late_customer(), 1000, due=date(2026, 7, 1))
        self.run_levels(7, due=date(2026, 7, 1))
        charges = self.env["collection.late.charge"].search([])
        self.assertEqual(set(charges.mapped("kind")), {"fee"})
        todo = self.business.reference_id.activity_ids
        self.assertEqual(len(todo), 1)
        self.assertIn("Bundesbank", todo.res_name)

    def test_terms_that_say_nothing_yet_charge_nothing_and_ask_for_no_rate(self):
        own = self.business.copy({"reference_id": False, "margin": 9, "bracket_ids": [], "valid_from": date(2026, 8, 1)})
        self.plan.level_ids.charge_terms_ids = own
        customer = self.late_customer()
        self.invoice(customer, 1000, due=date(2026, 7, 1))
        self.run_levels(7, due=date(2026, 7, 1))
        self.assertEqual(self.actions(customer).state, "sent")
        self.assertFalse(self.charges(customer))
        self.assertIn("say nothing about days before 08/01/2026", self.actions(customer).charge_note)

    # -- never twice -----------------------------------------------------------------------------------------------------

    def test_no_day_is_charged_twice_and_no_second_fee(self):
        customer, due = self.late_customer(), date(2026, 7, 1)
        self.invoice(customer, 1000, due=due)
        self.run_levels(7, due=due)
        self.run_levels(7, due=due)
        self.assertEqual(len(self.charges(customer)), 2)
        interest, fee = self.charges(customer)
        with self.assertRaises(ExclusionViolation), self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
            interest.sudo().copy({"date_from": date(2026, 7, 8), "date_to": date(2026, 7, 9)})
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
            fee.sudo().copy()
        self.assertTrue(interest.sudo().copy({"date_from": date(2026, 7, 9), "date_to": date(2026, 7, 9)}))

    def test_a_notice_that_fails_claims_nothing_and_the_next_one_does(self):
        customer, due = self.late_customer(), date(2026, 7, 1)
        self.invoice(customer, 1000, due=due)
        self.run_levels(7, due=due)
        self.actions(customer).sudo()._change_state("failed", allowed_from=("sent",), reason_code="mail_failed")
        self.assertEqual(set(self.charges(customer).mapped("state")), {"reversed"})
        customer.email = "right@example.com"
        self.run_levels(21, due=due)
        live = self.charges(customer).filtered(lambda charge: charge.state == "claimed")
        self.assertRecordValues(
            live, [{"date_from": date(2026, 7, 2), "amount": 6.05}, {"date_from": date(2026, 7, 22), "amount": 40}]
        )

    def test_two_messages_about_one_item_claim_once_and_both_show_it(self):
        customer, due = self.late_customer(), date(2026, 7, 1)
        self.invoice(customer, 1000, due=due)
        self.run_levels(7, due=due)
        charges = self.charges(customer)
        first = self.actions(customer).sudo()
        charges._reverse("made anew")
        # the same message by another channel: no second one is there yet that a level could have
        first.line_ids.flush_recordset()
        second = first.copy(
            {"channel": "call", "occasion": "other", "state": "queued", "contact_date": first.contact_date, "sent_at": False}
        )
        line = first.line_ids.copy_data()[0] | {"action_id": second.id, "advances": False}
        self.env["collection.action.line"].sudo().create(line)
        (second | first)._state_charges()
        live = self.charges(customer).filtered(lambda charge: charge.state == "claimed")
        self.assertEqual(sorted(live.mapped("kind")), ["fee", "interest"])
        self.assertEqual(live.action_id, second)
        for action in first | second:
            action.invalidate_recordset()
            self.assertIn("1,042.02", action.items_table)

    def test_a_test_message_shows_and_claims_nothing(self):
        self.company.collection_test_mode = True
        self.company.collection_test_email = "tester@example.com"
        customer, due = self.late_customer(), date(2026, 7, 1)
        self.invoice(customer, 1000, due=due)
        self.run_levels(7, due=due)
        self.assertFalse(self.charges(customer))
        self.assertIn("1,042.02", self.actions(customer).body)

    # -- what becomes of it ------------------------------------------------------------------------------------------------

    def test_paying_the_principal_leaves_the_charges_claimed_and_writes_to_nobody(self):
        self.business.reference_id = False
        self.business.margin = 0
        customer, due = self.late_customer(), date(2026, 7, 1)
        invoice = self.invoice(customer, 1000, due=due)
        self.run_levels(7, due=due)
        self.pay(invoice, 1000, on=date(2026, 7, 10))
        messages = self.actions(customer)
        self.run_levels(21, 35, due=due)
        case = self.case(customer)
        self.assertRecordValues(case, [{"state": "closed", "amount_due": 0, "late_charge_count": 1}])
        self.assertEqual(case.late_charge_text.replace("\xa0", " "), "40.00 €")
        self.assertEqual(self.actions(customer), messages)

    def test_giving_up_needs_a_reason_can_be_taken_back_and_frees_no_day(self):
        customer, due = self.late_customer(), date(2026, 7, 1)
        self.invoice(customer, 1000, due=due)
        self.run_levels(7, due=due)
        charges = self.charges(customer)
        context = charges.action_waive()["context"]
        result = (
            self.env["collection.late.charge.waive"].with_context(**context).create({"reason": "Our mistake"}).action_waive()
        )
        self.assertEqual(result["tag"], "collection_undo")
        self.assertEqual(set(charges.mapped(lambda charge: (charge.state, charge.reason))), {("waived", "Our mistake")})
        self.assertIn("Our mistake", self.case(customer).message_ids[0].body)
        with self.assertRaises(UserError):
            charges.action_waive()
        self.run_levels(21, due=due)
        self.assertRecordValues(self.charges(customer) - charges, [{"kind": "interest", "date_from": date(2026, 7, 9)}])
        charges.action_undo()
        self.assertEqual(set(charges.mapped("state")), {"claimed"})

    def test_nobody_writes_charges_by_hand(self):
        customer, due = self.late_customer(), date(2026, 7, 1)
        self.invoice(customer, 1000, due=due)
        self.run_levels(7, due=due)
        charge = self.charges(customer)[0]
        with self.assertRaises(AccessError):
            charge.write({"amount": 1})
        auditor = new_test_user(self.env, "charge_auditor", OURS + "group_collection_auditor")
        with self.assertRaises(AccessError):
            charge.with_user(auditor).action_waive()
        with self.assertRaises(AccessError):
            charge.with_user(auditor).action_undo()

    def test_the_cost_does_not_grow_with_the_number_of_items(self):
        due = TODAY - timedelta(days=10)
        few, many = self.late_customer(), self.late_customer()
        for customer, count in ((few, 2), (many, 12)):
            for _number in range(count):
                self.invoice(customer, 100, due=due)
        self.run_cycle()
        counts = []
        for customer in (few, few, many):  # the first warms up
            action = self.actions(customer)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            action._find_charges()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
