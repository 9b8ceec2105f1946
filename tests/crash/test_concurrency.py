"""Accountants work on the invoices that cycles look at: no error, no wait, and totals that equal the ledger."""

import contextlib
import os
import statistics
import threading
import time
from datetime import date, timedelta

import psycopg2
import pytest

from .town import Town

CUSTOMERS = 200
PAYERS = 5
WORKERS = 4
PAYMENTS = 1000 if os.environ.get("COLLECTIONS_LONG") else 200
LONGEST_WAIT = 1.0  # seconds

DIFFERENCES = """
    WITH ledger AS (
        SELECT line.id, line.move_id, line.amount_residual, line.amount_residual_currency,
               COALESCE(line.date_maturity, line.date) AS due_date, partner.commercial_partner_id AS debtor_id
          FROM account_move_line line
          JOIN account_account account ON account.id = line.account_id
          JOIN res_partner partner ON partner.id = line.partner_id
         WHERE account.account_type = 'asset_receivable' AND account.non_trade IS NOT TRUE
           AND line.parent_state = 'posted' AND line.amount_residual != 0
    ), item AS (
        SELECT item.*, kase.partner_id AS debtor_id
          FROM collection_item item JOIN collection_case kase ON kase.id = item.case_id WHERE item.active
    )
    SELECT 'item', COALESCE(ledger.move_id, item.move_id)
      FROM ledger FULL JOIN item ON item.move_line_id = ledger.id AND item.debtor_id = ledger.debtor_id
                                AND item.amount_residual = ledger.amount_residual
                                AND item.amount_residual_currency = ledger.amount_residual_currency
                                AND item.due_date = ledger.due_date
     WHERE ledger.id IS NULL OR item.id IS NULL
     UNION ALL
    SELECT 'case', kase.partner_id
      FROM collection_case kase
      LEFT JOIN (SELECT debtor_id, sum(amount_residual) AS due,
                        COALESCE(-sum(amount_residual) FILTER (WHERE amount_residual < 0), 0) AS credit
                   FROM ledger GROUP BY debtor_id) owed ON owed.debtor_id = kase.partner_id
     WHERE kase.amount_due != COALESCE(owed.due, 0) OR kase.amount_credit != COALESCE(owed.credit, 0)
"""

WAITS = """
    SELECT waiting.application_name,
           extract(epoch FROM clock_timestamp() - (SELECT min(waitstart) FROM pg_locks WHERE pid = waiting.pid)) AS seconds,
           waiting.query LIKE '%%collection\\_%%'
               OR EXISTS (SELECT 1 FROM pg_stat_activity blocking
                           WHERE blocking.pid = ANY(pg_blocking_pids(waiting.pid)) AND blocking.application_name = %s)
      FROM pg_stat_activity waiting
     WHERE waiting.datname = current_database()
"""


