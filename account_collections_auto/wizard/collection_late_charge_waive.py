from odoo import fields, models


class CollectionLateChargeWaive(models.TransientModel):
    """Why are these interest and fees given up? Whoever looks at the case later reads it."""

    _name = "collection.late.charge.waive"
    _description = "Give Up Interest and Fees"

    charge_ids = fields.Many2many("collection.late.charge", string="Charges", required=True, readonly=True)
    reason = fields.Char(required=True, help="It is noted on the case; the customer is told nothing.")

    def action_waive(self):
        """Give them up; the days they are for are not charged again. It can be taken back."""
        self.ensure_one()
        return self.charge_ids._waive(self.reason)
