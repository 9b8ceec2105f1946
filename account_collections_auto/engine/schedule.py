"""Schedule: what was selected and may be contacted becomes actions with their lines. The rest becomes reasons.

Runs after `select` and `withhold` in the same transaction. Unique indexes on the actions and their advancing lines
guarantee that nothing is planned twice, whoever runs this however often.
"""

from odoo import fields
from odoo.tools import SQL

from . import project, withhold


def find_messages(env):
    """Fill ``collection_tmp_message``: which messages the customers get whom nothing holds back, through which channel."""
    env.cr.execute(_planned_messages())
    env.cr.execute("ANALYZE collection_tmp_message")


def record_decisions(env, cycle):
    """Write what ``cycle`` decided for each case and level: one planned line, one withheld line, with all reasons.

    A line of an earlier call of the same cycle is replaced when it said withheld; a planned or dropped one stays.
    """
    env.cr.execute(
        SQL(
            """DELETE FROM collection_cycle_line
                WHERE cycle_id = %s AND decision = 'withheld'
                  AND case_id IN (SELECT case_id FROM collection_tmp_item)""",
            cycle.id,
        )
    )
    env.cr.execute(
        SQL(
            """INSERT INTO collection_cycle_line AS line
                      (cycle_id, company_id, case_id, level_id, decision, item_count, amount, oldest_due_date,
                       reason_code, reasons, until_date, channels, needs_approval,
                       create_uid, create_date, write_uid, write_date)
               SELECT %(cycle)s, %(company)s, decided.*, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                 FROM (SELECT kase.case_id, kase.level_id, 'planned', count(*), max(kase.amount), min(item.due_date),
                              NULL, NULL::jsonb, NULL::date, max(message.channels), bool_or(message.needs_approval)
                         FROM collection_tmp_case kase
                         JOIN collection_tmp_item item ON item.case_id = kase.case_id AND item.advances
                         LEFT JOIN (SELECT message.case_id,
                                           string_agg(DISTINCT message.channel, ',' ORDER BY message.channel) AS channels,
                                           bool_or(message.state = 'review' AND pending.approved_at IS NULL
                                                   OR pending.state = 'review') AS needs_approval
                                      FROM collection_tmp_message message
                                      LEFT JOIN collection_action pending ON pending.id = message.action_id
                                     GROUP BY message.case_id) message ON message.case_id = kase.case_id
                        WHERE NOT EXISTS (SELECT 1 FROM collection_tmp_case_stop stop WHERE stop.case_id = kase.case_id)
                        GROUP BY kase.case_id, kase.level_id
                       UNION ALL
                       SELECT held.case_id, held.level_id,
                              'withheld',
                              count(DISTINCT held.item_id), sum(held.amount_residual) FILTER (WHERE held.position = 1),
                              min(held.due_date), min(held.code),
                              %(reasons)s,
                              max(held.until), NULL, FALSE
                         FROM (SELECT reason.*,
                                      row_number() OVER (PARTITION BY item_id ORDER BY is_whole DESC, code) AS position
                                 FROM (SELECT item.case_id, item.level_id, item.item_id,
                                              COALESCE(round(stop.amount / item.per_unit, %(digits)s), item.amount_residual)
                                                  AS amount_residual,
                                              item.due_date, stop.code, stop.until, stop.info, stop.amount IS NULL AS is_whole
                                         FROM collection_tmp_item item
                                         JOIN collection_tmp_stop stop ON stop.item_id = item.item_id
                                        WHERE item.reached
                                       UNION ALL
                                       SELECT item.case_id, item.level_id, item.item_id, item.amount_residual, item.due_date,
                                              stop.code, stop.until, stop.info, TRUE
                                         FROM collection_tmp_item item
                                         JOIN collection_tmp_case_stop stop ON stop.case_id = item.case_id
                                        WHERE item.advances) reason) held
                        WHERE NOT EXISTS (SELECT 1 FROM collection_cycle_line dropped
                                           WHERE dropped.cycle_id = %(cycle)s AND dropped.case_id = held.case_id
                                             AND dropped.decision = 'dropped')
                        GROUP BY held.case_id, held.level_id) decided
               ON CONFLICT (cycle_id, case_id, level_id, decision) DO UPDATE
                  SET item_count = excluded.item_count, amount = excluded.amount,
                      oldest_due_date = excluded.oldest_due_date, channels = excluded.channels,
                      needs_approval = excluded.needs_approval""",
            cycle=cycle.id,
            company=cycle.company_id.id,
            digits=cycle.company_id.currency_id.decimal_places,
            uid=env.uid,
            reasons=withhold.reasons_sql("held"),
        )
    )


