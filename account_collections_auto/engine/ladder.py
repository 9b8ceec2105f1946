"""Pure functions on the levels of a plan. No Odoo here."""

from collections.abc import Collection

FIRST_DAY = 7
GAP = 14


def day_of_new_level(days: Collection[int], final_days: Collection[int] = ()) -> int:
    """Return on which day after the due date one more reminder fits best; ``final_days`` are those of final notices.

    Half-way between the last reminder and the final notice; without one, two weeks after the last level.

    >>> day_of_new_level([]), day_of_new_level([-3]), day_of_new_level([-3, 7])
    (7, 7, 21)
    >>> day_of_new_level([-3, 7, 21, 35], [35])
    28
    >>> day_of_new_level([1, 2], [2])
    16
    """
    reminders = [day for day in days if day > 0]
    if not reminders:
        return FIRST_DAY
    final = min((day for day in final_days if day > 0), default=None)
    if final:
        previous = max((day for day in reminders if day < final), default=0)
        if final - previous > 1:
            return (previous + final) // 2
    return max(reminders) + GAP
