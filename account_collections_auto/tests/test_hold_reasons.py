from datetime import timedelta

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from .common import TODAY, CollectionsCase


class TestHoldReasons(CollectionsCase):
    """A hold has a reason, and the reason says what it stops, who may be written to, and what somebody has to do."""

    def setUp(self):
        super().setUp()
        self.debtor = self.customer("Debtor", "debtor@example.com", phone="+32 2 555 01 23", collection_cc="boss@example.com")
        self.debt = self.invoice(self.debtor, 1000, due=TODAY - timedelta(days=8))
        self.lawyer = self.customer("Lawyer", "lawyer@example.com")
        self.case(self.debtor)
        today = self.on_day(TODAY)
        today.__enter__()
        self.addCleanup(today.__exit__, None, None, None)

    def reason(self, code):
        return self.env.ref(f"account_collections_auto.collection_hold_reason_{code}")

    def put_on_hold(self, code, **vals):
        return self.env["collection.hold"].create(
            {
                "partner_id": self.debtor.id,
                "company_id": self.company.id,
                "reason_id": self.reason(code).id,
                "date_from": TODAY,
                **vals,
            }
        )

    def own_reason(self, **vals):
        return self.env["collection.hold.reason"].create({"name": "Of our own", **vals})

    def send_now(self):
        return self.env["collection.request"]._begin(self.case(self.debtor), "next")

    def is_stopped(self, what):
        condition = self.env["collection.hold"]._is_stopped_sql("kase", what, TODAY)
        self.env.flush_all()
        query = SQL("SELECT kase.id FROM collection_case kase WHERE kase.id = %s AND %s", self.case(self.debtor).id, condition)
        return bool(self.env.execute_query(query))

    # -- what it stops -------------------------------------------------------------------------------------------------

    def test_each_reason_stops_what_it_says_and_nothing_else(self):
        everything = {"messages", "calls", "interest", "fees", "credit", "placement"}
        stopped = {
            "insolvent": everything,
            "deceased": everything - {"interest"},
            "represented": {"calls"},
            "vulnerable": {"messages", "fees", "placement"},
            "moratorium": everything - {"credit"},
            "breathing_space": everything - {"credit"},
            "cease_contact": {"messages", "calls"},
            "identity": everything,
            "our_document": {"messages", "calls", "fees"},
            "payment_run": {"messages", "calls"},
        }
        needed = {"date_until": TODAY + timedelta(days=30), "payment_run_date": TODAY + timedelta(days=3)}
        for code, expected in stopped.items():
            hold = self.put_on_hold(code, **needed)
            with self.subTest(code):
                self.assertEqual({what for what in everything if self.is_stopped(what)}, expected)
            hold.unlink()

    def test_rf_09_who_asks_not_to_be_contacted_is_written_to_by_nobody(self):
        self.put_on_hold("cease_contact")
        self.run_cycle()
        self.assertNotSent(self.debtor)
        self.assertTrue(self.send_now().one_reason)

    def test_breathing_space_includes_both_of_its_days(self):
        self.put_on_hold("breathing_space", date_until=TODAY + timedelta(days=59))
        sent = []
        for days in (0, 59, 60):
            with self.on_day(TODAY + timedelta(days=days)):
                self.run_on(days)
            sent.append(len(self.sent(self.debtor)))
        self.assertEqual(sent, [0, 0, 1])

    def test_a_hold_without_a_reason_of_the_list_stops_messages_calls_and_hand_over(self):
        self.hold(self.debtor)
        stopped = [self.is_stopped(what) for what in ("messages", "calls", "placement", "credit")]
        self.assertEqual(stopped, [True, True, True, False])
        self.assertFalse(self.env["collection.case"].search([("is_to_call", "=", True)]) & self.case(self.debtor))

    def test_a_hold_that_does_not_stop_messages_withholds_none(self):
        reason = self.own_reason(stops_messages=False, stops_calls=True)
        hold = self.hold(self.debtor)
        hold.reason_id = reason
        self.run_cycle()
        self.assertSent(self.debtor, self.level(7))
        self.assertEqual(self.debt.line_ids.filtered("date_maturity").mapped("no_followup"), [False])

    def test_calls_are_proposed_unless_the_reason_stops_them(self):
        reason = self.own_reason(stops_messages=True, stops_calls=False)
        hold = self.hold(self.debtor)
        self.assertNotIn(self.case(self.debtor), self.env["collection.case"].search([("is_to_call", "=", True)]))
        hold.reason_id = reason
        self.assertIn(self.case(self.debtor), self.env["collection.case"].search([("is_to_call", "=", True)]))
        self.run_cycle()
        self.assertWithheld(self.debtor, "hold")

    def test_the_hand_over_is_stopped_by_what_the_reason_says_of_it(self):
        def obstacles():
            self.env.flush_all()
            query = self.env["collection.hold"]._placement_obstacles_sql(self.company, TODAY)
            return [row[0] for row in self.env.execute_query(query)]

        hold = self.hold(self.debtor)
        self.assertEqual(obstacles(), self.items(self.debt).ids)
        hold.reason_id = self.own_reason(stops_messages=True, stops_placement=False)
        self.assertEqual(obstacles(), [])
        hold.reason_id = self.own_reason(stops_messages=False, stops_placement=True)
        self.assertEqual(obstacles(), self.items(self.debt).ids)

    def test_of_a_vulnerable_customer_a_person_decides(self):
        self.put_on_hold("vulnerable")
        self.run_cycle()
        self.assertWithheld(self.debtor, "hold_by_hand")
        self.assertNotSent(self.debtor)
        request = self.send_now()
        self.assertEqual(request.planned_count, 1)
        request.action_send()
        self.assertSent(self.debtor, self.level(7))
        self.assertFalse(self.actions(self.debtor)._check_before_leaving())

    def test_what_a_plain_hold_stops_no_hand_sends_either(self):
        self.put_on_hold("moratorium", date_until=TODAY + timedelta(days=5))
        request = self.send_now()
        self.assertEqual((request.planned_count, request.line_ids.reason_code), (0, "hold"))

    # -- to whom one may write -----------------------------------------------------------------------------------------

    def test_the_representative_gets_the_reminders_and_the_customer_none_not_even_a_copy(self):
        self.put_on_hold("represented", contact_id=self.lawyer.id)
        self.run_cycle()
        [action] = self.actions(self.debtor, "sent")
        self.assertEqual((action.recipient, action.recipient_ids), ("lawyer@example.com", self.lawyer))
        self.assertIn("lawyer@example.com", action.mail_id.email_to)
        self.assertFalse(action.mail_id.email_cc)
        self.assertIn("Dear Lawyer", action.body)

    def test_it_is_the_representative_whatever_contacts_the_customer_has(self):
        payer = self.customer("Payer", "payer@example.com")
        self.customer("Accounts", "accounts@example.com", parent_id=self.debtor.id, collection_contact=True)
        self.debtor.write({"collection_payer_id": payer.id, "collection_grouping": "contact"})
        self.put_on_hold("represented", contact_id=self.lawyer.id)
        self.run_cycle()
        self.assertEqual(self.actions(self.debtor, "sent").mapped("recipient"), ["lawyer@example.com"])

    def test_by_hand_it_is_the_representative_too(self):
        self.put_on_hold("represented", contact_id=self.lawyer.id)
        request = self.send_now()
        self.assertEqual(request.line_ids.recipient, "lawyer@example.com")
        request.action_send()
        self.assertEqual(self.actions(self.debtor).recipient_ids, self.lawyer)
        composer = self.case(self.debtor).action_write()
        self.assertEqual(composer["context"]["default_partner_ids"], self.lawyer.ids)

    def test_without_a_contact_nobody_is_written_to_and_the_reason_says_so(self):
        self.put_on_hold("represented")
        self.run_cycle()
        self.assertWithheld(self.debtor, "no_hold_contact")
        self.assertNotSent(self.debtor)
        self.assertEqual(self.send_now().line_ids.reason_code, "no_hold_contact")
        case = self.case(self.debtor)
        self.assertIn("Nobody may be written to", case.contact_notice)
        with self.assertRaisesRegex(UserError, "Nobody may be written to"):
            case.action_write()

    def test_of_several_holds_the_one_without_a_contact_counts(self):
        self.put_on_hold("represented", contact_id=self.lawyer.id)
        self.put_on_hold("represented")
        self.assertFalse(self.case(self.debtor).only_contact_id)
        self.assertTrue(self.case(self.debtor).is_contact_restricted)

    def test_a_statement_of_account_goes_to_the_representative_or_to_nobody(self):
        statement = self.env["collection.statement"]
        hold = self.put_on_hold("represented", contact_id=self.lawyer.id)
        self.assertEqual(statement._describe_recipients(self.case(self.debtor)), "lawyer@example.com")
        hold.contact_id = False
        self.assertIn("may not be written to", statement._describe_recipients(self.case(self.debtor)))

    def test_a_message_in_the_queue_does_not_leave_to_the_customer_any_more(self):
        self.run_cycle()
        [action] = self.actions(self.debtor, "sent")
        self.assertEqual(action.recipient, "debtor@example.com")
        self.put_on_hold("represented", contact_id=self.lawyer.id)
        [(code, _text)] = action._check_before_leaving().values()
        self.assertEqual(code, "recipient_changed")

    def test_who_is_represented_is_not_proposed_for_a_call(self):
        self.put_on_hold("represented", contact_id=self.lawyer.id)
        self.assertNotIn(self.case(self.debtor), self.env["collection.case"].search([("is_to_call", "=", True)]))

    # -- what it asks for ----------------------------------------------------------------------------------------------

    def test_a_moratorium_needs_its_last_day(self):
        with self.assertRaisesRegex(ValidationError, "say until when"):
            self.put_on_hold("moratorium")

    def test_a_payment_run_stops_until_the_money_has_had_time_to_arrive(self):
        self.plan.in_transit_days = 5
        with self.assertRaisesRegex(ValidationError, "on which day the customer pays"):
            self.put_on_hold("payment_run")
        hold = self.put_on_hold("payment_run", payment_run_date=TODAY + timedelta(days=2))
        self.assertEqual(hold.date_until, TODAY + timedelta(days=7))
        hold.payment_run_date += timedelta(days=1)
        self.assertEqual(hold.date_until, TODAY + timedelta(days=8))

    def test_who_may_be_written_to_is_said_of_the_whole_customer(self):
        with self.assertRaisesRegex(ValidationError, "leave the items empty"):
            self.put_on_hold("represented", item_ids=self.items(self.debt).ids)
        with self.assertRaisesRegex(ValidationError, "Name somebody else"):
            self.put_on_hold("represented", contact_id=self.debtor.id)

    def test_an_insolvency_makes_a_todo_for_the_day_of_filing(self):
        collector = self.make_user("cora", "account_collections_auto.group_collector")
        self.case(self.debtor).user_id = collector
        filing = TODAY + timedelta(days=40)
        hold = self.put_on_hold("insolvent", todo_date=filing)
        self.assertRecordValues(
            hold.activity_ids,
            [{"user_id": collector.id, "date_deadline": filing, "summary": "File our claim in the insolvency proceedings"}],
        )
        hold.todo_date = False
        self.assertEqual(hold.activity_ids.date_deadline, TODAY + timedelta(days=7))
        hold.action_end()
        self.assertFalse(hold.activity_ids)

    def test_the_text_is_that_of_the_reason_until_somebody_writes_another(self):
        hold = self.put_on_hold("vulnerable")
        self.assertEqual(hold.reason, "Vulnerable customer")
        hold.reason = "Call the daughter first"
        self.assertEqual(self.debtor.collection_hold_reason, "Call the daughter first")
        self.debtor.collection_hold_reason = "Call the son first"
        self.assertRecordValues(hold, [{"reason": "Call the son first", "reason_id": self.reason("vulnerable").id}])

    # -- putting on hold and ending it ---------------------------------------------------------------------------------

    def start(self, **vals):
        wizard = self.env["collection.hold.start"].create({"case_ids": self.case(self.debtor).ids, **vals})
        return wizard, wizard.action_apply()

    def test_the_question_passes_on_what_the_reason_asks_for(self):
        wizard, answer = self.start(reason_id=self.reason("insolvent").id, contact_id=self.lawyer.id, todo_date=TODAY)
        hold = self.env["collection.hold"].search([("partner_id", "=", self.debtor.id)])
        self.assertRecordValues(
            hold, [{"reason": "Insolvent", "contact_id": self.lawyer.id, "todo_date": TODAY, "date_until": False}]
        )
        self.assertIn("until somebody ends it", answer["params"]["message"])
        wizard.action_undo()
        self.assertFalse(hold.active)
        _wizard, answer = self.start(reason_id=self.reason("payment_run").id, payment_run_date=TODAY + timedelta(days=2))
        self.assertIn("on hold until", answer["params"]["message"])

    def test_ending_a_hold_can_be_taken_back_on_that_day(self):
        hold = self.hold(self.debtor)
        answer = hold.action_end()
        self.assertEqual((answer["tag"], answer["params"]["ids"]), ("collection_undo", hold.ids))
        self.assertFalse(hold.active)
        hold.action_undo()
        self.assertRecordValues(hold, [{"active": True, "ended_on": False}])
        self.run_cycle()
        self.assertWithheld(self.debtor, "hold")
        hold.action_end()
        with self.on_day(TODAY + timedelta(days=1)):
            hold.action_undo()
        self.assertFalse(hold.active)

    def test_collectors_use_the_reasons_and_only_managers_change_them(self):
        collector = self.make_user("cora", "account_collections_auto.group_collector")
        auditor = self.make_user("ada", "account_collections_auto.group_collection_auditor")
        hold = self.put_on_hold("our_document")
        for user in (collector, auditor):
            self.assertTrue(self.reason("insolvent").with_user(user).stops_text)
            with self.assertRaises(AccessError):
                self.reason("insolvent").with_user(user).stops_messages = False
        for act in ("action_end", "action_undo"):
            with self.assertRaises(AccessError, msg=act):
                getattr(hold.with_user(auditor), act)()
        hold.with_user(collector).action_end()
        self.assertFalse(hold.active)

    def test_a_reason_of_another_company_is_not_for_this_one(self):
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        reason = self.own_reason(company_id=other.id)
        with self.assertRaisesRegex(ValidationError, "another company"):
            self.env["collection.hold"].create(
                {"partner_id": self.debtor.id, "company_id": self.company.id, "reason_id": reason.id, "date_from": TODAY}
            )
        collector = self.make_user("cora", "account_collections_auto.group_collector")
        self.assertNotIn(reason, self.env["collection.hold.reason"].with_user(collector).search([]))
