from odoo import api, fields, models


class CollectionDisputeSettleLine(models.TransientModel):
    """How much of one disputed item is accepted."""

    _name = "collection.dispute.settle.line"
    _description = "What Is Accepted of an Item"

    settle_id = fields.Many2one("collection.dispute.settle", required=True, ondelete="cascade")
    dispute_line_id = fields.Many2one("collection.dispute.line", required=True, ondelete="cascade")
    item_id = fields.Many2one(related="dispute_line_id.item_id")
    currency_id = fields.Many2one(related="dispute_line_id.currency_id")
    amount = fields.Monetary(related="dispute_line_id.amount", string="Disputed")
    amount_accepted = fields.Monetary(
        string="Accepted",
        compute="_compute_amount_accepted",
        store=True,
        readonly=False,
        help="Becomes a draft credit note, tax included.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.dispute_line_id.check_access("read")  # the related fields above are read without a look at the rights
        return lines

    @api.depends("settle_id.decision")
    def _compute_amount_accepted(self):
        for line in self:
            if line.settle_id.decision != "part":
                line.amount_accepted = line.amount if line.settle_id.decision == "accept" else 0.0
