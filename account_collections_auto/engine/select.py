"""Select: which open items reach their next level on a day. Fills ``collection_tmp_item``; writes nothing else."""

from odoo.tools import SQL

from . import TEMPORARY_TABLES, instalments
from .rates import rates_sql
from .wish import CYCLE


def select(env, company, date, cases=None, wish=CYCLE):
    """Put every open item of the open cases of ``company`` into ``collection_tmp_item`` with its next level on ``date``.

    ``cases``: SQL for the ids of the cases to look at; None for all of the company. Columns that matter later:
    ``is_credit``, ``is_small`` (within the tolerance), ``is_overdue``, ``level_id`` (the next level, if any), ``reached``
    (it is reached on ``date``), ``repeats`` (the last level once more), ``collectable`` (true until `withhold`), ``stopped``
    and ``claimable`` (what a stop covers, nothing until `withhold`, and the rest of it; in the item's currency),
    ``waits_until`` (the last day on which the item waits for an answer to its last message), ``instalment`` (what missed
    instalments claim of it, in a reminder of these).
    """
    drop(env)
    env.cr.execute(
        SQL(
            """CREATE TEMPORARY TABLE collection_tmp_item ON COMMIT DROP AS
               SELECT item.id AS item_id, item.case_id, item.move_id, item.move_line_id, item.company_id,
                      kase.partner_id AS debtor_id, kase.plan_id,
                      item.currency_id, rate.per_unit, item.due_date, item.amount_residual, item.amount_residual_currency,
                      item.round, item.level_days AS got_days, item.level_date AS got_date, item.deadline AS got_deadline,
                      COALESCE(move.partner_id, kase.partner_id) AS contact_id,
                      %(date)s::date - item.due_date AS days_overdue,
                      item.amount_residual_currency < 0 AS is_credit,
                      abs(item.amount_residual_currency) <= plan.tolerance_amount * rate.per_unit AS is_small,
                      0::numeric AS stopped, item.amount_residual_currency AS claimable, NULL::numeric AS instalment,
                      item.due_date < %(date)s AS is_overdue,
                      next_level.id AS level_id, next_level.days_overdue AS level_days,
                      (next_level.due AND (next_level.waited OR %(impatient)s)) IS TRUE AND item.amount_residual_currency > 0
                          AND abs(item.amount_residual_currency) > plan.tolerance_amount * rate.per_unit AS reached,
                      CASE WHEN next_level.due AND NOT next_level.waited THEN next_level.waits_until END AS waits_until,
                      COALESCE(next_level.repeats, FALSE) AS repeats,
                      item.amount_residual_currency > 0
                          AND abs(item.amount_residual_currency) > plan.tolerance_amount * rate.per_unit AS collectable,
                      FALSE AS advances
                 FROM collection_item item
                 JOIN collection_case kase ON kase.id = item.case_id
                 JOIN collection_plan plan ON plan.id = kase.plan_id
                 JOIN account_move move ON move.id = item.move_id
                 JOIN (%(rates)s) rate ON rate.currency_id = item.currency_id
                 LEFT JOIN LATERAL (%(next_level)s) next_level ON item.amount_residual_currency > 0
                WHERE item.active AND kase.company_id = %(company)s AND kase.state = 'open' AND %(scope)s""",
            date=date,
            company=company.id,
            rates=rates_sql(company.id, date),
            impatient=wish.ignores("deadline"),
            next_level=_same_level(date) if wish.kind == "again" else next_level(date),
            scope=SQL("kase.id IN (%s)", cases) if cases else SQL("TRUE"),
        )
    )
    if wish.kind == "message":
        _take_what_is_overdue(env, wish)
    elif wish.kind == "instalment":
        instalments.take_missed(env, company, date)
    elif wish.kind != "again":
        instalments.resume_at_agreed_level(env, company, date)
    env.cr.execute("ANALYZE collection_tmp_item")


def _take_what_is_overdue(env, wish):
    """A message outside of the levels is about all that is overdue; an item without a level stays where it is.

    One about certain items knows of no others, but of all credits: what these cover is not asked for.
    """
    if wish.items is not None:
        env.cr.execute(
            SQL("DELETE FROM collection_tmp_item WHERE NOT is_credit AND NOT (item_id = ANY(%s::int[]))", list(wish.items))
        )
    if wish.makes_due:
        env.cr.execute("UPDATE collection_tmp_item SET is_overdue = TRUE WHERE NOT is_credit")
    env.cr.execute(
        SQL(
            """UPDATE collection_tmp_item
                  SET level_id = CASE WHEN %(advances)s THEN level_id END,
                      level_days = CASE WHEN %(advances)s THEN level_days END,
                      repeats = repeats AND %(advances)s,
                      reached = is_overdue AND collectable, waits_until = NULL""",
            advances=SQL("(reached AND is_overdue)") if wish.advances else SQL("FALSE"),
        )
    )


