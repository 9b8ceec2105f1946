from odoo import api, models


class CollectionStatementEmail(models.AbstractModel):
    """The e-mail of a statement of account: addressed, wrapped and answered as a reminder is, with one file.

    Not a channel of its own: no step can choose it.
    """

    _name = "collection.statement.email"
    _description = "E-mail of a Statement of Account"
    _inherit = "collection.channel.email"

    @api.model
    def _prepare_mails(self, template, statements):
        """Return the values of the mails of ``statements``."""
        reply_addresses = self._get_reply_addresses(statements)
        with template._explaining():
            rendered = template._generate_template(statements.ids, ("subject", "body_html", "email_from", "reply_to"))
            for sent in statements.filtered("is_test"):
                rendered[sent.id]["subject"] = f"[TEST, {sent.recipient}] {rendered[sent.id]['subject']}"
            for sent_id, body in self._wrap(template, statements, rendered).items():
                rendered[sent_id]["body"] = body
        return [
            self._prepare_mail_vals(sent, template, rendered[sent.id], reply_addresses[sent.case_id.id]) for sent in statements
        ]

    def _get_attachments(self, sent):
        return sent.attachment_id
