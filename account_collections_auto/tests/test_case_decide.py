from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from .common import TODAY, CollectionsCase

DECIDE = "account_collections_auto.mail_activity_type_decide"
LATE = "account_collections_auto.mail_activity_type_decide_late"


class TestCaseDecide(CollectionsCase):
    """The last level has passed without an answer: one to-do, one place to decide, and a leader who hears of silence."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader, cls.anna, cls.bert = (
            cls.make_user(login, "account_collections_auto.group_collector") for login in ("lea", "anna", "bert")
        )
        cls.team = cls.env["collection.team"].create(
            {"name": "Inland", "leader_id": cls.leader.id, "member_ids": [Command.set((cls.anna | cls.bert).ids)]}
        )
        cls.auditor = cls.make_user("audit", "account_collections_auto.group_collection_auditor")

    def finished(self, *names, collector=None):
        """Return the cases of customers whose last deadline passed yesterday."""
        customers = [self.customer(name, f"{name.lower()}@customer.example") for name in names]
        for customer in customers:
            self.invoice(customer, 100, due=TODAY - timedelta(days=60))
            self.case(customer).user_id = collector or self.anna
        self.run_on(-24, -16, -8, 0)
        return self.env["collection.case"].union(*(self.case(customer) for customer in customers))

    def todos(self, cases, xmlid=DECIDE):
        return cases.activity_ids.filtered(lambda todo: todo.activity_type_id == self.env.ref(xmlid))

    def to_decide(self, cases, user=None):
        self.env.flush_all()
        found = self.env["collection.case"].with_user(user or self.env.user)
        return found.search([("id", "in", cases.ids), ("is_to_decide", "=", True)])

    def decide(self, cases, choice, user=None, **answers):
        wizard = self.env["collection.case.decide"].with_user(user or self.anna)
        wizard = wizard.create({"case_ids": [Command.set(cases.ids)], "choice": choice, **answers})
        wizard.action_apply()
        return wizard

    # -- the whole story -----------------------------------------------------------------------------------------------

    def test_the_story_from_the_last_level_to_the_decision(self):
        """Anna is on holiday, Bert is asked, leaves it for a week, then forgets; the leader hears of it and has it called."""
        with self.on_day(TODAY):
            self.env["collection.absence"].create(
                {"user_id": self.anna.id, "date_from": TODAY, "date_until": TODAY, "stand_in_id": self.bert.id}
            )
            case = self.finished("Silent")
            self.assertEqual(self.todos(case).user_id, self.bert)
            self.assertEqual(self.to_decide(case, self.bert), case)
            self.decide(case, "leave", self.bert, date=TODAY + timedelta(days=7), note="Back from abroad then")
            self.assertFalse(self.to_decide(case))
        with self.on_day(TODAY + timedelta(days=7)):
            self.assertEqual(self.to_decide(case), case)
        with self.on_day(TODAY + timedelta(days=20)):
            self.env["collection.case"]._cron_escalate_decisions()
            self.assertFalse(self.todos(case, LATE), "Asked again 13 days ago")
        with self.on_day(TODAY + timedelta(days=21)):
            self.env["collection.case"]._cron_escalate_decisions()
            self.assertFalse(self.todos(case))
            self.assertEqual(self.todos(case, LATE).user_id, self.leader)
            self.decide(case, "call", self.leader)
            self.assertFalse(self.to_decide(case))
            call = case.activity_ids.filtered(
                lambda todo: todo.activity_type_id == self.env.ref("mail.mail_activity_data_call")
            )
            self.assertEqual((call.user_id, call.date_deadline), (self.anna, TODAY + timedelta(days=21)))
        with self.on_day(TODAY + timedelta(days=22)):
            self.assertEqual(self.to_decide(case), case, "The day after the call it is asked again")

    # -- asking --------------------------------------------------------------------------------------------------------

    def test_one_to_do_however_often_the_cycle_looks(self):
        with self.on_day(TODAY):
            case = self.finished("Silent")
        with self.on_day(TODAY + timedelta(days=2)):
            self.run_on(1, 2)
        self.assertEqual(len(self.todos(case)), 1)

    def test_the_leader_hears_of_it_once(self):
        with self.on_day(TODAY):
            case = self.finished("Silent")
        with self.on_day(TODAY + timedelta(days=14)):
            self.env["collection.case"]._cron_escalate_decisions()
            notes = len(case.message_ids)
            self.env["collection.case"]._cron_escalate_decisions()
        self.assertEqual(len(case.message_ids), notes)
        self.assertEqual(self.todos(case, LATE).user_id, self.leader)
        self.assertIn("now asks Lea", case.message_ids[0].body)

    def test_without_a_team_a_manager_hears_of_it(self):
        self.team.active = False
        with self.on_day(TODAY):
            case = self.finished("Silent")
        with self.on_day(TODAY + timedelta(days=14)):
            self.env["collection.case"]._cron_escalate_decisions()
        self.assertEqual(self.todos(case, LATE).user_id, self.company._collection_responsible())

    def test_a_company_or_a_case_that_fails_keeps_no_leader_from_hearing_of_another(self):
        other = self.setup_other_company(name="Broken")["company"]
        other.sequence = self.company.sequence - 1
        with self.on_day(TODAY):
            first, second = self.finished("Silent", "Mute")
        tell = type(first)._tell_leaders

        def fail_for_first(cases, *args):
            if first in cases:
                raise ValueError("No such leader")
            return tell(cases, *args)

        with (
            self.on_day(TODAY + timedelta(days=14), without=other),
            patch.object(type(first), "_tell_leaders", fail_for_first),
            mute_logger("odoo.addons.account_collections_auto.engine.attempt"),
        ):
            self.env["collection.case"]._cron_escalate_decisions()
        self.assertEqual((self.todos(first, LATE), self.todos(second, LATE).user_id), (self.env["mail.activity"], self.leader))

    def test_who_pays_is_not_decided_about(self):
        with self.on_day(TODAY):
            case = self.finished("Silent")
            self.pay(case.item_ids.move_id)
            self.run_cycle(TODAY)
        self.assertFalse(case.activity_ids)

    # -- deciding ------------------------------------------------------------------------------------------------------

    def test_a_decision_about_many_is_taken_back_at_once(self):
        with self.on_day(TODAY):
            cases = self.finished("One", "Two", "Three")
            wizard = self.decide(cases, "call", date=TODAY)
            self.assertEqual(len(cases.activity_ids), 6)
            self.assertFalse(self.to_decide(cases))
            wizard.action_undo()
            self.assertEqual(self.to_decide(cases), cases)
            self.assertEqual(cases.activity_ids.activity_type_id, self.env.ref(DECIDE))
            self.assertEqual(set(self.todos(cases).mapped("date_deadline")), {TODAY})
            self.assertIn("taken back", cases[0].message_ids[0].body)

    def test_a_day_that_has_passed_is_refused(self):
        with self.on_day(TODAY):
            case = self.finished("Silent")
            for choice, day in (("call", -1), ("leave", -1), ("leave", 0)):
                with self.subTest(choice=choice, day=day), self.assertRaises(UserError):
                    self.decide(case, choice, date=TODAY + timedelta(days=day))

    def test_the_auditor_decides_nothing(self):
        with self.on_day(TODAY):
            case = self.finished("Silent")
            with self.assertRaises(AccessError):
                case.with_user(self.auditor).action_decide()
            with self.assertRaises(AccessError):
                self.decide(case, "call", self.auditor)

    # -- Today ---------------------------------------------------------------------------------------------------------

    def test_the_tile_counts_and_opens_what_is_to_decide(self):
        with self.on_day(TODAY):
            cases = self.finished("One", "Two")
            today = self.env["collection.today"].with_user(self.anna)
            (tile,) = [tile for tile in today.get_tiles() if tile["key"] == "decide"]
            self.assertEqual((tile["count"], tile["amounts"][0]["amount"]), (2, 200.0))
            opened = getattr(today, tile["buttons"][0]["method"])()
            self.assertEqual(self.env["collection.case"].search(opened["domain"]), cases)
            self.decide(cases, "leave")
            self.assertFalse([tile for tile in today.get_tiles() if tile["key"] == "decide"])

    def test_asking_and_deciding_cost_the_same_for_three_cases_and_for_thirty(self):
        with self.on_day(TODAY):
            cases = self.finished(*(f"Customer{number}" for number in range(33)))

            def statements(function):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                function()
                self.env.flush_all()
                return self.env.cr.sql_log_count - before

            few, many = cases[:3], cases[3:]
            few._get_decide_todos().unlink()
            many._get_decide_todos().unlink()
            statements(lambda: few._ask_for_decision(TODAY))
            few._get_decide_todos().unlink()
            asked = [statements(lambda cases=cases: cases._ask_for_decision(TODAY)) for cases in (few, many)]
            self.assertLessEqual(asked[1], asked[0] + 1)
            self.decide(few, "leave")
            left = [statements(lambda cases=cases: self.decide(cases, "leave")) for cases in (few, many)]
            self.assertLessEqual(left[1], left[0] + 3)
