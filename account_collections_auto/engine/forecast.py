"""Cash forecast: in which week what is open comes in, and how sure that is. Pure functions; no Odoo here.

Days are counted from the date of the forecast: day 1 is the first day after it, week 1 is days 1 to 7. Amounts are whole
numbers of the smallest unit of their currency, so that nothing is lost by rounding.

How it goes: open items are cut into pieces, and each piece gets its day once, from the first of these that fits:

1. placed with an agency, or disputed: no date, it waits ("no basis");
2. promised: the promised day, the oldest promise first, up to its amount;
3. an instalment of a payment plan that is to come: its day;
4. all else, and instalments whose day has passed: what the predictor says; past `OLD_DAYS` nothing is said of it. The share
   that customers have not paid so far, however late, stands behind the 13 weeks ("later").

Credits and money on account of a customer take off the customer's pieces in the same company and currency, the oldest first,
before the share that is never paid is split off; what of them is left over stands below "no basis", so that all adds up to what
is open.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import inf, sqrt
from statistics import NormalDist
from typing import NamedTuple, Protocol

WEEKS = 13
# An item that is later than this says nothing of when it is paid.
OLD_DAYS = 180
# So many payments of a customer speak for themselves; with fewer its segment is heard too.
LONG_HISTORY = 10
# A segment with fewer payments is no segment: all customers of the company stand in for it.
SMALL_SEGMENT = 30
# One in ten is earlier than the first, one in ten later than the last.
SHARES = (0.1, 0.5, 0.9)
# So many standard deviations a normal distribution has between its middle and one in ten: 1.28.
DEVIATIONS = NormalDist().inv_cdf(SHARES[2])

DATED = ("due", "overdue", "instalment", "promised")
UNDATED = ("unknown", "old", "disputed", "placed")
LATER, NO_BASIS = WEEKS + 1, 0
# The day of what is not expected within the weeks.
NEVER = 7 * WEEKS + 1
# So late is paid what was given up.
GIVEN_UP = inf
# In the place of a company: all of them.
ALL = 0


class Item(NamedTuple):
    """An open receivable line on the date of the forecast; a credit has an amount below zero."""

    line_id: int
    company_id: int
    currency_id: int
    debtor_id: int | None
    segment: tuple
    late: int  # days past due, below zero before; 0 for credits
    amount: int
    weight: float = 0.0  # the same in company currency
    is_from_bank: bool = False  # booked by a bank, cash or credit card journal: as a debit money that went back


class Unpaid(NamedTuple):
    """So much, in company currency, had not been paid so many days after its due date; what came then is not known.

    `GIVEN_UP` in the place of the days: it is never paid.
    """

    company_id: int
    debtor_id: int
    segment: tuple
    days: float
    amount: float


class Plan(NamedTuple):
    """A payment plan in force: ``parts`` are its instalments, (day, amount), ``line_ids`` what they pay, both in order."""

    line_ids: Sequence[int]
    parts: Sequence[tuple[int, int]]


class Promise(NamedTuple):
    """What is left of a promise that nobody judged yet: so much on that day, for these lines."""

    line_ids: Sequence[int]
    day: int
    amount: int


class Expected(NamedTuple):
    """When an item is paid, as far as one knows; days count from the date of the forecast.

    ``unpaid`` is the share of such items that is never paid. ``usual``: the middle of those that are paid. ``early``, ``late``:
    of all of them, paid or not, one in ten comes earlier, one in ten later; `NEVER` where so few are paid. ``by_week``: the
    share of all of them that has come by the end of each of the 13 weeks.
    """

    early: int
    usual: int
    late: int
    unpaid: float
    by_week: Sequence[float]


class Piece(NamedTuple):
    """A part of an item with its one day; ``days`` is None where there is no basis for one.

    ``credited``: so much of ``amount`` is taken off by credits of the customer.
    """

    item: Item
    kind: str
    days: Expected | None
    amount: int
    credited: int = 0

    @property
    def week(self):
        """1 to 13, `LATER`, or `NO_BASIS`."""
        return week_of(self.days.usual) if self.days else NO_BASIS


class Predictor(Protocol):
    """What a forecast asks: on which day comes the money for an item? A better answer is another class with this method."""

    def expect(self, item: Item, late: int) -> Expected | None:
        """Return when an item is paid that is ``late`` by so many days (below zero: not due yet), None without a basis.

        All days are 1 or more.
        """


# -- delays ------------------------------------------------------------------------------------------------------------


class Delays:
    """How many days after the due date money came, weighted by amount.

    What is still open says that it was not paid up to now: it counts among what could have been paid until as late as it is,
    and not after (the estimator of Kaplan and Meier). What was given up could be paid for ever and was not. What is never paid
    would else make everybody look prompt.

    >>> delays = Delays([(10, 900.0, 1), (30, 100.0, 1)])
    >>> delays.quantile(0.5), delays.quantile(0.95), delays.quantile(0.5, beyond=10), delays.count(beyond=10)
    (10, 30, 30, 1)
    >>> half_of_the_late = Delays([(10, 100.0, 1), (30, 50.0, 1)], [(90, 50.0)])
    >>> half_of_the_late.unpaid(), half_of_the_late.unpaid(beyond=10), half_of_the_late.quantile(0.5, beyond=10)
    (0.25, 0.5, 30)
    >>> half_is_lost = Delays([(10, 100.0, 1)], [(GIVEN_UP, 100.0)])
    >>> half_is_lost.unpaid(), half_is_lost.unpaid(beyond=9), half_is_lost.by_week(beyond=-4)[:3]
    (0.5, 0.5, (0.0, 0.5, 0.5))
    """

    def __init__(self, rows: Iterable[tuple[int, float, int]], unpaid: Iterable[tuple[float, float]] = ()):
        """Take (days, amount, number of payments) rows and (days, amount) of `Unpaid`, each in any order."""
        paid: dict[int, list] = {}
        for days, amount, number in rows:
            found = paid.setdefault(days, [0.0, 0])
            found[0] += amount
            found[1] += number
        waiting = sorted(unpaid)
        self.days = sorted(paid)
        self._numbers = [0, *accumulate(paid[days][1] for days in self.days)]
        at_risk = left = sum(amount for amount, _number in paid.values()) + sum(amount for _days, amount in waiting)
        came, seen = [], 0
        for days in self.days:
            while seen < len(waiting) and waiting[seen][0] < days:
                at_risk -= waiting[seen][1]
                seen += 1
            came.append(left * min(paid[days][0] / at_risk, 1.0) if at_risk > 0 else 0.0)
            at_risk -= paid[days][0]
            left -= came[-1]
        self._amounts = [0.0, *accumulate(came)]
        # Without open items all that is left are binary fractions.
        self._unpaid = max(left, 0.0) if seen < len(waiting) else 0.0

    def count(self, beyond: int | None = None) -> int:
        """Return how many payments came later than ``beyond`` days after the due date; None: all."""
        return self._numbers[-1] - self._numbers[self._start(beyond)]

    def quantile(self, share: float, beyond: int | None = None) -> int:
        """Return the days by which ``share`` of the money had come, of what came later than ``beyond`` days.

        The amount-weighted median is ``quantile(0.5)``. There has to be such a payment.
        """
        start = self._start(beyond)
        before = self._amounts[start]
        wanted = before + share * (self._amounts[-1] - before)
        # A hair less, so that sums of floats do not decide about a day.
        place = bisect_left(self._amounts, wanted * (1 - 1e-9), lo=start + 1)
        return self.days[min(place, len(self.days)) - 1]

    def unpaid(self, beyond: int | None = None) -> float:
        """Return the share that nobody paid so far, of what was not paid within ``beyond`` days after the due date."""
        open_then = self._unpaid + self._amounts[-1] - self._amounts[self._start(beyond)]
        return self._unpaid / open_then if open_then > 0 else 0.0

    def by_week(self, beyond: int) -> tuple[float, ...]:
        """Return the share that had come 7, 14 ... 91 days after ``beyond``, of what was not paid within ``beyond`` days.

        Some of it has to be paid later.
        """
        before = self._amounts[self._start(beyond)]
        open_then = self._unpaid + self._amounts[-1] - before
        if open_then <= 0:
            return (0.0,) * WEEKS
        return tuple(
            (self._amounts[bisect_right(self.days, beyond + 7 * week)] - before) / open_then for week in range(1, WEEKS + 1)
        )

    def _start(self, beyond):
        return 0 if beyond is None else bisect_right(self.days, beyond)


class RobustDelay:
    """The first predictor: the customer pays as late as it used to.

    Of an item that is late by d days only delays longer than d count. The delay is the amount-weighted quantile of those of
    the customer, shrunk towards the same quantile of its segment while the customer has few of them:

        days = w * own + (1 - w) * segment,  w = min(1, n / 10),  n = number of own payments later than d

    rounded to whole days, and the shares that stay unpaid or come by the end of a week likewise. When only one of the two has
    longer delays that one counts alone, when none has there is no basis.
    A segment with fewer than 30 payments is replaced by all customers of the company.

    With the share u that is never paid, one in ten of all is 0.1 / (1 - u) of those that are paid: that quantile is the early
    day, that of 0.9 / (1 - u) the late one. There is no early day where 9 of 10 are never paid, no late one where more than 1
    of 10 is.

    >>> item = Item(1, 1, 1, 7, ("BE", True), 0, 100)
    >>> always_ten = RobustDelay({(1, 7): [(10, 50.0, 12)]}, {(1, 7): ("BE", True)})
    >>> always_ten.expect(item, -5)[:4], always_ten.expect(item, -5).by_week[:3], always_ten.expect(item, 60)
    ((15, 15, 15, 0.0), (0.0, 0.0, 1.0), None)
    """

    def __init__(
        self,
        history: Mapping[tuple[int, int], Sequence[tuple[int, float, int]]],
        segments: Mapping[tuple[int, int], tuple],
        unpaid: Iterable[Unpaid] = (),
    ):
        """Take {(company, debtor): rows of `Delays`}, {(company, debtor): segment} and what was not paid."""
        self._rows = history
        self._unpaid = defaultdict(list)
        unpaid_in_segment, unpaid_in_company = defaultdict(list), defaultdict(list)
        for row in unpaid:
            censored = (row.days, row.amount)
            self._unpaid[row.company_id, row.debtor_id].append(censored)
            unpaid_in_segment[row.company_id, row.segment].append(censored)
            unpaid_in_company[row.company_id].append(censored)
        self._own: dict[tuple, Delays] = {}
        in_segment, in_company = defaultdict(list), defaultdict(list)
        for (company_id, debtor_id), rows in history.items():
            in_segment[company_id, segments[company_id, debtor_id]] += rows
            in_company[company_id] += rows
        self._companies = {key: Delays(rows, unpaid_in_company[key]) for key, rows in in_company.items()}
        segments_found = {key: Delays(rows, unpaid_in_segment[key]) for key, rows in in_segment.items()}
        self._segments = {key: delays for key, delays in segments_found.items() if delays.count() >= SMALL_SEGMENT}
        self._of_segment: dict[tuple, Expected] = {}

    def expect(self, item: Item, late: int) -> Expected | None:
        """Return when an item comes in that is ``late`` by so many days, as `Predictor` says."""
        own = self._own_delays(item)
        others = self._segments.get((item.company_id, item.segment)) or self._companies.get(item.company_id)
        if others and not others.count(late):
            others = None
        number = own.count(late) if own else 0
        if number and (number >= LONG_HISTORY or not others):
            return _mix([(LONG_HISTORY, own)], late)
        if number:
            return _mix([(number, own), (LONG_HISTORY - number, others)], late)
        return self._expect_of_segment(item, late, others) if others else None

    def _own_delays(self, item):
        key = item.company_id, item.debtor_id
        if key not in self._own and key in self._rows:
            self._own[key] = Delays(self._rows[key], self._unpaid.get(key, ()))
        return self._own.get(key)

    def _expect_of_segment(self, item, late, delays):
        """Return when others pay what is ``late`` by so many days; remembered."""
        key = item.company_id, item.segment, late
        if key not in self._of_segment:
            self._of_segment[key] = _mix([(LONG_HISTORY, delays)], late)
        return self._of_segment[key]


def _mix(voices, late):
    """Return what (weight, delays) pairs say of an item that is ``late`` by so many days; the weights add up to 10."""
    unpaid = sum(weight * delays.unpaid(late) for weight, delays in voices) / LONG_HISTORY
    paid = 1 - unpaid

    def day(share):
        mixed = sum(weight * delays.quantile(min(share, 1.0), late) for weight, delays in voices)
        return (2 * mixed + LONG_HISTORY) // (2 * LONG_HISTORY) - late  # half up, in whole numbers

    first, middle, last = SHARES
    return Expected(
        NEVER if unpaid >= last else day(first / paid),
        day(middle),
        NEVER if unpaid > first else day(last / paid),
        unpaid,
        _mix_weeks(voices, late),
    )


def _mix_weeks(voices, late):
    (weight, delays), *others = voices
    shares = delays.by_week(late)
    if not others:
        return shares
    [(other_weight, other_delays)] = others
    pairs = zip(shares, other_delays.by_week(late), strict=True)
    return tuple((weight * share + other_weight * other) / LONG_HISTORY for share, other in pairs)


def find_unpaid(items: Iterable[Item]) -> list[Unpaid]:
    """Return what nobody paid up to now: open ``items``, less what their customers have to their credit.

    A credit that nobody matched yet is money that came, or a debt that is none: it is taken off the debits of its customer in
    the same company and currency. First off money that went back, which is no debt that could be paid late, then off the
    debts, the oldest first. What has no customer says nothing of anybody.

    >>> old, new = Item(1, 1, 1, 7, (), 90, 100, 100.0), Item(2, 1, 1, 7, (), 5, 100, 100.0)
    >>> on_account = Item(3, 1, 1, 7, (), 0, -150, -150.0)
    >>> [(row.days, row.amount) for row in find_unpaid([old, new, on_account])]
    [(5, 50.0)]
    """
    items = list(items)
    credits = _credits_by_customer(items)
    debits = sorted(
        (item for item in items if item.amount > 0), key=lambda item: (not item.is_from_bank, -item.late, item.line_id)
    )
    unpaid = []
    for item in debits:
        taken = min(credits.get(_pool(item), 0), item.amount)
        if taken:
            credits[_pool(item)] -= taken
        if taken < item.amount and item.debtor_id and not item.is_from_bank:
            amount = item.weight * (item.amount - taken) / item.amount
            unpaid.append(Unpaid(item.company_id, item.debtor_id, item.segment, item.late, amount))
    return unpaid


def _credits_by_customer(items):
    """Return {(company, currency, debtor): credit, above zero}."""
    credits: dict[tuple, int] = defaultdict(int)
    for item in items:
        if item.amount < 0:
            credits[_pool(item)] -= item.amount
    return credits


# -- cutting into pieces -----------------------------------------------------------------------------------------------


def week_of(day: int) -> int:
    """Return the week of a day after the date of the forecast, `LATER` past the last one.

    >>> [week_of(day) for day in (1, 7, 8, 91, 92)]
    [1, 1, 2, 13, 14]
    """
    return min((day - 1) // 7 + 1, LATER)


def forecast(
    predictor: Predictor,
    items: Sequence[Item],
    held: Mapping[int, Mapping[str, int | None]],
    plans: Sequence[Plan],
    promises: Sequence[Promise],
) -> list[Piece]:
    """Return the pieces of all ``items``: their amounts less what is credited add up to what is open.

    ``held``: {line: {"placed" or "disputed": how much of it, None for all}}. ``promises``: the oldest first.
    """
    debits = {item.line_id: item for item in items if item.amount > 0}
    waiting = {line_id: _wait(debits[line_id], reasons) for line_id, reasons in held.items() if line_id in debits}
    free = {line_id: debits[line_id].amount - sum(parts.values()) for line_id, parts in waiting.items()}
    agreed = _share_out_plans(plans, debits, free)
    _share_out_promises(promises, debits, free, agreed)
    pieces = []
    for item in debits.values():
        for day, amount, is_promise in agreed.get(item.line_id, ()):
            if day > 0:
                pieces.append(Piece(item, "promised" if is_promise else "instalment", _on_day(day), amount))
            else:
                pieces.append(_predict(item, "instalment", -day, amount, predictor))
        if rest := free.get(item.line_id, item.amount):
            pieces.append(_predict(item, "overdue" if item.late > 0 else "due", item.late, rest, predictor))
        pieces += [Piece(item, kind, None, amount) for kind, amount in waiting.get(item.line_id, {}).items()]
    credited = _take_credits(pieces, [item for item in items if item.amount < 0])
    return [part for piece in credited for part in _split(piece)]


def _on_day(day):
    """Return what is expected where a day is agreed: all of it, on that day."""
    return Expected(day, day, day, 0.0, tuple(float(day <= 7 * week) for week in range(1, WEEKS + 1)))


def _wait(item, reasons):
    """Return {reason: amount} of what has no date, what is placed before what is disputed, never more than the item."""
    parts, rest = {}, item.amount
    for kind in ("placed", "disputed"):
        if kind in reasons:
            wanted = reasons[kind]
            part = rest if wanted is None else min(max(wanted, 0), rest)
            rest -= part
            if part:
                parts[kind] = part
    return parts


def _predict(item, kind, late, amount, predictor):
    """Return the piece of an amount without an agreed day."""
    if late > OLD_DAYS:
        return Piece(item, "old", None, amount)
    days = predictor.expect(item, late)
    return Piece(item, kind if days else "unknown", days, amount)


def _split(piece):
    """Return the parts of a piece: what is paid on the usual day, and what as a rule is not paid within the weeks.

    Both keep their share of the credits, so that of what is left to pay the same share is paid.

    >>> half = Expected(14, 14, NEVER, 0.5, (0.5,) * 13)
    >>> thousand = Piece(Item(1, 1, 1, 7, (), 0, 1000), "due", half, 1000, credited=500)
    >>> [(part.week, part.amount, part.credited) for part in _split(thousand)]
    [(2, 500, 250), (14, 500, 250)]
    """
    if not piece.days or not piece.days.unpaid:
        return [piece]
    amount = round(piece.amount * piece.days.unpaid)
    credited = amount - round((piece.amount - piece.credited) * piece.days.unpaid)
    paid = piece._replace(amount=piece.amount - amount, credited=piece.credited - credited)
    unpaid = piece._replace(amount=amount, credited=credited, days=piece.days._replace(usual=NEVER))
    return [part for part in (paid, unpaid) if part.amount]


def _share_out_plans(plans, debits, free):
    """Return {line: [[day, amount, False]]} of what the instalments pay, and take it off ``free``.

    Money pays the oldest instalment first: what is open is the last ones of them.
    """
    agreed: dict[int, list] = defaultdict(list)
    for plan in plans:
        debts = {line_id: free.get(line_id, debits[line_id].amount) for line_id in plan.line_ids if line_id in debits}
        paid = max(sum(amount for _day, amount in plan.parts) - sum(debts.values()), 0)
        parts = _drop_first(plan.parts, paid)
        for line_id, debt in debts.items():
            for part in parts:
                share = min(part[1], debt)
                if share > 0:
                    agreed[line_id].append([part[0], share, False])
                    part[1] -= share
                    debt -= share
            free[line_id] = debt
    return agreed


def _drop_first(parts, amount):
    """Return [[day, rest]] of ``parts`` without the first ``amount`` of them.

    >>> _drop_first([(5, 100), (35, 100), (65, 100)], 150)
    [[5, 0], [35, 50], [65, 100]]
    """
    rests = []
    for day, part in parts:
        dropped = min(part, amount)
        amount -= dropped
        rests.append([day, part - dropped])
    return rests


def _share_out_promises(promises, debits, free, agreed):
    """Give what is promised the promised day: of an item in instalments the first ones, then what is left of it."""
    for promise in promises:
        rest, day = promise.amount, max(promise.day, 1)
        lines = {line_id for line_id in promise.line_ids if line_id in debits}
        for line_id in sorted(lines, key=lambda line_id: (-debits[line_id].late, line_id)):
            changed = []
            for part in agreed.get(line_id, ()):
                share = 0 if part[2] else min(part[1], max(rest, 0))
                rest -= share
                changed += [[day, share, True]] if share else []
                changed += [[part[0], part[1] - share, part[2]]] if part[1] > share else []
            share = min(free.get(line_id, debits[line_id].amount), max(rest, 0))
            rest -= share
            free[line_id] = free.get(line_id, debits[line_id].amount) - share
            agreed[line_id] = changed + ([[day, share, True]] if share else [])
            if rest <= 0:
                break


def _take_credits(pieces, credits):
    """Take the credits off the pieces of their customer, the oldest item first, what waits without a date last."""
    pools = _credits_by_customer(credits)
    if not pools:
        return pieces
    concerned = [number for number, piece in enumerate(pieces) if _pool(piece.item) in pools]
    concerned.sort(key=lambda number: (pieces[number].kind in UNDATED, -pieces[number].item.late, number))
    for number in concerned:
        piece = pieces[number]
        taken = min(pools[_pool(piece.item)], piece.amount)
        pools[_pool(piece.item)] -= taken
        pieces[number] = piece._replace(credited=taken)
    left_over = []
    for credit in credits:
        rest = min(pools[_pool(credit)], -credit.amount)
        pools[_pool(credit)] -= rest
        if rest:
            left_over.append(Piece(credit, "credit", None, 0, rest))
    return pieces + left_over


def _pool(item):
    return item.company_id, item.currency_id, item.debtor_id


# -- figures -----------------------------------------------------------------------------------------------------------


class Coming:
    """What comes in from one customer in one company and currency by the end of each week: its mean, and how sure it is.

    Of an item over a, of which the share F has come by the end of a week as a rule, a * F is expected then, with a standard
    deviation of a * sqrt(F * (1 - F)). A customer pays all that is due in one run, or nothing: its items depend fully on each
    other, so their standard deviations add up. That is the most they can come to.
    """

    def __init__(self):
        self.amount = 0
        self.means = [0.0] * WEEKS
        self.deviations = [0.0] * WEEKS

    def add(self, amount: int, by_week: Sequence[float]):
        """Count an amount."""
        self.amount += amount
        for week, share in enumerate(by_week):
            self.means[week] += amount * share
            if 0.0 < share < 1.0:
                self.deviations[week] += amount * sqrt(share * (1.0 - share))


class Table:
    """The figures of one company and currency, in the smallest unit.

    ``cells``: {row: {kind: amount}} with the rows `NO_BASIS`, 1 to 13 and `LATER`; "credit" is below zero. Each item stands in
    the week of its usual day.

    ``low``, ``expected`` and ``high``: what has come by the end of each week, of all that has a date; in one of ten cases less
    than low, in five less than expected, in nine less than high (P10, P50, P90). That is a sum over many customers, so it is
    taken to be normal, and customers to be independent of each other:

        expected = sum of the means m,  low, high = expected -+ 1.28 * sqrt(sum of s * s),  m and s of each customer: `Coming`

    None is below zero or above all that could come, and what has come by a week has come by the next one, too.
    """

    def __init__(self):
        self.cells = {row: dict.fromkeys((*DATED, *UNDATED, "credit"), 0) for row in range(LATER + 1)}
        self._amount = 0
        self._means = [0.0] * WEEKS
        self._variances = [0.0] * WEEKS

    def add(self, piece: Piece):
        """Count a piece in its cell."""
        row = self.cells[piece.week]
        if piece.kind != "credit":
            row[piece.kind] += piece.amount
        row["credit"] -= piece.credited

    def add_customer(self, coming: Coming):
        """Count what comes in from a customer."""
        self._amount += coming.amount
        for week, (mean, deviation) in enumerate(zip(coming.means, coming.deviations, strict=True)):
            self._means[week] += mean
            self._variances[week] += deviation * deviation

    def total(self, row: int | None = None) -> int:
        """Return the sum of a row, of all rows without one: what is open less all credits."""
        rows = self.cells.values() if row is None else [self.cells[row]]
        return sum(sum(cells.values()) for cells in rows)

    @property
    def weeks(self) -> list[int]:
        """What comes in each week."""
        return [self.total(week) for week in range(1, WEEKS + 1)]

    @property
    def low(self) -> list[int]:
        """By the end of each week, in nine of ten cases more."""
        return self._cumulated(-DEVIATIONS)

    @property
    def expected(self) -> list[int]:
        """By the end of each week, in half of the cases more."""
        return self._cumulated(0.0)

    @property
    def high(self) -> list[int]:
        """By the end of each week, in one of ten cases more."""
        return self._cumulated(DEVIATIONS)

    def _cumulated(self, deviations):
        ends = (mean + deviations * sqrt(variance) for mean, variance in zip(self._means, self._variances, strict=True))
        return list(accumulate((round(min(max(end, 0.0), self._amount)) for end in ends), max))


def tables(pieces: Iterable[Piece]) -> dict[tuple[int, int], Table]:
    """Return {(company, currency): Table}; company `ALL` is the sum of all companies in that currency."""
    found: dict[tuple[int, int], Table] = defaultdict(Table)
    customers: dict[tuple, Coming] = defaultdict(Coming)
    for piece in pieces:
        for company_id in (piece.item.company_id, ALL):
            found[company_id, piece.item.currency_id].add(piece)
        if piece.days and piece.amount > piece.credited:
            customers[_pool(piece.item)].add(piece.amount - piece.credited, piece.days.by_week)
    for (customer_company_id, currency_id, _debtor_id), coming in customers.items():
        for company_id in (customer_company_id, ALL):
            found[company_id, currency_id].add_customer(coming)
    return dict(found)


# -- looking back ------------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """A forecast of a past date and what came then, by week; ``low``, ``expected`` and ``high`` by the end of each week."""

    forecast: Sequence[float]
    low: Sequence[float]
    expected: Sequence[float]
    high: Sequence[float]
    actual: Sequence[float]


class WeekError(NamedTuple):
    """How far forecasts were off in one week; shares of the money that came, None where none came."""

    error: float | None  # of the week: sum of the differences without their sign / money that came
    bias: float | None  # of the week: above zero, the forecast was too high
    error_until: float | None  # of what was expected by the end of the week: the same for all money up to then
    inside: float | None  # of the dates with any money up to then: the share on which it lay between low and high


def look_back(outcomes: Sequence[Outcome]) -> list[WeekError]:
    """Return the error of each week over all ``outcomes``.

    >>> too_high = Outcome([100] * 13, low=[100] * 13, expected=[100] * 13, high=[100] * 13, actual=[80] * 13)
    >>> too_low = Outcome([60] * 13, low=[0] * 13, expected=[60] * 13, high=[5000] * 13, actual=[80] * 13)
    >>> look_back([too_high, too_low])[0]
    WeekError(error=0.25, bias=0.0, error_until=0.25, inside=0.5)
    >>> look_back([])[0]
    WeekError(error=None, bias=None, error_until=None, inside=None)
    """
    return [_week_error(outcomes, week) for week in range(WEEKS)]


def _week_error(outcomes, week):
    came = sum(outcome.actual[week] for outcome in outcomes)
    off = [outcome.forecast[week] - outcome.actual[week] for outcome in outcomes]
    until = [(outcome.expected[week], sum(outcome.actual[: week + 1])) for outcome in outcomes]
    came_until = sum(actual for _expected, actual in until)
    inside = [
        outcome.low[week] <= actual <= outcome.high[week]
        for outcome, (_expected, actual) in zip(outcomes, until, strict=True)
        if actual or outcome.high[week]
    ]
    return WeekError(
        sum(map(abs, off)) / came if came else None,
        sum(off) / came if came else None,
        sum(abs(expected - actual) for expected, actual in until) / came_until if came_until else None,
        sum(inside) / len(inside) if inside else None,
    )
