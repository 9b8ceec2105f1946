from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """The daily mail."""

    _inherit = "res.config.settings"  # pylint: disable=consider-merging-classes-inherited

    collection_mail_user_ids = fields.Many2many(related="collection_company_id.collection_mail_user_ids", readonly=False)
    collection_mail_time = fields.Float(related="collection_company_id.collection_mail_time", readonly=False)
