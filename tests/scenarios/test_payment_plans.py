"""Payment plans and settlements: instalments that are kept and missed, and less that is taken for money at once."""

from datetime import date, timedelta

from .common import StoryCase

JUNE_1 = date(2026, 6, 1)


class TestPaymentPlans(StoryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.calendar_id = cls.env["resource.calendar"].create({"name": "Mondays to Fridays"})

    def got(self):
        """Return all that the customer was sent: [(day, level or False, amount claimed)]."""
        return [(day, level, total) for day, level, _advancing, total in self.sent(self.buyer)]

    def agreed(self):
        """3,000 at L2; on 1 June three instalments are agreed on, each on the last working day. Return (invoice, plan)."""
        invoice = self.invoice(self.buyer, 3000, due=date(2026, 5, 4))
        self.run_cycle(date(2026, 5, 12))
        self.run_cycle(date(2026, 5, 26))
        self.assertEqual(self.items(invoice).level_id, self.level(21))
        with self.acting(self.carla, JUNE_1):
            opened = self.mine(self.case(self.buyer)).action_payment_plan()
            start = self.fill(opened, first_date=JUNE_1, instalment_count=3)
            plan = self.mine(self.env["collection.payment.plan"].browse(start.action_make()["res_id"]))
            plan.action_propose()
            plan.action_send_agreement()
            self.fill(plan.action_accept(), accepted_by="Anna Berg", accepted_on=JUNE_1).action_accept()
        plan = plan.sudo()
        self.assertEqual(
            plan.line_ids.mapped(lambda line: (line.date, line.amount)),
            [(date(2026, 6, 30), 1000), (date(2026, 7, 31), 1000), (date(2026, 8, 31), 1000)],
        )
        return invoice, plan

    def test_of_three_instalments_the_first_is_paid_and_the_second_is_missed(self):
        invoice, plan = self.agreed()
        before = self.got()
        with self.acting(self.anna, date(2026, 6, 30)):
            self.pay(invoice, 1000, on=date(2026, 6, 30))
        self.run_on(0, 15, 30, 45, 60, since=JUNE_1)
        self.assertEqual(self.got(), before)

        self.run_on(0, 1, 4, since=date(2026, 8, 1))
        reminded = self.got()[len(before) :]
        self.assertEqual(reminded, [(date(2026, 8, 1), False, 1000)])
        self.assertEqual(plan.line_ids.mapped("state"), ["paid", "late", "open"])

        self.run_cycle(date(2026, 8, 6))
        self.assertRecordValues(plan, [{"state": "ended", "amount_rest": 2000, "told_on": date(2026, 8, 6)}])
        self.assertEqual(plan.activity_ids.user_id, self.carla)

        self.run_on(1, 5, 9, since=date(2026, 8, 6))
        day, level, amount = self.got()[-1]
        self.assertEqual((level, amount), ("L3", 2000))
        self.assertGreaterEqual(day, date(2026, 8, 6) + timedelta(days=self.plan.resume_days))
        self.assertEqual([amount for day, _level, amount in self.got() if day > JUNE_1], [1000, 2000, 2000])

    def test_900_in_time_settle_1000(self):
        invoice = self.invoice(self.buyer, 1000, due=date(2026, 5, 18))
        self.run_cycle(date(2026, 5, 25))
        self.plan.settlement_percent = 10
        with self.acting(self.carla, JUNE_1):
            opened = self.mine(self.case(self.buyer)).action_settlement_offer()
            offer = self.fill(opened, discount_percent=10, pay_by=date(2026, 6, 15))
            offer.action_offer()
        self.run_cycle(date(2026, 6, 10))
        self.assertWithheld(self.buyer, "settlement", on=date(2026, 6, 10))
        with self.acting(self.anna, date(2026, 6, 12)):
            self.pay(invoice, 900, on=date(2026, 6, 12))
        self.run_on(12, 30, since=JUNE_1)
        offer = offer.sudo()
        self.assertRecordValues(offer, [{"state": "met", "amount_received": 900}])
        self.assertRecordValues(offer.credit_note_ids, [{"state": "draft", "amount_total": 100}])
        self.assertEqual(self.got(), [(date(2026, 5, 25), "L1", 1000), (JUNE_1, False, 1000)])
