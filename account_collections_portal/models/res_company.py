from odoo import fields, models


class ResCompany(models.Model):
    """What customers may do on their own pages."""

    _inherit = "res.company"

    collection_portal_link_days = fields.Integer(
        string="Links Open For",
        default=60,
        help="Days on which the link in a message opens the customer's page without a login. Then the page offers to mail "
        "a new link to the same address.",
    )

    _collection_portal_link_days_positive = models.Constraint(
        "CHECK(collection_portal_link_days IS NULL OR collection_portal_link_days BETWEEN 1 AND 730)",
        "A link in a message opens the page for 1 to 730 days.",
    )
