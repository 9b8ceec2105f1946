from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from .common import TODAY, CollectionsCase

MODELS = [
    f"collection.{name}"
    for name in "plan level step case item round hold mirror cycle cycle.line action action.line bounce".split()
]


class TestRoles(CollectionsCase):
    """Each role does what it is for, and is refused the rest, also when it bypasses the screens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls.make_user("auditor", "account_collections_auto.group_collection_auditor")
        cls.collector = cls.make_user("collector", "account_collections_auto.group_collector")
        cls.head = cls.make_user("head", "account_collections_auto.group_collection_manager")
        cls.clerk = cls.make_user("clerk", "account.group_account_invoice", "base.group_partner_manager")
        cls.level(21).mode = "review"
        cls.debtor = cls.customer("Debtor")
        cls.debt = cls.invoice(cls.debtor, 500, due=TODAY - timedelta(days=10))
        cls.late = cls.customer("Late", email="late@example.com")
        cls.invoice(cls.late, 300, due=TODAY - timedelta(days=40))
        cls.run_cycle(TODAY - timedelta(days=15))
        cls.cycle = cls.run_cycle()
        cls.env["collection.hold"].create(
            {"partner_id": cls.debtor.id, "company_id": cls.company.id, "reason": "Asked", "date_from": TODAY}
        )

    def waiting(self):
        return self.env["collection.action"].search([("state", "=", "review")])

    # -- auditor -------------------------------------------------------------------------------------------------------

    def test_auditor_reads_everything(self):
        for model in MODELS:
            with self.subTest(model):
                self.env[model].with_user(self.auditor).search([]).read()
        case = self.case(self.debtor).with_user(self.auditor)
        self.assertEqual(case.stop_reason, "On hold: Asked")
        self.assertTrue(case.item_ids.move_id.name)

    def test_auditor_changes_nothing(self):
        for model in MODELS:
            record = self.env[model].with_user(self.auditor).search([], limit=1)
            for operation in ("write", "create", "unlink"):
                with self.subTest(model=model, operation=operation), self.assertRaises(AccessError):
                    record.check_access(operation)

    def test_auditor_can_press_no_button(self):
        line = self.cycle.line_ids[:1].with_user(self.auditor)
        hold = self.env["collection.hold"].search([], limit=1).with_user(self.auditor)
        preview = self.env["collection.cycle"].preview(self.company, TODAY).with_user(self.auditor)
        waiting = self.waiting()[:1].with_user(self.auditor)
        buttons = {
            "approve": waiting.action_approve,
            "cancel a message": waiting.action_cancel,
            "run": lambda: preview.run(self.company.id, TODAY),
            "preview": lambda: preview.preview(self.company.id, TODAY),
            "confirm": preview.action_confirm,
            "run again": self.cycle.with_user(self.auditor).action_run_again,
            "throw away": preview.action_cancel,
            "drop": line.action_drop,
            "undo a drop": line.action_undo_drop,
            "end a hold": hold.action_end,
            "switch on": self.env["collection.safe.start"].with_user(self.auditor).action_open,
            "new hold": lambda: hold.create({"partner_id": self.late.id, "reason": "Try"}),
        }
        for name, button in buttons.items():
            with self.subTest(name), self.assertRaises(AccessError):
                button()
        self.assertEqual(preview.state, "preview")
        self.assertEqual(waiting.state, "review")

    # -- collector -----------------------------------------------------------------------------------------------------

    def test_collector_approves_holds_and_drops(self):
        waiting = self.waiting().with_user(self.collector)
        self.assertEqual(waiting.partner_id, self.late)
        waiting.action_approve()
        self.assertRecordValues(waiting, [{"state": "queued", "approved_by_id": self.collector.id}])
        hold = self.env["collection.hold"].with_user(self.collector).create(
            {"partner_id": self.late.id, "company_id": self.company.id, "reason": "Asked for time"}
        )
        hold.action_end()
        self.assertFalse(hold.active)
        preview = self.env["collection.cycle"].preview(self.company, TODAY + timedelta(days=30))
        preview.line_ids[:1].with_user(self.collector)._drop()

    def test_collector_neither_configures_nor_runs_nor_writes_figures(self):
        refused = {
            "plan": lambda: self.plan.with_user(self.collector).write({"minimum_amount": 5}),
            "level": lambda: self.level(7).with_user(self.collector).write({"mode": "manual"}),
            "run": lambda: self.cycle.with_user(self.collector).action_run_again(),
            "amount": lambda: self.case(self.late).with_user(self.collector).write({"amount_due": 0}),
            "message": lambda: self.waiting().with_user(self.collector).write({"state": "sent"}),
            "item": lambda: self.items(self.late).with_user(self.collector).write({"level_id": False}),
            "switch": lambda: self.company.with_user(self.collector).write({"collection_is_active": True}),
        }
        for name, attempt in refused.items():
            with self.subTest(name), self.assertRaises(AccessError):
                attempt()

    def test_collector_takes_a_case(self):
        case = self.case(self.late).with_user(self.collector)
        case.user_id = self.collector
        case.message_post(body="Called, promises to pay on Friday.")
        self.assertEqual(case.user_id, self.collector)

    # -- manager -------------------------------------------------------------------------------------------------------

    def test_manager_who_is_no_administrator_previews_runs_and_configures(self):
        cycles = self.env["collection.cycle"].with_user(self.head)
        self.assertEqual(cycles.preview(self.company.id, TODAY).state, "preview")
        self.assertEqual(cycles.run(self.company.id, TODAY), self.cycle)
        self.level(7).with_user(self.head).response_days = 10
        self.assertEqual(self.level(7).response_days, 10)

    # -- clerk without any role ------------------------------------------------------------------------------------------

    def test_clerk_posts_and_pays_and_sees_no_collections(self):
        as_clerk = self.env(user=self.clerk)
        invoice = self.invoice(self.debtor, 80, due=TODAY - timedelta(days=9)).with_env(as_clerk)
        copy = invoice.copy({"invoice_date": TODAY})
        copy.action_post()
        as_clerk["account.payment.register"].with_context(
            active_model="account.move", active_ids=copy.ids
        ).create({"payment_date": TODAY, "journal_id": self.pay_in_cash.id})._create_payments()
        self.assertEqual(copy.amount_residual, 0)
        for model in MODELS:
            with self.subTest(model), self.assertRaises(AccessError):
                as_clerk[model].search([])

    def test_clerk_opens_the_invoice_and_the_customer(self):
        with Form(self.debt.with_user(self.clerk)) as form:
            self.assertNotIn("collection_case_id", form._view["fields"])
        with Form(self.debtor.with_user(self.clerk)) as form:
            self.assertNotIn("collection_case_ids", form._view["fields"])
            form.ref = "C-1"
        for record in (self.debt.with_user(self.clerk), self.debtor.with_user(self.clerk)):
            record.read([name for name in record.fields_get() if name.startswith("collection_")])

    def test_collector_sees_level_and_case_on_the_invoice(self):
        move = self.env["account.move"].search([("partner_id", "=", self.late.id)]).with_user(self.collector)
        self.assertEqual(move.collection_level_id, self.level(7))
        self.assertEqual(move.action_view_collection_case()["res_id"], self.case(self.late).id)
        self.assertEqual(self.late.with_user(self.collector).action_view_collection_case()["res_id"], self.case(self.late).id)


class TestCompanies(CollectionsCase):
    """What belongs to one company is invisible from another, on every model and through every button."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level(21).mode = "review"
        cls.debtor = cls.customer("Debtor")
        cls.invoice(cls.debtor, 500, due=TODAY - timedelta(days=40))
        cls.run_cycle(TODAY - timedelta(days=15))
        cls.run_cycle()
        cls.preview = cls.env["collection.cycle"].preview(cls.company, TODAY)
        cls.item = cls.items(cls.debtor)
        cls.env["collection.hold"].create({"partner_id": cls.debtor.id, "reason": "Asked", "date_from": TODAY})
        sudo = cls.env(su=True)
        sudo["collection.bounce"].create({"email": "a@example.com", "company_id": cls.company.id})
        sudo["collection.round"].create(
            {
                "item_id": cls.item.id,
                "company_id": cls.company.id,
                "number": 2,
                "cause": "requested",
                "date": TODAY,
            }
        )
        cls.other = cls.env["res.company"].sudo().create({"name": "Other Company"})
        cls.stranger = cls.make_user(
            "stranger", "account_collections_auto.group_collection_manager", company=cls.other
        )

    def test_nothing_of_another_company_is_found_or_read(self):
        for model in MODELS:
            ours = self.env[model].sudo().search([("company_id", "=", self.company.id)])
            with self.subTest(model):
                self.assertTrue(ours, "the story needs a record of each model")
                found = self.env[model].with_user(self.stranger).search([])
                self.assertFalse(found & ours.with_user(self.stranger))
                with self.assertRaises(AccessError):
                    ours[:1].with_user(self.stranger).read(["company_id"])

    def test_no_button_reaches_another_company(self):
        cycles = self.env["collection.cycle"].with_user(self.stranger)
        waiting = self.env["collection.action"].search([("state", "=", "review")]).with_user(self.stranger)
        attempts = {
            "run": lambda: cycles.run(self.company.id, TODAY),
            "preview": lambda: cycles.preview(self.company.id, TODAY),
            "confirm": self.preview.with_user(self.stranger).action_confirm,
            "throw away": self.preview.with_user(self.stranger).action_cancel,
            "drop": self.preview.line_ids.with_user(self.stranger).action_drop,
            "approve": waiting.action_approve,
            "hold": self.env["collection.hold"].search([]).with_user(self.stranger).action_end,
            "release": self.env["collection.bounce"].search([]).with_user(self.stranger).action_release,
        }
        self.assertTrue(waiting)
        for name, attempt in attempts.items():
            self.env.invalidate_all()
            with self.subTest(name), self.assertRaises(UserError):
                attempt()
        self.env.invalidate_all()
        self.assertEqual(self.preview.state, "preview")
        self.assertEqual(set(waiting.sudo().mapped("state")), {"review"})

    def test_figures_on_a_shared_customer_are_those_of_the_own_company(self):
        self.assertFalse(self.debtor.with_user(self.stranger).collection_case_ids)
        self.assertFalse(self.debtor.with_user(self.stranger).collection_hold_reason)
