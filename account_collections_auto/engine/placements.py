"""Placements: what may be placed, and what became of the placed items in the ledger. Set-based, constant in statements."""

from odoo.tools import SQL

from . import returned
from .promises import IS_MONEY
from .withhold import direct_debit, money_under_way, no_followup, stop_models


def obstacles(env, company, item_ids, date):
    """Return {item id: (code, text)} of the ``item_ids`` of a root company that cannot be placed on ``date``.

    In the way are a dispute, a promise, any other stop that keeps us from claiming (of holds those whose reason stops
    placements), another placement, and that nothing is owed or overdue; that the customer has paid, or somebody said "no
    follow-up": money on account or under way. Items without an entry can be placed.
    """
    if not item_ids:
        return {}
    stops = [env[model]._placement_obstacles_sql(company, date) for model in stop_models(env)]
    rows = env.execute_query(
        SQL(
            # The items and cases bear the names that the conditions of `withhold` know them by.
            """WITH collection_tmp_item AS MATERIALIZED (
                   SELECT item.id AS item_id, item.case_id, item.move_id, item.move_line_id, kase.partner_id AS debtor_id,
                          kase.plan_id, FALSE AS is_credit, TRUE AS collectable
                     FROM collection_item item JOIN collection_case kase ON kase.id = item.case_id
                    WHERE item.id = ANY(%(items)s) AND item.active AND item.amount_residual_currency > 0
               ), collection_tmp_case AS MATERIALIZED (
                   SELECT kase.id AS case_id, kase.partner_id AS debtor_id, COALESCE(plan.in_transit_days, 0) AS in_transit_days
                     FROM collection_case kase LEFT JOIN collection_plan plan ON plan.id = kase.plan_id
                    WHERE kase.id IN (SELECT case_id FROM collection_tmp_item)
               )
               SELECT DISTINCT ON (item.id) item.id, found.code, found.info
                 FROM collection_item item
                 JOIN (SELECT item_id, code, info, 2 AS place FROM (%(stops)s) stop (item_id, code, until, info, amount)
                        UNION ALL
                       SELECT item_id, code, info, 4 FROM (%(money)s) money (item_id, code, until, info)
                        UNION ALL
                       SELECT item_id, 'covered_by_credit', NULL, 5 FROM (%(covered)s) covered (item_id)
                        UNION ALL
                       SELECT id, 'nothing_due', NULL, 3 FROM collection_item
                        WHERE id = ANY(%(items)s) AND active AND (due_date >= %(date)s OR is_small)
                        UNION ALL
                       SELECT id, 'nothing_open', NULL, 1 FROM collection_item
                        WHERE id = ANY(%(items)s) AND (active IS NOT TRUE OR amount_residual_currency <= 0)
                        UNION ALL
                       SELECT line.item_id, 'placed', placement.name, 0
                         FROM collection_placement_line line
                         JOIN collection_placement placement ON placement.id = line.placement_id
                        WHERE line.is_live AND line.item_id = ANY(%(items)s)) found ON found.item_id = item.id
                WHERE item.id = ANY(%(items)s)
                ORDER BY item.id, found.place, found.code""",
            stops=SQL(" UNION ALL ").join(SQL("(%s)", stop) for stop in stops),
            money=SQL(" UNION ALL ").join(
                SQL("(%s)", found)
                for found in (
                    money_under_way(env, company, date),
                    no_followup(),
                    direct_debit(),
                    returned.stop_sql(env, SQL("collection_tmp_item")),
                )
            ),
            covered=_covered_sql(item_ids),
            items=list(item_ids),
            date=date,
        )
    )
    return {item_id: (code, text) for item_id, code, text in rows}


