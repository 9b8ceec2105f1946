"""Told: of which answers customers are told in a message of its own, and what became of it. See `collection.told.mixin`."""

from odoo.tools import SQL

_DEAD = ("cancelled", "failed", "bounced")


def to_tell_sql(records, company, date):
    """Return a SELECT of the (id, case_id, is_first) of the ``records`` of which customers are to be told on ``date``.

    ``is_first``: reminders wait for it. Not where something held it back before, unless that was only the gap.
    """
    return SQL(
        """SELECT record.id, record.case_id,
                  record.message_tried_on IS NULL
                      OR jsonb_array_length(record.message_reasons) = 1
                         AND record.message_reasons->0->>'code' = 'gap' AS is_first
             FROM %(table)s record
             JOIN collection_case kase ON kase.id = record.case_id AND kase.needs_review IS NOT TRUE
             JOIN collection_plan plan ON plan.id = kase.plan_id
            WHERE record.company_id = %(company)s AND record.active AND %(is_to_tell)s AND %(is_waiting)s
              AND (record.message_tried_on IS NULL OR record.message_tried_on < %(date)s)""",
        table=SQL.identifier(records._table),
        company=company.id,
        date=date,
        is_to_tell=records._is_to_tell_sql(),
        is_waiting=records._is_waiting_sql(company, date),
    )


def hold_back_told(env, request, records):
    """Hold back the customers of a ``request`` about ``records`` who were told already, or of whom nothing is to tell now."""
    env.cr.execute(
        SQL(
            """INSERT INTO collection_tmp_case_stop (case_id, code)
               SELECT kase.case_id, %(code)s FROM collection_tmp_case kase
                WHERE NOT EXISTS (
                    SELECT 1 FROM %(relation)s link
                      JOIN %(table)s record ON record.id = link.%(record)s AND record.case_id = kase.case_id
                      LEFT JOIN collection_action told ON told.id = record.message_action_id AND told.state NOT IN %(dead)s
                                                      AND told.request_id IS DISTINCT FROM %(id)s
                     WHERE link.%(request)s = %(id)s AND %(is_to_tell)s AND told.id IS NULL)""",
            code=records._told_code,
            is_to_tell=records._is_to_tell_sql(),
            **_relation(request, records),
        )
    )


def note_messages(env, request, records):
    """Write on ``records`` which messages of ``request`` told their customers."""
    env.cr.execute(
        SQL(
            """UPDATE %(table)s record SET message_action_id = told.id, message_reasons = NULL
                 FROM (SELECT case_id, min(id) AS id FROM collection_action
                        WHERE request_id = %(id)s AND state NOT IN %(dead)s GROUP BY case_id) told,
                      %(relation)s link
                WHERE link.%(request)s = %(id)s AND link.%(record)s = record.id AND told.case_id = record.case_id
                  AND record.message_action_id IS DISTINCT FROM told.id""",
            **_relation(request, records),
        )
    )


def note_reasons(env, request, records, date):
    """Write on ``records`` that ``request`` tried on ``date`` to tell their customers, and why some got no message."""
    env.cr.execute(
        SQL(
            """UPDATE %(table)s record
                  SET message_tried_on = %(date)s, message_reasons = CASE WHEN line.state = 'left_out' THEN line.reasons END
                 FROM collection_request_line line, %(relation)s link
                WHERE link.%(request)s = %(id)s AND link.%(record)s = record.id
                  AND line.request_id = %(id)s AND line.case_id = record.case_id""",
            date=date,
            **_relation(request, records),
        )
    )


def _relation(request, records):
    field = request._fields[records._told_field]
    return {
        "table": SQL.identifier(records._table),
        "relation": SQL.identifier(field.relation),
        "request": SQL.identifier(field.column1),
        "record": SQL.identifier(field.column2),
        "id": request.id,
        "dead": _DEAD,
    }
