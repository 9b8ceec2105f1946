from datetime import timedelta

from lxml import etree
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

from ..models import collection_case_today
from .common import TODAY, CollectionsCase

YESTERDAY = TODAY - timedelta(days=1)


class TodayCase(CollectionsCase):
    """Stories about what Today shows; it is `TODAY` all the time."""

    def setUp(self):
        super().setUp()
        self.enterContext(self.on_day(TODAY))

    def debtor(self, name, amount=100.0, days=10, email="books@example.com", **vals):
        customer = self.customer(name, email=email, **vals)
        self.invoice(customer, amount, due=TODAY - timedelta(days=days))
        return customer

    def tiles(self, user=None, **context):
        self.env["collection.case"]._refresh_marked()
        today = self.env["collection.today"].with_context(**context)
        tiles = (today.with_user(user) if user else today).get_tiles()
        return {tile["key"]: tile for tile in tiles}

    def figures(self, tile):
        return tile["count"], [amount["amount"] for amount in tile["amounts"]]

    def today(self, user=None):
        return self.env["collection.today"].with_user(user or self.env.user)

    def listed(self, action, user=None):
        return self.env[action["res_model"]].with_user(user or self.env.user).search(action["domain"])


class TestTodayMessages(TodayCase):
    """The last cycle, what waits for approval, what tomorrow brings."""

    def test_nothing_to_do_is_no_tile(self):
        self.assertEqual(self.tiles(), {})
        page = self.today().get_page()
        self.assertEqual(page["tiles"], [])

    def test_messages_to_approve_by_level(self):
        self.plan.level_ids.mode = "review"
        self.debtor("First", 100, days=10)
        again = self.debtor("Again", 900, days=30)
        self.plan.catch_up = True
        self.run_cycle(TODAY)
        tile = self.tiles()["approve"]
        self.assertEqual(self.figures(tile), (2, [1000.0]))
        self.assertEqual([(line["label"], line["count"]) for line in tile["lines"]], [("L2", 1), ("L1", 1)])
        button = tile["lines"][0]["buttons"][0]
        self.assertIn("One message leaves", button["confirm"][0])
        answer = self.today().approve(*button["args"])
        self.assertIn("Message approved; it claims $\xa0900.00", answer["params"]["message"])
        self.assertEqual(self.actions(again).state, "queued")
        self.assertEqual(self.figures(self.tiles()["approve"]), (1, [100.0]))

    def test_approving_all_needs_the_figures_that_were_shown(self):
        self.plan.level_ids.mode = "review"
        self.debtor("One", 100)
        self.run_cycle(TODAY)
        seen = self.tiles()["approve"]["buttons"][0]
        late = self.debtor("Late", 50, email="late@example.com")
        self.env["collection.case"]._refresh_marked()
        self.run_cycle(TODAY)
        with self.assertRaisesRegex(UserError, "Meanwhile it is 2 messages"):
            self.today().approve(*seen["args"])
        self.assertEqual(self.actions(late).state, "review")
        self.today().approve(*self.tiles()["approve"]["buttons"][0]["args"])
        self.assertEqual(self.actions(late).state, "queued")
        self.assertNotIn("approve", self.tiles())

    def test_says_how_many_changed_since_they_were_prepared(self):
        self.plan.level_ids.mode = "review"
        paid, same = self.debtor("Paid"), self.debtor("Same", email="same@example.com")
        self.run_cycle(TODAY)
        self.assertNotIn("Changed since they were prepared", [line["label"] for line in self.tiles()["approve"]["lines"]])
        self.pay(self.items(paid).move_id, amount=40.0)
        lines = {line["label"]: line for line in self.tiles()["approve"]["lines"]}
        self.assertEqual(lines["Changed since they were prepared"]["count"], 1)
        link = lines["Changed since they were prepared"]["link"]
        self.assertEqual(self.listed(self.today().open_reviews(*link["args"])), self.actions(paid))
        self.assertEqual(self.listed(self.today().open_reviews()), self.actions(paid) + self.actions(same))
        self.assertFalse(self.actions(same).has_changes)

    def test_last_cycle_is_a_note_until_it_was_seen(self):
        self.debtor("Reached")
        self.debtor("Nobody reaches", email=False)
        self.run_cycle(TODAY)
        tile = self.tiles()["last_cycle"]
        self.assertEqual(self.figures(tile), (1, [100.0]))
        self.assertEqual([(line["label"], line["count"]) for line in tile["lines"]], [("Sent", 1), ("Held back", 1)])
        sent, withheld = (self.listed(self.today().open_cycle(*line["link"]["args"])) for line in tile["lines"])
        self.assertEqual(sent.partner_id.name, "Reached")
        self.assertEqual(withheld.partner_id.name, "Nobody reaches")
        self.today().put_away(tile["key"], tile["stamp"])
        self.assertNotIn("last_cycle", self.tiles())
        self.run_cycle(TODAY)
        self.assertNotIn("last_cycle", self.tiles(), "The same cycle again is no news")

    def test_held_back_counts_customers_as_the_page_of_the_cycle_does(self):
        nobody = self.debtor("No address", 100, days=10, email=False)
        self.invoice(nobody, 50, due=TODAY - timedelta(days=30))
        self.plan.catch_up = True
        cycle = self.run_cycle(TODAY)
        self.assertEqual(len(cycle.line_ids), 2)
        line = self.tiles()["last_cycle"]["lines"][0]
        self.assertEqual((line["label"], line["count"]), ("Held back", 1))
        self.assertEqual(cycle.get_page()["decisions"]["withheld"]["count"], 1)

    def test_bank_that_is_late_is_told(self):
        self.debtor("Reached")
        self.bank_line(on=TODAY - timedelta(days=9), payment_ref="Old")
        self.run_cycle(TODAY)
        labels = {line["label"].split(".")[0]: line["tone"] for line in self.tiles()["last_cycle"]["lines"]}
        self.assertEqual(labels["The bank is late"], "warning")

    def test_preview_that_stopped_by_itself_waits_and_leads_there(self):
        self.debtor("Reached")
        self.bank_line(on=TODAY - timedelta(days=9), payment_ref="Old")
        self.company.collection_is_active = True
        cycle = self.env["collection.cycle"].sudo()._run_day(self.company, TODAY, automatic=True)
        self.assertEqual(cycle.state, "preview")
        tiles = self.tiles()
        self.assertNotIn("last_cycle", tiles)
        self.assertEqual(self.figures(tiles["preview"]), (1, [100.0]))
        self.assertIn("bank", tiles["preview"]["text"])
        opened = self.today().open_cycle(*tiles["preview"]["buttons"][0]["args"])
        self.assertEqual(opened["res_id"], cycle.id)

    def test_a_preview_that_waits_hides_neither_the_last_cycle_nor_counts_what_is_in_review(self):
        self.plan.level_ids.mode = "review"
        reviewed = self.debtor("Waits for approval since yesterday", 100)
        self.debtor("Nobody reaches", email=False)
        yesterday = self.run_cycle(YESTERDAY)
        cycles = self.env["collection.cycle"].sudo()
        prepared = cycles._prepare_day(self.company, TODAY)
        self.assertEqual(self.actions(reviewed).state, "review")
        tiles = self.tiles()
        self.assertEqual((tiles["approve"]["count"], tiles["last_cycle"]["count"]), (1, 0))
        self.assertEqual([(line["label"], line["count"]) for line in tiles["last_cycle"]["lines"]], [("Held back", 1)])
        self.assertEqual(self.today()._find_last_cycles(), yesterday)
        self.assertNotIn("preview", tiles, "Confirming adds nothing to what waits for approval")
        self.debtor("New since", 40, email="new@example.com")
        cycles._prepare_day(self.company, TODAY)
        self.assertEqual(self.figures(self.tiles()["preview"]), (1, [40.0]))
        prepared.action_confirm()
        self.assertNotIn("preview", self.tiles())
        self.assertEqual(self.today()._find_last_cycles(), prepared)

    def test_preview_made_by_hand_does_not_nag(self):
        self.debtor("Reached")
        self.env["collection.cycle"].preview(self.company, TODAY)
        self.assertEqual(list(self.tiles()), ["call"])

    def test_tomorrow_says_what_a_preview_of_tomorrow_says(self):
        self.debtor("Has no address, as the cycle finds", 300, days=9, email=False)
        self.debtor("Reaches the first level tomorrow", 100, days=6)
        self.debtor("Two days later", 200, days=4, email="later@example.com")
        held = self.debtor("On hold", 400, days=6, email="held@example.com")
        self.hold(held, until=TODAY + timedelta(days=30))
        self.hold(self.debtor("On hold until today", 70, days=6, email="released@example.com"), until=TODAY)
        courtesy = self.customer("Courtesy tomorrow", email="soon@example.com")
        self.invoice(courtesy, 50, due=TODAY + timedelta(days=4), issued=YESTERDAY)
        self.run_cycle(TODAY)
        tile = self.tiles()["tomorrow"]
        self.assertEqual([(line["label"], line["count"]) for line in tile["lines"]], [("L0", 1), ("L1", 2)])
        preview = self.env["collection.cycle"].preview(self.company, TODAY + timedelta(days=1))
        planned = preview.line_ids.filtered(lambda line: line.decision == "planned")
        self.assertEqual(self.figures(tile), (len(planned), [sum(planned.mapped("amount"))]))

    def test_tomorrow_of_my_customers_only(self):
        collector = self.make_user("mine", "account_collections_auto.group_collector")
        other = self.make_user("other", "account_collections_auto.group_collector")
        for number, user in enumerate((collector, other, None)):
            customer = self.debtor(f"Customer {number}", 100, days=6, email=f"books{number}@example.com")
            self.env["collection.case"]._refresh_marked()
            self.case(customer).user_id = user
        self.run_cycle(TODAY)
        self.assertEqual(self.figures(self.tiles(collector)["tomorrow"]), (3, [300.0]))
        self.today(collector).set_only_mine(True)
        self.assertEqual(self.figures(self.tiles(collector)["tomorrow"]), (1, [100.0]))
        self.company.collection_user_id = collector
        self.assertEqual(self.figures(self.tiles(collector)["tomorrow"]), (2, [200.0]), "Nobody's are the default collector's")

    def test_without_a_cycle_of_today_tomorrow_says_nothing(self):
        self.debtor("Reaches the first level today", 100, days=7)
        self.assertNotIn("tomorrow", self.tiles())
        self.run_cycle(YESTERDAY)
        self.assertNotIn("tomorrow", self.tiles(), "What yesterday's cycle expected is today by now")