def keep_contact_problems(env):
    """Remember on the cases in scope why no channel reaches the customer, and forget it where one does."""
    env.cr.execute(
        """UPDATE collection_case kase
              SET contact_problem_code = fresh.code,
                  contact_problem_values = CASE WHEN fresh.code IS NOT NULL
                                                THEN jsonb_strip_nulls(jsonb_build_object('text', fresh.info)) END
             FROM (SELECT kase.case_id, min(stop.code) AS code, min(stop.info) AS info
                     FROM collection_tmp_case kase
                     LEFT JOIN (SELECT case_id, code, info FROM collection_tmp_case_stop
                                UNION ALL
                                SELECT item.case_id, stop.code, stop.info
                                  FROM collection_tmp_stop stop JOIN collection_tmp_item item USING (item_id)) stop
                       ON stop.case_id = kase.case_id
                      AND stop.code IN ('no_address', 'invalid_address', 'blacklisted', 'bounced')
                    GROUP BY kase.case_id) fresh
            WHERE kase.id = fresh.case_id AND kase.contact_problem_code IS DISTINCT FROM fresh.code"""
    )


def renew_actions(env, occasion):
    """Let each unsent action of a case that nothing holds back be about what ``occasion`` found, instead of adding one.

    ``occasion``: a cycle, or the request of a person, which is its own approval.
    Runs after `find_messages`. Their lines follow in `plan_actions`. In between, the unsent actions that were not renewed
    have to be cancelled: their lines would be in the way.
    """
    env.cr.execute(
        SQL(
            """UPDATE collection_action action
                  SET cycle_id = COALESCE(%(cycle)s, action.cycle_id), request_id = %(request)s,
                      level_id = message.level_id, step_id = message.step_id,
                      occasion = %(occasion)s, amount = message.amount, recipient = message.recipient,
                      amount_before = CASE WHEN action.amount != message.amount THEN action.amount
                                           ELSE action.amount_before END,
                      state = CASE WHEN message.state = 'queued' AND (action.state != 'review' OR %(approver)s IS NOT NULL)
                                   THEN 'queued'
                                   WHEN action.approved_at IS NOT NULL AND action.level_id = message.level_id THEN 'queued'
                                   ELSE 'review' END,
                      approved_at = CASE WHEN %(approver)s IS NOT NULL THEN now() AT TIME ZONE 'UTC'
                                         WHEN action.level_id = message.level_id THEN action.approved_at END,
                      approved_by_id = CASE WHEN %(approver)s IS NOT NULL THEN %(approver)s
                                            WHEN action.level_id = message.level_id THEN action.approved_by_id END,
                      planned_date = %(date)s, cycle_line_id = COALESCE(message.cycle_line_id, action.cycle_line_id),
                      write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
                 FROM (SELECT message.*, line.id AS cycle_line_id FROM collection_tmp_message message
                         LEFT JOIN collection_cycle_line line
                           ON line.cycle_id = %(cycle)s AND line.case_id = message.case_id
                          AND line.decision = 'planned') message
                WHERE action.id = message.action_id""",
            **_origin(occasion),
            occasion=occasion._occasion(),
            date=occasion.date,
            uid=env.uid,
        )
    )
    _delete_lines_of_updated_actions(env)


