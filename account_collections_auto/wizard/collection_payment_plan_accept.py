from odoo import fields, models
from odoo.exceptions import ValidationError


class CollectionPaymentPlanAccept(models.TransientModel):
    """The customer accepted a payment plan on paper: who, when, and the scan of it."""

    _name = "collection.payment.plan.accept"
    _description = "Record an Acceptance"

    payment_plan_id = fields.Many2one("collection.payment.plan", required=True, ondelete="cascade")
    accepted_by = fields.Char(required=True, help="Who accepted it for the customer.")
    accepted_on = fields.Date(
        required=True, default=fields.Date.context_today, help="The day on the agreement. The plan runs from now on."
    )
    scan_ids = fields.Many2many("ir.attachment", string="Signed Agreement", help="The scan or photo that came back.")

    def action_accept(self):
        """Let the plan run."""
        self.ensure_one()
        plan = self.payment_plan_id
        if self.accepted_on > plan.company_id._collection_today():
            raise ValidationError(self.env._("Nobody can have accepted it on a day to come."))
        plan._accept(self.accepted_by, self.accepted_on, self.scan_ids)
        return {"type": "ir.actions.act_window_close"}
