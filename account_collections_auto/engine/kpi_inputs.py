"""What the figures about receivables (`kpis`) are computed from: sums of the ledger, a constant number of statements.

Every reduction of a receivable is one of `KINDS`: money (payments and bank entries), credit notes, what was written off
(entries against an expense or the account for write-offs, and what a payment left off), exchange differences, and other
entries. A period is (start, end]: ``start`` is the day before its first day.

The ledger is read once: `gathered` puts the receivable lines of a scope, what was matched with what, and the kinds of the
entries into temporary tables, and the other functions read these. Who needs no more than balances and flows, such as a mail to
many people, reads them with `read_ledger`, which leaves no table behind.
"""

from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

from odoo.tools import SQL

from . import as_of

KINDS = ("money", "credit_note", "write_off", "exchange", "other")
# What is open for longer than so many days overdue is at risk (Upflow's at-risk rate).
AT_RISK_DAYS = 90
_TABLES = ("collection_kpi_line", "collection_kpi_matching", "collection_kpi_kind")
# Set in the cursor's cache while these tables are in use.
_GATHERED = "collection_kpi_gathered"


class Scope(NamedTuple):
    """Whose receivables: of which companies, and of which customers, currencies and collectors (empty: all)."""

    company_ids: list
    currency_ids: list = ()
    country_ids: list = ()
    industry_ids: list = ()
    category_ids: list = ()
    user_ids: list = ()

    @property
    def is_filtered(self):
        """Whether this is less than the receivable accounts of the companies."""
        return any(self[1:])


class Balance(NamedTuple):
    """What was open on a day, in company currency: the amount of each bucket, of which the first is not due; and credits."""

    buckets: list
    credit: float

    @property
    def current(self):
        """Open debits that are not overdue."""
        return self.buckets[0]

    @property
    def overdue(self):
        """Open debits that are overdue."""
        return _cents(sum(self.buckets[1:]))

    @property
    def debit(self):
        """All open debits."""
        return _cents(sum(self.buckets))

    @property
    def net(self):
        """Open debits less credits that nobody matched yet: the balance of the accounts."""
        return _cents(sum(self.buckets) + self.credit)


class Position(NamedTuple):
    """How many items and customers were behind a balance, and what of it was disputed."""

    items: list
    disputed: float
    overdue_disputed: float
    items_disputed: int
    customers: int
    customers_overdue: int
    customers_undisputed: int
    customers_overdue_undisputed: int


class Ledger:
    """Balances on some days, and what was booked between each of them and the one before."""

    def __init__(self, balances, steps, dates, first):
        """``first``: the day of the first entry, None where there is none."""
        self.balances, self._steps, self._dates, self._first = balances, steps, dates, first

    def knows(self, start):
        """Return whether the period after the day ``start`` begins no earlier than the entries do."""
        return self._first is not None and self._first <= start + timedelta(days=1)

    def flows(self, start, end):
        """Return {kind: amount} of (start, end]; both are among the days."""
        steps = [self._steps[date] for date in self._dates if start < date <= end]
        return {kind: _cents(sum(step[kind] for step in steps)) for kind in ("sales", *KINDS)}

    def months_back(self, date):
        """Yield (sales, days) of the month that ``date`` is in, up to it, and of the calendar months before, newest first."""
        while True:
            before = date.replace(day=1) - timedelta(days=1)
            if before < self._dates[0]:
                return
            yield self.flows(before, date)["sales"], (date - before).days
            date = before


def read_ledger(env, company_ids, dates, starts):
    """Return the Ledger of all receivables of the companies on ``dates``; three statements, whatever the number of days.

    No temporary table: a transaction holds the locks of each to its end, and the server has room for some thousands in all.
    """
    dates = sorted(set(dates))
    sums = env.execute_query(as_of.open_sums_sql(env, company_ids, dates, _bucket_sql(starts)))
    steps = env.execute_query(
        SQL(
            "WITH collection_kpi_line AS MATERIALIZED (%s), collection_kpi_kind AS MATERIALIZED (%s) SELECT * FROM (%s) step",
            _lines_sql(env, Scope(company_ids)),
            _kinds_sql(
                SQL("SELECT DISTINCT move_id FROM collection_kpi_line WHERE NOT is_sale AND counts_from > %s", dates[0])
            ),
            _flows_sql(dates),
        )
    )
    [(first,)] = env.execute_query(
        SQL(
            """SELECT min(date) FROM account_move_line
                WHERE account_id = ANY(%s) AND parent_state = 'posted' AND company_id = ANY(%s)""",
            as_of.ACCOUNTS,
            list(company_ids),
        )
    )
    return Ledger(_arrange_balances(sums, dates, starts), _arrange_flows(steps, dates), dates, first)


