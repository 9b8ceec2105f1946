"""An instalment is charged to a card: the process dies at each instant around it, and somebody answers at the last moment.

The provider is Odoo's demonstration one, the processes are real. Whatever happens, it is asked once for an instalment.
"""

from datetime import date, timedelta

import pytest

from .town import Town

# Where the process dies; what becomes of the charge once another one has run, what is booked, and how many to-dos there are.
DEATHS = {
    "prepared": ("done", 100, 0),
    "asks the provider": ("unknown", 0, 1),
    "the provider took it": ("unknown", 0, 1),
    "the answer is kept": ("done", 100, 0),
    "booked, not committed": ("done", 100, 0),
}
# What comes between preparing and asking, what is charged after all, by which try, and why less.
ANSWERS = {
    "pays": ([], "not running any more"),
    "disputes": ([70], "In dispute"),
    "waits": ([], "On hold"),
    "has_paid": ([], "as they say"),
    "cancels the plan": ([], "not running any more"),
    "takes the card away": ([], "not in use any more"),
}


@pytest.fixture(scope="module")
def town():
    with Town("charges", "--smtp=127.0.0.1", "--smtp-port=9") as town:
        built = town.run("build", customers=1)
        town.company, town.today = built["company"], built["today"]
        town.run("cards")
        town.asked = []
        yield town


def agree(town, name):
    """Return (customer, plan): an invoice over 100 is paid in one instalment, today, by card."""
    due = date.fromisoformat(town.today) - timedelta(days=8)
    [customer] = town.run("new_customers", names=[name], due=due.isoformat())
    return customer, town.run("plan_to_charge", customer=customer, day=town.today)


def charge(town, **options):
    return town.start("charge", company=town.company, day=town.today, **options).go()


def heard(town, job):
    """Wait for the end of a process; remember what it asked the provider for. Return whether it came to its own end."""
    ended = job.wait()
    for message in job.reached:
        if message["reached"] == "asks the provider":
            town.asked += message["references"]
    return ended


def tries(town, plan):
    return town.sql(
        "SELECT state, amount, message FROM collection_payment_plan_charge WHERE payment_plan_id = %s ORDER BY attempt", plan
    )


def booked(town, customer):
    return town.sql("SELECT COALESCE(sum(amount), 0) FROM account_payment WHERE partner_id = %s", customer)[0][0]


@pytest.mark.parametrize("instant", DEATHS)
def test_a_process_that_dies_around_a_charge_leads_to_no_second_one(town, instant):
    state, amount, todos = DEATHS[instant]
    customer, plan = agree(town, f"Dies when {instant}")
    killed = charge(town, kill_at=[instant, 1])
    assert not heard(town, killed) and killed.killed_at == instant
    for _time in range(2):
        assert heard(town, charge(town))
    references = [
        row[0] for row in town.sql("SELECT reference FROM collection_payment_plan_charge WHERE payment_plan_id = %s", plan)
    ]
    assert len(references) == 1 and town.asked.count(references[0]) == 1
    assert [row[0] for row in tries(town, plan)] == [state]
    assert booked(town, customer) == amount
    activities = town.sql("SELECT summary FROM mail_activity WHERE res_model = 'collection.payment.plan' AND res_id = %s", plan)
    assert len(activities) == todos
    assert all(references[0] in summary for (summary,) in activities)


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_comes_at_the_last_moment_is_heard(town, kind):
    amounts, reason = ANSWERS[kind]
    customer, plan = agree(town, f"Answers {kind}")
    process = charge(town, pause_at="prepared")
    assert process.wait_for("prepared")
    assert town.run("answer", kind=kind, customer=customer, day=town.today) == []
    process.go_on()
    assert heard(town, process)
    [(state, amount, message)] = tries(town, plan)
    assert (state, amount) == ("cancelled", 100) and reason in message
    assert heard(town, charge(town))
    assert [row[1] for row in tries(town, plan) if row[0] == "done"] == amounts


def test_two_collectors_propose_a_plan_over_the_same_items_at_once(town):
    due = date.fromisoformat(town.today) - timedelta(days=8)
    [customer] = town.run("new_customers", names=["In demand"], due=due.isoformat())
    plans = town.run("two_drafts", customer=customer, day=town.today)
    first = town.start("propose", plan=plans[0], pause_at="proposed")
    second = town.start("propose", plan=plans[1], pause_at="begun")
    assert first.wait_for("proposed") and second.wait_for("begun")
    first.go_on()
    assert first.result() == ""
    second.go_on()
    assert "by one plan at a time" in second.result()
    states = town.sql("SELECT state FROM collection_payment_plan WHERE id = ANY(%s) ORDER BY id", plans)
    assert states == [("proposed",), ("draft",)]


def test_nothing_was_asked_for_twice(town):
    assert len(set(town.asked)) == len(town.asked)


def test_nothing_of_it_leaves_an_error_in_the_log(town):
    assert town.complaints() == []
