from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import Command

from .common import TODAY, CollectionsCase


class TestBank(CollectionsCase):
    """Money on its way: what lies in the bank unmatched, and whether the bank is in at all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bank = cls.company_data["default_journal_bank"]
        cls.buyer = cls.customer("Buyer")
        cls.due = cls.invoice(cls.buyer, 1000)
        cls.bystander = cls.customer("Bystander")
        cls.invoice(cls.bystander, 100)

    def assertHeldFor(self, on=TODAY):
        """The buyer is withheld because of the bank line, the bystander is not."""
        self.run_cycle(on)
        self.assertNotSent(self.buyer)
        self.assertWithheld(self.buyer, "bank_line", on)
        self.assertTrue(self.sent(self.bystander))

    def test_an_unmatched_line_withholds_for_five_days(self):
        self.bank_line(1000, partner_id=self.buyer.id)
        self.assertHeldFor()
        line = self.env["collection.cycle.line"].search(
            [("case_id", "=", self.case(self.buyer).id), ("decision", "=", "withheld")]
        )
        self.assertEqual(line.until_date, TODAY + timedelta(days=4))
        self.run_on(4)
        self.assertNotSent(self.buyer)
        self.run_on(5)
        self.assertSent(self.buyer, self.level(7), TODAY + timedelta(days=5))

    def test_the_plan_says_for_how_many_days(self):
        self.plan.in_transit_days = 2
        self.bank_line(1000, partner_id=self.buyer.id)
        self.run_on(1)
        self.assertNotSent(self.buyer)
        self.run_on(2)
        self.assertSent(self.buyer, self.level(7), TODAY + timedelta(days=2))

    def test_a_line_of_a_contact_of_the_customer_counts(self):
        contact = self.env["res.partner"].create({"name": "Accounts", "parent_id": self.buyer.id})
        self.bank_line(1000, partner_id=contact.id)
        self.assertHeldFor()

    def test_a_line_from_the_customers_account_counts(self):
        self.env["res.partner.bank"].create({"partner_id": self.buyer.id, "acc_number": "BE71 0961 2345 6769"})
        self.bank_line(1000, account_number="be71096123456769", partner_id=False)
        self.assertHeldFor()

    def test_a_line_that_names_the_invoice_counts(self):
        for reference in (self.due.name, f"Thanks for {self.due.name}, regards", self.due.name.lower()):
            with self.subTest(reference):
                line = self.bank_line(1000, payment_ref=reference, partner_id=False)
                self.assertFalse(line.partner_id)
                self.run_cycle()
                self.assertWithheld(self.buyer, "bank_line")
                line.move_id.button_draft()
                line.unlink()

    def test_a_line_that_names_nobody_holds_up_nobody(self):
        self.bank_line(1000, payment_ref="Thank you", partner_id=False)
        self.run_cycle()
        self.assertSent(self.buyer, self.level(7))

    def test_money_that_went_out_is_not_on_its_way_to_us(self):
        self.bank_line(-1000, partner_id=self.buyer.id)
        self.run_cycle()
        self.assertSent(self.buyer, self.level(7))

    def test_a_matched_line_withholds_nothing_more(self):
        line = self.bank_line(400, partner_id=self.buyer.id)
        _liquidity, suspense, _other = line._seek_for_lines()
        suspense.account_id = self.due.line_ids.filtered(lambda line: line.display_type == "payment_term").account_id
        (suspense | self.due.line_ids.filtered(lambda line: line.display_type == "payment_term")).reconcile()
        self.assertTrue(line.is_reconciled)
        self.run_cycle()
        self.assertEqual(self.sent(self.buyer)[0][3], 600)

    # -- is the bank in? ---------------------------------------------------------------------------------------------

    def automatic(self, on=TODAY):
        self.company.write({"collection_is_active": True, "collection_mode": "send", "collection_send_time": 8})
        with self.on_day(on), self.enter_registry_test_mode():
            self.env.ref("account_collections_auto.ir_cron_run_cycles").sudo().method_direct_trigger()
        return self.env["collection.cycle"].search([("company_id", "=", self.company.id), ("date", "=", on)], limit=1)

    def test_an_automatic_cycle_stops_when_the_newest_bank_line_is_too_old(self):
        self.bank_line(50, on=TODAY - timedelta(days=6))
        cycle = self.automatic()
        self.assertEqual((cycle.state, cycle.stop_code), ("preview", "bank_not_fresh"))
        self.assertIn(self.bank.name, cycle.stop_reason)
        self.assertIn("09/09/2026", cycle.stop_reason)
        self.assertFalse(self.env["collection.action"].search([("company_id", "=", self.company.id)]))
        self.assertEqual(cycle.planned_count, 2)
        self.assertIn("1 not matched", cycle.bank_summary)

    def test_an_old_journal_does_not_matter_when_another_one_is_fresh(self):
        self.bank_line(50, on=TODAY - timedelta(days=60))
        second = self.bank.copy()
        second.name = "Second bank"
        self.bank_line(50, on=TODAY - timedelta(days=4), journal=second)
        cycle = self.automatic()
        self.assertEqual(cycle.state, "done")
        self.assertIn("Second bank", cycle.bank_summary)
        self.assertSent(self.buyer, self.level(7))

    def test_a_company_without_any_bank_line_is_not_held_up(self):
        self.assertEqual(self.automatic().state, "done")
        self.assertSent(self.buyer, self.level(7))

    def test_a_cycle_asked_for_by_a_person_is_not_stopped(self):
        self.bank_line(50, on=TODAY - timedelta(days=30))
        cycle = self.run_cycle()
        self.assertEqual(cycle.state, "done")
        self.assertIn("1 not matched", cycle.bank_summary)
        self.assertSent(self.buyer, self.level(7))

    def test_the_preview_shows_the_bank_too(self):
        self.bank_line(50, on=TODAY - timedelta(days=2))
        preview = self.env["collection.cycle"].preview(self.company, TODAY)
        self.assertIn("09/13/2026", preview.bank_summary)

    # -- payments ----------------------------------------------------------------------------------------------------

    def payment(self, **vals):
        return self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_id": self.buyer.id,
                "amount": 1000,
                "date": TODAY,
                "journal_id": self.bank.id,
                "invoice_ids": [Command.set(self.due.ids)],
                **vals,
            }
        )

    def test_a_draft_payment_of_the_invoice_withholds_it(self):
        self.payment()
        self.run_cycle()
        self.assertNotSent(self.buyer)
        self.assertWithheld(self.buyer, "payment")

    def test_a_payment_that_is_not_matched_yet_withholds_the_invoice(self):
        payment = self.payment()
        payment.action_post()
        self.assertEqual(payment.state, "in_process")
        self.assertEqual(self.due.amount_residual, 1000)
        self.run_cycle()
        self.assertWithheld(self.buyer, "payment")

    def test_a_payment_without_an_entry_withholds_until_the_bank_line_is_matched_also_when_it_is_said_to_be_paid(self):
        """Odoo's accounting app books none where the payment method has no outstanding account."""
        self.bank.inbound_payment_method_line_ids.payment_account_id = False
        with patch.object(type(self.env["account.move"]), "_get_invoice_in_payment_state", lambda self: "in_payment"):
            payment = self.payment()
            payment.action_post()
            self.assertFalse(payment.move_id)
            for number, state in enumerate(("in_process", "paid")):
                self.run_on(number)
                self.assertEqual((payment.state, self.due.payment_state), (state, "in_payment"))
                self.assertWithheld(self.buyer, "payment", TODAY + timedelta(days=number))
                payment.action_validate()
            line = self.booked_bank_line(self.buyer, 400, on=TODAY)
            (line + self.receivable(self.due)).reconcile()
            self.run_on(2)
        self.assertEqual(self.sent(self.buyer)[0][3], 600)

    def test_a_payment_that_was_cancelled_withholds_nothing(self):
        self.payment().action_cancel()
        posted = self.payment()
        posted.action_post()
        posted.action_cancel()
        self.run_cycle()
        self.assertSent(self.buyer, self.level(7))

    def test_a_posted_payment_that_reduced_the_residual_withholds_nothing_more(self):
        self.pay(self.due, 400)
        self.run_cycle()
        self.assertEqual(self.sent(self.buyer)[0][3], 600)

    def undone_payment(self):
        """Return the open line of a payment of the invoice whose match somebody has undone."""
        payment = self.payment()
        payment.action_post()
        own, owed = self.receivable(payment.move_id), self.receivable(self.due)
        (own + owed).reconcile()
        self.assertEqual(self.due.amount_residual, 0)
        owed.remove_move_reconcile()
        self.assertEqual((self.due.amount_residual, payment.state), (1000, "in_process"))
        return own

    def receivable(self, move):
        return move.line_ids.filtered(lambda line: line.account_type == "asset_receivable")

    def test_a_payment_charged_back_withholds_nothing_any_more(self):
        returned = self.journal_debit(self.buyer, 1000)
        (self.undone_payment() + self.receivable(returned)).reconcile()
        self.run_cycle()
        self.assertSent(self.buyer, self.level(7))

    def test_a_payment_used_for_another_invoice_withholds_the_first_one_no_more(self):
        other = self.invoice(self.buyer, 1000)
        own = self.undone_payment()
        self.run_cycle()
        self.assertNotSent(self.buyer)
        self.assertWithheld(self.buyer, "payment")
        (own + self.receivable(other)).reconcile()
        self.run_on(1)
        self.assertEqual(self.sent(self.buyer), [(TODAY + timedelta(days=1), "L1", {self.due: 1000}, 1000)])

    def transaction(self, state, **vals):
        # a wire transfer, which may be installed too, is never authorized first
        domain = [("company_id", "=", self.company.id), ("code", "!=", "custom")]
        provider = self.env["payment.provider"].sudo().search(domain, limit=1)
        if not provider:
            provider = self.env["payment.provider"].sudo().create({"name": "Any", "company_id": self.company.id})
        return self.env["payment.transaction"].sudo().create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.env.ref("payment.payment_method_unknown").id,
                "reference": f"tx-{state}-{len(self.due.transaction_ids)}",
                "amount": 1000,
                "currency_id": self.company.currency_id.id,
                "partner_id": self.buyer.id,
                "invoice_ids": [Command.set(self.due.ids)],
                "state": state,
                **vals,
            }
        )

    def test_an_online_payment_that_is_not_through_withholds_the_invoice(self):
        for state in ("pending", "authorized", "done"):
            with self.subTest(state):
                transaction = self.transaction(state)
                self.run_cycle()
                self.assertNotSent(self.buyer)
                self.assertWithheld(self.buyer, "online_payment")
                transaction.state = "cancel"
        self.transaction("done", is_post_processed=True)
        self.transaction("error")
        self.run_cycle()
        self.assertSent(self.buyer, self.level(7))

    def test_a_wire_transfer_that_was_only_chosen_counts_as_long_as_money_on_its_way(self):
        transaction = self.transaction("pending", last_state_change=datetime(2026, 9, 14, 23, 30))
        self.company.collection_tz = "Europe/Brussels"  # there it is the 15th
        self.run_cycle()
        self.assertWithheld(self.buyer, "online_payment")
        # as the provider for wire transfers has it, whose module need not be installed here
        self.env.cr.execute("UPDATE payment_provider SET code = 'custom' WHERE id = %s", [transaction.provider_id.id])
        self.run_on(4)
        self.assertNotSent(self.buyer)
        line = self.env["collection.cycle.line"].search(
            [("case_id", "=", self.case(self.buyer).id), ("cycle_id.date", "=", TODAY + timedelta(days=4))]
        )
        self.assertEqual(line.until_date, TODAY + timedelta(days=4))
        self.run_on(5)
        self.assertSent(self.buyer, self.level(7), TODAY + timedelta(days=5))

    def test_direct_debit_is_not_reminded_until_a_debit_failed(self):
        self.buyer.collection_direct_debit = True
        self.run_cycle()
        self.assertNotSent(self.buyer)
        self.assertWithheld(self.buyer, "direct_debit")
        self.transaction("error")
        self.run_on(1)
        self.assertSent(self.buyer, self.level(7), TODAY + timedelta(days=1))

    def test_direct_debit_that_the_bank_took_back_is_reminded_again(self):
        """Its payment is neither canceled nor rejected, and the invoice keeps its link to it."""
        self.buyer.collection_direct_debit = True
        payment = self.payment(date=TODAY - timedelta(days=20))
        payment.action_post()
        own = (self.due + payment.move_id).line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        own.reconcile()
        self.assertTrue(own.full_reconcile_id)
        line = self.booked_bank_line(self.buyer, -1000, TODAY - timedelta(days=8), payment_ref="Debit returned")
        self.run_cycle()
        self.assertNotSent(self.buyer)
        self.assertWithheld(self.buyer, "returned_payment")
        line.move_id.action_match_return()
        self.assertEqual(self.due.matched_payment_ids, payment)
        self.run_on(1)
        self.assertSent(self.buyer, self.level(7), TODAY + timedelta(days=1))
