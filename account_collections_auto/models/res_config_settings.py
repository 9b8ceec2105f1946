from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    collection_company_id = fields.Many2one(related="company_id.root_id", help="Collections are set up per root company.")
    collection_tz = fields.Selection(related="collection_company_id.collection_tz", readonly=False)
    collection_plan_id = fields.Many2one(related="collection_company_id.collection_plan_id", readonly=False)
    collection_user_id = fields.Many2one(related="collection_company_id.collection_user_id", readonly=False)
    collection_is_active = fields.Boolean(related="collection_company_id.collection_is_active", readonly=True)
    collection_mode = fields.Selection(related="collection_company_id.collection_mode", readonly=False)
    collection_prepare_time = fields.Float(related="collection_company_id.collection_prepare_time", readonly=False)
    collection_send_time = fields.Float(related="collection_company_id.collection_send_time", readonly=False)
    collection_test_mode = fields.Boolean(related="collection_company_id.collection_test_mode", readonly=False)
    collection_test_email = fields.Char(related="collection_company_id.collection_test_email", readonly=False)
    collection_short_payment_percent = fields.Float(
        related="collection_company_id.collection_short_payment_percent", readonly=False
    )
    collection_bank_max_age_days = fields.Integer(related="collection_company_id.collection_bank_max_age_days", readonly=False)
    collection_brake_factor = fields.Float(related="collection_company_id.collection_brake_factor", readonly=False)
    collection_brake_first_limit = fields.Integer(related="collection_company_id.collection_brake_first_limit", readonly=False)
    collection_statement_day = fields.Integer(related="collection_company_id.collection_statement_day", readonly=False)
    collection_statement_date = fields.Date(related="collection_company_id.collection_statement_date")
    collection_statement_for = fields.Selection(related="collection_company_id.collection_statement_for", readonly=False)
    collection_statement_kind = fields.Selection(related="collection_company_id.collection_statement_kind", readonly=False)
    collection_statement_format = fields.Selection(related="collection_company_id.collection_statement_format", readonly=False)

    def action_open_collection_start(self):
        """Open the screen that switches the automatic cycle on or off."""
        return self.env["collection.safe.start"].action_open()
