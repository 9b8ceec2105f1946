"""What of instalments may not be charged to the card or account of a customer on a day, because something stops it."""

from odoo.tools import SQL

from .instalments import progress_sql, stopped_sql, stops_sql
from .withhold import reasons_sql, stop_models


def find_stopped(env, company, date):
    """Return {id of an instalment: (stopped amount, reasons)} of the running plans of ``company``. One statement for all.

    Whatever stops an item counts, but for payment plans themselves. The reasons are for `collection.reason`.
    """
    env.flush_all()
    models = [model for model in stop_models(env) if model != "collection.payment.plan"]
    env.cr.execute(
        SQL(
            """WITH progress AS MATERIALIZED (%(progress)s), stop AS MATERIALIZED (%(stops)s), stopped AS (
                   SELECT id, sum(amount) AS amount, array_agg(item_id) AS item_ids FROM (%(stopped)s) part GROUP BY id
               )
               SELECT id, amount, (SELECT %(reasons)s FROM stop WHERE stop.item_id = ANY(stopped.item_ids)) FROM stopped""",
            progress=progress_sql(env, company, ("running",)),
            stops=stops_sql(env, company, date, models),
            stopped=stopped_sql(env),
            reasons=reasons_sql("stop"),
        )
    )
    return {line_id: (float(amount), reasons) for line_id, amount, reasons in env.cr.fetchall()}