@contextmanager
def gathered(env, scope):
    """Gather the receivable lines of ``scope`` for the functions below, which are called inside.

    Temporary tables: `collection_kpi_line` (due_date is NULL for credits), `collection_kpi_matching` (what was matched with
    what, and the entry of the credit) and `collection_kpi_kind` (in which shares an entry is of which kind, see `_kinds_sql`).

    Needs a cursor that may write: not for methods marked `api.readonly`. One scope at a time in a transaction: another one can
    be gathered when the first is done with, also after an error that somebody caught.
    """
    if env.cr.cache.get(_GATHERED):
        raise RuntimeError("The lines of one scope are gathered already: finish with them before those of another one.")
    env.flush_all()
    env.cr.cache[_GATHERED] = True
    try:
        # What is left where an error was caught.
        env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s, pg_temp.%s, pg_temp.%s", *map(SQL.identifier, _TABLES)))
        _gather(env, "collection_kpi_line", _lines_sql(env, scope))
        _gather(env, "collection_kpi_matching", _matchings_sql())
        entries = "SELECT move_id FROM collection_kpi_line WHERE NOT is_sale UNION SELECT move_id FROM collection_kpi_matching"
        _gather(env, "collection_kpi_kind", _kinds_sql(SQL(entries)))
        yield
        # After an error there is nothing to clear away: most often the transaction is undone.
        env.cr.execute(SQL("DROP TABLE %s, %s, %s", *map(SQL.identifier, _TABLES)))
    finally:
        env.cr.cache.pop(_GATHERED, None)


def _gather(env, name, rows):
    env.cr.execute(SQL("CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s", SQL.identifier(name), rows))
    # Without statistics PostgreSQL would take a million rows for a thousand.
    env.cr.execute(SQL("ANALYZE %s", SQL.identifier(name)))


def balances(env, dates, starts):
    """Return {date: Balance}; ``starts``: first days overdue of the buckets after the first. One statement for all dates."""
    lines = SQL(
        """line AS NOT MATERIALIZED (SELECT * FROM collection_kpi_line WHERE counts_from <= %s),
           matching AS NOT MATERIALIZED (
               SELECT debit_id AS debit_move_id, credit_id AS credit_move_id, counts_from, amount
                 FROM collection_kpi_matching)""",
        max(dates),
    )
    return _arrange_balances(env.execute_query(as_of.sums_sql(lines, dates, _bucket_sql(starts))), dates, starts)


def first_day(env):
    """Return the day of the first gathered line, None where there is none. One statement."""
    [(first,)] = env.execute_query(SQL("SELECT min(counts_from) FROM collection_kpi_line"))
    return first


def _bucket_sql(starts):
    return SQL("width_bucket(day.as_of - line.due_date, %s::int[])", list(starts))


def _arrange_balances(rows, dates, starts):
    """Return {date: Balance} from rows of `as_of.sums_sql`."""
    sums = {date: {} for date in dates}
    for date, number, amount in rows:
        sums[date][number] = amount
    numbers = range(len(starts) + 1)
    return {date: Balance([found.get(number, 0.0) for number in numbers], found.get(None, 0.0)) for date, found in sums.items()}


