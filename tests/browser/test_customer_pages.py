"""What customers do with a reminder, in a real browser: on a phone and at a desk, from the mail that a mail server got."""

from datetime import timedelta
from tempfile import TemporaryDirectory

from lib.smtp_sink import Sink
from odoo.addons.account_collections_auto.tests.common import TODAY
from odoo.addons.account_collections_auto.tests.email_common import EmailCase
from odoo.addons.account_collections_portal.tests.common import PortalCase
from odoo.addons.account_collections_portal.tests.pay_common import PayCase
from odoo.tests import tagged
from odoo.tools import mute_logger

from .visitor import ODOOS, SIZES, BrowserCase

STORIES = {story: tuple(SIZES) for story in ("pays", "disputes", "promises", "plans", "opts out")}
# The same pages and forms as in the others: how many taps it takes on a phone is what counts.
STORIES |= {story: ("phone",) for story in ("paid already", "copies", "forwards")}
MAIL = "See, answer and pay online"
SAID = "Thank you, we noted it."
PDF = b"%PDF-1.4 as it was sent"


@tagged("post_install", "-at_install")
class TestCustomerPages(EmailCase, PortalCase, PayCase, BrowserCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enterClassContext(cls.on_day(cls, TODAY))
        cls.buyers, cls.invoices = {}, {}
        for story, sizes in STORIES.items():
            for size in sizes:
                buyer = cls.customer(f"{story} {size}".title(), f"{story.replace(' ', '.')}.{size}@buyer.example")
                cls.buyers[story, size] = buyer
                cls.invoices[buyer] = cls.invoice(buyer, 300)
        for story, size in ((story, size) for story in ("pays", "disputes") for size in SIZES):
            buyer = cls.buyers[story, size]
            cls.invoices[buyer] |= cls.invoice(buyer, 20, due=TODAY - timedelta(days=10))
        cls.run_cycle()
        cls.mails = cls.deliver()

    @classmethod
    def deliver(cls):
        """Let Odoo send what waits in its queue to a mail server; return what that got, by address."""
        with TemporaryDirectory() as folder, Sink(folder) as sink, cls.sending_to(cls, sink.port):
            cls.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).send(auto_commit=False)
            return {mail["X-Envelope-To"]: mail for mail in sink.mails()}

    def reminded(self, story):
        """Yield (visitor, customer, its invoices) on each size of screen of a story, with the mail open."""
        for size in STORIES[story]:
            buyer = self.buyers[story, size]
            yield self.open_browser(size).open_mail(self.mails[buyer.email]), buyer, self.invoices[buyer]

    def said(self, model, buyer):
        return self.env[model].search([("partner_id", "=", buyer.id)])

    def assertAccessible(self, visitor, wide=False):
        """axe finds nothing on this page. Where it differs at a desk by more than its width (``wide``) it looks there too."""
        if wide or visitor.size == "phone":
            self.assertEqual(visitor.violations(ODOOS), [], visitor.address())

    # -- from the mail -------------------------------------------------------------------------------------------------

    def test_pays_in_four_taps_and_the_case_is_closed(self):
        for visitor, buyer, invoices in self.reminded("pays"):
            self.assertEqual(self.case(buyer).state, "open")
            visitor.tap(MAIL, until="Your account")
            self.assertAccessible(visitor, wide=True)
            visitor.tap("Pay what is overdue", until="To pay now")
            self.assertAccessible(visitor, wide=True)
            visitor.tap("Pay", until="Thank you!")
            self.assertAccessible(visitor, wide=True)
            self.assertLessEqual(visitor.taps, 4)
            self.assertEqual(invoices.mapped("payment_state"), ["paid", "paid"])
            transaction = self.env["payment.transaction"].sudo().search([("partner_id", "=", buyer.id)])
            self.assertRecordValues(transaction, [{"amount": 320, "state": "done", "is_post_processed": True}])
            self.assertEqual(transaction.collection_allocation_ids.mapped("state"), ["matched", "matched"])
            debts = invoices.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
            money = transaction.payment_id.move_id.line_ids & debts.matched_credit_ids.credit_move_id
            self.assertEqual(debts.matched_credit_ids.credit_move_id, money, "by this payment and nothing else")
            self.assertEqual((debts | money).mapped("reconciled"), [True] * 3)
            self.assertEqual(self.case(buyer).state, "closed")

    def test_says_already_paid_in_three_taps(self):
        for visitor, buyer, invoices in self.reminded("paid already"):
            visitor.tap(MAIL, until="Your account").tap("I have already paid", until="Paid on")
            self.assertAccessible(visitor)
            visitor.tap("I have paid this", until=SAID)
            self.assertAccessible(visitor)
            self.assertEqual(visitor.taps, 3)
            notice = self.said("collection.payment.notice", buyer)
            self.assertRecordValues(notice, [{"amount": 300, "payment_date": TODAY, "state": "open"}])
            self.assertEqual(notice.item_ids.move_id, invoices)

    def test_gets_a_copy_of_the_invoice_in_two_taps(self):
        for visitor, _buyer, invoice in self.reminded("copies"):
            self.env["ir.attachment"].create(
                {
                    "name": "sent.pdf",
                    "raw": PDF,
                    "res_model": "account.move",
                    "res_id": invoice.id,
                    "res_field": "invoice_pdf_report_file",
                }
            )
            name, content = visitor.tap(MAIL, until="Your account").download(invoice.name)
            self.assertEqual((name, content), (f"{invoice.name.replace('/', '_')}.pdf", PDF))
            self.assertEqual(visitor.taps, 2)

    def test_disputes_a_part_of_one_invoice(self):
        reason = self.env.ref("account_collections_auto.collection_dispute_reason_quantity")
        for visitor, buyer, invoices in self.reminded("disputes"):
            visitor.tap(MAIL, until="Your account").tap("Something is wrong", until="Tell us what is wrong")
            self.assertAccessible(visitor)
            visitor.tap(invoices[0].name).fill("What is wrong?", reason.name).tap("A part of one item:")
            visitor.fill("Amount that is wrong", "120").fill("In your words", "Two boxes are missing")
            visitor.tap("Send it", until=SAID)
            self.assertAccessible(visitor)
            dispute = self.said("collection.dispute", buyer)
            self.assertRecordValues(
                dispute,
                [{"state": "new", "amount": 120, "raised_by": "customer", "reason_id": reason.id, "is_open": True}],
            )
            self.assertEqual((dispute.line_ids.item_id.move_id, dispute.description), (invoices[0], "Two boxes are missing"))

    def test_promises_a_day(self):
        day = TODAY + timedelta(days=5)
        for visitor, buyer, invoices in self.reminded("promises"):
            visitor.tap(MAIL, until="Your account").tap("I will pay later", until="I will pay by")
            self.assertAccessible(visitor)
            visitor.fill("I will pay by", day.isoformat()).tap("Promise it", until=SAID)
            self.assertAccessible(visitor)
            promise = self.said("collection.promise", buyer)
            self.assertRecordValues(
                promise, [{"amount": 300, "promise_date": day, "state": "open", "channel": "portal", "contact_id": buyer.id}]
            )
            self.assertEqual(promise.item_ids.move_id, invoices)

    def test_asks_for_instalments_signs_and_the_first_one_is_charged(self):
        for visitor, buyer, invoice in self.reminded("plans"):
            user = self.portal_user(buyer, f"plans-{visitor.size}")
            card = self.card(buyer)
            visitor.forget(user.login)  # a stored card is for who is logged in
            visitor.tap(MAIL, until="Your account").tap("Pay in instalments", until="The first one on")
            self.assertAccessible(visitor)
            visitor.tap("Show me the plan", until="Your name, as your signature")
            self.assertAccessible(visitor)
            plan = self.said("collection.payment.plan", buyer)
            self.assertRecordValues(plan, [{"state": "proposed", "amount": 300, "token_id": False}])
            visitor.fill("Your name, as your signature", "Petra Plan").tap(card.display_name)
            visitor.tap("I agree to this payment plan").tap("Sign and agree", until=SAID)
            self.assertAccessible(visitor)
            self.assertRecordValues(
                plan, [{"state": "running", "accepted_by": "Petra Plan", "signed_ip": "127.0.0.1", "token_id": card.id}]
            )
            self.env["collection.payment.plan.charge"].sudo()._charge_due(self.company, TODAY)
            self.assertRecordValues(plan.charge_ids, [{"state": "done", "amount": 100, "date": TODAY}])
            paid = plan.charge_ids.transaction_id.sudo().payment_id
            self.assertEqual((paid.amount, paid.reconciled_invoice_ids, invoice.amount_residual), (100, invoice, 200))

    def card(self, buyer):
        return (
            self.env["payment.token"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.method.id,
                    "partner_id": buyer.id,
                    "provider_ref": "card",
                    "payment_details": "1234",
                    "demo_simulated_state": "done",
                }
            )
        )

    def test_wants_no_more_reminders_by_email(self):
        for visitor, buyer, _invoice in self.reminded("opts out"):
            visitor.tap(MAIL, until="Your account").tap("Talk to us", until="Somebody else is in charge")
            self.assertAccessible(visitor)
            visitor.tap("No reminders by e-mail", until=SAID)
            self.assertTrue(self.env["mail.blacklist"].search([("email", "=", buyer.email), ("active", "=", True)]))
        later = TODAY + timedelta(days=15)
        with self.on_day(later):
            self.run_cycle(later)
        for size in SIZES:
            self.assertWithheld(self.buyers["opts out", size], "blacklisted", later)

    def test_a_colleague_to_whom_the_mail_is_forwarded_sees_the_same_page(self):
        for visitor, buyer, invoice in self.reminded("forwards"):
            seen = visitor.tap(MAIL, until="Your account").text()
            self.assertIn(invoice.name, seen)
            visitor.forget()
            visitor.open_mail(self.mails[buyer.email])
            self.assertEqual(visitor.tap(MAIL, until="Your account").text(), seen)

    # -- pages of Odoo's portal, and pages from right to left (all others: `test_customer_states`) ---------------------------

    def test_axe_finds_nothing_in_the_portal(self):
        self.invoice(self.anna, 100)
        self.case(self.anna)
        visitor = self.open_browser("phone")
        visitor.forget(self.portal_user(self.anna).login)
        self.assertAccessible(visitor.open("/my", until="overdue: see, answer or pay"))

    def test_axe_finds_nothing_from_right_to_left_but_what_is_odoos(self):
        invoice = self.invoice(self.anna, 100)
        self.env["res.lang"]._activate_lang("ar_001")
        self.anna.lang = "ar_001"
        visitor = self.open_browser("phone")
        with mute_logger("odoo.addons.base.models.assetsbundle"):  # without rtlcss Odoo's own styles are not turned round
            visitor.open(self.address(token=self.link(self.anna)), until=invoice.name)
        self.assertEqual(visitor.ask("getComputedStyle(document.querySelector('.o_collections_page')).direction"), "rtl")
        self.assertAccessible(visitor)
        contrast = [text for text in visitor.violations() if text.startswith("color-contrast")]
        self.assertTrue(contrast)
        visitor.forget(self.portal_user(self.anna).login)
        visitor.open("/ar/my", until="Your Invoices")
        self.assertLessEqual(set(contrast), set(visitor.violations()))
