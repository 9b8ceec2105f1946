"""Contact rules of Regulation F and its worked examples, one test each, and what holds for any rules in any time zone.

Regulation F is 12 CFR 1006; RF-01 and so on number its rules. Times are those of the examples: UTC, or the clock in New York.
"""

import doctest
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from odoo.addons.account_collections_auto.engine import contact_rules, contact_zones, holiday_calendars
from odoo.addons.account_collections_auto.engine.contact_rules import (
    Attempt,
    Cap,
    Consent,
    Contact,
    Hours,
    Place,
    Rule,
    Told,
    denials,
    next_allowed,
)

settings.register_profile("odoo", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("odoo")

NEW_YORK = ZoneInfo("America/New_York")
EVERY_DAY, MON_TO_FRI = frozenset(range(7)), frozenset(range(5))
CALL = frozenset({"call"})
DEBT_A, DEBT_B = 1, 2
REG_F = Rule(
    "Regulation F",
    hours=(Hours(EVERY_DAY, 8 * 60, 21 * 60),),
    caps=(Cap(7, 7, CALL, "connected", "debt"),),
    wait_days=7,
    is_law=True,
)


def utc(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def noon(month, day, hour=12, minute=0, year=2026):
    """A moment on the clock of New York."""
    return datetime(year, month, day, hour, minute, tzinfo=NEW_YORK).astimezone(timezone.utc)


def call(month, day, outcome="unanswered", debts=(DEBT_A,), hour=10, minute=0, **more):
    return Attempt(noon(month, day, hour, minute), "call", outcome, frozenset(debts), **more)


def codes(moment, history=(), rules=(REG_F,), zones=("America/New_York",), channel="call", debts=(DEBT_A,), **more):
    """Return the codes of what is against a contact at ``moment``; nothing: it is allowed."""
    place = Place(address=tuple(zones))
    contact = Contact(channel, tuple(rules), place, history=tuple(history), debts=frozenset(debts), **more)
    return {denial.code for denial in denials(contact, moment)}


# -- the hours (worked example 12) -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "zones", "allowed"),
    [
        ("2026-03-07 12:30Z", "America/New_York", False),
        ("2026-03-08 12:30Z", "America/New_York", True),
        ("2026-10-31 12:30Z", "America/New_York", True),
        ("2026-11-01 12:30Z", "America/New_York", False),
        ("2026-11-02 01:30Z", "America/New_York", True),
        ("2026-11-02 02:00Z", "America/New_York", False),
        ("2026-06-10 14:59Z", "America/New_York America/Los_Angeles", False),
        ("2026-06-10 15:00Z", "America/New_York America/Los_Angeles", True),
        ("2026-06-11 00:59Z", "America/New_York America/Los_Angeles", True),
        ("2026-06-11 01:00Z", "America/New_York America/Los_Angeles", False),
        ("2026-07-15 14:30Z", "America/Phoenix America/Denver", False),
        ("2026-07-15 15:00Z", "America/Phoenix America/Denver", True),
        ("2026-07-16 02:59Z", "America/Phoenix America/Denver", True),
        ("2026-07-16 03:00Z", "America/Phoenix America/Denver", False),
        ("2026-01-16 03:30Z", "America/Phoenix America/Denver", True),
    ],
)
def test_example_12_time_of_day(instant, zones, allowed):
    assert (codes(utc(instant), zones=zones.split()) == set()) is allowed


def test_rf_01_not_before_8_nor_from_21_at_the_customers_location():
    day = date(2026, 6, 10)
    for local, allowed in ((time(7, 59), False), (time(8), True), (time(20, 59, 59), True), (time(21), False)):
        assert (codes(datetime.combine(day, local, NEW_YORK)) == set()) is allowed


@pytest.mark.parametrize("channel", ["email", "sms", "call"])
def test_rf_02_hours_bind_email_and_sms_too_when_they_are_sent(channel):
    assert codes(noon(6, 10, 22), channel=channel) == {"hours"}


@pytest.mark.parametrize("channel", ["letter", "portal"])
def test_rf_02_letters_and_portal_entries_are_not_bound_to_hours(channel):
    assert codes(noon(6, 10, 22), channel=channel) == set()


def test_rf_03_a_number_and_an_address_that_disagree_must_both_allow():
    place = Place(address=("America/Los_Angeles",), phone=("America/New_York",))
    found = next_allowed(Contact("call", (REG_F,), place), utc("2026-06-10 12:00Z"))
    assert found.at == utc("2026-06-10 15:00Z")
    assert [(denial.code, denial.zone) for denial in found.denials] == [("hours", "America/Los_Angeles")]


def test_rf_03_a_zone_that_a_person_entered_stands_above_address_and_number():
    place = Place(("America/New_York",), ("America/Los_Angeles",), ("Asia/Tokyo",))
    assert denials(Contact("call", (REG_F,), place), utc("2026-06-10 12:00Z")) == ()


def test_florida_looks_at_the_number_only_where_the_address_says_nothing():
    florida = REG_F._replace(zones="address")
    asked = utc("2026-06-10 12:30Z")  # 08:30 in New York, 07:30 in Chicago
    number_only = Place(phone=("America/Chicago",))
    both = Place(address=("America/New_York",), phone=("America/Chicago",))
    assert [bool(denials(Contact("call", (florida,), place), asked)) for place in (number_only, both)] == [True, False]


def test_florida_hours_do_not_bind_email():
    florida = Rule("Florida", hours=(Hours(EVERY_DAY, 480, 1260, frozenset({"call", "sms"})),))
    assert codes(noon(6, 10, 22), rules=[florida], channel="email") == set()
    assert codes(noon(6, 10, 22), rules=[florida], channel="sms") == {"hours"}


def test_rf_04_what_the_customer_calls_inconvenient_overrides_the_default():
    told = (Told(frozenset({2}), 9 * 60, 17 * 60),)  # Wednesdays at work
    assert codes(noon(6, 10, 16, 59), told=told) == {"told"}
    assert codes(noon(6, 10, 17), told=told) == set()
    assert codes(noon(6, 11, 12), told=told) == set()


def test_rf_04_it_may_be_whole_days_and_only_for_a_time():
    told = (Told(EVERY_DAY, first_day=date(2026, 6, 8), last_day=date(2026, 6, 12)),)
    contact = Contact("call", (REG_F,), Place(address=("America/New_York",)), told)
    assert next_allowed(contact, noon(6, 10)).at == noon(6, 13, 8)


# -- caps and waits (worked example 11) --------------------------------------------------------------------------------

ONE_EACH_1_TO_6 = [call(4, day) for day in range(1, 7)]
ONE_EACH_1_TO_7 = [call(4, day) for day in range(1, 8)]


@pytest.mark.parametrize(
    ("case", "history", "attempt", "expected"),
    [
        ("a", ONE_EACH_1_TO_6, noon(4, 7), set()),
        ("b", ONE_EACH_1_TO_7, noon(4, 7), {"cap"}),
        ("c", ONE_EACH_1_TO_7, noon(4, 8), set()),
        (
            "d",
            [call(4, 1), call(4, 2), call(4, 2, hour=14), call(4, 3), call(4, 3, hour=14), call(4, 6), call(4, 6, hour=14)],
            noon(4, 7),
            {"cap"},
        ),
        ("e: the same day", [call(8, 14, "reached")], noon(8, 14), {"wait"}),
        ("e: the seventh day", [call(8, 14, "reached")], noon(8, 20), {"wait"}),
        ("e: afterwards", [call(8, 14, "reached")], noon(8, 21), set()),
        ("f: the seventh day", [call(8, 13, "reached", is_inbound=True)], noon(8, 19), {"wait"}),
        ("f: afterwards", [call(8, 13, "reached", is_inbound=True)], noon(8, 20), set()),
        ("g", [*ONE_EACH_1_TO_7[:5], call(4, 6, "not_connected"), call(4, 7, "not_connected")], noon(4, 7), set()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_example_11_frequency(case, history, attempt, expected):
    assert codes(attempt, history) == expected


def test_example_11_h_a_call_that_was_asked_for_and_what_comes_after_it():
    talked = call(4, 3, "reached")
    asked = [Consent(talked.at)]
    assert codes(noon(4, 6), [talked], consents=tuple(asked)) == set()
    again = call(4, 6, "reached", hour=12)
    assert codes(noon(4, 8), [talked, again], consents=tuple(asked)) == {"wait"}


def test_example_11_i_calls_with_consent_are_not_counted():
    unanswered = [call(6, day) for day in (1, 2, 3)]
    consents = (Consent(noon(6, 4)),)
    many = [call(6, day, hour=hour) for day in (8, 9) for hour in (9, 11, 14)] + [call(6, 10, hour=9), call(6, 10, hour=10)]
    for number, each in enumerate(many):
        assert codes(each.at, unanswered + many[:number], consents=consents) == set()
    # None of the eight counts on the 11th: seven more are possible, and the next is not.
    later = [call(6, 11, hour=9 + number) for number in range(7)]
    for number, each in enumerate(later):
        assert codes(each.at, unanswered + many + later[:number], consents=consents) == set()
    assert codes(noon(6, 11, 17), unanswered + many + later, consents=consents) == {"cap"}


def test_rf_12_consent_ends_early_when_it_is_revoked():
    history = ONE_EACH_1_TO_7
    consent = Consent(noon(4, 7, 8))
    assert codes(noon(4, 7), history, consents=(consent,)) == set()
    assert (
        codes(noon(4, 7), history[:6] + [call(4, 7, hour=8)], consents=(consent._replace(revoked_at=noon(4, 7, 9)),)) == set()
    )
    revoked = consent._replace(at=noon(4, 7, 11), revoked_at=noon(4, 7, 11, 30))
    assert codes(noon(4, 7), history, consents=(revoked,)) == {"cap"}


def test_example_11_j_a_cap_per_debt_leaves_another_debt_free_one_per_person_does_not():
    per_person = REG_F._replace(caps=(Cap(7, 7, CALL, "connected", "customer"),), is_law=False)
    assert codes(noon(4, 7), ONE_EACH_1_TO_7, debts=[DEBT_B]) == set()
    assert codes(noon(4, 7), ONE_EACH_1_TO_7, debts=[DEBT_B], rules=[per_person]) == {"cap"}


def test_example_11_k_two_calls_in_three_minutes_are_refused_by_the_gap_not_by_the_cap():
    patient = REG_F._replace(gap_minutes=60)
    history = [call(4, 7, hour=12), call(4, 7, hour=12, minute=3)]
    assert codes(noon(4, 7, 12, 6), history, rules=[patient]) == {"gap"}
    assert codes(noon(4, 7, 12, 6), history) == set()
    found = next_allowed(Contact("call", (patient,), Place(("America/New_York",)), history=tuple(history)), noon(4, 7, 12, 6))
    assert found.at == noon(4, 7, 13, 3)


def test_rf_13_what_rings_unanswered_or_ends_on_a_machine_counts():
    history = ONE_EACH_1_TO_6[:4] + [call(4, 5, "message"), call(4, 6, "message"), call(4, 7, "unanswered")]
    assert codes(noon(4, 7), history) == {"cap"}


def test_rf_14_a_call_about_several_debts_counts_for_each():
    history = [call(4, day, debts=(DEBT_A, DEBT_B)) for day in range(1, 8)]
    assert codes(noon(4, 7), history, debts=[DEBT_B]) == {"cap"}
    unanswered_about_one = [*history[:6], call(4, 7, debts=(DEBT_A,))]
    assert codes(noon(4, 7), unanswered_about_one, debts=[DEBT_B]) == set()


def test_rf_15_what_the_customer_started_waits_but_is_not_counted():
    history = ONE_EACH_1_TO_6 + [call(4, 7, "message", is_inbound=True)]
    assert codes(noon(4, 7), history) == set()
    assert codes(noon(4, 7), ONE_EACH_1_TO_6 + [call(4, 7, "reached", is_inbound=True)]) == {"wait"}


def test_rf_16_calls_to_a_number_of_somebody_else_are_not_counted():
    """They are recorded as not connected with this customer once the mistake is known."""
    history = [attempt._replace(outcome="not_connected") for attempt in ONE_EACH_1_TO_7]
    assert codes(noon(4, 7), history) == set()


def test_extra_massachusetts_two_voicemails_refuse_the_third_contact_by_sms():
    massachusetts = Rule("MA", caps=(Cap(2, 7, frozenset({"call", "sms"}), "connected", "debt"),))
    history = [call(6, 8, "message"), call(6, 10, "message")]  # Monday and Wednesday
    assert codes(noon(6, 12), history, rules=[massachusetts], channel="sms") == {"cap"}
    assert codes(noon(6, 12), history, rules=[massachusetts], channel="email") == set()


def test_extra_australia_three_contacts_on_one_day_fill_the_week():
    channels = frozenset({"call", "sms", "email", "letter"})
    australia = Rule("RG 96", caps=(Cap(3, 7, channels, "contact"), Cap(10, 30, channels, "contact")))
    history = tuple(
        Attempt(utc("2026-06-10 02:00Z"), channel, "message", frozenset({DEBT_A})) for channel in ("call", "email", "sms")
    )
    contact = Contact("call", (australia,), Place(address=("Australia/Sydney",)), history=history, debts=frozenset({DEBT_A}))
    found = next_allowed(contact, utc("2026-06-11 02:00Z"))
    assert found.at.astimezone(ZoneInfo("Australia/Sydney")).date() == date(2026, 6, 17)


def test_extra_ontario_an_unanswered_call_and_a_letter_do_not_count():
    channels = frozenset({"call", "sms", "email"})
    ontario = Rule("Ontario", caps=(Cap(3, 7, channels, "contact", "debt"),))
    history = [call(6, 8), call(6, 9), call(6, 9, "message"), Attempt(noon(6, 9), "letter", "message", frozenset({DEBT_A}))]
    assert codes(noon(6, 10), history, rules=[ontario]) == set()
    assert codes(noon(6, 10), [*history, call(6, 9, "reached"), call(6, 10, "message")], rules=[ontario]) == {"cap"}


def test_extra_validation_period():
    def ends(sent):
        return holiday_calendars.working_days_later(sent, 5, "US") + timedelta(days=30)

    assert ends(date(2026, 6, 1)) == date(2026, 7, 8)
    assert ends(date(2026, 6, 29)) == date(2026, 8, 6)


def test_what_is_scheduled_for_later_counts_too():
    """Two messages that are each allowed must not break the cap together."""
    rule = Rule("Two a week", caps=(Cap(2, 7),))
    history = [Attempt(noon(6, 10), "email"), Attempt(noon(6, 12), "email")]
    assert codes(noon(6, 8), history, rules=[rule], channel="email") == {"cap"}
    assert codes(noon(6, 5), history, rules=[rule], channel="email") == set()


# -- several rules ------------------------------------------------------------------------------------------------------


def test_of_several_rules_the_strictest_wins():
    early = Rule("Early", hours=(Hours(EVERY_DAY, 6 * 60, 12 * 60),))
    late = Rule("Late", hours=(Hours(MON_TO_FRI, 10 * 60, 22 * 60),))
    contact = Contact("email", (early, late), Place(address=("Europe/Berlin",)))
    found = next_allowed(contact, utc("2026-06-12 10:00Z"))  # Friday noon in Berlin
    assert found.at == utc("2026-06-15 08:00Z")
    assert [denial.rule for denial in found.denials] == ["Early"]


def test_what_no_day_allows_has_no_moment_and_says_why():
    morning = Rule("Morning", hours=(Hours(EVERY_DAY, 8 * 60, 9 * 60),))
    evening = Rule("Evening", hours=(Hours(EVERY_DAY, 19 * 60, 20 * 60),))
    found = next_allowed(Contact("email", (morning, evening), Place(address=("Europe/Berlin",))), utc("2026-06-12 07:00Z"))
    assert found.at is None
    assert {denial.rule for denial in found.denials} == {"Evening", "Morning"}


def test_a_holiday_is_closed_and_so_is_a_weekend_where_no_table_is_known():
    germany = Rule("DE", hours=(Hours(EVERY_DAY, 8 * 60, 20 * 60),), calendars=("DE",))
    unknown = germany._replace(calendars=("XX",))
    zones = Place(address=("Europe/Berlin",))
    reunion = utc("2026-10-03 08:00Z")  # a Saturday
    assert [denial.code for denial in denials(Contact("email", (germany,), zones), reunion)] == ["holiday"]
    assert next_allowed(Contact("email", (germany,), zones), reunion).at == utc("2026-10-04 06:00Z")
    assert next_allowed(Contact("email", (unknown,), zones), reunion).at == utc("2026-10-05 06:00Z")


def test_friday_evening_in_honolulu_is_saturday_on_the_other_side_of_the_date_line():
    rule = Rule("Week", hours=(Hours(MON_TO_FRI, 8 * 60, 20 * 60),))
    contact = Contact("email", (rule,), Place(address=("Pacific/Honolulu",), phone=("Pacific/Kiritimati",)))
    # One day apart and the same clock: Monday to Thursday in Honolulu are Tuesday to Friday there.
    found = next_allowed(contact, utc("2026-06-12 20:00Z"))
    assert found.at == utc("2026-06-15 18:00Z")


# -- for any rules, zones and moments --------------------------------------------------------------------------------

# Half-hour and three-quarter-hour zones, both sides of the date line, changes of the clock of an hour and of half of one, at
# midnight, on both halves of the earth, and one whose summer comes before Ramadan.
ZONES = some.sampled_from(
    [
        "America/New_York",
        "America/St_Johns",
        "America/Santiago",
        "America/Havana",
        "Pacific/Apia",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Pacific/Chatham",
        "Pacific/Marquesas",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Asia/Beirut",
        "Australia/Lord_Howe",
        "Australia/Eucla",
        "Africa/Cairo",
        "Africa/Casablanca",
        "Europe/Lisbon",
        "Europe/Berlin",
    ]
)
MINUTES = some.integers(0, 48).map(lambda number: 30 * number)


@some.composite
def hours(draw):
    start, end = sorted((draw(MINUTES), draw(MINUTES)))
    return Hours(draw(some.frozensets(some.integers(0, 6), min_size=1)), start, max(end, start + 15))


@some.composite
def rules(draw):
    return Rule(
        draw(some.sampled_from("ABC")),
        tuple(draw(some.lists(hours(), max_size=3))),
        tuple(draw(some.lists(some.sampled_from(["DE", "US:CA", "NP"]), max_size=1))),
    )


MOMENTS = some.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)).map(lambda each: each.replace(tzinfo=timezone.utc))
# Around the changes of the clock mistakes are likely.
CHANGES = some.sampled_from(
    [utc("2026-03-08 07:00Z"), utc("2026-11-01 06:00Z"), utc("2026-03-29 01:00Z"), utc("2026-10-25 01:00Z")]
    + [utc("2026-04-04 15:00Z"), utc("2026-10-03 15:30Z"), utc("2026-04-05 03:00Z"), utc("2026-09-06 04:00Z")]
).flatmap(lambda each: some.integers(-600, 600).map(lambda minutes: each + timedelta(minutes=minutes)))


def naive_allows(contact, moment):
    """The question asked once more, in the plainest words."""
    for rule in contact.rules:
        for name in contact.place.zones():
            local = moment.astimezone(ZoneInfo(name))
            minute = local.hour * 60 + local.minute
            if rule.hours and not any(
                local.weekday() in each.weekdays and each.start <= minute < each.end for each in rule.hours
            ):
                return False
            if any(holiday_calendars.is_holiday(calendar, local.date()) for calendar in rule.calendars):
                return False
    return True


@settings(max_examples=300)
@given(some.lists(rules(), min_size=1, max_size=3), some.lists(ZONES, min_size=1, max_size=2), MOMENTS | CHANGES)
def test_nothing_is_scheduled_outside_of_the_intersection_of_the_windows(some_rules, zones, moment):
    contact = Contact("email", tuple(some_rules), Place(address=tuple(zones)))
    found = next_allowed(contact, moment, horizon_days=14)
    if found.at is not None:
        assert found.at >= moment
        assert naive_allows(contact, found.at)


@settings(max_examples=150)
@given(some.lists(rules(), min_size=1, max_size=2), some.lists(ZONES, min_size=1, max_size=2), MOMENTS | CHANGES)
def test_nothing_waits_longer_than_it_has_to(some_rules, zones, moment):
    """Whatever quarter of an hour one tries before the answer is closed, as all hours and changes lie on quarters."""
    contact = Contact("email", tuple(some_rules), Place(address=tuple(zones)))
    found = next_allowed(contact, moment, horizon_days=10)
    end = found.at or moment + timedelta(days=10)
    quarter = (moment + timedelta(minutes=15)).replace(second=0, microsecond=0)
    quarter -= timedelta(minutes=quarter.minute % 15)
    tried = [moment] if found.at != moment else []
    while quarter < end:
        tried.append(quarter)
        quarter += timedelta(minutes=15)
    assert not any(naive_allows(contact, each) for each in tried)


@settings(max_examples=150)
@given(
    some.lists(some.tuples(some.integers(1, 4), some.integers(1, 10)), min_size=1, max_size=3),
    some.lists(some.integers(0, 20 * 24 * 60), min_size=5, max_size=25),
    some.lists(ZONES, min_size=1, max_size=2),
)
def test_no_sequence_of_contacts_breaks_a_cap(limits, offsets, zones):
    """Contacts asked for at any moments, in any order, each scheduled after the others."""
    rule = Rule("Caps", (Hours(MON_TO_FRI, 480, 1200),), caps=tuple(Cap(*limit) for limit in limits))
    place = Place(address=tuple(zones))
    start, scheduled = utc("2026-03-01 00:00Z"), []
    for offset in offsets:
        contact = Contact("email", (rule,), place, history=tuple(scheduled))
        found = next_allowed(contact, start + timedelta(minutes=offset))
        if found.at is not None:
            scheduled.append(Attempt(found.at, "email"))
    for name in zones:
        days = [attempt.at.astimezone(ZoneInfo(name)).date() for attempt in scheduled]
        for maximum, span in limits:
            for first in days:
                assert sum(0 <= (day - first).days < span for day in days) <= maximum


@given(some.integers(1, 12), some.lists(some.tuples(some.integers(0, 30), some.booleans()), max_size=12), MOMENTS)
def test_after_a_conversation_nobody_calls_for_its_days(wait, talks, moment):
    rule = Rule("Wait", wait_days=wait)
    history = tuple(
        Attempt(moment - timedelta(days=days), "call", "reached" if reached else "message") for days, reached in talks
    )
    found = next_allowed(Contact("call", (rule,), Place(("Asia/Kolkata",)), history=history), moment)
    zone = ZoneInfo("Asia/Kolkata")
    for attempt in history:
        if attempt.outcome == "reached":
            assert (found.at.astimezone(zone).date() - attempt.at.astimezone(zone).date()).days >= wait


# -- where somebody may be ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "state", "postcode", "expected"),
    [
        ("US", "TX", "79901", ["America/Denver"]),
        ("US", "TX", "78701", ["America/Chicago"]),
        ("US", "IN", "46204", ["America/New_York"]),
        ("US", "HI", "", ["Pacific/Honolulu"]),
        ("US", "", "96799", ["Pacific/Pago_Pago"]),
        ("CA", "", "M5V 2T6", ["America/Toronto"]),
        ("CA", "NL", "", ["America/Goose_Bay", "America/St_Johns"]),
        ("AU", "NSW", "2880", ["Australia/Broken_Hill", "Australia/Sydney"]),
        ("AU", "WA", "6000", ["Australia/Perth"]),
        ("BR", "AM", "", ["America/Manaus", "America/Eirunepe"]),
        ("MX", "ROO", "", ["America/Cancun"]),
        ("ES", "TF", "", ["Atlantic/Canary"]),
        ("ES", "", "38001", ["Atlantic/Canary"]),
        ("PT", "", "", ["Europe/Lisbon"]),
        ("IN", "", "", ["Asia/Kolkata"]),
    ],
)
def test_the_zone_follows_from_country_state_and_postcode(country, state, postcode, expected):
    assert list(contact_zones.zones_of_address(country, state, postcode)) == expected


def test_a_country_with_many_zones_and_no_more_than_its_name_asks_for_all_of_them():
    zones = contact_zones.zones_of_address("US")
    assert {"America/New_York", "Pacific/Honolulu"} <= set(zones)
    contact = Contact("email", (Rule("Day", (Hours(EVERY_DAY, 480, 1260),)),), Place(address=zones))
    found = next_allowed(contact, utc("2026-06-10 12:00Z")).at
    assert found.astimezone(ZoneInfo("Pacific/Honolulu")).time() >= time(8)
    assert found.astimezone(NEW_YORK).time() < time(21)


def test_a_number_that_stands_for_no_place_says_nothing():
    assert contact_zones.zones_of_phone("+49 151 23456789") == ()  # a mobile phone
    assert contact_zones.zones_of_phone("+351 21 123 4567") == ("Europe/Lisbon",)


def test_examples_in_docstrings_hold():
    for module in (contact_rules, contact_zones, holiday_calendars):
        assert doctest.testmod(module).failed == 0
