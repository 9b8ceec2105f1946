from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date


class CollectionHoldStart(models.TransientModel):
    """Why, and until when, are these customers not contacted?"""

    _name = "collection.hold.start"
    _description = "Put Customers on Hold"
    _inherit = "collection.decision"

    reason_id = fields.Many2one(
        "collection.hold.reason",
        help="What the hold stops, and to whom one may write. Empty: messages, calls and hand-over.",
    )
    help_text = fields.Text(related="reason_id.help_text")
    stops_text = fields.Char(related="reason_id.stops_text", string="Stops")
    contact_rule = fields.Selection(related="reason_id.contact_rule")
    date_rule = fields.Selection(related="reason_id.date_rule")
    asks_todo_date = fields.Boolean(related="reason_id.asks_todo_date")
    reason = fields.Char(
        string="In Words",
        compute="_compute_reason",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        help="Everybody sees it next to the customer.",
    )
    contact_id = fields.Many2one(
        "res.partner",
        string="Write Only To",
        help="The representative, or whoever settles the estate. Without one nothing is sent to anybody.",
    )
    date_until = fields.Date(string="Until", help="The last day of the hold. Empty: until somebody ends it.")
    payment_run_date = fields.Date(
        string="Payment Run On", help="The day on which the customer pays. The hold lasts until the money had time to arrive."
    )
    todo_date = fields.Date(string="Deadline", help="The last day to do it. Empty: soon.")
    item_ids = fields.Many2many(
        "collection.item",
        string="Items",
        domain="[('case_id', 'in', case_ids), ('amount_residual', '>', 0)]",
        help="Empty: everything the customer owes, later invoices included.",
    )

    @api.depends("reason_id")
    def _compute_reason(self):
        for wizard in self:
            wizard.reason = wizard.reason_id.name or wizard.reason

    @api.constrains("date_until", "item_ids")
    def _check_hold(self):
        for wizard in self:
            today = wizard.case_ids.company_id[:1]._collection_today()
            if wizard.date_until and wizard.date_until < today:
                raise ValidationError(wizard.env._("The last day of the hold has passed already."))
            if wizard.item_ids.case_id - wizard.case_ids:
                raise ValidationError(wizard.env._("Choose items of the customer whom you put on hold."))

    def _apply(self):
        holds = self.env["collection.hold"].create([self._prepare_hold_vals(case) for case in self.case_ids])
        until = set(holds.mapped("date_until"))
        values = {"subject": self.subject, "date": format_date(self.env, max(until)) if all(until) else ""}
        if len(until) == 1 and all(until):
            return self.env._("%(subject)s: on hold until %(date)s.", **values), holds.ids
        if all(until):
            return self.env._("%(subject)s: on hold until %(date)s at the latest.", **values), holds.ids
        return self.env._("%(subject)s: on hold until somebody ends it.", **values), holds.ids

    def _prepare_hold_vals(self, case):
        return {
            "partner_id": case.partner_id.id,
            "company_id": case.company_id.id,
            "reason_id": self.reason_id.id,
            "reason": self.reason,
            "contact_id": self.contact_rule in ("representative", "estate") and self.contact_id.id,
            "date_from": case.company_id._collection_today(),
            "item_ids": self.item_ids.filtered(lambda item: item.case_id == case).ids,
            "todo_date": self.asks_todo_date and self.todo_date,
            **self._prepare_hold_end(),
        }

    def _prepare_hold_end(self):
        if self.date_rule == "payment_run":
            return {"payment_run_date": self.payment_run_date}
        return {"date_until": self.date_until}

    def _take_back(self, values):
        self.env["collection.hold"].browse(values).exists().action_end()
