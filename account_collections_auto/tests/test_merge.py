from datetime import date, timedelta

from .common import TODAY, CollectionsCase


class TestMerge(CollectionsCase):
    """Customers merged, contacts moved, customers archived: never refused by us, and nothing is lost."""

    def merge(self, kept, gone):
        self.env["base.partner.merge.automatic.wizard"].create({})._merge((kept + gone).ids, kept)

    def two_customers_with_three_messages_each(self):
        customers = self.customer("Ann", "ann@example.com") + self.customer("Ann again", "ann@example.com")
        for customer in customers:
            self.invoice(customer, 100, due=date(2026, 6, 1))
        for day in (date(2026, 6, 8), date(2026, 6, 22), date(2026, 7, 6)):
            self.run_cycle(day)
        for customer in customers:
            self.assertEqual(len(self.sent(customer)), 3)
        return customers

    def check_merged(self, kept, gone):
        gone_id = gone.id
        self.merge(kept, gone)
        case = self.case(kept)
        self.assertEqual(len(case), 1)
        self.assertFalse(self.env["collection.case"].search([("partner_id", "=", gone_id)]))
        self.assertEqual(len(case.action_ids), 6)
        self.assertEqual(set(case.action_ids.mapped("state")), {"sent"})
        self.assertEqual(case.action_ids.partner_id, kept)
        self.assertRecordValues(case, [{"amount_due": 200, "amount_overdue": 200, "state": "open"}])
        self.assertEqual(set(case.item_ids.mapped("level_id.name")), {"L3"})
        self.invoice(kept, 50, due=TODAY - timedelta(days=20))
        cycle = self.run_cycle(TODAY)
        self.assertEqual(len(cycle.action_ids), 1)
        self.assertEqual(cycle.action_ids.amount, 250)

    def test_merge_into_the_first(self):
        first, second = self.two_customers_with_three_messages_each()
        self.check_merged(first, second)

    def test_merge_into_the_second(self):
        first, second = self.two_customers_with_three_messages_each()
        self.check_merged(second, first)

    def test_merge_cancels_what_waits_for_approval(self):
        self.level(7).mode = "review"
        first, second = self.customer("Ann"), self.customer("Ann again")
        for customer in first + second:
            self.invoice(customer, 100, due=TODAY - timedelta(days=8))
        self.run_cycle(TODAY)
        self.merge(first, second)
        self.assertEqual(sorted(self.case(first).action_ids.mapped("state")), ["cancelled", "review"])
        self.assertEqual(self.case(first).action_ids.filtered(lambda a: a.state == "cancelled").reason_code, "merged")
        self.run_cycle(TODAY + timedelta(days=1))
        waiting = self.case(first).action_ids.filtered(lambda a: a.state == "review")
        self.assertEqual(waiting.amount, 200)

    def test_of_two_credit_holds_the_strictest_is_left(self):
        customers = [self.customer(name) for name in ("Ann", "Ann again", "Ann once more")]
        for customer in customers:
            self.invoice(customer, 100, due=date(2026, 6, 1))
        cases = [self.case(customer) for customer in customers]
        holds = self.env["collection.credit.hold"]
        with self.on_day(TODAY):
            proposed = holds._propose(cases[0], self.level(35))
            short = holds._set_by_hand(cases[1], "Until Friday", TODAY + timedelta(days=3))
            long = holds._set_by_hand(cases[2], "Until it pays", False)
            for customer in customers[1:]:
                self.merge(customers[0], customer)
            self.env.invalidate_all()
            self.assertRecordValues(
                proposed + short + long,
                [
                    {"state": "refused", "partner_id": customers[0].id, "case_id": cases[0].id},
                    {"state": "lifted", "partner_id": customers[0].id, "case_id": cases[0].id},
                    {"state": "on", "partner_id": customers[0].id, "case_id": cases[0].id},
                ],
            )
            self.assertIn("Until Friday", "".join(long.message_ids.mapped("body")))
            self.assertEqual(holds._find_reasons(self.company, customers[0]), {customers[0]: "Until it pays"})
            self.assertFalse(proposed.activity_ids, "Nothing is left to approve")
            cases[0].action_lift_credit_hold()
            self.assertEqual(holds._find_reasons(self.company, customers[0]), {})

    def test_holds_of_two_companies_both_stay(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        customers = [self.customer("Ann"), self.customer("Ann again")]
        for customer in customers:
            self.invoice(customer, 100, due=date(2026, 6, 1))
        holds = self.env["collection.credit.hold"].sudo()
        here = holds._set_by_hand(self.case(customers[0]), "Late", False)
        there = holds._set_by_hand(self.case(customers[1]).sudo().copy({"company_id": elsewhere.id}), "Late there", False)
        self.merge(*customers)
        self.env.invalidate_all()
        self.assertRecordValues(here + there, [{"state": "on", "partner_id": customers[0].id}] * 2)

    def test_of_two_agencies_one_is_left_and_both_keep_their_placements(self):
        contacts = [self.customer("Fair"), self.customer("Fair Ltd.")]
        agencies = self.env["collection.agency"].create(
            [
                {"partner_id": contact.id, "company_id": self.company.id, "commission_percent": percent}
                for contact, percent in zip(contacts, (10, 20), strict=True)
            ]
        )
        placements = self.env["collection.placement"]
        for agency in agencies:
            customer = self.customer(f"Debtor of {agency.name}")
            self.invoice(customer, 100, due=TODAY - timedelta(days=60))
            with self.on_day(TODAY):
                placements |= placements._propose(agency, self.items(customer))
        self.merge(contacts[1], contacts[0])
        self.env.invalidate_all()
        self.assertRecordValues(
            agencies,
            [
                {"partner_id": contacts[1].id, "name": "Fair Ltd.", "active": False, "commission_percent": 10},
                {"partner_id": contacts[1].id, "name": "Fair Ltd.", "active": True, "commission_percent": 20},
            ],
        )
        self.assertEqual(placements.mapped("agency_id"), agencies)

    def test_a_contact_moved_under_another_company_takes_its_items_along(self):
        freelancer = self.customer("Freelancer", "free@example.com")
        firm = self.customer("Firm", "firm@example.com", is_company=True)
        self.invoice(freelancer, 100, due=date(2026, 6, 1))
        self.run_cycle(date(2026, 6, 8))
        old_case = self.case(freelancer)
        freelancer.parent_id = firm
        self.assertRecordValues(self.case(firm), [{"amount_due": 100, "level_id": self.level(7).id}])
        self.assertRecordValues(old_case, [{"amount_due": 0, "state": "closed"}])
        self.assertEqual(len(old_case.action_ids), 1)

    def test_a_contact_moved_while_a_message_waits_takes_it_back_with_the_reason(self):
        self.level(7).mode = "review"
        freelancer = self.customer("Freelancer", "free@example.com")
        firm = self.customer("Firm", "firm@example.com", is_company=True)
        invoice = self.invoice(freelancer, 100, due=date(2026, 6, 1))
        waiting = self.run_cycle(date(2026, 6, 8)).action_ids
        self.assertEqual(waiting.state, "review")
        freelancer.parent_id = firm
        self.assertEqual(self.items(invoice).case_id, self.case(firm))
        self.assertRecordValues(waiting, [{"state": "cancelled", "reason_code": "moved"}])
        self.run_cycle(date(2026, 6, 9))
        self.assertEqual(self.actions(firm).mapped("state"), ["review"])

    def test_a_contact_moved_while_a_message_lies_in_the_queue_takes_it_back_with_the_reason(self):
        freelancer = self.customer("Freelancer", "free@example.com")
        firm = self.customer("Firm", "firm@example.com", is_company=True)
        self.invoice(freelancer, 100, due=date(2026, 6, 1))
        message = self.run_cycle(date(2026, 6, 8)).action_ids
        freelancer.parent_id = firm
        self.case(firm)
        self.assertEqual(message._check_before_leaving(), {message: ("moved", None)})

    def test_an_archived_customer_is_withheld_and_waiting_messages_are_cancelled(self):
        self.level(7).mode = "review"
        customer = self.customer()
        self.invoice(customer, 100, due=TODAY - timedelta(days=8))
        self.run_cycle(TODAY)
        customer.active = False
        self.assertRecordValues(self.actions(customer), [{"state": "cancelled", "reason_code": "archived"}])
        self.run_cycle(TODAY + timedelta(days=1))
        self.assertWithheld(customer, "archived", TODAY + timedelta(days=1))

    def test_an_invoice_reset_to_draft_cancels_what_waits_and_keeps_what_was_sent(self):
        customer = self.customer()
        invoice = self.invoice(customer, 100, due=TODAY - timedelta(days=14))
        self.run_cycle(TODAY - timedelta(days=7))
        self.level(21).write({"mode": "review", "days_overdue": 14})
        self.run_cycle(TODAY + timedelta(days=1))
        self.assertEqual(self.actions(customer).mapped("state"), ["sent", "review"])
        invoice.button_draft()
        self.case(customer)
        self.assertEqual(self.actions(customer).mapped("state"), ["sent", "cancelled"])
        self.assertEqual(self.actions(customer, "cancelled").reason_code, "unposted")
        sent = self.actions(customer)[0].line_ids
        self.assertRecordValues(sent, [{"move_name": invoice.name, "amount_residual": 100}])
        invoice.unlink()
        self.assertRecordValues(sent, [{"move_id": False, "amount_residual": 100}])
