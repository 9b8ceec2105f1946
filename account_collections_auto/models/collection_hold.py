from odoo import api, fields, models
from odoo.tools import SQL


class CollectionHold(models.Model):
    """A person asked us to stop contacting a customer, or about some items, for a time and a reason."""

    _name = "collection.hold"
    _description = "Collection Hold"
    _inherit = ["mail.thread", "collection.stop.mixin"]
    _order = "date_from desc, id desc"
    _rec_name = "reason"

    reason = fields.Char(required=True, tracking=True)
    date_from = fields.Date(tracking=True)
    date_until = fields.Date(tracking=True)
    active = fields.Boolean(tracking=True)
    partner_id = fields.Many2one(tracking=True)

    @api.model
    def _stop_code(self):
        return "hold"

    @api.model
    def _stop_text_sql(self, alias):
        return SQL.identifier(alias, "reason")
