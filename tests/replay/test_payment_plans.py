"""Properties of the pure functions on payment plans, on whatever calendar and amounts."""

import doctest
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from odoo.addons.account_collections_auto.engine import payment_plans as plans

from .test_dates import DAYS, WEEKDAYS

RHYTHMS = st.sampled_from(["weekly", "monthly", "last_working_day"])
HOLIDAYS = st.frozensets(st.integers(0, 40), max_size=10)


@st.composite
def terms(draw):
    """The arguments of a schedule with a down payment or none."""
    first, total = draw(DAYS), draw(st.integers(0, 10**9))
    holidays = {first + timedelta(days=number) for number in draw(HOLIDAYS)}
    return {
        "total": total,
        "count": draw(st.integers(1, 60)),
        "rhythm": draw(RHYTHMS),
        "first": first,
        "down_payment": draw(st.integers(0, total + 5)),
        "down_payment_date": draw(st.none() | st.just(first - timedelta(days=3))),
        "weekdays": draw(WEEKDAYS),
        "holidays": holidays,
    }


def next_month(day):
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


@given(terms())
def test_the_instalments_add_up_to_the_debt_and_come_in_order(wanted):
    parts = plans.schedule(**wanted)
    assert sum(amount for _day, amount in parts) == wanted["total"]
    assert all(amount > 0 for _day, amount in parts)
    days = [day for day, _amount in parts]
    assert days == sorted(days)
    assert len(parts) <= wanted["count"] + 1


@given(st.integers(0, 10**9), st.integers(1, 100))
def test_equal_parts_differ_by_a_cent_at_most(total, count):
    parts = plans.equal_parts(total, count)
    assert (sum(parts), len(parts)) == (total, count)
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts)


@given(DAYS, st.integers(1, 40), RHYTHMS, WEEKDAYS, HOLIDAYS)
def test_no_date_is_before_the_first_and_each_month_has_one(first, count, rhythm, weekdays, offsets):
    holidays = {first + timedelta(days=number) for number in offsets}
    days = plans.due_dates(first, count, rhythm, weekdays, holidays)
    assert len(days) == len(set(days)) == count
    assert days == sorted(days)
    assert days[0] >= first
    if rhythm == "weekly":
        assert {(later - earlier).days for earlier, later in zip(days, days[1:], strict=False)} <= {7}
    else:
        assert all(
            (later.year, later.month) == (next_month(day).year, next_month(day).month)
            for day, later in zip(days, days[1:], strict=False)
        )


@given(DAYS, st.integers(1, 40))
def test_a_monthly_date_keeps_its_day_or_ends_a_shorter_month(first, count):
    for day in plans.due_dates(first, count, "monthly"):
        assert day.day == first.day or day == next_month(day) - timedelta(days=1) and day.day < first.day


@given(DAYS, WEEKDAYS, HOLIDAYS)
def test_after_the_last_working_day_of_a_month_nobody_works(day, weekdays, offsets):
    holidays = {day + timedelta(days=number) for number in offsets}
    last = plans.last_working_day(day.year, day.month, weekdays, holidays)
    assert (last.year, last.month) == (day.year, day.month)

    def works(candidate):
        return candidate.weekday() in weekdays and candidate not in holidays

    ending = next_month(day)
    if not works(last):  # a month without a working day ends on its last day
        assert last == ending - timedelta(days=1)
        assert not any(works(last.replace(day=number)) for number in range(1, last.day + 1))
    assert not any(works(last + timedelta(days=number)) for number in range(1, (ending - last).days))


def test_february_has_its_own_last_working_day():
    assert plans.last_working_day(2024, 2, range(5)) == date(2024, 2, 29)
    assert plans.last_working_day(2026, 2, range(5)) == date(2026, 2, 27)
    assert plans.due_dates(date(2024, 1, 31), 2, "monthly") == [date(2024, 1, 31), date(2024, 2, 29)]


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8), st.integers(1, 20), DAYS)
def test_split_over_items_each_item_gets_what_it_owes_and_each_day_its_amount(owed, count, first):
    parts = plans.schedule(sum(owed), count, "weekly", first)
    found = plans.split_over_items(parts, list(enumerate(owed)))
    for item, amount in enumerate(owed):
        assert sum(share for _day, share, of in found if of == item) == amount
    for day, amount in parts:
        assert sum(share for on, share, _item in found if on == day) == amount


def test_the_examples_in_the_documentation_are_right():
    assert doctest.testmod(plans).failed == 0
