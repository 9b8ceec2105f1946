from odoo import api, models


class CollectionChannelEmail(models.AbstractModel):
    """Each message that leaves carries the link to its customer's page."""

    _inherit = "collection.channel.email"

    @api.model
    def _send(self, actions):
        self.env["collection.portal.link"]._create_for(actions)
        actions.invalidate_recordset(["portal_link_ids", "portal_url", "payment_details"], flush=False)
        return super()._send(actions)

    def _prepare_layout(self, action, body):
        """Under an offer stands the link to the page that shows it and takes the money."""
        layout = super()._prepare_layout(action, body)
        if action._name == "collection.action" and action._get_portal_offers():
            layout |= {"portal_url": f"{action.portal_url}/offers", "is_portal_offer": True}
        return layout

    def _prepare_mail_vals(self, action, template, rendered, reply_address):
        """In the conversation of the case stands the page for who is logged in: the link itself is the customer's.

        A statement of account, which is mailed the same way, has its link in the frame around the text.
        """
        vals = super()._prepare_mail_vals(action, template, rendered, reply_address)
        if action._name == "collection.action" and action.portal_link_ids:
            if len(action._get_addresses()) == 1:
                vals["headers"] = repr(self._prepare_unsubscribe_headers(action))
            vals["body"] = vals["body"].replace(action.portal_url, f"{action.get_base_url()}/my/collections")
        return vals

    def _prepare_unsubscribe_headers(self, action):
        """Return the headers by which a mail program offers to leave, for a message to one address (RFC 2369, RFC 8058)."""
        return {
            "List-Unsubscribe": f"<{action.portal_link_ids[:1]._get_url()}/unsubscribe>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
