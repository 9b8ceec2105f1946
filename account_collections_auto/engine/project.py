"""Project: the ledger's open receivable lines become items and cases. Set-based, idempotent, safe to run at any time.

Why SQL: one statement writes what differs for any number of lines; the ORM would read and write each of them.

Concurrency (Odoo runs REPEATABLE READ): the accountant's transaction only appends marks. A refresh claims marks, reads
the ledger and always locks and writes the case row of each debtor it refreshed. Two refreshes of one debtor therefore
conflict on that row, the one with the older view of the ledger fails, and runs again with a new one.
"""

import logging

from odoo.tools import SQL

from . import plan_rules
from .rates import rates_sql

_logger = logging.getLogger(__name__)

PENDING = "account_collections_auto.pending_lines"
# So many items written at once change the size of the tables.
BULK = 1000


# -- marks ---------------------------------------------------------------------------------------------------------


def append_pending_marks(env):
    """Append one mark per (root company, debtor) whose lines this transaction changed so far. Return how many."""
    pending = env.cr.precommit.data.pop(PENDING, None)
    if not pending:
        return 0
    line_ids, cases = pending["lines"], pending["cases"]
    case = env["collection.case"]
    env.cr.execute(
        SQL(
            """INSERT INTO collection_mark (company_ref, partner_ref)
               SELECT split_part(company.parent_path, '/', 1)::int, %(debtor)s
                 FROM account_move_line line
                 JOIN account_account account ON account.id = line.account_id
                 JOIN res_company company ON company.id = line.company_id
                 JOIN res_partner partner ON partner.id = line.partner_id
                WHERE line.id = ANY(%(lines)s) AND account.account_type = 'asset_receivable' AND line.parent_state = 'posted'
                UNION
               SELECT kase.company_id, kase.partner_id
                 FROM collection_item item JOIN collection_case kase ON kase.id = item.case_id
                WHERE item.move_line_id = ANY(%(lines)s) OR item.case_id = ANY(%(cases)s)""",
            debtor=case._debtor_sql("partner"),
            lines=list(line_ids),
            cases=list(cases),
        )
    )
    return env.cr.rowcount


def mark_debtors(env, partner_ids):
    """Append a mark in every root company for the debtors of ``partner_ids`` and for the cases they are in."""
    env.cr.execute(
        SQL(
            """INSERT INTO collection_mark (company_ref, partner_ref)
               SELECT company.id, %(debtor)s FROM res_partner partner, res_company company
                WHERE partner.id = ANY(%(partners)s) AND company.parent_id IS NULL
                UNION
               SELECT kase.company_id, kase.partner_id FROM collection_case kase WHERE kase.partner_id = ANY(%(partners)s)
            """,
            debtor=env["collection.case"]._debtor_sql("partner"),
            partners=list(partner_ids),
        )
    )


def refresh_marked(env, partner_ids=None):
    """Refresh the debtors that are marked (of ``partner_ids``, if given) and forget the marks. Return how many were done.

    Waits for a transaction that is refreshing one of them just now, and then conflicts with it: whoever decides on what
    the cases say must not miss what is on its way to them.
    """
    scope = SQL("TRUE") if partner_ids is None else SQL("partner_ref = ANY(%s)", list(partner_ids))
    return _refresh_marks(env, _claim_marks(env, SQL("%s ORDER BY id FOR UPDATE", scope)))


def refresh_some_marked(env, limit):
    """Refresh at most ``limit`` marks, the newest first, and leave to others what they are refreshing just now."""
    return _refresh_marks(env, _claim_marks(env, SQL("TRUE ORDER BY id DESC LIMIT %s FOR UPDATE SKIP LOCKED", limit)))


def _claim_marks(env, scope):
    """Delete the marks of ``scope`` (a condition, with order and lock) and return their (company id, debtor id)."""
    # A mark that another refresh did away with is an everyday conflict: the caller does it again, the log need not know.
    env.cr.execute(
        SQL(
            """DELETE FROM collection_mark WHERE id IN (SELECT id FROM collection_mark WHERE %s)
               RETURNING company_ref, partner_ref""",
            scope,
        ),
        log_exceptions=False,
    )
    return env.cr.fetchall()


