from odoo import fields, models


class CollectionPaymentPlanStartLine(models.TransientModel):
    """One instalment of a plan that is being put together."""

    _name = "collection.payment.plan.start.line"
    _description = "Instalment of a New Payment Plan"
    _order = "date, id"

    start_id = fields.Many2one("collection.payment.plan.start", required=True, ondelete="cascade")
    currency_id = fields.Many2one(related="start_id.currency_id")
    date = fields.Date(string="Due On", required=True)
    amount = fields.Monetary(required=True)
    item_id = fields.Many2one("collection.item", string="Pays", ondelete="cascade")
