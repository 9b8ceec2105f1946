"""Instalments of payment plans: what is paid of them, from the ledger; what a reminder of one may claim.

Money matched with the items of a plan pays its instalments, the oldest one first; credit notes take off the last ones. With
an allocation "as agreed" each instalment is about one item, and the same holds for the instalments of that item. Money on
account, not matched with anything yet, covers what is late: nobody is reminded of it, and it ends no plan. It counts once,
whatever plans the customer has: what is due comes before what is to come, the older plan before the later one. What is
disputed, said to be paid, promised, on hold or being charged is not missed meanwhile; when a dispute, a promise or a hold
ends, the days of grace begin anew. A plan that ended though the money was dated in time (it was booked late) is found by
`find_paid_in_time`. A constant number of statements for all plans of a company.
"""

from odoo.tools import SQL

from .rates import rates_sql

# While one of these covers what is missing of an instalment, it is not missed.
EXCUSES = ("collection.dispute", "collection.hold", "collection.payment.notice", "collection.promise")
# As long as a charge is in one of these states, its instalment is not charged once more, and it is not missed.
UNDER_WAY = ("prepared", "asked", "pending", "unknown")
# The provider was asked, and has not answered for good: money may be moving.
MOVING = ("asked", "pending", "unknown")


def progress_sql(env, company, date, states, cases=None):
    """Return a SELECT, one row per instalment of the plans of ``company`` in ``states``, in the currency of the plan.

    (id, plan_id, case_id, currency_id, pool, date, amount, credited, paid, rest, account, covered): ``pool`` is the item that
    the instalment is about, 0 for all items of the plan; ``credited`` is taken off by credit notes since it was agreed;
    ``covered`` is what pays this instalment of all that lies on ``account`` on ``date``. Plans that ended more than a year
    before are left out. ``cases``: of these cases only.
    """
    items = env["collection.payment.plan"]._fields["item_ids"]
    return SQL(
        """WITH agreed AS MATERIALIZED (
               SELECT plan.id, plan.case_id, plan.currency_id, plan.allocation = 'agreed' AS by_item, plan.credited_before
                 FROM collection_payment_plan plan
                WHERE plan.company_id = %(company)s AND plan.active AND plan.state IN %(states)s AND %(scope)s
                  AND (plan.ended_on IS NULL OR plan.ended_on > %(date)s::date - 366)
           ), owed AS (
               SELECT agreed.id AS plan_id, CASE WHEN agreed.by_item THEN item.id ELSE 0 END AS pool,
                      sum(CASE WHEN item.active THEN GREATEST(item.amount_residual_currency, 0) ELSE 0 END) AS open,
                      GREATEST(sum(COALESCE(credit_note.amount, 0)
                                   - COALESCE((agreed.credited_before->>(item.id::text))::numeric, 0)), 0) AS credited
                 FROM agreed
                 JOIN %(relation)s link ON link.%(plan_column)s = agreed.id
                 JOIN collection_item item ON item.id = link.%(item_column)s
                 LEFT JOIN LATERAL (%(credited)s) credit_note ON TRUE
                GROUP BY agreed.id, CASE WHEN agreed.by_item THEN item.id ELSE 0 END
           ), on_account AS (
               SELECT holder.case_id, holder.currency_id, -sum(item.amount_residual_currency) AS amount
                 FROM (SELECT DISTINCT case_id, currency_id FROM agreed) holder
                 JOIN collection_item item ON item.case_id = holder.case_id AND item.currency_id = holder.currency_id
                                          AND item.active AND item.amount_residual_currency < 0
                GROUP BY holder.case_id, holder.currency_id
           ), listed AS (
               SELECT line.id, agreed.id AS plan_id, agreed.case_id, agreed.currency_id,
                      CASE WHEN agreed.by_item THEN COALESCE(line.item_id, 0) ELSE 0 END AS pool,
                      line.date, line.amount
                 FROM agreed JOIN collection_payment_plan_line line ON line.payment_plan_id = agreed.id
           ), reduced AS (
               SELECT listed.*, COALESCE(owed.open, 0) AS open,
                      LEAST(listed.amount, GREATEST(COALESCE(owed.credited, 0) - COALESCE(
                          sum(listed.amount) OVER (PARTITION BY listed.plan_id, listed.pool
                                                   ORDER BY listed.date DESC, listed.id DESC
                                                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), 0)) AS credited
                 FROM listed LEFT JOIN owed ON owed.plan_id = listed.plan_id AND owed.pool = listed.pool
           ), settled AS (
               SELECT reduced.*,
                      LEAST(amount - credited, GREATEST(
                          sum(amount - credited) OVER (PARTITION BY plan_id, pool) - open - COALESCE(
                              sum(amount - credited) OVER (PARTITION BY plan_id, pool ORDER BY date, id
                                                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), 0)) AS paid
                 FROM reduced
           )
           SELECT settled.id, settled.plan_id, settled.case_id, settled.currency_id, settled.pool, settled.date, settled.amount,
                  settled.credited, settled.paid, settled.amount - settled.credited - settled.paid AS rest,
                  COALESCE(on_account.amount, 0) AS account,
                  LEAST(settled.amount - settled.credited - settled.paid, GREATEST(COALESCE(on_account.amount, 0) - COALESCE(
                      sum(settled.amount - settled.credited - settled.paid)
                          OVER (PARTITION BY settled.case_id, settled.currency_id
                                ORDER BY settled.date > %(date)s, settled.plan_id, settled.date, settled.id
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), 0)) AS covered
             FROM settled
             LEFT JOIN on_account ON on_account.case_id = settled.case_id AND on_account.currency_id = settled.currency_id""",
        company=company.id,
        date=date,
        states=tuple(states),
        scope=_scope(cases),
        relation=SQL.identifier(items.relation),
        plan_column=SQL.identifier(items.column1),
        item_column=SQL.identifier(items.column2),
        credited=credited_sql(SQL("item.move_line_id")),
    )


