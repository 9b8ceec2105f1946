"""What was open on any day: receivable lines less what was matched with them up to that day, from the ledger alone.

A line counts from its date on. A matching (`account.partial.reconcile`) counts from the later of the dates of its two lines
on, on both of them, whenever it was made. One exception: Odoo dates the entry of an exchange difference at the end of the
month when it is booked later than the matching it belongs to; here its lines count from that matching on, so that an invoice
paid on the 5th is closed on the 10th. What that leaves against the balance of the accounts in mid-month is `TieOut.exchange`.

Amounts are in company currency at booking rate, and in the currency of the line beside it. Sums of several companies make
sense where these share one currency.

Nothing here asks who may see what: whoever calls this names companies that the user may see, and checks the role.
"""

from typing import NamedTuple

from odoo.tools import SQL

# SQL array of the receivable accounts that may hold customers' items, as `project.accounts_and_branches` chooses them.
ACCOUNTS = SQL(
    "ARRAY(SELECT id FROM account_account WHERE account_type = 'asset_receivable' AND non_trade IS NOT TRUE)",
)


def open_lines_sql(env, company_ids, date):
    """Return a SELECT of the receivable lines that were open at the end of ``date``; pending changes are flushed.

    Columns: line_id, move_id, company_id, partner_id (the debtor: by default the commercial partner; NULL without partner),
    account_id, currency_id, journal_id, date, date_maturity (NULL for credits, which are never due), balance, amount_currency,
    residual, residual_currency. Credits (money, credit notes not matched yet) have a negative residual.

    Quick for recent days: what is matched by now was open only if a matching counts from later on.
    """
    env.flush_all()
    return SQL(
        """SELECT line.line_id, line.move_id, line.company_id, %(debtor)s AS partner_id, line.account_id, line.currency_id,
                  line.journal_id, line.date, CASE WHEN %(is_debit)s THEN line.due_date END AS date_maturity, line.balance,
                  line.amount_currency, line.residual, line.residual_currency
             FROM (WITH %(matchings)s,
                        candidate AS MATERIALIZED (
                            SELECT * FROM (%(lines)s) line WHERE line.reconciled IS NOT TRUE AND line.counts_from <= %(date)s
                             UNION ALL
                            SELECT * FROM (%(lines)s) line
                             WHERE line.reconciled AND line.counts_from <= %(date)s AND line.line_id IN (
                                       SELECT debit_move_id FROM matching WHERE counts_from > %(date)s
                                        UNION
                                       SELECT credit_move_id FROM matching WHERE counts_from > %(date)s)
                        ),
                        matched AS (
                            SELECT line_id, sum(amount) AS amount, sum(amount_currency) AS amount_currency
                              FROM (SELECT candidate.line_id, -matching.amount AS amount,
                                           -matching.debit_amount_currency AS amount_currency
                                      FROM candidate JOIN matching ON matching.debit_move_id = candidate.line_id
                                     WHERE matching.counts_from <= %(date)s
                                     UNION ALL
                                    SELECT candidate.line_id, matching.amount, matching.credit_amount_currency
                                      FROM candidate JOIN matching ON matching.credit_move_id = candidate.line_id
                                     WHERE matching.counts_from <= %(date)s) part
                             GROUP BY line_id
                        )
                   SELECT candidate.*, candidate.balance + COALESCE(matched.amount, 0) AS residual,
                          candidate.amount_currency + COALESCE(matched.amount_currency, 0) AS residual_currency
                     FROM candidate LEFT JOIN matched ON matched.line_id = candidate.line_id) line
             LEFT JOIN res_partner partner ON partner.id = line.partner_id
            WHERE line.residual != 0 OR line.residual_currency != 0""",
        debtor=env["collection.case"]._debtor_sql("partner"),
        is_debit=_IS_DEBIT,
        matchings=matchings_sql(),
        lines=lines_sql(company_ids),
        date=date,
    )


