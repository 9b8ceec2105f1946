"""How old a debt is, in the buckets of an aged receivable report. No Odoo here."""

from typing import NamedTuple


class Bucket(NamedTuple):
    """Debts that are ``first`` to ``last`` days overdue; None: without limit. Codes sort in the order of age."""

    code: str
    first: int | None
    last: int | None


NOT_DUE = "0_not_due"
BUCKETS = (
    Bucket(NOT_DUE, None, 0),
    Bucket("1_30", 1, 30),
    Bucket("31_60", 31, 60),
    Bucket("61_90", 61, 90),
    Bucket("91_more", 91, None),
)

# The last day of each bucket of the reports, where a company sets nothing else.
LIMITS = ", ".join(str(found.last) for found in BUCKETS if found.last)
MOST_LIMITS = 8


def parse_limits(text: str | None) -> list[int]:
    """Return the last days of the buckets that ``text`` lists; raises ValueError when they are not rising days.

    >>> parse_limits("10, 20,120"), parse_limits(None)
    ([10, 20, 120], [30, 60, 90])
    >>> parse_limits("30, 30")
    Traceback (most recent call last):
    ...
    ValueError: 30, 30
    """
    limits = [int(part) for part in (text or LIMITS).split(",")]
    if not 0 < len(limits) <= MOST_LIMITS or limits[0] < 1 or limits != sorted(set(limits)) or limits[-1] > 9999:
        raise ValueError(text)
    return limits


def bounds(limits: list[int]) -> list[int]:
    """Return the first day of each bucket that is overdue, for PostgreSQL's `width_bucket`; below the first is not due.

    >>> bounds([30, 60])
    [1, 31, 61]
    """
    return [1, *(limit + 1 for limit in limits)]


def bucket(days_overdue: int) -> str:
    """Return the code of the bucket of a debt.

    >>> [bucket(days) for days in (-5, 0, 1, 30, 31, 60, 90, 91, 4000)]
    ['0_not_due', '0_not_due', '1_30', '1_30', '31_60', '31_60', '61_90', '91_more', '91_more']
    """
    return next(found.code for found in BUCKETS if found.last is None or days_overdue <= found.last)


def age(debts: list[tuple[int, float]], digits: int = 2) -> list[float]:
    """Return the sum of each bucket, in their order, for ``debts``, (days overdue, amount) pairs.

    >>> age([(-1, 7500.0), (17, 4000.0), (35, 1800.0), (76, 1000.0)])
    [7500.0, 4000.0, 1800.0, 1000.0, 0.0]
    """
    sums = dict.fromkeys((found.code for found in BUCKETS), 0.0)
    for days_overdue, amount in debts:
        sums[bucket(days_overdue)] += amount
    return [round(total, digits) + 0.0 for total in sums.values()]
