import csv
import hashlib
import io
import random
import zipfile
from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger
from odoo.tools.translate import code_translations

from .common import TODAY
from .placement_common import PlacementCase

FILES = "odoo.addons.account_collections_auto.models.collection_placement_file"


class TestPlacementProposal(PlacementCase):
    """Who may place what, and who decides."""

    def test_a_collector_proposes_and_a_manager_approves(self):
        customer, _invoice = self.overdue()
        placement = self.propose(customer)
        self.assertRecordValues(
            placement, [{"state": "proposed", "proposed_by_id": self.collector.id, "amount_placed": 1000.0}]
        )
        for who in (self.collector, self.auditor):
            with self.assertRaises(AccessError):
                placement.with_user(who).action_approve()
            with self.assertRaises(AccessError):
                placement.with_user(who)._approve(despite_notice=True)
        wizard = self.env["collection.placement.approve"].create({"placement_ids": placement.ids, "hand_over": False})
        self.assertIn("1 customers, 1 items", wizard.summary)
        wizard.despite_notice = True
        wizard.action_apply()
        self.assertRecordValues(placement, [{"state": "approved", "approved_by_id": self.manager.id}])

    def test_a_missing_final_notice_needs_the_managers_word(self):
        customer, invoice = self.overdue(days=42)
        self.run_on(-30, -16, -2)  # L1 to L3; L3 is the final notice, and has 7 days
        self.assertTrue(self.items(invoice).level_id.final_notice)
        early = self.propose(customer)
        self.assertTrue(early.lacks_notice)
        wizard = self.env["collection.placement.approve"].create({"placement_ids": early.ids, "hand_over": False})
        self.assertIn(invoice.name, wizard.lacking)
        with self.assertRaisesRegex(UserError, "final notice"):
            wizard.action_apply()
        with self.on_day(TODAY + timedelta(days=6)):
            early._approve()  # the deadline has passed meanwhile: nothing to confirm
        self.assertRecordValues(early, [{"state": "approved", "is_despite_notice": False}])

    def test_disputed_held_and_placed_items_cannot_be_placed_and_it_says_so(self):
        customer, clean = self.overdue()
        disputed, held = self.invoice(customer, 300), self.invoice(customer, 200)
        reason = self.env.ref("account_collections_auto.collection_dispute_reason_delivery")
        self.env["collection.dispute"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "date_from": TODAY,
                "reason_id": reason.id,
                "description": "Broken",
                "line_ids": [Command.create({"item_id": self.items(disputed).id, "amount": 100})],
            }
        )
        self.hold(customer, self.items(held))
        case = self.case(customer)
        with self.on_day(TODAY):
            wizard = self.env["collection.place"].create({"case_ids": case.ids, "agency_id": self.agency.id})
            self.assertEqual(wizard.item_ids, self.items(clean))
            self.assertIn(f"In dispute: Broken: {disputed.name}", wizard.left_out)
            self.assertIn(held.name, wizard.left_out)
            wizard.item_ids = [Command.set(self.items(customer).ids)]
            with self.assertRaisesRegex(UserError, f"{disputed.name}.*In dispute"):
                wizard.action_apply()
        placement = self.propose(clean)
        with self.on_day(TODAY), self.assertRaisesRegex(UserError, placement.name):
            self.env["collection.placement"]._propose(self.agency, self.items(clean))

    def test_what_money_of_the_customer_covers_is_not_placed(self):
        customer, _invoice = self.overdue()
        placement = self.propose(customer)
        payment = {"amount": 1000, "partner_id": customer.id, "date": TODAY, "journal_id": self.pay_in_cash.id}
        self.env["account.payment"].create(payment).action_post()
        placement._approve(despite_notice=True)
        self.assertEqual(placement.state, "refused")
        self.assertIn("Covered by open credits", placement.message_ids.mapped("body")[-2])

    def test_credits_count_for_what_stays_with_us_first(self):
        customer, old = self.overdue()
        young = self.invoice(customer, 400, due=TODAY - timedelta(days=20))
        self.credit_note(customer, 300, on=TODAY)
        items = self.items(old) | self.items(young)
        find = self.env["collection.placement"]._find_obstacles
        self.assertEqual(find(items), {self.items(old): "Covered by open credits"})
        self.assertFalse(find(self.items(old)))
        self.assertFalse(find(self.items(young)))
        self.credit_note(customer, 800, on=TODAY)
        self.case(customer)
        self.assertEqual(find(items).keys(), set(items))

    def test_money_under_way_and_a_word_in_accounting_keep_items_with_us(self):
        bank, _invoice = self.overdue(name="Bank")
        self.bank_line(1000, partner_id=bank.id)
        direct, _invoice = self.overdue(name="Direct", days=50)
        direct.collection_direct_debit = True
        told, invoice = self.overdue(name="Told", days=50)
        invoice.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable").no_followup = True
        items = self.items(bank) | self.items(direct) | self.items(told)
        reasons = self.env["collection.placement"]._find_obstacles(items)
        self.assertEqual(
            [reasons[self.items(customer)].split(" ")[0] for customer in (bank, direct, told)], ["A", "Paid", "No"], reasons
        )

    def test_what_is_paid_between_proposal_and_approval_drops_out(self):
        customer, first = self.overdue()
        second = self.invoice(customer, 400)
        placement = self.propose(customer)
        self.pay(first)
        with self.on_day(TODAY):
            placement._approve(despite_notice=True)
        self.assertEqual((placement.state, placement.line_ids.move_id, placement.amount_placed), ("approved", second, 400))
        other, only = self.overdue(name="Other")
        placement = self.propose(other)
        self.pay(only)
        with self.on_day(TODAY):
            placement._approve(despite_notice=True)
        self.assertRecordValues(placement, [{"state": "refused", "refusal_reason": "Nothing was left to hand over."}])

    def test_a_proposal_can_be_taken_back_or_refused_and_reminders_go_on(self):
        customer, invoice = self.overdue()
        placement = self.propose(customer)
        with self.assertRaises(UserError):
            placement.with_user(self.manager).action_withdraw()
        placement.with_user(self.collector).action_withdraw()
        # Nor by taking back the question in which somebody else proposed it.
        again = self.propose(customer)
        questions = self.env["collection.place"]
        with self.assertRaisesRegex(UserError, "Only who proposed it"):
            questions.with_user(self.manager)._take_back(again.ids)
        questions.with_user(self.collector)._take_back(again.ids)
        self.assertEqual(again.state, "refused")
        self.assertEqual(placement.state, "refused")
        again = self.propose(customer)
        again.action_refuse()
        self.run_cycle()
        self.assertSent(customer, self.level(7))
        self.assertTrue(self.propose(invoice))

    def test_each_currency_and_each_customer_has_a_placement_of_its_own(self):
        dollars = self.setup_other_currency("EUR")
        customer, _invoice = self.overdue()
        self.invoice(customer, 500, currency=dollars)
        other, _other = self.overdue(name="Other")
        placements = self.propose(customer, other)
        self.assertEqual(
            {(one.partner_id, one.currency_id, one.amount_placed) for one in placements},
            {(customer, self.company.currency_id, 1000), (customer, dollars, 500), (other, self.company.currency_id, 1000)},
        )

    def test_nothing_recorded_can_be_written_by_hand(self):
        customer, _invoice = self.overdue()
        placement = self.place(customer)
        as_manager = placement.with_user(self.make_user("head", "account_collections_auto.group_collection_manager"))
        for values in ({"state": "closed"}, {"active": False}, {"fixed_fee": 0}, {"kept_item_ids": []}, {"date_from": TODAY}):
            with self.subTest(values), self.assertRaises(AccessError):
                as_manager.write(values)
        with self.assertRaises(UserError):
            as_manager.action_end()
        for records in (placement.line_ids, self.env["collection.placement.movement"], placement.file_id):
            for operation in ("write", "create", "unlink"):
                self.assertFalse(records.with_user(as_manager.env.user).has_access(operation))
        with self.assertRaises(UserError):
            placement.unlink()
        as_manager.note = "Moved to Riga"

    def test_without_an_agency_a_manager_can_add_one_from_there(self):
        customer, _invoice = self.overdue()
        wizard = self.env["collection.place"].create({"case_ids": self.case(customer).ids})
        self.assertFalse(wizard.lacks_agency)
        self.agency.active = False
        wizard.invalidate_recordset()
        self.assertTrue(wizard.lacks_agency)
        context = wizard.with_user(self.manager).action_create_agency()["context"]
        partner = self.env["res.partner"].create({"name": "First", "email": "first@example.com"})
        first = self.env["collection.agency"].with_user(self.manager).with_context(**context).create({"partner_id": partner.id})
        self.assertEqual(first.company_id, self.company)
        mine = self.env["collection.place"].with_user(self.collector).create({"case_ids": self.case(customer).ids})
        self.assertEqual(mine.agency_id, first)
        with self.assertRaises(AccessError):
            mine.action_create_agency()

    def test_two_companies_do_not_see_each_others_agencies_and_placements(self):
        customer, _invoice = self.overdue()
        placement = self.place(customer)
        other = self.setup_other_company()["company"]
        stranger = self.make_user("stranger", "account_collections_auto.group_collection_manager", company=other)
        for record in (placement, placement.line_ids, placement.file_id, self.agency):
            self.assertFalse(record.with_user(stranger).search([("id", "in", record.ids)]))
            with self.assertRaises(AccessError):
                record.with_user(stranger).read(["company_id"])
        foreign = self.make_agency("Foreign", company=other)
        with self.assertRaisesRegex(UserError, "another company"):
            self.env["collection.placement"]._propose(foreign, self.items(customer))


