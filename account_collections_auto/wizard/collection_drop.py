from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CollectionDrop(models.TransientModel):
    """Drop customers from a preview, and say until when."""

    _name = "collection.drop"
    _description = "Drop Customers from a Cycle"

    line_ids = fields.Many2many("collection.cycle.line", string="Decisions", required=True, readonly=True)
    question = fields.Char(compute="_compute_question")
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
    def _compute_question(self):
        for wizard in self:
            cases = wizard.line_ids.case_id
            wizard.question = (
                self.env._("%(customer)s will not be contacted by this cycle.", customer=cases.partner_id.display_name)
                if len(cases) == 1
                else self.env._("%(count)s customers will not be contacted by this cycle.", count=len(cases))
            )

    def action_drop(self):
        """Drop them."""
        self.ensure_one()
        if self.until == "date" and not self.until_date:
            raise ValidationError(self.env._("Choose the last day on which these customers are left out."))
        self.line_ids._drop(
            until_date=self.until_date if self.until == "date" else None, for_good=self.until == "always"
        )
        return {"type": "ir.actions.act_window_close"}
