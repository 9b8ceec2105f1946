from datetime import date, datetime, timedelta

from freezegun import freeze_time
from odoo import Command
from odoo.exceptions import AccessError, ValidationError

from .common import CollectionsCase

SATURDAY, SUNDAY, MONDAY = date(2026, 6, 13), date(2026, 6, 14), date(2026, 6, 15)
# One customer each, from east to west of Greenwich and around.
TWELVE = ["DE", "PT", "JP", "IN", "NP", "NZ", "BR", "CO", "KE", "TH", "FI", "LK"]


class TestContactTimes(CollectionsCase):
    """A message leaves at an hour that the contact rules allow on the customer's own clock, and says why it waits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.collection_tz = "Europe/Berlin"
        cls.office = cls.policy()

    @classmethod
    def policy(cls, *countries, name="Office hours", hours=({},), **vals):
        return cls.env["collection.policy"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "country_ids": [Command.set([cls.country(code).id for code in countries])],
                "hours_ids": [Command.create(each) for each in hours],
                **vals,
            }
        )

    @classmethod
    def country(cls, code):
        return cls.quick_ref(f"base.{code.lower()}")

    def buyer(self, country="PT", days=7, since=SATURDAY, **vals):
        """A customer whose invoice reaches the first level on the day ``since``."""
        customer = self.customer(f"Buyer in {country}", f"{country}@example.com", country_id=self.country(country).id, **vals)
        self.invoice(customer, due=since - timedelta(days=days))
        return customer

    def cycle_at(self, moment):
        with freeze_time(moment):
            return self.run_cycle(self.company._collection_today())

    def outbox_at(self, moment):
        with freeze_time(moment):
            self.env["collection.action"].sudo()._dispatch_batch([("company_id", "=", self.company.id)], self.today(), 100)

    def today(self):
        return self.company._collection_today()

    # -- the next allowed hour -------------------------------------------------------------------------------------------

    def test_reached_on_saturday_in_lisbon_it_leaves_on_monday_at_eight_in_lisbon(self):
        customer = self.buyer()
        self.cycle_at("2026-06-13 06:30")
        action = self.actions(customer)
        self.assertRecordValues(action, [{"state": "queued", "scheduled_at": datetime(2026, 6, 15, 7)}])
        self.assertIn("Europe/Lisbon", action.moved_note)
        self.assertIn("Office hours", action.moved_note)
        self.cycle_at("2026-06-14 06:30")
        self.outbox_at("2026-06-15 06:59:59")
        self.assertRecordValues(self.actions(customer), [{"state": "queued", "scheduled_at": datetime(2026, 6, 15, 7)}])
        self.outbox_at("2026-06-15 07:00:00")
        self.assertRecordValues(
            self.actions(customer), [{"state": "sent", "contact_date": MONDAY, "deadline": MONDAY + timedelta(days=7)}]
        )
        self.assertEqual(self.items(customer).level_date, MONDAY)

    def test_the_next_level_counts_from_the_day_on_which_it_left(self):
        customer = self.buyer()
        self.cycle_at("2026-06-13 06:30")
        self.outbox_at("2026-06-15 07:00:00")
        # Reached by its days on 27 June, a Saturday; the customer had to answer by the 22nd.
        self.cycle_at("2026-06-26 10:00")
        self.assertEqual(len(self.actions(customer)), 1)
        self.cycle_at("2026-06-29 10:00")
        self.assertSent(customer, self.level(21), date(2026, 6, 29))

    def test_a_payment_booked_on_sunday_cancels_it(self):
        customer = self.buyer()
        self.cycle_at("2026-06-13 06:30")
        with freeze_time("2026-06-14 12:00"):
            self.pay(self.items(customer).move_id, on=SUNDAY)
            self.env["collection.case"]._refresh_marked()
        self.outbox_at("2026-06-15 07:00:00")
        self.assertEqual(self.actions(customer).state, "cancelled")

    def test_twelve_customers_of_a_cycle_at_23_utc_get_it_in_twelve_local_windows(self):
        customers = [self.buyer(code, since=date(2026, 6, 17)) for code in TWELVE]
        cycle = self.cycle_at("2026-06-16 23:00")
        waiting = cycle.action_ids.filtered(lambda action: action.state == "queued")
        at_once = cycle.action_ids - waiting
        # Wednesday morning in Tokyo and Auckland, six in the evening in Bogota; it is too early or too late for the others.
        self.assertEqual(sorted(at_once.partner_id.country_id.mapped("code")), ["CO", "JP", "NZ"])
        self.assertEqual(len(waiting), 9)
        self.assertTrue(all(action.scheduled_at and action.moved_note for action in waiting))
        moment = datetime(2026, 6, 16, 23)
        while moment < datetime(2026, 6, 17, 23):
            self.outbox_at(moment)
            moment += timedelta(minutes=15)
        hours = {
            "DE": datetime(2026, 6, 17, 6),
            "PT": datetime(2026, 6, 17, 7),
            "IN": datetime(2026, 6, 17, 2, 30),
            "NP": datetime(2026, 6, 17, 2, 15),
            "BR": datetime(2026, 6, 17, 13),  # without a state: it has to be eight in Acre as well
        }
        for customer in customers:
            action = self.actions(customer)
            self.assertEqual(action.mapped("state"), ["sent"])
            if expected := hours.get(customer.country_id.code):
                self.assertEqual(action.sent_at, expected)

    def test_what_may_leave_leaves_at_once_and_without_rules_nothing_waits(self):
        customer = self.buyer()
        self.office.active = False
        self.cycle_at("2026-06-13 06:30")
        self.assertRecordValues(self.actions(customer), [{"state": "sent", "moved_reasons": False, "moved_note": False}])

    def test_rules_of_another_country_hold_back_nobody(self):
        self.office.country_ids = self.country("DE")
        lisbon, berlin = self.buyer(), self.buyer("DE")
        self.cycle_at("2026-06-13 06:30")
        self.assertEqual((self.actions(lisbon).state, self.actions(berlin).state), ("sent", "queued"))

    def test_of_two_rules_both_must_allow(self):
        self.policy("PT", name="Late risers", hours=[{"hour_from": 10, "hour_to": 23, "saturday": True}])
        customer = self.buyer()
        self.cycle_at("2026-06-13 06:30")
        self.assertEqual(self.actions(customer).scheduled_at, datetime(2026, 6, 15, 9))

    def test_a_public_holiday_of_the_customer_is_closed(self):
        customer = self.buyer(since=date(2026, 6, 10))  # Portugal Day, a Wednesday
        self.cycle_at("2026-06-10 10:00")
        self.assertEqual(self.actions(customer).scheduled_at, datetime(2026, 6, 11, 7))
        self.assertIn("holiday", self.actions(customer).moved_note)

    def test_the_clock_that_a_person_entered_stands_above_the_address(self):
        customer = self.buyer(collection_tz="Europe/Berlin")
        self.cycle_at("2026-06-13 06:30")
        self.assertEqual(self.actions(customer).scheduled_at, datetime(2026, 6, 15, 6))

    def test_a_number_of_another_zone_has_to_allow_it_too(self):
        customer = self.buyer(phone="+1 212 555 2368")
        self.cycle_at("2026-06-13 06:30")
        self.assertEqual(self.actions(customer).scheduled_at, datetime(2026, 6, 15, 12))

    # -- whom the rules are for ------------------------------------------------------------------------------------------

    def test_rules_for_consumers_hold_back_no_business_and_a_type_that_was_entered_stands_above_the_vat_number(self):
        self.office.write({"for_sole_trader": False, "for_business": False, "for_public_authority": False})
        person, company = self.buyer(is_company=False), self.buyer(is_company=True)
        entered = self.buyer(is_company=True, collection_customer_type="consumer")
        trader = self.buyer(is_company=False, collection_customer_type="sole_trader")
        self.cycle_at("2026-06-13 06:30")
        self.assertEqual(
            [self.actions(each).state for each in (person, company, entered, trader)], ["queued", "sent", "queued", "sent"]
        )

    def test_rules_of_a_state_are_for_addresses_in_it_and_leave_other_countries_whole(self):
        california = self.quick_ref("base.state_us_5")
        self.office.write({"country_ids": (self.country("US") + self.country("PT")).ids, "state_ids": california.ids})
        inside = self.buyer("US", state_id=california.id)
        outside = self.buyer("US", state_id=self.quick_ref("base.state_us_27").id)
        nowhere, lisbon, berlin = self.buyer("US"), self.buyer("PT"), self.buyer("DE")
        self.cycle_at("2026-06-13 06:30")
        states = [self.actions(each).state for each in (inside, outside, nowhere, lisbon, berlin)]
        self.assertEqual(states, ["queued", "sent", "sent", "queued", "sent"])

    def test_rules_that_begin_tomorrow_hold_back_nobody_today(self):
        self.office.valid_from = SUNDAY
        today, tomorrow = self.buyer(), self.buyer(since=SUNDAY)
        self.cycle_at("2026-06-13 06:30")
        self.cycle_at("2026-06-14 06:30")
        self.assertEqual((self.actions(today).state, self.actions(tomorrow).state), ("sent", "queued"))

    def test_rules_for_no_type_of_customer_are_refused(self):
        with self.assertRaises(ValidationError):
            self.policy(for_consumer=False, for_sole_trader=False, for_business=False, for_public_authority=False)

    # -- what changes meanwhile --------------------------------------------------------------------------------------------

    def test_a_window_that_was_missed_is_not_made_up_for_at_night(self):
        customer = self.buyer()
        self.cycle_at("2026-06-13 06:30")
        self.outbox_at("2026-06-15 21:00:00")
        self.assertRecordValues(self.actions(customer), [{"state": "queued", "scheduled_at": datetime(2026, 6, 16, 7)}])

    def test_what_is_in_the_outgoing_queue_when_the_hours_close_waits_there(self):
        customer = self.buyer(since=date(2026, 6, 12))
        self.cycle_at("2026-06-12 18:30")
        action = self.actions(customer)
        self.assertEqual(action.state, "sent")
        with freeze_time("2026-06-12 19:01"):
            self.assertFalse(action.mail_id._withdraw_outdated())
            self.assertEqual(action.mail_id.scheduled_date, datetime(2026, 6, 15, 7))
        self.assertEqual(action.state, "sent")

    def test_rules_that_are_archived_let_go_of_what_waits(self):
        customer = self.buyer()
        self.cycle_at("2026-06-13 06:30")
        self.office.active = False
        self.cycle_at("2026-06-14 06:30")
        self.assertRecordValues(self.actions(customer), [{"state": "sent", "contact_date": SUNDAY, "moved_reasons": False}])

    # -- by hand -----------------------------------------------------------------------------------------------------------

    def send_now(self, customer, moment="2026-06-13 06:30", kind="next"):
        with freeze_time(moment):
            request = self.env["collection.request"]._begin(self.case(customer), kind)
            answer = request.action_send()
        return request, answer

    def test_send_now_waits_for_the_hours_and_says_so(self):
        customer = self.buyer()
        request, answer = self.send_now(customer)
        action = self.actions(customer)
        self.assertRecordValues(
            action, [{"state": "queued", "request_id": request.id, "scheduled_at": datetime(2026, 6, 15, 7)}]
        )
        self.assertIn("Europe/Lisbon", answer["params"]["message"])
        self.outbox_at("2026-06-15 07:00:00")
        self.assertRecordValues(action, [{"state": "sent", "contact_date": MONDAY}])

    def test_the_same_level_again_waits_and_is_sent_once(self):
        customer = self.buyer(since=date(2026, 6, 3))
        self.cycle_at("2026-06-03 10:00")
        self.send_now(customer, kind="again")
        self.outbox_at("2026-06-15 07:00:00")
        self.outbox_at("2026-06-15 07:15:00")
        self.assertEqual([day for day, *_rest in self.sent(customer)], [date(2026, 6, 3), MONDAY])
        self.assertEqual(self.items(customer).round, 2)

    def test_what_a_person_sent_and_waits_can_be_taken_back(self):
        customer = self.buyer()
        request, _answer = self.send_now(customer)
        with freeze_time("2026-06-13 06:40"):
            request.action_undo()
        self.assertEqual(self.actions(customer).state, "cancelled")

    def test_a_statement_of_account_waits_for_the_hours_too(self):
        from ..models.collection_statement_document import Period

        customer = self.buyer()
        statements = self.env["collection.statement.sent"]
        with freeze_time("2026-06-13 06:30"):
            sent = statements._request(self.case(customer), Period(SATURDAY, None), "xlsx")
            statements.sudo()._send_batch(10)
        self.assertRecordValues(sent, [{"state": "queued", "scheduled_at": datetime(2026, 6, 15, 7)}])
        self.assertIn("Office hours", sent.moved_note)
        with freeze_time("2026-06-14 12:00"):
            self.assertEqual(statements.sudo()._send_batch(10), 0)
        with freeze_time("2026-06-15 07:00"):
            statements.sudo()._send_batch(10)
        self.assertEqual(sent.state, "sent")

    # -- people --------------------------------------------------------------------------------------------------------------

    def test_collectors_read_the_rules_and_managers_change_them(self):
        collector = self.make_user("collector", "account_collections_auto.group_collector")
        self.assertEqual(self.office.with_user(collector).name, "Office hours")
        with self.assertRaises(AccessError):
            self.office.with_user(collector).name = "Mine"

    def test_hours_need_a_weekday(self):
        with self.assertRaises(ValidationError):
            self.policy(name="Never", hours=[dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), False)])

    def test_more_messages_need_no_more_statements(self):
        few = [self.buyer(code) for code in TWELVE[:2]]
        many = [self.buyer(code) for code in TWELVE]
        self.cycle_at("2026-06-13 06:30")
        counts = []
        for customers in (few, many):
            actions = self.env["collection.action"].union(*(self.actions(customer) for customer in customers))
            with freeze_time("2026-06-13 07:00"):
                for _warm in range(2):
                    self.env.flush_all()
                    self.env.invalidate_all()
                    before = self.env.cr.sql_log_count
                    actions._set_contact_times(self.company, actions._written_recipients_sql())
                counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)
