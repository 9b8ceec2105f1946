from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError

from .common import TODAY, CollectionsCase

TOLD = "account_collections_auto.mail_activity_type_credit_hold"


class TestCreditHold(CollectionsCase):
    """We sell nothing more on account to a customer; who bills is warned or refused, who sells is told at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.make_user("anna", "account_collections_auto.group_collector")
        cls.clerk = cls.make_user("clerk", "account.group_account_invoice", "base.group_partner_manager")
        cls.head = cls.make_user("head", "account_collections_auto.group_collection_manager", "account.group_account_invoice")
        cls.seller = cls.make_user("sam")
        cls.auditor = cls.make_user("audit", "account_collections_auto.group_collection_auditor")
        cls.late = cls.customer("Late", user_id=cls.seller.id)
        cls.invoice(cls.late, 300, due=TODAY - timedelta(days=10), invoice_user_id=cls.seller.id)

    def hold_credit(self, user=None, **answers):
        case = self.case(self.late)
        wizard = self.env["collection.credit.hold.start"].with_user(user or self.collector)
        values = {"case_ids": [Command.set(case.ids)], "reason": "Three invoices unpaid", **answers}
        with self.on_day(TODAY):
            wizard = wizard.create(values)
            wizard.action_apply()
        return wizard

    def draft(self, customer=None, user=None, **vals):
        return (
            self.env["account.move"]
            .with_user(user or self.clerk)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": (customer or self.late).id,
                    "invoice_date": TODAY,
                    "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 10, "tax_ids": []})],
                    **vals,
                }
            )
        )

    def todos(self):
        return self.late.activity_ids.filtered(lambda todo: todo.activity_type_id == self.env.ref(TOLD))

    # -- billing -------------------------------------------------------------------------------------------------------

    def test_the_story_of_a_credit_hold(self):
        before = self.draft()
        self.assertFalse(before.collection_credit_hold)
        wizard = self.hold_credit()
        self.assertEqual(self.case(self.late).credit_hold_state, "on")
        self.assertEqual(self.todos().user_id, self.seller, "A task for the salesperson")
        notice = self.late.message_ids.sudo().search([("model", "=", "res.partner"), ("res_id", "=", self.late.id)])
        self.assertIn(self.seller.partner_id, notice.notified_partner_ids, "and a notice")
        before.invalidate_recordset()
        self.assertIn("Three invoices unpaid", before.collection_credit_hold)
        with self.on_day(TODAY), self.assertRaisesRegex(UserError, "Ask a collector to lift the hold"):
            before.action_post()
        with self.on_day(TODAY):
            before.with_user(self.head).action_post()
            self.assertIn("Posted all the same", before.message_ids[0].body)
            after = self.draft()
            wizard.action_undo()
            after.action_post()
        self.assertEqual((before | after).mapped("state"), ["posted", "posted"])
        self.assertFalse(self.todos())
        self.assertFalse(self.company.collection_has_credit_holds)

    def test_a_company_may_only_warn(self):
        self.company.collection_credit_hold_effect = "warn"
        self.hold_credit()
        with self.on_day(TODAY):
            invoice = self.draft()
            self.assertTrue(invoice.collection_credit_hold)
            invoice.action_post()
        self.assertIn("Posted all the same", invoice.sudo().message_ids[0].body)

    def test_contacts_of_the_customer_are_held_and_others_are_not(self):
        self.hold_credit()
        site = self.customer("Site", parent_id=self.late.id, type="invoice")
        other = self.customer("Other")
        with self.on_day(TODAY):
            with self.assertRaises(UserError):
                self.draft(site).action_post()
            (self.draft(other) | self.draft(other)).action_post()
            self.draft(move_type="out_refund").action_post()

    def test_it_ends_by_itself_after_its_last_day(self):
        self.hold_credit(date_until=TODAY + timedelta(days=3))
        with self.on_day(TODAY + timedelta(days=4)):
            self.draft().action_post()

    def test_after_its_last_day_another_one_can_be_set(self):
        self.hold_credit(date_until=TODAY + timedelta(days=3))
        case = self.case(self.late)
        first = case.credit_hold_ids
        holds = self.env["collection.credit.hold"]
        with self.on_day(TODAY + timedelta(days=4)):
            second = holds.with_user(self.collector)._set_by_hand(case.with_user(self.collector), "Again", False)
            self.assertRecordValues(first, [{"state": "lifted", "lifted_by_id": False}])
            self.assertEqual((second.state, case.credit_hold_reason), ("on", "Again"))
            self.assertTrue(self.company.collection_has_credit_holds)
            second.sudo().date_until = TODAY + timedelta(days=5)
        with self.on_day(TODAY + timedelta(days=6)):
            self.assertEqual(holds._propose(case, self.plan.level_ids[0]).state, "proposed")
        self.assertEqual(second.state, "lifted")

    def test_each_hold_writes_the_company_so_that_two_at_a_time_conflict(self):
        def version():
            self.env.flush_all()
            self.env.cr.execute("SELECT ctid FROM res_company WHERE id = %s", [self.company.id])
            return self.env.cr.fetchone()

        self.hold_credit()
        other = self.customer("Other")
        self.invoice(other, 300, due=TODAY - timedelta(days=10))
        before = version()
        with self.on_day(TODAY):
            self.env["collection.credit.hold"]._set_by_hand(self.case(other), "Late too", False)
            middle = version()
            self.case(self.late).action_lift_credit_hold()
        self.assertEqual(len({before, middle, version()}), 3)
        self.assertTrue(self.company.collection_has_credit_holds, "the other one is still on hold")

    def test_lifting_keeps_the_to_dos_of_another_company_that_holds_the_customer(self):
        company = self.setup_other_company(name="Second")["company"]
        case = self.case(self.late)
        self.hold_credit()
        head = self.make_user("paula")
        self.late.user_id = head
        elsewhere = case.sudo().copy({"company_id": company.id})
        self.env["collection.credit.hold"].sudo()._set_by_hand(elsewhere, "Late there", False)
        self.assertEqual(self.todos().user_id, self.seller + head)
        with self.on_day(TODAY):
            case.action_lift_credit_hold()
        self.env.invalidate_all()
        self.assertEqual(self.todos().user_id, head)

    def test_posting_costs_nothing_while_nobody_is_on_hold_and_one_statement_else(self):
        other = self.customer("Other")

        def statements():
            invoices = self.draft(other, self.manager) | self.draft(other, self.manager)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            held = invoices._find_credit_holds()
            self.assertFalse(held)
            return self.env.cr.sql_log_count - before

        statements()
        self.assertEqual(statements(), 0)
        self.hold_credit()
        statements()
        self.assertLessEqual(statements(), 1)

    # -- because of a hold ---------------------------------------------------------------------------------------------

    def reasons(self, day=TODAY):
        with self.on_day(day):
            return set(self.env["collection.credit.hold"]._find_reasons(self.company, self.late).values())

    def stop_sales(self, since=TODAY, code="identity", **vals):
        reason = self.env.ref(f"account_collections_auto.collection_hold_reason_{code}")
        values = {"partner_id": self.late.id, "company_id": self.company.id, "date_from": since, "reason_id": reason.id}
        with self.on_day(TODAY):
            return self.env["collection.hold"].with_user(self.collector).create({**values, "reason": "Says so", **vals})

    def test_a_hold_whose_reason_stops_sales_is_a_credit_hold_for_as_long_as_it_lasts(self):
        hold = self.stop_sales()
        self.assertEqual(self.reasons(), {hold.reason_id.name}, "the name of the reason, not what somebody wrote")
        self.assertEqual(self.todos().user_id, self.seller)
        with self.on_day(TODAY):
            with self.assertRaisesRegex(UserError, "Ask a collector"):
                self.draft().action_post()
            hold.action_end()
            self.assertFalse(self.reasons())
            self.assertFalse(self.todos())
            hold.action_undo()
            self.assertTrue(self.reasons())
            hold.date_until = TODAY + timedelta(days=2)
        self.assertTrue(self.reasons(TODAY + timedelta(days=2)))
        self.assertFalse(self.reasons(TODAY + timedelta(days=3)))
        with self.on_day(TODAY):
            hold.sudo().unlink()
        self.assertFalse(self.reasons())

    def test_other_holds_stop_no_sales(self):
        self.hold(self.late)
        self.stop_sales(code="vulnerable")
        self.stop_sales(item_ids=[Command.set(self.items(self.late).ids)])
        self.assertFalse(self.case(self.late).credit_hold_ids)
        self.assertFalse(self.company.collection_has_credit_holds)

    def test_what_a_person_lifted_stays_lifted_while_the_hold_lasts(self):
        hold = self.stop_sales()
        with self.on_day(TODAY):
            self.case(self.late).with_user(self.collector).action_lift_credit_hold()
            hold.date_until = TODAY + timedelta(days=9)
            self.env["collection.hold"]._cron_follow_on_credit()
            self.assertFalse(self.reasons())
            self.stop_sales(code="insolvent")
            self.assertTrue(self.reasons(), "another reason is another hold")

    def test_a_hold_that_begins_later_and_a_reason_that_stops_sales_from_now_on(self):
        self.stop_sales(since=TODAY + timedelta(days=2), date_until=TODAY + timedelta(days=5))
        holds = self.env["collection.hold"]
        for days, is_held in ((1, False), (2, True), (5, True), (6, False)):
            with self.on_day(TODAY + timedelta(days=days)):
                holds._cron_follow_on_credit()
            self.assertEqual(bool(self.reasons(TODAY + timedelta(days=days))), is_held, days)
        other = self.customer("Other")
        reason = self.env["collection.hold.reason"].create({"name": "Of our own"})
        with self.on_day(TODAY):
            self.hold(other).reason_id = reason
            for stops in (True, False):
                reason.stops_credit = stops
                holds._cron_follow_on_credit()
                found = self.env["collection.credit.hold"]._find_reasons(self.company, other)
                self.assertEqual(bool(found), stops, "also without a case")
            reason.stops_credit = True
            holds._cron_follow_on_credit()
            self.invoice(other)
            holds._cron_follow_on_credit()
            self.assertEqual(self.case(other).credit_hold_state, "on", "and the case knows it when there is one")

    def test_one_by_hand_ends_on_its_day_and_odoos_flag_is_given_back_without_a_cycle(self):
        with self.on_day(TODAY):
            credit_hold = self.env["collection.credit.hold"]._set_by_hand(self.case(self.late), "Late", TODAY)
            debt = self.items(self.late)[:1]
            self.hold(self.late, debt, until=TODAY)
            flagged = debt.move_id.line_ids.filtered("no_followup")
            self.assertTrue(flagged)
            self.env["collection.hold"]._cron_follow_on_credit()
            self.assertEqual((credit_hold.state, flagged.mapped("no_followup")), ("on", [True]))
        with self.on_day(TODAY + timedelta(days=1)):
            self.env["collection.hold"]._cron_follow_on_credit()
        self.assertEqual((credit_hold.state, flagged.mapped("no_followup")), ("lifted", [False]))

    def test_of_two_holds_the_last_one_to_end_lets_sales_go_on(self):
        first, second = self.stop_sales(), self.stop_sales(code="insolvent")
        self.assertEqual(len(self.case(self.late).credit_hold_ids), 1)
        with self.on_day(TODAY):
            first.action_end()
            self.assertEqual(self.reasons(), {second.reason_id.name})
            second.action_end()
        self.assertFalse(self.reasons())

    def test_a_hold_settles_what_a_level_proposed_and_leaves_what_a_person_set(self):
        case = self.case(self.late)
        with self.on_day(TODAY):
            proposed = self.env["collection.credit.hold"]._propose(case, self.plan.level_ids[0])
            hold = self.stop_sales()
            self.assertRecordValues(proposed, [{"state": "on", "hold_id": hold.id}])
            hold.action_end()
            self.assertEqual(proposed.state, "lifted")
            self.hold_credit()
            self.stop_sales().action_end()
        self.assertEqual(self.reasons(), {"Three invoices unpaid"})

    # -- who decides ---------------------------------------------------------------------------------------------------

    def test_only_collectors_set_and_lift_it_and_nobody_writes_it(self):
        self.hold_credit()
        hold = self.case(self.late).credit_hold_ids
        for attempt in ("action_approve", "action_refuse", "action_lift"):
            with self.subTest(attempt), self.assertRaises(AccessError):
                getattr(hold.with_user(self.auditor), attempt)()
        with self.assertRaises(AccessError):
            self.hold_credit(self.auditor)
        with self.assertRaises(AccessError):
            hold.with_user(self.collector).state = "lifted"
        with self.assertRaises(AccessError):
            hold.with_user(self.clerk).read(["reason"])
        with self.on_day(TODAY):
            self.case(self.late).with_user(self.collector).action_lift_credit_hold()
        self.assertRecordValues(hold, [{"state": "lifted", "lifted_by_id": self.collector.id, "lifted_on": TODAY}])

    def test_twice_is_refused_and_another_company_is_not_concerned(self):
        self.hold_credit()
        with self.assertRaisesRegex(UserError, "on credit hold already"):
            self.hold_credit()
        other = (
            self.company_data_2["company"] if hasattr(self, "company_data_2") else self.env["res.company"].create({"name": "B"})
        )
        self.assertEqual(self.env["collection.credit.hold"]._find_reasons(other, self.late), {})
