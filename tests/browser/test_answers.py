from datetime import timedelta

from odoo.addons.account_collections_auto.tests.common import CollectionsCase
from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestAnswersTour(CollectionsCase, HttpCase):
    """A collector logs calls and records what came out of them; the owner settles the dispute with a credit note."""

    def test_a_collector_records_a_promise_and_a_dispute_from_calls(self):
        self.invoice(
            self.customer("Late Riser", "late@example.com"), 300, due=self.company._collection_today() - timedelta(days=10)
        )
        self.env["collection.case"]._refresh_marked()
        user = self.make_user("browser", "account_collections_auto.group_collector", "account.group_account_invoice")
        user.password = user.login
        self.start_tour("/odoo/collection-cases", "collection_answers", login=user.login, timeout=180)
        case = self.env["collection.case"].search([("partner_id.name", "=", "Late Riser")])
        self.assertRecordValues(
            case.promise_ids, [{"amount": 300, "state": "open", "promise_date": self.company._collection_today()}]
        )
        self.assertRecordValues(case.dispute_ids, [{"amount": 120, "state": "accepted", "user_id": user.id}])
        self.assertRecordValues(case.dispute_ids.credit_note_ids, [{"state": "draft", "amount_total": 120}])
        self.assertEqual(set(case.action_ids.mapped("call_result")), {"will_pay", "disputes"})
