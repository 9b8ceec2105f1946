"""Which money keeps which promise: money counts once, for the oldest promise first. Pure functions; no Odoo here."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Money(NamedTuple):
    """What a promise finds in the ledger: money of the customer, or the part of it that is matched with a promised item."""

    credit: int  # the receivable line of the payment
    part: int | None  # the matching, where the promise is about items
    amount: float  # in the currency of the promise; negative for money that went back
    balance: float  # the same in company currency
    credit_balance: float  # all of the line in company currency


def count_once(
    wanted: Mapping[int, float], found: Mapping[int, Sequence[Money]], digits: Mapping[int, int]
) -> dict[int, float]:
    """Return {promise: how much of what it found counts for it}, in the currency of the promise.

    ``wanted``: {promise: what was promised}, the oldest first. Each takes what it is about and no more; what is left is there
    for the next one. Money that went back takes off what came in, once as well.

    >>> payment = Money(credit=1, part=None, amount=1000.0, balance=1000.0, credit_balance=1000.0)
    >>> count_once({7: 600.0, 8: 600.0}, {7: [payment], 8: [payment]}, {7: 2, 8: 2})
    {7: 600.0, 8: 400.0}
    >>> matched = payment._replace(part=5, amount=300.0, balance=300.0)
    >>> count_once({7: 800.0, 8: 300.0}, {7: [payment], 8: [matched]}, {7: 2, 8: 2})
    {7: 800.0, 8: 200.0}
    >>> back = Money(2, None, -1000.0, -1000.0, -1000.0)
    >>> count_once({7: 600.0, 8: 600.0}, {7: [payment, back], 8: [payment, back]}, {7: 2, 8: 2})
    {7: 0.0, 8: 0.0}
    """
    taken: dict[tuple, float] = defaultdict(float)
    return {promise: _take(amount, found.get(promise, ()), taken, digits[promise]) for promise, amount in wanted.items()}


def _take(wanted, rows, taken, digits):
    """Take up to ``wanted`` from ``rows``, as far as it is not ``taken``, and return how much that was."""
    free = [(row, amount) for row in rows if (amount := _free(row, taken))]
    received = min(sum(amount for _row, amount in free), max(wanted, 0.0))
    rest = received - sum(amount for _row, amount in free if amount < 0)
    for row, amount in free:
        part = amount if amount < 0 else min(amount, max(rest, 0.0))
        rest -= max(part, 0.0)
        balance = part * row.balance / row.amount
        taken["all", row.credit] += balance
        taken["part" if row.part else "credit", row.part or row.credit] += balance
    return round(float(received), digits)


def _free(row, taken):
    """Return how much of ``row`` no other promise took.

    Matchings of one payment do not share money with each other, so differences of exchange between them do not count.
    """
    if row.part:
        balance = min(row.balance - taken["part", row.part], row.credit_balance - taken["credit", row.credit])
    else:
        balance = row.credit_balance - taken["all", row.credit]
    return row.amount * min(max(balance / row.balance, 0.0), 1.0) if row.balance else 0.0
