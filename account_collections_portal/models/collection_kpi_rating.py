from odoo import api, models
from odoo.addons.account_collections_auto.engine import kpi_inputs, kpis
from odoo.tools import SQL


class CollectionKpi(models.AbstractModel):
    """What customers say about us, among the figures."""

    _inherit = "collection.kpi"

    @api.model
    def _satisfaction(self, scope, start, date):
        """The average of the answers, from 1 to 5, of those who were asked in the period; ``asked``: how many these were."""
        self.env.flush_all()
        asked, answered, total = self.env.execute_query(
            SQL(
                """SELECT count(*), count(*) FILTER (WHERE rating.consumed), sum(rating.rating) FILTER (WHERE rating.consumed)
                     FROM rating_rating rating
                     JOIN collection_case line ON line.id = rating.parent_res_id AND rating.parent_res_model = 'collection.case'
                    WHERE rating.collection_company_id = ANY(%s) AND rating.collection_asked_on > %s
                      AND rating.collection_asked_on <= %s AND %s""",
                list(scope.company_ids),
                start,
                date,
                kpi_inputs.wanted_sql(self.env, scope._replace(currency_ids=())),
            )
        )[0]
        return {
            "value": total / answered if answered else None,
            "count": answered,
            "too_few": answered < kpis.TOO_FEW,
            "asked": asked,
        }
