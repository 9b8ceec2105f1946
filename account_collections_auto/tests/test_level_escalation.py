from datetime import timedelta

from odoo import Command
from odoo.tools import mute_logger

from ..engine.attempt import attempt_each
from .common import TODAY, CollectionsCase

ATTEMPT = "odoo.addons.account_collections_auto.engine.attempt"
FAILED = "account_collections_auto.mail_activity_type_escalation_failed"
TOLD = "account_collections_auto.mail_activity_type_told"


class TestLevelEscalation(CollectionsCase):
    """What a level sets off besides its message: a team, the salesperson, a credit hold; when it is really sent, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader, cls.anna, cls.bert = (
            cls.make_user(login, "account_collections_auto.group_collector") for login in ("lea", "anna", "bert")
        )
        cls.seller, cls.other_seller = cls.make_user("sam"), cls.make_user("sue")
        cls.team = cls.env["collection.team"].create(
            {"name": "Inland", "leader_id": cls.leader.id, "member_ids": [Command.set((cls.anna | cls.bert).ids)]}
        )
        cls.first = cls.level(7)

    def debtor(self, name, *amounts, days=10, seller=None):
        customer = self.customer(name, f"{name.lower()}@customer.example")
        for amount in amounts or (100,):
            self.invoice(customer, amount, due=TODAY - timedelta(days=days), invoice_user_id=(seller or self.seller).id)
        return customer

    def told(self, customer):
        return customer.activity_ids.filtered(lambda todo: todo.activity_type_id == self.env.ref(TOLD))

    # -- the salesperson -----------------------------------------------------------------------------------------------

    def test_the_salesperson_gets_one_to_do_for_each_customer_not_for_each_invoice(self):
        self.first.informs_salesperson = True
        customer = self.debtor("Late", 100, 200, 300)
        with self.on_day(TODAY):
            self.run_cycle(TODAY)
            self.run_cycle(TODAY)
        self.assertEqual(len(self.told(customer)), 1)
        self.assertEqual(self.told(customer).user_id, self.seller)
        self.assertIn("600", self.told(customer).summary)
        self.assertIn("told Sam", self.case(customer).message_ids.mapped("body")[0])

    def test_each_seller_of_an_open_invoice_is_told(self):
        self.first.informs_salesperson = True
        customer = self.debtor("Late")
        self.invoice(customer, 50, due=TODAY - timedelta(days=9), invoice_user_id=self.other_seller.id)
        self.run_cycle(TODAY)
        self.assertEqual(self.told(customer).user_id, self.seller | self.other_seller)

    def test_nothing_happens_before_the_message_leaves(self):
        self.first.write({"informs_salesperson": True, "mode": "review"})
        customer = self.debtor("Late")
        self.run_cycle(TODAY)
        self.assertFalse(self.told(customer))
        self.actions(customer, "review").action_approve()
        with self.on_day(TODAY):
            self.env["collection.action"].sudo()._dispatch_batch([("partner_id", "=", customer.id)], TODAY, 10)
        self.assertEqual(len(self.told(customer)), 1)

    def test_a_test_message_sets_off_nothing(self):
        self.company.write({"collection_test_email": "me@example.com", "collection_test_mode": True})
        self.first.informs_salesperson = True
        customer = self.debtor("Late")
        self.run_cycle(TODAY)
        self.assertFalse(self.told(customer))
        self.assertFalse(self.env["collection.escalation"].search([("case_id.partner_id", "=", customer.id)]))

    def test_a_message_sent_once_more_sets_off_nothing_a_later_invoice_does(self):
        self.first.informs_salesperson = True
        customer = self.debtor("Late")
        self.run_cycle(TODAY - timedelta(days=1))
        action = self.actions(customer, "sent")
        self.told(customer).unlink()
        action.sudo()._change_state("bounced", allowed_from=("sent",))
        self.run_cycle(TODAY)
        self.assertEqual(len(self.actions(customer, "sent")), 1)
        self.assertFalse(self.told(customer), "The same item, level and round")
        self.invoice(customer, 70, due=TODAY - timedelta(days=1), invoice_user_id=self.seller.id)
        with self.on_day(TODAY + timedelta(days=8)):
            self.run_cycle(TODAY + timedelta(days=8))
        self.assertEqual(len(self.told(customer)), 1)

    # -- the team ------------------------------------------------------------------------------------------------------

    def test_the_cases_of_a_cycle_are_shared_within_the_team(self):
        self.first.write({"assigns_team": True, "team_id": self.team.id})
        customers = [self.debtor(f"Customer{number}") for number in range(4)]
        self.env["collection.absence"].create({"user_id": self.leader.id, "date_from": TODAY, "date_until": TODAY})
        for customer in customers:
            self.case(customer).user_id = False
        with self.on_day(TODAY):
            self.run_cycle(TODAY)
        cases = self.env["collection.case"].union(*(self.case(customer) for customer in customers))
        self.assertEqual(cases.team_id, self.team)
        self.assertEqual([len(own) for own in cases.grouped("user_id").values()], [2, 2])

    def test_without_a_named_team_the_first_that_takes_such_customers(self):
        self.team.amount_from = 500
        self.first.assigns_team = True
        small, large = self.debtor("Small"), self.debtor("Large", 500)
        with self.on_day(TODAY):
            self.run_cycle(TODAY)
        self.assertFalse(self.case(small).team_id)
        self.assertEqual(self.case(large).team_id, self.team)

    # -- the credit hold -----------------------------------------------------------------------------------------------

    def test_a_credit_hold_waits_for_a_person(self):
        self.first.proposes_credit_hold = True
        customer = self.debtor("Late")
        self.case(customer).team_id = self.team
        with self.on_day(TODAY):
            self.run_cycle(TODAY)
            hold = self.case(customer).credit_hold_ids
            self.assertRecordValues(hold, [{"state": "proposed", "level_id": self.first.id}])
            self.assertFalse(self.env["collection.credit.hold"]._find_reasons(self.company, customer))
            tiles = self.env["collection.today"].get_tiles()
            (tile,) = [tile for tile in tiles if tile["key"] == "decide"]
            self.assertEqual(tile["buttons"][0]["method"], "open_credit_holds")
            hold.with_user(hold.activity_ids.user_id).action_approve()
            self.assertTrue(self.env["collection.credit.hold"]._find_reasons(self.company, customer))
        self.assertFalse(hold.activity_ids)

    def test_where_the_company_says_so_it_is_on_at_once(self):
        self.company.collection_credit_hold_approval = False
        self.first.proposes_credit_hold = True
        customer = self.debtor("Late")
        with self.on_day(TODAY):
            self.run_cycle(TODAY)
        self.assertEqual(self.case(customer).credit_hold_ids.state, "on")

    # -- what is proposed ----------------------------------------------------------------------------------------------

    def test_the_decision_that_the_level_proposes_is_chosen_to_start_with(self):
        self.level(35).proposed_decision = "write_off"
        customer = self.debtor("Late", days=60)
        self.run_on(-24, -16, -8, 0)
        case = self.case(customer)
        wizard = self.env["collection.case.decide"].with_context(**case.action_decide()["context"]).new()
        self.assertEqual((case.proposed_decision, wizard.choice), ("write_off", "write_off"))

    # -- cost and mistakes ---------------------------------------------------------------------------------------------

    def test_a_mistake_in_an_escalation_holds_up_no_message(self):
        """The team has nobody with access any more."""
        self.first.write({"assigns_team": True, "team_id": self.team.id})
        self.team.member_ids = [Command.clear()]
        self.leader.active = False
        customer = self.debtor("Late")
        with self.on_day(TODAY):
            self.run_cycle(TODAY)
        self.assertSent(customer, self.first)

    def forbid(self, customer):
        """The database refuses a credit hold on this customer, whatever proposes it."""
        self.env.flush_all()
        self.env.cr.execute(
            "ALTER TABLE collection_credit_hold ADD CONSTRAINT test_forbidden CHECK (partner_id != %s)", [customer.id]
        )

    def test_one_case_that_fails_holds_up_neither_the_others_nor_its_other_steps(self):
        self.first.write({"proposes_credit_hold": True, "informs_salesperson": True, "assigns_team": True})
        customers = [self.debtor(f"Customer{number}") for number in range(5)]
        refused = customers[2]
        self.forbid(refused)
        with self.on_day(TODAY), mute_logger(ATTEMPT, "odoo.sql_db"):
            self.run_cycle(TODAY)
        for customer in customers:
            self.assertSent(customer, self.first)
            self.assertEqual(len(self.told(customer)), 1)
            self.assertEqual(self.case(customer).team_id, self.team)
            self.assertEqual(len(self.case(customer).credit_hold_ids), customer != refused)
        failed = self.env["mail.activity"].search([("activity_type_id", "=", self.env.ref(FAILED).id)])
        self.assertRecordValues(
            failed,
            [
                {
                    "res_model": "collection.case",
                    "res_id": self.case(refused).id,
                    "user_id": self.company._collection_responsible().id,
                    "summary": "L1: proposing a credit hold failed. Do it by hand",
                }
            ],
        )
        shown = f"{failed.note} {self.case(refused).message_ids[0].body}"
        self.assertIn("the log of the server says which", shown)
        for word in ("Traceback", "psycopg2", "test_forbidden"):
            self.assertNotIn(word, shown)

    def test_a_level_that_fails_for_everybody_is_one_to_do(self):
        self.first.proposes_credit_hold = True
        self.env.cr.execute("ALTER TABLE collection_credit_hold ADD CONSTRAINT test_forbidden CHECK (partner_id IS NULL)")
        customers = [self.debtor(f"Customer{number}") for number in range(3)]
        with self.on_day(TODAY), mute_logger("odoo.sql_db"), self.assertLogs(ATTEMPT) as log:
            self.run_cycle(TODAY)
        failed = self.env["mail.activity"].search([("activity_type_id", "=", self.env.ref(FAILED).id)])
        self.assertEqual(failed.mapped("summary"), ["L1: proposing a credit hold failed for 3 customers. Do it by hand"])
        for customer in customers:
            self.assertSent(customer, self.first)
            self.assertIn(customer.name, failed.note)
        self.assertIn("test_forbidden", "".join(log.output))

    def test_a_batch_costs_the_same_for_three_customers_and_for_thirty(self):
        self.first.write({"informs_salesperson": True, "proposes_credit_hold": True, "assigns_team": True})

        def statements(count, on):
            for number in range(count):
                self.debtor(f"Customer{number}", days=(TODAY - on).days + 10)
            self.env["collection.case"]._refresh_marked()
            cases = self.env["collection.case"].search([("state", "=", "open"), ("credit_hold_ids", "=", False)])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            for step in self.first._get_escalation_steps():
                attempt_each(cases, step.do)
            self.env.flush_all()
            self.assertEqual(len(cases), count)
            return self.env.cr.sql_log_count - before

        with self.on_day(TODAY):
            statements(3, TODAY)
            few, many = statements(3, TODAY), statements(30, TODAY)
        self.assertLessEqual(many - few, 4)
