"""Late interest and late fees against the worked examples and rules of the reference, and against properties."""

import doctest
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ..engine import interest as formulas
from ..engine import late_fees
from ..engine.interest import Balance, MissingRate, Rate, Terms, capped, interest, rounded, total_rate
from ..engine.late_fees import Bracket, by_bracket, by_scale, first_fee_day, paid_reminders, refusal

D = Decimal
ECB = {date(2025, 1, 1): "3.15", date(2025, 7, 1): "2.15", date(2026, 1, 1): "2.15", date(2026, 7, 1): "2.40"}
BUNDESBANK = {date(2026, 1, 1): "1.27", date(2026, 7, 1): "1.52"}
BOE = {date(2024, 7, 1): "5.25", date(2025, 1, 1): "4.75", date(2025, 7, 1): "4.25"}


def half_years(reference, margin, step="0", end=date(2026, 12, 31)):
    rates = [Rate(start, total_rate(D(value), D(margin), step=D(step))) for start, value in sorted(reference.items())]
    return (*rates[:-1], rates[-1]._replace(end=end))


def owed(terms, amount, due, paid, **options):
    balances = options.pop("balances", [Balance(due + timedelta(days=1), D(amount))])
    return rounded(interest(terms, due, paid, balances, **options), terms.digits)


def brackets(*rows):
    return [Bracket(up_to and D(up_to), D(amount), is_included=is_included) for up_to, amount, is_included in rows]


GB_SUM = brackets(("1000", 40, False), ("10000", 70, False), (None, 100, True))
PL_SUM = brackets(("5000", 40, True), ("50000", 70, False), (None, 100, True))
IE_SUM = brackets(("1000", 40, True), ("10000", 70, True), (None, 100, True))
WIK = [(D(2500), D(15)), (D(5000), D(10)), (D(10000), D(5)), (D(200000), D(1)), (None, D("0.5"))]
BE_CONSUMER = [
    Bracket(D(150), D(20)),
    Bracket(D(500), D(30), D(10), D(150)),
    Bracket(None, D(65), D(5), D(500)),
]


def test_examples_in_the_docstrings():
    assert not doctest.testmod(formulas).failed
    assert not doctest.testmod(late_fees).failed


def test_worked_example_1_gb_interest_and_compensation():
    terms = Terms(half_years(BOE, 8, end=date(2025, 12, 31)), lock="first_day")
    assert owed(terms, "5000", date(2024, 8, 1), date(2024, 9, 15)) == D("81.68")
    sums = [by_bracket(GB_SUM, D(amount)) for amount in ("5000", "999.99", "1000", "9999.99", "10000")]
    assert sums == [70, 40, 70, 70, 100]


def test_worked_example_2_gb_rate_is_locked():
    rates = half_years(BOE, 8, end=date(2025, 12, 31))
    case = "12000", date(2025, 5, 31), date(2025, 9, 28)
    assert owed(Terms(rates, lock="first_day"), *case) == D("503.01")
    assert owed(Terms(rates), *case) == D("488.22"), "what splitting at 1 July would give"
    assert by_bracket(GB_SUM, D(12000)) == 100


@pytest.mark.parametrize(
    "principal, fee",
    [
        ("100", "40"),
        ("266.67", "40.00"),
        ("1000", "150"),
        ("2500", "375"),
        ("5000", "625"),
        ("10000", "875"),
        ("12000", "895"),
        ("200000", "2775"),
        ("1000000", "6775"),
        ("2000000", "6775"),
    ],
)
def test_worked_example_3_nl_scale(principal, fee):
    assert by_scale(WIK, D(principal), D(40), D(6775)) == D(fee)


def test_worked_example_3_nl_scale_with_vat():
    assert rounded(by_scale(WIK, D(12000), D(40), D(6775)) * D("1.21")) == D("1082.95")


