"""Two requests at one moment: one payment, booked once. Real processes, each in a transaction of its own."""

import pytest

from .town import Town


@pytest.fixture(scope="module")
def town():
    with Town("paying") as town:
        built = town.run("build", customers=2)
        town.customers, town.provider = built["customers"], town.run("a_provider")
        town.run("refresh")
        yield town


def both(town, job, **order):
    """Let two processes begin ``job`` when each has read what there was before the other one."""
    processes = [town.start(job, **order) for _number in range(2)]
    for process in processes:
        assert process.wait_for("ready")
    for process in processes:
        process.go_on()
    return sorted(process.result() for process in processes)


def transactions(town, customer):
    return town.sql("SELECT id, amount FROM payment_transaction WHERE partner_id = %s", customer)


def test_two_tabs_that_pay_at_one_moment_begin_one_payment(town):
    customer = town.customers[0]
    assert both(town, "begin_payment", customer=customer, provider=town.provider) == ["begun", "refused"]
    assert len(transactions(town, customer)) == 1


def test_a_payment_that_is_booked_twice_at_one_moment_is_booked_once(town):
    customer = town.customers[1]
    process = town.start("begin_payment", customer=customer, provider=town.provider).go()
    assert process.result() == "begun"
    ((transaction, amount),) = transactions(town, customer)
    town.run("confirm_payment", transaction=transaction)
    assert both(town, "book_payment", transaction=transaction) == ["again", "booked"]
    assert town.sql("SELECT amount FROM account_payment WHERE partner_id = %s", customer) == [(amount,)]
    residuals = town.sql(
        "SELECT amount_residual FROM account_move WHERE partner_id = %s AND move_type = 'out_invoice'", customer
    )
    assert residuals == [(0,)]
    assert town.sql("SELECT state FROM collection_case WHERE partner_id = %s", customer) == [("closed",)]
