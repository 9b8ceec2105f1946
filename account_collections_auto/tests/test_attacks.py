from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, ValidationError

from .common import TODAY, CollectionsCase
from .email_common import EmailCase


class TestTexts(CollectionsCase):
    """The system renders the texts of messages and sends them by itself: who may write them could do anything."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.employee = cls.make_user("employee", "mail.group_mail_template_editor")
        cls.head = cls.make_user("head", "account_collections_auto.group_collection_manager", "mail.group_mail_template_editor")
        cls.template = cls.env.ref("account_collections_auto.mail_template_first_reminder")
        cls.victim = cls.customer("Victim")
        steal = f"object.env['res.partner'].browse({cls.victim.id}).write({{'ref': 'taken'}})"
        cls.attack = f'<p>Hello <t t-out="{steal}" /></p>'

    def test_employee_changes_no_text_of_ours(self):
        texts = self.template.with_user(self.employee)
        attempts = {
            "change": lambda: texts.write({"body_html": self.attack}),
            "translate": lambda: texts.update_field_translations("subject", {"en_US": "Pay to me"}),
            "delete": texts.unlink,
            "write a new one": lambda: texts.create(
                {"name": "T", "model_id": self.template.model_id.id, "subject": "T", "body_html": self.attack}
            ),
        }
        for name, attempt in attempts.items():
            with self.subTest(name), self.assertRaises(AccessError):
                attempt()
        self.assertFalse(self.victim.ref)

    def test_employee_changes_none_of_the_texts_that_we_ship(self):
        shipped = self.env["ir.model.data"].search(
            [("module", "=", "account_collections_auto"), ("model", "=", "mail.template")]
        )
        for template in self.env["mail.template"].browse(shipped.mapped("res_id")):
            with self.subTest(template.name), self.assertRaises(AccessError):
                template.with_user(self.employee).subject = "Pay to me"

    def test_employee_turns_no_text_of_another_kind_into_one_of_ours(self):
        """Odoo asks for the right before the writing only, and tries the text after it."""
        partners = self.env["ir.model"]._get("res.partner")
        own = self.env["mail.template"].with_user(self.employee).create({"name": "T", "model_id": partners.id, "subject": "T"})
        with self.assertRaises(AccessError):
            own.write({"model_id": self.template.model_id.id, "body_html": self.attack})
        self.assertFalse(self.victim.ref)

    def test_employee_writes_texts_of_other_kinds_as_before(self):
        partners = self.env["ir.model"]._get("res.partner")
        own = self.env["mail.template"].with_user(self.employee).create({"name": "T", "model_id": partners.id, "subject": "T"})
        own.subject = "Hello {{ object.name }}"
        self.assertEqual(own.subject, "Hello {{ object.name }}")

    def test_manager_writes_texts(self):
        self.template.with_user(self.head).subject = "Please pay by {{ object.deadline_text }}"
        self.assertEqual(self.template.subject, "Please pay by {{ object.deadline_text }}")

    def test_text_about_something_else_cannot_be_sent(self):
        """It would be filled with the partner, or the user, who happens to have the number of the message."""
        partners = self.env["ir.model"]._get("res.partner")
        other = self.env["mail.template"].create({"name": "T", "model_id": partners.id, "subject": "{{ object.name }}"})
        with self.assertRaisesRegex(ValidationError, "not a text for collection messages"):
            self.level(7).step_ids.mail_template_id = other
        with self.assertRaisesRegex(ValidationError, "not a text for collection messages"):
            self.template.write({"model_id": partners.id, "subject": "T", "body_html": "<p>T</p>"})


class TestReach(CollectionsCase):
    """Values that no screen offers, sent by a program of somebody who has a role in another company or a lower one."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.make_user("collector", "account_collections_auto.group_collector")
        cls.auditor = cls.make_user("auditor", "account_collections_auto.group_collection_auditor")
        cls.debtor = cls.customer("Debtor")
        cls.invoice(cls.debtor, 500, due=TODAY - timedelta(days=40))
        cls.preview = cls.env["collection.cycle"].preview(cls.company, TODAY)
        cls.other = cls.env["res.company"].sudo().create({"name": "Other Company"})
        cls.stranger = cls.make_user("stranger", "account_collections_auto.group_collection_manager", company=cls.other)
        cls.branch = cls.env["res.company"].sudo().create({"name": "Branch", "parent_id": cls.company.id})

    def test_assistant_shows_no_figures_of_another_company(self):
        self.assertIn("Debtor", self.preview.summary)
        starts = self.env["collection.safe.start"].with_user(self.stranger)
        of_another = {"company_id": self.other.id, "cycle_id": self.preview.id}
        self.env.flush_all()
        for vals, field in (({"company_id": self.company.id}, "old_amount"), (of_another, "bank_summary")):
            with self.subTest(field), self.assertRaises(AccessError):
                start = starts.create({"send_time": 8, **vals})
                self.env.invalidate_all()
                start.read([field])
            with self.subTest(field, kind="not kept"), self.assertRaises(AccessError):
                self.env.invalidate_all()
                starts.onchange(vals, list(vals), dict.fromkeys([*vals, field], {}))
        start = starts.create({"send_time": 8, **of_another})
        self.env.invalidate_all()
        self.assertNotIn("Debtor", start.summary or "")

    def test_right_to_a_branch_runs_no_cycle_of_the_whole_company(self):
        manager = self.make_user("branch", "account_collections_auto.group_collection_manager", company=self.branch)
        cycles = self.env["collection.cycle"].with_user(manager)
        for name in ("run", "preview"):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(cycles, name)(self.branch, TODAY)
        self.assertFalse(self.actions(self.debtor))

    def test_hold_in_a_branch_is_refused_since_it_would_stop_nothing(self):
        with self.assertRaisesRegex(ValidationError, "is a branch"):
            self.env["collection.hold"].create({"partner_id": self.debtor.id, "company_id": self.branch.id, "reason": "Asked"})

    def test_plan_of_another_company_is_refused(self):
        foreign = self.other.collection_plan_id
        self.assertTrue(foreign)
        with self.assertRaisesRegex(ValidationError, "does not belong to"):
            self.debtor.collection_plan_id = foreign
        with self.assertRaisesRegex(ValidationError, "does not belong to"):
            self.company.collection_plan_id = foreign

    def test_what_the_mail_server_said_is_not_rewritten(self):
        refusal = self.env["collection.bounce"].sudo().create({"email": "a@x.example", "company_id": self.company.id})
        with self.assertRaises(AccessError):
            refusal.with_user(self.collector).write({"email": "b@x.example"})
        with self.assertRaises(AccessError):
            refusal.with_user(self.auditor).action_release()
        refusal.with_user(self.collector).action_release()
        self.assertRecordValues(refusal, [{"email": "a@x.example", "active": False}])

    def test_collector_writes_no_items_or_messages_through_the_case(self):
        self.run_cycle()
        case = self.case(self.debtor).with_user(self.collector)
        for field in ("item_ids", "action_ids"):
            with self.subTest(field), self.assertRaises(AccessError):
                case.write({field: [Command.delete(case[field][:1].id)]})
            with self.subTest(field), self.assertRaises(AccessError):
                case.write({field: [Command.update(case[field][:1].id, {"company_id": self.other.id})]})


