from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class CollectionRequestLine(models.Model):
    """One customer of a sending by hand: what would be sent or was sent, or why the customer is left out."""

    _name = "collection.request.line"
    _description = "Customer of a Sending"
    _order = "request_id desc, reason_code nulls first, id"
    _rec_name = "case_id"

    request_id = fields.Many2one("collection.request", required=True, index=True, ondelete="cascade", readonly=True)
    request_state = fields.Selection(related="request_id.state", string="State of the Sending")
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    case_id = fields.Many2one("collection.case", required=True, index=True, ondelete="cascade", readonly=True)
    partner_id = fields.Many2one(related="case_id.partner_id", string="Customer")
    state = fields.Selection([("planned", "To Send"), ("sent", "Sent"), ("left_out", "Left Out")], required=True, readonly=True)
    level_id = fields.Many2one("collection.level", ondelete="set null", readonly=True, index="btree_not_null")
    item_count = fields.Integer(string="Items", readonly=True, help="Items that the message is about.")
    amount = fields.Monetary(string="Claimed", readonly=True, help="In company currency, after credits.")
    currency_id = fields.Many2one(related="company_id.currency_id")
    last_sent_date = fields.Date(string="Last Sent", readonly=True)
    recipient = fields.Char(string="To", readonly=True)
    lang = fields.Char(readonly=True)
    reason_code = fields.Selection(
        selection=lambda self: self.env["collection.reason"]._selection_code(), string="Main Reason", readonly=True
    )
    reasons = fields.Json(readonly=True)
    reason = fields.Char(compute="_compute_reason", string="Why")
    until_date = fields.Date(string="Until", readonly=True)

    _case_unique = models.UniqueIndex("(request_id, case_id)", "This customer is part of the sending already.")

    @api.depends("reasons")
    @api.depends_context("lang")
    def _compute_reason(self):
        for line in self:
            line.reason = self.env["collection.reason"]._describe_all(line.reasons)

    def _get_sentence(self):
        """Say in one sentence what the customer would get."""
        self.ensure_one()
        values = {"level": self.level_id.name, "customer": self.partner_id.display_name}
        if self.request_id.kind == "again":
            return self.env._(
                "%(customer)s gets %(level)s once more; it was last sent on %(date)s.",
                date=format_date(self.env, self.last_sent_date),
                **values,
            )
        return self.env._("%(customer)s gets %(level)s now, outside of the daily cycle.", **values)

    def action_leave_out(self):
        """Write to the others only."""
        self._check_may_change()
        reason = {"code": "dropped_from_request", "text": self.env.user.name}
        self.sudo().write({"state": "left_out", "reason_code": reason["code"], "reasons": [reason]})
        self.request_id.sudo()._find()

    def action_take_in(self):
        """Write to a customer after all whom a person left out; the checks stay."""
        self._check_may_change()
        self.sudo().filtered(lambda line: line.reason_code == "dropped_from_request").reason_code = False
        self.request_id.sudo()._find()

    def _check_may_change(self):
        self.check_access("read")
        self.request_id._check_own_draft()
        if any(line.request_state != "draft" for line in self):
            raise UserError(self.env._("The messages are on their way already. Undo them, or cancel single ones."))