class TestPlacementContact(PlacementCase):
    """Own contact stops with the approval, and goes on after a recall where it stood."""

    def test_prepared_and_queued_messages_are_taken_back_at_once(self):
        self.level(21).mode = "review"
        waiting, _invoice = self.overdue(days=30, name="Waiting")
        queued, _queued = self.overdue(days=10, name="Queued")
        self.run_on(-20)
        first = self.actions(waiting)
        first.mail_id.state = "sent"
        self.run_cycle()
        mail = self.actions(queued).mail_id
        self.assertEqual(mail.state, "outgoing")
        placements = self.propose(waiting, queued)
        second = self.actions(waiting, "review")  # a proposal stops nothing
        self.assertTrue(second)
        with self.on_day(TODAY):
            placements._approve(despite_notice=True)
        self.assertFalse(mail.exists())
        for action in second + self.actions(queued):
            self.assertEqual((action.state, action.reason_code), ("cancelled", "placement"))
        self.assertEqual((first.state, self.items(waiting).level_id), ("sent", self.level(7)))
        self.assertFalse(self.items(queued).level_id)

    def test_placed_items_rest_and_odoos_flag_says_so(self):
        customer, invoice = self.overdue()
        placement = self.place(customer)
        self.run_cycle()
        self.assertNotSent(customer)
        self.assertWithheld(customer, "placement")
        line = invoice.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        self.assertTrue(line.no_followup)
        case = self.case(customer)
        with self.on_day(TODAY):
            self.assertIn("Fair Collections", case.placement_sentence)
            placement._recall(placement.line_ids)
        self.assertFalse(line.no_followup)

    def test_later_items_wait_for_a_person_who_adds_reminds_or_holds(self):
        customer, _invoice = self.overdue()
        self.place(customer)
        later = [self.invoice(customer, amount, due=TODAY - timedelta(days=10)) for amount in (100, 200, 300)]
        not_due = self.invoice(customer, 400, due=TODAY + timedelta(days=10))
        self.run_cycle()
        self.assertNotSent(customer)
        self.assertWithheld(customer, "placement_later")
        waiting = self.env["collection.item"].with_user(self.collector)
        with self.on_day(TODAY):
            found = waiting.search([("is_placement_later", "=", True)])
            self.assertEqual(found.move_id, later[0] + later[1] + later[2])
            self.assertNotIn(not_due, found.move_id)
            add, remind, hold = found.sorted("amount_residual")
            action = add.action_place()
            self.assertEqual(action["context"]["default_agency_id"], self.agency.id)
            wizard = self.env["collection.place"].with_user(self.collector).with_context(**action["context"]).create({})
            self.assertEqual(wizard.item_ids, add)
            wizard.action_apply()
            remind.action_remind_despite_placement()
            self.hold(customer, hold.sudo())
            self.assertFalse(waiting.search([("is_placement_later", "=", True)]))
        self.run_cycle(TODAY + timedelta(days=1))
        [(_day, _level, advanced, _total)] = self.sent(customer)
        self.assertEqual(list(advanced), [later[1]])

    def test_a_recalled_item_goes_on_where_it_stood_after_the_gap(self):
        customer, invoice = self.overdue(days=30)
        self.run_cycle(TODAY - timedelta(days=20))  # L1, to be answered within 7 days
        placement = self.place(customer)
        self.assertEqual(placement.contact_gap_days, 7)
        with self.on_day(TODAY + timedelta(days=2)):
            placement._recall(placement.line_ids, "They pay us by instalments")
        self.assertRecordValues(placement, [{"state": "recalled", "ended_on": TODAY + timedelta(days=2)}])
        self.assertEqual(self.items(invoice).level_id, self.level(7))
        self.run_daily(TODAY + timedelta(days=3), TODAY + timedelta(days=8))
        self.assertNotSent(customer, on=TODAY + timedelta(days=8))
        self.run_cycle(TODAY + timedelta(days=9))
        self.assertSent(customer, self.level(21), on=TODAY + timedelta(days=9))

    def test_money_dated_before_a_recall_and_matched_after_it_is_reported(self):
        customer, invoice = self.overdue()
        placement = self.place(customer)
        recall = TODAY + timedelta(days=5)
        with self.on_day(recall):
            placement._recall(placement.line_ids, "They pay us")
        self.pay(invoice, 300, on=recall - timedelta(days=1))
        self.pay(invoice, 200, on=recall)
        self.pay(invoice, 100, on=TODAY - timedelta(days=1))
        movement = self.follow()
        self.assertRecordValues(movement, [{"kind": "direct", "amount": 300, "is_known": False, "is_charged": True}])
        self.assertEqual(placement.to_report_count, 1)
        movement.with_user(self.collector).action_report()
        self.assertEqual(movement.commission, 30)
        self.assertEqual(self.follow(), movement)

    def test_one_item_is_recalled_the_others_stay(self):
        customer, invoice = self.overdue()
        other = self.invoice(customer, 400)
        placement = self.place(customer)
        line = placement.line_ids.filtered(lambda line: line.move_id == other)
        wizard = self.env["collection.placement.recall"].create({"placement_ids": placement.ids, "note": "Wrong one"})
        self.assertEqual(wizard.line_ids, placement.line_ids)
        with self.on_day(TODAY):
            wizard.line_ids = [Command.set(line.ids)]
            wizard.action_apply()
        self.assertEqual((placement.state, placement.amount_open), ("handed_over", 1000))
        self.run_cycle(TODAY + timedelta(days=8))
        [(_day, _level, advanced, _total)] = self.sent(customer)
        self.assertEqual(list(advanced), [other])
        self.assertNotIn(invoice, advanced)

    def test_a_recall_can_be_taken_back_until_the_customer_was_reminded(self):
        customer, invoice = self.overdue()
        placement = self.place(customer)
        with self.on_day(TODAY):
            placement._recall(placement.line_ids, "By mistake")
            placement.action_undo_recall()
            self.assertRecordValues(placement, [{"state": "handed_over", "ended_on": False}])
            placement._recall(placement.line_ids, "Really")
        told = self.env["collection.agency.message"].search([], order="id")
        self.assertEqual(told.mapped("kind"), ["recall", "recall_undone", "recall"])
        self.assertEqual(set(told.mail_id.mapped("email_to")), {"desk@agency.example"})
        self.assertIn(invoice.name, told[0].mail_id.body_html)
        self.run_cycle(TODAY + timedelta(days=8))
        with self.assertRaisesRegex(UserError, "reminded"):
            placement.action_undo_recall()

    def test_what_the_agency_gave_up_waits_for_a_person(self):
        customer, _invoice = self.overdue()
        placement = self.place(customer)
        with self.assertRaisesRegex(UserError, "still open"):
            placement.action_close_paid()
        placement.action_close_uncollectable()
        self.run_cycle()
        self.assertNotSent(customer)
        second = self.place(customer, agency=self.make_agency("Second"))
        self.assertRecordValues(placement + second, [{"ended_on": TODAY}, {"ended_on": False}])

    def test_a_monthly_statement_is_not_sent_to_who_is_with_an_agency(self):
        customer, _invoice = self.overdue()
        self.place(customer)
        self.company.collection_is_active = True
        statement = (
            self.env["collection.statement.sent"]
            .sudo()
            .create({"case_id": self.case(customer).id, "company_id": self.company.id, "date": TODAY, "occasion": "2026-09"})
        )
        statement._send_batch(1)
        self.assertRecordValues(statement, [{"state": "withheld", "reason_code": "placement"}])


