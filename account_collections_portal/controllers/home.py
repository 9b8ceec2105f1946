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
    def portal_my_invoice_detail(self, invoice_id, access_token=None, report_type=None, download=False, **kw):
        """Odoo marks what it prints as changed by hand. Who opens the PDF of an invoice, or a mail scanner, changes nothing."""
        show = super().portal_my_invoice_detail
        if not report_type:
            return show(invoice_id, access_token=access_token, **kw)
        with request.env.cr.savepoint() as savepoint:
            response = show(invoice_id, access_token=access_token, report_type=report_type, download=download, **kw)
            savepoint.rollback()
        return response

    @http.route()
    def portal_my_overdue_invoices(self, access_token=None, **kw):
        """Odoo's page asks for the whole amount of one contact's invoices; ours for what is open of all."""
        return request.redirect(ROOT)
