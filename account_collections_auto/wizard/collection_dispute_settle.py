from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class CollectionDisputeSettle(models.TransientModel):
    """Settle a dispute: what is accepted of each item, what the customer is told, what follows."""

    _name = "collection.dispute.settle"
    _description = "Settle a Dispute"

    dispute_id = fields.Many2one("collection.dispute", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="dispute_id.company_id")
    line_ids = fields.One2many(
        "collection.dispute.settle.line", "settle_id", compute="_compute_line_ids", store=True, readonly=False
    )
    resolution = fields.Text(help="The customer reads this, if told. It is kept on the dispute.")
    tell_customer = fields.Boolean(default=True, help="Sends what was decided to the customer, in the customer's language.")
    summary = fields.Char(compute="_compute_summary")

    @api.depends("dispute_id")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [Command.clear()] + [
                Command.create({"dispute_line_id": line.id, "amount_accepted": line.amount})
                for line in wizard.dispute_id.line_ids
            ]

    @api.depends("line_ids.amount_accepted")
    def _compute_summary(self):
        for wizard in self:
            accepted = sum(wizard.line_ids.mapped("amount_accepted"))
            disputed = sum(wizard.line_ids.mapped("amount"))
            if not accepted:
                wizard.summary = self.env._("Rejected: everything stays claimable, reminders go on after some days.")
            elif accepted < disputed:
                wizard.summary = self.env._(
                    "Partly accepted: a draft credit note is made; the rest stays claimable, reminders go on after some days."
                )
            else:
                wizard.summary = self.env._("Accepted: a draft credit note is made; the items are not claimed meanwhile.")

    def action_accept_all(self):
        """Accept all that is disputed."""
        return self._refill(lambda line: line.amount)

    def action_reject_all(self):
        """Accept nothing."""
        return self._refill(lambda line: 0.0)

    def _refill(self, amount_of):
        for line in self.line_ids:
            line.amount_accepted = amount_of(line)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Settle the Dispute"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_settle(self):
        """Settle the dispute and open the draft credit note, if one was made."""
        self.ensure_one()
        for line in self.line_ids:
            if not 0 <= line.amount_accepted <= line.amount:
                raise UserError(
                    self.env._(
                        "Of %(number)s between nothing and %(amount)s can be accepted.",
                        number=line.item_id.display_name,
                        amount=line.currency_id.format(line.amount),
                    )
                )
        amounts = {line.dispute_line_id: line.amount_accepted for line in self.line_ids}
        credit_notes = self.dispute_id._accept(amounts, self.resolution)
        if self.tell_customer:
            self.dispute_id._tell_customer()
        if len(credit_notes) == 1 and credit_notes.with_user(self.env.user).has_access("read"):
            return {
                "type": "ir.actions.act_window",
                "res_model": "account.move",
                "res_id": credit_notes.id,
                "views": [(False, "form")],
            }
        return {"type": "ir.actions.act_window_close"}
