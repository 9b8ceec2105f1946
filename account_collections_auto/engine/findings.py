"""Findings: what `select` and `withhold` found for the customers of a person's request becomes its lines.

One row per customer: what would be sent, to whom, or why it is left out. A constant number of statements.
"""

from odoo.tools import SQL

from . import withhold


def add_lines(env, request, case_ids):
    """Write a line for each of the cases; what it says comes with `record`."""
    env.cr.execute(
        SQL(
            """INSERT INTO collection_request_line (request_id, company_id, case_id, state, item_count, amount,
                                                    create_uid, create_date, write_uid, write_date)
               SELECT %(request)s, %(company)s, kase.id, 'left_out', 0, 0,
                      %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                 FROM collection_case kase WHERE kase.id = ANY(%(cases)s) ORDER BY kase.oldest_due_date, kase.id
               ON CONFLICT DO NOTHING""",
            request=request.id,
            company=request.company_id.id,
            cases=list(case_ids),
            uid=env.uid,
        )
    )


def record(env, request, lines, state, vanished=None):
    """Let ``lines`` say what was found: ``state`` where a message would leave, else left out with all reasons.

    ``vanished``: the reason of a customer of whom nothing is left to write about; None to find out which.
    """
    env.cr.execute(
        SQL(
            """WITH reason AS (
                   SELECT stop.case_id, stop.code, stop.until, stop.info FROM collection_tmp_case_stop stop
                   UNION ALL
                   SELECT item.case_id, stop.code, stop.until, stop.info
                     FROM collection_tmp_stop stop JOIN collection_tmp_item item ON item.item_id = stop.item_id
                    WHERE (item.reached OR item.is_overdue OR item.waits_until IS NOT NULL)
                      AND NOT EXISTS (SELECT 1 FROM collection_tmp_case kase WHERE kase.case_id = item.case_id)
               ), held AS (
                   SELECT case_id, min(code) AS code, max(until) AS until, %(reasons)s AS reasons FROM reason GROUP BY case_id
               ), message AS (
                   SELECT kase.case_id, kase.level_id, kase.amount, count(*) AS items, max(item.got_date) AS got_date
                     FROM collection_tmp_case kase JOIN collection_tmp_item item USING (case_id)
                    WHERE item.advances GROUP BY kase.case_id, kase.level_id, kase.amount
               ), recipient AS (
                   SELECT case_id, string_agg(DISTINCT address, ', ') AS address,
                          (array_agg(lang ORDER BY contact_id, partner_id))[1] AS lang
                     FROM collection_tmp_recipient WHERE problem IS NULL GROUP BY case_id
               ), fresh AS (
                   SELECT kase.id AS case_id, message.level_id, COALESCE(message.items, 0) AS items,
                          COALESCE(message.amount, 0) AS amount, message.got_date, recipient.address, recipient.lang,
                          held.until, COALESCE(held.code, nothing.code) AS code,
                          COALESCE(held.reasons, CASE WHEN nothing.code IS NOT NULL THEN
                              jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('code', nothing.code, 'date',
                                  CASE WHEN nothing.code = 'not_reached' THEN kase.next_action_date END))) END) AS reasons
                     FROM collection_case kase
                     LEFT JOIN held ON held.case_id = kase.id
                     LEFT JOIN message ON message.case_id = kase.id
                     LEFT JOIN recipient ON recipient.case_id = kase.id
                     LEFT JOIN LATERAL (%(nothing)s) nothing ON message.case_id IS NULL
                    WHERE kase.id = ANY(%(cases)s))
               UPDATE collection_request_line line
                  SET state = CASE WHEN fresh.code IS NULL THEN %(state)s ELSE 'left_out' END,
                      level_id = fresh.level_id, item_count = fresh.items, amount = fresh.amount,
                      last_sent_date = fresh.got_date, recipient = fresh.address, lang = fresh.lang,
                      reason_code = fresh.code, reasons = fresh.reasons, until_date = fresh.until,
                      write_uid = %(uid)s, write_date = now() AT TIME ZONE 'UTC'
                 FROM fresh
                WHERE line.id = ANY(%(lines)s) AND line.case_id = fresh.case_id""",
            reasons=withhold.reasons_sql("reason"),
            nothing=SQL("SELECT %s AS code", vanished) if vanished else _nothing_to_send(request),
            cases=lines.case_id.ids,
            lines=lines.ids,
            state=state,
            uid=env.uid,
        )
    )
    lines.invalidate_recordset(flush=False)


def _nothing_to_send(request):
    """SELECT why nothing can be sent to ``kase``, though nothing holds it back."""
    return SQL(
        """SELECT CASE WHEN kase.plan_id IS NULL THEN 'no_plan'
                       WHEN NOT EXISTS (SELECT 1 FROM collection_tmp_item item
                                         WHERE item.case_id = kase.id AND NOT item.is_credit) THEN 'nothing_open'
                       WHEN %(kind)s = 'message' THEN 'nothing_due'
                       WHEN %(kind)s = 'again' THEN 'never_sent'
                       WHEN kase.next_action_date > %(date)s THEN 'not_reached'
                       ELSE 'no_further_level' END AS code""",
        kind=request.kind,
        date=request.date,
    )


def hold_back_other_levels(env, lines):
    """A person saw one level; what reaches another one by now asks for another look."""
    env.cr.execute(
        SQL(
            """INSERT INTO collection_tmp_case_stop (case_id, code)
               SELECT kase.case_id, 'level_changed'
                 FROM collection_tmp_case kase JOIN collection_request_line line ON line.case_id = kase.case_id
                WHERE line.id = ANY(%s) AND line.level_id IS DISTINCT FROM kase.level_id""",
            lines.ids,
        )
    )


def leave_out_unwritten(env, lines):
    """A customer to whom somebody else is writing at this moment gets no second message."""
    env.cr.execute(
        SQL(
            """UPDATE collection_request_line line
                  SET state = 'left_out', reason_code = 'awaiting_review',
                      reasons = jsonb_build_array(jsonb_build_object('code', 'awaiting_review'))
                WHERE line.id = ANY(%s) AND line.state = 'sent'
                  AND NOT EXISTS (SELECT 1 FROM collection_tmp_message message
                                   WHERE message.case_id = line.case_id AND message.action_id IS NOT NULL)""",
            lines.ids,
        )
    )
    lines.invalidate_recordset(flush=False)


def note_what_was_set_aside(env, request):
    """Record on the messages which reasons the person set aside, and why."""
    env.cr.execute(
        SQL(
            """UPDATE collection_action action
                  SET set_aside = aside.reasons, set_aside_because = %(because)s
                 FROM (SELECT case_id, %(reasons)s AS reasons FROM collection_tmp_set_aside aside GROUP BY case_id) aside
                WHERE action.id IN (SELECT action_id FROM collection_tmp_message) AND action.case_id = aside.case_id""",
            because=request.set_aside_because,
            reasons=withhold.reasons_sql("aside"),
        )
    )
