"""Where money is expected, whatever is open and was agreed: plain functions, tried by hand and with many ledgers."""

import doctest
import random
from math import sqrt

from hypothesis import given, settings
from hypothesis import strategies as some
from odoo.tests import BaseCase, tagged

from ..engine import forecast
from ..engine.forecast import GIVEN_UP, NEVER, Delays, Item, Plan, Promise, RobustDelay, Unpaid, find_unpaid

BELGIUM = ("BE", True)
CUSTOMER, OTHER = 7, 8


def item(line_id=1, late=0, amount=10000, debtor=CUSTOMER, company=1, currency=1, **more):
    """An open item of 100.00."""
    return Item(line_id, company, currency, debtor, BELGIUM, late, amount, amount / 100.0, **more)


def unpaid(*days, amount=100.0):
    """What the customer did not pay up to so many days after the due date, 100.00 each."""
    return [Unpaid(1, CUSTOMER, BELGIUM, each, amount) for each in days]


def knows(lost=(), **histories):
    """A predictor; each argument is a customer and its delays: ``customer=[10, 10]``. ``lost``: rows of `unpaid`."""
    ids = {"customer": CUSTOMER, "other": OTHER}
    history = {(1, ids[name]): [(days, 100.0, 1) for days in delays] for name, delays in histories.items()}
    return RobustDelay(history, dict.fromkeys(history, BELGIUM), lost)


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
        self.assertEqual(predictor.expect(item(), 10)[:4], (30, 30, 30, 0.0))
        self.assertEqual(predictor.expect(item(), 39)[:4], (1, 1, 1, 0.0))
        self.assertIsNone(predictor.expect(item(), 40))

    def test_a_short_history_is_shrunk_towards_the_segment(self):
        """One payment weighs a tenth, ten payments stand alone: 40 * 1/10 + 0 * 9/10 = 4."""
        for number, usual in ((1, 4), (5, 20), (10, 40), (30, 40)):
            predictor = knows(customer=[40] * number, other=[0] * 1000)
            self.assertEqual(predictor.expect(item(), -1).usual, usual + 1, number)

    def test_a_new_customer_pays_as_its_segment_does(self):
        predictor = knows(other=[20] * 50)
        self.assertEqual(predictor.expect(item(), 0)[:4], (20, 20, 20, 0.0))

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
        predictor = knows(find_unpaid(item(number, late=100 + number) for number in range(10)), customer=[10] * 10)
        self.assertEqual(predictor.expect(item(), -4)[:4], (14, 14, NEVER, 0.5))
        self.assertEqual(self.weeks([item(late=-4)], predictor), {2: 5000, forecast.LATER: 5000})

    def test_what_was_written_off_is_never_paid_also_of_an_item_that_is_later_than_that(self):
        """The same, but for the ten that were written off after 180 days: they did not vanish."""
        predictor = knows(unpaid(*[GIVEN_UP] * 10), customer=[10] * 10)
        self.assertEqual(predictor.expect(item(), -4)[:4], (14, 14, NEVER, 0.5))
        late = knows(unpaid(*[GIVEN_UP] * 10), customer=[10] * 10 + [200] * 10).expect(item(), 100)
        self.assertEqual((late.usual, late.unpaid), (100, 0.5))

    def test_what_was_moved_says_nothing_of_later_days(self):
        """Set off five days after it was due, it would have been paid on the tenth or not; after a hundred days it was not."""
        self.assertEqual(knows(unpaid(*[5] * 10), customer=[10] * 10).expect(item(), 0).unpaid, 0.0)
        self.assertEqual(knows(unpaid(*[100] * 10), customer=[10] * 10).expect(item(), 0).unpaid, 0.5)

    def test_the_later_an_item_the_less_of_it_is_expected(self):
        predictor = RobustDelay(
            {(1, CUSTOMER): [(10, 800.0, 8), (60, 100.0, 1)]}, {(1, CUSTOMER): BELGIUM}, find_unpaid([item(late=150)])
        )
        self.assertEqual([round(predictor.expect(item(), late).unpaid, 2) for late in (0, 20)], [0.1, 0.5])
        self.assertEqual(predictor.expect(item(), 20).usual, 40)

    def test_what_is_not_due_yet_says_nothing_of_who_pays_late(self):
        fresh = find_unpaid(item(number, late=-20) for number in range(10))
        self.assertEqual(knows(fresh, customer=[10] * 10).expect(item(), 0)[:4], (10, 10, 10, 0.0))

    def test_early_and_late_count_what_is_never_paid(self):
        """One in ten of all is one in five of the half that is paid."""
        delays = list(range(1, 21))
        for lost, early, late in ((0, 2, 18), (1, 3, 19), (2, 3, 20), (20, 4, NEVER), (200, NEVER, NEVER)):
            found = knows(unpaid(*[GIVEN_UP] * lost), customer=delays).expect(item(), 0)
            self.assertEqual((found.early, found.usual, found.late), (early, 10, late), lost)

    def test_the_share_that_comes_by_the_end_of_a_week_is_of_all_of_it(self):
        by_week = knows(unpaid(*[GIVEN_UP] * 5), customer=[3, 9, 9, 20, 300]).expect(item(), 0).by_week
        self.assertEqual([round(share, 4) for share in (*by_week[:4], by_week[-1])], [0.1, 0.3, 0.4, 0.4, 0.4])

    def test_shares_by_week_are_shrunk_as_the_days_are(self):
        by_week = knows(customer=[40], other=[0] * 999).expect(item(), -1).by_week
        self.assertEqual([round(share, 3) for share in by_week[:6]], [0.899, 0.899, 0.899, 0.899, 0.899, 1.0])

    # -- what is open and was not paid -------------------------------------------------------------------------------------

    def unpaid_of(self, *items):
        return [(row.debtor_id, row.days, row.amount) for row in find_unpaid(items)]

    def test_money_on_account_pays_the_oldest_item_before_anybody_calls_it_unpaid(self):
        items = [item(1, late=5), item(2, late=90), item(3, amount=-15000), item(4, late=90, debtor=OTHER)]
        self.assertEqual(self.unpaid_of(*items), [(OTHER, 90, 100.0), (CUSTOMER, 5, 50.0)])
        self.assertEqual(self.unpaid_of(item(1, late=5), item(2, amount=-99999)), [])

    def test_money_on_account_pays_nothing_in_another_currency_or_company(self):
        credits = [item(2, amount=-10000, currency=2), item(3, amount=-10000, company=2)]
        self.assertEqual(self.unpaid_of(item(1, late=5), *credits), [(CUSTOMER, 5, 100.0)])

    def test_money_that_went_back_is_no_debt_and_takes_its_own_money_first(self):
        back = item(1, late=9, is_from_bank=True)
        self.assertEqual(self.unpaid_of(back), [])
        self.assertEqual(self.unpaid_of(back, item(2, amount=-10000), item(3, late=90)), [(CUSTOMER, 90, 100.0)])

    def test_what_nobody_owes_says_nothing(self):
        self.assertEqual(self.unpaid_of(item(late=90, debtor=None)), [])

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

    def test_a_credit_is_taken_off_before_what_is_never_paid_is_split_off(self):
        """1,000 open, half of it is paid as a rule, 500 on account: 250 is expected and 250 is not."""
        predictor = knows(unpaid(*[GIVEN_UP] * 10), customer=[10] * 10)
        items = [item(1, late=-4, amount=100000), item(2, amount=-50000)]
        self.assertEqual(self.weeks(items, predictor), {2: 25000, forecast.LATER: 25000})
        cells = self.tables(items, predictor)[1, 1].cells
        self.assertEqual([cells[row]["credit"] for row in (2, forecast.LATER)], [-25000, -25000])

    def test_a_credit_takes_what_has_no_date_last(self):
        items = [item(1, late=300), item(2, late=5), item(3, amount=-12000)]
        credited = {piece.item.line_id: piece.credited for piece in self.forecast(items)}
        self.assertEqual(credited, {1: 2000, 2: 10000})

    def test_what_is_left_of_a_credit_stands_below_no_basis(self):
        self.assertEqual(self.weeks([item(1), item(2, amount=-15000)]), {forecast.NO_BASIS: -5000})

    # -- figures -----------------------------------------------------------------------------------------------------------

    def band(self, *arguments):
        table = self.tables(*arguments)[1, 1]
        return table.low, table.expected, table.high

    def test_what_is_certain_has_no_band(self):
        for found in self.band([item(late=-1)], knows(customer=[10] * 20)):
            self.assertEqual(found, [0] + [10000] * 12)
        promised = self.tables([item(late=300)], promises=[Promise([1], 16, 10000)])[1, 1]
        self.assertEqual((promised.low, promised.high), ([0, 0] + [10000] * 11,) * 2)

    def test_of_a_hundred_customers_the_sum_is_surer_than_each(self):
        """Each pays 100.00 in week 1 or, as often, in week 5: 5,000.00 in week 1, give or take 1.28 * sqrt(100) * 50.00."""
        predictor = knows(customer=[1, 30] * 50)
        low, expected, high = self.band([item(number, debtor=number) for number in range(1, 101)], predictor)
        self.assertEqual((low[0], expected[0], high[0]), (435922, 500000, 564078))
        self.assertEqual((low[4], expected[4], high[4]), (1000000,) * 3)

    def test_items_of_one_customer_come_together_or_not_at_all(self):
        predictor = knows(customer=[1, 30] * 50)
        low, expected, high = self.band([item(number) for number in range(1, 101)], predictor)
        self.assertEqual((low[0], expected[0], high[0]), (0, 500000, 1000000))

    def test_the_band_is_of_what_is_left_after_credits_and_never_above_it(self):
        predictor = knows(unpaid(*[GIVEN_UP] * 10), customer=[10] * 10)
        low, expected, high = self.band([item(1, amount=100000), item(2, amount=-50000)], predictor)
        self.assertEqual((low[12], expected[12], high[12]), (0, 25000, 50000))

    def test_two_companies_and_their_sum_have_a_band_each(self):
        history = {(company, CUSTOMER): [(1, 50.0, 50), (30, 50.0, 50)] for company in (1, 2)}
        predictor = RobustDelay(history, dict.fromkeys(history, BELGIUM))
        found = self.tables([item(1), item(2, company=2), item(3, currency=2)], predictor)
        self.assertEqual({key: table.expected[0] for key, table in found.items()}, {
            (1, 1): 5000, (2, 1): 5000, (1, 2): 5000, (forecast.ALL, 1): 10000, (forecast.ALL, 2): 5000,
        })
        self.assertEqual(found[forecast.ALL, 1].high[0], round(10000 + forecast.DEVIATIONS * 5000 * sqrt(2)))

    def test_eight_of_ten_outcomes_lie_in_the_band(self):
        """Forty times sixty customers, each with its own habit; one invoice in seven is never paid."""
        chance = random.Random(7)
        inside = [within for _time in range(40) for within in self.play(chance)]
        self.assertTrue(0.7 < sum(inside) / len(inside) < 0.92, sum(inside) / len(inside))

    def play(self, chance):
        """Return for each of the weeks 1 to 8 whether what came by then lay in the band."""
        history, lost, items, delays = {}, [], [], []
        for debtor in range(1, 61):
            habit = chance.uniform(0, 30)
            past = [self.draw(chance, habit) for _number in range(20)]
            history[1, debtor] = [(days, 100.0, 1) for days in past if days]
            lost += [Unpaid(1, debtor, BELGIUM, GIVEN_UP, 100.0) for days in past if not days]
            items.append(item(debtor, late=-chance.randint(0, 20), amount=chance.randint(1000, 50000), debtor=debtor))
            delays.append(self.draw(chance, habit))
        table = self.tables(items, RobustDelay(history, dict.fromkeys(history, BELGIUM), lost))[1, 1]
        for week in range(8):
            came = sum(
                one.amount for one, days in zip(items, delays, strict=True) if days and days - one.late <= 7 * (week + 1)
            )
            yield table.low[week] <= came <= table.high[week]

    @staticmethod
    def draw(chance, habit):
        """Return by how many days an invoice is paid late, None if never."""
        return None if chance.random() < 1 / 7 else 1 + int(habit + chance.expovariate(1 / 15))

    def test_back_test_error_and_bias(self):
        exact = forecast.Outcome([10] * 13, [0] * 13, list(range(10, 140, 10)), [200] * 13, [10] * 13)
        week_late = forecast.Outcome([10] + [0] * 12, [0] * 13, [10] * 13, [9] * 13, [0, 10] + [0] * 11)
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
UNPAID = some.lists(
    some.builds(
        lambda debtor, days, amount: Unpaid(1, debtor, (debtor % 2,), days, amount),
        some.integers(1, 3),
        some.integers(-20, 200) | some.just(GIVEN_UP),
        some.floats(0.01, 9999),
    ),
    max_size=6,
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
    @given(rows=ITEMS, history=DELAYS, lost=UNPAID, held=HELD, plans=PLANS, promises=PROMISES)
    def test_weeks_and_later_and_no_basis_are_what_is_open(self, rows, history, lost, held, plans, promises):
        items = [
            Item(number, 1, currency, debtor, (debtor % 2,), late, amount)
            for number, (late, amount, debtor, currency) in enumerate(rows, start=1)
        ]
        predictor = RobustDelay(history, {key: (key[1] % 2,) for key in history}, lost)
        pieces = forecast.forecast(predictor, items, held, plans, promises)
        for (company, currency), table in forecast.tables(pieces).items():
            self.assertEqual(table.total(), sum(one.amount for one in items if one.currency_id == currency))
            self.assertEqual(sum(table.weeks) + table.total(forecast.LATER) + table.total(forecast.NO_BASIS), table.total())
            for low, expected, high in zip(table.low, table.expected, table.high, strict=True):
                self.assertTrue(0 <= low <= expected <= high <= sum(table.weeks) + table.total(forecast.LATER), company)
            for ends in (table.low, table.expected, table.high):
                self.assertEqual(sorted(ends), ends)
        for one in items:
            own = [piece for piece in pieces if piece.item is one]
            if one.amount > 0:
                self.assertEqual(sum(piece.amount for piece in own), one.amount)
            self.assertTrue(all(0 <= piece.credited <= max(piece.amount, -one.amount) for piece in own))
        for piece in pieces:
            if piece.days:
                self.assertTrue(min(piece.days.early, piece.days.usual, piece.days.late) >= 1)
                self.assertTrue(0 <= piece.days.unpaid <= 1 and sorted(piece.days.by_week) == list(piece.days.by_week))

    @settings(max_examples=40, deadline=None, derandomize=True, database=None)
    @given(history=DELAYS, late=some.integers(-120, 200), debtor=some.integers(1, 4))
    def test_no_basis_only_where_nobody_paid_later(self, history, late, debtor):
        predictor = RobustDelay(history, {key: (0,) for key in history})
        expected = predictor.expect(Item(1, 1, 1, debtor, (0,), late, 1), late)
        is_known = any(days > late for rows in history.values() for days, _amount, _number in rows)
        self.assertEqual(bool(expected), is_known)
