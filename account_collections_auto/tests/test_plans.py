from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from .common import CollectionsCase


class TestPlans(CollectionsCase):
    """Plans read as sentences on a time line; a manager adds levels and copies plans without surprises."""

    def test_the_time_line_tells_what_happens_on_which_day(self):
        self.level(21).write({"mode": "review", "name": "Again"})
        line = self.plan.timeline
        self.assertEqual([(level["days"], level["name"]) for level in line], [(-3, "L0"), (7, "L1"), (21, "Again"), (35, "L3")])
        self.assertEqual([level["final"] for level in line], [False, False, False, True])
        self.assertEqual(line[2]["mode"], "review")
        self.assertEqual(line[0]["channels"], "email")
        self.assertIn("3 days before the due date", line[0]["sentence"])

    def new_level(self, plan):
        """Press "Add a Level" on the screen of ``plan`` and return what is proposed."""
        shown = [[level.days_overdue, level.final_notice] for level in plan.level_ids]
        level = Form(self.env["collection.level"].with_context(collection_levels=shown, default_plan_id=plan.id))
        with level.step_ids.edit(0) as step:
            text = step.mail_template_id
        return level, text

    def test_a_new_level_fits_into_the_plan(self):
        level, text = self.new_level(self.plan)
        self.assertEqual((level.name, level.days_overdue, level.mode), ("Third reminder", 28, "auto"))
        self.assertEqual(text, self.quick_ref("account_collections_auto.mail_template_second_reminder"))
        self.assertIn("28 days after the due date", level.sentence)
        saved = level.save()
        self.assertEqual(saved.plan_id, self.plan)
        empty = self.make_plan(levels=())
        level, text = self.new_level(empty)
        self.assertEqual((level.name, level.days_overdue), ("First reminder", 7))
        self.assertEqual(text, self.quick_ref("account_collections_auto.mail_template_first_reminder"))

    def test_programs_get_no_step_that_they_did_not_ask_for(self):
        level = self.env["collection.level"].create({"name": "By phone", "plan_id": self.plan.id, "days_overdue": 50})
        self.assertFalse(level.step_ids)

    def test_a_copy_has_its_own_levels_steps_and_fallbacks(self):
        self.level(35).active = False
        self.plan.name = "Mine"
        copy = self.env["collection.plan"].browse(self.plan.action_duplicate()["res_id"])
        self.assertEqual(copy.name, "Mine (copy)")
        with_archived = copy.with_context(active_test=False)
        self.assertEqual(sorted(with_archived.level_ids.mapped("days_overdue")), [-3, 7, 21, 35])
        self.assertEqual(len(copy.level_ids), 3)
        self.assertFalse(with_archived.level_ids.step_ids & self.plan.with_context(active_test=False).level_ids.step_ids)

    def test_a_fallback_is_copied_to_the_copied_step(self):
        step = self.level(7).step_ids
        other = self.level(21).step_ids
        other.fallback_of_id = step
        copy = self.plan.copy()
        twins = {level.days_overdue: level.step_ids for level in copy.level_ids}
        self.assertEqual(twins[21].fallback_of_id, twins[7])
        self.assertFalse(twins[7].fallback_of_id)

    @mute_logger("odoo.sql_db")
    def test_mistakes_are_explained(self):
        with self.assertRaisesRegex(ValidationError, "never the first contact"), self.env.cr.savepoint():
            self.level(7).final_notice = True
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.level(7).days_overdue = 21
        self.assertIn("choose another day", self.env["collection.level"]._days_unique.get_error_message(None))


class TestPlanTemplates(CollectionsCase):
    """Each ready-made plan becomes a plan of the company that can be used as it is."""

    def test_each_template_makes_a_plan_that_sends(self):
        templates = self.env["collection.plan.template"]
        for code in templates._get_templates():
            with self.subTest(code):
                plan = templates._create_plan(self.company, code)
                self.assertEqual((plan.company_id, plan.template_code), (self.company, code))
                self.assertEqual(len(plan.level_ids.step_ids), len(plan.level_ids))
                self.assertTrue(plan.level_ids[-1].final_notice)
                gaps = [
                    later["days"] - earlier["days"] for earlier, later in zip(plan.timeline, plan.timeline[1:], strict=False)
                ]
                self.assertGreaterEqual(min(gaps), plan.minimum_days_between_contacts)
                for earlier, later in zip(plan.level_ids, plan.level_ids[1:], strict=False):
                    if earlier.days_overdue > 0:
                        answered = earlier.days_overdue + earlier.response_days + plan.grace_days
                        self.assertLess(answered, later.days_overdue, "the answer has time before the next level")

    def test_the_standard_plan_is_the_template_of_that_name(self):
        shipped = self.quick_ref("account_collections_auto.collection_plan_standard").sudo()
        made = self.env["collection.plan.template"]._create_plan(self.company, "standard")
        self.assertEqual(made.timeline, shipped.timeline)
        for name in ("minimum_days_between_contacts", "grace_days", "template_code", "name"):
            self.assertEqual(made[name], shipped[name])

    def test_names_are_there_in_each_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        plan = self.env["collection.plan.template"]._create_plan(self.company, "standard")
        french = plan.with_context(lang="fr_FR")
        expected = self.env["collection.plan.template"].with_context(lang="fr_FR")._get_templates()["standard"]
        self.assertEqual(french.level_ids.mapped("name"), [rung.name for rung in expected["level_ids"]])

    def test_an_unknown_template_is_refused(self):
        with self.assertRaisesRegex(UserError, "no ready-made plan"):
            self.env["collection.plan.template"]._create_plan(self.company, "harsh")

    def test_only_a_manager_makes_plans(self):
        collector = self.make_user("collector", "account_collections_auto.group_collector")
        with self.assertRaises(AccessError):
            self.env["collection.plan.template"].with_user(collector)._create_plan(self.company, "strict")
        with self.assertRaises(AccessError):
            self.plan.with_user(collector).action_duplicate()
        with self.assertRaises(AccessError):
            self.plan.with_user(collector).level_ids = [Command.create({"name": "Mine", "days_overdue": 50})]