def _refresh_marks(env, marks):
    by_company = {}
    for company_id, partner_id in marks:
        by_company.setdefault(company_id, set()).add(partner_id)
    for company_id, partner_ids in sorted(by_company.items()):
        _refresh(env, company_id, sorted(partner_ids))
    if marks:
        _invalidate(env)
    return len(marks)


def refresh_company(env, company):
    """Compare the whole ledger of a root company with its items and cases and write what differs."""
    _claim_marks(env, SQL("company_ref = %s ORDER BY id FOR UPDATE", company.id))
    _refresh(env, company.id, None)
    _invalidate(env)


def apply_plan_rules(env, company):
    """Give the customers of a root company the plans that its rules say, now instead of with the next cycle."""
    lock_cases(env, company.id, None)
    plan_rules.apply(env, company.id, company.sudo()._collection_today())
    refresh_cases(env, company.id, None)
    _invalidate(env)


def _invalidate(env):
    env["collection.item"].invalidate_model(flush=False)
    env["collection.case"].invalidate_model(flush=False)


# -- the statements ------------------------------------------------------------------------------------------------


def _refresh(env, company_id, partner_ids):
    """Refresh the debtors ``partner_ids`` of a root company (None: all of them)."""
    scope = _scope(env, company_id, partner_ids)
    if not scope["companies"]:
        return  # the company of a mark was deleted meanwhile
    lock_cases(env, company_id, partner_ids)
    env.cr.execute(_ensure_cases(scope))
    has_new_cases = env.cr.rowcount > 0
    env.cr.execute(_upsert_items(scope))
    if env.cr.rowcount > BULK:
        # The database's own statistics come minutes later, and what follows would be planned for empty tables.
        env.cr.execute("ANALYZE collection_case, collection_item")
    env.cr.execute(_close_items(scope))
    if partner_ids is None:
        plan_rules.apply(env, company_id, scope["today"])
    refresh_cases(env, company_id, partner_ids, ledger_changed=True)
    if has_new_cases:
        # Not before the cases have their plan: what an answer means depends on it.
        env["collection.answer.mixin"]._find_cases(company_id)
    _cancel_emptied_messages(env, company_id, partner_ids)


def _scope(env, company_id, partner_ids=None):
    accounts, companies = accounts_and_branches(env, company_id)
    return {
        "company": company_id,
        "companies": companies,
        "accounts": accounts,
        "today": companies and env["res.company"].browse(company_id).sudo()._collection_today(),
        "debtor": env["collection.case"]._debtor_sql("partner"),
        "partners": partner_ids,
        "uid": env.uid,
    }


def ledger_by_age(env, company, first_days):
    """Return {bucket: (number, sum)} of the open debits of a root company, straight from the ledger, in one statement.

    Bucket 0 is not overdue for ``first_days[0]`` days yet, bucket 1 is, and so on; ``None`` holds the open credits.
    """
    env.flush_all()
    scope = _scope(env, company.id)
    rows = env.execute_query(
        SQL(
            """SELECT CASE WHEN amount_residual > 0 THEN width_bucket(%(today)s - due_date, %(days)s::int[]) END,
                      count(*), sum(amount_residual)
                 FROM (%(lines)s) line GROUP BY 1""",
            today=scope["today"],
            days=list(first_days),
            lines=_open_lines(scope),
        )
    )
    return {bucket: (number, amount) for bucket, number, amount in rows}


def lock_cases(env, company_id, partner_ids):
    """Lock the cases of the debtors before anything is written, in id order: two refreshes never wait for each other.

    A conflict with a refresh that was faster comes here, before the work, and is quiet: the caller does it again.
    """
    env.cr.execute(
        SQL(
            "SELECT FROM collection_case kase WHERE kase.company_id = %s AND %s ORDER BY kase.id FOR NO KEY UPDATE",
            company_id,
            _case_condition(partner_ids),
        ),
        log_exceptions=False,
    )


def keep_cases(env, company_id):
    """Keep the cases of a root company as they are known: nobody merges or deletes one before this transaction ends.

    For transactions that work on many cases in no order: they wait for a merge here, while they hold nothing it could
    wait for. Refreshes are not held up.
    """
    env.cr.execute(
        SQL("SELECT FROM collection_case WHERE company_id = %s ORDER BY id FOR KEY SHARE", company_id),
        log_exceptions=False,
    )


