from datetime import timedelta

from odoo import Command
from odoo.addons.account_collections_auto.tests.common import TODAY, CollectionsCase
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

# One transparent pixel: what a customer draws on the portal.
SIGNATURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
TODO = "account_collections_sale.mail_activity_type_order_held"


@tagged("post_install", "-at_install")
class TestOrderOnCreditHold(CollectionsCase, HttpCase):
    """Row 38: "Credit block stops an order signed on the portal and nobody is told; want early warning"."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls.make_user("sam", "sales_team.group_sale_salesman")
        cls.head = cls.make_user(
            "head", "sales_team.group_sale_salesman_all_leads", "account_collections_auto.group_collection_manager"
        )
        cls.collector = cls.make_user("anna", "account_collections_auto.group_collector")
        cls.late = cls.customer("Late", user_id=cls.seller.id)
        cls.invoice(cls.late, 300, due=TODAY - timedelta(days=10), invoice_user_id=cls.seller.id)
        cls.case(cls.late).user_id = cls.collector
        cls.product = cls.env["product.product"].create({"name": "Goods", "list_price": 50, "taxes_id": [Command.clear()]})

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref("sales_team.group_sale_manager")

    def quotation(self, **vals):
        return self.env["sale.order"].create(
            {
                "partner_id": self.late.id,
                "user_id": self.seller.id,
                "require_signature": True,
                "require_payment": False,
                "order_line": [Command.create({"product_id": self.product.id, "product_uom_qty": 1})],
                **vals,
            }
        )

    def hold_credit(self):
        cases = self.case(self.late)
        return self.env["collection.credit.hold"].with_user(self.collector)._set_by_hand(cases, "Unpaid since March", False)

    def sign(self, order):
        """Sign as the customer does, on the portal, without a login."""
        return self.make_jsonrpc_request(
            f"/my/orders/{order.id}/accept",
            {"access_token": order._portal_ensure_token(), "name": "Carl Customer", "signature": SIGNATURE},
        )

    def todos(self, record):
        return record.activity_ids.filtered(lambda todo: todo.activity_type_id == self.env.ref(TODO))

    def test_pain_38_an_order_signed_under_a_credit_hold_is_kept_and_both_are_told(self):
        order = self.quotation(state="sent")
        self.assertFalse(order.collection_credit_hold)
        self.hold_credit()
        self.assertIn(self.seller, self.late.activity_ids.user_id, "Early: the salesperson hears of the hold itself")
        order.invalidate_recordset()
        self.assertIn("Unpaid since March", order.with_user(self.seller).collection_credit_hold)
        answer = self.sign(order)
        self.assertNotIn("error", answer)
        self.assertRecordValues(order, [{"state": "sent", "signed_by": "Carl Customer"}])
        self.assertTrue(order.signature)
        self.assertEqual(self.todos(order).user_id, self.seller)
        self.assertEqual(self.todos(self.case(self.late)).user_id, self.collector)
        self.assertTrue(any("not confirmed" in body for body in order.message_ids.mapped("body")))
        self.case(self.late).with_user(self.collector).action_lift_credit_hold()
        order.with_user(self.seller).action_confirm()
        self.assertEqual(order.state, "sale")

    def test_where_the_company_only_warns_it_is_confirmed_and_flagged(self):
        self.company.collection_credit_hold_effect = "warn"
        self.hold_credit()
        order = self.quotation(state="sent")
        self.sign(order)
        self.assertEqual(order.state, "sale")
        self.assertEqual(self.todos(order).user_id, self.seller)
        self.assertEqual(self.todos(self.case(self.late)).user_id, self.collector)

    def test_without_a_hold_signing_confirms_as_ever(self):
        order = self.quotation(state="sent")
        self.sign(order)
        self.assertEqual(order.state, "sale")
        self.assertFalse(self.todos(order))

    def test_what_the_customer_paid_is_confirmed_and_flagged(self):
        self.hold_credit()
        order = self.quotation(require_signature=False, require_payment=True, prepayment_percent=1.0)
        provider = self.env["payment.provider"].sudo().search([("code", "=", "demo")], limit=1)
        method = self.env["payment.method"].search([("code", "=", "demo")], limit=1) or provider.payment_method_ids[:1]
        transaction = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": provider.id,
                    "payment_method_id": method.id,
                    "reference": f"T-{order.name}",
                    "amount": order.amount_total,
                    "currency_id": order.currency_id.id,
                    "partner_id": self.late.id,
                    "operation": "online_redirect",
                    "sale_order_ids": [Command.set(order.ids)],
                }
            )
        )
        transaction.state = "done"
        transaction._check_amount_and_confirm_order()
        self.assertEqual(order.state, "sale")
        self.assertEqual(self.todos(order).user_id, self.seller)

    def test_confirming_is_refused_by_role(self):
        self.hold_credit()
        order = self.quotation()
        self.assertIn("You cannot confirm it: ask", order.with_user(self.seller).collection_credit_hold_way_out)
        self.assertIn("all the same", order.with_user(self.head).collection_credit_hold_way_out)
        with self.assertRaisesRegex(UserError, "Ask a collector to lift the hold"):
            order.with_user(self.seller).action_confirm()
        order.with_user(self.head).action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertIn("Confirmed all the same", order.message_ids.mapped("body")[0])
