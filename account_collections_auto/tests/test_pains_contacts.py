from datetime import timedelta

from odoo.tools.mail import email_split

from .common import TODAY, CollectionsCase


class TestPainsContacts(CollectionsCase):
    """What users of other systems suffered from: who receives the reminder, and what happens when nobody does."""

    def contact(self, customer, email, **vals):
        return self.env["res.partner"].create(
            {"name": email or "No address", "parent_id": customer.id, "type": "invoice", "email": email, **vals}
        )

    def recipients(self, customer):
        return self.actions(customer, "sent").mapped("recipient")

    def test_pain_10_reminders_go_to_the_collections_contact_and_not_to_the_invoice_mailbox(self):
        customer = self.customer(email="info@example.com", collection_cc="boss@example.com")
        self.contact(customer, "payables@example.com", collection_contact=True)
        self.invoice(self.contact(customer, "invoices-in@example.com"))
        self.run_cycle()
        self.assertEqual(self.recipients(customer), ["payables@example.com"])
        self.assertEqual(self.actions(customer).mail_id.email_cc, "boss@example.com")

    def test_pain_11_the_invoice_contact_is_used_and_the_company_holds_the_file(self):
        customer = self.customer(email="info@example.com")
        self.invoice(self.contact(customer, "ap@example.com"))
        self.run_cycle()
        action = self.actions(customer)
        self.assertEqual(action.recipient, "ap@example.com")
        self.assertEqual((action.partner_id, action.case_id.partner_id), (customer, customer))
        self.assertEqual((action.mail_id.model, action.mail_id.res_id), ("collection.case", action.case_id.id))

    def test_pain_12_all_billing_contacts_get_it_once(self):
        customer = self.customer(email="AP@example.com")
        for email in ("ap@example.com", "Second <second@example.com>", "SECOND@example.com"):
            self.contact(customer, email, collection_contact=True)
        self.invoice(customer)
        self.run_cycle()
        self.assertEqual(self.recipients(customer), ["ap@example.com, second@example.com"])
        self.assertEqual(
            email_split(self.actions(customer).mail_id.email_to), ["ap@example.com", "second@example.com"]
        )

    def test_pain_12_all_addresses_of_a_contact_get_it_once(self):
        customer = self.customer(email='AP@example.com; "Boss" <boss@example.com>,\nap@EXAMPLE.com, "x@y.com" <c@example.com>')
        self.contact(customer, "Second <second@example.com>; boss@example.com", collection_contact=True)
        customer.collection_contact = True
        self.invoice(customer)
        self.run_cycle()
        addresses = ["ap@example.com", "boss@example.com", "c@example.com", "second@example.com"]
        self.assertEqual(self.recipients(customer), [", ".join(addresses)])
        self.assertEqual(email_split(self.actions(customer).mail_id.email_to), addresses)

    def test_pain_12_an_address_that_does_not_work_leaves_the_others(self):
        customer = self.customer(email="gone@example.com, full@example.com, ap@example.com")
        self.env["mail.blacklist"]._add("gone@example.com")
        self.invoice(customer)
        self.run_cycle()
        action = self.actions(customer)
        self.assertEqual(action.recipient, "ap@example.com, full@example.com")
        action.sudo()._bounce("full@example.com", "Mailbox full")
        self.assertEqual((action.state, action.note_code), ("sent", "address_refused"))
        self.run_on(14)
        self.assertEqual(self.actions(customer)[-1].recipient, "ap@example.com")
        action = self.actions(customer)[-1]
        action.sudo()._bounce("ap@example.com", "Gone too")
        self.assertEqual(action.state, "bounced")
        self.run_on(22)
        self.assertWithheld(customer, "blacklisted", TODAY + timedelta(days=22))

    def test_pain_13_a_blacklisted_address_leaves_nothing_queued(self):
        self.level(7).mode = "review"
        customer = self.customer(email="gone@example.com")
        self.invoice(customer)
        self.run_cycle()
        waiting = self.actions(customer, "review")
        self.env["mail.blacklist"]._add("gone@example.com")
        with self.on_day(TODAY), self.enter_registry_test_mode():
            waiting.action_approve()
            self.env.ref("account_collections_auto.ir_cron_outbox").sudo().method_direct_trigger()
        self.assertRecordValues(waiting, [{"state": "cancelled", "reason_code": "blacklisted"}])
        self.run_on(1)
        self.assertFalse(self.actions(customer).filtered(lambda action: action.state in ("planned", "review", "queued")))
        self.assertWithheld(customer, "blacklisted", TODAY + timedelta(days=1))

    def test_pain_14_whom_nobody_reaches_is_one_list_with_reasons(self):
        silent, fine = self.customer("Silent", email=False), self.customer("Fine")
        for customer in (silent, fine):
            self.invoice(customer)
        self.run_on(0, 1, 2)
        listed = self.env["collection.case"].search([("contact_problem_code", "!=", False)])
        self.assertEqual(listed, self.case(silent))
        self.assertEqual(listed.contact_problem, "No e-mail address")
        self.assertFalse(listed.activity_ids)
        silent.email = "found@example.com"
        self.run_on(3)
        self.assertFalse(listed.contact_problem)
        self.assertSent(silent, self.level(7), TODAY + timedelta(days=3))
