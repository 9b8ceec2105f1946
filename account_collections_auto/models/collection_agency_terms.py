from decimal import Decimal

from odoo import fields, models

from ..engine import commission


class CollectionAgencyTerms(models.AbstractModel):
    """What an agency gets for its work: as agreed with the agency, and as it was on the day of a hand-over."""

    _name = "collection.agency.terms"
    _description = "Terms of an Agency"

    currency_id = fields.Many2one("res.currency")
    commission_rule = fields.Selection(
        [
            ("percent", "Percentage"),
            ("age", "Percentage by age of the item"),
            ("amount", "Percentage by placed amount"),
            ("fixed", "Fixed fee"),
        ],
    )
    fixed_fee = fields.Monetary()
    minimum = fields.Monetary(string="Minimum Commission")
    on_direct = fields.Boolean(string="Commission on Money Paid to Us")
    contact_gap_days = fields.Integer(string="Gap After a Recall")

    def _get_terms(self):
        """Return the terms as the engine calculates with them."""
        self.ensure_one()
        return commission.Terms(
            self.commission_rule or "percent",
            Decimal(str(self.fixed_fee)),
            Decimal(str(self.minimum)),
            self.currency_id.decimal_places,
        )