def accounts_and_branches(env, company_id):
    """Return two tuples of ids: receivable accounts that may hold customers' items (never empty), and the root company
    ``company_id`` with its branches (empty when there is no such company)."""
    env["account.account"].flush_model(["account_type", "non_trade"])
    # Not a search: Odoo's would sort the accounts by their code of the company, which costs more than the rest.
    env.cr.execute(
        SQL(
            """SELECT (SELECT array_agg(id ORDER BY id) FROM account_account
                        WHERE account_type = 'asset_receivable' AND non_trade IS NOT TRUE),
                      (SELECT array_agg(id ORDER BY id) FROM res_company
                        WHERE split_part(parent_path, '/', 1)::int = %s)""",
            company_id,
        )
    )
    accounts, companies = env.cr.fetchone()
    return tuple(accounts or [0]), tuple(companies or [])


def _debtor_condition(scope):
    if scope["partners"] is None:
        return SQL("TRUE")
    # Name the partners first, so that the planner can use the index on (account, partner) of open lines.
    return SQL(
        "line.partner_id IN (SELECT partner.id FROM res_partner partner WHERE %s = ANY(%s))",
        scope["debtor"],
        scope["partners"],
    )


def _open_lines(scope):
    """SELECT of the open receivable lines in scope; `reconciled IS NOT TRUE` matches Odoo's partial index."""
    return SQL(
        """SELECT line.id, line.move_id, line.company_id, %(debtor)s AS debtor_id, line.currency_id,
                  COALESCE(line.date_maturity, line.date) AS due_date,
                  line.amount_residual, line.amount_residual_currency
             FROM account_move_line line
             JOIN res_partner partner ON partner.id = line.partner_id
            WHERE line.account_id IN %(accounts)s AND line.reconciled IS NOT TRUE AND line.parent_state = 'posted'
              AND line.company_id IN %(companies)s
              AND (line.amount_residual != 0 OR line.amount_residual_currency != 0)
              AND %(condition)s""",
        debtor=scope["debtor"],
        accounts=scope["accounts"],
        companies=scope["companies"],
        condition=_debtor_condition(scope),
    )


def _ensure_cases(scope):
    return SQL(
        """INSERT INTO collection_case (company_id, partner_id, state, user_id, create_uid, create_date, write_uid, write_date)
           SELECT %(company)s, debtor.debtor_id, 'open', company.collection_user_id,
                  %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
             FROM (SELECT DISTINCT debtor_id FROM (%(open_lines)s) open_line) debtor
             JOIN res_company company ON company.id = %(company)s
            WHERE NOT EXISTS (SELECT 1 FROM collection_case kase
                               WHERE kase.company_id = %(company)s AND kase.partner_id = debtor.debtor_id)
            ORDER BY debtor.debtor_id
           ON CONFLICT (company_id, partner_id) DO NOTHING""",
        open_lines=_open_lines(scope),
        **scope,
    )


