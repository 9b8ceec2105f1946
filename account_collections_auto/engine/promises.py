"""Promises: what was received for them, from the ledger. One statement for all promises of a company."""

from odoo.tools import SQL

from .rates import rates_sql


def judge(env, company, date):
    """Write the amounts and states of the promises of ``company`` on ``date``; return [(id, state before, after)].

    Looked at are promises without a verdict and those whose verdict is less than a year old: money may still turn up, dated
    in time, or be returned. Money is what is neither a credit note nor a mere entry: payments and bank lines, by their date,
    from the day of the promise to the last day before the verdict. A promise on items counts what is matched with these
    items; one on the whole case all money of the customer, returns taken off. Amounts in the currency of the promise.
    """
    items = env["collection.promise"]._fields["item_ids"]
    env.cr.execute(
        SQL(
            """WITH promise AS MATERIALIZED (
                   SELECT promise.*, plan.promise_tolerance_percent AS tolerance
                     FROM collection_promise promise
                     JOIN collection_case kase ON kase.id = promise.case_id
                     LEFT JOIN collection_plan plan ON plan.id = kase.plan_id
                    WHERE promise.company_id = %(company)s AND promise.active
                      AND promise.state NOT IN ('to_approve', 'cancelled') AND promise.date_from <= %(date)s
                      AND promise.verdict_date > %(date)s::date - 366
               ), matched AS (
                   SELECT promise.id, credit.move_id, credit.date, partial.debit_amount_currency AS amount,
                          credit_move.move_type IN ('out_refund', 'out_receipt') AS is_credit_note, %(is_money)s AS is_money
                     FROM promise
                     JOIN %(relation)s link ON link.%(promise_column)s = promise.id
                     JOIN collection_item item ON item.id = link.%(item_column)s
                     JOIN account_partial_reconcile partial ON partial.debit_move_id = item.move_line_id
                     JOIN account_move_line credit ON credit.id = partial.credit_move_id
                     JOIN account_move credit_move ON credit_move.id = credit.move_id
                    WHERE promise.is_for_all IS NOT TRUE AND credit.date >= promise.date_from
               ), received AS (
                   SELECT id, COALESCE(sum(amount) FILTER (WHERE is_credit_note), 0) AS credited,
                          COALESCE(sum(amount) FILTER (
                              WHERE is_money AND date <= (SELECT date_until FROM promise own WHERE own.id = matched.id)), 0)
                              AS received
                     FROM matched GROUP BY id
                    UNION ALL
                   SELECT promise.id, 0,
                          COALESCE(sum(CASE WHEN credit.currency_id = promise.currency_id THEN -credit.amount_currency
                                            ELSE -credit.balance * rate.per_unit END), 0)
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
                    WHERE promise.is_for_all AND split_part(branch.parent_path, '/', 1)::int = promise.company_id
                      AND credit.date BETWEEN promise.date_from AND promise.date_until AND %(is_money)s
                    GROUP BY promise.id
               ), verdict AS (
                   SELECT sums.*, CASE WHEN amount <= credited THEN 100.0
                                       ELSE LEAST(100.0, GREATEST(0, 100.0 * received / (amount - credited))) END AS percent
                     FROM (SELECT promise.id, promise.amount, promise.state AS before,
                                  COALESCE(received.received, 0) AS received, COALESCE(received.credited, 0) AS credited,
                                  COALESCE(promise.tolerance, 0) AS tolerance, %(date)s >= promise.verdict_date AS is_due
                             FROM promise LEFT JOIN received ON received.id = promise.id) sums
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
            relation=SQL.identifier(items.relation),
            promise_column=SQL.identifier(items.column1),
            item_column=SQL.identifier(items.column2),
            company=company.id,
            date=date,
            rates=rates_sql(company.id, date),
            debtor=env["collection.case"]._debtor_sql("partner"),
            is_money=IS_MONEY,
        )
    )
    return [row for row in env.cr.fetchall() if row[1] != row[2]]


IS_MONEY = SQL(
    """(EXISTS (SELECT 1 FROM account_payment payment WHERE payment.move_id = credit.move_id)
        OR EXISTS (SELECT 1 FROM account_bank_statement_line statement WHERE statement.move_id = credit.move_id))"""
)
