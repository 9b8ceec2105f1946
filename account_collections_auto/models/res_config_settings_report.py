from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """How reports count."""

    _inherit = "res.config.settings"  # pylint: disable=consider-merging-classes-inherited

    collection_ageing_limits = fields.Char(related="collection_company_id.collection_ageing_limits", readonly=False)
    collection_follow_days = fields.Integer(related="collection_company_id.collection_follow_days", readonly=False)
