from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """Figures about receivables."""

    _inherit = "res.config.settings"  # pylint: disable=consider-merging-classes-inherited

    collection_monthly_cost = fields.Float(related="collection_company_id.collection_monthly_cost", readonly=False)