def not_renewed(env, occasion):
    """Return the ids of the unsent actions that ``occasion`` looked at and `renew_actions` left alone.

    A cycle looks at all of its company; the request of a person only at the cases that it writes to.
    """
    older = SQL("action.planned_date < %s AND action.cycle_id IS DISTINCT FROM %s", occasion.date, _origin(occasion)["cycle"])
    env.cr.execute(
        SQL(
            """SELECT action.id FROM collection_action action
                WHERE action.state IN ('planned', 'review', 'queued') AND action.company_id = %(company)s
                  AND (%(older)s OR action.case_id IN (SELECT case_id FROM collection_tmp_message))
                  AND action.id NOT IN (SELECT action_id FROM collection_tmp_message WHERE action_id IS NOT NULL)""",
            company=occasion.company_id.id,
            older=older if occasion._name == "collection.cycle" else SQL("FALSE"),
        )
    )
    return [row[0] for row in env.cr.fetchall()]


def plan_actions(env, occasion, repeat_cause="repeated"):
    """Write an action for each message that renews none, and the lines of all. Return their number."""
    env.cr.execute(_insert_actions(env, occasion))
    _record_repeats(env, occasion.date, repeat_cause)
    insert_lines(env, occasion.date)
    env.cr.execute("SELECT count(*) FROM collection_tmp_message WHERE action_id IS NOT NULL")
    return env.cr.fetchone()[0]


def planned(env):
    """Return the ids of the actions that `plan_actions` wrote or renewed."""
    rows = env.execute_query(SQL("SELECT action_id FROM collection_tmp_message WHERE action_id IS NOT NULL"))
    return [action_id for (action_id,) in rows]


def replan(env, actions, date, repeat_cause="repeated"):
    """Rewrite the lines of unsent ``actions`` from what `select` and `withhold` found for their cases on ``date``.

    Returns the actions that still have something to say; the others have nothing left to claim.
    """
    env.cr.execute(_planned_messages(actions.ids))
    env.cr.execute(
        SQL(
            """UPDATE collection_action action
                  SET level_id = message.level_id, step_id = message.step_id, amount_before = action.amount,
                      amount = message.amount, planned_date = %(date)s,
                      state = CASE WHEN %(unapproved)s THEN 'review' ELSE action.state END,
                      approved_at = CASE WHEN %(unapproved)s THEN NULL ELSE action.approved_at END,
                      approved_by_id = CASE WHEN %(unapproved)s THEN NULL ELSE action.approved_by_id END
                 FROM collection_tmp_message message WHERE action.id = message.action_id""",
            date=date,
            # What a person approved was another level: this one needs an approval of its own.
            unapproved=SQL(
                """(message.state = 'review'
                    AND (action.approved_at IS NULL OR action.level_id IS DISTINCT FROM message.level_id))"""
            ),
        )
    )
    _delete_lines_of_updated_actions(env)
    _record_repeats(env, date, repeat_cause)
    insert_lines(env, date)
    env.cr.execute("SELECT DISTINCT action_id FROM collection_tmp_message")
    alive = actions.browse([row[0] for row in env.cr.fetchall()])
    actions.invalidate_recordset(flush=False)
    actions.line_ids.invalidate_recordset(flush=False)
    return alive


