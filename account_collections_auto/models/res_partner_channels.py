from odoo import api, fields, models
from odoo.tools import email_normalize_all


class ResPartner(models.Model):
    """Whether our messages reach a contact: shown on the case, stored nowhere."""

    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    collection_email_health = fields.Selection(
        [
            ("ok", "OK"),
            ("missing", "Missing"),
            ("invalid", "Not valid"),
            ("blacklisted", "On the blacklist"),
            ("bounced", "Refused our message"),
        ],
        compute="_compute_collection_email_health",
        string="E-mail Status",
        groups="account_collections_auto.group_collection_auditor",
    )

    def _get_collection_names(self):
        """Return {normalised address: name of the contact}; a contact may have several addresses."""
        return {address: partner.name for partner in reversed(self) for address in email_normalize_all(partner.email)}

    @api.depends("email", "email_normalized")
    def _compute_collection_email_health(self):
        emails = [partner.email_normalized for partner in self if partner.email_normalized]
        # sudo: only administrators see the whole blacklist; of these addresses collectors see that they are on it
        blacklisted = set(self.env["mail.blacklist"].sudo().search([("email", "in", emails)]).mapped("email"))
        bounced = set(self.env["collection.bounce"].search([("email", "in", emails)]).mapped("email"))
        for partner in self:
            email = partner.email_normalized
            if not partner.email:
                partner.collection_email_health = "missing"
            elif not email:
                partner.collection_email_health = "invalid"
            elif email in blacklisted:
                partner.collection_email_health = "blacklisted"
            else:
                partner.collection_email_health = "bounced" if email in bounced else "ok"