def position(env, date, starts):
    """Return the Position on ``date``. One statement.

    A disputed item counts as disputed with all that is open of it, from the day of the dispute until it is settled. Without the
    disputed items, a customer is counted for what else is open.
    """
    rows = env.execute_query(
        SQL(
            """WITH disputed AS (
                        SELECT item.move_line_id
                          FROM collection_dispute dispute
                          JOIN collection_dispute_line disputed ON disputed.dispute_id = dispute.id
                          JOIN collection_item item ON item.id = disputed.item_id
                         WHERE dispute.active AND dispute.date_from <= %(date)s
                           AND (dispute.ended_on IS NULL OR dispute.ended_on > %(date)s) AND item.move_line_id IS NOT NULL),
                    line AS MATERIALIZED (
                        SELECT line.debtor_id, line.residual, %(bucket)s AS bucket,
                               line.line_id IN (SELECT move_line_id FROM disputed) AS is_disputed
                          FROM (%(open)s) line),
                    customer AS (
                        SELECT debtor_id, bool_or(bucket > 0) AS overdue, bool_or(NOT is_disputed) AS undisputed,
                               bool_or(bucket > 0 AND NOT is_disputed) AS overdue_undisputed
                          FROM line GROUP BY debtor_id)
               SELECT bucket, count(*), sum(residual) FILTER (WHERE is_disputed), count(*) FILTER (WHERE is_disputed), NULL
                 FROM line GROUP BY bucket
                UNION ALL
               SELECT -1, count(*), count(*) FILTER (WHERE overdue), count(*) FILTER (WHERE undisputed),
                      count(*) FILTER (WHERE overdue_undisputed)
                 FROM customer WHERE debtor_id != 0""",
            date=date,
            bucket=SQL("width_bucket(%s::date - line.due_date, %s::int[])", date, list(starts)),
            open=_open_debits(date),
        )
    )
    found = {number: [figure or 0 for figure in figures] for number, *figures in rows}
    by_bucket = [found.get(number, [0, 0, 0]) for number in range(len(starts) + 1)]
    customers, overdue, undisputed, overdue_undisputed = found[-1]
    return Position(
        items=[row[0] for row in by_bucket],
        disputed=_cents(sum(row[1] for row in by_bucket)),
        overdue_disputed=_cents(sum(row[1] for row in by_bucket[1:])),
        items_disputed=sum(row[2] for row in by_bucket),
        customers=int(customers),
        customers_overdue=int(overdue),
        customers_undisputed=int(undisputed),
        customers_overdue_undisputed=int(overdue_undisputed),
    )


def _cents(amount):
    """Return a sum of amounts without what binary fractions add to it."""
    return round(amount, 6)


def flows(env, dates):
    """Return {date: {kind: amount}} of what was booked after the date before it in ``dates``, up to it. One statement.

    ``sales``: customer invoices less credit notes, tax included, by invoice date; sales receipts are cash sales and left out.
    The kinds of reductions by the day they count from, matched or not: ``money`` is payments less refunds.
    """
    dates = sorted(set(dates))
    return _arrange_flows(env.execute_query(_flows_sql(dates)), dates)


def _flows_sql(dates):
    """Return a SELECT of (number of the step, kind, amount) from the lines and kinds of a ledger."""
    return SQL(
        """WITH sale AS MATERIALIZED (
                    SELECT COALESCE(move.invoice_date, line.counts_from) AS day, move.move_type, sum(line.balance) AS balance
                      FROM collection_kpi_line line JOIN account_move move ON move.id = line.move_id
                     WHERE line.is_sale GROUP BY 1, 2),
                booked AS (
                    SELECT day, 'sales' AS kind, balance AS amount
                      FROM sale WHERE move_type IN ('out_invoice', 'out_refund')
                     UNION ALL
                    SELECT day, 'credit_note', -balance FROM sale WHERE move_type = 'out_refund'
                     UNION ALL
                    SELECT day, 'other', -balance FROM sale WHERE move_type = 'entry'
                     UNION ALL
                    SELECT line.counts_from, kind.kind, sum(-line.balance * kind.share)
                      FROM collection_kpi_line line JOIN collection_kpi_kind kind ON kind.move_id = line.move_id
                     WHERE NOT line.is_sale GROUP BY 1, 2)
           SELECT width_bucket(day - 1, %(dates)s::date[]), kind, sum(amount)
             FROM booked WHERE day <= %(last)s GROUP BY 1, 2""",
        dates=dates,
        last=dates[-1],
    )


def _arrange_flows(rows, dates):
    """Return {date: {kind: amount}} from rows of `_flows_sql`."""
    found = {date: dict.fromkeys(("sales", *KINDS), 0.0) for date in dates}
    for step, kind, amount in rows:
        found[dates[step]][kind] = amount
    return found


class Recovery(NamedTuple):
    """What became in a period of debts that were overdue at its start or became overdue in it."""

    at_start: float
    fell_due: float
    count: int
    reduced: dict

    @property
    def base(self):
        """All debts that could be recovered."""
        return self.at_start + self.fell_due


