from datetime import timedelta

from odoo.addons.account_collections_auto.tests.common import CollectionsCase
from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestSending(CollectionsCase, HttpCase):
    """A collector writes to fifty customers at once, and to one, in a real browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._collection_today()
        cls.collector = cls.make_user("browser", "account_collections_auto.group_collector")
        cls.collector.password = cls.collector.login

    def owing(self, name, address):
        customer = self.customer(name, address)
        self.invoice(customer, 100, due=self.today - timedelta(days=10))
        return customer

    def test_bulk_message_to_fifty_customers(self):
        customers = [self.owing(f"Customer {number:02}", f"c{number}@customers.example") for number in range(50)]
        held = self.owing("On the phone with us", "held@customers.example")
        self.hold(held, since=self.today)
        self.case(held)
        self.start_tour("/odoo/collection-cases", "collection_bulk_message", login=self.collector.login, timeout=180)
        self.env.invalidate_all()
        request = self.env["collection.request"].search([])
        self.assertRecordValues(request, [{"state": "done", "sent_count": 50, "left_out_count": 1, "kind": "message"}])
        self.assertEqual({customer.id for customer in customers}, set(request.action_ids.partner_id.ids))
        self.assertEqual(set(request.action_ids.mail_id.mapped("subject")), {f"A word from {self.company.name}"})

    def test_send_now_and_second_thoughts(self):
        customer = self.owing("Town Hall", "hall@customers.example")
        self.case(customer)
        self.start_tour("/odoo/collection-cases", "collection_send_now_and_undo", login=self.collector.login, timeout=180)
        self.env.invalidate_all()
        self.assertRecordValues(self.actions(customer), [{"state": "cancelled", "reason_code": "undone"}])
        self.assertFalse(self.items(customer).level_id)
