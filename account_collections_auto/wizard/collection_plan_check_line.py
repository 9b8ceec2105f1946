from odoo import fields, models


class CollectionPlanCheckLine(models.TransientModel):
    """One customer who would change plan."""

    _name = "collection.plan.check.line"
    _description = "Customer Who Changes Plan"
    _order = "id"

    check_id = fields.Many2one("collection.plan.check", required=True, index=True, ondelete="cascade")
    case_id = fields.Many2one("collection.case", string="Customer", required=True, readonly=True, ondelete="cascade")
    rule_id = fields.Many2one("collection.plan.rule", string="Because Of", readonly=True, ondelete="set null")
    plan_before_id = fields.Many2one("collection.plan", string="Plan Now", readonly=True, ondelete="cascade")
    plan_after_id = fields.Many2one("collection.plan", string="Plan Then", readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="check_id.currency_id")
    amount_overdue = fields.Monetary(string="Overdue", readonly=True)
    amount_due = fields.Monetary(string="Balance", readonly=True)
