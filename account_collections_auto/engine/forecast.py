"""When the next levels of a customer are due, and which: what `select` will find on the days to come. No Odoo here.

Told to people, never used to send: what happens on the day is decided by `select` and `withhold` from the ledger.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import NamedTuple

DAY = timedelta(days=1)
# So many looks at the calendar without a message: nothing is to come.
PATIENCE = 30


class Rung(NamedTuple):
    """A level of the plan; ``gap_days``: since the previous level of the same item."""

    id: int
    days: int
    gap_days: int = 0
    final: bool = False


class Rules(NamedTuple):
    """What a plan says about time. ``gap_days``: between two messages to one customer."""

    rungs: tuple[Rung, ...]
    grace_days: int = 0
    gap_days: int = 0
    catch_up: bool = False


class Debt(NamedTuple):
    """An open item: the level it got, and from when on nothing stops it."""

    due: date
    free_from: date = date.min
    got_days: int | None = None
    got_date: date | None = None
    deadline: date | None = None


class Contact(NamedTuple):
    """The tone of a message is its highest level."""

    day: date
    rung: Rung


def next_contacts(
    debts: Iterable[Debt],
    rules: Rules,
    today: date,
    deadline: Callable[[Rung, date], date],
    last_contact: date | None = None,
    count: int = 2,
) -> list[Contact]:
    """Return the next ``count`` messages if nothing is paid. ``deadline(rung, day)``: last day to answer it.

    >>> rules = Rules((Rung(1, 7, 7), Rung(2, 21, 7), Rung(3, 35, 7, final=True)), gap_days=7)
    >>> week = lambda rung, day: day + timedelta(days=7)
    >>> for contact in next_contacts([Debt(date(2026, 3, 1))], rules, date(2026, 3, 2), week, count=5):
    ...     print(contact.day, contact.rung.days)
    2026-03-08 7
    2026-03-22 21
    2026-04-05 35
    >>> next_contacts([Debt(date(2026, 3, 1), free_from=date.max)], rules, date(2026, 3, 2), week)
    []
    """
    debts = list(debts)
    contacts: list[Contact] = []
    day = _after_gap(today, last_contact, rules)
    for _look in range(PATIENCE):
        if _has_overdue(debts, day):  # it stays so: nothing is paid, and courtesy messages have had their time
            rules = rules._replace(rungs=tuple(rung for rung in rules.rungs if rung.days > 0))
        dates = [when for debt in debts if (when := _next_day(debt, rules, day))]
        if len(contacts) == count or not dates:
            break
        day = min(dates)
        reached = _reached(debts, rules, day)
        if not reached:
            day += DAY
            continue
        tone = max(reached.values(), key=lambda rung: rung.days)
        contacts.append(Contact(day, tone))
        answer = deadline(tone, day)
        debts = [_step(debt, reached.get(number), day, answer) for number, debt in enumerate(debts)]
        day = _after_gap(day + DAY, day, rules)
    return contacts


def _after_gap(day: date, last_contact: date | None, rules: Rules) -> date:
    return max(day, last_contact + timedelta(days=max(rules.gap_days, 1))) if last_contact else day


def _next_day(debt: Debt, rules: Rules, day: date) -> date | None:
    """Return the first day from ``day`` on when the debt may reach a level, None when there is no level left."""
    if debt.free_from == date.max:
        return None
    days = [max(_day_of(debt, rung, rules), debt.free_from, day) for rung in rules.rungs if _may_come(debt, rung, rules, day)]
    return min(days, default=None)


def _may_come(debt: Debt, rung: Rung, rules: Rules, day: date) -> bool:
    if rung.days > 0:
        return rung.days > (debt.got_days or 0) and (not rung.final or (debt.got_days or 0) > 0)
    higher_than_before = debt.got_days is None or rung.days > debt.got_days
    return higher_than_before and max(day, debt.free_from) <= debt.due


def _day_of(debt: Debt, rung: Rung, rules: Rules) -> date:
    """Return the day on which the debt reaches ``rung``: days after the due date, answer awaited, grace, gap."""
    day = debt.due + timedelta(days=rung.days)
    if (debt.got_days or 0) > 0:
        day = max(day, debt.deadline + timedelta(days=rules.grace_days + 1), debt.got_date + timedelta(days=rung.gap_days))
    return day


def _reached(debts: list[Debt], rules: Rules, day: date) -> dict[int, Rung]:
    """Return {position: rung} of the debts that reach one on ``day``; with anything overdue, no courtesy."""
    overdue = _has_overdue(debts, day)
    reached = {}
    for number, debt in enumerate(debts):
        rungs = [rung for rung in rules.rungs if _may_come(debt, rung, rules, day)]
        if debt.free_from > day or not rungs:
            continue
        if day > debt.due:
            rung = _overdue_rung([rung for rung in rungs if rung.days > 0], debt, rules, day)
        else:
            before = [rung for rung in rungs if rung.days <= 0 and debt.due + timedelta(days=rung.days) <= day]
            rung = max(before, key=lambda rung: rung.days, default=None) if not overdue else None
        if rung:
            reached[number] = rung
    return reached


def _has_overdue(debts: list[Debt], day: date) -> bool:
    return any(debt.due < day for debt in debts)


def _overdue_rung(rungs: list[Rung], debt: Debt, rules: Rules, day: date) -> Rung | None:
    """Return the next rung if it is reached: the lowest, or with ``catch_up`` the highest whose days have passed."""
    passed = [rung for rung in rungs if debt.due + timedelta(days=rung.days) <= day]
    if not passed:
        return None
    rung = (max if rules.catch_up else min)(passed, key=lambda rung: rung.days)
    return rung if _day_of(debt, rung, rules) <= day else None


def _step(debt: Debt, rung: Rung | None, day: date, answer: date) -> Debt:
    return debt if rung is None else debt._replace(got_days=rung.days, got_date=day, deadline=answer)
