from odoo import models


class CollectionCase(models.Model):
    """Writing to customers by hand, outside of the cycle: to one, or to many at once."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    def action_send_now(self):
        """Show what would be sent to these customers now, by hand, and why to some of them nothing."""
        request = self.env["collection.request"]._begin(self, "next")
        if len(self) > 1:
            return request._get_open_action()
        return request._get_open_action() | {
            "name": self.env._("Send Now"),
            "target": "new",
            "views": [(self.env.ref("account_collections_auto.collection_request_view_form_one").id, "form")],
        }

    def action_bulk_message(self):
        """Write the same message to these customers: choose the text, look at it, send."""
        return self.env["collection.request"]._begin(self, "message")._get_open_action()