def _scope(cases):
    """Return a condition on ``plan``: it is of ``cases``, where these are given."""
    return SQL("TRUE") if cases is None else SQL("plan.case_id = ANY(%s)", cases.ids)


def credited_sql(line_id):
    """Return a SELECT of (amount): what credit notes took off the journal item ``line_id`` (SQL), in its currency."""
    return SQL(
        """SELECT sum(partial.debit_amount_currency) AS amount
             FROM account_partial_reconcile partial
             JOIN account_move_line credit ON credit.id = partial.credit_move_id
             JOIN account_move credit_move ON credit_move.id = credit.move_id AND credit_move.move_type = 'out_refund'
            WHERE partial.debit_move_id = %s""",
        line_id,
    )


def stops_sql(env, company, date, models):
    """Return a SELECT of (item_id, code, until, info, amount): what the stops of ``models`` say of instalments on ``date``."""
    stops = SQL(" UNION ALL ").join(SQL("(%s)", env[model]._stopped_instalments_sql(company, date)) for model in models)
    return SQL("SELECT * FROM (%s) stop (item_id, code, until, info, amount)", stops)


def stopped_sql(env):
    """Return a SELECT of (id, item_id, amount): what of the rest of an instalment is stopped, by item. ``amount`` is above 0.

    Reads ``progress`` and ``stop``, as `progress_sql` and `stops_sql` return them. As in reminders, instalments claim the item
    that is due first before others, and of an item that is stopped in part the stopped part first.
    """
    items = env["collection.payment.plan"]._fields["item_ids"]
    return SQL(
        """SELECT * FROM (
               SELECT claim.id, debt.item_id,
                      LEAST(debt.stopped, GREATEST(LEAST(claim.up_to - debt.before, debt.open), 0))
                      - LEAST(debt.stopped, GREATEST(LEAST(claim.up_to - claim.rest - debt.before, debt.open), 0)) AS amount
                 FROM (SELECT id, plan_id, pool, rest, sum(rest) OVER (PARTITION BY plan_id, pool ORDER BY date, id) AS up_to
                         FROM progress) claim
                 JOIN (SELECT owed.*,
                              CASE WHEN stopped.whole THEN owed.open ELSE LEAST(stopped.amount, owed.open) END AS stopped
                         FROM (SELECT pool.plan_id, pool.pool, item.id AS item_id, item.amount_residual_currency AS open,
                                      COALESCE(sum(item.amount_residual_currency) OVER (
                                          PARTITION BY pool.plan_id, pool.pool ORDER BY item.due_date, item.id
                                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
                                 FROM (SELECT DISTINCT plan_id, pool FROM progress) pool
                                 JOIN %(relation)s link ON link.%(plan_column)s = pool.plan_id
                                 JOIN collection_item item ON item.id = link.%(item_column)s AND pool.pool IN (0, item.id)
                                                          AND item.active AND item.amount_residual_currency > 0) owed
                         JOIN (SELECT item_id, bool_or(amount IS NULL) AS whole, sum(amount) AS amount
                                 FROM stop GROUP BY item_id) stopped ON stopped.item_id = owed.item_id) debt
                   ON debt.plan_id = claim.plan_id AND debt.pool = claim.pool) shared
            WHERE amount > 0""",
        relation=SQL.identifier(items.relation),
        plan_column=SQL.identifier(items.column1),
        item_column=SQL.identifier(items.column2),
    )


