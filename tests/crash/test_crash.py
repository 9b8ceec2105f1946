"""Planning and mail queue are killed (SIGKILL) in every phase and at random instants, and started again until done.

Up to Odoo's queue everything is exactly once. From there it is Odoo's at-least-once: a second copy of the one mail that
was on the wire at a kill, recognisable by its Message-ID.
"""

import logging
import os
import random
import time
from datetime import date, timedelta

import pytest
from lib.smtp_sink import Sink

from .town import Town

logging.getLogger("mail.log").setLevel(logging.WARNING)

CUSTOMERS = 500
LONG = bool(os.environ.get("COLLECTIONS_LONG"))
RANDOM_KILLS = 60 if LONG else 4
PLANNING_PHASES = [
    ("projected", 1),
    ("scheduled", 1),
    ("handed over, not committed", 1),
    ("batch", 1),
    ("handed over, not committed", 2),
    ("batch", 1),
]
QUEUE_PHASES = [("in the queue", 30), ("after the answer", 30), ("in the queue", 1), ("after the answer", 1)]


class WatchedSink(Sink):
    """Remembers the order in which mails came, and where in it a sender was killed."""

    def __init__(self, folder):
        super().__init__(folder, before_answer=self._keep)
        self.arrived = []
        self.kills = []

    def _keep(self, message):
        self.arrived.append((message["Message-Id"], content(message)))

    def note_kill(self):
        """Call when the sender is dead: the mail on the wire is the last one that came."""
        self.wait_until_quiet()
        self.kills.append(len(self.arrived))


def content(message):
    """What the recipient sees: not the transport's date and boundaries."""
    parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return (message["From"], message["To"], message["Subject"], *parts)


@pytest.fixture(scope="module")
def sink(tmp_path_factory):
    with WatchedSink(tmp_path_factory.mktemp("mails")) as sink:
        yield sink


@pytest.fixture(scope="module")
def town(sink):
    with Town("crash", "--smtp=127.0.0.1", f"--smtp-port={sink.port}") as town:
        built = town.run("build", customers=CUSTOMERS)
        town.company, town.today = built["company"], date.fromisoformat(built["today"])
        yield town


def run_with_kills(town, phases, job, on_kill=lambda: None, **order):
    """Run ``job`` until it comes to its end: killed in each of ``phases``, then at random instants. Return the kills."""
    kills, longest = [], 1.0
    for number in range(1000):
        started = time.monotonic()
        if number < len(phases):
            running = town.start(job, kill_at=phases[number], **order).go()
        else:
            running = town.start(job, **order).go()
            if len(kills) < len(phases) + RANDOM_KILLS:
                time.sleep(random.uniform(0, longest))
                running.kill()
        finished = running.wait()
        longest = max(longest, time.monotonic() - started)
        if finished and number >= len(phases):
            return kills
        assert not finished or job == "mail_queue", f"{job} came to its end before {phases[number]}"
        last = running.reached[-1]["reached"] if running.reached else "nothing"
        kills.append(running.killed_at or f"at random after '{last}'")
        on_kill()
    raise AssertionError(f"{job} never came to its end")


def counted(words):
    return ", ".join(f"{words.count(word)} {word}" for word in sorted(set(words)))


def assert_one_message_each(town, level):
    """One action and one mail per customer at ``level``, none cancelled, none left over."""
    rows = town.sql(
        """SELECT action.partner_id, count(*), count(DISTINCT action.message_id), count(mail.id),
                  string_agg(DISTINCT action.state, ' ')
             FROM collection_action action
             JOIN collection_level level ON level.id = action.level_id AND level.name->>'en_US' = %s
             LEFT JOIN mail_mail mail ON mail.id = action.mail_id
            GROUP BY action.partner_id""",
        level,
    )
    assert len(rows) == CUSTOMERS
    assert {row[1:4] for row in rows} == {(1, 1, 1)}, [row for row in rows if row[1:4] != (1, 1, 1)]
    assert {row[4] for row in rows} <= {"sent", "delivered"}
    [[advancing]] = town.sql(
        """SELECT count(*) FROM collection_action_line line
             JOIN collection_level level ON level.id = line.level_id AND level.name->>'en_US' = %s
            WHERE line.advances""",
        level,
    )
    assert advancing == CUSTOMERS


