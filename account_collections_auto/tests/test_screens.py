from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form

from .common import TODAY, CollectionsCase


class TestDrop(CollectionsCase):
    """A person drops a customer from a preview, for as long as they say, and can take it back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.debtor = cls.customer("Debtor")
        cls.invoice(cls.debtor, 500, due=TODAY - timedelta(days=10))
        cls.other = cls.customer("Other", email="other@example.com")
        cls.invoice(cls.other, 200, due=TODAY - timedelta(days=10))
        cls.preview = cls.env["collection.cycle"].preview(cls.company, TODAY)

    def line(self, cycle=None):
        return (cycle or self.preview).line_ids.filtered(lambda line: line.partner_id == self.debtor)

    def drop(self, **answers):
        wizard = self.env["collection.drop"].with_context(**self.line().action_drop()["context"])
        with Form(wizard) as form:
            for name, value in answers.items():
                form[name] = value
        form.record.action_drop()

    def test_asks_about_whom(self):
        drop = self.env["collection.drop"]
        self.assertIn("Debtor will not be contacted", drop.create({"line_ids": self.line().ids}).question)
        self.assertIn("2 customers will not be contacted", drop.create({"line_ids": self.preview.line_ids.ids}).question)

    def test_for_this_cycle_only(self):
        self.drop(until="cycle")
        self.preview.action_confirm()
        self.assertNotSent(self.debtor)
        self.assertSent(self.other, self.level(7))
        self.run_cycle(TODAY + timedelta(days=1))
        self.assertSent(self.debtor, self.level(7), on=TODAY + timedelta(days=1))

    def test_until_the_end_of_a_day(self):
        self.drop(until="date", until_date=TODAY + timedelta(days=2))
        self.preview.action_confirm()
        self.run_daily(TODAY + timedelta(days=1), TODAY + timedelta(days=3))
        self.assertEqual([day for day, *_rest in self.sent(self.debtor)], [TODAY + timedelta(days=3)])
        held = self.line(self.env["collection.cycle"].search([("date", "=", TODAY + timedelta(days=2))]))
        self.assertIn("Dropped by", held.reason)
        self.assertIn(self.env.user.name, held.reason)

    def test_always_until_taken_back_on_a_later_preview(self):
        self.drop(until="always")
        self.preview.action_confirm()
        self.run_daily(TODAY + timedelta(days=1), TODAY + timedelta(days=20))
        self.assertNotSent(self.debtor)
        later = self.env["collection.cycle"].preview(self.company, TODAY + timedelta(days=21))
        self.assertIn("Dropped by", self.line(later).reason)
        self.line(later).action_undo_drop()
        self.assertRecordValues(self.line(later), [{"decision": "planned", "reason": ""}])
        self.run_cycle(TODAY + timedelta(days=21))
        self.assertSent(self.debtor, self.level(7), on=TODAY + timedelta(days=21))
        notes = self.case(self.debtor).message_ids.mapped("body")
        self.assertTrue(any("all later ones" in note for note in notes))
        self.assertTrue(any("takes back the drop" in note for note in notes))

    def test_taken_back_on_the_day_and_run_again(self):
        self.drop(until="cycle")
        self.preview.action_confirm()
        self.line().action_undo_drop()
        with self.on_day(TODAY):
            self.preview.action_run_again()
        self.assertSent(self.debtor, self.level(7))
        self.assertEqual(len(self.sent(self.other)), 1)

    def test_only_from_a_preview(self):
        self.preview.action_confirm()
        with self.assertRaisesRegex(UserError, "is no preview"):
            self.line().action_drop()

    def test_the_summary_counts_who_would_be_contacted(self):
        levels = self.preview._get_summary()["levels"]
        self.assertEqual(
            [(row["name"], row["customers"], row["amount"], row["oldest"]) for row in levels],
            [("L1", 2, 700, TODAY - timedelta(days=10))],
        )
        self.drop(until="cycle")
        summary = self.preview._get_summary()
        self.assertEqual([row["customers"] for row in summary["levels"]], [1])
        self.assertEqual([row["name"] for row in summary["reasons"]], ["Dropped by a person"])
        self.assertEqual(self.preview.dropped_count, 1)


class TestReview(CollectionsCase):
    """Whoever approves sees who gets what, and what changed since it was prepared."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.level(7).mode = "review"
        cls.debtor = cls.customer("Debtor")
        cls.debt = cls.invoice(cls.debtor, 500, due=TODAY - timedelta(days=10))
        cls.run_cycle()
        cls.message = cls.actions(cls.debtor)

    def test_recipient_and_text_are_shown_before_approval(self):
        self.assertEqual(self.message.recipient, "customer@example.com")
        self.assertTrue(self.message.body)
        self.assertFalse(self.message.change_note)

    def test_a_payment_since_is_shown_at_once(self):
        self.pay(self.debt, 200)
        self.case(self.debtor)
        self.message.invalidate_recordset()
        self.assertIn("300.00", self.message.change_note)
        self.assertIn(self.debt.name, self.message.change_note)

    def test_a_changed_claim_is_shown_until_approval(self):
        self.pay(self.debt, 200)
        self.run_cycle(TODAY + timedelta(days=1))
        self.run_cycle(TODAY + timedelta(days=2))
        self.message.invalidate_recordset()
        self.assertRecordValues(self.message, [{"amount": 300, "amount_before": 500, "state": "review"}])
        self.assertIn("500.00", self.message.change_note)

    def test_many_are_approved_at_once_and_shown_as_they_left(self):
        other = self.customer("Other", email="other@example.com")
        self.invoice(other, 200, due=TODAY - timedelta(days=10))
        self.run_cycle(TODAY + timedelta(days=1))
        messages = self.message | self.actions(other)
        messages.action_approve()
        messages.sudo()._dispatch_batch([("id", "in", messages.ids)], TODAY + timedelta(days=1), 10)
        self.assertEqual(set(messages.mapped("state")), {"sent"})
        self.assertEqual(self.message.body, self.message.mail_message_id.body)


