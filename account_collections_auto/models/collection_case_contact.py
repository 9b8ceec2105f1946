from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import email_normalize


class CollectionCase(models.Model):
    """The address that has to be corrected before a message can reach the customer, typed where the problem is shown."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    contact_partner_id = fields.Many2one(
        "res.partner",
        compute="_compute_contact_partner_id",
        string="Write To",
        help="The contact whose address has the problem.",
    )
    contact_email = fields.Char(
        compute="_compute_contact_email",
        inverse="_inverse_contact_email",
        string="E-mail",
        help="Of the contact who receives the reminders. A new address is checked when it is saved.",
    )

    @api.depends("partner_id.collection_payer_id", "contact_problem_code", "contact_problem_values")
    def _compute_contact_partner_id(self):
        receivers = (self.partner_id | self.partner_id.collection_payer_id).commercial_partner_id
        flagged = self.env["res.partner"].search(
            [("commercial_partner_id", "in", receivers.ids), ("collection_contact", "=", True)], order="id"
        )
        by_company = flagged.grouped("commercial_partner_id")
        for case in self:
            if case.only_contact_id:
                case.contact_partner_id = case.only_contact_id
                continue
            payer = case.partner_id.collection_payer_id or case.partner_id
            case.contact_partner_id = case._find_unreachable(by_company.get(payer.commercial_partner_id, flagged[:0]), payer)

    @api.depends("partner_id.email", "contact_problem_code")
    def _compute_contact_email(self):
        for case in self:
            case.contact_email = case.contact_partner_id.email

    def _find_unreachable(self, flagged, payer):
        """Return the contact that the problem is about, in the order in which the channel looks for receivers."""
        addresses = ((self.contact_problem_values or {}).get("text") or "").split(", ")
        named = self.item_ids.move_id.partner_id if payer == self.partner_id else flagged[:0]
        for contact in flagged or named:
            if (contact.email_normalized or contact.email or "") in addresses:
                return contact
        return flagged[:1] or payer

    def _inverse_contact_email(self):
        for case in self:
            case._correct_email((case.contact_email or "").strip())

    def _correct_email(self, typed):
        """Give the contact the address ``typed`` after checking it; the next cycle then writes to it."""
        self.ensure_one()
        partner = self.contact_partner_id
        if typed == (partner.email or ""):
            return
        self._check_usable_email(typed, partner)
        if partner.has_access("write"):
            partner.email = typed
        elif partner.sudo().with_context(active_test=False).user_ids:
            raise AccessError(
                self.env._(
                    "%(contact)s has a login in Odoo, so only who may edit contacts can change the address.",
                    contact=partner.display_name,
                )
            )
        else:
            # sudo: a collector who may not edit contacts corrects this one address, which nobody logs in with
            partner.sudo().email = typed
        self.sudo().write({"contact_problem_code": False, "contact_problem_values": False})
        self._message_log(
            body=self.env._(
                "%(user)s corrected the address of %(contact)s: %(email)s",
                user=self.env.user.name,
                contact=partner.display_name,
                email=typed,
            )
        )

    def _check_usable_email(self, typed, partner):
        email = email_normalize(typed)
        if not email:
            raise ValidationError(self.env._("“%(text)s” is no e-mail address. Type one, like name@example.com.", text=typed))
        if self.env["mail.blacklist"].sudo().search_count([("email", "=", email)], limit=1):
            raise ValidationError(
                self.env._("%(email)s is on the blacklist: its owner asked for no more mails. Type another one.", email=email)
            )
        if self.env["collection.bounce"].search_count(
            [("email", "=", email), ("company_id", "=", self.company_id.id)], limit=1
        ):
            raise ValidationError(
                self.env._(
                    "%(email)s refused a message of ours. Type another one; or, when it is known to work again, release it "
                    "under Refused Addresses.",
                    email=email,
                )
            )
