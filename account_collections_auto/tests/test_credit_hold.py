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