def _covered_sql(item_ids):
    """Return a SELECT of those ``item_ids`` that open credits of their customer pay, in full or in part, the oldest first.

    Credits count for what else the customer owes first, but for what an agency has already.
    """
    return SQL(
        """SELECT id FROM (
               SELECT item.id, item.id = ANY(%(items)s) AS is_asked, item.amount_residual_currency > 0 AS is_debt,
                      credit.rest, credit.is_much,
                      COALESCE(sum(item.amount_residual_currency)
                          FILTER (WHERE item.id = ANY(%(items)s) AND item.amount_residual_currency > 0)
                          OVER (PARTITION BY item.case_id, item.currency_id ORDER BY item.due_date, item.id
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS earlier
                 FROM collection_item item
                 JOIN (SELECT item.case_id, item.currency_id,
                              -COALESCE(sum(item.amount_residual_currency) FILTER (
                                  WHERE item.amount_residual_currency < 0 OR NOT item.id = ANY(%(items)s) AND NOT EXISTS (
                                      SELECT 1 FROM collection_placement_line line
                                       WHERE line.item_id = item.id AND line.is_live)), 0) AS rest,
                              -COALESCE(sum(item.amount_residual) FILTER (WHERE item.amount_residual < 0), 0)
                                  > COALESCE(max(plan.tolerance_amount), 0) AS is_much
                         FROM collection_item item
                         JOIN collection_case kase ON kase.id = item.case_id
                         LEFT JOIN collection_plan plan ON plan.id = kase.plan_id
                        WHERE item.active AND item.case_id IN (SELECT case_id FROM collection_tmp_item)
                        GROUP BY item.case_id, item.currency_id) credit
                   ON credit.case_id = item.case_id AND credit.currency_id = item.currency_id
                WHERE item.active) owed
            WHERE is_asked AND is_debt AND is_much AND earlier < rest""",
        items=list(item_ids),
    )


def placed_sql(company, in_force):
    """Return a SELECT of the placed items as stops: (item id, code, until, text, amount)."""
    return SQL(
        """SELECT item.id, 'placement', NULL::date, agency.name::text, NULL::numeric
             FROM collection_placement stop
             JOIN collection_agency agency ON agency.id = stop.agency_id
             JOIN collection_placement_line line ON line.placement_id = stop.id AND line.recalled_on IS NULL
             JOIN collection_item item ON item.id = line.item_id AND item.active
            WHERE stop.company_id = %(company)s AND %(in_force)s""",
        company=company.id,
        in_force=in_force,
    )


def later_sql(company, in_force):
    """Return a SELECT of what else a customer owes who is with an agency, until a person decides about it; as stops."""
    return SQL(
        """SELECT item.id, 'placement_later', NULL::date, agency.name::text, NULL::numeric
             FROM collection_placement stop
             JOIN collection_agency agency ON agency.id = stop.agency_id
             JOIN collection_item item ON item.case_id = stop.case_id AND item.active AND item.amount_residual_currency > 0
            WHERE stop.company_id = %(company)s AND %(in_force)s
              AND NOT EXISTS (SELECT 1 FROM collection_placement_line line
                               WHERE line.item_id = item.id
                                 AND (line.placement_id = stop.id OR line.recalled_on IS NULL AND line.placement_id IN (
                                     SELECT stop.id FROM collection_placement stop WHERE %(in_force)s)))
              AND NOT EXISTS (SELECT 1 FROM collection_placement_kept_rel kept
                               WHERE kept.placement_id = stop.id AND kept.item_id = item.id)""",
        company=company.id,
        in_force=in_force,
    )


def remember_matched(env, line_ids):
    """Note on the lines what was matched with their items already: only what comes after concerns the agency."""
    env.cr.execute(
        SQL(
            """UPDATE collection_placement_line line
                  SET matched_before = (SELECT COALESCE(jsonb_agg(partial.id), '[]')
                                          FROM account_partial_reconcile partial
                                          JOIN collection_item item ON item.move_line_id = partial.debit_move_id
                                         WHERE item.id = line.item_id)
                WHERE line.id = ANY(%s)""",
            list(line_ids),
        )
    )


