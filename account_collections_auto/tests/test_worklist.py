from datetime import timedelta

from lxml.etree import fromstring
from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from .common import CollectionsCase


def days(number):
    return timedelta(days=number)


class WorklistCase(CollectionsCase):
    """Three customers: 5, 40 and 95 days late, with 100, 200 and 300 overdue."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._collection_today()
        cls.debtors = cls.env["res.partner"]
        for number, late in enumerate((5, 40, 95), start=1):
            debtor = cls.customer(f"C{number}", f"c{number}@example.com")
            cls.invoice(debtor, 100 * number, due=cls.today - days(late))
            cls.debtors |= debtor
        cls.cases = cls.env["collection.case"].browse([cls.case(debtor).id for debtor in cls.debtors])
        cls.young, cls.middle, cls.old = cls.cases
        cls.domain = [("company_id", "=", cls.company.id)]

    def find(self, *domain):
        return self.env["collection.case"].search([*self.domain, *domain], order="id")

    def filtered_by(self, *names):
        """Return the cases that the filters ``names`` of the search view show, as a client would ask for them."""
        view = self.env["collection.case"].get_view(view_type="search")["arch"]
        form = {node.get("name"): node.get("domain") for node in fromstring(view).iter("filter")}
        return self.find(*(leaf for name in names for leaf in safe_eval(form[name], {"uid": self.env.uid})))

    def decide(self, cases, method, **answers):
        """Answer the question that ``method`` of the cases asks, and return it."""
        action = getattr(cases, method)()
        with Form(self.env[action["res_model"]].with_context(**action["context"])) as form:
            for name, value in answers.items():
                form[name] = value
        done = form.record.action_apply()
        self.assertEqual((done["tag"], done["params"]["id"]), ("collection_undo", form.record.id))
        self.cases.invalidate_recordset()
        return form.record

    def undo(self, question):
        question.action_undo()
        self.cases.invalidate_recordset()


class TestFigures(WorklistCase):
    """What the worklist filters, groups and sorts by, right on every day without anything being written."""

    def test_the_panel_counts_levels_and_ages_only(self):
        arch = fromstring(self.env["collection.case"].get_view(view_type="search")["arch"])
        counted = arch.xpath("//searchpanel/field[@enable_counters='1']/@name")
        self.assertEqual(counted, ["level_id", "ageing_bucket"], "each counted field is one more query for a page")

    def test_ageing_is_searched_grouped_and_summed(self):
        self.assertEqual(self.cases.mapped("ageing_bucket"), ["1_30", "31_60", "91_more"])
        self.assertEqual(self.find(("ageing_bucket", "=", "31_60")), self.middle)
        self.assertEqual(self.find(("ageing_bucket", "in", ["1_30", "91_more"])), self.young | self.old)
        self.assertEqual(self.find(("ageing_bucket", "not in", ["1_30", "91_more"])), self.middle)
        groups = self.env["collection.case"]._read_group(self.domain, ["ageing_bucket"], ["amount_overdue:sum"])
        self.assertEqual(groups, [("1_30", 100), ("31_60", 200), ("91_more", 300)])

    def test_ageing_moves_with_the_calendar(self):
        with self.on_day(self.today + days(30)):
            self.cases.invalidate_recordset()
            self.assertEqual(self.cases.mapped("ageing_bucket"), ["31_60", "61_90", "91_more"])
            self.assertEqual(self.find(("ageing_bucket", "=", "1_30")), self.env["collection.case"])

    def test_what_is_overdue_moves_with_the_calendar_without_a_refresh(self):
        debtor = self.customer("Instalments")
        for amount, late in ((10, 3), (20, 0), (40, -4), (80, -9)):
            self.invoice(debtor, amount, due=self.today - days(late))
        case = self.case(debtor)
        for later, overdue in ((0, 10), (1, 30), (4, 30), (5, 70), (9, 70), (10, 150), (-2, 10), (-3, 0), (-30, 0)):
            with self.subTest(later=later), self.on_day(self.today + days(later)):
                case.invalidate_recordset()
                self.assertEqual(case.amount_overdue, overdue)
                self.assertEqual(self.find(("amount_overdue", "=", overdue), ("id", "=", case.id)), case)
                rows = case._read_group([("id", "=", case.id)], [], ["amount_overdue:sum"])
                self.assertEqual(rows, [(overdue,)])

    def test_what_is_overdue_follows_payments_and_new_invoices(self):
        debtor = self.customer("Moving")
        first = self.invoice(debtor, 100, due=self.today - days(5))
        self.assertEqual(self.case(debtor).amount_overdue, 100)
        self.pay(first, 30)
        self.invoice(debtor, 7, due=self.today - days(1))
        self.assertEqual(self.case(debtor).amount_overdue, 77)
        with self.on_day(self.today + days(1)):
            self.invoice(debtor, 1000, due=self.today)
            self.assertEqual(self.case(debtor).amount_overdue, 1077)

    def test_not_due_and_nothing_owed(self):
        coming, credit = self.customer("Coming"), self.customer("Credit")
        self.invoice(coming, due=self.today)
        self.credit_note(credit, on=self.today)
        self.assertEqual(self.case(coming).ageing_bucket, "0_not_due")
        self.assertFalse(self.case(credit).ageing_bucket)
        self.assertEqual(self.find(("ageing_bucket", "=", False)), self.case(credit))
        self.assertNotIn(self.case(credit), self.find(("ageing_bucket", "!=", False)))

    def test_the_search_panel_counts(self):
        panel = self.env["collection.case"].search_panel_select_multi_range(
            "ageing_bucket", search_domain=self.domain, enable_counters=True
        )
        self.assertEqual([(value["id"], value["__count"]) for value in panel["values"]][1:3], [("31_60", 1), ("91_more", 1)])

    def test_why_the_last_cycle_held_a_customer_back(self):
        self.hold(self.debtors[1], since=self.today)
        self.run_cycle(self.today)
        self.cases.invalidate_recordset()
        self.assertEqual(self.cases.mapped("withheld_code"), [False, "hold", False])
        self.assertEqual(self.filtered_by("withheld"), self.middle)
        groups = self.env["collection.case"]._read_group([*self.domain, ("withheld_code", "!=", False)], ["withheld_code"])
        self.assertEqual(groups, [("hold",)])
        self.env["collection.hold"].search([("partner_id", "=", self.debtors[1].id)]).action_end()
        self.run_cycle(self.today)
        self.assertFalse(self.filtered_by("withheld"))

    def test_last_contact(self):
        self.run_cycle(self.today - days(20))
        self.cases.invalidate_recordset()
        self.assertEqual(self.cases.mapped("last_contact_date"), [False, self.today - days(20), self.today - days(20)])
        self.assertEqual(self.filtered_by("no_contact"), self.cases)
        self.old.message_post(body="A note")
        self.old.message_post(body="To a colleague", message_type="comment", partner_ids=self.env.user.partner_id.ids)
        self.assertEqual(self.old.last_contact_date, self.today - days(20))
        self.old.message_post(
            body="Please pay", message_type="comment", subtype_xmlid="mail.mt_comment", partner_ids=self.debtors[2].ids
        )
        self.cases.invalidate_recordset()
        self.assertEqual(self.old.last_contact_date, self.today)
        self.assertEqual(self.filtered_by("no_contact"), self.young | self.middle)

    def test_a_test_message_is_no_contact(self):
        self.company.write({"collection_test_mode": True, "collection_test_email": "me@example.com"})
        self.run_cycle(self.today)
        self.assertEqual(set(self.actions(self.debtors[2]).mapped("is_test")), {True})
        self.assertFalse(self.old.last_contact_date)

    def test_grouped_by_what_the_customer_is(self):
        belgium, tag = self.env.ref("base.be"), self.env["res.partner.category"].create({"name": "Hotels"})
        self.debtors[:2].write({"country_id": belgium.id, "category_id": tag.ids, "user_id": self.env.user.id})
        groups = self.env["collection.case"]._read_group
        self.assertIn((belgium, 2, 300), groups(self.domain, ["country_id"], ["__count", "amount_overdue:sum"]))
        self.assertIn((tag, 2), groups(self.domain, ["category_ids"], ["__count"]))
        self.assertIn((self.env.user, 2), groups(self.domain, ["salesperson_id"], ["__count"]))
        self.assertEqual(self.find(("country_id", "=", belgium.id)), self.young | self.middle)

    def test_every_filter_can_be_used(self):
        view = fromstring(self.env["collection.case"].get_view(view_type="search")["arch"])
        for node in view.iter("filter"):
            with self.subTest(node.get("name")):
                if node.get("domain"):
                    self.filtered_by(node.get("name"))
                else:
                    group = safe_eval(node.get("context"))["group_by"]
                    self.env["collection.case"].formatted_read_group(
                        self.domain, [f"{group}:month" if "date" in group else group], ["amount_overdue:sum"]
                    )

    def test_whom_to_call_is_one_filter(self):
        self.run_cycle(self.today - days(20))
        self.cases.invalidate_recordset()
        self.assertEqual(self.filtered_by("to_call"), self.cases)
        self.run_cycle(self.today)
        self.cases.invalidate_recordset()
        written = self.cases.filtered(lambda case: case.last_contact_date == self.today)
        self.assertTrue(written)
        self.assertEqual(self.filtered_by("to_call"), self.cases - written)

    def test_a_page_costs_the_same_for_eight_cases_and_for_eighty(self):
        for number in range(77):
            self.invoice(self.customer(f"More {number}", f"more{number}@example.com"), due=self.today - days(number))
        self.env["collection.case"]._refresh_marked()
        self.run_cycle(self.today)
        arch = fromstring(self.env["collection.case"].get_view(view_type="list")["arch"])
        many2one = {"fields": {"display_name": {}}}
        page = {
            node.get("name"): many2one if self.cases._fields[node.get("name")].type == "many2one" else {}
            for node in arch.findall("field")
        }

        def statements(limit):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            found = self.env["collection.case"].web_search_read(self.domain, page, limit=limit, order="amount_overdue desc")
            self.assertEqual(len(found["records"]), limit)
            return self.env.cr.sql_log_count - before

        statements(8)
        self.assertEqual(statements(80), statements(8))


class TestDecisions(WorklistCase):
    """Decisions about many cases at once; each can be taken back."""

    def test_assign_and_give_back(self):
        one, other = (self.make_user(name, "account_collections_auto.group_collector") for name in ("one", "other"))
        self.young.user_id = one
        question = self.decide(self.cases, "action_assign_collector", user_id=other)
        self.assertEqual(self.cases.user_id, other)
        self.undo(question)
        self.assertEqual(self.cases.mapped("user_id"), one)
        self.undo(question)
        self.assertEqual(self.young.user_id, one, "a second click changes nothing")
        self.assertFalse(self.old.user_id)
        self.decide(self.young, "action_assign_collector", user_id=self.env["res.users"])
        self.assertFalse(self.young.user_id)

    def test_hold_and_take_back(self):
        question = self.decide(self.young | self.middle, "action_hold", reason="Inventory", date_until=self.today + days(5))
        self.run_cycle(self.today)
        self.assertWithheld(self.debtors[1], "hold", on=self.today)
        self.assertSent(self.debtors[2], self.level(7), on=self.today)
        self.undo(question)
        self.run_cycle(self.today)
        self.assertSent(self.debtors[1], self.level(7), on=self.today)

    def test_hold_some_items_of_one_customer(self):
        new = self.invoice(self.debtors[2], 70, due=self.today - days(8))
        items = self.items(new)
        self.decide(self.old, "action_hold", reason="Wrong price", item_ids=items)
        self.run_cycle(self.today)
        self.assertNotIn(new, self.sent(self.debtors[2])[0][2])
        with self.assertRaisesRegex(ValidationError, "items of the customer"):
            self.decide(self.young, "action_hold", reason="Wrong price", item_ids=items)

    def test_a_hold_does_not_end_in_the_past(self):
        with self.assertRaisesRegex(ValidationError, "has passed"):
            self.decide(self.young, "action_hold", reason="Late", date_until=self.today - days(1))

    def test_snooze_hides_until_the_day_and_stops_no_message(self):
        back = self.today + days(4)
        question = self.decide(self.old, "action_snooze", snooze_until=back, snooze_reason="Bookkeeper is away")
        self.assertEqual(self.filtered_by("worklist", "overdue"), self.young | self.middle)
        self.assertEqual(self.filtered_by("snoozed"), self.old)
        self.run_cycle(self.today)
        self.assertSent(self.debtors[2], self.level(7), on=self.today)
        with self.on_day(back - days(1)):
            self.assertNotIn(self.old, self.filtered_by("worklist"))
        with self.on_day(back):
            self.assertIn(self.old, self.filtered_by("worklist"))
            self.cases.invalidate_recordset()
            self.assertFalse(self.old.is_snoozed)
        self.undo(question)
        self.assertIn(self.old, self.filtered_by("worklist"))

    def test_snooze_again_and_back_to_the_earlier_one(self):
        first, second = self.today + days(4), self.today + days(9)
        self.decide(self.old, "action_snooze", snooze_until=first, snooze_reason="One")
        question = self.decide(self.cases, "action_snooze", snooze_until=second, snooze_reason="Two")
        self.undo(question)
        self.assertRecordValues(
            self.young | self.old,
            [{"snooze_until": False, "snooze_reason": False}, {"snooze_until": first, "snooze_reason": "One"}],
        )
        self.old.action_unsnooze()
        self.assertRecordValues(self.old, [{"snooze_until": False, "is_snoozed": False, "snooze_reason": False}])

    def test_snooze_ends_after_today(self):
        with self.assertRaisesRegex(ValidationError, "after today"):
            self.decide(self.old, "action_snooze", snooze_until=self.today, snooze_reason="Too short")

    def test_change_of_plan_says_what_changes_and_keeps_the_level(self):
        strict = self.make_plan(levels=((2, {"name": "Strict"}), (30, {"name": "Last", "final_notice": True})))
        self.run_cycle(self.today)
        action = (self.young | self.middle).action_change_plan()
        form = Form(self.env["collection.change.plan"].with_context(**action["context"]))
        form.plan_id = strict
        # C1 reaches L1 in two days and "Strict" at once; C2 got L1 today.
        self.assertRegex(
            form.changes,
            r"(?s)C2.*L1.*L2 by E-mail on .*Last by E-mail on .*C1.*L1 by E-mail on .*Strict by E-mail with the next cycle",
        )
        self.assertRegex(form.changes, "<b>1</b> of them")
        question = form.save()
        question.action_apply()
        self.cases.invalidate_recordset()
        self.assertEqual((self.young | self.middle).plan_id, strict)
        self.assertEqual(self.old.plan_id, self.plan)
        self.assertEqual(self.middle.level_id, self.level(7))
        self.run_cycle(self.today)
        self.assertSent(self.debtors[0], self.level(2, strict), on=self.today)
        self.undo(question)
        self.assertEqual(self.cases.plan_id, self.plan)
        self.assertFalse(self.debtors.with_company(self.company).collection_plan_id)

    def test_no_plan_for_customers_of_two_companies(self):
        other = self.setup_other_company(name="Other")["company"]
        case = self.env["collection.case"].sudo().create({"company_id": other.id, "partner_id": self.debtors[0].id})
        cases = (self.young | case).with_context(allowed_company_ids=(self.company | other).ids)
        self.env.user.company_ids |= other
        with self.assertRaisesRegex(UserError, "several companies"):
            Form(cases.env["collection.change.plan"].with_context(**cases.action_change_plan()["context"]))


class TestCall(WorklistCase):
    """A call that a person logs is a contact, and disturbs nothing that the engine does."""

    def call(self, case=None, **answers):
        answers.setdefault("call_result", "will_pay")
        return self.decide(case or self.old, "action_log_call", **answers)

    def test_is_a_contact_and_evidence(self):
        self.call(call_note="On Friday, says Ms Smith")
        self.assertRecordValues(
            self.actions(self.debtors[2]),
            [
                {
                    "channel": "call",
                    "state": "sent",
                    "contact_date": self.today,
                    "call_result": "will_pay",
                    "call_note": "On Friday, says Ms Smith",
                    "recipient": "C3",
                    "level_id": False,
                    "amount": 0,
                    "line_ids": [],
                }
            ],
        )
        self.assertEqual(self.old.last_contact_date, self.today)
        self.assertNotIn(self.old, self.filtered_by("no_contact"))
        self.assertIn("Ms Smith", self.old.message_ids[0].body)
        self.assertIn("Last: Phone call on", self.old.status_sentence)
        with self.assertRaisesRegex(UserError, "evidence"):
            self.actions(self.debtors[2]).sudo().unlink()

    def test_delays_no_message_and_changes_no_level(self):
        self.call()
        self.assertFalse(self.old.level_id)
        self.assertIn("with the next cycle", self.old.status_sentence)
        self.run_cycle(self.today)
        self.assertSent(self.debtors[2], self.level(7), on=self.today)
        self.call()
        self.cases.invalidate_recordset()
        self.assertEqual(self.old.level_id, self.level(7))
        before = self.env["collection.cycle"].search_count([])
        self.run_cycle(self.today)
        self.assertEqual(self.env["collection.cycle"].search_count([]), before)
        self.assertEqual([action.channel for action in self.actions(self.debtors[2])].count("email"), 1)

    def test_leaves_a_message_that_waits_and_the_first_approval_alone(self):
        self.level(7).mode = "review"
        self.run_cycle(self.today)
        self.old.sudo().needs_review = True
        self.call()
        self.call()
        waiting = self.actions(self.debtors[2], "review")
        self.assertEqual(len(waiting), 1)
        self.assertTrue(self.old.needs_review)
        waiting.action_approve()
        waiting.sudo()._dispatch_batch([("id", "=", waiting.id)], self.today, 10)
        self.assertEqual(waiting.state, "sent")

    def test_logged_by_mistake(self):
        question = self.call(next_call_date=self.today + days(1))
        self.assertEqual(self.old.activity_ids.date_deadline, self.today + days(1))
        self.undo(question)
        self.assertRecordValues(self.actions(self.debtors[2]), [{"state": "cancelled"}])
        self.assertFalse(self.old.last_contact_date)
        self.assertFalse(self.old.activity_ids)
        self.run_cycle(self.today)
        with self.assertRaisesRegex(UserError, "Only a call"):
            self.actions(self.debtors[2], "sent").action_withdraw_call()

    def test_took_place_in_the_past(self):
        with self.assertRaisesRegex(ValidationError, "earlier time"):
            self.call(called_at=fields.Datetime.now() + days(1))
        with self.assertRaisesRegex(ValidationError, "next call has passed"):
            self.call(next_call_date=self.today - days(1))

    def test_belongs_to_the_day_of_the_company(self):
        self.company.collection_tz = "Pacific/Auckland"
        evening = fields.Datetime.to_datetime(self.today - days(3)).replace(hour=20)
        self.call(called_at=evening)
        self.assertEqual(self.actions(self.debtors[2]).contact_date, self.today - days(2))

    def test_calls_somebody_with_a_phone(self):
        contact = self.env["res.partner"].create(
            {"name": "Bookkeeper", "parent_id": self.debtors[2].id, "collection_contact": True, "phone": "+32 2 555 01 23"}
        )
        self.call()
        self.assertEqual(self.actions(self.debtors[2]).recipient, "Bookkeeper, +32 2 555 01 23")
        self.assertEqual(self.actions(self.debtors[2]).recipient_ids, contact)


class TestRoles(WorklistCase):
    """Who may decide: collectors, on the cases of their companies. Auditors read everything and change nothing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls.make_user("auditor", "account_collections_auto.group_collection_auditor")
        cls.collector = cls.make_user("collector", "account_collections_auto.group_collector")
        cls.run_cycle(cls.today)

    def test_an_auditor_opens_everything(self):
        for view in ("list", "form", "kanban", "search"):
            self.cases.with_user(self.auditor).get_view(view_type=view)
        form = Form(self.old.with_user(self.auditor))
        self.assertTrue(form.status_sentence)
        self.assertTrue(form.ageing_table)
        self.assertEqual(len(form.contact_ids), 1)
        for name in ("action_view_invoices", "action_view_payments"):
            action = getattr(self.old.with_user(self.auditor), name)()
            self.env[action["res_model"]].with_user(self.auditor).search(action["domain"])

    def test_no_button_of_an_auditor_ends_in_a_refusal(self):
        message = self.actions(self.debtors[2])
        for record, view in ((self.old, "form"), (self.cases, "list"), (message, "form"), (message, "list")):
            record = record.with_user(self.auditor)
            arch = fromstring(record.get_view(view_type=view)["arch"])
            # The rows of other models inside of a form have buttons of their own.
            for name in arch.xpath("//button[@type='object'][not(ancestor::field)]/@name"):
                with self.subTest(f"{record._name} {view} {name}"):
                    getattr(record, name)()

    def test_an_auditor_decides_nothing(self):
        case = self.old.with_user(self.auditor)
        for name in (
            "action_assign_collector",
            "action_hold",
            "action_change_plan",
            "action_snooze",
            "action_unsnooze",
            "action_log_call",
            "action_write",
        ):
            with self.subTest(name), self.assertRaises(AccessError):
                getattr(case, name)()
        for wizard in ("assign", "hold.start", "change.plan", "snooze", "call.log"):
            with self.subTest(wizard), self.assertRaises(AccessError):
                self.env[f"collection.{wizard}"].with_user(self.auditor).create({"case_ids": self.old.ids})
        with self.assertRaises(AccessError):
            case.write({"snooze_until": self.today + days(3)})

    def test_a_collector_does_all_of_it(self):
        self.env = self.env(user=self.collector)
        cases = self.cases.with_env(self.env)
        self.decide(cases, "action_assign_collector", user_id=self.collector)
        self.decide(cases, "action_snooze", snooze_until=self.today + days(3), snooze_reason="Later")
        self.decide(cases[2], "action_log_call", call_result="no_answer").action_undo()
        strict = self.make_plan_as_admin()
        self.undo(self.decide(cases, "action_change_plan", plan_id=strict))
        self.undo(self.decide(cases, "action_hold", reason="Inventory"))
        composer = Form(self.env["mail.compose.message"].with_context(**cases[2].action_write()["context"]))
        composer.body = "Please call us"
        composer.save()._action_send_mail()
        self.assertEqual(cases[2].last_contact_date, self.today)

    def make_plan_as_admin(self):
        plan = type(self).make_plan(levels=((2, {}), (30, {})))
        return plan.with_env(self.env)

    def test_cases_of_another_company_are_out_of_reach(self):
        other = self.setup_other_company(name="Other")["company"]
        foreign = self.env["collection.case"].sudo().create({"company_id": other.id, "partner_id": self.debtors[0].id})
        with self.assertRaises(AccessError):
            foreign.with_user(self.collector).action_hold()
        with self.assertRaises(AccessError):
            self.env["collection.assign"].with_user(self.collector).create({"case_ids": foreign.ids}).action_apply()
        self.assertFalse(foreign.user_id)
