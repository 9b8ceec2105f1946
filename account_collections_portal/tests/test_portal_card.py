from datetime import timedelta

from odoo import Command
from odoo.addons.account_collections_auto.tests.common import TODAY
from odoo.tests.common import JsonRpcException
from odoo.tools import SQL, mute_logger

from .common import PortalCase
from .pay_common import PayCase


class TestPortalCard(PortalCase, PayCase):
    """Only a card of the person who is logged in, stored with the company that is owed, may pay a plan."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoice(cls.anna, 300.0, due=TODAY - timedelta(days=10))
        cls.portal_user(cls.anna)
        cls.bob = cls.customer("Bob's Bikes", "bob@bikes.example")
        cls.carl = cls.customer("Carl", "carl@buyer.example", parent_id=cls.anna.id)
        elsewhere = cls.setup_other_company()["company"]
        cls.elsewhere = cls.provider.copy({"company_id": elsewhere.id, "state": "test", "is_published": True})
        cls.disabled = cls.provider.copy({"state": "test", "name": "Switched off"})
        cls.card = cls.stored(cls.anna)
        cls.strange = {
            "the card of another customer": cls.stored(cls.bob),
            "the card of a colleague": cls.stored(cls.carl),
            "a card stored with another company": cls.stored(cls.anna, cls.elsewhere),
            "a card that was removed": cls.stored(cls.anna),
            "a card of a provider that is switched off": cls.stored(cls.anna, cls.disabled),
        }
        cls.strange["a card that was removed"].active = False
        cls.disabled.state = "disabled"
        # Odoo removes the cards of a provider that is switched off; this one was forgotten.
        left = cls.strange["a card of a provider that is switched off"]
        cls.env.flush_all()
        cls.env.cr.execute(SQL("UPDATE payment_token SET active = TRUE WHERE id = %s", left.id))
        left.invalidate_recordset(["active"])

    @classmethod
    def stored(cls, partner, provider=None):
        values = {"payment_method_id": cls.method.id, "provider_ref": "card", "demo_simulated_state": "done"}
        values |= {"partner_id": partner.id, "provider_id": (provider or cls.provider).id, "payment_details": "1234"}
        return cls.env["payment.token"].sudo().create(values)

    def setUp(self):
        super().setUp()
        case, items = self.case(self.anna), self.items(self.anna)
        start = {"case_id": case.id, "item_ids": [Command.set(items.ids)], "instalment_count": 3, "first_date": TODAY}
        self.proposed = self.env["collection.payment.plan.start"].create({**start, "rhythm": "monthly"})._make()
        self.proposed._propose()

    def sign(self, card, token=None):
        path = f"/plan/{self.proposed.id}"
        return self.post(path, token, name="Anna Buyer", agreed="1", card=getattr(card, "id", card))

    def assertNotSigned(self, answer):
        self.assertEqual(answer.status_code, 200)
        self.assertIn("This card cannot be charged", answer.text)
        self.assertRecordValues(self.proposed, [{"state": "proposed", "token_id": False, "accepted_by": False}])

    def test_no_other_card_is_taken_when_a_plan_is_signed(self):
        self.visit("anna")
        shown = self.get(f"/plan/{self.proposed.id}").text
        self.assertIn(f'value="{self.card.id}"', shown)
        for what, card in self.strange.items():
            with self.subTest(what):
                self.assertNotIn(f'id="card_{card.id}"', shown)
                self.assertNotSigned(self.sign(card))
        for number in (99999999, "x", "1 OR 1=1", f"0{self.card.id}", f"{self.card.id},1"):
            with self.subTest(number):
                self.assertNotSigned(self.sign(number))
        self.sign(self.card)
        self.assertRecordValues(self.proposed, [{"state": "running", "token_id": self.card.id}])

    def test_who_follows_a_link_charges_no_card(self):
        self.visit()
        self.assertNotSigned(self.sign(self.card, self.link(self.anna)))
        self.portal_user(self.bob, "bob")
        self.visit("bob")  # somebody else, who got the mail forwarded
        for card in (self.card, self.strange["the card of another customer"]):
            self.assertNotSigned(self.sign(card, self.link(self.anna)))

    def test_signing_again_changes_no_card(self):
        other = self.stored(self.anna)
        self.visit("anna")
        for card in (self.card, other, ""):
            self.sign(card)
        self.assertRecordValues(self.proposed, [{"state": "running", "token_id": self.card.id}])
        with mute_logger("odoo.http"):
            self.assertEqual(self.sign(self.strange["the card of a colleague"]).status_code, 200)
        self.assertEqual(self.proposed.token_id, self.card)

    @mute_logger("odoo.http")
    def test_a_clerk_cannot_put_another_card_in_its_place_and_a_dead_one_is_not_charged(self):
        self.visit("anna")
        self.sign(self.card)
        collector = self.make_user("clerk", "account_collections_auto.group_collector")
        collector.password = collector.login
        self.visit(collector.login)
        for what in ("the card of another customer", "a card stored with another company"):
            with self.subTest(what), self.assertRaises(JsonRpcException):
                self.change_card(self.strange[what])
        self.assertEqual(self.proposed.token_id, self.card)
        for what in ("a card that was removed", "a card of a provider that is switched off"):
            with self.subTest(what):
                self.change_card(self.strange[what])
                self.env.invalidate_all()
                self.assertIn({"code": "charge_card_gone"}, self.proposed._find_charge_obstacles())

    def change_card(self, card):
        values = {"token_id": card.id}
        params = {"model": "collection.payment.plan", "method": "write", "args": [self.proposed.ids, values], "kwargs": {}}
        return self.make_jsonrpc_request("/web/dataset/call_kw", params)
