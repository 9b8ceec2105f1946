from datetime import timedelta

from lxml import etree
from odoo.exceptions import AccessError
from odoo.tools.safe_eval import safe_eval

from .common import TODAY, CollectionsCase

# Of the whole form of a case, with its items, messages, contacts and buttons, from an empty cache.
MOST_STATEMENTS = 110


def days(number):
    return timedelta(days=number)


class TestCaseTop(CollectionsCase):
    """The top of a case, what it costs to open one, and how what was decided with one click is taken back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.collector = cls.make_user("top", "account_collections_auto.group_collector")

    def setUp(self):
        super().setUp()
        self.enterContext(self.on_day(TODAY))

    def debtor(self, name, *late, **vals):
        customer = self.customer(name, f"{name.lower()}@example.com", **vals)
        for number in late:
            self.invoice(customer, 100, due=TODAY - days(number))
        return customer

    def form(self, user=None):
        arch = self.env["collection.case"].with_user(user or self.collector).get_view(view_type="form")["arch"]
        return etree.fromstring(arch)

    def visible(self, case, nodes):
        """Return the ``nodes`` of the form that show on ``case``, by the conditions on their fields."""
        names = ("state", "main_action", "is_snoozed", "credit_hold_state", "contact_problem", "contact_notice")
        values = {name: case[name] for name in (*names, "placement_sentence", "returned_notice")}
        return [node for node in nodes if not safe_eval(node.get("invisible") or "False", values)]

    def buttons(self, case):
        """Return (names of the buttons that stand out, number of controls) in the header of the form of ``case``."""
        controls = self.visible(case, self.form().xpath("//header/button | //header/div"))
        return [button.get("name") for button in controls if "btn-primary" in button.get("class", "")], len(controls)

    # -- at most one button stands out: what a person does first ---------------------------------------------------------

    def assertFirst(self, customer, main_action, *names):
        case = self.case(customer)
        case.invalidate_recordset()
        self.assertEqual(case.main_action, main_action)
        primary, count = self.buttons(case)
        self.assertEqual(primary, list(names))
        self.assertLessEqual(count, 6, "All of it in one line of a laptop")

    def test_what_a_cycle_would_send_today(self):
        self.assertFirst(self.debtor("Due", 8), "send_now", "action_send_now")

    def test_the_next_level_is_far_so_a_call_is_what_a_person_can_do(self):
        self.assertFirst(self.debtor("Young", 3), "call", "action_log_call")

    def test_nothing_is_overdue_or_something_stops_it(self):
        self.assertFirst(self.debtor("Coming", -20), False)
        held = self.debtor("Held", 9)
        self.case(held)
        self.hold(held)
        self.assertFirst(held, False)

    def test_a_message_waits_for_approval(self):
        customer = self.debtor("Review", 9)
        self.level(7).mode = "review"
        self.run_cycle(TODAY)
        self.assertFirst(customer, "approve", "action_view_prepared")
        action = self.case(customer).with_user(self.collector).action_view_prepared()
        self.assertEqual(action["res_id"], self.actions(customer).id)

    def test_the_address_is_missing(self):
        customer = self.debtor("Unreachable", 9)
        customer.email = False
        self.run_cycle(TODAY)
        self.assertFirst(customer, "correct", "action_open_customer")

    def test_the_ladder_is_finished(self):
        customer = self.debtor("Finished", 60)
        for before in (25, 17, 9):
            self.run_cycle(TODAY - days(before))
        self.run_cycle(TODAY)
        self.assertFirst(customer, "decide", "action_decide")

    def test_settled(self):
        customer = self.debtor("Settled", 9)
        self.case(customer)
        self.pay(self.items(customer).move_id)
        self.assertFirst(customer, False)

    def test_what_is_seldom_is_in_a_menu_and_an_auditor_finds_the_statement_there(self):
        case = self.case(self.debtor("Menu", 9))
        menu = self.form().xpath("//header/div[@name='more']//button[@name]")
        self.assertEqual(
            [button.get("name") for button in self.visible(case, menu)],
            [
                "action_write",
                "action_bulk_message",
                "action_statement",
                "action_snooze",
                "action_place",
                "action_credit_hold",
                "action_write_off",
            ],
        )
        auditor = self.make_user("auditor", "account_collections_auto.group_collection_auditor")
        self.assertEqual(self.form(auditor).xpath("//header//button/@name"), ["action_statement"])

    def test_one_banner_says_all(self):
        form = self.form()
        self.assertEqual(form.xpath("//div[contains(@class, 'alert ')]/@name"), ["banner"])
        customer = self.debtor("Banner", 9)
        case = self.case(customer)
        lines = form.xpath("//div[@name='banner']/div")
        self.assertFalse(self.visible(case, lines))
        customer.email = False
        self.run_cycle(TODAY)
        case.with_user(self.collector).snooze_until = TODAY + days(3)
        case.invalidate_recordset()
        self.assertEqual(len(self.visible(case, lines)), 2)

    # -- what comes next, when it is about other invoices ----------------------------------------------------------------

    def sentence(self, customer):
        case = self.case(customer)
        case.invalidate_recordset()
        return case.status_sentence

    def test_the_first_reminder_again_is_about_another_invoice(self):
        customer = self.debtor("Two", 10, 2)
        self.run_cycle(TODAY - days(1))
        self.assertEqual(
            self.sentence(customer),
            "Last: L1 on September 14. Next, about other invoices: L1 by E-mail on September 21; then L2 on September 28.",
        )

    def test_a_message_to_approve_about_another_invoice(self):
        customer = self.debtor("Review", 14, 7)
        self.run_cycle(TODAY - days(7))
        self.level(7).mode = "review"
        self.run_cycle(TODAY)
        self.assertEqual(
            self.sentence(customer),
            "Last: L1 on September 8. Next, about other invoices: L1 by E-mail, as soon as somebody approves it.",
        )

    def test_the_same_level_again_is_about_what_got_a_lower_one_before(self):
        customer = self.debtor("Mixed", 30, 14)
        self.run_cycle(TODAY - days(20))
        self.run_cycle(TODAY - days(6))
        self.hold(customer, items=self.items(customer).sorted("due_date")[:1])
        self.assertIn("Last: L2 on September 9. Next, about other invoices: L2 by E-mail on", self.sentence(customer))

    def test_the_same_invoice_goes_on(self):
        customer = self.debtor("One", 10)
        self.run_cycle(TODAY - days(1))
        self.assertIn(". Next: L2 by E-mail on", self.sentence(customer))

    # -- the day of the next level is never one that has passed ----------------------------------------------------------

    def test_next_level_of_a_case_that_waits_is_due_and_is_finished(self):
        young, due, finished = self.debtor("Young", 3), self.debtor("Due", 20), self.debtor("Finished", 60)
        cases = [self.case(customer) for customer in (young, due, finished)]
        cases[2].sudo().next_step = "decide"
        self.assertLess(cases[1].next_action_date, TODAY)
        self.assertEqual([case.next_level_date for case in cases], [TODAY + days(4), TODAY, False])
        domain = [("partner_id", "in", (young | due | finished).ids)]
        found = self.env["collection.case"].search(domain, order="next_level_date")
        self.assertEqual(found[:2], cases[1] + cases[0])
        self.assertEqual(self.env["collection.case"].search([*domain, ("next_level_date", "=", False)]), cases[2])

    # -- opening a case costs the same for one invoice and for fifteen -----------------------------------------------------

    def specification(self, root=None, model="collection.case"):
        root = self.form() if root is None else root
        found = {}
        for node in root.xpath(".//field[not(ancestor::field)]") if root.tag == "form" else root.xpath("./field"):
            views = [view for view in node if view.tag == "list"]
            field = self.env[model]._fields[node.get("name")]
            if views:
                found[node.get("name")] = {"fields": self.specification(views[0], field.comodel_name), "limit": 40}
            elif field.relational:
                found[node.get("name")] = {"fields": {"display_name": {}}}
            else:
                found[node.get("name")] = {}
        return found

    def statements(self, customer):
        case = self.case(customer).with_user(self.collector).with_context(bin_size=True)
        specification = self.specification()
        counts = []
        for _round in range(2):  # the first one fills the caches of the registry
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            values = case.web_read(specification)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertTrue(values[0]["status_sentence"])
        return counts[-1], values[0]

    def test_the_number_of_statements_does_not_grow_with_items(self):
        few, many = self.debtor("Few", 9), self.debtor("Many", *range(9, 24))
        self.run_cycle(TODAY)
        (cost_of_few, _values), (cost_of_many, values) = self.statements(few), self.statements(many)
        self.assertEqual(len(values["item_ids"]), 15)
        self.assertTrue(all(item["stop_reason"] for item in values["item_ids"]))
        self.assertEqual(cost_of_many, cost_of_few)
        self.assertLessEqual(cost_of_many, MOST_STATEMENTS)

    def test_why_nothing_is_sent_is_found_once(self):
        case = self.case(self.debtor("Once", 9, 30)).with_user(self.collector)
        cycles, asked = type(self.env["collection.cycle"]), []
        explain = cycles._explain
        self.patch(cycles, "_explain", lambda this, cases: asked.append(cases) or explain(this, cases))
        case.web_read(self.specification())
        self.assertEqual(len(asked), 1)

    # -- one click decides, and another one takes it back ----------------------------------------------------------------

    def press(self, records, method, user=None):
        action = getattr(records.with_user(user or self.collector), method)()
        self.assertEqual(action["tag"], "collection_undo")
        params = action["params"]
        return params, self.env[params["model"]].with_user(user or self.collector).browse(params.get("ids") or params["id"])

    def test_holds_get_back_the_day_they_had(self):
        one, two = (self.hold(self.debtor(name, 9), until=TODAY + days(end)) for name, end in (("One", 2), ("Two", 5)))
        holds = one | two
        params, answer = self.press(holds, "action_prolong")
        self.assertEqual(params["message"], "2 customers: on hold two weeks longer.")
        self.assertEqual(holds.mapped("date_until"), [TODAY + days(16), TODAY + days(19)])
        two.date_until = TODAY + days(30)
        answer.action_undo()
        self.assertEqual(holds.mapped("date_until"), [TODAY + days(2), TODAY + days(30)], "What was changed since stays")
        one.date_until = TODAY + days(7)
        answer.action_undo()
        self.assertEqual(one.date_until, TODAY + days(7), "A second click changes nothing")

    def test_let_it_end_is_asked_again(self):
        hold = self.hold(self.debtor("Ends", 9), until=TODAY + days(2))
        params, answer = self.press(hold, "action_let_end")
        self.assertEqual(params["message"], "Ends: the hold ends on its day.")
        self.assertFalse(hold.is_ending)
        answer.action_undo()
        self.assertTrue(hold.is_ending)
        _params, answer = self.press(hold, "action_let_end")
        auditor = self.make_user("looks on", "account_collections_auto.group_collection_auditor")
        with self.assertRaises(AccessError):
            answer.with_user(auditor).action_undo()
        with self.assertRaises(AccessError):
            answer.write({"answered": {str(hold.id): [["2030-01-01", False], ["2030-01-01", False]]}})
        with self.assertRaises(AccessError):
            self.env["collection.hold.answer"].with_user(self.collector).create({"hold_ids": hold.ids})

    def test_back_to_the_worklist_and_snoozed_again(self):
        first, second, awake = (self.case(self.debtor(name, 9)) for name in ("First", "Second", "Awake"))
        first.write({"snooze_until": TODAY + days(3), "snooze_reason": "One"})
        second.write({"snooze_until": TODAY + days(9), "snooze_reason": "Two"})
        cases = first | second | awake
        server_action = self.env.ref("account_collections_auto.collection_case_action_unsnooze").with_user(self.collector)
        action = server_action.with_context(active_model=cases._name, active_ids=cases.ids).run()
        self.assertEqual(action["params"]["message"], "2 customers: back in the worklist.")
        self.assertFalse(any(cases.mapped("is_snoozed")))
        undo = self.env[action["params"]["model"]].with_user(self.collector).browse(action["params"]["id"])
        awake.write({"snooze_until": TODAY + days(4), "snooze_reason": "Three"})
        undo.action_undo()
        self.assertRecordValues(
            cases,
            [
                {"snooze_until": TODAY + days(3), "snooze_reason": "One"},
                {"snooze_until": TODAY + days(9), "snooze_reason": "Two"},
                {"snooze_until": TODAY + days(4), "snooze_reason": "Three"},
            ],
        )
        self.assertFalse(self.case(self.debtor("Never snoozed", 9)).with_user(self.collector).action_unsnooze())

    # -- the tour of the first day ---------------------------------------------------------------------------------------

    def test_after_the_tour_an_accountant_is_left_alone(self):
        tours = self.env["web_tour.tour"]
        tours.create({"name": "another_app"})
        self.collector.sudo().tour_enabled = True
        self.assertFalse(tours.with_user(self.collector).consume("collections_first_day"))
        self.assertFalse(self.collector.sudo().tour_enabled)
        tour = self.env.ref("account_collections_auto.collection_tour_first_day").sudo()
        self.assertIn(self.collector, tour.user_consumed_ids)
