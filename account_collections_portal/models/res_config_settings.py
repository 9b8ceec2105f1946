from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """The customer's pages."""

    _inherit = "res.config.settings"

    collection_portal_link_days = fields.Integer(
        related="collection_company_id.collection_portal_link_days", readonly=False
    )
    collection_rating_ask = fields.Boolean(related="collection_company_id.collection_rating_ask", readonly=False)
    collection_rating_days = fields.Integer(related="collection_company_id.collection_rating_days", readonly=False)
