"""Contact times: for each message the first moment at which every contact rule allows it, and what was against an earlier one.

Two statements whatever the number of messages; what is alike (rules, channel, zones, holidays) is worked out once.
"""

import json
from datetime import date, timedelta, timezone
from typing import NamedTuple

from odoo.tools import SQL

from . import holiday_calendars
from .contact_rules import HORIZON_DAYS, Contact, Place, Rule, denials, next_allowed
from .contact_zones import zones_of_address, zones_of_phone


class Time(NamedTuple):
    """``at``: when a message may leave (UTC, without zone); ``reasons``: what is against leaving now, () when nothing is."""

    at: object
    reasons: tuple[dict, ...] = ()


class Scope(NamedTuple):
    """For whom ``rule`` is, and since when. Empty countries, states or types: for all of them."""

    rule: Rule
    countries: frozenset[str] = frozenset()
    # (country code, state code); they narrow their own countries only.
    states: frozenset[tuple[str, str]] = frozenset()
    types: frozenset[str] = frozenset()
    # On the public holidays of the customer's address.
    is_closed_on_holidays: bool = False
    first_day: date | None = None

    def covers(self, country: str, state: str, customer_type: str, day: date) -> bool:
        """Whether ``rule`` is for a customer of this kind, with an address there, on ``day``.

        >>> california = Scope(Rule("California"), frozenset({"US", "MX"}), frozenset({("US", "CA")}))
        >>> [california.covers(*place, "consumer", date(2026, 6, 15)) for place in (("US", "CA"), ("US", ""), ("MX", "SON"))]
        [True, False, True]
        """
        if self.first_day and day < self.first_day or self.types and customer_type not in self.types:
            return False
        if any(country == each for each, _state in self.states):
            return (country, state) in self.states
        return country in self.countries or not self.countries and not self.states


def find_times(env, rules, sources, moment):
    """Return {id: `Time`} of the messages in ``sources`` for which ``moment`` (UTC, without zone) is asked.

    ``rules``: of their company, as `collection.policy._get_rules` gives them. ``sources``: SELECT of (id, channel, customer,
    recipient), one row for each recipient.
    """
    people = {}
    for message_id, channel, *person in env.execute_query(_people_sql(env, sources)):
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


def _people_sql(env, sources):
    """The place of each recipient, and of which type the debtor is; what a contact does not say, its company does."""
    return SQL(
        """SELECT source.message_id, source.channel, COALESCE(country.code, ''), COALESCE(state.code, ''),
                  COALESCE(place.zip, ''), COALESCE(person.phone, debtor.phone, ''),
                  COALESCE(person.collection_tz, debtor.collection_tz, ''), %(customer_type)s
             FROM (%(sources)s) source (message_id, channel, debtor_id, partner_id)
             JOIN res_partner debtor ON debtor.id = source.debtor_id
             LEFT JOIN res_partner person ON person.id = source.partner_id
             JOIN res_partner place ON place.id = CASE WHEN person.country_id IS NULL THEN debtor.id ELSE person.id END
             LEFT JOIN res_country country ON country.id = place.country_id
             LEFT JOIN res_country_state state ON state.id = place.state_id""",
        sources=sources,
        customer_type=env["res.partner"]._collection_customer_type_sql("debtor"),
    )


def _find_time(rules, channel, persons, moment):
    """Return the `Time` at which all ``persons`` may be contacted: each under the rules of its own country."""
    asked = moment.replace(tzinfo=timezone.utc)
    contacts = [_contact(rules, channel, person, asked.date()) for person in sorted(persons)]
    reasons = tuple(denial._asdict() for contact in contacts for denial in denials(contact, asked))
    at, last = asked, asked + timedelta(days=HORIZON_DAYS)
    while at < last and any(denials(contact, at) for contact in contacts):
        for contact in contacts:
            at = next_allowed(contact, at).at or last
    return Time(at.astimezone(timezone.utc).replace(tzinfo=None), reasons)


def _contact(rules, channel, person, day):
    country, state, postcode, phone, said, customer_type = person
    place = Place(
        (said,) if said else (), zones_of_address(country, state, postcode), zones_of_phone(phone, country) if phone else ()
    )
    state = state.removeprefix(f"{country}-")
    calendar = f"{country}:{state}" if state and holiday_calendars.is_supported(f"{country}:{state}") else country
    return Contact(
        channel,
        tuple(
            scope.rule._replace(calendars=(calendar,) if scope.is_closed_on_holidays and country else ())
            for scope in rules
            if scope.covers(country, state, customer_type, day)
        ),
        place,
    )
