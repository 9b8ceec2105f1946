from odoo import fields, models


class CollectionPlan(models.Model):
    """How often a stored card or account is tried, and how much may be let go in a settlement."""

    _inherit = "collection.plan"  # pylint: disable=consider-merging-classes-inherited

    charge_retries = fields.Integer(
        string="Try Again",
        default=2,
        help="When a stored card or account could not be charged for an instalment, it is tried so many times more.",
    )
    charge_retry_days = fields.Integer(
        string="Days Between Tries", default=3, help="Days until a charge that failed is tried again."
    )

    _charges_not_negative = models.Constraint(
        "CHECK(charge_retries >= 0 AND charge_retry_days > 0)",
        "The number of tries cannot be negative, and a day at least lies between two of them.",
    )
