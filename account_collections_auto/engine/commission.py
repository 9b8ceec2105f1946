"""Commission of an agency: what is due for what was paid, by the terms as they were at the hand-over."""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple


class Terms(NamedTuple):
    """How an agency is paid for one placement, in the currency of the placement."""

    kind: str  # "fixed": the fee; anything else: the percentage of each item
    fee: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    digits: int = 2


class Paid(NamedTuple):
    """A payment that counts for the commission; a returned one is negative."""

    amount: Decimal
    percent: Decimal = Decimal(0)


def due(terms: Terms, payments: list[Paid]) -> Decimal:
    """Return the commission due for all of ``payments`` together: never below zero, never more than was paid.

    >>> ten = Terms("percent", minimum=Decimal(25))
    >>> due(ten, [Paid(Decimal(100), Decimal(10))]), due(ten, [Paid(Decimal(1000), Decimal(10))])
    (Decimal('25.00'), Decimal('100.00'))
    >>> due(ten, [Paid(Decimal(8), Decimal(10))]), due(Terms("fixed", fee=Decimal(50)), [Paid(Decimal(400))])
    (Decimal('8.00'), Decimal('50.00'))
    >>> due(ten, [Paid(Decimal(100), Decimal(10)), Paid(Decimal(-100), Decimal(10))])
    Decimal('0.00')
    """
    total = sum((payment.amount for payment in payments), Decimal(0))
    if total <= 0:
        share = Decimal(0)
    elif terms.kind == "fixed":
        share = terms.fee
    else:
        share = max(terms.minimum, sum((payment.amount * payment.percent / 100 for payment in payments), Decimal(0)))
    return max(min(total, share), Decimal(0)).quantize(Decimal(1).scaleb(-terms.digits), ROUND_HALF_UP)


def charge(terms: Terms, before: list[Paid], new: list[Paid]) -> list[Decimal]:
    """Return what each of the ``new`` payments adds to the commission, so that the sum is what is due for all of them.

    Rounding never adds up to more than the terms allow, and a returned payment takes back what it had brought.

    >>> third = Terms("percent")
    >>> charge(third, [], [Paid(Decimal("0.50"), Decimal(1)), Paid(Decimal("0.50"), Decimal(1))])
    [Decimal('0.01'), Decimal('0.00')]
    >>> charge(third, [Paid(Decimal(100), Decimal(10))], [Paid(Decimal(-40), Decimal(10))])
    [Decimal('-4.00')]
    """
    charged, counted = due(terms, before), list(before)
    added = []
    for payment in new:
        counted.append(payment)
        now = due(terms, counted)
        added.append(now - charged)
        charged = now
    return added


def bracket_percent(brackets: list[tuple[float, float]], value: float) -> float:
    """Return the percentage of the last bracket that ``value`` reaches, of (from, percent) pairs; 0 below the first.

    >>> bracket_percent([(0, 8.0), (90, 12.0), (365, 20.0)], 89), bracket_percent([(90, 12.0), (0, 8.0)], 90)
    (8.0, 12.0)
    >>> bracket_percent([(100, 5.0)], 50)
    0.0
    """
    reached = [bracket for bracket in sorted(brackets) if bracket[0] <= value]
    return reached[-1][1] if reached else 0.0


def allocate(amount: Decimal, rests: list[Decimal]) -> tuple[list[Decimal], Decimal]:
    """Return how much of ``amount`` goes to each of ``rests``, in their order, and what is left of it.

    >>> allocate(Decimal(120), [Decimal(100), Decimal(50)])
    ([Decimal('100'), Decimal('20')], Decimal('0'))
    >>> allocate(Decimal(200), [Decimal(100), Decimal(50)])
    ([Decimal('100'), Decimal('50')], Decimal('50'))
    """
    parts = []
    for rest in rests:
        part = min(amount, max(rest, Decimal(0)))
        parts.append(part)
        amount -= part
    return parts, amount
