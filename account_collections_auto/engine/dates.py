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


def next_report_day(after: date, frequency: str, weekday: int, month_day: int) -> date:
    """Return the first day after ``after`` on which something is due weekly (Monday is 0) or monthly.

    A month that is too short has it on its last day.

    >>> next_report_day(date(2026, 11, 23), "weekly", 0, 1), next_report_day(date(2026, 11, 22), "weekly", 0, 1)
    (datetime.date(2026, 11, 30), datetime.date(2026, 11, 23))
    >>> next_report_day(date(2026, 1, 31), "monthly", 0, 31), next_report_day(date(2026, 12, 1), "monthly", 0, 1)
    (datetime.date(2026, 2, 28), datetime.date(2027, 1, 1))
    """
    day = after + timedelta(days=1)
    if frequency == "weekly":
        return day + timedelta(days=(weekday - day.weekday()) % 7)
    found = day.replace(day=min(month_day, monthrange(day.year, day.month)[1]))
    if found < day:
        first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        found = first.replace(day=min(month_day, monthrange(first.year, first.month)[1]))
    return found
