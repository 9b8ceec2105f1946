"""Contact times: for each message the first moment at which every contact rule allows it, and what was against an earlier one.

Two statements whatever the number of messages; what is alike (rules, channel, zones, holidays) is worked out once.
"""

import json
from datetime import timedelta, timezone
from typing import NamedTuple

from odoo.tools import SQL

from . import holiday_calendars
from .contact_rules import HORIZON_DAYS, Contact, Place, denials, next_allowed
from .contact_zones import zones_of_address, zones_of_phone


class Time(NamedTuple):
    """``at``: when a message may leave (UTC, without zone); ``reasons``: what is against leaving now, () when nothing is."""

    at: object
    reasons: tuple[dict, ...] = ()


def find_times(env, rules, sources, moment):
    """Return {id: `Time`} of the messages in ``sources`` for which ``moment`` (UTC, without zone) is asked.

    ``rules``: of their company, as `collection.policy._get_rules` gives them. ``sources``: SELECT of (id, channel, customer,
    recipient), one row for each recipient.
    """
    people = {}
    for message_id, channel, *person in env.execute_query(_people_sql(sources)):
        people.setdefault((message_id, channel), set()).add(tuple(person))
    answers, times = {}, {}
    for (message_id, channel), persons in people.items():
        key = (channel, frozenset(persons))
        if key not in answers:
            answers[key] = _find_time(rules, *key, moment)
        times[message_id] = answers[key]
    return times


def write_times(env, action_ids, times, now):
    """Let the actions wait for their time and say why; what may leave now and was moved before waits no longer.

    ``times``: {id: `Time`} as `find_times` gives them; an action that is not in there may leave now.
    """
    moved = {action_id: found for action_id, found in times.items() if found.reasons}
    env.cr.execute(
        SQL(
            """UPDATE collection_action action
                  SET scheduled_at = COALESCE(fresh.at, %(now)s), moved_reasons = fresh.reasons::jsonb
                 FROM unnest(%(ids)s::int[]) written (id)
                 LEFT JOIN unnest(%(moved)s::int[], %(ats)s::timestamp[], %(reasons)s::text[]) fresh (id, at, reasons)
                        USING (id)
                WHERE action.id = written.id AND (fresh.at IS NOT NULL OR action.moved_reasons IS NOT NULL)""",
            now=now,
            ids=action_ids,
            moved=list(moved),
            ats=[found.at for found in moved.values()],
            reasons=[json.dumps(found.reasons) for found in moved.values()],
        )
    )


def _people_sql(sources):
    """The place of each recipient; what a contact does not say, its company does."""
    return SQL(
        """SELECT source.message_id, source.channel, COALESCE(country.code, ''), COALESCE(state.code, ''),
                  COALESCE(place.zip, ''), COALESCE(person.phone, debtor.phone, ''),
                  COALESCE(person.collection_tz, debtor.collection_tz, '')
             FROM (%(sources)s) source (message_id, channel, debtor_id, partner_id)
             JOIN res_partner debtor ON debtor.id = source.debtor_id
             LEFT JOIN res_partner person ON person.id = source.partner_id
             JOIN res_partner place ON place.id = CASE WHEN person.country_id IS NULL THEN debtor.id ELSE person.id END
             LEFT JOIN res_country country ON country.id = place.country_id
             LEFT JOIN res_country_state state ON state.id = place.state_id""",
        sources=sources,
    )


def _find_time(rules, channel, persons, moment):
    """Return the `Time` at which all ``persons`` may be contacted: each under the rules of its own country."""
    asked = moment.replace(tzinfo=timezone.utc)
    contacts = [_contact(rules, channel, person) for person in sorted(persons)]
    reasons = tuple(denial._asdict() for contact in contacts for denial in denials(contact, asked))
    at, last = asked, asked + timedelta(days=HORIZON_DAYS)
    while at < last and any(denials(contact, at) for contact in contacts):
        for contact in contacts:
            at = next_allowed(contact, at).at or last
    return Time(at.astimezone(timezone.utc).replace(tzinfo=None), reasons)


def _contact(rules, channel, person):
    country, state, postcode, phone, said = person
    place = Place(
        (said,) if said else (), zones_of_address(country, state, postcode), zones_of_phone(phone, country) if phone else ()
    )
    state = state.removeprefix(f"{country}-")
    calendar = f"{country}:{state}" if state and holiday_calendars.is_supported(f"{country}:{state}") else country
    return Contact(
        channel,
        tuple(
            rule._replace(calendars=(calendar,) if is_closed and country else ())
            for countries, is_closed, rule in rules
            if not countries or country in countries
        ),
        place,
    )