def charges_under_way_sql(env, company):
    """Return a SELECT of (item_id, code, until, text): items of which money is being taken for a plan that runs no more.

    A charge goes on when its plan is broken off or cancelled: what it may bring is neither demanded nor charged once more.
    What of a running plan is being charged rests with the plan.
    """
    moving = SQL(
        "(charge.state IN %s OR charge.state = 'done' AND transaction.is_post_processed IS NOT TRUE)",
        MOVING,
    )
    return _charges_sql(env, company, SQL("'online_payment', NULL::date, charge.reference::text"), moving)


def _decided_charges_sql(env, company):
    """Return a SELECT as `_ended_sql`: until when items rested, because money was being taken for a plan that ran no more."""
    last_day = SQL("transaction.last_state_change::date")
    columns = SQL("charge.date, %s, %s, TRUE", last_day, last_day)
    return _charges_sql(env, company, columns, SQL("charge.state IN ('done', 'failed')"))


def _charges_sql(env, company, columns, condition):
    """Return a SELECT of the item and ``columns`` of the charges that fulfil ``condition``, of plans that run no more."""
    items = env["collection.payment.plan"]._fields["item_ids"]
    return SQL(
        """SELECT link.%(item_column)s, %(columns)s
             FROM collection_payment_plan_charge charge
             JOIN payment_transaction transaction ON transaction.id = charge.transaction_id
             JOIN collection_payment_plan plan ON plan.id = charge.payment_plan_id
             JOIN collection_payment_plan_line line ON line.id = charge.line_id
             JOIN %(relation)s link ON link.%(plan_column)s = plan.id
                                   AND link.%(item_column)s = COALESCE(line.item_id, link.%(item_column)s)
            WHERE charge.company_id = %(company)s AND plan.state != 'running' AND %(condition)s""",
        company=company.id,
        columns=columns,
        condition=condition,
        relation=SQL.identifier(items.relation),
        plan_column=SQL.identifier(items.column1),
        item_column=SQL.identifier(items.column2),
    )


