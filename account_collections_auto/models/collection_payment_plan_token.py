from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CollectionPaymentPlan(models.Model):
    """A stored card or account of the customer, charged on the day of each instalment, with the customer's consent."""

    _inherit = "collection.payment.plan"  # pylint: disable=consider-merging-classes-inherited

    token_id = fields.Many2one(
        "payment.token",
        string="Charge To",
        copy=False,
        ondelete="restrict",
        domain="[('partner_id', 'child_of', partner_id), ('company_id', '=', company_id)]",
        help="A card or account that the customer stored. Each instalment is charged to it on its day.",
    )
    charge_consent_on = fields.Date(
        string="Customer Agreed On", copy=False, tracking=True, help="The day on which the customer allowed us to charge it."
    )
    charge_consent = fields.Char(
        string="How", copy=False, tracking=True, help="Where the consent is kept, for example: signed agreement, mail of 3 May."
    )
    charge_ids = fields.One2many("collection.payment.plan.charge", "payment_plan_id", string="Charges", readonly=True)

    @api.constrains("token_id", "charge_consent_on", "charge_consent", "partner_id")
    def _check_consent(self):
        for plan in self:
            if not plan.token_id:
                continue
            if not plan.charge_consent_on or not (plan.charge_consent or "").strip():
                raise ValidationError(
                    plan.env._("Nothing is charged without the customer's consent: say when and how it was given.")
                )
            if plan.token_id.partner_id.commercial_partner_id != plan.partner_id.commercial_partner_id:
                raise ValidationError(plan.env._("%(token)s belongs to another customer.", token=plan.token_id.display_name))
