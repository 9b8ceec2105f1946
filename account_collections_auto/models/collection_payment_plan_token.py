from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError


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

    @api.constrains("token_id", "charge_consent_on", "charge_consent", "partner_id", "company_id")
    def _check_consent(self):
        for plan in self:
            token_sudo = plan.sudo().token_id
            if not token_sudo:
                continue
            if not plan._has_consent():
                raise ValidationError(
                    plan.env._("Nothing is charged without the customer's consent: say when and how it was given.")
                )
            if not plan._is_of_customer(token_sudo):
                raise ValidationError(plan.env._("%(token)s belongs to another customer.", token=token_sudo.display_name))
            if token_sudo.provider_id.company_id != plan.company_id:
                raise ValidationError(
                    plan.env._(
                        "%(token)s is stored with a payment provider of %(other)s, but %(customer)s owes this to %(company)s. "
                        "Choose a card or account that is stored with a provider of %(company)s.",
                        token=token_sudo.display_name,
                        other=token_sudo.provider_id.company_id.name,
                        customer=plan.partner_id.display_name,
                        company=plan.company_id.name,
                    )
                )

    def _has_consent(self):
        return bool(self.charge_consent_on and (self.charge_consent or "").strip())

    def _is_of_customer(self, token_sudo):
        """Whether the card is of whoever owes this; a customer may have become part of another one since."""
        debtor = self.case_id.partner_id or self.partner_id.commercial_partner_id
        return token_sudo.partner_id.commercial_partner_id == self.partner_id.commercial_partner_id == debtor

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_charged(self):
        for plan in self:
            if plan.charge_ids:
                raise UserError(
                    plan.env._("%(plan)s was charged to a card or account and cannot be deleted.", plan=plan.display_name)
                )

    def action_cancel(self):
        """As ever; what is being charged at this moment cannot be called back, and rests until the provider has answered."""
        result = super().action_cancel()
        for plan in self:
            for charge in plan.charge_ids.filtered(lambda charge: charge.state in ("asked", "pending", "unknown")):
                plan._message_log(
                    body=plan.env._(
                        "%(amount)s is being charged at this moment (%(reference)s). If it is paid, the money is matched with "
                        "the items; until that is known nobody is reminded of them or charged once more.",
                        amount=charge.currency_id.format(charge.amount),
                        reference=charge.reference,
                    )
                )
        return result

    def _find_charge_obstacles(self):
        """Return why nothing of this plan may be charged now, as `collection.reason` knows it; [] where nothing is against it.

        All of it was checked when the card was chosen, and may have changed since: cards, customers and providers move.
        """
        self.ensure_one()
        token_sudo = self.sudo().token_id
        provider_sudo = token_sudo.provider_id
        obstacles = {
            "charge_plan_over": self.state != "running" or not self.active,
            "archived": not (self.partner_id.active and self.partner_id.commercial_partner_id.active),
            "charge_no_consent": not self._has_consent(),
            "charge_card_gone": not token_sudo.active or provider_sudo.state == "disabled",
            "charge_card_strange": not self._is_of_customer(token_sudo) or provider_sudo.company_id != self.company_id,
        }
        found = [{"code": code} for code, applies in obstacles.items() if applies]
        return found or ([] if provider_sudo._collection_books_payments() else [{"code": "charge_not_booked"}])
