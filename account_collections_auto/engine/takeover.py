"""Take over: levels that customers reached before us become evidence, without a message.

At a safe start somebody says which level the old items have; an import knows it of each item, with the day.
"""

from odoo import fields
from odoo.tools import SQL

from . import project, schedule, select


def take_over(env, company, level, *, older_than, sent_on, occasion):
    """Let each item of ``level``'s plan that is more than ``older_than`` days overdue and lower stand at ``level``.

    Writes one action per case in state `sent` and channel `record`, with one advancing line per item, as if it had left
    on ``sent_on``: levels and deadlines are derived from it like from any other, but it counts as no contact.
    """
    taken = SQL(
        """SELECT item_id, %s::int AS level_id, %s::date AS sent_on FROM collection_tmp_item
            WHERE plan_id = %s AND collectable AND days_overdue > %s AND COALESCE(got_days, 0) < %s""",
        level.id,
        sent_on,
        level.plan_id.id,
        older_than,
        level.days_overdue,
    )
    _record(env, company, taken, channel="record", occasion=occasion)


def import_progress(env, company, progress, levels, *, occasion):
    """Let the open items that ``progress`` names stand at their level from the day on which they were reminded.

    ``progress``: SELECT of (line_id, level_ref, sent_on); an unknown day counts as today, so that nobody is hurried.
    ``levels``: {level_ref: level}. Writes one action per case, level and day, in state `sent` and channel `imported`: it
    counts as a contact, for the customer got a message. What stands as high already is left alone. Returns how many items.
    """
    if not levels:
        return 0
    taken = SQL(
        """SELECT DISTINCT ON (item.item_id) item.item_id, level.id AS level_id,
                  LEAST(COALESCE(progress.sent_on, %(today)s), %(today)s)::date AS sent_on
             FROM (%(progress)s) progress
             JOIN (SELECT * FROM unnest(%(refs)s, %(ids)s) AS pair (ref, id)) pair ON pair.ref = progress.level_ref
             JOIN collection_level level ON level.id = pair.id
             JOIN collection_tmp_item item ON item.move_line_id = progress.line_id
            WHERE NOT item.is_credit AND level.days_overdue > COALESCE(item.got_days, -100000)
            ORDER BY item.item_id, level.days_overdue DESC, progress.sent_on DESC NULLS FIRST""",
        progress=progress,
        today=company._collection_today(),
        refs=list(levels),
        ids=[level.id for level in levels.values()],
    )
    return _record(env, company, taken, channel="imported", occasion=occasion)


def _record(env, company, taken, *, channel, occasion):
    """Write the evidence for ``taken``, a SELECT of (item_id, level_id, sent_on) over ``collection_tmp_item``."""
    env.flush_all()
    date = company._collection_today()
    select.select(env, company, date)
    env.cr.execute(SQL("CREATE TEMPORARY TABLE collection_tmp_taken ON COMMIT DROP AS %s", taken))
    env.cr.execute("DELETE FROM collection_tmp_item WHERE item_id NOT IN (SELECT item_id FROM collection_tmp_taken)")
    env.cr.execute(
        """UPDATE collection_tmp_item item SET advances = TRUE, level_id = level.id, level_days = level.days_overdue
             FROM collection_tmp_taken taken JOIN collection_level level ON level.id = taken.level_id
            WHERE item.item_id = taken.item_id RETURNING item.item_id"""
    )
    item_ids = [row[0] for row in env.cr.fetchall()]
    env.cr.execute(
        """CREATE TEMPORARY TABLE collection_tmp_message (
               action_id int, case_id int, contact_id int, channel text) ON COMMIT DROP"""
    )
    env.cr.execute(_insert_actions(env, company, channel, occasion))
    schedule.insert_lines(env, date)
    select.drop(env)
    project.refresh_progress(env, item_ids)
    project.refresh_cases(env, company.id, None)
    env.invalidate_all(flush=False)
    return len(item_ids)


def _insert_actions(env, company, channel, occasion):
    """Statement that writes one action per case, level and day, and keeps them in ``collection_tmp_message``.

    The messages of a case are told apart by the contact of their items; here the number of the action stands in for it.
    """
    return SQL(
        """WITH message AS (
               INSERT INTO collection_action (case_id, company_id, partner_id, level_id, channel, state, occasion, amount,
                                              currency_id, is_test, planned_date, contact_date, deadline, sent_at,
                                              create_uid, create_date, write_uid, write_date)
               SELECT item.case_id, %(company)s, item.debtor_id, taken.level_id, %(channel)s, 'sent', %(occasion)s,
                      sum(item.amount_residual), %(currency)s, FALSE, taken.sent_on, taken.sent_on, deadline.day, %(now)s,
                      %(uid)s, %(now)s, %(uid)s, %(now)s
                 FROM collection_tmp_item item
                 JOIN collection_tmp_taken taken ON taken.item_id = item.item_id
                 JOIN (%(deadlines)s) deadline ON deadline.level_id = taken.level_id AND deadline.sent_on = taken.sent_on
                GROUP BY item.case_id, item.debtor_id, taken.level_id, taken.sent_on, deadline.day
                ORDER BY item.case_id, taken.sent_on
               RETURNING id, case_id, level_id, contact_date
           ), grouped AS (
               UPDATE collection_tmp_item item SET contact_id = message.id
                 FROM collection_tmp_taken taken, message
                WHERE taken.item_id = item.item_id AND message.case_id = item.case_id
                  AND message.level_id = taken.level_id AND message.contact_date = taken.sent_on
           )
           INSERT INTO collection_tmp_message SELECT id, case_id, id, %(channel)s FROM message""",
        company=company.id,
        channel=channel,
        occasion=occasion,
        currency=company.currency_id.id,
        deadlines=_deadlines(env),
        now=fields.Datetime.now(),
        uid=env.uid,
    )


def _deadlines(env):
    """SELECT of (level_id, sent_on, day): the last day to answer, as Python's calendars say."""
    env.cr.execute("SELECT DISTINCT level_id, sent_on FROM collection_tmp_taken ORDER BY 1, 2")
    rows = env.cr.fetchall()
    levels = {level.id: level for level in env["collection.level"].browse({level_id for level_id, _day in rows})}
    return SQL(
        "SELECT * FROM unnest(%s::int[], %s::date[], %s::date[]) AS answer (level_id, sent_on, day)",
        [level_id for level_id, _day in rows],
        [day for _level_id, day in rows],
        [levels[level_id]._get_deadline(day) for level_id, day in rows],
    )
