"""What a customer owes and what of it may be demanded on a day, from the written rules over plain lists. Nothing shared.

Credits are negative items. A stop covers items from its first to its last day, wholly or with a part of their amount.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import takewhile

TOLERANCE = Decimal(1)  # of an item, and of a currency, in company money: less is not asked for
ANSWERS = ("dispute", "credit_note", "let_go", "notice", "hold")  # an instalment is not missed for what they cover


@dataclass
class Item:
    key: str
    currency: str
    due: date
    open: Decimal
    number: int = 0  # in which order they came
    is_money: bool = False


@dataclass(eq=False)
class Stop:
    kind: str
    keys: frozenset[str] | None  # None: whatever the customer owes, later invoices included
    first: date
    last: date | None = None  # None: until somebody ends it
    parts: dict[str, Decimal] = field(default_factory=dict)  # of these items so much, of the others all
    counts: bool = True  # not while somebody has to approve it
    by_person: bool = True  # covering a whole invoice it sets Odoo's own "no follow-up"
    amount: Decimal = Decimal(0)  # said to be paid, credited or given up
    moment: int = 0  # of recording it
    paid_before: dict[str, Decimal] | None = None  # later money pays the disputed part first; None: the rest
    taken_off_before: Decimal | None = None  # what is taken off since without money is not covered any more; None: it is

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


@dataclass(eq=False)
class NoFollowUp(Stop):
    """Odoo's own flag on a journal entry: not said of an item of which no more than the tolerance is left."""

    def part(self, item):
        return item.open if item.open > TOLERANCE else Decimal(0)


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


@dataclass(eq=False)
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
            answers = [book.part(stop, debt, day) for stop in book.stops if stop.kind in ANSWERS and stop.covers(debt, day)]
            excused += min(share, sum(answers))
            due -= share
        return excused

    def due(self, day):
        return sum(instalment.rest for instalment in self.instalments if instalment.day < day)


@dataclass(eq=False)
class Offer(Stop):
    """Less is taken for an item that is paid by a day; until then, and while money on account would do, it rests."""

    pay_by: date = date.max
    to_pay: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    received: Decimal = Decimal(0)
    is_over_entry: bool = False  # which has no credit note: what is let go of rests until an accountant takes it off
    before: tuple = (Decimal(0), Decimal(0))  # received and credited when it was made
    state: str = "offered"
    draft: Stop | None = None  # the draft credit note over the rest, not claimed either
    is_let_go: bool = False
    notes: set[str] = field(default_factory=set)  # that credit note, once it is posted

    def is_in_time(self, credit):
        return credit.is_money and self.first <= credit.due <= self.pay_by

    def got(self, book):
        """Money that is dated in time, and what credit notes of others took off."""
        money = (
            pair.amount
            for pair in book.matched
            if pair.debt in self.keys and pair.is_money and self.is_in_time(book.items[pair.credit])
        )
        return sum(money, Decimal(0)), book.credited(self.keys, self.notes)

    def since(self, book):
        """As `got`, since it was made."""
        return tuple(max(now - before, Decimal(0)) for now, before in zip(self.got(book), self.before, strict=True))

    def judge(self, book, day, rates):
        """Paid, run out, or open; what is paid may be returned, and what ran out may turn out to be paid."""
        if self.state == "cancelled":
            return
        self.received, credited = self.since(book)
        [debt] = (book.items[key] for key in self.keys)
        own = (item for item in book.items.values() if item.open < 0 and item.currency == debt.currency)
        account = -sum(item.open for item in own if self.is_in_time(item))
        enough = self.to_pay - credited - TOLERANCE * rates[debt.currency]
        if self.to_pay <= credited or (self.received > 0 and self.received >= enough):
            self.state = "met"
        elif account > 0 and self.received + account >= enough:
            self.state, self.last = "offered", max(self.last, day)
        else:
            self.state = "expired" if self.last < day else "offered"
        self.counts = self.state == "offered"


@dataclass(eq=False)
class WriteOff(Stop):
    """Debts that are proposed to be given up, wholly or in part, rest until a second person decides."""

    given_up: dict[str, Decimal] = field(default_factory=dict)


