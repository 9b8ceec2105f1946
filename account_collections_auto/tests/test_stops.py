from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from odoo.tools import SQL, mute_logger
from psycopg2 import IntegrityError

from ..engine import select, withhold
from .bulk import post_invoices
from .common import TODAY, CollectionsCase


class TestStops(CollectionsCase):
    """Who and what is withheld, each with a reason; and to whom the others' messages go."""

    def overdue(self, amount=100.0, **vals):
        customer = self.customer(**vals)
        self.invoice(customer, amount)
        return customer

    def contact(self, customer, email, **vals):
        return self.env["res.partner"].create(
            {"name": email or "No address", "parent_id": customer.id, "type": "invoice", "email": email, **vals}
        )

    # -- items -------------------------------------------------------------------------------------------------------

    def test_no_follow_up_is_a_reason_to_withhold_and_never_a_filter(self):
        customer = self.overdue()
        self.items(customer).move_line_id.no_followup = True
        self.run_cycle()
        self.assertNotSent(customer)
        self.assertWithheld(customer, "no_followup")
        self.assertEqual(self.case(customer).amount_due, 100)

    def test_a_general_journal_entry_is_withheld_until_somebody_clears_its_flag(self):
        customer = self.customer()
        entry = self.journal_debit(customer)
        self.run_cycle()
        self.assertWithheld(customer, "no_followup")
        self.assertEqual(self.case(customer).amount_due, 100)
        entry.line_ids.no_followup = False
        self.run_on(1)
        self.assertSent(customer, self.level(7), TODAY + timedelta(days=1))

    def test_an_invoice_blocked_with_odoos_button_is_withheld_and_counted(self):
        customer = self.customer()
        invoice = self.invoice(customer, 100)
        self.invoice(customer, 30)
        invoice.payment_state = "blocked"
        self.run_cycle()
        self.assertWithheld(customer, "blocked")
        self.assertEqual(self.sent(customer)[0][3], 30)
        self.assertEqual(self.case(customer).amount_due, 130)

    def test_an_electronic_invoice_that_is_not_accepted_is_withheld(self):
        # No e-invoicing module is installed here, so another stored state of the invoice plays the part.
        customer = self.overdue()
        with patch.object(withhold, "ELECTRONIC_STATES", {"edi_state": ("to_send",), "state": ("posted",)}):
            self.run_cycle()
        self.assertWithheld(customer, "edi")

    def test_each_state_of_an_electronic_invoice_that_is_not_accepted_withholds(self):
        """None of these modules is installed here: their columns are, for the length of the test."""
        item = self.items(self.overdue())
        stored = SimpleNamespace(store=True)
        moves = SimpleNamespace(_fields=dict.fromkeys(withhold.ELECTRONIC_STATES, stored))
        select.select(self.env, self.company, TODAY)
        statement = withhold._electronic_invoice({"account.move": moves})
        for name in withhold.ELECTRONIC_STATES:
            self.env.cr.execute(SQL("ALTER TABLE account_move ADD COLUMN IF NOT EXISTS %s varchar", SQL.identifier(name)))
        self.assertEqual(self.env.execute_query(statement), [])
        for name, states in withhold.ELECTRONIC_STATES.items():
            for state, withheld in [*dict.fromkeys(states, True).items(), ("accepted", False), (None, False)]:
                with self.subTest(name=name, state=state):
                    update = SQL("UPDATE account_move SET %s = %s WHERE id = %s", SQL.identifier(name), state, item.move_id.id)
                    self.env.cr.execute(update)
                    found = [row[:2] for row in self.env.execute_query(statement)]
                    self.assertEqual(found, [(item.id, "edi")] if withheld else [])

    def test_only_invoices_that_were_sent_when_the_plan_says_so(self):
        self.plan.only_sent_invoices = True
        customer = self.customer()
        sent, unsent = self.invoice(customer, 100), self.invoice(customer, 30)
        sent.is_move_sent = True
        self.run_cycle()
        self.assertEqual(self.sent(customer)[0][2], {sent: 100})
        self.assertWithheld(customer, "not_sent")
        unsent.is_move_sent = True
        self.run_on(7)
        self.assertEqual(self.sent(customer)[1][2], {unsent: 30})

    # -- customers ---------------------------------------------------------------------------------------------------

    def test_our_own_companies_are_withheld_unless_their_plan_was_set_by_hand(self):
        ours = self.setup_other_company(name="Sister")["company"].partner_id
        ours.email = "sister@example.com"
        self.invoice(ours)
        self.run_cycle()
        self.assertWithheld(ours, "own_company")
        self.assertEqual(self.case(ours).amount_due, 100)
        ours.collection_plan_id = self.plan
        self.run_on(1)
        self.assertSent(ours, self.level(7), TODAY + timedelta(days=1))

    def test_an_archived_customer_is_withheld_and_keeps_its_case(self):
        customer = self.overdue()
        customer.active = False
        self.run_cycle()
        self.assertWithheld(customer, "archived")
        self.assertEqual(self.case(customer).amount_due, 100)

    def test_addresses_that_cannot_be_used_are_withheld_until_they_are_corrected(self):
        missing = self.overdue(name="Missing", email=False)
        invalid = self.overdue(name="Invalid", email="nobody at home")
        listed = self.overdue(name="Listed", email="Listed@Example.com")
        blacklisted = self.env["mail.blacklist"]._add("listed@example.com")
        self.run_on(0, 1)
        problems = {missing: "no_address", invalid: "invalid_address", listed: "blacklisted"}
        for customer, code in problems.items():
            with self.subTest(code):
                self.assertNotSent(customer)
                self.assertWithheld(customer, code)
                self.assertEqual(self.case(customer).contact_problem_code, code)
                self.assertTrue(self.case(customer).contact_problem)
                self.assertFalse(self.case(customer).activity_ids)
        rows = self.env["collection.case"].search([("contact_problem_code", "!=", False)])
        self.assertEqual(rows.partner_id, missing | invalid | listed)
        (missing | invalid).email = "found@example.com"
        blacklisted._remove("listed@example.com")
        self.run_on(2)
        for customer in problems:
            self.assertSent(customer, self.level(7), TODAY + timedelta(days=2))
            self.assertFalse(self.case(customer).contact_problem_code)

    # -- who receives it ---------------------------------------------------------------------------------------------

    def recipients(self, customer):
        return {action.recipient for action in self.actions(customer, "sent")}

    def test_without_contacts_the_company_receives_it(self):
        customer = self.overdue(email="Info <Info@Example.com>")
        self.run_cycle()
        self.assertEqual(self.recipients(customer), {"info@example.com"})

    def test_the_invoice_contacts_of_all_claimed_invoices_receive_it(self):
        customer = self.customer(email="info@example.com")
        for email, days in (("ap@example.com", 30), ("plant@example.com", 2), (False, 30)):
            self.invoice(self.contact(customer, email), due=TODAY - timedelta(days=days))
        self.invoice(self.contact(customer, "later@example.com"), due=TODAY + timedelta(days=30))
        self.run_cycle()
        self.assertEqual(self.recipients(customer), {"ap@example.com, plant@example.com"})

    def test_the_collections_contacts_come_first(self):
        customer = self.customer(email="info@example.com")
        self.contact(customer, "dunning@example.com", collection_contact=True)
        self.contact(customer, "second@example.com", collection_contact=True)
        self.contact(customer, "gone@example.com", collection_contact=True, active=False)
        self.invoice(self.contact(customer, "ap@example.com"))
        self.run_cycle()
        self.assertEqual(self.recipients(customer), {"dunning@example.com, second@example.com"})

    def test_one_address_written_twice_receives_one_copy(self):
        customer = self.customer(email="info@example.com")
        for email in ("Ap@Example.com", "ap@example.com", '"Accounts" <AP@example.com>'):
            self.contact(customer, email, collection_contact=True)
        self.invoice(customer)
        self.run_cycle()
        self.assertEqual(self.recipients(customer), {"ap@example.com"})

    def test_one_bad_address_does_not_keep_the_message_from_the_others(self):
        customer = self.customer(email="info@example.com")
        self.contact(customer, "bad address", collection_contact=True)
        self.contact(customer, "good@example.com", collection_contact=True)
        self.invoice(customer)
        self.run_cycle()
        self.assertEqual(self.recipients(customer), {"good@example.com"})

    def test_another_partner_may_pay(self):
        customer = self.customer(email="info@example.com")
        customer.collection_payer_id = self.customer("Head office", email="head@example.com")
        self.invoice(self.contact(customer, "ap@example.com"))
        self.run_cycle()
        self.assertEqual(self.recipients(customer), {"head@example.com"})
        self.assertEqual(self.actions(customer).partner_id, customer)

    def test_one_message_per_invoice_contact_with_its_own_items_credits_and_tone(self):
        customer = self.customer(email="info@example.com", collection_grouping="contact")
        north, south = self.contact(customer, "north@example.com"), self.contact(customer, "south@example.com")
        self.invoice(north, 100)
        self.run_cycle()
        self.invoice(south, 50, due=TODAY)
        self.credit_note(south, 20)
        self.run_on(8)
        messages = self.actions(customer, "sent").filtered(lambda action: action.contact_date > TODAY)
        found = {action.recipient: (action.level_id.name, action.amount) for action in messages}
        self.assertEqual(found, {"north@example.com": ("L2", 100), "south@example.com": ("L1", 30)})

    def test_an_invoice_contact_covered_by_its_own_credit_gets_no_message(self):
        customer = self.customer(email="info@example.com", collection_grouping="contact")
        north, south = self.contact(customer, "north@example.com"), self.contact(customer, "south@example.com")
        self.invoice(north, 100)
        self.credit_note(north, 150)
        self.invoice(south, 100)
        self.run_cycle()
        self.assertEqual({action.recipient: action.amount for action in self.actions(customer)}, {"south@example.com": 100})
        self.assertWithheld(customer, "covered_by_credit")

    def test_a_customer_prepared_for_review_is_approved_also_when_grouped_by_contact(self):
        customer = self.customer(email="info@example.com", collection_grouping="contact")
        self.invoice(self.contact(customer, "north@example.com"), 100)
        self.case(customer).sudo().needs_review = True
        self.run_cycle()
        self.assertEqual(self.actions(customer).state, "review")

    def test_an_archived_invoice_contact_receives_nothing(self):
        for grouping in ("customer", "contact"):
            with self.subTest(grouping):
                customer = self.customer(email="info@example.com", collection_grouping=grouping)
                left = self.contact(customer, "left@example.com")
                self.invoice(left, 100)
                left.active = False
                self.run_cycle()
                self.assertEqual(self.recipients(customer), {"info@example.com"})

    def test_an_invoice_contact_nobody_reaches_is_on_the_list_of_what_could_not_be_sent(self):
        customer = self.customer(email="info@example.com", collection_grouping="contact")
        self.invoice(self.contact(customer, "good@example.com"))
        self.invoice(self.contact(customer, "no address"))
        self.run_cycle()
        self.assertEqual(self.recipients(customer), {"good@example.com"})
        self.assertEqual(self.case(customer).contact_problem_code, "invalid_address")

    def test_two_steps_of_a_level_through_one_channel_are_refused(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.level(7).step_ids.copy()

    def test_a_journal_entry_of_a_customer_grouped_by_contact_is_claimed_from_the_company(self):
        customer = self.customer(email="info@example.com", collection_grouping="contact")
        self.journal_debit(customer, 100).line_ids.no_followup = False
        self.run_cycle()
        self.assertEqual(self.recipients(customer), {"info@example.com"})

    def test_a_contact_without_an_address_falls_back_to_the_company(self):
        customer = self.customer(email="info@example.com", collection_grouping="contact")
        self.invoice(self.contact(customer, False))
        self.run_cycle()
        self.assertEqual(self.recipients(customer), {"info@example.com"})

    def test_messages_of_one_customer_do_not_stop_each_other_when_they_leave_in_two_batches(self):
        customer = self.customer(email="info@example.com", collection_grouping="contact")
        for email in ("north@example.com", "south@example.com"):
            self.invoice(self.contact(customer, email))
        with patch("odoo.addons.account_collections_auto.models.collection_cycle.DISPATCH_BATCH", 1):
            self.run_cycle()
        self.assertEqual(self.recipients(customer), {"north@example.com", "south@example.com"})

    def test_the_message_is_in_the_language_of_who_receives_it(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        customer = self.customer(email="info@example.com")
        self.contact(customer, "fr@example.com", collection_contact=True, lang="fr_FR")
        self.invoice(customer)
        self.run_cycle()
        self.assertEqual(self.actions(customer).lang, "fr_FR")

    # -- test mode, and how much is too much -----------------------------------------------------------------------

    def test_in_test_mode_everything_goes_to_one_address_and_no_level_changes(self):
        self.company.write({"collection_test_email": "me@example.com", "collection_test_mode": True})
        first, second = self.overdue(email="one@example.com"), self.overdue(email="two@example.com")
        self.run_on(0, 1)
        actions = self.actions(first) | self.actions(second)
        mails = actions.mail_id
        self.assertEqual(len(mails), 4)
        self.assertEqual(set(mails.mapped("email_to")), {"me@example.com"})
        self.assertFalse(any(mails.mapped("email_cc")))
        for action in actions:
            self.assertTrue(action.is_test)
            self.assertIn(action.recipient, action.mail_id.subject)
        self.assertFalse((self.items(first) | self.items(second)).level_id)
        self.company.collection_test_mode = False
        self.run_on(2)
        self.assertSent(first, self.level(7), TODAY + timedelta(days=2))
        self.assertEqual(self.items(first).level_id, self.level(7))

    def automatic(self, on):
        self.company.write({"collection_is_active": True, "collection_mode": "send", "collection_send_time": 8})
        with self.on_day(on), self.enter_registry_test_mode():
            self.env.ref("account_collections_auto.ir_cron_run_cycles").sudo().method_direct_trigger()
        return self.env["collection.cycle"].search([("company_id", "=", self.company.id), ("date", "=", on)], limit=1)

    def many_overdue(self, number):
        """Return ``number`` customers with an invoice each, overdue from a day to six years."""
        customers = self.env["res.partner"].create(
            [{"name": f"Customer {count}", "email": f"c{count}@example.com"} for count in range(number)]
        )
        orders = [
            (customer, 100, TODAY - timedelta(days=1 + 2190 * count // number)) for count, customer in enumerate(customers)
        ]
        post_invoices(self.env, orders)
        self.env["collection.case"]._refresh_marked()
        return customers

    def run_crons(self, *offsets):
        for day in offsets:
            with self.on_day(TODAY + timedelta(days=day)), self.enter_registry_test_mode():
                for cron in ("ir_cron_run_cycles", "ir_cron_outbox", "ir_cron_refresh"):
                    self.env.ref(f"account_collections_auto.{cron}").sudo().method_direct_trigger()
        self.env.invalidate_all()

    def test_safe_start_of_five_hundred_customers_overdue_up_to_six_years(self):
        customers = self.many_overdue(500)
        self.run_crons(0, 1, 2)
        self.assertFalse(self.env["collection.cycle"].search([("company_id", "=", self.company.id)]))
        self.assertFalse(self.env["collection.action"].search([("company_id", "=", self.company.id)]))
        self.assertFalse(self.env["mail.mail"].search([("model", "=", "collection.case")]))
        # A manager switches it on, in test mode; what is old is prepared for review.
        starts = self.env["collection.safe.start"]
        with self.on_day(TODAY + timedelta(days=2)):
            start = starts.browse(starts.action_open()["res_id"])
            self.assertGreater(start.old_item_count, 450)
            start.write({"is_test_mode": True, "test_email": "me@example.com", "old_items": "review"})
            start.action_switch_on()
        self.company.collection_mode = "send"
        self.run_crons(3)
        actions = self.env["collection.action"].search([("company_id", "=", self.company.id)])
        with self.on_day(TODAY + timedelta(days=3)), self.enter_registry_test_mode():
            actions.filtered(lambda action: action.state == "review").action_approve()
        self.run_crons(3)
        mails = self.env["mail.mail"].search([("model", "=", "collection.case")])
        self.assertEqual(len(mails), len(actions))
        self.assertGreater(len(mails), 490)  # but who is not at the first level yet
        self.assertEqual(set(mails.mapped("email_to")), {"me@example.com"})
        self.assertTrue(all(actions.mapped("is_test")))
        items = self.env["collection.item"].search([("case_id.partner_id", "in", customers.ids)])
        self.assertEqual(len(items), 500)
        self.assertFalse(items.level_id)

    def test_an_automatic_cycle_with_unusually_many_customers_stops_and_tells_the_manager(self):
        self.company.collection_brake_first_limit = 2
        customers = [self.overdue(name=f"Customer {number}") for number in range(3)]
        cycle = self.automatic(TODAY)
        self.assertEqual((cycle.state, cycle.stop_code, cycle.planned_count), ("preview", "brake", 3))
        self.assertIn("3 customers", cycle.stop_reason)
        for customer in customers:
            self.assertNotSent(customer)
        notified = self.env["mail.message"].search([("model", "=", "collection.cycle"), ("res_id", "=", cycle.id)])
        self.assertIn(self.manager.partner_id, notified.partner_ids)
        # A person looks at it and says yes.
        with self.on_day(TODAY):
            cycle.action_confirm()
        self.assertEqual((cycle.state, cycle.contacted_count), ("done", 3))

    def test_the_brake_compares_with_the_median_of_the_last_ten_automatic_cycles(self):
        cycles = self.env["collection.cycle"].sudo()
        for number, count in enumerate([500, 4, 4, 4, 4, 4, 4, 4, 4, 4, 90]):
            cycles.create(
                {
                    "company_id": self.company.id,
                    "date": TODAY - timedelta(days=20 - number),
                    "state": "done",
                    "is_automatic": True,
                    "contacted_count": count,
                }
            )
        for number in range(12):
            self.overdue(name=f"Customer {number}")
        self.assertEqual(self.automatic(TODAY).state, "done")  # three times the median of 4
        for number in range(13):
            self.overdue(name=f"Customer {number}")
        self.assertEqual(self.automatic(TODAY + timedelta(days=1)).stop_code, "brake")
        self.assertEqual(self.run_cycle(TODAY + timedelta(days=1)).contacted_count, 13)  # a person asked for it
