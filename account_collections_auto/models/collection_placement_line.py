from odoo import api, fields, models


class CollectionPlacementLine(models.Model):
    """A placed item as it was when it was handed over: evidence, kept as values."""

    _name = "collection.placement.line"
    _description = "Placed Item"
    _order = "placement_id, due_date, id"
    _rec_name = "move_name"

    placement_id = fields.Many2one("collection.placement", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="placement_id.company_id", store=True, index=True)
    agency_id = fields.Many2one(related="placement_id.agency_id", store=True)
    item_id = fields.Many2one("collection.item", readonly=True, index="btree_not_null", ondelete="set null")
    is_live = fields.Boolean(
        readonly=True, default=True, help="Proposed, approved or with the agency: it cannot be placed a second time."
    )
    move_id = fields.Many2one("account.move", string="Document", readonly=True, ondelete="set null", index="btree_not_null")
    move_name = fields.Char(string="Number", readonly=True)
    move_reference = fields.Char(string="Customer's Reference", readonly=True)
    invoice_date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="max", help="On the day of the hand-over.")
    amount_original = fields.Monetary(string="Original", readonly=True, aggregator=None)
    amount = fields.Monetary(string="Placed", readonly=True, aggregator=None, help="What was open on the day of the hand-over.")
    amount_company = fields.Monetary(string="Placed in Company Currency", readonly=True, currency_field="company_currency_id")
    amount_now = fields.Monetary(related="item_id.amount_residual_currency", string="Open Today")
    currency_id = fields.Many2one(related="placement_id.currency_id")
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    level_name = fields.Char(string="Last Level", readonly=True)
    level_date = fields.Date(string="Reminded On", readonly=True)
    deadline = fields.Date(readonly=True, help="Last day to answer the last message.")
    has_notice = fields.Boolean(
        string="Final Notice", readonly=True, help="It had a final notice, and the deadline of that had passed."
    )
    percent = fields.Float(
        string="Commission (%)",
        digits=(6, 3),
        readonly=True,
        aggregator=None,
        help="By the terms, on the day of the hand-over.",
    )
    matched_before = fields.Json(readonly=True)
    recalled_on = fields.Date(readonly=True)

    _item_once = models.UniqueIndex("(item_id) WHERE is_live", "This item is placed or proposed already.")

    @api.model
    def _prepare_line_vals(self, item):
        """Values of the line of ``item`` as it is now. Writes nothing."""
        move, line = item.move_id, item.move_line_id
        today = item.case_id.company_id._collection_today()
        return {
            "item_id": item.id,
            "move_id": move.id,
            "move_name": move.name,
            "move_reference": move.ref,
            "invoice_date": move.invoice_date or move.date,
            "due_date": item.due_date,
            "days_overdue": (today - item.due_date).days,
            "amount_original": line.amount_currency,
            "amount": item.amount_residual_currency,
            "amount_company": item.amount_residual,
            "level_name": item.level_id.name,
            "level_date": item.level_date,
            "deadline": item.deadline,
            "has_notice": item._has_final_notice(),
        }

    def _bring_up_to_date(self):
        for line in self:
            line.sudo().write(self._prepare_line_vals(line.item_id))
