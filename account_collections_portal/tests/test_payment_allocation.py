from datetime import timedelta

from odoo.addons.account_collections_auto.tests.common import TODAY
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from ..engine.paying import Choice, what_to_pay
from .pay_common import PayCase


@tagged("post_install", "-at_install")
class TestPaymentAllocation(PayCase):
    """What was chosen is what is matched, once, whatever happened meanwhile."""

    def setUp(self):
        super().setUp()
        self.enterContext(self.on_day(TODAY))

    def choose(self, customer, choice=None, **vals):
        """Begin a payment as the page does."""
        items = self.env["collection.item"].sudo()
        case = self.case(customer)
        payable, _rows = items._read_payable(case.company_id, [("case_id", "=", case.id), ("active", "=", True)])
        part = what_to_pay(payable.values(), choice or Choice(), {item.group: 2 for item in payable.values()})[0]
        chosen = items.browse([share.id for share in (*part.debts, *part.credits)])
        lines = {item.id: item.move_line_id for item in chosen}
        transactions = self.env["payment.transaction"].sudo()
        return transactions.create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "amount": part.amount,
                "currency_id": part.group[1],
                "partner_id": customer.id,
                "operation": "online_direct",
                **transactions._collection_prepare_vals(case, part, lines),
                **vals,
            }
        )

    def book(self, transaction):
        transaction._set_done()
        transaction._post_process()

    def test_what_was_paid_otherwise_meanwhile_stays_on_account_with_one_to_do(self):
        invoice, other = self.invoice(self.buyer, 100), self.invoice(self.buyer, 50)
        third = self.invoice(self.buyer, 75, due=TODAY + timedelta(days=9))
        transaction = self.choose(self.buyer)
        self.pay(invoice, 70)
        for _time in range(2):
            self.book(transaction)
        money = transaction.payment_id.move_id.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        self.assertEqual(money.amount_residual, -70)
        self.assertEqual((invoice | other | third).mapped("amount_residual"), [0, 0, 75], "nothing else is matched with it")
        self.assertEqual(
            self.chosen(transaction), {invoice.name: (100, 30, "on_account"), other.name: (50, 50, "matched")}
        )
        self.assertEqual(len(self.todos(self.buyer)), 1)
        self.assertIn(invoice.name, self.todos(self.buyer)[0])
        self.assertEqual(self.case(self.buyer).activity_ids.user_id, self.manager)

    def test_an_invoice_that_went_back_to_draft_is_not_posted_by_a_payment(self):
        invoice, other = self.invoice(self.buyer, 100), self.invoice(self.buyer, 50)
        transaction = self.choose(self.buyer)
        invoice.button_draft()
        self.book(transaction)
        self.assertEqual((invoice.state, other.amount_residual), ("draft", 0))
        self.assertEqual(len(self.todos(self.buyer)), 1)

    def test_a_credit_that_was_used_meanwhile_leaves_the_debt_open(self):
        invoice, credit = self.invoice(self.buyer, 100), self.credit_note(self.buyer, 30)
        transaction = self.choose(self.buyer)
        self.assertEqual(transaction.amount, 70)
        other = self.invoice(self.buyer, 30)
        (credit | other).line_ids.filtered(lambda line: line.account_type == "asset_receivable").reconcile()
        self.book(transaction)
        self.assertEqual((invoice.amount_residual, other.amount_residual), (30, 0))
        self.assertEqual(len(self.todos(self.buyer)), 1)

    def test_of_two_payments_that_both_went_through_the_second_is_money_on_account(self):
        invoice = self.invoice(self.buyer, 100)
        first = self.choose(self.buyer)
        self.env["collection.payment.allocation"].sudo()._drop(first)
        second = self.choose(self.buyer)
        self.book(second)
        self.book(first)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self.chosen(first)[invoice.name], (100, 0, "on_account"))
        self.assertEqual(len(self.todos(self.buyer)), 1)
        self.assertEqual(self.case(self.buyer).amount_due, -100)

    def test_one_item_is_under_way_once_the_database_says(self):
        self.invoice(self.buyer, 100)
        self.choose(self.buyer)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.choose(self.buyer)

    def test_a_failed_payment_that_the_provider_confirms_after_all_is_booked(self):
        invoice = self.invoice(self.buyer, 100)
        transaction = self.choose(self.buyer)
        transaction._set_error("No answer")
        self.assertEqual(self.chosen(transaction)[invoice.name], (100, 0, "dropped"))
        self.book(transaction)
        self.assertEqual((invoice.amount_residual, self.chosen(transaction)[invoice.name]), (0, (100, 100, "matched")))

    def test_what_is_captured_in_parts_is_matched_in_parts(self):
        first, second = self.invoice(self.buyer, 100), self.invoice(self.buyer, 50)
        self.provider.capture_manually = True
        transaction = self.choose(self.buyer)
        transaction._set_authorized()
        for amount, left in ((120, [0, 30]), (30, [0, 0])):
            child = transaction._create_child_transaction(amount)
            child._set_done()
            child._post_process()
            self.assertEqual((first | second).mapped("amount_residual"), left)
        self.assertEqual((transaction.state, self.todos(self.buyer)), ("done", []))
        transaction._post_process()
        self.assertEqual(set(self.chosen(transaction).values()), {(100, 100, "matched"), (50, 50, "matched")})
        self.assertFalse(transaction.payment_id)

    def test_a_refund_takes_odoos_own_way(self):
        invoice = self.invoice(self.buyer, 100)
        transaction = self.choose(self.buyer)
        self.book(transaction)
        refund = transaction._create_child_transaction(40, is_refund=True)
        self.book(refund)
        self.assertRecordValues(refund.payment_id, [{"amount": 40, "payment_type": "outbound"}])
        self.assertEqual(invoice.amount_residual, 0)

    def test_transactions_without_a_choice_take_odoos_own_way_and_cost_no_query(self):
        old, new = self.invoice(self.buyer, 100, due=TODAY - timedelta(days=90)), self.invoice(self.buyer, 60)
        values = {
            "provider_id": self.provider.id,
            "payment_method_id": self.method.id,
            "amount": 120,
            "currency_id": self.company.currency_id.id,
            "partner_id": self.buyer.id,
            "operation": "online_direct",
            "invoice_ids": [Command.set((old | new).ids)],
        }
        transaction = self.env["payment.transaction"].sudo().create(values)
        asked = []
        execute = type(self.env.cr).execute

        def listen(cursor, query, *arguments, **options):
            asked.append(str(getattr(query, "code", query)))
            return execute(cursor, query, *arguments, **options)

        self.patch(type(self.env.cr), "execute", listen)
        self.book(transaction)
        self.assertEqual((old.amount_residual, new.amount_residual), (0, 40), "the oldest first, as Odoo does")
        self.assertEqual([query for query in asked if "collection_payment_allocation" in query], [])

    def test_a_wire_transfer_that_was_only_announced_does_not_keep_reminders_away_for_ever(self):
        self.invoice(self.buyer, 100)
        transaction = self.choose(self.buyer)
        transaction._set_pending()
        transfer = self.env.ref("payment.payment_provider_transfer").sudo().copy({"company_id": self.company.id})
        transaction.provider_id = transfer
        transaction.last_state_change = TODAY - timedelta(days=1)
        self.run_cycle(TODAY)
        self.assertWithheld(self.buyer, "online_payment")
        later = TODAY + timedelta(days=self.plan.in_transit_days + 1)
        with self.on_day(later):
            self.run_cycle(later)
        self.assertSent(self.buyer, self.level(7), later)

    # -- roles ---------------------------------------------------------------------------------------------------------

    def test_nobody_writes_what_was_chosen_and_another_company_does_not_see_it(self):
        self.invoice(self.buyer, 100)
        allocation = self.choose(self.buyer).collection_allocation_ids
        for group in ("group_collection_auditor", "group_collector", "group_collection_manager"):
            user = self.make_user(group, f"account_collections_auto.{group}")
            mine = allocation.with_user(user)
            self.assertEqual(mine.amount, 100)
            for attempt in (
                lambda mine=mine: mine.write({"amount": 1}),
                lambda mine=mine: mine.copy(),
                lambda mine=mine: mine.unlink(),
            ):
                with self.assertRaises(AccessError):
                    attempt()
        elsewhere = self.setup_other_company()["company"]
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=elsewhere)
        self.assertFalse(self.env["collection.payment.allocation"].with_user(stranger).search([]))
        clerk = self.make_user("nobody")
        with self.assertRaises(AccessError):
            allocation.with_user(clerk).read(["amount"])
