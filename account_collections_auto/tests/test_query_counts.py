from datetime import timedelta
from unittest.mock import patch

from .common import TODAY, CollectionsCase


class TestQueryCounts(CollectionsCase):
    """What a cycle and an accountant's transaction cost does not grow with the number of customers."""

    def _new_customers(self, count, due=TODAY - timedelta(days=10)):
        for number in range(count):
            self.invoice(self.customer(f"Customer {number}", f"customer{number}@example.com"), due=due)
        self.env["collection.case"]._refresh_marked()

    def _statements(self, function, *arguments):
        """Return how many SQL statements a call takes, with an empty cache."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        function(*arguments)
        self.env.cr.flush()
        return self.env.cr.sql_log_count - before

    def _cycle_statements(self, count, on):
        self._new_customers(count)
        return self._statements(self.run_cycle, on)

    def test_planning_costs_the_same_for_two_cases_and_for_forty(self):
        self.plan.level_ids.mode = "review"  # planned, but nothing leaves
        self._cycle_statements(2, TODAY - timedelta(days=2))
        few = self._cycle_statements(2, TODAY - timedelta(days=1))
        many = self._cycle_statements(40, TODAY)
        self.assertEqual(len(self.env["collection.action"].search([("state", "=", "review")])), 44)
        self.assertEqual(many, few)

    def test_a_batch_of_messages_costs_nearly_the_same_for_two_and_for_forty(self):
        self._cycle_statements(2, TODAY - timedelta(days=2))
        few = self._cycle_statements(2, TODAY - timedelta(days=1))
        many = self._cycle_statements(40, TODAY)
        self.assertEqual(len(self.env["collection.action"].search([("state", "=", "sent")])), 44)
        self.assertLess(many - few, 20, "Less than half a statement for each further message")

    def test_putting_two_documents_on_hold_and_thirty_costs_the_same_and_so_does_giving_them_back(self):
        costs = []
        for count in (2, 2, 30):
            customer = self.customer(f"{count} invoices")
            invoices = self.env["account.move"].union(*(self.invoice(customer) for _number in range(count)))
            self.case(customer)
            started = self._statements(self.hold, customer)
            terms = invoices.line_ids.filtered("date_maturity")
            self.assertEqual(terms.mapped("no_followup"), [True] * count)
            hold = self.env["collection.hold"].search([("partner_id", "=", customer.id)])
            costs.append((started, self._statements(hold.action_end)))
            self.assertEqual(terms.mapped("no_followup"), [False] * count)
            self.assertFalse(any(invoices.mapped("no_followup")))
        self.assertEqual(costs[2], costs[1])

    def test_posting_adds_at_most_four_statements(self):
        customer = self.customer()
        posted = self.invoice(customer)
        drafts = [posted.copy() for _number in range(4)]
        self._statements(drafts[0].action_post)
        with patch.object(type(self.env["account.move.line"]), "_collection_note_change", lambda *args, **kwargs: None):
            self._statements(drafts[1].action_post)
            without = self._statements(drafts[2].action_post)
        with_module = self._statements(drafts[3].action_post)
        self.assertTrue(self.env["collection.mark"].search_count([("partner_ref", "=", customer.id)]))
        self.assertLessEqual(with_module - without, 4)
