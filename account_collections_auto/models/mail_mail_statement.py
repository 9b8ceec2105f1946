from odoo import models


class MailMail(models.Model):
    """What became of the e-mails of statements: refused for good, or to be tried again."""

    _inherit = "mail.mail"  # pylint: disable=consider-merging-classes-inherited

    def _collection_statements(self):
        """Return the statements whose mails these are and that count as sent."""
        ours = self.filtered(lambda mail: mail.model == "collection.case")
        statements = self.env["collection.statement.sent"].sudo()
        return statements.search([("mail_id", "in", ours.ids), ("state", "=", "sent")]) if ours else statements

    def _hear_failures(self, failure_type=None):
        waiting = self.browse()
        statements = self._collection_statements()
        for sent in statements:
            mail = sent.mail_id
            refused = mail._get_refused_addresses(failure_type or mail.failure_type)
            if refused is None:
                waiting |= mail
            else:
                reason = mail.failure_reason or mail.failure_type or failure_type
                sent._refuse("mail_failed", refused or sent._get_addresses(), reason)
        if waiting:
            waiting._try_again_later(statements.filtered(lambda sent: sent.mail_id in waiting))
        return super()._hear_failures(failure_type)

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") == "cancel":
            self._collection_statements()._mail_is_gone()
        return result

    def unlink(self):
        waiting = self.filtered(lambda mail: mail.state in ("outgoing", "exception", "cancel"))
        waiting._collection_statements()._mail_is_gone()
        return super().unlink()
