"""Pure functions on days. No Odoo here."""

from calendar import monthrange
from collections.abc import Collection
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

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


def local_day(moment: datetime, zone: str) -> date:
    """Return the day that ``moment`` (UTC, without zone) falls on in the time zone ``zone``.

    >>> local_day(datetime(2026, 4, 30, 22), "Europe/Brussels")
    datetime.date(2026, 5, 1)
    """
    return moment.replace(tzinfo=timezone.utc).astimezone(ZoneInfo(zone)).date()


def deadline(sent: date, response_days: int, weekdays: Collection[int] = EVERY_DAY, holidays: Collection[date] = ()) -> date:
    """Return the last day to answer a message that left on ``sent``: it counts from that day, never from a plan.

    >>> deadline(date(2026, 6, 8), 7)
    datetime.date(2026, 6, 15)
    >>> deadline(date(2026, 6, 6), 7, range(5))
    datetime.date(2026, 6, 15)
    """
    return next_working_day(sent + timedelta(days=response_days), weekdays, holidays)


def day_of_month(day: int, year: int, month: int) -> date:
    """Return day ``day`` of a month, or the last day of a shorter one.

    >>> day_of_month(31, 2026, 2)
    datetime.date(2026, 2, 28)
    """
    return date(year, month, min(day, monthrange(year, month)[1]))


def last_monthly_date(day: int, today: date) -> date:
    """Return the last day up to ``today`` that is day ``day`` of its month.

    >>> last_monthly_date(5, date(2026, 1, 5)), last_monthly_date(31, date(2026, 3, 1))
    (datetime.date(2026, 1, 5), datetime.date(2026, 2, 28))
    >>> last_monthly_date(20, date(2026, 1, 5))
    datetime.date(2025, 12, 20)
    """
    found = day_of_month(day, today.year, today.month)
    if found <= today:
        return found
    before = today.replace(day=1) - timedelta(days=1)
    return day_of_month(day, before.year, before.month)


def next_monthly_date(day: int, today: date) -> date:
    """Return the first day after ``today`` that is day ``day`` of its month.

    >>> next_monthly_date(5, date(2026, 1, 5)), next_monthly_date(31, date(2026, 1, 31))
    (datetime.date(2026, 2, 5), datetime.date(2026, 2, 28))
    >>> next_monthly_date(5, date(2026, 12, 9)), next_monthly_date(20, date(2026, 1, 5))
    (datetime.date(2027, 1, 5), datetime.date(2026, 1, 20))
    """
    found = day_of_month(day, today.year, today.month)
    if found > today:
        return found
    later = today.replace(day=28) + timedelta(days=4)
    return day_of_month(day, later.year, later.month)
