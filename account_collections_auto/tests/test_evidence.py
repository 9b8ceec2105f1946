from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .common import TODAY, CollectionsCase


class TestEvidence(CollectionsCase):
    """What was sent stands; what the ledger says cannot be written by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.customer()
        cls.owed = cls.invoice(cls.buyer, due=TODAY - timedelta(days=8))
        cls.run_cycle(TODAY)
        cls.message = cls.actions(cls.buyer).sudo()

    def test_a_sent_line_cannot_be_changed_or_deleted(self):
        with self.assertRaisesRegex(UserError, "evidence"):
            self.message.line_ids.amount_residual_currency = 1
        with self.assertRaisesRegex(UserError, "evidence"):
            self.message.line_ids.unlink()

    def test_a_sent_message_cannot_be_deleted(self):
        with self.assertRaisesRegex(UserError, "evidence"):
            self.message.unlink()

    def test_paying_later_leaves_the_evidence_as_it_was(self):
        self.pay(self.owed)
        self.run_cycle(TODAY + timedelta(days=1))
        self.assertRecordValues(self.message.line_ids, [{"amount_residual": 100, "move_name": self.owed.name}])

    def test_a_collector_assigns_a_case_but_cannot_write_its_figures(self):
        collector = new_test_user(
            self.env, "collector", groups="account_collections_auto.group_collector", company_id=self.company.id
        )
        case = self.case(self.buyer).with_user(collector)
        case.user_id = collector
        with self.assertRaisesRegex(AccessError, "cannot be changed by hand"):
            case.amount_due = 0
        with self.assertRaisesRegex(AccessError, "cannot be changed by hand"):
            case.next_step = "decide"
