from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError

from .common import TODAY
from .placement_common import PlacementCase

# What a client may try to say of a field of each type.
FORGED = {"boolean": True, "date": "2020-01-01", "many2one": 1, "many2many": [1], "one2many": [], "json": {"forged": 1}}
NUMBERS = ("float", "integer", "monetary")


class TestRecorded(PlacementCase):
    """What the system records no client writes: not by a value, a default in the context, or a default of its own."""

    def forge(self, model, names):
        fields = self.env[model]._fields
        return {
            f"default_{name}": FORGED.get(fields[name].type, 7 if fields[name].type in NUMBERS else "forged") for name in names
        }

    def recording_models(self):
        mixin = self.env.registry["collection.recorded.mixin"]
        return [name for name, model in self.env.registry.items() if issubclass(model, mixin) and not model._abstract]

    def test_every_model_that_records_ignores_defaults_of_clients(self):
        found = {}
        for name in self.recording_models():
            model = self.env[name].with_user(self.collector)
            names = sorted(model._get_recorded())
            found[name] = names
            with self.subTest(name):
                self.assertLessEqual(set(names), model._fields.keys())
                self.assertEqual(
                    model.with_context(**self.forge(name, names)).default_get(names), model.with_context().default_get(names)
                )
        self.assertLessEqual(
            {
                "collection.dispute",
                "collection.hold",
                "collection.payment.notice",
                "collection.payment.plan",
                "collection.payment.plan.line",
                "collection.placement",
                "collection.placement.receipt",
                "collection.promise",
                "collection.settlement.offer",
                "collection.write.off",
            },
            {name for name, names in found.items() if names},
        )

    def test_no_model_guards_what_is_recorded_on_its_own(self):
        """Whoever names recorded fields has the guard of defaults with them."""
        names = {name for name, model in self.env.registry.items() if getattr(model, "_recorded", None) and not model._abstract}
        self.assertEqual(names - set(self.recording_models()), set())

    def test_odoo_offers_to_archive_a_stop_only_where_that_ends_it(self):
        """Its menus offer it for every model whose field is not read-only."""
        mixin = self.env.registry["collection.stop.mixin"]
        stops = [name for name, model in self.env.registry.items() if issubclass(model, mixin) and not model._abstract]
        offered = [name for name in stops if not self.env[name].fields_get(["active"])["active"]["readonly"]]
        self.assertEqual(offered, ["collection.hold"])

    def test_a_default_that_a_person_sets_for_herself_is_none(self):
        offers = self.env["collection.settlement.offer"]
        field = self.env["ir.model.fields"]._get("collection.settlement.offer", "state")
        self.env["ir.default"].create({"field_id": field.id, "user_id": self.collector.id, "json_value": '"met"'})
        self.assertEqual(offers.with_user(self.collector).default_get(["state"]), {"state": "draft"})

    def test_an_offer_is_not_made_paid_by_the_context(self):
        customer, invoice = self.overdue()
        draft = self.invoice(customer, 50).copy()
        offers = self.env["collection.settlement.offer"].with_user(self.collector)
        forged = offers.with_context(default_state="met", default_credit_note_ids=[Command.set(draft.ids)]).create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "item_ids": [Command.set(self.items(invoice).ids)],
                "pay_by": TODAY + timedelta(days=7),
            }
        )
        self.assertRecordValues(forged, [{"state": "draft", "credit_note_ids": []}])

    def test_a_plan_and_its_instalments_are_not_made_running_by_the_context(self):
        customer, invoice = self.overdue()
        plans = self.env["collection.payment.plan"].with_user(self.collector)
        context = {"default_state": "running", "default_plan_state": "running", "default_amount_paid": 999}
        forged = plans.with_context(**context).create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "item_ids": [Command.set(self.items(invoice).ids)],
                "line_ids": [Command.create({"date": TODAY + timedelta(days=30), "amount": 1000})],
            }
        )
        self.assertRecordValues(forged, [{"state": "draft", "amount_paid": 0}])
        self.assertRecordValues(forged.line_ids, [{"state": "open", "amount_paid": 0, "plan_state": "draft"}])

    def test_a_payment_does_not_take_the_draft_of_somebody_else_by_the_context(self):
        customer, _invoice = self.overdue()
        placement = self.place(customer)
        draft = self.invoice(customer, 50).copy()
        receipts = self.env["collection.placement.receipt"].with_user(self.collector)
        receipts = receipts.with_context(default_state="prepared", default_move_id=draft.id)
        forged = receipts.create({"placement_id": placement.id, "amount": 100, "commission": 10})
        self.assertRecordValues(forged, [{"state": "draft", "move_id": False}])
        forged.action_cancel()
        self.assertTrue(draft.exists())

    def test_the_target_of_an_offer_is_not_written(self):
        customer, invoice = self.overdue()
        offer = self.env["collection.settlement.offer"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "item_ids": [Command.set(self.items(invoice).ids)],
                "pay_by": TODAY + timedelta(days=7),
            }
        )
        offer = offer.with_user(self.collector)
        for vals in ({"amount_to_pay": 1}, {"amount_discount": 999}, {"case_id": False}, {"is_for_all": True}):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                offer.write(vals)

    def test_what_a_payment_takes_from_its_placement_is_not_written(self):
        customer, _invoice = self.overdue()
        receipt = self.receive(self.place(customer), 100).with_user(self.collector)
        for vals in ({"currency_id": 1}, {"company_id": 1}, {"partner_id": 1}, {"net": 0}):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                receipt.write(vals)

    def test_no_client_says_what_a_decision_takes_back(self):
        customer, _invoice = self.overdue()
        todo = customer.activity_schedule("mail.mail_activity_data_call", user_id=self.auditor.id)
        forged = {"choice": "call", "values": {"calls": todo.ids, "before": {}}}
        vals = {"case_ids": [Command.set(self.case(customer).ids)], "choice": "call"}
        wizards = self.env["collection.case.decide"].with_user(self.collector)
        with self.assertRaises(AccessError):
            wizards.create(vals | {"undo_values": forged})
        wizard = wizards.with_context(default_undo_values=forged).create(vals)
        with self.assertRaises(AccessError):
            wizard.write({"undo_values": forged})
        wizard.action_undo()
        self.assertTrue(todo.exists())