def outdated(env, actions):
    """Return the ``actions`` whose claim is not what the ledger and the stops say now.

    Compares with what `select` and `withhold` found for their cases: an item paid, partly paid, stopped, cancelled or
    moved, a credit that came or went, or something overdue where a courtesy message was planned. Progress is not looked
    at, so this also works for a message in the queue.
    """
    env.cr.execute(
        SQL(
            """SELECT action.id FROM collection_action action
                WHERE action.id = ANY(%(actions)s)
                  AND (EXISTS (SELECT 1 FROM collection_action_line line
                                 LEFT JOIN collection_tmp_item item ON item.item_id = line.item_id
                                WHERE line.action_id = action.id
                                  AND (item.item_id IS NULL OR item.case_id != action.case_id
                                       OR NOT (item.collectable OR item.is_credit)
                                       OR item.currency_id != line.currency_id
                                       OR item.due_date != line.due_date
                                       OR item.amount_residual_currency != line.amount_residual_currency
                                       OR item.stopped != COALESCE(line.amount_stopped_currency, 0)))
                       OR EXISTS (SELECT 1 FROM collection_tmp_item item
                                   WHERE item.case_id = action.case_id AND item.is_credit
                                     AND NOT EXISTS (SELECT 1 FROM collection_action_line line
                                                      WHERE line.action_id = action.id AND line.item_id = item.item_id)
                                     AND (action.contact_id IS NULL OR action.contact_id = item.contact_id))
                       OR action.id IN (%(late)s))""",
            actions=actions.ids,
            late=_late_courtesies(actions),
        )
    )
    return actions.browse([row[0] for row in env.cr.fetchall()])


def misdirected(env, actions):
    """Return {action id: text of the hold} of those ``actions`` that would reach others than who alone may be written to."""
    recipients = actions._fields["recipient_ids"]
    rows = env.execute_query(
        SQL(
            """SELECT action.id, kase.only_info
                 FROM collection_action action JOIN collection_tmp_case kase ON kase.case_id = action.case_id
                WHERE action.id = ANY(%(actions)s) AND kase.only_contact_id IS NOT NULL
                  AND EXISTS (SELECT 1 FROM %(relation)s recipient
                               WHERE recipient.%(action)s = action.id AND recipient.%(partner)s != kase.only_contact_id)""",
            actions=actions.ids,
            relation=SQL.identifier(recipients.relation),
            action=SQL.identifier(recipients.column1),
            partner=SQL.identifier(recipients.column2),
        )
    )
    return dict(rows)


def _late_courtesies(actions):
    """SELECT of those ``actions`` that are courtesy messages to a customer who has something overdue by now."""
    return SQL(
        """SELECT line.action_id FROM collection_action_line line
             JOIN collection_action action ON action.id = line.action_id
             JOIN collection_tmp_claim claim ON claim.case_id = action.case_id
            WHERE action.id = ANY(%s) AND line.advances AND line.level_days <= 0 AND claim.has_overdue""",
        actions.ids,
    )


def causes(env, actions):
    """Return {action id: (code, text)}: why an item of these actions is held back or gone, the advancing ones first."""
    rows = env.execute_query(
        SQL(
            """SELECT DISTINCT ON (action_id) action_id, code, info
                 FROM (SELECT line.action_id, line.advances, stop.code, stop.info
                         FROM collection_action_line line JOIN collection_tmp_stop stop ON stop.item_id = line.item_id
                        WHERE line.action_id = ANY(%(actions)s)
                       UNION ALL
                       SELECT gone.action_id, gone.advances, gone.code, NULL FROM (%(gone)s) gone
                       UNION ALL
                       SELECT late.action_id, TRUE, 'overdue_meanwhile', NULL FROM (%(late)s) late) cause
                ORDER BY action_id, advances DESC, code""",
            gone=project.gone_lines(actions.ids),
            late=_late_courtesies(actions),
            actions=actions.ids,
        )
    )
    return {action_id: (code, text) for action_id, code, text in rows}


def pretend_unsent(env, actions):
    """Let the items that sent ``actions`` advance reach that level as if the messages had not been sent.

    Runs between `select` and `withhold`, so that these look at a message in the queue as they looked at it before.
    """
    env.cr.execute(
        SQL(
            """UPDATE collection_tmp_item item
                  SET level_id = line.level_id, level_days = line.level_days,
                      reached = item.amount_residual_currency > 0 AND NOT item.is_small
                 FROM collection_action_line line
                WHERE line.action_id = ANY(%s) AND line.advances AND line.item_id = item.item_id""",
            actions.ids,
        )
    )


