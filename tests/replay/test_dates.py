"""Properties of the pure date functions, on whatever calendar."""

import doctest
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.addons.account_collections_auto.engine import dates, history, simulate

from . import invoices

# Before its first example Hypothesis reads the source of all that is loaded, and here that is all of Odoo.
settings.register_profile("odoo", deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("odoo")

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
WEEKDAYS = st.frozensets(st.integers(0, 6))


@st.composite
def calendars(draw):
    """(day, weekdays, holidays): the holidays lie around the day, so that they matter."""
    day = draw(DAYS)
    offsets = draw(st.frozensets(st.integers(-3, 30), max_size=20))
    return day, draw(WEEKDAYS), {day + timedelta(days=offset) for offset in offsets}


@given(calendars())
def test_next_working_day_is_the_first_that_is_one(calendar):
    day, weekdays, holidays = calendar
    found = dates.next_working_day(day, weekdays, holidays)

    def works(candidate):
        return (candidate.weekday() in weekdays or not weekdays) and candidate not in holidays

    assert works(found)
    assert found >= day
    assert not any(works(day + timedelta(days=number)) for number in range((found - day).days))


@given(calendars())
def test_a_working_day_stays(calendar):
    found = dates.next_working_day(*calendar)
    assert dates.next_working_day(found, *calendar[1:]) == found


@given(DAYS, st.integers(0, 90))
def test_deadline_in_a_seven_day_week_is_plain_arithmetic(sent, response_days):
    assert dates.deadline(sent, response_days) == sent + timedelta(days=response_days)


@given(calendars(), st.integers(0, 90))
def test_deadline_is_never_sooner_than_promised_and_on_a_working_day(calendar, response_days):
    sent, weekdays, holidays = calendar
    found = dates.deadline(sent, response_days, weekdays, holidays)
    assert found >= sent + timedelta(days=response_days)
    assert found == dates.next_working_day(found, weekdays, holidays)


@given(calendars(), st.integers(0, 60), st.integers(0, 30))
def test_more_time_to_answer_never_gives_a_sooner_deadline(calendar, response_days, more):
    sent, weekdays, holidays = calendar
    first = dates.deadline(sent, response_days, weekdays, holidays)
    assert dates.deadline(sent, response_days + more, weekdays, holidays) >= first


def test_examples_in_docstrings_hold():
    for module in (dates, simulate, history, invoices):
        assert doctest.testmod(module).failed == 0


def test_both_files_are_recognised_by_their_columns():
    for columns, sample in ((invoices.IBM, invoices.sample_ibm), (invoices.HIGHRADIUS, invoices.sample_highradius)):
        other = invoices.HIGHRADIUS if columns is invoices.IBM else invoices.IBM
        assert list(invoices.read(sample(), other)) == []
        header, *rows = sample().getvalue().splitlines()
        shouted = [header.upper(), *rows]
        assert list(invoices.read(shouted, columns)) == list(invoices.read(sample(), columns))