def test_worked_example_4_nl_capitalisation():
    rates = half_years(ECB, 8)
    case = "10000", date(2025, 2, 28), date(2026, 5, 31)
    assert owed(Terms(rates, compounding="yearly"), "10000", date(2025, 2, 28), date(2026, 2, 28)) == D("1048.42")
    assert owed(Terms(rates, compounding="yearly"), *case) == D("1331.08")
    assert owed(Terms(rates), *case) == D("1304.26"), "without capitalisation"


@pytest.mark.parametrize(
    "principal, fee",
    [
        ("100", "20"),
        ("150", "20"),
        ("150.01", "30.00"),
        ("400", "55"),
        ("500", "65"),
        ("1000", "90"),
        ("39200", "2000"),
        ("50000", "2000"),
    ],
)
def test_worked_example_5_be_consumer_fee(principal, fee):
    assert by_bracket(BE_CONSUMER, D(principal), D(2000)) == D(fee)


def test_worked_example_5_be_consumer_dates():
    def is_working(day):
        return day.weekday() < 5 and day != date(2026, 5, 1)

    assert first_fee_day(date(2026, 3, 2), 14) == date(2026, 3, 17)
    assert first_fee_day(date(2026, 3, 2), 14, 3, is_working) == date(2026, 3, 19)
    assert first_fee_day(date(2026, 4, 30), 14, 3, is_working) == date(2026, 5, 20)


def test_worked_example_6_de_business_and_consumer():
    case = "1000", date(2026, 3, 2), date(2026, 5, 1)
    assert owed(Terms(half_years(BUNDESBANK, 9)), *case) == D("16.88")
    assert owed(Terms(half_years(BUNDESBANK, 5)), *case) == D("10.31")


def test_worked_example_7_de_across_a_half_year():
    terms = Terms(half_years(BUNDESBANK, 9))
    assert owed(terms, "1000", date(2026, 5, 29), date(2026, 7, 28)) == D("17.07")
    # A due date on a Sunday moves to the Monday.
    assert owed(terms, "1000", date(2026, 6, 1), date(2026, 7, 30)) == D("16.81")


def test_worked_example_8_fr_across_a_half_year():
    assert owed(Terms(half_years(ECB, 10)), "10000", date(2026, 5, 15), date(2026, 8, 13)) == D("302.60")


def test_worked_example_9_be_rate_is_rounded_up():
    case = "8000", date(2025, 6, 15), date(2025, 8, 14)
    assert owed(Terms(half_years(ECB, 8, step="0.5")), *case) == D("141.37")
    assert owed(Terms(half_years(ECB, 8)), *case) == D("136.77"), "without rounding up"


def test_worked_example_10_pl():
    terms = Terms((Rate(date(2026, 1, 1), D(14), date(2026, 6, 30)),))
    assert owed(terms, "12400", date(2026, 2, 2), date(2026, 3, 18)) == D("209.27")
    sums = [by_bracket(PL_SUM, D(amount)) for amount in ("12400", "5000", "5000.01", "49999.99", "50000")]
    assert sums == [70, 40, 70, 70, 100]


def test_extra_in_monthly_rests():
    terms = Terms((Rate(date(2025, 12, 5), D("16.5")),), compounding="monthly")
    assert owed(terms, "500000", date(2026, 1, 10), date(2026, 4, 10)) == D("20909.89")
    # Fifteen days are half a month, whatever the month.
    assert owed(terms, "500000", date(2026, 1, 10), date(2026, 1, 25)) == D("3437.50")


def test_extra_dk_reminders_ten_days_apart():
    def fees(*days):
        sent = [date(2026, 1, 1) + timedelta(days=day) for day in days]
        return sum(paid_reminders(date(2026, 1, 1), sent, gap=10, most=3)) * 100

    assert (fees(1, 11, 21), fees(1, 8, 18), fees(1, 11, 21, 31)) == (300, 200, 300)


def test_extra_no_two_reminders_from_fourteen_days_on():
    sent = [date(2026, 1, 1) + timedelta(days=days) for days in (13, 14, 30, 60)]
    assert paid_reminders(date(2026, 1, 1), sent, most=2, first_after=14) == [False, True, True, False]


