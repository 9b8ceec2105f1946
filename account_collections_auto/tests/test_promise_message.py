from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from .common import CollectionsCase

PROMISED = date(2026, 6, 20)
VERDICT = date(2026, 6, 24)


class TestPromiseMessage(CollectionsCase):
    """A promise was not kept: a message of its own about the promised items, once, beside the to-do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.write({"grace_days": 3, "resume_days": 5})
        cls.company.collection_mode = "send"

    def setUp(self):
        super().setUp()
        self.payer = self.customer()
        self.debt = self.invoice(self.payer, 1000, due=date(2026, 5, 1))
        self.on(date(2026, 5, 10))  # the first reminder
        self.before = len(self.sent(self.payer))

    def promise(self, customer=None, amount=1000, items=None, **vals):
        customer = customer or self.payer
        self.case(customer)
        return self.env["collection.promise"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "amount": amount,
                "promise_date": PROMISED,
                "date_from": date(2026, 6, 1),
                "item_ids": [Command.set(self.items(items or self.debt).ids)],
                **vals,
            }
        )

    def on(self, day):
        with self.on_day(day):
            self.run_cycle(day)

    def told(self, customer=None):
        """Return (day, {number: amount}, total, level) of what was sent to the customer since the first reminder."""
        return [
            (action.contact_date, {line.move_id: line.amount_residual_currency for line in action.line_ids}, action.amount)
            for action in self.actions(customer or self.payer)
            if action.state in ("sent", "delivered") and action.contact_date > date(2026, 5, 10)
        ]

    # -- by itself -----------------------------------------------------------------------------------------------------

    def test_the_day_after_the_verdict_it_leaves_about_the_promised_items_and_changes_no_level(self):
        other = self.invoice(self.payer, 70, due=date(2026, 6, 15))
        promise = self.promise()
        level = self.items(self.debt).level_id
        self.assertTrue(level)
        self.on(VERDICT)
        self.assertEqual(promise.state, "broken")
        self.assertEqual(self.told(), [(VERDICT, {self.debt: 1000}, 1000)])
        action = promise.message_action_id
        self.assertFalse(action.level_id)
        self.assertFalse(action.approved_by_id)
        self.assertIn("You promised us a payment", action.body)
        self.assertIn("June 20, 2026", action.body)
        self.assertEqual((self.items(self.debt).level_id, self.items(other).level_id.id), (level, False))
        self.assertTrue(promise.activity_ids)
        self.assertIn("Sent on", promise.message_status)
        # Odoo's queue asks once more: as long as nothing changes it leaves, paid meanwhile it does not.
        with self.on_day(VERDICT):
            self.assertFalse(action._check_before_leaving())
            self.pay(self.debt, on=VERDICT)
            self.assertIn(action, action._check_before_leaving())

    def test_it_is_sent_once_whatever_becomes_of_the_promise(self):
        promise = self.promise()
        self.on(VERDICT)
        self.on(VERDICT)
        payment = self.pay(self.debt, 990, on=PROMISED)
        self.on(VERDICT + timedelta(days=1))
        self.assertEqual(promise.state, "kept")
        payment.action_draft()
        payment.action_cancel()
        self.on(VERDICT + timedelta(days=2))
        self.assertEqual(promise.state, "broken")
        self.assertEqual(len(self.told()), 1)
        with self.assertRaisesRegex(UserError, "told already"):
            promise.action_tell()

    def test_the_reminders_of_the_day_wait_for_it(self):
        other = self.invoice(self.payer, 70, due=date(2026, 6, 15))
        self.promise()
        self.on(VERDICT)
        self.assertWithheld(self.payer, "broken_promise", VERDICT)
        self.on(VERDICT + timedelta(days=7))
        self.assertEqual([day for day, _items, _total in self.told()], [VERDICT, VERDICT + timedelta(days=7)])
        self.assertIn(other, self.told()[-1][1])

    def test_of_one_kept_in_part_the_rest_is_asked_for(self):
        promise = self.promise()
        self.pay(self.debt, 600, on=PROMISED)
        self.on(VERDICT)
        self.assertEqual((promise.state, self.told()), ("partly", [(VERDICT, {self.debt: 400}, 400)]))

    def test_one_on_the_whole_case_is_about_all_that_is_overdue(self):
        other = self.invoice(self.payer, 70, due=date(2026, 6, 15))
        self.promise(item_ids=[])
        self.on(VERDICT)
        self.assertEqual(self.told(), [(VERDICT, {self.debt: 1000, other: 70}, 1070)])

    def test_credits_are_taken_off_and_what_they_cover_is_not_asked_for(self):
        self.credit_note(self.payer, 300, on=date(2026, 5, 30))
        covered = self.customer("Covered")
        debt = self.invoice(covered, 100, due=date(2026, 5, 1))
        self.credit_note(covered, 100, on=date(2026, 5, 30))
        self.promise()
        promise = self.promise(covered, 100, debt)
        self.on(VERDICT)
        self.assertEqual([total for _day, _items, total in self.told()], [700])
        self.assertEqual(self.told(covered), [])
        self.assertEqual(promise.message_reasons[0]["code"], "covered_by_credit")

    def test_what_holds_back_a_reminder_holds_it_back_and_it_leaves_once_that_is_over(self):
        promise = self.promise()
        self.hold(self.payer, since=date(2026, 6, 1), until=VERDICT + timedelta(days=1))
        self.on(VERDICT)
        self.assertEqual((promise.state, self.told()), ("broken", []))
        self.assertIn("They call us back", promise.message_status)
        self.assertFalse(self.env["collection.request"].search([("promise_ids", "in", promise.ids)]))
        self.on(VERDICT + timedelta(days=2))
        self.assertIn("A stop has ended", promise.message_status)
        self.on(VERDICT + timedelta(days=6))
        self.assertEqual([day for day, _items, _total in self.told()], [VERDICT + timedelta(days=6)])

    def test_of_a_vulnerable_customer_only_a_person_sends_it(self):
        promise = self.promise()
        hold = self.hold(self.payer, since=date(2026, 6, 1))
        hold.reason_id = self.env.ref("account_collections_auto.collection_hold_reason_vulnerable")
        self.on(VERDICT)
        self.assertEqual((self.told(), promise.message_reasons[0]["code"]), ([], "hold_by_hand"))
        with self.on_day(VERDICT):
            self.env["collection.request"].browse(promise.action_tell()["res_id"]).action_send()
        self.assertEqual(self.told(), [(VERDICT, {self.debt: 1000}, 1000)])

    def test_after_a_week_or_another_message_it_is_too_late(self):
        promise = self.promise()
        self.hold(self.payer, since=date(2026, 6, 1), until=VERDICT + timedelta(days=6))
        self.on(VERDICT)
        self.on(VERDICT + timedelta(days=7))
        self.assertFalse(promise.message_action_id)
        self.assertNotIn("You promised", "".join(self.actions(self.payer).mapped("body")))

    def test_without_a_message_in_the_plan_there_is_only_the_todo(self):
        self.plan.broken_promise_template_id = False
        promise = self.promise()
        self.on(VERDICT)
        self.assertEqual(self.told(), [])
        self.assertTrue(promise.activity_ids)
        self.assertFalse(promise.can_tell)

    def test_a_customer_whose_first_message_needs_approval_gets_none_by_itself(self):
        promise = self.promise()
        self.case(self.payer).sudo().needs_review = True
        self.on(VERDICT)
        self.assertEqual((self.told(), promise.can_tell), ([], True))

    def test_a_cycle_of_an_earlier_day_tells_nobody(self):
        promise = self.promise()
        with self.on_day(VERDICT + timedelta(days=1)):
            self.run_cycle(VERDICT)
        self.assertEqual((promise.state, self.told()), ("broken", []))

    def test_in_test_mode_it_goes_to_the_test_address(self):
        self.company.write({"collection_test_mode": True, "collection_test_email": "test@example.org"})
        promise = self.promise()
        self.on(VERDICT)
        self.assertTrue(promise.message_action_id.is_test)
        self.assertEqual(promise.message_action_id.mail_id.email_to, "test@example.org")

    def test_the_statements_do_not_grow_with_the_promises(self):
        tell = self.env["collection.promise"].sudo()._tell_some

        def break_promises(count, number):
            for name in range(count):
                customer = self.customer(f"{number}/{name}", f"c{number}.{name}@example.com")
                self.promise(customer, 100, self.invoice(customer, 100, due=date(2026, 5, 1)))
            self.env["collection.promise"]._judge(self.company, VERDICT)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with self.on_day(VERDICT):
                told = tell(self.company, VERDICT)
            self.env.flush_all()
            self.assertEqual(told, count)
            return self.env.cr.sql_log_count - before

        break_promises(1, 0)
        few, many = break_promises(2, 1), break_promises(8, 2)
        # Odoo's own outgoing queue writes some rows for each mail.
        self.assertLessEqual(many - few, 6 * 14, (few, many))

    # -- by a person ---------------------------------------------------------------------------------------------------

    def test_where_a_person_confirms_the_messages_that_person_sends_it(self):
        self.company.collection_mode = "prepare"
        promise = self.promise()
        self.on(VERDICT)
        self.assertEqual((promise.state, self.told(), promise.can_tell), ("broken", [], True))
        collector = self.make_user("cora", "account_collections_auto.group_collector")
        with self.on_day(VERDICT):
            opened = promise.with_user(collector).action_tell()
            request = self.env[opened["res_model"]].with_user(collector).browse(opened["res_id"])
            self.assertIn("You promised us a payment", request.preview_body)
            self.assertEqual((request.planned_count, request.amount), (1, 1000))
            request.action_send()
        self.assertEqual(self.told(), [(VERDICT, {self.debt: 1000}, 1000)])
        self.assertEqual(promise.message_action_id.approved_by_id, collector)
        self.assertFalse(promise.can_tell)

    def test_a_draft_that_lay_about_does_not_send_it_a_second_time(self):
        self.company.collection_mode = "prepare"
        promise = self.promise()
        self.plan.minimum_days_between_contacts = 0
        self.on(VERDICT)
        with self.on_day(VERDICT):
            drafts = [self.env["collection.request"].browse(promise.action_tell()["res_id"]) for _draft in range(2)]
            drafts[0].action_send()
        with self.on_day(VERDICT + timedelta(days=1)):
            drafts[1].action_send()
        self.assertEqual(drafts[1].line_ids.reason_code, "promise_told")
        self.assertEqual(len(self.told()), 1)

    def test_taken_back_it_may_be_sent_by_hand_and_does_not_leave_by_itself_again(self):
        self.company.collection_mode = "prepare"
        promise = self.promise()
        self.on(VERDICT)
        with self.on_day(VERDICT):
            request = self.env["collection.request"].browse(promise.action_tell()["res_id"])
            request.action_send()
            request.action_undo()
        self.assertTrue(promise.can_tell)
        self.assertIn("Not sent", promise.message_status)
        self.company.collection_mode = "send"
        self.on(VERDICT + timedelta(days=1))
        self.assertEqual(self.told(), [])

    def test_who_may_not_send_and_what_cannot_be_chosen(self):
        promise = self.promise()
        self.company.collection_mode = "prepare"
        self.on(VERDICT)
        auditor = self.make_user("ada", "account_collections_auto.group_collection_auditor")
        with self.assertRaises(AccessError):
            promise.with_user(auditor).action_tell()
        collector = self.make_user("cora", "account_collections_auto.group_collector")
        with self.assertRaises(AccessError):
            promise.with_user(collector).message_reasons = []
        with self.assertRaisesRegex(ValidationError, "not a text for collection messages"):
            self.plan.broken_promise_template_id = self.env.ref("account_collections_auto.mail_template_dispute_settled")
        # The text of the plan is for broken promises: nobody sends it to customers of their choice.
        request = self.env["collection.request"]._begin(self.case(self.payer), "message")
        with self.assertRaisesRegex(ValidationError, "no text for messages"):
            request.template_id = self.plan.broken_promise_template_id
