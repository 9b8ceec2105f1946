"""What a customer owes and what of it may be demanded on a day, from the written rules over plain lists. Nothing shared.

Credits are negative items. A stop covers items from its first to its last day, wholly or with a part of their amount.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

TOLERANCE = Decimal(1)  # of an item, and of a currency, in company money: less is not asked for
ANSWERS = ("dispute", "credit_note", "notice", "hold")  # an instalment is not missed for what they cover


@dataclass
class Item:
    key: str
    currency: str
    due: date
    open: Decimal
    number: int = 0  # in which order they came


@dataclass
class Stop:
    kind: str
    keys: frozenset[str] | None  # None: whatever the customer owes, later invoices included
    first: date
    last: date | None = None  # None: until somebody ends it
    parts: dict[str, Decimal] = field(default_factory=dict)  # of these items so much, of the others all
    counts: bool = True  # not while somebody has to approve it
    by_person: bool = True  # covering a whole invoice it sets Odoo's own "no follow-up"
    amount: Decimal = Decimal(0)  # said to be paid
    moment: int = 0  # of recording it

    def part(self, item):
        """How much of ``item`` it covers while it is in force."""
        return min(self.parts.get(item.key, item.open), item.open)

    def covers(self, item, day):
        in_time = self.first <= day and (self.last is None or day <= self.last)
        return self.counts and in_time and (self.keys is None or item.key in self.keys)

    def end(self, day):
        """The day on which somebody ends it is free again."""
        yesterday = day - timedelta(days=1)
        self.last = min(self.last, yesterday) if self.last else yesterday


@dataclass
class Instalment:
    day: date
    amount: Decimal
    rest: Decimal = Decimal(0)
    state: str = "open"
    reopened: date | None = None  # when its payment was undone: its days of grace count anew

    def judge(self, covered, answerable, day, least, counted_from, grace_days):
        """``covered`` of the rest lies on account; ``answerable`` is what neither money nor an answer explains."""
        if self.state in ("paid", "covered") and self.day < day:
            self.reopened = day
        if self.rest <= least:
            self.state = "paid"
        elif self.day >= day:
            self.state = "open"
        elif self.rest - covered <= least:
            self.state = "covered"
        else:
            counted_from = max(self.day, self.reopened or self.day, counted_from)
            in_time = day <= counted_from + timedelta(days=grace_days)
            self.state = "late" if in_time or answerable <= least else "missed"
            return
        self.reopened = None


@dataclass
class Plan(Stop):
    """Debts of one currency that are paid in instalments: they rest, and what is missed of it is asked for by itself."""

    instalments: list[Instalment] = field(default_factory=list)
    grace_days: int = 0
    credited_before: Decimal = Decimal(0)
    state: str = "running"

    def judge(self, book, day, rates):
        """Money pays the oldest instalment, credit notes take off the last one, money on account keeps it from being missed."""
        if self.state not in ("running", "done"):
            return
        debts = [book.items[key] for key in self.keys]
        credited = max(book.credited(self.keys) - self.credited_before, Decimal(0))
        wanted = []
        for instalment in reversed(self.instalments):
            taken_off = min(credited, instalment.amount)
            credited -= taken_off
            wanted.insert(0, instalment.amount - taken_off)
        paid = max(sum(wanted) - sum(debt.open for debt in debts), Decimal(0))
        currency = debts[0].currency
        account = -sum(item.open for item in book.items.values() if item.open < 0 and item.currency == currency)
        least = TOLERANCE * rates[currency]
        due, excused, money = Decimal(0), Decimal(0), account
        for instalment, amount in zip(self.instalments, wanted, strict=True):
            instalment.rest = amount - min(paid, amount)
            paid -= min(paid, amount)
            covered = min(account, instalment.rest)
            account -= covered
            due += instalment.rest
            answerable = instalment.rest - (self.excused(book, day, due) - excused)
            excused = self.excused(book, day, due)
            by_account = min(money, answerable)
            money -= by_account
            # `first` is also the day on which it was accepted.
            instalment.judge(covered, answerable - by_account, day, least, self.first, self.grace_days)
        states = [instalment.state for instalment in self.instalments]
        self.state = "done" if set(states) == {"paid"} else "ended" if "missed" in states else "running"
        self.counts = self.state == "running"

    def excused(self, book, day, due):
        """What of the first ``due`` of the debts is disputed, said to be paid, or held by a person."""
        excused = Decimal(0)
        for debt in sorted((book.items[key] for key in self.keys), key=lambda debt: (debt.due, debt.number)):
            share = min(due, debt.open)
            answers = [stop.part(debt) for stop in book.stops if stop.kind in ANSWERS and stop.covers(debt, day)]
            excused += min(share, sum(answers))
            due -= share
        return excused

    def due(self, day):
        return sum(instalment.rest for instalment in self.instalments if instalment.day < day)


@dataclass
class Matched:
    """Money or a credit that was matched with a debt."""

    credit: str
    debt: str
    amount: Decimal
    is_money: bool
    moment: int


@dataclass
class Customer:
    items: dict[str, Item] = field(default_factory=dict)
    stops: list[Stop] = field(default_factory=list)
    matched: list[Matched] = field(default_factory=list)

    def match(self, credit, debt, is_money, moment):
        amount = min(-self.items[credit].open, self.items[debt].open)
        self.items[credit].open += amount
        self.items[debt].open -= amount
        self.matched.append(Matched(credit, debt, amount, is_money, moment))

    def unmatch(self, credit):
        for pair in [pair for pair in self.matched if pair.credit == credit]:
            self.items[pair.credit].open -= pair.amount
            self.items[pair.debt].open += pair.amount
            self.matched.remove(pair)

    def credited(self, keys):
        """What credit notes took off these debts."""
        return sum((pair.amount for pair in self.matched if pair.debt in keys and not pair.is_money), Decimal(0))

    def stopped(self, item, day):
        return min(item.open, sum(stop.part(item) for stop in self.stops if stop.covers(item, day)))

    def collectable(self, item, day):
        return item.open - self.stopped(item, day)

    def missed(self, item, day):
        """What a reminder of instalments may claim of ``item``: its share of what is late, less what else is stopped."""
        covering = [stop for stop in self.stops if stop.covers(item, day)]
        plan = next(stop for stop in covering if isinstance(stop, Plan))
        due = plan.due(day)
        for debt in sorted((self.items[key] for key in plan.keys), key=lambda debt: (debt.due, debt.number)):
            share = min(due, debt.open)
            if debt.key == item.key:
                others = sum(stop.part(item) for stop in covering if stop is not plan)
                return max(share - others, Decimal(0))
            due -= share

    def is_held_by_a_person(self, item, day):
        covering = [stop for stop in self.stops if stop.by_person and stop.covers(item, day)]
        return any(stop.parts.get(item.key, item.open) >= item.open for stop in covering)

    def demanded(self, day, rates):
        """Return {currency: amount} that a message of ``day`` claims: what is overdue and collectable, less the credits."""
        sums = dict.fromkeys(rates, Decimal(0))
        for item in self.items.values():
            least = TOLERANCE * rates[item.currency]
            if item.open < 0:
                sums[item.currency] += item.open
            elif item.due < day and min(item.open, self.collectable(item, day)) > least:
                sums[item.currency] += self.collectable(item, day)
        return {currency: amount for currency, amount in sums.items() if amount > TOLERANCE * rates[currency]}
