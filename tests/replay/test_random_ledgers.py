"""Small random ledgers under random plans, all in one company: the suite does what the oracle says on each of the days."""

import os
import random
from datetime import date, timedelta
from decimal import Decimal

from odoo.tests import tagged

from .common import ReplayCase
from .oracle import Level, Plan
from .story import CENT, Story

FIRST = date(2026, 5, 1)
LONG = bool(os.environ.get("COLLECTIONS_LONG"))
PLANS, CUSTOMERS, DAYS = (24, 12, 120) if LONG else (10, 4, 40)


def random_plan(dice):
    """Any plan that can be saved: one to five levels, the last one perhaps final, and odd waiting times."""
    days = sorted(dice.sample(range(-6, 1), dice.randint(0, 2)) + dice.sample(range(1, 30), dice.randint(1, 4)))
    late = [number for number in days if number > 0]
    wait, catch_up = dice.randint(0, 9), dice.random() < 0.4
    return Plan(
        tuple(
            Level(
                number,
                response_days=dice.randint(0, 9),
                # Which level comes next when one is reached sooner than a lower one is not said: so all wait the same.
                wait_days=wait if catch_up else dice.randint(0, 9),
                is_final=len(late) > 1 and number == late[-1] and dice.random() < 0.5,
            )
            for number in days
        ),
        gap_days=dice.choice((0, 1, 3, 7)),
        grace_days=dice.choice((0, 0, 1, 3)),
        minimum=Decimal(dice.choice((0, 0, 25, 60))),
        tolerance=Decimal(dice.choice(("0", "1", "1", "2.5"))),
        weekdays=frozenset(dice.choice((range(7), range(5), (0, 2)))),
        catch_up=catch_up,
        **({"repeat_days": dice.randint(1, 9), "repeat_times": dice.randint(1, 3)} if dice.random() < 0.4 else {}),
    )


class Ledger:
    """The documents of one customer, with what is open of each, so that whatever happens is possible."""

    def __init__(self, story, name):
        self.story, self.dice, self.name = story, story.dice, name
        self.open, self.currency, self.matched = {}, {}, []

    def day(self, day):
        """Let at most two things happen on ``day``, none of them twice to one document."""
        self.touched = set()
        weights = {
            self.post_invoice: 5,
            self.post_credit: 2,
            self.match: 5,
            self.unmatch: 2,
            self.cancel: 1,
            self.move_due_date: 2,
            self.hold: 1,
        }
        for happening in self.dice.choices(list(weights), list(weights.values()), k=self.dice.choice((0, 0, 1, 2))):
            happening(day)

    def post_invoice(self, day):
        key, currency = self.story.key("I"), self.dice.choice(("USD", "USD", "CAD"))
        amount = self.dice.choice((self.dice.randint(50, 300), self.dice.randint(1000, 20000))) * CENT
        due = day + timedelta(days=self.dice.randint(-12, 15))
        self._post(key, currency, amount)
        self.story.tell(day, self.name, "invoice", key, currency, due, amount, min(day, due))

    def post_credit(self, day):
        kind = self.dice.choice(("credit", "payment"))
        key, currency = self.story.key("C"), self.dice.choice(("USD", "USD", "CAD"))
        amount = self.dice.randint(50, 15000) * CENT
        self._post(key, currency, -amount)
        self.story.tell(day, self.name, kind, key, currency, amount)

    def _post(self, key, currency, amount):
        self.open[key], self.currency[key] = amount, currency
        self.touched.add(key)

    def match(self, day):
        credits = [key for key, open_ in self.open.items() if open_ < 0 and key not in self.touched]
        credit = self.dice.choice(credits or [None])
        debts = [
            key
            for key, open_ in self.open.items()
            if credit and open_ > 0 and key not in self.touched and self.currency[key] == self.currency[credit]
        ]
        if debts:
            self._apply(day, "match", credit, self.dice.choice(debts))

    def _apply(self, day, kind, credit, debt, amount=None):
        if kind == "match":
            amount = min(-self.open[credit], self.open[debt])
            self.matched.append((credit, debt, amount))
        self.open[credit] += amount if kind == "match" else -amount
        self.open[debt] -= amount if kind == "match" else -amount
        self.touched |= {credit, debt}
        self.story.tell(day, self.name, kind, credit, debt, amount)

    def unmatch(self, day):
        """Undo all reconciliations of a credit."""
        credit = self.dice.choice([pair[0] for pair in self.matched] or [None])
        pairs = [pair for pair in self.matched if pair[0] == credit]
        if pairs and not self.touched & {key for pair in pairs for key in pair[:2]}:
            for pair in pairs:
                self.matched.remove(pair)
                self._apply(day, "unmatch", *pair)

    def cancel(self, day):
        credits = [key for key, open_ in self.open.items() if open_ < 0 and key not in self.touched]
        credit = self.dice.choice(credits or [None])
        if credit and credit not in {pair[0] for pair in self.matched}:
            del self.open[credit]
            self.touched.add(credit)
            self.story.tell(day, self.name, "cancel", credit)

    def move_due_date(self, day):
        debts = [key for key, open_ in self.open.items() if open_ > 0 and key not in self.touched and key.startswith("I")]
        if debts:
            key = self.dice.choice(debts)
            self.touched.add(key)
            self.story.tell(day, self.name, "due", key, day + timedelta(days=self.dice.randint(-15, 15)))

    def hold(self, day):
        debts = [key for key, open_ in self.open.items() if open_ > 0]
        chosen = frozenset(self.dice.sample(debts, min(len(debts), self.dice.randint(1, 2)))) if debts else None
        keys = self.dice.choice((None, chosen))
        self.story.tell(day, self.name, "hold", keys, day, day + timedelta(days=self.dice.randint(0, 12)))


@tagged("post_install", "-at_install")
class TestRandomLedgers(ReplayCase):
    def test_random_ledgers_under_random_plans(self):
        seed = int(os.environ.get("COLLECTIONS_SEED") or 1)
        dice = random.Random(seed)
        story = Story(FIRST, FIRST + timedelta(days=DAYS - 1), seed)
        ledgers = []
        for number in range(PLANS):
            plan = random_plan(dice)
            names = [f"ledger {number}.{position}" for position in range(CUSTOMERS)]
            self.enrol(names, plan, self.make_suite_plan(plan))
            ledgers += [Ledger(story, name) for name in names]
        for offset in range(DAYS - 10):
            for ledger in ledgers:
                ledger.day(FIRST + timedelta(days=offset))
        self.change_rate(FIRST + timedelta(days=DAYS // 2), "1.60")
        sent = self.replay(story, bounce_one_in=8)
        print(f"\nRandom ledgers, seed {seed}: {len(ledgers)} customers, {PLANS} plans, {sum(sent.values())} reminders")
        print("  seconds: " + ", ".join(f"{what} {seconds:.0f}" for what, seconds in self.spent.items()))
        self.assertGreater(sum(sent.values()), len(ledgers))
