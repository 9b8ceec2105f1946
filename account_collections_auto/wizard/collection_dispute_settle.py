from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class CollectionDisputeSettle(models.TransientModel):
    """Settle a dispute: what is accepted of each item, what the customer is told, what follows."""

    _name = "collection.dispute.settle"
    _description = "Settle a Dispute"

    dispute_id = fields.Many2one("collection.dispute", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="dispute_id.company_id")
    decision = fields.Selection(
        [("accept", "Accept all of it"), ("part", "Accept a part"), ("reject", "Reject it")], required=True
    )
    line_ids = fields.One2many(
        "collection.dispute.settle.line", "settle_id", compute="_compute_line_ids", store=True, readonly=False
    )
    resolution = fields.Text(help="The customer reads this, if told. It is kept on the dispute.")
    tell_customer = fields.Boolean(default=True, help="Sends what was decided to the customer, in the customer's language.")
    summary = fields.Char(compute="_compute_summary")

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards.dispute_id.check_access("read")  # the related fields below are read without a look at the rights
        return wizards

    @api.depends("dispute_id")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [Command.clear()] + [
                Command.create({"dispute_line_id": line.id}) for line in wizard.dispute_id.line_ids
            ]

    @api.depends("decision")
    def _compute_summary(self):
        summaries = {
            "accept": self.env._("A draft credit note is made; the items are not claimed meanwhile."),
            "part": self.env._("A draft credit note is made; the rest stays claimable, reminders go on after some days."),
            "reject": self.env._("Everything stays claimable, reminders go on after some days."),
        }
        for wizard in self:
            wizard.summary = summaries.get(wizard.decision, self.env._("Decide what becomes of the disputed amounts."))

    def action_settle(self):
        """Settle the dispute and open the draft credit note, if one was made."""
        self.ensure_one()
        if self.decision == "part" and not any(self.line_ids.mapped("amount_accepted")):
            raise UserError(self.env._("Say how much of the items is accepted, or reject the dispute."))
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
