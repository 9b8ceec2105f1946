"""Who looks at our pages, and what may they see? Every route of this module is made by `collections_route`.

A page has two addresses: ``/my/collections<path>`` for who is logged in, and ``/my/collections/l/<token><path>`` for who
follows the link of a message. Its method gets a `Viewer` and nothing else decides what is shown or done: ids that come
from a browser are looked up with `Viewer.find_items`, where those of others answer like ids that do not exist.
"""

import functools

from odoo import SUPERUSER_ID, http
from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.fields import Domain
from odoo.http import request
from odoo.tools.func import filter_kwargs
from werkzeug.exceptions import NotFound, TooManyRequests

from ..engine.throttle import Throttle, who_asks

ROOT = "/my/collections"
# What somebody may download in a quarter of an hour; a person does not get there. Counted in each process, since who
# downloads something writes nothing. What is sent is counted for all processes together: `collection.portal.attempt`.
DOWNLOADS = Throttle(limit=60, seconds=900)
# What Odoo's portal rule is about; everything else on a receivable account is money on account or an entry.
DOCUMENTS = ("out_invoice", "out_refund", "in_invoice", "in_refund")


class Viewer:
    """Somebody who may see what a customer owes: a person who is logged in, or who followed the link of a message.

    - ``env``: the system, in the language of the page; ask it only for what `items` or the other methods returned
    - ``partner``: the customer (commercial partner); ``contact``: the person, the customer itself where nobody is named
    - ``cases``: the customer's cases, one per root company; ``companies``: these root companies
    - ``link``: the `collection.portal.link` that was followed, empty for who is logged in; ``token``: its secret
    - ``is_whole``: off where only the documents of one contact are shown
    """

    def __init__(self, env, partner, contact, cases, visible, link=None, token=None, is_whole=True):
        self.env = env
        self.partner = partner
        self.contact = contact
        self.cases = cases
        self.companies = cases.company_id
        self.is_whole = is_whole
        self.link = link if link is not None else env["collection.portal.link"]
        self.token = token
        self._visible = visible

    def domain(self):
        """Return the domain on `collection.item` of what this viewer may see: open debts and credits."""
        return Domain("active", "=", True) & self._everything()

    def _everything(self):
        return Domain("active", "in", (True, False)) & Domain("case_id", "in", self.cases.ids) & self._visible

    def items(self, domain=Domain.TRUE):
        """Return the open items that this viewer may see, narrowed by ``domain``."""
        return self.env["collection.item"].search(self.domain() & Domain(domain))

    def find_items(self, ids):
        """Return the items of ``ids``, as a browser sent them, that this viewer may see; what is not one is left out."""
        wanted = {int(number) for number in ids if str(number).isascii() and str(number).isdigit() and len(str(number)) < 10}
        return self.items(Domain("id", "in", list(wanted))) if wanted else self.env["collection.item"]

    def url(self, path=""):
        """Return the address of a page for this viewer."""
        return f"{ROOT}/l/{self.token}{path}" if self.token else f"{ROOT}{path}"

    def author(self):
        """Return the partner in whose name this viewer answers."""
        return self.contact or self.partner

    def only_seen(self, answers):
        """Return those of ``answers`` (disputes, promises, ...) that are about nothing but what this viewer may see.

        Who does not see the whole sees none of which nobody knows any more what it was about.
        """
        answers = answers.filtered(lambda answer: answer.case_id in self.cases)
        items = answers.with_context(active_test=False).item_ids
        seen = items.search(self._everything() & Domain("id", "in", items.ids)) if items else items
        return answers.filtered(
            lambda answer: not (answer.with_context(active_test=False).item_ids - seen)
            and (self.is_whole or (answer.with_context(active_test=False).item_ids and not answer.is_for_all))
        )

    def find_answer(self, model, number):
        """Return the answer with this id, as a browser sent it, if this viewer may see it; else nothing."""
        if not (str(number).isascii() and str(number).isdigit() and len(str(number)) < 10):
            return self.env[model]
        found = self.env[model].with_context(active_test=False).search(
            [("id", "=", int(number)), ("case_id", "in", self.cases.ids)]
        )
        return self.only_seen(found)