def recovery(env, start, end):
    """Return the Recovery of (start, end]; ``reduced``: {kind: amount}. One statement.

    The base is what was overdue at the start, and of each item that fell due since the rest at the end of its due date. Credit
    notes and write-offs stay in the base.
    """
    rows = env.execute_query(
        SQL(
            """WITH line AS (
                        SELECT line.*, GREATEST(line.due_date, line.counts_from, %(start)s) AS since
                          FROM collection_kpi_line line WHERE line.due_date < %(end)s AND line.counts_from <= %(end)s),
                    debt AS MATERIALIZED (
                        SELECT line.*, line.balance - COALESCE(before.amount, 0) AS rest
                          FROM line
                          LEFT JOIN (SELECT line.line_id, sum(matching.amount) AS amount
                                       FROM line JOIN collection_kpi_matching matching ON matching.debit_id = line.line_id
                                      WHERE matching.counts_from <= line.since GROUP BY 1) before
                            ON before.line_id = line.line_id
                         WHERE line.balance > COALESCE(before.amount, 0))
               SELECT CASE WHEN due_date < %(start)s AND counts_from <= %(start)s THEN 'at_start' ELSE 'fell_due' END,
                      sum(rest), count(*)
                 FROM debt GROUP BY 1
                UNION ALL
               SELECT kind.kind, sum(matching.amount * kind.share), 0
                 FROM debt
                 JOIN collection_kpi_matching matching ON matching.debit_id = debt.line_id
                 JOIN collection_kpi_kind kind ON kind.move_id = matching.move_id
                WHERE matching.counts_from > debt.since AND matching.counts_from <= %(end)s GROUP BY 1""",
            start=start,
            end=end,
        )
    )
    amounts = {name: amount for name, amount, _count in rows}
    return Recovery(
        at_start=amounts.get("at_start", 0.0),
        fell_due=amounts.get("fell_due", 0.0),
        count=sum(count for _name, _amount, count in rows),
        reduced={kind: amounts.get(kind, 0.0) for kind in KINDS},
    )


def at_risk(env, start, end):
    """Return (items, amount, items at risk, amount at risk) of the invoices that could pass 90 days overdue in (start, end].

    The cohort: invoiced items whose 91st day overdue is in the period, at their booked amounts. At risk is what was still open
    at the end of the 90th day, with what was open of it. An invoice dated later than its 90th day is open from its date on.
    """
    [row] = env.execute_query(
        SQL(
            """WITH line AS MATERIALIZED (
                        SELECT line.line_id, line.balance, GREATEST(line.due_date + %(days)s, line.counts_from) AS looked_at
                          FROM collection_kpi_line line
                         WHERE line.is_sale AND line.due_date > %(start)s::date - %(days)s - 1
                           AND line.due_date <= %(end)s::date - %(days)s - 1 AND line.counts_from <= %(end)s),
                    rest AS (
                        SELECT line.balance, line.balance - COALESCE(sum(matching.amount), 0) AS residual
                          FROM line LEFT JOIN collection_kpi_matching matching
                            ON matching.debit_id = line.line_id AND matching.counts_from <= line.looked_at
                         GROUP BY line.line_id, line.balance)
               SELECT count(*), COALESCE(sum(balance), 0), count(*) FILTER (WHERE residual > 0),
                      COALESCE(sum(residual) FILTER (WHERE residual > 0), 0)
                 FROM rest""",
            days=AT_RISK_DAYS,
            start=start,
            end=end,
        )
    )
    return row


def delays(env, start, end):
    """Return two lists of (amount, days after the due date, number) of what was paid in (start, end]. One statement.

    The first by allocation: money matched with an item, by the day the matching counts from. The second: items that were
    closed in the period, not without money, with all of their amount, by the day of their last matching.
    """
    rows = env.execute_query(
        SQL(
            """WITH paid AS MATERIALIZED (
                        SELECT line.line_id, line.due_date, line.balance
                          FROM collection_kpi_line line
                         WHERE line.due_date IS NOT NULL AND line.line_id IN (
                                   SELECT debit_id FROM collection_kpi_matching
                                    WHERE counts_from > %(start)s AND counts_from <= %(end)s)),
                    part AS MATERIALIZED (
                        SELECT paid.*, matching.counts_from, kind.kind, matching.amount * kind.share AS amount
                          FROM paid
                          JOIN collection_kpi_matching matching ON matching.debit_id = paid.line_id
                          JOIN collection_kpi_kind kind ON kind.move_id = matching.move_id
                         WHERE matching.counts_from <= %(end)s),
                    closed AS (
                        SELECT due_date, balance, max(counts_from) AS counts_from
                          FROM part GROUP BY line_id, due_date, balance
                        HAVING sum(amount) = balance AND max(counts_from) > %(start)s
                           AND sum(amount) FILTER (WHERE kind = 'money') > 0)
               SELECT TRUE, counts_from - due_date, sum(amount), count(*)
                 FROM part WHERE kind = 'money' AND counts_from > %(start)s GROUP BY 2
                UNION ALL
               SELECT FALSE, counts_from - due_date, sum(balance), count(*) FROM closed GROUP BY 2""",
            start=start,
            end=end,
        )
    )
    found = {True: [], False: []}
    for by_allocation, days, amount, number in rows:
        found[by_allocation].append((amount, days, number))
    return found[True], found[False]