class TestSafeStart(CollectionsCase):
    """The daily cycle is switched on from a screen that asks what happens to old items."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._collection_today()
        cls.old = cls.customer("Old")
        cls.old_debt = cls.invoice(cls.old, 900, due=cls.today - timedelta(days=200))
        cls.older_debt = cls.invoice(cls.old, 100, due=cls.today - timedelta(days=2000))
        cls.fresh = cls.customer("Fresh", email="fresh@example.com")
        cls.invoice(cls.fresh, 50, due=cls.today - timedelta(days=10))
        cls.env["collection.case"]._refresh_marked()

    def start(self, **answers):
        wizard = self.env["collection.safe.start"].browse(self.env["collection.safe.start"].action_open()["res_id"])
        wizard.step = "old"
        with Form(wizard) as form:
            for name, value in answers.items():
                form[name] = value
        return wizard

    def test_nothing_is_asked_or_changed_before_the_answer(self):
        wizard = self.start(old_items="review")
        self.assertRecordValues(
            wizard,
            [
                {
                    "old_item_count": 2,
                    "old_customer_count": 1,
                    "old_amount": 1000,
                    "old_due_date": self.today - timedelta(days=2000),
                }
            ],
        )
        self.assertEqual(wizard.cycle_id.state, "preview")
        self.assertIn("Old", wizard.summary)
        self.assertFalse(self.company.collection_is_active)
        wizard.old_items = False
        with self.assertRaisesRegex(UserError, "Choose what happens"):
            wizard.action_switch_on()
        self.assertFalse(self.company.collection_is_active)

    def test_closed_without_an_answer_it_leaves_no_preview_behind(self):
        closed, worked_on = self.start(old_items="review"), self.start(old_items="review")
        left, kept = closed.cycle_id, worked_on.cycle_id
        kept.line_ids[:1]._drop()
        (closed | worked_on).unlink()  # as Odoo does after an hour
        self.assertEqual((left.state, kept.state), ("cancelled", "preview"))
        self.assertFalse(self.company.collection_is_active)

    def test_leave_out(self):
        self.start(old_items="leave_out").action_switch_on()
        self.assertTrue(self.company.collection_is_active)
        self.run_cycle(self.today)
        self.assertNotSent(self.old)
        self.assertWithheld(self.old, "hold", on=self.today)
        self.assertSent(self.fresh, self.level(7), on=self.today)
        new = self.invoice(self.old, 70, due=self.today - timedelta(days=8))
        self.run_cycle(self.today)
        self.assertEqual([lines for _day, _level, lines, _total in self.sent(self.old)], [{new: 70}])

    def test_set_level_is_evidence_without_a_message(self):
        self.start(old_items="set_level", last_reminded_date=self.today - timedelta(days=8)).action_switch_on()
        items = self.items(self.old)
        self.assertEqual(set(items.mapped("level_id")), set(self.level(21)))
        self.assertEqual(set(items.mapped("level_date")), {self.today - timedelta(days=8)})
        self.assertRecordValues(
            self.actions(self.old), [{"state": "sent", "channel": "record", "amount": 1000, "mail_id": False}]
        )
        self.run_cycle(self.today)
        self.assertSent(self.old, self.level(35), on=self.today)

    def test_set_level_counts_as_no_contact(self):
        self.start(old_items="set_level", last_reminded_date=self.today).action_switch_on()
        new = self.invoice(self.old, 70, due=self.today - timedelta(days=8))
        self.run_cycle(self.today)
        recorded, sent = self.actions(self.old).sorted("id")
        self.assertEqual((recorded.channel, sent.channel), ("record", "email"))
        self.assertEqual(sent.line_ids.filtered("advances").move_id, new)

    def test_prepare_for_review_whatever_the_mode(self):
        self.start(old_items="review").action_switch_on()
        self.run_cycle(self.today)
        self.assertEqual(self.actions(self.old).state, "review")
        self.assertSent(self.fresh, self.level(7), on=self.today)
        first = self.actions(self.old)
        first.action_approve()
        first.sudo()._dispatch_batch([("id", "=", first.id)], self.today, 10)
        self.assertEqual(first.state, "sent")
        self.assertFalse(self.case(self.old).needs_review)

    def test_test_mode_needs_an_address(self):
        wizard = self.start(old_items="review")
        wizard.write({"is_test_mode": True, "test_email": False})
        with self.assertRaises(ValidationError):
            wizard.action_switch_on()
        wizard.test_email = "me@example.com"
        wizard.action_switch_on()
        self.assertRecordValues(
            self.company, [{"collection_test_mode": True, "collection_test_email": "me@example.com"}]
        )

    def test_switched_off_with_one_click(self):
        self.start(old_items="review").action_switch_on()
        self.start().action_switch_off()
        self.assertFalse(self.company.collection_is_active)
        self.assertIn("switched off", self.company.partner_id.message_ids[:1].body)

    def test_a_new_company_is_never_active(self):
        self.assertFalse(self.env["res.company"].sudo().create({"name": "New"}).collection_is_active)


class TestLists(CollectionsCase):
    """Figures of the day can be sorted, summed, grouped and filtered; reasons read as words."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._collection_today()
        for number, days in enumerate((5, 40, 95)):
            customer = cls.customer(f"C{number}", email=f"c{number}@example.com" if number else False)
            cls.invoice(customer, 100 * (number + 1), due=cls.today - timedelta(days=days))
        cls.env["collection.case"]._refresh_marked()
        cls.cases = cls.env["collection.case"]
        cls.domain = [("company_id", "=", cls.company.id)]

    def test_calendar_figures_behave_like_columns(self):
        self.assertEqual(
            self.cases.search(self.domain, order="amount_overdue desc").mapped("amount_overdue"), [300, 200, 100]
        )
        self.assertEqual(self.cases.search_count([*self.domain, ("days_overdue", ">", 30)]), 2)
        self.assertEqual(self.cases.search_count([*self.domain, ("amount_overdue", ">=", 200)]), 2)
        rows = self.cases._read_group(self.domain, ["plan_id"], ["amount_overdue:sum", "days_overdue:max"])
        self.assertEqual(rows, [(self.plan, 600, 95)])

    def test_could_not_send_is_grouped_by_a_readable_reason(self):
        self.invoice(self.customer("No address", email=False), 50, due=self.today - timedelta(days=8))
        self.run_cycle(self.today)
        labels = dict(self.cases._fields["contact_problem_code"]._description_selection(self.env))
        problem = self.cases.search([*self.domain, ("contact_problem_code", "!=", False)])
        self.assertEqual([labels[case.contact_problem_code] for case in problem], ["No e-mail address"])
        self.assertEqual(problem.contact_problem, "No e-mail address")

    def test_no_label_of_a_reason_ends_in_a_blank_value(self):
        for code, label in self.env["collection.reason"]._selection_code():
            with self.subTest(code):
                self.assertFalse(label.endswith((":", " ", " on", " by", " of")), label)

    def test_a_hold_is_about_one_customer(self):
        items = self.env["collection.item"].search(self.domain)
        with self.assertRaisesRegex(UserError, "3 customers"):
            items.action_hold()
        context = items[0].action_hold()["context"]
        hold = Form(self.env["collection.hold"].with_context(**context))
        hold.reason = "Wrong price"
        self.assertEqual(hold.save().item_ids, items[0])

    def test_a_cycle_is_found_by_its_day(self):
        cycle = self.env["collection.cycle"].preview(self.company, self.today)
        for text in (str(self.today), self.today.strftime("%d.%m.%Y"), self.today.strftime("%m/%d")):
            self.assertIn(cycle.id, [found for found, _name in cycle.name_search(text)])
            self.assertIn(cycle.line_ids[:1], cycle.line_ids.search([("cycle_id", "ilike", text)]))
        self.assertFalse(cycle.name_search("1999"))

    def test_small_residuals_are_listed(self):
        action = self.env.ref("account_collections_auto.collection_item_action_small")
        self.invoice(self.customer("Cents"), 0.8, due=self.today - timedelta(days=8))
        self.env["collection.case"]._refresh_marked()
        domain = [*fields.Domain(eval(action.domain)), *self.domain]
        self.assertEqual(self.env["collection.item"].search(domain).mapped("amount_residual"), [0.8])

    def test_a_refused_plan_says_why(self):
        form = Form(self.env["collection.plan"])
        form.name = "Hard"
        with form.level_ids.new() as level:
            level.name = "Only notice"
            level.days_overdue = 10
            level.final_notice = True
        with self.assertRaisesRegex(ValidationError, "never the first contact"):
            form.save()

    def test_a_level_added_in_a_plan_gets_an_email_step_and_its_sentence(self):
        with Form(self.plan) as form, form.level_ids.new() as level:
            level.name = "Third reminder"
            level.days_overdue = 28
        added = self.level(28)
        self.assertEqual(added.step_ids.mapped("channel"), ["email"])
        self.assertIn("28 days after the due date", added.sentence)
