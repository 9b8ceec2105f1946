from datetime import timedelta

from odoo import Command
from odoo.addons.account_collections_auto.tests.common import TODAY
from odoo.tools import mute_logger

from .pay_common import PayHttpCase

CHANGED = "has changed since you opened this page"
YESTERDAY, LATER = TODAY - timedelta(days=1), TODAY + timedelta(days=20)


class TestPayPages(PayHttpCase):
    """From the link of a message to a payment that is matched with what was chosen."""

    def test_the_link_shows_the_sum_the_form_charges_it_and_the_case_closes(self):
        invoices = self.invoice(self.buyer, 100) + self.invoice(self.buyer, 50.5)
        link = self.link(self.buyer)
        statement = self.open(link)
        ticked = statement.tree.xpath("//input[@name='items'][@checked]/@value")
        self.assertEqual(sorted(map(int, ticked)), sorted(self.items(self.buyer).ids))
        page = self.open(statement.tree.xpath("//a[contains(@href, 'choice=overdue')]/@href")[0])
        self.assertEqual(page.form()["data-amount"], "150.5")
        transaction = self.pay_page(page)
        self.assertRecordValues(transaction, [{"amount": 150.5, "state": "done", "partner_id": self.buyer.id}])
        self.assertEqual(invoices.mapped("payment_state"), ["paid", "paid"])
        self.assertRecordValues(
            transaction.payment_id, [{"amount": 150.5, "partner_id": self.buyer.id, "company_id": self.company.id}]
        )
        self.assertEqual(self.case(self.buyer).state, "closed")
        self.assertEqual(self.todos(self.buyer), [])
        done = self.open(transaction.landing_route)
        self.assertIn("Thank you!", done.says())
        for invoice in invoices:
            self.assertIn(invoice.name, done.says())
        receipt = self.url_open(done.tree.xpath("//a[contains(@href, '/receipt')]/@href")[0])
        self.assertEqual((receipt.status_code, receipt.headers["Content-Type"]), (200, "application/pdf"))
        mails = self.env["mail.mail"].search([("model", "=", "payment.transaction"), ("res_id", "=", transaction.id)])
        self.assertEqual(mails.mapped("email_to"), ["customer@example.com"])
        self.assertEqual(self.open(link).status, 200, "the statement says that nothing is open")

    def test_exactly_what_is_ticked_is_matched_not_the_oldest(self):
        old, new = self.invoice(self.buyer, 100, due=TODAY - timedelta(days=90)), self.invoice(self.buyer, 60)
        entry = self.journal_debit(self.buyer, 40)
        items = self.items(new) | self.items(entry)
        page = self.open(f"{self.link(self.buyer)}/pay", items=items.ids)
        self.assertEqual(page.form()["data-amount"], "100.0")
        transaction = self.pay_page(page)
        self.assertEqual((old.amount_residual, new.amount_residual), (100, 0))
        self.assertEqual(self.items(entry).ids, [], "an entry that is no invoice is paid like one")
        self.assertEqual(set(self.chosen(transaction).values()), {(60, 60, "matched"), (40, 40, "matched")})
        self.assertEqual(transaction.collection_allocation_ids.move_id, new | entry)

    def test_overdue_is_ticked_but_what_is_disputed_or_promised_is_not(self):
        late, disputed, promised = (self.invoice(self.buyer, amount) for amount in (100, 70, 30))
        self.invoice(self.buyer, 11, due=LATER)
        reason = self.env.ref("account_collections_auto.collection_dispute_reason_delivery")
        values = {"partner_id": self.buyer.id, "company_id": self.company.id, "date_from": TODAY}
        lines = [Command.create({"item_id": self.items(disputed).id, "amount": 20})]
        self.env["collection.dispute"].create({**values, "reason_id": reason.id, "line_ids": lines})
        self.env["collection.promise"].create(
            {**values, "amount": 30, "promise_date": LATER, "item_ids": self.items(promised).ids}
        )
        link = self.link(self.buyer)
        self.assertEqual(self.open(f"{link}/pay", choice="overdue").form()["data-amount"], "150.0")
        self.assertEqual(self.open(f"{link}/pay", choice="open").form()["data-amount"], "191.0")
        ticked = self.open(link).tree.xpath("//input[@name='items'][@checked]/@value")
        self.assertEqual(sorted(map(int, ticked)), sorted((self.items(late) | self.items(disputed)).ids))
        transaction = self.pay_page(self.open(f"{link}/pay", choice="overdue"))
        self.assertEqual((late.amount_residual, disputed.amount_residual, promised.amount_residual), (0, 20, 30))
        self.assertEqual(self.chosen(transaction)[disputed.name], (50, 50, "matched"))

    def test_credits_are_taken_off_and_matched_with_the_payment_only(self):
        invoice, credit = self.invoice(self.buyer, 100), self.credit_note(self.buyer, 30)
        link = self.link(self.buyer)
        page = self.open(f"{link}/pay")
        self.assertEqual(page.form()["data-amount"], "70.0")
        failed = self.pay_page(page, "cancel")
        self.assertEqual((invoice.amount_residual, credit.amount_residual), (100, 30))
        self.assertEqual(set(self.chosen(failed).values()), {(100, 0, "dropped"), (-30, 0, "dropped")})
        without = self.open(page.tree.xpath("//a[contains(@href, 'credits=none')]/@href")[0])
        self.assertEqual(without.form()["data-amount"], "100.0")
        transaction = self.pay_page(page)
        self.assertEqual((invoice.amount_residual, credit.amount_residual), (0, 0))
        self.assertEqual(set(self.chosen(transaction).values()), {(100, 100, "matched"), (-30, -30, "matched")})

    def test_credits_that_cover_everything_are_no_payment(self):
        self.invoice(self.buyer, 100)
        self.credit_note(self.buyer, 300)
        page = self.open(f"{self.link(self.buyer)}/pay")
        self.assertEqual(page.form(), {})
        self.assertIn("Your credits cover what you chose", page.says())

    def test_a_part_is_paid_with_a_reason_and_leads_to_a_dispute_of_the_rest(self):
        invoice = self.invoice(self.buyer, 100)
        item = self.items(invoice)
        reason = self.env.ref("account_collections_auto.collection_dispute_reason_delivery")
        link = self.link(self.buyer)
        whole = self.open(f"{link}/pay", items=item.id)
        self.assertTrue(whole.tree.xpath("//input[@name='amount']"))
        page = self.open(f"{link}/pay", items=item.id, amount="60.00", reason=reason.id)
        self.assertIn("40.00", page.says())
        transaction = self.pay_page(page)
        self.assertEqual((transaction.amount, invoice.amount_residual), (60, 40))
        self.assertEqual(transaction.collection_allocation_ids.reason_id, reason)
        done = self.open(transaction.landing_route)
        self.assertTrue(done.tree.xpath(f"//a[contains(@href, '/dispute?item={item.id}')]"))
        self.assertIn("40.00", done.says())
        for amount in ("100000", "0", "-5", "nan"):
            sum_of_form = float(self.open(f"{link}/pay", items=item.id, amount=amount).form()["data-amount"])
            self.assertEqual(sum_of_form, 40, amount)

    def test_each_currency_is_its_own_transaction_one_after_the_other(self):
        euro = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.5)])
        dollars, euros = self.invoice(self.buyer, 100), self.invoice(self.buyer, 80, currency=euro)
        partly = self.invoice(self.buyer, 33.33, currency=euro)
        self.pay(partly, 10)
        link = self.link(self.buyer)
        page = self.open(f"{link}/pay", choice="open")
        others = page.tree.xpath("//section[@aria-labelledby='collections_others']//a/@href")
        self.assertEqual(len(others), 1)
        first = self.pay_page(page)
        done = self.open(first.landing_route)
        second_page = self.open(done.tree.xpath("//a[contains(@href, 'part=')]/@href")[0])
        second = self.pay_page(second_page)
        self.assertEqual({first.currency_id, second.currency_id}, {self.company.currency_id, euro})
        self.assertEqual((dollars | euros | partly).mapped("amount_residual"), [0, 0, 0])
        self.assertFalse(self.open(second.landing_route).tree.xpath("//a[contains(@href, 'part=')]"))

    def test_a_part_of_foreign_invoices_leaves_no_cent_behind(self):
        euro = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.7), ("2026-09-10", 0.6)])
        first, second = (self.invoice(self.buyer, amount, currency=euro) for amount in (33.33, 66.67))
        credit = self.credit_note(self.buyer, 10.01, currency=euro)
        reason = self.env.ref("account_collections_auto.collection_dispute_reason_delivery")
        values = {"partner_id": self.buyer.id, "company_id": self.company.id, "date_from": TODAY, "reason_id": reason.id}
        lines = [
            Command.create({"item_id": self.items(first).id, "amount": 11.11}),
            Command.create({"item_id": self.items(second).id, "amount": 22.22}),
        ]
        self.env["collection.dispute"].create({**values, "line_ids": lines})
        transaction = self.pay_page(self.open(f"{self.link(self.buyer)}/pay"))
        self.assertAlmostEqual(transaction.amount, 56.66, 2)
        self.assertEqual((first | second).mapped("amount_residual"), [11.11, 22.22])
        self.assertEqual(credit.amount_residual, 0)
        money = transaction.payment_id.move_id.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        self.assertEqual((money.amount_residual, money.amount_residual_currency, money.reconciled), (0, 0, True))
        rest = (first | second).line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        for line in rest:
            self.assertAlmostEqual(line.amount_residual, line.amount_residual_currency / 0.7, 1)

    def test_a_transfer_shows_where_to_and_the_reference_and_no_charge_is_made(self):
        invoice = self.invoice(self.buyer, 100)
        self.invoice(self.buyer, 20)
        account = {"acc_number": "BE71096123456769", "partner_id": self.company.partner_id.id}
        self.env["res.partner.bank"].create(account)
        transfer = self.env.ref("payment.payment_provider_transfer").sudo().copy({"company_id": self.company.id})
        transfer.write({"state": "enabled", "is_published": True, "pending_msg": False})
        method = self.env.ref("payment_custom.payment_method_wire_transfer").sudo()
        page = self.open(f"{self.link(self.buyer)}/pay")
        result, error = self.submit(page, flow="redirect", provider_id=transfer.id, payment_method_id=method.id)
        self.assertEqual(error, "")
        transaction = self.transaction(result)
        self.url_open("/payment/custom/process", data={"reference": transaction.reference})
        done = self.open(transaction.landing_route)
        self.assertIn(transaction.reference, done.says(), "of two invoices the reference of none")
        self.assertIn("BE71", done.text)
        self.assertEqual((transaction.state, invoice.amount_residual), ("pending", 100))
        other = self.open(f"{self.link(self.buyer)}/pay")
        self.assertIn("do not make that transfer too", other.says())
        card = self.pay_page(other)
        self.assertEqual((transaction.state, card.state, invoice.amount_residual), ("cancel", "done", 0))

    # -- what must never be charged, or charged twice ------------------------------------------------------------------

    def test_a_double_click_is_one_payment(self):
        invoice = self.invoice(self.buyer, 100)
        page = self.open(f"{self.link(self.buyer)}/pay")
        first, second = (self.transaction(self.submit(page)[0]) for _click in range(2))
        self.assertEqual(first, second)
        self.simulate(first)
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            self.simulate(first)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self.env["account.payment"].search_count([("partner_id", "=", self.buyer.id)]), 1)

    @mute_logger("odoo.http")
    def test_a_second_tab_and_a_reload_of_an_old_page_charge_nothing(self):
        self.invoice(self.buyer, 100)
        link = self.link(self.buyer)
        first, second = self.open(f"{link}/pay"), self.open(f"{link}/pay", choice="open")
        transaction = self.transaction(self.submit(first)[0])
        self.simulate(transaction, poll=False)  # paid, and Odoo has not booked it yet
        for page in (first, second):
            result, error = self.submit(page)
            self.assertIsNone(result)
            self.assertIn("is on its way already", error)
        self.assertEqual(self.open(f"{link}/pay").form(), {}, "a reload offers no second payment")
        self.call("/payment/status/poll")
        for page in (first, second):
            self.assertIn(CHANGED, self.submit(page)[1])
        self.assertIn("Nothing was charged", self.open(f"{link}/pay").says())
        self.assertEqual(self.env["payment.transaction"].search_count([("partner_id", "=", self.buyer.id)]), 1)

    @mute_logger("odoo.http")
    def test_while_a_payment_is_pending_there_is_no_other(self):
        invoice = self.invoice(self.buyer, 100)
        link = self.link(self.buyer)
        page = self.open(f"{link}/pay")
        waiting = self.pay_page(page, "pending")
        self.assertIn("on its way", self.open(waiting.landing_route).says())
        self.assertIn("is on its way already", self.submit(page)[1])
        self.simulate(waiting, "done", poll=False)
        self.env["payment.transaction"].sudo().browse(waiting.id)._post_process()  # the notification came late
        self.assertEqual((invoice.amount_residual, self.todos(self.buyer)), (0, []))

    def test_after_a_cancelled_or_failed_payment_it_is_tried_again(self):
        invoice = self.invoice(self.buyer, 100)
        link = self.link(self.buyer)
        for state, words in (("cancel", "was cancelled"), ("error", "did not go through")):
            transaction = self.pay_page(self.open(f"{link}/pay"), state)
            page = self.open(transaction.landing_route)
            self.assertIn(words, page.says())
            self.assertTrue(page.tree.xpath("//a[normalize-space()='Try again']"))
            self.assertEqual(invoice.amount_residual, 100)
        self.pay_page(self.open(f"{link}/pay"))
        self.assertEqual(invoice.amount_residual, 0)

    @mute_logger("odoo.http")
    def test_what_changed_since_the_page_was_opened_is_not_charged(self):
        first = self.invoice(self.buyer, 100)
        page = self.open(f"{self.link(self.buyer)}/pay")
        self.pay(first, 40)
        self.assertIn(CHANGED, self.submit(page)[1])
        self.pay(first)
        self.invoice(self.buyer, 100)  # the same sum for another invoice
        self.env["collection.case"]._refresh_marked()
        self.assertIn(CHANGED, self.submit(page)[1])
        self.assertFalse(self.env["payment.transaction"].search([("partner_id", "=", self.buyer.id)]))

    @mute_logger("odoo.http")
    def test_the_browser_says_no_amount_no_customer_and_no_way_back(self):
        self.invoice(self.buyer, 100)
        page = self.open(f"{self.link(self.buyer)}/pay")
        changes = {
            "amount": 1.0,
            "partner_id": self.company.partner_id.id,
            "currency_id": 1,
            "landing_route": "https://example.com/",
            "reference_prefix": "X",
            "custom_create_values": {"amount": 1},
            "tokenization_requested": True,
        }
        transaction = self.transaction(self.submit(page, **changes)[0])
        self.assertRecordValues(transaction, [{"amount": 100, "partner_id": self.buyer.id, "tokenize": False}])
        self.assertTrue(transaction.landing_route.startswith("/my/collections/l/"))

    @mute_logger("odoo.http")
    def test_items_of_others_are_items_that_do_not_exist(self):
        stranger = self.customer("Stranger", "stranger@example.com")
        other = self.items(self.invoice(stranger, 500))
        own = self.items(self.invoice(self.buyer, 100))
        link = self.link(self.buyer)
        for ids in (other.ids, [999999]):
            page = self.open(f"{link}/pay", items=ids)
            self.assertEqual(page.form(), {})
            self.assertIn("Nothing to pay here", page.says())
            both = self.open(f"{link}/pay", items=[*ids, own.id])
            self.assertEqual(both.form()["data-amount"], "100.0")
        route = f"{link}/pay/transaction?items={other.id}&seal="
        self.assertIn(CHANGED, self.submit(both, route=route)[1])
        # the transaction of another customer is none either
        theirs = self.pay_page(self.open(f"{self.link(stranger)}/pay"))
        self.assertEqual(self.open(f"{link}/payment/{theirs.id}").status, 404)
        self.assertEqual(self.open(f"{link}/payment/{theirs.id}/receipt").status, 404)

    @mute_logger("odoo.http")
    def test_ways_to_pay_that_the_page_did_not_offer_are_refused(self):
        self.invoice(self.buyer, 100)
        page = self.open(f"{self.link(self.buyer)}/pay")
        elsewhere = self.setup_other_company()["company"]
        foreign = self.provider.copy({"company_id": elsewhere.id, "state": "test", "is_published": True})
        card = (
            self.env["payment.token"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.method.id,
                    "partner_id": self.buyer.id,
                    "provider_ref": "card",
                    "demo_simulated_state": "done",
                }
            )
        )
        self.assertFalse(self.open(f"{self.link(self.buyer)}/pay").tree.xpath("//input[@data-payment-option-type='token']"))
        for changes in (
            {"provider_id": foreign.id},
            {"payment_method_id": 0},
            {"flow": "token", "token_id": card.id},  # who holds a link does not hold the customer's card
            {"flow": "refund"},
            {"provider_id": None},
        ):
            result, error = self.submit(page, **changes)
            self.assertIsNone(result)
            self.assertIn("not available", error)
        self.assertFalse(self.env["payment.transaction"].search([("partner_id", "=", self.buyer.id)]))

    def test_looking_changes_nothing(self):
        self.invoice(self.buyer, 100)
        link = self.link(self.buyer)
        models = ("payment.transaction", "collection.payment.allocation", "mail.message", "account.payment", "mail.activity")

        def count():
            return [self.env[model].sudo().search_count([]) for model in models]

        before = count()
        for path in ("", "/pay", "/pay?choice=open", "/pay?choice=items", "/pay?items=1", "/payment/1"):
            self.open(link + path)
        self.assertEqual(count(), before)
