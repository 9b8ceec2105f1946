from datetime import timedelta
from unittest.mock import patch

from odoo import Command, http
from odoo.addons.account_collections_auto.tests.common import TODAY

from ..models.collection_dispute_portal import ANSWERED
from .common import PortalCase

PDF = b"%PDF-1.4 a delivery note"
MODULE = "odoo.addons.account_collections_portal.models.collection_dispute_portal"


class TestPortalDispute(PortalCase):
    """An open dispute is a conversation: the customer adds to it, who looks into it hears of that."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice(cls.anna, 100.0, due=TODAY - timedelta(days=10))
        cls.owner = cls.make_user("owner", "account_collections_auto.group_collector")
        cls.reason = cls.quick_ref("account_collections_auto.collection_dispute_reason_delivery")

    def setUp(self):
        super().setUp()
        self.token = self.link(self.anna)
        self.dispute = self.env["collection.dispute"].create(
            {
                "partner_id": self.anna.id,
                "company_id": self.company.id,
                "date_from": TODAY,
                "reason_id": self.reason.id,
                "user_id": self.owner.id,
                "line_ids": [Command.create({"item_id": self.items(self.anna).id, "amount": 40.0})],
            }
        )
        self.page = f"/dispute/{self.dispute.id}"
        self.visit()

    def todos(self):
        return self.dispute.activity_search([ANSWERED])

    def test_words_and_a_file_reach_who_looks_into_it(self):
        self.dispute.action_wait()
        self.assertIn("We wait for your answer", self.get("/answers", self.token).text)
        self.assertIn(self.page, self.get("/answers", self.token).text)
        files = [("files", ("../note.exe", PDF, "application/pdf"))]
        answer = self.post(self.page, self.token, files=files, text="Two boxes\nare missing")
        self.assertLeadsTo(answer, f"/my/collections/l/{self.token}{self.page}")
        message = self.dispute.message_ids.filtered(lambda message: message.author_id == self.anna)
        self.assertEqual((message.author_id, message.attachment_ids.mapped("name")), (self.anna, ["note.pdf"]))
        self.assertIn("Two boxes<br>are missing", message.body)
        self.assertTrue(message.is_internal or message.subtype_id.internal, "a note: nobody else is mailed it")
        self.assertRecordValues(self.todos(), [{"user_id": self.owner.id, "date_deadline": TODAY}])
        self.assertEqual(self.dispute.state, "in_progress", "it does not wait for the customer any more")
        shown = self.get(f"{self.page}?said=1", self.token).text
        for words in ("Thank you, we got it", "Two boxes\nare missing", "note.pdf", "Buyer Ltd"):
            self.assertIn(words, shown)

    def test_a_double_click_counts_once_and_more_words_are_one_to_do(self):
        for _click in range(2):
            self.post(self.page, self.token, text="See https://example.com/photo\nPlease", files=[("files", ("a.pdf", PDF))])
        said = self.dispute.message_ids.filtered(lambda message: message.author_id == self.anna)
        self.assertEqual(len(said), 1)
        self.post(self.page, self.token, text="See https://example.com/photo\nPlease")
        self.post(self.page, self.token, text="And one more thing")
        said = self.dispute.message_ids.filtered(lambda message: message.author_id == self.anna)
        self.assertEqual((len(said), len(self.todos())), (3, 1))

    def test_the_customer_reads_what_was_sent_to_it_and_none_of_our_notes(self):
        self.dispute.message_post(body="She is a nuisance", subtype_xmlid="mail.mt_note")
        self.dispute.message_post(body="To a colleague", partner_ids=self.owner.partner_id.ids, subtype_xmlid="mail.mt_comment")
        self.dispute.message_post(body="Which boxes?", partner_ids=self.anna.ids, subtype_xmlid="mail.mt_comment")
        shown = self.get(self.page, self.token).text
        self.assertIn("Which boxes?", shown)
        for hidden in ("nuisance", "To a colleague"):
            self.assertNotIn(hidden, shown)

    def test_who_pays_for_the_customer_speaks_for_it(self):
        payer = self.customer("Paying Ltd", "office@paying.example")
        paula = self.customer("Paula", "paula@paying.example", parent_id=payer.id)
        self.anna.collection_payer_id = payer
        token = self.link(self.anna, contact_id=paula.id, recipient=paula.email)
        self.post(self.page, token, text="Two boxes are missing", files=[("files", ("a.pdf", PDF))])
        self.post(self.page, token, text="Two boxes are missing", files=[("files", ("a.pdf", PDF))])
        self.dispute.message_post(body="Which boxes?", partner_ids=paula.ids, subtype_xmlid="mail.mt_comment")
        self.assertEqual(len(self.dispute.message_ids.filtered(lambda message: message.author_id == paula)), 1)
        self.assertEqual([row[0] for row in self.dispute._read_portal_messages()], [True, False])
        shown = self.get(self.page, token).text
        for words in ("Two boxes are missing", "a.pdf", "Paula", "Which boxes?"):
            self.assertIn(words, shown)

    def test_files_of_long_ago_count_and_ours_do_not(self):
        ours = self.dispute.with_user(self.owner)
        ours.message_post(body="Our papers", attachments=[(f"{number}.pdf", PDF) for number in range(20)])
        with patch(f"{MODULE}.MOST_MESSAGES", 1), patch(f"{MODULE}.MOST_FILES", 2):
            for number in range(4):
                files = [("files", (f"{number}.pdf", b"%%PDF-%d" % number))] if number != 2 else []
                answer = self.post(self.page, self.token, files=files, text=f"Look {number}")
        self.assertIn("You sent 2 files already", answer.text)

    def test_settling_ends_the_to_do_and_says_why(self):
        self.post(self.page, self.token, text="Two boxes")
        self.dispute._accept({self.dispute.line_ids: 40.0}, "They were lost")
        self.assertFalse(self.todos())
        shown = self.get(self.page, self.token).text
        self.assertIn("They were lost", shown)
        self.assertNotIn("<textarea", shown)

    def test_what_we_accepted_is_settled_and_not_to_be_paid(self):
        self.dispute.line_ids.amount = 100.0
        self.dispute._accept({self.dispute.line_ids: 100.0}, "You are right")
        page = self.get(token=self.token).text
        self.assertIn("Settled: credit note follows", page)
        self.assertIn("Nothing is overdue", page)
        self.assertNotIn("Pay what is", page)

    def test_we_read_it_in_our_language_whatever_the_customer_speaks(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.anna.lang = "fr_FR"
        self.case(self.anna).user_id = self.owner
        for path, said in (("/call", {"phone": "+33 1 23 45 67 89"}), (self.page, {"text": "Bonjour"})):
            data = {**said, "csrf_token": http.Request.csrf_token(self)}
            self.url_open(f"/fr{self.address(path, self.token)}", data=data)
        self.assertEqual(self.case(self.anna).activity_ids.mapped("summary"), ["The customer asks for a call"])
        self.assertEqual(self.todos().activity_type_id.name, "Read what the customer added")
        self.assertIn("On the customer's page", self.case(self.anna).message_ids[0].body)
        self.assertIn('lang="fr-FR"', self.get("/contact", self.token).text, "the customer reads French")
