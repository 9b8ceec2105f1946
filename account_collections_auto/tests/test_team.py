from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError

from .common import TODAY, CollectionsCase


class TestTeam(CollectionsCase):
    """Teams share cases and disputes, stand in for each other, and their leader hears of what is late."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader, cls.anna, cls.bert = (
            cls.make_user(login, "account_collections_auto.group_collector") for login in ("lea", "anna", "bert")
        )
        cls.team = cls.env["collection.team"].create(
            {"name": "Export", "leader_id": cls.leader.id, "member_ids": [Command.set((cls.anna | cls.bert).ids)]}
        )

    def away(self, user, stand_in=None, since=TODAY, until=TODAY):
        return self.env["collection.absence"].create(
            {"user_id": user.id, "date_from": since, "date_until": until, "stand_in_id": stand_in and stand_in.id}
        )

    def debtor(self, name, amount=100.0, days=10, **vals):
        customer = self.customer(name, f"{name.lower()}@customer.example", **vals)
        self.invoice(customer, amount, due=TODAY - timedelta(days=days))
        return customer

    def cases(self, count):
        cases = self.env["collection.case"].union(*(self.case(self.debtor(f"Customer{number}")) for number in range(count)))
        cases.user_id = False
        return cases

    def assign(self, cases, **answers):
        wizard = self.env["collection.assign"].create({"case_ids": [Command.set(cases.ids)], "assign_to": "team", **answers})
        wizard.action_apply()
        return wizard

    # -- who stands in -------------------------------------------------------------------------------------------------

    def test_the_named_stand_in_works_for_who_is_away_and_only_then(self):
        self.away(self.anna, self.bert, until=TODAY + timedelta(days=3))
        self.assertEqual(self.anna._collection_stand_in(TODAY), self.bert)
        self.assertEqual(self.anna._collection_stand_in(TODAY + timedelta(days=3)), self.bert)
        self.assertEqual(self.anna._collection_stand_in(TODAY + timedelta(days=4)), self.anna)
        self.assertEqual(self.bert._collection_answers_for(TODAY), self.bert | self.anna)
        self.assertEqual(self.bert._collection_answers_for(TODAY + timedelta(days=4)), self.bert)

    def test_without_a_stand_in_who_is_there_the_leader_works(self):
        self.away(self.anna)
        self.assertEqual(self.anna._collection_stand_in(TODAY), self.leader)
        self.away(self.bert, self.anna)
        self.assertEqual(self.bert._collection_stand_in(TODAY), self.leader)

    def test_when_everybody_is_away_nothing_is_lost(self):
        for user in (self.anna, self.bert, self.leader):
            self.away(user)
        self.assertEqual(self.anna._collection_stand_in(TODAY), self.anna)
        case = self.cases(1)
        with self.on_day(TODAY):
            self.assign(case, team_id=self.team.id)
        self.assertEqual(case.user_id, self.leader)

    def test_who_left_the_company_counts_as_away(self):
        self.anna.active = False
        self.assertEqual(self.anna._collection_stand_in(TODAY), self.leader)

    def test_the_cases_of_who_is_away_are_mine(self):
        case = self.case(self.debtor("Late"))
        case.user_id = self.anna
        mine = [("id", "=", case.id), ("is_mine", "=", True)]
        with self.on_day(TODAY):
            self.assertFalse(self.env["collection.case"].with_user(self.bert).search(mine))
            self.away(self.anna, self.bert)
            self.assertEqual(self.env["collection.case"].with_user(self.bert).search(mine), case)
            self.assertEqual(self.env["collection.case"].with_user(self.anna).search(mine), case)

    def test_a_promise_that_is_not_kept_asks_the_stand_in(self):
        customer = self.debtor("Late")
        self.case(customer).user_id = self.anna
        promise = self.env["collection.promise"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "amount": 100,
                "date_from": TODAY - timedelta(days=5),
                "promise_date": TODAY - timedelta(days=2),
            }
        )
        self.away(self.anna, self.bert)
        with self.on_day(TODAY):
            self.env["collection.promise"]._judge(self.company, TODAY)
        self.assertEqual(promise.activity_ids.user_id, self.bert)

    def test_a_case_without_a_collector_is_its_team_leaders(self):
        case = self.cases(1)
        case.team_id = self.team
        self.assertEqual(case._get_collector(), self.leader)
        mine = [("id", "=", case.id), ("is_mine", "=", True)]
        self.assertEqual(self.env["collection.case"].with_user(self.leader).search(mine), case)

    # -- sharing -------------------------------------------------------------------------------------------------------

    def test_a_team_shares_cases_evenly_and_who_is_away_gets_none(self):
        cases = self.cases(5)
        cases[0].user_id = self.anna
        with self.on_day(TODAY):
            self.assign(cases, team_id=self.team.id)
        self.assertEqual(cases.team_id, self.team)
        self.assertEqual(cases[0].user_id, self.anna, "Who works a case keeps it")
        self.assertEqual(sorted(cases.mapped("user_id.name")), ["Anna", "Bert"])
        self.assertIn(len(cases.filtered(lambda case: case.user_id == self.bert)), (2, 3))
        self.away(self.anna)
        more = self.cases(2)
        with self.on_day(TODAY):
            self.assign(more, team_id=self.team.id)
        self.assertEqual(more.user_id, self.bert)

    def test_sharing_is_recorded_and_can_be_taken_back(self):
        case = self.cases(1)
        wizard = self.assign(case, team_id=self.team.id)
        self.assertIn("of the team Export", case.message_ids[0].body)
        wizard.action_undo()
        self.assertFalse(case.user_id or case.team_id)

    def test_the_first_team_that_takes_such_a_customer(self):
        germany = self.env.ref("base.de")
        tag = self.env["res.partner.category"].create({"name": "Key account"})
        large = self.team.copy({"name": "Large", "sequence": 1, "amount_from": 1000})
        german = self.team.copy({"name": "Germany", "sequence": 2, "country_ids": germany.ids, "category_ids": tag.ids})
        cases = [
            self.case(self.debtor("Large", 1000)),
            self.case(self.debtor("German", country_id=germany.id, category_id=tag.ids)),
            self.case(self.debtor("Untagged", country_id=germany.id)),
        ]
        with self.on_day(TODAY):
            found = self.env["collection.team"]._find_for(self.env["collection.case"].union(*cases))
        self.assertEqual([found[case] for case in cases], [large, german, self.team])

    def test_assigning_costs_the_same_for_three_cases_and_for_thirty(self):
        few, many = self.cases(3), self.cases(30)

        def statements(cases):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            cases._assign_to(self.team, TODAY)
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        statements(self.cases(3))
        self.assertLessEqual(statements(many), statements(few) + 1)

    def test_the_team_of_another_company_is_refused(self):
        other = self.env["res.company"].create({"name": "Other company"})
        with self.assertRaisesRegex(ValidationError, "no access"):
            self.team.copy({"company_id": other.id})
        self.env.user.company_ids += other
        elsewhere = self.env["collection.team"].create(
            {"name": "Elsewhere", "company_id": other.id, "leader_id": self.env.user.id}
        )
        with self.assertRaisesRegex(UserError, "choose cases of that company"):
            self.assign(self.cases(1), team_id=elsewhere.id)

    # -- disputes ------------------------------------------------------------------------------------------------------

    def dispute(self, invoice, reason):
        return self.env["collection.dispute"].create(
            {
                "partner_id": invoice.partner_id.id,
                "company_id": self.company.id,
                "date_from": TODAY,
                "reason_id": reason.id,
                "line_ids": [Command.create({"item_id": self.items(invoice).id})],
            }
        )

    def test_a_team_shares_disputes_and_its_leader_hears_of_late_ones(self):
        reason = self.env["collection.dispute.reason"].create({"name": "Damaged", "team_id": self.team.id, "service_days": 2})
        customer = self.debtor("Late")
        with self.on_day(TODAY):
            first, second = (self.dispute(self.invoice(customer), reason) for _number in range(2))
            self.assertEqual(first.user_id | second.user_id, self.anna | self.bert)
            self.away(self.anna)
            self.assertEqual(self.dispute(self.invoice(customer), reason).user_id, self.bert)
        first.deadline = "2020-01-01"
        first._cron_escalate()
        self.assertEqual(first.activity_ids.user_id, self.leader | first.user_id)

    # -- rights --------------------------------------------------------------------------------------------------------

    def test_collectors_record_their_own_absence_and_only_managers_those_of_others(self):
        absences = self.env["collection.absence"].with_user(self.anna)
        own = absences.create({"user_id": self.anna.id, "date_from": TODAY, "date_until": TODAY})
        own.unlink()
        with self.assertRaises(AccessError):
            absences.create({"user_id": self.bert.id, "date_from": TODAY, "date_until": TODAY})
        with self.assertRaises(AccessError):
            self.team.with_user(self.anna).member_ids = [Command.clear()]
        with self.assertRaisesRegex(ValidationError, "cannot stand in for itself"):
            self.away(self.anna, self.anna)

    def test_a_company_sees_the_absences_of_its_own_people(self):
        away = self.away(self.anna)
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=elsewhere)
        absences = self.env["collection.absence"]
        self.assertIn(away, absences.with_user(self.bert).search([]))
        self.assertFalse(absences.with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            away.with_user(stranger).read(["date_from"])
