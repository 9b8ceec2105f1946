import re
from datetime import timedelta

from odoo import Command
from odoo.addons.account_collections_auto.tests.common import TODAY
from odoo.tools import mute_logger

from .common import PortalCase

LINK = r"/my/collections/l/([0-9a-f]+-[0-9a-f]{64})([^\"?]*)"


class TestLinksInOtherMessages(PortalCase):
    """What is mailed about payment plans, promises, disputes and the account carries the link, as reminders do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.overdue = cls.invoice(cls.anna, 300.0, due=TODAY - timedelta(days=10))
        cls.case(cls.anna)

    def setUp(self):
        super().setUp()
        self.visit()

    def mail_about(self, record):
        return self.env["mail.mail"].sudo().search([("model", "=", record._name), ("res_id", "=", record.id)])

    def proposed_plan(self):
        start = self.env["collection.payment.plan.start"].create(
            {
                "case_id": self.case(self.anna).id,
                "item_ids": [Command.set(self.items(self.anna).ids)],
                "instalment_count": 3,
                "rhythm": "monthly",
                "first_date": TODAY,
            }
        )
        plan = start._make()
        plan.action_propose()
        return plan

    def test_agreement_leads_to_the_page_that_signs_it(self):
        plan = self.proposed_plan()
        plan.action_send_agreement()
        mail = self.mail_about(plan)
        token, path = re.search(LINK, mail.body_html).groups()
        self.assertEqual(path, f"/plan/{plan.id}")
        self.assertIn("Sign and agree", self.get(path, token).text)
        self.assertNotIn(token, mail.mail_message_id.body)
        self.assertNotIn("/my/collections", self.env["ir.ui.view"]._render_template(
            "account_collections_auto.payment_plan_page", {"plan": plan, "docs": plan}
        ))

    def test_settled_dispute_leads_to_the_answers(self):
        reason = self.env.ref("account_collections_auto.collection_dispute_reason_delivery")
        lines = [Command.create({"item_id": self.items(self.overdue).id, "amount": 300.0})]
        values = {"partner_id": self.anna.id, "company_id": self.company.id, "date_from": TODAY}
        dispute = self.env["collection.dispute"].create({**values, "reason_id": reason.id, "line_ids": lines})
        dispute._accept({}, "It was delivered on Monday.")
        dispute._tell_customer()
        token, path = re.search(LINK, self.mail_about(dispute).body_html).groups()
        self.assertIn("It was delivered on Monday.", self.get(path, token).text)

    def test_broken_promise_and_instalment_messages_lead_to_the_account(self):
        promise = self.env["collection.promise"].create(
            {
                "partner_id": self.anna.id,
                "company_id": self.company.id,
                "date_from": TODAY - timedelta(days=9),
                "item_ids": [Command.set(self.items(self.overdue).ids)],
                "amount": 300.0,
                "promise_date": TODAY - timedelta(days=5),
            }
        )
        self.plan_template("broken_promise_template_id", "mail_template_broken_promise")
        promise.sudo()._judge(self.company, TODAY)
        promise._tell(promise._get_message_template(), TODAY)
        token, _path = re.search(LINK, promise.message_action_id.mail_id.body_html).groups()
        self.assertEqual(self.get(token=token).status_code, 200)

    def plan_template(self, field, template):
        self.case(self.anna).plan_id[field] = self.env.ref(f"account_collections_auto.{template}")

    def send_statement(self):
        sent = self.env["collection.statement.sent"].sudo().create(
            {
                "case_id": self.case(self.anna).id,
                "company_id": self.company.id,
                "date": TODAY,
                "file_format": "xlsx",
                "is_test": self.company.collection_test_mode,
            }
        )
        sent._send_batch(1)
        return sent

    def test_statement_of_account_leads_to_the_account(self):
        sent = self.send_statement()
        token, _path = re.search(LINK, sent.mail_id.body_html).groups()
        self.assertIn(self.overdue.name, self.get(token=token).text)
        self.assertNotIn(token, sent.mail_message_id.body)
        self.assertEqual(sent.portal_link_ids.contact_id, self.anna)

    @mute_logger("odoo.addons.account_collections_auto.engine.attempt")
    def test_a_test_carries_none(self):
        self.company.write({"collection_test_mode": True, "collection_test_email": "tests@example.com"})
        sent, plan = self.send_statement(), self.proposed_plan()
        plan.action_send_agreement()
        for mail in (sent.mail_id, self.mail_about(plan)):
            self.assertTrue(mail)
            self.assertNotIn("/my/collections/l/", mail.body_html)
