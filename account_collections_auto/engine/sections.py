"""What a statement of account shows, per currency: sums, running balances, ageing. Pure functions. No Odoo here."""

from datetime import date
from math import fsum
from typing import NamedTuple

from .ageing import age


class OpenItem(NamedTuple):
    """One line that was open; a credit is negative. Amounts in its currency, one also in the company's."""

    currency_id: int
    kind: str
    number: str
    reference: str | None
    date: date
    due_date: date
    original: float
    open: float
    open_company: float
    move_id: int = 0
    bank_id: int | None = None
    payment_reference: str | None = None


class Movement(NamedTuple):
    """One document of a period; what the customer owes more is positive. The opening balance has no date."""

    currency_id: int
    date: date | None
    kind: str
    number: str | None
    reference: str | None
    due_date: date | None
    amount: float
    amount_company: float
    move_id: int = 0
    part: int = 0


class Section(NamedTuple):
    """A customer's account in one currency on one day. `buckets` holds what is owed, by age; credits are apart."""

    currency_id: int
    items: list
    credits: list
    buckets: list
    owed: float
    overdue: float
    credit: float
    balance: float
    balance_company: float
    opening: float
    opening_company: float
    movements: list
    running: list


def sections(items, movements, day, first_currency, digits, company_digits):
    """Return the sections of one customer, ``first_currency`` first.

    ``digits``: {currency id: decimal places}. A currency in which nothing happened and nothing is open has no section.

    >>> item = OpenItem(1, "invoice", "INV/1", None, date(2026, 1, 1), date(2026, 1, 31), 100.0, 60.0, 60.0)
    >>> credit = item._replace(kind="credit_note", number="RINV/1", original=-20.0, open=-20.0, open_company=-20.0)
    >>> (section,) = sections([item, credit], [], date(2026, 3, 2), 1, {1: 2}, 2)
    >>> section.owed, section.overdue, section.credit, section.balance, section.buckets
    (60.0, 60.0, -20.0, 40.0, [0.0, 60.0, 0.0, 0.0, 0.0])
    """
    ids = {entry.currency_id for entry in [*items, *movements]}
    found = []
    for currency_id in sorted(ids, key=lambda currency_id: (currency_id != first_currency, currency_id)):
        section = _section(
            currency_id,
            [item for item in items if item.currency_id == currency_id],
            [movement for movement in movements if movement.currency_id == currency_id],
            day,
            digits[currency_id],
            company_digits,
        )
        if section.items or section.credits or section.movements or section.balance_company or section.opening:
            found.append(section)
    return found


def _section(currency_id, items, movements, day, digits, company_digits):
    owed = [item for item in items if item.open > 0]
    credits = [item for item in items if item.open < 0]
    opening = [movement for movement in movements if movement.kind == "opening"]
    moved = [movement for movement in movements if movement.kind != "opening"]
    start = total((movement.amount for movement in opening), digits)
    return Section(
        currency_id=currency_id,
        items=owed,
        credits=credits,
        buckets=age([((day - item.due_date).days, item.open) for item in owed], digits),
        owed=total((item.open for item in owed), digits),
        overdue=total((item.open for item in owed if item.due_date < day), digits),
        credit=total((item.open for item in credits), digits),
        balance=total((item.open for item in items), digits),
        balance_company=total((item.open_company for item in items), company_digits),
        opening=start,
        opening_company=total((movement.amount_company for movement in opening), company_digits),
        movements=moved,
        running=running(start, [movement.amount for movement in moved], digits),
    )


def total(amounts, digits):
    """Return the sum of floats, rounded once and never a negative zero.

    >>> total([0.1] * 3, 2), total([-0.001], 2)
    (0.3, 0.0)
    """
    return round(fsum(amounts), digits) + 0.0


def running(start, amounts, digits):
    """Return the balance after each of ``amounts``.

    >>> running(100.0, [-40.0, 0.1, 0.2], 2)
    [60.0, 60.1, 60.3]
    """
    balances = []
    for amount in amounts:
        start = round(start + amount, digits) + 0.0
        balances.append(start)
    return balances


def join_numbers(numbers, room):
    """Return ``numbers`` joined by ', ', each once, as many as fit into ``room`` characters.

    >>> join_numbers(["INV/1", "INV/2", "INV/1", None, "INV/33"], 14)
    'INV/1, INV/2'
    """
    joined = ""
    for number in dict.fromkeys(number for number in numbers if number):
        longer = f"{joined}, {number}" if joined else number
        if len(longer) > room:
            break
        joined = longer
    return joined
