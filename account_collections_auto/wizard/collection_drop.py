from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CollectionDrop(models.TransientModel):
    """Drop customers from a preview, and say until when."""

    _name = "collection.drop"
    _description = "Drop Customers from a Cycle"

    line_ids = fields.Many2many("collection.cycle.line", string="Decisions", required=True, readonly=True)
    customer_count = fields.Integer(compute="_compute_customer_count", string="Customers")
    until = fields.Selection(
        [
            ("cycle", "This cycle only: the next one selects them again"),
            ("date", "Until the end of a day"),
            ("always", "Until somebody takes it back"),
        ],
        string="Until When",
        required=True,
        default="cycle",
    )
    until_date = fields.Date(string="Last Day")

    @api.depends("line_ids")
    def _compute_customer_count(self):
        for wizard in self:
            wizard.customer_count = len(wizard.line_ids.case_id)

    def action_drop(self):
        """Drop them."""
        self.ensure_one()
        if self.until == "date" and not self.until_date:
            raise ValidationError(self.env._("Choose the last day on which these customers are left out."))
        self.line_ids._drop(
            until_date=self.until_date if self.until == "date" else None, for_good=self.until == "always"
        )
        return {"type": "ir.actions.act_window_close"}