def open_lines_over_sql(env, company_ids, dates):
    """Return a SELECT of what was open at the end of each of ``dates``: as_of, then the columns of `open_lines_sql`.

    One pass over the ledger for any number of dates: each change counts from the first of the dates that it is seen on, and
    what a line came to is repeated until its next change.
    """
    env.flush_all()
    dates = sorted(set(dates))
    return SQL(
        """SELECT (%(dates)s::date[])[line.step] AS as_of, line.line_id, line.move_id, line.company_id,
                  %(debtor)s AS partner_id, line.account_id, line.currency_id, line.journal_id, line.date,
                  CASE WHEN %(is_debit)s THEN line.due_date END AS date_maturity, line.balance, line.amount_currency,
                  line.residual, line.residual_currency
             FROM (WITH %(matchings)s,
                        line AS MATERIALIZED (SELECT * FROM (%(lines)s) line WHERE line.counts_from <= %(last)s),
                        change AS (
                            SELECT line_id, counts_from, balance AS amount, amount_currency FROM line
                             UNION ALL
                            SELECT line.line_id, matching.counts_from, -matching.amount, -matching.debit_amount_currency
                              FROM line JOIN matching ON matching.debit_move_id = line.line_id
                             WHERE matching.counts_from <= %(last)s
                             UNION ALL
                            SELECT line.line_id, matching.counts_from, matching.amount, matching.credit_amount_currency
                              FROM line JOIN matching ON matching.credit_move_id = line.line_id
                             WHERE matching.counts_from <= %(last)s
                        ),
                        running AS (
                            SELECT line_id, step, lead(step, 1, %(count)s + 1) OVER steps AS next_step,
                                   sum(amount) OVER steps AS residual, sum(amount_currency) OVER steps AS residual_currency
                              FROM (SELECT line_id, width_bucket(counts_from - 1, %(dates)s::date[]) + 1 AS step, amount,
                                           amount_currency
                                      FROM change) change
                            WINDOW steps AS (PARTITION BY line_id ORDER BY step ROWS UNBOUNDED PRECEDING)
                        )
                   SELECT line.*, running.residual, running.residual_currency, shown.step
                     FROM running
                     JOIN line ON line.line_id = running.line_id
                    CROSS JOIN LATERAL generate_series(running.step, running.next_step - 1) shown (step)
                    WHERE running.next_step > running.step AND (running.residual != 0 OR running.residual_currency != 0)) line
             LEFT JOIN res_partner partner ON partner.id = line.partner_id""",
        debtor=env["collection.case"]._debtor_sql("partner"),
        is_debit=_IS_DEBIT,
        matchings=matchings_sql(),
        lines=lines_sql(company_ids),
        dates=dates,
        last=dates[-1],
        count=len(dates),
    )


def open_sums_sql(env, company_ids, dates, bucket):
    """Return a SELECT of (as_of, bucket, amount): what was open at the end of each of ``dates``, summed up; see `sums_sql`."""
    env.flush_all()
    lines = SQL(
        """%(matchings)s,
           line AS MATERIALIZED (
               SELECT line_id, counts_from, balance, CASE WHEN balance > 0 THEN due_date END AS due_date
                 FROM (%(lines)s) line WHERE counts_from <= %(last)s)""",
        matchings=matchings_sql(),
        lines=lines_sql(company_ids),
        last=max(dates),
    )
    return sums_sql(lines, dates, bucket)


def sums_sql(lines, dates, bucket):
    """Return a SELECT of (as_of, bucket, amount): what of ``lines`` was open at the end of each of ``dates``, summed up.

    ``lines``: CTEs `line` (line_id, counts_from, balance, due_date) and `matching`; ``bucket``: SQL on ``day.as_of`` and
    ``line.due_date``, which is NULL for credits. Quicker than to sum up `open_lines_over_sql`: each change counts on all days
    from its own on, so no line has to be followed through the days.
    """
    dates = sorted(set(dates))
    return SQL(
        """WITH %(lines)s,
                change AS (
                    SELECT due_date, counts_from, balance AS amount FROM line
                     UNION ALL
                    SELECT line.due_date, matching.counts_from, -matching.amount
                      FROM line JOIN matching ON matching.debit_move_id = line.line_id WHERE matching.counts_from <= %(last)s
                     UNION ALL
                    SELECT line.due_date, matching.counts_from, matching.amount
                      FROM line JOIN matching ON matching.credit_move_id = line.line_id WHERE matching.counts_from <= %(last)s
                ),
                summed AS (
                    SELECT width_bucket(counts_from - 1, %(dates)s::date[]) + 1 AS step, due_date, sum(amount) AS amount
                      FROM change GROUP BY 1, 2)
           SELECT day.as_of, %(bucket)s, sum(line.amount)
             FROM summed line JOIN unnest(%(dates)s::date[]) WITH ORDINALITY day (as_of, step) ON day.step >= line.step
            GROUP BY 1, 2""",
        lines=lines,
        bucket=bucket,
        dates=dates,
        last=dates[-1],
    )


class TieOut(NamedTuple):
    """Whether what is open is what the accounts say, for one company on one day."""

    open: float
    """What `open_lines_sql` adds up to."""
    balance: float
    """The balance of the receivable accounts at the end of the day."""
    exchange: float
    """Exchange differences that count already, and that Odoo books at a later day: part of ``open``, not of ``balance``."""
    difference: float
    """``open`` - ``balance`` - ``exchange``: zero unless something is matched with an entry that is a draft, or that belongs
    to a company that was not asked about."""


def tie(opened, balance, exchange):
    """Return the `TieOut` of amounts."""
    return TieOut(opened, balance, exchange, opened - balance - exchange)


