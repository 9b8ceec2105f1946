from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    """Write-offs."""

    _inherit = "res.config.settings"  # pylint: disable=consider-merging-classes-inherited

    collection_write_off_account_id = fields.Many2one(
        related="collection_company_id.collection_write_off_account_id", readonly=False
    )
    collection_write_off_journal_id = fields.Many2one(
        related="collection_company_id.collection_write_off_journal_id", readonly=False
    )
    collection_write_off_collector_limit = fields.Float(
        related="collection_company_id.collection_write_off_collector_limit", readonly=False
    )
    collection_write_off_manager_limit = fields.Float(
        related="collection_company_id.collection_write_off_manager_limit", readonly=False
    )