def assert_sink_has_each_mail(town, sink, mails):
    """Each Message-ID came, with one content; a second copy only of what was on the wire at a kill. Return the copies."""
    sent = {row[0] for row in town.sql("SELECT message_id FROM collection_action WHERE state IN ('sent', 'delivered')")}
    assert town.sql("SELECT count(*) FROM mail_mail WHERE state IN ('outgoing', 'exception')") == [(0,)]
    arrived = [message_id for message_id, _content in sink.arrived]
    assert len(sent) == mails and set(arrived) == sent
    assert len(set(sink.arrived)) == mails, "a Message-ID with two contents"
    on_the_wire = {arrived[count - 1] for count in sink.kills if count}
    seen, twice = set(), []
    for message_id in arrived:
        if message_id in seen:
            twice.append(message_id)
        seen.add(message_id)
    assert set(twice) <= on_the_wire
    assert len(twice) <= len(sink.kills)
    return len(twice)


def one_cycle(town, day):
    return town.sql("SELECT state FROM collection_cycle WHERE date = %s AND state != 'cancelled'", day)


def test_a_killed_cycle_and_a_killed_queue_send_each_reminder_once(town, sink, record_property):
    day = town.today - timedelta(days=50)
    kills = run_with_kills(town, PLANNING_PHASES, "cycle", company=town.company, day=day.isoformat())
    record_property("counts", f"crash, a program's cycle: {len(kills)} kills ({counted(kills)})")
    assert one_cycle(town, day) == [("done",)]
    assert_one_message_each(town, "L1")

    kills = run_with_kills(town, QUEUE_PHASES, "mail_queue", on_kill=sink.note_kill)
    twice = assert_sink_has_each_mail(town, sink, CUSTOMERS)
    record_property("counts", f"crash, mail queue: {len(kills)} kills ({counted(kills)}), {twice} mails came twice")
    assert {instant for instant, _number in QUEUE_PHASES} <= set(kills)


def test_two_workers_that_start_one_cycle_at_one_moment_share_it(town, sink):
    day = town.today - timedelta(days=36)
    workers = [town.start("cycle", company=town.company, day=day.isoformat()) for _ in range(2)]
    for worker in workers:
        worker.go()
    results = [worker.result() for worker in workers]
    assert results[0] == results[1] and results[0]["state"] == "done"
    assert one_cycle(town, day) == [("done",)]
    assert_one_message_each(town, "L2")
    town.start("mail_queue").go().result()
    assert_sink_has_each_mail(town, sink, 2 * CUSTOMERS)


def test_two_clients_that_start_one_cycle_at_one_moment_share_it(town):
    day = town.today - timedelta(days=35)
    clients = [town.start("cycle_of_a_client", company=town.company, day=day.isoformat()) for _ in range(2)]
    for client in clients:
        client.go()
    for client in clients:
        client.result()
    assert one_cycle(town, day) == [("done",)]


def test_a_cycle_that_fails_gives_its_lock_back_and_is_ended_by_the_next(town):
    day = town.today - timedelta(days=34)
    assert town.run("failing_cycle", company=town.company, day=day.isoformat()) == ["UndefinedColumn", 0]
    assert one_cycle(town, day) == [("running",)]
    town.start("cycle", company=town.company, day=day.isoformat()).go().result()
    assert one_cycle(town, day) == [("done",)]


def test_the_scheduler_ends_a_killed_cycle_and_sends_each_reminder_once(town, sink, record_property):
    kills = run_with_kills(town, PLANNING_PHASES[:3], "daily_job", company=town.company)
    record_property("counts", f"crash, the scheduler's cycle: {len(kills)} kills ({counted(kills)})")
    assert one_cycle(town, town.today) == [("done",)]
    assert_one_message_each(town, "L3")
    town.start("mail_queue").go().result()
    twice = assert_sink_has_each_mail(town, sink, 3 * CUSTOMERS)
    record_property(
        "counts",
        f"crash, all: {len(sink.arrived)} mails of {3 * CUSTOMERS} messages came, {twice} of them second copies, "
        f"after {len(sink.kills)} kills of the queue",
    )


def test_a_crash_leaves_no_error_in_the_log(town):
    assert town.complaints() == []
