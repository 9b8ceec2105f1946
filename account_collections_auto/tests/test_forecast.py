"""Where money is expected, whatever is open and was agreed: plain functions, tried by hand and with many ledgers."""

import doctest

from hypothesis import given, settings
from hypothesis import strategies as some
from odoo.tests import BaseCase, tagged

from ..engine import forecast
from ..engine.forecast import Delays, Expected, Item, Plan, Promise, RobustDelay

BELGIUM = ("BE", True)
CUSTOMER, OTHER = 7, 8


def item(line_id=1, late=0, amount=10000, debtor=CUSTOMER, company=1, currency=1):
    """An open item of 100.00."""
    return Item(line_id, company, currency, debtor, BELGIUM, late, amount)


def knows(**histories):
    """A predictor; each argument is a customer and its delays: ``customer=[10, 10]``."""
    ids = {"customer": CUSTOMER, "other": OTHER}
    history = {(1, ids[name]): [(days, 100.0, 1) for days in delays] for name, delays in histories.items()}
    return RobustDelay(history, dict.fromkeys(history, BELGIUM))


@tagged("post_install", "-at_install")
class TestForecast(BaseCase):
    """Where the money for an item is expected; pure, no database."""

    def forecast(self, items, predictor=None, held=None, plans=(), promises=()):
        return forecast.forecast(predictor or knows(customer=[10] * 12), items, held or {}, plans, promises)

    def weeks(self, *arguments, **more):
        """Return {row: amount} of what is not zero, of the first company and currency."""
        table = self.tables(*arguments, **more)[1, 1]
        return {row: table.total(row) for row in table.cells if table.total(row)}

    def tables(self, *arguments, **more):
        return forecast.tables(self.forecast(*arguments, **more))

    @staticmethod
    def dated(pieces):
        return [(piece.kind, piece.days.usual, piece.amount) for piece in pieces]

    def test_the_examples_of_the_docstrings(self):
        self.assertFalse(doctest.testmod(forecast).failed)

    # -- the delay -------------------------------------------------------------------------------------------------------

    def test_the_median_is_weighted_by_amount(self):
        delays = Delays([(2, 100.0, 1), (5, 100.0, 1), (40, 1000.0, 1)])
        self.assertEqual([delays.quantile(share) for share in forecast.SHARES], [5, 40, 40])

    def test_who_always_pays_ten_days_late_pays_ten_days_late(self):
        self.assertEqual(self.weeks([item(late=-4)]), {2: 10000})  # day 14
        self.assertEqual(self.weeks([item(late=9)]), {1: 10000})  # day 1

    def test_one_item_sixty_days_late_of_who_always_pays_ten_days_late_is_not_expected_in_week_one(self):
        [piece] = self.forecast([item(late=60)])
        self.assertEqual((piece.kind, piece.days, piece.week), ("unknown", None, forecast.NO_BASIS))

    def test_of_a_late_item_only_longer_delays_count(self):
        predictor = knows(customer=[10] * 20 + [40] * 10)
        self.assertEqual(predictor.expect(item(), -5).usual, 15)
        self.assertEqual(predictor.expect(item(), 10), Expected(30, 30, 30))
        self.assertEqual(predictor.expect(item(), 39), Expected(1, 1, 1))
        self.assertIsNone(predictor.expect(item(), 40))

    def test_a_short_history_is_shrunk_towards_the_segment(self):
        """One payment weighs a tenth, ten payments stand alone: 40 * 1/10 + 0 * 9/10 = 4."""
        for number, usual in ((1, 4), (5, 20), (10, 40), (30, 40)):
            predictor = knows(customer=[40] * number, other=[0] * 1000)
            self.assertEqual(predictor.expect(item(), -1).usual, usual + 1, number)

    def test_a_new_customer_pays_as_its_segment_does(self):
        predictor = knows(other=[20] * 50)
        self.assertEqual(predictor.expect(item(), 0), Expected(20, 20, 20))

    def test_a_small_segment_is_replaced_by_all_customers_of_the_company(self):
        history = {(1, 5): [(0, 100.0, 1)], (1, 6): [(30, 9000.0, 90)]}
        predictor = RobustDelay(history, {(1, 5): BELGIUM, (1, 6): ("FR", True)})
        self.assertEqual(predictor.expect(item(), -1).usual, 31)

    def test_another_company_says_nothing(self):
        self.assertIsNone(knows(customer=[10] * 12).expect(item(company=2), 0))

    def test_past_180_days_there_is_no_basis(self):
        predictor = knows(customer=[10, 400] * 20)
        [late], [too_late] = (self.forecast([item(late=days)], predictor) for days in (180, 181))
        self.assertEqual((late.kind, late.week), ("overdue", forecast.LATER))
        self.assertEqual((too_late.kind, too_late.days), ("old", None))

    def test_where_half_is_never_paid_half_is_expected_later(self):
        """Of twenty invoices of the same amount ten were paid after ten days, and ten are open for a hundred days and more."""
        unpaid = [item(number, late=100 + number)._replace(weight=100.0) for number in range(10)]
        predictor = RobustDelay({(1, CUSTOMER): [(10, 1000.0, 10)]}, {(1, CUSTOMER): BELGIUM}, unpaid)
        self.assertEqual(predictor.expect(item(), -4), Expected(14, 14, 14, 0.5))
        self.assertEqual(self.weeks([item(late=-4)], predictor), {2: 5000, forecast.LATER: 5000})
        self.assertEqual(self.tables([item(late=-4)], predictor)[1, 1].high[1], 10000, "once in ten times all comes early")

    def test_the_later_an_item_the_less_of_it_is_expected(self):
        predictor = RobustDelay(
            {(1, CUSTOMER): [(10, 800.0, 8), (60, 100.0, 1)]},
            {(1, CUSTOMER): BELGIUM},
            [item(late=150)._replace(weight=100.0)],
        )
        self.assertEqual([round(predictor.expect(item(), late).unpaid, 2) for late in (0, 20)], [0.1, 0.5])
        self.assertEqual(predictor.expect(item(), 20).usual, 40)

    def test_what_is_not_due_yet_says_nothing_of_who_pays_late(self):
        fresh = [item(number, late=-20)._replace(weight=100.0) for number in range(10)]
        predictor = RobustDelay({(1, CUSTOMER): [(10, 1000.0, 10)]}, {(1, CUSTOMER): BELGIUM}, fresh)
        self.assertEqual(predictor.expect(item(), 0), Expected(10, 10, 10, 0.0))

    # -- what overrides --------------------------------------------------------------------------------------------------

    def test_a_promise_overrides_for_its_amount_and_the_rest_is_predicted(self):
        pieces = self.forecast([item(late=5)], promises=[Promise([1], 30, 4000)])
        self.assertEqual(self.dated(pieces), [("promised", 30, 4000), ("overdue", 5, 6000)])

    def test_a_promise_pays_the_oldest_item_first_and_no_more_than_is_open(self):
        items = [item(1, late=5), item(2, late=50)]
        self.assertEqual(self.weeks(items, promises=[Promise([1, 2], 20, 15000)]), {3: 15000, 1: 5000})
        self.assertEqual(self.weeks(items, promises=[Promise([1, 2], 20, 99999)]), {3: 20000})

    def test_two_promises_of_one_item_count_once_each_for_what_is_left(self):
        pieces = self.forecast([item()], promises=[Promise([1], 3, 7000), Promise([1], 10, 7000)])
        self.assertEqual([(p.days.usual, p.amount) for p in pieces], [(3, 7000), (10, 3000)])

    def test_a_promise_of_yesterday_in_its_days_of_grace_is_expected_tomorrow(self):
        self.assertEqual(self.forecast([item(late=50)], promises=[Promise([1], -1, 10000)])[0].days.usual, 1)

    def test_a_promise_says_more_than_the_age(self):
        self.assertEqual(self.weeks([item(late=300)], promises=[Promise([1], 8, 10000)]), {2: 10000})

    def test_of_instalments_the_last_ones_are_open(self):
        plan = Plan([1], [(-20, 5000), (10, 5000), (40, 5000)])
        pieces = self.forecast([item(late=100, amount=8000)], plans=[plan])
        self.assertEqual(self.dated(pieces), [("instalment", 10, 3000), ("instalment", 40, 5000)])

    def test_an_instalment_that_is_late_is_predicted_from_its_own_day(self):
        [piece] = self.forecast([item(late=100)], plans=[Plan([1], [(-4, 10000)])])
        self.assertEqual((piece.kind, piece.days.usual), ("instalment", 6))

    def test_a_promise_to_pay_an_instalment_moves_that_one(self):
        pieces = self.forecast(
            [item(late=100)], plans=[Plan([1], [(10, 5000), (40, 5000)])], promises=[Promise([1], 20, 5000)]
        )
        self.assertEqual(self.dated(pieces), [("promised", 20, 5000), ("instalment", 40, 5000)])

    def test_instalments_pay_the_items_in_order(self):
        pieces = self.forecast([item(1, late=30), item(2, late=20)], plans=[Plan([1, 2], [(5, 15000), (50, 5000)])])
        self.assertEqual(
            [(p.item.line_id, p.days.usual, p.amount) for p in pieces], [(1, 5, 10000), (2, 5, 5000), (2, 50, 5000)]
        )

    def test_what_is_disputed_waits_and_the_rest_is_expected(self):
        pieces = self.forecast([item(late=5)], held={1: {"disputed": 3000}}, promises=[Promise([1], 30, 99999)])
        self.assertEqual([(p.kind, p.amount) for p in pieces], [("promised", 7000), ("disputed", 3000)])

    def test_what_is_placed_waits_as_a_whole_disputed_or_not(self):
        pieces = self.forecast([item(late=5)], held={1: {"disputed": 3000, "placed": None}})
        self.assertEqual([(p.kind, p.amount) for p in pieces], [("placed", 10000)])

    # -- credits ---------------------------------------------------------------------------------------------------------

    def test_a_credit_takes_off_the_oldest_item_of_the_customer(self):
        items = [item(1, late=-4), item(2, late=5), item(3, amount=-12000), item(4, late=-4, debtor=OTHER)]
        predictor = knows(customer=[10] * 12, other=[10] * 12)
        self.assertEqual(self.weeks(items, predictor), {2: 18000})
        credited = {piece.item.line_id: piece.credited for piece in self.forecast(items, predictor)}
        self.assertEqual(credited, {1: 2000, 2: 10000, 4: 0})

    def test_a_credit_in_another_currency_or_company_takes_nothing_off(self):
        items = [item(1), item(2, amount=-5000, currency=2), item(3, amount=-4000, company=2)]
        totals = {key: table.total() for key, table in self.tables(items).items()}
        self.assertEqual(totals, {(1, 1): 10000, (1, 2): -5000, (2, 1): -4000, (0, 1): 6000, (0, 2): -5000})

    def test_what_is_left_of_a_credit_stands_below_no_basis(self):
        self.assertEqual(self.weeks([item(1), item(2, amount=-15000)]), {forecast.NO_BASIS: -5000})

    # -- figures -----------------------------------------------------------------------------------------------------------

    def test_the_band_is_early_and_late_by_the_end_of_each_week(self):
        table = self.tables([item(late=-1)], knows(customer=[0] * 10 + [10] * 80 + [30] * 10))[1, 1]
        self.assertEqual(table.high[:5], [10000] * 5)
        self.assertEqual(table.expected[:5], [0, 10000, 10000, 10000, 10000])
        self.assertEqual(table.low[:5], [0, 10000, 10000, 10000, 10000])

    def test_who_pays_all_over_the_place_has_a_wide_band(self):
        table = self.tables([item(late=-1)], knows(customer=range(0, 60, 3)))[1, 1]
        weeks_before = [by_then.count(0) for by_then in (table.high, table.expected, table.low)]
        self.assertEqual(weeks_before, [0, 3, 7])

    def test_back_test_error_and_bias(self):
        exact = forecast.Outcome([10] * 13, [0] * 13, [200] * 13, [10] * 13)
        week_late = forecast.Outcome([10] + [0] * 12, [0] * 13, [9] * 13, [0, 10] + [0] * 11)
        first, second, third, *_rest = forecast.look_back([exact, week_late])
        self.assertEqual((first.error, first.bias, first.error_until, first.inside), (1.0, 1.0, 1.0, 1.0))
        self.assertEqual((second.error, second.bias, second.error_until), (0.5, -0.5, 0.0))
        self.assertEqual((third.error, third.inside), (0.0, 0.5))