class TestTodayCustomers(TodayCase):
    """Addresses, decisions, calls, money."""

    def test_a_missing_address_is_typed_in_place(self):
        customer = self.debtor("No address", email=False)
        self.run_cycle(TODAY)
        tile = self.tiles()["could_not_send"]
        self.assertEqual(self.figures(tile), (1, [100.0]))
        case = self.listed(self.today().open_unreachable())
        self.assertEqual((case.contact_partner_id, case.contact_email), (customer, False))
        collector = self.make_user("types", "account_collections_auto.group_collector")
        case.with_user(collector).write({"contact_email": " office@customer.example "})
        self.assertEqual(customer.email, "office@customer.example")
        self.assertNotIn("could_not_send", self.tiles())
        self.assertIn("corrected the address", case.message_ids[0].body)
        self.run_cycle(TODAY)
        self.assertSent(customer, self.level(7))

    def test_a_typed_address_is_checked(self):
        customer = self.debtor("No address", email=False)
        self.run_cycle(TODAY)
        case = self.case(customer)
        self.env["mail.blacklist"]._add("stop@customer.example")
        self.env["collection.bounce"].sudo().create(
            {"email": "gone@customer.example", "company_id": self.company.id, "case_id": case.id}
        )
        for typed, answer in {
            "nobody": "no e-mail address",
            "": "no e-mail address",
            "a@b.example, c@d.example": "no e-mail address",
            "Stop@Customer.example": "on the blacklist",
            "gone@customer.example": "refused a message",
        }.items():
            with self.subTest(typed), self.assertRaisesRegex(ValidationError, answer):
                if not typed:
                    customer.email = "wrong"
                    case.invalidate_recordset()
                case.contact_email = typed
                self.env.flush_all()
        self.assertEqual(case.contact_problem_code, "no_address")

    def test_the_contact_with_the_problem_is_the_one_corrected(self):
        customer = self.debtor("Customer", email="good@customer.example")
        flagged = self.customer("Accounting", email="no(at)address", parent_id=customer.id, collection_contact=True)
        self.run_cycle(TODAY)
        case = self.case(customer)
        self.assertEqual((case.contact_partner_id, case.contact_email), (flagged, "no(at)address"))
        case.contact_email = "accounting@customer.example"
        self.assertEqual(flagged.email, "accounting@customer.example")
        self.assertEqual(customer.email, "good@customer.example")

    def test_the_payer_is_corrected_for_whom_it_pays(self):
        payer = self.customer("Payer", email=False)
        customer = self.debtor("Customer", email="unused@customer.example", collection_payer_id=payer.id)
        self.run_cycle(TODAY)
        self.case(customer).contact_email = "desk@payer.example"
        self.assertEqual((payer.email, customer.email), ("desk@payer.example", "unused@customer.example"))

    def test_a_collector_cannot_change_the_address_somebody_logs_in_with(self):
        employee = self.make_user("owes us money").partner_id
        employee.email = False
        self.invoice(employee, 100, due=TODAY - timedelta(days=10))
        self.run_cycle(TODAY)
        collector = self.make_user("collects", "account_collections_auto.group_collector")
        with self.assertRaisesRegex(AccessError, "has a login"):
            self.case(employee).with_user(collector).contact_email = "mine@evil.example"
            self.env.flush_all()
        self.assertFalse(employee.email)

    def test_a_finished_ladder_waits_for_a_decision_until_somebody_stops_it(self):
        customer = self.debtor("Never answers", 700, days=60)
        self.run_daily(TODAY - timedelta(days=30), TODAY)
        tile = self.tiles()["decide"]
        self.assertEqual(self.figures(tile), (1, [700.0]))
        case = self.listed(self.today().open_decide())
        self.assertEqual(case, self.case(customer))
        self.assertTrue(case.is_to_decide)
        self.hold(customer, until=TODAY + timedelta(days=60))
        self.assertNotIn("decide", self.tiles())
        case.invalidate_recordset()
        self.assertFalse(case.is_to_decide)

    def test_a_final_notice_expires_before_the_next_cycle_looks(self):
        customer = self.debtor("Final", 300, days=60)
        for days in (25, 17, 9):
            self.run_cycle(TODAY - timedelta(days=days))
        item = self.items(customer)
        self.assertTrue(item.level_id.final_notice)
        self.assertLess(item.deadline, TODAY)
        self.assertFalse(self.case(customer).next_step)
        self.assertEqual(self.listed(self.today().open_decide()), self.case(customer))

    def test_a_hold_that_ends_this_week(self):
        soon, later, over = (self.debtor(name) for name in ("Soon", "Later", "Over"))
        ending = self.hold(soon, until=TODAY + timedelta(days=6))
        self.hold(later, until=TODAY + timedelta(days=7))
        self.hold(over, since=TODAY - timedelta(days=9), until=YESTERDAY)
        self.assertEqual(self.figures(self.tiles()["decide"]), (1, []))
        self.assertEqual(self.listed(self.today().open_ending_holds()), ending)
        ending.action_let_end()
        self.assertNotIn("decide", self.tiles())
        ending.date_until = TODAY + timedelta(days=2)
        self.assertTrue(ending.is_ending, "Another day is another question")
        ending.action_prolong()
        self.assertEqual(ending.date_until, TODAY + timedelta(days=16))
        self.assertNotIn("decide", self.tiles())

    def test_call_the_ten_largest_without_contact_for_two_weeks(self):
        names = [f"Owes {number}" for number in range(1, 13)]
        debtors = [self.debtor(name, 100.0 * number, email=False) for number, name in enumerate(names, start=1)]
        reached = self.debtor("Got a message", 5000, email="reached@example.com")
        self.run_cycle(TODAY)
        self.assertSent(reached, self.level(7))
        listed = self.listed(self.today().open_calls())
        self.assertEqual(sorted(listed.partner_id.mapped("name")), sorted(names[2:]))
        self.assertEqual(self.figures(self.tiles()["call"]), (10, [7500.0]))
        self.log_call(debtors[-1])
        self.assertEqual(self.figures(self.tiles()["call"]), (9, [6300.0]), "Nobody slips in behind who was called today")
        with self.on_day(TODAY + timedelta(days=1)):
            self.assertIn(debtors[1], self.listed(self.today().open_calls()).partner_id)
            self.assertNotIn(debtors[-1], self.listed(self.today().open_calls()).partner_id)
        with self.on_day(TODAY + timedelta(days=14)):
            self.assertIn(debtors[-1], self.listed(self.today().open_calls()).partner_id)

    def test_nobody_calls_whose_money_is_on_its_way(self):
        owes = self.debtor("Owes", 100, email=False)
        in_bank, by_number, later = (self.debtor(name, 700, email=False) for name in ("Bank", "Number", "Old bank line"))
        paid, partly = self.debtor("Payment to confirm", 800, email=False), self.debtor("Paid a part", 900, email=False)
        covered = self.debtor("Has a credit note", 500, email=False)
        self.bank_line(100, partner_id=in_bank.id)
        self.bank_line(100, payment_ref=f"Invoice {self.items(by_number).move_id.name}", on=YESTERDAY)
        self.bank_line(100, partner_id=later.id, on=TODAY - timedelta(days=60))
        self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_id": paid.id,
                "amount": 800,
                "date": TODAY,
                "invoice_ids": [Command.set(self.items(paid).move_id.ids)],
            }
        )
        self.credit_note(covered, 500, on=TODAY)
        self.credit_note(partly, 850, on=TODAY)
        self.env["collection.case"]._refresh_marked()
        self.assertEqual(self.listed(self.today().open_calls()).partner_id, owes | later | partly)
        self.patch(collection_case_today, "CALLS_A_DAY", 2)
        called = self.listed(self.today().open_calls()).partner_id
        self.assertEqual(called, owes | later, "Who owes 50 net of credits comes after who owes 100")

    def test_nobody_calls_about_a_return_that_is_to_be_matched_first(self):
        owes = self.debtor("Owes", 100, email=False)
        returned = self.debtor("Returned", 700, email=False)
        self.pay(self.items(returned).move_id, on=TODAY - timedelta(days=9))
        line = self.booked_bank_line(returned, -700, TODAY - timedelta(days=4))
        self.case(returned)
        self.assertEqual(self.listed(self.today().open_calls()).partner_id, owes)
        line.move_id.action_deny_return()
        self.assertEqual(self.listed(self.today().open_calls()).partner_id, owes | returned)

    def test_nobody_calls_about_what_is_promised_disputed_or_said_to_be_paid(self):
        owes = self.debtor("Owes", 100, email=False)
        part, whole, promised, paid, held = (
            self.debtor(name, 1000, email=False) for name in ("Part", "Whole", "Promised", "Paid already", "Held")
        )
        reason = self.env.ref("account_collections_auto.collection_dispute_reason_delivery")
        for customer, amount in ((part, 950), (whole, 1000)):
            line = Command.create({"item_id": self.items(customer).id, "amount": amount})
            self.answer("collection.dispute", customer, reason_id=reason.id, line_ids=[line])
        of_items = {customer: [Command.set(self.items(customer).ids)] for customer in (promised, paid, held)}
        tomorrow = TODAY + timedelta(days=1)
        self.answer("collection.promise", promised, amount=1000, promise_date=tomorrow, item_ids=of_items[promised])
        self.answer("collection.payment.notice", paid, amount=1000, payment_date=TODAY, item_ids=of_items[paid])
        self.hold(held, self.items(held))
        self.assertEqual(self.listed(self.today().open_calls()).partner_id, owes | part)
        self.patch(collection_case_today, "CALLS_A_DAY", 1)
        self.assertEqual(self.listed(self.today().open_calls()).partner_id, owes, "50 of the 1000 may be claimed")

    def answer(self, model, customer, **vals):
        """Record what ``customer`` answered today."""
        common = {"partner_id": customer.id, "company_id": self.company.id, "date_from": TODAY}
        return self.env[model].create({**common, **vals})

    def log_call(self, customer):
        """Record a call of this noon with ``customer``."""
        noon = fields.Datetime.to_datetime(TODAY).replace(hour=12)
        self.env["collection.action"]._log_call(
            self.case(customer), called_at=noon, contact=customer, result="no_answer", note=False
        )

    def test_snoozed_and_written_to_need_nobody_today(self):
        snoozed, written = self.debtor("Snoozed", email=False), self.debtor("Written to", 50, email=False)
        self.run_cycle(TODAY)
        self.assertEqual((self.tiles()["could_not_send"]["count"], self.tiles()["call"]["count"]), (2, 2))
        self.case(snoozed).snooze_until = TODAY + timedelta(days=1)
        tiles = self.tiles()
        self.assertEqual((tiles["could_not_send"]["count"], tiles["call"]["count"]), (1, 1))
        self.case(written).sudo().last_written_date = TODAY
        self.assertNotIn("call", self.tiles())
        with self.on_day(TODAY + timedelta(days=1)):
            self.assertEqual(self.listed(self.today().open_calls()).partner_id, snoozed)

    def test_nobody_calls_who_is_about_to_get_a_message(self):
        self.plan.level_ids.mode = "review"
        customer = self.debtor("To approve")
        self.assertIn("call", self.tiles())
        self.run_cycle(TODAY)
        self.assertNotIn("call", self.tiles())
        self.actions(customer).action_cancel()
        self.assertIn("call", self.tiles())

    def test_nobody_calls_a_customer_on_hold(self):
        customer = self.debtor("Waits for a delivery note", email=False)
        self.assertIn("call", self.tiles())
        self.hold(customer, until=TODAY + timedelta(days=30))
        self.assertNotIn("call", self.tiles())

    def test_money_in_comes_back_with_the_next_payment(self):
        first, second = self.debtor("Pays", 500), self.debtor("Pays later", 200)
        self.pay(self.items(first).move_id, on=YESTERDAY)
        self.book(self.pay(self.items(second).move_id, amount=10, on=TODAY - timedelta(days=3)), TODAY - timedelta(days=3))
        self.credit_note(second, 30, on=TODAY)
        tile = self.tiles()["money_in"]
        self.assertEqual(self.figures(tile), (1, [500.0]))
        self.assertEqual([(line["count"], line["amounts"][0]["amount"]) for line in tile["lines"]], [(1, 30.0)])
        self.assertEqual(self.listed(self.today().open_payments()).partner_id, first)
        self.assertEqual(self.listed(self.today().open_credits()).amount_residual, -30.0)
        self.today().put_away(tile["key"], tile["stamp"])
        self.assertNotIn("money_in", self.tiles())
        self.pay(self.items(second).move_id.filtered(lambda move: move.move_type == "out_invoice"), amount=5)
        self.assertEqual(self.figures(self.tiles()["money_in"]), (2, [505.0]))

    def book(self, payment, day):
        """Let the entry of ``payment`` have been made on ``day``, at noon."""
        self.env.flush_all()
        noon = fields.Datetime.to_datetime(day).replace(hour=12)
        self.env.cr.execute("UPDATE account_move_line SET create_date = %s WHERE move_id = %s", [noon, payment.move_id.id])

    def test_money_in_tells_on_monday_what_came_in_since_friday(self):
        monday = TODAY - timedelta(days=1)
        names = ("Dated Friday", "Dated Saturday", "Booked Sunday", "Old, booked Thursday", "History")
        friday, saturday, sunday, thursday, history = (self.debtor(name, 100, days=90) for name in names)
        for customer, dated, booked in (
            (friday, 3, 3),
            (saturday, 2, 2),
            (sunday, 9, 1),
            (thursday, 9, 4),
            (history, 60, 0),
        ):
            payment = self.pay(self.items(customer).move_id, on=monday - timedelta(days=dated))
            self.book(payment, monday - timedelta(days=booked))
        self.assertEqual(monday.weekday(), 0)
        with self.on_day(monday):
            self.assertEqual(self.figures(self.tiles()["money_in"]), (3, [300.0]))
            self.assertEqual(self.listed(self.today().open_payments()).partner_id, friday | saturday | sunday)
        with self.on_day(TODAY + timedelta(days=1)):
            self.assertNotIn("money_in", self.tiles())


