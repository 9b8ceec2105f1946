from datetime import date, timedelta

from odoo.tools import file_open

from .common import CollectionsCase

MONDAY = date(2026, 6, 8)


class TestNeutralize(CollectionsCase):
    """A copied database cannot write to the customers of the real one."""

    def neutralize(self):
        self.env.flush_all()
        with file_open("account_collections_auto/data/neutralize.sql") as file:
            self.env.cr.execute(file.read())
        self.env.invalidate_all()

    def outgoing(self):
        return self.env["mail.mail"].sudo().search([("state", "=", "outgoing"), ("model", "=", "collection.case")])

    def test_nothing_of_ours_leaves_a_copied_database(self):
        # given: a mail in the queue, a message to approve, an approved one, and a company that is switched on
        queued = self.customer("Queued")
        self.invoice(queued, due=MONDAY - timedelta(days=7))
        self.run_cycle(MONDAY)
        self.level(7).mode = "review"
        waiting, approved = self.customer("Waiting"), self.customer("Approved")
        for customer in waiting + approved:
            self.invoice(customer, due=MONDAY - timedelta(days=7))
        self.run_cycle(MONDAY + timedelta(days=1))
        self.actions(approved).action_approve()
        self.company.collection_is_active = True
        running = self.env["collection.cycle"].preview(self.company, MONDAY + timedelta(days=2))
        with self.on_day(MONDAY + timedelta(days=2)):
            running.action_confirm_in_background()
        self.assertEqual(self.actions(waiting).state, "review")
        self.assertEqual(len(self.outgoing()), 1)
        # when
        self.neutralize()
        self.env["collection.action"]._dispatch_batch([], MONDAY + timedelta(days=1), limit=100)
        # then
        self.assertFalse(self.company.collection_is_active)
        self.assertEqual(running.state, "cancelled")
        self.assertFalse(self.outgoing())
        for customer in waiting + approved:
            self.assertRecordValues(
                self.actions(customer),
                [{"state": "cancelled", "reason": "This database is a copy, from which nothing may be sent"}],
            )

    def test_items_of_a_cancelled_message_can_be_selected_again(self):
        """Testing goes on in the copy: the level counts as not sent."""
        self.level(7).mode = "review"
        customer = self.customer()
        self.invoice(customer, due=MONDAY - timedelta(days=7))
        self.run_cycle(MONDAY)
        # when
        self.neutralize()
        self.run_cycle(MONDAY + timedelta(days=1))
        # then
        self.assertEqual(self.actions(customer).mapped("state"), ["cancelled", "review"])

    def test_mails_about_agreements_stay_here(self):
        """Mails about agreements belong to no message of a level: what they are written on tells them."""
        customer = self.customer()
        self.invoice(customer, due=MONDAY)
        message = self.env["mail.message"].create({"model": "collection.case", "res_id": self.case(customer).id})
        other = self.env["mail.message"].create({"model": "res.partner", "res_id": customer.id})
        ours, theirs = (self.env["mail.mail"].create({"mail_message_id": m.id}) for m in (message, other))
        # when
        self.neutralize()
        # then
        self.assertEqual((ours.state, theirs.state), ("cancel", "outgoing"))
