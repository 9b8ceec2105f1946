from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import ageing


class ResCompany(models.Model):
    """How reports of collections count."""

    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    collection_ageing_limits = fields.Char(
        string="Ageing Buckets End At",
        default=ageing.LIMITS,
        help="The last day overdue of each bucket in reports, separated by commas. 30, 60, 90 makes: not due, 1 to 30, 31 "
        "to 60, 61 to 90 and more than 90 days. Statements for customers keep these.",
    )
    collection_follow_days = fields.Integer(
        string="A Contact Counts For",
        default=14,
        help="Payments and answers count as following a contact when they come within so many days after it.",
    )

    _collection_follow_days_positive = models.Constraint(
        "CHECK(collection_follow_days IS NULL OR collection_follow_days BETWEEN 2 AND 365)",
        "What follows a contact is counted for 2 to 365 days.",
    )

    @api.constrains("collection_ageing_limits")
    def _check_collection_ageing_limits(self):
        for company in self:
            try:
                ageing.parse_limits(company.collection_ageing_limits)
            except ValueError:
                raise ValidationError(
                    company.env._(
                        "%(text)s: write the last days of the buckets as rising numbers with commas between them, at most "
                        "%(most)s of them, for example 30, 60, 90.",
                        text=company.collection_ageing_limits,
                        most=ageing.MOST_LIMITS,
                    )
                ) from None

    def _get_collection_ageing_limits(self):
        """Return the last days of the ageing buckets of the root company."""
        # sudo: whoever reads a report in a branch need not have access to the root company
        return ageing.parse_limits(self.sudo().root_id.collection_ageing_limits)
