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
