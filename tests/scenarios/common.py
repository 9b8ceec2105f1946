"""Builders for whole stories, told by role: who does what on which day, and what the customer hears of it."""

from contextlib import contextmanager

from odoo import Command
from odoo.addons.account_collections_auto.tests.common import CollectionsCase
from odoo.tests import tagged


@tagged("post_install", "-at_install")
class StoryCase(CollectionsCase):
    """Carla collects, Max manages her, Anna keeps the books; Odoo runs a cycle when the story says so.

    Reminders leave when an invoice is 7, 21 and 35 days overdue (L1 to L3), each with 7 days to answer; after a stop the
    customer gets five days. What follows ``with self.acting(PERSON, DAY):`` is done by that person, with no more rights.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.resume_days = 5
        collections = "account_collections_auto.group_collect"
        cls.carla = cls.make_user("carla", f"{collections}or")
        cls.max = cls.make_user("max", f"{collections}ion_manager")
        cls.anna = cls.make_user("anna", "account.group_account_invoice")
        cls.company.collection_user_id = cls.carla
        cls.buyer = cls.customer("Buyer", "buyer@example.com")

    @contextmanager
    def acting(self, person, day):
        """Let ``person`` do what follows, with the rights of that person, on ``day``."""
        story, env = type(self), self.env
        story.env = env(user=person)
        try:
            with self.on_day(day):
                yield
        finally:
            self.env.flush_all()
            story.env = env

    def mine(self, record):
        """Return ``record`` in the hands of whoever acts."""
        return record.with_env(self.env)

    # -- what customers answer -----------------------------------------------------------------------------------------

    def call(self, customer, result, **vals):
        """Log a call with ``customer``. Return what opens next, for `record`: a promise, a dispute, a payment notice."""
        log = self.env["collection.call.log"].create(
            {"case_ids": [Command.set(self.case(customer).ids)], "call_result": result, **vals}
        )
        return log.action_apply()["params"].get("next")

    def record(self, opened, **vals):
        """Fill in and save the form that a button ``opened``, as of the day of the story."""
        form = self.env[opened["res_model"]].with_context(**opened["context"])
        return form.create({"date_from": self.company._collection_today(), **vals})

    def dispute(self, invoice, amount=None, reason="delivery", **vals):
        """The customer disputes ``amount`` of an invoice (default: all that is open)."""
        line = {"item_id": self.items(invoice).id, **({"amount": amount} if amount else {})}
        return self.record(
            self.mine(self.case(invoice.partner_id)).action_dispute(),
            reason_id=self.quick_ref(f"account_collections_auto.collection_dispute_reason_{reason}").id,
            line_ids=[Command.create(line)],
            **vals,
        )

    def settle(self, dispute, accepted, says="As agreed on the phone"):
        """The owner of a dispute accepts that much of it. Return the draft credit notes."""
        decision = "reject" if not accepted else "accept" if accepted == sum(dispute.line_ids.mapped("amount")) else "part"
        wizard = self.env["collection.dispute.settle"].create(
            {"dispute_id": dispute.id, "decision": decision, "resolution": says}
        )
        if decision == "part":
            wizard.line_ids.amount_accepted = accepted
        wizard.action_settle()
        return dispute.credit_note_ids

    def promise(self, customer, amount, day, items=None, **vals):
        """The customer promises ``amount`` for ``day``, for these items (default: for all that is owed)."""
        opened = self.mine(self.case(customer)).action_promise()
        return self.record(opened, amount=amount, promise_date=day, item_ids=items.ids if items else [], **vals)

    def payment_notice(self, customer, amount, items=None, **vals):
        """The customer says: we have paid ``amount`` already."""
        opened = self.mine(self.case(customer)).action_payment_notice()
        today = self.company._collection_today()
        return self.record(opened, amount=amount, payment_date=today, item_ids=items.ids if items else [], **vals)

    # -- what a person sees and opens ----------------------------------------------------------------------------------

    def tile(self, key):
        """Return what a tile of Today shows to whoever acts: {method that opens it: how many}."""
        self.env["collection.case"]._refresh_marked()
        tiles = [tile for tile in self.env["collection.today"].get_tiles() if tile["key"] == key]
        lines = [line for tile in tiles for line in tile["lines"] or [{"link": tile["buttons"][0], "count": tile["count"]}]]
        return {line["link"]["method"]: line["count"] for line in lines}

    def listed(self, method):
        """Return the records of the list that a tile of Today opens."""
        action = getattr(self.env["collection.today"], method)()
        return self.env[action["res_model"]].search(action["domain"])

    def fill(self, opened, **vals):
        """Fill in the form that a button ``opened``."""
        forms = self.env[opened["res_model"]].with_context(**opened.get("context", {}))
        if not opened.get("res_id"):
            return forms.create(vals)
        form = forms.browse(opened["res_id"])
        form.write(vals)
        return form

    def todos(self, record, xmlid):
        """Return the open to-dos of a kind on ``record``."""
        kind = self.env.ref(f"account_collections_auto.mail_activity_type_{xmlid}")
        return record.sudo().activity_ids.filtered(lambda todo: todo.activity_type_id == kind)

    # -- what the customer hears ---------------------------------------------------------------------------------------

    def heard(self, customer=None):
        """Return the reminders that the customer was sent so far: [(day, level, amount claimed)]."""
        return [(day, level, total) for day, level, _advancing, total in self.sent(customer or self.buyer) if level]

    def next_message(self, on, customer=None):
        """Return (level, amount) of what a cycle of the day ``on`` would send by the present state of things, or None."""
        case = self.case(customer or self.buyer)
        preview = self.env["collection.cycle"].preview(self.company, on)
        line = preview.line_ids.filtered(lambda line: line.case_id == case and line.decision == "planned")
        return (line.level_id.name, line.amount) if line else None
