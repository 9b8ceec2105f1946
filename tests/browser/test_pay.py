import re
from datetime import timedelta

from odoo.addons.account_collections_portal.tests.pay_common import PayCase
from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestPayTour(PayCase, HttpCase):
    """A customer with a phone pays what a reminder is about, without a login: the invoice is matched, the case closed."""

    browser_size = "390x844"
    touch_enabled = True

    def test_from_the_link_of_a_reminder_to_a_closed_case_on_a_phone(self):
        today = self.company._collection_today()
        invoices = self.invoice(self.buyer, 300, due=today - timedelta(days=30)) + self.invoice(
            self.buyer, 20, due=today - timedelta(days=10)
        )
        self.run_cycle(today)
        action = self.actions(self.buyer, "sent")
        mail = self.env["mail.mail"].search([("mail_message_id", "=", action.mail_message_id.id)])
        path = re.search(r"/my/collections/l/[\w-]+", mail.body_html).group()
        self.start_tour(path, "collections_pay", login=None, timeout=180)
        self.assertEqual(invoices.mapped("payment_state"), ["paid", "paid"])
        self.assertEqual(self.case(self.buyer).state, "closed")
        self.assertRecordValues(
            self.env["payment.transaction"].sudo().search([("partner_id", "=", self.buyer.id)]),
            [{"amount": 320, "state": "done", "is_post_processed": True}],
        )