def rolled(env, start, end, starts):
    """Return {(bucket on ``start``, bucket on ``end`` or kind of reduction): amount} of what was open on ``start``."""
    rows = env.execute_query(
        SQL(
            """WITH before AS MATERIALIZED (SELECT line.*, %(bucket_before)s AS bucket FROM (%(before)s) line),
                    after AS (SELECT line.*, %(bucket_after)s AS bucket FROM (%(after)s) line)
               SELECT before.bucket, after.bucket::text, sum(after.residual)
                 FROM before JOIN after ON after.line_id = before.line_id GROUP BY 1, 2
                UNION ALL
               SELECT before.bucket, kind.kind, sum(matching.amount * kind.share)
                 FROM before
                 JOIN collection_kpi_matching matching ON matching.debit_id = before.line_id
                 JOIN collection_kpi_kind kind ON kind.move_id = matching.move_id
                WHERE matching.counts_from > %(start)s AND matching.counts_from <= %(end)s GROUP BY 1, 2""",
            before=_open_debits(start),
            after=_open_debits(end),
            bucket_before=SQL("width_bucket(%s::date - line.due_date, %s::int[])", start, list(starts)),
            bucket_after=SQL("width_bucket(%s::date - line.due_date, %s::int[])", end, list(starts)),
            start=start,
            end=end,
        )
    )
    return {(bucket, int(target) if target.isdigit() else target): amount for bucket, target, amount in rows}


def promises(env, scope, start, end):
    """Return [(company id, currency id, promised, received, whether kept)] of promises that matured in (start, end].

    Amounts in the currency of the promise. What credit notes took off was not to be paid any more. The verdicts are those that
    are known now. One statement.
    """
    env.flush_all()
    return env.execute_query(
        SQL(
            """SELECT line.company_id, line.currency_id, line.amount - COALESCE(line.amount_credited, 0),
                      COALESCE(line.amount_received, 0), line.state = 'kept'
                 FROM collection_promise line
                WHERE line.state IN ('kept', 'partly', 'broken') AND line.active AND line.company_id = ANY(%(companies)s)
                  AND line.verdict_date > %(start)s AND line.verdict_date <= %(end)s AND %(wanted)s""",
            companies=list(scope.company_ids),
            wanted=wanted_sql(env, scope),
            start=start,
            end=end,
        )
    )


def promised(env, scope, date):
    """Return rows of what was promised on ``date`` and not matured: of each item as much as was open of it. One statement.

    (promise id, currency id, promised amount in that currency, line id, open in company currency), the oldest promise and the
    oldest item first. A promise about no item in particular is about all items of its case.
    """
    items = env["collection.promise"]._fields["item_ids"]
    env.flush_all()
    return env.execute_query(
        SQL(
            """WITH promised AS MATERIALIZED (
                        SELECT line.id, line.currency_id, line.amount, line.date_from, item.move_line_id AS line_id
                          FROM collection_promise line
                          JOIN collection_item item ON item.case_id = line.case_id AND item.move_line_id IS NOT NULL
                         WHERE line.state IN ('open', 'kept', 'partly', 'broken') AND line.active
                           AND line.company_id = ANY(%(companies)s) AND %(wanted)s
                           AND line.date_from <= %(date)s AND line.verdict_date > %(date)s
                           AND (line.is_for_all OR EXISTS (SELECT FROM %(relation)s link
                                                            WHERE link.%(promise)s = line.id AND link.%(item)s = item.id))),
                    open AS (
                        SELECT line.line_id, line.due_date, line.balance - COALESCE(matched.amount, 0) AS residual
                          FROM collection_kpi_line line
                          LEFT JOIN (SELECT debit_id, sum(amount) AS amount FROM collection_kpi_matching
                                      WHERE counts_from <= %(date)s AND debit_id IN (SELECT line_id FROM promised)
                                      GROUP BY 1) matched ON matched.debit_id = line.line_id
                         WHERE line.line_id IN (SELECT line_id FROM promised) AND line.due_date IS NOT NULL
                           AND line.counts_from <= %(date)s)
               SELECT promised.id, promised.currency_id, promised.amount, open.line_id, open.residual
                 FROM promised JOIN open ON open.line_id = promised.line_id
                WHERE open.residual > 0
                ORDER BY promised.date_from, promised.id, open.due_date, open.line_id""",
            companies=list(scope.company_ids),
            wanted=wanted_sql(env, scope),
            relation=SQL.identifier(items.relation),
            promise=SQL.identifier(items.column1),
            item=SQL.identifier(items.column2),
            date=date,
        )
    )


