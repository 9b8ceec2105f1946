"""Aged receivables: what customers owe as of any day, by age. One statement for the whole report, one for the items of a
customer.

Amounts are in company currency at booking rate; companies with other currencies have rows of their own. What is open comes
from `as_of`; the balance of the accounts beside it comes straight from their lines, so that the report can say whether both
agree.
"""

from typing import NamedTuple

from odoo.tools import SQL

from . import ageing, as_of


class Scope(NamedTuple):
    """Whose receivables: companies (ids), the day, where buckets end; and what narrows the customers, None: nothing."""

    company_ids: list
    day: object
    limits: list
    account_ids: list | None = None
    collector_id: int | None = None
    search: str | None = None
    partner_id: int | None = None


class Row(NamedTuple):
    """One customer (or all of them), in one currency. ``amounts``: per bucket, then credits, then the balance."""

    kind: str
    currency_id: int
    partner_id: int | None
    name: str | None
    count: int
    amounts: list


class Item(NamedTuple):
    """One open line. ``bucket`` is None for a credit."""

    partner_id: int | None
    currency_id: int
    line_id: int
    move_id: int
    number: str
    reference: str | None
    kind: str
    date: object
    due_date: object
    days_overdue: int | None
    bucket: int | None
    residual: float
    line_currency_id: int
    residual_currency: float


CUSTOMER, TOTAL, LEDGER, EXCHANGE = "customer", "total", "ledger", "exchange"


def column_count(limits):
    """Return how many amounts a row has: not due, each bucket, what is older, credits, the balance."""
    return len(limits) + 4


def rows(env, scope, order="total", descending=True, offset=0, limit=None):
    """Return the rows of the customers of one page, the totals of all of them, and what the accounts say, in one statement.

    ``order``: "name" or the number of an amount. Rows of kind `LEDGER` hold the balance of the accounts, those of kind
    `EXCHANGE` exchange differences that count already and that Odoo books at a later day; both as their last amount.
    """
    buckets = len(scope.limits) + 2
    names = [SQL.identifier(f"amount_{number}") for number in range(buckets + 2)]
    sums = [SQL("COALESCE(sum(line.residual) FILTER (WHERE line.bucket = %s), 0)", number) for number in range(buckets)]
    sums += [SQL("COALESCE(sum(line.residual) FILTER (WHERE line.bucket IS NULL), 0)"), SQL("sum(line.residual)")]
    direction = SQL("DESC") if descending else SQL("ASC")
    by_name = SQL("customer.name %s NULLS LAST", direction)
    by_amount = by_name if order == "name" else SQL("%s %s", names[-1] if order == "total" else names[int(order)], direction)
    return [
        Row(kind, currency_id, partner_id, name, count, [float(amount or 0.0) for amount in amounts])
        for kind, currency_id, partner_id, name, count, *amounts in env.execute_query(
            SQL(
                """WITH line AS (%(lines)s),
                        customer AS MATERIALIZED (
                            SELECT line.partner_id, line.company_currency_id AS currency_id,
                                   (SELECT complete_name FROM res_partner WHERE res_partner.id = line.partner_id) AS name,
                                   count(*) AS count, %(sums)s
                              FROM line GROUP BY line.partner_id, line.company_currency_id
                        ),
                        booked AS (%(booked)s)
                   (SELECT %(customer)s, currency_id, partner_id, name, count, %(names)s
                      FROM customer ORDER BY %(order)s, name, partner_id, currency_id OFFSET %(offset)s LIMIT %(limit)s)
                    UNION ALL
                    SELECT %(total)s, currency_id, NULL, NULL, count(*), %(name_sums)s FROM customer GROUP BY currency_id
                    UNION ALL
                    SELECT booked.kind, booked.currency_id, NULL, NULL, 0, %(nothing)s, booked.amount FROM booked""",
                lines=_open_lines(env, scope),
                sums=SQL(", ").join(SQL("%s AS %s", amount, name) for amount, name in zip(sums, names, strict=True)),
                names=SQL(", ").join(names),
                name_sums=SQL(", ").join(SQL("sum(%s)", name) for name in names),
                nothing=SQL(", ").join([SQL("NULL::numeric")] * (buckets + 1)),
                booked=_booked(env, scope),
                order=by_amount,
                customer=CUSTOMER,
                total=TOTAL,
                offset=offset,
                limit=limit,
            )
        )
    ]


