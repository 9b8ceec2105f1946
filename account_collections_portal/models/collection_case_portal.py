from odoo import api, fields, models


class CollectionCase(models.Model):
    """The links to the page of this customer."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    portal_link_ids = fields.One2many("collection.portal.link", "case_id", string="Links to the Customer's Page")
    portal_link_count = fields.Integer(compute="_compute_portal_link_count", string="Open Links")

    @api.depends("portal_link_ids.revoked_on")
    def _compute_portal_link_count(self):
        counts = dict(
            self.env["collection.portal.link"]._read_group(
                [("case_id", "in", self.ids), ("revoked_on", "=", False)], ["case_id"], ["__count"]
            )
        )
        for case in self:
            case.portal_link_count = counts.get(case, 0)

    def action_portal_links(self):
        """Show the links that were sent to this customer, to revoke them."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_portal.collection_portal_link_action")
        return action | {"domain": [("case_id", "=", self.id)], "context": {}}