def read_booked(env, company_ids, dates):
    """Return {(date, company id): (balance of the accounts, exchange differences that count already and are booked later)}."""
    rows = env.execute_query(
        SQL(
            """WITH %(matchings)s,
                    day AS (SELECT unnest(%(dates)s::date[]) AS as_of),
                    booked AS (
                        SELECT day.as_of, line.company_id, sum(line.amount) AS amount
                          FROM day
                          JOIN (SELECT company_id, date, sum(balance) AS amount FROM account_move_line
                                 WHERE account_id = ANY(%(accounts)s) AND parent_state = 'posted'
                                   AND company_id = ANY(%(companies)s) GROUP BY 1, 2) line
                            ON line.date <= day.as_of
                         GROUP BY 1, 2
                    ),
                    ahead AS (
                        SELECT day.as_of, line.company_id, sum(line.balance) AS amount
                          FROM exchange_line
                          JOIN account_move_line line ON line.id = exchange_line.id AND line.parent_state = 'posted'
                                                     AND line.company_id = ANY(%(companies)s)
                          JOIN day ON exchange_line.counts_from <= day.as_of AND line.date > day.as_of
                         GROUP BY 1, 2
                    )
               SELECT as_of, company_id, COALESCE(booked.amount, 0), COALESCE(ahead.amount, 0)
                 FROM booked FULL JOIN ahead USING (as_of, company_id)""",
            matchings=matchings_sql(),
            accounts=ACCOUNTS,
            companies=list(company_ids),
            dates=dates,
        )
    )
    return {(as_of, company_id): (balance, exchange) for as_of, company_id, balance, exchange in rows}


# -- parts -------------------------------------------------------------------------------------------------------------

_IS_DEBIT = SQL("(line.residual > 0 OR line.residual = 0 AND line.residual_currency > 0)")


def matchings_sql():
    """Return CTEs for a WITH: `exchange_line`, lines that count earlier than they are dated, and `matching`, what is matched
    with what: id, debit_move_id, credit_move_id, amount, debit_amount_currency, credit_amount_currency, exchange_move_id and
    counts_from, the day it counts from."""
    return SQL(
        """exchange_line AS MATERIALIZED (
               SELECT line.id, min(partial.max_date) AS counts_from
                 FROM account_partial_reconcile partial
                 JOIN account_move_line line ON line.move_id = partial.exchange_move_id
                WHERE partial.exchange_move_id IS NOT NULL AND line.account_id = ANY(%(accounts)s)
                GROUP BY line.id, line.date HAVING min(partial.max_date) < line.date
           ),
           moved_matching AS MATERIALIZED (
               SELECT partial.id, GREATEST(COALESCE(debit_exchange.counts_from, debit.date),
                                           COALESCE(credit_exchange.counts_from, credit.date)) AS counts_from
                 FROM (SELECT partial.id, partial.debit_move_id, partial.credit_move_id FROM exchange_line
                         JOIN account_partial_reconcile partial ON partial.debit_move_id = exchange_line.id
                        UNION
                       SELECT partial.id, partial.debit_move_id, partial.credit_move_id FROM exchange_line
                         JOIN account_partial_reconcile partial ON partial.credit_move_id = exchange_line.id) partial
                 JOIN account_move_line debit ON debit.id = partial.debit_move_id
                 JOIN account_move_line credit ON credit.id = partial.credit_move_id
                 LEFT JOIN exchange_line debit_exchange ON debit_exchange.id = debit.id
                 LEFT JOIN exchange_line credit_exchange ON credit_exchange.id = credit.id
           ),
           matching AS NOT MATERIALIZED (
               SELECT partial.id, partial.debit_move_id, partial.credit_move_id, partial.amount, partial.debit_amount_currency,
                      partial.credit_amount_currency, partial.exchange_move_id,
                      COALESCE(moved_matching.counts_from, partial.max_date) AS counts_from
                 FROM account_partial_reconcile partial LEFT JOIN moved_matching ON moved_matching.id = partial.id
           )""",
        accounts=ACCOUNTS,
    )


def lines_sql(company_ids):
    """Return a SELECT of the posted receivable lines of the companies; it stands after `matchings_sql` in the same WITH.

    Columns: line_id, move_id, company_id, partner_id (as booked), account_id, currency_id, journal_id, date, due_date,
    balance, amount_currency, reconciled and counts_from, the day it counts from.
    """
    return SQL(
        """SELECT line.id AS line_id, line.move_id, line.company_id, line.partner_id, line.account_id, line.currency_id,
                  line.journal_id, line.date, COALESCE(line.date_maturity, line.date) AS due_date, line.balance,
                  line.amount_currency, line.reconciled, COALESCE(exchange_line.counts_from, line.date) AS counts_from
             FROM account_move_line line
             LEFT JOIN exchange_line ON exchange_line.id = line.id
            WHERE line.account_id = ANY(%(accounts)s) AND line.parent_state = 'posted'
              AND line.company_id = ANY(%(companies)s)""",
        accounts=ACCOUNTS,
        companies=list(company_ids),
    )
