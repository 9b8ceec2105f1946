from datetime import timedelta

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from .common import CollectionsCase
from .email_common import EmailCase


class StartAssistantCase(CollectionsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._collection_today()
        cls.head = cls.make_user("head", "account_collections_auto.group_collection_manager")

    def open(self, user=None):
        starts = self.env["collection.safe.start"].with_user(user or self.head)
        return starts.browse(starts.action_open()["res_id"])


class TestSteps(StartAssistantCase):
    """The assistant saves each step when it is left, and can be taken up where it was left."""

    def test_it_is_taken_up_where_it_was_left(self):
        start = self.open()
        self.assertEqual(start.step, "company")
        start.action_next()
        start.action_next()
        self.assertEqual(self.open().step, "plan")
        start.action_back()
        self.assertEqual(self.open().step, "overdue")
        self.assertFalse(self.company.collection_is_active)

    def test_the_time_zone_is_that_of_the_working_hours_else_of_an_administrator_and_can_be_chosen(self):
        administrator = self.env.ref("base.user_admin")
        administrator.write({"company_ids": [Command.link(self.company.id)], "tz": "America/New_York"})
        for administrator_of_before in self.env.ref("base.group_system").all_user_ids - administrator:
            administrator_of_before.tz = False
        hours = self.env["resource.calendar"].create({"name": "Office", "tz": "Europe/Brussels"})
        for calendar, expected in ((hours, "Europe/Brussels"), (False, "America/New_York")):
            self.company.resource_calendar_id = calendar
            self.company._collection_find_time_zone()
            self.assertEqual(self.company.collection_tz, expected)
        administrator.tz = False
        self.company._collection_find_time_zone()
        self.assertEqual(self.company.collection_tz, "UTC")
        start = self.open()
        start.step = "on"
        self.assertEqual(start.tz, "UTC")
        with freeze_time("2026-01-15 08:30"):
            self.assertIn("8:30", start.tz_clock)
            start.tz = "Europe/Madrid"
            self.assertIn("9:30", start.tz_clock)
        start.action_switch_on()
        self.assertEqual(self.company.collection_tz, "Europe/Madrid")

    def test_the_banner_invites_managers_until_the_cycle_was_switched_on(self):
        starts = self.env["collection.safe.start"].with_user(self.head)
        self.assertEqual(starts.get_banner(), {"is_started": False, "step": "Your Company", "number": 1, "total": 8})
        start = self.open()
        start.step = "sender"
        self.assertEqual(starts.get_banner(), {"is_started": True, "step": "Sender", "number": 4, "total": 8})
        collector = self.make_user("collector", "account_collections_auto.group_collector")
        self.assertIsNone(starts.with_user(collector).get_banner())
        start.action_switch_on()
        self.assertIsNone(starts.get_banner())
        start.action_switch_off()
        self.assertIsNone(starts.get_banner(), "who switched it off on purpose needs no invitation")
        self.assertEqual(self.open().step, "on")

    def test_a_skipped_step_changes_nothing(self):
        start = self.open()
        start.write({"step": "sender"})
        start.write({"email_from": "typed@example.com", "collector_id": self.head.id})
        start.action_skip()
        self.assertEqual(start.step, "test")
        self.assertFalse(self.company.collection_email_from)
        self.assertFalse(self.company.collection_user_id)

    def test_a_click_on_another_step_saves_the_one_that_is_left(self):
        start = self.open()
        start.step = "sender"
        with Form(start) as form:
            form.email_from = "Accounts <accounts@example.com>"
            form.step = "plan"
        self.assertEqual(self.company.collection_email_from, "Accounts <accounts@example.com>")

    def test_every_form_field_has_help(self):
        names = ["collection.plan", "collection.level", "collection.step", "collection.plan.rule", "collection.safe.start"]
        silent = [
            f"{model}.{name}"
            for model in names
            for name, field in self.env[model]._fields.items()
            if field._module == "account_collections_auto" and not (field.readonly or field.help)
        ]
        silent += [
            f"res.company.{name}"
            for name, field in self.env["res.company"]._fields.items()
            if name.startswith("collection_") and not field.readonly and not field.help
        ]
        self.assertEqual(sorted(set(silent) - {"collection.safe.start.step", "collection.safe.start.company_id"}), [])


class TestCompanyStep(StartAssistantCase):
    """The company's data: plain hints about what is missing; written with the rights of whoever types."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.make_user(
            "admin2",
            "account_collections_auto.group_collection_manager",
            "base.group_erp_manager",
            "base.group_partner_manager",
        )
        cls.company.sudo().partner_id.write({"street": False, "city": False, "email": False, "phone": False})
        cls.company.sudo().partner_id.bank_ids.unlink()

    def test_hints_say_what_is_missing(self):
        start = self.open(self.admin)
        for words in ("address is not complete", "no e-mail", "no phone", "no bank account"):
            self.assertIn(words, start.company_hints)
        with Form(start) as form:
            form.street, form.city, form.country_id = "High Street 1", "Ghent", self.env.ref("base.be")
            form.phone = "+32 2 555 01 23"
            form.email = "accounts.example.com"
            form.new_bank_account = "BE71 0961 2345 6768"
            self.assertIn("is not one e-mail address", form.company_hints)
            self.assertIn("looks like an IBAN", form.company_hints)
            form.email = "accounts@example.com"
            form.new_bank_account = "BE71 0961 2345 6769"
            self.assertIn("Everything", form.company_hints)
        start.action_next()
        self.assertRecordValues(
            self.company,
            [{"street": "High Street 1", "city": "Ghent", "email": "accounts@example.com", "phone": "+32 2 555 01 23"}],
        )
        self.assertEqual(self.company.partner_id.bank_ids.mapped("sanitized_acc_number"), ["BE71096123456769"])
        start.action_back()
        self.assertFalse(start.new_bank_account)
        self.assertIn("BE71", start.bank_accounts)
        start.action_next()
        self.assertEqual(len(self.company.partner_id.bank_ids), 1)

    def test_a_manager_without_the_right_changes_no_company(self):
        start = self.open(self.head)
        self.assertFalse(start.can_edit_company)
        start.write({"email": "mine@example.com", "new_bank_account": "BE71 0961 2345 6769"})
        start.action_next()
        self.assertFalse(self.company.sudo().email)
        self.assertFalse(self.company.sudo().partner_id.bank_ids)


class TestOverdueStep(StartAssistantCase):
    """What is overdue, straight from the ledger, before any cycle looked at it."""

    def test_without_invoices_there_are_zeros(self):
        buckets = self.open().ageing["buckets"]
        self.assertEqual([bucket["number"] for bucket in buckets], [0, 0, 0, 0, 0])

    def test_items_count_in_their_bucket_and_credits_apart(self):
        customer = self.customer()
        for days, amount in ((-5, 1), (0, 2), (1, 4), (30, 8), (31, 16), (90, 32), (91, 64), (400, 128)):
            self.invoice(customer, amount, due=self.today - timedelta(days=days))
        self.credit_note(customer, 10, on=self.today)
        paid = self.invoice(customer, 1000, due=self.today - timedelta(days=50))
        self.pay(paid, 400)
        ageing = self.open().ageing
        self.assertEqual([bucket["number"] for bucket in ageing["buckets"]], [2, 2, 2, 1, 2])
        self.assertEqual([bucket["amount"] for bucket in ageing["buckets"]], [3, 12, 616, 32, 192])
        self.assertEqual(ageing["credit"], -10)
        self.assertEqual(ageing["currency_id"], self.company.currency_id.id)
        balance = sum(bucket["amount"] for bucket in ageing["buckets"]) + ageing["credit"]
        self.assertEqual(balance, self.case(customer).amount_due, "the chart adds up to the balance")

    def test_nobody_sees_the_figures_of_another_company(self):
        other = self.env["res.company"].sudo().create({"name": "Other Company"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other)
        starts = self.env["collection.safe.start"].with_user(stranger)
        for field in ("ageing", "bank_accounts", "sender_hints", "overview"):
            self.env.invalidate_all()
            with self.subTest(field), self.assertRaises(AccessError):
                starts.create({"send_time": 8, "company_id": self.company.id}).read([field])
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            starts.create({"send_time": 8, "company_id": self.company.id}).action_next()
        with self.assertRaises(AccessError):
            starts.create({"send_time": 8, "company_id": self.company.id}).action_send_sample()


class TestPlanStep(StartAssistantCase):
    """A plan from a template becomes the company's own and its default."""

    def test_choices_are_the_own_plans_and_the_templates_not_made_yet(self):
        choices = self.open().plan_choices
        own = self.env["collection.plan"].search([("company_id", "=", self.company.id)])
        self.assertIn("standard", own.mapped("template_code"))
        self.assertEqual(
            [choice["key"] for choice in choices],
            [f"plan:{plan.id}" for plan in own] + ["template:gentle", "template:strict", "template:consumer"],
        )
        levels = choices[-2]["levels"]
        self.assertEqual([level["days"] for level in levels], [1, 10, 20])
        self.assertTrue(all(level["sentence"] for level in levels))

    def test_a_template_becomes_the_default_plan_once(self):
        start = self.open()
        start.write({"step": "plan"})
        start.write({"plan_choice": "template:gentle"})
        start.action_next()
        gentle = self.company.collection_plan_id
        self.assertEqual((gentle.template_code, gentle.company_id), ("gentle", self.company))
        self.assertEqual(start.plan_choice, f"plan:{gentle.id}")
        start.action_back()
        start.action_next()
        self.assertEqual(self.env["collection.plan"].search_count([("template_code", "=", "gentle")]), 1)
        self.assertNotIn("template:gentle", [choice["key"] for choice in self.open().plan_choices])

    def test_a_preview_of_the_plan_before_is_forgotten(self):
        self.invoice(self.customer(), 500, due=self.today - timedelta(days=8))
        start = self.open()
        start.step = "preview"
        before = start.cycle_id
        self.assertIn("L1", start.summary)
        start.step = "plan"
        start.plan_choice = "template:gentle"
        start.step = "preview"
        self.assertEqual(before.state, "cancelled")
        self.assertNotEqual(start.cycle_id, before)
        self.assertIn("Nobody reaches a level", start.summary)

    def test_the_preview_of_another_company_is_left_alone(self):
        theirs = self.env["collection.cycle"].preview(self.company, self.today)
        other = self.env["res.company"].sudo().create({"name": "Other Company"})
        start = self.open(self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other))
        start.cycle_id = theirs.id
        start.unlink()
        self.assertEqual(theirs.state, "preview")

    def test_the_plan_of_another_company_is_refused(self):
        other = self.env["res.company"].sudo().create({"name": "Other Company"})
        start = self.open()
        start.step = "plan"
        start.plan_choice = f"plan:{other.collection_plan_id.id}"
        with self.assertRaises(UserError):
            start.action_next()


