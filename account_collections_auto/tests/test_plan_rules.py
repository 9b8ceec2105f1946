from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger
from psycopg2.errors import CheckViolation

from .common import TODAY, CollectionsCase


class TestPlanRules(CollectionsCase):
    """The first rule that fits gives a customer its plan; a plan set by hand wins; the rest follow the default."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gentle = cls.make_plan(name="Gentle")
        cls.strict = cls.make_plan(name="Strict")
        cls.vip = cls.env["res.partner.category"].create({"name": "VIP"})
        cls.debtor = cls.customer("Debtor")
        cls.invoice(cls.debtor, 500, due=TODAY - timedelta(days=10))
        cls.other = cls.customer("Other", email="other@example.com")
        cls.invoice(cls.other, 200, due=TODAY - timedelta(days=10))

    def setUp(self):
        super().setUp()
        self.enterContext(self.on_day(TODAY))

    @classmethod
    def rule(cls, plan, company=None, **vals):
        return cls.env["collection.plan.rule"].create({"plan_id": plan.id, "company_id": (company or cls.company).id, **vals})

    def check(self):
        """Open the check and return it with the customers whom it shows: {customer: (plan before, plan after)}."""
        checks = self.env["collection.plan.check"]
        check = checks.browse(checks.action_open()["res_id"])
        return check, {line.case_id.partner_id: (line.plan_before_id, line.plan_after_id) for line in check.line_ids}

    def plans(self, *customers):
        self.env.invalidate_all()
        return [self.case(customer).plan_id for customer in customers]

    def test_first_rule_that_fits_decides(self):
        country = self.env.ref("base.be")
        (self.debtor + self.other).country_id = country
        self.debtor.category_id = self.vip
        second = self.rule(self.strict, sequence=2, country_ids=[Command.set(country.ids)])
        first = self.rule(self.gentle, sequence=1, tag_ids=[Command.set(self.vip.ids)])
        self.env["collection.cycle"].preview(self.company, TODAY)
        self.assertEqual(self.plans(self.debtor, self.other), [self.gentle, self.strict])
        self.assertEqual(self.case(self.debtor).rule_id, first)
        self.assertEqual((first.customer_count, second.customer_count), (1, 1))
        second.sequence = 0
        self.run_cycle()
        self.assertEqual(self.plans(self.debtor, self.other), [self.strict, self.strict])

    def test_the_cycle_sends_by_the_plan_of_the_rule(self):
        self.debtor.category_id = self.vip
        later = self.make_plan(levels=((20, {}),), name="Later")
        self.rule(later, tag_ids=[Command.set(self.vip.ids)])
        self.run_cycle()
        self.assertNotSent(self.debtor)
        self.assertSent(self.other, self.level(7))

    def test_each_kind_of_condition(self):
        person = self.customer("Person", email="person@example.com", is_company=False)
        self.invoice(person, 5000, due=TODAY + timedelta(days=10))
        (self.debtor + self.other).is_company = True
        france = self.env.ref("base.fr")
        self.other.country_id = france
        group = self.env["res.country.group"].create({"name": "Near", "country_ids": [Command.set(france.ids)]})
        below = self.env["res.partner.category"].create({"name": "Gold", "parent_id": self.vip.id})
        self.debtor.category_id = below
        self.debtor.user_id = self.manager
        cases = {
            "tag above": ({"tag_ids": [Command.set(self.vip.ids)]}, self.debtor),
            "country": ({"country_ids": [Command.set(france.ids)]}, self.other),
            "country group": ({"country_group_ids": [Command.set(group.ids)]}, self.other),
            "salesperson": ({"salesperson_ids": [Command.set(self.manager.ids)]}, self.debtor),
            "persons": ({"customer_type": "person"}, person),
            "companies": ({"customer_type": "company"}, self.debtor + self.other),
            "overdue from": ({"amount_from": 300}, self.debtor),
            "overdue to": ({"amount_to": 300}, self.other + person),
            "balance from": ({"amount_basis": "balance", "amount_from": 1000}, person),
            "both must hold": ({"customer_type": "company", "amount_from": 300}, self.debtor),
            "no condition": ({}, self.debtor + self.other + person),
        }
        for name, (conditions, expected) in cases.items():
            with self.subTest(name):
                rule = self.rule(self.strict, **conditions)
                _check, shown = self.check()
                self.assertEqual(set(shown), set(expected))
                rule.unlink()

    def test_plan_set_on_the_customer_wins(self):
        self.debtor.collection_plan_id = self.gentle
        self.rule(self.strict)
        self.run_cycle()
        self.assertEqual(self.plans(self.debtor, self.other), [self.gentle, self.strict])
        self.debtor.collection_plan_id = False
        self.assertEqual(self.plans(self.debtor), [self.strict])

    def test_change_of_tag_counts_from_the_next_cycle(self):
        self.rule(self.strict, tag_ids=[Command.set(self.vip.ids)])
        self.run_cycle()
        self.debtor.category_id = self.vip
        self.assertEqual(self.plans(self.debtor), [self.plan])
        self.run_cycle(TODAY)
        self.env["collection.cycle"].preview(self.company, TODAY)
        self.assertEqual(self.plans(self.debtor), [self.strict])
        self.debtor.category_id = False
        self.env["collection.cycle"].preview(self.company, TODAY)
        self.assertEqual(self.plans(self.debtor), [self.plan])

    def test_posting_keeps_the_plan_of_the_rule(self):
        self.rule(self.strict, amount_from=300)
        self.run_cycle()
        self.invoice(self.debtor, 50)
        self.pay(self.invoice(self.debtor, 60))
        self.assertEqual(self.plans(self.debtor), [self.strict])

    def test_an_amount_near_the_limit_does_not_change_to_and_fro(self):
        self.rule(self.strict, amount_from=500)
        seen = []
        for amount in (0, -20, 15, -20, -50):
            if amount > 0:
                self.invoice(self.debtor, amount, due=TODAY - timedelta(days=10))
            elif amount:
                self.pay(self.env["account.move"].search([("partner_id", "=", self.debtor.id)], limit=1, order="id"), -amount)
            self.env["collection.cycle"].preview(self.company, TODAY)
            seen.append((self.case(self.debtor).amount_overdue, self.case(self.debtor).plan_id))
        strict, default = self.strict, self.plan
        self.assertEqual(seen, [(500, strict), (480, strict), (495, strict), (475, strict), (425, default)])
        self.invoice(self.debtor, 70, due=TODAY - timedelta(days=10))
        self.env["collection.cycle"].preview(self.company, TODAY)
        self.assertEqual(self.plans(self.debtor), [default], "495 is not enough to come back")

    def test_check_shows_exactly_those_who_then_change(self):
        held = self.customer("By hand", email="hand@example.com", category_id=self.vip.ids)
        held.collection_plan_id = self.gentle
        self.invoice(held, 900, due=TODAY - timedelta(days=10))
        already = self.customer("Already", email="already@example.com", category_id=self.vip.ids)
        already.collection_plan_id = self.strict
        self.invoice(already, 50, due=TODAY - timedelta(days=10))
        self.debtor.category_id = self.vip
        rule = self.rule(self.strict, tag_ids=[Command.set(self.vip.ids)])
        everyone = self.debtor + self.other + held + already
        before = self.plans(*everyone)
        check, shown = self.check()
        self.assertEqual(shown, {self.debtor: (self.plan, self.strict)})
        self.assertRecordValues(check.line_ids, [{"rule_id": rule.id, "amount_overdue": 500, "amount_due": 500}])
        self.assertEqual(check.customer_count, 1)
        self.assertIn("Strict", check.summary)
        self.assertEqual(self.plans(*everyone), before, "a check changes nothing")
        check.action_apply()
        self.assertEqual(
            {customer for customer, old, new in zip(everyone, before, self.plans(*everyone), strict=True) if old != new},
            set(shown),
        )
        self.assertEqual(self.check()[1], {})

    def test_archived_rules_and_rules_to_archived_plans_are_not_tried(self):
        self.rule(self.gentle, sequence=1).active = False
        self.rule(self.strict, sequence=2)
        self.strict.active = False
        self.assertEqual(self.check()[1], {})

    def test_deleted_rule_gives_the_customers_back_with_the_next_cycle(self):
        rule = self.rule(self.strict)
        self.run_cycle()
        rule.unlink()
        self.assertEqual(self.plans(self.debtor), [self.strict])
        self.env["collection.cycle"].preview(self.company, TODAY)
        self.assertEqual(self.plans(self.debtor), [self.plan])

    def test_the_rule_reads_as_a_sentence(self):
        rule = self.rule(
            self.strict,
            customer_type="company",
            tag_ids=[Command.set(self.vip.ids)],
            country_ids=[Command.set((self.env.ref("base.be") + self.env.ref("base.fr")).ids)],
            amount_from=100,
            amount_to=1000,
        )
        self.assertEqual(
            rule.sentence.replace("\N{NO-BREAK SPACE}", " "),
            "Companies; tag VIP; in Belgium or France; Overdue from $ 100.00 to less than $ 1,000.00: plan Strict",
        )
        self.assertEqual(self.rule(self.gentle).sentence, "All other customers: plan Gentle")
        self.assertEqual(self.env["collection.plan.rule"].new({}).sentence, "All other customers: no plan chosen yet")

    @mute_logger("odoo.sql_db")
    def test_amounts_are_checked(self):
        for amounts in ({"amount_from": -1}, {"amount_from": 10, "amount_to": 10}):
            with self.assertRaises(CheckViolation), self.env.cr.savepoint():
                self.rule(self.strict, **amounts)

    def test_applying_costs_the_same_for_two_customers_and_for_forty(self):
        self.rule(self.strict, amount_from=300)
        check, _shown = self.check()

        def statements():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            check.action_apply()
            return self.env.cr.sql_log_count - before

        statements()
        few = statements()
        for number in range(40):
            self.invoice(self.customer(f"Customer {number}", f"c{number}@example.com"), 400, due=TODAY - timedelta(days=10))
        self.env["collection.case"]._refresh_marked()
        self.assertEqual(statements(), few)
        self.assertEqual(len(self.env["collection.case"].search([("plan_id", "=", self.strict.id)])), 41)


class TestPlanRulesOfCompanies(CollectionsCase):
    """Rules belong to a root company, count for its branches, and for nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.strict = cls.make_plan(name="Strict")
        cls.branch = cls.env["res.company"].sudo().create({"name": "Branch", "parent_id": cls.company.id})
        cls.other = cls.setup_other_company(name="Other Company")["company"]
        cls.debtor = cls.customer("Debtor")
        cls.invoice(cls.debtor, 500, due=TODAY - timedelta(days=10))
        with_other = cls.env(context={**cls.env.context, "allowed_company_ids": (cls.company + cls.other).ids})
        cls.other_plan = cls.make_plan(company=cls.other.with_env(with_other), name="Other strict")
        cls.other.sudo().collection_plan_id = cls.make_plan(company=cls.other, name="Other default")

    def test_two_companies_follow_their_own_rules(self):
        self.env["collection.plan.rule"].create({"plan_id": self.strict.id, "company_id": self.company.id})
        theirs = (
            self.env["account.move"]
            .with_company(self.other)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.debtor.id,
                    "invoice_date": TODAY - timedelta(days=20),
                    "invoice_date_due": TODAY - timedelta(days=10),
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 70, "tax_ids": []})],
                }
            )
        )
        theirs.action_post()
        cycles = self.env["collection.cycle"]
        for company in (self.company, self.other):
            cycles.preview(company, TODAY)
        cases = self.env["collection.case"].sudo().search([("partner_id", "=", self.debtor.id)])
        self.assertEqual(
            {case.company_id: case.plan_id for case in cases},
            {self.company: self.strict, self.other: self.other.collection_plan_id},
        )

    def test_a_rule_is_not_made_for_a_branch_nor_with_a_strange_plan(self):
        rules = self.env["collection.plan.rule"]
        with self.assertRaisesRegex(ValidationError, "is a branch"):
            rules.create({"plan_id": self.strict.id, "company_id": self.branch.id})
        with self.assertRaisesRegex(ValidationError, "does not belong"):
            rules.create({"plan_id": self.other_plan.id, "company_id": self.company.id})

    def test_a_branch_opens_the_rules_of_its_company(self):
        manager = self.make_user("head", "account_collections_auto.group_collection_manager")
        manager.sudo().company_ids += self.branch
        rules = (
            self.env["collection.plan.rule"]
            .with_user(manager)
            .with_context(allowed_company_ids=[self.branch.id, self.company.id])
        )
        with Form(rules) as form:
            form.plan_id = self.strict
        self.assertEqual(form.record.company_id, self.company)


