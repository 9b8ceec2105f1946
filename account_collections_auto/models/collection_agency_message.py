from odoo import Command, api, fields, models
from odoo.exceptions import UserError

_TEMPLATES = {
    "file": "account_collections_auto.mail_template_agency_file",
    "payments": "account_collections_auto.mail_template_agency_payments",
    "recall": "account_collections_auto.mail_template_agency_recall",
    "recall_undone": "account_collections_auto.mail_template_agency_recall",
}


class CollectionAgencyMessage(models.Model):
    """What an agency was told, when and by whom: a file, payments and other news, a recall. It stays as it was."""

    _name = "collection.agency.message"
    _description = "Message to an Agency"
    _order = "id desc"

    agency_id = fields.Many2one("collection.agency", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    kind = fields.Selection(
        [
            ("file", "File handed over"),
            ("payments", "Payments reported"),
            ("recall", "Recall"),
            ("recall_undone", "Recall taken back"),
        ],
        required=True,
        readonly=True,
    )
    date = fields.Date(required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True)
    by_mail = fields.Boolean(readonly=True, string="By E-mail", help="Off: a person told the agency in another way.")
    recipient = fields.Char(readonly=True, help="The address used, as text.")
    mail_id = fields.Many2one("mail.mail", readonly=True, ondelete="set null", index="btree_not_null")
    body = fields.Html(readonly=True, sanitize=False, help="As it was sent.")
    file_id = fields.Many2one("collection.placement.file", readonly=True, ondelete="set null", index="btree_not_null")
    movement_ids = fields.One2many("collection.placement.movement", "message_id", readonly=True, string="Reported")
    line_ids = fields.Many2many("collection.placement.line", readonly=True, string="Items")
    note = fields.Text(readonly=True)

    @api.depends("kind", "agency_id", "date")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for message in self:
            message.display_name = f"{message.agency_id.name or ''}: {labels.get(message.kind, '')}"

    @api.model
    def _check_address(self, agencies):
        for agency in agencies:
            if not agency.email:
                raise UserError(
                    self.env._(
                        "%(agency)s has no e-mail address. Type it in on the agency, or tell them yourself and note that here.",
                        agency=agency.name,
                    )
                )

    @api.model
    def _tell(self, agency, kind, by_mail=True, movements=None, attachments=None, **values):
        """Record that ``agency`` was told something, and write an e-mail with it if ``by_mail``. Returns the record.

        In test mode the mail goes to the test address of the company.
        """
        if by_mail:
            self._check_address(agency)
        # sudo: nobody writes here by hand; whoever calls this was checked
        message = self.sudo().create(
            {
                "agency_id": agency.id,
                "company_id": agency.company_id.id,
                "kind": kind,
                "date": agency.company_id._collection_today(),
                "user_id": self.env.uid,
                "by_mail": by_mail,
                **values,
            }
        )
        if movements:
            movements.sudo().write({"message_id": message.id, "reported_on": message.date, "is_known": True})
        if by_mail:
            message._send(attachments)
        return message

    def _send(self, attachments=None):
        """Write the e-mail of this message, in the language of the agency."""
        self.ensure_one()
        company, agency = self.company_id, self.agency_id
        template = self.env.ref(_TEMPLATES[self.kind]).sudo()
        values = {"email_to": agency.email, "recipient_ids": [], "auto_delete": False}
        if company.collection_test_mode:
            values |= {
                "email_to": company.collection_test_email,
                "subject": f"[TEST, {agency.email}] {self.display_name}",
            }
        if attachments:
            values["attachment_ids"] = [Command.set(attachments.ids)]
        mail = self.env["mail.mail"].sudo().browse(template.send_mail(self.id, email_values=values))
        self.write({"mail_id": mail.id, "recipient": values["email_to"], "body": mail.body_html})