def _upsert_items(scope):
    """Write one item per open line.

    A posted line keeps its item. A line without one takes the lowest free instalment number of its move, in the order of
    due dates; so after a draft was edited, progress follows (move, instalment), whatever became of the line ids.
    A due date moved to later than today starts the ladder again: that is recorded as a new round.
    """
    return SQL(
        """WITH open_line AS MATERIALIZED (%(open_lines)s),
                line_item AS MATERIALIZED (
                    SELECT open_line.*, item.instalment AS linked
                      FROM open_line
                      LEFT JOIN collection_item item ON item.move_line_id = open_line.id AND item.move_id = open_line.move_id
                ),
                new_move AS MATERIALIZED (
                    SELECT line.move_id,
                           array_agg(line.id ORDER BY COALESCE(line.date_maturity, line.date), line.id) AS line_ids,
                           (SELECT array_agg(item.instalment) FROM collection_item item
                             WHERE item.move_id = line.move_id AND item.move_line_id IS NOT NULL) AS taken
                      FROM account_move_line line
                     WHERE line.move_id IN (SELECT move_id FROM line_item WHERE linked IS NULL)
                       AND line.account_id IN %(accounts)s
                       AND NOT EXISTS (SELECT 1 FROM collection_item item
                                        WHERE item.move_line_id = line.id AND item.move_id = line.move_id)
                     GROUP BY line.move_id
                ),
                numbered AS (
                    SELECT line.id,
                           CASE WHEN taken IS NULL THEN line.position
                                ELSE (SELECT number FROM generate_series(1, line.position + cardinality(taken)) number
                                       WHERE number != ALL(taken) ORDER BY number OFFSET line.position - 1 LIMIT 1)
                           END AS instalment
                      FROM new_move, unnest(line_ids) WITH ORDINALITY line (id, position)
                ),
                with_number AS MATERIALIZED (
                    SELECT line_item.*, COALESCE(line_item.linked, numbered.instalment) AS instalment
                      FROM line_item LEFT JOIN numbered ON numbered.id = line_item.id
                ),
                source AS MATERIALIZED (
                    SELECT line.id, line.move_id, line.instalment, kase.id AS case_id, line.company_id,
                           line.currency_id, line.due_date, line.amount_residual, line.amount_residual_currency
                      FROM with_number line
                      JOIN collection_case kase ON kase.company_id = %(company)s AND kase.partner_id = line.debtor_id
                ),
                restarted AS (
                    INSERT INTO collection_round (item_id, company_id, number, cause, restarts, date,
                                                  create_uid, create_date, write_uid, write_date)
                    SELECT item.id, item.company_id, item.round + 1, 'due_date_moved', TRUE, %(today)s,
                           %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                      FROM source JOIN collection_item item USING (move_id, instalment)
                     WHERE item.level_days IS NOT NULL AND source.due_date > item.due_date AND source.due_date > %(today)s
                )
           INSERT INTO collection_item AS item
                  (active, case_id, company_id, move_id, move_line_id, instalment, due_date, currency_id,
                   amount_residual, amount_residual_currency, is_small, round, first_round,
                   create_uid, create_date, write_uid, write_date)
           SELECT TRUE, case_id, company_id, move_id, id, instalment::int, due_date, currency_id,
                  amount_residual, amount_residual_currency, FALSE, 1, 1,
                  %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
             FROM source ORDER BY move_id, instalment
           ON CONFLICT (move_id, instalment) DO UPDATE
              SET active = TRUE, case_id = excluded.case_id, company_id = excluded.company_id,
                  move_line_id = excluded.move_line_id, due_date = excluded.due_date,
                  currency_id = excluded.currency_id, amount_residual = excluded.amount_residual,
                  amount_residual_currency = excluded.amount_residual_currency,
                  round = CASE WHEN %(restarts)s THEN item.round + 1 ELSE item.round END,
                  first_round = CASE WHEN %(restarts)s THEN item.round + 1 ELSE item.first_round END,
                  level_id = CASE WHEN %(restarts)s THEN NULL ELSE item.level_id END,
                  level_days = CASE WHEN %(restarts)s THEN NULL ELSE item.level_days END,
                  level_date = CASE WHEN %(restarts)s THEN NULL ELSE item.level_date END,
                  deadline = CASE WHEN %(restarts)s THEN NULL ELSE item.deadline END
            WHERE (item.active, item.case_id, item.company_id, item.move_line_id, item.due_date, item.currency_id,
                   item.amount_residual, item.amount_residual_currency)
                  IS DISTINCT FROM
                  (TRUE, excluded.case_id, excluded.company_id, excluded.move_line_id, excluded.due_date,
                   excluded.currency_id, excluded.amount_residual, excluded.amount_residual_currency)""",
        open_lines=_open_lines(scope),
        restarts=SQL(
            "(item.level_days IS NOT NULL AND excluded.due_date > item.due_date AND excluded.due_date > %s)", scope["today"]
        ),
        **scope,
    )


def _close_items(scope):
    """Archive the items whose line is not open any more; forget the line when its move left the ledger."""
    return SQL(
        """UPDATE collection_item item
              SET active = FALSE, amount_residual = 0, amount_residual_currency = 0,
                  move_line_id = CASE WHEN move.state = 'posted' THEN item.move_line_id END
             FROM collection_case kase, account_move move
            WHERE kase.id = item.case_id AND kase.company_id = %(company)s AND move.id = item.move_id AND %(in_scope)s
              AND (item.active OR (item.move_line_id IS NOT NULL AND move.state != 'posted'))
              AND NOT EXISTS (
                  SELECT 1 FROM account_move_line line
                   WHERE line.id = item.move_line_id AND line.reconciled IS NOT TRUE AND line.parent_state = 'posted'
                     AND line.account_id IN %(accounts)s AND line.partner_id IS NOT NULL
                     AND (line.amount_residual != 0 OR line.amount_residual_currency != 0))""",
        in_scope=_case_condition(scope["partners"]),
        **scope,
    )