def judge(env, company, date, cases=None):
    """Bring the running plans of ``company`` and their instalments in line with its ledger on ``date``.

    Returns [(plan id, state before, state after)] of the plans that changed their state. A plan that is done is looked at
    for another year: a payment that is undone opens its instalment again, which then gets its days of grace afresh.
    Nobody has missed anything before the days of grace after the acceptance are over, nor before those after a dispute or a
    hold that outlasted the day of the instalment. ``cases``: the plans of these cases only.
    """
    items = env["collection.payment.plan"]._fields["item_ids"]
    env.cr.execute(
        SQL(
            """WITH progress AS MATERIALIZED (%(progress)s), stop AS MATERIALIZED (%(stops)s), excused AS MATERIALIZED (
                   SELECT id, sum(amount) AS amount FROM (%(stopped)s) stopped GROUP BY id
               ), ended AS MATERIALIZED (%(ended)s), resumed AS MATERIALIZED (
                   SELECT progress.id, max(GREATEST(ended.last_day + plan.grace_days, ended.resume_date - 1)) AS until
                     FROM progress
                     JOIN collection_payment_plan plan ON plan.id = progress.plan_id
                     JOIN %(relation)s link ON link.%(plan_column)s = plan.id
                     JOIN ended ON ended.item_id = link.%(item_column)s AND progress.pool IN (0, ended.item_id)
                               AND ended.last_day >= progress.date
                    GROUP BY progress.id
               ), verdict AS (
                   SELECT progress.*, CASE WHEN rest <= tolerance THEN 'paid'
                                           WHEN progress.date >= %(date)s THEN 'open'
                                           WHEN rest - covered <= tolerance THEN 'covered'
                                           WHEN %(date)s <= grace_until
                                                OR answerable - account + COALESCE(
                                                    sum(answerable) OVER (PARTITION BY case_id, currency_id
                                                        ORDER BY progress.date > %(date)s, plan_id, date, id
                                                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) <= tolerance
                                                OR answerable <= tolerance THEN 'late'
                                           ELSE 'missed' END AS state
                     FROM (SELECT progress.*,
                                  GREATEST(GREATEST(progress.date, reopened, accepted_on) + grace_days, resumed_until)
                                      AS grace_until
                             FROM (SELECT progress.*, plan.grace_days, plan.accepted_on, resumed.until AS resumed_until,
                                  CASE WHEN EXISTS (SELECT 1 FROM collection_payment_plan_charge charge
                                                     WHERE charge.line_id = progress.id AND charge.state IN %(under_way)s)
                                       THEN 0 ELSE progress.rest - COALESCE(excused.amount, 0) END AS answerable,
                                  COALESCE(dunning.tolerance_amount, 0) * rate.per_unit AS tolerance,
                                  CASE WHEN line.state IN ('paid', 'covered') AND progress.date < %(date)s THEN %(date)s::date
                                       ELSE line.reopened_on END AS reopened
                             FROM progress
                             LEFT JOIN excused ON excused.id = progress.id
                             LEFT JOIN resumed ON resumed.id = progress.id
                             JOIN collection_payment_plan_line line ON line.id = progress.id
                             JOIN collection_payment_plan plan ON plan.id = progress.plan_id
                             JOIN collection_case kase ON kase.id = plan.case_id
                             JOIN (%(rates)s) rate ON rate.currency_id = plan.currency_id
                             LEFT JOIN collection_plan dunning ON dunning.id = kase.plan_id) progress) progress
               )
               UPDATE collection_payment_plan_line line
                  SET state = verdict.state, amount_paid = verdict.paid, amount_credited = verdict.credited,
                      amount_rest = verdict.rest, amount_covered = verdict.covered,
                      reopened_on = CASE WHEN verdict.state IN ('late', 'missed') THEN verdict.reopened END,
                      grace_until = CASE WHEN verdict.state IN ('late', 'missed') THEN verdict.grace_until END,
                      seen_on = CASE WHEN verdict.state = line.state THEN line.seen_on END
                 FROM verdict
                WHERE line.id = verdict.id
                  AND (line.state, line.amount_paid, line.amount_credited, line.amount_rest, line.amount_covered,
                       line.grace_until)
                      IS DISTINCT FROM (verdict.state, verdict.paid, verdict.credited, verdict.rest, verdict.covered,
                                        CASE WHEN verdict.state IN ('late', 'missed') THEN verdict.grace_until END)""",
            progress=progress_sql(env, company, date, ("running", "done"), cases),
            relation=SQL.identifier(items.relation),
            plan_column=SQL.identifier(items.column1),
            item_column=SQL.identifier(items.column2),
            ended=_ended_sql(env, company, date),
            stops=SQL(
                "%s UNION ALL SELECT found.*, NULL::numeric FROM (%s) found",
                stops_sql(env, company, date, EXCUSES),
                charges_under_way_sql(env, company),
            ),
            stopped=stopped_sql(env),
            under_way=UNDER_WAY,
            rates=rates_sql(company.id, date),
            date=date,
        )
    )
    env.cr.execute(
        SQL(
            """UPDATE collection_payment_plan plan
                  SET state = decided.after, amount_paid = decided.paid, amount_credited = decided.credited,
                      amount_rest = decided.rest, next_date = decided.next_date, missed_count = decided.missed,
                      ended_on = CASE WHEN decided.after = 'running' THEN NULL
                                      WHEN decided.after = decided.before THEN plan.ended_on ELSE %(date)s END
                 FROM (SELECT plan.id, plan.state AS before, sums.*,
                              CASE WHEN sums.open_count = 0 OR plan.state = 'done' AND %(others)s THEN 'done'
                                   WHEN sums.missed >= GREATEST(plan.max_missed, 1) THEN 'ended'
                                   ELSE 'running' END AS after
                         FROM collection_payment_plan plan
                         JOIN (SELECT payment_plan_id, sum(amount_paid) AS paid, sum(amount_credited) AS credited,
                                      sum(amount_rest) AS rest, min(date) FILTER (WHERE state != 'paid') AS next_date,
                                      count(*) FILTER (WHERE state = 'missed') AS missed,
                                      count(*) FILTER (WHERE state != 'paid') AS open_count
                                 FROM collection_payment_plan_line GROUP BY payment_plan_id) sums
                           ON sums.payment_plan_id = plan.id
                        WHERE plan.company_id = %(company)s AND plan.active AND %(scope)s
                          AND (plan.state = 'running' OR plan.state = 'done' AND plan.ended_on > %(date)s::date - 366)) decided
                WHERE plan.id = decided.id
                  AND (plan.state, plan.amount_paid, plan.amount_credited, plan.amount_rest, plan.next_date, plan.missed_count)
                      IS DISTINCT FROM (decided.after, decided.paid, decided.credited, decided.rest, decided.next_date,
                                        decided.missed)
               RETURNING plan.id, decided.before, decided.after""",
            company=company.id,
            date=date,
            scope=_scope(cases),
            others=_has_other_plan(env),
        )
    )
    return [row for row in env.cr.fetchall() if row[1] != row[2]]