def collections_route(path="", methods=("GET",), is_costly=False, **routing):
    """Make a method a page of this module: ``method(self, viewer, **what the browser sent)``.

    A page that is only looked at asks Odoo for a cursor to read with; whoever follows a link gets one that can note that the
    link was wrong. ``is_costly``: nobody does it all day long, for example a PDF.
    """
    routes = [f"{ROOT}{path}", f"{ROOT}/l/<string:token>{path}"]
    readonly = _is_readonly if tuple(methods) == ("GET",) else False
    routing = {"type": "http", "website": True, "sitemap": False, "readonly": readonly, **routing}

    def decorate(method):
        @functools.wraps(method)
        def respond(self, token=None, **sent):
            viewer = self._collections_access(token)
            if viewer is None:
                return self._collections_refuse(token, routing["type"])
            if routing["type"] == "http" and "GET" in methods and (redirect := _in_own_language(viewer)):
                return redirect
            address = request.httprequest.remote_addr
            if request.httprequest.method == "POST" and not request.env["collection.portal.attempt"]._count("act", address):
                raise TooManyRequests()
            if is_costly and not DOWNLOADS.count_if_room(who_asks(address)):
                raise TooManyRequests()
            if routing["type"] != "http":
                return method(self, viewer, **filter_kwargs(method, sent))
            try:
                response = method(self, viewer, **filter_kwargs(method, sent))
            except NotFound:
                response = self._collections_not_found(viewer)
            return _guarded(response)

        # Odoo reads the parameters of what it calls: those of ``respond``, which takes all.
        del respond.__wrapped__
        return http.route(routes, auth="public", methods=list(methods), **routing)(respond)

    return decorate


def _is_readonly(_controller, _rule, arguments):
    return "token" not in arguments


class CollectionsPortal(CustomerPortal):
    """The door of our pages."""

    def _collections_access(self, token=None):
        """Return the `Viewer` who asks, None for whom there is nothing to see."""
        if token is not None:
            return self._collections_link_viewer(token)
        if request.env.user._is_public():
            return None
        return self._collections_user_viewer()

    def _collections_link_viewer(self, token):
        # sudo: the token is the right to see what its message was about
        env = request.env(user=SUPERUSER_ID, su=True)
        links, attempts = env["collection.portal.link"], env["collection.portal.attempt"]
        link_sudo = links._check(token)
        if not link_sudo:
            is_guessed = not links._find(token)
            if is_guessed and not attempts._count("guess", request.httprequest.remote_addr):
                raise TooManyRequests()
            return None
        return Viewer(
            link_sudo.env,
            link_sudo.partner_id,
            link_sudo.contact_id or link_sudo.partner_id,
            link_sudo.case_id,
            link_sudo._visible_domain(),
            link_sudo,
            token,
            is_whole=not link_sudo.only_contact_id,
        )

    def _collections_user_viewer(self):
        user = request.env.user
        # The customers' side of the ledger is read by the system, narrowed to what Odoo's portal rule shows this person.
        env = request.env(user=SUPERUSER_ID, su=True)
        partner = user.partner_id.commercial_partner_id.with_env(env)
        cases = env["collection.case"].search([("partner_id", "=", partner.id)], order="company_id, id")
        moves = request.env["account.move"]
        readable = moves._search([("move_type", "in", DOCUMENTS)]) if moves.has_access("read") else []
        companies = user._get_company_ids()
        others = Domain("move_id.move_type", "not in", DOCUMENTS) & Domain("company_id", "in", companies)
        visible = Domain("move_id", "in", readable) | others
        roots = env["res.company"].browse(companies).root_id
        own = cases.filtered(lambda case: case.company_id in roots)
        return Viewer(env, partner, user.partner_id.with_env(env), own, visible)

    def _collections_not_found(self, viewer):
        """Answer who asks for what there is not, or is not theirs: a page of ours, with the way back."""
        values = {"page_name": "collections", "page_title": viewer.env._("Not found"), "no_breadcrumbs": bool(viewer.link)}
        return request.render("account_collections_portal.not_found", values | {"viewer": viewer}, status=404)

    def _collections_refuse(self, token, kind="http"):
        """Answer whom there is nothing to see: log in, or ask for a new link. The same for every link that opens nothing."""
        if kind != "http":
            raise NotFound()
        if token is None:
            return request.redirect_query("/web/login", {"redirect": ROOT})
        values = {"page_name": "collections_link", "token": token, "no_breadcrumbs": True}
        return _guarded(request.render("account_collections_portal.link_expired", values, status=404))


def _in_own_language(viewer):
    """Return a redirect to the language of the person a link was sent to, unless the browser chose one before."""
    if not viewer.link or request.cookies.get("frontend_lang") or request.httprequest.method != "GET":
        return None
    routes = request.env["ir.http"]
    wanted = routes.get_nearest_lang(viewer.contact.lang)
    # An address that names a language stays: who keeps no cookies would go round in circles.
    if not wanted or wanted == request.lang.code or request.lang != routes._get_default_lang():
        return None
    language = request.env["res.lang"]._get_data(code=wanted)
    return request.redirect_query(f"/{language.url_code}{request.httprequest.path}", request.httprequest.args.to_dict())


def _guarded(response):
    """Keep the page out of caches, search engines and frames, and its address out of other sites' logs."""
    if hasattr(response, "headers"):
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        response.headers["X-Content-Type-Options"] = "nosniff"
    return response
