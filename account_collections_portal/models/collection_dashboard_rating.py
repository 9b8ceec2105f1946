from odoo import api, models
from odoo.fields import Domain


class CollectionDashboard(models.AbstractModel):
    """What is behind the satisfaction of customers: their answers."""

    _inherit = "collection.dashboard"

    @api.model
    def _get_openers(self):
        return super()._get_openers() | {"satisfaction": self._open_ratings}

    @api.model
    def _open_ratings(self, options, companies, name, value):
        first, last = self._get_period(options)
        domain = Domain(
            [
                ("parent_res_model", "=", "collection.case"),
                ("collection_company_id", "in", companies.ids),
                ("collection_asked_on", ">=", first),
                ("collection_asked_on", "<=", last),
                ("consumed", "=", True),
            ]
        )
        wanted = self._filter(
            options, "user_id", country_id="partner_id.country_id", industry_id="partner_id.industry_id"
        )
        if not wanted.is_true():
            # A rating names its case by number only.
            case_ids = self.env["rating.rating"].search(domain).mapped("parent_res_id")
            cases = self.env["collection.case"].search(Domain("id", "in", case_ids) & wanted)
            domain &= Domain("parent_res_id", "in", cases.ids)
        title = self.env._("Customer Satisfaction")
        return self._window(title, "rating.rating", domain, ("list", "kanban", "graph"))