def settled_disputes(env, scope, start, end):
    """Return (number, days in all) of the disputes that were settled in (start, end]: days from the day each was raised.

    In whatever currency its items are. One statement.
    """
    env.flush_all()
    rows = env.execute_query(
        SQL(
            """SELECT count(*), COALESCE(sum(line.ended_on - line.date_from), 0)
                 FROM collection_dispute line
                WHERE line.is_open IS NOT TRUE AND line.state != 'withdrawn' AND line.company_id = ANY(%(companies)s)
                  AND line.ended_on > %(start)s AND line.ended_on <= %(end)s AND %(wanted)s""",
            companies=list(scope.company_ids),
            wanted=wanted_sql(env, scope._replace(currency_ids=())),
            start=start,
            end=end,
        )
    )
    return rows[0]


def cured(env, start, end):
    """Return [(level id, number, days in all, number that ended otherwise)] of customers who stopped being late.

    A customer is late from the day after something fell due until nothing that is overdue is left; days are counted between
    these two. The time ended in (start, end]. ``number``: those who were cured, which means that more was paid in money than
    was taken off otherwise. By the highest level that was sent meanwhile; None: nothing was sent. One statement.
    """
    return env.execute_query(
        SQL(
            """WITH line AS (
                        SELECT line.*, split_part(company.parent_path, '/', 1)::int AS root_id,
                               GREATEST(line.due_date, line.counts_from) + 1 AS since
                          FROM collection_kpi_line line JOIN res_company company ON company.id = line.company_id
                         WHERE line.debtor_id != 0 AND line.due_date < %(end)s AND line.counts_from < %(end)s),
                    matched AS (
                        SELECT debit_id AS line_id, sum(amount) AS amount, max(counts_from) AS last
                          FROM collection_kpi_matching WHERE counts_from <= %(end)s GROUP BY 1),
                    late AS MATERIALIZED (
                        SELECT line.*,
                               CASE WHEN matched.amount = line.balance THEN matched.last ELSE 'infinity' END AS closed_on
                          FROM line LEFT JOIN matched ON matched.line_id = line.line_id
                         WHERE matched.amount IS DISTINCT FROM line.balance OR matched.last >= line.since),
                    told_apart AS (
                        SELECT late.*, sum(CASE WHEN before >= since THEN 0 ELSE 1 END) OVER (
                                   PARTITION BY root_id, debtor_id ORDER BY since, line_id) AS number
                          FROM (SELECT late.*, max(closed_on) OVER (
                                           PARTITION BY root_id, debtor_id ORDER BY since, line_id
                                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
                                  FROM late) late),
                    episode AS MATERIALIZED (
                        SELECT row_number() OVER () AS id, array_agg(line_id) AS line_ids, min(since) AS started,
                               max(closed_on) AS ended
                          FROM told_apart GROUP BY root_id, debtor_id, number
                        HAVING max(closed_on) > %(start)s AND max(closed_on) <= %(end)s),
                    paid AS (
                        SELECT episode.id, sum(CASE WHEN kind.kind = 'money' THEN matching.amount * kind.share
                                                    WHEN kind.kind != 'exchange' THEN -matching.amount * kind.share END) > 0
                                   AS by_money
                          FROM episode
                         CROSS JOIN LATERAL unnest(episode.line_ids) member (line_id)
                          JOIN collection_kpi_matching matching ON matching.debit_id = member.line_id
                          JOIN collection_kpi_kind kind ON kind.move_id = matching.move_id
                         WHERE matching.counts_from >= episode.started AND matching.counts_from <= episode.ended GROUP BY 1)
               SELECT reached.level_id, count(*) FILTER (WHERE paid.by_money),
                      COALESCE(sum(episode.ended - episode.started + 1) FILTER (WHERE paid.by_money), 0),
                      count(*) FILTER (WHERE paid.by_money IS NOT TRUE)
                 FROM episode
                 LEFT JOIN paid ON paid.id = episode.id
                 LEFT JOIN LATERAL (
                     SELECT claimed.level_id
                       FROM collection_action_line claimed JOIN collection_action action ON action.id = claimed.action_id
                      WHERE claimed.move_line_id = ANY(episode.line_ids) AND claimed.advances AND claimed.is_live
                        AND action.state IN ('sent', 'delivered')
                        AND action.contact_date BETWEEN episode.started AND episode.ended
                      ORDER BY claimed.level_days DESC, claimed.id DESC LIMIT 1) reached ON TRUE
                GROUP BY 1""",
            start=start,
            end=end,
        )
    )