class TestPlanRulesByRole(CollectionsCase):
    """A manager makes and applies rules; a collector and an auditor read them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls.env["collection.plan.rule"].create({"plan_id": cls.plan.id})
        cls.debtor = cls.customer("Debtor")
        cls.invoice(cls.debtor, 500)
        cls.readers = [
            cls.make_user("auditor", "account_collections_auto.group_collection_auditor"),
            cls.make_user("collector", "account_collections_auto.group_collector"),
        ]

    def test_collector_and_auditor_read_and_are_refused_the_rest(self):
        for reader in self.readers:
            rule = self.rule.with_user(reader)
            checks = self.env["collection.plan.check"].with_user(reader)
            self.assertTrue(rule.sentence)
            attempts = {
                "write": lambda rule=rule: rule.write({"sequence": 1}),
                "create": lambda rule=rule: rule.create({"plan_id": self.plan.id}),
                "unlink": rule.unlink,
                "check": checks.action_open,
                "apply": lambda reader=reader: (
                    self.env["collection.plan.check"].create({"company_id": self.company.id}).with_user(reader).action_apply()
                ),
                "write the case": lambda reader=reader: self.case(self.debtor).with_user(reader).write({"rule_plan_id": False}),
            }
            for name, attempt in attempts.items():
                with self.subTest(reader=reader.login, attempt=name), self.assertRaises(AccessError):
                    attempt()

    def test_a_manager_of_another_company_is_refused(self):
        other = self.env["res.company"].sudo().create({"name": "Other Company"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other)
        self.assertNotIn(self.rule, self.env["collection.plan.rule"].with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            self.rule.with_user(stranger).read(["plan_id"])
        check = self.env["collection.plan.check"].create({"company_id": self.company.id})
        with self.assertRaises(AccessError):
            check.with_user(stranger).action_apply()
