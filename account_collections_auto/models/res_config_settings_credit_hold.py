from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """Credit holds."""

    _inherit = "res.config.settings"  # pylint: disable=consider-merging-classes-inherited

    collection_credit_hold_effect = fields.Selection(
        related="collection_company_id.collection_credit_hold_effect", readonly=False
    )
    collection_credit_hold_approval = fields.Boolean(
        related="collection_company_id.collection_credit_hold_approval", readonly=False
    )