# -- steps of the above --------------------------------------------------------------------------------------------


def _origin(occasion):
    """Return what an action keeps of the cycle or the request that it comes from: ids, None where it does not apply."""
    if occasion._name == "collection.cycle":
        return {"cycle": occasion.id, "request": None, "approver": None}
    return {"cycle": None, "request": occasion.id, "approver": occasion._get_approver().id or None}


def _planned_messages(action_ids=None):
    """Statement for ``collection_tmp_message``: one row per case, recipient group and step that will be used.

    The tone of a message is that of the highest level that advances in it. A step that is the fallback of another one is
    used only where that one reaches nobody. ``action_ids``: only rows that bring one of these actions up to date; else
    every unsent action of the case and channel is.
    """
    return SQL(
        """DROP TABLE IF EXISTS collection_tmp_message;
           CREATE TEMPORARY TABLE collection_tmp_message ON COMMIT DROP AS
           WITH tone AS (
               SELECT case_id, 0 AS contact_id, level_id, mode FROM collection_tmp_case
               UNION ALL
               (SELECT DISTINCT ON (item.case_id, item.contact_id) item.case_id, item.contact_id, level.id,
                       CASE WHEN kase.by_person THEN 'auto' WHEN file.needs_review THEN 'review' ELSE level.mode END
                  FROM collection_tmp_item item
                  JOIN collection_tmp_case kase ON kase.case_id = item.case_id
                  LEFT JOIN collection_level level ON level.id = item.level_id
                  JOIN collection_case file ON file.id = item.case_id
                 WHERE item.advances AND item.case_id IN (SELECT case_id FROM collection_tmp_recipient WHERE contact_id != 0)
                 ORDER BY item.case_id, item.contact_id, item.level_days DESC NULLS LAST)
           ), usable AS MATERIALIZED (
               SELECT kase.case_id, kase.debtor_id, tone.level_id, tone.mode, kase.amount, step.id AS step_id,
                      recipient.channel, step.fallback_of_id, recipient.contact_id,
                      string_agg(DISTINCT recipient.address, ', ') AS recipient
                 FROM collection_tmp_case kase
                 JOIN tone ON tone.case_id = kase.case_id
                 LEFT JOIN collection_step step ON step.level_id = tone.level_id AND kase.channel IS NULL
                 JOIN collection_tmp_recipient recipient
                   ON recipient.case_id = kase.case_id AND recipient.contact_id = tone.contact_id
                  AND recipient.channel = COALESCE(kase.channel, step.channel) AND recipient.problem IS NULL
                WHERE NOT EXISTS (SELECT 1 FROM collection_tmp_case_stop stop WHERE stop.case_id = kase.case_id)
                GROUP BY kase.case_id, kase.debtor_id, tone.level_id, tone.mode, kase.amount, step.id, recipient.contact_id,
                         recipient.channel
           )
           SELECT usable.case_id, usable.contact_id, usable.debtor_id, usable.level_id, usable.step_id, usable.channel,
                  usable.recipient,
                  CASE usable.mode WHEN 'auto' THEN 'queued' ELSE 'review' END AS state,
                  CASE usable.contact_id WHEN 0 THEN usable.amount ELSE own.amount END AS amount, pending.id AS action_id
             FROM (SELECT usable.*, array_agg(step_id) OVER (PARTITION BY case_id, contact_id) AS step_ids FROM usable) usable
             LEFT JOIN (%(amounts)s) own ON own.case_id = usable.case_id AND own.contact_id = usable.contact_id
             LEFT JOIN collection_action pending
               ON pending.case_id = usable.case_id AND pending.channel = usable.channel
              AND COALESCE(pending.contact_id, 0) = usable.contact_id AND pending.state IN ('planned', 'review', 'queued')
            WHERE (usable.contact_id = 0 OR own.case_id IS NOT NULL)
              AND (usable.fallback_of_id IS NULL OR usable.fallback_of_id != ALL(usable.step_ids))
              AND %(scope)s""",
        amounts=SQL(
            """SELECT summed.case_id, summed.contact_id,
                      round(sum(summed.net / claim.per_unit) FILTER (WHERE summed.net > claim.tolerance),
                            max(currency.decimal_places)) AS amount
                 FROM (SELECT case_id, contact_id, currency_id,
                              sum(claimable)
                                  FILTER (WHERE is_credit OR (collectable AND (is_overdue OR advances))) AS net,
                              bool_or(advances) AS advances
                         FROM collection_tmp_item
                        WHERE case_id IN (SELECT case_id FROM collection_tmp_recipient WHERE contact_id != 0)
                        GROUP BY case_id, contact_id, currency_id) summed
                 JOIN collection_tmp_claim claim
                   ON claim.case_id = summed.case_id AND claim.currency_id = summed.currency_id
                 JOIN collection_case file ON file.id = summed.case_id
                 JOIN res_company company ON company.id = file.company_id
                 JOIN res_currency currency ON currency.id = company.currency_id
                GROUP BY summed.case_id, summed.contact_id
               HAVING bool_or(summed.advances)"""
        ),
        scope=SQL("TRUE") if action_ids is None else SQL("pending.id = ANY(%s)", action_ids),
    )


