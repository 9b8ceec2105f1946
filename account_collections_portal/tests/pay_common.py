"""Builders for stories about paying: a customer with a link, Odoo's demonstration provider, and what a browser sends."""

import json

from lxml import html
from odoo.addons.account_collections_auto.tests.common import TODAY, CollectionsCase
from odoo.tests import HttpCase, tagged

from ..controllers.portal_access import DOWNLOADS


class PayCase(CollectionsCase):
    """A customer who owes, and a provider that does as it is told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_user_id = cls.manager
        cls.provider = cls.make_provider()
        cls.method = cls.env.ref("payment_demo.payment_method_demo").sudo()
        cls.buyer = cls.customer("Buyer")

    @classmethod
    def make_provider(cls, company=None, journal=None):
        """Publish a demonstration provider whose money is booked in the bank journal."""
        demo = cls.env["payment.provider"].sudo().search([("code", "=", "demo")], limit=1)
        provider = demo.copy({"company_id": (company or cls.company).id, "state": "test"})
        provider.is_published = True
        cls.env.ref("payment_demo.payment_method_demo").sudo().active = True
        provider.journal_id = journal or cls.company_data["default_journal_bank"]
        line = provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider
        )
        line.payment_account_id = provider.journal_id.default_account_id.copy({"code": f"1015{provider.id % 100:02}"})
        return provider

    @classmethod
    def link(cls, customer, **vals):
        """Return the path of the page that a link to ``customer`` opens."""
        link = cls.env["collection.portal.link"]._make(
            [
                {
                    "case_id": cls.case(customer).id,
                    "contact_id": customer.id,
                    "recipient": customer.email,
                    "expires_on": cls.env["collection.portal.link"]._get_last_day(cls.company),
                    **vals,
                }
            ]
        )
        return f"/my/collections/l/{link._get_token()}"

    def todos(self, customer):
        """Return what the collector is told about payments that could not be matched."""
        xmlid = "account_collections_portal.mail_activity_type_payment_on_account"
        return self.case(customer).activity_search([xmlid]).mapped("summary")

    def chosen(self, transaction):
        """Return {number: (amount, matched, state)} of what a transaction was to pay."""
        return {
            one.number: (one.amount, one.amount_matched, one.state) for one in transaction.sudo().collection_allocation_ids
        }


class Answer:
    """What the server answered to a page or a call."""

    def __init__(self, response):
        self.status = response.status_code
        self.url = response.url
        self.text = response.text
        self.tree = html.fromstring(response.content) if response.content else None

    def form(self):
        """Return what the payment form of the page says, {} where the page has none."""
        found = self.tree.xpath("//form[@id='o_payment_form']")
        return dict(found[0].attrib) if found else {}

    def says(self):
        """Return the text of the page in one line."""
        return " ".join(self.tree.text_content().split())


@tagged("post_install", "-at_install")
class PayHttpCase(PayCase, HttpCase):
    """The same through the doors: what a browser asks, and what it is told."""

    def setUp(self):
        super().setUp()
        self.enterContext(self.on_day(TODAY))
        DOWNLOADS.clear()
        self.addCleanup(DOWNLOADS.clear)

    def open(self, path, **parameters):
        """Look at a page."""
        self.env.flush_all()
        return Answer(self.url_open(path, params=parameters or None, timeout=60))

    def call(self, route, **parameters):
        """Return (result, error text) of a call of the payment form."""
        self.env.flush_all()
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "id": 0, "params": parameters})
        response = self.url_open(route, data=body, headers={"Content-Type": "application/json"}, timeout=60)
        answer = response.json()
        self.env.invalidate_all()
        return answer.get("result"), answer.get("error", {}).get("data", {}).get("message", "")

    def submit(self, page, flow="direct", **changes):
        """Press "Pay" on a page, with ``changes`` to what its form sends: return (result, error text)."""
        form = page.form()
        values = {
            "provider_id": self.provider.id,
            "payment_method_id": self.method.id,
            "token_id": None,
            "amount": float(form["data-amount"]),
            "flow": flow,
            "tokenization_requested": False,
            "landing_route": form["data-landing-route"],
            "is_validation": False,
            "access_token": None,
        }
        route = changes.pop("route", form["data-transaction-route"])
        return self.call(route, **{**values, **changes})

    def transaction(self, result):
        return self.env["payment.transaction"].sudo().search([("reference", "=", result["reference"])])

    def simulate(self, transaction, state="done", poll=True, at=None):
        """Let the provider answer ``at`` a moment (UTC), else now, and the page ask what became of it."""
        self.call("/payment/demo/simulate_payment", reference=transaction.reference, simulated_state=state, payment_details="1")
        transaction.last_state_change = at or self.company._collection_now()  # the clock that `on_day` sets
        if poll:
            self.call("/payment/status/poll")
        return transaction

    def pay_page(self, page, state="done"):
        """Pay what a page shows, and return the transaction."""
        result, error = self.submit(page)
        self.assertEqual(error, "")
        return self.simulate(self.transaction(result), state)
