"""In which time zones may somebody be? From the address first, then from the telephone number. No Odoo here.

The zones of a country come from the tz database; `contact_zone_parts` says which of them lie in which part of it. Where
an address leaves several open, all of them count: rather an hour too few than a call at night.
"""

from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
import pytz
from phonenumbers import timezone as phone_zones

from .contact_zone_parts import BY_POSTCODE, BY_STATE, MAINLAND, PARTS

# A prefix that stands for more zones than these says nothing about where somebody is.
MOST_PHONE_ZONES = 3


@lru_cache(maxsize=8192)
def zones_of_address(country: str, state: str = "", postcode: str = "") -> tuple[str, ...]:
    """Return the names of the zones of an address: country and state as ISO codes; () without a country.

    Of zones with the same clock one stands for all.

    >>> zones_of_address("PT"), zones_of_address("PT", postcode="9500-150"), zones_of_address("DE")
    (('Europe/Lisbon',), ('Atlantic/Azores',), ('Europe/Berlin',))
    >>> zones_of_address("US", "AZ", "85001"), zones_of_address("US", "FL", "32501"), zones_of_address("US", "", "90001")
    (('America/Phoenix',), ('America/Chicago',), ('America/Los_Angeles',))
    >>> zones_of_address("US", "TN")
    ('America/New_York', 'America/Chicago')
    >>> zones_of_address("XX"), zones_of_address("")
    ((), ())
    """
    country = (country or "").upper()
    found = _by_postcode(country, postcode) or _by_state(country, (state or "").upper()) or MAINLAND.get(country)
    if not found:
        found = tuple(pytz.country_timezones.get(country, ()))
    return _distinct(tuple(name for name in found if _is_known(name)))


@lru_cache(maxsize=8192)
def zones_of_phone(number: str, country: str = "") -> tuple[str, ...]:
    """Return the names of the zones of a telephone number; () where it is not geographic, or stands for too many.

    >>> zones_of_phone("+1 212 555 2368"), zones_of_phone("020 7946 0018", "GB"), zones_of_phone("+1 800 555 0100")
    (('America/New_York',), ('Europe/London',), ())
    >>> zones_of_phone("not a number", "DE"), zones_of_phone("")
    ((), ())
    """
    try:
        parsed = phonenumbers.parse(number or "", (country or "").upper() or None)
    except phonenumbers.NumberParseException:
        return ()
    if not phonenumbers.is_number_geographical(parsed):
        return ()
    found = tuple(name for name in phone_zones.time_zones_for_geographical_number(parsed) if _is_known(name))
    return _distinct(found) if len(found) <= MOST_PHONE_ZONES else ()


def _by_postcode(country, postcode):
    digits = "".join(sign for sign in (postcode or "").upper() if sign.isalnum())
    for first, last, part in BY_POSTCODE.get(country, ()):
        if digits and len(digits) >= len(first) and first <= digits[: len(first)] <= last:
            return PARTS[part]
    return None


def _by_state(country, state):
    part = BY_STATE.get(country, {}).get(state.removeprefix(f"{country}-"))
    return part and PARTS[part]


@lru_cache(maxsize=1024)
def _is_known(name):
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return name != "Etc/Unknown"


@lru_cache(maxsize=1024)
def _distinct(names):
    """Leave out zones that show the same time as an earlier one all over this and the next two years."""
    seen = {}
    for name in names:
        seen.setdefault(_clock(name, datetime.now(timezone.utc).year), name)
    return tuple(seen.values())


@lru_cache(maxsize=1024)
def _clock(name, year):
    zone = ZoneInfo(name)
    start = datetime(year, 1, 1, tzinfo=timezone.utc)
    return tuple((start + timedelta(days=days)).astimezone(zone).utcoffset() for days in range(0, 1096, 3))
