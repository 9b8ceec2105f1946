"""Odoo Mates' follow-ups, in tables as its module for Odoo 13 to 19 leaves them."""

from datetime import timedelta

from odoo.exceptions import AccessError

from .common import TODAY
from .import_common import ImportCase

LEVELS = (("First", 10, True), ("Second", 21, True), ("Letter only", 40, False))
TEXT = "Dear %%(partner_name)s,\n\nPlease pay within 100%% of the time & soon.\n\nBest regards,"


class TestImportOdoomates(ImportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sql(
            """CREATE TABLE followup_followup (id serial PRIMARY KEY, company_id int NOT NULL, auto_send bool);
               CREATE TABLE followup_line (id serial PRIMARY KEY, name varchar NOT NULL, followup_id int NOT NULL, delay int,
                   description jsonb, send_email bool, send_letter bool, manual_action bool, manual_action_note text,
                   manual_action_responsible_id int, email_template_id int);
               ALTER TABLE account_move_line
                   ADD COLUMN followup_line_id int REFERENCES followup_line (id), ADD COLUMN followup_date date;
               ALTER TABLE res_partner ADD COLUMN payment_next_action_date date, ADD COLUMN payment_next_action text"""
        )
        cls.sql("INSERT INTO followup_followup (company_id) VALUES (%s)", cls.company.id)
        for name, delay, by_email in LEVELS:
            cls.sql(
                """INSERT INTO followup_line (followup_id, name, delay, description, send_email, send_letter, manual_action)
                   VALUES (1, %s, %s, jsonb_build_object('en_US', %s), %s, TRUE, FALSE)""",
                name,
                delay,
                TEXT.replace("%%", "%") if by_email else "Pay %(amount)s",
                by_email,
            )
        cls.make_customers()
        cls.reminded = {}
        for position, invoice in enumerate(cls.invoices):
            overdue = (TODAY - invoice.invoice_date_due).days
            passed = [number for number, (_name, delay, _mail) in enumerate(LEVELS) if delay <= overdue]
            if passed and position % 5:
                sent_on = TODAY - timedelta(days=min(overdue - LEVELS[passed[-1]][1], position % 9))
                cls.reminded[invoice] = (LEVELS[passed[-1]][1], sent_on)
                cls.env.cr.execute(
                    "UPDATE account_move_line SET followup_line_id = %s, followup_date = %s WHERE id = %s",
                    [passed[-1] + 1, sent_on, cls.receivable(invoice).id],
                )
        cls.later = cls.customers[:7]
        cls.sql(
            "UPDATE res_partner SET payment_next_action_date = %s WHERE id = ANY(%s)",
            TODAY + timedelta(days=30),
            cls.later.ids,
        )

    def test_nobody_gets_anything_twice(self):
        wizard = self.take_over("odoomates")
        self.assertIn("Done.", wizard.report)
        self.company.collection_plan_id.level_ids.mode = "auto"
        self.assertNothingTwice(self.reminded, self.later)

    def test_plan_levels_texts_and_dates(self):
        before = self.company.collection_plan_id
        wizard = self.open_import("odoomates")
        with self.on_day(TODAY):
            preview = str(wizard.preview)
        for text in ("10", "its own", "one of ours", "its text cannot be converted", "7 holds, until 10/14/2026"):
            self.assertIn(text, preview)
        self.assertEqual(self.company.collection_plan_id, before)
        with self.on_day(TODAY):
            wizard.action_import()
        plan = self.company.collection_plan_id
        self.assertNotEqual(plan, before)
        self.assertRecordValues(
            plan.level_ids,
            [
                {"name": "First", "days_overdue": 10, "mode": "review"},
                {"name": "Second", "days_overdue": 21, "mode": "review"},
                {"name": "Letter only", "days_overdue": 40, "mode": "manual"},
            ],
        )
        self.assertEqual(set(plan.level_ids.mapped("minimum_days_since_previous")), {7})
        template = plan.level_ids[0].step_ids.mail_template_id
        self.assertIn('Dear <t t-out="object.greeting_name"', template.body_html)
        self.assertIn("within 100% of the time &amp; soon", template.body_html)
        self.assertEqual(
            plan.level_ids[2].step_ids.mail_template_id,
            self.env.ref("account_collections_auto.mail_template_second_reminder"),
        )
        for invoice, (days, day) in self.reminded.items():
            self.assertRecordValues(self.items(invoice), [{"level_date": day}])
            self.assertEqual(self.items(invoice).level_id.days_overdue, days)
        action = self.actions(next(iter(self.reminded)).partner_id)[0]
        self.assertEqual((action.channel, action.state), ("imported", "sent"))

    def test_a_second_import_changes_nothing(self):
        self.take_over("odoomates")
        plan, contents = self.company.collection_plan_id, self.contents()
        self.company.collection_plan_id = self.plan
        plan.level_ids[0].name = "Ours now"
        hold = self.env["collection.hold"].search([("partner_id", "=", self.later[0].id)])
        hold.action_end()
        wizard = self.open_import("odoomates")
        with self.on_day(TODAY):
            self.assertIn("nothing to take over", wizard.preview)
            wizard.action_import()
        self.assertEqual(self.contents(), contents)
        self.assertEqual(self.company.collection_plan_id, self.plan)
        self.assertEqual(plan.level_ids[0].name, "Ours now")
        self.assertFalse(hold.active)

    def test_the_source_is_only_read(self):
        queries = (
            "SELECT * FROM followup_line ORDER BY id",
            "SELECT id, followup_line_id, followup_date FROM account_move_line ORDER BY id",
            "SELECT id, payment_next_action_date FROM res_partner ORDER BY id",
        )

        def read():
            result = []
            for query in queries:
                self.sql(query)
                result.append(self.env.cr.fetchall())
            return result

        before = read()
        self.take_over("odoomates")
        self.assertEqual(read(), before)

    def test_only_managers_of_the_company(self):
        wizard = self.open_import("odoomates")
        for role in ("group_collector", "group_collection_auditor"):
            user = self.make_user(role, f"account_collections_auto.{role}")
            for call in (
                lambda user=user: self.env["collection.import"].with_user(user).action_open(),
                lambda user=user: wizard.with_user(user).action_import(),
            ):
                with self.assertRaises(AccessError):
                    call()
        elsewhere = self.setup_other_company()["company"]
        manager = self.make_user("elsewhere", "account_collections_auto.group_collection_manager", company=elsewhere)
        foreign = self.env["collection.import"].with_user(manager).create(
            {"company_id": self.company.id, "source": "odoomates"}
        )
        with self.assertRaises(AccessError):
            foreign.action_import()
        with self.assertRaises(AccessError):
            foreign.read(["preview"])

    def test_another_company_gets_nothing_of_it(self):
        elsewhere = self.setup_other_company()["company"]
        manager = self.make_user("elsewhere", "account_collections_auto.group_collection_manager", company=elsewhere)
        wizard = self.env["collection.import"].with_user(manager).with_company(elsewhere)
        wizard = wizard.browse(wizard.action_open()["res_id"])
        self.assertIn("nothing to take over", wizard.preview)
        wizard.action_import()
        self.assertFalse(self.env["collection.action"].search([("channel", "=", "imported")]))
        self.assertFalse(self.env["collection.hold"].search([]))

    def test_an_import_asks_the_database_as_often_for_few_reminders_as_for_many(self):
        self.sql("UPDATE res_partner SET payment_next_action_date = NULL")
        counts = []
        for share in (8, 1, 1):
            savepoint = self.env.cr.savepoint(flush=True)
            self.sql("UPDATE account_move_line SET followup_line_id = NULL WHERE id %% %s != 0", share)
            wizard = self.open_import("odoomates")
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with self.on_day(TODAY):
                wizard.action_import()
            counts.append(self.env.cr.sql_log_count - before)
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)
        self.assertLessEqual(counts[2], counts[0] + 15)
