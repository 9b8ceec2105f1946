"""Figures about receivables: formulas on amounts and days. No Odoo here.

Amounts are in one currency, tax included, as receivables are. ``None`` means "not available": a division by zero, sales or
receivables that are zero or negative where the formula has no meaning, too short a history. It is never shown as 0 or 100.
"""

from collections.abc import Iterable
from typing import NamedTuple

# A rate of fewer cases than this is shown as "too few": one case more or less would move it by several points.
TOO_FEW = 30


class Rate(NamedTuple):
    """A share with what it was computed from: ``part`` of ``whole`` (amounts or numbers), seen on ``count`` cases."""

    part: float
    whole: float
    count: int

    @property
    def value(self) -> float | None:
        """The share in percent.

        >>> Rate(2, 4, 4).value, Rate(0, 0, 0).value
        (50.0, None)
        """
        return percent(self.part, self.whole)

    @property
    def is_too_few(self) -> bool:
        """Whether it rests on too few cases to be compared with anything."""
        return self.count < TOO_FEW


def percent(part: float, whole: float) -> float | None:
    """Return ``part`` of ``whole`` in percent, None when ``whole`` is not above zero.

    >>> percent(45000, 60000), percent(1, 0), percent(1, -5)
    (75.0, None, None)
    """
    return part / whole * 100 if whole > 0 else None


# -- days sales outstanding --------------------------------------------------------------------------------------------


def dso_simple(receivables: float, sales: float, days: int) -> float | None:
    """Return days sales outstanding: receivables / credit sales of the period x days of the period.

    Source: textbooks; Mesha and Paidnice print these examples, CFO.com calls the quarterly one usual.

    >>> round(dso_simple(150000, 1800000, 365), 2), dso_simple(200000, 2000000, 365), dso_simple(15000, 10000, 30)
    (30.42, 36.5, 45.0)
    >>> dso_simple(100, 0, 30), dso_simple(-5, 100, 30)
    (None, None)
    """
    return receivables / sales * days if sales > 0 and receivables > 0 else None


def dso_count_back(receivables: float, months: Iterable[tuple[float, int]]) -> float | None:
    """Return days sales outstanding by counting back: ``months`` are (sales, days), the newest first.

    The newest month's sales are taken off the receivables and its days added, month by month; of the last month only the part
    that is still in the receivables. A month without sales adds its days. Negative sales (more credit notes than invoices) and
    months that do not reach back far enough: None. Source: Benji Pays and Mesha; Credit Today; used by Upflow.

    >>> round(dso_count_back(212000, [(100000, 30), (80000, 30), (70000, 30)]), 2)
    73.71
    >>> round(dso_count_back(212000, [(100000, 31), (80000, 28), (70000, 31)]), 2)
    73.17
    >>> dso_count_back(212000, [(100000, 31)]), dso_count_back(0, [(1, 30)]), dso_count_back(5, [(-1, 30), (9, 30)])
    (None, None, None)
    """
    if receivables <= 0:
        return None
    rest, total = receivables, 0.0
    for sales, days in months:
        if sales < 0:
            return None
        if sales >= rest:
            return total + rest / sales * days
        rest -= sales
        total += days
    return None


def dso_best_possible(current: float, sales: float, days: int) -> float | None:
    """Return the days sales outstanding if everybody paid on time: receivables not yet due / credit sales x days.

    Source: creditguru; on the calculator of the Credit Research Foundation.

    >>> dso_best_possible(4000, 10000, 30), dso_best_possible(4000, 0, 30)
    (12.0, None)
    """
    return current / sales * days if sales > 0 and current >= 0 else None


def average_days_delinquent(dso: float | None, best_possible: float | None) -> float | None:
    """Return how many of the days sales outstanding come from late payment: DSO - best possible DSO, of the same period.

    >>> average_days_delinquent(45, 12), average_days_delinquent(None, 12)
    (33, None)
    """
    return None if dso is None or best_possible is None else dso - best_possible


# -- how well is collected ---------------------------------------------------------------------------------------------


def collection_effectiveness(opening: float, sales: float, closing: float, closing_current: float) -> float | None:
    """Return the collection effectiveness index as published, in percent:
    (opening receivables + sales - closing receivables) / (opening receivables + sales - closing current receivables) x 100.

    For one calendar month: then the variant with sales / number of months is the same. Over a quarter the two differ by far.
    Credit notes and write-offs count as collected here; see `collection_effectiveness_money`. Source: Gaviti, creditguru.

    >>> round(collection_effectiveness(6200, 10890, 6340, 3590), 2), collection_effectiveness(100000, 10**6, 120000, 100000)
    (79.63, 98.0)
    >>> round(collection_effectiveness(6200, 10890 / 3, 6340, 3590), 2)
    55.93
    >>> collection_effectiveness(0, 0, 0, 0)
    """
    return percent(opening + sales - closing, opening + sales - closing_current)


def collection_effectiveness_money(opening: float, sales: float, closing_current: float, money: float) -> float | None:
    """Return the index with nothing but money as collected: ``money`` is payments less refunds by payment date, matched or not.

    >>> collection_effectiveness_money(9500, 7000, 7500, 2700)
    30.0
    """
    return percent(money, opening + sales - closing_current)


