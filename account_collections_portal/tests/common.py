"""Builders for stories about the customers' pages: who looks, by a link or logged in, and what comes back."""

from odoo import Command, http
from odoo.addons.account_collections_auto.tests.common import TODAY, CollectionsCase
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL
from urllib3.util import parse_url

from ..controllers.portal_access import DOWNLOADS

# What a look at a page may not touch.
WATCHED = (
    "collection_portal_link",
    "collection_case",
    "collection_item",
    "collection_dispute",
    "collection_promise",
    "collection_payment_notice",
    "collection_payment_plan",
    "account_move",
    "account_move_line",
    "res_partner",
    "mail_message",
    "mail_mail",
    "mail_activity",
    "mail_blacklist",
    "ir_attachment",
    "payment_transaction",
    "payment_token",
    "collection_payment_allocation",
    "collection_settlement_offer",
    "rating_rating",
)


@tagged("post_install", "-at_install")
class PortalCase(CollectionsCase, HttpCase):
    """A customer with open items, looked at on the day `TODAY`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.customer("Buyer Ltd", "anna@buyer.example")

    def setUp(self):
        super().setUp()
        self.enterContext(self.on_day(TODAY))
        DOWNLOADS.clear()
        self.addCleanup(DOWNLOADS.clear)

    # -- who looks -----------------------------------------------------------------------------------------------------

    def link(self, customer, **vals):
        """Return the secret of a link to the page of ``customer``, as a message would bring it."""
        case = self.case(customer)
        values = {
            "case_id": case.id,
            "recipient": customer.email,
            "contact_id": customer.id,
            "expires_on": self.env["collection.portal.link"]._get_last_day(self.company),
        }
        return self.env["collection.portal.link"]._make([values | vals])._get_token()

    @classmethod
    def portal_user(cls, partner, login="anna"):
        """Return a user of the portal who is ``partner``; the password is the login."""
        return cls.env["res.users"].create(
            {
                "name": partner.name,
                "login": login,
                "password": login,
                "partner_id": partner.id,
                "company_id": cls.company.id,
                "company_ids": [Command.set(cls.company.ids)],
                "group_ids": [Command.set([cls.quick_ref("base.group_portal").id])],
            }
        )

    def visit(self, login=None):
        """Start a session: nobody's, or that of a user."""
        self.authenticate(login, login)

    # -- what comes back -----------------------------------------------------------------------------------------------

    def get(self, path="", token=None, **options):
        """Open a page."""
        return self.url_open(self.address(path, token), **options)

    def address(self, path="", token=None):
        return f"/my/collections/l/{token}{path}" if token else f"/my/collections{path}"

    def post(self, path, token=None, files=None, csrf=True, **data):
        """Send a form and return where it leads; values may be lists."""
        if csrf:
            data["csrf_token"] = http.Request.csrf_token(self)
        return self.url_open(self.address(path, token), data=data, files=files, allow_redirects=False)

    def assertLeadsTo(self, response, path):
        """The answer is a redirect to ``path`` of this server."""
        self.assertIn(response.status_code, (302, 303), response.text[:500])
        target = parse_url(response.headers["Location"])
        self.assertIn(target.host, (None, "127.0.0.1", "localhost"))
        self.assertEqual(target.path, path)

    def stored(self):
        """Return a fingerprint of everything that a look at a page may not change."""
        self.env.flush_all()
        found = {}
        for table in WATCHED:
            query = SQL("SELECT count(*), COALESCE(sum(hashtext(t::text)), 0) FROM %s t", SQL.identifier(table))
            found[table] = self.env.execute_query(query)
        return found