def _has_other_plan(env):
    """Return a condition on ``plan``: another one pays one of its items by now. An item is paid by one plan at a time."""
    items = env["collection.payment.plan"]._fields["item_ids"]
    return SQL(
        """EXISTS (SELECT 1 FROM %(relation)s own
                     JOIN %(relation)s link ON link.%(item_column)s = own.%(item_column)s
                                           AND link.%(plan_column)s != own.%(plan_column)s
                     JOIN collection_payment_plan other ON other.id = link.%(plan_column)s AND other.active
                                                       AND other.state IN ('proposed', 'running')
                    WHERE own.%(plan_column)s = plan.id)""",
        relation=SQL.identifier(items.relation),
        plan_column=SQL.identifier(items.column1),
        item_column=SQL.identifier(items.column2),
    )


def _ended_sql(env, company, date):
    """Return a SELECT of (item_id, first_day, last_day, resume_date, is_whole): the excuses that are over on ``date``."""
    periods = [env[model]._ended_periods_sql(company, date) for model in EXCUSES]
    ended = SQL(" UNION ALL ").join(SQL("(%s)", period) for period in [*periods, _decided_charges_sql(env, company)])
    return SQL("SELECT * FROM (%s) ended (item_id, first_day, last_day, resume_date, is_whole)", ended)


