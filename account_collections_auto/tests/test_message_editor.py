"""The editor of texts: what it shows, previews, refuses and saves, for whom."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from .common import CollectionsCase

MANAGER = "account_collections_auto.group_collection_manager"
EDITOR = "mail.group_mail_template_editor"


class TestMessageEditor(CollectionsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        today = cls.company._collection_today()
        cls.debtor = cls.customer("Debtor <of> the Story")
        cls.invoice_due = cls.invoice(cls.debtor, 500, due=today - timedelta(days=10))
        cls.credit_note(cls.debtor, 60, on=today)
        cls.env["collection.case"]._refresh_marked()
        cls.template = cls.env.ref("account_collections_auto.mail_template_first_reminder")
        cls.user = cls.make_user("editor", MANAGER, EDITOR)
        cls.editor = cls.env["collection.message.editor"].with_user(cls.user)

    def preview(self, subject="Pay", body="<p>Please.</p>", editor=None, language="en_US", partner=None):
        partner = self.debtor if partner is None else partner
        editor = self.editor if editor is None else editor
        return editor.get_preview(self.template.id, language, partner.id, subject, body)

    def test_the_preview_is_about_the_customer_and_leaves_nothing_behind(self):
        before = self.count_all()
        preview = self.preview("To {{ object.greeting_name }}", '<p><t t-out="object.items_table"/></p>')
        self.assertEqual(preview["subject"], "To Debtor <of> the Story")
        self.assertIn(self.invoice_due.name, preview["html"])
        self.assertIn("440.00", preview["html"])
        self.assertEqual(preview["examples"]["object.claimed_text"], "$\N{NO-BREAK SPACE}440.00")
        self.assertEqual(self.count_all(), before)
        self.assertNotEqual(self.template.subject, "To {{ object.greeting_name }}")

    def count_all(self):
        self.env.flush_all()
        tables = ("collection_action", "collection_action_line", "mail_mail", "mail_message", "collection_case", "res_partner")
        counts = []
        for table in tables:
            self.env.cr.execute(f"SELECT count(*) FROM {table}")  # pylint: disable=sql-injection
            counts.append(self.env.cr.fetchone())
        return counts

    def test_without_a_customer_it_is_a_made_up_one(self):
        preview = self.preview("{{ object.greeting_name }}", partner=self.env["res.partner"])
        self.assertEqual(preview["subject"], "Sample <Customer> & Sons")

    def test_the_preview_speaks_the_chosen_language(self):
        english, french = (
            self.preview(body='<t t-out="object.items_table"/>', language=code)["html"] for code in ("en_US", "fr_FR")
        )
        self.assertIn("Now due", english)
        self.assertIn("À régler maintenant", french)
        with self.assertRaises(UserError):
            self.preview(language="de_DE")

    def test_before_the_due_date_nothing_overdue_is_called_due_soon(self):
        courtesy = self.env.ref("account_collections_auto.mail_template_courtesy")
        self.template = courtesy
        table = '<t t-out="object.items_table"/>'
        self.assertIn("Now due", self.preview(body=table)["html"])
        self.assertNotIn("Due soon", self.preview(body=table)["html"])
        self.assertIn("Due soon", self.preview(body=table, partner=self.env["res.partner"])["html"])
        upcoming = self.customer("Pays next week")
        today = self.company._collection_today()
        self.invoice(upcoming, 80, due=today + timedelta(days=2))
        self.credit_note(upcoming, 5, on=today - timedelta(days=9))
        self.env["collection.case"]._refresh_marked()
        self.assertEqual(self.editor.get_page(courtesy.id)["partner_id"], upcoming.id)
        html = self.preview(body=table, partner=upcoming)["html"]
        self.assertIn("Due soon", html)
        self.assertNotIn("Now due", html)
        self.assertNotIn("Days overdue", html)

    def test_mistakes_are_sentences(self):
        for subject, body, sentence in (
            ("{{ object.nothing }}", "<p>x</p>", "The subject cannot be shown: it names “nothing”, which does not exist."),
            ("x", '<p t-out="object.nothing"/>', "The text cannot be shown: "),
            ("x", '<t t-out="1 +"/>', "The text cannot be shown: "),
            ("x", "<p><br/></p>", "The message would be empty."),
            ("{{ object.env.cr.execute('SELECT 1/0') }}", "<p>x</p>", "The subject cannot be shown: "),
        ):
            with mute_logger("odoo.sql_db"):
                preview = self.preview(subject, body)
            self.assertIn(sentence, preview["error"])
            self.assertNotIn("Traceback", preview["error"])
        self.assertEqual(self.preview()["subject"], "Pay", "and the connection works after it")

    def test_saving_checks_and_writes_each_language(self):
        texts = {code: {"subject": f"Pay {code}", "body": "<p>Please.</p>"} for code in ("en_US", "fr_FR")}
        self.assertEqual(self.editor.save(self.template.id, texts), {})
        self.assertEqual(self.template.subject, "Pay en_US")
        self.assertEqual(self.template.with_context(lang="fr_FR").subject, "Pay fr_FR")
        texts["fr_FR"]["subject"] = "{{ object.nothing }}"
        texts["en_US"]["subject"] = "Not saved either"
        self.assertIn("nothing", self.editor.save(self.template.id, texts)["error"])
        self.assertEqual(self.template.subject, "Pay en_US")

    def test_the_shipped_text_comes_back_in_all_languages(self):
        shipped = self.template.subject
        self.editor.save(self.template.id, {code: {"subject": "Ours", "body": "<p>Ours.</p>"} for code in ("en_US", "fr_FR")})
        self.editor.reset(self.template.id)
        self.template.invalidate_recordset()
        self.assertEqual(self.template.subject, shipped)
        self.assertIn("rappel de paiement", self.template.with_context(lang="fr_FR").subject)
        self.assertIn("object.items_table", self.template.body_html)

    def test_who_may_not_edit_sees_why_and_only_what_is_saved(self):
        manager = self.make_user("only-manager", MANAGER)
        auditor = self.make_user("auditor", "account_collections_auto.group_collection_auditor")
        elsewhere = self.make_user("editor-elsewhere", EDITOR)
        for user, reason in ((manager, "Mail Template Editor"), (auditor, "Only a collection manager")):
            editor = self.editor.with_user(user)
            self.assertIn(reason, editor.get_page()["why_not"])
            self.assertNotEqual(self.preview("Mine", editor=editor)["subject"], "Mine")
            for call in (lambda e=editor: e.save(self.template.id, {}), lambda e=editor: e.reset(self.template.id)):
                with self.assertRaises(AccessError):
                    call()
        for call in ("get_page", "get_preview"):
            with self.assertRaises(AccessError):
                getattr(self.editor.with_user(elsewhere), call)(*([self.template.id, "en_US"] * (call == "get_preview")))

    def test_texts_of_other_models_are_out_of_reach(self):
        other = self.env["mail.template"].create({"name": "Other", "model_id": self.env["ir.model"]._get_id("res.partner")})
        with self.assertRaises(UserError):
            self.editor.save(other.id, {"en_US": {"subject": "x", "body": "<p>x</p>"}})
        with self.assertRaises(UserError):
            self.editor.get_preview(other.id, "en_US")
        with self.assertRaises(UserError):
            self.editor.reset(other.id)

    def test_a_step_opens_its_text(self):
        step = self.level(7).step_ids
        action = step.with_user(self.user).action_edit_text()
        page = self.editor.get_page(action["params"]["template_id"])
        self.assertEqual(page["template_id"], step.mail_template_id.id)
        self.assertFalse(page["why_not"])
        self.assertTrue(page["is_shipped"])
        self.assertEqual(
            {placeholder["expression"] for placeholder in page["placeholders"]} & {"object.deadline_text"},
            {"object.deadline_text"},
        )
