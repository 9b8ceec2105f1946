"""Two requests at one moment: one payment, booked once; one answer, kept once. Real processes, real transactions."""

import pytest

from .town import Town


@pytest.fixture(scope="module")
def town():
    with Town("paying") as town:
        built = town.run("build", customers=5)
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


def test_two_browsers_that_say_paid_at_one_moment_are_one_notice(town):
    customer = town.customers[2]
    answers = both(town, "answer_on_page", kind="paid", customer=customer)
    ((notice,),) = town.sql("SELECT id FROM collection_payment_notice WHERE partner_id = %s", customer)
    assert answers == [f"noted {notice}"] * 2


def test_two_browsers_that_dispute_an_item_at_one_moment_are_one_dispute(town):
    customer = town.customers[3]
    answers = both(town, "answer_on_page", kind="dispute", customer=customer)
    ((dispute,),) = town.sql("SELECT id FROM collection_dispute WHERE partner_id = %s", customer)
    assert answers == [f"noted {dispute}", "told that it is known"]


def test_two_people_who_sign_a_plan_at_one_moment_sign_it_once(town):
    customer = town.customers[4]
    plan = town.run("propose_plan", customer=customer)
    answers = both(town, "answer_on_page", kind="sign", customer=customer, record=plan)
    assert answers == [f"noted {plan}", "told that it is known"]
    ((state, signer),) = town.sql("SELECT state, accepted_by FROM collection_payment_plan WHERE id = %s", plan)
    assert state == "running"
    ((signatures,),) = town.sql(
        "SELECT count(*) FROM mail_message WHERE model = 'collection.payment.plan' AND res_id = %s AND body LIKE %s",
        plan,
        f"%signed by {signer}%",
    )
    assert signatures == 1


def test_none_of_it_leaves_an_error_in_the_log(town):
    assert town.complaints() == []
