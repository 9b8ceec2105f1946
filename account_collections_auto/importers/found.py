"""What a source of an import found, as plain values. No Odoo here."""

from datetime import date
from typing import Any, NamedTuple

# The days that lie between two levels at least, where the other program says nothing about it.
USUAL_DAYS = 7
GRACE_DAYS = 3


class FoundLevel(NamedTuple):
    """A level: ``ref`` is its number at the source, texts are {language: text}, ``text`` is safe HTML without programs."""

    ref: int
    name: dict[str, str]
    days: int
    mode: str = "review"
    wait_days: int | None = None
    text: dict[str, str] | None = None


class FoundPlan(NamedTuple):
    """A plan with its levels, and the customers who follow it; ``is_default``: everybody else does."""

    ref: int
    name: str
    levels: tuple[FoundLevel, ...]
    is_default: bool = False
    tolerance: float | None = None
    partner_ids: tuple[int, ...] = ()


class FoundExclusion(NamedTuple):
    """Somebody, or some documents, that the other program would not remind, until a day or for good.

    ``key`` tells it from every other one of the source, in each import anew.
    """

    key: str
    partner_id: int
    reason: str
    until: date | None = None
    line_ids: tuple[int, ...] = ()


class Note(NamedTuple):
    """What is not taken over as it was, and why."""

    text: str


class Found(NamedTuple):
    """All of it. ``progress``: SELECT of (line_id, level_ref, sent_on or NULL) of the reminders that left."""

    plans: tuple[FoundPlan, ...]
    exclusions: tuple[FoundExclusion, ...]
    progress: Any
    notes: tuple[Note, ...]


def ladder(levels: list[FoundLevel]) -> tuple[list[FoundLevel], list[FoundLevel]]:
    """Return (levels in order, each on a day of its own; those that had to move for it).

    >>> first, second = FoundLevel(1, {}, 10), FoundLevel(2, {}, 10)
    >>> [level.days for level in ladder([first, second])[0]]
    [10, 11]
    """
    ordered, moved = [], []
    for level in levels:
        if ordered and level.days <= ordered[-1].days:
            level = level._replace(days=ordered[-1].days + 1)
            moved.append(level)
        ordered.append(level)
    return ordered, moved


def waiting(levels: list[FoundLevel], position: int) -> tuple[int, int]:
    """Return (days since the previous level, days to answer) of a level, so that the next one is not delayed.

    >>> levels = [FoundLevel(1, {}, 10), FoundLevel(2, {}, 15), FoundLevel(3, {}, 60)]
    >>> [waiting(levels, position) for position in range(3)]
    [(7, 1), (5, 7), (7, 7)]
    """
    level = levels[position]
    before = level.days - levels[position - 1].days if position else USUAL_DAYS
    after = levels[position + 1].days - level.days if position + 1 < len(levels) else USUAL_DAYS + GRACE_DAYS + 1
    since_previous = level.wait_days if level.wait_days is not None else min(before, USUAL_DAYS)
    return since_previous, max(min(after - GRACE_DAYS - 1, USUAL_DAYS), 0)
