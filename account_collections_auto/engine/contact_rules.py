"""When may a customer be contacted? Hours, holidays, caps, waits, and what the customer told us. No Odoo here.

Moments are aware datetimes. Hours are minutes of the local day and half-open: 08:00 is in, 21:00 is out. Days are local
calendar days. Several rules may apply and the strictest wins: a moment is good when every rule allows it in every time zone
that the rule looks at. The numbers of examples (RF-01 and so on) are those of the tests.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from . import holiday_calendars

# Nobody is disturbed by them: they are not bound to hours, holidays or what was said about inconvenient times.
UNTIMED = frozenset({"letter", "portal"})
# Looked ahead so far; what no day allows until then waits for a person.
HORIZON_DAYS = 100
CONSENT_DAYS = 7
_CHUNK = timedelta(days=4)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)

Moment = datetime


class Hours(NamedTuple):
    """Open from ``start`` to ``end`` (minutes of the local day, half-open) on ``weekdays`` (Monday is 0)."""

    weekdays: frozenset[int]
    start: int
    end: int
    # For these channels only; empty: for those that no other hours of the same rule name.
    channels: frozenset[str] = frozenset()


class Cap(NamedTuple):
    """At most ``maximum`` contacts within ``days`` consecutive local days, the last of them the day of the contact."""

    maximum: int
    days: int
    # Empty: every channel.
    channels: frozenset[str] = frozenset()
    # "attempt": each; "connected": not what was busy or out of service; "contact": who was reached or left a message.
    counts: str = "attempt"
    # "debt": of the contacts about one debt; "customer": of all of them.
    per: str = "customer"


class Rule(NamedTuple):
    """The contact rules of one policy."""

    name: str
    hours: tuple[Hours, ...] = ()
    # Keys of `holiday_calendars`: closed on their days.
    calendars: tuple[str, ...] = ()
    caps: tuple[Cap, ...] = ()
    # Days without a new contact after a conversation; the day of the conversation is the first.
    wait_days: int = 0
    wait_channels: frozenset[str] = frozenset({"call"})
    wait_per: str = "debt"
    # Between two contacts of a channel in ``gap_channels``.
    gap_minutes: int = 0
    gap_channels: frozenset[str] = frozenset({"call"})
    # "all": every zone that anything indicates; "address": the number counts only where the address says nothing.
    zones: str = "all"
    # Whether law or a regulator stands behind it: no person may set it aside.
    is_law: bool = False


class Told(NamedTuple):
    """An inconvenient time, as the customer told us: on ``weekdays`` from ``start`` to ``end``, minutes of the local day."""

    weekdays: frozenset[int]
    start: int = 0
    end: int = 1440
    channels: frozenset[str] = frozenset()
    first_day: date | None = None
    last_day: date | None = None


class Place(NamedTuple):
    """The time zones in which somebody may be, by name: as a person said, by the address, by the telephone number."""

    said: tuple[str, ...] = ()
    address: tuple[str, ...] = ()
    phone: tuple[str, ...] = ()

    def zones(self, rule: str = "all") -> tuple[str, ...]:
        """Return the zones that all have to allow a contact; UTC where nothing is known.

        >>> Place(address=("Europe/Lisbon",), phone=("Europe/Paris",)).zones()
        ('Europe/Lisbon', 'Europe/Paris')
        >>> Place(("Europe/Rome",), ("Europe/Lisbon",)).zones(), Place((), (), ("Europe/Paris",)).zones("address")
        (('Europe/Rome',), ('Europe/Paris',))
        """
        if self.said:
            return self.said
        if rule == "address":
            return self.address or self.phone or ("UTC",)
        return tuple(dict.fromkeys((*self.address, *self.phone))) or ("UTC",)


class Attempt(NamedTuple):
    """One contact that took place, or is scheduled."""

    at: Moment
    channel: str = "call"
    # "reached": a conversation; "message": left on a machine or written; "unanswered"; "not_connected": busy, out of service.
    outcome: str = "message"
    debts: frozenset[int] = frozenset()
    is_inbound: bool = False


class Consent(NamedTuple):
    """The customer asked for calls: for seven days they are not counted, until the next conversation or a revocation."""

    at: Moment
    revoked_at: Moment | None = None


class Contact(NamedTuple):
    """A contact that is to take place: through which channel, where the person may be, under which rules, after what."""

    channel: str
    rules: tuple[Rule, ...]
    place: Place = Place()
    told: tuple[Told, ...] = ()
    history: tuple[Attempt, ...] = ()
    consents: tuple[Consent, ...] = ()
    debts: frozenset[int] = frozenset()


class Denial(NamedTuple):
    """Why a moment is not allowed. ``code``: hours, holiday, told, cap, wait or gap; ``rule``: its name."""

    code: str
    rule: str
    zone: str


class Answer(NamedTuple):
    """``at``: the first allowed moment, None within the horizon; ``denials``: all reasons against the moment asked for."""

    at: Moment | None
    denials: tuple[Denial, ...] = ()


def next_allowed(contact: Contact, moment: Moment, horizon_days: int = HORIZON_DAYS) -> Answer:
    """Return the first moment from ``moment`` on (aware) at which ``contact`` is allowed, and what is against ``moment``.

    >>> office = Rule("Office hours", (Hours(frozenset(range(5)), 8 * 60, 20 * 60),))
    >>> saturday = datetime(2026, 6, 13, 6, tzinfo=timezone.utc)
    >>> found = next_allowed(Contact("email", (office,), Place(address=("Europe/Lisbon",))), saturday)
    >>> found.at.isoformat(), found.denials[0].code
    ('2026-06-15T07:00:00+00:00', 'hours')
    """
    against = denials(contact, moment)
    if not against:
        return Answer(moment)
    last = moment + timedelta(days=horizon_days)
    for candidate in _candidates(contact, moment, last):
        if not any(_denials(contact, candidate)):
            return Answer(candidate, against)
    return Answer(None, against)


def denials(contact: Contact, moment: Moment) -> tuple[Denial, ...]:
    """Return every reason against ``moment`` (aware), each once."""
    return tuple(dict.fromkeys(_denials(contact, moment)))


def describe_hours(rule: Rule, channel: str) -> tuple[Hours, ...]:
    """Return the hours of ``rule`` that bind ``channel``; empty where it is free.

    What names the channel takes the place of what names none.
    """
    if channel in UNTIMED:
        return ()
    named = tuple(hours for hours in rule.hours if channel in hours.channels)
    return named or tuple(hours for hours in rule.hours if not hours.channels)


# -- what is against one moment ------------------------------------------------------------------------------------


def _denials(contact, moment):
    for rule in contact.rules:
        for name in contact.place.zones(rule.zones):
            local = moment.astimezone(_zone(name))
            yield from (Denial(code, rule.name, name) for code in _against(rule, contact, moment, local))
    if contact.channel not in UNTIMED:
        for name in contact.place.zones():
            local = moment.astimezone(_zone(name))
            if any(_covers(told, contact.channel, local) for told in contact.told):
                yield Denial("told", "", name)


def _against(rule, contact, moment, local):
    """Yield the codes of what ``rule`` has against a contact at ``moment``, which is ``local`` there."""
    if contact.channel not in UNTIMED:
        open_hours = describe_hours(rule, contact.channel)
        minute = local.hour * 60 + local.minute
        if open_hours and not any(
            local.weekday() in hours.weekdays and hours.start <= minute < hours.end for hours in open_hours
        ):
            yield "hours"
        if any(holiday_calendars.is_holiday(calendar, local.date()) for calendar in rule.calendars):
            yield "holiday"
    if _is_asked_for(contact, moment, local.tzinfo):
        return
    if any(_is_used_up(cap, contact, local) for cap in rule.caps):
        yield "cap"
    if _waits(rule, contact, local):
        yield "wait"
    if _is_too_soon(rule, contact, moment):
        yield "gap"


def _covers(told, channel, local):
    day = local.date()
    return (
        (not told.channels or channel in told.channels)
        and day.weekday() in told.weekdays
        and (told.first_day is None or told.first_day <= day)
        and (told.last_day is None or day <= told.last_day)
        and told.start <= local.hour * 60 + local.minute < told.end
    )


def _is_asked_for(contact, moment, zone):
    """Whether a call at ``moment`` is one that the customer asked for (RF-12)."""
    return contact.channel == "call" and any(
        _is_consent_in_force(consent, contact.history, moment, zone) for consent in contact.consents
    )


def _is_consent_in_force(consent, history, moment, zone):
    given = consent.at.astimezone(zone).date()
    day = moment.astimezone(zone).date()
    if moment < consent.at or (day - given).days >= CONSENT_DAYS:
        return False
    if consent.revoked_at is not None and consent.revoked_at <= moment:
        return False
    return not any(consent.at < attempt.at < moment for attempt in history if _is_conversation(attempt))


def _is_conversation(attempt):
    return attempt.channel == "call" and attempt.outcome == "reached"


def _is_used_up(cap, contact, local):
    """Whether one contact more on the day of ``local`` would be one too many in any window of days around it.

    What is scheduled later counts, too: otherwise two contacts that are each allowed could break the cap together.
    """
    if cap.channels and contact.channel not in cap.channels:
        return False
    counted = [attempt for attempt in contact.history if _counts(cap, attempt, contact, local.tzinfo)]
    if len(counted) < cap.maximum:
        return False
    if cap.per != "debt":
        return _is_full(cap, [attempt.at.astimezone(local.tzinfo).date() for attempt in counted], local.date())
    return any(
        _is_full(
            cap,
            [attempt.at.astimezone(local.tzinfo).date() for attempt in counted if debt in attempt.debts],
            local.date(),
        )
        for debt in contact.debts
    )


def _is_full(cap, days, day):
    near = [each for each in days if abs((each - day).days) < cap.days]
    firsts = {day, *(each for each in near if each < day)}  # a window that is full begins with a contact, or with this one
    return any(sum(0 <= (each - first).days < cap.days for each in near) >= cap.maximum for first in firsts)


def _counts(cap, attempt, contact, zone):
    """Whether ``attempt`` counts to ``cap``: RF-12, RF-13, RF-15."""
    if attempt.is_inbound or (cap.channels and attempt.channel not in cap.channels):
        return False
    if cap.counts != "attempt" and attempt.outcome == "not_connected":
        return False
    if cap.counts == "contact" and attempt.outcome == "unanswered":
        return False
    return attempt.channel != "call" or not any(
        _is_consent_in_force(consent, contact.history, attempt.at, zone) for consent in contact.consents
    )


def _waits(rule, contact, local):
    """Whether a conversation was less than ``wait_days`` ago, its own day counted; also one that the customer began (RF-15)."""
    if not rule.wait_days or contact.channel not in rule.wait_channels:
        return False
    return any(
        0 <= (local.date() - attempt.at.astimezone(local.tzinfo).date()).days < rule.wait_days
        for attempt in contact.history
        if _is_conversation(attempt) and (rule.wait_per != "debt" or not attempt.debts or attempt.debts & contact.debts)
    )


def _is_too_soon(rule, contact, moment):
    if not rule.gap_minutes or contact.channel not in rule.gap_channels:
        return False
    gap = timedelta(minutes=rule.gap_minutes)
    return any(
        abs(moment - attempt.at) < gap
        for attempt in contact.history
        if attempt.channel in rule.gap_channels and not attempt.is_inbound
    )


# -- where the next allowed moment can be ----------------------------------------------------------------------------


def _candidates(contact: Contact, moment: Moment, last: Moment) -> Iterator[Moment]:
    """Yield, in order, the moments after ``moment`` at which anything may open: the first allowed one is among them.

    What is allowed is a union of half-open spans. Each of them begins where hours begin, a told time ends, a local day
    begins, the clocks change, or a gap is over.
    """
    minutes = {0, *(told.end % 1440 for told in contact.told)}
    minutes |= {hours.start for rule in contact.rules for hours in describe_hours(rule, contact.channel)}
    names = {name for rule in contact.rules for name in contact.place.zones(rule.zones)} | set(contact.place.zones())
    zones = [_zone(name) for name in names]
    gaps = {rule.gap_minutes for rule in contact.rules if rule.gap_minutes}
    single = [attempt.at + timedelta(minutes=gap) for attempt in contact.history for gap in gaps]
    start = moment.astimezone(timezone.utc)
    while start < last:
        end = min(start + _CHUNK, last)
        found = {each for each in single if start < each <= end}
        for zone in zones:
            day = (start - _DAY).astimezone(zone).date()
            while day <= (end + _DAY).astimezone(zone).date():
                found.update(each for each in _openings(zone, day, frozenset(minutes)) if start < each <= end)
                day += _DAY
        yield from sorted(found)
        start = end


@lru_cache(maxsize=4096)
def _openings(zone: ZoneInfo, day: date, minutes: frozenset[int]) -> tuple[Moment, ...]:
    """Return the moments of a local day at which its clock shows one of ``minutes``, and at which the clocks change."""
    midnight = datetime(day.year, day.month, day.day)
    found = set()
    for minute in minutes:
        local = midnight + timedelta(minutes=minute)
        for fold in (0, 1):
            moment = local.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc)
            if moment.astimezone(zone).replace(tzinfo=None) == local:  # else the clocks skip it
                found.add(moment)
    before, after = (
        (midnight + timedelta(days=days)).replace(tzinfo=timezone.utc) for days in (-1, 2)
    )  # wide enough for every offset
    found.update(_changes(zone, before, after))
    return tuple(found)


def _changes(zone, first, last):
    """Yield the moments between ``first`` and ``last`` (UTC) at which the offset of ``zone`` changes, to the minute."""
    steps = [first + timedelta(hours=6) * number for number in range(int((last - first) / timedelta(hours=6)) + 1)]
    for low, high in pairwise(steps):
        if low.astimezone(zone).utcoffset() == high.astimezone(zone).utcoffset():
            continue
        while high - low > _MINUTE:
            middle = low + ((high - low) / 2 // _MINUTE) * _MINUTE
            if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
                low = middle
            else:
                high = middle
        yield high


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