ITEMS = some.lists(
    some.builds(
        lambda late, amount, debtor, currency: (late if amount > 0 else 0, amount, debtor, currency),
        some.integers(-120, 250),
        some.integers(-30000, 60000).filter(bool),
        some.integers(1, 3),
        some.integers(1, 2),
    ),
    min_size=1,
    max_size=12,
)
LINES = some.lists(some.integers(1, 12), max_size=5, unique=True)
DELAYS = some.dictionaries(
    some.tuples(some.just(1), some.integers(1, 3)),
    some.lists(some.tuples(some.integers(-20, 200), some.floats(0.01, 9999), some.integers(1, 12)), min_size=1, max_size=8),
)
HELD = some.dictionaries(
    some.integers(1, 12),
    some.dictionaries(some.sampled_from(["placed", "disputed"]), some.none() | some.integers(-5, 90000), min_size=1),
    max_size=4,
)
PLANS = some.lists(
    some.builds(
        Plan,
        LINES,
        some.lists(some.tuples(some.integers(-60, 150), some.integers(0, 40000)), min_size=1, max_size=4).map(sorted),
    ),
    max_size=2,
)
PROMISES = some.lists(some.builds(Promise, LINES, some.integers(-5, 120), some.integers(1, 80000)), max_size=3)


@tagged("post_install", "-at_install")
class TestForecastAlways(BaseCase):
    """Whatever is open and was agreed: it all adds up, nothing counts twice, and the band is in order."""

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(rows=ITEMS, history=DELAYS, held=HELD, plans=PLANS, promises=PROMISES)
    def test_weeks_and_later_and_no_basis_are_what_is_open(self, rows, history, held, plans, promises):
        items = [
            Item(number, 1, currency, debtor, (debtor % 2,), late, amount)
            for number, (late, amount, debtor, currency) in enumerate(rows, start=1)
        ]
        predictor = RobustDelay(history, {key: (key[1] % 2,) for key in history})
        pieces = forecast.forecast(predictor, items, held, plans, promises)
        for (company, currency), table in forecast.tables(pieces).items():
            self.assertEqual(table.total(), sum(one.amount for one in items if one.currency_id == currency))
            self.assertEqual(sum(table.weeks) + table.total(forecast.LATER) + table.total(forecast.NO_BASIS), table.total())
            self.assertEqual(table.expected[-1], sum(table.weeks), company)
            for low, expected, high in zip(table.low, table.expected, table.high, strict=True):
                self.assertTrue(0 <= low <= expected <= high)
        for one in items:
            own = [piece for piece in pieces if piece.item is one]
            if one.amount > 0:
                self.assertEqual(sum(piece.amount for piece in own), one.amount)
            self.assertTrue(all(0 <= piece.credited <= max(piece.amount, -one.amount) for piece in own))
        for piece in pieces:
            if piece.days:
                self.assertTrue(1 <= piece.days.early <= piece.days.usual <= piece.days.late)

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(history=DELAYS, late=some.integers(-120, 200), debtor=some.integers(1, 4))
    def test_no_basis_only_where_nobody_paid_later(self, history, late, debtor):
        predictor = RobustDelay(history, {key: (0,) for key in history})
        expected = predictor.expect(Item(1, 1, 1, debtor, (0,), late, 1), late)
        is_known = any(days > late for rows in history.values() for days, _amount, _number in rows)
        self.assertEqual(bool(expected), is_known)
