from datetime import timedelta

from odoo.addons.account_collections_auto.tests.email_common import EmailCase
from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestStartAssistantTour(EmailCase, HttpCase):
    """An admin sets an empty company up, leaves in the middle, comes back, and runs the first cycle in test mode."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_user_id = False
        partner = cls.company.sudo().partner_id
        partner.write({"street": False, "city": False, "email": False, "phone": False})
        partner.country_id = cls.env.ref("base.be")
        partner.bank_ids.unlink()
        cls.admin = cls.make_user(
            "browser",
            "account_collections_auto.group_collection_manager",
            "base.group_erp_manager",
            "base.group_partner_manager",
        )
        cls.admin.password = cls.admin.login

    def tour(self, name, path="/odoo/collection-cases"):
        self.start_tour(path, name, login=self.admin.login, timeout=180)
        self.env.invalidate_all()

    def test_from_an_empty_company_to_the_first_cycle_in_test_mode(self):
        self.tour("collection_start_empty")
        self.assertRecordValues(self.company, [{"city": "Ghent", "email": "accounts@ours.example"}])
        self.assertEqual(self.company.collection_plan_id.template_code, "strict")
        self.assertEqual(self.company.collection_start_step, "sender")
        self.assertFalse(self.company.collection_is_active)

        today = self.company._collection_today()
        late = self.customer("Late Payer", "late@example.com")
        self.invoice(late, 500, due=today - timedelta(days=5))
        old = self.customer("Old Debtor", "old@example.com")
        self.invoice(old, 900, due=today - timedelta(days=200))
        with self.mail_server() as server:
            self.tour("collection_start_first_cycle")
        self.assertEqual([mail.recipients for mail in server.mails], [[self.admin.email]])
        self.assertTrue(self.company.collection_is_active)
        self.assertRecordValues(self.actions(late), [{"is_test": True, "state": "sent"}])
        self.assertRecordValues(
            self.actions(late).mail_id, [{"email_to": "me@ours.example", "reply_to": "answers@ours.example"}]
        )
        self.assertFalse(self.actions(old), "what is old was left out")

    def test_an_admin_adds_a_level(self):
        self.tour("collection_add_level", "/odoo/collection-plans")
        self.assertEqual(self.plan.level_ids.mapped("days_overdue"), [-3, 5, 21, 28, 35])
        added = self.level(28)
        self.assertEqual(added.name, "Third and last reminder")
        self.assertEqual(added.step_ids.channel, "email")
