from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

# Recorded when a dispute is settled: undoing that deletes the draft that is named here.
_RECORDED = ("amount_accepted", "credit_note_id")


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
    amount_accepted = fields.Monetary(string="Accepted", readonly=True, copy=False)
    credit_note_id = fields.Many2one("account.move", readonly=True, copy=False, ondelete="set null", index="btree_not_null")

    _item_once = models.UniqueIndex("(dispute_id, item_id)", "This item is in the dispute already.")

    @api.depends("item_id")
    def _compute_amount(self):
        for line in self:
            line.amount = line.amount or line.item_id.amount_residual_currency

    @api.depends("amount", "item_id")
    def _compute_is_whole(self):
        for line in self:
            line.is_whole = line.currency_id.compare_amounts(line.amount, line.amount_open) >= 0

    @api.constrains("item_id", "dispute_id")
    def _check_items(self):
        self.dispute_id._check_items()

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

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_by_hand(any(line[name] for line in lines for name in _RECORDED))
        return lines

    def write(self, vals):
        self._check_by_hand(any(name in vals for name in _RECORDED))
        result = super().write(vals)
        if "dispute_id" in vals:
            self._check_by_hand()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_of_open_disputes(self):
        self._check_by_hand()

    def _check_by_hand(self, is_recorded=False):
        """People say what is disputed while a dispute is open; what became of it is recorded."""
        if self.env.su:
            return
        if is_recorded:
            raise AccessError(self.env._("What was accepted is recorded by settling the dispute; it is not written by hand."))
        for dispute in self.dispute_id:
            if not dispute.is_open:
                raise UserError(self.env._("%(dispute)s is settled already. Reopen it first.", dispute=dispute.display_name))
