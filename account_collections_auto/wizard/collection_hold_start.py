from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date


class CollectionHoldStart(models.TransientModel):
    """Why, and until when, are these customers not contacted?"""

    _name = "collection.hold.start"
    _description = "Put Customers on Hold"
    _inherit = "collection.decision"

    reason = fields.Char(required=True, help="Everybody sees it next to the customer.")
    date_until = fields.Date(string="Until", help="The last day of the hold. Empty: until somebody ends it.")
    item_ids = fields.Many2many(
        "collection.item",
        string="Items",
        domain="[('case_id', 'in', case_ids), ('amount_residual', '>', 0)]",
        help="Empty: everything the customer owes, later invoices included.",
    )

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
        values = {"subject": self.subject, "date": self.date_until and format_date(self.env, self.date_until)}
        if self.date_until:
            return self.env._("%(subject)s: on hold until %(date)s.", **values), holds.ids
        return self.env._("%(subject)s: on hold until somebody ends it.", **values), holds.ids

    def _prepare_hold_vals(self, case):
        return {
            "partner_id": case.partner_id.id,
            "company_id": case.company_id.id,
            "reason": self.reason,
            "date_from": case.company_id._collection_today(),
            "date_until": self.date_until,
            "item_ids": self.item_ids.filtered(lambda item: item.case_id == case).ids,
        }

    def _take_back(self, values):
        self.env["collection.hold"].browse(values).exists().action_end()
