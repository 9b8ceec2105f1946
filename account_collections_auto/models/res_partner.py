from odoo import api, fields, models
from odoo.addons.base.models.res_partner import _tz_get
from odoo.exceptions import ValidationError

from ..engine import project

# What changes who is the debtor of a line, or which plan the case follows.
_PROJECTED_FIELDS = {"parent_id", "is_company", "commercial_partner_id", "active", "collection_plan_id"}


class ResPartner(models.Model):
    _inherit = "res.partner"

    collection_plan_id = fields.Many2one(
        "collection.plan",
        string="Dunning Plan",
        company_dependent=True,
        help="Empty: the plan of the first plan rule that fits, else the default plan of the company.",
    )
    collection_contact = fields.Boolean(string="Collections Contact", help="Receives the payment reminders of this customer.")
    collection_payer_id = fields.Many2one(
        "res.partner",
        string="Reminders Go To",
        help="Another partner who pays for this customer and receives the reminders instead.",
        index="btree_not_null",
    )
    collection_cc = fields.Char(string="Reminders In Copy", help="E-mail addresses that get a copy, separated by commas.")
    collection_grouping = fields.Selection(
        [("customer", "One message for all"), ("contact", "One message per invoice contact")],
        string="Reminder Messages",
        default="customer",
    )
    collection_direct_debit = fields.Boolean(string="Direct Debit or Automatic Card", help="Not reminded until a debit failed.")
    collection_tz = fields.Selection(
        _tz_get,
        string="Clock for Contacts",
        help="The time zone in which this customer may be contacted at certain hours. Empty: that of the address, and of the "
        "telephone number.",
    )
    collection_case_ids = fields.One2many(
        "collection.case",
        compute="_compute_collection_case_ids",
        string="Collection Cases",
        groups="account_collections_auto.group_collection_auditor",
    )
    collection_hold_until = fields.Date(
        compute="_compute_collection_hold",
        inverse="_inverse_collection_hold",
        string="On Hold Until",
        groups="account_collections_auto.group_collection_auditor",
    )
    collection_hold_reason = fields.Char(
        compute="_compute_collection_hold",
        inverse="_inverse_collection_hold",
        string="Reason of the Hold",
        groups="account_collections_auto.group_collection_auditor",
    )

    @api.constrains("collection_plan_id")
    def _check_collection_plan_company(self):
        """The plan of another company has its texts, its amounts and its currency."""
        company = self.env.company.root_id
        # sudo: who edits customers need not see dunning plans
        for plan in self.sudo().collection_plan_id:
            if plan.company_id != company:
                raise ValidationError(
                    self.env._(
                        "The dunning plan %(plan)s does not belong to %(company)s.", plan=plan.name, company=company.name
                    )
                )

    def _compute_collection_case_ids(self):
        cases = self.env["collection.case"].search([("partner_id", "in", self.commercial_partner_id.ids)])
        by_partner = cases.grouped("partner_id")
        for partner in self:
            partner.collection_case_ids = by_partner.get(partner.commercial_partner_id, False)

    def _get_collection_hold(self):
        """Return {commercial partner: hold on the whole customer in force today} for the current company.

        Of several the one that stops messages, else the latest.
        """
        company = self.env.company.root_id
        today = company._collection_today()
        holds = self.env["collection.hold"].search(
            [
                # Recorded on a contact it is a hold on its company, as the cycle sees it.
                ("partner_id.commercial_partner_id", "in", self.commercial_partner_id.ids),
                ("company_id", "=", company.id),
                ("is_for_all", "=", True),
                ("date_from", "<=", today),
                "|",
                ("date_until", "=", False),
                ("date_until", ">=", today),
            ],
            order="id",
        )
        return {hold.partner_id.commercial_partner_id: hold for hold in holds.sorted(lambda hold: hold._stops("messages"))}

    @api.depends_context("company")
    def _compute_collection_hold(self):
        holds = self._get_collection_hold()
        for partner in self:
            hold = holds.get(partner.commercial_partner_id)
            partner.collection_hold_until = hold.date_until if hold else False
            partner.collection_hold_reason = hold.reason if hold else False

    def _inverse_collection_hold(self):
        """A writable view of the hold on the whole customer: fill both to start one, clear both to end it."""
        holds = self._get_collection_hold()
        for partner in self:
            hold = holds.get(partner.commercial_partner_id)
            until, reason = partner.collection_hold_until, partner.collection_hold_reason
            if not until and not reason:
                if hold:
                    hold.action_end()
            elif hold:
                hold.write({"date_until": until, "reason": reason or hold.reason})
            else:
                self.env["collection.hold"].create(
                    {
                        "partner_id": partner.commercial_partner_id.id,
                        "company_id": self.env.company.root_id.id,
                        "date_from": self.env.company._collection_today(),
                        "date_until": until,
                        "reason": reason or self.env._("On hold"),
                    }
                )

    def action_view_collection_case(self):
        """Open the case of the customer, or the cases of its companies."""
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_case_action")
        cases = self.collection_case_ids
        if len(cases) == 1:
            return action | {"res_id": cases.id, "views": [(False, "form")], "context": {}}
        return action | {"domain": [("id", "in", cases.ids)], "context": {}}

    def write(self, vals):
        if _PROJECTED_FIELDS.isdisjoint(vals):
            return super().write(vals)
        before = set(self.ids) | set(self.commercial_partner_id.ids)
        result = super().write(vals)
        self.flush_recordset()
        if vals.get("active") is False:
            self._collection_cancel_waiting()
        project.mark_debtors(self.env, before | set(self.commercial_partner_id.ids))
        self.env["account.move.line"]._collection_refresh_after_commit()
        return result

    def _collection_cancel_waiting(self):
        waiting = (
            self.env["collection.action"]
            .sudo()
            .search([("partner_id", "in", self.ids), ("state", "in", ("planned", "review", "queued"))])
        )
        waiting._cancel("archived")
