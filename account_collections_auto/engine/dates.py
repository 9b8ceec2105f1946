"""Pure functions on days. No Odoo here."""

from collections.abc import Collection
from datetime import date, timedelta

EVERY_DAY = frozenset(range(7))


def next_working_day(day: date, weekdays: Collection[int] = EVERY_DAY, holidays: Collection[date] = ()) -> date:
    """Return ``day``, or the first day after it that is in ``weekdays`` (Monday is 0) and no holiday.

    No working weekday at all counts as a seven-day week, so that there always is an answer.

    >>> next_working_day(date(2026, 6, 6), range(5))
    datetime.date(2026, 6, 8)
    >>> next_working_day(date(2026, 6, 8), range(5), {date(2026, 6, 8)})
    datetime.date(2026, 6, 9)
    >>> next_working_day(date(2026, 6, 6), ())
    datetime.date(2026, 6, 6)
    """
    weekdays = set(weekdays) or EVERY_DAY
    while day.weekday() not in weekdays or day in holidays:
        day += timedelta(days=1)
    return day


def deadline(sent: date, response_days: int, weekdays: Collection[int] = EVERY_DAY, holidays: Collection[date] = ()) -> date:
    """Return the last day to answer a message that left on ``sent``: it counts from that day, never from a plan.

    >>> deadline(date(2026, 6, 8), 7)
    datetime.date(2026, 6, 15)
    >>> deadline(date(2026, 6, 6), 7, range(5))
    datetime.date(2026, 6, 15)
    """
    return next_working_day(sent + timedelta(days=response_days), weekdays, holidays)
