"""What a customer owes and what of it may be demanded on a day, from the written rules over plain lists. Nothing shared.

Credits are negative items. A stop covers items from its first to its last day, wholly or with a part of their amount.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

TOLERANCE = Decimal(1)  # of an item, and of a currency, in company money: less is not asked for


@dataclass
class Item:
    key: str
    currency: str
    due: date
    open: Decimal


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

    def covers(self, item, day):
        in_time = self.first <= day and (self.last is None or day <= self.last)
        return self.counts and in_time and (self.keys is None or item.key in self.keys)

    def end(self, day):
        """The day on which somebody ends it is free again."""
        yesterday = day - timedelta(days=1)
        self.last = min(self.last, yesterday) if self.last else yesterday


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

    def stopped(self, item, day):
        covering = [stop for stop in self.stops if stop.covers(item, day)]
        if any(item.key not in stop.parts for stop in covering):
            return item.open
        return min(item.open, sum(stop.parts[item.key] for stop in covering))

    def collectable(self, item, day):
        return item.open - self.stopped(item, day)

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
