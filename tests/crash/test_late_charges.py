"""Interest and fees while processes work side by side and die: no day and no invoice is charged twice."""

from datetime import date, timedelta

import psycopg2
import pytest

from .town import Town

CUSTOMERS = 60
TWICE = """
    SELECT one.id, other.id FROM collection_late_charge one
      JOIN collection_late_charge other ON other.id > one.id AND other.item_id = one.item_id AND other.kind = one.kind
     WHERE one.state != 'reversed' AND other.state != 'reversed'
       AND (one.kind = 'fee' OR daterange(one.date_from, one.date_to, '[]') && daterange(other.date_from, other.date_to, '[]'))
"""
CLAIMED = """
    SELECT kind, min(days), max(days), count(*)
      FROM (SELECT item_id, kind, sum(date_to - date_from + 1) AS days FROM collection_late_charge
             WHERE state = 'claimed' GROUP BY item_id, kind) of_item
     GROUP BY kind ORDER BY kind
"""


@pytest.fixture(scope="module")
def town():
    with Town("lateness", "--smtp=127.0.0.1", "--smtp-port=9") as town:
        built = town.run("build", customers=CUSTOMERS)
        town.company, town.today = built["company"], date.fromisoformat(built["today"])
        town.run("claim_charges")
        yield town


def two_cycles(town, day):
    workers = [town.start("cycle", company=town.company, day=day.isoformat()) for _ in range(2)]
    for worker in workers:
        worker.go()
    assert [worker.result()["state"] for worker in workers] == ["done", "done"]


def test_two_workers_charge_each_day_and_each_invoice_once(town):
    two_cycles(town, town.today - timedelta(days=50))
    assert town.sql(TWICE) == []
    assert town.sql(CLAIMED) == [("fee", 1, 1, CUSTOMERS), ("interest", 10, 10, CUSTOMERS)]


def test_a_second_writer_of_the_same_days_is_refused_by_the_database(town):
    [(values,)] = town.sql(
        "SELECT to_jsonb(charge) FROM collection_late_charge charge WHERE kind = 'interest' ORDER BY id LIMIT 1"
    )
    with pytest.raises(psycopg2.errors.ExclusionViolation):
        town.sql(
            """INSERT INTO collection_late_charge
                      (case_id, company_id, item_id, kind, date_from, date_to, amount, currency_id, state)
               SELECT case_id, company_id, item_id, kind, date_to, date_to + 5, amount, currency_id, state
                 FROM collection_late_charge WHERE id = %s RETURNING id""",
            values["id"],
        )


def test_a_killed_cycle_leaves_the_charges_of_what_it_sent_and_no_others(town):
    day = town.today - timedelta(days=36)
    instant = "handed over, not committed"
    killed = town.start("cycle", company=town.company, day=day.isoformat(), kill_at=[instant, 1]).go()
    assert not killed.wait() and killed.killed_at == instant
    two_cycles(town, day)
    assert town.sql(TWICE) == []
    assert town.sql(CLAIMED) == [("fee", 1, 1, CUSTOMERS), ("interest", 24, 24, CUSTOMERS)]
