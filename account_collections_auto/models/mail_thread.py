from odoo import api, models
from odoo.tools import email_normalize, html2plaintext

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
            statements = self.env["collection.statement.sent"].sudo().search([("message_id", "in", message_ids)])
            for address in given_up(email_message, message_dict.get("bounced_email")):
                actions._bounce(address, explanation)
                statements._bounce(address, explanation)
        return result


def given_up(report, address):
    """Return the addresses (False: not named) to which a returned message never comes.

    A report of delivery (RFC 3464) may also say that a message is late, was passed on or has arrived. ``address``: what
    Odoo took for the recipient, for a report that says nothing in this form.
    """
    parts = [part for part in report.walk() if part.get_content_type() == "message/delivery-status" and part.is_multipart()]
    recipients = [block for part in parts for block in part.get_payload() if block["Action"] or block["Status"]]
    if not recipients:
        return [address]
    failed = []
    for recipient in recipients:
        action, status = (str(recipient[name] or "").strip().lower() for name in ("Action", "Status"))
        if action == "failed" or not action and status.startswith("5"):
            named = str(recipient["Final-Recipient"] or "").rpartition(";")[2]
            failed.append(email_normalize(named) or address)
    return failed
