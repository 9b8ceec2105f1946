from odoo import api, fields, models
from odoo.exceptions import UserError


class CollectionActionLine(models.Model):
    """One claimed item in an action; a credit has a negative amount. From `sent` on it is evidence and never changes."""

    _name = "collection.action.line"
    _description = "Claimed Item"
    _order = "action_id, advances desc, due_date, id"
    _rec_name = "move_name"

    action_id = fields.Many2one("collection.action", required=True, index=True, ondelete="cascade", readonly=True)
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    item_id = fields.Many2one("collection.item", ondelete="set null", index="btree_not_null", readonly=True)
    advances = fields.Boolean(readonly=True, help="This message is the item's step to a new level.")
    is_live = fields.Boolean(
        readonly=True, default=True, help="Off when the action was cancelled, failed, bounced, or was a test."
    )
    round = fields.Integer(readonly=True, default=1, aggregator=None)
    channel = fields.Char(readonly=True)
    move_line_id = fields.Many2one("account.move.line", ondelete="set null", readonly=True, index="btree_not_null")
    move_id = fields.Many2one("account.move", string="Document", ondelete="set null", readonly=True, index="btree_not_null")
    instalment = fields.Integer(readonly=True, aggregator=None)
    level_id = fields.Many2one("collection.level", ondelete="set null", readonly=True, index="btree_not_null")
    level_name = fields.Char(readonly=True)
    level_days = fields.Integer(readonly=True, aggregator=None)
    reminded_date = fields.Date(readonly=True, help="When the item was reminded before; empty when it never was.")
    move_name = fields.Char(string="Number", readonly=True)
    move_reference = fields.Char(string="Your Reference", readonly=True)
    invoice_date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True)
    days_overdue = fields.Integer(readonly=True, aggregator="max")
    amount_original_currency = fields.Monetary(string="Original", readonly=True, aggregator=None)
    amount_residual = fields.Monetary(readonly=True, currency_field="company_currency_id")
    amount_residual_currency = fields.Monetary(string="Open", readonly=True, aggregator=None)
    amount_stopped_currency = fields.Monetary(
        string="Not Claimed", readonly=True, aggregator=None, help="The part of it that a dispute or another stop covers."
    )
    amount_claimed_currency = fields.Monetary(compute="_compute_amount_claimed", string="Claimed")
    currency_id = fields.Many2one("res.currency", readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    amount_open_now = fields.Monetary(compute="_compute_amount_open_now", help="What the ledger says at this moment.")

    _once = models.UniqueIndex(
        "(item_id, level_id, channel, round) WHERE advances AND is_live",
        "This item was sent this level through this channel already.",
    )

    @api.depends("amount_residual_currency", "amount_stopped_currency")
    def _compute_amount_claimed(self):
        for line in self:
            line.amount_claimed_currency = line.amount_residual_currency - line.amount_stopped_currency

    @api.depends("item_id.amount_residual_currency")
    def _compute_amount_open_now(self):
        for line in self:
            line.amount_open_now = line.item_id.amount_residual_currency

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_not_evidence()
        return lines

    def write(self, vals):
        if set(vals) - {"is_live"}:
            self._check_not_evidence()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_evidence(self):
        self._check_not_evidence()

    def _check_not_evidence(self):
        """What a message said when it left stands: refuse to change it."""
        for line in self:
            if line.action_id.sent_at:
                raise UserError(
                    line.env._(
                        "%(number)s is part of a message that was sent on %(date)s. What was sent is evidence and cannot be "
                        "changed; cancel it by a new message instead.",
                        number=line.move_name,
                        date=line.action_id.contact_date,
                    )
                )

    def _get_portal_url(self):
        """Return the address of Odoo's signed page of the document, '' where it has none."""
        move = self.move_id
        if not move.access_token or not move.is_sale_document(include_receipts=False):
            return ""
        return f"{self.get_base_url()}{move.access_url}?access_token={move.access_token}"
