import re
from datetime import datetime, time, timedelta

from odoo import Command
from odoo.addons.account_collections_auto.tests.common import TODAY
from odoo.tools import SQL, mute_logger

from .pay_common import PayHttpCase

LATER = TODAY + timedelta(days=10)
CHANGED = "has changed since you opened this page"


class TestPortalOffer(PayHttpCase):
    """A settlement offer is shown on a page of its own, and paid with exactly what it asks for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.write({"settlement_percent": 30, "settlement_percent_manager": 30})
        cls.old = cls.invoice(cls.buyer, 600, due=TODAY - timedelta(days=40))
        cls.new = cls.invoice(cls.buyer, 400, due=TODAY - timedelta(days=20))

    def offer(self, customer=None, percent=10, **vals):
        context = self.case(customer or self.buyer).action_settlement_offer()["context"]
        offers = self.env["collection.settlement.offer"].with_context(**context)
        offer = offers.create({"discount_percent": percent, "pay_by": LATER, **vals})
        offer.action_offer()
        return offer

    def judge(self, day=TODAY):
        self.env["collection.case"]._refresh_marked()
        self.env["collection.settlement.offer"].sudo()._judge(self.company, day)

    def pay_address(self, link):
        """Return where the button of the page of offers leads."""
        return self.open(f"{link}/offers").tree.xpath("//a[contains(@href, '/pay?offer=')]/@href")

    def test_from_the_message_to_the_exact_payment_and_the_rest_is_let_go(self):
        offer = self.offer()
        body = offer.message_action_id.mail_id.body_html
        self.assertIn("See our offer and pay it online", body)
        address = re.search(r"/my/collections/l/[^\"]+/offers", body)[0]
        self.assertNotIn(address, offer.message_action_id.mail_message_id.body, "in the conversation stands no link")
        shown = self.open(address)
        for words in ("900.00", "100.00", self.old.name, self.new.name):
            self.assertIn(words, shown.says())
        page = self.open(*self.pay_address(address.removesuffix("/offers")))
        self.assertEqual(page.form()["data-amount"], "900.0")
        transaction = self.pay_page(page)
        self.assertEqual(self.chosen(transaction), {self.old.name: (600, 600, "matched"), self.new.name: (300, 300, "matched")})
        self.assertEqual(transaction.payment_id.date, TODAY)
        self.assertIn("we let go of the rest", self.open(transaction.landing_route).says())
        cron = self.env.ref("account_collections_auto.ir_cron_settlement_offers")
        self.assertTrue(self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]), "judged in a moment, not in an hour")
        self.assertEqual(self.pay_address(address.removesuffix("/offers")), [], "before it is judged it is not asked for twice")
        self.judge()
        self.assertRecordValues(offer, [{"state": "met", "amount_received": 900}])
        self.assertEqual(offer.credit_note_ids.amount_total, 100)
        self.assertIn("Thank you, it is paid", self.open(address).says())
        account = self.open(address.removesuffix("/offers"))
        self.assertIn("Settled: credit note follows", account.says())
        self.assertIn("Nothing is overdue", account.says())
        self.assertEqual(account.tree.xpath("//input[@name='items'] | //a[contains(@href, '/pay?choice')]"), [])

    def test_the_account_says_that_there_is_an_offer(self):
        link = self.link(self.buyer)
        self.assertNotIn("Our offer", self.open(link).says())
        self.offer()
        self.assertIn("Our offer: pay", self.open(link).says())

    def test_the_browser_does_not_say_how_much_and_looking_writes_nothing(self):
        offer, link = self.offer(), self.link(self.buyer)
        self.open(link)
        before = self.rows()
        for query in ("amount=1", "credits=&amount=0.01", f"items={self.items(self.new).id}&amount=5&choice=items"):
            self.assertEqual(self.open(f"{link}/pay?offer={offer.id}&{query}").form()["data-amount"], "900.0", query)
        for path in ("", "/offers"):
            self.open(link + path)
        self.assertEqual(self.rows(), before)

    def rows(self):
        """Return where each offer and payment stands in its table: an update moves it."""
        self.env.flush_all()
        tables = ("collection_settlement_offer", "payment_transaction", "collection_payment_allocation", "mail_message")
        return [self.env.execute_query(SQL("SELECT ctid::text FROM %s", SQL.identifier(table))) for table in tables]

    def test_what_was_paid_since_comes_off(self):
        offer, link = self.offer(), self.link(self.buyer)
        page = self.open(f"{link}/pay?offer={offer.id}")
        self.pay(self.old, 250)
        with mute_logger("odoo.http"):
            self.assertIn(CHANGED, self.submit(page)[1])
        self.assertEqual(self.open(f"{link}/pay?offer={offer.id}").form()["data-amount"], "650.0")
        transaction = self.pay_page(self.open(f"{link}/pay?offer={offer.id}"))
        self.judge()
        self.assertEqual((transaction.amount, offer.state), (650, "met"))

    def test_money_that_nobody_matched_yet_is_not_asked_for_again(self):
        offer, link = self.offer(), self.link(self.buyer)
        self.money_on_account(self.buyer, 900)
        self.env["collection.case"]._refresh_marked()
        self.assertEqual(self.open(f"{link}/pay?offer={offer.id}").form(), {})
        shown = self.open(f"{link}/offers").says()
        self.assertIn("your payment arrived", shown)
        self.assertIn("900.00 from you that is not matched yet", shown)
        self.assertNotIn("Our offer: pay", self.open(link).says())
        page = self.open(*self.pay_address(link))
        self.assertEqual(page.form()["data-amount"], "900.0", "it was for something else, says the customer")
        self.assertIn("we let go of", page.says())
        offer.action_cancel()
        self.assertEqual(self.pay_address(link), [])

    def test_a_part_that_nobody_matched_yet_comes_off(self):
        offer, link = self.offer(), self.link(self.buyer)
        self.money_on_account(self.buyer, 400)
        self.env["collection.case"]._refresh_marked()
        amounts = [self.open(address).form()["data-amount"] for address in self.pay_address(link)]
        self.assertEqual(amounts, ["500.0", "900.0"])
        self.pay_page(self.open(f"{link}/pay?offer={offer.id}"))
        self.assertIn("your payment arrived", self.open(f"{link}/offers").says())
        self.judge(LATER + timedelta(days=5))
        self.assertEqual(offer.state, "offered", "somebody has to match the rest")

    def test_money_of_before_the_offer_that_is_matched_now_comes_off(self):
        money = self.money_on_account(self.buyer, 250, TODAY - timedelta(days=5))
        items = self.items(self.old) | self.items(self.new)
        offer, link = self.offer(item_ids=[Command.set(items.ids)]), self.link(self.buyer)
        lines = (money.move_id | self.old).line_ids
        lines.filtered(lambda line: line.account_type == "asset_receivable").reconcile()
        self.assertEqual(self.open(f"{link}/pay?offer={offer.id}").form()["data-amount"], "650.0")

    def test_where_nothing_would_be_let_go_nothing_is_asked_for(self):
        """Something else than money or a credit note took off what we would have let go."""
        offer, link = self.offer(), self.link(self.buyer)
        page = self.open(f"{link}/pay?offer={offer.id}")
        self.pay(self.old, 100, on=LATER + timedelta(days=1))
        shown = self.open(f"{link}/offers")
        self.assertIn("Something was booked since our offer", shown.says())
        self.assertEqual(self.pay_address(link), [])
        self.assertNotIn("Our offer: pay", self.open(link).says())
        with mute_logger("odoo.http"):
            self.assertIn(CHANGED, self.submit(page)[1])
        again = self.open(f"{link}/pay?offer={offer.id}")
        self.assertEqual(again.form(), {})
        self.assertIn("Something was booked since our offer", again.says())

    def test_confirmed_on_the_last_day_and_booked_after_midnight_is_in_time(self):
        self.company.collection_tz = "Europe/Berlin"
        for clock, state, todos in ((time(21, 59), "met", 0), (time(22, 1), "expired", 1)):  # two hours later in Berlin
            with self.subTest(clock):
                buyer = self.customer("Late buyer")
                self.invoice(buyer, 1000, due=TODAY - timedelta(days=30))
                offer, link = self.offer(buyer), self.link(buyer)
                with self.on_day(LATER):
                    result, error = self.submit(self.open(f"{link}/pay?offer={offer.id}"))
                    self.assertEqual(error, "")
                with self.on_day(LATER + timedelta(days=1)):
                    self.simulate(self.transaction(result), at=datetime.combine(LATER, clock))
                self.judge(LATER + timedelta(days=1))
                self.assertEqual((offer.state, len(self.todos(buyer))), (state, todos))

    def test_a_day_that_is_closed_by_now_is_not_written_to(self):
        offer, link = self.offer(), self.link(self.buyer)
        result, _error = self.submit(self.open(f"{link}/pay?offer={offer.id}"))
        self.company.fiscalyear_lock_date = TODAY - timedelta(days=1)
        transaction = self.simulate(self.transaction(result), at=datetime.combine(TODAY - timedelta(days=3), time(12)))
        self.assertEqual(transaction.payment_id.date, TODAY)

    def test_who_pays_an_offer_that_is_taken_back_meanwhile_is_told_nothing_wrong(self):
        offer, link = self.offer(), self.link(self.buyer)
        result, _error = self.submit(self.open(f"{link}/pay?offer={offer.id}"))
        offer.action_cancel()
        transaction = self.simulate(self.transaction(result))
        self.assertEqual((transaction.state, transaction.collection_offer_id), ("done", offer))
        shown = self.open(transaction.landing_route).says()
        self.assertIn("We received", shown)
        self.assertNotIn("let go", shown)
        self.assertEqual(len(self.todos(self.buyer)), 1)
        self.assertIn("taken back", self.todos(self.buyer)[0])

    def test_after_its_last_day_nothing_less_is_taken(self):
        offer, link = self.offer(), self.link(self.buyer)
        with self.on_day(LATER):
            page = self.open(f"{link}/pay?offer={offer.id}")
            self.assertEqual(page.form()["data-amount"], "900.0", "the last day counts")
        with self.on_day(LATER + timedelta(days=1)), mute_logger("odoo.http"):
            self.assertIn(CHANGED, self.submit(page)[1])
            page = self.open(f"{link}/pay?offer={offer.id}")
            self.assertEqual(page.form(), {})
            shown = self.open(f"{link}/offers").says()
            for text in (page.says(), shown):
                self.assertIn("If you paid by then, your money is on its way and there is nothing more to do", text)
            self.assertNotIn("ran out", shown, "its days of grace have begun")
            self.assertEqual(self.pay_address(link), [])
            self.judge(offer.date_until + timedelta(days=1))
            self.assertIn("This offer ran out", self.open(f"{link}/offers").says())
            self.assertEqual(self.open(f"{link}/pay").form()["data-amount"], "1000.0")

    @mute_logger("odoo.http")
    def test_offers_of_others_taken_back_or_not_made_yet_are_none(self):
        stranger = self.customer("Stranger", "stranger@example.com")
        theirs = self.invoice(stranger, 500)
        foreign, link = self.offer(stranger), self.link(self.buyer)
        context = self.case(self.buyer).action_settlement_offer()["context"]
        draft = self.env["collection.settlement.offer"].with_context(**context).create({"pay_by": LATER})
        cancelled = self.offer()
        page = self.open(f"{link}/pay?offer={cancelled.id}")
        cancelled.action_cancel()
        self.assertIn(CHANGED, self.submit(page)[1])
        for offer_id in (foreign.id, draft.id, cancelled.id, 99999999, "9" * 30, "x"):
            with self.subTest(offer_id):
                answer = self.open(f"{link}/pay?offer={offer_id}")
                is_number = str(offer_id).isdigit() and len(str(offer_id)) < 10
                # what is no number asks for nothing: the page shows what is overdue, as ever
                self.assertEqual(answer.form().get("data-amount"), None if is_number else "1000.0")
                self.assertEqual(answer.form() == {}, is_number)
                self.assertNotIn(theirs.name, answer.text)
        shown = self.open(f"{link}/offers").says()
        self.assertIn("There is no offer that is open", shown)
        route = page.form()["data-transaction-route"].replace(f"offer={cancelled.id}", f"offer={foreign.id}")
        self.assertIn(CHANGED, self.submit(page, route=route)[1])
        self.assertFalse(self.env["payment.transaction"].search([("partner_id", "in", (self.buyer | stranger).ids)]))

    def test_the_link_opens_as_long_as_the_offer(self):
        self.company.collection_portal_link_days = 2
        offer = self.offer()
        self.assertEqual(offer.message_action_id.portal_link_ids.expires_on, LATER)

    def test_a_cancelled_payment_is_tried_again_for_the_same_amount(self):
        offer, link = self.offer(), self.link(self.buyer)
        transaction = self.pay_page(self.open(f"{link}/pay?offer={offer.id}"), "cancel")
        again = self.open(transaction.landing_route).tree.xpath("//a[normalize-space()='Try again']/@href")
        self.assertEqual(self.open(*again).form()["data-amount"], "900.0")
