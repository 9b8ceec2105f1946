import doctest
from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..engine import promised_money, promises
from .common import TODAY, CollectionsCase

JUNE_20 = date(2026, 6, 20)


def test_the_examples_of_money_that_counts_once_hold():
    assert doctest.testmod(promised_money).failed == 0


class TestPromise(CollectionsCase):
    """A customer promises an amount for a day: silence until then, and a verdict from the ledger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.write({"grace_days": 3, "promise_tolerance_percent": 1.0})

    def promise(self, customer, amount=1000, items=(), on=JUNE_20, since=date(2026, 6, 1), **vals):
        self.case(customer)
        return self.env["collection.promise"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "amount": amount,
                "promise_date": on,
                "date_from": since,
                "item_ids": [Command.set(self.items(items).ids if items else [])],
                **vals,
            }
        )

    def judge(self, on):
        self.env["collection.promise"]._judge(self.company, on)

    def setUp(self):
        super().setUp()
        self.payer = self.customer()
        self.debt = self.invoice(self.payer, 1000, due=date(2026, 5, 1))

    def test_what_was_withheld_says_for_which_day_it_was_promised(self):
        self.promise(self.payer, items=self.debt)
        self.run_cycle(date(2026, 6, 10))
        line = self.env["collection.cycle.line"].search([("case_id.partner_id", "=", self.payer.id)])
        self.assertIn("Promised for 06/20/2026", line.reason)

    # -- the verdict -------------------------------------------------------------------------------------------------

    def test_995_dated_20_june_and_booked_on_the_23rd_keeps_it(self):
        promise = self.promise(self.payer, items=self.debt)
        self.judge(date(2026, 6, 22))
        self.assertEqual(promise.state, "open")
        self.pay(self.debt, 995, on=JUNE_20)
        self.judge(date(2026, 6, 23))
        self.assertRecordValues(promise, [{"state": "kept", "amount_received": 995, "kept_percent": 99.5}])

    def test_980_is_partly_kept_on_the_24th_and_broken_once_it_is_returned(self):
        promise = self.promise(self.payer, items=self.debt)
        payment = self.pay(self.debt, 980, on=JUNE_20)
        self.judge(date(2026, 6, 23))
        self.assertEqual(promise.state, "open")
        self.judge(date(2026, 6, 24))
        self.assertRecordValues(promise, [{"state": "partly", "kept_percent": 98}])
        level = self.items(self.debt).level_id
        payment.action_draft()
        payment.action_cancel()
        self.judge(date(2026, 6, 30))
        self.assertRecordValues(promise, [{"state": "broken", "amount_received": 0}])
        self.assertEqual(self.items(self.debt).level_id, level)

    def test_a_company_that_fails_keeps_no_other_one_from_its_verdicts(self):
        other = self.setup_other_company(name="Broken")["company"]
        other.sequence = self.company.sequence - 1
        promise = self.promise(self.payer, items=self.debt)
        with self.on_day(date(2026, 6, 24), without=other), mute_logger("odoo.addons.account_collections_auto.engine.attempt"):
            for name in ("promises", "payment_plans", "settlement_offers"):
                with self.enter_registry_test_mode():
                    self.env.ref(f"account_collections_auto.ir_cron_{name}").sudo().method_direct_trigger()
        self.assertEqual(promise.state, "broken")

    def test_money_that_turns_up_dated_in_time_changes_the_verdict(self):
        promise = self.promise(self.payer, items=self.debt)
        self.judge(date(2026, 6, 24))
        self.assertEqual(promise.state, "broken")
        [todo] = promise.activity_ids
        self.assertEqual(todo.activity_type_id, self.env.ref("account_collections_auto.mail_activity_type_promise_broken"))
        self.pay(self.debt, 1000, on=date(2026, 6, 19))
        self.judge(date(2026, 7, 20))
        self.assertEqual(promise.state, "kept")
        self.assertFalse(promise.activity_ids)

    def test_money_dated_too_late_or_before_the_promise_does_not_keep_it(self):
        first, second = self.invoice(self.payer, 1000), self.invoice(self.payer, 1000)
        self.pay(first, 400, on=date(2026, 5, 30))
        early = self.promise(self.payer, 600, items=first)
        late = self.promise(self.payer, items=second)
        self.pay(second, 1000, on=date(2026, 6, 24))
        self.judge(date(2026, 6, 25))
        self.assertEqual((early.state, late.state), ("broken", "broken"))

    def test_one_on_items_counts_their_money_only_one_on_the_case_all_of_it(self):
        other = self.invoice(self.payer, 1000)
        on_items = self.promise(self.payer, items=self.debt)
        on_case = self.promise(self.payer)
        self.pay(other, 1000, on=JUNE_20)
        self.judge(date(2026, 6, 24))
        self.assertEqual((on_items.state, on_case.state), ("broken", "kept"))

    def test_money_on_account_keeps_one_on_the_case_and_a_return_takes_it_back(self):
        promise = self.promise(self.payer)
        receivable = self.company_data["default_account_receivable"]
        for amount, state in ((1000, "kept"), (-1000, "broken")):
            line = self.bank_line(amount, on=JUNE_20, partner_id=self.payer.id)
            own_account = line.journal_id.default_account_id
            line.line_ids.filtered_domain([("account_id", "!=", own_account.id)]).account_id = receivable
            self.judge(date(2026, 6, 24))
            self.assertEqual(promise.state, state)

    # -- money counts once -------------------------------------------------------------------------------------------

    def test_one_payment_keeps_the_older_of_two_promises_and_only_its_rest_the_other(self):
        older = self.promise(self.payer, 600)
        younger = self.promise(self.payer, 600, since=date(2026, 6, 2))
        payment = self.pay(self.debt, 600, on=JUNE_20)
        self.judge(date(2026, 6, 24))
        self.assertRecordValues(
            older + younger, [{"state": "kept", "amount_received": 600}, {"state": "broken", "amount_received": 0}]
        )
        self.pay(self.debt, 300, on=JUNE_20)
        self.judge(date(2026, 6, 25))
        self.assertRecordValues(
            older + younger, [{"state": "kept", "amount_received": 600}, {"state": "partly", "amount_received": 300}]
        )
        payment.action_draft()
        payment.action_cancel()
        self.judge(date(2026, 6, 26))
        self.assertRecordValues(
            older + younger, [{"state": "partly", "amount_received": 300}, {"state": "broken", "amount_received": 0}]
        )

    def test_what_one_on_the_case_took_does_not_keep_one_on_items_and_the_other_way_round(self):
        other = self.invoice(self.payer, 1000)
        on_case = self.promise(self.payer, 800)
        on_items = self.promise(self.payer, 1000, items=self.debt)
        later = self.promise(self.payer, 500)
        self.pay(self.debt, 1000, on=JUNE_20)
        self.judge(date(2026, 6, 24))
        received = [{"amount_received": amount} for amount in (800, 200, 0)]
        self.assertRecordValues(on_case + on_items + later, received)
        self.assertEqual([promise.state for promise in (on_case, on_items, later)], ["kept", "partly", "broken"])
        self.pay(other, 700, on=JUNE_20)
        self.judge(date(2026, 6, 25))
        received = [{"amount_received": amount} for amount in (800, 200, 500)]
        self.assertRecordValues(on_case + on_items + later, received)

    def test_two_promises_about_two_items_that_one_payment_pays_are_both_kept(self):
        francs = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0), ("2026-06-10", 4.0)])
        first, second = (self.invoice(self.payer, 1000, due=date(2026, 5, 1), currency=francs) for _number in range(2))
        promised = [self.promise(self.payer, 1000, items=invoice) for invoice in (first, second)]
        self.pay(first + second, on=JUNE_20)
        self.judge(date(2026, 6, 24))
        for promise in promised:
            self.assertRecordValues(promise, [{"state": "kept", "amount_received": 1000, "currency_id": francs.id}])

    def test_judging_many_promises_takes_as_many_statements_as_judging_one(self):
        self.promise(self.payer)
        self.judge(date(2026, 6, 1))

        def statements(day):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            promises.judge(self.env, self.company, day)
            return self.env.cr.sql_log_count - before

        one = statements(date(2026, 6, 2))
        for number in range(5):
            payer = self.customer(f"Payer {number}")
            self.pay(self.invoice(payer, 100, due=date(2026, 5, 1)), 50, on=JUNE_20)
            self.promise(payer, 100)
        self.assertEqual(statements(date(2026, 6, 3)), one)

    def test_a_credit_note_reduces_what_was_promised(self):
        promise = self.promise(self.payer, items=self.debt)
        reversal = self.debt._reverse_moves([{"invoice_date": date(2026, 6, 10)}])
        reversal.invoice_line_ids.price_unit = 400
        reversal.action_post()
        self.pay(self.debt, 600, on=JUNE_20)
        self.judge(date(2026, 6, 24))
        self.assertRecordValues(promise, [{"state": "kept", "amount_received": 600, "amount_credited": 400}])

    def test_a_credit_note_reduces_a_promise_on_the_whole_case_too(self):
        promise = self.promise(self.payer)
        self.credit_note(self.payer, 400, on=date(2026, 6, 10))
        self.credit_note(self.payer, 50, on=date(2026, 5, 20))  # known when the customer promised
        self.pay(self.debt, 600, on=JUNE_20)
        self.judge(date(2026, 6, 24))
        self.assertRecordValues(promise, [{"state": "kept", "amount_received": 600, "amount_credited": 400}])

    def test_a_credit_note_for_an_invoice_that_came_later_reduces_no_promise(self):
        promise = self.promise(self.payer)
        later = self.invoice(self.payer, 400, due=date(2026, 6, 15), issued=date(2026, 6, 15))
        reversal = later._reverse_moves([{"invoice_date": date(2026, 6, 16), "date": date(2026, 6, 16)}], cancel=True)
        self.assertEqual(reversal.payment_state, "paid")
        self.pay(self.debt, 600, on=JUNE_20)
        self.judge(date(2026, 6, 24))
        self.assertRecordValues(promise, [{"state": "partly", "amount_received": 600, "amount_credited": 0}])

    def test_what_a_credit_note_gave_back_in_money_was_not_paid_by_the_customer(self):
        promise = self.promise(self.payer)
        credit = self.credit_note(self.payer, 200, on=date(2026, 6, 10))
        self.pay(credit, on=date(2026, 6, 11))
        self.pay(self.debt, 1000, on=JUNE_20)
        self.judge(date(2026, 6, 24))
        self.assertRecordValues(promise, [{"state": "kept", "amount_received": 800, "amount_credited": 200}])

    def test_a_cycle_of_an_earlier_day_takes_back_no_verdict(self):
        promise = self.promise(self.payer, items=self.debt)
        self.judge(date(2026, 6, 24))
        [todo] = promise.activity_ids
        self.judge(date(2026, 6, 22))
        self.assertEqual((promise.state, promise.activity_ids), ("broken", todo))
        self.pay(self.debt, 1000, on=JUNE_20)
        self.judge(date(2026, 6, 22))
        self.assertEqual(promise.state, "kept")

    def test_a_promise_in_another_currency(self):
        francs = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0)])
        invoice = self.invoice(self.payer, 500, currency=francs)
        promise = self.promise(self.payer, 500, items=invoice)
        self.assertEqual(promise.currency_id, francs)
        self.pay(invoice, on=JUNE_20)
        self.judge(date(2026, 6, 24))
        self.assertRecordValues(promise, [{"state": "kept", "amount_received": 500}])

    # -- silence -------------------------------------------------------------------------------------------------------

    def test_the_promised_items_rest_and_go_on_where_they_stood(self):
        self.run_cycle(date(2026, 5, 20))
        other = self.invoice(self.payer, 200, due=date(2026, 5, 1))
        self.promise(self.payer, items=self.debt)
        self.run_cycle(date(2026, 6, 10))
        day, _level, advancing, total = self.sent(self.payer)[-1]
        self.assertEqual((day, advancing, total), (date(2026, 6, 10), {other: 200}, 200))
        self.assertWithheld(self.payer, "promise", date(2026, 6, 10))
        self.run_cycle(date(2026, 7, 5))
        self.assertIn(self.debt, self.sent(self.payer)[-1][2])
        self.assertSent(self.payer, self.level(21), date(2026, 7, 5))

    def test_a_promise_on_the_second_of_three_instalments_leaves_the_others(self):
        customer = self.customer("Three")
        due = date(2026, 5, 1)
        invoice = self.instalments(customer, (100, due), (200, due + timedelta(days=1)), (300, due + timedelta(days=2)))
        second = self.items(invoice).filtered(lambda item: item.amount_residual == 200)
        self.case(customer)
        self.env["collection.promise"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "amount": 200,
                "promise_date": JUNE_20,
                "date_from": date(2026, 6, 1),
                "item_ids": second.ids,
            }
        )
        self.run_cycle(date(2026, 6, 10))
        self.assertEqual([total for *_rest, total in self.sent(customer)], [400])
        self.assertEqual(set(invoice.line_ids.filtered("date_maturity").mapped("no_followup")), {False})

    # -- limits and refusals -------------------------------------------------------------------------------------------

    def test_beyond_the_limits_a_manager_approves_and_until_then_reminders_go_on(self):
        promise = self.promise(self.payer, items=self.debt, on=date(2026, 9, 1))
        self.assertEqual(promise.state, "to_approve")
        self.assertTrue(promise.activity_ids)
        self.run_cycle(date(2026, 6, 10))
        self.assertEqual(len(self.sent(self.payer)), 1)
        collector = self.make_user("cora", "account_collections_auto.group_collector")
        with self.assertRaises(AccessError):
            promise.with_user(collector).action_approve()
        promise.action_approve()
        self.run_cycle(date(2026, 7, 10))
        self.assertEqual(len(self.sent(self.payer)), 1)

    def test_the_limits_hold_for_a_promise_that_is_moved_too(self):
        collector = self.make_user("cora", "account_collections_auto.group_collector")
        promise = self.promise(self.payer, items=self.debt).with_user(collector)
        promise.promise_date = date(2026, 9, 1)
        self.assertEqual(promise.state, "to_approve")
        for vals in ({"state": "open"}, {"verdict_date": date(2027, 1, 1)}, {"approval_reason": False}):
            with self.assertRaises(AccessError, msg=vals):
                promise.write(vals)
        promise.sudo().action_approve()
        self.judge(date(2026, 9, 10))
        self.assertEqual(promise.state, "broken")
        with self.assertRaisesRegex(UserError, "verdict"):
            promise.promise_date = date(2026, 9, 30)

    def test_after_two_promises_that_were_not_kept_the_third_needs_a_manager(self):
        for _number in range(2):
            self.assertEqual(self.promise(self.payer, items=self.debt).state, "open")
        self.judge(date(2026, 6, 24))
        self.assertEqual(self.promise(self.payer, items=self.debt).state, "to_approve")
        self.assertEqual(self.case(self.payer).promise_summary, "0 of 2 kept")

    def test_promises_that_are_still_open_are_not_broken_ones(self):
        for _number in range(3):
            self.assertEqual(self.promise(self.payer, items=self.debt).state, "open")

    def test_one_that_was_kept_ends_the_row(self):
        first = self.promise(self.payer, items=self.debt)
        self.judge(date(2026, 6, 24))
        self.promise(self.payer, 500, items=self.debt, since=date(2026, 6, 25), on=date(2026, 6, 28))
        self.pay(self.debt, 500, on=date(2026, 6, 28))
        self.judge(date(2026, 7, 3))
        self.assertEqual(first.state, "broken")
        self.assertEqual(self.promise(self.payer, items=self.debt, since=date(2026, 7, 3), on=date(2026, 7, 9)).state, "open")

    def test_one_recorded_before_the_first_invoice_finds_the_case_that_comes_with_it(self):
        newcomer = self.customer("Newcomer")
        promise = self.promise(newcomer, 500)
        self.assertFalse(promise.case_id)
        self.assertEqual(promise.verdict_date, date(2026, 6, 21))
        self.invoice(newcomer, 500, due=date(2026, 6, 2))
        case = self.case(newcomer)
        self.assertEqual((promise.case_id, case.promise_ids), (case, promise))
        self.assertEqual(promise.verdict_date, date(2026, 6, 24))
        self.run_cycle(date(2026, 6, 15))
        self.assertNotSent(newcomer)
        self.judge(date(2026, 6, 24))
        self.assertEqual(promise.state, "broken")

    def test_a_promise_that_was_taken_back_holds_nothing(self):
        promise = self.promise(self.payer, items=self.debt, since=TODAY, on=TODAY + timedelta(days=9))
        with self.on_day(TODAY):
            promise.action_cancel()
        self.run_cycle()
        self.assertEqual(len(self.sent(self.payer)), 1)
        with self.assertRaises(UserError):
            promise.action_cancel()

    def test_what_cannot_be_promised(self):
        stranger = self.invoice(self.customer("Other"), 5)
        with self.assertRaises(ValidationError):
            self.promise(self.payer, items=stranger)
        with self.assertRaises(ValidationError):
            self.promise(self.payer, items=self.debt, on=date(2026, 5, 1))

    def test_an_auditor_changes_nothing(self):
        promise = self.promise(self.payer, items=self.debt)
        auditor = self.make_user("ada", "account_collections_auto.group_collection_auditor")
        for act in ("action_cancel", "action_approve"):
            with self.assertRaises(AccessError, msg=act):
                getattr(promise.with_user(auditor), act)()

    def test_the_number_of_statements_does_not_grow_with_the_promises(self):
        def count():
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.judge(date(2026, 6, 10))
            return self.env.cr.sql_log_count - before

        self.promise(self.payer, items=self.debt)
        self.judge(date(2026, 6, 10))
        few = count()
        for _number in range(8):
            self.promise(self.payer, items=self.debt)
        self.assertEqual(count(), few)

    # -- Today ---------------------------------------------------------------------------------------------------------

    def test_today_shows_what_customers_answered_until_somebody_has_dealt_with_it(self):
        def lines():
            tiles = {tile["key"]: tile for tile in self.env["collection.today"].get_tiles()}
            return {line["link"]["method"]: line["count"] for line in tiles.get("answers", {"lines": []})["lines"]}

        before = lines()
        promise = self.promise(self.payer, items=self.debt)
        self.promise(self.payer, items=self.debt, on=date(2027, 1, 1))
        self.judge(date(2026, 6, 24))
        after = lines()
        for method in ("open_broken_promises", "open_promises_to_approve"):
            self.assertEqual(after.get(method, 0) - before.get(method, 0), 1, method)
        self.assertIn(
            promise, self.env["collection.promise"].search(self.env["collection.today"].open_broken_promises()["domain"])
        )
        auditor = self.make_user("ada", "account_collections_auto.group_collection_auditor")
        today = self.env["collection.today"].with_user(auditor)
        [tile] = [tile for tile in today.get_tiles() if tile["key"] == "answers"]
        counts = {line["link"]["method"]: line["count"] for line in tile["lines"]}
        self.assertEqual(counts["open_broken_promises"], after["open_broken_promises"])
        self.assertIn(promise, self.env["collection.promise"].with_user(auditor).search(today.open_broken_promises()["domain"]))
        promise.activity_ids.action_done()
        self.assertEqual(lines().get("open_broken_promises", 0), before.get("open_broken_promises", 0))

    # -- money that comes early, or goes back late ---------------------------------------------------------------------

    def test_money_dated_before_it_and_matched_since_keeps_one_on_items(self):
        promise = self.promise(self.payer, items=self.debt)
        self.pay(self.debt, 1000, on=date(2026, 5, 30))
        self.judge(date(2026, 6, 24))
        self.assertRecordValues(promise, [{"state": "kept", "amount_received": 1000}])

    def test_money_that_is_returned_after_the_verdict_breaks_one_on_the_case(self):
        promise = self.promise(self.payer)
        receivable = self.company_data["default_account_receivable"]
        returned_later = ((1000, JUNE_20, 24, "kept"), (500, date(2026, 6, 26), 27, "kept"))
        went_back = ((-500, date(2026, 6, 28), 28, "kept"), (-1000, date(2026, 6, 30), 30, "broken"))
        for amount, day, judged, state in returned_later + went_back:
            line = self.bank_line(amount, on=day, partner_id=self.payer.id)
            own_account = line.journal_id.default_account_id
            line.line_ids.filtered_domain([("account_id", "!=", own_account.id)]).account_id = receivable
            self.judge(date(2026, 6, judged))
            self.assertEqual(promise.state, state, f"{amount} of {day}")

    # -- limits ----------------------------------------------------------------------------------------------------------

    def test_a_later_first_day_does_not_make_the_way_shorter(self):
        self.plan.promise_max_days = 30
        with self.on_day(date(2026, 6, 1)):
            promise = self.promise(self.payer, on=date(2026, 8, 1), since=date(2026, 7, 25))
        self.assertEqual(promise.state, "to_approve")
        collector = self.make_user("carla", "account_collections_auto.group_collector")
        plain = self.promise(self.payer)
        with self.assertRaisesRegex(UserError, "stays"):
            plain.with_user(collector).date_from = date(2026, 6, 2)

    def test_what_was_approved_is_approved_anew_when_it_changes(self):
        self.plan.promise_max_days = 5
        self.invoice(self.payer, 9000, due=date(2026, 5, 1))
        collector = self.make_user("carla", "account_collections_auto.group_collector")
        self.company.collection_user_id = collector
        promise = self.promise(self.payer, items=self.debt).with_user(collector)
        self.assertTrue(promise.activity_ids.user_id.has_group("account_collections_auto.group_collection_manager"))
        promise.with_user(self.manager).action_approve()
        promise.note = "Called twice"
        self.assertEqual(promise.state, "open")
        promise.write({"item_ids": [Command.clear()], "amount": 1})
        self.assertEqual(promise.state, "to_approve")

    def test_one_that_nobody_approved_holds_back_nothing_after_its_day_either(self):
        self.plan.write({"promise_max_days": 5, "resume_days": 5})
        self.run_cycle(date(2026, 5, 8))
        promise = self.promise(self.payer, items=self.debt, on=date(2026, 6, 10), since=date(2026, 5, 9))
        self.assertEqual(promise.state, "to_approve")
        self.run_cycle(date(2026, 6, 15))
        self.assertEqual(self.sent(self.payer)[-1][0], date(2026, 6, 15))
