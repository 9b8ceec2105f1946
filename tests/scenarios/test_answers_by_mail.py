"""What customers answer by mail: the reminder really leaves, the answer really arrives, and a person acts on what it says."""

import base64
from datetime import date, timedelta
from email.utils import parseaddr

from odoo.addons.account_collections_auto.tests.reply_common import GatewayCase
from odoo.exceptions import AccessError

from .common import StoryCase

JUNE = {day: date(2026, 6, day) for day in range(1, 31)}
L2_DAY = JUNE[22]


class TestAnswersByMail(StoryCase, GatewayCase):
    """Two invoices are reminded of on 8 June, and L2 would come on 22 June. Ann of the customer answers on 10 June."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.otto = cls.make_user("otto", "account_collections_auto.group_collector")
        cls.ada = cls.make_user("ada", "account_collections_auto.group_collection_auditor")
        cls.quick_ref("account_collections_auto.collection_dispute_reason_quality").user_id = cls.otto
        cls.bill = cls.invoice(cls.buyer, 1000, due=JUNE[1])
        cls.other = cls.invoice(cls.buyer, 240.5, due=JUNE[1])

    def setUp(self):
        super().setUp()
        [self.reminder] = self.delivered(JUNE[8])

    def delivered(self, day):
        """Let a cycle run and Odoo's queue send; return the mails that arrived at the customer."""
        with self.on_day(day), self.mail_server() as server:
            self.run_cycle(day)
            self.run_queue()
        return self.to_customer(server)

    @staticmethod
    def to_customer(server):
        """Leave out what our own people are told."""
        return [mail for mail in server.mails if not mail.recipients[0].endswith(("@ours.example", "@example.org"))]

    def ann_writes(self, text, **headers):
        """An answer to the reminder, with the reminder quoted below it, comes through the gateway."""
        self.assertEqual(parseaddr(self.reminder["Reply-To"])[1], self.domain.catchall_email)
        quoted = self.reminder.get_body(("plain", "html")).get_content().splitlines()
        text = "\n".join(
            [text, "", "Kind regards", "Ann", "", "On Mon, 8 Jun 2026, Accounts wrote:", *(f"> {line}" for line in quoted)]
        )
        message = self.env["mail.message"].search([("message_id", "=", self.reminder["Message-ID"].strip())])
        options = {"sender": "Ann <buyer@example.com>", "subject": f"Re: {self.reminder['Subject']}", **headers}
        return self.answer(text, reminder=message, on=JUNE[10], **options)

    def assertAsked(self, reply, kind, seen):
        """Carla is asked what to do with it, with the words that were seen; nothing is stopped by itself."""
        self.assertRecordValues(reply, [{"answer_type": kind, "state": "new", "case_id": self.case(self.buyer).id}])
        self.assertIn(seen, reply.suggestion)
        self.assertEqual(self.todos(reply, "reply").user_id, self.carla)
        self.assertEqual(self.next_message(L2_DAY), ("L2", 1240.5))

    def assertDone(self, reply, done_as, by=None):
        self.assertRecordValues(reply, [{"state": "done", "done_as": done_as, "done_by_id": (by or self.carla).id}])
        self.assertFalse(self.todos(reply, "reply"))

    def test_paid_already_is_a_payment_notice_until_the_money_is_found(self):
        reply = self.ann_writes(f"Hello, invoice {self.bill.name} was already paid on 5 June.")
        self.assertAsked(reply, "paid", "already paid")
        with self.acting(self.ada, JUNE[10]), self.assertRaises(AccessError):
            self.mine(reply).action_payment_notice()
        with self.acting(self.carla, JUNE[10]):
            self.assertEqual(self.tile("answers"), {"open_replies": 1})
            self.assertEqual(self.listed("open_replies"), self.mine(reply))
            notice = self.record(self.mine(reply).action_payment_notice())
            self.assertEqual(self.tile("answers"), {"open_payment_notices": 1})
        self.assertDone(reply, "notice")
        self.assertRecordValues(
            notice, [{"payment_date": JUNE[5], "amount": 1000, "item_ids": self.items(self.bill).ids, "reply_id": reply.id}]
        )
        with self.acting(self.anna, JUNE[12]):
            self.pay(self.bill, on=JUNE[5])
        self.run_cycle(JUNE[12])
        self.assertEqual((notice.state, self.next_message(L2_DAY)), ("found", ("L2", 240.5)))

    def test_will_pay_is_a_promise_that_is_kept(self):
        reply = self.ann_writes(f"We will pay {self.bill.name} on 19 June.")
        self.assertAsked(reply, "promise", "will pay")
        with self.acting(self.carla, JUNE[10]):
            promise = self.record(self.mine(reply).action_promise())
        self.assertDone(reply, "promise")
        self.assertRecordValues(
            promise, [{"promise_date": JUNE[19], "amount": 1000, "channel": "email", "contact_id": self.buyer.id}]
        )
        with self.acting(self.anna, JUNE[19]):
            self.pay(self.bill, on=JUNE[19])
        self.run_cycle(JUNE[20])
        self.assertEqual((promise.state, self.next_message(L2_DAY)), ("kept", ("L2", 240.5)))

    def test_damaged_goods_are_a_dispute_that_its_owner_settles(self):
        reply = self.ann_writes(f"The goods of {self.bill.name} arrived damaged, we will not pay for them.")
        self.assertAsked(reply, "dispute", "damaged")
        with self.acting(self.carla, JUNE[10]):
            dispute = self.record(self.mine(reply).action_dispute())
        self.assertDone(reply, "dispute")
        self.assertEqual((dispute.user_id, dispute.amount), (self.otto, 1000))
        self.assertIn("arrived damaged", dispute.description)
        self.assertEqual(self.next_message(L2_DAY), ("L2", 240.5))
        with self.acting(self.otto, JUNE[15]):
            credit_note = self.settle(self.mine(dispute), 1000, says="We credit all of it")
        self.assertRecordValues(credit_note, [{"state": "draft", "amount_total": 1000}])
        self.assertEqual(self.next_message(L2_DAY), ("L2", 240.5))

    def test_a_wrong_contact_is_corrected_and_the_next_reminder_goes_there(self):
        self.assertEqual(self.reminder.recipients, ["buyer@example.com"])
        reply = self.ann_writes("I no longer work in accounts. Please write to ap@buyer.example.")
        self.assertAsked(reply, "contact", "no longer work")
        with self.acting(self.carla, JUNE[10]):
            self.fill(self.mine(reply).action_contact(), name="Accounts payable").action_apply()
        self.assertDone(reply, "contact")
        [mail] = self.delivered(L2_DAY)
        self.assertEqual(mail.recipients, ["ap@buyer.example"])

    def send_invoices(self, button):
        """Carla looks at what a button proposes and sends it; return the mail that arrives."""
        with self.acting(self.carla, JUNE[10]), self.mail_server() as server:
            self.fill(button()).action_send()
            self.run_queue()
        [mail] = self.to_customer(server)
        self.assertEqual(mail.recipients, ["buyer@example.com"])
        return mail

    def test_asked_for_copies_the_customer_gets_them(self):
        reply = self.ann_writes(f"Please send a copy of invoice {self.bill.name}.")
        self.assertAsked(reply, "copies", "copy of")
        mail = self.send_invoices(lambda: self.mine(reply).action_copies())
        self.assertEqual(self.files_of(mail), [f"{self.bill.name.replace('/', '_')}.pdf"])
        self.assertIn("copies you asked for", self.html_of(mail))
        self.assertDone(reply, "copies")

    def test_an_invoice_that_is_not_in_their_system_is_sent_again(self):
        reply = self.ann_writes(f"Invoice {self.other.name} is not in our system.")
        self.assertAsked(reply, "missing", "not in our system")
        mail = self.send_invoices(lambda: self.mine(reply).action_resend())
        self.assertEqual(self.files_of(mail), [f"{self.other.name.replace('/', '_')}.pdf"])
        self.assertDone(reply, "copies")

    def test_out_of_office_is_ignored_and_its_day_noted(self):
        reply = self.ann_writes(
            "I am out of the office until 25 June.", subject="Automatic reply", Auto_Submitted="auto-replied"
        )
        self.assertRecordValues(reply, [{"answer_type": "absent", "state": "ignored", "return_date": JUNE[25]}])
        self.assertFalse(self.todos(reply, "reply"))
        self.assertIn("until 06/25/2026", " ".join(self.case(self.buyer).message_ids.mapped("body")))
        self.assertEqual(self.next_message(L2_DAY), ("L2", 1240.5))

    def test_approved_for_their_payment_run_it_waits_until_the_money_can_be_there(self):
        reply = self.ann_writes(f"{self.bill.name} is approved and in our payment run of 25 June.")
        self.assertAsked(reply, "run", "payment run")
        with self.acting(self.carla, JUNE[10]):
            hold = self.record(self.mine(reply).action_payment_run())
        self.assertDone(reply, "hold")
        until = JUNE[25] + timedelta(days=self.plan.in_transit_days)
        self.assertRecordValues(hold, [{"date_until": until, "item_ids": self.items(self.bill).ids}])
        self.assertEqual(self.next_message(L2_DAY), ("L2", 240.5))
        self.assertEqual(self.next_message(until + timedelta(days=30)), ("L2", 1240.5))

    def test_a_file_of_statuses_from_their_portal_sets_all_of_them(self):
        rows = (
            "Invoice number;Status;Payment date",
            f"{self.bill.name};Approved;2026-06-25",
            f"{self.other.name};Paid;2026-06-05",
            "INV/UNKNOWN;Paid;2026-06-05",
        )
        content = base64.b64encode("\n".join(rows).encode())
        with self.acting(self.carla, JUNE[10]):
            wizard = self.env["collection.status.import"].create({"file": content, "company_id": self.company.id})
            wizard.action_read()
            self.assertEqual((wizard.ready_count, wizard.refused_count), (2, 1))
            wizard.action_apply()
        hold = self.env["collection.hold"].search([("partner_id", "=", self.buyer.id)])
        notice = self.env["collection.payment.notice"].search([("partner_id", "=", self.buyer.id)])
        self.assertEqual(hold.item_ids.move_id, self.bill)
        self.assertRecordValues(notice, [{"amount": 240.5, "payment_date": JUNE[5], "item_ids": self.items(self.other).ids}])
        self.assertIsNone(self.next_message(L2_DAY - timedelta(days=8)))
