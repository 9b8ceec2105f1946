import re
from datetime import timedelta

from odoo import Command, fields
from odoo.addons.account_collections_auto.tests.common import TODAY
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .common import PortalCase


class TestPortalLink(PortalCase):
    """The link in a reminder opens one customer's page, for a while, until it is revoked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.invoice(cls.anna, 100.0, due=TODAY - timedelta(days=10))
        cls.run_cycle()
        cls.action = cls.actions(cls.anna, "sent")

    def setUp(self):
        super().setUp()
        self.visit()

    def token_in_mail(self, action=None):
        html = (action or self.action).mail_id.body_html
        return re.search(r"/my/collections/l/([^\"'?]+)", html)[1]

    def test_reminder_carries_a_link_that_opens_the_page(self):
        page = self.get(token=self.token_in_mail())
        self.assertEqual(page.status_code, 200)
        self.assertIn(self.first.name, page.text)
        self.assertIn("Buyer Ltd", page.text)

    def test_only_its_hash_is_stored_and_the_conversation_does_not_show_it(self):
        token = self.token_in_mail()
        self.env.cr.execute("SELECT * FROM collection_portal_link")
        self.assertNotIn(token, str(self.env.cr.fetchall()))
        self.assertNotIn(token, self.action.mail_message_id.body)
        self.assertIn("/my/collections", self.action.mail_message_id.body)

    def test_invoice_copy_is_two_taps_from_the_mail(self):
        page = self.get(token=self.token_in_mail()).text
        (item,) = self.items(self.first)
        self.assertIn(f"/my/collections/l/{self.token_in_mail()}/document/{item.id}", page)

    def test_a_page_is_kept_out_of_caches_and_search_engines(self):
        headers = self.get(token=self.token_in_mail()).headers
        self.assertIn("no-store", headers["Cache-Control"])
        self.assertIn("noindex", headers["X-Robots-Tag"])
        self.assertEqual(headers["Referrer-Policy"], "same-origin")

    def test_expired_link_offers_a_new_one_and_says_the_same_as_an_unknown_one(self):
        token = self.token_in_mail()
        self.action.portal_link_ids.sudo().expires_on = TODAY - timedelta(days=1)
        expired, unknown = self.get(token=token), self.get(token="1-" + "0" * 64)
        self.assertEqual((expired.status_code, unknown.status_code), (404, 404))
        self.assertNotIn("Buyer", expired.text)
        self.assertEqual(self.without_secrets(expired.text), self.without_secrets(unknown.text))
        mails = self.env["mail.mail"].search_count([])
        answers = [self.post("/renew", one) for one in (token, "1-" + "0" * 64)]
        self.assertEqual(self.without_secrets(answers[0].text), self.without_secrets(answers[1].text))
        sent = self.env["mail.mail"].search([], limit=self.env["mail.mail"].search_count([]) - mails, order="id desc")
        self.assertEqual(sent.email_to, "anna@buyer.example")
        self.assertEqual(self.get(token=re.search(r"/my/collections/l/([^\"'?]+)", sent.body_html)[1]).status_code, 200)

    def without_secrets(self, html):
        html = re.sub(r'csrf_token["\']? ?[:=]? ?(?:value=)?"[^"]*"', "", html)
        return re.sub(r"[0-9a-f]+-[0-9a-f]{64}|[0-9a-f]{32,}o?[0-9]*", "", html)

    def test_a_found_link_cannot_flood_a_mailbox(self):
        token = self.token_in_mail()
        before = self.env["mail.mail"].search_count([])
        for _time in range(8):
            self.post("/renew", token)
        self.assertLessEqual(self.env["mail.mail"].search_count([]) - before, 3)

    def test_collector_revokes_a_link_for_good(self):
        token = self.token_in_mail()
        collector = self.make_user("coll", "account_collections_auto.group_collector")
        self.action.portal_link_ids.with_user(collector).action_revoke()
        self.assertEqual(self.get(token=token).status_code, 404)
        before = self.env["mail.mail"].search_count([])
        self.post("/renew", token)
        self.assertEqual(self.env["mail.mail"].search_count([]), before)

    def test_auditor_revokes_nothing_and_nobody_writes_what_is_recorded(self):
        link = self.action.portal_link_ids
        auditor = self.make_user("audit", "account_collections_auto.group_collection_auditor")
        with self.assertRaises(AccessError):
            link.with_user(auditor).action_revoke()
        with self.assertRaises(AccessError):
            link.with_user(self.manager).write({"expires_on": TODAY + timedelta(days=999)})
        with self.assertRaises(AccessError):
            link.with_user(self.manager).read(["token_hash"])

    def test_link_of_somebody_who_left_opens_nothing(self):
        token = self.token_in_mail()
        self.anna.active = False
        self.assertEqual(self.get(token=token).status_code, 404)

    def test_page_is_in_the_language_of_who_was_written_to_and_from_right_to_left(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.anna.lang = "ar_001"
        page = self.get(token=self.token_in_mail())
        self.assertIn("/ar/my/collections/l/", page.url)
        self.assertIn('dir="rtl"', page.text)

    def test_message_for_one_contact_shows_nothing_of_the_others(self):
        carl = self.customer("Carl", "carl@buyer.example", parent_id=self.anna.id, type="invoice")
        theirs = self.invoice(carl, 70.0)
        token = self.link(self.anna, only_contact_id=carl.id, contact_id=carl.id)
        page = self.get(token=token).text
        self.assertIn(theirs.name, page)
        self.assertNotIn(self.first.name, page)

    def test_guessing_links_is_throttled(self):
        expired = self.link(self.anna, expires_on=TODAY - timedelta(days=1))
        guesses = [self.get(token=f"{number}-" + "a" * 64).status_code for number in range(22)]
        self.assertEqual(guesses, [404] * 20 + [429] * 2)
        self.assertEqual(self.get(token=self.token_in_mail()).status_code, 200, "who has a link is kept out by nobody")
        self.assertEqual(self.get(token=expired).status_code, 404, "nor is who may ask for a new one")
        attempts = self.env["collection.portal.attempt"].sudo()
        self.assertEqual(len(attempts.search([])), 20)
        attempts.search([]).tried_at = fields.Datetime.now() - timedelta(minutes=16)
        self.assertEqual(self.get(token="1-" + "a" * 64).status_code, 404)

    def test_what_nobody_knows_any_more_is_not_shown_to_one_contact(self):
        carl = self.customer("Carl", "carl@buyer.example", parent_id=self.anna.id, type="invoice")
        self.invoice(carl, 70.0)
        theirs = self.items(self.first)
        dispute = self.env["collection.dispute"].create(
            {
                "partner_id": self.anna.id,
                "company_id": self.company.id,
                "date_from": TODAY,
                "reason_id": self.quick_ref("account_collections_auto.collection_dispute_reason_delivery").id,
                "line_ids": [Command.create({"item_id": theirs.id, "amount": 5.0})],
            }
        )
        self.env.flush_all()
        self.env.cr.execute(SQL("DELETE FROM collection_item WHERE id = %s", theirs.id))
        self.env.invalidate_all()
        for vals, status in (({"only_contact_id": carl.id, "contact_id": carl.id}, 404), ({}, 200)):
            self.assertEqual(self.get(f"/dispute/{dispute.id}", self.link(self.anna, **vals)).status_code, status)

    def test_scanner_that_follows_every_link_changes_nothing(self):
        token = self.token_in_mail()
        seen, todo = set(), {self.address(token=token)}
        before = self.stored()
        while todo:
            url = todo.pop()
            seen.add(url)
            response = self.url_open(url)
            self.assertLess(response.status_code, 500, url)
            found = set(re.findall(rf'href="(/my/collections/l/{token}[^"#]*)"', response.text))
            todo |= {address.replace("&amp;", "&") for address in found} - seen
        self.assertGreater(len(seen), 8)
        self.assertEqual(self.stored(), before)
