"""Messages that people send by hand: two at one moment, and a bulk message that is killed in the middle."""

from datetime import date

import pytest

from .town import Town

CUSTOMERS = 300


@pytest.fixture(scope="module")
def town():
    with Town("sending", "--smtp=127.0.0.1", "--smtp-port=9") as town:
        built = town.run("build", customers=CUSTOMERS)
        town.company, town.today = built["company"], date.fromisoformat(built["today"])
        town.customers = built["customers"]
        town.run("refresh")
        yield town


def test_two_people_who_send_now_at_one_moment_send_once(town):
    customer = town.customers[0]
    people = [town.start("send_now_of_a_client", customer=customer) for _ in range(2)]
    for person in people:
        person.go()
    assert sorted(person.result() for person in people) == ["left_out", "sent"]
    sent = "SELECT count(*) FROM collection_action WHERE partner_id = %s AND state = 'sent'"
    assert town.sql(sent, customer) == [(1,)]


def test_a_bulk_message_that_is_killed_goes_on_and_reaches_each_customer_once(town):
    others = town.customers[1:]
    town.run("bulk_message", customers=others)
    [[request]] = town.sql("SELECT id FROM collection_request WHERE kind = 'message' AND state = 'queued'")
    for number in (1, 2):
        killed = town.start("send_by_hand", kill_at=["handed over, not committed", number])
        killed.go()
        assert not killed.wait() and killed.killed_at
    [[waiting]] = town.sql("SELECT count(*) FROM collection_request_line WHERE request_id = %s AND state = 'planned'", request)
    assert 0 < waiting < len(others)
    town.start("send_by_hand").go().result()
    rows = town.sql(
        """SELECT count(*), count(DISTINCT action.case_id), count(DISTINCT action.message_id), count(mail.id)
             FROM collection_action action LEFT JOIN mail_mail mail ON mail.id = action.mail_id
            WHERE action.request_id = %s AND action.state = 'sent'""",
        request,
    )
    assert rows == [(len(others),) * 4]
    assert town.sql("SELECT state FROM collection_request WHERE id = %s", request) == [("done",)]
    levels = """SELECT count(*) FROM collection_item item JOIN collection_request_line line ON line.case_id = item.case_id
                 WHERE line.request_id = %s AND item.level_id IS NOT NULL"""
    assert town.sql(levels, request) == [(0,)]


def test_nothing_of_it_leaves_an_error_in_the_log(town):
    assert town.complaints() == []
