from odoo import fields, models
from odoo.tools import format_date


class CollectionCreditHoldStart(models.TransientModel):
    """Why, and until when, is nothing more sold on account to these customers?"""

    _name = "collection.credit.hold.start"
    _description = "Set a Credit Hold"
    _inherit = "collection.decision"

    reason = fields.Char(required=True, help="Salespeople and billing clerks read it.")
    date_until = fields.Date(string="Until", help="The last day. Empty: until somebody lifts it.")

    def _apply(self):
        holds = self.env["collection.credit.hold"]._set_by_hand(self.case_ids, self.reason, self.date_until)
        if self.date_until:
            date = format_date(self.env, self.date_until)
            return self.env._("%(subject)s: on credit hold until %(date)s.", subject=self.subject, date=date), holds.ids
        return self.env._("%(subject)s: on credit hold until somebody lifts it.", subject=self.subject), holds.ids

    def _take_back(self, values):
        holds = self.env["collection.credit.hold"].browse(values).exists()
        holds.filtered(lambda hold: hold.state == "on").action_lift()
