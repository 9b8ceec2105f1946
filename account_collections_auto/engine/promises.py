"""Promises: what was received for them, from the ledger. Two statements for all promises of a company."""

from odoo.tools import SQL

from .promised_money import Money, count_once
from .rates import rates_sql


def judge(env, company, date):
    """Write the amounts and states of the promises of ``company`` on ``date``; return [(id, state before, after)].

    Looked at are promises without a verdict and those whose verdict is less than a year old: money may still turn up, dated
    in time, or be returned. Money is what is neither a credit note nor a mere entry: payments and bank lines, by their date,
    from the day of the promise to the last day before the verdict. A promise on items counts what is matched with these
    items, also what is dated before it, if it was matched since; one on the whole case all money of the customer, less what
    was returned of it, whenever that was. Money counts once, for the oldest promise
    first. Credit notes reduce what was promised: those matched with its items; of the whole case all of these days, but for
    what they take off invoices that came later. Amounts in the currency of the promise. Two statements.

    A verdict that is known stays known, whatever ``date`` is: a cycle of an earlier day that runs again changes the amounts
    with the ledger, but makes no open promise of one that was not kept.
    """
    wanted, money, digits, credited = {}, {}, {}, {}
    for promise_id, amount, places, credit_notes, rows in env.execute_query(_found_sql(env, company, date)):
        credited[promise_id], digits[promise_id] = round(float(credit_notes), places), places
        wanted[promise_id] = float(amount) - credited[promise_id]
        money[promise_id] = [Money(*row) for row in rows or ()]
    if not wanted:
        return []
    received = count_once(wanted, money, digits)
    env.cr.execute(
        SQL(
            """WITH verdict AS (
                   SELECT sums.*, CASE WHEN amount <= credited THEN 100.0
                                       ELSE LEAST(100.0, GREATEST(0, 100.0 * received / (amount - credited))) END AS percent
                     FROM (SELECT promise.id, promise.amount, promise.state AS before, found.received, found.credited,
                                  COALESCE(plan.promise_tolerance_percent, 0)::numeric AS tolerance,
                                  %(date)s >= promise.verdict_date OR promise.state IN ('partly', 'broken') AS is_due
                             FROM unnest(%(ids)s, %(received)s::numeric[], %(credited)s::numeric[])
                                  found (id, received, credited)
                             JOIN collection_promise promise ON promise.id = found.id
                             JOIN collection_case kase ON kase.id = promise.case_id
                             LEFT JOIN collection_plan plan ON plan.id = kase.plan_id) sums
               ), decided AS (
                   SELECT verdict.*, CASE WHEN percent >= 100 - tolerance THEN 'kept'
                                          WHEN NOT is_due THEN 'open'
                                          WHEN percent > 0 THEN 'partly'
                                          ELSE 'broken' END AS after
                     FROM verdict
               )
               UPDATE collection_promise promise
                  SET state = decided.after, amount_received = decided.received, amount_credited = decided.credited,
                      kept_percent = round(decided.percent, 2)
                 FROM decided
                WHERE promise.id = decided.id
                  AND (promise.state, promise.amount_received, promise.amount_credited)
                      IS DISTINCT FROM (decided.after, decided.received, decided.credited)
               RETURNING promise.id, decided.before, decided.after""",
            date=date,
            ids=list(wanted),
            received=[received[promise_id] for promise_id in wanted],
            credited=[credited[promise_id] for promise_id in wanted],
        )
    )
    return [row for row in env.cr.fetchall() if row[1] != row[2]]


