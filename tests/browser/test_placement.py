from datetime import timedelta

from odoo.addons.account_collections_auto.tests.common import CollectionsCase
from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestPlacementTour(CollectionsCase, HttpCase):
    """A manager finds a proposal on Today, reads what speaks against it, approves it, and the file is there."""

    def test_a_manager_approves_a_placement(self):
        today = self.company._collection_today()
        customer = self.customer("Deaf Debtor", "deaf@example.com")
        invoice = self.invoice(customer, 900, due=today - timedelta(days=70))
        contact = self.env["res.partner"].create({"name": "Fair Collections", "email": "desk@agency.example"})
        agency = self.env["collection.agency"].create({"partner_id": contact.id, "commission_percent": 10})
        collector = self.make_user("proposer", "account_collections_auto.group_collector")
        items = self.items(invoice)
        placement = self.env["collection.placement"].with_user(collector)._propose(agency, items.with_user(collector))
        user = self.make_user("browser", "account_collections_auto.group_collection_manager")
        user.password = user.login
        self.start_tour("/odoo/collection-today", "collection_placement", login=user.login, timeout=180)
        self.assertRecordValues(
            placement.sudo(), [{"state": "handed_over", "approved_by_id": user.id, "is_despite_notice": True}]
        )
        self.assertEqual(placement.sudo().file_id.state, "done")
