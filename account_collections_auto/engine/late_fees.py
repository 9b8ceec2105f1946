"""Late fees: fixed sums, scales, and from which day on they may be charged. Pure functions; no Odoo here.

Amounts are Decimal, in the currency of the scale.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

_DAY = timedelta(days=1)


class Bracket(NamedTuple):
    """Of a principal up to ``up_to`` (None: any): ``amount``, and ``percent`` of what is over ``over``."""

    up_to: Decimal | None
    amount: Decimal = Decimal(0)
    percent: Decimal = Decimal(0)
    over: Decimal = Decimal(0)
    # Whether ``up_to`` itself is still in this bracket.
    is_included: bool = True


def by_bracket(brackets: Sequence[Bracket], principal: Decimal, maximum: Decimal | None = None, digits: int = 2) -> Decimal:
    """Return the fee of the first bracket that ``principal`` lies in; nothing for no principal.

    >>> uk = [Bracket(Decimal(1000), Decimal(40), is_included=False), Bracket(None, Decimal(70))]
    >>> by_bracket(uk, Decimal("999.99")), by_bracket(uk, Decimal(1000)), by_bracket(uk, Decimal(0))
    (Decimal('40.00'), Decimal('70.00'), Decimal('0.00'))
    """
    fee = Decimal(0)
    if principal > 0:
        for bracket in brackets:
            if bracket.up_to is None or principal < bracket.up_to or (bracket.is_included and principal == bracket.up_to):
                fee = bracket.amount + max(principal - bracket.over, Decimal(0)) * bracket.percent / 100
                break
    return _rounded(fee if maximum is None else min(fee, maximum), digits)


def by_scale(
    scale: Sequence[tuple[Decimal | None, Decimal]],
    principal: Decimal,
    minimum: Decimal = Decimal(0),
    maximum: Decimal | None = None,
    digits: int = 2,
) -> Decimal:
    """Return the fee of a scale of (up to, percent): each percentage is of the part of ``principal`` within its step.

    >>> by_scale([(Decimal(2500), Decimal(15)), (None, Decimal(10))], Decimal(3000), minimum=Decimal(40))
    Decimal('425.00')
    """
    if principal <= 0:
        return _rounded(Decimal(0), digits)
    fee, start = Decimal(0), Decimal(0)
    for up_to, percent in scale:
        end = principal if up_to is None else min(principal, up_to)
        fee += max(end - start, Decimal(0)) * percent / 100
        start = max(start, end)
    fee = max(fee, minimum)
    return _rounded(fee if maximum is None else min(fee, maximum), digits)


def _rounded(amount, digits):
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def first_fee_day(
    sent: date, days: int, working_days: int = 0, is_working: Callable[[date], bool] = lambda day: day.weekday() < 5
) -> date:
    """Return the first day on which a fee may be claimed after a notice that leaves the customer ``days`` to pay.

    The time starts on the day after ``sent``; with ``working_days``, on that working day after it.

    >>> str(first_fee_day(date(2026, 3, 2), 14)), str(first_fee_day(date(2026, 3, 2), 14, working_days=3))
    ('2026-03-17', '2026-03-19')
    """
    start = sent + _DAY
    if working_days:
        start = sent
        while working_days:
            start += _DAY
            working_days -= is_working(start)
    return start + timedelta(days=days)


def paid_reminders(due: date, sent: Sequence[date], gap: int = 0, most: int | None = None, first_after: int = 0) -> list[bool]:
    """Return of each reminder (in the order of their days) whether it may carry a fee.

    At least ``gap`` days after the last one, charged or not; at most ``most`` of them; not before ``first_after`` days overdue.

    >>> paid_reminders(date(2026, 1, 1), [date(2026, 1, 10), date(2026, 1, 15), date(2026, 1, 30)], most=1, first_after=14)
    [False, True, False]
    """
    charged: list[bool] = []
    for place, day in enumerate(sent):
        is_apart = not place or (day - sent[place - 1]).days >= gap
        is_late = (day - due).days >= first_after
        has_room = most is None or sum(charged) < most
        charged.append(is_apart and is_late and has_room)
    return charged


def refusal(kind: str, is_agreed: bool = False, fee_day: date | None = None, day: date | None = None) -> str:
    """Return why no fee may be claimed on ``day``: a code, '' where nothing is against it.

    ``kind``: "forbidden", "agreed" (only where the contract says so) or "law". ``fee_day``: the first day that
    the notice which the law asks for allows; "notice" where it does and none was sent.

    >>> refusal("forbidden"), refusal("agreed"), refusal("agreed", is_agreed=True), refusal("law")
    ('fee_forbidden', 'fee_not_agreed', '', '')
    >>> refusal("law_after_notice"), refusal("law_after_notice", fee_day=date(2026, 3, 17), day=date(2026, 3, 16))
    ('fee_without_notice', 'fee_notice_runs')
    """
    if kind == "forbidden":
        return "fee_forbidden"
    if kind == "agreed" and not is_agreed:
        return "fee_not_agreed"
    if kind == "law_after_notice":
        if fee_day is None:
            return "fee_without_notice"
        if day is None or day < fee_day:
            return "fee_notice_runs"
    return ""
