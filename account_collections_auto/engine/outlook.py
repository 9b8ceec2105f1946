"""Outlook: how many customers will reach which level on a day to come. One SELECT; nothing is written, not even for a while.

Looks at levels, gaps between messages and stops of whole customers. What holds back a single item (a payment on its way,
a blocked invoice) is known from the last cycle, else not: a preview says it exactly.
"""

from odoo.tools import SQL

from . import select


def outlook_sql(env, company, date, scope):
    """Return a SELECT of what a cycle of ``company`` on ``date`` would do, by level and by who answers for the customers.

    Columns: level_id, user_id and team_id of the cases, number of customers, amount in company currency; the first level first.
    ``scope``: a condition on ``kase``. A customer counts once, at the highest level; without those that have a message on
    its way, that no message reaches, or that the last cycle held back at that level until later than ``date``.
    """
    return SQL(
        """WITH candidate AS MATERIALIZED (
               SELECT kase.id, kase.plan_id, kase.amount_credit, kase.oldest_due_date
                 FROM collection_case kase
                 JOIN collection_plan plan ON plan.id = kase.plan_id
                WHERE kase.company_id = %(company)s AND kase.state = 'open' AND kase.contact_problem_code IS NULL
                  AND (kase.next_action_date <= %(date)s OR plan.repeat_last_days > 0)
                  AND kase.id NOT IN (SELECT case_id FROM collection_action WHERE state IN ('planned', 'review', 'queued'))
                  AND NOT EXISTS (SELECT 1 FROM collection_action action
                                   WHERE action.case_id = kase.id AND action.state IN ('sent', 'delivered')
                                     AND action.is_test IS NOT TRUE AND action.channel NOT IN ('call', 'record')
                                     AND action.contact_date > %(date)s - GREATEST(plan.minimum_days_between_contacts, 1))
                  AND %(scope)s
           ), due AS MATERIALIZED (
               SELECT kase.id AS case_id, kase.plan_id, kase.amount_credit, kase.oldest_due_date < %(date)s AS is_overdue,
                      next_level.id AS level_id, next_level.days_overdue AS level_days, item.amount_residual
                 FROM candidate kase
                 JOIN collection_plan plan ON plan.id = kase.plan_id
                CROSS JOIN LATERAL (SELECT * FROM collection_item item
                                     WHERE item.case_id = kase.id AND item.active AND item.amount_residual_currency > 0
                                       AND item.is_small IS NOT TRUE
                                    OFFSET 0) item  -- candidates are few: not by reading all items
                 JOIN LATERAL (%(next_level)s) next_level ON next_level.due AND next_level.waited
                WHERE NOT EXISTS (SELECT 1 FROM collection_cycle_line line
                                   WHERE line.case_id = kase.id AND line.level_id = next_level.id
                                     AND line.decision != 'planned' AND (line.until_date IS NULL OR line.until_date >= %(date)s)
                                     AND line.cycle_id = (SELECT id FROM collection_cycle
                                                           WHERE company_id = %(company)s AND state = 'done'
                                                           ORDER BY date DESC LIMIT 1))
           ), claim AS (
               SELECT due.case_id, max(due.plan_id) AS plan_id,
                      (array_agg(due.level_id ORDER BY due.level_days DESC))[1] AS level_id,
                      CASE WHEN bool_or(due.is_overdue)
                           THEN (SELECT sum(item.amount_residual) FROM collection_item item
                                  WHERE item.case_id = due.case_id AND item.active AND item.amount_residual > 0
                                    AND item.due_date < %(date)s)
                           ELSE sum(due.amount_residual) END - COALESCE(max(due.amount_credit), 0) AS amount
                 FROM due
                WHERE due.level_days > 0 OR due.is_overdue IS NOT TRUE
                GROUP BY due.case_id
           )
           SELECT claim.level_id, kase.user_id, kase.team_id, count(*), sum(claim.amount)::float
             FROM claim
             JOIN collection_case kase ON kase.id = claim.case_id
             JOIN collection_plan plan ON plan.id = claim.plan_id
             JOIN collection_level level ON level.id = claim.level_id
            WHERE claim.amount > 0 AND claim.amount >= COALESCE(plan.minimum_amount, 0) AND level.mode != 'manual'
            GROUP BY claim.level_id, level.days_overdue, kase.user_id, kase.team_id
            ORDER BY level.days_overdue, claim.level_id""",
        company=company.id,
        date=date,
        next_level=select.next_level(date),
        scope=scope,
    )
