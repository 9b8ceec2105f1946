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

    collection_rating_ask = fields.Boolean(
        string="Ask How Satisfied Customers Are",
        help="After a dispute was settled, or when everything is paid after a reminder, the customer is asked by e-mail how "
        "satisfied it is with us. Nobody is asked in test mode, nor who does not want our e-mails.",
    )
    collection_rating_days = fields.Integer(
        string="Ask at Most Every",
        default=90,
        help="A customer is asked again after so many days at the earliest, whatever happened meanwhile.",
    )

    _collection_rating_days_positive = models.Constraint(
        "CHECK(collection_rating_days IS NULL OR collection_rating_days BETWEEN 1 AND 3650)",
        "A customer is asked again after 1 to 3650 days.",
    )
    _collection_portal_link_days_positive = models.Constraint(
        "CHECK(collection_portal_link_days IS NULL OR collection_portal_link_days BETWEEN 1 AND 730)",
        "A link in a message opens the page for 1 to 730 days.",
    )
