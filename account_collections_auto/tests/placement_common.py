"""Builders for stories about placements: an agency, a proposal, an approval, a hand-over."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields

from .common import TODAY, CollectionsCase


class PlacementCase(CollectionsCase):
    """An agency that gets 10 %, also on money paid to us, and a collector; it is `TODAY`. Files are left to the background."""

    files_in_background = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(cls._now(TODAY))
        cls.collector = cls.make_user("collector", "account_collections_auto.group_collector")
        cls.auditor = cls.make_user("auditor", "account_collections_auto.group_collection_auditor")
        cls.agency = cls.make_agency()
        if cls.files_in_background:
            files = type(cls.env["collection.placement.file"])
            cls.startClassPatcher(patch.object(files, "_start", lambda self: None))

    @classmethod
    def _now(cls, day):
        moment = fields.Datetime.to_datetime(day).replace(hour=12)
        return patch.object(type(cls.env["res.company"]), "_collection_now", lambda self: moment)

    @classmethod
    def run_cycle(cls, on=TODAY, company=None):
        with cls._now(on):
            return super().run_cycle(on, company)

    @classmethod
    def make_agency(cls, name="Fair Collections", company=None, **vals):
        partner = cls.env["res.partner"].create({"name": name, "email": "desk@agency.example", "lang": "en_US"})
        return cls.env["collection.agency"].create(
            {"partner_id": partner.id, "company_id": (company or cls.company).id, "commission_percent": 10, **vals}
        )

    def overdue(self, amount=1000.0, name="Debtor", days=60, **vals):
        """Return the customer and its invoice over ``amount``."""
        customer = self.customer(name, f"{name.lower()}@example.com")
        return customer, self.invoice(customer, amount, due=TODAY - timedelta(days=days), **vals)

    def propose(self, *records, agency=None, user=None):
        """A collector proposes everything that is overdue of customers, or invoices."""
        cases = self.env["collection.case"]
        items = self.env["collection.item"]
        for record in records:
            items |= self.items(record)
            cases |= self.items(record).case_id
        with self.on_day(TODAY):
            wizard = (
                self.env["collection.place"]
                .with_user(user or self.collector)
                .with_context(**cases.with_user(user or self.collector).action_place()["context"])
                .create({"agency_id": (agency or self.agency).id})
            )
            wizard.item_ids = [Command.set((wizard.item_ids & items).ids)]
            params = wizard.action_apply()["params"]
        self.assertIn("proposed", params["message"])
        return self.env["collection.placement"].browse(wizard.undo_values)

    def place(self, *records, on=TODAY, **vals):
        """Propose, approve in spite of a missing final notice, and hand over."""
        placements = self.propose(*records, **vals)
        with self.on_day(on):
            placements._approve(despite_notice=True)
            placements._hand_over()
        return placements

    def follow(self):
        """Look into the ledger, as the hourly job does in each company."""
        self.env["collection.placement.receipt"].sudo()._match_posted()
        self.env["collection.placement.movement"]._find(self.company)
        self.env.invalidate_all()
        return self.env["collection.placement.movement"].search([], order="id")

    def receive(self, placement, amount, commission=None, on=TODAY):
        """Record a payment through the agency, make its documents and post them."""
        vals = {} if commission is None else {"commission": commission}
        receipt = self.env["collection.placement.receipt"].create(
            {"placement_id": placement.id, "amount": amount, "date": on, **vals}
        )
        receipt.action_prepare()
        receipt.action_post()
        return receipt