def find_movements(env, company):
    """Bring what became of the placed items of a root company in line with its ledger. Return the ids of new movements.

    One row for each matching since the hand-over, while the item was with the agency; money of that time counts also when
    it is matched after a recall. A matching that was undone leaves
    no row when the agency does not know of it, else a second one that takes it back. What is matched again counts once.
    Disputes have a row as well.
    """
    env.flush_all()
    _find_matched_again(env, company)
    env.cr.execute(
        SQL(
            """DELETE FROM collection_placement_movement movement
                WHERE movement.company_id = %s AND movement.partial_ref IS NOT NULL AND movement.is_known IS NOT TRUE
                  AND NOT EXISTS (SELECT 1 FROM account_partial_reconcile partial WHERE partial.id = movement.partial_ref)""",
            company.id,
        )
    )
    found = []
    # What is undone first: what is matched anew has a later row.
    for statement in (_undone_matchings, _new_matchings, _settled_anew, _new_disputes):
        env.cr.execute(statement(env, company))
        found += [row[0] for row in env.cr.fetchall()]
    env["collection.placement.movement"].invalidate_model(flush=False)
    return found


def _find_matched_again(env, company):
    """The same amount of the same entry, un-matched from an item and matched with it again, is the movement it was.

    What took it back meanwhile is forgotten, unless the agency was told of it.
    """
    env.cr.execute(
        SQL(
            """WITH lost AS (
                   SELECT movement.id, movement.line_id, movement.move_id, movement.amount,
                          row_number() OVER (PARTITION BY movement.line_id, movement.move_id, movement.amount
                                             ORDER BY movement.id) AS number
                     FROM collection_placement_movement movement
                    WHERE movement.company_id = %(company)s AND movement.partial_ref IS NOT NULL AND movement.is_known
                      AND NOT EXISTS (SELECT 1 FROM account_partial_reconcile partial
                                       WHERE partial.id = movement.partial_ref)
                      AND NOT EXISTS (SELECT 1 FROM collection_placement_movement undone
                                       WHERE undone.corrected_id = movement.id AND undone.is_known)
               ), again AS (
                   SELECT partial.id AS partial_id, line.id AS line_id, credit.move_id, partial.debit_amount_currency AS amount,
                          row_number() OVER (PARTITION BY line.id, credit.move_id, partial.debit_amount_currency
                                             ORDER BY partial.id) AS number
                     FROM (SELECT DISTINCT line_id FROM lost) affected
                     JOIN collection_placement_line line ON line.id = affected.line_id
                     JOIN collection_item item ON item.id = line.item_id
                     JOIN account_partial_reconcile partial ON partial.debit_move_id = item.move_line_id
                     JOIN account_move_line credit ON credit.id = partial.credit_move_id
                    WHERE NOT COALESCE(line.matched_before, '[]') @> to_jsonb(partial.id)
                      AND NOT EXISTS (SELECT 1 FROM collection_placement_movement known
                                       WHERE known.line_id = line.id AND known.partial_ref = partial.id)
               ), found AS (
                   UPDATE collection_placement_movement movement SET partial_ref = again.partial_id
                     FROM lost JOIN again USING (line_id, move_id, amount, number)
                    WHERE movement.id = lost.id
                   RETURNING movement.id)
               DELETE FROM collection_placement_movement undone USING found WHERE undone.corrected_id = found.id""",
            company=company.id,
        )
    )


def _columns():
    return SQL(
        """placement_id, line_id, agency_id, company_id, partner_id, currency_id, kind, partial_ref, receipt_id, move_id,
           move_name, corrected_id, dispute_ref, date, amount, amount_company, percent, is_charged, is_known,
           create_uid, create_date, write_uid, write_date"""
    )


