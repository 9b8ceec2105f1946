from datetime import timedelta

from odoo.addons.account_collections_auto.tests.common import CollectionsCase
from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestWorklistTour(CollectionsCase, HttpCase):
    """A collector works the list and a case with the mouse; an auditor finds nothing to press."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        today = cls.company._collection_today()
        for name, email, amount in (("Early Bird", "early@example.com", 500), ("Late Riser", "late@example.com", 300)):
            cls.invoice(cls.customer(name, email), amount, due=today - timedelta(days=10))
        cls.env["collection.case"]._refresh_marked()

    def start(self, tour, group):
        user = self.make_user("browser", f"account_collections_auto.{group}")
        user.password = user.login
        self.start_tour("/odoo/collection-cases", tour, login=user.login, timeout=120)

    def test_a_collector_works_the_list(self):
        self.start("collection_worklist", "group_collector")
        late = self.env["collection.case"].search([("partner_id.name", "=", "Late Riser")])
        self.assertRecordValues(
            late.action_ids, [{"channel": "call", "call_result": "message", "call_note": "Pays on Friday"}]
        )
        self.assertEqual(self.env["collection.hold"].search([]).partner_id, late.partner_id)
        self.assertFalse(late.snooze_until)

    def test_an_auditor_looks_around(self):
        self.start("collection_worklist_auditor", "group_collection_auditor")