class TestSenderAndTest(StartAssistantCase, EmailCase):
    """Who writes; where answers go; and one sample that really goes through the outgoing queue."""

    def at(self, step):
        start = self.open()
        start.step = step
        return start

    def test_sender_and_reply_address_are_used_in_reminders(self):
        start = self.at("sender")
        start.write({"email_from": "Accounts <accounts@example.com>", "reply_to": "answers@example.com"})
        start.action_next()
        debtor = self.customer()
        self.invoice(debtor, 500, due=self.today - timedelta(days=10))
        self.run_cycle(self.today)
        self.assertRecordValues(
            self.actions(debtor).mail_id,
            [{"email_from": "Accounts <accounts@example.com>", "reply_to": "answers@example.com"}],
        )

    def test_an_address_that_is_none_is_refused(self):
        start = self.at("sender")
        start.email_from = "accounts"
        self.assertIn("is not one e-mail address", start.sender_hints)
        with self.assertRaisesRegex(ValidationError, "is not one e-mail address"):
            start.action_next()

    def test_test_mode_needs_an_address(self):
        start = self.at("test")
        start.write({"is_test_mode": True, "test_email": False})
        with self.assertRaisesRegex(ValidationError, "needs the address"):
            start.action_next()

    def test_the_sample_goes_to_the_user_and_says_that_it_left(self):
        start = self.at("test")
        cases = self.env["collection.case"].search_count([])
        partners = self.env["res.partner"].search_count([])
        with self.mail_server() as server:
            start.action_send_sample()
        self.assertEqual(start.sample_result, "left", start.sample_text)
        self.assertIn(self.head.email, start.sample_text)
        (mail,) = server.mails
        self.assertEqual(mail.recipients, [self.head.email])
        self.assertIn(self.company.name, mail["From"])
        self.assertIn("[TEST]", mail["Subject"])
        self.assertIn("SAMPLE/1", self.html_of(mail))
        self.assertEqual(self.env["collection.case"].search_count([]), cases)
        self.assertEqual(self.env["res.partner"].search_count([]), partners)

    @mute_logger("odoo.addons.mail.models.mail_mail")
    def test_the_sample_says_why_it_did_not_leave(self):
        start = self.at("test")
        with self.dead_mail_server():
            start.action_send_sample()
        self.assertEqual(start.sample_result, "stuck")
        self.assertIn("Connection refused", start.sample_text)

    def test_a_user_without_an_address_is_told(self):
        self.head.sudo().email = False
        with self.assertRaisesRegex(UserError, "no e-mail address"):
            self.at("test").action_send_sample()