def _new_matchings(env, company):
    return SQL(
        """INSERT INTO collection_placement_movement (%(columns)s)
           SELECT placement.id, line.id, placement.agency_id, placement.company_id, placement.partner_id,
                  placement.currency_id,
                  CASE WHEN receipt.id IS NOT NULL THEN 'agency'
                       WHEN %(is_money)s THEN 'direct'
                       WHEN credit_move.move_type IN ('out_refund', 'out_receipt') THEN 'credit_note' ELSE 'other' END,
                  partial.id, receipt.id, credit_move.id, credit_move.name, NULL::int, NULL::int, credit.date,
                  partial.debit_amount_currency, partial.amount, line.percent,
                  receipt.id IS NOT NULL
                      OR %(is_money)s AND placement.on_direct IS TRUE AND credit.date >= placement.handed_over_on,
                  receipt.id IS NOT NULL,
                  %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
             FROM collection_placement placement
             JOIN collection_placement_line line ON line.placement_id = placement.id
             JOIN collection_item item ON item.id = line.item_id
             JOIN account_partial_reconcile partial ON partial.debit_move_id = item.move_line_id
             JOIN account_move_line credit ON credit.id = partial.credit_move_id
             JOIN account_move credit_move ON credit_move.id = credit.move_id
             LEFT JOIN collection_placement_receipt receipt
               ON receipt.move_id = credit_move.id AND receipt.placement_id = placement.id
            WHERE placement.company_id = %(company)s AND placement.handed_over_on IS NOT NULL
              AND (line.is_live AND placement.state = 'handed_over' OR receipt.id IS NOT NULL
                   OR %(is_money)s AND credit.date >= placement.handed_over_on AND credit.date < line.recalled_on)
              AND partial.debit_amount_currency != 0
              AND NOT COALESCE(line.matched_before, '[]') @> to_jsonb(partial.id)
              AND NOT EXISTS (SELECT 1 FROM collection_placement_movement known
                               WHERE known.line_id = line.id AND known.partial_ref = partial.id)
            ORDER BY credit.date, partial.id
           ON CONFLICT DO NOTHING
           RETURNING id""",
        columns=_columns(),
        is_money=IS_MONEY,
        company=company.id,
        uid=env.uid,
    )


def _undone_matchings(env, company):
    return SQL(
        """INSERT INTO collection_placement_movement (%(columns)s)
           SELECT placement_id, line_id, agency_id, company_id, partner_id, currency_id, 'returned', NULL, receipt_id,
                  move_id, move_name, id, NULL, %(date)s, -amount, -amount_company, percent, is_charged, FALSE,
                  %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
             FROM collection_placement_movement movement
            WHERE company_id = %(company)s AND partial_ref IS NOT NULL AND is_known
              AND NOT EXISTS (SELECT 1 FROM account_partial_reconcile partial WHERE partial.id = movement.partial_ref)
              AND NOT EXISTS (SELECT 1 FROM collection_placement_movement undone WHERE undone.corrected_id = movement.id)
            ORDER BY id
           ON CONFLICT DO NOTHING
           RETURNING id""",
        columns=_columns(),
        company=company.id,
        date=company._collection_today(),
        uid=env.uid,
    )


def _settled_anew(env, company):
    """A payment through the agency that is matched anew, with other items or amounts, is no news to the agency.

    What took back its earlier matching counts as known then, else its commission would be due twice.
    """
    return SQL(
        """UPDATE collection_placement_movement undone SET is_known = TRUE
            WHERE undone.company_id = %s AND undone.kind = 'returned' AND undone.is_known IS NOT TRUE
              AND EXISTS (SELECT 1 FROM collection_placement_movement anew
                            JOIN account_partial_reconcile partial ON partial.id = anew.partial_ref
                           WHERE anew.receipt_id = undone.receipt_id AND anew.id > undone.id)
           RETURNING undone.id""",
        company.id,
    )


def _new_disputes(env, company):
    return SQL(
        """INSERT INTO collection_placement_movement (%(columns)s)
           SELECT placement.id, line.id, placement.agency_id, placement.company_id, placement.partner_id,
                  placement.currency_id, 'dispute', NULL, NULL, NULL, item_move.name, NULL, disputed.id, dispute.date_from,
                  disputed.amount, 0, 0, FALSE, FALSE,
                  %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
             FROM collection_placement placement
             JOIN collection_placement_line line ON line.placement_id = placement.id AND line.is_live
             JOIN collection_dispute_line disputed ON disputed.item_id = line.item_id
             JOIN collection_dispute dispute ON dispute.id = disputed.dispute_id AND dispute.is_open
             JOIN collection_item item ON item.id = line.item_id
             JOIN account_move item_move ON item_move.id = item.move_id
            WHERE placement.company_id = %(company)s AND placement.state = 'handed_over'
              AND NOT EXISTS (SELECT 1 FROM collection_placement_movement known
                               WHERE known.line_id = line.id AND known.dispute_ref = disputed.id)
           ON CONFLICT DO NOTHING
           RETURNING id""",
        columns=_columns(),
        company=company.id,
        uid=env.uid,
    )
