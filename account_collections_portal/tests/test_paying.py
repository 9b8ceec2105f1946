"""What is to be paid, whatever is open: a plain function, tried with many ledgers."""

import doctest
import os
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as some
from odoo.tests import BaseCase, tagged

from ..engine import paying
from ..engine.paying import Choice, Open, Share, match, read_choice, what_to_pay

TODAY = date(2026, 9, 15)
DIGITS = {(1, 1, 1): 2, (1, 2, 1): 0, (2, 3, 1): 3}  # two companies; cents, none, and thousandths
STATUSES = ("overdue", "not_due", "disputed", "promised", "in_plan", "on_its_way")
many = settings(max_examples=300 if os.environ.get("COLLECTIONS_LONG") else 40, deadline=None, derandomize=True, database=None)


@some.composite
def an_item(draw, number):
    group = draw(some.sampled_from(sorted(DIGITS)))
    units = draw(some.integers(-50000, 50000))
    amount = round(units / 10 ** DIGITS[group], DIGITS[group])
    status = draw(some.sampled_from(STATUSES)) if amount >= 0 else "credit"
    disputed = round(amount * draw(some.sampled_from((0, 0.3, 1))), DIGITS[group]) if amount > 0 else 0.0
    return Open(number, group, TODAY + timedelta(days=draw(some.integers(-90, 90))), status, amount, disputed)


@some.composite
def ledgers(draw):
    return [draw(an_item(number)) for number in range(1, draw(some.integers(0, 9)) + 1)]


@some.composite
def choices(draw):
    picked = tuple(draw(some.lists(some.integers(1, 12), unique=True, max_size=6)))
    amount = draw(some.one_of(some.none(), some.floats(0.001, 900))) if len(picked) == 1 else None
    kind = draw(some.sampled_from(("overdue", "open", "items")))
    return Choice(kind, picked, amount, None, draw(some.booleans()))


@tagged("post_install", "-at_install")
class TestPaying(BaseCase):
    """Never more than is open, never less than nothing, and the sum is what is charged."""

    def test_the_examples_in_the_text_are_true(self):
        self.assertEqual(doctest.testmod(paying).failed, 0)

    @many
    @given(items=ledgers(), choice=choices())
    def test_whatever_is_open_and_chosen(self, items, choice):
        open_amounts = {item.id: item.open for item in items}
        groups = {item.id: item.group for item in items}
        parts = what_to_pay(items, choice, DIGITS)
        self.assertEqual(len({part.group for part in parts}), len(parts))
        for part in parts:
            digits = DIGITS[part.group]
            for share in part.debts:
                self.assertLessEqual(share.amount, open_amounts[share.id])
            for share in part.credits:
                self.assertLessEqual(share.amount, -open_amounts[share.id])
            shares = (*part.debts, *part.credits)
            self.assertTrue(all(share.amount > 0 and groups[share.id] == part.group for share in shares))
            self.assertEqual([share.amount for share in shares], [round(share.amount, digits) for share in shares])
            total = sum(share.amount for share in part.debts) - sum(share.amount for share in part.credits)
            self.assertEqual(part.amount, round(total, digits))
            self.assertGreaterEqual(part.amount, 0)
            self.assertTrue(choice.with_credits or not part.credits)
            if choice.kind == "items":
                self.assertLessEqual({share.id for share in part.debts}, set(choice.item_ids))

    @many
    @given(items=ledgers(), choice=choices())
    def test_what_was_chosen_is_what_is_matched(self, items, choice):
        for part in what_to_pay(items, choice, DIGITS):
            digits = DIGITS[part.group]
            pairs = match(part.debts, [*part.credits, Share(0, part.amount)], digits)
            for share in part.debts:
                on_it = sum(amount for debt, _source, amount in pairs if debt == share.id)
                self.assertEqual(round(on_it, digits), share.amount)
            for share in (*part.credits, Share(0, part.amount)):
                of_it = sum(amount for _debt, source, amount in pairs if source == share.id)
                self.assertEqual(round(of_it, digits), share.amount)

    @many
    @given(items=ledgers(), first=choices(), second=choices())
    def test_a_seal_belongs_to_one_payment_only(self, items, first, second):
        for one in what_to_pay(items, first, DIGITS):
            for other in what_to_pay(items, second, DIGITS):
                self.assertEqual(one.seal() == other.seal(), one == other)

    def test_nothing_open_or_chosen_is_nothing_to_pay(self):
        zero = Open(1, (1, 1, 1), TODAY, "overdue", 0.0)
        credit = Open(2, (1, 1, 1), TODAY, "credit", -5.0)
        for choice in (Choice("overdue"), Choice("open"), Choice("items", (1, 2)), Choice("items", ())):
            self.assertEqual(what_to_pay([zero, credit], choice, DIGITS), [])

    def test_an_address_names_items_and_says_no_amounts(self):
        choice = read_choice({"choice": ["items"], "items": ["7", "7,8,-1,x,99999999999"], "amount": ["5"]})
        self.assertEqual((choice.item_ids, choice.amount), ((7, 8), None), "a part is of one item")
        self.assertEqual(read_choice({name: [value] for name, value in choice.query().items()}), choice)
        self.assertEqual(read_choice({"items": ["5"], "amount": ["1e5"]}).amount, None)
        self.assertEqual(read_choice({"part": ["1-2"]}).group, None)
        self.assertEqual(len(read_choice({"items": [",".join(map(str, range(9999)))]}).item_ids), paying.MOST_ITEMS)
