"""Payment notices: which were matched, which were not found in time. One statement for all of a company."""

from odoo.tools import SQL

from .promises import IS_MONEY
from .rates import rates_sql

# Money this much below the amount, in percent, may still be the one: bank charges.
CHARGES_PERCENT = 2


def judge(env, company, date):
    """Close the open payment notices of ``company`` on ``date``; return {state: [ids]} of those that changed.

    Found: since the notice was recorded, money over its amount (within its bank charges) was matched with its items, or
    nothing of them is open any more (a document that is reset to draft comes back); without items, with any item of the
    customer. Not found: its time is over. Money for an item in another currency than the notice's counts at the rates of
    ``date``.
    """
    items = env["collection.payment.notice"]._fields["item_ids"]
    env.cr.execute(
        SQL(
            """WITH notice AS MATERIALIZED (
                   SELECT notice.* FROM collection_payment_notice notice
                    WHERE notice.company_id = %(company)s AND notice.state = 'open' AND notice.active
               ), covered AS (
                   SELECT notice.id, item.move_id, item.move_line_id, item.active
                     FROM notice
                     JOIN %(relation)s link ON link.%(notice_column)s = notice.id
                     JOIN collection_item item ON item.id = link.%(item_column)s
                    UNION
                   SELECT notice.id, item.move_id, item.move_line_id, item.active
                     FROM notice JOIN collection_item item ON item.case_id = notice.case_id
                    WHERE notice.is_for_all
               ), matched AS (
                   SELECT covered.id,
                          sum(CASE WHEN debit.currency_id = notice.currency_id THEN partial.debit_amount_currency
                                   ELSE partial.amount * rate.per_unit END) AS amount
                     FROM covered
                     JOIN notice ON notice.id = covered.id
                     JOIN account_move_line debit ON debit.id = covered.move_line_id
                     JOIN (%(rates)s) rate ON rate.currency_id = notice.currency_id
                     JOIN account_partial_reconcile partial ON partial.debit_move_id = covered.move_line_id
                                                           AND partial.create_date >= notice.create_date
                     JOIN account_move_line credit ON credit.id = partial.credit_move_id
                    WHERE %(is_money)s
                    GROUP BY covered.id
               ), decided AS (
                   SELECT notice.id,
                          CASE WHEN COALESCE(matched.amount, 0) >= notice.amount * %(least)s
                                    OR NOT EXISTS (SELECT 1 FROM covered JOIN account_move move ON move.id = covered.move_id
                                                    WHERE covered.id = notice.id
                                                      AND (covered.active OR move.state = 'draft'))
                               THEN 'found' ELSE 'not_found' END AS state
                     FROM notice LEFT JOIN matched ON matched.id = notice.id
               )
               UPDATE collection_payment_notice notice
                  SET state = decided.state, ended_on = GREATEST(%(date)s, notice.date_from)
                 FROM decided
                WHERE notice.id = decided.id AND (decided.state = 'found' OR notice.date_until < %(date)s)
               RETURNING notice.id, notice.state""",
            company=company.id,
            date=date,
            rates=rates_sql(company.id, date),
            relation=SQL.identifier(items.relation),
            notice_column=SQL.identifier(items.column1),
            item_column=SQL.identifier(items.column2),
            least=1 - CHARGES_PERCENT / 100,
            is_money=IS_MONEY,
        )
    )
    changed = {}
    for notice_id, state in env.cr.fetchall():
        changed.setdefault(state, []).append(notice_id)
    return changed
