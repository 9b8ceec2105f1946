from odoo import api, fields, models
from odoo.tools import format_amount, format_list


class CollectionCase(models.Model):
    """Interest and fees that notices claimed from the customer; they outlive the invoices that they are about."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    late_charge_ids = fields.One2many("collection.late.charge", "case_id", string="Interest and Fees", readonly=True)
    late_charge_count = fields.Integer(compute="_compute_late_charges", string="Number of Charges")
    late_charge_text = fields.Char(compute="_compute_late_charges", string="Interest and Fees Claimed")

    @api.depends("late_charge_ids.state", "late_charge_ids.amount")
    @api.depends_context("lang")
    def _compute_late_charges(self):
        """What is claimed and neither waived nor reversed, in each currency."""
        groups = self.env["collection.late.charge"]._read_group(
            [("case_id", "in", self.ids)], ["case_id", "state", "currency_id"], ["amount:sum", "__count"]
        )
        counts, claimed = {}, {}
        for case, state, currency, amount, count in groups:
            counts[case] = counts.get(case, 0) + count
            if state == "claimed":
                claimed.setdefault(case, []).append(format_amount(self.env, amount, currency))
        for case in self:
            case.late_charge_count = counts.get(case, 0)
            case.late_charge_text = format_list(self.env, claimed[case]) if case in claimed else False

    def action_view_late_charges(self):
        """Open what notices claimed from this customer besides the invoices."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_late_charge_action")
        return action | {"domain": [("case_id", "=", self.id)], "context": {}}
