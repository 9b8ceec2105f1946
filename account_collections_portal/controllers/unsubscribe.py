"""Leaving from the message itself: the one-click button of mail programs (RFC 8058)."""

from odoo import http
from odoo.http import request
from odoo.tools import email_normalize_all

from .portal_access import ROOT, CollectionsPortal


class CollectionsUnsubscribe(CollectionsPortal):
    """No more e-mail to the one address that a message went to."""

    @http.route(
        f"{ROOT}/l/<string:token>/unsubscribe",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,  # a mail program posts it; the token of the message is what it is checked by
        website=True,
        sitemap=False,
    )
    def collections_unsubscribe(self, token, **_kw):
        """Put the address on Odoo's blacklist, also by a link that has expired. The answer never says whether it exists.

        Who is told that there were too many is asked to come again: no wish to leave is taken for done that was not.
        """
        headers = [("Cache-Control", "no-store")]
        if not request.env["collection.portal.attempt"]._count("leave", request.httprequest.remote_addr):
            return request.make_response("", headers=[*headers, ("Retry-After", "900")], status=429)
        addresses = email_normalize_all(request.env["collection.portal.link"]._find(token).recipient or "")
        if len(addresses) == 1:
            request.env["mail.blacklist"].sudo()._add(addresses[0])  # sudo: the token was checked
        return request.make_response("", headers=headers)

    @http.route(
        f"{ROOT}/l/<string:token>/unsubscribe", type="http", auth="public", methods=["GET"], website=True, sitemap=False
    )
    def collections_unsubscribe_page(self, token, **_kw):
        """Looking at the address changes nothing: scanners do. It leads to where a person chooses."""
        return request.redirect(f"{ROOT}/l/{token}/contact", code=303)