def _case_condition(partner_ids):
    return SQL("TRUE") if partner_ids is None else SQL("kase.partner_id = ANY(%s)", partner_ids)


def refresh_cases(env, company_id, partner_ids, ledger_changed=False):
    """Derive what the cases of the debtors show from their items. Always writes the row: see the module's docstring.

    ``ledger_changed`` stamps the case, so that a later run of the day looks at it again.
    """
    date = env["res.company"].browse(company_id).sudo()._collection_today()
    in_scope = _case_condition(partner_ids)
    plan = plan_rules.effective_plan(company_id, SQL("kase.rule_plan_id"))
    env.cr.execute(
        SQL(
            """UPDATE collection_item item
                  SET is_small = fresh.is_small
                 FROM (SELECT item.id, abs(item.amount_residual_currency) <= COALESCE(plan.tolerance_amount, 0) * rate.per_unit
                                       AS is_small
                         FROM collection_item item
                         JOIN collection_case kase ON kase.id = item.case_id
                         JOIN res_partner partner ON partner.id = kase.partner_id
                         JOIN res_company company ON company.id = kase.company_id
                         LEFT JOIN collection_plan plan ON plan.id = %(plan)s
                         JOIN (%(rates)s) rate ON rate.currency_id = item.currency_id
                        WHERE item.active AND kase.company_id = %(company)s AND %(in_scope)s) fresh
                WHERE item.id = fresh.id AND item.is_small IS DISTINCT FROM fresh.is_small""",
            plan=plan,
            rates=rates_sql(company_id, date),
            company=company_id,
            in_scope=in_scope,
        )
    )
    env.cr.execute(
        SQL(
            """UPDATE collection_case kase
                  SET plan_id = fresh.plan_id,
                      amount_due = fresh.amount_due,
                      amount_credit = fresh.amount_credit,
                      overdue_then = fresh.amount_overdue,
                      overdue_from = %(date)s,
                      overdue_until = fresh.next_due_date,
                      oldest_due_date = fresh.oldest_due_date,
                      level_id = fresh.level_id,
                      next_action_date = fresh.next_action_date,
                      state = CASE WHEN fresh.is_open THEN 'open' ELSE 'closed' END,
                      next_step = CASE WHEN fresh.oldest_due_date < %(date)s THEN kase.next_step END,
                      contact_problem_code = CASE WHEN fresh.oldest_due_date IS NOT NULL THEN kase.contact_problem_code END,
                      refreshed_at = %(stamp)s
                 FROM (SELECT kase.id, max(plan.id) AS plan_id,
                              COALESCE(sum(item.amount_residual), 0) AS amount_due,
                              COALESCE(-sum(item.amount_residual) FILTER (WHERE item.amount_residual < 0), 0) AS amount_credit,
                              COALESCE(sum(item.amount_residual) FILTER (WHERE item.amount_residual > 0
                                                                           AND item.due_date < %(date)s), 0) AS amount_overdue,
                              min(item.due_date) FILTER (WHERE item.amount_residual > 0
                                                           AND item.due_date >= %(date)s) AS next_due_date,
                              min(item.due_date) FILTER (WHERE %(claim)s) AS oldest_due_date,
                              (array_agg(item.level_id ORDER BY item.level_days DESC)
                                  FILTER (WHERE %(claim)s AND item.level_id IS NOT NULL))[1] AS level_id,
                              min(next_level.date) FILTER (WHERE %(claim)s) AS next_action_date,
                              COALESCE(bool_or(NOT item.is_small), FALSE) AS is_open
                         FROM collection_case kase
                         JOIN res_partner partner ON partner.id = kase.partner_id
                         JOIN res_company company ON company.id = kase.company_id
                         LEFT JOIN collection_plan plan ON plan.id = %(plan)s
                         LEFT JOIN collection_item item ON item.case_id = kase.id AND item.active
                         LEFT JOIN LATERAL (
                             SELECT GREATEST(item.due_date + level.days_overdue,
                                             CASE WHEN item.level_days > 0 THEN item.deadline + plan.grace_days + 1 END,
                                             CASE WHEN item.level_days > 0
                                                  THEN item.level_date + level.minimum_days_since_previous END) AS date
                               FROM collection_level level
                              WHERE level.plan_id = plan.id AND level.active
                                AND level.days_overdue > COALESCE(item.level_days, -100000)
                                AND (level.days_overdue > 0 OR item.due_date >= %(date)s)
                                AND (level.final_notice IS NOT TRUE OR item.level_days > 0)
                              ORDER BY level.days_overdue LIMIT 1
                         ) next_level ON TRUE
                        WHERE kase.company_id = %(company)s AND %(in_scope)s
                        GROUP BY kase.id) fresh
                WHERE kase.id = fresh.id""",
            plan=plan,
            claim=SQL("(item.amount_residual_currency > 0 AND NOT item.is_small)"),
            stamp=SQL("clock_timestamp() AT TIME ZONE 'UTC'") if ledger_changed else SQL("kase.refreshed_at"),
            company=company_id,
            date=date,
            in_scope=in_scope,
        )
    )