class TestTodayNotices(TodayCase):
    """What is true of all figures, told to every role."""

    def notices(self, user=None):
        page = self.today(user).get_page()
        return [notice["text"] for notice in page["notices"]], page["is_cycle_coming"]

    def test_every_role_is_told_when_no_cycle_comes_by_itself(self):
        roles = ("group_collection_auditor", "group_collector", "group_collection_manager")
        users = [self.make_user(role, f"account_collections_auto.{role}") for role in roles]
        self.company.collection_start_step = "done"
        for user in users:
            self.assertEqual(self.notices(user), (["Reminders are switched off: no cycle runs by itself."], False))
        buttons = [self.today(user).get_page()["notices"][0]["buttons"] for user in users]
        self.assertEqual([len(found) for found in buttons], [0, 0, 1])
        opened = getattr(self.today(users[2]), buttons[2][0]["method"])()
        self.assertEqual(opened["res_model"], "collection.safe.start")
        self.company.collection_start_step = False
        self.assertEqual(self.notices(users[2]), ([], False), "The banner of the assistant invites a manager already")
        self.assertEqual(len(self.notices(users[1])[0]), 1)

    def test_a_daily_job_that_fails_is_told(self):
        self.company.write({"collection_is_active": True, "collection_mode": "prepare", "collection_prepare_time": 4.0})
        collector = self.make_user("collector", "account_collections_auto.group_collector")
        self.assertIn("No cycle has run yet", self.notices(collector)[0][0])
        prepared = self.env["collection.cycle"].sudo()._prepare_day(self.company, TODAY)
        self.assertEqual(self.notices(collector), ([], True))
        prepared.action_cancel()
        self.assertEqual(self.notices(collector), ([], True), "A person threw it away; tomorrow comes another one")
        with self.on_day(TODAY + timedelta(days=1)):
            self.env["collection.cycle"].sudo().create(
                {"company_id": self.company.id, "date": TODAY + timedelta(days=1), "state": "running", "is_automatic": True}
            )
            texts, is_coming = self.notices(collector)
            self.assertFalse(is_coming)
            self.assertIn(f"No cycle since {format_date(self.env, TODAY)}", texts[0], "One that breaks off is none")
        self.company.collection_prepare_time = 11.5
        with self.on_day(TODAY + timedelta(days=1)):
            self.assertEqual(self.notices(collector), ([], True), "Its hour has only just come")

    def test_test_mode_is_told_wherever_messages_are_decided_about(self):
        self.plan.level_ids.mode = "review"
        self.debtor("To approve", 100)
        self.run_cycle(TODAY)
        confirm = self.tiles()["approve"]["buttons"][0]["confirm"]
        self.assertNotIn("Test mode", confirm[0])
        self.company.write({"collection_test_mode": True, "collection_test_email": "me@company.example"})
        note = "Test mode: every message goes to me@company.example. Customers get nothing, and nothing counts."
        collector = self.make_user("collector", "account_collections_auto.group_collector")
        self.assertIn(note, self.notices(collector)[0])
        self.assertIn(note, self.tiles()["approve"]["buttons"][0]["confirm"][0])
        preview = self.env["collection.cycle"].preview(self.company, TODAY)
        self.assertEqual(preview.get_page()["test_note"], note)
        self.assertEqual(self.env["collection.cycle.confirm"].create({"cycle_id": preview.id}).test_note, note)

    def test_a_cycle_of_tests_says_so(self):
        self.debtor("Reached")
        self.company.write({"collection_test_mode": True, "collection_test_email": "me@company.example"})
        self.run_cycle(TODAY)
        tile = self.tiles()["last_cycle"]
        self.assertEqual((tile["title"], tile["lines"][0]["label"]), ("Last Cycle (test)", "Sent (test)"))