def test_extra_nl_letter_delivered():
    assert first_fee_day(date(2026, 3, 2), 15) == date(2026, 3, 18)


def test_extra_ie_bounds():
    assert [by_bracket(IE_SUM, D(amount)) for amount in ("1000", "1000.01", "10000", "10000.01")] == [40, 70, 70, 100]


def test_rf_32_fees_only_where_agreement_or_law_allows_them():
    assert refusal("forbidden", is_agreed=True) == "fee_forbidden"
    assert (refusal("agreed"), refusal("agreed", is_agreed=True), refusal("law")) == ("fee_not_agreed", "", "")


def test_a_fee_tied_to_a_first_notice_waits_for_its_time():
    day = first_fee_day(date(2026, 3, 2), 14)
    assert refusal("law_after_notice", fee_day=None, day=day) == "fee_without_notice"
    assert refusal("law_after_notice", fee_day=day, day=day - timedelta(days=1)) == "fee_notice_runs"
    assert refusal("law_after_notice", fee_day=day, day=day) == ""


# -- rates and principal that change ------------------------------------------------------------------------------------


def test_a_missing_rate_charges_nothing_for_the_whole_period():
    terms = Terms(half_years(BUNDESBANK, 9, end=date(2026, 12, 31)))
    assert owed(terms, "1000", date(2026, 12, 1), date(2026, 12, 31)) > 0
    with pytest.raises(MissingRate) as missing:
        owed(terms, "1000", date(2026, 12, 1), date(2027, 1, 1))
    assert missing.value.day == date(2027, 1, 1)
    with pytest.raises(MissingRate):
        owed(terms, "1000", date(2025, 12, 30), date(2026, 1, 5))


def test_a_locked_rate_needs_only_its_own_day():
    due = date(2025, 12, 31)
    late = due, date(2028, 1, 1)
    by_due_date = Terms((Rate(date(2025, 7, 1), D(10), due),), lock="due_date")
    assert owed(by_due_date, "1000", *late) == rounded(D(1000) * D("0.1") * 731 / 365)
    with pytest.raises(MissingRate):
        owed(by_due_date._replace(lock="first_day"), "1000", *late)


def test_interest_after_a_part_payment_is_on_what_is_left():
    terms = Terms((Rate(date(2026, 1, 1), D(10)),))
    due, paid = date(2026, 1, 1), date(2026, 1, 21)
    balances = [Balance(date(2026, 1, 2), D(1000)), Balance(date(2026, 1, 12), D(400))]
    whole = owed(terms, 0, due, paid, balances=balances)
    assert whole == rounded(D(1000) * 10 * 10 / 36500 + D(400) * 10 * 10 / 36500)
    # Nothing is lost when the rest is paid: later days add nothing.
    balances.append(Balance(date(2026, 1, 22), D(0)))
    assert owed(terms, 0, due, date(2026, 6, 1), balances=balances) == whole


def test_days_of_a_moratorium_bear_no_interest():
    """Both end days are included, whatever their rate, known or not."""
    terms = Terms((Rate(date(2026, 1, 1), D(10), date(2026, 1, 10)), Rate(date(2026, 1, 21), D(10))))
    due, paid = date(2026, 1, 1), date(2026, 1, 31)
    with_hold = owed(terms, "36500", due, paid, free=[(date(2026, 1, 11), date(2026, 1, 20))])
    assert with_hold == 10 * (9 + 11), "9 days before it and 11 after it, at 10 a day"


def test_a_moratorium_of_one_day_is_one_day():
    terms = Terms((Rate(date(2026, 1, 1), D(10)),))
    day = date(2026, 1, 11)
    assert owed(terms, "36500", date(2026, 1, 1), date(2026, 1, 31), free=[(day, day)]) == 10 * 29


