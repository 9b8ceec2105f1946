from datetime import timedelta

from odoo import models

from ..engine import dashboard_inputs

WEEK = 7


class CollectionKpi(models.AbstractModel):
    """The money of the last seven days, by collector: read while the lines of the ledger are at hand."""

    _inherit = "collection.kpi"  # pylint: disable=consider-merging-classes-inherited

    def _compute_figures(self, companies, scope, date, period):
        figures = super()._compute_figures(companies, scope, date, period)
        return figures | {"week_money": dashboard_inputs.money(self.env, date - timedelta(days=WEEK), date)}
