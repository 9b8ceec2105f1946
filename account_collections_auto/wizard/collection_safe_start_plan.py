from odoo import fields, models


class CollectionSafeStartPlan(models.TransientModel):
    """The level that the old items of one plan already have."""

    _name = "collection.safe.start.plan"
    _description = "Level of Old Items"

    start_id = fields.Many2one("collection.safe.start", required=True, ondelete="cascade")
    plan_id = fields.Many2one("collection.plan", required=True, readonly=True)
    item_count = fields.Integer(string="Old Items", readonly=True)
    level_id = fields.Many2one(
        "collection.level",
        string="Level They Have",
        domain="[('plan_id', '=', plan_id), ('days_overdue', '>', 0)]",
        help="Empty: none, they start at the first level.",
    )
