from datetime import timedelta

from odoo.addons.account_collections_auto.tests.common import CollectionsCase
from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestCyclePageInBrowser(CollectionsCase, HttpCase):
    """A manager checks the preview of the day in a real browser, drops two customers and confirms the rest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        today = cls.company._collection_today()
        for number, name in enumerate(("Anna", "Berta", "Carla", "Dora", "Erna")):
            email = name != "Erna" and f"{name.lower()}@example.com"
            cls.invoice(cls.customer(name, email=email), 100 + number, due=today - timedelta(days=10))
        cls.preview = cls.env["collection.cycle"].preview(cls.company, today)
        cls.head = cls.make_user(
            "head", "account_collections_auto.group_collection_manager", "base.group_partner_manager"
        )
        cls.head.password = cls.head.login

    def test_preview_message_drop_fix_confirm_progress_done(self):
        url = f"/odoo/collection-cycles/{self.preview.id}"
        self.start_tour(url, "collection_cycle_preview", login=self.head.login, timeout=120)
        self.assertRecordValues(self.preview, [{"state": "running", "confirmed_by_id": self.head.id, "message_count": 0}])
        self.env.ref("account_collections_auto.ir_cron_run_cycles").sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.start_tour(url, "collection_cycle_done", login=self.head.login, timeout=120)
        self.assertEqual(self.preview.action_ids.partner_id.sorted("name").mapped("name"), ["Anna", "Dora", "Erna"])

    def test_today_and_the_preview_without_a_mouse(self):
        self.start_tour("/odoo/collection-today", "collection_keyboard", login=self.head.login, timeout=60)
        url = f"/odoo/collection-cycles/{self.preview.id}"
        self.start_tour(url, "collection_keyboard_preview", login=self.head.login, timeout=60)
        self.assertEqual(self.preview.state, "preview")