class WaitWatcher:
    """Samples who waits for a lock, how long, and whether for us: in a statement of ours, or behind a cycle."""

    def __init__(self, town, cycle, workers):
        self.town = town
        self.names = {f"odoo-{worker.pid}" for worker in workers}
        self.cycle_name = f"odoo-{cycle.pid}"
        self.for_us, self.for_others, self.samples, self.seen = [], [], 0, set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _watch(self):
        with contextlib.closing(psycopg2.connect(dbname=self.town.database)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            while not self._over.wait(0.02):
                cursor.execute(WAITS, [self.cycle_name])
                self.samples += 1
                for name, seconds, is_ours in cursor.fetchall():
                    self.seen.add(name)
                    if name in self.names and seconds is not None:
                        (self.for_us if is_ours else self.for_others).append(float(seconds))


@pytest.fixture(scope="module")
def town():
    with Town("busy", "--smtp=127.0.0.1", "--smtp-port=9") as town:
        built = town.run("build", customers=CUSTOMERS, payers=PAYERS, workers=WORKERS, invoices=4)
        town.company, town.today = built["company"], date.fromisoformat(built["today"])
        town.payers, town.customers = built["payers"], built["customers"]
        town.run("refresh")
        yield town


@contextlib.contextmanager
def cycles_in_a_loop(town, first):
    """Cycles run until the block is left; it is given the process, which counts them."""
    stop_file = town.folder / f"stop-{time.monotonic_ns()}"
    process = town.start(
        "cycles",
        company=town.company,
        first=(town.today - timedelta(days=first)).isoformat(),
        last=town.today.isoformat(),
        stop_file=str(stop_file),
    )
    try:
        yield process
    finally:
        stop_file.touch()
    process.count = process.result()


def spread(seconds):
    """Half took at most this long, nine of ten, all."""
    ordered = sorted(seconds)
    return f"median {statistics.median(ordered):.2f} s, 90 % {ordered[len(ordered) * 9 // 10]:.2f} s, max {ordered[-1]:.2f} s"


def assert_equals_ledger(town):
    """At rest: nothing is marked, every item and case is what the ledger says."""
    assert town.sql("SELECT count(*) FROM collection_mark") == [(0,)]
    assert town.sql(DIFFERENCES) == []


def test_nobody_waits_or_fails_for_us_while_cycles_run(town, record_property):
    with cycles_in_a_loop(town, first=55) as cycle:
        workers = [
            town.start("accountant", number=number, payers=town.payers, payments=PAYMENTS // WORKERS)
            for number in range(WORKERS)
        ]
        for worker in workers:
            worker.go()
        with WaitWatcher(town, cycle, workers) as watcher:
            results = [worker.result() for worker in workers]
    seconds = [second for result in results for second in result["seconds"]]
    refreshes = [second for result in results for second in result["refreshes"]]
    conflicts = [conflict for result in results for conflict in result["conflicts"]]
    ours = [conflict for conflict in conflicts if "collection_" in conflict]
    record_property(
        "counts",
        f"concurrency: {len(seconds)} transactions of {WORKERS} workers while {cycle.count} cycles ran: {spread(seconds)}; "
        f"of it our refresh: {spread(refreshes)}; conflicts for us {len(ours)}, of Odoo itself {len(conflicts) - len(ours)}",
    )
    record_property(
        "counts",
        f"concurrency: waits for a lock in {watcher.samples} samples: for us {len(watcher.for_us)}, "
        f"the longest {max(watcher.for_us, default=0):.2f} s; of Odoo itself {len(watcher.for_others)}, "
        f"the longest {max(watcher.for_others, default=0):.2f} s",
    )
    assert cycle.count > 1 and {*watcher.names, watcher.cycle_name} <= watcher.seen
    assert ours == []
    assert max(watcher.for_us, default=0) < LONGEST_WAIT
    assert sorted(refreshes)[len(refreshes) * 9 // 10] < LONGEST_WAIT
    town.run("refresh")
    assert_equals_ledger(town)


def test_two_refreshes_of_the_same_customers_do_not_deadlock(town, record_property):
    refreshers = [town.start("refresher", partners=town.customers[:100], times=15) for _ in range(2)]
    for process in refreshers:
        process.go()
    seconds = [second for process in refreshers for second in process.result()]
    record_property("counts", f"concurrency: two refreshes of the same 100 customers: {spread(seconds)}")
    town.run("refresh")
    assert_equals_ledger(town)


@pytest.mark.parametrize("who", ["the scheduler", "a cycle"])
def test_a_refresh_that_a_crash_left_out_is_done_by(town, who):
    process = town.start("payment_without_refresh", number=0, payers=town.payers)
    assert not process.wait() and process.killed_at == "committed, not refreshed"
    assert town.sql(DIFFERENCES) != []
    if who == "a cycle":
        town.start("cycle", company=town.company, day=(town.today - timedelta(days=57)).isoformat()).go().result()
    else:
        town.run("refresh")
    assert_equals_ledger(town)


def test_customers_merged_while_cycles_run_lose_nothing(town, record_property):
    pairs = list(zip(town.customers[0:20:2], town.customers[1:20:2], strict=True))
    with cycles_in_a_loop(town, first=20) as cycle:
        conflicts = town.run("merge", pairs=pairs)
    record_property(
        "counts", f"concurrency: {len(pairs)} customers merged while {cycle.count} cycles ran, done again {conflicts} times"
    )
    town.run("refresh")
    assert_equals_ledger(town)
    assert town.sql("SELECT count(*) FROM collection_case WHERE partner_id = ANY(%s)", town.customers[:20]) == [(len(pairs),)]


def test_no_deadlock_and_no_error_was_logged(town):
    town.sql("SELECT pg_stat_force_next_flush()")
    assert town.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]
    assert town.complaints() == []
