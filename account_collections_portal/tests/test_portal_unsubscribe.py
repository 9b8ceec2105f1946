import ast
import re
from datetime import timedelta

from odoo.addons.account_collections_auto.tests.common import TODAY

from ..models import collection_portal_attempt
from .common import PortalCase


class TestUnsubscribe(PortalCase):
    """Who wants no more e-mail presses the button of the mail program, once (RFC 8058)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.overdue = cls.invoice(cls.anna, 300.0, due=TODAY - timedelta(days=10))
        cls.case(cls.anna)

    def setUp(self):
        super().setUp()
        self.visit()

    def reminder(self):
        self.run_cycle()
        return self.actions(self.anna).mail_id.sudo()

    def token_of(self, mail):
        header = ast.literal_eval(mail.headers)["List-Unsubscribe"]
        return re.fullmatch(r"<https?://[^/]+/my/collections/l/([0-9a-f-]+)/unsubscribe>", header).group(1)

    def click(self, token):
        """What a mail program sends."""
        return self.post("/unsubscribe", token, csrf=False, **{"List-Unsubscribe": "One-Click"})

    def blacklisted(self):
        return self.env["mail.blacklist"].search([("email", "=", "anna@buyer.example")])

    def test_a_reminder_carries_the_headers_of_one_click(self):
        mail = self.reminder()
        self.assertEqual(ast.literal_eval(mail.headers)["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        self.assertTrue(self.token_of(mail))

    def test_one_click_stops_reminders_and_is_the_preference_of_the_page(self):
        token = self.token_of(self.reminder())
        answer = self.click(token)
        self.assertEqual(answer.status_code, 200)
        self.assertTrue(self.blacklisted())
        self.assertIn("Send me e-mails again", self.get("/contact", token).text)

    def test_looking_at_the_address_changes_nothing(self):
        token = self.token_of(self.reminder())
        self.assertLeadsTo(self.get("/unsubscribe", token, allow_redirects=False), f"/my/collections/l/{token}/contact")
        self.assertFalse(self.blacklisted())

    def test_it_works_after_the_link_has_expired(self):
        mail = self.reminder()
        token = self.token_of(mail)
        link = self.env["collection.portal.link"].sudo()._find(token)
        link.expires_on = TODAY - timedelta(days=400)
        self.click(token)
        self.assertTrue(self.blacklisted())

    def test_a_wrong_token_stops_nobody_and_answers_the_same(self):
        token = self.token_of(self.reminder())
        wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
        self.assertEqual(self.click(wrong).status_code, 200)
        self.assertFalse(self.env["mail.blacklist"].search([]))

    def test_forms_from_the_same_address_keep_nobody_from_leaving(self):
        token = self.token_of(self.reminder())
        attempts = self.env["collection.portal.attempt"]
        while attempts._count("act", "127.0.0.1"):
            pass
        self.assertEqual(self.click(token).status_code, 200)
        self.assertTrue(self.blacklisted())

    def test_what_is_too_much_at_once_is_not_taken_for_done(self):
        token = self.token_of(self.reminder())
        self.patch(collection_portal_attempt, "MOST", {**collection_portal_attempt.MOST, "leave": 0})
        self.assertEqual(self.click(token).status_code, 429)
        self.assertFalse(self.blacklisted())

    def test_a_message_to_several_people_offers_no_click_for_one_of_them(self):
        self.anna.email = "anna@buyer.example, ben@buyer.example"
        self.assertFalse(self.reminder().headers)
