"""Odoo Enterprise's follow-ups, in tables as Odoo 19 has them, and as older versions had."""

from datetime import timedelta

from .common import TODAY
from .import_common import ImportCase

DELAYS = (-3, 15, 30, 60)


class EnterpriseCase(ImportCase):
    """Tables of Odoo 19: names per language, the next reminder per company, no day on the lines."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sql(
            """CREATE TABLE account_followup_followup_line (id serial PRIMARY KEY, name jsonb NOT NULL, delay int NOT NULL,
                   company_id int NOT NULL, mail_template_id int, send_email bool, join_invoices bool, sms_template_id int,
                   send_sms bool, create_activity bool, activity_summary varchar, activity_note text, activity_type_id int,
                   activity_default_responsible_type varchar, auto_execute bool);
               ALTER TABLE account_move_line
                   ADD COLUMN followup_line_id int REFERENCES account_followup_followup_line (id);
               ALTER TABLE res_partner ADD COLUMN followup_next_action_date jsonb, ADD COLUMN followup_reminder_type varchar,
                   ADD COLUMN followup_responsible_id jsonb"""
        )
        template = cls.env["mail.template"].create(
            {
                "name": "Follow-up",
                "model_id": cls.env["ir.model"]._get_id("res.partner"),
                "body_html": '<p>Dear <t t-out="object.name"/>,</p>',
            }
        )
        plain = template.copy({"body_html": "<p>Please <b>pay</b>.</p>"})
        for number, delay in enumerate(DELAYS):
            cls.sql(
                """INSERT INTO account_followup_followup_line
                          (name, delay, company_id, mail_template_id, send_email, auto_execute, send_sms)
                   VALUES (jsonb_build_object('en_US', %s, 'xx_XX', 'not installed'), %s, %s, %s, TRUE, %s, %s)""",
                f"Level {number}",
                delay,
                cls.company.id,
                (plain if number == 1 else template).id,
                number != 3,
                number == 2,
            )
        cls.make_customers()
        cls.reminded = {}
        for position, partner in enumerate(cls.customers):
            if position % 4:
                cls.remind(partner, TODAY - timedelta(days=position % 12))
        cls.by_hand = cls.customers[10:15]
        cls.sql("UPDATE res_partner SET followup_reminder_type = 'manual' WHERE id = ANY(%s)", cls.by_hand.ids)
        cls.sql(
            """UPDATE res_partner SET followup_reminder_type = 'automatic' WHERE followup_reminder_type IS NULL;
               ANALYZE account_move_line, res_partner"""
        )

    @classmethod
    def remind(cls, partner, day):
        """Let the program remind ``partner`` on ``day``: all lines get their level, the next reminder a day."""
        highest = None
        for invoice in cls.invoices.filtered(lambda move: move.partner_id == partner):
            overdue = (day - invoice.invoice_date_due).days
            passed = [number for number, delay in enumerate(DELAYS) if delay <= overdue]
            if passed:
                cls.reminded[invoice] = (DELAYS[passed[-1]], day)
                cls.mark_line(cls.receivable(invoice), passed[-1] + 1, day)
                highest = max(passed[-1], highest or 0)
        if highest is not None:
            more = DELAYS[highest + 1] - DELAYS[highest] if highest + 1 < len(DELAYS) else DELAYS[highest] - DELAYS[highest - 1]
            cls.mark_partner(partner, day + timedelta(days=more))

    @classmethod
    def mark_line(cls, line, level_id, day):
        cls.env.cr.execute("UPDATE account_move_line SET followup_line_id = %s WHERE id = %s", [level_id, line.id])

    @classmethod
    def mark_partner(cls, partner, next_day):
        cls.env.cr.execute(
            "UPDATE res_partner SET followup_next_action_date = jsonb_build_object(%s::text, %s::date::text) WHERE id = %s",
            [str(cls.company.id), next_day, partner.id],
        )


class TestImportEnterprise(EnterpriseCase):
    def test_nobody_gets_anything_twice_or_before_the_day_that_was_planned(self):
        self.take_over("enterprise")
        planned = self.env["collection.hold"].search([("reason", "like", "Next reminder planned")])
        self.assertGreater(len(planned), 40)
        self.assertNothingTwice(self.reminded, self.by_hand)
        for hold in planned:
            for action in self.actions(hold.partner_id).filtered("cycle_id"):
                self.assertGreater(action.contact_date, hold.date_until)

    def test_the_day_follows_from_the_next_reminder(self):
        self.take_over("enterprise")
        by_partner = {}
        for invoice, (days, day) in self.reminded.items():
            by_partner.setdefault(invoice.partner_id, []).append((days, day, invoice))
        for reminders in by_partner.values():
            days, day, invoice = max(reminders, key=lambda reminder: reminder[0])
            self.assertEqual(self.items(invoice).level_id.days_overdue, days)
            self.assertEqual(self.items(invoice).level_date, day)

    def test_levels_and_texts(self):
        wizard = self.take_over("enterprise")
        plan = self.company.collection_plan_id
        self.assertRecordValues(
            plan.level_ids,
            [
                {"name": "Level 0", "days_overdue": -3, "mode": "auto"},
                {"name": "Level 1", "days_overdue": 15, "mode": "auto"},
                {"name": "Level 2", "days_overdue": 30, "mode": "auto"},
                {"name": "Level 3", "days_overdue": 60, "mode": "review"},
            ],
        )
        self.assertIn("<p>Please <b>pay</b>.</p>", plan.level_ids[1].step_ids.mail_template_id.body_html)
        self.assertEqual(
            plan.level_ids[0].step_ids.mail_template_id, self.env.ref("account_collections_auto.mail_template_courtesy")
        )
        for text in ("Level Level 2: its text message is left out", "Level Level 0: its text cannot be converted"):
            self.assertIn(text, wizard.report)

    def test_a_second_import_changes_nothing(self):
        self.take_over("enterprise")
        contents = self.contents()
        self.take_over("enterprise")
        self.assertEqual(self.contents(), contents)


class TestImportOldEnterprise(EnterpriseCase):
    """As Odoo 13 to 17 left it: the day on the line, blocked lines, one next reminder for all companies."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.blocked = cls.invoices[3::10]
        cls.sql("UPDATE account_move_line SET blocked = TRUE WHERE id = ANY(%s)", cls.receivable(cls.blocked).ids)

    @classmethod
    def make_customers(cls):
        cls.sql(
            """ALTER TABLE account_move_line ADD COLUMN last_followup_date date, ADD COLUMN blocked bool;
               ALTER TABLE res_partner DROP COLUMN followup_next_action_date, DROP COLUMN followup_responsible_id;
               ALTER TABLE res_partner ADD COLUMN followup_next_action_date date;
               ALTER TABLE account_followup_followup_line ADD COLUMN description text, DROP COLUMN auto_execute"""
        )
        cls.sql("UPDATE account_followup_followup_line SET description = 'Dear %%(partner_name)s,' || chr(10) || 'pay.'")
        return super().make_customers()

    @classmethod
    def mark_line(cls, line, level_id, day):
        cls.env.cr.execute(
            "UPDATE account_move_line SET followup_line_id = %s, last_followup_date = %s WHERE id = %s",
            [level_id, day, line.id],
        )

    @classmethod
    def mark_partner(cls, partner, next_day):
        if partner.id % 3 == 0:
            cls.env.cr.execute(
                "UPDATE res_partner SET followup_next_action_date = %s WHERE id = %s", [next_day, partner.id]
            )

    def test_nobody_gets_anything_twice_and_blocked_lines_nothing(self):
        self.take_over("enterprise")
        for invoice, (days, day) in self.reminded.items():
            self.assertEqual((self.items(invoice).level_id.days_overdue, self.items(invoice).level_date), (days, day))
        self.assertEqual(self.company.collection_plan_id.level_ids.mapped("mode"), ["review"] * 4)
        self.company.collection_plan_id.level_ids.mode = "auto"
        self.assertNothingTwice(self.reminded, self.by_hand)
        lines = self.env["collection.action.line"].search([("move_id", "in", self.blocked.ids), ("advances", "=", True)])
        self.assertFalse(lines.action_id.filtered("cycle_id"))
