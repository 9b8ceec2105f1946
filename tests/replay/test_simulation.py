"""The simulation of a plan says what the oracle says, on many small random ledgers. No database."""

import os
import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from odoo.addons.account_collections_auto.engine import dates, simulate
from odoo.tests import BaseCase, tagged

from . import oracle
from .common import ORDER
from .story import Story
from .test_random_ledgers import DAYS, FIRST, Ledger, random_plan

PLANS, CUSTOMERS = (1500, 4) if os.environ.get("COLLECTIONS_LONG") else (150, 3)
LAST = FIRST + timedelta(days=DAYS - 1)
RATES = [
    (FIRST, {"USD": Decimal(1), "CAD": Decimal("1.25")}),
    (FIRST + timedelta(days=DAYS // 2), {"USD": Decimal(1), "CAD": Decimal("1.60")}),
]


class KnownLedger(Ledger):
    """A ledger whose due dates stay: of those the ledger of today knows only the last."""

    def move_due_date(self, day):
        pass


def changes(event, open_amounts):
    """Return {document: what is more or less open of it} of an event."""
    key, *rest = event.args
    if event.kind == "invoice":
        return {key: rest[2]}
    if event.kind in ("credit", "payment"):
        return {key: -rest[1]}
    if event.kind == "cancel":
        return {key: -open_amounts[key]}
    invoice, amount = rest
    return {key: amount, invoice: -amount} if event.kind == "match" else {key: -amount, invoice: amount}


def suite_plan(plan):
    return simulate.Plan(
        tuple(
            simulate.Level(level.days, level.days, level.response_days, level.wait_days, level.is_final)
            for level in plan.levels
        ),
        plan.gap_days,
        plan.grace_days,
        0,
        plan.minimum,
        plan.tolerance,
        plan.catch_up,
        plan.repeat_days,
        plan.repeat_times,
        plan.weekdays or dates.EVERY_DAY,
    )


@tagged("post_install", "-at_install")
class TestSimulation(BaseCase):
    def test_the_simulation_agrees_with_the_oracle(self):
        dice = random.Random(int(os.environ.get("COLLECTIONS_SEED") or 1))
        compared = 0
        for number in range(PLANS):
            plan = random_plan(dice)
            for position in range(CUSTOMERS):
                story = Story(FIRST, LAST, dice.randrange(10**9))
                ledger = KnownLedger(story, f"ledger {number}.{position}")
                for offset in range(DAYS - 10):
                    ledger.day(FIRST + timedelta(days=offset))
                expected, items = self.ask_oracle(plan, story)
                found = self.ask_simulation(plan, items)
                self.assertEqual(found, expected, f"{ledger.name}, {plan}, {items}")
                compared += len(expected)
        self.assertGreater(compared, PLANS)

    def ask_oracle(self, plan, story):
        """Return (messages, items for the simulation) of a story told day by day."""
        customer, opened, currencies, dues = oracle.Customer(plan), defaultdict(list), {}, {}
        messages, stops = [], defaultdict(list)
        for number in range(DAYS):
            day = FIRST + timedelta(days=number)
            for event in sorted(story.days[day], key=lambda event: ORDER.index(event.kind)):
                if event.kind == "hold":
                    oracle.happen(customer, day, "hold", *event.args)
                    keys, *span = event.args
                    for key in [None] if keys is None else keys:
                        stops[key].append(tuple(span))
                    continue
                for key, amount in changes(event, {key: item.open for key, item in customer.items.items()}).items():
                    if key in customer.items:
                        oracle.happen(customer, day, "change", key, amount)
                    else:
                        currencies[key] = event.args[1]
                        dues[key] = event.args[2] if event.kind == "invoice" else day
                        oracle.happen(customer, day, "post", key, currencies[key], dues[key], amount)
                    opened[key].append((day, customer.items[key].open))
            rates = [per_unit for since, per_unit in RATES if since <= day][-1]
            message = oracle.decide_day(customer, day, rates)
            if message and not message.reasons:
                messages.append((day, message.tone, message.advancing, sorted(message.listed), message.total, message.deadline))
        items = [
            simulate.Item(key, currencies[key], dues[key], tuple(opened[key]), tuple(stops[key] + stops[None]))
            for key in opened
        ]
        return messages, items

    def ask_simulation(self, plan, items):
        events = simulate.simulate(suite_plan(plan), items, RATES, FIRST, LAST)
        debts = {item.key for item in items if item.key.startswith("I")}
        return [
            (
                event.day,
                event.level.days,
                {key: level.days for key, level in event.advancing.items()},
                sorted(debts.intersection(event.listed)),
                event.total,
                event.deadline,
            )
            for event in events
        ]
