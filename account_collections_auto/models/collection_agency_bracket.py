from odoo import api, fields, models


class CollectionAgencyBracket(models.Model):
    """From which age or amount on an agency gets which percentage."""

    _name = "collection.agency.bracket"
    _description = "Commission Bracket"
    _order = "agency_id, value_from"

    agency_id = fields.Many2one("collection.agency", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="agency_id.company_id", store=True, index=True)
    value_from = fields.Float(
        string="From", required=True, help="Days overdue on the day of the hand-over, or the placed amount in company currency."
    )
    percent = fields.Float(string="Commission (%)", digits=(6, 3), required=True, help="Of each payment, in percent.")

    _once = models.UniqueIndex("(agency_id, value_from)", "There is a bracket from this value on already.")
    _percent_in_range = models.Constraint("CHECK(percent BETWEEN 0 AND 100)", "A commission lies between 0 and 100 percent.")

    @api.depends("value_from", "percent", "agency_id.commission_rule")
    def _compute_display_name(self):
        for bracket in self:
            if bracket.agency_id.commission_rule == "amount":
                start = bracket.agency_id.currency_id.format(bracket.value_from)
                bracket.display_name = self.env._("from %(start)s %(percent)s %%", start=start, percent=f"{bracket.percent:g}")
            else:
                bracket.display_name = self.env._(
                    "from %(days)s days %(percent)s %%", days=f"{bracket.value_from:g}", percent=f"{bracket.percent:g}"
                )
