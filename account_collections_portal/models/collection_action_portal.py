from odoo import api, fields, models


class CollectionAction(models.Model):
    """The customer's page of a message."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    portal_link_ids = fields.One2many("collection.portal.link", "action_id", string="Links to the Customer's Page")
    portal_url = fields.Char(
        compute="_compute_portal_url",
        compute_sudo=True,
        help="Where the customer sees what is open, answers and pays. Opens without a login once the message left.",
    )

    @api.depends("portal_link_ids")
    def _compute_portal_url(self):
        for action in self:
            link = action.portal_link_ids[:1]
            action.portal_url = link._get_url() if link else f"{action.get_base_url()}/my/collections"

    def _get_portal_offers(self):
        """Return the settlement offers that this message tells of."""
        action_sudo = self.sudo()  # whoever sends a message need not see what was offered
        return action_sudo._get_own(action_sudo.request_id.settlement_ids)

    def _prepare_payment_details(self):
        return super()._prepare_payment_details() | {"portal_url": self.portal_url}