def turnover(sales: float, opening: float, closing: float) -> float | None:
    """Return how often receivables turned over: credit sales / average of opening and closing receivables.

    >>> turnover(1200000, 90000, 110000), turnover(5, 0, 0), turnover(0, 5, 5)
    (12.0, None, None)
    """
    average = (opening + closing) / 2
    return sales / average if sales > 0 and average > 0 else None


def turnover_days(days: int, times: float | None) -> float | None:
    """Return the days of one turn: days of the period / turnover.

    >>> round(turnover_days(365, 12.0), 2), turnover_days(365, None)
    (30.42, None)
    """
    return days / times if times else None


def cost_per_collected(cost: float, collected: float) -> float | None:
    """Return what it costs to collect 100: cost of collecting / money collected on overdue items x 100.

    >>> cost_per_collected(500, 20000), cost_per_collected(500, 0)
    (2.5, None)
    """
    return percent(cost, collected)


# -- how late customers pay --------------------------------------------------------------------------------------------


class Delay(NamedTuple):
    """How many days after the due date was paid, on average; early payment is negative."""

    by_amount: float | None
    by_count: float | None
    count: int


def average_days_late(paid: Iterable[tuple[float, int, int]]) -> Delay:
    """Return the average delay of ``paid``: (amount at booking rate, days after the due date, number of payments) each.

    By amount: sum of amount x days / sum of amounts. Source: Upflow, which leaves out what is not paid and says so.

    >>> round(average_days_late([(140, 7, 1), (85, 55, 1)]).by_amount, 2), average_days_late([])
    (25.13, Delay(by_amount=None, by_count=None, count=0))
    """
    paid = list(paid)
    amount = sum(part for part, _days, _number in paid)
    count = sum(number for _part, _days, number in paid)
    return Delay(
        sum(part * days for part, days, _number in paid) / amount if amount > 0 else None,
        sum(days * number for _part, days, number in paid) / count if count else None,
        count,
    )


# -- roll rates ------------------------------------------------------------------------------------------------------


def roll_rates(moved: dict[tuple[int, int | str], float], buckets: int) -> list[dict]:
    """Return one row per bucket: {"base": amount, "to": {bucket or way out: percent of the base, None without base}}.

    ``moved``: {(bucket at the start, bucket at the end or way out): amount at the start}. Ways out: money, credit_note,
    write_off, exchange, other. A share is amount at the end / amount of the bucket at the start. Source: CarmaOne's glossary;
    there is no standard formula.

    >>> roll_rates({(1, 2): 1800.0, (1, "money"): 1200.0}, 2)
    [{'base': 0, 'to': {}}, {'base': 3000.0, 'to': {2: 60.0, 'money': 40.0}}]
    """
    rows = []
    for start in range(buckets):
        parts = {target: amount for (source, target), amount in moved.items() if source == start}
        base = sum(parts.values())
        rows.append({"base": base, "to": {target: percent(amount, base) for target, amount in parts.items()}})
    return rows


# -- promises ----------------------------------------------------------------------------------------------------------


class Promise(NamedTuple):
    """A promise that has matured: what was promised, what came in time, and whether that was enough."""

    promised: float
    received: float
    is_kept: bool


def promised_open(rows: Iterable[tuple[int, float, int, float]]) -> tuple[float, int]:
    """Return how much of what is open is promised, and by how many promises.

    ``rows``: (promise, promised amount, item, open of it), the oldest promise first. A promise takes no more than was promised,
    and what is open of an item is promised once.

    >>> promised_open([(1, 1000, 7, 600), (1, 1000, 8, 900), (2, 700, 8, 900)])
    (1500.0, 2)
    >>> promised_open([])
    (0.0, 0)
    """
    left: dict[int, float] = {}
    wanted: dict[int, float] = {}
    total = 0.0
    for promise, amount, item, residual in rows:
        part = min(wanted.setdefault(promise, amount), left.setdefault(item, residual))
        wanted[promise] -= part
        left[item] -= part
        total += part
    return total, len(wanted)


def promises_kept(promises: Iterable[Promise]) -> tuple[Rate, Rate]:
    """Return two rates of matured promises: by number, kept / matured; by value, sum of min(received, promised) / promised.

    >>> by_number, by_value = promises_kept(
    ...     [Promise(1000, 0, False), Promise(1200, 1200, True), Promise(1500, 1500, True), Promise(1800, 0, False)]
    ... )
    >>> by_number.value, round(by_value.value, 2)
    (50.0, 49.09)
    >>> [rate.value for rate in promises_kept([Promise(2000, 1500, False)])]
    [0.0, 75.0]
    """
    promises = list(promises)
    count = len(promises)
    return (
        Rate(sum(promise.is_kept for promise in promises), count, count),
        Rate(
            sum(max(0, min(promise.received, promise.promised)) for promise in promises),
            sum(promise.promised for promise in promises),
            count,
        ),
    )