class TestUntrustedText(EmailCase):
    """What customers and mail servers write is text, never a header or a page."""

    def test_no_name_of_a_customer_adds_a_recipient(self):
        """A customer writes its own name, in the portal or in the shop."""
        names = [
            "Buyer\r\nBcc: spy@x.example",
            "Buyer, spy@x.example",
            'Buyer" <spy@x.example>, "X',
            "spy@x.example",
            "Büyer <spy@x.example>",
        ]
        customers = [self.customer(name, f"buyer{number}@x.example") for number, name in enumerate(names)]
        for customer in customers:
            self.invoice(customer)
        self.run_cycle()
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(
            sorted(mail.recipients for mail in server.mails), [[f"buyer{number}@x.example"] for number in range(len(names))]
        )

    def test_copy_with_a_line_break_adds_no_header(self):
        customer = self.customer("Buyer", "buyer@x.example", collection_cc="a@x.example\r\nReply-To: spy@x.example")
        self.invoice(customer)
        self.run_cycle()
        with self.mail_server() as server:
            self.run_queue()
        self.assertNotIn("spy", str([mail["Reply-To"] for mail in server.mails]))

    def test_answer_of_the_mail_server_is_shown_as_text(self):
        self.env["mail.mail"]._raise_service_alert("down <b>for</b> you")
        note = self.env["mail.mail"]._service_alerts()[:1].note
        self.assertIn("&lt;b&gt;for", note)
