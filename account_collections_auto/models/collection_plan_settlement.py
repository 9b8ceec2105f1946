from odoo import fields, models


class CollectionPlan(models.Model):
    """How much of a debt may be let go, and by whom."""

    _inherit = "collection.plan"  # pylint: disable=consider-merging-classes-inherited

    settlement_percent = fields.Float(
        string="Collectors Let Go Of",
        default=5.0,
        help="A collector may offer a discount of so much, in percent, for payment by a day. Beyond it a manager approves.",
    )
    settlement_percent_manager = fields.Float(
        string="Managers Let Go Of", default=30.0, help="Nobody may offer a larger discount than this, in percent."
    )
    settlement_post_credit_notes = fields.Boolean(
        string="Post Credit Notes",
        help="When a settlement was paid in time, the credit note over the rest is posted at once. Off: it waits as a draft "
        "for an accountant, and its amount is not claimed meanwhile.",
    )

    _settlements_in_range = models.Constraint(
        """CHECK(settlement_percent >= 0 AND settlement_percent < 100
                 AND settlement_percent_manager >= 0 AND settlement_percent_manager < 100)""",
        "A discount of a settlement lies between 0 and 100 percent.",
    )