def test_what_bears_interest_itself_is_rounded_first():
    terms = Terms((Rate(date(2025, 1, 1), D("4.5")),), compounding="yearly", digits=0)
    assert owed(terms, "100", date(2025, 1, 1), date(2026, 1, 1)) == 5
    assert owed(terms, "100", date(2025, 1, 1), date(2027, 1, 1)) == 10, "4.73 on 105, not 4.70 on 104.50"


def test_a_consumer_cap_takes_the_lower_rate_of_each_day():
    agreed = (Rate(date(2026, 1, 1), D(15)),)
    law = (Rate(date(2026, 1, 1), D(10), date(2026, 3, 31)), Rate(date(2026, 4, 1), D(20), date(2026, 6, 30)))
    rates = capped(agreed, law)
    assert [formulas.rate_on(rates, day) for day in (date(2026, 3, 31), date(2026, 4, 1))] == [10, 15]
    with pytest.raises(MissingRate):
        formulas.rate_on(rates, date(2026, 7, 1))


def test_a_negative_rate_is_none():
    assert owed(Terms((Rate(date(2026, 1, 1), D("-0.5")),)), "1000", date(2026, 1, 1), date(2026, 12, 31)) == 0


def test_yen_have_no_decimals():
    assert owed(Terms((Rate(date(2026, 1, 1), D(3)),), digits=0), "100000", date(2026, 1, 1), date(2026, 3, 2)) == 493


# -- properties -----------------------------------------------------------------------------------------------------------

DUE = date(2024, 1, 15)
days = some.integers(0, 900)
percents = some.decimals(-2, 20, places=2)
amounts = some.decimals(0, 10**7, places=2)


@some.composite
def debts(draw):
    """A principal that payments change, rates that change, days that bear none, counted in any way."""
    starts = sorted(draw(some.sets(some.integers(1, 900), max_size=4)))
    balances = [Balance(DUE + timedelta(days=start), draw(amounts)) for start in [1, *starts]]
    changes = sorted(draw(some.sets(some.integers(1, 900), max_size=4)))
    rates = tuple(Rate(DUE + timedelta(days=change), draw(percents)) for change in [-400, *changes])
    free = [
        (DUE + timedelta(days=first), DUE + timedelta(days=first + length))
        for first, length in draw(some.lists(some.tuples(days, some.integers(0, 90)), max_size=2))
    ]
    lock = draw(some.sampled_from(["floating", "due_date", "first_day"]))
    count = draw(some.sampled_from(formulas.DAY_COUNTS))
    return Terms(rates, lock, "simple", count), sorted({item.start: item for item in balances}.values()), free


@settings(max_examples=60, deadline=None, derandomize=True)
@given(debts(), some.lists(days, min_size=2, max_size=6))
def test_simple_interest_is_the_sum_over_any_split(debt, cuts):
    terms, balances, free = debt
    cuts = [DUE + timedelta(days=cut) for cut in sorted(cuts)]
    whole = interest(terms, DUE, cuts[-1], balances, cuts[0], free)
    parts = [interest(terms, DUE, last, balances, first, free) for first, last in zip(cuts[:-1], cuts[1:], strict=True)]
    assert whole == sum(parts)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(debts(), some.sampled_from(["simple", "yearly", "monthly"]), days, days)
def test_interest_is_never_negative_and_zero_for_no_days(debt, compounding, one, other):
    terms, balances, free = debt
    terms = terms._replace(compounding=compounding)
    first, last = (DUE + timedelta(days=day) for day in sorted((one, other)))
    assert interest(terms, DUE, last, balances, first, free) >= 0
    assert interest(terms, DUE, first, balances, first, free) == 0
    assert interest(terms, DUE, DUE - timedelta(days=one), balances) == 0


@settings(max_examples=100, deadline=None, derandomize=True)
@given(amounts, amounts)
def test_a_scale_never_falls_when_more_is_owed(one, other):
    less, more = sorted((one, other))
    assert by_scale(WIK, less, D(40), D(6775)) <= by_scale(WIK, more, D(40), D(6775)) <= 6775