@dataclass(eq=False)
class Placement(Stop):
    """What an agency has of a customer. All else that the customer owes rests as well, but for what is ``ours`` again."""

    state: str = "proposed"
    ours: dict[str, date] = field(default_factory=dict)  # recalled, or reminded all the same: since when
    seen: list = field(default_factory=list)  # what was matched with its items

    def covers(self, item, day):
        in_time = self.first <= day and (self.last is None or day <= self.last)
        return self.counts and in_time and item.key not in self.ours

    def live(self):
        """What the agency has, or is proposed to get."""
        return self.keys - self.ours.keys()

    def follow(self, book):
        """What is matched while the agency has an item concerns it; money of that time also when it is matched later."""
        for pair in book.matched:
            if pair.debt in self.keys and pair.moment > self.moment and pair not in self.seen:
                since = self.ours.get(pair.debt)
                if since is None or (pair.is_money and self.first <= book.items[pair.credit].due < since):
                    self.seen.append(pair)
        self.seen = [pair for pair in self.seen if pair in book.matched]

    def recovered(self):
        return sum((pair.amount for pair in self.seen if pair.is_money), Decimal(0))


@dataclass(eq=False)
class Matched:
    """Money, a credit note or a write-off that was matched with a debt."""

    credit: str
    debt: str
    amount: Decimal
    is_money: bool
    moment: int
    is_credit_note: bool = False


@dataclass
class Customer:
    items: dict[str, Item] = field(default_factory=dict)
    stops: list[Stop] = field(default_factory=list)
    matched: list[Matched] = field(default_factory=list)

    def match(self, credit, debt, is_money, moment, is_credit_note):
        amount = min(-self.items[credit].open, self.items[debt].open)
        self.items[credit].open += amount
        self.items[debt].open -= amount
        self.matched.append(Matched(credit, debt, amount, is_money, moment, is_credit_note))

    def give_up(self, entry, debt, amount, moment):
        """A write-off takes ``amount`` off a debt; nothing of its ``entry`` stays open."""
        self.items[debt].open -= amount
        self.matched.append(Matched(entry, debt, amount, False, moment))

    def unmatch(self, credit):
        for pair in [pair for pair in self.matched if pair.credit == credit]:
            if pair.credit in self.items:
                self.items[pair.credit].open -= pair.amount
            self.items[pair.debt].open += pair.amount
            self.matched.remove(pair)

    def credited(self, keys, without=()):
        """What credit notes took off these debts."""
        notes = (pair for pair in self.matched if pair.is_credit_note and pair.debt in keys and pair.credit not in without)
        return sum((pair.amount for pair in notes), Decimal(0))

    def drafted(self, keys):
        """What draft credit notes will take off these debts."""
        drafts = (stop for stop in self.stops if stop.kind in ("credit_note", "offer_note") and stop.keys <= set(keys))
        return sum((stop.amount for stop in drafts), Decimal(0))

    def may_be_placed(self, item, day, least):
        """Overdue, not small, and nothing but another placement of the customer stops any of it."""
        others = (stop for stop in self.stops if not isinstance(stop, Placement))
        return item.open > least and item.due < day and not any(
            stop.covers(item, day) and self.part(stop, item, day) for stop in others
        )

    def paid(self, key):
        """What money took off this debt."""
        return sum((pair.amount for pair in self.matched if pair.debt == key and pair.is_money), Decimal(0))

    def taken_off(self, key):
        """What was taken off this debt without money: credit notes, entries, write-offs."""
        return sum((pair.amount for pair in self.matched if pair.debt == key and not pair.is_money), Decimal(0))

    def part(self, stop, item, day):
        """How much of ``item`` a stop covers on a day; what money has paid of a disputed part is not disputed any more."""
        if stop.taken_off_before is not None:
            since = max(self.taken_off(item.key) - stop.taken_off_before, Decimal(0))
            return min(max(stop.parts[item.key] - since, Decimal(0)), item.open)
        if stop.paid_before is None:
            return stop.part(item)
        older = takewhile(lambda other: other is not stop, self.stops)
        taken = sum(other.parts[item.key] for other in older if other.paid_before is not None and other.covers(item, day))
        money = max(self.paid(item.key) - stop.paid_before[item.key] - taken, Decimal(0))
        return min(max(stop.parts[item.key] - money, Decimal(0)), item.open)

    def stopped(self, item, day):
        return min(item.open, sum(self.part(stop, item, day) for stop in self.stops if stop.covers(item, day)))

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
                others = sum(self.part(stop, item, day) for stop in covering if stop is not plan)
                return max(share - others, Decimal(0))
            due -= share

    def is_held_by_a_person(self, item, day):
        covering = [stop for stop in self.stops if stop.by_person and stop.covers(item, day)]
        return any(self.part(stop, item, day) >= item.open for stop in covering)

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
