from datetime import timedelta

from odoo.addons.account_collections_auto.tests.common import CollectionsCase
from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestAnswersTour(CollectionsCase, HttpCase):
    """A collector logs calls and records what came out of them; somebody else owns the dispute and settles it."""

    def visit(self, user, url, tour):
        user.password = user.login
        self.start_tour(url, tour, login=user.login, timeout=180)
        self.env.invalidate_all()

    def test_a_collector_records_a_promise_and_a_dispute_from_calls_and_its_owner_credits_it(self):
        today = self.company._collection_today()
        self.invoice(self.customer("Late Riser", "late@example.com"), 300, due=today - timedelta(days=10))
        self.env["collection.case"]._refresh_marked()
        # Neither has any right in accounting beyond reading.
        collector = self.make_user("carla", "account_collections_auto.group_collector")
        owner = self.make_user("otto", "account_collections_auto.group_collector")
        self.env.ref("account_collections_auto.collection_dispute_reason_quantity").user_id = owner

        self.visit(collector, "/odoo/collection-cases", "collection_answers")
        case = self.env["collection.case"].search([("partner_id.name", "=", "Late Riser")])
        self.assertRecordValues(case.promise_ids, [{"amount": 300, "state": "open", "promise_date": today}])
        self.assertRecordValues(
            case.dispute_ids, [{"amount": 120, "state": "new", "user_id": owner.id, "create_uid": collector.id}]
        )
        self.assertEqual(set(case.action_ids.mapped("call_result")), {"will_pay", "disputes"})

        self.visit(owner, "/odoo/collection-today", "collection_dispute_owner")
        self.assertRecordValues(case.dispute_ids, [{"state": "accepted"}])
        self.assertRecordValues(
            case.dispute_ids.credit_note_ids, [{"state": "draft", "amount_total": 120, "move_type": "out_refund"}]
        )