class TestSwitchOn(StartAssistantCase):
    """From an empty company to the first cycle in test mode."""

    def test_from_an_empty_company_to_the_first_cycle_in_test_mode(self):
        start = self.open()
        for _step in range(3):
            start.action_next()
        start.action_next()
        self.assertEqual(start.step, "test")
        start.write({"is_test_mode": True, "test_email": "me@example.com"})
        start.action_next()
        self.assertIn("Nobody reaches a level", start.summary)
        debtor = self.customer()
        self.invoice(debtor, 500, due=self.today - timedelta(days=10))
        start.action_preview_again()
        self.assertIn("L1", start.summary)
        start.action_next()
        self.assertEqual(start.old_item_count, 0)
        start.action_next()
        self.assertIn("all to me@example.com", start.overview)
        self.assertIn("1 customers", start.overview)
        self.assertEqual(start.mode, "prepare")
        start.write({"mode": "send", "send_time": 9.5})
        start.action_switch_on()
        self.assertRecordValues(
            self.company, [{"collection_is_active": True, "collection_mode": "send", "collection_send_time": 9.5}]
        )
        self.assertEqual(start.cycle_id.state, "preview", "switching on sends nothing by itself")
        self.assertNotSent(debtor)
        cycle = self.env["collection.cycle"].browse(start.action_run_first_cycle()["res_id"])
        self.assertEqual((cycle.state, cycle.sent_count), ("done", 1))
        self.assertRecordValues(self.actions(debtor), [{"is_test": True, "state": "sent"}])
        self.assertEqual(self.actions(debtor).mail_id.email_to, "me@example.com")

    def test_figures_of_old_debts_are_those_of_the_ledger_even_if_no_cycle_looked_yet(self):
        self.invoice(self.customer(), 900, due=self.today - timedelta(days=200))
        start = self.open()
        start.step = "old"
        self.assertEqual((start.old_item_count, start.old_amount), (1, 900))
        self.assertEqual(start.plan_ids.plan_id, self.plan)
        start.step = "on"
        with self.assertRaisesRegex(UserError, "Choose what happens"):
            start.action_switch_on()
        self.assertFalse(self.company.collection_is_active)
        start.step = "old"
        start.old_items = "leave_out"
        start.step = "on"
        start.action_switch_on()
        self.assertTrue(self.env["collection.hold"].search([("company_id", "=", self.company.id)]))

    def test_collector_and_auditor_are_refused(self):
        start = self.open()
        for role in ("group_collector", "group_collection_auditor"):
            user = self.make_user(role, f"account_collections_auto.{role}")
            theirs = start.with_user(user)
            attempts = (theirs.action_open, theirs.action_next, theirs.action_switch_on, theirs.action_send_sample)
            for attempt in (*attempts, lambda theirs=theirs: theirs.create({"company_id": self.company.id, "send_time": 8})):
                with self.subTest(role), self.assertRaises(AccessError):
                    attempt()

    def test_a_branch_sets_up_its_company(self):
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        self.head.sudo().company_ids = [Command.link(branch.id)]
        starts = (
            self.env["collection.safe.start"]
            .with_user(self.head)
            .with_context(allowed_company_ids=[branch.id, self.company.id])
        )
        self.assertEqual(starts.browse(starts.action_open()["res_id"]).company_id, self.company)
