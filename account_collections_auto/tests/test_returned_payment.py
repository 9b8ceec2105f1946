from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError

from .common import TODAY, CollectionsCase

TODO = "account_collections_auto.mail_activity_type_returned_payment"


class TestReturnedPayment(CollectionsCase):
    """What a bank took back and somebody booked on the customer without a word about the payment: it is no new debt."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.make_user("carla", "account_collections_auto.group_collector")
        cls.accountant = cls.make_user("anna", "account.group_account_invoice")
        cls.buyer = cls.customer("Buyer")
        cls.pay_in_cash = cls.company_data["default_journal_bank"]
        cls.debt = cls.invoice(cls.buyer, 1000, due=TODAY - timedelta(days=40))
        cls.company.collection_user_id = cls.collector
        cls.payment = cls.pay(cls.debt, on=TODAY - timedelta(days=20))
        cls.paid = cls.payment.move_id.line_ids.filtered("reconciled")

    def took_back(self, amount=1000, on=TODAY - timedelta(days=8), customer=None, **vals):
        return self.booked_bank_line(customer or self.buyer, -amount, on, **vals)

    def receivable(self, move):
        return move.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")

    def todos(self):
        todo = self.env.ref(TODO)
        return self.case(self.buyer).activity_ids.filtered(lambda activity: activity.activity_type_id == todo)

    def assertReminded(self, lines):
        self.run_cycle()
        [sent] = self.sent(self.buyer)
        self.assertEqual(set(sent[2]), set(lines.move_id))
        self.assertFalse(self.todos())

    def assertTaken(self, line):
        self.run_cycle()
        self.assertNotSent(self.buyer)
        self.assertWithheld(self.buyer, "returned_payment")
        self.assertReturnOf(line, self.payment)

    def assertReturnOf(self, line, payment):
        line.move_id.invalidate_recordset(["collection_return_of"])
        amount = payment.currency_id.format(payment.amount)
        self.assertEqual(line.move_id.collection_return_of, f"{payment.move_id.name} ({amount})")

    # -- what looks like one -------------------------------------------------------------------------------------------

    def test_it_is_not_reminded_of_and_one_person_has_a_to_do(self):
        line = self.took_back()
        self.assertTaken(line)
        self.run_on(1)
        self.assertRecordValues(self.todos(), [{"user_id": self.collector.id, "date_deadline": TODAY}])
        case = self.case(self.buyer)
        self.assertIn(f"looks like the return of {self.payment.move_id.name}", case.returned_notice)
        self.assertIn(self.payment.move_id.name, case.stop_reason or self.items(line.move_id).stop_reason)
        today = self.env["collection.today"].with_user(self.collector)
        [tile] = [tile for tile in today.get_tiles() if tile["key"] == "decide"]
        methods = [entry["link"]["method"] for entry in tile["lines"]] or [tile["buttons"][0]["method"]]
        self.assertIn("open_returned_payments", methods)
        self.assertEqual(self.env["collection.case"].search(today.open_returned_payments()["domain"]), case)

    def test_the_text_of_the_bank_names_the_invoice_or_the_payment(self):
        """Then neither the charges of the bank nor the time matter."""
        self.payment.move_id.line_ids.flush_recordset()
        for text in (f"Return {self.debt.name.lower()} account closed", f"R-transaction {self.payment.move_id.name}"):
            with self.subTest(text):
                line = self.took_back(1007.5, payment_ref=text)
                self.assertTaken(line)
                line.move_id.button_draft()
                line.move_id.statement_line_id.unlink()
                self.run_cycle()
                self.assertFalse(self.todos(), "It is gone, and so is the to-do")

    def test_what_looks_like_something_else_is_reminded_of(self):
        stranger = self.customer("Stranger", "stranger@example.com")
        theirs = self.took_back(customer=stranger)
        more = self.took_back(1007.5)
        fee = self.took_back(7.5, payment_ref=f"Charges for the return of {self.debt.name}")
        cash = self.took_back(journal=self.company_data["default_journal_cash"])
        before = self.took_back(on=TODAY - timedelta(days=21))
        self.assertReminded(more + fee + cash + before)
        self.assertEqual([list(sent[2]) for sent in self.sent(stranger)], [[theirs.move_id]], "money of another customer")

    def test_a_payment_of_long_ago_or_one_that_went_back_already_was_not_meant(self):
        line = self.took_back()
        (line + self.paid).remove_move_reconcile()
        (line + self.paid).reconcile()
        again = self.took_back(on=TODAY - timedelta(days=9))
        old = self.customer("Old")
        self.pay(self.invoice(old, 500, due=TODAY - timedelta(days=90)), on=TODAY - timedelta(days=80))
        entry = self.took_back(500, customer=old)
        self.assertReminded(again + self.receivable(self.debt))
        self.assertFalse(entry.move_id.collection_return_of)
        self.assertEqual([set(sent[2]) for sent in self.sent(old)], [{entry.move_id}])

    def test_a_payment_in_another_currency_comes_back_in_our_own(self):
        """At the rate of the payment, whatever the rate is by then: nothing is left of the two."""
        francs = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0), (str(TODAY - timedelta(days=9)), 2.2)])
        debt = self.invoice(self.buyer, 3000, currency=francs, due=TODAY - timedelta(days=40))
        payment = self.pay(debt, on=TODAY - timedelta(days=10))
        line = self.took_back(1500)
        self.case(self.buyer)
        self.assertReturnOf(line, payment)
        line.move_id.action_match_return()
        self.assertRecordValues(debt, [{"amount_residual": 3000}])
        pair = line + payment.move_id.line_ids.filtered(lambda each: each.account_id == line.account_id)
        nothing = {"reconciled": True, "amount_residual": 0, "amount_residual_currency": 0}
        self.assertRecordValues(pair, [nothing, nothing])
        self.assertEqual(self.items(self.buyer).move_id, debt)

    def test_our_money_comes_back_in_another_currency(self):
        francs = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0), (str(TODAY - timedelta(days=9)), 2.5)])
        line = self.took_back(1000, foreign_currency_id=francs.id, amount_currency=-2100)
        self.case(self.buyer)
        self.assertReturnOf(line, self.payment)
        line.move_id.action_match_return()
        self.assertTrue(line.reconciled and self.paid.reconciled)
        self.assertEqual(self.items(self.buyer).mapped("amount_residual"), [1000])

    def test_credit_notes_that_were_paid_out_are_no_return(self):
        for amount in (400, 600):
            self.credit_note(self.buyer, amount, on=TODAY - timedelta(days=9))
        line = self.took_back()
        self.run_cycle()
        self.assertFalse(line.move_id.collection_return_of)
        self.assertNotSent(self.buyer)
        self.assertFalse(self.todos())

    def test_a_line_of_the_bank_that_was_matched_without_a_payment_is_named_too(self):
        """By its own text, its reference, or the invoice that it paid."""
        for number, text in enumerate(("Transfer 70801", "Ref. 55-123", "{}")):
            customer = self.customer(f"Direct {number}")
            debt = self.invoice(customer, 300, due=TODAY - timedelta(days=40))
            money = self.booked_bank_line(
                customer, 300, TODAY - timedelta(days=100), payment_ref="Transfer 70801", ref="55/123"
            )
            (money + self.receivable(debt)).reconcile()
            line = self.took_back(305, customer=customer, payment_ref="Returned: " + text.format(debt.name))
            with self.subTest(text):
                self.case(customer)
                self.assertIn(money.move_id.name, line.move_id.collection_return_of or "")

    # -- matching the two ----------------------------------------------------------------------------------------------

    def test_the_accountant_matches_them_and_the_invoice_goes_on_at_its_level(self):
        buyer = self.buyer
        later = self.invoice(buyer, 500, due=date(2026, 5, 1))
        for day in (8, 22):
            self.run_cycle(date(2026, 5, day))
        payment = self.pay(later, on=date(2026, 5, 25))
        line = self.took_back(500, on=date(2026, 6, 6))
        self.run_daily(date(2026, 6, 6), date(2026, 6, 7))
        self.assertEqual(len(self.sent(buyer)), 2)
        with self.assertRaises(AccessError):
            self.case(buyer).with_user(self.collector).action_match_returns()
        line.move_id.with_user(self.accountant).action_match_return()
        self.assertRecordValues(later, [{"amount_residual": 500}])
        self.assertTrue(line.reconciled and payment.move_id.line_ids.filtered("reconciled").matched_debit_ids)
        self.assertFalse(self.todos())
        self.assertIn(payment.move_id.name, self.case(buyer).message_ids[0].body)
        self.assertRecordValues(self.items(later), [{"level_id": self.level(21).id, "level_date": date(2026, 5, 22)}])
        self.run_cycle(date(2026, 6, 8))
        self.assertEqual([sent[1] for sent in self.sent(buyer)], ["L1", "L2", "L3"])
        with self.assertRaisesRegex(UserError, "Nothing is booked"):
            self.case(buyer).action_match_returns()

    def test_two_of_the_same_amount_are_the_returns_of_two_payments(self):
        second = self.invoice(self.buyer, 1000, due=TODAY - timedelta(days=30))
        self.pay(second, on=TODAY - timedelta(days=15))
        lines = self.took_back() + self.took_back()
        case = self.case(self.buyer)
        case.action_match_returns()
        self.assertEqual((self.debt + second).mapped("amount_residual"), [1000, 1000])
        self.assertTrue(all(lines.mapped("reconciled")))
        self.assertFalse(self.case(self.buyer).returned_notice)

    def test_the_whole_payment_is_the_return_and_the_charges_are_a_debt_of_their_own(self):
        """Both name the invoice, and the charges are booked first."""
        fee = self.took_back(7.5, payment_ref=f"Charges {self.debt.name}")
        line = self.took_back(payment_ref=f"Returned {self.debt.name}")
        case = self.case(self.buyer)
        self.assertIn(self.company.currency_id.format(1000), case.returned_notice)
        case.action_match_returns()
        self.assertRecordValues(fee + line + self.paid, [{"reconciled": done} for done in (False, True, True)])
        self.assertIn(line, self.paid.matched_debit_ids.debit_move_id)
        self.assertEqual(set(self.items(self.buyer).move_id), {self.debt, fee.move_id})

    def test_of_two_entries_over_one_payment_the_one_of_its_amount_is_the_return(self):
        more = self.took_back(1010, payment_ref=f"Returned with charges {self.debt.name}")
        line = self.took_back(payment_ref=f"Returned {self.debt.name}")
        self.case(self.buyer).action_match_returns()
        self.assertRecordValues(more + line, [{"reconciled": False}, {"reconciled": True}])

    def test_money_that_is_matched_with_nothing_is_taken_first(self):
        """Then nothing that was paid is opened; but where the bank names a payment, it is that one."""
        unmatched = self.money_on_account(self.buyer, 1000, TODAY - timedelta(days=25))
        line = self.took_back()
        named = self.took_back(on=TODAY - timedelta(days=7), payment_ref=f"Returned {self.debt.name}")
        self.case(self.buyer)
        self.assertReturnOf(line, unmatched)
        self.assertReturnOf(named, self.payment)
        line.move_id.action_match_return()
        self.assertRecordValues(self.debt, [{"amount_residual": 0}])
        self.assertTrue(line.reconciled)

    def test_who_matched_them_without_us_is_not_asked_any_more(self):
        line = self.took_back()
        self.run_cycle()
        self.assertTrue(self.todos())
        self.paid.remove_move_reconcile()
        (line + self.paid).reconcile()
        self.run_on(1)
        self.assertFalse(self.todos())
        self.assertEqual(self.sent(self.buyer)[-1][2], {self.debt: 1000})

    def test_it_is_not_handed_over(self):
        item = self.items(self.took_back().move_id)
        self.assertIn("the return of", self.env["collection.placement"]._find_obstacles(item)[item])

    # -- it is none ----------------------------------------------------------------------------------------------------

    def test_a_collector_says_that_it_is_a_debt_of_its_own_and_it_is_reminded_of(self):
        line = self.took_back()
        self.assertTaken(line)
        case = self.case(self.buyer).with_user(self.collector)
        undo = case.action_deny_returns()
        self.assertFalse(case.returned_notice)
        self.assertFalse(self.todos())
        said = self.case(self.buyer).message_ids[0]
        self.assertIn(line.move_id.name, said.body)
        self.assertEqual(said.author_id, self.collector.partner_id)
        item = self.items(line.move_id)
        self.assertNotIn("the return of", str(self.env["collection.placement"]._find_obstacles(item)))
        self.run_on(1)
        self.assertEqual([sent[2] for sent in self.sent(self.buyer)], [{line.move_id: 1000}])
        self.assertFalse(self.todos())
        with self.assertRaisesRegex(UserError, "Nothing is booked"):
            case.action_deny_returns()
        # it is said of the entry, also after it was matched and that was undone
        self.paid.remove_move_reconcile()
        (line + self.paid).reconcile()
        self.case(self.buyer)
        line.remove_move_reconcile()
        (self.paid + self.receivable(self.debt)).reconcile()
        self.assertTrue(self.items(line.move_id).is_no_return)
        self.assertFalse(self.case(self.buyer).returned_notice)

        params = undo["params"]
        self.env[params["model"]].with_user(self.collector).browse(params["ids"]).action_undo()
        self.assertReturnOf(line, self.payment)
        self.assertTrue(self.todos())

    def test_an_accountant_says_it_on_the_entry_and_an_auditor_does_not(self):
        line = self.took_back()
        self.run_cycle()
        move = line.move_id
        auditor = self.make_user("audrey", "account_collections_auto.group_collection_auditor")
        for record, method in (
            (move, "action_deny_return"),
            (self.case(self.buyer), "action_deny_returns"),
            (self.items(move), "action_undo"),
        ):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(record.with_user(auditor), method)()
        undo = move.with_user(self.accountant).action_deny_return()
        self.assertFalse(move.with_user(self.accountant).collection_return_of)
        self.assertFalse(self.todos())
        self.env["collection.item"].with_user(self.accountant).browse(undo["params"]["ids"]).action_undo()
        self.assertTrue(self.todos())

    def test_asking_costs_the_same_for_two_and_for_ten_customers(self):
        def statements(count):
            for number in range(count):
                customer = self.customer(f"Customer{number}")
                self.money_on_account(customer, 70, TODAY - timedelta(days=20))
                self.took_back(70, customer=customer)
            cases = self.env["collection.case"]
            cases._refresh_marked()
            found = cases.search([("item_ids.amount_residual", "=", 70), ("is_return_to_match", "=", False)])
            self.assertEqual(len(found), count)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            cases._ask_about_returns(self.company, found.ids, TODAY)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        statements(2)
        few, many = statements(2), statements(10)
        self.assertLessEqual(many - few, 2)
