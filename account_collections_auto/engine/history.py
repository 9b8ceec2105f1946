"""History: the receivable lines of one customer as they were on each day of a span. Reads, writes nothing.

What was open on a day follows from the reconciliations up to that day, by Odoo's own date of each of them
(``max_date``: the later one of the two entries). Due dates are those of today.
"""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from odoo.tools import SQL

from . import simulate, withhold
from .rates import rates_sql


class Line(NamedTuple):
    """What people call a line: its document, and whether it is money, a credit note, or a claim."""

    move_id: int
    number: str
    kind: str
    day: date
    due: date
    currency_id: int
    amount: Decimal


def read(env, company, debtor, first, last, *, only_sent=False):
    """Return (items for `simulate`, {line id: `Line`}) of ``debtor`` in the root ``company`` and its branches.

    ``only_sent``: as the plan asks, invoices that were not sent through Odoo are not demanded.
    """
    env.flush_all()
    rows = _read_lines(env, company, debtor, first, last)
    matched = _read_matched(env, list(rows), last)
    stops = read_stops(env, company, debtor)
    items, lines = [], {}
    for line_id, row in rows.items():
        line, never_demanded, is_unsent = row
        opened = _opened(line, matched[line_id])
        if opened[-1][1] or opened[-1][0] >= first:
            stopped = stops[debtor.id, line_id] + stops[debtor.id, None]
            if never_demanded or (only_sent and is_unsent):
                stopped = [(date.min, None)]
            items.append(simulate.Item(line_id, line.currency_id, line.due, opened, tuple(stopped)))
        lines[line_id] = line
    return items, lines


def read_rates(env, company, currency_ids, first, last):
    """Return [(day, {currency id: rate})]: the first day, then each day on which one of the rates changes."""
    own = company.currency_id.id
    if set(currency_ids) <= {own}:
        return [(first, {own: Decimal(1)})]
    rows = env.execute_query(
        SQL(
            """SELECT day.date, rate.currency_id, rate.per_unit::text
                 FROM (SELECT %(first)s::date AS date
                        UNION
                       SELECT name FROM res_currency_rate
                        WHERE currency_id = ANY(%(listed)s) AND name > %(first)s AND name <= %(last)s) day
                 CROSS JOIN LATERAL (%(rates)s) rate
                WHERE rate.currency_id = ANY(%(listed)s) ORDER BY day.date""",
            first=first,
            last=last,
            listed=[own, *currency_ids],
            rates=rates_sql(company.id, SQL("day.date")),
        )
    )
    by_day = defaultdict(dict)
    for day, currency_id, per_unit in rows:
        by_day[day][currency_id] = Decimal(per_unit)
    return list(by_day.items())


def _read_lines(env, company, debtor, first, last):
    """Return {line id: (Line, is never demanded, was not sent)} of what was open at any time from ``first`` to ``last``."""
    rows = env.execute_query(
        SQL(
            """SELECT line.id, line.move_id, COALESCE(move.name, ''),
                      CASE WHEN line.amount_currency > 0 THEN 'debit'
                           WHEN journal.type IN ('bank', 'cash') OR move.origin_payment_id IS NOT NULL THEN 'payment'
                           ELSE 'credit' END,
                      line.date, COALESCE(line.date_maturity, line.date), line.currency_id, line.amount_currency::text,
                      move.payment_state = 'blocked' OR (line.no_followup IS TRUE AND NOT EXISTS (
                          SELECT 1 FROM collection_mirror mirror WHERE mirror.move_id = line.move_id)),
                      move.move_type IN ('out_invoice', 'out_receipt') AND move.is_move_sent IS NOT TRUE
                 FROM account_move_line line
                 JOIN account_move move ON move.id = line.move_id
                 JOIN account_journal journal ON journal.id = line.journal_id
                WHERE line.partner_id IN (SELECT partner.id FROM res_partner partner WHERE %(debtor)s = %(debtor_id)s)
                  AND line.account_id IN (SELECT id FROM account_account
                                          WHERE account_type = 'asset_receivable' AND non_trade IS NOT TRUE)
                  AND line.parent_state = 'posted' AND line.amount_currency != 0
                  AND line.company_id IN (SELECT id FROM res_company WHERE split_part(parent_path, '/', 1)::int = %(company)s)
                  AND line.date <= %(last)s
                  AND (line.reconciled IS NOT TRUE OR line.date >= %(first)s
                       OR EXISTS (SELECT 1 FROM account_partial_reconcile partial
                                   WHERE partial.debit_move_id = line.id AND partial.max_date >= %(first)s)
                       OR EXISTS (SELECT 1 FROM account_partial_reconcile partial
                                   WHERE partial.credit_move_id = line.id AND partial.max_date >= %(first)s))
                ORDER BY line.date, line.id""",
            debtor=env["collection.case"]._debtor_sql("partner"),
            debtor_id=debtor.id,
            company=company.id,
            first=first,
            last=last,
        )
    )
    return {
        line_id: (Line(move_id, number, kind, day, due, currency_id, Decimal(amount)), bool(never), bool(unsent))
        for line_id, move_id, number, kind, day, due, currency_id, amount, never, unsent in rows
    }


def _read_matched(env, line_ids, last):
    """Return {line id: [(day, amount that closes)]} of the reconciliations up to ``last``, in order."""
    rows = env.execute_query(
        SQL(
            """SELECT line_id, day, sum(amount)::text
                 FROM (SELECT debit_move_id AS line_id, max_date AS day, -debit_amount_currency AS amount
                         FROM account_partial_reconcile WHERE debit_move_id = ANY(%(lines)s) AND max_date <= %(last)s
                       UNION ALL
                       SELECT credit_move_id, max_date, credit_amount_currency
                         FROM account_partial_reconcile WHERE credit_move_id = ANY(%(lines)s) AND max_date <= %(last)s) side
                GROUP BY line_id, day ORDER BY line_id, day""",
            lines=line_ids,
            last=last,
        )
    )
    matched = defaultdict(list)
    for line_id, day, amount in rows:
        matched[line_id].append((day, Decimal(amount)))
    return matched


def _opened(line, matched):
    """Return the days from which on how much was open.

    >>> line = Line(1, "INV/1", "debit", date(2026, 5, 1), date(2026, 6, 1), 1, Decimal(100))
    >>> _opened(line, [(date(2026, 6, 20), Decimal(-60))])
    ((datetime.date(2026, 5, 1), Decimal('100')), (datetime.date(2026, 6, 20), Decimal('40')))
    """
    opened = [(line.day, line.amount)]
    for day, amount in matched:
        opened.append((max(day, line.day), opened[-1][1] + amount))
    return tuple(opened)


def read_stops(env, company, debtors):
    """Return {(debtor id, line id, or None for all of the customer): [(first day, last day or None)]} of all stops.

    A stop of a part of an item holds no message back and is left out. One that was ended was in force until the day before.
    """
    stops = defaultdict(list)
    for name in withhold.stop_models(env):
        records = env[name].sudo().with_context(active_test=False)
        for stop in records.search([("partner_id", "in", debtors.ids), ("company_id", "=", company.id)]):
            until = stop.date_until or None
            if stop.ended_on:
                until = min(until or date.max, stop.ended_on - timedelta(days=1))
            if not stop._counts():
                continue
            for line_id in [None] if stop.is_for_all else stop._get_whole_items().move_line_id.ids:
                stops[stop.partner_id.id, line_id].append((stop.date_from, until))
    return stops
