from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from .common import TODAY, CollectionsCase


class TestWriteOff(CollectionsCase):
    """One proposes, a second one approves, and it is an ordinary entry that Odoo can reverse."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna, cls.bert = (cls.make_user(login, "account_collections_auto.group_collector") for login in ("anna", "bert"))
        cls.head = cls.make_user("head", "account_collections_auto.group_collection_manager")
        cls.auditor = cls.make_user("audit", "account_collections_auto.group_collection_auditor")
        cls.bad_debts = cls.company_data["default_account_expense"]
        cls.company.write({"collection_write_off_account_id": cls.bad_debts.id})
        cls.lost = cls.customer("Lost")
        cls.older = cls.invoice(cls.lost, 100, due=TODAY - timedelta(days=60))
        cls.newer = cls.invoice(cls.lost, 50, due=TODAY - timedelta(days=30))

    def propose(self, invoices=None, user=None, **vals):
        items = self.items(invoices or self.older | self.newer)
        with self.on_day(TODAY):
            return (
                self.env["collection.write.off"]
                .with_user(user or self.anna)
                .create(
                    {
                        "partner_id": items.case_id.partner_id.id,
                        "company_id": self.company.id,
                        "item_ids": [Command.set(items.ids)],
                        "reason": "The company was dissolved",
                        **vals,
                    }
                )
            )

    def approve(self, write_off, user=None):
        with self.on_day(TODAY):
            write_off.with_user(user or self.head).action_approve()

    # -- the story -----------------------------------------------------------------------------------------------------

    def test_the_story_of_a_write_off(self):
        write_off = self.propose()
        self.assertEqual(write_off.amount, 150)
        self.assertEqual(write_off.activity_ids.user_id, self.company._collection_managers().sorted("id")[:1])
        self.run_cycle(TODAY)
        self.assertNotSent(self.lost)
        self.assertIn("waits for approval", self.items(self.older).stop_reason)
        self.approve(write_off)
        self.assertRecordValues(write_off, [{"state": "booked", "decided_by_id": self.head.id, "decided_on": TODAY}])
        self.assertEqual((self.older | self.newer).mapped("payment_state"), ["paid", "paid"])
        self.assertRecordValues(
            write_off.move_ids.line_ids.sorted(lambda line: (line.account_id != self.bad_debts, line.sequence)),
            [
                {"account_id": self.bad_debts.id, "balance": 100, "reconciled": False},
                {"account_id": self.bad_debts.id, "balance": 50, "reconciled": False},
                {"account_id": self.older.line_ids.account_id.filtered("reconcile").id, "balance": -100, "reconciled": True},
                {"account_id": self.older.line_ids.account_id.filtered("reconcile").id, "balance": -50, "reconciled": True},
            ],
        )
        self.assertEqual(self.case(self.lost).state, "closed")
        self.assertIn("written off", self.case(self.lost).message_ids[0].body)
        with self.on_day(TODAY):
            write_off.with_user(self.head).action_undo()
        self.assertEqual(write_off.state, "undone")
        self.assertEqual((self.older | self.newer).mapped("amount_residual"), [100, 50])
        self.assertEqual(len(write_off.move_ids), 2)
        self.assertEqual(self.case(self.lost).amount_due, 150)

    # -- two persons, and limits ---------------------------------------------------------------------------------------

    def test_nobody_approves_the_own_proposal(self):
        write_off = self.propose(user=self.head)
        with self.assertRaisesRegex(UserError, "second person"):
            self.approve(write_off, self.head)
        self.assertEqual(write_off.with_user(self.head).approval_problem, "You proposed it yourself: a second person approves.")
        self.assertFalse(write_off.with_user(self.manager).approval_problem)

    def test_collectors_approve_up_to_their_limit(self):
        write_off = self.propose()
        with self.assertRaisesRegex(UserError, "limit"):
            self.approve(write_off, self.bert)
        self.company.collection_write_off_collector_limit = 150
        self.approve(write_off, self.bert)
        self.assertEqual(write_off.state, "booked")

    def test_a_limit_is_not_evaded_in_pieces(self):
        """What is proposed, and what was written off within a year, counts together; what was undone or refused does not."""
        self.company.collection_write_off_collector_limit = 120
        large, small = self.propose(self.older), self.propose(self.newer)
        for piece in (large, small):
            with self.assertRaisesRegex(UserError, "it comes to .*150"):
                self.approve(piece, self.bert)
        other = self.customer("Other")
        elsewhere = self.propose(self.invoice(other, 110))
        self.approve(elsewhere, self.bert)
        self.approve(large)
        with self.assertRaisesRegex(UserError, "within a year"):
            self.approve(small, self.bert)
        with self.on_day(TODAY + timedelta(days=364)):
            self.assertIn("within a year", small.with_user(self.bert)._find_problem(self.bert, small._sum_by_case()))
        with self.on_day(TODAY + timedelta(days=365)):
            self.assertFalse(small.with_user(self.bert)._find_problem(self.bert, small._sum_by_case()))
        with self.on_day(TODAY):
            large.with_user(self.head).action_undo()
        self.env.invalidate_all()
        self.assertFalse(small.with_user(self.bert).approval_problem)
        self.approve(small, self.bert)

    def test_above_the_managers_limit_an_accountant_is_needed(self):
        self.company.collection_write_off_manager_limit = 149.99
        write_off = self.propose()
        with self.assertRaisesRegex(UserError, "limit"):
            self.approve(write_off)
        self.head.group_ids += self.env.ref("account.group_account_manager")
        self.approve(write_off)
        self.assertEqual(write_off.state, "booked")

    def test_who_looks_at_a_proposal_finds_what_was_proposed(self):
        """Nobody changes it, takes another name, or raises the limit by writing what is computed."""
        write_off = self.propose(invoices=self.older, amount=10)
        attempts = (
            {"amount": 100},
            {"item_ids": [Command.set(self.items(self.newer).ids)]},
            {"reason": "Other"},
            {"active": False},
            {"date_from": "2020-01-01"},
        )
        for vals in attempts:
            with self.subTest(vals=vals), self.assertRaises(UserError):
                write_off.write(vals)
        for vals in (
            {"state": "booked"},
            {"proposed_by_id": self.bert.id},
            {"amount_booked": 1},
            {"proposed_amounts": {}},
            {"amount_company": 0},
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                write_off.write(vals)
        with self.assertRaises(AccessError):
            self.propose(invoices=self.newer, amount_company=1)
        context = {"default_state": "booked", "default_proposed_by_id": self.bert.id}
        forged = self.env["collection.write.off"].with_user(self.anna).with_context(**context)
        forged = forged.create(
            {"partner_id": self.lost.id, "company_id": self.company.id, "item_ids": self.items(self.newer).ids, "reason": "Try"}
        )
        self.assertRecordValues(forged, [{"state": "proposed", "proposed_by_id": self.anna.id}])

    def test_the_auditor_and_strangers_decide_nothing(self):
        write_off = self.propose()
        for attempt in ("action_approve", "action_refuse", "action_withdraw", "action_undo"):
            with self.subTest(attempt), self.assertRaises(AccessError):
                getattr(write_off.with_user(self.auditor), attempt)()
        with self.assertRaises(AccessError):
            self.propose(user=self.auditor)
        with self.assertRaisesRegex(AccessError, "Only who proposed it"):
            write_off.with_user(self.bert).action_withdraw()
        with self.assertRaises(AccessError):
            write_off.unlink()

    # -- refusing and withdrawing --------------------------------------------------------------------------------------

    def test_a_refusal_says_why_and_the_items_go_on(self):
        write_off = self.propose()
        action = write_off.with_user(self.head).action_refuse()
        with self.on_day(TODAY):
            wizard = self.env["collection.write.off.refuse"].with_user(self.head).with_context(**action["context"])
            with Form(wizard) as form:
                form.refusal = "Call them first"
            form.record.action_refuse()
        self.assertRecordValues(write_off, [{"state": "refused", "refusal": "Call them first"}])
        self.assertIn(self.anna.partner_id, write_off.message_ids.notified_partner_ids)
        self.assertFalse(write_off.activity_ids)
        self.run_cycle(TODAY)
        self.assertSent(self.lost, self.level(7))
        with self.assertRaisesRegex(UserError, "decided already"):
            self.approve(write_off)

    def test_who_proposed_it_withdraws_it(self):
        write_off = self.propose()
        with self.on_day(TODAY):
            write_off.action_withdraw()
        self.assertEqual(write_off.state, "withdrawn")

    # -- amounts -------------------------------------------------------------------------------------------------------

    def test_a_part_is_taken_from_the_oldest_items(self):
        write_off = self.propose(amount=120)
        self.approve(write_off)
        self.assertEqual((self.older | self.newer).mapped("amount_residual"), [0, 30])

    def test_what_was_paid_meanwhile_is_not_written_off(self):
        write_off = self.propose()
        self.pay(self.older, 60)
        self.approve(write_off)
        self.assertEqual(sum(write_off.move_ids.line_ids.filtered("debit").mapped("debit")), 90)
        self.assertEqual((self.older | self.newer).mapped("payment_state"), ["paid", "paid"])

    def test_a_payment_moves_nothing_to_money_that_nobody_gave_up(self):
        """Of 100 and 50, 120 is proposed: all of the first, 20 of the second. The first is paid: 20 is given up."""
        write_off = self.propose(amount=120)
        self.pay(self.older)
        self.approve(write_off)
        self.assertEqual((self.older | self.newer).mapped("amount_residual"), [0, 30])
        self.assertRecordValues(write_off, [{"amount": 120, "amount_booked": 20}])
        for record in (write_off, self.case(self.lost)):
            body = record.message_ids.filtered(lambda message: "written off" in (message.body or "")).body
            self.assertIn("20.00", body)
            self.assertNotIn("120.00", body)
        self.assertIn("20.00", write_off.display_name)
        self.assertNotIn("120.00", write_off.display_name)

    def test_of_what_is_all_paid_nothing_is_written_off(self):
        write_off = self.propose(invoices=self.older)
        self.pay(self.older)
        with self.assertRaisesRegex(UserError, "nothing of it is open"):
            self.approve(write_off)

    def test_more_than_is_open_and_credits_are_refused(self):
        with self.assertRaisesRegex(ValidationError, "not more can be written off"):
            self.propose(amount=150.01)
        credit = self.credit_note(self.lost, 20)
        with self.assertRaisesRegex(ValidationError, "credits cannot"):
            self.propose(invoices=self.older | credit, amount=10)

    # -- what settles the items in another way -------------------------------------------------------------------------

    def draft_credit_note(self, invoice, amount):
        return self.env["collection.case"]._draft_credit_note(invoice, amount, "Goods returned")

    def test_what_a_draft_credit_note_takes_off_is_not_proposed(self):
        draft = self.draft_credit_note(self.older, 20)
        with (
            self.assertRaisesRegex(UserError, "draft credit note over .*20.00 takes off .* Post or delete"),
            self.env.cr.savepoint(),
        ):
            self.propose()
        write_off = self.propose(invoices=self.older, amount=80)
        self.assertIn(self.older.name, write_off.released_elsewhere)
        self.approve(write_off)
        self.assertEqual(self.older.amount_residual, 20)
        self.assertEqual(draft.state, "draft")

    def test_a_draft_credit_note_since_the_proposal_refuses_the_approval(self):
        write_off = self.propose()
        draft = self.draft_credit_note(self.newer, 10)
        with self.assertRaisesRegex(UserError, self.newer.name):
            self.approve(write_off)
        self.assertEqual(self.older.amount_residual, 100, "nothing is booked")
        draft.unlink()
        self.approve(write_off)
        self.assertEqual(write_off.amount_booked, 150)

    def test_money_on_account_is_matched_first(self):
        payment = self.credit_note(self.lost, 40)
        with (
            self.assertRaisesRegex(UserError, "40.00 on account of Lost .*110.00 is owed.* Match the credits first"),
            self.env.cr.savepoint(),
        ):
            self.propose()
        write_off = self.propose(amount=110)
        self.assertIn("40.00 on account is not matched yet", write_off.released_elsewhere)
        self.approve(write_off)
        self.assertFalse(write_off.released_elsewhere)
        self.assertEqual(write_off.amount_booked, 110)
        self.assertEqual(self.items(payment).amount_residual_currency, -40)

    def test_money_on_account_since_the_proposal_refuses_the_approval(self):
        write_off = self.propose()
        self.credit_note(self.lost, 40)
        with self.assertRaisesRegex(UserError, "on account of Lost"):
            self.approve(write_off)

    def test_who_looks_at_the_form_sees_money_on_account_before_it_is_proposed(self):
        self.credit_note(self.lost, 40)
        action = self.case(self.lost).with_user(self.anna).action_write_off()
        form = Form(self.env["collection.write.off"].with_user(self.anna).with_context(**action["context"]))
        self.assertIn("40.00 on account", form.released_elsewhere)

    def test_nothing_is_proposed_twice(self):
        self.propose(invoices=self.older)
        with self.assertRaisesRegex(UserError, "already"):
            self.propose(invoices=self.older)

    def test_in_a_foreign_currency_the_item_is_settled_to_the_cent_in_both(self):
        gold = self.setup_other_currency("HRK")
        self.set_rate(gold, 3.0)
        invoice = self.invoice(self.lost, 100, currency=gold)
        self.set_rate(gold, 2.0, on=TODAY - timedelta(days=1))
        write_off = self.propose(invoices=invoice)
        self.assertEqual((write_off.currency_id, write_off.amount_company), (gold, 50))
        self.approve(write_off)
        self.assertEqual(invoice.payment_state, "paid")
        expense = write_off.move_ids.line_ids.filtered(lambda line: line.account_id == self.bad_debts)
        self.assertRecordValues(expense, [{"amount_currency": 100, "balance": 33.33}])
        with self.assertRaisesRegex(ValidationError, "one currency|about one currency"):
            self.propose(invoices=self.older | self.invoice(self.lost, 10, currency=gold))

    # -- the books -----------------------------------------------------------------------------------------------------

    def test_without_an_account_the_settings_are_named(self):
        self.company.collection_write_off_account_id = False
        with self.assertRaisesRegex(UserError, "settings of Collections"):
            self.approve(self.propose())

    def test_closed_books_say_so(self):
        self.company.fiscalyear_lock_date = TODAY + timedelta(days=30)
        with self.assertRaisesRegex(UserError, "books of .* are closed"):
            self.approve(self.propose())

    # -- after the last level ------------------------------------------------------------------------------------------

    def test_the_decision_after_the_last_level(self):
        self.run_on(-24, -16, -8, 0)
        case = self.case(self.lost)
        self.assertEqual(case.next_step, "decide")
        wizard = (
            self.env["collection.case.decide"]
            .with_user(self.anna)
            .create({"case_ids": [Command.set(case.ids)], "choice": "write_off", "note": "Dissolved"})
        )
        with self.on_day(TODAY):
            wizard.action_apply()
            write_off = self.env["collection.write.off"].search([("case_id", "=", case.id)])
            self.assertEqual(write_off.item_ids, self.items(self.older), "The newer one has levels to come")
            self.assertFalse(case.next_step or case.is_to_decide)
            tiles = self.env["collection.today"].with_user(self.head).get_tiles()
            (tile,) = [tile for tile in tiles if tile["key"] == "decide"]
            self.assertEqual(tile["buttons"][0]["method"], "open_write_offs")
            wizard.action_undo()
            self.assertEqual((write_off.state, case.next_step), ("withdrawn", "decide"))
