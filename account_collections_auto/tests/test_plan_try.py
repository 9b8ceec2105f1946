"""Trying a plan on a customer: the simulation says what real daily cycles did, and leaves nothing behind."""

import random
from datetime import date, timedelta

from odoo.exceptions import AccessError
from odoo.tests import Form

from ..engine import simulate
from .common import CollectionsCase

FIRST, LAST = date(2026, 5, 20), date(2026, 7, 16)


class TestPlanTry(CollectionsCase):
    def trial(self, customer, plan=None, first=FIRST, last=LAST):
        plan = plan or self.plan
        return self.env["collection.plan.try"].create(
            {"plan_id": plan.id, "partner_id": customer.id, "date_from": first, "date_to": last}
        )

    def simulated(self, customer, plan=None, first=FIRST, last=LAST):
        """Return the simulated messages as `sent` does, with the listed documents and the deadline."""
        trial = self.trial(customer, plan, first, last)
        events, lines = trial._simulate()
        names = {level.id: level.name for level in trial.plan_id.level_ids}
        return [
            (
                event.day,
                names[event.level.key],
                sorted(lines[key].number for key in event.advancing),
                sorted(lines[key].number for key in event.listed),
                float(event.total),
                event.deadline,
            )
            for event in events
            if isinstance(event, simulate.Sent)
        ]

    def really_sent(self, customer):
        return [
            (
                action.contact_date,
                action.level_id.name,
                sorted(line.move_name for line in action.line_ids if line.advances),
                sorted(line.move_name for line in action.line_ids if not line.advances),
                action.amount,
                action.deadline,
            )
            for action in self.actions(customer, "sent")
        ]

    def test_the_weekly_buyer_day_by_day(self):
        customer = self.customer()
        a = self.invoice(customer, 1000, due=date(2026, 6, 1), issued=date(2026, 5, 1))
        self.invoice(customer, 500, due=date(2026, 6, 10), issued=date(2026, 5, 1))
        self.run_daily(FIRST, date(2026, 6, 22))
        self.pay(a, 400, on=date(2026, 6, 23))
        self.run_daily(date(2026, 6, 23), LAST)
        self.assertEqual(len(self.really_sent(customer)), 7)
        self.assertEqual(self.simulated(customer), self.really_sent(customer))

    def test_random_ledgers_under_odd_plans(self):
        """Invoices, instalments, payments, credit notes, holds, two currencies whose rate changes, five plans."""
        dice = random.Random(7)
        other = self.env.ref("base.CAD")
        other.active = True
        self.set_rate(other, 1.25)
        self.set_rate(other, 1.6, on=date(2026, 7, 1))
        plans = [
            self.make_plan(minimum_amount=60, minimum_days_between_contacts=3),
            self.make_plan(((-5, {}), (-2, {}), (1, {"response_days": 2}), (9, {"mode": "manual"})), grace_days=2),
            self.make_plan(((3, {}), (10, {}), (17, {"final_notice": True})), catch_up=True, tolerance_amount=5),
            self.make_plan(((2, {"response_days": 3}), (8, {})), repeat_last_days=5, repeat_last_times=2),
            self.make_plan(((1, {"minimum_days_since_previous": 0}), (4, {"step_ids": [(5, 0, 0)]}))),
        ]
        customers = [self.customer(f"Buyer {number}", email=f"b{number}@example.com") for number in range(len(plans))]
        for number, customer in enumerate(customers):
            customer.collection_plan_id = plans[number % len(plans)]
        day, last = date(2026, 6, 1), date(2026, 7, 8)
        while day <= last:
            for customer in customers:
                self.live_a_day(dice, customer, day, other)
            self.run_cycle(day)
            day += timedelta(days=1)
        messages = 0
        for number, customer in enumerate(customers):
            sent = self.really_sent(customer)
            messages += len(sent)
            self.assertEqual(self.simulated(customer, plans[number % len(plans)], date(2026, 6, 1), last), sent)
        self.assertGreater(messages, 8)

    def live_a_day(self, dice, customer, day, other):
        happening = dice.choices(("nothing", "invoice", "instalments", "payment", "credit", "hold"), (60, 12, 3, 12, 3, 1))[0]
        if happening == "invoice":
            due = day + timedelta(days=dice.randint(0, 12))
            currency = dice.choice((None, None, other))
            self.invoice(customer, dice.choice((3.5, 40, 99.99, 700)), due=due, issued=day, currency=currency)
        elif happening == "instalments":
            parts = [(dice.randint(20, 90), day + timedelta(days=days)) for days in (2, 9)]
            self.instalments(customer, *parts)
        elif happening == "payment":
            unpaid = (
                self.env["account.move"]
                .search(
                    [
                        ("partner_id", "=", customer.id),
                        ("payment_state", "in", ("not_paid", "partial")),
                        ("state", "=", "posted"),
                    ]
                )
                .filtered(lambda move: move.move_type == "out_invoice" and move.currency_id == self.company.currency_id)
            )
            if unpaid:
                move = dice.choice(unpaid.sorted("id"))
                self.pay(move, round(move.amount_residual * dice.choice((0.4, 1, 1)), 2), on=day)
        elif happening == "credit":
            self.credit_note(customer, dice.randint(5, 150), on=day)
        elif happening == "hold":
            self.hold(customer, since=day, until=day + timedelta(days=dice.randint(2, 9)))

    def test_it_shows_messages_and_payments_in_order_and_writes_nothing(self):
        customer = self.customer("Late & Sons")
        invoice = self.invoice(customer, 1000, due=date(2026, 6, 1), issued=date(2026, 5, 25))
        self.pay(invoice, on=date(2026, 7, 1))
        self.plan.level_ids.filtered(lambda level: level.days_overdue == 21).mode = "review"
        trial = self.trial(customer)
        self.env.flush_all()
        tables = "collection_action", "collection_action_line", "collection_cycle", "collection_round", "mail_mail"
        before = [self.count(table) for table in tables]
        result = str(trial.result)
        self.env.flush_all()
        self.assertEqual([self.count(table) for table in tables], before)
        self.assertIn("3 messages: 1 × L0, 1 × L1, 1 × L2", result)
        found = [result.index(text) for text in ("05/25/2026", "L0</strong>", "06/08/2026", "after approval", "Payment")]
        self.assertEqual(found, sorted(found))
        self.assertIn(invoice.name, result)

    def test_an_invoice_in_instalments_is_named_once(self):
        customer = self.customer("In Parts")
        invoice = self.instalments(customer, (50, date(2026, 6, 1)), (50, date(2026, 6, 2)))
        rows = [row for row in self.trial(customer)._try()["rows"] if row["kind"] == "message"]
        named = [numbers for row in rows for numbers in [*row["advancing"].values(), row["listed"]] if numbers]
        self.assertTrue(named)
        self.assertEqual(named, [[invoice.name]] * len(named))

    def count(self, table):
        self.env.cr.execute(f"SELECT count(*) FROM {table}")  # pylint: disable=sql-injection
        return self.env.cr.fetchone()[0]

    def test_the_screen_opens_on_the_customer_with_most_documents_and_says_what_to_do(self):
        self.invoice(self.customer("Once"))
        often = self.customer("Often", email="often@example.com")
        for days in (10, 20, 30):
            self.invoice(often, due=LAST - timedelta(days=days))
        self.case(often)
        action = self.plan.action_try_on_customer()
        trial = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(trial.partner_id, often)
        with Form(trial) as form:
            form.partner_id = self.env["res.partner"]
            self.assertIn("Choose a customer", str(form.result))
            form.partner_id = often
            self.assertIn("messages", str(form.result))
            form.date_from = date(2030, 1, 1)
            self.assertIn("Choose a first and a last day", str(form.result))
            form.date_to = date(2030, 6, 1)
            self.assertIn("messages", str(form.result))

    def test_only_managers_of_the_company_try_plans(self):
        self.invoice(self.customer())
        trial = self.trial(self.customer())
        for role in ("group_collector", "group_collection_auditor"):
            user = self.make_user(role, f"account_collections_auto.{role}")
            with self.assertRaises(AccessError):
                self.plan.with_user(user).action_try_on_customer()
            with self.assertRaises(AccessError):
                trial.with_user(user).read(["result"])
        elsewhere = self.setup_other_company()["company"]
        other_manager = self.make_user("elsewhere", "account_collections_auto.group_collection_manager", company=elsewhere)
        with self.assertRaises(AccessError):
            self.env["collection.plan.try"].with_user(other_manager).create(
                {
                    "plan_id": self.plan.id,
                    "partner_id": trial.partner_id.id,
                    "date_from": FIRST,
                    "date_to": LAST,
                }
            ).read(["result"])

    def test_trying_costs_the_same_for_three_invoices_and_for_thirty(self):
        customers = [self.customer("Few"), self.customer("Many", email="many@example.com")]
        for customer, number in zip(customers, (3, 30), strict=True):
            for days in range(number):
                self.invoice(customer, due=LAST - timedelta(days=20 + days))
        trials = [self.trial(customer) for customer in customers]
        counts = []
        for trial in [trials[0], *trials]:
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertTrue(trial.result)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])
