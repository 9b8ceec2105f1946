from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from .common import TODAY, CollectionsCase

TOMORROW = TODAY + timedelta(days=1)


class TestCycleMode(CollectionsCase):
    """A company sends by itself, or a person confirms what was prepared at night."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.company"].search([("id", "!=", cls.company.id)]).collection_is_active = False
        cls.company.write({"collection_is_active": True, "collection_mode": "prepare", "collection_prepare_time": 4})
        cls.debtor = cls.customer("Debtor")
        cls.debt = cls.invoice(cls.debtor, 500, due=TODAY - timedelta(days=10))
        cls.other = cls.customer("Other", email="other@example.com")
        cls.invoice(cls.other, 200, due=TODAY - timedelta(days=10))

    def run_cron(self, on=TODAY):
        with self.on_day(on), self.enter_registry_test_mode():
            self.env.ref("account_collections_auto.ir_cron_run_cycles").sudo().method_direct_trigger()
        self.env.invalidate_all()

    def cycles(self):
        return self.env["collection.cycle"].search([("company_id", "=", self.company.id)])

    def waiting(self):
        return self.company._collection_preview_waiting()

    def confirm(self, cycle, on=TODAY):
        """As a manager does on the page, and then the scheduler."""
        with self.on_day(on):
            wizard = self.env["collection.cycle.confirm"].create({"cycle_id": cycle.id})
            wizard.action_confirm()
        self.assertEqual(cycle.state, "running")
        self.assertFalse(cycle.action_ids, "the answer comes at once, the work later")
        self.run_cron(on)

    def line(self, cycle, customer):
        return cycle.line_ids.filtered(lambda line: line.partner_id == customer)

    def told(self):
        return self.env["mail.message"].sudo().search([("model", "=", "collection.cycle"), ("res_id", "in", self.cycles().ids)])

    # -- prepare -------------------------------------------------------------------------------------------------------

    def test_a_new_company_sends_nothing_without_a_person(self):
        self.assertEqual(self.env["res.company"].sudo().create({"name": "New"}).collection_mode, "prepare")

    def test_one_preview_waits_and_is_brought_up_to_date_each_night(self):
        self.run_cron()
        self.run_cron()
        cycle = self.cycles()
        self.assertRecordValues(cycle, [{"state": "preview", "date": TODAY, "planned_count": 2, "is_automatic": True}])
        self.assertEqual(self.waiting(), cycle)
        self.pay(self.debt)
        self.run_cron(TOMORROW)
        self.assertRecordValues(self.cycles(), [{"id": cycle.id, "state": "preview", "date": TOMORROW, "planned_count": 1}])
        self.assertNotSent(self.debtor)
        self.assertNotSent(self.other)

    def test_it_is_made_at_the_hour_of_the_company(self):
        self.company.collection_prepare_time = 12.5
        self.run_cron()  # it is noon
        self.assertFalse(self.cycles())

    def test_the_manager_is_told_once_for_each_preview(self):
        self.run_cron()
        self.run_cron(TOMORROW)
        self.assertEqual(self.told().partner_ids, self.company._collection_responsible().partner_id)
        self.assertIn("2 customers", self.told().body)
        self.confirm(self.waiting(), on=TOMORROW)
        late = self.customer("Late", email="late@example.com")
        self.invoice(late, 80, due=TOMORROW - timedelta(days=6))
        self.run_cron(TOMORROW + timedelta(days=1))
        self.assertEqual(len(self.told()), 2)

    def test_the_default_collector_confirms_if_he_may(self):
        head = self.make_user("head", "account_collections_auto.group_collection_manager")
        self.assertNotEqual(self.company._collection_responsible(), head)
        self.company.collection_user_id = head
        self.assertEqual(self.company._collection_responsible(), head)
        self.company.collection_user_id = self.make_user("collector", "account_collections_auto.group_collector")
        self.assertNotEqual(self.company._collection_responsible(), self.company.collection_user_id)

    def test_nobody_is_told_when_there_is_nothing_to_send(self):
        self.run_cron(TODAY - timedelta(days=100))
        self.assertEqual(len(self.cycles()), 1)
        self.assertFalse(self.waiting())
        self.assertFalse(self.told())

    def test_who_was_dropped_stays_dropped_until_the_cycle_ran(self):
        self.run_cron()
        self.line(self.waiting(), self.debtor)._drop()
        self.run_cron(TOMORROW)
        self.assertEqual(self.line(self.waiting(), self.debtor).decision, "dropped")
        self.confirm(self.waiting(), on=TOMORROW)
        self.assertNotSent(self.debtor)
        self.assertSent(self.other, self.level(7), on=TOMORROW)

    def test_a_preview_thrown_away_does_not_come_back_the_same_day(self):
        self.run_cron()
        self.cycles().action_cancel()
        self.run_cron()
        self.assertEqual(self.cycles().mapped("state"), ["cancelled"])
        self.assertFalse(self.waiting())
        self.run_cron(TOMORROW)
        self.assertEqual(self.waiting().date, TOMORROW)

    def test_what_people_should_see_is_noted_without_a_confirmation(self):
        unreachable = self.customer("Unreachable", email=False)
        self.invoice(unreachable, 90, due=TODAY - timedelta(days=10))
        self.run_cron()
        self.assertEqual(self.case(unreachable).contact_problem_code, "no_address")

    # -- confirm -------------------------------------------------------------------------------------------------------

    def test_confirmed_it_runs_in_the_background_and_says_who_confirmed(self):
        self.run_cron()
        cycle = self.waiting()
        self.confirm(cycle)
        self.assertRecordValues(
            cycle,
            [{"state": "done", "date": TODAY, "confirmed_by_id": self.env.uid, "sent_count": 2, "contacted_count": 2}],
        )
        self.assertFalse(self.waiting())
        self.run_cron()
        self.assertEqual(self.cycles(), cycle)

    def test_confirmed_on_a_later_day_it_selects_afresh_for_that_day(self):
        self.run_cron()
        cycle = self.waiting()
        late = self.customer("Late", email="late@example.com")
        self.invoice(late, 80, due=TOMORROW - timedelta(days=7))
        with self.on_day(TOMORROW):
            self.assertTrue(cycle.is_past)
            wizard = Form(self.env["collection.cycle.confirm"].with_context(default_cycle_id=cycle.id))
            self.assertIn("afresh for today", wizard.fresh_note)
        self.confirm(cycle, on=TOMORROW)
        self.assertEqual(cycle.date, TOMORROW)
        for customer in (self.debtor, self.other, late):
            self.assertSent(customer, self.level(7), on=TOMORROW)

    def test_the_question_names_number_sum_and_what_waits_for_approval(self):
        self.case(self.other).sudo().needs_review = True
        self.run_cron()
        wizard = self.env["collection.cycle.confirm"].create({"cycle_id": self.waiting().id})
        self.assertIn("2 customers", wizard.question)
        self.assertIn("700.00", wizard.question)
        self.assertIn("1 of them at once, 1 after", wizard.how)

    def test_confirmed_twice_it_is_refused(self):
        self.run_cron()
        cycle = self.waiting()
        with self.on_day(TODAY):
            cycle.action_confirm_in_background()
            with self.assertRaisesRegex(UserError, "no preview any more"):
                cycle.action_confirm_in_background()

    def test_a_killed_cycle_goes_on_with_the_next_call_of_the_scheduler(self):
        self.run_cron()
        cycle = self.waiting()
        with self.on_day(TODAY):
            cycle.action_confirm_in_background()
        self.company.collection_is_active = False  # what a person confirmed runs all the same
        cycle.sudo()._project_all()
        cycle.sudo()._plan_all()
        self.assertEqual(cycle.get_progress()["percent"], 10)
        self.run_cron()
        self.assertEqual((cycle.state, cycle.get_progress()["text"]), ("done", "2 messages have left"))

    def test_the_result_of_a_cycle_counts_as_people_do(self):
        describe = self.env["collection.cycle"]._describe_result
        self.assertEqual(describe({"review": 1}, 1), "One message has left, one waits for approval")
        self.assertEqual(describe({"review": 2}, 0), "0 messages have left, 2 wait for approval")

    def test_confirmed_too_late_in_the_evening_it_waits_as_a_preview_again(self):
        self.run_cron()
        cycle = self.waiting()
        with self.on_day(TODAY):
            cycle.action_confirm_in_background()
        self.company.collection_is_active = False
        self.run_cron(TOMORROW)
        self.assertEqual(cycle.state, "preview")
        self.assertNotSent(self.debtor)

    def test_progress_is_told_to_whoever_looks(self):
        self.run_cron()
        cycle = self.waiting()
        self.env["bus.bus"].sudo().search([]).unlink()
        self.confirm(cycle)
        self.env.cr.precommit.run()
        sent = self.env["bus.bus"].sudo().search([]).mapped("message")
        self.assertTrue(any('"collection.cycle/progress"' in message and '"percent":100' in message for message in sent))
        self.assertTrue(any('"simple_notification"' in message for message in sent))

    def test_run_again_takes_whom_the_cycle_of_today_held_back(self):
        hold = self.hold(self.debtor)
        cycle = self.run_cycle()
        hold.action_end()
        with self.on_day(TODAY):
            cycle.action_run_again_in_background()
            self.assertEqual(cycle.state, "running")
        self.run_cron()
        self.assertEqual(cycle.state, "done")
        self.assertSent(self.debtor, self.level(7))

    def test_no_button_sends_with_the_date_of_an_earlier_day(self):
        hold = self.hold(self.debtor)
        cycle = self.run_cycle()
        hold.action_end()
        with self.on_day(TOMORROW):
            for button in (cycle.action_run_again, cycle.action_run_again_in_background):
                with self.subTest(button.__name__), self.assertRaisesRegex(UserError, "earlier day"):
                    button()
        self.assertEqual(cycle.state, "done")
        self.assertNotSent(self.debtor)
        self.run_cycle(TOMORROW)
        self.assertSent(self.debtor, self.level(7), on=TOMORROW)

    # -- roles -----------------------------------------------------------------------------------------------------------

    def test_collector_and_auditor_look_and_do_not_confirm(self):
        self.run_cron()
        for group in ("group_collector", "group_collection_auditor"):
            user = self.make_user(group, f"account_collections_auto.{group}")
            cycle = self.waiting().with_user(user)
            self.assertEqual(cycle.get_page()["decisions"]["planned"]["count"], 2)
            wizards = self.env["collection.cycle.confirm"].with_user(user)
            for attempt, *arguments in (
                (cycle.action_confirm_in_background,),
                (cycle.action_run_again_in_background,),
                (cycle.action_cancel,),
                (wizards.create, {"cycle_id": cycle.id}),
                (cycle.write, {"state": "running"}),
            ):
                with self.subTest(group), self.assertRaises(AccessError):
                    attempt(*arguments)
        self.assertEqual(self.waiting().state, "preview")

    # -- bank and brake --------------------------------------------------------------------------------------------------

    def test_a_bank_that_is_not_in_is_a_warning_until_it_came_in(self):
        self.bank_line(50, on=TODAY - timedelta(days=9))
        self.run_cron()
        cycle = self.waiting()
        self.assertEqual((cycle.stop_code, cycle.planned_count), ("bank_not_fresh", 2))
        wizard = self.env["collection.cycle.confirm"].create({"cycle_id": cycle.id})
        self.assertIn("too old", wizard.warning)
        self.bank_line(60, on=TODAY)
        wizard = self.env["collection.cycle.confirm"].create({"cycle_id": cycle.id})
        self.assertFalse(wizard.warning)
        self.confirm(cycle)
        self.assertSent(self.debtor, self.level(7))

    def test_unusually_many_are_a_warning_and_a_person_may_send_them(self):
        self.company.collection_brake_first_limit = 1
        self.run_cron()
        cycle = self.waiting()
        self.assertEqual(cycle.stop_code, "brake")
        self.confirm(cycle)
        self.assertEqual((cycle.state, cycle.stop_code, cycle.contacted_count), ("done", False, 2))

    def test_a_braked_cycle_thrown_away_stays_away_on_that_day(self):
        self.company.write({"collection_mode": "send", "collection_brake_first_limit": 1})
        self.run_cron()
        self.cycles().action_cancel()
        self.run_cron()
        self.assertRecordValues(self.cycles(), [{"state": "cancelled", "stop_code": "brake"}])
        self.company.collection_brake_first_limit = 200
        self.run_cron()
        self.assertNotSent(self.debtor)
        self.run_cron(TOMORROW)
        self.assertSent(self.debtor, self.level(7), on=TOMORROW)

    def test_the_bank_still_stops_a_company_that_sends_by_itself(self):
        self.company.collection_mode = "send"
        self.bank_line(50, on=TODAY - timedelta(days=9))
        self.run_cron()
        self.assertRecordValues(self.cycles(), [{"state": "preview", "stop_code": "bank_not_fresh"}])
        self.assertEqual(self.waiting(), self.cycles())
