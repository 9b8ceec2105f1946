"""The oracle itself, on cases counted by hand from the written rules: who is contacted on which day in 2026, and why."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from .oracle import Customer, Level, Plan, decide_day, happen, must_decide

RATES = {"EUR": Decimal(1), "USD": Decimal("1.10")}  # how much one EUR buys


def day(text):
    return date.fromisoformat(f"2026-{text}")


def plan(*days, response=7, wait=7, final=None, **values):
    return Plan(tuple(Level(number, response, wait, number == final) for number in days), **values)


def post(on, key, amount, due, currency="EUR"):
    return on, "post", key, currency, day(due), Decimal(amount)


def change(on, key, amount):
    return on, "change", key, Decimal(amount)


@dataclass
class Case:
    """What happens, and what must leave: (day, tone, {item: level}, listed items, total). ``decide``: first such day."""

    name: str
    plan: Plan
    story: list
    until: str
    sent: list
    decide: str = ""


STANDARD = plan(-3, 7, 21, 35, final=35)
EVERY_DAY_FROM = plan(1, minimum=Decimal(25))
QUICK = {"wait": 1, "gap_days": 1}
A, B = post("05-01", "A", 1000, "06-01"), post("05-01", "B", 500, "06-10")

CASES = [
    Case(
        "the weekly buyer",
        STANDARD,
        [A, B, change("06-23", "A", -400)],
        "09-15",
        [
            ("05-29", -3, {"A": -3}, "", "1000"),
            ("06-08", 7, {"A": 7}, "", "1000"),  # B falls due two days later
            ("06-17", 7, {"B": 7}, "A", "1500"),
            ("06-24", 21, {"A": 21}, "B", "1100"),  # reached on 22 June, waited for the gap
            ("07-01", 21, {"B": 21}, "A", "1100"),
            ("07-08", 35, {"A": 35}, "B", "1100"),  # reached on 6 July
            ("07-15", 35, {"B": 35}, "A", "1100"),
        ],
        decide="07-16",  # A's last deadline is 15 July
    ),
    Case(
        "what is not due yet is no claim, so 1,200 of credit cover 1,000 overdue",
        EVERY_DAY_FROM,
        [A, post("05-01", "B", 5000, "12-01"), post("05-01", "C", -1200, "05-01")],
        "07-01",
        [],
    ),
    Case(
        "15 EUR and 15 USD together pass a minimum of 25 EUR",
        EVERY_DAY_FROM,
        [post("05-01", "A", 15, "06-01"), post("05-01", "B", 15, "06-01", "USD")],
        "06-02",
        [("06-02", 1, {"A": 1, "B": 1}, "", "28.64")],  # 15 + 13.636
    ),
    Case(
        "15 EUR do not, and USD credit changes nothing",
        EVERY_DAY_FROM,
        [post("05-01", "A", 15, "06-01"), post("05-01", "C", -500, "05-01", "USD")],
        "07-01",
        [],
    ),
    Case(
        "a credit in USD never pays EUR",
        EVERY_DAY_FROM,
        [post("05-01", "A", 300, "06-01"), post("05-01", "C", -500, "05-01", "USD")],
        "06-02",
        [("06-02", 1, {"A": 1}, "", "300")],
    ),
    Case("a rest of EUR 0.80 is settled", plan(1), [post("05-01", "A", "0.80", "06-01")], "07-01", []),
    Case("a rest of USD 1.05 is settled", plan(1), [post("05-01", "A", "1.05", "06-01", "USD")], "07-01", []),
    Case(
        "a rest of USD 1.15 is open",
        plan(1),
        [post("05-01", "A", "1.15", "06-01", "USD")],
        "06-02",
        [("06-02", 1, {"A": 1}, "", "1.05")],  # 1.15 / 1.10
    ),
    Case(
        "a courtesy message counts for the gap",
        plan(-3, 1),
        [post("05-01", "A", 100, "06-10")],
        "06-15",
        [("06-07", -3, {"A": -3}, "", "100"), ("06-14", 1, {"A": 1}, "", "100")],
    ),
    Case(
        "of several courtesy levels only the nearest; on the due date still, after it never",
        plan(-10, -3, 0, 9, **QUICK),
        [
            post("06-05", "A", 100, "06-07"),  # -10 and -3 are reached at once
            post("06-20", "B", 200, "06-19"),  # came a day after its due date
        ],
        "06-28",
        [
            ("06-05", -3, {"A": -3}, "", "100"),
            ("06-07", 0, {"A": 0}, "", "100"),
            ("06-16", 9, {"A": 9}, "", "100"),
            ("06-28", 9, {"B": 9}, "A", "300"),
        ],
        decide="06-24",  # A's last deadline is 23 June
    ),
    Case(
        "anything overdue stops courtesy, even on hold; what is on hold is not claimed",
        STANDARD,
        [A, post("05-01", "B", 200, "06-10"), ("05-20", "hold", {"A"}, day("05-20"), day("06-30"))],
        "06-20",
        [("06-17", 7, {"B": 7}, "", "200")],
    ),
    Case(
        "a small overdue rest does not stop courtesy",
        STANDARD,
        [post("05-01", "A", "0.80", "06-01"), post("05-01", "B", 200, "06-10")],
        "06-16",
        [("06-07", -3, {"B": -3}, "", "200")],
    ),
    Case(
        "the until day of a hold is still on hold",
        plan(7),
        [A, ("06-05", "hold", None, day("06-05"), day("06-10"))],
        "06-12",
        [("06-11", 7, {"A": 7}, "", "1000")],
    ),
    Case(
        "all credits count, also those of a customer with items on hold",
        plan(7),
        [A, B, post("05-01", "C", -450, "05-01"), ("06-01", "hold", {"A"}, day("06-01"), day("07-30"))],
        "06-20",
        [("06-17", 7, {"B": 7}, "", "50")],
    ),
    Case(
        "covered by credit nothing advances; the day the credit shrinks it does",
        plan(7),
        [A, post("05-01", "C", -1000, "05-01"), change("06-20", "C", 60)],
        "06-21",
        [("06-20", 7, {"A": 7}, "", "60")],
    ),
    Case(
        "a net claim within the tolerance is not sent",
        plan(7),
        [A, post("05-01", "C", "-999.50", "05-01")],
        "07-30",
        [],
    ),
    Case(
        "a deadline passes on the day after it, then the grace days",
        plan(1, 7, response=3, grace_days=3, **QUICK),
        [A],
        "06-10",
        [("06-02", 1, {"A": 1}, "", "1000"), ("06-09", 7, {"A": 7}, "", "1000")],  # deadline 5 June, grace to 8 June
    ),
    Case(
        "a deadline on Saturday moves to Monday, which is the one that counts",
        plan(1, 3, response=4, weekdays=frozenset(range(5)), **QUICK),
        [A],
        "06-10",
        [("06-02", 1, {"A": 1}, "", "1000"), ("06-09", 3, {"A": 3}, "", "1000")],  # 6 June -> 8 June
    ),
    Case(
        "a due date moved later than today starts the ladder again, courtesy included",
        STANDARD,
        [A, ("06-10", "due", "A", day("06-20"))],
        "07-10",
        [
            ("05-29", -3, {"A": -3}, "", "1000"),
            ("06-08", 7, {"A": 7}, "", "1000"),
            ("06-17", -3, {"A": -3}, "", "1000"),
            ("06-27", 7, {"A": 7}, "", "1000"),
        ],
    ),
    Case(
        "a due date moved, but not past today, goes on",
        STANDARD,
        [A, ("06-10", "due", "A", day("06-05"))],
        "06-27",
        [
            ("05-29", -3, {"A": -3}, "", "1000"),
            ("06-08", 7, {"A": 7}, "", "1000"),
            ("06-26", 21, {"A": 21}, "", "1000"),
        ],
    ),
    Case(
        "bounced on Tuesday, fixed for Friday: the same level again, and the next counts from Friday",
        plan(7, 9),
        [A, ("06-09", "bounce"), ("06-12", "fix")],
        "06-21",
        [
            ("06-08", 7, {"A": 7}, "", "1000"),
            ("06-12", 7, {"A": 7}, "", "1000"),
            ("06-20", 9, {"A": 9}, "", "1000"),
        ],
    ),
    Case(
        "a payment undone goes on with the next level and repeats none",
        STANDARD,
        [A, change("06-10", "A", -1000), change("07-01", "A", 1000)],
        "07-05",
        [
            ("05-29", -3, {"A": -3}, "", "1000"),
            ("06-08", 7, {"A": 7}, "", "1000"),
            ("07-01", 21, {"A": 21}, "", "1000"),
        ],
    ),
    Case(
        "missed days: one level per cycle, each with its own deadline",
        plan(7, 21, 35, final=35),
        [post("07-10", "A", 100, "06-01")],
        "07-27",
        [
            ("07-10", 7, {"A": 7}, "", "100"),
            ("07-18", 21, {"A": 21}, "", "100"),
            ("07-26", 35, {"A": 35}, "", "100"),
        ],
    ),
    Case(
        "catching up goes to the highest level reached, but a final notice is never the first contact",
        plan(7, 21, 35, final=35, catch_up=True),
        [post("07-10", "A", 100, "06-01")],
        "07-20",
        [("07-10", 21, {"A": 21}, "", "100"), ("07-18", 35, {"A": 35}, "", "100")],
    ),
    Case(
        "the last level twice more, every ten days; then a person decides, not delayed by grace",
        plan(7, repeat_days=10, repeat_times=2, grace_days=2),
        [A],
        "08-30",
        [
            ("06-08", 7, {"A": 7}, "", "1000"),
            ("06-18", 7, {"A": 7}, "", "1000"),
            ("06-28", 7, {"A": 7}, "", "1000"),
        ],
        decide="07-06",  # the last deadline is 5 July
    ),
    Case(
        "below the minimum A waits for B, which is also due; B's own step waits for the gap",
        plan(7, minimum=Decimal(25)),
        [post("05-01", "A", 15, "06-01"), post("05-01", "B", 15, "06-10")],
        "06-19",
        [("06-11", 7, {"A": 7}, "B", "30"), ("06-18", 7, {"B": 7}, "A", "30")],
        decide="06-19",
    ),
    Case(
        "two items at different levels on one day: one message in the tone of the higher",
        STANDARD,
        [A, post("05-01", "B", 500, "06-15")],
        "06-23",
        [
            ("05-29", -3, {"A": -3}, "", "1000"),
            ("06-08", 7, {"A": 7}, "", "1000"),
            ("06-22", 21, {"A": 21, "B": 7}, "", "1500"),
        ],
    ),
]


def live(case):
    """Let the days of a case pass; returns (messages sent, first day on which a person must decide)."""
    customer, decide = Customer(case.plan), None
    today = day("05-01")
    while today <= day(case.until):
        for on, *event in case.story:
            if day(on) == today:
                happen(customer, today, *event)
        decide_day(customer, today, RATES)
        if not decide and must_decide(customer, today, RATES):
            decide = today
        today += timedelta(days=1)
    return customer, decide


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hand_counted(case):
    customer, decide = live(case)
    assert [
        (f"{message.day:%m-%d}", message.tone, message.advancing, "".join(sorted(message.listed)), message.total)
        for message in customer.messages
    ] == [(*most, Decimal(total)) for *most, total in case.sent]
    assert decide == (day(case.decide) if case.decide else None)


def test_there_are_at_least_twenty_hand_counted_cases():
    assert len(CASES) >= 20


def test_seven_invoices_of_one_customer_never_two_messages_within_a_week():
    more = [post("05-01", f"C{due}", 100, due) for due in ("06-12", "06-19", "06-26", "07-03", "07-10")]
    customer, _decide = live(Case("", STANDARD, [A, B, change("06-23", "A", -400), *more], "09-15", []))
    days = [message.day for message in customer.messages]
    assert len(days) > 8
    assert min(later - earlier for earlier, later in zip(days, days[1:], strict=False)) >= timedelta(days=7)


def test_reasons_to_withhold_are_all_kept():
    customer = Customer(plan(1, minimum=Decimal(25)))
    happen(customer, day("06-01"), "post", "A", "EUR", day("05-01"), Decimal(15))
    customer.is_reachable = False
    assert decide_day(customer, day("06-01"), RATES).reasons == {"below_minimum", "bounced"}


def test_the_oracle_is_short_and_knows_nothing_of_the_suite():
    text = Path(__file__).with_name("oracle.py").read_text()
    assert len(text.splitlines()) < 150
    assert re.findall(r"^\s*(?:import|from) (\w+)", text, re.M) == ["dataclasses", "datetime", "decimal"]