def _found_sql(env, company, date):
    """Return a SELECT of (id, amount, decimal places, credit notes, rows of `Money`) of each promise, the oldest first."""
    items = env["collection.promise"]._fields["item_ids"]
    return SQL(
        """WITH promise AS MATERIALIZED (
               SELECT promise.*
                 FROM collection_promise promise JOIN collection_case kase ON kase.id = promise.case_id
                WHERE promise.company_id = %(company)s AND promise.active
                  AND promise.state NOT IN ('to_approve', 'cancelled') AND promise.date_from <= %(date)s
                  AND promise.verdict_date > %(date)s::date - 366
           ), found AS (
               SELECT promise.id, credit.id AS credit_id, partial.id AS part_id, credit.date,
                      partial.debit_amount_currency AS amount, partial.amount AS balance, -credit.balance AS credit_balance,
                      %(is_money)s AND credit.date <= promise.date_until AS is_money,
                      CASE WHEN credit_move.move_type IN ('out_refund', 'out_receipt') THEN partial.debit_amount_currency
                           ELSE 0 END AS credited
                 FROM promise
                 JOIN %(relation)s link ON link.%(promise_column)s = promise.id
                 JOIN collection_item item ON item.id = link.%(item_column)s
                 JOIN account_partial_reconcile partial ON partial.debit_move_id = item.move_line_id
                 JOIN account_move_line credit ON credit.id = partial.credit_move_id
                 JOIN account_move credit_move ON credit_move.id = credit.move_id
                WHERE promise.is_for_all IS NOT TRUE
                  AND (credit.date >= promise.date_from OR partial.id > promise.matched_before)
                UNION ALL
               SELECT promise.id, credit.id, NULL, credit.date, line.amount, -credit.balance, -credit.balance, line.is_money,
                      CASE WHEN line.is_credit_note THEN line.amount - later.amount ELSE 0 END
                 FROM promise
                 JOIN (%(rates)s) rate ON rate.currency_id = promise.currency_id
                 JOIN collection_case kase ON kase.id = promise.case_id
                 JOIN res_partner partner ON %(debtor)s = kase.partner_id
                 JOIN account_move_line credit ON credit.partner_id = partner.id AND credit.parent_state = 'posted'
                 JOIN account_account account ON account.id = credit.account_id
                                             AND account.account_type = 'asset_receivable'
                                             AND account.non_trade IS NOT TRUE
                 JOIN account_move credit_move ON credit_move.id = credit.move_id
                 JOIN res_company branch ON branch.id = credit.company_id
                CROSS JOIN LATERAL (
                    SELECT CASE WHEN credit.currency_id = promise.currency_id THEN -credit.amount_currency
                                ELSE -credit.balance * rate.per_unit END AS amount,
                           credit_move.move_type = 'out_refund' AS is_credit_note, %(is_money)s AS is_money) line
                CROSS JOIN LATERAL (
                    SELECT COALESCE(sum(CASE WHEN credit.currency_id = promise.currency_id
                                             THEN partial.credit_amount_currency
                                             ELSE partial.amount * rate.per_unit END), 0) AS amount
                      FROM account_partial_reconcile partial
                      JOIN account_move_line debit ON debit.id = partial.debit_move_id AND debit.date > promise.date_from
                      JOIN account_move debit_move ON debit_move.id = debit.move_id
                                                  AND debit_move.move_type IN ('out_invoice', 'out_receipt')
                     WHERE line.is_credit_note AND partial.credit_move_id = credit.id) later
                WHERE promise.is_for_all AND split_part(branch.parent_path, '/', 1)::int = promise.company_id
                  AND credit.date >= promise.date_from AND (line.is_money OR line.is_credit_note)
                  AND (credit.date <= promise.date_until OR %(is_returned)s)
           )
           SELECT promise.id, promise.amount, currency.decimal_places, COALESCE(sum(found.credited), 0),
                  jsonb_agg(jsonb_build_array(found.credit_id, found.part_id, found.amount, found.balance, found.credit_balance)
                            ORDER BY found.date, found.credit_id, found.part_id) FILTER (WHERE found.is_money)
             FROM promise
             JOIN res_currency currency ON currency.id = promise.currency_id
             LEFT JOIN found ON found.id = promise.id
            GROUP BY promise.id, promise.amount, promise.date_from, currency.decimal_places
            ORDER BY promise.date_from, promise.id""",
        relation=SQL.identifier(items.relation),
        promise_column=SQL.identifier(items.column1),
        item_column=SQL.identifier(items.column2),
        company=company.id,
        date=date,
        rates=rates_sql(company.id, date),
        debtor=env["collection.case"]._debtor_sql("partner"),
        is_money=IS_MONEY,
        is_returned=_is_returned_sql(date),
    )


def _is_returned_sql(date):
    """Return a condition on ``credit``, a line of the customer, and ``promise``: money that came in time went back later.

    It is matched with that money; or with nothing yet, and no other money of that amount came after the promise.
    """
    return SQL(
        """(credit.balance > 0 AND credit.date <= %(date)s AND (
               EXISTS (SELECT 1 FROM account_partial_reconcile partial
                         JOIN account_move_line paid ON paid.id = partial.credit_move_id
                        WHERE partial.debit_move_id = credit.id
                          AND paid.date BETWEEN promise.date_from AND promise.date_until)
               OR credit.reconciled IS NOT TRUE
                  AND NOT EXISTS (SELECT 1 FROM account_partial_reconcile partial WHERE partial.debit_move_id = credit.id)
                  AND NOT EXISTS (SELECT 1 FROM account_move_line later
                                   WHERE later.partner_id = credit.partner_id AND later.account_id = credit.account_id
                                     AND later.parent_state = 'posted' AND later.balance = -credit.balance
                                     AND later.date > promise.date_until AND later.date <= credit.date)))""",
        date=date,
    )


# So many days after the verdict the customer is told of it at the latest; reminders have gone on by then.
TELL_WITHIN_DAYS = 7


def is_waiting_sql(date):
    """Return a condition on ``record``, a broken promise: its customer is to be told of it on ``date``.

    Once for each promise, and not after another message was sent since the verdict.
    """
    return SQL(
        """plan.broken_promise_template_id IS NOT NULL AND record.message_action_id IS NULL
           AND record.verdict_date BETWEEN %(date)s::date - %(days)s + 1 AND %(date)s
           AND NOT EXISTS (SELECT 1 FROM collection_action action
                            WHERE action.case_id = record.case_id AND action.state IN ('sent', 'delivered')
                              AND action.channel NOT IN ('call', 'record') AND action.is_test IS NOT TRUE
                              AND action.contact_date >= record.verdict_date)""",
        date=date,
        days=TELL_WITHIN_DAYS,
    )


IS_MONEY = SQL(
    """(EXISTS (SELECT 1 FROM account_payment payment WHERE payment.move_id = credit.move_id)
        OR EXISTS (SELECT 1 FROM account_bank_statement_line statement WHERE statement.move_id = credit.move_id))"""
)
