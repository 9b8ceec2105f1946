from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from .common import TODAY, CollectionsCase


def days(number):
    return timedelta(days=number)


class TestLevels(CollectionsCase):
    """Which level an item reaches next, and when: counted from the day the message left, never by equality of dates."""

    def levels_sent(self, customer):
        return [(day, level) for day, level, _advancing, _total in self.sent(customer)]

    def overdue(self, number, amount=100.0, **vals):
        """Return a customer with one invoice that is ``number`` days overdue today."""
        customer = self.customer(**vals)
        self.invoice(customer, amount, due=TODAY - days(number))
        return customer

    # -- reached -----------------------------------------------------------------------------------------------------

    def test_day_one_overdue_is_the_day_after_the_due_date(self):
        self.plan.level_ids.unlink()
        self.plan.level_ids = [
            Command.create({"name": "L1", "days_overdue": 1, "step_ids": [Command.create({"channel": "email"})]})
        ]
        customer = self.customer()
        self.invoice(customer, due=TODAY)
        self.run_cycle(TODAY)
        self.assertNotSent(customer)
        self.run_cycle(TODAY + days(1))
        self.assertSent(customer, self.level(1), TODAY + days(1))

    def test_missed_days_are_caught_up_one_level_per_cycle(self):
        customer = self.overdue(60)
        self.run_on(0, 1, 7, 8, 15, 16, 17)
        self.assertEqual(
            self.levels_sent(customer),
            [(TODAY, "L1"), (TODAY + days(8), "L2"), (TODAY + days(16), "L3")],
        )

    def test_a_plan_may_jump_to_the_highest_level_reached_but_never_to_the_final_notice_first(self):
        self.plan.catch_up = True
        customer = self.overdue(60)
        self.run_on(0, 7, 8, 16)
        self.assertEqual(self.levels_sent(customer), [(TODAY, "L2"), (TODAY + days(8), "L3")])

    def test_first_contact_counts_per_item_and_not_the_courtesy_message(self):
        self.plan.catch_up = True
        customer = self.customer()
        self.invoice(customer, due=TODAY)
        self.run_cycle(TODAY - days(3))
        self.run_cycle(TODAY + days(40))
        self.assertEqual(self.levels_sent(customer), [(TODAY - days(3), "L0"), (TODAY + days(40), "L2")])

    def test_a_plan_that_starts_with_a_final_notice_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "never the first contact"):
            self.make_plan(levels=[(-3, {}), (14, {"final_notice": True}), (21, {})])
        with self.assertRaisesRegex(ValidationError, "never the first contact"):
            (self.level(7) | self.level(21)).unlink()
        with self.assertRaises(ValidationError):
            self.level(-3).final_notice = True

    def test_the_previous_deadline_and_the_grace_days_must_have_passed(self):
        self.level(7).response_days = 20
        self.plan.grace_days = 3
        customer = self.overdue(10)
        self.run_on(0, 8, 20, 23, 24)
        # Deadline on day 20, grace until day 23, so the first day that may remind is day 24.
        self.assertEqual(self.levels_sent(customer), [(TODAY, "L1"), (TODAY + days(24), "L2")])

    def test_days_since_the_previous_level_count_from_the_day_of_sending(self):
        self.level(21).minimum_days_since_previous = 12
        customer = self.overdue(40)
        self.run_on(0, 8, 11, 12)
        self.assertEqual(self.levels_sent(customer), [(TODAY, "L1"), (TODAY + days(12), "L2")])

    def test_a_late_message_moves_the_whole_ladder(self):
        customer = self.customer()
        self.invoice(customer, due=TODAY)
        self.run_cycle(TODAY + days(18))  # eleven days late
        self.run_on(21, 25, 26, 27)
        self.assertEqual(self.levels_sent(customer), [(TODAY + days(18), "L1"), (TODAY + days(26), "L2")])

    def test_deadlines_move_to_the_next_working_day_and_that_one_counts(self):
        self.plan.calendar_id = self.env["resource.calendar"].create({"name": "Five days"})
        self.level(7).response_days = 5
        monday = date(2026, 9, 7)
        customer = self.customer()
        self.invoice(customer, due=monday - days(30))
        self.run_cycle(monday)
        item = self.items(customer)
        self.assertRecordValues(item, [{"level_date": monday, "deadline": date(2026, 9, 14)}])  # not Saturday
        self.assertEqual(self.actions(customer).deadline, date(2026, 9, 14))
        self.run_cycle(date(2026, 9, 14))
        self.assertNotSent(customer, date(2026, 9, 14))
        self.run_cycle(date(2026, 9, 15))
        self.assertSent(customer, self.level(21), date(2026, 9, 15))

    def test_deadlines_skip_public_holidays(self):
        calendar = self.env["resource.calendar"].create({"name": "Five days", "tz": "UTC"})
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": calendar.id,
                "date_from": "2026-09-14 00:00:00",
                "date_to": "2026-09-14 23:59:59",
            }
        )
        self.plan.calendar_id = calendar
        self.assertEqual(self.level(7)._get_deadline(date(2026, 9, 7)), date(2026, 9, 15))

    def test_a_public_holiday_is_a_day_of_the_place_where_one_works(self):
        """Odoo stores the first and the last moment of 1 May in UTC: on the evening before, or early on the day after."""
        for zone, first, last in (
            ("Europe/Brussels", "2026-04-30 22:00:00", "2026-05-01 21:59:59"),
            ("America/New_York", "2026-05-01 04:00:00", "2026-05-02 03:59:59"),
        ):
            for of_calendar in (True, False):
                with self.subTest(zone=zone, of_calendar=of_calendar):
                    calendar = self.env["resource.calendar"].create({"name": "Every day", "tz": zone})
                    calendar.attendance_ids = [
                        Command.clear(),
                        *(
                            Command.create({"name": "Day", "dayofweek": str(day), "hour_from": 8, "hour_to": 17})
                            for day in range(7)
                        ),
                    ]
                    holiday = self.env["resource.calendar.leaves"].create(
                        {
                            "name": "Labour Day",
                            "calendar_id": of_calendar and calendar.id,
                            "date_from": first,
                            "date_to": last,
                        }
                    )
                    self.plan.calendar_id = calendar
                    for day, deadline in (
                        (date(2026, 4, 30), date(2026, 4, 30)),
                        (date(2026, 5, 1), date(2026, 5, 2)),
                        (date(2026, 5, 2), date(2026, 5, 2)),
                    ):
                        self.assertEqual(self.level(7)._get_deadline(day - days(7)), deadline)
                    holiday.unlink()

    def test_holidays_of_another_company_or_of_one_person_move_no_deadline(self):
        self.plan.calendar_id = self.env["resource.calendar"].create({"name": "Five days", "tz": "UTC"})
        person = self.env["resource.resource"].sudo().create({"name": "Carla", "calendar_id": self.plan.calendar_id.id})
        other = self.env["res.company"].sudo().create({"name": "Elsewhere"})
        period = {"date_from": "2026-09-14 00:00:00", "date_to": "2026-09-14 23:59:59"}
        leaves = self.env["resource.calendar.leaves"].sudo()
        leaves.create({"name": "Holiday of one", "resource_id": person.id, **period})
        elsewhere = leaves.create({"name": "Holiday elsewhere", "calendar_id": False, **period})
        self.assertEqual(self.level(7)._get_deadline(date(2026, 9, 7)), date(2026, 9, 15))
        elsewhere.company_id = other
        self.plan.invalidate_recordset(["company_leave_ids"])
        self.assertEqual(self.level(7)._get_deadline(date(2026, 9, 7)), date(2026, 9, 14))

    def test_a_new_invoice_always_starts_at_the_first_level(self):
        customer = self.overdue(60)
        self.run_on(0, 8, 16)
        new = self.invoice(customer, 50, due=TODAY)
        self.run_cycle(TODAY + days(23))
        _day, level, advancing, _total = self.sent(customer)[-1]
        self.assertEqual((level, advancing), ("L1", {new: 50}))

    # -- the plan is edited --------------------------------------------------------------------------------------------

    def test_a_level_inserted_below_is_never_sent_afterwards(self):
        customer = self.overdue(30)
        self.run_on(0, 8)
        self.plan.level_ids = [Command.create({"name": "Inserted", "days_overdue": 14})]
        self.run_on(9, 16, 24, 32, 60)
        self.assertEqual([level for _day, level in self.levels_sent(customer)], ["L1", "L2", "L3"])

    def test_a_level_inserted_above_is_the_next_one(self):
        customer = self.overdue(30)
        self.run_cycle(TODAY)
        steps = [Command.create({"channel": "email"})]
        self.plan.level_ids = [Command.create({"name": "Inserted", "days_overdue": 14, "step_ids": steps})]
        self.run_cycle(TODAY + days(8))
        self.assertEqual(self.levels_sent(customer)[-1], (TODAY + days(8), "Inserted"))

    def test_a_level_moved_to_more_days_is_not_repeated(self):
        customer = self.overdue(30)
        self.run_cycle(TODAY)
        self.level(7).days_overdue = 10
        self.run_on(1, 8, 16, 24, 60)
        self.assertEqual([level for _day, level in self.levels_sent(customer)], ["L1", "L2", "L3"])

    def test_a_level_moved_to_fewer_days_is_not_repeated(self):
        customer = self.overdue(30)
        self.run_on(0, 8)
        self.level(21).days_overdue = 9
        self.run_on(9, 16, 24, 32, 60)
        self.assertEqual([level for _day, level in self.levels_sent(customer)], ["L1", "L2", "L3"])

    def test_a_deleted_level_leaves_the_item_where_it_stood(self):
        customer = self.overdue(30)
        self.run_on(0, 8)
        self.level(21).unlink()
        self.run_on(9, 16, 24, 32, 60)
        self.assertEqual(self.levels_sent(customer)[-1], (TODAY + days(16), "L3"))
        self.assertEqual(len(self.levels_sent(customer)), 3)

    def test_another_plan_goes_on_from_the_days_that_were_reached(self):
        customer = self.overdue(60)
        self.run_on(0, 8)  # L1 at 7 days, L2 at 21 days
        customer.collection_plan_id = self.make_plan(levels=[(5, {}), (15, {}), (30, {}), (50, {})])
        self.run_on(9, 16, 24, 32, 60)
        self.assertEqual(
            self.levels_sent(customer)[2:],
            [(TODAY + days(16), "L2"), (TODAY + days(24), "L3")],  # 30 and 50 days; 5 and 15 are passed
        )

    # -- courtesy ------------------------------------------------------------------------------------------------------

    def test_a_courtesy_message_is_skipped_for_good_once_the_item_is_due(self):
        customer = self.customer()
        self.invoice(customer, due=TODAY)
        self.run_cycle(TODAY + days(1))
        self.assertNotSent(customer)
        self.run_cycle(TODAY + days(7))
        self.assertEqual(self.levels_sent(customer), [(TODAY + days(7), "L1")])

    def test_of_several_courtesy_levels_only_the_nearest_to_the_due_date_goes_out(self):
        steps = [Command.create({"channel": "email"})]
        self.plan.level_ids = [
            Command.create({"name": "Early", "days_overdue": -10, "step_ids": steps}),
            Command.create({"name": "Due today", "days_overdue": 0, "step_ids": steps}),
        ]
        customer = self.customer()
        self.invoice(customer, due=TODAY)
        self.run_on(-2, -1, 0, 5)
        # Both -10 and -3 are reached: -3 it is. On the due date the gap of seven days holds the last one back.
        self.assertEqual(self.levels_sent(customer), [(TODAY - days(2), "L0")])
        self.assertWithheld(customer, "gap", TODAY)

    def test_a_courtesy_level_of_zero_days_goes_out_on_the_due_date(self):
        self.level(-3).days_overdue = 0
        customer = self.customer()
        self.invoice(customer, due=TODAY)
        self.run_daily(TODAY - days(1), TODAY + days(1))
        self.assertEqual(self.levels_sent(customer), [(TODAY, "L0")])

    def test_anything_overdue_stops_courtesy_messages_even_on_hold(self):
        for held in (False, True):
            with self.subTest(held=held):
                customer = self.overdue(2)
                if held:
                    self.hold(customer, self.items(customer))
                self.invoice(customer, due=TODAY + days(2))
                self.run_cycle(TODAY)
                self.assertNotSent(customer)

    def test_a_small_rest_does_not_stop_a_courtesy_message(self):
        customer = self.overdue(20, amount=0.50)
        upcoming = self.invoice(customer, due=TODAY + days(2))
        self.run_cycle(TODAY)
        [(_day, level, advancing, total)] = self.sent(customer)
        self.assertEqual((level, advancing, total), ("L0", {upcoming: 100}, 100))

    def test_credits_and_the_minimum_apply_to_courtesy_messages(self):
        self.plan.minimum_amount = 50
        covered, small, rest = self.customer("Covered"), self.customer("Small"), self.customer("Rest")
        for customer in (covered, rest):
            self.invoice(customer, 100, due=TODAY + days(3))
        self.credit_note(covered, 100)
        self.credit_note(rest, 30)
        self.invoice(small, 49, due=TODAY + days(3))
        self.run_cycle(TODAY)
        self.assertWithheld(covered, "covered_by_credit")
        self.assertWithheld(small, "below_minimum")
        self.assertEqual(self.sent(rest)[0][3], 70)

    def test_a_courtesy_message_counts_for_the_gap(self):
        self.plan.minimum_days_between_contacts = 14
        customer = self.customer()
        self.invoice(customer, due=TODAY)
        self.run_on(-3, 7, 10, 11)
        self.assertEqual(self.levels_sent(customer), [(TODAY - days(3), "L0"), (TODAY + days(11), "L1")])

    def test_a_courtesy_message_is_never_the_previous_level(self):
        self.level(-3).response_days = 90
        customer = self.customer()
        self.invoice(customer, due=TODAY)
        self.run_on(-3, 6, 7)
        self.assertEqual(self.levels_sent(customer)[-1], (TODAY + days(7), "L1"))

    def test_a_courtesy_message_asks_for_nothing_later_than_its_first_due_date(self):
        self.level(-3).mode = "review"
        customer = self.customer()
        self.invoice(customer, due=TODAY + days(2))
        self.invoice(customer, due=TODAY + days(1))
        self.run_cycle(TODAY)
        action = self.actions(customer, "review")
        with self.on_day(TODAY), self.enter_registry_test_mode():
            self.assertEqual(action.deadline_text, "September 16, 2026")
            action.action_approve()
            self.env.ref("account_collections_auto.ir_cron_outbox").sudo().method_direct_trigger()
        self.assertRecordValues(action, [{"state": "sent", "deadline": TODAY + days(1)}])
        self.assertIn("please pay by <b>September 16, 2026</b>", action.mail_id.body_html)

    def test_a_courtesy_message_is_no_reminder_when_its_item_is_listed_later(self):
        customer = self.customer()
        early = self.invoice(customer, due=TODAY)
        self.run_cycle(TODAY - days(3))
        late = self.invoice(customer, due=TODAY - days(3))
        self.run_cycle(TODAY + days(4))
        second = self.actions(customer)[-1]
        self.assertEqual({line.move_id: line.advances for line in second.line_ids}, {early: False, late: True})
        self.assertNotIn("Already reminded", second.items_table)
        self.assertIn("Also due", second.items_table)
        self.run_cycle(TODAY + days(11))
        third = self.actions(customer)[-1]
        self.assertEqual({line.move_id: line.advances for line in third.line_ids}, {early: True, late: False})
        self.assertIn("Already reminded", third.items_table)

    # -- the gap, and a second run -------------------------------------------------------------------------------------

    def test_who_must_wait_is_withheld_with_the_day_of_the_last_contact(self):
        customer = self.overdue(10)
        self.run_cycle(TODAY)
        self.invoice(customer, 50, due=TODAY - days(4))
        self.run_cycle(TODAY + days(3))
        self.assertNotSent(customer, TODAY + days(3))
        line = self.env["collection.cycle.line"].search(
            [("case_id", "=", self.case(customer).id), ("cycle_id.date", "=", TODAY + days(3))]
        )
        self.assertRecordValues(line, [{"decision": "withheld", "until_date": TODAY + days(6), "level_id": self.level(7).id}])
        self.assertIn("Contacted on 09/15/2026", line.reason)
        self.run_cycle(TODAY + days(7))
        self.assertEqual(self.sent(customer)[-1][0], TODAY + days(7))

    def test_without_a_gap_there_still_is_one_message_a_day(self):
        self.plan.minimum_days_between_contacts = 0
        customer = self.overdue(10)
        self.run_cycle(TODAY)
        late = self.invoice(customer, 50, due=TODAY - days(8))
        self.run_cycle(TODAY)
        self.assertEqual(len(self.sent(customer)), 1)
        self.run_cycle(TODAY + days(1))
        self.assertEqual(self.sent(customer)[-1][2], {late: 50})

    def test_a_second_run_of_a_day_contacts_only_who_had_no_message(self):
        first, second = self.overdue(10), self.overdue(10)
        hold = self.hold(second)
        self.run_cycle(TODAY)
        hold.action_end()
        third = self.overdue(10)
        cycle = self.run_cycle(TODAY)
        for customer in (first, second, third):
            self.assertEqual(self.levels_sent(customer), [(TODAY, "L1")])
        self.assertEqual(len(cycle.action_ids), 3)
        self.assertEqual(cycle.state, "done")

    # -- after the last level ------------------------------------------------------------------------------------------

    def ladder_finished(self):
        customer = self.overdue(60)
        self.run_on(0, 8, 16)
        self.assertEqual(self.levels_sent(customer)[-1], (TODAY + days(16), "L3"))
        return customer

    def todos(self, customer):
        return self.case(customer).activity_ids

    def test_after_the_last_deadline_a_person_decides_once_and_grace_does_not_delay_it(self):
        self.plan.grace_days = 0
        customer = self.ladder_finished()
        self.plan.grace_days = 5
        self.run_on(17, 23)
        self.assertFalse(self.case(customer).next_step)
        self.run_on(24, 25, 40)
        self.assertEqual(self.case(customer).next_step, "decide")
        self.assertEqual(len(self.todos(customer)), 1)
        self.assertEqual(len(self.sent(customer)), 3)

    def test_other_items_go_on_while_a_person_decides(self):
        customer = self.ladder_finished()
        new = self.invoice(customer, 50, due=TODAY + days(20))
        self.run_on(24, 27)
        self.assertEqual(self.sent(customer)[-1][2], {new: 50})
        self.assertEqual(self.case(customer).next_step, "decide")

    def test_nothing_is_to_be_decided_about_what_cannot_be_claimed(self):
        customer = self.ladder_finished()
        self.hold(customer, self.items(customer), since=TODAY)
        self.run_on(24, 30)
        self.assertFalse(self.case(customer).next_step)

    def test_the_decision_is_not_open_any_more_once_everything_is_paid(self):
        customer = self.ladder_finished()
        self.run_cycle(TODAY + days(24))
        self.assertEqual(len(self.todos(customer)), 1)
        self.pay(self.items(customer).move_id)
        self.run_cycle(TODAY + days(25))
        self.assertFalse(self.case(customer).next_step)
        self.assertFalse(self.todos(customer))

    def test_the_last_level_may_be_repeated_every_n_days_at_most_m_times(self):
        self.plan.write({"repeat_last_days": 10, "repeat_last_times": 2})
        customer = self.ladder_finished()
        self.run_on(24, 25, 26, 35, 36, 44, 46, 56)
        self.assertEqual(self.levels_sent(customer)[3:], [(TODAY + days(26), "L3"), (TODAY + days(36), "L3")])
        self.assertEqual(self.case(customer).next_step, "decide")

    def test_a_repeat_that_bounced_does_not_use_one_up(self):
        self.plan.write({"repeat_last_days": 10, "repeat_last_times": 1})
        customer = self.ladder_finished()
        self.run_cycle(TODAY + days(26))
        self.actions(customer, "sent")[-1:].sudo()._change_state("bounced", allowed_from=("sent",))
        self.run_on(27, 37)
        self.assertEqual(self.levels_sent(customer)[3:], [(TODAY + days(27), "L3")])

    def test_a_repeat_waits_for_approval_like_any_other_message(self):
        self.plan.write({"repeat_last_days": 10, "repeat_last_times": 1})
        customer = self.ladder_finished()
        self.level(35).mode = "review"
        self.run_on(26, 27)
        self.assertRecordValues(self.actions(customer)[3:], [{"state": "review", "planned_date": TODAY + days(27)}])

    # -- modes ---------------------------------------------------------------------------------------------------------

    def test_a_level_sent_by_hand_does_not_hold_up_the_other_items(self):
        self.level(21).mode = "manual"
        customer = self.overdue(30)
        self.run_on(0, 10)
        self.assertWithheld(customer, "manual_level", TODAY + days(10))
        new = self.invoice(customer, 50, due=TODAY + days(5))
        self.run_cycle(TODAY + days(12))
        self.assertEqual(self.sent(customer)[-1][1:3], ("L1", {new: 50}))

    # -- who may run it, and for which day --------------------------------------------------------------------------

    def test_a_day_to_come_is_refused(self):
        with self.on_day(TODAY), self.assertRaisesRegex(UserError, "still to come"):
            self.run_cycle(TODAY + days(1))
        with self.on_day(TODAY):
            self.assertEqual(self.env["collection.cycle"].preview(self.company, TODAY + days(30)).state, "preview")

    def test_only_a_manager_runs_a_cycle(self):
        collector = self.env["res.users"].create(
            {
                "name": "Collector",
                "login": "collector",
                "company_id": self.company.id,
                "company_ids": [Command.set(self.company.ids)],
                "group_ids": [Command.set(self.env.ref("account_collections_auto.group_collector").ids)],
            }
        )
        cycles = self.env["collection.cycle"].with_user(collector)
        with self.assertRaises(AccessError):
            cycles.run(self.company.id, TODAY)
        with self.assertRaises(AccessError):
            cycles.preview(self.company.id, TODAY)

    def test_a_program_names_the_company_by_id_and_the_day_as_text(self):
        customer = self.overdue(10)
        cycle = self.env["collection.cycle"].run(self.company.id, TODAY.isoformat())
        self.assertRecordValues(cycle, [{"company_id": self.company.id, "date": TODAY, "state": "done"}])
        self.assertSent(customer, self.level(7))