def find_paid_in_time(env, company, date, cases=None):
    """Find the plans of ``company`` that ended, but whose instalments were paid in time; return [(id, whether it is one now)].

    Money counts by its own date, whenever it was booked and matched: dated up to the last day of grace, it was in time. For a
    year after the end; money that is returned takes the finding back. ``cases``: the plans of these cases only.
    """
    items = env["collection.payment.plan"]._fields["item_ids"]
    env.cr.execute(
        SQL(
            """WITH progress AS MATERIALIZED (%(progress)s), missed AS (
                   SELECT progress.*, line.grace_until,
                          sum(progress.amount - progress.credited) OVER upwards AS due,
                          sum(progress.paid) OVER (PARTITION BY progress.plan_id, progress.pool) AS received
                     FROM progress JOIN collection_payment_plan_line line ON line.id = progress.id
                   WINDOW upwards AS (PARTITION BY progress.plan_id, progress.pool ORDER BY progress.date, progress.id)
               ), late AS (
                   SELECT missed.id, sum(partial.debit_amount_currency) AS amount
                     FROM missed
                     JOIN %(relation)s link ON link.%(plan_column)s = missed.plan_id
                     JOIN collection_item item ON item.id = link.%(item_column)s AND missed.pool IN (0, item.id)
                     JOIN account_partial_reconcile partial ON partial.debit_move_id = item.move_line_id
                     JOIN account_move_line credit ON credit.id = partial.credit_move_id AND credit.date > missed.grace_until
                     JOIN account_move credit_move ON credit_move.id = credit.move_id
                                                  AND credit_move.move_type != 'out_refund'
                    GROUP BY missed.id
               ), found AS (
                   SELECT plan.id, plan.paid_in_time IS TRUE AS before,
                          count(*) FILTER (
                              WHERE line.state = 'missed'
                                AND missed.due - GREATEST(missed.received - COALESCE(late.amount, 0), 0)
                                    > COALESCE(dunning.tolerance_amount, 0) * rate.per_unit)
                              < GREATEST(plan.max_missed, 1) AS after
                     FROM missed
                     JOIN collection_payment_plan plan ON plan.id = missed.plan_id
                     JOIN collection_payment_plan_line line ON line.id = missed.id
                     JOIN collection_case kase ON kase.id = plan.case_id
                     JOIN (%(rates)s) rate ON rate.currency_id = plan.currency_id
                     LEFT JOIN collection_plan dunning ON dunning.id = kase.plan_id
                     LEFT JOIN late ON late.id = missed.id
                    GROUP BY plan.id
               )
               UPDATE collection_payment_plan plan SET paid_in_time = found.after
                 FROM found WHERE plan.id = found.id AND found.before != found.after
               RETURNING plan.id, found.after""",
            progress=progress_sql(env, company, date, ("ended",), cases),
            relation=SQL.identifier(items.relation),
            plan_column=SQL.identifier(items.column1),
            item_column=SQL.identifier(items.column2),
            rates=rates_sql(company.id, date),
            date=date,
        )
    )
    return env.cr.fetchall()


