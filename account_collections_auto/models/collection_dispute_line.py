from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CollectionDisputeLine(models.Model):
    """How much of an item is disputed, and how much of that was accepted; in the currency of the item."""

    _name = "collection.dispute.line"
    _description = "Disputed Item"
    _rec_name = "item_id"

    dispute_id = fields.Many2one("collection.dispute", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="dispute_id.company_id", store=True, index=True)
    item_id = fields.Many2one("collection.item", required=True, index=True, ondelete="cascade")
    move_id = fields.Many2one(related="item_id.move_id")
    due_date = fields.Date(related="item_id.due_date")
    currency_id = fields.Many2one(related="item_id.currency_id")
    amount_open = fields.Monetary(related="item_id.amount_residual_currency", string="Open")
    amount = fields.Monetary(
        string="Disputed",
        compute="_compute_amount",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        help="Currency of the item. The rest of it stays collectable.",
    )
    is_whole = fields.Boolean(
        compute="_compute_is_whole", store=True, help="All that was open when the dispute was recorded is disputed."
    )
    amount_accepted = fields.Monetary(string="Accepted", readonly=True)
    credit_note_id = fields.Many2one("account.move", readonly=True, ondelete="set null", index="btree_not_null")

    _item_once = models.UniqueIndex("(dispute_id, item_id)", "This item is in the dispute already.")

    @api.depends("item_id")
    def _compute_amount(self):
        for line in self:
            line.amount = line.amount or line.item_id.amount_residual_currency

    @api.depends("amount", "item_id")
    def _compute_is_whole(self):
        for line in self:
            line.is_whole = line.currency_id.compare_amounts(line.amount, line.amount_open) >= 0

    @api.constrains("amount", "item_id", "dispute_id")
    def _check_amount(self):
        for line in self:
            if line.currency_id.compare_amounts(line.amount, 0) <= 0:
                raise ValidationError(
                    line.env._("Say how much of %(number)s is disputed: more than zero.", number=line.item_id.display_name)
                )
            if line.currency_id.compare_amounts(line.amount, line.amount_open) > 0:
                raise ValidationError(
                    line.env._(
                        "Of %(number)s %(open)s is open: dispute a part of that, or all of it.",
                        number=line.item_id.display_name,
                        open=line.currency_id.format(line.amount_open),
                    )
                )
            if line.item_id.case_id != line.dispute_id.case_id:
                raise ValidationError(
                    line.env._("%(number)s belongs to another customer.", number=line.item_id.display_name)
                )