class TestPlacementToday(PlacementCase):
    """What a person decides about placements stands on Today, with the list behind it."""

    def decide(self, user=None):
        """Return {label: count} of the tile, and the labels' methods."""
        self.env["collection.case"]._refresh_marked()
        today = self.env["collection.today"].with_user(user or self.manager)
        [tile] = [tile for tile in today.get_tiles() if tile["key"] == "decide"] or [None]
        if not tile:
            return {}
        lines = tile["lines"] or [{"link": tile["buttons"][0], "count": tile["count"]}]
        return {line["link"]["method"]: line["count"] for line in lines}

    def opened(self, method):
        action = getattr(self.env["collection.today"], method)()
        return self.env[action["res_model"]].search(action["domain"])

    def test_the_tile_counts_what_waits_and_opens_it(self):
        self.assertEqual(self.decide(), {})
        customer, invoice = self.overdue()
        proposal = self.propose(customer)
        self.assertEqual(self.decide(), {"open_placements_to_approve": 1})
        self.assertEqual(self.opened("open_placements_to_approve"), proposal)
        proposal._approve(despite_notice=True)
        proposal._hand_over()
        self.assertEqual(self.decide(), {})
        later = self.invoice(customer, 50, due=TODAY - timedelta(days=3))
        self.pay(invoice, 5)
        self.follow()
        self.assertEqual(self.decide(), {"open_placement_later": 1, "open_placement_to_report": 1})
        self.assertEqual(self.opened("open_placement_later").move_id, later)
        self.assertEqual(self.opened("open_placement_to_report").amount, 5)
        proposal.action_close_uncollectable()
        self.assertEqual(self.decide()["open_placements_given_up"], 1)
        self.assertEqual(self.opened("open_placements_given_up"), proposal)

    def test_handing_over_is_one_of_the_decisions_after_the_last_level(self):
        customer, _invoice = self.overdue(days=100)
        self.run_on(-60, -46, -30, 0)
        case = self.case(customer)
        self.assertTrue(case.is_to_decide)
        decision = self.env["collection.case.decide"].create({"case_ids": case.ids, "choice": "agency"})
        opened = decision.action_apply()
        self.assertEqual(opened["res_model"], "collection.place")
        wizard = self.env["collection.place"].with_context(**opened["context"]).create({})
        self.assertEqual(wizard.agency_id, self.agency)  # there is one only
        wizard.action_apply()
        case.invalidate_recordset()
        self.assertFalse(case.is_to_decide)
        wizard.action_undo()
        case.invalidate_recordset()
        self.assertTrue(case.is_to_decide)
        self.assertEqual(case.placement_ids.state, "refused")