def drop(env):
    """Drop the temporary tables of an earlier call in the same transaction."""
    env.cr.execute(SQL("DROP TABLE IF EXISTS %s", SQL(", ").join(map(SQL.identifier, TEMPORARY_TABLES))))


def next_level(date):
    """SELECT of the next level of ``item`` and whether it is reached: after the due date, else courtesy, else a repeat.

    Never an equality of dates: a missed day is caught up. A level that the item got in its present ladder does not come
    again, however the plan was changed since. Of the repeats count those that were sent, not one that waits or bounced.
    """
    not_got = SQL(
        """(item.level_days IS NULL OR NOT EXISTS (
               SELECT 1 FROM collection_action_line line JOIN collection_action action ON action.id = line.action_id
                WHERE line.item_id = item.id AND line.level_id = level.id AND line.advances AND line.is_live
                  AND line.round >= item.first_round AND action.state IN ('sent', 'delivered')))"""
    )
    return SQL(
        """SELECT * FROM (
               (SELECT level.id, level.days_overdue, FALSE AS repeats,
                       %(date)s - item.due_date >= level.days_overdue AS due, %(waiting)s
                  FROM collection_level level
                 WHERE %(date)s > item.due_date AND level.plan_id = plan.id AND level.active AND level.days_overdue > 0
                   AND level.days_overdue > COALESCE(item.level_days, 0) AND %(not_got)s
                   AND (level.final_notice IS NOT TRUE OR item.level_days > 0)
                 ORDER BY plan.catch_up IS TRUE AND %(date)s - item.due_date >= level.days_overdue DESC,
                          CASE WHEN plan.catch_up AND %(date)s - item.due_date >= level.days_overdue
                               THEN -level.days_overdue ELSE level.days_overdue END
                 LIMIT 1)
               UNION ALL
               (SELECT level.id, level.days_overdue, FALSE, TRUE, TRUE, NULL
                  FROM collection_level level
                 WHERE %(date)s <= item.due_date AND level.plan_id = plan.id AND level.active AND level.days_overdue <= 0
                   AND level.days_overdue > COALESCE(item.level_days, -100000) AND %(not_got)s
                   AND %(date)s - item.due_date >= level.days_overdue
                 ORDER BY level.days_overdue DESC LIMIT 1)
               UNION ALL
               (SELECT level.id, level.days_overdue, TRUE,
                       %(date)s >= item.level_date + plan.repeat_last_days, %(waiting)s
                  FROM collection_level level
                 WHERE plan.repeat_last_days > 0 AND level.id = item.level_id AND item.level_days > 0 AND level.active
                   AND %(date)s > item.due_date AND level.plan_id = plan.id
                   AND NOT EXISTS (SELECT 1 FROM collection_level higher WHERE higher.plan_id = plan.id AND higher.active
                                                                        AND higher.days_overdue > item.level_days)
                   AND plan.repeat_last_times > (
                       SELECT count(*) FROM collection_round round
                        WHERE round.item_id = item.id AND round.cause = 'repeated' AND round.number > item.first_round
                          AND EXISTS (SELECT 1 FROM collection_action_line line
                                        JOIN collection_action action ON action.id = line.action_id
                                       WHERE line.item_id = item.id AND line.round = round.number AND line.advances
                                         AND line.is_live AND action.state IN ('sent', 'delivered'))))
           ) candidate ORDER BY repeats LIMIT 1""",
        date=date,
        waiting=_waiting(date),
        not_got=not_got,
    )


def _same_level(date):
    """SELECT of the level that ``item`` got last, once more: a person asked for it."""
    return SQL(
        """SELECT level.id, level.days_overdue, TRUE AS repeats, TRUE AS due, %(waiting)s
             FROM collection_level level
            WHERE level.id = item.level_id AND level.plan_id = plan.id AND level.active
              AND (level.days_overdue > 0) = (%(date)s > item.due_date)""",
        date=date,
        waiting=_waiting(date),
    )


def _waiting(date):
    """Two columns: whether the time to answer the last message of ``item`` is over, and the last day of that time."""
    return SQL(
        """(COALESCE(item.level_days, 0) <= 0
            OR (%(date)s > item.deadline + plan.grace_days
                AND %(date)s >= item.level_date + level.minimum_days_since_previous)) AS waited,
           GREATEST(item.deadline + plan.grace_days, item.level_date + level.minimum_days_since_previous - 1) AS waits_until""",
        date=date,
    )
