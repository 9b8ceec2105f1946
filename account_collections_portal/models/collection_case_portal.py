from odoo import api, fields, models


class CollectionCase(models.Model):
    """The links to the page of this customer, and what it chose to pay there."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    portal_link_ids = fields.One2many("collection.portal.link", "case_id", string="Links to the Customer's Page")
    portal_link_count = fields.Integer(compute="_compute_portal_link_count", string="Open Links")
    payment_allocation_ids = fields.One2many("collection.payment.allocation", "case_id", string="Chosen Items of Payments")
    payment_allocation_count = fields.Integer(compute="_compute_payment_allocation_count", string="Items Paid Online")

    @api.depends("portal_link_ids.revoked_on")
    def _compute_portal_link_count(self):
        counts = self._count_on_portal("collection.portal.link", ("revoked_on", "=", False))
        for case in self:
            case.portal_link_count = counts.get(case, 0)

    @api.depends("payment_allocation_ids")
    def _compute_payment_allocation_count(self):
        counts = self._count_on_portal("collection.payment.allocation")
        for case in self:
            case.payment_allocation_count = counts.get(case, 0)

    def _count_on_portal(self, model, *domain):
        return dict(self.env[model]._read_group([("case_id", "in", self.ids), *domain], ["case_id"], ["__count"]))

    def action_portal_links(self):
        """Show the links that were sent to this customer, to revoke them."""
        return self._open_on_portal("collection_portal_link_action")

    def action_payment_allocations(self):
        """Show what the customer chose to pay online."""
        return self._open_on_portal("collection_payment_allocation_action")

    def _open_on_portal(self, xmlid):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(f"account_collections_portal.{xmlid}")
        return action | {"domain": [("case_id", "=", self.id)], "context": {}}
