from datetime import date, timedelta

from odoo import fields
from odoo.tools import mute_logger

from .common import TODAY
from .email_common import EmailCase


class TestQueue(EmailCase):
    """A message in Odoo's queue is asked for once more before it leaves."""

    def setUp(self):
        super().setUp()
        self.buyer = self.customer()

    def queue(self, amount=100):
        """An invoice whose reminder is in the queue."""
        invoice = self.invoice(self.buyer, amount)
        self.run_cycle()
        self.assertEqual(self.items(invoice).level_id, self.level(7))
        return invoice

    def assertCancelled(self, invoice, reason):
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(server.mails, [])
        self.assertRecordValues(self.actions(self.buyer), [{"state": "cancelled", "reason_code": reason}])
        self.assertFalse(self.items(invoice).level_id)
        self.assertFalse(self.case(self.buyer).message_ids.filtered(lambda m: m.message_type == "email_outgoing"))

    def test_untouched_message_leaves_once_with_its_message_id(self):
        self.queue()
        action = self.actions(self.buyer)
        with self.mail_server() as server:
            self.run_queue()
            self.run_queue()
        self.assertEqual([mail["Message-ID"] for mail in server.mails], [action.message_id])
        self.assertEqual(server.mails[0].recipients, ["customer@example.com"])
        self.assertRecordValues(action, [{"state": "sent", "mail_id": False}])
        self.assertTrue(action.mail_message_id)

    def test_pain_06_paid_in_the_queue_is_cancelled(self):
        invoice = self.queue()
        self.pay(invoice)
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(server.mails, [])
        self.assertRecordValues(self.actions(self.buyer), [{"state": "cancelled", "reason_code": "paid_meanwhile"}])

    def test_partly_paid_in_the_queue_goes_out_with_the_new_amount_from_the_next_run(self):
        invoice = self.queue()
        self.pay(invoice, 40)
        self.assertCancelled(invoice, "paid_meanwhile")
        self.run_cycle()
        self.assertEqual(self.sent(self.buyer), [(TODAY, "L1", {invoice: 60}, 60)])

    def test_credit_that_arrives_in_the_queue_cancels(self):
        invoice = self.queue()
        self.credit_note(self.buyer, 30)
        self.assertCancelled(invoice, "paid_meanwhile")

    def test_hold_in_the_queue_cancels(self):
        invoice = self.queue()
        self.env["collection.hold"].create(
            {"partner_id": self.buyer.id, "company_id": self.company.id, "date_from": TODAY, "reason": "Talks"}
        )
        self.assertCancelled(invoice, "hold")

    def test_archived_customer_in_the_queue_cancels(self):
        invoice = self.queue()
        self.buyer.active = False
        self.assertCancelled(invoice, "archived")

    def test_blacklisted_in_the_queue_cancels(self):
        invoice = self.queue()
        self.env["mail.blacklist"]._add("customer@example.com")
        self.assertCancelled(invoice, "blacklisted")

    def test_own_sending_is_no_reason_against_it(self):
        self.plan.minimum_days_between_contacts = 30
        self.queue()
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(len(server.mails), 1)

    def test_check_costs_the_same_for_few_and_many(self):
        customers = [self.customer(f"C{number}", f"c{number}@x.example") for number in range(12)]
        for customer in customers:
            self.invoice(customer)
        self.run_cycle()
        actions = self.env["collection.action"].search([("partner_id", "in", [customer.id for customer in customers])])
        counts = []
        for group in (actions[:2], actions[:2], actions):  # the first one warms up
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            group._check_before_leaving()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    def test_cancelled_by_a_person_in_the_queue(self):
        invoice = self.queue()
        self.actions(self.buyer).mail_id.cancel()
        self.assertRecordValues(self.actions(self.buyer), [{"state": "cancelled", "reason_code": "mail_cancelled"}])
        self.assertFalse(self.items(invoice).level_id)

    def test_cancelled_and_put_back_does_not_leave(self):
        self.queue()
        mail = self.actions(self.buyer).mail_id
        mail.cancel()
        mail.mark_outgoing()
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(server.mails, [])

    def test_deleted_by_a_person_in_the_queue(self):
        self.queue()
        self.actions(self.buyer).mail_id.unlink()
        self.assertRecordValues(self.actions(self.buyer), [{"state": "cancelled", "reason_code": "mail_cancelled"}])

    def wait_in_queue(self, hours, until_hour):
        """The message of the buyer was handed over so many hours ago, and where the company is that hour has struck."""
        now = fields.Datetime.now()
        ahead = (until_hour - now.hour + 11) % 24 - 11
        self.company.collection_tz = f"Etc/GMT{-ahead:+d}"  # the sign of these zones is turned around
        self.actions(self.buyer).sudo().sent_at = now - timedelta(hours=hours)

    def test_what_did_not_leave_on_its_day_is_sent_anew_with_a_new_deadline(self):
        invoice = self.queue()
        self.wait_in_queue(10, until_hour=9)
        self.assertCancelled(invoice, "waited_too_long")
        self.run_on(1)
        self.assertSent(self.buyer, self.level(7), on=TODAY + timedelta(days=1))
        self.assertEqual(self.actions(self.buyer, "sent").deadline, TODAY + timedelta(days=8))

    def test_what_waits_on_its_day_or_over_midnight_leaves(self):
        for hours, until_hour in ((20, 23), (1, 0)):
            with self.subTest(until_hour):
                self.buyer = self.customer(f"Until {until_hour}", f"c{until_hour}@example.com")
                self.queue()
                self.wait_in_queue(hours, until_hour)
                with self.mail_server() as server:
                    self.run_queue()
                self.assertEqual(len(server.mails), 1)

    def test_a_courtesy_message_does_not_leave_once_the_item_is_overdue(self):
        self.invoice(self.buyer, due=TODAY, issued=TODAY)
        self.run_cycle()
        self.assertSent(self.buyer, self.level(-3))
        self.wait_in_queue(1, until_hour=0)
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(server.mails, [])
        self.assertRecordValues(self.actions(self.buyer), [{"state": "cancelled", "reason_code": "overdue_meanwhile"}])

    def test_the_alert_stays_over_night_until_the_server_takes_mails_again(self):
        invoice = self.queue()
        mails = self.env["mail.mail"]
        with self.dead_mail_server():
            self.run_queue()
        self.wait_in_queue(10, until_hour=9)
        self.env["collection.action"]._listen()
        self.assertCancelled(invoice, "waited_too_long")
        self.assertTrue(mails._service_alerts())
        self.run_on(1)
        self.env["collection.action"]._listen()
        self.assertTrue(mails._service_alerts())
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(len(server.mails), 1)
        self.env["collection.action"]._listen()
        self.assertFalse(mails._service_alerts())

    def test_test_message_goes_to_the_internal_address_and_counts_for_nothing(self):
        self.company.write({"collection_test_email": "me@ours.example", "collection_test_mode": True})
        self.buyer.collection_cc = "boss@customer.example"
        invoice = self.invoice(self.buyer)
        self.run_cycle()
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(server.mails[0].recipients, ["me@ours.example"])
        self.assertIn("customer@example.com", server.mails[0]["Subject"])
        self.assertIn("counts for nothing", self.html_of(server.mails[0]))
        self.assertFalse(self.items(invoice).level_id)

    def test_bounce_of_a_test_message_blocks_nobody(self):
        self.company.write({"collection_test_email": "me@ours.example", "collection_test_mode": True})
        self.invoice(self.buyer)
        self.run_cycle()
        self.bounce(self.actions(self.buyer), "me@ours.example")
        self.assertFalse(self.env["collection.bounce"].search([("email", "in", ["me@ours.example", "customer@example.com"])]))

    def test_one_message_to_all_contacts_and_the_copies(self):
        contacts = [
            self.customer(f"P{number}", f"P{number}@Customer.Example", parent_id=self.buyer.id, collection_contact=True)
            for number in range(2)
        ]
        self.buyer.collection_cc = "boss@customer.example, Audit <audit@customer.example>"
        self.queue()
        with self.mail_server() as server:
            self.run_queue()
        self.assertEqual(len(server.mails), 1)
        self.assertEqual(
            set(server.mails[0].recipients),
            {contact.email_normalized for contact in contacts} | {"boss@customer.example", "audit@customer.example"},
        )