def _cancel_emptied_messages(env, company_id, partner_ids):
    """Cancel unsent messages none of whose advancing items is open any more."""
    env.cr.execute(
        SQL(
            """SELECT action.id FROM collection_action action JOIN collection_case kase ON kase.id = action.case_id
                WHERE action.state IN ('planned', 'review', 'queued') AND kase.company_id = %s AND %s
                  AND NOT EXISTS (SELECT 1 FROM collection_action_line line JOIN collection_item item ON item.id = line.item_id
                                   WHERE line.action_id = action.id AND line.advances AND item.active
                                     AND item.case_id = action.case_id)""",
            company_id,
            _case_condition(partner_ids),
        )
    )
    emptied = [row[0] for row in env.cr.fetchall()]
    if not emptied:
        return
    env.cr.execute(
        SQL("SELECT DISTINCT ON (action_id) action_id, code FROM (%s) line ORDER BY action_id, code", gone_lines(emptied))
    )
    causes = dict(env.cr.fetchall())
    actions = env["collection.action"].sudo().browse(emptied)
    for code, group in actions.grouped(lambda action: causes.get(action.id, "paid_meanwhile")).items():
        group._cancel(code)


def gone_lines(action_ids):
    """SELECT of (action_id, advances, code): lines whose invoice left the ledger, or another customer's case has by now."""
    return SQL(
        """SELECT line.action_id, line.advances,
                  CASE WHEN move.state != 'posted' THEN 'unposted' ELSE 'moved' END AS code
             FROM collection_action_line line
             JOIN collection_action action ON action.id = line.action_id
             JOIN collection_item item ON item.id = line.item_id
             JOIN account_move move ON move.id = item.move_id
            WHERE action.id = ANY(%s) AND (move.state != 'posted' OR item.case_id != action.case_id)""",
        list(action_ids),
    )


def refresh_progress(env, item_ids):
    """Derive the level of items from what was sent: the highest level with an advancing line of a live, sent action."""
    if not item_ids:
        return
    env.cr.execute(
        SQL(
            """UPDATE collection_item item
                  SET level_id = reached.level_id, level_days = reached.level_days,
                      level_date = reached.contact_date, deadline = reached.deadline
                 FROM collection_item target
                 LEFT JOIN LATERAL (
                     SELECT line.level_id, line.level_days, action.contact_date, action.deadline
                       FROM collection_action_line line JOIN collection_action action ON action.id = line.action_id
                      WHERE line.item_id = target.id AND line.advances AND line.is_live AND line.round >= target.first_round
                        AND action.state IN ('sent', 'delivered') AND NOT action.is_test
                      ORDER BY line.level_days DESC, action.contact_date DESC LIMIT 1
                 ) reached ON TRUE
                WHERE item.id = target.id AND target.id = ANY(%(items)s)
                  AND (item.level_id, item.level_days, item.level_date, item.deadline)
                      IS DISTINCT FROM (reached.level_id, reached.level_days, reached.contact_date, reached.deadline)""",
            items=list(item_ids),
        )
    )
    env["collection.item"].invalidate_model(["level_id", "level_days", "level_date", "deadline"], flush=False)