class TestTodayPeople(TodayCase):
    """Who sees what: roles, own cases, companies; and a tile from somewhere else."""

    def test_an_auditor_sees_all_and_gets_no_acting_button(self):
        self.plan.level_ids.mode = "review"
        self.debtor("To approve")
        self.run_cycle(TODAY)
        auditor = self.make_user("auditor", "account_collections_auto.group_collection_auditor")
        tile = self.tiles(auditor)["approve"]
        self.assertEqual([button["label"] for button in tile["buttons"]], ["Open the List"])
        acting = self.tiles()["approve"]["buttons"][0]
        with self.assertRaises(AccessError):
            self.today(auditor).approve(*acting["args"])
        self.assertFalse(self.today(auditor).get_page()["is_collector"])

    def test_an_auditor_sees_what_is_left_undone_of_plans_charges_offers_and_promises(self):
        items = self.items(self.debtor("Answered"))
        values = {"partner_id": items.partner_id.id, "company_id": self.company.id, "item_ids": [Command.set(items.ids)]}
        lines = [Command.create({"date": TODAY + timedelta(days=9), "amount": 100})]
        plan = self.env["collection.payment.plan"].create({**values, "line_ids": lines})
        offer = self.env["collection.settlement.offer"].create({**values, "pay_by": TODAY})
        promise = self.env["collection.promise"].create({**values, "amount": 9, "date_from": TODAY, "promise_date": TODAY})
        (plan.sudo().state, promise.sudo().state) = ("ended", "broken")
        for record, kind in (
            (plan, "payment_plan_ended"),
            (plan, "payment_plan_charge"),
            (offer, "settlement_paid"),
            (promise, "promise_broken"),
        ):
            record.activity_schedule(f"account_collections_auto.mail_activity_type_{kind}", user_id=self.manager.id)
        auditor = self.make_user("auditor", "account_collections_auto.group_collection_auditor")
        left_undone = {
            "open_ended_plans": plan,
            "open_failed_charges": plan,
            "open_settlements_paid": offer,
            "open_broken_promises": promise,
        }
        for user in (auditor, self.manager):
            lines = {line["link"]["method"]: line["count"] for line in self.tiles(user)["answers"]["lines"]}
            self.assertEqual(lines, dict.fromkeys(left_undone, 1))
            for method, record in left_undone.items():
                self.assertEqual(self.listed(getattr(self.today(user), method)(), user), record)
        plan.activity_ids.unlink()
        self.assertEqual(self.tiles(auditor)["answers"]["count"], 2)

    def test_an_auditor_cannot_correct_an_address_or_decide_about_a_hold(self):
        customer = self.debtor("No address", email=False)
        self.run_cycle(TODAY)
        auditor = self.make_user("auditor", "account_collections_auto.group_collection_auditor")
        with self.assertRaises(AccessError):
            self.case(customer).with_user(auditor).write({"contact_email": "x@y.example"})
        hold = self.hold(customer, until=TODAY)
        for method in ("action_let_end", "action_prolong", "action_end"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(hold.with_user(auditor), method)()

    def test_calls_and_decisions_can_be_taken_on_a_phone(self):
        today = self.today()
        for action, buttons in (
            (today.open_calls(), ["action_log_call"]),
            (today.open_decide(), ["action_decide", "action_log_call"]),
        ):
            with self.subTest(action["name"]):
                self.assertEqual([kind for _view, kind in action["views"]], ["list", "kanban", "form"])
                card = etree.fromstring(self.env["collection.case"].get_view(action["views"][1][0], "kanban")["arch"])
                self.assertTrue(card.xpath("//field[@name='partner_phone'][@widget='phone']"))
                self.assertEqual([button.get("name") for button in card.xpath("//button")], buttons)

    def test_what_cannot_be_taken_back_is_asked_first(self):
        for model, kind, name in (
            ("collection.action", "list", "action_cancel"),
            ("collection.action", "form", "action_cancel"),
            ("collection.bounce", "list", "action_release"),
            ("collection.bounce", "kanban", "action_release"),
            ("collection.bounce", "form", "action_release"),
        ):
            buttons = etree.fromstring(self.env[model].get_view(view_type=kind)["arch"]).xpath(f"//button[@name='{name}']")
            with self.subTest(model=model, kind=kind):
                self.assertTrue(buttons)
                self.assertTrue(all(button.get("confirm") for button in buttons))

    def test_who_has_no_role_sees_nothing(self):
        outsider = self.make_user("outsider")
        for method, arguments in (("get_tiles", ()), ("put_away", ("call", "1")), ("approve", (False, 0, 0))):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(self.today(outsider), method)(*arguments)

    def test_own_cases_or_all_is_remembered(self):
        collector = self.make_user("collector", "account_collections_auto.group_collector")
        other = self.make_user("other", "account_collections_auto.group_collector")
        mine, theirs, nobodys = (self.debtor(name, email=False) for name in ("Mine", "Theirs", "Nobody's"))
        self.run_cycle(TODAY)
        self.case(mine).user_id = collector
        self.case(theirs).user_id = other
        self.assertEqual(self.tiles(collector)["could_not_send"]["count"], 3)
        self.today(collector).set_only_mine(True)
        tiles = self.tiles(collector)
        self.assertEqual((tiles["could_not_send"]["count"], tiles["call"]["count"]), (1, 1))
        self.company.collection_user_id = collector
        self.assertEqual(self.tiles(collector)["could_not_send"]["count"], 2, "Answers for what nobody else does")
        self.assertEqual(self.tiles(other)["could_not_send"]["count"], 3, "Everybody chooses alone")
        self.today(collector).set_only_mine(False)
        self.assertEqual(self.tiles(collector)["could_not_send"]["count"], 3)
        self.assertTrue(nobodys)

    def test_what_a_manager_approves_waits_for_managers_whoever_answers_for_the_case(self):
        collector = self.make_user("collector", "account_collections_auto.group_collector")
        manager = self.make_user("manager", "account_collections_auto.group_collection_manager")
        auditor = self.make_user("auditor", "account_collections_auto.group_collection_auditor")
        customer = self.debtor("Promises for next year")
        self.case(customer).user_id = collector
        promise = self.env["collection.promise"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "amount": 100,
                "date_from": TODAY,
                "promise_date": TODAY + timedelta(days=300),
            }
        )
        self.assertEqual(promise.state, "to_approve")
        self.today(collector).set_only_mine(True)
        self.today(manager).set_only_mine(True)
        self.assertNotIn("answers", self.tiles(collector), "A collector cannot approve it, and could never be done")
        for user in (manager, auditor):
            link = self.tiles(user)["answers"]["lines"][0]["link"]
            self.assertEqual(link["method"], "open_promises_to_approve")
            self.assertEqual(self.listed(self.today(user).open_promises_to_approve(), user), promise)

    def test_answers_have_a_sum_and_are_done_with_in_bulk(self):
        euro = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        customer = self.debtor("Broke promises", 500)
        self.assertTrue(self.case(customer))
        values = {"partner_id": customer.id, "company_id": self.company.id, "date_from": TODAY - timedelta(days=60)}
        promises = self.env["collection.promise"].create(
            [{**values, "amount": amount, "promise_date": TODAY - timedelta(days=40)} for amount in (80, 70)]
        )
        self.env["collection.promise"]._judge(self.company, TODAY)
        notice = self.env["collection.payment.notice"].create(
            {**values, "date_from": TODAY, "payment_date": TODAY, "amount": 50, "currency_id": euro.id}
        )
        self.assertEqual((set(promises.mapped("state")), notice.currency_id), ({"broken"}, euro))
        collector = self.make_user("collector", "account_collections_auto.group_collector")
        auditor = self.make_user("auditor", "account_collections_auto.group_collection_auditor")
        self.assertEqual(self.figures(self.tiles(collector)["answers"]), (3, [175.0]))
        with self.assertRaises(AccessError):
            promises.with_user(auditor).action_follow_up_done()
        answer = promises.with_user(collector).action_follow_up_done()
        self.assertEqual(self.figures(self.tiles(collector)["answers"]), (1, [25.0]))
        undo = self.env[answer["params"]["model"]].browse(answer["params"]["ids"])
        with self.assertRaises(AccessError):
            undo.with_user(auditor).action_undo()
        undo.with_user(collector).action_undo()
        self.assertEqual(self.figures(self.tiles(collector)["answers"]), (3, [175.0]))

    def test_own_holds_only(self):
        collector = self.make_user("collector", "account_collections_auto.group_collector")
        mine, theirs = self.debtor("Mine"), self.debtor("Theirs")
        self.case(mine).user_id = collector
        self.hold(mine, until=TODAY)
        self.hold(theirs, until=TODAY)
        self.assertEqual(self.tiles(collector)["decide"]["count"], 2)
        self.today(collector).set_only_mine(True)
        self.assertEqual(self.tiles(collector)["decide"]["count"], 1)
        self.assertEqual(self.listed(self.today(collector).open_ending_holds(), collector).partner_id, mine)

    def test_companies_with_another_currency_do_not_add_up(self):
        other = self.setup_other_company(currency_id=self.env.ref("base.CHF").id)["company"]
        other.collection_tz = "UTC"
        other.collection_plan_id = self.make_plan(company=other)
        self.debtor("Here", 100, email=False)
        there = self.customer("There", email=False)
        self.invoice_in(other, there, 70)
        self.run_cycle(TODAY)
        self.env["collection.cycle"].run(other, TODAY)
        both = self.tiles(allowed_company_ids=[self.company.id, other.id])
        tile = both["could_not_send"]
        self.assertEqual(tile["count"], 2)
        self.assertEqual(
            {amount["currency_id"]: amount["amount"] for amount in tile["amounts"]},
            {self.company.currency_id.id: 100.0, other.currency_id.id: 70.0},
        )
        self.assertEqual(sorted(line["label"] for line in both["call"]["lines"]), sorted([self.company.name, other.name]))
        here = self.tiles(allowed_company_ids=[self.company.id])
        self.assertEqual(self.figures(here["could_not_send"]), (1, [100.0]))
        self.assertEqual(self.figures(here["call"]), (1, [100.0]))

    def invoice_in(self, company, customer, amount):
        inside = self.env["account.move"].with_company(company).with_context(allowed_company_ids=company.ids)
        move = inside.create(
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_date": TODAY - timedelta(days=10),
                "invoice_date_due": TODAY - timedelta(days=10),
                "invoice_payment_term_id": False,
                "currency_id": company.currency_id.id,
                "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": amount, "tax_ids": []})],
            }
        )
        move.action_post()
        self.env["collection.case"]._refresh_marked()

    def test_a_module_adds_a_tile_by_one_method(self):
        company = self.company
        model = type(self.env["collection.today"])
        collect = model._collect_tiles

        def collect_more(today):
            mine = today._tile("answers", 40, "fa-reply", "They Answered", "Replies", [(company, 3, 12.5)])
            return [*collect(today), mine, today._tile("none", 41, "fa-reply", "Empty", "", [])]

        self.patch(model, "_collect_tiles", collect_more)
        self.debtor("No address", email=False)
        self.run_cycle(TODAY)
        self.debtor("To call", email=False)
        keys = list(self.tiles())
        self.assertEqual(keys, ["last_cycle", "could_not_send", "answers", "call"])

    def test_costs_the_same_for_two_cases_and_for_forty(self):
        self.plan.level_ids.mode = "review"

        def grow(count, name):
            for number in range(count):
                self.debtor(f"{name} {number}", email=f"{name}{number}@example.com")
                self.debtor(f"{name} without {number}", email=False)
                self.debtor(f"{name} tomorrow {number}", days=6, email=f"tomorrow{name}{number}@example.com")
                self.hold(self.debtor(f"{name} held {number}"), until=TODAY)
            self.env["collection.case"]._refresh_marked()
            self.run_cycle(TODAY)

        def statements():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            tiles = self.env["collection.today"].get_tiles()
            return self.env.cr.sql_log_count - before, [tile["key"] for tile in tiles]

        grow(1, "a")
        statements()
        few = statements()
        grow(10, "b")
        many = statements()
        self.assertEqual(many, few)
        self.assertEqual(few[1], ["last_cycle", "approve", "could_not_send", "decide", "call", "tomorrow"])
