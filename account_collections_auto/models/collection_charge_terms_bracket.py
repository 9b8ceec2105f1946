from odoo import api, fields, models

from ..engine import late_fees
from .collection_charge_terms import PRECISION, exact


class CollectionChargeTermsBracket(models.Model):
    """The fixed sum for invoices up to an amount."""

    _name = "collection.charge.terms.bracket"
    _description = "Fixed Sum by Amount"
    _order = "terms_id, is_last, up_to"

    terms_id = fields.Many2one("collection.charge.terms", required=True, index=True, ondelete="cascade")
    up_to = fields.Float(
        string="Invoices Up To", digits=(16, 2), help="In the currency of the sum. Zero: all that are larger than the others."
    )
    is_last = fields.Boolean(compute="_compute_is_last", store=True)
    is_included = fields.Boolean(
        string="Included", default=True, help="Off: an invoice of exactly this amount belongs to the next line."
    )
    amount = fields.Float(string="Sum", digits=(16, 2), help="The fixed part of the sum.")
    percent = fields.Float(string="Plus Percent", digits=PRECISION, help="A share of what the invoice is over the next column.")
    over = fields.Float(string="Of What Is Over", digits=(16, 2), help="The percentage is of the part above this amount.")

    _once = models.UniqueIndex("(terms_id, up_to)", "Two lines of the sums end at the same amount.")
    _in_range = models.Constraint(
        "CHECK(up_to >= 0 AND amount >= 0 AND percent >= 0 AND over >= 0)",
        "Amounts and percentages of sums cannot be negative.",
    )

    @api.depends("up_to")
    def _compute_is_last(self):
        for bracket in self:
            bracket.is_last = not bracket.up_to

    def _prepare_bracket(self):
        """Return this line for `engine.late_fees`."""
        self.ensure_one()
        return late_fees.Bracket(
            exact(self.up_to) if self.up_to else None,
            exact(self.amount),
            exact(self.percent),
            exact(self.over),
            self.is_included,
        )
