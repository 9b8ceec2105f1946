from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..engine import disputes


class CollectionDisputeLine(models.Model):
    """How much of an item is disputed, and how much of that was accepted; in the currency of the item."""

    _name = "collection.dispute.line"
    _description = "Disputed Item"
    _inherit = ["collection.recorded.mixin"]
    _rec_name = "item_id"
    # Undoing a settlement deletes the draft that is named here; the rest decides what is claimed, and who sees it.
    _recorded = frozenset(
        {"amount_accepted", "credit_note_id", "credited_on", "company_id", "is_whole", "paid_before", "credited_before"}
    )

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
    paid_before = fields.Monetary(
        readonly=True, copy=False, help="What was paid of the item when it was said how much of it is disputed."
    )
    credited_before = fields.Monetary(
        readonly=True, copy=False, help="What was taken off the item without money when the dispute was settled."
    )
    amount_left = fields.Monetary(
        compute="_compute_amount_left",
        string="Still Disputed",
        help="Less what was paid since, where money pays the disputed part first.",
    )
    is_whole = fields.Boolean(
        compute="_compute_is_whole", store=True, help="All that was open when the dispute was recorded is disputed."
    )
    amount_accepted = fields.Monetary(string="Accepted", readonly=True, copy=False)
    credit_note_id = fields.Many2one("account.move", readonly=True, copy=False, ondelete="set null", index="btree_not_null")

    credited_on = fields.Date(
        readonly=True, copy=False, help="The day the credit note was posted: from then on the rest gets its time again."
    )

    _item_once = models.UniqueIndex("(dispute_id, item_id)", "This item is in the dispute already.")

    @api.depends("item_id")
    def _compute_amount(self):
        for line in self:
            line.amount = line.amount or line.item_id.amount_residual_currency

    @api.depends("amount", "item_id")
    def _compute_is_whole(self):
        for line in self:
            line.is_whole = line.currency_id.compare_amounts(line.amount, line.amount_open) >= 0

    @api.depends("amount", "paid_before", "dispute_id.money_pays", "dispute_id.is_open", "item_id.amount_residual_currency")
    def _compute_amount_left(self):
        self.env.flush_all()
        lefts = self._find_left()
        for line in self:
            is_saved = line._origin.id in lefts and line.amount == line._origin.amount
            line.amount_left = lefts[line._origin.id] if is_saved else line.amount

    def _find_left(self):
        """Return {id: what is disputed by now} of the lines of open disputes over these items; one statement."""
        of_open_disputes = SQL("stop.is_open AND line.item_id = ANY(%s)", self.item_id._origin.ids)
        return {row[0]: float(row[3]) for row in self.env.execute_query(disputes.left_sql(of_open_disputes))}

    def _note_paid(self):
        """Remember what is paid of the items now: money that comes later may pay what is disputed of them."""
        self.env.flush_all()
        disputes.note_paid(self.env, self.ids)
        self.invalidate_recordset(["paid_before", "amount_left"], flush=False)

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
        lines._check_by_hand()
        lines._note_paid()
        return lines

    def write(self, vals):
        self._check_by_hand()
        result = super().write(vals)
        if "dispute_id" in vals:
            self._check_by_hand()
        if not vals.keys().isdisjoint(("amount", "item_id")):
            self._note_paid()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_of_open_disputes(self):
        self._check_by_hand()

    def _check_by_hand(self):
        """People say what is disputed while a dispute is open."""
        if self.env.su:
            return
        for dispute in self.dispute_id:
            if not dispute.is_open:
                raise UserError(self.env._("%(dispute)s is settled already. Reopen it first.", dispute=dispute.display_name))
