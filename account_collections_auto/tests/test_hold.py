from datetime import timedelta

from .common import TODAY, CollectionsCase


class TestHold(CollectionsCase):
    """A person stops contacting a customer, or about some items: from, until, why. Odoo's own flag follows."""

    def flags(self, invoice):
        return invoice.line_ids.filtered(lambda line: line.display_type == "payment_term").mapped("no_followup")

    def test_a_customer_on_hold_is_withheld_with_the_reason_and_stays_in_the_totals(self):
        customer = self.customer()
        self.invoice(customer)
        self.hold(customer, until=TODAY + timedelta(days=2), reason="Waits for a delivery note")
        cycle = self.run_cycle()
        self.assertNotSent(customer)
        self.assertWithheld(customer, "hold")
        self.assertIn("Waits for a delivery note", cycle.line_ids.reason)
        self.assertEqual(cycle.line_ids.until_date, TODAY + timedelta(days=2))
        self.assertEqual(self.case(customer).amount_due, 100)

    def test_the_until_day_is_still_on_hold(self):
        customer = self.customer()
        self.invoice(customer)
        self.hold(customer, until=TODAY)
        self.run_on(-1, 0)
        self.assertEqual([day for day, *_rest in self.sent(customer)], [TODAY - timedelta(days=1)])
        other = self.customer()
        self.invoice(other)
        self.hold(other, until=TODAY)
        self.run_on(0, 1)
        self.assertEqual([day for day, *_rest in self.sent(other)], [TODAY + timedelta(days=1)])

    def test_a_hold_on_one_item_leaves_the_others(self):
        customer = self.customer()
        held, other = self.invoice(customer, 300), self.invoice(customer, 200)
        self.hold(customer, self.items(held))
        self.run_cycle()
        [(_day, _level, advancing, total)] = self.sent(customer)
        self.assertEqual((advancing, total), ({other: 200}, 200))

    def test_a_hold_on_the_customer_covers_later_items(self):
        customer = self.customer()
        self.invoice(customer)
        self.hold(customer)
        self.invoice(customer, 50)
        self.run_cycle()
        self.assertNotSent(customer)

    def test_a_hold_on_an_item_that_is_deleted_does_not_become_one_on_the_customer(self):
        customer = self.customer()
        held = self.invoice(customer, 300)
        self.invoice(customer, 200)
        self.hold(customer, self.items(held))
        held.button_draft()
        held.with_context(force_delete=True).unlink()
        self.run_cycle()
        self.assertSent(customer, self.level(7))

    def test_a_hold_on_a_contact_is_one_on_its_company_for_statements_too(self):
        customer = self.customer()
        contact = self.env["res.partner"].create({"name": "Mother", "parent_id": customer.id})
        hold = self.hold(contact)
        with self.on_day(TODAY):
            self.assertEqual(customer._get_collection_hold(), {customer: hold})

    def test_several_reasons_are_all_kept(self):
        customer = self.customer()
        invoice = self.invoice(customer)
        invoice.line_ids.no_followup = True
        self.hold(customer, self.items(invoice))
        customer.collection_direct_debit = True
        cycle = self.run_cycle()
        codes = {reason["code"] for reason in cycle.line_ids.reasons}
        self.assertEqual(codes, {"hold", "no_followup", "direct_debit"})
        self.assertEqual(cycle.line_ids.amount, 100)

    def test_when_a_hold_ends_the_ladder_goes_on_where_it_stood(self):
        customer = self.customer()
        self.invoice(customer)
        self.run_cycle()
        hold = self.hold(customer, until=TODAY + timedelta(days=20))
        self.run_on(8, 20)
        self.assertEqual(len(self.sent(customer)), 1)
        self.run_on(21, 27)  # the seven days to answer begin after the hold
        self.assertEqual(len(self.sent(customer)), 1)
        self.run_on(28)
        self.assertSent(customer, self.level(21), TODAY + timedelta(days=28))
        self.assertTrue(hold.active)

    def test_the_history_of_a_hold_is_kept(self):
        customer = self.customer()
        self.invoice(customer)
        hold = self.hold(customer)
        self.env.cr.flush()
        hold.write({"date_until": TODAY + timedelta(days=9), "reason": "Promised for next week"})
        self.env.cr.flush()
        self.assertEqual(hold.create_uid, self.env.user)
        tracked = hold.message_ids.tracking_value_ids.field_id.mapped("name")
        self.assertEqual(set(tracked), {"date_until", "reason"})
        hold.action_end()
        self.assertFalse(hold.active)
        self.assertTrue(hold.exists())

    # -- Odoo's own flag ---------------------------------------------------------------------------------------------

    def test_a_hold_over_a_whole_invoice_is_mirrored_and_given_back(self):
        customer = self.customer()
        invoice = self.invoice(customer)
        self.case(customer)
        with self.on_day(TODAY):
            hold = self.hold(customer)
            self.assertEqual(self.flags(invoice), [True])
            hold.action_end()
            self.assertEqual(self.flags(invoice), [False])

    def test_a_flag_the_user_set_is_never_cleared(self):
        customer = self.customer()
        invoice = self.invoice(customer)
        invoice.line_ids.no_followup = True
        with self.on_day(TODAY):
            hold = self.hold(customer, self.items(invoice))
            hold.action_end()
        self.assertEqual(self.flags(invoice), [True])

    def test_a_hold_that_runs_out_gives_the_flag_back_with_the_next_cycle(self):
        customer = self.customer()
        invoice = self.invoice(customer)
        self.hold(customer, self.items(invoice), until=TODAY)
        self.run_cycle(TODAY)
        self.assertEqual(self.flags(invoice), [True])
        self.run_cycle(TODAY + timedelta(days=1))
        self.assertEqual(self.flags(invoice), [False])
        self.assertSent(customer, self.level(7), TODAY + timedelta(days=1))

    def test_the_fields_on_the_customer_are_a_writable_view_of_the_hold(self):
        customer = self.customer()
        self.invoice(customer)
        with self.on_day(TODAY):
            customer.write({"collection_hold_until": TODAY + timedelta(days=5), "collection_hold_reason": "Ill"})
            hold = self.env["collection.hold"].search([("partner_id", "=", customer.id)])
            self.assertRecordValues(
                hold, [{"date_from": TODAY, "date_until": TODAY + timedelta(days=5), "reason": "Ill"}]
            )
            self.run_cycle(TODAY)
            self.assertWithheld(customer, "hold")
            customer.write({"collection_hold_until": False, "collection_hold_reason": False})
            self.run_cycle(TODAY)
        self.assertSent(customer, self.level(7))

    def test_a_hold_on_items_that_are_paid_does_not_become_a_hold_on_the_customer(self):
        customer = self.customer()
        paid = self.invoice(customer, due=TODAY - timedelta(days=8))
        other = self.invoice(customer, 50, due=TODAY - timedelta(days=8))
        hold = self.env["collection.hold"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "item_ids": self.items(paid + other).ids,
                "date_from": TODAY,
                "reason": "Call first",
            }
        )
        self.pay(paid)
        self.case(customer)
        hold.item_ids -= self.items(other)
        self.assertFalse(hold.is_for_all)
        self.run_cycle(TODAY)
        self.assertEqual([total for _day, _level, _items, total in self.sent(customer)], [50])
