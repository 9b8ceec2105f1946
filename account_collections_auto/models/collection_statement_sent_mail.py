from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ..engine.attempt import trying
from .collection_action import REASON_LENGTH

_MIMETYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class CollectionStatementSent(models.Model):
    """The e-mail of a statement: its texts, its file, and what became of it."""

    _inherit = "collection.statement.sent"  # pylint: disable=consider-merging-classes-inherited

    recipient = fields.Char(readonly=True, help="The addresses used, as text.")
    recipient_ids = fields.Many2many("res.partner", string="Recipients", readonly=True)
    lang = fields.Char(readonly=True, help="Language of the message and the document: the recipient's.")
    sent_at = fields.Datetime(string="Sent On", readonly=True)
    balance_text = fields.Char(readonly=True, help="The balance per currency, in the language of the message.")
    overdue_text = fields.Char(readonly=True, help="What is overdue per currency; empty when nothing is.")
    period_text = fields.Char(compute="_compute_texts", compute_sudo=True)
    greeting_name = fields.Char(compute="_compute_texts", compute_sudo=True)
    contact_details = fields.Html(compute="_compute_texts", compute_sudo=True, sanitize=False)
    message_id = fields.Char(string="Message-ID", readonly=True, index="btree_not_null")
    mail_id = fields.Many2one("mail.mail", readonly=True, ondelete="set null", index="btree_not_null")
    mail_message_id = fields.Many2one("mail.message", readonly=True, ondelete="set null")
    attachment_id = fields.Many2one("ir.attachment", string="Document", readonly=True, ondelete="set null")
    attempts = fields.Integer(readonly=True, default=0, help="How often the mail server could not be reached.")

    @api.depends("kind", "date", "date_from", "recipient_ids", "partner_id")
    @api.depends_context("lang")
    def _compute_texts(self):
        documents, qweb = self.env["collection.statement.document"], self.env["ir.qweb"]
        for sent in self:
            recipient = sent.recipient_ids if len(sent.recipient_ids) == 1 else sent.partner_id
            collector = sent.case_id._get_collector() if sent.case_id else self.env["res.users"]
            sent.greeting_name = recipient.name or recipient.commercial_partner_id.name or ""
            sent.period_text = documents._period_text(sent._period()) if sent.date else ""
            sent.contact_details = qweb._render(
                "account_collections_auto.contact_details",
                {
                    "name": collector.name,
                    "company": sent.company_id,
                    "phone": collector.phone or sent.company_id.phone,
                    "email": sent._get_reply_address(),
                },
                minimal_qcontext=True,
            )

    def _get_reply_address(self):
        return self.case_id._get_reply_address() if self.case_id else ""

    def _get_leaving_time(self):
        """A statement leaves at once: nobody decides about it any more."""
        return False

    # -- handing over --------------------------------------------------------------------------------------------------

    def _mail(self, accounts):
        """Hand the statements with their files to Odoo's outgoing queue; one that cannot be made fails alone."""
        made = self.filtered(lambda sent: sent._make_file(accounts[sent.partner_id]))
        if made:
            made._hand_over()

    def _make_file(self, account):
        """Make the document in the language of the message; return whether that worked."""
        documents = self.env["collection.statement.document"].with_context(lang=self.lang or self.env.lang)
        with trying(self, "statement of account") as outcome:
            content = documents._render_file(account, self.file_format)
        if outcome.error:
            self._change_state(
                "failed",
                allowed_from=("queued",),
                reason_code="statement_not_made",
                reason_values={"text": self.env["collection.reason"]._describe_error(outcome.error)},
            )
            return False
        files = self.env["ir.attachment"].sudo()
        self.attachment_id = files.create(
            {
                "name": documents._file_name(account, self.file_format),
                "raw": content,
                "mimetype": _MIMETYPES[self.file_format],
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        self.balance_text = documents._amounts_text(account, "balance")
        self.overdue_text = documents._amounts_text(account, "overdue")
        return True

    def _hand_over(self):
        template = self._get_template()
        mailer = self.env["collection.statement.email"]
        mails = self.env["mail.mail"].sudo()
        created = mails.create(mailer._prepare_mails(template, self))
        by_message_id = {mail.message_id: mail for mail in created}
        now = fields.Datetime.now()
        for sent in self:
            mail = by_message_id[sent.message_id]
            sent._change_state(
                "sent", allowed_from=("queued",), mail_id=mail.id, mail_message_id=mail.mail_message_id.id, sent_at=now
            )
        created._trigger_queue()

    def _get_template(self):
        """Return the text of the e-mail: the first about statements, so that a company may replace ours."""
        template = self.env["mail.template"].sudo().search([("model", "=", self._name)], order="id", limit=1)
        if not template:
            raise UserError(
                self.env._(
                    "There is no e-mail text for statements of account any more. Create an e-mail template that applies to "
                    "statements of account."
                )
            )
        return template

    # -- what became of it ---------------------------------------------------------------------------------------------

    def _refuse(self, code, emails, explanation):
        """The contact is wrong: nothing goes to ``emails`` until they are corrected."""
        for sent in self.filtered(lambda sent: not sent.is_test):
            self.env["collection.bounce"]._remember(sent.case_id, emails, explanation)
        self._change_state(
            "failed", allowed_from=("sent",), reason_code=code, reason_values={"text": explanation[:REASON_LENGTH]}
        )

    def _bounce(self, email, explanation):
        """A message came back from ``email`` (normalised; False when the answer does not say)."""
        for sent in self.filtered(lambda sent: sent.state == "sent" and not sent.is_test):
            addresses = sent._get_addresses()
            refused = email if email in addresses else (addresses[0] if len(addresses) == 1 else False)
            if refused and len(addresses) == 1:
                sent._refuse("mail_bounced", [refused], explanation)
            elif refused:
                self.env["collection.bounce"]._remember(sent.case_id, [refused], explanation)

    def _get_addresses(self):
        """Return the normalised addresses that this statement went to."""
        self.ensure_one()
        addresses = (email_normalize(address) for address in (self.recipient or "").split(","))
        return [address for address in addresses if address]

    def _mail_is_gone(self):
        """A person took the e-mail out of the queue: the statement did not leave."""
        self._change_state("failed", allowed_from=("sent",), reason_code="mail_cancelled")
