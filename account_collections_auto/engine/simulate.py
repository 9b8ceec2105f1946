"""Simulate: what a plan would have sent for a ledger of the past, day by day. Pure functions; nothing is read or written.

The rules are those of `select` and `withhold`, over named tuples. A test runs both on the same ledgers, day by day.
What only the present knows (a wrong address, money in the bank that is not matched) is left out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from . import dates

NEVER = -100000


class Level(NamedTuple):
    """A level of a plan. ``by_hand``: the daily cycle never sends it."""

    key: int
    days: int
    response_days: int = 7
    wait_days: int = 7
    is_final: bool = False
    by_hand: bool = False


class Plan(NamedTuple):
    """A dunning plan; ``levels`` in any order, amounts in company currency with ``digits`` decimals."""

    levels: tuple[Level, ...]
    gap_days: int = 7
    grace_days: int = 0
    resume_days: int = 0
    minimum: Decimal = Decimal(0)
    tolerance: Decimal = Decimal(1)
    catch_up: bool = False
    repeat_days: int = 0
    repeat_times: int = 0
    weekdays: frozenset[int] = dates.EVERY_DAY
    holidays: frozenset[date] = frozenset()
    digits: int = 2


class Got(NamedTuple):
    """What an item got before the first day: its level, when, until when to answer, how often that was repeated."""

    level: Level
    day: date
    deadline: date
    repeats: int = 0


class Item(NamedTuple):
    """One receivable line: what was open of it from which day on (credits are negative), and when it was stopped.

    ``opened``: (day, open amount from that day on), in order. ``stops``: (first day, last day or None).
    """

    key: int
    currency: int
    due: date
    opened: tuple[tuple[date, Decimal], ...]
    stops: tuple[tuple[date, date | None], ...] = ()
    got: Got | None = None


class Sent(NamedTuple):
    """One message: its tone is the highest level that advances; ``listed`` are the other claimed items and the credits."""

    day: date
    level: Level
    advancing: dict[int, Level]
    listed: tuple[int, ...]
    total: Decimal
    deadline: date


class ByHand(NamedTuple):
    """Items that reached a level which a person sends, on the first day they did."""

    day: date
    level: Level
    items: tuple[int, ...]


class _Open(NamedTuple):
    """An item on one day, with the level that comes next for it and whether that is reached."""

    item: Item
    amount: Decimal
    is_overdue: bool
    is_small: bool
    is_stopped: bool
    is_resuming: bool
    next_level: Level | None
    is_reached: bool

    @property
    def is_collectable(self):
        return self.amount > 0 and not self.is_small and not self.is_stopped


class _Progress:
    """What an item got so far: its highest level, when, until when to answer, how often the last level was repeated."""

    def __init__(self, got=None):
        self.level, self.day, self.deadline, self.repeats = got or (None, None, None, 0)

    @property
    def days(self):
        return self.level.days if self.level else None

    def advance(self, level, day, deadline):
        self.repeats = self.repeats + 1 if level == self.level else 0
        self.level, self.day, self.deadline = level, day, deadline


def simulate(
    plan: Plan, items: Iterable[Item], rates: Sequence[tuple[date, Mapping[int, Decimal]]], first: date, last: date
) -> list[Sent | ByHand]:
    """Return what ``plan`` would have done from ``first`` to ``last``, one daily cycle after the other.

    ``rates``: (day, how much of each currency one unit of company currency buys from that day on), in order.

    >>> reminder = Level(1, days=7)
    >>> plan = Plan((reminder, Level(2, days=21, by_hand=True)))
    >>> paid = Item(1, 1, date(2026, 6, 1), ((date(2026, 5, 1), Decimal(100)), (date(2026, 6, 20), Decimal(0))))
    >>> rates = [(date(2026, 1, 1), {1: Decimal(1)})]
    >>> [(event.day, event.total) for event in simulate(plan, [paid], rates, date(2026, 5, 1), date(2026, 12, 31))]
    [(datetime.date(2026, 6, 8), Decimal('100.00'))]
    >>> unpaid = Item(2, 1, date(2026, 6, 1), ((date(2026, 5, 1), Decimal(100)),))
    >>> [type(event).__name__ for event in simulate(plan, [unpaid], rates, date(2026, 5, 1), date(2026, 12, 31))]
    ['Sent', 'ByHand']
    """
    return list(happen(plan, items, rates, first, last))


def happen(
    plan: Plan,
    items: Iterable[Item],
    rates: Sequence[tuple[date, Mapping[int, Decimal]]],
    first: date,
    last: date,
    contacted: date = date.min,
) -> Iterator[Sent | ByHand]:
    """Yield one event of `simulate` after the other, for who needs the next ones only.

    ``contacted``: the day of the last message before ``first``.
    """
    items = list(items)
    progress = {item.key: _Progress(item.got) for item in items if item.got}
    handed_over: set[tuple[int, int]] = set()
    for day, open_items in _days(items, first, last):
        per_unit = _rates_on(rates, day)
        found = [_look(plan, item, amount, progress.get(item.key), per_unit, day) for item, amount in open_items]
        advancing, claims = _select(plan, found, per_unit)
        yield from _leave_to_people(day, advancing, handed_over)
        advancing = [open_item for open_item in advancing if not open_item.next_level.by_hand]
        total = _total(claims, per_unit, plan.digits)
        too_soon = (day - contacted).days < max(plan.gap_days, 1)
        if not advancing or too_soon or total < plan.minimum:
            continue
        contacted = day
        message = _send(plan, day, found, advancing, total)
        for key, level in message.advancing.items():
            progress.setdefault(key, _Progress()).advance(level, day, message.deadline)
        yield message


def _days(items: Iterable[Item], first: date, last: date) -> Iterator[tuple[date, list[tuple[Item, Decimal]]]]:
    """Yield each day on which something is open, with what is open of which item."""
    changes: dict[date, list[tuple[Item, Decimal]]] = {}
    for item in items:
        for day, amount in item.opened:
            changes.setdefault(max(day, first), []).append((item, amount))
    is_open: dict[int, tuple[Item, Decimal]] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        for item, amount in changes.get(day, ()):
            if amount:
                is_open[item.key] = (item, amount)
            else:
                is_open.pop(item.key, None)
        if is_open:
            yield day, list(is_open.values())


def _rates_on(rates, day):
    """Return the rates of ``day``: the last ones up to it, else the first ones after it."""
    return next((per_unit for since, per_unit in reversed(rates) if since <= day), rates[0][1])


def _look(plan, item, amount, progress, per_unit, day):
    is_small = abs(amount) <= plan.tolerance * per_unit[item.currency]
    level, is_reached = _next_level(plan, item, progress or _Progress(), day) if amount > 0 else (None, False)
    is_stopped = any(start <= day and (end is None or day <= end) for start, end in item.stops)
    is_resuming = is_reached and _is_resuming(plan, item, progress or _Progress(), day)
    return _Open(item, amount, item.due < day, is_small, is_stopped, is_resuming, level, is_reached and not is_small)


def _is_resuming(plan, item, progress, day):
    """A stop has ended: the next level waits `resume_days`, and as many days to answer as the stop took."""
    ended = [(start, end) for start, end in item.stops if end and end < day]
    if ended and day < max(end for _start, end in ended) + timedelta(days=plan.resume_days):
        return True
    if not ended or (progress.days or 0) <= 0:
        return False
    since = [progress.day + timedelta(days=number) for number in range(1, (day - progress.day).days)]
    paused = sum(any(start <= some <= end for start, end in ended) for some in since)
    return day <= progress.deadline + timedelta(days=plan.grace_days + paused)


def _next_level(plan, item, progress, day):
    """Return (the level that comes next, whether it is reached): after the due date, else courtesy, else a repeat."""
    late, got = (day - item.due).days, progress.days

    def waited(level):
        return (got or 0) <= 0 or (
            day > progress.deadline + timedelta(days=plan.grace_days) and (day - progress.day).days >= level.wait_days
        )

    if late <= 0:
        upcoming = [level for level in plan.levels if (NEVER if got is None else got) < level.days <= min(late, 0)]
        return max(upcoming, key=lambda level: level.days, default=None), bool(upcoming)
    higher = [level for level in plan.levels if level.days > max(got or 0, 0)]
    following = sorted((level for level in higher if not level.is_final or (got or 0) > 0), key=lambda level: level.days)
    if following:
        passed = [level for level in following if level.days <= late] if plan.catch_up else []
        level = passed[-1] if passed else following[0]
        return level, late >= level.days and waited(level)
    may_repeat = plan.repeat_days and (got or 0) > 0 and not higher and progress.repeats < plan.repeat_times
    if may_repeat:
        level = progress.level
        return level, (day - progress.day).days >= plan.repeat_days and waited(level)
    return None, False


def _select(plan, found, per_unit):
    """Return (the items that advance, {currency: what may be demanded in it beyond the tolerance}).

    With anything overdue, also on hold, there is no courtesy message. Credits count against all of their currency.
    """
    has_overdue = any(one.is_overdue and one.amount > 0 and not one.is_small for one in found)
    net: dict[int, Decimal] = {}
    for one in found:
        is_demanded = one.is_collectable and (one.is_overdue if has_overdue else one.is_reached and one.next_level.days <= 0)
        if one.amount < 0 or is_demanded:
            net[one.item.currency] = net.get(one.item.currency, Decimal(0)) + one.amount
    claims = {currency: amount for currency, amount in net.items() if amount > plan.tolerance * per_unit[currency]}
    advancing = [
        one
        for one in found
        if one.is_reached
        and one.is_collectable
        and not one.is_resuming
        and one.item.currency in claims
        and (one.is_overdue or not has_overdue)
    ]
    return advancing, claims


def _total(claims, per_unit, digits):
    total = sum((amount / per_unit[currency] for currency, amount in claims.items()), Decimal(0))
    return total.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _leave_to_people(day, advancing, handed_over):
    """Return what reached a level that is sent by hand for the first time, by level."""
    reached: dict[Level, list[int]] = {}
    for one in advancing:
        key = (one.item.key, one.next_level.key)
        if one.next_level.by_hand and key not in handed_over:
            handed_over.add(key)
            reached.setdefault(one.next_level, []).append(one.item.key)
    return [ByHand(day, level, tuple(keys)) for level, keys in reached.items()]


def _send(plan, day, found, advancing, total):
    tone = max((one.next_level for one in advancing), key=lambda level: level.days)
    moved = {one.item.key: one.next_level for one in advancing}
    listed = tuple(
        one.item.key
        for one in found
        if one.item.key not in moved and (one.amount < 0 or (one.is_collectable and one.is_overdue))
    )
    deadline = dates.deadline(day, tone.response_days, plan.weekdays, plan.holidays)
    if tone.days <= 0:
        deadline = min(one.item.due for one in advancing)
    return Sent(day, tone, moved, listed, total, deadline)
