from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import Command, fields

from .common import TODAY, CollectionsCase


class TestDueDates(CollectionsCase):
    """What becomes of the ladder when the ledger is corrected, and which day it is."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.customer("Buyer")

    def levels_sent(self):
        return [(day, level) for day, level, _advancing, _total in self.sent(self.buyer)]

    def day(self, number):
        return TODAY + timedelta(days=number)

    def move_due_date(self, invoice, due):
        invoice.button_draft()
        invoice.invoice_date_due = due
        invoice.action_post()

    # -- payments undone -----------------------------------------------------------------------------------------------

    def test_a_payment_undone_goes_on_with_the_next_level_and_repeats_none(self):
        invoice = self.invoice(self.buyer)
        self.run_cycle()
        payment = self.pay(invoice)
        self.run_on(8)
        self.assertFalse(self.items(invoice))
        payment.action_cancel()
        self.run_on(9, 10)
        self.assertEqual(self.levels_sent(), [(TODAY, "L1"), (self.day(9), "L2")])

    def test_a_chargeback_after_the_last_level_waits_for_a_decision(self):
        invoice = self.invoice(self.buyer, due=self.day(-60))
        self.run_on(0, 8, 16)
        payment = self.pay(invoice)
        self.run_on(24)
        self.assertFalse(self.case(self.buyer).next_step)
        payment.action_cancel()
        self.run_on(25)
        self.assertEqual(len(self.levels_sent()), 3)
        self.assertEqual(self.case(self.buyer).next_step, "decide")

    # -- drafts --------------------------------------------------------------------------------------------------------

    def test_a_draft_edited_and_posted_again_keeps_its_progress(self):
        invoice = self.invoice(self.buyer)
        self.run_cycle()
        invoice.button_draft()
        self.run_on(1)
        self.assertEqual(self.case(self.buyer).amount_due, 0)
        invoice.invoice_line_ids = [Command.update(invoice.invoice_line_ids.id, {"price_unit": 80})]
        invoice.action_post()
        self.assertEqual(self.items(invoice).level_id, self.level(7))
        self.run_on(7, 8)
        self.assertEqual(self.levels_sent(), [(TODAY, "L1"), (self.day(8), "L2")])
        self.assertEqual(self.sent(self.buyer)[-1][3], 80)

    def test_resetting_or_cancelling_an_invoice_is_never_refused_and_nothing_is_lost(self):
        self.level(7).mode = "review"
        invoice = self.invoice(self.buyer)
        self.run_cycle()
        waiting = self.actions(self.buyer)
        invoice.button_draft()
        invoice.button_cancel()
        self.run_on(1)
        self.assertEqual((waiting.state, waiting.reason_code), ("cancelled", "unposted"))
        other = self.invoice(self.buyer, 70)
        self.level(7).mode = "auto"
        self.run_on(2)
        other.button_draft()
        other.button_cancel()
        sent = self.actions(self.buyer, "sent")
        self.assertRecordValues(sent.line_ids, [{"move_name": other.name, "amount_residual_currency": 70}])

    # -- due dates -----------------------------------------------------------------------------------------------------

    def test_a_due_date_moved_later_than_today_starts_the_ladder_again(self):
        invoice = self.invoice(self.buyer, due=self.day(-30))
        self.run_on(0, 8)
        with self.on_day(self.day(10)):
            self.move_due_date(invoice, self.day(20))
            item = self.items(invoice)
            self.assertRecordValues(item, [{"level_id": False, "deadline": False, "round": 2}])
            event = self.env["collection.round"].search([("item_id", "=", item.id)])
            self.assertRecordValues(event, [{"cause": "due_date_moved", "date": self.day(10), "number": 2}])
        self.run_on(16, 17, 26, 27, 41)
        self.assertEqual(
            self.levels_sent()[2:], [(self.day(17), "L0"), (self.day(27), "L1"), (self.day(41), "L2")]
        )

    def test_a_due_date_moved_within_the_past_changes_the_days_and_not_the_level(self):
        invoice = self.invoice(self.buyer, due=self.day(-30))
        self.run_cycle()
        with self.on_day(TODAY):
            self.move_due_date(invoice, self.day(-10))
            self.assertRecordValues(self.items(invoice), [{"level_id": self.level(7).id, "round": 1}])
        self.run_on(8, 10, 11)
        self.assertEqual(self.levels_sent(), [(TODAY, "L1"), (self.day(11), "L2")])

    def test_a_due_date_moved_earlier_reaches_the_next_level_sooner(self):
        invoice = self.invoice(self.buyer, due=self.day(-8))
        self.run_cycle()
        self.move_due_date(invoice, self.day(-20))
        self.run_on(7, 8)
        self.assertEqual(self.levels_sent(), [(TODAY, "L1"), (self.day(8), "L2")])

    def test_a_due_date_moved_while_a_reminder_waits_takes_the_reminder_back(self):
        self.level(7).mode = "review"
        invoice = self.invoice(self.buyer)
        self.run_cycle()
        waiting = self.actions(self.buyer)
        self.move_due_date(invoice, self.day(30))
        self.run_on(1)
        self.assertEqual(waiting.state, "cancelled")

    # -- what counts as a receivable -----------------------------------------------------------------------------------

    def test_drafts_and_cancelled_refunds_count_for_nothing(self):
        self.invoice(self.buyer, 100)
        cancelled = self.credit_note(self.buyer, 90)
        cancelled.button_draft()
        self.assertEqual(self.case(self.buyer).amount_due, 100)
        cancelled.button_cancel()
        self.assertEqual(self.case(self.buyer).amount_due, 100)

    def test_accounts_outside_trade_and_lines_without_a_partner_are_left_out(self):
        outside = self.company_data["default_account_receivable"].copy({"non_trade": True, "code": "NONTRADE"})
        self.journal_debit(self.buyer, 100, account=outside)
        self.journal_debit(self.env["res.partner"], 100)
        self.invoice(self.buyer, 30)
        self.run_cycle()
        self.assertEqual(self.case(self.buyer).amount_due, 30)
        self.assertFalse(self.env["collection.item"].search([("case_id.partner_id", "=", False)]))

    def test_branches_belong_to_the_case_of_their_root_company(self):
        branch = self.env["res.company"].sudo().create({"name": "Branch", "parent_id": self.company.id})
        self.env.user.sudo().company_ids = [Command.link(branch.id)]
        self.env.user.sudo().company_id = self.company
        journal = self.company_data["default_journal_sale"]
        receivable = self.company_data["default_account_receivable"]
        self.buyer.with_company(branch).property_account_receivable_id = receivable
        self.invoice(self.buyer, 100)
        own = self.env["account.move"].with_company(branch).create(
            {
                "move_type": "out_invoice",
                "partner_id": self.buyer.id,
                "journal_id": journal.id,
                "company_id": branch.id,
                "invoice_date": self.day(-30),
                "invoice_date_due": self.day(-30),
                "invoice_payment_term_id": False,
                "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 50, "tax_ids": []})],
            }
        )
        own.action_post()
        self.assertEqual(own.company_id, branch)
        self.run_cycle(company=branch)
        [(_day, _level, advancing, total)] = self.sent(self.buyer)
        self.assertEqual((len(advancing), total), (2, 150))
        self.assertEqual(self.case(self.buyer).company_id, self.company)

    # -- which day it is -----------------------------------------------------------------------------------------------

    def at(self, moment):
        return patch.object(fields.Datetime, "now", lambda *_args: datetime.fromisoformat(moment))

    def test_the_day_is_the_companys_date_around_midnight_and_daylight_saving(self):
        days = {
            ("Pacific/Auckland", "2026-09-15 12:30:00"): "2026-09-16",
            ("America/Los_Angeles", "2026-09-15 06:30:00"): "2026-09-14",
            ("Europe/Brussels", "2026-03-28 23:30:00"): "2026-03-29",  # UTC+1, in the night of the change
            ("Europe/Brussels", "2026-03-29 22:30:00"): "2026-03-30",  # UTC+2
            ("Europe/Brussels", "2026-10-25 22:30:00"): "2026-10-25",  # UTC+1 again
            ("Europe/Brussels", "2026-10-25 23:00:00"): "2026-10-26",
        }
        for (zone, moment), day in days.items():
            with self.subTest(zone=zone, moment=moment), self.at(moment):
                self.company.collection_tz = zone
                self.assertEqual(self.company._collection_today(), fields.Date.to_date(day))

    def test_days_overdue_turn_at_the_companys_midnight(self):
        self.company.collection_tz = "Pacific/Auckland"
        invoice = self.invoice(self.buyer, due=TODAY)
        item = self.items(invoice)
        for moment, days in (("2026-09-15 11:59:00", 0), ("2026-09-15 12:01:00", 1)):
            with self.at(moment):
                item.invalidate_recordset()
                self.assertEqual(item.days_overdue, days)
                found = self.env["collection.item"].search([("id", "=", item.id), ("days_overdue", ">", 0)])
                self.assertEqual(bool(found), bool(days))