# -- parts -------------------------------------------------------------------------------------------------------------


def _lines_sql(env, scope):
    """Return a SELECT of the receivable lines of ``scope``, see `gathered`."""
    return SQL(
        """WITH %(matchings)s
           SELECT line.line_id, line.move_id, line.company_id, COALESCE(%(debtor)s, 0) AS debtor_id, line.counts_from,
                  CASE WHEN line.balance > 0 THEN line.due_date END AS due_date, line.balance,
                  journal.type = 'sale' AS is_sale
             FROM (%(lines)s) line
             JOIN account_journal journal ON journal.id = line.journal_id
             LEFT JOIN res_partner partner ON partner.id = line.partner_id
            WHERE %(wanted)s""",
        matchings=as_of.matchings_sql(),
        debtor=env["collection.case"]._debtor_sql("partner"),
        lines=as_of.lines_sql(scope.company_ids),
        wanted=wanted_sql(env, scope),
    )


def _matchings_sql():
    """Return a SELECT of what was matched with a gathered line; the line on the other side may be out of the scope."""
    return SQL(
        """WITH %s
           SELECT matching.debit_move_id AS debit_id, matching.credit_move_id AS credit_id, matching.counts_from,
                  matching.amount,
                  COALESCE(credit.move_id,
                           (SELECT move_id FROM account_move_line WHERE id = matching.credit_move_id)) AS move_id
             FROM matching
             LEFT JOIN collection_kpi_line debit ON debit.line_id = matching.debit_move_id
             LEFT JOIN collection_kpi_line credit ON credit.line_id = matching.credit_move_id
            WHERE debit.line_id IS NOT NULL OR credit.line_id IS NOT NULL""",
        as_of.matchings_sql(),
    )


def _open_debits(date):
    """Return a SELECT of the gathered debits that were open at the end of ``date``, with ``residual``."""
    return SQL(
        """SELECT line.line_id, line.debtor_id, line.due_date, line.balance - COALESCE(matched.amount, 0) AS residual
             FROM collection_kpi_line line
             LEFT JOIN (SELECT debit_id, sum(amount) AS amount FROM collection_kpi_matching
                         WHERE counts_from <= %(date)s GROUP BY 1) matched ON matched.debit_id = line.line_id
            WHERE line.due_date IS NOT NULL AND line.balance > COALESCE(matched.amount, 0) AND line.counts_from <= %(date)s""",
        date=date,
    )


def wanted_sql(env, scope):
    """Return a condition on ``line``, a row with partner_id, company_id and currency_id: it belongs to the scope."""
    debtor = env["collection.case"]._debtor_sql("partner")
    conditions = [SQL("TRUE")]
    if scope.currency_ids:
        conditions.append(SQL("line.currency_id = ANY(%s)", list(scope.currency_ids)))
    for field, wanted in (("country_id", scope.country_ids), ("industry_id", scope.industry_ids)):
        if wanted:
            conditions.append(
                SQL(
                    """line.partner_id IN (SELECT partner.id FROM res_partner partner JOIN res_partner debtor ON debtor.id = %s
                                            WHERE %s = ANY(%s))""",
                    debtor,
                    SQL.identifier("debtor", field),
                    list(wanted),
                )
            )
    if scope.category_ids:
        relation = env["res.partner"]._fields["category_id"]
        conditions.append(
            SQL(
                """line.partner_id IN (SELECT partner.id FROM res_partner partner JOIN %s link ON link.%s = %s
                                        WHERE link.%s = ANY(%s))""",
                SQL.identifier(relation.relation),
                SQL.identifier(relation.column1),
                debtor,
                SQL.identifier(relation.column2),
                list(scope.category_ids),
            )
        )
    if scope.user_ids:
        conditions.append(
            SQL(
                """(line.partner_id, line.company_id) IN (
                       SELECT partner.id, company.id
                         FROM collection_case kase
                         JOIN res_company company ON split_part(company.parent_path, '/', 1)::int = kase.company_id
                         JOIN res_partner partner ON %s = kase.partner_id
                        WHERE kase.user_id = ANY(%s) AND company.id = ANY(%s))""",
                debtor,
                list(scope.user_ids),
                list(scope.company_ids),
            )
        )
    return SQL(" AND ").join(conditions)


