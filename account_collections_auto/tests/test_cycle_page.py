import re
from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import Form

from .common import TODAY, CollectionsCase

LATER = TODAY + timedelta(days=14)


class TestCyclePage(CollectionsCase):
    """A person checks a preview: figures per level, what changed, each message, who is held back and what to do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.early = cls.buyer("Early", 100, 1)
        cls.first = cls.buyer("First", 500, 10)
        cls.second = cls.buyer("Second", 300, 10, lang="fr_FR")

    @classmethod
    def buyer(cls, name, amount, days, on=TODAY, **vals):
        customer = cls.customer(name, f"{name.lower()}@example.com", **vals)
        cls.invoice(customer, amount, due=on - timedelta(days=days))
        return customer

    def preview(self, on=TODAY):
        return self.env["collection.cycle"].preview(self.company, on)

    def line(self, cycle, customer):
        return cycle.line_ids.filtered(lambda line: line.partner_id == customer)

    # -- figures -------------------------------------------------------------------------------------------------------

    def test_number_sum_and_oldest_per_level_and_channel(self):
        self.level(21).mode = "review"
        self.buyer("Third", 40, 25)
        self.run_cycle(TODAY - timedelta(days=8))  # Third is reminded for the first time
        page = self.preview().get_page()
        self.assertEqual(
            [
                (row["level"], row["by"], row["count"], row["items"], row["oldest_days"], row["approval"])
                for row in page["levels"]
            ],
            [("L1", "E-mail", 2, 2, 10, 0), ("L2", "E-mail", 1, 1, 25, 1)],
        )
        self.assertIn("800.00", page["levels"][0]["amount"])
        self.assertEqual(page["decisions"]["planned"]["count"], 3)
        self.assertIn("840.00", page["decisions"]["planned"]["amount"])

    def test_an_empty_preview_has_a_page_too(self):
        page = self.preview(TODAY - timedelta(days=300)).get_page()
        self.assertEqual((page["levels"], page["comparison"]), ([], None))
        self.assertEqual(page["decisions"]["planned"]["count"], 0)

    def test_the_page_costs_the_same_for_few_and_for_many(self):
        few = self.preview()
        few.get_page()
        for number in range(20):
            self.buyer(f"Many{number}", 50, 10)
        many = self.preview()
        counts = []
        for cycle in (few, many):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            cycle.get_page()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def test_the_lists_of_the_page_cost_the_same_for_few_and_for_many(self):
        self.run_cycle()
        for number in range(20):
            self.buyer(f"Many{number}", 50, 10, on=LATER)
        lines = self.env["collection.cycle.line"].search([("cycle_id", "=", self.preview(LATER).id)])
        fields = ["change", "outcome", "channel_names", "fix_label", "reason", "missing_in_cycle_id"]
        counts = []
        for some in (lines[:2], lines[:2], lines):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            some.with_context(collection_compared_cycle_id=some.cycle_id.id).read(fields)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    # -- compared with the last cycle ----------------------------------------------------------------------------------

    def test_new_higher_and_gone_since_the_last_cycle(self):
        before = self.run_cycle()
        self.pay(self.env["account.move"].search([("partner_id", "=", self.second.id)]))
        late = self.buyer("Late", 70, 8, on=LATER)
        preview = self.preview(LATER)
        self.assertEqual(preview.previous_id, before)
        comparison = preview.get_page()["comparison"]
        self.assertEqual(
            {change["code"]: change["count"] for change in comparison["changes"]},
            {"new": 2, "higher": 1, "same": 0, "gone": 1},
        )
        lines = self.env["collection.cycle.line"]
        found = {
            code: lines.search([("cycle_id", "=", preview.id), ("change", "=", code)]).partner_id for code in ("new", "higher")
        }
        self.assertEqual(found, {"new": late | self.early, "higher": self.first})
        gone = lines.with_context(collection_compared_cycle_id=preview.id).search(
            [("cycle_id", "=", before.id), ("decision", "=", "planned"), ("missing_in_cycle_id", "=", preview.id)]
        )
        self.assertRecordValues(gone, [{"partner_id": self.second.id, "outcome": "Nothing is open any more"}])
        levels = {row["level"]: (row["count"], row["before_count"]) for row in preview.get_page()["levels"]}
        self.assertEqual(levels, {"L1": (2, 2), "L2": (1, 0)})

    def test_a_cycle_without_anybody_to_contact_is_not_what_one_compares_with(self):
        before = self.run_cycle()
        self.run_cycle(TODAY + timedelta(days=1))
        self.assertEqual(self.preview(LATER).previous_id, before)

    # -- messages ------------------------------------------------------------------------------------------------------

    def test_a_message_of_a_preview_is_what_leaves_later_and_leaves_no_trace(self):
        preview = self.preview()
        counted = ("collection.action", "collection.action.line", "mail.mail", "mail.message", "ir.attachment")
        before = {model: self.env[model].sudo().search_count([]) for model in counted}
        (shown,) = self.line(preview, self.second).get_messages()
        self.assertEqual((shown["recipient"], shown["language"]), ("second@example.com", "French / Français"))
        self.assertIn("300,00", shown["document"])
        self.assertEqual({model: self.env[model].sudo().search_count([]) for model in counted}, before)
        preview.action_confirm()
        mail = self.actions(self.second).mail_id
        self.assertEqual(shown["subject"], mail.subject)
        (sent,) = self.line(preview, self.second).get_messages()
        self.assertEqual(sent["subject"], shown["subject"])
        # but for the addresses behind its links, which exist once it leaves
        self.assertEqual(*[re.sub(r'href="[^"]*"', "", text["document"]) for text in (sent, shown)])

    def test_a_message_that_waits_since_an_earlier_day_is_shown_as_it_would_be_renewed(self):
        self.level(7).mode = "review"
        self.run_cycle()
        waiting = self.actions(self.first)
        self.invoice(self.first, 60, due=TODAY - timedelta(days=8))
        preview = self.preview(TODAY + timedelta(days=1))
        (shown,) = self.line(preview, self.first).get_messages()
        self.assertIn("560.00", shown["document"])
        self.assertRecordValues(waiting, [{"state": "review", "amount": 500, "cycle_id": waiting.cycle_id.id}])
        self.assertEqual(len(waiting.line_ids), 1)

    def test_nothing_is_shown_for_who_paid_since_or_was_dropped(self):
        preview = self.preview()
        self.pay(self.env["account.move"].search([("partner_id", "=", self.second.id)]))
        self.case(self.second)
        self.assertEqual(self.line(preview, self.second).get_messages(), [])
        line = self.line(preview, self.first)
        line._drop()
        self.assertEqual(line.get_messages(), [])

    def test_auditor_reads_the_page_and_the_messages_a_stranger_does_not(self):
        preview = self.preview()
        auditor = self.make_user("auditor", "account_collections_auto.group_collection_auditor")
        as_auditor = preview.with_user(auditor)
        self.assertEqual(as_auditor.get_page()["decisions"]["planned"]["count"], 2)
        line = self.line(preview, self.first)
        self.assertEqual(len(line.with_user(auditor).get_messages()), 1)
        other = self.env["res.company"].sudo().create({"name": "Other Company"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other)
        for attempt in (
            preview.with_user(stranger).get_page,
            preview.with_user(stranger).get_progress,
            preview.with_user(stranger).action_confirm_in_background,
            line.with_user(stranger).get_messages,
            line.with_user(stranger).action_fix,
        ):
            self.env.invalidate_all()
            with self.assertRaises(AccessError):
                attempt()

    # -- held back: the fix ----------------------------------------------------------------------------------------------

    def held(self, customer, preview=None):
        return self.line(preview or self.preview(), customer).filtered(lambda line: line.decision == "withheld")

    def test_without_an_address_the_contact_is_opened_that_would_be_written_to(self):
        payer = self.customer("Payer", email=False)
        self.first.collection_payer_id = payer
        line = self.held(self.first)
        self.assertEqual(line.fix_label, "Open the contact")
        action = line.action_fix()
        self.assertEqual((action["res_model"], action["res_id"], action["target"]), ("res.partner", payer.id, "new"))

    def test_each_reason_opens_the_place_where_it_ends(self):
        move = self.env["account.move"].search([("partner_id", "=", self.first.id)])
        hold = self.hold(self.first)
        self.assertOpens(self.held(self.first), hold)
        hold.action_end()
        move.action_toggle_block_payment()
        self.assertOpens(self.held(self.first), move)
        move.action_toggle_block_payment()
        line = self.bank_line(77, partner_id=self.first.id)
        self.bank_line(33)
        self.assertOpens(self.held(self.first), line.move_id)
        line.move_id.button_draft()
        line.unlink()
        self.plan.minimum_amount = 400
        self.assertOpens(self.held(self.second), self.plan)
        self.plan.minimum_amount = 0
        self.level(7).mode = "manual"
        self.assertOpens(self.held(self.second), self.case(self.second))

    def assertOpens(self, line, record):
        action = line.action_fix()
        self.assertEqual((action["res_model"], action.get("res_id")), (record._name, record.id))

    def test_a_refused_address_is_released(self):
        bounce = self.env["collection.bounce"].sudo().create({"email": "first@example.com", "company_id": self.company.id})
        self.assertOpens(self.held(self.first), bounce)

    def test_what_is_fixed_meanwhile_opens_the_case_or_the_customer_all_the_same(self):
        hold = self.hold(self.first)
        line = self.held(self.first)
        hold.action_end()
        self.assertOpens(line, self.case(self.first))

    def test_every_reason_has_a_place(self):
        line = self.held(self.first) or self.line(self.preview(), self.first)
        for code, _label in self.env["collection.reason"]._selection_code():
            if code == "dropped":
                continue
            line.sudo().write({"decision": "withheld", "reason_code": code, "reasons": [{"code": code}]})
            with self.subTest(code):
                self.assertTrue(line.fix_label)
                self.assertIn(line.action_fix()["res_model"], self.env)

    # -- drop ------------------------------------------------------------------------------------------------------------

    def test_many_are_dropped_at_once_and_taken_back(self):
        preview = self.preview()
        lines = preview.line_ids
        with Form(self.env["collection.drop"].with_context(**lines.action_drop()["context"])) as form:
            form.until = "always"
        form.record.action_drop()
        self.assertEqual(preview.get_page()["decisions"]["dropped"]["count"], 2)
        self.line(preview, self.first).action_undo_drop()
        page = preview.get_page()
        self.assertEqual([page["decisions"][name]["count"] for name in ("planned", "dropped")], [1, 1])
        self.assertEqual([row["by"] for row in page["levels"]], ["E-mail"])
