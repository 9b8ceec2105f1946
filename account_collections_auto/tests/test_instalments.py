from datetime import timedelta

from .common import TODAY, CollectionsCase


class TestInstalments(CollectionsCase):
    """Each instalment of an invoice has its own due date, level and stops."""

    def three_parts(self, customer, first=10, second=9, third=8):
        """Post an invoice of 600 in three instalments that are that many days overdue today."""
        return self.instalments(
            customer,
            (100, TODAY - timedelta(days=first)),
            (200, TODAY - timedelta(days=second)),
            (300, TODAY - timedelta(days=third)),
        )

    def flags(self, invoice):
        terms = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        return terms.mapped("no_followup")

    def claimed(self, customer):
        return self.actions(customer, "sent").line_ids.filtered("advances").mapped("amount_residual_currency")

    def test_each_instalment_is_an_item_of_its_own(self):
        customer = self.customer()
        invoice = self.three_parts(customer)
        self.assertRecordValues(
            self.items(invoice),
            [
                {"instalment": 1, "amount_residual": 100, "due_date": TODAY - timedelta(days=10)},
                {"instalment": 2, "amount_residual": 200, "due_date": TODAY - timedelta(days=9)},
                {"instalment": 3, "amount_residual": 300, "due_date": TODAY - timedelta(days=8)},
            ],
        )

    def test_a_hold_on_the_second_leaves_the_first_and_the_third(self):
        customer = self.customer()
        invoice = self.three_parts(customer)
        self.hold(customer, self.items(invoice)[1])
        self.run_cycle()
        self.assertEqual(self.claimed(customer), [100, 300])
        self.assertEqual(self.flags(invoice), [False, False, False])
        self.assertWithheld(customer, "hold")

    def test_a_hold_on_all_is_mirrored_and_given_back(self):
        customer = self.customer()
        invoice = self.three_parts(customer)
        self.hold(customer, self.items(invoice), until=TODAY)
        self.run_cycle()
        self.assertNotSent(customer)
        self.assertEqual(self.flags(invoice), [True, True, True])
        self.run_on(1)
        self.assertEqual(self.flags(invoice), [False, False, False])
        self.assertEqual(self.claimed(customer), [100, 200, 300])

    def test_a_flag_the_user_set_on_one_of_them_is_kept(self):
        customer = self.customer()
        invoice = self.three_parts(customer)
        invoice.line_ids.filtered(lambda line: line.date_maturity == TODAY - timedelta(days=9)).no_followup = True
        before = self.flags(invoice)
        self.assertIn(True, before)
        self.hold(customer, self.items(invoice), until=TODAY)
        self.run_on(0, 1)
        self.assertEqual(self.flags(invoice), before)

    def test_instalments_climb_at_their_own_pace(self):
        customer = self.customer()
        invoice = self.three_parts(customer, first=30, second=8, third=-30)
        self.run_on(0, 8)
        items = self.items(invoice)
        # On day 8 the first one is 38 days overdue; the second, 16 days overdue, is only listed.
        self.assertEqual(items.mapped("level_id.name"), ["L2", "L1"])
        self.assertEqual([total for *_rest, total in self.sent(customer)], [300, 300])
        self.assertFalse(items[2].level_id)

    def test_a_payment_on_one_leaves_the_others(self):
        customer = self.customer()
        invoice = self.three_parts(customer)
        self.pay(invoice, 100)
        self.run_cycle()
        self.assertEqual(self.claimed(customer), [200, 300])
        self.assertEqual(sum(self.items(invoice).mapped("amount_residual")), invoice.amount_residual)

    def test_a_draft_edited_and_posted_again_keeps_each_level(self):
        customer = self.customer()
        invoice = self.three_parts(customer, first=30, second=8, third=2)
        self.run_on(0, 8)
        before = [(item.instalment, item.level_id.name, item.level_date) for item in self.items(invoice)]
        invoice.button_draft()
        invoice.ref = "Corrected"
        invoice.action_post()
        after = [(item.instalment, item.level_id.name, item.level_date) for item in self.items(invoice)]
        self.assertEqual(after, before)
        self.run_on(9)
        self.assertEqual(len(self.sent(customer)), 2)
