from odoo import api, fields, models
from odoo.exceptions import AccessError


class CollectionBounce(models.Model):
    """An address that refused a message of ours. E-mail to it is withheld until it is corrected or released."""

    _name = "collection.bounce"
    _description = "Refused Address"
    _order = "id desc"

    email = fields.Char(required=True, index=True, help="Normalised address.")
    company_id = fields.Many2one("res.company", required=True, index=True)
    action_id = fields.Many2one("collection.action", ondelete="set null", index="btree_not_null")
    case_id = fields.Many2one("collection.case", ondelete="cascade", index=True)
    explanation = fields.Text(help="What the mail server answered.")
    active = fields.Boolean(default=True, help="Switch off when the address is known to work again.")

    def action_release(self):
        """The address works again: messages may go there from the next cycle on."""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can release a refused address."))
        # sudo: what the mail server said is evidence; nobody writes it, and of a collector this switch only
        self.sudo().active = False

    @api.model
    def _remember(self, case, emails, explanation, action=None):
        """Remember the addresses that refused a message about ``case``, once each."""
        # sudo: it is the mail server that says so, whoever works in the queue
        bounces = self.sudo()
        known = bounces.search([("email", "in", emails), ("company_id", "=", case.company_id.id)]).mapped("email")
        bounces.create(
            [
                {
                    "email": email,
                    "company_id": case.company_id.id,
                    "action_id": action and action.id,
                    "case_id": case.id,
                    "explanation": explanation,
                }
                for email in emails
                if email not in known
            ]
        )
