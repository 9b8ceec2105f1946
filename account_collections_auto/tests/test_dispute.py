from datetime import date, timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form
from odoo.tools import mute_logger

from .common import TODAY, CollectionsCase

JUNE_1 = date(2026, 6, 1)


class TestDispute(CollectionsCase):
    """A customer disputes a part: recorded, not claimed, settled by its owner with a credit note, told to the customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.resume_days = 5
        cls.delivery = cls.env.ref("account_collections_auto.collection_dispute_reason_delivery")
        cls.collector = cls.make_user("carla", "account_collections_auto.group_collector")
        cls.company.collection_user_id = cls.manager
        cls.delivery.write({"user_id": cls.collector.id, "service_days": 7, "escalation_user_id": cls.manager.id})

    def dispute(self, *parts, since=TODAY, **vals):
        customer = parts[0][0].partner_id.commercial_partner_id
        return self.env["collection.dispute"].create(
            {
                "partner_id": customer.id,
                "company_id": self.company.id,
                "date_from": since,
                "reason_id": self.delivery.id,
                "description": "Too few delivered",
                "line_ids": [
                    Command.create({"item_id": self.items(invoice).id, **({"amount": amount} if amount else {})})
                    for invoice, amount in parts
                ],
                **vals,
            }
        )

    def settle(self, dispute, accepted, resolution="As agreed on the phone", user=None):
        decision = "reject" if not accepted else "accept" if accepted == dispute.line_ids.amount else "part"
        wizard = (
            self.env["collection.dispute.settle"]
            .with_user(user or self.env.user)
            .create({"dispute_id": dispute.id, "decision": decision, "resolution": resolution})
        )
        if decision == "part":
            wizard.line_ids.amount_accepted = accepted
        wizard.action_settle()

    def claimed(self, customer, on):
        """What a preview of the day would claim, and the level: (days, amount), or None."""
        preview = self.env["collection.cycle"].preview(self.company, on)
        line = preview.line_ids.filtered(lambda line: line.case_id == self.case(customer) and line.decision == "planned")
        return (line.level_id.days_overdue, line.amount) if line else None

    # -- the whole story ---------------------------------------------------------------------------------------------

    def test_the_story_of_a_dispute(self):
        """1,000 at L1; 300 disputed: 700; 500 paid: 200; 200 paid: nothing; 100 accepted and posted: 200, L2."""
        customer = self.customer()
        invoice = self.invoice(customer, 1000, due=date(2026, 5, 25))
        self.run_cycle(JUNE_1)
        later = JUNE_1 + timedelta(days=20)
        dispute = self.dispute((invoice, 300), since=date(2026, 6, 5))
        self.assertEqual(self.claimed(customer, later), (21, 700))
        self.pay(invoice, 500)
        self.assertEqual(self.claimed(customer, later), (21, 200))
        self.pay(invoice, 200)
        self.assertIsNone(self.claimed(customer, later))
        with self.on_day(later):
            self.settle(dispute, 100, user=self.collector)
        self.assertEqual(dispute.state, "partly_accepted")
        credit_note = dispute.credit_note_ids
        self.assertRecordValues(
            credit_note, [{"state": "draft", "move_type": "out_refund", "amount_total": 100, "reversed_entry_id": invoice.id}]
        )
        self.assertIsNone(self.claimed(customer, later + timedelta(days=1)))  # resume days
        self.assertEqual(self.claimed(customer, later + timedelta(days=5)), (21, 200))  # the draft is not claimed
        credit_note.action_post()
        self.assertEqual(invoice.amount_residual, 200)
        self.assertEqual(self.claimed(customer, later + timedelta(days=5)), (21, 200))
        self.run_cycle(later + timedelta(days=5))
        self.assertSent(customer, self.level(21), later + timedelta(days=5))

    def test_a_credit_note_that_is_posted_later_gives_the_rest_its_time_again(self):
        customer = self.customer()
        invoice = self.invoice(customer, 1000, due=date(2026, 5, 25))
        self.run_cycle(JUNE_1)
        dispute = self.dispute((invoice, None), since=date(2026, 6, 5))
        with self.on_day(date(2026, 6, 22)):
            self.settle(dispute, 900, user=self.collector)
        with self.on_day(date(2026, 7, 10)):
            dispute.credit_note_ids.action_post()
        self.assertEqual(dispute.line_ids.credited_on, date(2026, 7, 10))
        self.run_cycle(date(2026, 7, 14))
        self.assertNotSent(customer, date(2026, 7, 14))
        self.assertWithheld(customer, "resuming", date(2026, 7, 14))
        self.assertEqual(self.claimed(customer, date(2026, 7, 15)), (21, 100))
        dispute.credit_note_ids.button_draft()
        with self.on_day(date(2026, 7, 20)):
            dispute.credit_note_ids.action_post()
        self.assertIsNone(self.claimed(customer, date(2026, 7, 24)))
        self.assertEqual(self.claimed(customer, date(2026, 7, 25)), (21, 100))

    def test_money_pays_the_disputed_part_first_where_the_customer_says_so(self):
        """1,000, of which 200 are paid and 300 disputed: 500; 100 paid for the disputed part: 500; 400 paid: 300."""
        customer = self.customer()
        invoice = self.invoice(customer, 1000)
        self.pay(invoice, 200)
        dispute = self.dispute((invoice, 300), since=TODAY - timedelta(days=1), money_pays="disputed")
        line = dispute.line_ids
        self.assertEqual(self.claimed(customer, TODAY), (7, 500))
        payment = self.pay(invoice, 100)
        self.assertEqual(self.claimed(customer, TODAY), (7, 500))
        self.assertEqual((line.amount_left, self.items(invoice).amount_disputed), (200, 200))
        self.credit_note_on(invoice, 50)
        self.assertEqual(self.claimed(customer, TODAY), (7, 450), "A credit note from elsewhere reduces the rest")
        more = self.pay(invoice, 400)
        self.assertEqual(self.claimed(customer, TODAY), (7, 250), "Nothing is left in dispute")
        self.env.invalidate_all()
        self.assertEqual(self.items(invoice).amount_disputed, 0)
        (payment | more).action_draft()
        (payment | more).action_cancel()
        self.assertEqual(self.claimed(customer, TODAY), (7, 450), "What was returned did not pay")

    def test_what_money_pays_first_can_be_changed_and_is_remembered(self):
        customer = self.customer()
        invoice = self.invoice(customer, 1000)
        dispute = self.dispute((invoice, 300), since=TODAY - timedelta(days=1))
        self.pay(invoice, 200)
        self.assertEqual(self.claimed(customer, TODAY), (7, 500))
        self.flush_tracking()
        dispute.with_user(self.collector).money_pays = "disputed"
        self.flush_tracking()
        self.assertEqual(self.claimed(customer, TODAY), (7, 700))
        change = dispute.message_ids.tracking_value_ids.filtered(lambda value: value.field_id.name == "money_pays")
        self.assertRecordValues(change, [{"old_value_char": "The undisputed part first"}])
        dispute.line_ids.amount = 150
        self.assertEqual(self.claimed(customer, TODAY), (7, 650), "Who says anew how much is disputed says it as of now")
        self.settle(dispute, 150)
        dispute.credit_note_ids.action_post()
        self.assertEqual(invoice.amount_residual, 650)

    def test_the_same_money_pays_the_disputed_part_of_one_dispute_only(self):
        customer = self.customer()
        invoice = self.invoice(customer, 1000)
        yesterday = TODAY - timedelta(days=1)
        disputes = [self.dispute((invoice, 300), since=yesterday, money_pays="disputed") for _number in range(2)]
        self.assertEqual(self.claimed(customer, TODAY), (7, 400))
        self.pay(invoice, 400)
        self.assertEqual([dispute.line_ids.amount_left for dispute in disputes], [0, 200])
        self.assertEqual(self.claimed(customer, TODAY), (7, 400))
        with self.on_day(TODAY):
            (disputes[0] + disputes[1]).action_merge()
        self.assertEqual(disputes[0].line_ids.amount_left, 200)
        self.assertEqual(self.claimed(customer, TODAY + timedelta(days=5)), (7, 400), "after the resume days")

    def test_in_another_currency_the_disputed_part_is_paid_in_that_currency(self):
        francs = self.setup_other_currency("CHF", rates=[("2020-01-01", 2.0)])
        customer = self.customer()
        invoice = self.invoice(customer, 1000, currency=francs)
        dispute = self.dispute((invoice, 300), since=TODAY - timedelta(days=1), money_pays="disputed")
        self.pay(invoice, 100)
        self.assertEqual((invoice.amount_residual, dispute.line_ids.amount_left), (900, 200))
        self.assertEqual(self.claimed(customer, TODAY), (7, 350), "700 francs at two for one")

    def credit_note_on(self, invoice, amount):
        """Post a credit note over ``amount`` of the invoice, made by hand."""
        reversal = invoice._reverse_moves([{"invoice_date": TODAY}])
        reversal.invoice_line_ids.price_unit = amount
        reversal.action_post()
        (invoice | reversal).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()

    def flush_tracking(self):
        self.env.flush_all()
        self.env.cr.flush()

    def test_the_draft_of_a_credit_note_keeps_its_amount_unclaimed(self):
        customer = self.customer()
        invoice = self.invoice(customer, 1000)
        dispute = self.dispute((invoice, None), since=TODAY - timedelta(days=20))
        with self.on_day(TODAY - timedelta(days=10)):
            self.settle(dispute, 400)
        self.assertEqual(self.claimed(customer, TODAY), (7, 600))
        self.assertWithheldInPreview(customer, "credit_note_draft")
        dispute.credit_note_ids.action_post()
        self.assertEqual(self.claimed(customer, TODAY), (7, 600))

    def assertWithheldInPreview(self, customer, code):
        lines = self.env["collection.cycle.line"].search(
            [("case_id.partner_id", "=", customer.id), ("decision", "=", "withheld")]
        )
        self.assertIn(code, [reason["code"] for line in lines for reason in line.reasons])

    # -- the credit note -----------------------------------------------------------------------------------------------

    def test_the_credit_note_is_in_proportion_to_the_cent_with_taxes(self):
        tax = self.company_data["default_tax_sale"]
        customer = self.customer()
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_date": TODAY,
                "invoice_line_ids": [
                    Command.create({"name": "A", "quantity": 3, "price_unit": 33.33, "tax_ids": tax.ids}),
                    Command.create({"name": "B", "quantity": 7, "price_unit": 1.99, "tax_ids": []}),
                ],
            }
        )
        invoice.action_post()
        dispute = self.dispute((invoice, None))
        self.settle(dispute, 47.11)
        self.assertEqual(dispute.credit_note_ids.amount_total, 47.11)
        self.assertEqual(len(dispute.credit_note_ids.invoice_line_ids), 2)
        self.assertEqual(dispute.credit_note_ids.invoice_line_ids.tax_ids, tax)

    def test_what_is_accepted_as_a_whole_is_credited_as_a_whole(self):
        invoice = self.invoice(self.customer(), 1000)
        dispute = self.dispute((invoice, None))
        self.settle(dispute, 1000)
        self.assertEqual((dispute.state, dispute.credit_note_ids.amount_total), ("accepted", 1000))
        dispute.credit_note_ids.action_post()
        self.assertEqual(invoice.amount_residual, 0)

    def in_instalments(self):
        """An invoice in three instalments of 1,000, all overdue; the second and the third are disputed in part."""
        invoice = self.instalments(self.customer(), *((1000, TODAY - timedelta(days=days)) for days in (60, 40, 20)))
        items = self.items(invoice).sorted("due_date")
        dispute = self.env["collection.dispute"].create(
            {
                "partner_id": invoice.partner_id.id,
                "company_id": self.company.id,
                "date_from": TODAY - timedelta(days=5),
                "reason_id": self.delivery.id,
                "line_ids": [
                    Command.create({"item_id": items[1].id, "amount": 400}),
                    Command.create({"item_id": items[2].id, "amount": 1000}),
                ],
            }
        )
        return items, dispute

    def test_what_was_accepted_of_an_instalment_reduces_that_instalment(self):
        """Odoo matches a credit note with what is due first of its invoice: here that is not what was disputed."""
        items, dispute = self.in_instalments()
        second, third = dispute.line_ids.sorted("due_date")
        dispute._accept({second: 300.0, third: 250.0}, "As agreed")
        self.assertEqual(dispute.credit_note_ids.sorted("amount_total").mapped("amount_total"), [250, 300])
        self.assertEqual((second.credit_note_id.amount_total, third.credit_note_id.amount_total), (300, 250))
        self.pay(items.move_id, 900)  # the first, as Odoo does it
        dispute.credit_note_ids.action_post()
        self.assertEqual(items.move_line_id.mapped("amount_residual"), [100, 700, 750])
        self.assertEqual(self.items(items.move_id).sorted("due_date").mapped("amount_residual"), [100, 700, 750])

    def test_what_is_left_of_a_credit_note_goes_to_the_rest_of_its_invoice(self):
        items, dispute = self.in_instalments()
        dispute._accept({dispute.line_ids.sorted("due_date")[0]: 400.0}, "As agreed")
        note = dispute.credit_note_ids
        self.assertEqual(note.amount_total, 400)
        payment = self.money_on_account(items.move_id.partner_id, 900)
        money = payment.move_id.line_ids.filtered(lambda line: line.account_type == "asset_receivable")
        (money | items[1].move_line_id).reconcile()
        note.action_post()
        self.assertEqual(items.move_line_id.mapped("amount_residual"), [700, 0, 1000])

    def test_instalments_that_are_accepted_as_a_whole_are_one_credit_note(self):
        items, dispute = self.in_instalments()
        dispute.line_ids.filtered(lambda line: line.item_id == items[1]).amount = 1000
        dispute._accept(dict.fromkeys(dispute.line_ids, 1000.0), "As agreed")
        self.assertEqual((dispute.state, dispute.credit_note_ids.mapped("amount_total")), ("accepted", [2000]))
        dispute.credit_note_ids.action_post()
        self.assertEqual(items.move_line_id.mapped("amount_residual"), [1000, 0, 0])

    def test_nothing_accepted_makes_no_document(self):
        dispute = self.dispute((self.invoice(self.customer(), 1000), None))
        self.settle(dispute, 0)
        self.assertEqual((dispute.state, len(dispute.credit_note_ids)), ("rejected", 0))

    def test_a_dispute_in_another_currency_is_credited_in_it(self):
        usd = self.setup_other_currency("CHF")
        invoice = self.invoice(self.customer(), 1000, currency=usd)
        dispute = self.dispute((invoice, 300))
        self.settle(dispute, 120)
        self.assertEqual((dispute.credit_note_ids.currency_id, dispute.credit_note_ids.amount_total), (usd, 120))

    def test_more_than_is_disputed_cannot_be_accepted(self):
        dispute = self.dispute((self.invoice(self.customer(), 1000), 300))
        for amount in (301, -1):
            with self.assertRaises(UserError):
                self.settle(dispute, amount)
        self.assertTrue(dispute.is_open)

    def test_a_settlement_is_taken_back_while_its_credit_note_is_a_draft(self):
        customer = self.customer()
        invoice = self.invoice(customer, 1000)
        dispute = self.dispute((invoice, 300))
        self.settle(dispute, 300)
        credit_note = dispute.credit_note_ids
        dispute.action_reopen()
        self.assertFalse(credit_note.exists())
        self.assertEqual((dispute.state, dispute.line_ids.amount_accepted), ("in_progress", 0))
        self.assertEqual(self.claimed(customer, TODAY), (7, 700))
        self.settle(dispute, 300)
        dispute.credit_note_ids.action_post()
        with self.assertRaisesRegex(UserError, "posted already"):
            dispute.action_reopen()

    # -- the owner -----------------------------------------------------------------------------------------------------

    def test_the_owner_gets_a_to_do_and_the_one_named_for_it_is_told_when_it_is_late(self):
        dispute = self.dispute((self.invoice(self.customer(), 1000), 300))
        self.assertEqual((dispute.user_id, dispute.deadline), (self.collector, TODAY + timedelta(days=7)))
        todo = dispute.activity_ids
        self.assertEqual((todo.user_id, todo.date_deadline), (self.collector, dispute.deadline))
        dispute.deadline = date(2020, 1, 1)
        self.env["collection.dispute"]._cron_escalate()
        self.env["collection.dispute"]._cron_escalate()
        told = dispute.activity_ids.filtered(lambda activity: activity.user_id == self.manager)
        self.assertEqual(len(told), 1)
        self.settle(dispute, 0)
        self.assertFalse(dispute.activity_ids)

    def test_a_company_or_a_dispute_that_fails_keeps_nobody_from_hearing_of_a_late_one(self):
        other = self.setup_other_company(name="Broken")["company"]
        other.write({"collection_plan_id": self.make_plan(company=other).id, "sequence": self.company.sequence - 1})
        late = {"deadline": date(2020, 1, 1)}
        with patch.object(type(self), "env", self.env(context={"allowed_company_ids": other.ids})):
            theirs = self.invoice(self.customer("Theirs"), 1000)
            broken = self.dispute((theirs, 300), company_id=other.id, **late)
        first, second = (self.dispute((self.invoice(self.customer(), 1000), 300), **late) for _number in range(2))
        find = type(first)._find_responsible

        def fail_for_first(dispute):
            if dispute == first:
                raise ValueError("No such person")
            return find(dispute)

        with (
            self.on_day(TODAY, without=other),
            patch.object(type(first), "_find_responsible", fail_for_first),
            mute_logger("odoo.addons.account_collections_auto.engine.attempt"),
        ):
            self.env["collection.dispute"]._cron_escalate()
        self.assertEqual((broken | first | second).sudo().filtered("escalated_on"), second)

    def test_on_a_form_the_reason_that_is_chosen_says_who_looks_into_it(self):
        opened = self.case(self.invoice(self.customer(), 1000).partner_id).action_dispute()
        form = Form(self.env["collection.dispute"].with_context(**opened["context"]))
        self.assertEqual(form.user_id, self.manager)
        form.reason_id = self.delivery
        self.assertEqual(form.user_id, self.collector)
        form.reason_id = self.env.ref("account_collections_auto.collection_dispute_reason_price")
        self.assertEqual(form.user_id, self.manager)

    def test_the_customer_is_told_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("de_DE")
        customer = self.customer(lang="de_DE")
        template = self.env.ref("account_collections_auto.mail_template_dispute_settled")
        template.with_context(lang="de_DE").subject = "Ihr Einwand"
        dispute = self.dispute((self.invoice(customer, 1000), 300))
        self.settle(dispute, 0, resolution="Alles geliefert <b>")
        message = dispute.message_ids.filtered(lambda message: message.subject == "Ihr Einwand")
        self.assertEqual(message.partner_ids, customer)
        self.assertIn("Alles geliefert &lt;b&gt;", message.body)

    def test_whoever_gets_the_reminders_is_told(self):
        customer = self.customer()
        clerk = self.customer("Clerk", "clerk@example.com", parent_id=customer.id, collection_contact=True)
        dispute = self.dispute((self.invoice(customer, 1000), 300))
        self.settle(dispute, 0)
        mail = self.env["mail.mail"].search([("model", "=", "collection.dispute"), ("res_id", "=", dispute.id)])
        self.assertEqual(mail.recipient_ids, clerk)

    def test_in_test_mode_the_customer_is_told_nothing(self):
        self.company.write({"collection_test_mode": True, "collection_test_email": "test@example.org"})
        dispute = self.dispute((self.invoice(self.customer(), 1000), 300))
        self.settle(dispute, 0)
        mail = self.env["mail.mail"].search([("model", "=", "collection.dispute"), ("res_id", "=", dispute.id)])
        self.assertEqual((mail.email_to, mail.recipient_ids), ("test@example.org", self.env["res.partner"]))

    # -- refusals, short payments, joining ---------------------------------------------------------------------------

    def test_what_cannot_be_disputed(self):
        invoice, other = self.invoice(self.customer(), 1000), self.invoice(self.customer("Other"), 50)
        with self.assertRaisesRegex(ValidationError, "is open"):
            self.dispute((invoice, 1001))
        with self.assertRaisesRegex(ValidationError, "more than zero"):
            self.dispute((invoice, -1))
        with self.assertRaisesRegex(ValidationError, "another customer"):
            self.dispute((invoice, 10), (other, 10))
        with self.assertRaisesRegex(UserError, "Choose items"):
            self.env["collection.dispute"].create(
                {"partner_id": invoice.partner_id.id, "company_id": self.company.id, "reason_id": self.delivery.id}
            )

    def test_a_short_payment_proposes_a_dispute(self):
        customer = self.customer()
        short, half, small = (self.invoice(customer, 1000) for _number in range(3))
        self.pay(short, 900)
        self.pay(half, 500)
        self.pay(small, 999.50)
        self.invoice(customer, 77)
        self.case(customer)
        proposed = self.env["collection.item"].search([("is_short_paid", "=", True), ("case_id.partner_id", "=", customer.id)])
        self.assertEqual(proposed, self.items(short))
        self.assertTrue(proposed.is_short_paid)
        context = proposed.action_dispute()["context"]
        self.assertEqual(context["default_raised_by"], "short_payment")
        self.dispute((short, None), raised_by="short_payment")
        self.assertFalse(self.env["collection.item"].search([("is_short_paid", "=", True), ("move_id", "=", short.id)]))

    def test_two_disputes_over_the_same_item_become_one(self):
        customer = self.customer()
        invoice, other = self.invoice(customer, 1000), self.invoice(customer, 50)
        first, second = self.dispute((invoice, 300)), self.dispute((invoice, 400), (other, None))
        (first + second).action_merge()
        amounts = {line.item_id.move_id: line.amount for line in first.line_ids}
        self.assertEqual(amounts, {invoice: 400, other: 50})
        self.assertEqual((first.state, second.state), ("new", "withdrawn"))
        third = self.dispute((self.invoice(customer, 70), None))
        with self.assertRaisesRegex(UserError, "not about the same items"):
            (first + third).action_merge()

    def test_an_auditor_reads_and_changes_nothing(self):
        dispute = self.dispute((self.invoice(self.customer(), 1000), 300))
        auditor = self.make_user("adam", "account_collections_auto.group_collection_auditor")
        dispute.with_user(auditor).read(["state", "amount"])
        for act in ("action_start", "action_wait", "action_withdraw", "action_settle", "action_reopen"):
            with self.assertRaises(AccessError, msg=act):
                getattr(dispute.with_user(auditor), act)()
        with self.assertRaises(AccessError):
            self.settle(dispute, 0, user=auditor)

        with self.assertRaises(AccessError):
            dispute.with_user(auditor).message_post(body="Hello")
        with self.assertRaises(AccessError):
            dispute.activity_ids.with_user(auditor).unlink()

    def test_what_became_of_a_dispute_is_not_written_by_hand(self):
        invoice = self.invoice(self.customer(), 1000)
        dispute = self.dispute((invoice, 300))
        foreign = self.invoice(self.customer("Other"), 5)
        line = dispute.line_ids.with_user(self.collector)
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        recorded = {
            "credit_note_id": foreign.id,
            "amount_accepted": 300,
            "company_id": elsewhere.id,
            "is_whole": True,
            "paid_before": 9,
        }
        for vals in ({name: value} for name, value in recorded.items()):
            with self.assertRaises(AccessError, msg=vals):
                line.write(vals)
        for vals in ({"state": "accepted"}, {"ended_on": TODAY}, {"resolution": "Yours"}):
            with self.assertRaises(AccessError, msg=vals):
                line.dispute_id.write(vals)
        smuggled = line.with_context(**{f"default_{name}": value for name, value in recorded.items()})
        small = self.items(self.invoice(invoice.partner_id, 5))
        forged = smuggled.create({"dispute_id": dispute.id, "item_id": small.id, "amount": 2})
        self.assertRecordValues(
            forged,
            [
                {
                    "credit_note_id": False,
                    "amount_accepted": 0,
                    "company_id": self.company.id,
                    "is_whole": False,
                    "paid_before": 0,
                }
            ],
        )
        with self.assertRaises(AccessError):
            line.create({"dispute_id": dispute.id, "item_id": small.id, "company_id": elsewhere.id})
        forged.sudo().unlink()
        self.settle(dispute, 100)
        for change in (line.unlink, lambda: line.write({"amount": 1})):
            with self.assertRaisesRegex(UserError, "settled already"):
                change()

    def test_only_managers_change_what_customers_are_told(self):
        self.collector.group_ids = [Command.link(self.env.ref("mail.group_mail_template_editor").id)]
        template = self.env.ref("account_collections_auto.mail_template_dispute_settled")
        with self.assertRaises(AccessError):
            template.with_user(self.collector).subject = "Settled"

    def test_disputes_of_other_companies_are_not_seen(self):
        dispute = self.dispute((self.invoice(self.customer(), 1000), 300))
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.make_user("sam", "account_collections_auto.group_collection_manager", company=elsewhere)
        self.assertFalse(self.env["collection.dispute"].with_user(stranger).search([("id", "=", dispute.id)]))

    # -- what was accepted and is not taken off --------------------------------------------------------------------------

    def test_what_was_accepted_of_an_entry_is_not_claimed_until_it_is_taken_off(self):
        customer = self.customer()
        entry = self.journal_debit(customer, 500, due=date(2026, 5, 1))
        entry.line_ids.no_followup = False
        dispute = self.dispute((entry, 300), since=JUNE_1, partner_id=customer.id)
        with self.on_day(date(2026, 6, 5)):
            self.settle(dispute, 300)
        self.assertFalse(dispute.credit_note_ids)
        self.assertIn("Take off", dispute.activity_ids.summary)
        self.assertEqual(self.claimed(customer, date(2026, 6, 20)), (7, 200))
        taken_off = self.journal_debit(customer, -300, due=date(2026, 6, 18))
        receivable = (taken_off | entry).line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable")
        receivable.reconcile()
        self.assertEqual(self.claimed(customer, date(2026, 6, 20)), (7, 200))
        self.env["collection.dispute"]._cron_escalate()
        self.assertFalse(dispute.activity_ids)

    def test_a_receipt_gets_a_credit_note_too(self):
        receipt = self.invoice(self.customer(), 300, due=date(2026, 5, 1), move_type="out_receipt")
        dispute = self.dispute((receipt, 300))
        self.settle(dispute, 300)
        self.assertRecordValues(dispute.credit_note_ids, [{"state": "draft", "amount_total": 300}])

    def test_somebody_is_asked_to_post_the_credit_note_and_one_that_is_deleted_does_not_bring_the_claim_back(self):
        customer = self.customer()
        debt = self.invoice(customer, 1000, due=date(2026, 5, 1))
        dispute = self.dispute((debt, 1000), since=JUNE_1)
        with self.on_day(date(2026, 6, 5)):
            self.settle(dispute, 1000)
            self.assertIn("Post the credit note", dispute.activity_ids.summary)
            tile = next(tile for tile in self.env["collection.today"].get_tiles() if tile["key"] == "answers")
            self.assertIn("Disputes that were accepted: take it off", [line["label"] for line in tile["lines"]])
            self.env["collection.dispute"]._cron_escalate()
        self.assertTrue(dispute.activity_ids, "it is not posted yet")
        dispute.credit_note_ids.unlink()
        self.assertIn("was deleted", dispute.activity_ids.summary)
        self.run_cycle(date(2026, 7, 20))
        self.assertWithheld(customer, "let_go", date(2026, 7, 20))
        dispute.action_reopen()
        self.assertEqual(dispute.activity_ids.mapped("activity_type_id.name"), ["Settle a dispute"])

    def test_it_goes_to_nobody_who_works_for_another_company_only(self):
        other = self.env["res.company"].create({"name": "Second"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collector", company=other)
        self.delivery.write({"user_id": stranger.id, "escalation_user_id": stranger.id})
        dispute = self.dispute((self.invoice(self.customer(), 10), 10))
        self.assertEqual(dispute.user_id, self.manager)
        self.assertEqual(dispute._find_responsible(), self.manager)

    def test_the_questions_about_a_dispute_show_nothing_of_another_company(self):
        other = self.env["res.company"].create({"name": "Second"})
        stranger = self.make_user("stranger", "account_collections_auto.group_collector", company=other)
        dispute = self.dispute((self.invoice(self.customer(), 333), 333))
        values = {"dispute_id": dispute.id, "decision": "accept"}
        wizard = self.env["collection.dispute.settle"].create(values)
        for model, vals in (
            ("collection.dispute.settle", values),
            ("collection.dispute.settle.line", {"settle_id": wizard.id, "dispute_line_id": dispute.line_ids.id}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                self.env[model].with_user(stranger).create(vals)
