"""Every page of a customer, in every state that it has, for who cannot see or use a mouse: axe finds nothing.

`STATES` is the list. A page that is missing in it, or a state that is not made, fails. To see the pages as well:

    COLLECTIONS_SHOTS=~/shots setup/test tests/browser/test_customer_states.py
"""

import os
from datetime import timedelta
from pathlib import Path

from odoo.addons.account_collections_auto.tests.common import TODAY
from odoo.addons.account_collections_portal.controllers.portal_access import ROOT
from odoo.addons.account_collections_portal.tests.common import PortalCase
from odoo.addons.account_collections_portal.tests.pay_common import PayHttpCase
from odoo.addons.account_collections_portal.tests.test_portal_rating import RatingStories
from odoo.tools import mute_logger

from .visitor import ODOOS, SIZES, BrowserCase

SHOTS = os.environ.get("COLLECTIONS_SHOTS")
AGO = TODAY - timedelta(days=20)
PDF = b"%PDF-1.4 a delivery note"

# {route, with its method where it is not GET: {state: what the page says then}}
STATES = {
    "": {
        "overdue, not due, a credit": "overdue",
        "two currencies": "EUR",
        "each status": "Payment on its way",
        "settled": "Settled: credit note follows",
        "nothing overdue": "Nothing is overdue",
        "nothing open": "Nothing is open.",
        "paid lately": "Paid in the last 90 days",
        "nothing found": "Nothing matches",
        "an offer": "Our offer: pay",
        "the second page": "Page 2 of 2",
        "logged in": "Your account",
        "expired": "This link is no longer open",
        "revoked": "This link is no longer open",
        "guessed": "This link is no longer open",
    },
    "/pay": {
        "what is overdue": "To pay now",
        "everything, less credits": "Leave my credits for later",
        "a part": "stay open",
        "nothing ticked": "Tick what you want to pay first",
        "paid already": "What you chose is paid already",
        "paid by credits": "Your credits cover what you chose",
        "two currencies": "Paid separately",
        "many documents": "documents,",
        "under way": "is on its way",
        "a transfer announced": "do not make that transfer too",
        "an offer": "This is our offer",
        "an offer, its money arrived": "Thank you, your payment arrived",
        "an offer, paid though money is on account": "This is our offer",
        "an offer that was met": "Thank you, it is paid",
        "an offer, days of grace": "The last day was",
        "an offer that ran out": "This offer ran out",
        "an offer that was changed": "Something was booked since our offer",
        "an offer that is none": "What you chose is paid already",
    },
    "/payment/<int:transaction_id>": {
        "done": "Thank you!",
        "done, a part": "Tell us what is wrong with the rest",
        "done, an offer": "That is what we offered",
        "done, and more to pay": "Now pay",
        "pending": "your payment is on its way",
        "a transfer": "Please transfer",
        "cancelled": "The payment was cancelled",
        "failed": "The payment did not go through",
        "not heard of": "We did not hear of your payment yet",
    },
    "/offers": {
        "open": "We let go of",
        "arrived": "Thank you, your payment arrived",
        "met": "Thank you, it is paid",
        "days of grace": "The last day was",
        "over": "This offer ran out",
        "changed": "Something was booked since our offer",
        "none": "There is no offer that is open",
    },
    "/paid": {
        "about what is overdue": "Paid on",
        "two currencies": "What is it about?",
        "nothing open": "Nothing is open that",
    },
    "POST /paid": {"typed wrong": "Say how much you paid"},
    "/promise": {"about what is overdue": "I will pay by", "nothing open": "Nothing is open that"},
    "POST /promise": {"typed wrong": "Say on which day you will pay"},
    "/plan": {"about what is overdue": "The first one on", "nothing open": "Nothing is open that"},
    "POST /plan": {"typed wrong": "Choose from 2 to"},
    "/plan/<int:plan_id>": {
        "proposed": "Your name, as your signature",
        "running": "Agreed by",
        "done": "It is paid, thank you",
        "ended": "It has ended, and what is open of it is due",
    },
    "POST /plan/<int:plan_id>": {"typed wrong": "Type your name and tick that you agree"},
    "/dispute": {"about what is open": "Tell us what is wrong", "nothing open": "Nothing is open that"},
    "POST /dispute": {"typed wrong": "What is wrong?"},
    "/dispute/<int:dispute_id>": {
        "new": "Add something",
        "messages and files": "What was written",
        "just said": "Thank you, we got it",
        "waits for the customer": "We wait for your answer",
        "settled": "It is settled, so nothing can be added here",
    },
    "POST /dispute/<int:dispute_id>": {"typed wrong": "Write something, or choose a file."},
    "/answers": {"none": "You have not answered anything yet", "each kind": "Look at it and agree", "just said": "we noted it"},
    "/contact": {
        "one person": "No reminders by e-mail",
        "opted out": "Send me e-mails again",
        "several people": "Somebody else is in charge",
        "two languages": "Keep it",
    },
    "POST /call": {"typed wrong": "Type the number that we can call"},
    "POST /correct": {"typed wrong": "Say what is to be changed"},
    "/rate/<int:rating_id>": {
        "about a dispute": "Your objection was settled",
        "about a case": "Everything is paid, thank you. Tell us",
        "said": "Thank you! We noted what you think",
        "declined": "We do not ask you again",
    },
    "POST /rate/<int:rating_id>": {"typed wrong": "Choose one of the three"},
    "POST /renew": {"a new link": "If this link was ours"},
    "/document/<int:item_id>": {"not found": "There is nothing at this address"},
}
# What a tap sends, and how it is typed wrong: {route: (page, button, {label: what is typed})}
WRONG = {
    "POST /paid": ("/paid", "I have paid this", {"Amount": "0"}),
    "POST /promise": ("/promise", "Promise it", {}),
    "POST /plan": ("/plan", "Show me the plan", {"Instalments": "1"}),
    "POST /dispute": ("/dispute", "Send it", {}),
    "POST /call": ("/contact", "Ask for a call", {}),
    "POST /correct": ("/contact", "Tell us", {}),
}
# Files; and what leads to another page, or answers a script.
NO_PAGES = {
    "/document/<int:item_id>",
    "/documents",
    "/statement/<int:company_id>/<string:file_format>",
    "/payment/<int:transaction_id>/receipt",
    "POST /pay/transaction",
    "POST /preferences",
    "/unsubscribe",
    "POST /unsubscribe",
    "POST /withdraw/<string:kind>/<int:number>",
}
# The browser checks nothing: what is sent is wrong, and the server says so.
UNCHECKED = "for (const form of document.forms) { form.noValidate = true; }"


