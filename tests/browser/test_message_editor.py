from datetime import timedelta

from odoo.addons.account_collections_auto.tests.common import CollectionsCase
from odoo.tests import HttpCase, tagged

PATH = "/odoo/collection-texts"


@tagged("post_install", "-at_install")
class TestMessageEditor(CollectionsCase, HttpCase):
    """A manager writes a text beside its preview, in two languages; an auditor reads it and is told why not more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.plan.level_ids.filtered(lambda level: level.days_overdue < 7).unlink()
        cls.invoice(cls.customer("Debtor of the Story"), 500, due=cls.company._collection_today() - timedelta(days=10))
        cls.env["collection.case"]._refresh_marked()
        cls.env["collection.plan"].search([("id", "!=", cls.plan.id)]).active = False

    def tour(self, name, *groups):
        user = self.make_user("editor", *groups)
        user.password = user.login
        self.start_tour(PATH, name, login=user.login, timeout=120)

    def test_a_manager_writes_a_text(self):
        self.tour(
            "collection_message_editor",
            "account_collections_auto.group_collection_manager",
            "mail.group_mail_template_editor",
        )
        template = self.env.ref("account_collections_auto.mail_template_first_reminder")
        self.assertEqual(template.subject, "Please pay, {{ object.greeting_name }}")
        self.assertEqual(template.with_context(lang="fr_FR").subject, "A payer")
        self.assertIn('<t t-out="object.level_id.name"', template.body_html)
        self.assertNotIn("data-collection-label", template.body_html)
        self.assertFalse(self.env["collection.action"].search([]))

    def test_a_manager_goes_back_to_the_shipped_text(self):
        template = self.env.ref("account_collections_auto.mail_template_first_reminder")
        shipped = template.subject
        template.subject = "Please pay, {{ object.greeting_name }}"
        self.tour(
            "collection_message_editor_reset",
            "account_collections_auto.group_collection_manager",
            "mail.group_mail_template_editor",
        )
        self.assertEqual(template.subject, shipped)

    def test_an_auditor_reads(self):
        self.tour("collection_message_editor_reader", "account_collections_auto.group_collection_auditor")
