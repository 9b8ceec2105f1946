"""A link that opens nothing any more: ask for a new one."""

from odoo import http
from odoo.http import request

from .portal_access import ROOT, CollectionsPortal, _guarded


class CollectionsLink(CollectionsPortal):
    """New links for expired ones."""

    @http.route(
        f"{ROOT}/l/<string:token>/renew", type="http", auth="public", methods=["POST"], website=True, sitemap=False
    )
    def collections_renew(self, token, **_kw):
        """Mail a new link to where this one went. The answer is the same whether it exists or not."""
        if request.env["collection.portal.attempt"]._count("renewal", request.httprequest.remote_addr):
            request.env["collection.portal.link"]._find(token)._renew()
        values = {"page_name": "collections_link", "token": token, "no_breadcrumbs": True, "is_sent": True}
        return _guarded(request.render("account_collections_portal.link_expired", values))
