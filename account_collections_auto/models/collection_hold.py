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

    @api.model_create_multi
    def create(self, vals_list):
        holds = super().create(vals_list)
        holds._mirror()
        return holds

    def write(self, vals):
        companies = self.company_id
        result = super().write(vals)
        self._mirror(companies)
        return result

    def unlink(self):
        companies = self.company_id
        result = super().unlink()
        self._mirror(companies)
        return result

    def action_end(self):
        """End the hold: from today on the items go on where they stood."""
        self.active = False

    def _mirror(self, companies=None):
        for company in (companies or self.env["res.company"]) | self.exists().company_id:
            self.env["collection.mirror"]._sync(company)
