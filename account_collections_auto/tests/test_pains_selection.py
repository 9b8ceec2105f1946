from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError

from .common import TODAY, CollectionsCase


class TestPainsSelection(CollectionsCase):
    """What users of other systems suffered from: who is reminded, of what, and how often. Numbers: the list of pains."""

    def run_cron(self, on=TODAY):
        self.company.write({"collection_is_active": True, "collection_mode": "send", "collection_send_time": 8})
        with self.on_day(on), self.enter_registry_test_mode():
            for cron in ("ir_cron_run_cycles", "ir_cron_outbox"):
                self.env.ref(f"account_collections_auto.{cron}").sudo().method_direct_trigger()

    def buyer(self, *amounts, days=30, **vals):
        customer = self.customer(**vals)
        for amount in amounts or (100,):
            self.invoice(customer, amount, due=TODAY - timedelta(days=days))
        return customer

    def test_pain_01_a_job_that_runs_every_fifteen_minutes_reminds_once(self):
        customer = self.buyer()
        for _quarter in range(4):
            self.run_cron()
            self.run_cycle()
        self.assertEqual(len(self.actions(customer)), 1)
        self.assertEqual(self.env["mail.mail"].search_count([("model", "=", "collection.case")]), 1)

    def test_pain_03_a_missed_day_is_caught_up(self):
        customer = self.buyer(days=6)
        self.run_on(0, 5)  # not on day 1, when the first level was reached exactly
        self.assertSent(customer, self.level(7), TODAY + timedelta(days=5))

    def test_pain_04_days_after_the_due_date_are_days_after_it_and_the_level_says_so(self):
        self.assertTrue(self.level(7).sentence.startswith("7 days after the due date"))
        self.assertTrue(self.level(-3).sentence.startswith("3 days before the due date"))
        customer = self.customer()
        self.invoice(customer, due=TODAY)
        days = range(-10, 30)
        self.run_on(*days)
        sent = [((day - TODAY).days, level) for day, level, _advancing, _total in self.sent(customer)]
        self.assertEqual(sent, [(-3, "L0"), (7, "L1"), (21, "L2")])

    def test_pain_05_nothing_past_due_is_written_before_the_due_date(self):
        customer = self.customer()
        self.invoice(customer, due=TODAY + timedelta(days=3), issued=TODAY)
        self.run_on(0, 1, 2, 3)
        self.assertEqual([level for _day, level, *_rest in self.sent(customer)], ["L0"])
        # The new invoice falls due at once, yet the message of three days ago still counts.
        self.invoice(customer, due=TODAY - timedelta(days=10))
        self.run_on(4)
        self.assertNotSent(customer, TODAY + timedelta(days=4))
        self.assertWithheld(customer, "gap", TODAY + timedelta(days=4))

    def test_pain_06_what_is_paid_before_the_message_leaves_is_not_claimed(self):
        self.level(7).mode = "review"
        paid, half = self.buyer(), self.buyer(100, 50)
        paid_invoices = self.items(paid).move_id | self.items(half).move_id[0]
        self.run_cycle()
        waiting = self.actions(paid) | self.actions(half)
        for invoice in paid_invoices:
            self.pay(invoice)
        self.env.cr.flush()
        with self.on_day(TODAY), self.enter_registry_test_mode():
            waiting.action_approve()
            self.env.ref("account_collections_auto.ir_cron_outbox").sudo().method_direct_trigger()
        self.assertNotSent(paid)
        self.assertEqual(self.actions(paid).reason_code, "paid_meanwhile")
        self.assertEqual(self.sent(half)[0][3], 50)

    def test_pain_15_a_customer_with_items_at_several_levels_gets_one_message_in_the_highest_tone(self):
        customer = self.customer()
        old = self.invoice(customer, 100, due=TODAY - timedelta(days=30))
        self.run_cycle()
        new = self.invoice(customer, 50, due=TODAY - timedelta(days=2))
        self.run_on(8)
        [_first, (_day, level, advancing, total)] = self.sent(customer)
        self.assertEqual((level, advancing, total), ("L2", {old: 100, new: 50}, 150))
        self.assertEqual(self.items(customer).mapped("level_id.name"), ["L2", "L1"])

    def test_pain_17_one_message_lists_all_invoices(self):
        customer = self.buyer(*range(10, 40))
        self.run_cycle()
        action = self.actions(customer)
        self.assertEqual(len(action), 1)
        self.assertEqual(len(action.line_ids), 30)
        self.assertEqual(action.amount, sum(range(10, 40)))

    def test_pain_18_open_credit_notes_reduce_the_claim(self):
        customer = self.buyer(100)
        self.credit_note(customer, 30)
        self.run_cycle()
        self.assertEqual(self.sent(customer)[0][3], 70)

    def test_pain_19_cancelled_refunds_and_drafts_are_not_open(self):
        customer = self.buyer(100)
        refund = self.credit_note(customer, 90)
        refund.button_draft()
        refund.button_cancel()
        self.env["account.move"].create(
            {"move_type": "out_refund", "partner_id": customer.id, "invoice_line_ids": [Command.create({"price_unit": 5})]}
        )
        self.run_cycle()
        self.assertEqual(self.sent(customer)[0][3], 100)
        self.assertEqual(self.case(customer).amount_credit, 0)

    def test_pain_20_partly_paid_invoices_are_reminded_and_keep_their_history(self):
        customer = self.customer()
        invoice = self.invoice(customer, 100)
        self.run_cycle()
        self.pay(invoice, 60)
        self.assertEqual(self.items(invoice).level_id, self.level(7))
        self.run_on(8)
        self.assertEqual(
            [(level, total) for _day, level, _advancing, total in self.sent(customer)], [("L1", 100), ("L2", 40)]
        )

    def test_pain_21_each_instalment_is_late_on_its_own_day(self):
        customer = self.customer()
        self.instalments(customer, (100, TODAY - timedelta(days=10)), (900, TODAY + timedelta(days=90)))
        self.run_cycle()
        self.assertEqual(self.sent(customer)[0][3], 100)
        with self.on_day(TODAY):
            self.assertEqual(self.case(customer).amount_overdue, 100)
        self.assertEqual(self.case(customer).amount_due, 1000)

    def test_pain_24_two_companies_run_on_one_date_and_see_nothing_of_each_other(self):
        other = self.setup_other_company(name="Second")
        second = other["company"]
        plan = self.make_plan(company=second)
        second.collection_plan_id = plan
        customer = self.buyer(100)
        foreign = self.env["account.move"].with_company(second).create(
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "company_id": second.id,
                "invoice_date": TODAY - timedelta(days=30),
                "invoice_date_due": TODAY - timedelta(days=30),
                "invoice_payment_term_id": False,
                "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 7, "tax_ids": []})],
            }
        )
        foreign.action_post()
        self.run_cycle()
        self.run_cycle(company=second)
        actions = self.actions(customer)
        self.assertEqual({action.company_id: action.amount for action in actions}, {self.company: 100, second: 7})
        self.assertEqual(len(self.env["collection.case"].search([("partner_id", "=", customer.id)])), 2)
        only_first = self.env["res.users"].sudo().create(
            {
                "name": "First only",
                "login": "first_only",
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
                "group_ids": [Command.set(self.env.ref("account_collections_auto.group_collection_manager").ids)],
            }
        )
        for model in ("case", "item", "action", "action.line", "cycle", "cycle.line", "plan", "level"):
            with self.subTest(model):
                records = self.env[f"collection.{model}"].with_user(only_first).search([])
                self.assertTrue(records)
                self.assertEqual(records.sudo().company_id, self.company)
        with self.assertRaises(AccessError):
            self.env["collection.cycle"].with_user(only_first).run(second.id, TODAY)

    def test_pain_25_totals_do_not_change_with_the_active_company(self):
        second = self.setup_other_company(name="Second")["company"]
        customer = self.buyer(100, 50)
        case = self.case(customer)
        for company in (self.company, second):
            seen = case.with_company(company).with_context(allowed_company_ids=[company.id, self.company.id])
            self.assertEqual(seen.amount_due, 150)
            self.assertEqual(seen.amount_due, sum(seen.item_ids.mapped("amount_residual")))

    def test_pain_26_a_stop_has_scope_reason_end_author_and_ends_by_itself(self):
        customer = self.customer()
        stopped, other = self.invoice(customer, 100), self.invoice(customer, 60)
        hold = self.hold(customer, self.items(stopped), until=TODAY + timedelta(days=6), reason="Asked us to wait")
        self.run_cycle()
        self.assertEqual(self.sent(customer)[0][2], {other: 60})
        self.assertEqual((hold.reason, hold.create_uid), ("Asked us to wait", self.env.user))
        self.run_on(7)
        self.assertEqual(self.sent(customer)[1][2], {stopped: 100})
        self.assertTrue(hold.exists())

    def test_pain_27_what_was_left_out_of_one_message_stays_eligible(self):
        customer = self.customer()
        left_out, sent = self.invoice(customer, 100), self.invoice(customer, 60)
        self.hold(customer, self.items(left_out), until=TODAY)
        self.run_cycle()
        self.assertEqual(self.sent(customer)[0][2], {sent: 60})
        self.run_on(7)
        self.assertEqual(self.sent(customer)[1][2], {left_out: 100})

    def test_pain_31_each_reminder_gives_a_new_deadline_and_the_next_waits_for_it(self):
        for days, response in ((7, 14), (21, 10)):
            self.level(days).response_days = response
        customer = self.buyer()
        self.run_on(0, 14, 15, 25, 26)
        self.assertEqual(
            [(action.contact_date, action.deadline) for action in self.actions(customer)],
            [
                (TODAY, TODAY + timedelta(days=14)),
                (TODAY + timedelta(days=15), TODAY + timedelta(days=25)),
                (TODAY + timedelta(days=26), TODAY + timedelta(days=33)),
            ],
        )

    def test_pain_37_a_group_is_dunned_as_one_or_by_contact_as_the_customer_wishes(self):
        group = self.customer("Group", email="group@example.com")
        sites = [
            self.env["res.partner"].create(
                {"name": name, "parent_id": group.id, "type": "invoice", "email": f"{name}@example.com"}
            )
            for name in ("north", "south")
        ]
        for site in sites:
            self.invoice(site, 100)
        self.run_cycle()
        self.assertEqual(self.actions(group).mapped("amount"), [200])
        group.collection_grouping = "contact"
        self.run_on(8)
        second = self.actions(group).filtered(lambda action: action.contact_date > TODAY)
        self.assertEqual(
            {(action.recipient, action.amount) for action in second},
            {("north@example.com", 100), ("south@example.com", 100)},
        )

    def test_pain_40_a_cycle_costs_the_same_statements_for_two_customers_and_for_twenty(self):
        cycles = self.env["collection.cycle"]

        def statements(day):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            cycles.preview(self.company, day)
            return self.env.cr.sql_log_count - before

        for _number in range(2):
            self.buyer()
        statements(TODAY)  # warm
        few = statements(TODAY)
        for _number in range(18):
            self.buyer()
        self.env["collection.case"]._refresh_marked()
        self.assertEqual(statements(TODAY), few)
        self.assertEqual(cycles.search([], limit=1).planned_count, 20)

    def test_pain_40_one_payment_refreshes_one_customer(self):
        first, second = self.buyer(), self.buyer()
        untouched = self.case(second).refreshed_at
        self.pay(self.items(first).move_id, 40)
        self.assertEqual(self.case(first).amount_due, 60)
        self.assertEqual(self.case(second).refreshed_at, untouched)