class TestPlacementMoney(PlacementCase):
    """Payments through the agency and to us, what is reported, and the commission."""

    def test_a_payment_through_the_agency_becomes_drafts_and_is_matched_when_posted(self):
        customer, first = self.overdue(600, days=90)
        second = self.invoice(customer, 400)
        placement = self.place(customer)
        receipt = (
            self.env["collection.placement.receipt"]
            .with_user(self.collector)
            .create({"placement_id": placement.id, "amount": 700, "date": TODAY})
        )
        self.assertEqual((receipt.commission, receipt.net), (70, 630))
        receipt.action_prepare()
        receipt = receipt.with_user(self.manager)
        entry, bill = receipt.move_id, receipt.bill_id
        self.assertRecordValues(entry + bill, [{"state": "draft"}, {"state": "draft"}])
        self.assertRecordValues(
            bill, [{"move_type": "in_invoice", "partner_id": self.agency.partner_id.id, "amount_total": 70}]
        )
        with self.assertRaises(AccessError):
            receipt.with_user(self.collector).action_post()
        receipt.action_post()
        self.assertEqual((first.amount_residual, second.amount_residual), (0, 300))
        payable = entry.line_ids.filtered(lambda line: line.account_id.account_type == "liability_payable")
        self.assertEqual((payable.partner_id, payable.balance), (self.agency.partner_id, 700))
        self.assertRecordValues(
            self.follow(),
            [
                {"kind": "agency", "amount": 600, "commission": 60, "is_known": True},
                {"kind": "agency", "amount": 100, "commission": 10, "is_known": True},
            ],
        )
        self.assertEqual((placement.amount_open, placement.amount_recovered, placement.amount_commission), (300, 700, 70))

    def test_an_entry_posted_in_accounting_is_matched_within_the_hour_and_the_commission_may_be_an_expense(self):
        self.agency.commission_booking = "entry"
        customer, invoice = self.overdue()
        placement = self.place(customer)
        receipt = self.env["collection.placement.receipt"].create(
            {"placement_id": placement.id, "amount": 1000, "commission": 120}
        )
        self.assertGreater(receipt.commission, receipt.commission_due)
        receipt.action_prepare()
        self.assertFalse(receipt.bill_id)
        expense = receipt.move_id.line_ids.filtered(lambda line: line.account_id.account_type == "expense")
        self.assertEqual(expense.balance, 120)
        receipt.move_id.action_post()
        self.follow()
        self.assertEqual((receipt.state, invoice.amount_residual), ("booked", 0))
        placement.action_close_paid()
        self.assertRecordValues(placement, [{"state": "closed", "outcome": "paid"}])

    def test_an_entry_that_an_accountant_matched_by_hand_is_booked(self):
        customer, invoice = self.overdue(300, days=90)
        later = self.invoice(customer, 400)
        placement = self.place(customer)
        receipt = self.env["collection.placement.receipt"].create({"placement_id": placement.id, "amount": 300})
        receipt.action_prepare()
        receipt.move_id.action_post()
        lines = (receipt.move_id + invoice).line_ids
        lines.filtered(lambda line: line.account_id.account_type == "asset_receivable").reconcile()
        self.follow()
        self.assertEqual((receipt.state, invoice.amount_residual, later.amount_residual), ("booked", 0, 400))

    def test_a_payment_that_cannot_be_matched_holds_up_no_other(self):
        receipts = self.env["collection.placement.receipt"]
        invoices = self.env["account.move"]
        for _number in range(2):
            customer, invoice = self.overdue()
            receipts += receipts.create({"placement_id": self.place(customer).id, "amount": 1000})
            invoices += invoice
        receipts.action_prepare()
        receipts.move_id.action_post()
        # A broken entry: its lines do not know that it is posted, and accounting refuses to match them.
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_move_line SET parent_state = 'cancel' WHERE move_id = %s", [receipts[1].move_id.id])
        self.env.invalidate_all()
        with mute_logger("odoo.addons.account_collections_auto.engine.attempt"):
            self.follow()
        self.assertEqual(receipts.mapped("state"), ["booked", "prepared"])
        self.assertEqual(invoices.mapped("amount_residual"), [0, 1000])

    def test_a_payment_recorded_by_mistake_is_cancelled_with_its_drafts(self):
        customer, _invoice = self.overdue()
        placement = self.place(customer)
        receipt = self.env["collection.placement.receipt"].create({"placement_id": placement.id, "amount": 50})
        receipt.action_prepare()
        drafts = receipt.move_id + receipt.bill_id
        with self.assertRaises(UserError):
            receipt.amount = 60
        receipt.action_cancel()
        self.assertFalse(drafts.exists())
        with self.assertRaises(UserError):
            self.env["collection.placement.receipt"].create({"placement_id": placement.id, "amount": 1, "state": "booked"})

    def test_a_fixed_commission_is_billed_once_for_payments_that_wait_to_be_posted(self):
        self.agency.write({"commission_rule": "fixed", "fixed_fee": 50})
        customer, _invoice = self.overdue()
        placement = self.place(customer)
        receipts = self.env["collection.placement.receipt"]
        first = receipts.create({"placement_id": placement.id, "amount": 100})
        first.action_prepare()
        both = receipts.create([{"placement_id": placement.id, "amount": amount} for amount in (200, 300)])
        self.assertEqual((first + both).mapped("commission"), [50, 0, 0])
        both.action_prepare()
        self.assertFalse(both.bill_id)
        both.action_post()
        first.action_post()
        self.assertEqual((first + both).mapped("commission_due"), [50, 0, 0], "whichever is posted first")
        self.follow()
        self.assertEqual(placement.amount_commission, 50)
        cancelled = receipts.create({"placement_id": self.place(self.overdue(name="Other")[0]).id, "amount": 100})
        cancelled.action_cancel()
        again = receipts.create({"placement_id": cancelled.placement_id.id, "amount": 100})
        self.assertEqual(again.commission, 50)

    def test_a_minimum_commission_counts_what_waits_to_be_posted(self):
        """10 %, at least 25: 25 for the first 100, nothing for the second, 10 % of all with the third."""
        self.agency.minimum = 25
        customer, _invoice = self.overdue(400)
        placement = self.place(customer)
        receipts = self.env["collection.placement.receipt"]
        receipts = receipts.create([{"placement_id": placement.id, "amount": amount} for amount in (100, 100, 100)])
        self.assertEqual(receipts.mapped("commission"), [25, 0, 5])

    def test_more_than_was_placed_becomes_a_credit_of_the_customer(self):
        customer, invoice = self.overdue(100)
        placement = self.place(customer)
        self.receive(placement, 130, commission=10)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self.case(customer).amount_credit, 30)
        self.assertEqual(self.follow().mapped("amount"), [100])

    def test_money_paid_to_us_is_reported_with_its_commission(self):
        customer, invoice = self.overdue()
        self.pay(invoice, 100, on=TODAY - timedelta(days=1))  # before the hand-over: none of the agency's business
        placement = self.place(customer)
        self.assertEqual(placement.amount_placed, 900)
        self.pay(invoice, 400)
        self.credit(invoice, 50)
        direct, credit = self.follow()
        self.assertRecordValues(
            direct + credit,
            [
                {"kind": "direct", "amount": 400, "commission": 0, "is_known": False, "is_charged": True},
                {"kind": "credit_note", "amount": 50, "commission": 0, "is_known": False, "is_charged": False},
            ],
        )
        self.assertEqual(placement.to_report_count, 2)
        with self.assertRaises(AccessError):
            (direct + credit).with_user(self.auditor).action_report()
        (direct + credit).with_user(self.collector).action_report()
        self.assertEqual((direct.commission, credit.commission, placement.amount_commission), (40, 0, 40))
        message = direct.message_id
        self.assertRecordValues(message, [{"kind": "payments", "recipient": "desk@agency.example"}])
        self.assertIn("400.00", message.mail_id.body_html)
        self.assertIn("Credit note", message.mail_id.body_html)
        self.assertEqual(self.follow(), direct + credit)  # nothing is found twice
        with self.assertRaisesRegex(UserError, "already"):
            direct.action_report()

    def test_a_dispute_after_the_hand_over_is_reported_too(self):
        customer, invoice = self.overdue()
        self.place(customer)
        reason = self.env.ref("account_collections_auto.collection_dispute_reason_delivery")
        self.env["collection.dispute"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "date_from": TODAY,
                "reason_id": reason.id,
                "line_ids": [Command.create({"item_id": self.items(invoice).id, "amount": 100})],
            }
        )
        movement = self.follow()
        self.assertRecordValues(movement, [{"kind": "dispute", "amount": 100, "is_charged": False}])
        movement.action_mark_reported()
        self.assertRecordValues(movement, [{"is_known": True, "commission": 0}])
        self.assertFalse(movement.message_id.mail_id)

    def test_without_an_address_a_person_tells_the_agency(self):
        self.agency.email = False
        customer, invoice = self.overdue()
        self.place(customer)
        self.pay(invoice, 10)
        with self.assertRaisesRegex(UserError, "no e-mail address"):
            self.follow().action_report()
        self.follow().action_mark_reported()

    def test_a_payment_that_is_returned_takes_its_commission_back(self):
        customer, invoice = self.overdue()
        placement = self.place(customer)
        unknown, known = self.pay(invoice, 300), self.pay(invoice, 200)
        self.follow().filtered(lambda movement: movement.amount == 200).action_report()
        for payment in (unknown, known):
            payment.move_id.line_ids.remove_move_reconcile()
        kept, back = self.follow()
        self.assertRecordValues(
            kept + back,
            [
                {"amount": 200, "commission": 20, "kind": "direct"},
                {"amount": -200, "commission": 0, "kind": "returned"},
            ],
        )
        back.action_report()
        self.assertEqual((back.commission, placement.amount_commission, placement.amount_recovered), (-20, 0, 0))

    def test_a_payment_that_is_matched_again_counts_once(self):
        """Through the agency and direct; while nobody looked, and with the un-matching seen in between."""
        customer, invoice = self.overdue()
        placement = self.place(customer)
        entry = self.receive(placement, 300).move_id
        payment = self.pay(invoice, 200).move_id
        self.follow().filtered(lambda movement: not movement.is_known).action_mark_reported()
        self.assertEqual((placement.amount_recovered, placement.amount_commission), (500, 50))
        before = self.follow()
        for looks_in_between in (False, True):
            for move in (entry, payment):
                move.line_ids.remove_move_reconcile()
            if looks_in_between:
                self.follow()
                self.assertEqual(placement.amount_recovered, 0)
            self.match(entry, invoice)
            self.match(payment, invoice)
            self.assertEqual(self.follow(), before)
            self.assertEqual((placement.amount_recovered, placement.amount_commission), (500, 50))

    def test_what_the_agency_was_told_stays_when_it_is_matched_again(self):
        customer, invoice = self.overdue()
        placement = self.place(customer)
        entry = self.receive(placement, 300).move_id
        entry.line_ids.remove_move_reconcile()
        self.follow().filtered(lambda movement: not movement.is_known).action_mark_reported()
        self.assertEqual((placement.amount_recovered, placement.amount_commission), (0, 0))
        self.match(entry, invoice)
        self.assertEqual(self.follow().mapped("amount"), [300, -300, 300])
        self.assertEqual((placement.amount_recovered, placement.amount_commission), (300, 30))

    def test_a_payment_that_is_matched_with_another_item_costs_its_commission_once(self):
        customer, first = self.overdue()
        second = self.invoice(customer, 500, due=TODAY - timedelta(days=30))
        placement = self.place(customer)
        entry = self.receive(placement, 300).move_id
        entry.line_ids.remove_move_reconcile()
        self.follow()
        self.pay(first, 900)
        self.match(entry, first)
        self.match(entry, second)
        movements = self.follow().filtered("receipt_id")
        self.assertEqual(movements.mapped("amount"), [300, -300, 100, 200])
        self.assertEqual((sum(movements.mapped("amount")), sum(movements.mapped("commission"))), (300, 30))

    def match(self, move, invoice):
        """Match what is left of an entry with what is left of an invoice."""
        lines = (move | invoice).line_ids
        lines.filtered(lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled).reconcile()

    def test_an_error_in_one_company_holds_up_no_other(self):
        customer, invoice = self.overdue()
        self.place(customer)
        self.pay(invoice, 100)
        self.env["res.company"].create({"name": "A company whose ledger cannot be read", "sequence": 0})
        movements = type(self.env["collection.placement.movement"])
        find = movements._find

        def find_ours(model, company):
            if company != self.company:
                raise ValueError(company.name)
            return find(model, company)

        with (
            patch.object(movements, "_find", find_ours),
            self.enter_registry_test_mode(),
            self.assertLogs("odoo.addons.account_collections_auto.engine.attempt", "ERROR"),
        ):
            self.env.ref("account_collections_auto.ir_cron_placements").sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(self.env["collection.placement.movement"].search([]).mapped("amount"), [100])

    def test_no_commission_on_money_paid_to_us_where_the_terms_say_so(self):
        self.agency.on_direct = False
        customer, invoice = self.overdue()
        placement = self.place(customer)
        self.agency.on_direct = True  # later terms change nothing
        self.pay(invoice, 500)
        self.follow().action_report()
        self.assertEqual((placement.amount_recovered, placement.amount_commission), (500, 0))

    def test_the_percentage_is_that_of_the_age_or_the_amount_on_the_day_of_the_hand_over(self):
        self.agency.write(
            {
                "commission_rule": "age",
                "bracket_ids": [
                    Command.create({"value_from": 0, "percent": 8}),
                    Command.create({"value_from": 90, "percent": 15}),
                ],
            }
        )
        customer, _old = self.overdue(days=120)
        self.invoice(customer, 100, due=TODAY - timedelta(days=30))
        placement = self.place(customer)
        self.assertEqual(placement.line_ids.mapped("percent"), [15, 8])
        self.agency.write({"commission_rule": "amount", "minimum": 30})
        self.agency.bracket_ids[1].value_from = 1000
        rich, _rich = self.overdue(2000, name="Rich")
        poor, _poor = self.overdue(100, name="Poor")
        placements = self.place(rich, poor)
        self.assertEqual({one.partner_id: one.line_ids.percent for one in placements}, {rich: 15, poor: 8})
        small = placements.filtered(lambda one: one.partner_id == poor)
        self.receive(small, 100)
        self.assertEqual(small.amount_commission, 30)

    def test_a_placement_in_another_currency_is_booked_in_it(self):
        euro = self.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        customer, invoice = self.overdue(500, currency=euro)
        self.agency.write({"commission_rule": "fixed", "fixed_fee": 50})
        placement = self.place(customer)
        self.assertEqual((placement.currency_id, placement.fixed_fee), (euro, 100))
        receipt = self.receive(placement, 500)
        self.assertEqual((receipt.commission, receipt.bill_id.amount_total, receipt.bill_id.currency_id), (100, 100, euro))
        self.assertEqual(invoice.amount_residual, 0)
        movement = self.follow()
        self.assertRecordValues(movement, [{"amount": 500, "amount_company": 250, "commission": 100, "commission_company": 50}])

    def test_commission_never_exceeds_the_terms_whatever_is_paid_returned_and_reported(self):
        self.agency.write({"commission_percent": 12.5, "minimum": 7})
        dice = random.Random(32)
        customer, first = self.overdue(977.77)
        invoices = first + self.invoice(customer, 333.33) + self.invoice(customer, 0.05)
        placement = self.place(customer)
        payments = []
        for _turn in range(25):
            invoice = dice.choice(invoices)
            if payments and dice.random() < 0.4:
                payments.pop(dice.randrange(len(payments))).move_id.line_ids.remove_move_reconcile()
            elif invoice.amount_residual:
                payments.append(self.pay(invoice, round(dice.uniform(0.01, invoice.amount_residual), 2)))
            unknown = self.follow().filtered(lambda movement: not movement.is_known)
            told = unknown.filtered(lambda _movement: dice.random() < 0.7)
            if told:
                told.action_mark_reported()
            known = self.follow().filtered("is_known")
            paid, commission = sum(known.mapped("amount")), sum(known.mapped("commission"))
            self.assertGreaterEqual(round(commission, 2), 0)
            self.assertLessEqual(round(commission, 2), max(round(paid, 2), 0))
            self.assertLessEqual(round(commission, 2), max(7, round(paid * 0.125 + 0.005, 2)))
            self.assertAlmostEqual(placement.amount_recovered, sum(self.follow().mapped("amount")))
        self.assertAlmostEqual(sum(self.follow().mapped("amount")), 1311.15 - sum(invoices.mapped("amount_residual")))

    def test_the_analysis_shows_placed_recovered_commission_and_net(self):
        customer, _invoice = self.overdue()
        placement = self.place(customer)
        self.receive(placement, 400)
        [row] = self.env["collection.placement.report"]._read_group(
            [("agency_id", "=", self.agency.id)],
            ["agency_id"],
            ["placed:sum", "recovered:sum", "commission:sum", "net:sum"],
        )
        self.assertEqual(row[1:], (1000, 400, 40, 360))

    def test_the_ledger_is_asked_the_same_number_of_questions_for_one_placement_and_for_many(self):
        customers = [self.overdue(name=f"Customer {number}") for number in range(6)]
        for customer, invoice in customers:
            self.place(customer)
            self.pay(invoice, 10)
        company = self.company
        movements = self.env["collection.placement.movement"]

        def find():
            self.env.invalidate_all()
            start = self.cr.sql_log_count
            movements._find(company)
            return self.cr.sql_log_count - start

        find()
        warm = find()
        for _customer, invoice in customers:
            self.pay(invoice, 10)
        self.env.flush_all()
        self.assertLessEqual(find(), warm + 2)

    def credit(self, invoice, amount):
        """Post a credit note over ``amount`` and match it with the invoice."""
        note = self.credit_note(invoice.partner_id, amount, on=TODAY)
        lines = (note + invoice).line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        lines.reconcile()