def _insert_actions(env, occasion):
    """Statement that writes an action for each message without one, and tells the message its id."""
    return SQL(
        """WITH written AS (
               INSERT INTO collection_action (cycle_id, request_id, approved_by_id, approved_at,
                                              cycle_line_id, case_id, contact_id, company_id, partner_id,
                                              level_id, step_id, channel, state, occasion, amount, currency_id,
                                              recipient, is_test,
                                              planned_date, waiting_since, scheduled_at,
                                              create_uid, create_date, write_uid, write_date)
               SELECT %(cycle)s::int, %(request)s::int, %(approver)s::int,
                      CASE WHEN %(approver)s IS NOT NULL THEN now() AT TIME ZONE 'UTC' END,
                      line.id, message.case_id, NULLIF(message.contact_id, 0), %(company)s, message.debtor_id,
                      message.level_id, message.step_id, message.channel, message.state, %(occasion)s, message.amount,
                      %(currency)s, message.recipient, %(is_test)s, %(date)s, %(date)s, %(now)s,
                      %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                 FROM collection_tmp_message message
                 LEFT JOIN collection_cycle_line line
                   ON line.cycle_id = %(cycle)s AND line.case_id = message.case_id AND line.decision = 'planned'
                WHERE message.action_id IS NULL
                ORDER BY message.case_id
               ON CONFLICT DO NOTHING
               RETURNING id, case_id, step_id, COALESCE(contact_id, 0) AS contact_id)
           UPDATE collection_tmp_message message SET action_id = written.id
             FROM written
            WHERE message.action_id IS NULL AND written.case_id = message.case_id
              AND written.step_id IS NOT DISTINCT FROM message.step_id AND written.contact_id = message.contact_id""",
        **_origin(occasion),
        company=occasion.company_id.id,
        occasion=occasion._occasion(),
        currency=occasion.company_id.currency_id.id,
        is_test=occasion.company_id.collection_test_mode,
        now=fields.Datetime.now(),  # dispatch compares it with this clock, not with that of the database
        date=occasion.date,
        uid=env.uid,
    )


def _delete_lines_of_updated_actions(env):
    env.cr.execute(
        """DELETE FROM collection_action_line
            WHERE action_id IN (SELECT action_id FROM collection_tmp_message WHERE action_id IS NOT NULL)"""
    )


