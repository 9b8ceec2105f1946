"""Cash forecast: in which week what is open comes in, and how sure that is. Pure functions; no Odoo here.

Days are counted from the date of the forecast: day 1 is the first day after it, week 1 is days 1 to 7. Amounts are whole
numbers of the smallest unit of their currency, so that nothing is lost by rounding.

How it goes: open items are cut into pieces, and each piece gets its day once, from the first of these that fits:

1. placed with an agency, or disputed: no date, it waits ("no basis");
2. promised: the promised day, the oldest promise first, up to its amount;
3. an instalment of a payment plan that is to come: its day;
4. all else, and instalments whose day has passed: what the predictor says; past `OLD_DAYS` nothing is said of it. The share
   that customers have not paid so far, however late, stands behind the 13 weeks ("later").

Credits and money on account of a customer then take off the customer's pieces in the same company and currency, the oldest
first; what of them is left over stands below "no basis", so that all adds up to what is open.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

WEEKS = 13
# An item that is later than this says nothing of when it is paid.
OLD_DAYS = 180
# So many payments of a customer speak for themselves; with fewer its segment is heard too.
LONG_HISTORY = 10
# A segment with fewer payments is no segment: all customers of the company stand in for it.
SMALL_SEGMENT = 30
# One payment in ten is earlier than the first, one in ten later than the last.
SHARES = (0.1, 0.5, 0.9)

DATED = ("due", "overdue", "instalment", "promised")
UNDATED = ("unknown", "old", "disputed", "placed")
LATER, NO_BASIS = WEEKS + 1, 0
# The day of what is not expected within the weeks.
NEVER = 7 * WEEKS + 1
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
    """The day on which an item is paid: one in ten comes earlier than ``early``, one in ten later than ``late``.

    ``unpaid``: the share of such items that nobody has paid so far, however late; the days are those of the others.
    """

    early: int
    usual: int
    late: int
    unpaid: float = 0.0


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
        """Return the days for an item that is ``late`` by so many days (below zero: not due yet), None without a basis.

        All three days are 1 or more, in order.
        """


# -- delays ------------------------------------------------------------------------------------------------------------


class Delays:
    """How many days after the due date money came, weighted by amount.

    What is still open says that it was not paid up to now: it counts among what could have been paid until as late as it is,
    and not after (the estimator of Kaplan and Meier). What is never paid would else make everybody look prompt.

    >>> delays = Delays([(10, 900.0, 1), (30, 100.0, 1)])
    >>> delays.quantile(0.5), delays.quantile(0.95), delays.quantile(0.5, beyond=10), delays.count(beyond=10)
    (10, 30, 30, 1)
    >>> half_of_the_late = Delays([(10, 100.0, 1), (30, 50.0, 1)], [(90, 50.0)])
    >>> half_of_the_late.unpaid(), half_of_the_late.unpaid(beyond=10), half_of_the_late.quantile(0.5, beyond=10)
    (0.25, 0.5, 30)
    """

    def __init__(self, rows: Iterable[tuple[int, float, int]], still_open: Iterable[tuple[int, float]] = ()):
        """Take (days, amount, number of payments) rows and (days late, amount) of what is open, each in any order."""
        paid: dict[int, list] = {}
        for days, amount, number in rows:
            found = paid.setdefault(days, [0.0, 0])
            found[0] += amount
            found[1] += number
        waiting = sorted(still_open)
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

    def _start(self, beyond):
        return 0 if beyond is None else bisect_right(self.days, beyond)


class RobustDelay:
    """The first predictor: the customer pays as late as it used to.

    Of an item that is late by d days only delays longer than d count. The delay is the amount-weighted quantile of those of
    the customer, shrunk towards the same quantile of its segment while the customer has few of them:

        days = w * own + (1 - w) * segment,  w = min(1, n / 10),  n = number of own payments later than d

    rounded to whole days, and the share that stays unpaid likewise. When only one of the two has longer delays that one counts
    alone, when none has there is no basis.
    A segment with fewer than 30 payments is replaced by all customers of the company.

    >>> item = Item(1, 1, 1, 7, ("BE", True), 0, 100)
    >>> always_ten = RobustDelay({(1, 7): [(10, 50.0, 12)]}, {(1, 7): ("BE", True)})
    >>> always_ten.expect(item, -5), always_ten.expect(item, 60)
    (Expected(early=15, usual=15, late=15, unpaid=0.0), None)
    """

    def __init__(
        self,
        history: Mapping[tuple[int, int], Sequence[tuple[int, float, int]]],
        segments: Mapping[tuple[int, int], tuple],
        still_open: Iterable[Item] = (),
    ):
        """Take {(company, debtor): rows of `Delays`}, {(company, debtor): segment} and what is open."""
        self._rows = history
        self._still_open = defaultdict(list)
        open_in_segment, open_in_company = defaultdict(list), defaultdict(list)
        for item in still_open:
            if item.amount > 0:
                row = (item.late, item.weight)
                self._still_open[item.company_id, item.debtor_id].append(row)
                open_in_segment[item.company_id, item.segment].append(row)
                open_in_company[item.company_id].append(row)
        self._own: dict[tuple, Delays] = {}
        in_segment, in_company = defaultdict(list), defaultdict(list)
        for (company_id, debtor_id), rows in history.items():
            in_segment[company_id, segments[company_id, debtor_id]] += rows
            in_company[company_id] += rows
        self._companies = {key: Delays(rows, open_in_company[key]) for key, rows in in_company.items()}
        segments_found = {key: Delays(rows, open_in_segment[key]) for key, rows in in_segment.items()}
        self._segments = {key: delays for key, delays in segments_found.items() if delays.count() >= SMALL_SEGMENT}
        self._of_segment: dict[tuple, Expected | None] = {}

    def expect(self, item: Item, late: int) -> Expected | None:
        """Return when an item comes in that is ``late`` by so many days, as `Predictor` says."""
        others = self._expect_of_segment(item, late)
        own = self._own_delays(item)
        number = own.count(late) if own else 0
        if not number:
            return others
        mine = _expected(own, late)
        weight = min(number, LONG_HISTORY) if others else LONG_HISTORY
        if weight == LONG_HISTORY:
            return mine
        rest = LONG_HISTORY - weight
        mixed = (
            # half up, in whole numbers
            (2 * (weight * (days + late) + rest * (other + late)) + LONG_HISTORY) // (2 * LONG_HISTORY) - late
            for days, other in zip(mine[:-1], others[:-1], strict=True)
        )
        return Expected(*mixed, (weight * mine.unpaid + rest * others.unpaid) / LONG_HISTORY)

    def _own_delays(self, item):
        key = item.company_id, item.debtor_id
        if key not in self._own and key in self._rows:
            self._own[key] = Delays(self._rows[key], self._still_open.get(key, ()))
        return self._own.get(key)

    def _expect_of_segment(self, item, late):
        """Return the days of the segment for an item that is ``late`` by so many days, None without a basis; remembered."""
        key = item.company_id, item.segment, late
        if key not in self._of_segment:
            delays = self._segments.get(key[:2]) or self._companies.get(item.company_id)
            self._of_segment[key] = _expected(delays, late) if delays and delays.count(late) else None
        return self._of_segment[key]


def _expected(delays, late):
    return Expected(*(delays.quantile(share, late) - late for share in SHARES), delays.unpaid(late))


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
                pieces.append(Piece(item, "promised" if is_promise else "instalment", Expected(day, day, day), amount))
            else:
                pieces += _predict(item, "instalment", -day, amount, predictor)
        if rest := free.get(item.line_id, item.amount):
            pieces += _predict(item, "overdue" if item.late > 0 else "due", item.late, rest, predictor)
        pieces += [Piece(item, kind, None, amount) for kind, amount in waiting.get(item.line_id, {}).items()]
    return _take_credits(pieces, [item for item in items if item.amount < 0])


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
    """Return the pieces of an amount without an agreed day: what is paid, and what as a rule is not paid within the weeks."""
    if late > OLD_DAYS:
        return [Piece(item, "old", None, amount)]
    days = predictor.expect(item, late)
    if not days:
        return [Piece(item, "unknown", None, amount)]
    unpaid = round(amount * days.unpaid)
    pieces = [Piece(item, kind, days, amount - unpaid), Piece(item, kind, Expected(days.early, NEVER, NEVER), unpaid)]
    return [piece for piece in pieces if piece.amount]


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
    pools: dict[tuple, int] = defaultdict(int)
    for credit in credits:
        pools[_pool(credit)] -= credit.amount
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


class Table:
    """The figures of one company and currency, in the smallest unit.

    ``cells``: {row: {kind: amount}} with the rows `NO_BASIS`, 1 to 13 and `LATER`; "credit" is below zero. ``low``,
    ``expected`` and ``high``: what has come by the end of each week, if all customers are as late as they are once in ten
    times, as usual, and as early as once in ten times.
    """

    def __init__(self):
        self.cells = {row: dict.fromkeys((*DATED, *UNDATED, "credit"), 0) for row in range(LATER + 1)}
        self._ends = [[0] * (LATER + 1) for _share in SHARES]

    def add(self, piece: Piece):
        """Count a piece."""
        row = self.cells[piece.week]
        if piece.kind != "credit":
            row[piece.kind] += piece.amount
        row["credit"] -= piece.credited
        if piece.days:
            for ends, day in zip(self._ends, piece.days[: len(SHARES)], strict=True):
                ends[week_of(day)] += piece.amount - piece.credited

    def total(self, row: int | None = None) -> int:
        """Return the sum of a row, of all rows without one: what is open less all credits."""
        rows = self.cells.values() if row is None else [self.cells[row]]
        return sum(sum(cells.values()) for cells in rows)

    @property
    def weeks(self) -> list[int]:
        """What comes in each week."""
        return [self.total(week) for week in range(1, WEEKS + 1)]

    @property
    def high(self) -> list[int]:
        """By the end of each week, if all pay early."""
        return self._cumulated(0)

    @property
    def expected(self) -> list[int]:
        """By the end of each week, if all pay as usual."""
        return self._cumulated(1)

    @property
    def low(self) -> list[int]:
        """By the end of each week, if all pay late."""
        return self._cumulated(2)

    def _cumulated(self, number):
        return list(accumulate(self._ends[number][1:LATER]))


def tables(pieces: Iterable[Piece]) -> dict[tuple[int, int], Table]:
    """Return {(company, currency): Table}; company `ALL` is the sum of all companies in that currency."""
    found: dict[tuple[int, int], Table] = defaultdict(Table)
    for piece in pieces:
        for company_id in (piece.item.company_id, ALL):
            found[company_id, piece.item.currency_id].add(piece)
    return dict(found)


# -- looking back ------------------------------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """A forecast of a past date and what came then, by week; ``low`` and ``high`` are by the end of each week."""

    forecast: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    actual: Sequence[float]


class WeekError(NamedTuple):
    """How far forecasts were off in one week; shares of the money that came, None where none came."""

    error: float | None  # of the week: sum of the differences without their sign / money that came
    bias: float | None  # of the week: above zero, the forecast was too high
    error_until: float | None  # the same for all money up to the end of the week
    inside: float | None  # of the dates with any money up to then: the share on which it lay between low and high


def look_back(outcomes: Sequence[Outcome]) -> list[WeekError]:
    """Return the error of each week over all ``outcomes``.

    >>> too_high = Outcome(forecast=[100] * 13, low=[100] * 13, high=[100] * 13, actual=[80] * 13)
    >>> too_low = Outcome(forecast=[60] * 13, low=[0] * 13, high=[5000] * 13, actual=[80] * 13)
    >>> look_back([too_high, too_low])[0]
    WeekError(error=0.25, bias=0.0, error_until=0.25, inside=0.5)
    >>> look_back([])[0]
    WeekError(error=None, bias=None, error_until=None, inside=None)
    """
    return [_week_error(outcomes, week) for week in range(WEEKS)]


def _week_error(outcomes, week):
    came = sum(outcome.actual[week] for outcome in outcomes)
    off = [outcome.forecast[week] - outcome.actual[week] for outcome in outcomes]
    until = [(sum(outcome.forecast[: week + 1]), sum(outcome.actual[: week + 1])) for outcome in outcomes]
    came_until = sum(actual for _forecast, actual in until)
    inside = [
        outcome.low[week] <= actual <= outcome.high[week]
        for outcome, (_forecast, actual) in zip(outcomes, until, strict=True)
        if actual or outcome.high[week]
    ]
    return WeekError(
        sum(map(abs, off)) / came if came else None,
        sum(off) / came if came else None,
        sum(abs(forecast - actual) for forecast, actual in until) / came_until if came_until else None,
        sum(inside) / len(inside) if inside else None,
    )
