"""Pure functions on payment plans: on which days, how much, of which document. No Odoo here.

Amounts are whole numbers of the smallest unit of the currency, so that nothing is lost by rounding.
"""

from collections.abc import Collection
from datetime import date, timedelta

from .dates import EVERY_DAY, day_of_month


def last_working_day(year: int, month: int, weekdays: Collection[int] = EVERY_DAY, holidays: Collection[date] = ()) -> date:
    """Return the last day of a month that is in ``weekdays`` (Monday is 0) and no holiday.

    A month without any working day ends on its last day, so that there always is an answer.

    >>> last_working_day(2026, 5, range(5))
    datetime.date(2026, 5, 29)
    >>> last_working_day(2024, 2, range(5), {date(2024, 2, 29)})
    datetime.date(2024, 2, 28)
    >>> last_working_day(2026, 5, ())
    datetime.date(2026, 5, 31)
    """
    last = day_of_month(31, year, month)
    for number in range(last.day):
        day = last - timedelta(days=number)
        if day.weekday() in weekdays and day not in holidays:
            return day
    return last


def months_later(day: date, months: int) -> tuple[int, int]:
    """Return (year, month) of the month that lies ``months`` after that of ``day``.

    >>> months_later(date(2026, 11, 30), 3)
    (2027, 2)
    """
    number = day.year * 12 + day.month - 1 + months
    return number // 12, number % 12 + 1


def due_dates(
    first: date, count: int, rhythm: str, weekdays: Collection[int] = EVERY_DAY, holidays: Collection[date] = ()
) -> list[date]:
    """Return ``count`` days from ``first`` on: "weekly", "monthly", or the "last_working_day" of each month.

    A month that lacks the day of ``first`` has its last day instead; the next one has that day again.

    >>> [day.isoformat() for day in due_dates(date(2026, 1, 31), 3, "monthly")]
    ['2026-01-31', '2026-02-28', '2026-03-31']
    >>> [day.isoformat() for day in due_dates(date(2026, 6, 4), 3, "last_working_day", range(5))]
    ['2026-06-30', '2026-07-31', '2026-08-31']
    """
    if rhythm == "weekly":
        return [first + timedelta(weeks=number) for number in range(count)]
    months = [months_later(first, number) for number in range(count)]
    if rhythm == "monthly":
        return [day_of_month(first.day, year, month) for year, month in months]
    days = [last_working_day(year, month, weekdays, holidays) for year, month in months]
    if days and days[0] < first:  # a weekend at the end of the month
        return due_dates(date(*months_later(first, 1), 1), count, rhythm, weekdays, holidays)
    return days


def equal_parts(total: int, count: int) -> list[int]:
    """Return ``count`` parts of ``total`` that differ by one unit at most; the later ones are the larger ones.

    >>> equal_parts(100000, 3)
    [33333, 33333, 33334]
    """
    part, rest = divmod(total, count)
    return [part + (number >= count - rest) for number in range(count)]


def schedule(
    total: int,
    count: int,
    rhythm: str,
    first: date,
    down_payment: int = 0,
    down_payment_date: date | None = None,
    weekdays: Collection[int] = EVERY_DAY,
    holidays: Collection[date] = (),
) -> list[tuple[date, int]]:
    """Return the instalments, (day, amount) pairs: a down payment, if any, then ``count`` equal ones of the rest.

    Parts of nothing are left out, so that the amounts are above zero and their sum is ``total``.

    >>> schedule(300000, 3, "last_working_day", date(2026, 6, 1), weekdays=range(5))[0]
    (datetime.date(2026, 6, 30), 100000)
    >>> [amount for _day, amount in schedule(100000, 3, "weekly", date(2026, 6, 8), 40000, date(2026, 6, 1))]
    [40000, 20000, 20000, 20000]
    """
    down_payment = min(down_payment, total)
    days = due_dates(first, count, rhythm, weekdays, holidays)
    parts = list(zip(days, equal_parts(total - down_payment, count), strict=True)) if count > 0 else []
    if down_payment:
        parts.insert(0, (down_payment_date or first, down_payment))
    return sorted((day, amount) for day, amount in parts if amount > 0)


def split_over_items(parts: list[tuple[date, int]], items: list[tuple[int, int]]) -> list[tuple[date, int, int]]:
    """Return (day, amount, item) for each part of an instalment: the ``items``, (id, amount), are paid one after the other.

    >>> split_over_items([(date(2026, 6, 30), 70), (date(2026, 7, 31), 30)], [(1, 40), (2, 60)])
    [(datetime.date(2026, 6, 30), 40, 1), (datetime.date(2026, 6, 30), 30, 2), (datetime.date(2026, 7, 31), 30, 2)]
    """
    found, waiting = [], list(items)
    for day, amount in parts:
        while amount > 0 and waiting:
            item, rest = waiting[0]
            share = min(amount, rest)
            if share > 0:
                found.append((day, share, item))
            amount -= share
            waiting[0] = (item, rest - share)
            if rest - share <= 0:
                waiting.pop(0)
    return found


def months_between(first: date, last: date) -> int:
    """Return how many months a plan from ``first`` to ``last`` takes, begun ones included.

    >>> months_between(date(2026, 6, 1), date(2026, 6, 30)), months_between(date(2026, 6, 1), date(2026, 7, 2))
    (1, 2)
    """
    months = (last.year - first.year) * 12 + last.month - first.month
    return months + (last.day >= first.day)
