"""Our pages inside Odoo's portal: the tile, and where Odoo's own overdue page leads."""

from odoo import http
from odoo.addons.account_payment.controllers.portal import PortalAccount
from odoo.http import request

from ..engine import statement
from .portal_access import ROOT
from .statement import CollectionsStatement, Words


class CollectionsHome(CollectionsStatement, PortalAccount):
    """Odoo's portal leads to our pages."""

    def _prepare_home_portal_values(self, counters):
        """The tile shows what is overdue: an amount, not a number of invoices."""
        values = super()._prepare_home_portal_values(counters)
        ours = {"collections_overdue", "collections_count"}.intersection(counters)
        if ours:
            viewer = self._collections_user_viewer()
            totals = statement.totals(viewer.env, viewer.companies, viewer.domain())
            counted = {
                "collections_count": sum(total.count for total in totals),
                "collections_overdue": self._collections_headline(totals, Words(viewer.env)) or 0,
            }
            values |= {name: counted[name] for name in ours}
        if "overdue_invoice_count" in counters:
            values["overdue_invoice_count"] = 0  # Odoo's own alert: the tile with the amount stands in its place
        return values

    @http.route()
    def portal_my_overdue_invoices(self, access_token=None, **kw):
        """Odoo's page asks for the whole amount of one contact's invoices; ours for what is open of all."""
        return request.redirect(ROOT)
