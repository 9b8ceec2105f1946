from odoo import models


class CollectionAction(models.Model):
    """Messages as their customers see them."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    def _get_shown(self):
        """Return these messages as their customers see them, as plain values for a page."""
        shown = {}
        for channel, actions in self.grouped("channel").items():
            if channel != "record":
                shown |= self.env[f"collection.channel.{channel}"]._show(actions)
        labels = dict(self._fields["channel"]._description_selection(self.env))
        states = dict(self._fields["state"]._description_selection(self.env))
        languages = dict(self.env["res.lang"].get_installed())
        return [
            {
                "id": action.id,
                "channel": labels[action.channel],
                "state": states[action.state] if action.cycle_id.state != "preview" else "",
                "recipient": action.recipient or "",
                "language": languages.get(action.lang or action.partner_id.lang, ""),
                "subject": shown[action][0] or "",
                "document": str(shown[action][1] or ""),
            }
            for action in self
            if action in shown
        ]
