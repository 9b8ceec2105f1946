"""What a customer pays or says is respected by a message that is under way, at whatever instant it comes.

Before a batch begins its transaction: nothing is made. Later, while the message is in Odoo's queue: it is taken back.
Once it is on its way to the mail server, it has left, and stays as evidence. The processes wait for each other at named
instants, so nothing here depends on who is faster.
"""

import logging
from datetime import date, timedelta

import pytest
from lib.smtp_sink import Sink

from .town import Town

logging.getLogger("mail.log").setLevel(logging.WARNING)

# What is left to claim of each customer's invoice over 100 after the answer, and why an earlier message is taken back.
ANSWERS = {
    "pays": (None, "paid_meanwhile"),
    "disputes": (70, "dispute"),
    "promises": (None, "promise"),
    "has_paid": (None, "payment_notice"),
    "waits": (None, "hold"),
}
CHECK_BATCH = 25  # so many mails the queue checks at once


class Mailbox(Sink):
    """Remembers to whom a message came, in the order in which they came."""

    def __init__(self, folder):
        super().__init__(folder, before_answer=lambda message: self.came.append(message["To"]))
        self.came = []

    def take(self):
        """Return the names of the customers who got something since the last time."""
        came, self.came[:] = [to.split("@")[0].split("<")[-1].strip('"') for to in self.came], []
        return came


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory):
    with Mailbox(tmp_path_factory.mktemp("mails")) as mailbox:
        yield mailbox


@pytest.fixture(scope="module")
def town(mailbox):
    with Town("answers", "--smtp=127.0.0.1", f"--smtp-port={mailbox.port}") as town:
        built = town.run("build", customers=1)
        town.company, town.today = built["company"], date.fromisoformat(built["today"])
        yield town


class Story:
    """Customers whose first reminder falls due on ``day``, one for each answer and one, "nothing", who gives none."""

    def __init__(self, town, day, others=0):
        self.town, self.day = town, day
        self.others = [f"other{number}.{day}" for number in range(others)]
        self.answering = {kind: f"{kind}.{day}" for kind in (*ANSWERS, "nothing")}
        names = [*self.others, *self.answering.values()]
        ids = town.run("new_customers", names=names, due=(day - timedelta(days=8)).isoformat())
        self.ids = dict(zip(names, ids, strict=True))
        town.run("refresh")

    def cycle(self, **options):
        return self.town.start("cycle", company=self.town.company, day=self.day.isoformat(), **options).go()

    def answer(self, kind, name):
        conflicts = self.town.run("answer", kind=kind, customer=self.ids[name], day=self.day.isoformat())
        assert conflicts == [], "whoever records an answer meets no conflict"

    def all_answer(self):
        for kind in ANSWERS:
            self.answer(kind, self.answering[kind])

    def messages(self):
        """Return {customer: [(state, reason, amount, whether it has a mail)]}."""
        found = {name: [] for name in self.answering.values()}
        rows = self.town.sql(
            """SELECT partner.name, action.state, action.reason_code, action.amount, action.mail_message_id IS NOT NULL
                 FROM collection_action action JOIN res_partner partner ON partner.id = action.partner_id
                WHERE partner.name = ANY(%s) ORDER BY action.id""",
            list(found),
        )
        for name, *message in rows:
            found[name].append(tuple(message))
        return {kind: found[name] for kind, name in self.answering.items()}


def is_in_transaction(town, process):
    rows = town.sql(
        """SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = %s AND xact_start IS NOT NULL""",
        f"odoo-{process.pid}",
    )
    return rows != [(0,)]


def test_what_comes_before_a_batch_begins_is_never_demanded(town, mailbox):
    story = Story(town, town.today - timedelta(days=40))
    cycle = story.cycle(pause_at="scheduled")
    assert cycle.wait_for("scheduled")
    assert not is_in_transaction(town, cycle)
    assert {message[0] for messages in story.messages().values() for message in messages} == {"queued"}
    story.all_answer()
    cycle.go_on().result()
    for kind, (left, reason) in ANSWERS.items():
        expected = ("sent", None, left, True) if left else ("cancelled", reason, 100, False)
        assert story.messages()[kind] == [expected], kind
    town.start("mail_queue").go().result()
    assert {story.answering["disputes"], story.answering["nothing"]} == set(mailbox.take()) & set(story.ids)


def test_what_comes_after_it_began_takes_the_message_out_of_the_queue(town, mailbox):
    story = Story(town, town.today - timedelta(days=39))
    cycle = story.cycle(pause_at="handed over, not committed")
    assert cycle.wait_for("handed over, not committed")
    assert is_in_transaction(town, cycle)
    story.all_answer()
    cycle.go_on().result()
    assert all(messages == [("sent", None, 100, True)] for messages in story.messages().values())
    town.start("mail_queue").go().result()
    assert_taken_back(story, mailbox)
    # Where a part is left, the same day's cycle asks for that.
    story.cycle().result()
    assert story.messages()["disputes"][1:] == [("sent", None, 70, True)]
    assert all(len(messages) == 1 for kind, messages in story.messages().items() if kind != "disputes")
    town.start("mail_queue").go().result()
    assert mailbox.take() == [story.answering["disputes"]]


def test_what_comes_when_the_queue_has_begun_takes_the_message_out_of_it(town, mailbox):
    story = Story(town, town.today - timedelta(days=38))
    story.cycle().result()
    queue = town.start("mail_queue", pause_at="before the check").go()
    assert queue.wait_for("before the check")
    story.all_answer()
    queue.go_on().result()
    assert_taken_back(story, mailbox)


def test_what_comes_while_the_queue_sends_to_others_takes_the_message_out_of_it(town, mailbox):
    story = Story(town, town.today - timedelta(days=37), others=CHECK_BATCH)
    story.cycle().result()
    queue = town.start("mail_queue", pause_at="in the queue").go()
    assert queue.wait_for("in the queue")
    first = story.others[0]
    story.answer("pays", first)
    story.all_answer()
    queue.go_on().result()
    assert_taken_back(story, mailbox, also=story.others)
    # The first one's mail was with the mail server: it came, and what it said stays on record.
    states = town.sql("SELECT state FROM collection_action WHERE partner_id = %s", story.ids[first])
    assert states == [("sent",)]


def assert_taken_back(story, mailbox, also=()):
    """Only who gave no answer, and ``also``, got the message, once; of the others it says why it did not leave."""
    assert sorted(name for name in mailbox.take() if name in story.ids) == sorted([*also, story.answering["nothing"]])
    for kind, (_left, reason) in ANSWERS.items():
        assert [message[:3] for message in story.messages()[kind]] == [("cancelled", reason, 100)], kind
    assert story.messages()["nothing"] == [("sent", None, 100, True)]


def test_none_of_it_leaves_an_error_in_the_log(town):
    assert town.complaints() == []