def _kinds_sql(used):
    """Return a SELECT of (move_id, kind, share) of the entries ``used``, a SELECT of move_id, each once.

    ``share``: how much of what an entry takes off receivables is of that kind. Written off is what stands against expenses (or
    the account for write-offs), with the tax of it; of a payment also what was left off as income, such as a discount. An entry
    that puts something on a receivable counts as written off (less) only where it takes such an entry back.
    """
    return SQL(
        """WITH used AS MATERIALIZED (%(used)s),
           lost AS MATERIALIZED (
               SELECT line.move_id, sum(line.balance) FILTER (WHERE line.tax_line_id IS NULL) AS amount,
                      sum(line.balance) FILTER (WHERE line.tax_line_id IS NOT NULL) AS tax
                 FROM account_move_line line
                WHERE line.journal_id = ANY(ARRAY(SELECT id FROM account_journal
                                                   WHERE type IN ('bank', 'cash', 'credit', 'general')))
                  AND (line.account_id = ANY(ARRAY(SELECT id FROM account_account WHERE account_type LIKE 'expense%%' UNION
                                                   SELECT collection_write_off_account_id FROM res_company))
                       OR line.tax_line_id IS NOT NULL
                       OR line.account_id = ANY(ARRAY(SELECT id FROM account_account WHERE account_type LIKE 'income%%'))
                          AND line.journal_id = ANY(ARRAY(SELECT id FROM account_journal
                                                           WHERE type IN ('bank', 'cash', 'credit'))))
                  AND line.move_id IN (SELECT move_id FROM used)
                GROUP BY line.move_id HAVING sum(line.balance) FILTER (WHERE line.tax_line_id IS NULL) != 0
           ),
           given_up AS MATERIALIZED (
               SELECT lost.move_id, lost.amount, lost.tax, receivable.balance AS receivable
                 FROM lost
                CROSS JOIN LATERAL (SELECT sum(line.balance) AS balance FROM account_move_line line
                                     WHERE line.move_id = lost.move_id
                                       AND line.account_id = ANY(%(receivables)s)) receivable
                WHERE receivable.balance != 0
           ),
           move_kind AS (
               SELECT move.id AS move_id,
                      CASE WHEN move.move_type = 'out_refund' THEN 'credit_note'
                           WHEN is_exchange.yes THEN 'exchange'
                           WHEN move.move_type = 'entry' AND (journal.type IN ('bank', 'cash', 'credit')
                                                              OR move.origin_payment_id IS NOT NULL) THEN 'money'
                           ELSE 'other' END AS kind,
                      CASE WHEN is_exchange.yes THEN 0
                           WHEN given_up.receivable < 0 AND given_up.amount > 0
                             OR given_up.receivable > 0 AND given_up.amount < 0 AND move.reversed_entry_id IS NOT NULL
                           THEN LEAST(1, (given_up.amount + COALESCE(given_up.tax, 0)) / -given_up.receivable)
                           ELSE 0 END AS written_share
                 FROM used
                 JOIN account_move move ON move.id = used.move_id
                 JOIN account_journal journal ON journal.id = move.journal_id
                CROSS JOIN LATERAL (
                    SELECT move.move_type = 'entry' AND move.journal_id IN (
                               SELECT currency_exchange_journal_id FROM res_company
                                WHERE currency_exchange_journal_id IS NOT NULL) AS yes) is_exchange
                 LEFT JOIN given_up ON given_up.move_id = move.id
           )
           SELECT move_id, kind, 1 - written_share AS share FROM move_kind WHERE written_share != 1
            UNION ALL
           SELECT move_id, 'write_off', written_share FROM move_kind WHERE written_share != 0""",
        used=used,
        receivables=as_of.ACCOUNTS,
    )
