from odoo import api, fields, models


class CollectionCase(models.Model):
    """What the customer chose to pay on the portal."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    payment_allocation_ids = fields.One2many("collection.payment.allocation", "case_id", string="Chosen Items of Payments")
    payment_allocation_count = fields.Integer(compute="_compute_payment_allocation_count", string="Items Paid Online")

    @api.depends("payment_allocation_ids")
    def _compute_payment_allocation_count(self):
        counts = dict(
            self.env["collection.payment.allocation"]._read_group([("case_id", "in", self.ids)], ["case_id"], ["__count"])
        )
        for case in self:
            case.payment_allocation_count = counts.get(case, 0)

    def action_payment_allocations(self):
        """Show what the customer chose to pay online."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_collections_portal.collection_payment_allocation_action"
        )
        return action | {"domain": [("case_id", "=", self.id)], "context": {}}
