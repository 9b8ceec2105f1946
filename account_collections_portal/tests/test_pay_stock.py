from datetime import timedelta

from odoo import Command
from odoo.addons.account_collections_auto.tests.common import TODAY
from odoo.addons.account_payment.controllers.portal import PortalAccount
from odoo.tools import mute_logger

from ..controllers.home import CollectionsHome
from .pay_common import PayHttpCase

STOCK = "/my/invoices/overdue"


class TestPainsOfTheOverduePage(PayHttpCase):
    """What Odoo's own page for overdue invoices does, and the same on ours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls.customer("Clerk", "clerk@example.com", parent_id=cls.buyer.id, type="contact")
        cls.other_clerk = cls.customer("Other Clerk", "other@example.com", parent_id=cls.buyer.id, type="contact")
        cls.env["res.users"].sudo().create(
            {
                "name": "Clerk",
                "login": "clerk_of_buyer",
                "password": "clerk_of_buyer",
                "partner_id": cls.clerk.id,
                "company_id": cls.company.id,
                "company_ids": [Command.set(cls.company.ids)],
                "group_ids": [Command.set([cls.quick_ref("base.group_portal").id])],
            }
        )

    def setUp(self):
        super().setUp()
        # Odoo's page as it is without us; where it leads with us is another test.
        self.patch(CollectionsHome, "portal_my_overdue_invoices", PortalAccount.portal_my_overdue_invoices)
        self.env.registry.clear_cache("routing")
        self.addCleanup(self.env.registry.clear_cache, "routing")
        self.authenticate("clerk_of_buyer", "clerk_of_buyer")

    def late(self, contact, amount, **vals):
        return self.invoice(contact, amount, due=TODAY - timedelta(days=60), **vals)

    def ours(self, **parameters):
        self.env["collection.case"]._refresh_marked()
        return self.open("/my/collections/pay", **parameters)

    def test_pain_39_a_half_paid_invoice_is_charged_in_full_by_odoo_and_its_rest_by_us(self):
        invoice = self.late(self.clerk, 300)
        self.pay(invoice, 40)
        self.assertEqual(float(self.open(STOCK).form()["data-amount"]), 300)
        page = self.ours()
        self.assertEqual(float(page.form()["data-amount"]), 260)
        self.pay_page(page)
        self.assertEqual(invoice.amount_residual, 0)

    @mute_logger("odoo.http")
    def test_pain_39_odoo_refuses_mixed_currencies_and_we_pay_them_one_after_the_other(self):
        euro = self.setup_other_currency("EUR", rates=[("2020-01-01", 0.5)])
        invoices = self.late(self.clerk, 100) + self.late(self.clerk, 80, currency=euro)
        self.assertGreaterEqual(self.open(STOCK).status, 400)
        page = self.ours()
        for _currency in range(2):
            transaction = self.pay_page(page)
            following = self.open(transaction.landing_route).tree.xpath("//a[contains(@href, 'part=')]/@href")
            page = self.open(following[0]) if following else page
        self.assertEqual(invoices.mapped("amount_residual"), [0, 0])

    @mute_logger("odoo.http")
    def test_pain_39_odoo_refuses_invoices_of_several_companies_and_we_pay_them_one_after_the_other(self):
        other = self.setup_other_company(name="Other Company")
        journals = other["default_journal_bank"]
        self.make_provider(other["company"], journals)
        first = self.late(self.clerk, 100)
        second = self.env["account.move"].with_company(other["company"]).create(
            {
                "move_type": "out_invoice",
                "partner_id": self.clerk.id,
                "invoice_date": TODAY - timedelta(days=90),
                "invoice_date_due": TODAY - timedelta(days=60),
                "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 70, "tax_ids": []})],
            }
        )
        second.action_post()
        user = self.env["res.users"].sudo().search([("login", "=", "clerk_of_buyer")])
        user.company_ids |= other["company"]
        self.assertGreaterEqual(self.open(STOCK).status, 400)
        page = self.ours()
        amounts = []
        for _company in range(2):
            amounts.append(float(page.form()["data-amount"]))
            result, error = self.submit(page, provider_id=self.provider_of(page))
            self.assertEqual(error, "")
            transaction = self.simulate(self.transaction(result))
            following = self.open(transaction.landing_route).tree.xpath("//a[contains(@href, 'part=')]/@href")
            page = self.open(following[0]) if following else page
        self.assertEqual(sorted(amounts), [70, 100])
        self.assertEqual((first | second).mapped("amount_residual"), [0, 0])

    def provider_of(self, page):
        """Return the provider that the page offers."""
        return int(page.tree.xpath("//input[@name='o_payment_radio']/@data-provider-id")[0])

    def test_pain_39_odoo_looks_at_one_contact_and_we_at_the_customer(self):
        self.late(self.clerk, 100)
        self.late(self.other_clerk, 55)
        self.assertEqual(float(self.open(STOCK).form()["data-amount"]), 100)
        self.assertEqual(float(self.ours().form()["data-amount"]), 155)

    def test_pain_39_odoo_trusts_the_amount_of_the_browser_and_we_do_not(self):
        self.late(self.clerk, 100)
        stock = self.open(STOCK)
        result, _error = self.call(
            stock.form()["data-transaction-route"],
            payment_reference="X",
            provider_id=self.provider.id,
            payment_method_id=self.method.id,
            token_id=None,
            amount=1.0,
            flow="direct",
            tokenization_requested=False,
            landing_route="/my",
            is_validation=False,
        )
        self.assertEqual(self.transaction(result).amount, 1)
        self.transaction(result)._set_canceled()
        result, _error = self.submit(self.ours(), amount=1.0)
        self.assertEqual(self.transaction(result).amount, 100)

    def test_pain_39_credits_are_left_out_by_odoo_and_taken_off_by_us(self):
        self.late(self.clerk, 100)
        self.credit_note(self.clerk, 30, on=TODAY - timedelta(days=40))
        self.assertEqual(float(self.open(STOCK).form()["data-amount"]), 100)
        self.assertEqual(float(self.ours().form()["data-amount"]), 70)

    def test_pain_39_odoo_lets_nobody_choose_and_we_match_what_was_chosen(self):
        first, second = self.late(self.clerk, 100), self.late(self.clerk, 60)
        self.assertEqual(float(self.open(STOCK).form()["data-amount"]), 160)
        self.env["collection.case"]._refresh_marked()
        self.pay_page(self.ours(items=self.items(second).id))
        self.assertEqual((first.amount_residual, second.amount_residual), (100, 0))

    def test_pain_21_an_instalment_that_is_late_is_missed_by_odoo_and_charged_alone_by_us(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "A quarter now, the rest much later",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 25, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 75, "nb_days": 9000}),
                ],
            }
        )
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.clerk.id,
                "invoice_date": TODAY - timedelta(days=60),
                "invoice_payment_term_id": term.id,
                "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 400, "tax_ids": []})],
            }
        )
        invoice.action_post()
        self.assertEqual(self.open(STOCK).form(), {})
        page = self.ours()
        self.assertEqual(float(page.form()["data-amount"]), 100)
        self.pay_page(page)
        terms = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted("date_maturity")
        self.assertEqual(terms.mapped("amount_residual"), [0, 300])
