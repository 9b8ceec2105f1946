from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tools import mute_logger

from .common import TODAY, CollectionsCase


class TestCycle(CollectionsCase):
    """The daily cycle as a whole: its cron, a second run, a cycle that was abandoned."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Bank lines and companies of other tests' data are not part of these stories.
        cls.env["res.company"].search([("id", "!=", cls.company.id)]).collection_is_active = False
        cls.company.write({"collection_is_active": True, "collection_mode": "send", "collection_send_time": 8.0})

    def run_cron(self, xmlid="account_collections_auto.ir_cron_run_cycles"):
        with self.enter_registry_test_mode():
            self.env.ref(xmlid).sudo().method_direct_trigger()
        self.env.invalidate_all()

    def test_the_cron_runs_once_a_day_for_each_company_that_was_switched_on(self):
        customer = self.customer()
        self.invoice(customer, due=TODAY - timedelta(days=8))
        with self.on_day(TODAY):
            self.company.collection_is_active = False
            self.run_cron()
            self.assertNotSent(customer)
            self.company.collection_is_active = True
            self.run_cron()
            self.run_cron()
        cycle = self.env["collection.cycle"].search([("company_id", "=", self.company.id)])
        self.assertRecordValues(
            cycle, [{"date": TODAY, "state": "done", "is_automatic": True, "contacted_count": 1, "sent_count": 1}]
        )
        self.assertEqual(len(self.sent(customer)), 1)

    def test_the_cron_waits_for_the_hour_of_the_company(self):
        self.invoice(self.customer(), due=TODAY - timedelta(days=8))
        self.company.collection_send_time = 12.5
        with self.on_day(TODAY):  # it is noon
            self.run_cron()
        self.assertFalse(self.env["collection.cycle"].search([("company_id", "=", self.company.id)]))

    def test_what_an_abandoned_cycle_queued_leaves_with_the_outbox(self):
        customer = self.customer()
        self.invoice(customer, due=TODAY - timedelta(days=8))
        cycle = self.run_cycle(TODAY - timedelta(days=1)).sudo()
        # as a kill right after planning leaves it
        action = cycle.action_ids
        cycle.state = "running"
        action.mail_id.unlink()
        self.env.cr.execute(
            "UPDATE collection_action SET state = 'queued', sent_at = NULL, contact_date = NULL WHERE id = %s", [action.id]
        )
        self.env.invalidate_all()
        action._refresh_progress()
        self.company.collection_is_active = False
        with self.on_day(TODAY):
            self.run_cron()
            self.assertEqual(cycle.state, "done")
            self.run_cron("account_collections_auto.ir_cron_outbox")
        self.assertRecordValues(action, [{"state": "sent", "contact_date": TODAY}])

    def test_a_company_that_fails_holds_up_no_outbox_of_another(self):
        other = self.setup_other_company(name="Broken")["company"]
        waiting = self.env["collection.action"].sudo()
        for company in (self.company, other):
            company.collection_plan_id = plan = self.make_plan(company=company)
            self.level(7, plan).mode = "review"
            with patch.object(type(self), "env", self.env(context={"allowed_company_ids": company.ids})):
                self.invoice(self.customer(company.name, f"c{company.id}@example.com"), due=TODAY - timedelta(days=8))
            waiting += self.env["collection.cycle"].sudo().run(company, TODAY).action_ids
        self.assertEqual(waiting.mapped("state"), ["review", "review"])
        waiting.action_approve()
        self.env.cr.execute("UPDATE res_company SET collection_tz = 'Nowhere/Land' WHERE id = %s", [other.id])
        self.env.registry.clear_cache()  # the zones of companies are kept
        self.env.invalidate_all()
        with mute_logger("odoo.addons.account_collections_auto.models.collection_action"):
            self.run_cron("account_collections_auto.ir_cron_outbox")
        self.assertEqual(waiting.mapped("state"), ["sent", "queued"])

    def test_a_second_run_of_the_day_takes_what_was_released_since_and_repeats_nothing(self):
        ready, held = self.customer("Ready", "ready@example.com"), self.customer("Held", "held@example.com")
        for customer in ready + held:
            self.invoice(customer, due=TODAY - timedelta(days=8))
        self.case(ready)
        hold = self.env["collection.hold"].create(
            {"partner_id": held.id, "company_id": self.company.id, "date_from": TODAY, "reason": "Call first"}
        )
        first = self.run_cycle(TODAY)
        self.assertWithheld(held, "hold")
        hold.action_end()
        second = self.run_cycle(TODAY)
        self.assertEqual(first, second)
        self.assertEqual(len(self.sent(ready)), 1)
        self.assertSent(held, self.level(7))
        self.assertEqual(second.contacted_count, 2)

    def test_a_preview_changes_nothing_and_becomes_the_cycle_when_confirmed(self):
        customer = self.customer()
        self.invoice(customer, due=TODAY - timedelta(days=8))
        preview = self.env["collection.cycle"].preview(self.company, TODAY)
        self.assertRecordValues(preview, [{"state": "preview", "planned_count": 1, "sent_count": 0}])
        self.assertNotSent(customer)
        preview.action_confirm()
        self.assertRecordValues(preview, [{"state": "done", "planned_count": 1, "sent_count": 1}])
        self.assertSent(customer, self.level(7))
        self.assertEqual(self.run_cycle(TODAY), preview)

    def test_a_preview_looks_into_the_future(self):
        customer = self.customer()
        self.invoice(customer, due=fields.Date.today() + timedelta(days=30), issued=TODAY)
        day = fields.Date.today() + timedelta(days=37)
        preview = self.env["collection.cycle"].preview(self.company.id, day.isoformat())
        self.assertRecordValues(preview.line_ids, [{"decision": "planned", "level_id": self.level(7).id}])
