"""What the crawlers open: the demonstration data, today's cycle on it, a preview, and a user for each role."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.addons.account_collections_auto.demo import collection_demo
from odoo.tests import HttpCase, tagged

FEW_PAID = ((46, 400, 12),)
OURS = "account_collections_auto."
ROLES = {
    "auditor": [OURS + "group_collection_auditor"],
    "collector": [OURS + "group_collector"],
    "manager": [OURS + "group_collection_manager"],
    "administrator": [OURS + "group_collection_manager", "base.group_system", "account.group_account_manager"],
    "billing clerk": ["account.group_account_invoice", "base.group_partner_manager"],
}


@tagged("post_install", "-at_install")
class World(HttpCase):
    """The demonstration data as a person finds it in the morning: a later feature that adds to it is opened too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.ref("base.main_company")
        cls.env = cls.env(context={"allowed_company_ids": cls.company.ids, "lang": "en_US", "tz": "UTC"})
        if not cls.company.chart_template:
            cls.env["account.chart.template"].try_loading("generic_coa", cls.company, install_demo=False)
        modules = cls.env.registry["ir.module.module"]
        with (
            patch.object(modules, "_update_translations", lambda *_arguments, **_options: None),
            patch.object(collection_demo, "PAID_AGES", FEW_PAID),  # what was paid long ago is on no screen
        ):
            cls.env["collection.demo"]._build()
        cls.company.collection_plan_id.level_ids.filtered(lambda level: level.days_overdue > 0)[:2][-1:].mode = "review"
        today = cls.company._collection_today()
        cycles = cls.env["collection.cycle"]
        cycles.run(cls.company, today)
        cycles.preview(cls.company, today + timedelta(days=1))
        cls.env["collection.bounce"].sudo().create({"email": "gone@example.com", "company_id": cls.company.id})
        cls.env["collection.plan.rule"].create({"plan_id": cls.company.collection_plan_id.id, "amount_from": 50000})
        hours = {"saturday": True, "sunday": True, "hour_from": 0, "hour_to": 24}  # never closed: what leaves still leaves
        cls.env["collection.policy"].create(
            {"name": "At any hour", "closed_on_holidays": False, "hours_ids": [Command.create(hours)]}
        )
        cls._record_answers(today)
        cls._hand_over()
        cls._escalate(today)
        cls._pay_online()
        cls.env["collection.report.schedule"].create({"user_ids": [Command.set(cls.env.ref("base.user_admin").ids)]})
        cls.users = {role: cls._make_user(role, groups) for role, groups in ROLES.items()}
        cls.env.flush_all()

    @classmethod
    def _record_answers(cls, today):
        """Let a customer promise, dispute and announce a payment; let a person prepare a message and a statement."""
        item = cls.env["collection.item"].search(
            [("amount_residual_currency", ">", 100), ("case_id.state", "=", "open")], limit=1
        )
        values = {"partner_id": item.partner_id.id, "company_id": cls.company.id, "date_from": today}
        amount = {"amount": 50, "item_ids": item.ids, "currency_id": item.currency_id.id}
        cls.env["collection.promise"].create({**values, **amount, "promise_date": today})
        cls.env["collection.payment.notice"].create({**values, **amount, "payment_date": today})
        context = item.case_id.action_payment_plan()["context"]
        plan = cls.env["collection.payment.plan.start"].with_context(**context).create({"case_id": item.case_id.id})._make()
        plan.action_propose()
        free = cls._free_items().case_id - item.case_id
        context = free[len(free) // 2].action_settlement_offer()["context"]
        cls.env["collection.settlement.offer"].with_context(**context).create({"note": "Closes the shop"})
        cls.env["collection.reply"].create({"case_id": item.case_id.id, "text": "Please call me.", "subject": "Re: Reminder"})
        cls.env["collection.status.file"].create({"name": "portal.csv", "company_id": cls.company.id, "checksum": "0"})
        cls.env["collection.request"]._begin(item.case_id, "message")
        statement = {"case_id": item.case_id.id, "company_id": cls.company.id, "date": today}
        cls.env["collection.statement.sent"].sudo().create(statement)
        reason = cls.env.ref(OURS + "collection_dispute_reason_delivery")
        lines = [Command.create({"item_id": item.id, "amount": 30})]
        cls.env["collection.dispute"].create({**values, "reason_id": reason.id, "line_ids": lines})

    @classmethod
    def _free_items(cls):
        """Return overdue items that nothing stops."""
        overdue = cls.env["collection.item"].search(
            [("days_overdue", ">", 0), ("amount_residual_currency", ">", 100), ("company_id", "=", cls.company.id)]
        )
        obstacles = cls.env["collection.placement"]._find_obstacles(overdue)
        return overdue.filtered(lambda item: item not in obstacles)

    @classmethod
    def _hand_over(cls):
        """Let an agency have one customer, with a payment and a message to it, and let another one be proposed."""
        contact = cls.env["res.partner"].create({"name": "Agency", "email": "agency@example.com"})
        agency = cls.env["collection.agency"].create({"partner_id": contact.id, "company_id": cls.company.id})
        placements = cls.env["collection.placement"]
        first, second = list(cls._free_items().grouped("case_id").values())[-2:]
        placed, _proposed = placements._propose(agency, first[:1]), placements._propose(agency, second[:1])
        placed._approve(despite_notice=True)
        placed._hand_over()
        receipt = cls.env["collection.placement.receipt"].create({"placement_id": placed.id, "amount": 10})
        receipt.action_prepare()
        receipt.action_post()
        cls.env["collection.agency.message"]._tell(agency, "payments", by_mail=False)

    @classmethod
    def _escalate(cls, today):
        """A team with somebody away; one customer gets nothing more on account, and a write-off is proposed."""
        members = [Command.set(cls.env.user.ids)]
        cls.env["collection.team"].create({"name": "Team", "leader_id": cls.env.user.id, "member_ids": members})
        cls.env["collection.absence"].create({"user_id": cls.env.user.id, "date_from": today, "date_until": today})
        item = cls._free_items()[:1]
        expense = [("account_type", "=", "expense"), ("company_ids", "in", cls.company.ids)]
        cls.company.collection_write_off_account_id = cls.env["account.account"].search(expense, limit=1)
        cls.env["collection.credit.hold"]._set_by_hand(item.case_id, "Pays late", False)
        values = {"partner_id": item.case_id.partner_id.id, "company_id": cls.company.id, "item_ids": [Command.set(item.ids)]}
        cls.env["collection.write.off"].create({**values, "amount": 10, "reason": "Dissolved"})

    @classmethod
    def _pay_online(cls):
        """A customer chose something on the portal, and the money is on its way."""
        item = cls.env["collection.item"].search([("amount_residual_currency", ">", 100)], limit=1)
        provider = cls.env["payment.provider"].sudo().search([("code", "=", "demo"), ("company_id", "=", cls.company.id)])
        chosen = {
            "case_id": item.case_id.id,
            "item_id": item.id,
            "move_id": item.move_id.id,
            "account_id": item.move_line_id.account_id.id,
            "number": item.move_id.name,
            "currency_id": item.currency_id.id,
            "amount": 100,
        }
        values = {"amount": 100, "currency_id": item.currency_id.id, "partner_id": item.partner_id.id}
        cls.env["payment.transaction"].sudo().create(
            {
                **values,
                "provider_id": provider[:1].id,
                "payment_method_id": cls.env.ref("payment_demo.payment_method_demo").id,
                "reference": "Online payment",
                "collection_case_id": item.case_id.id,
                "collection_allocation_ids": [Command.create(chosen)],
            }
        )

    @classmethod
    def _make_user(cls, role, groups):
        login = role.replace(" ", "_")
        return cls.env["res.users"].create(
            {
                "name": role.title(),
                "login": login,
                "password": login,
                "email": f"{login}@example.org",
                "company_id": cls.company.id,
                "company_ids": [Command.set(cls.company.ids)],
                "group_ids": [Command.set([cls.env.ref(group).id for group in ["base.group_user", *groups]])],
            }
        )

    def as_role(self, role, **context):
        """Return the environment of a user of the role."""
        context = {"lang": "en_US", "tz": "UTC", "allowed_company_ids": self.company.ids, **context}
        return self.env(user=self.users[role].id, su=False, context=context)
