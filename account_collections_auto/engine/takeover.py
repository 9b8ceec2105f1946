"""Take over: levels that customers reached before us become evidence, without a message. Used once, at a safe start."""

from odoo import fields
from odoo.tools import SQL

from . import project, schedule, select


def take_over(env, company, level, *, older_than, sent_on, occasion):
    """Let each item of ``level``'s plan that is more than ``older_than`` days overdue and lower stand at ``level``.

    Writes one action per case in state `sent` and channel `record`, with one advancing line per item, as if it had left
    on ``sent_on``: levels and deadlines are derived from it like from any other, but it counts as no contact.
    """
    env.flush_all()
    date = company._collection_today()
    select.select(env, company, date)
    env.cr.execute(
        SQL(
            """DELETE FROM collection_tmp_item
                WHERE NOT (plan_id = %s AND collectable AND days_overdue > %s AND COALESCE(got_days, 0) < %s)""",
            level.plan_id.id,
            older_than,
            level.days_overdue,
        )
    )
    env.cr.execute(
        SQL(
            "UPDATE collection_tmp_item SET advances = TRUE, level_id = %s, level_days = %s RETURNING item_id",
            level.id,
            level.days_overdue,
        )
    )
    item_ids = [row[0] for row in env.cr.fetchall()]
    env.cr.execute(
        """CREATE TEMPORARY TABLE collection_tmp_message (
               action_id int, case_id int, contact_id int, channel text) ON COMMIT DROP"""
    )
    env.cr.execute(_insert_actions(env, company, level, sent_on, occasion))
    schedule.insert_lines(env, date)
    select.drop(env)
    project.refresh_progress(env, item_ids)
    project.refresh_cases(env, company.id, None)
    env.invalidate_all(flush=False)


def _insert_actions(env, company, level, sent_on, occasion):
    """Statement that writes the actions and keeps them in ``collection_tmp_message``, where their lines come from."""
    return SQL(
        """WITH message AS (
               INSERT INTO collection_action (case_id, company_id, partner_id, level_id, channel, state, occasion, amount,
                                              currency_id, is_test, planned_date, contact_date, deadline, sent_at,
                                              create_uid, create_date, write_uid, write_date)
               SELECT case_id, %(company)s, debtor_id, %(level)s, 'record', 'sent', %(occasion)s, sum(amount_residual),
                      %(currency)s, FALSE, %(sent_on)s, %(sent_on)s, %(deadline)s, %(now)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                 FROM collection_tmp_item GROUP BY case_id, debtor_id ORDER BY case_id
               RETURNING id, case_id
           )
           INSERT INTO collection_tmp_message SELECT id, case_id, 0, 'record' FROM message""",
        company=company.id,
        level=level.id,
        occasion=occasion,
        currency=company.currency_id.id,
        sent_on=sent_on,
        deadline=level._get_deadline(sent_on),
        now=fields.Datetime.now(),
        uid=env.uid,
    )
