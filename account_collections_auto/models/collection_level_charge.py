from odoo import fields, models


class CollectionLevel(models.Model):
    """Which interest and fees the notices of a level claim."""

    _inherit = "collection.level"  # pylint: disable=consider-merging-classes-inherited

    charge_terms_ids = fields.Many2many(
        "collection.charge.terms",
        string="Claims Interest and Fees",
        help="The notice states what the customer owes besides the invoices, by the first of these terms that fits the "
        "customer's country and type. Empty: nothing is claimed.",
    )
    is_fee_notice = fields.Boolean(
        string="Notice That Fees Need",
        help="Its text is the notice that some laws ask for before a fixed sum may be claimed: with the term to pay, the exact "
        "sum and what follows. Such a sum is refused until this notice was sent and its term is over.",
    )