class TestPlacementFile(PlacementCase):
    """What the agency gets: a list and the evidence, made in batches, with its fingerprint."""

    files_in_background = False

    def test_the_file_holds_the_list_and_the_evidence_and_goes_to_the_agency(self):
        customer = self.customer('=cmd|"calc"', "debtor@example.com", street="Main Street 1\nDoor 2", ref="C-7")
        invoice = self.invoice(customer, 1000, due=TODAY - timedelta(days=30), ref="+PO/1")
        self.run_on(-20, -6)
        self.actions(customer).mail_id.state = "sent"
        self.pay(invoice, 300)
        file = self.place(customer).file_id
        self.assertEqual((file.state, file.missing), ("done", False))
        content = file.sudo().attachment_id.raw
        self.assertEqual(hashlib.sha256(content).hexdigest(), file.sha256)
        archive = zipfile.ZipFile(io.BytesIO(content))
        text = archive.read("items.csv").decode("utf-8-sig")
        [row] = csv.DictReader(io.StringIO(text))
        self.assertEqual(
            {name: row[name] for name in ("Customer", "Street", "Customer Number", "Number", "Customer's Reference")},
            {
                "Customer": '\'=cmd|"calc"',
                "Street": "Main Street 1 Door 2",
                "Customer Number": "C-7",
                "Number": invoice.name,
                "Customer's Reference": "'+PO/1",
            },
        )
        self.assertEqual(
            (row["Original"], row["Paid or Credited"], row["Open"], row["Interest Claimed"]),
            ("1000.00", "300.00", "700.00", "0.00"),
        )
        self.assertEqual(row["Reminders Sent"], "2026-08-26 L1; 2026-09-09 L2")
        names = archive.namelist()
        self.assertEqual(len(names), 4)  # the list, the statement, the messages, the invoice
        self.assertTrue(any("Messages sent" in name for name in names))
        pdfs = [archive.read(name) for name in names if name.endswith("sent.pdf") or "Statement" in name]
        self.assertEqual([pdf[:4] for pdf in pdfs], [b"%PDF", b"%PDF"])
        self.assertIn("download=true", file.with_user(self.auditor).action_download()["url"])
        with self.assertRaises(AccessError):
            file.with_user(self.auditor).action_send()
        file.with_user(self.collector).action_send()
        mail = file.message_ids.mail_id
        self.assertEqual((mail.email_to, mail.attachment_ids), ("desk@agency.example", file.sudo().attachment_id))

    def test_many_customers_are_done_in_batches_in_the_background(self):
        files = type(self.env["collection.placement.file"])
        customers = [self.customer(f"Customer {number}") for number in range(7)]
        for customer in customers:
            self.invoice(customer, 100)

        def evidence(self, placement):
            return self._store(placement, "statement.pdf", b"%PDF")

        with patch.object(files, "_make_evidence", evidence):
            file = self.place(*customers).file_id
            self.assertEqual((file.state, file.done_count, file.placement_count), ("making", 0, 7))
            with self.assertRaises(UserError):
                file.action_download()
            self.assertEqual(file.sudo()._make_batch(), 5)
            self.assertEqual((file.state, file.done_count), ("making", 5))
            with self.enter_registry_test_mode():
                self.env.ref("account_collections_auto.ir_cron_placement_files").sudo().method_direct_trigger()
            self.env.invalidate_all()
        self.assertEqual((file.state, file.done_count), ("done", 7))
        archive = zipfile.ZipFile(io.BytesIO(file.sudo().attachment_id.raw))
        self.assertEqual(len(archive.namelist()), 8)

    def test_a_file_that_fails_holds_up_no_other(self):
        files = type(self.env["collection.placement.file"])
        placed = [self.customer(name) for name in ("Broken", "Other")]
        for customer in placed:
            self.invoice(customer, 100)
        with patch.object(files, "_start", lambda self: None):
            broken, other = (self.place(customer).file_id.sudo() for customer in placed)

        def evidence(file, placement):
            if file == broken:
                raise ValueError("A page that cannot be printed")
            return file._store(placement, "statement.pdf", b"%PDF")

        self.env["res.lang"]._activate_lang("fr_FR")
        broken.company_id._collection_responsible().sudo().lang = "fr_FR"
        french = {"The file for %(agency)s cannot be made": "Pas de fichier pour %(agency)s"}
        translations = patch.dict(code_translations.python_translations, {("account_collections_auto", "fr_FR"): french})
        cron = self.env.ref("account_collections_auto.ir_cron_placement_files").sudo()
        with patch.object(files, "_make_evidence", evidence), translations:
            with self.assertLogs(FILES, "ERROR"), self.enter_registry_test_mode():
                cron.method_direct_trigger()
                cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((broken | other).mapped("state"), ["making", "done"])
        [todo] = broken.placement_ids.activity_ids
        self.assertEqual(todo.summary, "Pas de fichier pour Fair Collections", "the language of who reads it")
        self.assertEqual(todo.user_id, broken.company_id._collection_responsible())
        self.assertFalse(other.placement_ids.activity_ids)

        def printed(file, placement):
            return file._store(placement, "statement.pdf", b"%PDF")

        with patch.object(files, "_make_evidence", printed), self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((broken.state, len(broken.placement_ids.activity_ids)), ("done", 0))