class TestReplies(EmailCase):
    """What comes back lands on the case."""

    def reply(self, mail, **headers):
        text = (
            "From: Buyer <customer@example.com>\nTo: {to}\nSubject: Re: reminder\nMessage-ID: <reply@customer.example>\n"
            "In-Reply-To: {id}\nReferences: {id}\n\nWe pay on Friday."
        ).format(to=mail["Reply-To"], id=mail["Message-ID"])
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].sudo().message_process("res.partner", text)

    def send_one(self):
        customer = self.customer()
        self.invoice(customer)
        self.run_cycle()
        with self.mail_server() as server:
            self.run_queue()
        return customer, server.mails[0]

    def test_reply_lands_on_the_case_and_reaches_the_collector(self):
        customer, mail = self.send_one()
        self.assertIn(self.domain.catchall_email, mail["Reply-To"])
        self.reply(mail)
        message = self.case(customer).message_ids[0]
        self.assertIn("We pay on Friday", message.body)
        self.assertIn(self.env.user.partner_id, message.notified_partner_ids)

    def test_without_an_alias_domain_the_answer_goes_to_the_collector_and_still_finds_the_case(self):
        self.company.alias_domain_id = False
        customer, mail = self.send_one()
        self.assertIn("carla@ours.example", mail["Reply-To"])
        self.reply(mail)
        self.assertIn("We pay on Friday", self.case(customer).message_ids[0].body)