def take_missed(env, company, date):
    """Leave in ``collection_tmp_item`` only what a reminder of instalments is about, and the credits. Part of `select`.

    ``instalment`` becomes what the instalments before ``date`` claim of an item, the item that is due first before others;
    what is being charged is not claimed.
    """
    items = env["collection.payment.plan"]._fields["item_ids"]
    env.cr.execute(
        SQL(
            """WITH progress AS MATERIALIZED (%(progress)s), missed AS (
                   SELECT plan_id, pool, sum(rest) AS amount FROM progress
                    WHERE date < %(date)s
                      AND NOT EXISTS (SELECT 1 FROM collection_payment_plan_charge charge
                                       WHERE charge.line_id = progress.id AND charge.state IN %(under_way)s)
                    GROUP BY plan_id, pool
               ), share AS (
                   SELECT item.item_id, LEAST(item.amount_residual_currency, GREATEST(missed.amount - COALESCE(
                              sum(item.amount_residual_currency)
                                  OVER (PARTITION BY missed.plan_id, missed.pool ORDER BY item.due_date, item.item_id
                                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), 0)) AS amount
                     FROM missed
                     JOIN %(relation)s link ON link.%(plan_column)s = missed.plan_id
                     JOIN collection_tmp_item item ON item.item_id = link.%(item_column)s AND NOT item.is_credit
                                                  AND missed.pool IN (0, item.item_id)
               )
               UPDATE collection_tmp_item item
                  SET instalment = share.amount, level_id = NULL, level_days = NULL, repeats = FALSE, waits_until = NULL,
                      is_overdue = TRUE, reached = item.collectable
                 FROM share WHERE share.item_id = item.item_id AND share.amount > 0""",
            progress=progress_sql(env, company, date, ("running",)),
            under_way=UNDER_WAY,
            date=date,
            relation=SQL.identifier(items.relation),
            plan_column=SQL.identifier(items.column1),
            item_column=SQL.identifier(items.column2),
        )
    )
    env.cr.execute("DELETE FROM collection_tmp_item WHERE instalment IS NULL AND NOT is_credit")


def stop_what_is_not_missed(env):
    """For a reminder of instalments the plan stops what they do not claim, instead of the whole item. Part of `withhold`."""
    env.cr.execute(
        """UPDATE collection_tmp_stop stop SET amount = item.amount_residual_currency - item.instalment
             FROM collection_tmp_item item WHERE item.item_id = stop.item_id AND stop.code = 'payment_plan'"""
    )


def forget_own_stop(env):
    """The plan itself is no reason against the reminder of its own instalments. Part of `withhold`."""
    env.cr.execute("DELETE FROM collection_tmp_stop WHERE code = 'payment_plan'")


def resume_at_agreed_level(env, company, date):
    """What a plan covered that ended goes on with the level that the plan names, if its days have come. Part of `select`.

    Only ever upwards; a final notice is never the first contact.
    """
    items = env["collection.payment.plan"]._fields["item_ids"]
    env.cr.execute(
        SQL(
            """UPDATE collection_tmp_item item SET level_id = named.level_id, level_days = named.level_days
                 FROM (SELECT DISTINCT ON (link.%(item_column)s) link.%(item_column)s AS item_id, level.id AS level_id,
                              level.days_overdue AS level_days, level.plan_id, level.final_notice
                         FROM collection_payment_plan plan
                         JOIN %(relation)s link ON link.%(plan_column)s = plan.id
                         JOIN collection_level level ON level.id = plan.resume_level_id AND level.active
                        WHERE plan.company_id = %(company)s AND plan.state = 'ended' AND plan.ended_on <= %(date)s
                        ORDER BY link.%(item_column)s, plan.ended_on DESC, plan.id DESC) named
                WHERE named.item_id = item.item_id AND named.plan_id = item.plan_id AND NOT item.repeats
                  AND item.level_days < named.level_days AND item.days_overdue >= named.level_days
                  AND (named.final_notice IS NOT TRUE OR item.got_days > 0)""",
            company=company.id,
            date=date,
            relation=SQL.identifier(items.relation),
            plan_column=SQL.identifier(items.column1),
            item_column=SQL.identifier(items.column2),
        )
    )
