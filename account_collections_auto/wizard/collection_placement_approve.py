from odoo import api, fields, models


class CollectionPlacementApprove(models.TransientModel):
    """Hand these items over? Number, sum, and what speaks against it, before a manager says yes."""

    _name = "collection.placement.approve"
    _description = "Approve Placements"

    placement_ids = fields.Many2many("collection.placement", required=True, readonly=True, string="Placements")
    summary = fields.Char(compute="_compute_summary")
    lacking = fields.Text(compute="_compute_summary", string="Without Final Notice")
    despite_notice = fields.Boolean(
        string="Hand over in spite of that",
        help="Not every item had a final notice whose deadline has passed. It is recorded that you confirmed it.",
    )
    hand_over = fields.Boolean(
        string="Hand over now",
        default=True,
        help="Copies the terms of today and makes the file for the agency. Off: approve only; our own contact stops anyway.",
    )

    @api.depends("placement_ids")
    def _compute_summary(self):
        for wizard in self:
            sums = {}
            for placement in wizard.placement_ids:
                sums[placement.currency_id] = sums.get(placement.currency_id, 0.0) + placement.amount_placed
            wizard.summary = self.env._(
                "%(customers)s customers, %(items)s items, %(amount)s to %(agencies)s. From now on nothing is sent to these "
                "customers by itself; what is prepared is taken back.",
                customers=len(wizard.placement_ids.partner_id),
                items=len(wizard.placement_ids.line_ids),
                amount=" + ".join(currency.format(amount) for currency, amount in sums.items()),
                agencies=", ".join(wizard.placement_ids.agency_id.mapped("name")),
            )
            wizard.lacking = "\n".join(
                f"{line.placement_id.partner_id.name}: {line.move_name}"
                for line in wizard.placement_ids.line_ids.filtered(lambda line: not line.has_notice)
            )

    def action_apply(self):
        """Approve, and hand over if asked to."""
        self.ensure_one()
        approved = self.placement_ids._approve(despite_notice=self.despite_notice)
        if self.hand_over and approved:
            return approved.action_hand_over()
        return {"type": "ir.actions.act_window_close"}
