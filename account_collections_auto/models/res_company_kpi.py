from odoo import fields, models


class ResCompany(models.Model):
    """What the figures about receivables need to know."""

    _inherit = "res.company"  # pylint: disable=consider-merging-classes-inherited

    collection_monthly_cost = fields.Float(
        string="Monthly Cost of Collecting",
        help="What collecting costs the company in a month, in its currency: wages, letters, fees of agencies. With it the "
        "figures say what it costs to collect 100 of what is overdue. 0: not known.",
    )

    _collection_monthly_cost_positive = models.Constraint(
        "CHECK(collection_monthly_cost IS NULL OR collection_monthly_cost >= 0)", "The cost of collecting cannot be negative."
    )
