import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")


class CollectionReplyContact(models.TransientModel):
    """To whom reminders go from now on: what the answer says is proposed, and a person decides."""

    _name = "collection.reply.contact"
    _description = "Correct the Contact"
    _inherit = ["collection.reply.mixin"]

    partner_id = fields.Many2one(string="Reminders Went To", domain="[('id', 'in', contact_ids)]")
    choice = fields.Selection(
        [
            ("person", "Another person gets them"),
            ("address", "The same person has another address"),
            ("stop", "This person gets none any more"),
        ],
        required=True,
        default="person",
    )
    name = fields.Char(help="Of the new contact.")
    email = fields.Char(
        string="New Address",
        compute="_compute_email",
        store=True,
        readonly=False,
        help="The first address in the text. Anybody could have written it: when in doubt, call the customer.",
    )

    @api.depends("reply_id")
    def _compute_email(self):
        for wizard in self:
            own = {email_normalize(wizard.reply_id.email_from or ""), wizard.reply_id.company_id.email}
            own.update(wizard.case_id.contact_ids.mapped("email_normalized"))
            found = (match.rstrip(".") for match in _EMAIL.findall(wizard.reply_id.text or ""))
            wizard.email = next((email for email in found if email_normalize(email) not in own), False)

    def action_apply(self):
        """Correct the contact, and close the answer. It is noted on the case and on the contact."""
        self.ensure_one()
        self.reply_id._check_waiting()
        self.case_id.check_access("write")
        if not self.partner_id or self.partner_id - self.case_id.contact_ids:
            raise UserError(self.env._("Choose a contact of this customer."))
        if self.choice == "stop":
            self._release(self.partner_id)
        else:
            self.case_id._check_usable_email(self.email or "", self.partner_id)
            getattr(self, f"_apply_{self.choice}")()
        self.reply_id._close("done", "contact")
        self._note()
        return {"type": "ir.actions.act_window_close"}

    def action_open_partner(self):
        """Open the contact instead, to change something else."""
        self.ensure_one()
        return self.partner_id.get_formview_action()

    def _apply_address(self):
        self._writable(self.partner_id).email = self.email

    def _apply_person(self):
        contact = self.case_id.contact_ids.filtered(lambda each: each.email_normalized == email_normalize(self.email))[:1]
        if not contact:
            values = {
                "name": (self.name or "").strip() or self.email,
                "email": self.email,
                "parent_id": self.partner_id.commercial_partner_id.id,
                "type": "contact",
                "lang": self.partner_id.lang,
            }
            # sudo: a collector who may not edit contacts names whom to write to, below the customer of the case only
            contact = self.env["res.partner"].sudo().create(values)
        self._writable(contact).collection_contact = True
        if contact != self.partner_id:
            self._release(self.partner_id)

    def _release(self, partner):
        """Take the contact off the reminders; the company itself stays the last resort."""
        if partner.collection_contact:
            self._writable(partner).collection_contact = False

    def _writable(self, partner):
        """Return the contact to write on: nobody's login is changed by who may not edit contacts."""
        if not partner.has_access("write") and not partner.sudo().with_context(active_test=False).user_ids:
            # sudo: a collector who may not edit contacts corrects to whom reminders go, which nobody logs in with
            return partner.sudo()
        return partner

    def _note(self):
        choices = dict(self._fields["choice"]._description_selection(self.env))
        body = self.env._(
            "%(user)s, after an answer by e-mail: %(contact)s: %(choice)s. %(email)s",
            user=self.env.user.name,
            contact=self.partner_id.display_name,
            choice=choices[self.choice],
            email=self.email if self.choice != "stop" else "",
        )
        self.case_id._message_log(body=body)
        self.partner_id.sudo()._message_log(body=body, author_id=self.env.user.partner_id.id)
