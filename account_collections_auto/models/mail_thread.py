from odoo import api, models
from odoo.tools import html2plaintext

EXPLANATION_LENGTH = 2000


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        """A message of ours came back: find it by its Message-ID, whatever became of its mail."""
        result = super()._routing_handle_bounce(email_message, message_dict)
        message_ids = message_dict.get("bounced_msg_ids") or []
        if message_ids:
            actions = self.env["collection.action"].sudo().search([("message_id", "in", message_ids)])
            explanation = html2plaintext(message_dict.get("body") or "").strip()[:EXPLANATION_LENGTH]
            explanation = explanation or message_dict.get("subject") or ""
            actions._bounce(message_dict.get("bounced_email"), explanation)
            statements = self.env["collection.statement.sent"].sudo().search([("message_id", "in", message_ids)])
            statements._bounce(message_dict.get("bounced_email"), explanation)
        return result
