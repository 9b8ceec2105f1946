from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools.mail import generate_tracking_message_id

# Mail servers refuse larger ones.
_LARGEST_MB = 15


class CollectionReplyCopies(models.TransientModel):
    """Which invoices are sent to whom, before they leave."""

    _name = "collection.reply.copies"
    _description = "Send Copies of Invoices"
    _inherit = ["collection.reply.mixin"]

    email_from = fields.Char(related="reply_id.email_from", string="They Wrote From")
    is_resent = fields.Boolean(string="They Do Not Have Them", readonly=True)
    partner_id = fields.Many2one(
        string="To",
        domain="[('id', 'in', contact_ids), ('email', '!=', False)]",
        help="Who wrote, when it is a contact of the customer; else who gets the reminders.",
    )
    move_ids = fields.Many2many(
        "account.move",
        string="Invoices",
        compute="_compute_move_ids",
        store=True,
        readonly=False,
        domain="[('commercial_partner_id', '=', customer_id), ('company_id', 'child_of', company_id), ('state', '=', 'posted'),"
        " ('move_type', 'in', ('out_invoice', 'out_refund', 'out_receipt'))]",
        help="Those that the answer names; else all that are overdue.",
    )
    customer_id = fields.Many2one(related="case_id.partner_id", string="Customer")
    numbers = fields.Char(compute="_compute_numbers")
    subject = fields.Char(compute="_compute_text")
    body = fields.Html(compute="_compute_text", sanitize=False, string="Text")

    @api.depends("reply_id")
    def _compute_move_ids(self):
        for wizard in self:
            items = wizard.reply_id._get_open_items() or wizard.case_id.item_ids.filtered(
                lambda item: item.days_overdue > 0 and item.amount_residual_currency > 0
            )
            wizard.move_ids = items.move_id.filtered(lambda move: move.is_sale_document())

    @api.depends("move_ids")
    def _compute_numbers(self):
        for wizard in self:
            wizard.numbers = ", ".join(wizard.move_ids.mapped("name"))

    @api.depends("move_ids", "partner_id")
    def _compute_text(self):
        """The message as it would leave; not while somebody is changing to whom or what."""
        for wizard in self:
            saved = wizard._origin
            if not saved.partner_id or (saved.partner_id, saved.move_ids) != (wizard.partner_id, wizard.move_ids._origin):
                wizard.subject = wizard.body = False
                continue
            text = wizard._get_template()._generate_template(wizard._origin.ids, ("subject", "body_html"))
            wizard.update({"subject": text[wizard._origin.id]["subject"], "body": text[wizard._origin.id]["body_html"]})

    def _get_template(self):
        # sudo: a text of ours, that only managers change, filled with what the collector may read
        return self.env.ref("account_collections_auto.mail_template_invoice_copies").sudo()

    def action_send(self):
        """Hand the mail with the PDFs to Odoo's outgoing queue; answers to it come to the case."""
        self.ensure_one()
        self.reply_id._check_waiting()
        self.check_access("read")
        if not self.move_ids:
            raise UserError(self.env._("Choose the invoices to send."))
        if self.move_ids.commercial_partner_id - self.case_id.partner_id or self.partner_id - self.case_id.contact_ids:
            raise UserError(self.env._("Choose invoices and a contact of this customer."))
        if self.case_id.is_contact_restricted and self.partner_id != self.case_id.only_contact_id:
            raise UserError(self.case_id.contact_notice)
        if not self.partner_id.email:
            raise UserError(self.env._("Choose a contact with an e-mail address."))
        mail = self._get_template().send_mail(self.id, email_values=self._prepare_mail_vals())
        self.reply_id._close("done", "copies")
        self.case_id._message_log(
            body=self.env._(
                "%(user)s sent %(numbers)s to %(contact)s.",
                user=self.env.user.name,
                numbers=self.numbers,
                contact=self.partner_id.display_name,
            )
        )
        self.env["mail.mail"].sudo().browse(mail)._trigger_queue()
        return {"type": "ir.actions.act_window_close"}

    def _prepare_mail_vals(self):
        """Values of the mail: it belongs to the case, and in test mode it goes to the test address."""
        company = self.company_id
        values = {
            "model": "collection.case",
            "res_id": self.case_id.id,
            "message_id": generate_tracking_message_id(f"{self.case_id.id}-collection.case"),
            "recipient_ids": [Command.set(self.partner_id.ids)],
            "attachment_ids": [Command.set(self._get_files().ids)],
            "reply_to": company.collection_reply_to or self._get_reply_address(),
            "references": self.reply_id.mail_message_id.message_id,
            "auto_delete": False,
        }
        if company.collection_test_mode:
            values |= {
                "recipient_ids": [],
                "email_to": company.collection_test_email,
                "subject": f"[TEST, {self.partner_id.email}] {self.subject}",
            }
        return values

    def _get_reply_address(self):
        case = self.case_id
        return case._notify_get_reply_to_batch(
            defaults={case.id: case._get_reply_address()}, author_ids={case.id: self.company_id.partner_id.id}
        )[case.id]

    def _get_files(self):
        """Return the PDFs of the invoices, as they were sent or made now; complain when they are too many for a mail."""
        files = self.env["ir.attachment"].sudo()
        problems = []
        for move in self.move_ids.sorted("invoice_date"):
            # sudo: a collector need not be an accountant; the invoices are those of the case, which was checked
            move_sudo = move.sudo()
            name = f"{(move.name or 'invoice').replace('/', '_')}.pdf"
            files += move_sudo.invoice_pdf_report_id or self._make_pdf(move_sudo, name, problems)
        if problems:
            raise UserError(self.env._("The PDF of an invoice could not be made. Print it from the invoice to see why."))
        if sum(files.mapped("file_size")) > _LARGEST_MB * 1024 * 1024:
            raise UserError(
                self.env._("These files are larger than %(limit)s MB together. Send them in several mails.", limit=_LARGEST_MB)
            )
        return files

    def _make_pdf(self, move_sudo, name, problems):
        pdf = self.env["collection.action"]._make_pdf("account.account_invoices", move_sudo, name, problems)
        pdf.write({"res_model": "account.move", "res_id": move_sudo.id})
        return pdf
