from datetime import date

from odoo import Command, fields

from .statement_common import CLOSING, OPENING, StatementCase


class TestStatementLedger(StatementCase):
    """What was owed on a day, and how it came to that: worked by hand."""

    def setUp(self):
        super().setUp()
        self.buyer = self.customer("Buyer")

    def test_the_worked_ledger_of_the_key_figures(self):
        """The ledger of the reference: ageing on two days, one of them past."""

        def invoice(amount, issued, due):
            return self.invoice(self.buyer, amount, due=date.fromisoformat(due), issued=date.fromisoformat(issued))

        invoice(1000, "2025-12-15", "2026-01-14")
        paid = invoice(2000, "2026-01-10", "2026-02-09")
        partly = invoice(3000, "2026-01-25", "2026-02-24")
        invoice(4000, "2026-02-12", "2026-03-14")
        in_time = invoice(1500, "2026-02-20", "2026-03-22")
        invoice(5000, "2026-03-05", "2026-04-04")
        invoice(2500, "2026-03-20", "2026-04-19")
        self.credit_note(self.buyer, 500, on=date(2026, 3, 10))
        self.pay(paid, on=date(2026, 2, 19))
        self.pay(partly, 1200, on=date(2026, 3, 5))
        self.pay(in_time, on=date(2026, 3, 22))

        february = self.section(self.buyer, date(2026, 2, 28))
        self.assertEqual(february.buckets, [5500, 3000, 1000, 0, 0])
        self.assertEqual((february.balance, february.overdue, february.credit), (9500, 4000, 0))
        march = self.section(self.buyer, date(2026, 3, 31))
        self.assertEqual(march.buckets, [7500, 4000, 1800, 1000, 0])
        self.assertEqual((march.balance, march.overdue, march.credit), (13800, 6800, -500))
        self.assertEqual(self.section(self.buyer, date(2026, 1, 31)).balance, 6000)
        self.assertEqual(self.section(self.buyer, date(2025, 12, 31)).balance, 1000)
        for day in (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)):
            self.assertTiesOut(self.buyer, day, day.replace(day=1))
        self.assertEqual(self.account(self.buyer, date(2025, 12, 14)).sections, [])

    def test_a_partial_payment_after_the_day_does_not_count_yet(self):
        invoice = self.invoice(self.buyer, 100, due=date(2026, 8, 10))
        self.pay(invoice, 40, on=date(2026, 9, 2))

        self.assertEqual(self.open_on(self.buyer, date(2026, 9, 1)), [("invoice", 100, 100)])
        self.assertEqual(self.open_on(self.buyer, date(2026, 9, 2)), [("invoice", 100, 60)])
        self.assertEqual(self.moved(self.buyer), (0, [(10, "invoice", 100)], 100))
        september = self.moved(self.buyer, date(2026, 9, 1), date(2026, 9, 30))
        self.assertEqual(september, (100, [(2, "payment", -40)], 60))

    def test_what_is_settled_by_now_was_open_then(self):
        invoice = self.invoice(self.buyer, 100, due=date(2026, 8, 10))
        self.pay(invoice, on=date(2026, 9, 2))

        self.assertEqual(self.open_on(self.buyer, CLOSING), [("invoice", 100, 100)])
        self.assertTrue(self.account(self.buyer, date(2026, 9, 2)).is_zero())

    def test_an_undone_reconciliation_leaves_both_open(self):
        invoice = self.invoice(self.buyer, 100, due=date(2026, 8, 10))
        self.pay(invoice, on=date(2026, 8, 20))
        self.assertTrue(self.account(self.buyer).is_zero())

        invoice.line_ids.remove_move_reconcile()

        self.assertEqual(self.open_on(self.buyer, CLOSING), [("invoice", 100, 100), ("payment", -100, -100)])
        self.assertEqual(self.moved(self.buyer)[2], 0)
        self.assertTiesOut(self.buyer)

    def test_a_credit_note_before_and_after_it_is_matched(self):
        invoice = self.invoice(self.buyer, 100, due=date(2026, 8, 10))
        credit = self.credit_note(self.buyer, 30, on=date(2026, 8, 20))
        self.assertEqual(self.open_on(self.buyer, CLOSING), [("invoice", 100, 100), ("credit_note", -30, -30)])

        lines = (invoice + credit).line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        lines.reconcile()

        self.assertEqual(self.open_on(self.buyer, CLOSING), [("invoice", 100, 70)])
        self.assertEqual(self.moved(self.buyer), (0, [(10, "invoice", 100), (20, "credit_note", -30)], 70))
        self.assertTiesOut(self.buyer)

    def test_an_exchange_difference_is_named_and_touches_company_currency_only(self):
        """200 pounds cost 100 when they were billed, and are worth 50 when they are paid."""
        invoice = self.invoice(self.buyer, 200, due=date(2026, 8, 10), currency=self.foreign)
        self.pay_in(invoice, 200, self.foreign, date(2026, 8, 25))

        section = self.section(self.buyer, CLOSING, OPENING, self.foreign)
        self.assertEqual(
            [(move.kind, move.amount, move.amount_company) for move in section.movements if move.date.day < 31],
            [("invoice", 200, 100), ("payment", -200, -50)],
        )
        exchange = [(move.kind, move.amount, move.amount_company) for move in section.movements if move.kind == "exchange"]
        self.assertEqual(exchange, [("exchange", 0, -50)])
        self.assertEqual((section.balance, section.balance_company), (0, 0))
        self.assertTiesOut(self.buyer)

    def test_two_currencies_have_a_balance_each(self):
        self.invoice(self.buyer, 100, due=date(2026, 8, 10))
        self.invoice(self.buyer, 60, due=date(2026, 8, 10), currency=self.foreign)

        account = self.assertTiesOut(self.buyer)

        self.assertEqual([section.currency_id for section in account.sections], [self.euro.id, self.foreign.id])
        self.assertEqual([(part.balance, part.balance_company) for part in account.sections], [(100, 100), (60, 30)])
        self.assertEqual(self.ledger_balance(self.buyer, CLOSING, self.foreign), 60)

    def test_an_invoice_paid_in_another_currency_closes_in_its_own(self):
        invoice = self.invoice(self.buyer, 200, due=date(2026, 8, 10), currency=self.foreign)
        self.pay_in(invoice, 100, self.euro, date(2026, 8, 12))

        self.assertEqual(
            self.moved(self.buyer, currency=self.foreign),
            (0, [(10, "invoice", 200), (12, "other_currency", -200)], 0),
        )
        self.assertEqual(self.moved(self.buyer), (0, [(12, "payment", -100), (12, "other_currency", 100)], 0))
        self.assertTrue(self.account(self.buyer).is_zero())
        self.assertTiesOut(self.buyer)

    def test_what_was_written_off_with_a_payment_is_told_apart(self):
        invoice = self.invoice(self.buyer, 100, due=date(2026, 8, 10))
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"payment_date": date(2026, 8, 20), "journal_id": self.pay_in_cash.id, "amount": 97})
        )
        wizard.write(
            {
                "payment_difference_handling": "reconcile",
                "writeoff_account_id": self.company_data["default_account_expense"].id,
            }
        )
        wizard._create_payments()

        self.assertEqual(self.moved(self.buyer), (0, [(10, "invoice", 100), (20, "payment", -97), (20, "write_off", -3)], 0))
        self.assertTiesOut(self.buyer)

    def test_a_write_off_by_hand_an_opening_balance_and_a_refund_have_plain_names(self):
        debit = self.journal_debit(self.buyer, 80, due=date(2026, 8, 5))
        self.bad_debt(self.buyer, 80, date(2026, 8, 21), debit)
        refund = self.credit_note(self.buyer, 25, on=date(2026, 8, 6))
        self.pay(refund, on=date(2026, 8, 7))

        self.assertEqual(
            self.moved(self.buyer),
            (0, [(5, "entry", 80), (6, "credit_note", -25), (7, "payment_out", 25), (21, "write_off", -80)], 0),
        )
        self.assertTiesOut(self.buyer)

    def test_instalments_are_open_items_each_and_one_movement(self):
        self.instalments(self.buyer, (60, date(2026, 8, 3)), (40, date(2026, 9, 20)))

        self.assertEqual(self.open_on(self.buyer, CLOSING), [("invoice", 60, 60), ("invoice", 40, 40)])
        self.assertEqual(self.moved(self.buyer), (0, [(3, "invoice", 100)], 100))
        self.assertEqual(self.section(self.buyer, CLOSING).buckets, [40, 60, 0, 0, 0])

    def test_drafts_other_accounts_and_other_customers_are_not_in_it(self):
        draft = self.invoice(self.buyer, 70, due=date(2026, 8, 10))
        draft.button_draft()
        deposit = self.company_data["default_account_receivable"].copy({"non_trade": True})
        self.journal_debit(self.buyer, 50, due=date(2026, 8, 10), account=deposit)
        self.invoice(self.customer("Somebody else"), 90, due=date(2026, 8, 10))

        self.assertEqual(self.account(self.buyer).sections, [])

    def test_contacts_and_branches_belong_to_the_customer(self):
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.sudo().company_ids = [Command.link(branch.id)]
        self.env.user.sudo().company_id = self.company
        receivable = self.company_data["default_account_receivable"]
        self.buyer.with_company(branch).property_account_receivable_id = receivable
        shop = self.customer("Shop", parent_id=self.buyer.id)
        self.invoice(shop, 10, due=date(2026, 8, 10))
        at_branch = (
            self.env["account.move"]
            .with_company(branch)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.buyer.id,
                    "journal_id": self.company_data["default_journal_sale"].id,
                    "company_id": branch.id,
                    "invoice_date": date(2026, 8, 11),
                    "invoice_date_due": date(2026, 8, 11),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 5, "tax_ids": []})],
                }
            )
        )
        at_branch.action_post()

        self.assertEqual(self.moved(self.buyer), (0, [(10, "invoice", 10), (11, "invoice", 5)], 15))

    def test_what_another_customer_paid_is_settled_here_and_owed_there(self):
        invoice = self.invoice(self.buyer, 100, due=date(2026, 8, 10))
        parent = self.customer("Parent")
        payment = self.env["account.payment"].create(
            {
                "partner_id": parent.id,
                "amount": 100,
                "date": date(2026, 8, 15),
                "journal_id": self.pay_in_cash.id,
                "payment_type": "inbound",
            }
        )
        payment.action_post()
        lines = (invoice + payment.move_id).line_ids
        lines.filtered(lambda line: line.account_id.account_type == "asset_receivable").reconcile()

        self.assertEqual(self.moved(self.buyer), (0, [(10, "invoice", 100), (15, "other_customer", -100)], 0))
        self.assertEqual(self.moved(parent), (0, [(15, "payment", -100), (15, "other_customer", 100)], 0))

    def test_due_today_is_not_overdue(self):
        self.invoice(self.buyer, 100, due=CLOSING)
        section = self.section(self.buyer, CLOSING)
        self.assertEqual((section.overdue, section.buckets[0]), (0, 100))
        self.assertEqual(self.section(self.buyer, date(2026, 9, 1)).overdue, 100)

    def test_the_same_statements_for_two_customers_and_for_forty(self):
        customers = self.env["res.partner"]
        for number in range(40):
            customer = self.customer(f"Customer {number}")
            customers |= customer
            self.invoice(customer, 100, due=date(2026, 8, 10))
        documents = self.env["collection.statement.document"]
        counts = []
        for some in (customers[:2], customers[:2], customers):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            documents._get_statements(self.company, some, self.period(CLOSING, OPENING))
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    # -- builders ------------------------------------------------------------------------------------------------------

    def pay_in(self, invoice, amount, currency, on):
        """Register a payment of ``amount`` in ``currency`` that settles ``invoice``."""
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"payment_date": on, "journal_id": self.pay_in_cash.id, "currency_id": currency.id, "amount": amount})
        )
        return wizard._create_payments()

    def bad_debt(self, customer, amount, on, settled):
        """Book a loss against ``settled`` and match the two."""
        receivable = self.company_data["default_account_receivable"]
        move = self.env["account.move"].create(
            {
                "date": fields.Date.to_string(on),
                "journal_id": self.company_data["default_journal_misc"].id,
                "line_ids": [
                    Command.create({"account_id": receivable.id, "partner_id": customer.id, "credit": amount}),
                    Command.create({"account_id": self.company_data["default_account_expense"].id, "debit": amount}),
                ],
            }
        )
        move.action_post()
        (move + settled).line_ids.filtered(lambda line: line.account_id == receivable).reconcile()
        return move
