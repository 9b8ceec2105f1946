from odoo import Command, api, fields, models


class CollectionPlacementRecall(models.TransientModel):
    """Which items come back from the agency, and why?"""

    _name = "collection.placement.recall"
    _description = "Recall from an Agency"

    placement_ids = fields.Many2many("collection.placement", required=True, readonly=True, string="Placements")
    line_ids = fields.Many2many(
        "collection.placement.line",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
        string="Items",
        domain="[('placement_id', 'in', placement_ids), ('recalled_on', '=', False)]",
        help="Take off what stays with the agency.",
    )
    note = fields.Char(string="Why", required=True, help="The agency reads it, if told.")
    tell = fields.Boolean(
        string="Tell the agency", default=True, help="By e-mail; without an address it is noted that you tell them yourself."
    )
    summary = fields.Char(compute="_compute_summary")

    @api.depends("placement_ids")
    def _compute_line_ids(self):
        for wizard in self:
            lines = wizard.placement_ids.line_ids.filtered(lambda line: not line.recalled_on)
            wizard.line_ids = [Command.set(lines._origin.ids)]

    @api.depends("placement_ids")
    def _compute_summary(self):
        for wizard in self:
            days = max((placement._get_gap_days() for placement in wizard.placement_ids), default=0)
            wizard.summary = self.env._("The items go on where they stood, not before %(days)s days have passed.", days=days)

    def action_apply(self):
        """Recall the items."""
        self.ensure_one()
        lines = self.line_ids._origin or self.line_ids
        lines.placement_id._recall(lines, self.note, self.tell)
        return {"type": "ir.actions.act_window_close"}