def _record_repeats(env, date, cause="repeated"):
    """Sending the last level once more is an event that allows it: it opens a new round of the item."""
    env.cr.execute(
        SQL(
            """WITH again AS MATERIALIZED (
                   SELECT case_id, item_id, company_id, round FROM collection_tmp_item WHERE advances AND repeats),
               repeated AS (
                   INSERT INTO collection_round (item_id, company_id, number, cause, restarts, date,
                                                 create_uid, create_date, write_uid, write_date)
                   SELECT DISTINCT item.item_id, item.company_id, item.round + 1, %(cause)s, FALSE, %(date)s::date,
                          %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                     FROM again item
                     JOIN collection_tmp_message message ON message.case_id = item.case_id
                    WHERE message.action_id IS NOT NULL
                      AND NOT EXISTS (SELECT 1 FROM collection_round round
                                       WHERE round.item_id = item.item_id AND round.number = item.round
                                         AND round.cause = %(cause)s
                                         AND NOT EXISTS (SELECT 1 FROM collection_action_line line
                                                          WHERE line.item_id = item.item_id AND line.round = item.round
                                                            AND line.advances AND line.is_live))
                   ON CONFLICT (item_id, number) DO NOTHING
                   RETURNING item_id, number),
               raised AS (
                   UPDATE collection_item item SET round = repeated.number FROM repeated WHERE item.id = repeated.item_id
                   RETURNING item.id, item.round)
               UPDATE collection_tmp_item item SET round = raised.round FROM raised WHERE item.item_id = raised.id""",
            date=date,
            cause=cause,
            uid=env.uid,
        )
    )


def insert_lines(env, date):
    """Write the lines of the actions in ``collection_tmp_message``: what advances, what else is overdue, the credits.

    An item that a message is about without a level of its own keeps the one it has. A courtesy message reminded of nothing.
    """
    env.cr.execute(
        SQL(
            """INSERT INTO collection_action_line
                      (action_id, company_id, item_id, advances, is_live, round, channel, move_line_id, move_id, instalment,
                       level_id, level_name, level_days, reminded_date, move_name, move_reference, invoice_date, due_date,
                       days_overdue, amount_original_currency, amount_residual, amount_residual_currency,
                       amount_stopped_currency, currency_id,
                       create_uid, create_date, write_uid, write_date)
               SELECT message.action_id, action.company_id, item.item_id, item.advances AND item.level_id IS NOT NULL,
                      NOT action.is_test, item.round,
                      message.channel, item.move_line_id, item.move_id, file.instalment,
                      level.id,
                      COALESCE(level.name->>%(lang)s, level.name->>'en_US'),
                      CASE WHEN item.advances AND item.level_id IS NOT NULL THEN item.level_days ELSE item.got_days END,
                      CASE WHEN item.got_days > 0 THEN item.got_date END,
                      move.name, move.ref, COALESCE(move.invoice_date, move.date), item.due_date,
                      %(date)s::date - item.due_date, line.amount_currency, item.amount_residual, item.amount_residual_currency,
                      item.stopped, item.currency_id, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                 FROM collection_tmp_message message
                 JOIN collection_action action ON action.id = message.action_id
                 JOIN collection_tmp_item item ON item.case_id = message.case_id
                 JOIN collection_item file ON file.id = item.item_id
                 JOIN account_move move ON move.id = item.move_id
                 JOIN account_move_line line ON line.id = item.move_line_id
                 LEFT JOIN collection_level level
                   ON level.id = COALESCE(CASE WHEN item.advances THEN item.level_id END, file.level_id)
                WHERE (message.contact_id = 0 OR message.contact_id = item.contact_id)
                  AND (item.is_credit OR item.advances OR (item.collectable AND item.is_overdue))
                ORDER BY message.action_id, item.due_date, item.item_id""",
            lang=env.lang or "en_US",
            date=date,
            uid=env.uid,
        )
    )
