from odoo import fields
from odoo.exceptions import AccessError

from .common import TODAY
from .email_common import EmailCase
from .test_send_now import SendingCase, days


class TestUndoSending(EmailCase, SendingCase):
    """What a person sent or approved can be taken back for as long as the mail is in Odoo's queue."""

    def undo(self, record):
        self.env.flush_all()
        result = record.action_undo()
        self.env.invalidate_all()
        return result["params"]["message"]

    def leave(self, customer):
        """The two minutes are over, and the queue runs."""
        self.mail_of(customer).scheduled_date = fields.Datetime.now()
        with self.mail_server() as server:
            self.run_queue()
        return server.mails

    def test_it_waits_two_minutes_for_a_second_thought(self):
        self.invoice(self.buyer, 100)
        self.confirm(self.send_now())
        with self.mail_server() as server:
            self.run_queue()
        self.assertFalse(server.mails)
        self.assertEqual(len(self.leave(self.buyer)), 1)

    def test_taken_back_the_level_goes_back_and_nothing_is_left_in_the_case(self):
        invoice = self.invoice(self.buyer, 100)
        request = self.send_now()
        result = self.confirm(request)
        self.assertEqual(result["tag"], "collection_undo")
        self.assertTrue(request.can_undo)
        self.assertEqual(self.items(invoice).level_id, self.level(7))
        self.assertIn("taken back", self.undo(request))
        self.assertRecordValues(self.actions(self.buyer), [{"state": "cancelled", "reason_code": "undone"}])
        self.assertIn(self.collector.name, self.actions(self.buyer).reason)
        self.assertFalse(self.items(invoice).level_id)
        self.assertRecordValues(request, [{"state": "cancelled", "sent_count": 0, "left_out_count": 1}])
        self.assertLeftOut(request, self.buyer, "undone")
        self.assertFalse(self.case(self.buyer).message_ids.filtered(lambda m: m.message_type == "email_outgoing"))
        self.assertFalse(request.can_undo)
        with self.mail_server() as server:
            self.run_queue()
        self.assertFalse(server.mails)

    def test_the_same_level_again_taken_back_leaves_the_first_one(self):
        invoice = self.invoice(self.buyer, 100, due=TODAY - days(17))
        self.run_cycle(TODAY - days(8))
        request = self.choose(self.send_now(), sends_again=True)
        self.confirm(request)
        self.assertEqual(self.items(invoice).level_date, TODAY)
        self.undo(request)
        self.assertRecordValues(self.items(invoice), [{"level_id": self.level(7).id, "level_date": TODAY - days(8)}])
        again = self.choose(self.send_now(), sends_again=True)
        self.confirm(again)
        self.assertRecordValues(self.items(invoice), [{"round": 2, "level_date": TODAY}])

    def test_too_late_is_said_honestly(self):
        self.invoice(self.buyer, 100)
        request = self.send_now()
        self.confirm(request)
        self.leave(self.buyer)
        self.assertFalse(request.can_undo)
        self.assertIn("too late for 1", self.undo(request))
        self.assertSent(self.buyer, self.level(7))

    def test_of_many_what_is_still_here_is_taken_back(self):
        other = self.customer("Other", "other@x.example")
        self.invoice(self.buyer, 100)
        self.invoice(other, 100)
        request = self.write_to(self.buyer, other)
        self.confirm(request)
        self.leave(self.buyer)
        text = self.undo(request)
        self.assertIn("1 messages were taken back", text)
        self.assertIn("too late for 1", text)
        self.assertEqual(self.actions(other).state, "cancelled")
        self.assertEqual(self.actions(self.buyer).state, "sent")
        self.assertRecordValues(request, [{"state": "done", "sent_count": 1, "left_out_count": 1}])

    def test_what_the_queue_withdraws_is_left_out_with_its_reason(self):
        due = self.invoice(self.buyer, 100)
        request = self.send_now()
        self.confirm(request)
        self.pay(due)
        self.assertFalse(self.leave(self.buyer))
        self.assertLeftOut(request, self.buyer, "paid_meanwhile")

    def test_one_message_is_taken_back_on_its_own(self):
        other = self.customer("Other", "other@x.example")
        self.invoice(self.buyer, 100)
        self.invoice(other, 100)
        self.confirm(self.write_to(self.buyer, other))
        action = self.actions(other).with_user(self.collector)
        self.assertTrue(action.can_undo)
        self.undo(action)
        self.assertEqual(self.actions(other).state, "cancelled")
        self.assertEqual(self.actions(self.buyer).state, "sent")

    def test_who_still_waits_is_not_written_to_after_an_undo(self):
        customers = [self.customer(f"C{number}", f"c{number}@x.example") for number in range(60)]
        for customer in customers:
            self.invoice(customer, 100)
        request = self.write_to(*customers)
        self.confirm(request)
        request.sudo()._send_some(limit=20)
        self.env.invalidate_all()
        self.undo(request)
        self.assertRecordValues(request, [{"state": "cancelled", "planned_count": 0, "left_out_count": 60}])
        self.assertEqual(set(request.sudo().action_ids.mapped("state")), {"cancelled"})
        self.assertFalse(request.sudo()._send_some())

    def test_an_approval_is_taken_back(self):
        self.level(7).mode = "review"
        invoice = self.invoice(self.buyer, 100)
        self.run_cycle()
        waiting = self.actions(self.buyer, "review").with_user(self.collector)
        self.assertEqual(waiting.action_approve()["params"]["ids"], waiting.ids)
        self.assertIn("approval again", self.undo(waiting))
        self.assertRecordValues(waiting, [{"state": "review", "approved_by_id": False}])
        waiting.action_approve()
        self.env.cr.flush()
        with self.enter_registry_test_mode():
            self.env.ref("account_collections_auto.ir_cron_outbox").sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self.items(invoice).level_id, self.level(7))
        self.undo(waiting)
        self.assertRecordValues(waiting, [{"state": "cancelled", "reason_code": "undone"}])
        self.assertFalse(self.items(invoice).level_id)

    def test_a_message_of_the_cycle_was_not_sent_by_a_person(self):
        self.invoice(self.buyer, 100)
        self.run_cycle()
        action = self.actions(self.buyer, "sent").with_user(self.collector)
        self.assertFalse(action.can_undo)
        self.undo(action)
        self.assertEqual(self.actions(self.buyer).state, "sent")

    def test_an_auditor_takes_nothing_back(self):
        self.invoice(self.buyer, 100)
        request = self.send_now()
        self.confirm(request)
        auditor = self.make_user("audit", "account_collections_auto.group_collection_auditor")
        for record in (request, self.actions(self.buyer)):
            with self.assertRaises(AccessError):
                record.with_user(auditor).action_undo()
        self.assertSent(self.buyer, self.level(7))
