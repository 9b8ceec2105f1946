from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError

from .common import TODAY, CollectionsCase


def days(number):
    return timedelta(days=number)


LATER = TODAY + days(60)


class TestActionReport(CollectionsCase):
    """Contacts and what followed: each payment and each answer counts for one contact."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.customer("Buyer", country_id=cls.env.ref("base.be").id)

    def contacts(self, customer=None, on=LATER):
        """Return {day of the contact: its row}."""
        self.env.invalidate_all()
        with self.on_day(on):
            rows = self.env["collection.action.report"].search([("partner_id", "=", (customer or self.buyer).id)])
            return {row.date: (row.amount_paid, row.amount_under_way, row.answered, row.is_over) for row in rows}

    def remind(self, *offsets):
        for offset in offsets:
            with self.on_day(TODAY + days(offset)):
                self.run_cycle(TODAY + days(offset))
        self.assertEqual(len(self.actions(self.buyer, "sent")), len(offsets))

    def test_money_counts_once_for_the_last_contact_before_it(self):
        bill = self.invoice(self.buyer, 100, due=TODAY - days(8))
        self.remind(0, 14)
        self.pay(bill, 60, on=TODAY + days(10))
        self.pay(bill, 40, on=TODAY + days(20))
        self.assertEqual(self.contacts(), {TODAY: (60, 0, 0, True), TODAY + days(14): (40, 0, 0, True)})

    def test_money_right_after_a_contact_was_probably_under_way(self):
        bill = self.invoice(self.buyer, 100, due=TODAY - days(8))
        self.remind(0)
        self.pay(bill, 10, on=TODAY - days(1))
        self.pay(bill, 20, on=TODAY)
        self.pay(bill, 30, on=TODAY + days(1))
        self.pay(bill, 40, on=TODAY + days(2))
        self.assertEqual(self.contacts(), {TODAY: (40, 30, 0, True)})

    def test_money_under_way_is_not_given_to_an_earlier_contact(self):
        bill = self.invoice(self.buyer, 100, due=TODAY - days(8))
        self.remind(0, 14)
        self.pay(bill, on=TODAY + days(15))
        self.assertEqual(self.contacts(), {TODAY: (0, 0, 0, True), TODAY + days(14): (0, 100, 0, True)})

    def test_what_comes_later_than_the_company_counts_follows_nothing(self):
        bill = self.invoice(self.buyer, 100, due=TODAY - days(8))
        self.remind(0)
        self.pay(bill, on=TODAY + days(15))
        self.assertEqual(self.contacts()[TODAY][0], 0)
        self.company.collection_follow_days = 15
        self.assertEqual(self.contacts()[TODAY][0], 100)

    def test_a_credit_note_is_no_money_and_another_item_no_answer_to_the_claim(self):
        bill = self.invoice(self.buyer, 100, due=TODAY - days(8))
        self.remind(0)
        credit = self.credit_note(self.buyer, 30, on=TODAY + days(3))
        (bill | credit).line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable").reconcile()
        later = self.invoice(self.buyer, 50, due=TODAY + days(1))
        self.pay(later, on=TODAY + days(4))
        self.assertEqual(self.contacts()[TODAY][0], 0)

    def test_answers_and_conversations_count_automatic_mails_do_not(self):
        self.invoice(self.buyer, 100, due=TODAY - days(8))
        self.remind(0)
        case = self.case(self.buyer)
        values = {"case_id": case.id, "text": "Away", "received_at": f"{TODAY + days(3)} 10:00:00"}
        replies = self.env["collection.reply"].sudo()
        replies.create({**values, "is_automatic": True})
        replies.create({**values, "received_at": f"{TODAY + days(40)} 10:00:00"})
        self.assertEqual(self.contacts()[TODAY][2], 0)
        replies.create(values)
        replies.create(values)
        self.assertEqual(self.contacts()[TODAY][2], 1)
        calls = self.env["collection.action"]
        for hour, result in ((9, "no_answer"), (10, "will_pay")):
            moment = datetime(2026, 10, 5, hour)
            calls._log_call(case, called_at=moment, contact=self.buyer, result=result, note="")
        report = self.env["collection.action.report"].search([("channel", "=", "call")], order="id")
        self.assertEqual(report.mapped("answered"), [0, 1])

    def test_a_contact_whose_days_are_not_over_says_so(self):
        self.invoice(self.buyer, 100, due=TODAY - days(8))
        self.remind(0)
        self.assertFalse(self.contacts(on=TODAY + days(14))[TODAY][3])
        self.assertTrue(self.contacts(on=TODAY + days(15))[TODAY][3])

    def test_measures_add_up_in_a_pivot_and_lead_to_the_contact(self):
        bill = self.invoice(self.buyer, 100, due=TODAY - days(8))
        self.remind(0, 14)
        self.pay(bill, on=TODAY + days(20))
        report = self.env["collection.action.report"]
        [(country, contacts, amount, paid)] = report._read_group(
            [("partner_id", "=", self.buyer.id)], ["country_id"], ["contacts:sum", "amount:sum", "amount_paid:sum"]
        )
        self.assertEqual((country.code, contacts, amount, paid), ("BE", 2, 200, 100))
        row = report.search([("amount_paid", ">", 0), ("partner_id", "=", self.buyer.id)])
        self.assertEqual(row.level_id, self.level(21))
        self.assertEqual(row.template_id, row.action_id.step_id.mail_template_id)
        self.assertEqual(row.action_open_contact()["res_id"], row.action_id.id)

    def test_contacts_of_other_companies_are_not_seen(self):
        self.invoice(self.buyer, 100, due=TODAY - days(8))
        self.remind(0)
        reader = self.make_user("reader", "account_collections_auto.group_collection_auditor")
        self.assertEqual(self.env["collection.action.report"].with_user(reader).search_count([]), 1)
        other = self.env["res.company"].create({"name": "Second"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other)
        self.assertEqual(self.env["collection.action.report"].with_user(stranger).search_count([]), 0)
        clerk = self.make_user("clerk", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            self.env["collection.action.report"].with_user(clerk).search_count([])


class TestReport(CollectionsCase):
    """Open items at the end of each of the last months and today."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.customer("Buyer")
        cls.bill = cls.invoice(cls.buyer, 100, due=date(2026, 7, 20), issued=date(2026, 6, 20))
        cls.pay(cls.bill, 30, on=date(2026, 8, 10))
        cls.money_on_account(cls.buyer, 5, on=date(2026, 9, 1))

    def setUp(self):
        super().setUp()
        self.enterContext(self.on_day(TODAY))
        self.report = self.env["collection.report"]

    def test_what_was_open_at_each_month_end_and_today(self):
        rows = self.report.search([("partner_id", "=", self.buyer.id)], order="as_of, amount desc")
        self.assertEqual(
            [(row.as_of, row.bucket, row.days_overdue, row.amount, row.amount_overdue) for row in rows],
            [
                (date(2026, 6, 30), "00", -20, 100, 0),
                (date(2026, 7, 31), "01", 11, 100, 100),
                (date(2026, 8, 31), "02", 42, 70, 70),
                (TODAY, "02", 57, 70, 70),
                (TODAY, "99", 0, -5, 0),
            ],
        )
        self.assertEqual(rows.mapped("is_now"), [False, False, False, True, True])
        self.assertEqual(rows[0].action_open_item()["res_id"], rows[0].move_line_id.id)
        self.assertEqual(rows[0].action_open_document()["res_id"], self.bill.id)
        self.assertEqual(len(self.report._get_days()), 14)

    def test_the_level_is_that_of_the_day(self):
        for day in (date(2026, 7, 28), date(2026, 8, 12)):
            with self.on_day(day):
                self.run_cycle(day)
        self.env.invalidate_all()
        rows = self.report.search([("move_id", "=", self.bill.id)], order="as_of")
        levels = self.env["collection.level"]
        self.assertEqual([row.level_id for row in rows], [levels, self.level(7), self.level(21), self.level(21)])

    def test_two_days_have_no_sum_and_one_day_has(self):
        domain = [("partner_id", "=", self.buyer.id)]
        [(total, overdue, count)] = self.report._read_group(domain, [], ["amount:sum", "amount_overdue:sum", "__count"])
        self.assertEqual((total, overdue, count), (False, False, 5))
        by_month = self.report._read_group(domain, ["as_of:month"], ["amount:sum"])
        self.assertEqual([amount for _month, amount in by_month], [100, 100, 70, 65])
        [(total,)] = self.report._read_group([*domain, ("is_now", "=", True)], [], ["amount:sum"])
        self.assertEqual(total, 65)

    def test_only_the_days_that_are_asked_for_are_read(self):
        june, july = date(2026, 6, 30), date(2026, 7, 31)
        days = self.report._get_days()
        [row] = self.report.search([("as_of", "=", july)])
        for domain, wanted in (
            ([], days),
            ([("is_now", "=", True)], [TODAY]),
            ([("is_now", "!=", True)], days[:-1]),
            ([("as_of", "in", [june, "2026-07-31"])], [june, july]),
            ([("as_of", ">=", "2026-07-01"), ("as_of", "<", "2026-08-01"), ("days_overdue", ">", 0)], [july]),
            ([("as_of", "<=", june), ("as_of", ">", "2026-05-31")], [june]),
            (["|", ("as_of", "=", june), ("is_now", "=", True)], [june, TODAY]),
            (["|", ("as_of", "=", june), ("partner_id", "=", self.buyer.id)], days),
            ([("as_of", ">", "today -1d")], days),
            ([("id", "in", row.ids)], [july]),
            ([("as_of", "=", False)], days),
        ):
            with self.subTest(str(domain)):
                may_hold = [day for day in days if self.report._may_hold(domain, day)]
                self.assertEqual(may_hold, wanted)
                everything = self.report.search([])
                self.assertEqual(self.report.search(domain), everything.filtered_domain(domain))

    def test_a_cell_opens_its_lines(self):
        rows = self.report.search([("partner_id", "=", self.buyer.id), ("bucket", "=", "02"), ("as_of", "=", TODAY)])
        self.env.invalidate_all()
        self.assertEqual(self.report.browse(rows.ids).mapped("amount"), [70], "The same row, asked for by its id")

    def test_the_buckets_are_named_as_in_the_aged_report(self):
        self.company.collection_ageing_limits = "10, 20"
        names = [name for _code, name in self.report._selection_bucket()]
        self.assertEqual(names, ["Not due", "1 to 10 days", "11 to 20 days", "More than 20 days", "Unapplied"])
        self.assertEqual(self.report.search([("as_of", "=", date(2026, 7, 31))]).bucket, "02")

    def test_items_of_other_companies_are_not_seen(self):
        self.assertTrue(self.report.search_count([]))
        other = self.env["res.company"].create({"name": "Second"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other)
        self.assertEqual(self.report.with_user(stranger).search_count([]), 0)
        clerk = self.make_user("clerk", "account.group_account_invoice")
        with self.assertRaises(AccessError):
            self.report.with_user(clerk).search_count([])

    def test_a_window_is_of_a_day_up_to_today_or_refused_in_words(self):
        for asked in ("soon", 5, ["2026-09-01"], {"day": 1}):
            with self.subTest(str(asked)), self.assertRaisesRegex(UserError, "is not a date"):
                self.report.with_context(collection_as_of=asked).search_count([])
        with self.on_day(TODAY):
            self.assertEqual(self.report.with_context(collection_as_of="2999-01-01")._get_days(), [TODAY])
            self.assertEqual(self.report.with_context(collection_as_of="2026-09-01")._get_days(), [date(2026, 9, 1)])


class TestReportSchedule(CollectionsCase):
    """Reports that go to some people by mail, at their days."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.customer("Buyer")
        cls.invoice(cls.buyer, 100, due=TODAY - timedelta(days=20))
        cls.reader = cls.make_user("reader", "account_collections_auto.group_collection_auditor")
        cls.clerk = cls.make_user("clerk", "account.group_account_invoice")
        with_clerk = [Command.set((cls.reader + cls.clerk).ids)]
        # TODAY is a Tuesday
        values = {"name": "Ages", "user_ids": with_clerk, "weekday": "1", "hour": 7}
        cls.schedule = cls.env["collection.report.schedule"].create(values)

    def mails(self, on=TODAY):
        before = self.env["mail.mail"].search([])
        with self.on_day(on), self.enter_registry_test_mode():
            self.env.ref("account_collections_auto.ir_cron_report_schedule").sudo().method_direct_trigger()
        return self.env["mail.mail"].search([]) - before

    def test_it_is_sent_on_its_day_once_to_who_has_access(self):
        self.schedule.next_date = TODAY
        self.assertFalse(self.mails(TODAY - days(1)))
        mail = self.mails()
        self.assertEqual(mail.email_to, self.reader.email_formatted)
        self.assertEqual(mail.attachment_ids.name, "Aged receivables 2026-09-14.xlsx")
        self.assertTrue(mail.attachment_ids.raw.startswith(b"PK"))
        self.assertEqual((self.schedule.last_count, self.schedule.next_date), (1, TODAY + days(7)))
        self.assertFalse(self.mails(), "Not a second time on that day")

    def test_set_up_after_its_hour_it_waits_for_the_next_day_of_its_kind(self):
        with self.on_day(TODAY):  # at noon
            for hour, day in ((7, TODAY + days(7)), (13, TODAY)):
                self.schedule.hour = hour
                self.assertEqual(self.schedule.next_date, day)
            self.schedule.write({"frequency": "monthly", "month_day": 31})
            self.assertEqual(self.schedule.next_date, date(2026, 9, 30))

    def test_not_before_its_hour_and_late_rather_than_never(self):
        self.schedule.write({"hour": 13, "next_date": TODAY})  # it is noon
        self.assertFalse(self.mails())
        self.assertTrue(self.mails(TODAY + days(1)), "The server was down in the afternoon")
        self.assertEqual(self.schedule.next_date, TODAY + days(7))

    def test_one_report_that_fails_does_not_hold_up_the_others(self):
        second = self.schedule.copy({"name": "Second"})
        (self.schedule + second).next_date = TODAY
        original = type(self.schedule)._send

        def fail_first(schedule):
            if schedule.name == "Ages":
                raise ValueError("out of paper")
            return original(schedule)

        self.patch(type(self.schedule), "_send", fail_first)
        with self.assertLogs("odoo.addons.account_collections_auto.models.collection_report_schedule", "ERROR"):
            self.assertEqual(self.mails().subject, f"{self.company.name}: Second")

    def test_a_pdf_that_would_be_too_long_goes_as_a_spreadsheet(self):
        self.schedule.write({"file_format": "pdf", "as_of": "same"})
        with self.on_day(TODAY):
            self.schedule.action_send()
        names = self.env["mail.mail"].search([], order="id desc", limit=1).attachment_ids.mapped("name")
        self.assertEqual(names, ["Aged receivables 2026-09-15.pdf"])
        module = "odoo.addons.account_collections_auto.models.collection_aged_report_document"
        self.startPatcher(patch(f"{module}.MOST_PRINTED", 0))
        with self.on_day(TODAY):
            self.schedule.action_send()
        names = self.env["mail.mail"].search([], order="id desc", limit=1).attachment_ids.mapped("name")
        self.assertEqual(names, ["Aged receivables 2026-09-15.xlsx"])

    def test_only_managers_set_it_up_and_nobody_writes_what_was_sent(self):
        for user in (self.reader, self.make_user("collector", "account_collections_auto.group_collector")):
            schedule = self.schedule.with_user(user)
            self.assertEqual(schedule.name, "Ages")
            for refused in (
                lambda schedule=schedule: schedule.write({"hour": 8}),
                schedule.action_send,
                schedule.unlink,
                lambda schedule=schedule: schedule.copy(),
            ):
                with self.assertRaises(AccessError):
                    refused()
        with self.assertRaises(AccessError):
            self.schedule.write({"last_count": 5})
        other = self.env["res.company"].create({"name": "Second"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other)
        with self.assertRaises(AccessError):
            self.schedule.with_user(stranger).name  # noqa: B018 (reading it is what is refused)
        self.assertFalse(self.env["collection.report.schedule"].with_user(stranger).search([]))
