"""Public holidays of a country or of a part of it, from the `holidays` library. No Odoo here."""

from datetime import date, timedelta
from functools import lru_cache

import holidays

SATURDAY = 5


def is_supported(calendar: str) -> bool:
    """Return whether there is a table for ``calendar``, "DE" or with its part "DE:BY".

    >>> is_supported("DE"), is_supported("DE:BY"), is_supported("DE:XX"), is_supported("XX")
    (True, True, False, False)
    """
    return _table(calendar) is not None


def is_holiday(calendar: str, day: date) -> bool:
    """Return whether ``day`` is a public holiday of ``calendar``, observed days included.

    Of a place without a table Saturdays and Sundays count: rather a day too few than a holiday disturbed. An unknown part
    of a known country has the holidays of the country.

    >>> is_holiday("DE", date(2026, 10, 3)), is_holiday("DE", date(2026, 11, 1)), is_holiday("DE:NW", date(2026, 11, 1))
    (True, False, True)
    >>> is_holiday("XX", date(2026, 6, 13)), is_holiday("XX", date(2026, 6, 12))
    (True, False)
    """
    table = _table(calendar)
    if table is None:
        table = _table(calendar.partition(":")[0])
    return day.weekday() >= SATURDAY if table is None else day in table


def working_days_later(day: date, count: int, calendar: str) -> date:
    """Return the day that lies ``count`` working days after ``day``: Saturdays, Sundays and holidays are none.

    >>> working_days_later(date(2026, 6, 1), 5, "US"), working_days_later(date(2026, 6, 29), 5, "US")
    (datetime.date(2026, 6, 8), datetime.date(2026, 7, 7))
    """
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < SATURDAY and not is_holiday(calendar, day):
            count -= 1
    return day


@lru_cache(maxsize=256)
def _table(calendar: str):
    """Return the table of ``calendar``, which fills itself year by year; None where the library knows none."""
    country, _, part = calendar.partition(":")
    try:
        return holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError:
        return None
