"""Late interest: how much is due for which days. Pure functions of dates, Decimal and Fraction; no Odoo here.

Which law says what is data: rates with their dates, a lock, compounding, a day count. Nothing is rounded within a calculation
but interest that is added to the principal; the total of a document is rounded once, half up, by `rounded`. The first day that
bears interest is the one after the due date, the last one the day of the payment.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

_DAY = timedelta(days=1)
DAY_COUNTS = ("act_365", "act_360", "act_act", "30_360")
_STEP_MONTHS = {"yearly": 12, "monthly": 1}


class MissingRate(LookupError):
    """No rate is known for ``day``: nothing is charged for the whole period, and somebody is to enter the rate."""

    def __init__(self, day: date):
        super().__init__(day.isoformat())
        self.day = day


class Rate(NamedTuple):
    """``percent`` a year from ``start`` until the next rate; known through ``end``, None: for as long as no other follows."""

    start: date
    percent: Decimal
    end: date | None = None


class Terms(NamedTuple):
    """How interest is counted; ``rates`` sorted by their start."""

    rates: tuple[Rate, ...]
    # "floating": each day at its rate. "due_date", "first_day": all days at the rate of the due date, or of the day after it.
    lock: str = "floating"
    # "simple". "yearly", "monthly": added to the principal on each anniversary of the due date, or each month after it.
    compounding: str = "simple"
    # "act_365", "act_360", "act_act" (each day by the length of its calendar year), "30_360". Monthly rests count months.
    day_count: str = "act_365"
    digits: int = 2


class Balance(NamedTuple):
    """``amount`` bears interest from the day ``start`` on. A payment changes it from the day after the payment."""

    start: date
    amount: Decimal


class Step(NamedTuple):
    """A line of the calculation: ``amount`` at ``percent`` a year from ``first`` through ``last`` brings ``interest``."""

    first: date
    last: date
    amount: Fraction
    percent: Fraction
    interest: Fraction

    @property
    def days(self) -> int:
        """The days that bear interest, both ends included."""
        return (self.last - self.first).days + 1


def rounded(amount: Fraction | Decimal, digits: int = 2) -> Decimal:
    """Return ``amount`` in the digits of its currency, half up.

    >>> rounded(Fraction(1, 8)), rounded(Fraction(5, 2), 0)
    (Decimal('0.13'), Decimal('3'))
    """
    exact = Fraction(amount) * 10**digits
    whole = Decimal(exact.numerator * 2 // exact.denominator) / 2  # a half stays a half
    return whole.quantize(Decimal(1), ROUND_HALF_UP).scaleb(-digits)


# -- rates ----------------------------------------------------------------------------------------------------------


def total_rate(reference: Decimal, margin: Decimal, multiplier: Decimal = Decimal(1), step: Decimal = Decimal(0)) -> Decimal:
    """Return percent a year: the reference times ``multiplier`` plus ``margin``, up to the next ``step`` if given.

    >>> total_rate(Decimal("2.15"), Decimal(8)), total_rate(Decimal("2.15"), Decimal(8), step=Decimal("0.5"))
    (Decimal('10.15'), Decimal('10.5'))
    >>> total_rate(Decimal("5.5"), Decimal(0), Decimal(3))
    Decimal('16.5')
    """
    total = reference * multiplier + margin
    return (total / step).to_integral_value(ROUND_CEILING) * step if step else total


def rate_on(rates: Sequence[Rate], day: date) -> Decimal:
    """Return the rate in force on ``day``, never below zero; `MissingRate` where none is known. Nothing is extrapolated.

    >>> rates = [Rate(date(2026, 1, 1), Decimal(10), date(2026, 6, 30))]
    >>> rate_on(rates, date(2026, 6, 30))
    Decimal('10')
    >>> try:
    ...     rate_on(rates, date(2026, 7, 1))
    ... except MissingRate as missing:
    ...     print(missing.day)
    2026-07-01
    """
    place = bisect_right(rates, day, key=lambda rate: rate.start) - 1
    if place < 0 or (rates[place].end and day > rates[place].end):
        raise MissingRate(day)
    return max(rates[place].percent, Decimal(0))


def capped(rates: Sequence[Rate], caps: Sequence[Rate]) -> tuple[Rate, ...]:
    """Return ``rates`` that a law caps: the lower of both on each day, and none where one of them is not known.

    >>> agreed, law = [Rate(date(2026, 1, 1), Decimal(12))], [Rate(date(2026, 3, 1), Decimal(10), date(2026, 6, 30))]
    >>> [(str(rate.start), rate.percent, str(rate.end)) for rate in capped(agreed, law)]
    [('2026-03-01', Decimal('10'), '2026-06-30')]
    """
    starts = _starts(rates) | _starts(caps)
    found: list[Rate] = []
    for start in sorted(starts):
        try:
            found.append(Rate(start, min(rate_on(rates, start), rate_on(caps, start))))
        except MissingRate:
            if found and found[-1].end is None:
                found[-1] = found[-1]._replace(end=start - _DAY)
    return tuple(found)


def _starts(rates: Sequence[Rate]) -> set[date]:
    """The days on which something changes: a rate starts, or its last known day is over."""
    return {rate.start for rate in rates} | {rate.end + _DAY for rate in rates if rate.end}


# -- days -----------------------------------------------------------------------------------------------------------


def year_share(first: date, last: date, day_count: str = "act_365") -> Fraction:
    """Return the days after ``first`` through ``last`` as a share of a year.

    Shares of consecutive periods add up. In "30_360" the 31st counts as the 30th.

    >>> year_share(date(2026, 3, 2), date(2026, 5, 1)), year_share(date(2026, 1, 31), date(2026, 2, 28), "30_360")
    (Fraction(12, 73), Fraction(7, 90))
    >>> year_share(date(2023, 12, 31), date(2024, 12, 31), "act_act"), year_share(date(2026, 1, 1), date(2026, 7, 1), "act_360")
    (Fraction(1, 1), Fraction(181, 360))
    """
    return _place(last, day_count) - _place(first, day_count)


def _place(day: date, day_count: str) -> Fraction:
    """The day on a line of years."""
    if day_count == "act_365":
        return Fraction(day.toordinal(), 365)
    if day_count == "act_360":
        return Fraction(day.toordinal(), 360)
    if day_count == "30_360":
        return Fraction(day.year * 360 + day.month * 30 + min(day.day, 30), 360)
    if day_count == "act_act":
        return day.year + Fraction(day.timetuple().tm_yday, date(day.year, 12, 31).timetuple().tm_yday)
    raise ValueError(day_count)  # not one of DAY_COUNTS


# -- interest -------------------------------------------------------------------------------------------------------


def interest(
    terms: Terms,
    due: date,
    until: date,
    balances: Sequence[Balance],
    since: date | None = None,
    free: Sequence[tuple[date, date]] = (),
) -> Fraction:
    """Return the interest for the days after ``since`` (default: the due date) through ``until``, exact: see `rounded`.

    ``balances``: sorted, what is owed from when on; nothing before the first. ``free``: (first, last) days that bear none,
    both included: a moratorium, a hold. Never negative; zero for no days. Raises `MissingRate` where the rate of a day that
    bears interest is not known: then nothing at all is charged.
    """
    since = max(since or due, due)
    if until <= since:
        return Fraction(0)
    if terms.compounding == "simple":
        return _simple(terms, due, since, until, balances, free)
    earlier = _compound(terms, due, since, balances, free)
    return _compound(terms, due, until, balances, free) - earlier


def steps(
    terms: Terms,
    due: date,
    until: date,
    balances: Sequence[Balance],
    since: date | None = None,
    free: Sequence[tuple[date, date]] = (),
) -> list[Step]:
    """Return the lines of the calculation of `interest`: same arguments, same errors.

    With rests the amount of a line includes the interest that was added to the principal before, and the first line
    may begin before ``since``.

    >>> terms = Terms((Rate(date(2026, 1, 1), Decimal(10)), Rate(date(2026, 7, 1), Decimal(12))))
    >>> for step in steps(terms, date(2026, 6, 20), date(2026, 7, 5), [Balance(date(2026, 6, 21), Decimal(365))]):
    ...     print(step.first, step.last, step.days, step.amount, step.percent, step.interest)
    2026-06-21 2026-06-30 10 365 10 1
    2026-07-01 2026-07-05 5 365 12 3/5
    """
    since = max(since or due, due)
    if until <= since:
        return []
    if terms.compounding == "simple":
        return list(_simple_steps(terms, due, since, until, balances, free))
    found: list[Step] = []
    _compound(terms, due, until, balances, free, found)
    return [step for step in found if step.last > since]


def _simple(terms, due, since, until, balances, free):
    return sum((step.interest for step in _simple_steps(terms, due, since, until, balances, free)), Fraction(0))


def _simple_steps(terms, due, since, until, balances, free, added=Fraction(0)) -> Iterator[Step]:
    for first, last, amount in _segments(terms, since, until, balances, free):
        if amount + added > 0:
            yearly = _yearly(terms, due, last)
            brought = (amount + added) * yearly * year_share(first, last, terms.day_count)
            yield Step(first + _DAY, last, amount + added, yearly * 100, brought)


def _compound(terms, due, until, balances, free, found=None):
    """Interest with rests: what a full rest brought is rounded and bears interest itself from then on.

    The lines of the calculation are added to ``found``.
    """
    total, start, number = Fraction(0), due, 0
    months = _STEP_MONTHS[terms.compounding]
    while start < until:
        number += 1
        end = due + relativedelta(months=months * number)
        last = min(end, until)
        if months == 1:
            lines = list(_month_steps(terms, start, last, end, balances, free, total))
        else:
            lines = list(_simple_steps(terms, due, start, last, balances, free, total))
        if found is not None:
            found.extend(lines)
        part = sum((line.interest for line in lines), Fraction(0))
        total += Fraction(rounded(part, terms.digits)) if last == end else part
        start = end
    return total


def _month_steps(terms, start, last, end, balances, free, added) -> Iterator[Step]:
    """Interest of one monthly rest, at the rate of its first day: a twelfth; of a part of it, by days of a month of 30."""
    days = (end - start).days if last == end else 30
    for first, until, amount in _segments(terms, start, last, balances, free):
        if amount + added > 0:
            yearly = _yearly(terms, start, start + _DAY)
            yield Step(
                first + _DAY, until, amount + added, yearly * 100, (amount + added) * yearly * (until - first).days / days / 12
            )


def _yearly(terms, due, day):
    fixed = {"due_date": due, "first_day": due + _DAY}.get(terms.lock, day)
    return Fraction(rate_on(terms.rates, fixed)) / 100


def _segments(terms, since, until, balances, free) -> Iterator[tuple[date, date, Fraction]]:
    """Yield (day before the first, last day, amount owed) of the parts of a period that nothing changes within."""
    changes = {balance.start for balance in balances}
    for first, last in free:
        changes |= {first, last + _DAY}
    changes |= _starts(terms.rates)
    ends = sorted(day - _DAY for day in changes if since < day - _DAY < until)
    first = since
    for last in [*ends, until]:
        place = bisect_right(balances, last, key=lambda balance: balance.start) - 1
        if place >= 0 and balances[place].amount > 0 and not any(begin <= last <= end for begin, end in free):
            yield first, last, Fraction(balances[place].amount)
        first = last