class TestFailures(EmailCase):
    """The contact is wrong, or the service is down: two different things."""

    def test_bounce_story(self):
        self.level(21).days_overdue = 12  # reached on the 12th: what keeps L2 back are the days to answer L1
        monday, tuesday, thursday, friday = (date(2026, 9, day) for day in (7, 8, 10, 11))
        customer = self.customer()
        invoice = self.invoice(customer, due=monday - timedelta(days=7))
        self.run_cycle(monday)
        with self.mail_server():
            self.run_queue()
        self.assertSent(customer, self.level(7), on=monday)
        self.bounce(self.actions(customer))
        self.assertRecordValues(self.actions(customer), [{"state": "bounced", "reason_code": "mail_bounced"}])
        self.assertFalse(self.items(invoice).level_id)
        self.assertIn("customer@example.com", self.case(customer).contact_problem)
        for day in (tuesday, thursday):
            self.run_cycle(day)
            self.assertWithheld(customer, "bounced", on=day)
        customer.email = "correct@example.com"
        self.run_cycle(friday)
        self.assertFalse(self.case(customer).contact_problem)
        self.run_daily(friday + timedelta(days=1), date(2026, 9, 30))
        self.assertEqual(
            [(day, level) for day, level, _lines, _total in self.sent(customer)],
            [(friday, "L1"), (date(2026, 9, 19), "L2")],
        )
        self.assertEqual(self.actions(customer, "sent")[0].deadline, date(2026, 9, 18))

    def test_pain_14_bounced_addresses_are_listed_and_withheld(self):
        customer = self.customer()
        self.invoice(customer)
        self.run_cycle()
        self.bounce(self.actions(customer))
        bounce = self.env["collection.bounce"].search([("email", "=", "customer@example.com")])
        self.assertEqual(len(bounce), 1)
        self.assertIn("does not exist", bounce.explanation)
        self.run_cycle(TODAY)
        self.assertWithheld(customer, "bounced")
        bounce.action_release()
        self.run_cycle(TODAY)
        self.assertSent(customer, self.level(7))

    def test_of_two_recipients_only_the_refused_one_is_blocked(self):
        customer = self.customer()
        for name in ("ann", "ben"):
            self.customer(name, f"{name}@customer.example", parent_id=customer.id, collection_contact=True)
        self.invoice(customer)
        self.run_cycle()
        self.bounce(self.actions(customer), "ben@customer.example")
        self.assertRecordValues(self.actions(customer), [{"state": "sent", "note_code": "address_refused"}])
        self.run_cycle(TODAY + timedelta(days=30))
        self.assertEqual(self.actions(customer)[-1].recipient, "ann@customer.example")
        self.bounce(self.actions(customer)[0], "ann@customer.example")
        self.assertEqual(self.actions(customer)[0].state, "bounced")

    def test_a_message_that_is_late_or_was_passed_on_is_no_bounce(self):
        customer = self.customer()
        self.invoice(customer)
        action = self.run_cycle().action_ids
        for said in (("delayed", "4.4.1"), ("Delayed", "5.4.1"), ("relayed", "2.0.0"), ("", "4.2.2")):
            with self.subTest(said):
                self.report(action, (action.recipient, *said))
                self.assertEqual(action.state, "sent")
        self.assertFalse(self.env["collection.bounce"].search([("case_id", "=", self.case(customer).id)]))
        self.report(action, (action.recipient, "", "5.1.1"))
        self.assertEqual(action.state, "bounced")

    def test_of_a_report_on_two_recipients_only_the_failed_one_counts(self):
        customer = self.customer()
        for name in ("ann", "ben"):
            self.customer(name, f"{name}@customer.example", parent_id=customer.id, collection_contact=True)
        self.invoice(customer)
        action = self.run_cycle().action_ids
        self.report(action, ("ann@customer.example", "delayed", "4.4.1"), ("ben@customer.example", "failed", "5.1.1"))
        blocked = self.env["collection.bounce"].search([("case_id", "=", self.case(customer).id)])
        self.assertEqual((action.note_code, blocked.email), ("address_refused", "ben@customer.example"))

    def test_bounce_of_a_copy_blocks_nobody(self):
        customer = self.customer(collection_cc="boss@customer.example")
        self.invoice(customer)
        self.run_cycle()
        self.bounce(self.actions(customer), "boss@customer.example")
        self.assertRecordValues(self.actions(customer), [{"state": "sent", "note_code": "copy_refused"}])
        self.assertFalse(self.env["collection.bounce"].search([("case_id", "=", self.case(customer).id)]))

    def test_refused_by_the_mail_server_is_the_contact(self):
        customer, other = self.customer(), self.customer("Other", "other@example.com")
        invoice = self.invoice(customer)
        self.invoice(other)
        self.run_cycle()
        with self.mail_server() as server:
            server.refused = {"customer@example.com": "550 5.1.1 no such user"}
            self.run_queue()
        self.assertEqual([mail.recipients for mail in server.mails], [["other@example.com"]])
        self.assertRecordValues(self.actions(customer), [{"state": "failed", "reason_code": "mail_failed"}])
        self.assertFalse(self.items(invoice).level_id)
        self.assertTrue(self.env["collection.bounce"].search([("email", "=", "customer@example.com")]))
        self.assertFalse(self.alerts())

    def test_server_down_is_one_alert_and_nothing_per_customer(self):
        customers = [self.customer(f"C{number}", f"c{number}@x.example") for number in range(3)]
        for customer in customers:
            self.invoice(customer)
        self.run_cycle()
        actions = self.env["collection.action"].search([("partner_id", "in", [customer.id for customer in customers])])
        due = []
        for _attempt in range(3):
            actions.mail_id.scheduled_date = False
            with self.dead_mail_server():
                self.run_queue()
            due.append(min(actions.mail_id.mapped("scheduled_date")))
        self.assertEqual(due, sorted(set(due)))
        self.assertEqual(set(actions.mapped("state")), {"sent"})
        self.assertEqual(set(actions.mail_id.mapped("state")), {"outgoing"})
        self.assertEqual(len(self.alerts().user_id), len(self.alerts()))
        self.assertTrue(self.alerts())
        self.assertFalse(self.env["collection.bounce"].search([("action_id", "in", actions.ids)]))
        self.assertFalse(actions.case_id.activity_ids)
        with self.mail_server() as server:
            self.run_queue()
            self.assertFalse(server.mails)  # not before their time
            actions.mail_id.scheduled_date = False
            self.run_queue()
        self.assertEqual(len(server.mails), 3)
        self.env["collection.action"]._listen()
        self.assertFalse(self.alerts())

    def test_busy_server_is_the_service(self):
        customer = self.customer()
        self.invoice(customer)
        self.run_cycle()
        with self.mail_server() as server:
            server.busy = "452 4.2.2 over quota"
            self.run_queue()
        self.assertRecordValues(self.actions(customer), [{"state": "sent", "attempts": 1}])
        self.assertEqual(self.actions(customer).mail_id.state, "outgoing")
        self.assertTrue(self.alerts())

    def test_address_that_is_no_address_is_the_contact(self):
        customer = self.customer()
        self.invoice(customer)
        self.run_cycle()
        self.actions(customer).mail_id.email_to = "nonsense"
        with self.mail_server():
            self.run_queue()
        self.assertEqual(self.actions(customer).state, "failed")

    def alerts(self):
        return self.env["mail.mail"]._service_alerts()