def items(env, scope, limit=None):
    """Return the open items, customer by customer, what is due longest first and credits last."""
    return [
        Item(*values[:-3], float(values[-3]), values[-2], float(values[-1]))
        for values in env.execute_query(
            SQL(
                """SELECT line.partner_id, line.company_currency_id, line.line_id, line.move_id, move.name, move.ref,
                          CASE WHEN move.move_type IN ('out_invoice', 'out_receipt') THEN 'invoice'
                               WHEN move.move_type = 'out_refund' THEN 'credit_note'
                               WHEN move.origin_payment_id IS NOT NULL OR move.statement_line_id IS NOT NULL THEN 'payment'
                               ELSE 'entry' END,
                          COALESCE(move.invoice_date, line.date), line.date_maturity, %(day)s - line.date_maturity,
                          line.bucket, line.residual, line.currency_id, line.residual_currency
                     FROM (%(lines)s) line
                     JOIN account_move move ON move.id = line.move_id
                     LEFT JOIN res_partner partner ON partner.id = line.partner_id
                    ORDER BY partner.complete_name, line.partner_id, line.company_currency_id, line.date_maturity, move.name,
                             line.line_id
                    LIMIT %(limit)s""",
                lines=_open_lines(env, scope),
                day=scope.day,
                limit=limit,
            )
        )
    ]


# -- parts -------------------------------------------------------------------------------------------------------------


def _open_lines(env, scope):
    """SELECT of the open lines in scope, with the bucket and the currency of the company."""
    return SQL(
        """SELECT line.*, company.currency_id AS company_currency_id,
                  width_bucket(%(day)s - line.date_maturity, %(bounds)s::int[]) AS bucket
             FROM (%(lines)s) line
             JOIN res_company company ON company.id = line.company_id
            WHERE %(condition)s""",
        day=scope.day,
        bounds=ageing.bounds(scope.limits),
        lines=as_of.open_lines_sql(env, scope.company_ids, scope.day),
        condition=_condition(scope, SQL("line.partner_id")),
    )


def _booked(env, scope):
    """SELECT of the balance of the accounts per currency, and of exchange differences that Odoo books later."""
    return SQL(
        """SELECT CASE WHEN line.date <= %(day)s THEN %(ledger)s ELSE %(exchange)s END AS kind, company.currency_id,
                  sum(line.balance) AS amount
             FROM account_move_line line
             JOIN res_company company ON company.id = line.company_id
             LEFT JOIN res_partner partner ON partner.id = line.partner_id
            WHERE line.account_id = ANY(%(accounts)s)
              AND line.parent_state = 'posted' AND line.company_id = ANY(%(companies)s)
              AND (line.date <= %(day)s OR line.move_id IN (
                       SELECT exchange_move_id FROM account_partial_reconcile
                        WHERE exchange_move_id IS NOT NULL AND max_date <= %(day)s))
              AND %(condition)s
            GROUP BY 1, 2""",
        day=scope.day,
        ledger=LEDGER,
        exchange=EXCHANGE,
        accounts=as_of.ACCOUNTS,
        companies=list(scope.company_ids),
        condition=_condition(scope, env["collection.case"]._debtor_sql("partner")),
    )


def _condition(scope, debtor):
    """SQL for what narrows the report, for rows of ``line`` and ``company``; ``debtor``: SQL for whom a line belongs to."""
    conditions = [SQL("TRUE")]
    if scope.account_ids:
        conditions.append(SQL("line.account_id = ANY(%s)", list(scope.account_ids)))
    if scope.partner_id is not None:
        # 0 stands for the lines that belong to nobody.
        conditions.append(SQL("COALESCE(%s, 0) = %s", debtor, scope.partner_id))
    if scope.collector_id:
        conditions.append(
            SQL(
                """(%s, split_part(company.parent_path, '/', 1)::int) IN (
                       SELECT partner_id, company_id FROM collection_case WHERE user_id = %s)""",
                debtor,
                scope.collector_id,
            )
        )
    if scope.search:
        pattern = "%" + scope.search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        conditions.append(
            SQL(
                "%s IN (SELECT id FROM res_partner WHERE complete_name ILIKE %s OR ref ILIKE %s OR vat ILIKE %s)",
                debtor,
                pattern,
                pattern,
                pattern,
            )
        )
    return SQL(" AND ").join(conditions)