class TestCustomerStates(RatingStories, PortalCase, PayHttpCase, BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.settlement_percent = 50
        cls.foreign = cls.setup_other_currency("EUR")
        cls.reason = cls.quick_ref("account_collections_auto.collection_dispute_reason_price")
        cls.counted = 0

    # -- builders ------------------------------------------------------------------------------------------------------

    def debtor(self, amount=100, due=AGO, **vals):
        """Return a new customer who owes, or nothing is open with ``amount`` 0."""
        type(self).counted += 1
        buyer = self.customer(f"Buyer {self.counted}", f"buyer{self.counted}@buyer.example")
        if amount:
            self.invoice(buyer, amount, due=due, **vals)
        return buyer

    def page(self, buyer, path="", **vals):
        return self.address(path, self.link(buyer, **vals))

    def credited(self, amount=30):
        buyer = self.debtor()
        self.credit_note(buyer, amount, on=AGO)
        return buyer

    def paid_off(self):
        buyer = self.debtor()
        self.case(buyer)
        self.pay(buyer.invoice_ids)
        return buyer

    def answered(self):
        """Return a customer who said everything that can be said."""
        buyer = self.debtor(0)
        amounts = (100, 40, 50, 60)
        first, paid, promised, disputed = (self.items(self.invoice(buyer, amount, due=AGO)) for amount in amounts)
        case = self.case(buyer)
        case._portal_plan(first, 3, TODAY, buyer)
        case._portal_paid(paid, 40.0, TODAY, "x", [], buyer)
        case._portal_promise(promised, 50.0, TODAY + timedelta(days=4), buyer)
        case._portal_dispute({disputed: 20.0}, self.reason, "Too dear", [], buyer)
        return buyer

    def dispute(self, buyer):
        item = self.items(buyer)
        files = [("note.pdf", "application/pdf", PDF)]
        return self.case(buyer)._portal_dispute({item: 30.0}, self.reason, "Two boxes\nare missing", files, buyer)

    def instalments_of(self, buyer, state):
        """Return the payment plan of a customer, so far as it came."""
        signed = TODAY - timedelta(days=90) if state == "ended" else TODAY
        with self.on_day(signed):
            plan = self.case(buyer).sudo()._portal_plan(self.items(buyer), 3, signed, buyer)
            if state != "proposed":
                plan._portal_accept("Petra Plan", "127.0.0.1", buyer, self.env["payment.token"])
        if state == "done":
            self.pay(buyer.invoice_ids)
        self.env["collection.case"]._refresh_marked()
        self.env["collection.payment.plan"].sudo()._judge(self.company, TODAY)
        self.assertEqual(plan.state, state)
        return plan

    def offer(self, state="open"):
        """Return an offer, so far as it came. One of each state does, but that whose days of grace the others' verdict ends."""
        if state in self.made:
            return self.made[state]
        buyer, made = self.debtor(200, due=TODAY - timedelta(days=60)), TODAY
        made -= timedelta(days={"days of grace": 15, "over": 40}.get(state, 0))
        with self.on_day(made):
            context = self.case(buyer).action_settlement_offer()["context"]
            offers = self.env["collection.settlement.offer"].with_context(**context)
            offer = offers.create({"discount_percent": 10, "pay_by": made + timedelta(days=14)})
            offer.action_offer()
        if state == "arrived":
            self.money_on_account(buyer, 180)
        elif state == "met":
            self.pay(buyer.invoice_ids, 180)
        elif state == "changed":
            self.pay(buyer.invoice_ids, 30, on=offer.pay_by + timedelta(days=1))
        self.env["collection.case"]._refresh_marked()
        if state in ("met", "over"):
            self.env["collection.settlement.offer"].sudo()._judge(self.company, TODAY)
            self.assertEqual(offer.state, {"met": "met", "over": "expired"}[state])
        if state != "days of grace":
            self.made[state] = offer
        return offer

    def paying(self, buyer, query="", state=None):
        """Return (the customer's page, the transaction) of a payment that the provider answered with ``state``."""
        page = self.page(buyer)
        result, error = self.submit(self.open(f"{page}/pay{query}"))
        self.assertEqual(error, "")
        transaction = self.transaction(result)
        if state:
            self.simulate(transaction, state)
        return page, transaction

    def paid_page(self, *args, **options):
        return self.paying(*args, **options)[1].landing_route

    def rating(self, buyer, dispute=None, **vals):
        case = self.case(buyer)
        dispute = dispute or self.env["collection.dispute"]
        rating = self.env["rating.rating"].sudo().create(case._prepare_rating_vals(dispute, buyer) | vals)
        return self.page(buyer, f"/rate/{rating.id}", rating_id=rating.id)

    # -- every state: (route, state, address) --------------------------------------------------------------------------

    def account(self):
        buyer = self.credited()
        self.invoice(buyer, 50, due=TODAY + timedelta(days=9), ref="PO 4711")
        page = self.page(buyer)
        yield "overdue, not due, a credit", page
        yield "nothing found", f"{page}?search=zzz"
        self.invoice(buyer, 80, currency=self.foreign)
        yield "two currencies", self.page(buyer)
        yield "each status", self.page(self.answered())
        settled = self.debtor()
        dispute = self.dispute(settled)
        dispute.line_ids.amount = 100
        dispute._accept({dispute.line_ids: 100.0}, "You are right")
        yield "settled", self.page(settled)
        yield "nothing overdue", self.page(self.debtor(due=TODAY + timedelta(days=5)))
        yield "nothing open", self.page(self.paid_off())
        paid = self.debtor()
        self.pay(paid.invoice_ids, 40, on=TODAY - timedelta(days=2))
        yield "paid lately", self.page(paid)
        yield "an offer", self.page(self.offer().partner_id)
        many = self.debtor(0)
        self.instalments(many, *((1, TODAY - timedelta(days=day)) for day in range(51)))
        yield "the second page", f"{self.page(many)}?page=2"
        yield "guessed", self.address(token="1-a")
        expired = self.link(buyer, expires_on=TODAY - timedelta(days=1))
        yield "expired", self.address(token=expired)
        revoked = self.link(buyer)
        self.env["collection.portal.link"]._find(revoked).action_revoke()
        yield "revoked", self.address(token=revoked)

    def ways_to_pay(self):
        buyer = self.credited()
        self.invoice(buyer, 50, due=TODAY + timedelta(days=9))
        page = self.page(buyer, "/pay")
        item = self.items(buyer).filtered(lambda item: item.amount_residual_currency == 100)
        yield "what is overdue", page
        yield "everything, less credits", f"{page}?choice=open"
        yield "a part", f"{page}?items={item.id}&credits=none&amount=40"
        yield "nothing ticked", f"{page}?choice=items"
        yield "an offer that is none", f"{page}?offer=1"
        yield "paid already", self.page(self.paid_off(), "/pay")
        yield "paid by credits", self.page(self.credited(100), "/pay")
        several = self.debtor()
        self.invoice(several, 80, currency=self.foreign)
        yield "two currencies", self.page(several, "/pay")
        many = self.debtor(0)
        self.instalments(many, *((1, TODAY - timedelta(days=day)) for day in range(1, 8)))
        yield "many documents", self.page(many, "/pay")
        under_way, _transaction = self.paying(self.debtor(), state="pending")
        yield "under way", f"{under_way}/pay"
        for name, state, query in (
            ("an offer", "open", ""),
            ("an offer, its money arrived", "arrived", ""),
            ("an offer, paid though money is on account", "arrived", "&credits=none"),
            ("an offer that was met", "met", ""),
            ("an offer, days of grace", "days of grace", ""),
            ("an offer that ran out", "over", ""),
            ("an offer that was changed", "changed", ""),
        ):
            offer = self.offer(state)
            yield name, self.page(offer.partner_id, f"/pay?offer={offer.id}{query}")

    def payments(self):
        yield "done", self.paid_page(self.debtor(), state="done")
        buyer = self.debtor()
        query = f"?items={self.items(buyer).id}&amount=40&reason={self.reason.id}"
        yield "done, a part", self.paid_page(buyer, query, "done")
        offer = self.made.pop("open")  # what is paid is not open any more
        yield "done, an offer", self.paid_page(offer.partner_id, f"?offer={offer.id}", "done")
        several = self.debtor()
        self.invoice(several, 80, currency=self.foreign)
        yield "done, and more to pay", self.paid_page(several, state="done")
        for name, state in (("pending", "pending"), ("cancelled", "cancel"), ("failed", "error"), ("not heard of", None)):
            yield name, self.paid_page(self.debtor(), state=state)

    def transfers(self):
        """Yield (route, state, address): a transfer that a customer said to make."""
        self.env["res.partner.bank"].create({"acc_number": "BE71096123456769", "partner_id": self.company.partner_id.id})
        transfer = self.env.ref("payment.payment_provider_transfer").sudo().copy({"company_id": self.company.id})
        transfer.write({"state": "enabled", "is_published": True, "pending_msg": False})
        method = self.env.ref("payment_custom.payment_method_wire_transfer").sudo()
        page = self.page(self.debtor())
        shown = self.open(f"{page}/pay")
        result, _error = self.submit(shown, "redirect", provider_id=transfer.id, payment_method_id=method.id)
        self.url_open("/payment/custom/process", data={"reference": result["reference"]})
        yield "/payment/<int:transaction_id>", "a transfer", self.transaction(result).landing_route
        yield "/pay", "a transfer announced", f"{page}/pay"

    def offers(self):
        for state in ("open", "arrived", "met", "days of grace", "over", "changed"):
            yield state, self.page(self.offer(state).partner_id, "/offers")
        yield "none", self.page(self.debtor(), "/offers")

    def disputes(self):
        page = "/dispute/%s"
        buyer = self.debtor()
        dispute = self.dispute(buyer)
        yield "new", self.page(buyer, page % dispute.id)
        dispute.message_post(body="Which boxes?", partner_ids=buyer.ids, subtype_xmlid="mail.mt_comment")
        dispute._portal_add("The red ones", [("photo.pdf", "application/pdf", PDF)], buyer)
        yield "messages and files", self.page(buyer, page % dispute.id)
        yield "just said", self.page(buyer, page % dispute.id + "?said=1")
        dispute.action_wait()
        yield "waits for the customer", self.page(buyer, page % dispute.id)
        dispute._accept({dispute.line_ids: 30.0}, "They were lost")
        yield "settled", self.page(buyer, page % dispute.id)

    def plans(self):
        for state in ("proposed", "running", "done", "ended"):
            buyer = self.debtor(300)
            yield state, self.page(buyer, f"/plan/{self.instalments_of(buyer, state).id}")

    def answers(self):
        yield "none", self.page(self.debtor(), "/answers")
        page = self.page(self.answered(), "/answers")
        yield "each kind", page
        yield "just said", f"{page}?said=1"

    def contact(self):
        buyer = self.debtor()
        yield "one person", self.page(buyer, "/contact")
        yield "several people", self.page(buyer, "/contact", contact_id=False)
        self.env["mail.blacklist"]._add(buyer.email)
        yield "opted out", self.page(buyer, "/contact")
        self.env["res.lang"]._activate_lang("fr_FR")
        yield "two languages", self.page(buyer, "/contact")

    def ratings(self):
        buyer = self.debtor()
        yield "about a dispute", self.rating(buyer, self.settled_dispute(buyer))
        yield "about a case", self.rating(buyer)
        yield "said", self.rating(buyer, consumed=True, rating=5)
        yield "declined", self.rating(buyer, collection_declined=True)

    def forms(self):
        """Yield (route, state, address) of the forms that ask what an answer is about."""
        buyer, paid = self.debtor(), self.paid_off()
        for route in ("/paid", "/promise", "/plan", "/dispute"):
            yield route, "about what is " + ("open" if route == "/dispute" else "overdue"), self.page(buyer, route)
            yield route, "nothing open", self.page(paid, route)
        self.invoice(buyer, 80, currency=self.foreign)
        yield "/paid", "two currencies", self.page(buyer, "/paid")
        yield "/document/<int:item_id>", "not found", self.page(buyer, "/document/1")

    def states(self):
        """Yield (route, state, address) of every page that an address opens."""
        for route, states in (
            ("", self.account()),
            ("/pay", self.ways_to_pay()),
            ("/payment/<int:transaction_id>", self.payments()),
            ("/offers", self.offers()),
            ("/dispute/<int:dispute_id>", self.disputes()),
            ("/plan/<int:plan_id>", self.plans()),
            ("/answers", self.answers()),
            ("/rate/<int:rating_id>", self.ratings()),
            ("/contact", self.contact()),
        ):
            for state, address in states:
                yield route, state, address
        yield from self.forms()
        yield from self.transfers()

    # -- what axe finds ------------------------------------------------------------------------------------------------

    def look(self, visitor, route, state):
        """axe finds nothing on the page that a visitor has open, on a phone and at a desk."""
        self.seen.add((route, state))
        for size in SIZES:
            visitor.resize(size)
            with self.subTest(f"{route} {state}", size=size):
                self.assertEqual(visitor.violations(ODOOS), [])
            if SHOTS:
                name = f"{route or 'account'} {state}".replace("/", "_").replace(" ", "-")
                visitor.picture(Path(SHOTS).expanduser() / f"{name}-{size}.png")

    @mute_logger("odoo.http")  # pages that are not found
    def test_axe_finds_nothing_on_any_page_in_any_state(self):
        self.seen, self.made = set(), {}
        self.visit()
        visitor = self.open_browser("phone")
        for route, state, address in self.states():
            with self.subTest(f"{route} {state}"):
                self.look(visitor.open(address, until=STATES[route][state]), route, state)
        for route, (page, button, typed) in WRONG.items():
            self.send(visitor, route, self.page(self.debtor(), page), button, **typed)
        buyer = self.debtor()
        plan = self.page(buyer, f"/plan/{self.instalments_of(buyer, 'proposed').id}")
        self.send(visitor, "POST /plan/<int:plan_id>", plan, "Sign and agree")
        buyer = self.debtor()
        dispute = self.page(buyer, f"/dispute/{self.dispute(buyer).id}")
        self.send(visitor, "POST /dispute/<int:dispute_id>", dispute, "Send it")
        self.send(visitor, "POST /rate/<int:rating_id>", self.rating(buyer), "Send it")
        expired = self.page(buyer, expires_on=TODAY - timedelta(days=1))
        self.send(visitor, "POST /renew", expired, "Mail a new link to the same address", state="a new link")
        visitor.forget(self.portal_user(buyer).login)
        self.look(visitor.open(ROOT, until=STATES[""]["logged in"]), "", "logged in")
        self.assertEqual(self.seen, {(route, state) for route, states in STATES.items() for state in states})

    def send(self, visitor, route, address, button, state="typed wrong", **typed):
        """Look at what comes of a form that no browser would send."""
        visitor.resize("phone")
        visitor.open(address, until=button)
        visitor.ask(UNCHECKED)
        for label, value in typed.items():
            visitor.fill(label, value)
        self.look(visitor.tap(button, until=STATES[route][state]), route, state)

    def test_every_route_that_shows_a_page_is_in_the_table(self):
        start = f"{ROOT}/l/<string:token>"
        routes = set()
        for address, endpoint in self.env["ir.http"]._generate_routing_rules(sorted(self.registry._init_modules), {}):
            if address.startswith(start):
                path = address.removeprefix(start)
                routes |= {path if method == "GET" else f"POST {path}" for method in endpoint.routing["methods"]}
        self.assertEqual(routes - NO_PAGES, STATES.keys() - {"/document/<int:item_id>"})
