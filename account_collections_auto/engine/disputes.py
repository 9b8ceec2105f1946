"""Disputes: how much of an item is disputed by now. Set-based."""

from odoo.tools import SQL

from .promises import IS_MONEY


def left_sql(condition):
    """Return a SELECT of (id, dispute_id, item_id, amount_left): what is disputed by now, in the currency of the item.

    ``condition``: SQL on ``stop``, the dispute, and ``line``. Where money pays the disputed part first, what was paid of the
    item since it was said how much is disputed makes that part smaller; of several such disputes over one item the older one
    first, and never the same money twice.
    """
    return SQL(
        """SELECT disputed.id, disputed.dispute_id, disputed.item_id,
                  GREATEST(disputed.amount - GREATEST(paid.amount - disputed.paid_before - disputed.earlier, 0), 0)
                      AS amount_left
             FROM (SELECT line.id, line.dispute_id, line.item_id, line.amount, COALESCE(line.paid_before, 0) AS paid_before,
                          stop.money_pays = 'disputed' AS pays_disputed,
                          COALESCE(sum(line.amount) FILTER (WHERE stop.money_pays = 'disputed') OVER (
                              PARTITION BY line.item_id ORDER BY line.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                          ), 0) AS earlier
                     FROM collection_dispute_line line
                     JOIN collection_dispute stop ON stop.id = line.dispute_id
                    WHERE %(condition)s) disputed
             CROSS JOIN LATERAL (SELECT CASE WHEN disputed.pays_disputed THEN %(paid)s ELSE 0 END AS amount) paid""",
        condition=condition,
        paid=_paid_sql(SQL("disputed.item_id")),
    )


def note_paid(env, line_ids):
    """Note on the lines what is paid of their items now."""
    env.cr.execute(
        SQL(
            "UPDATE collection_dispute_line line SET paid_before = %s WHERE line.id = ANY(%s)",
            _paid_sql(SQL("line.item_id")),
            list(line_ids),
        )
    )


def note_credited(env, line_ids):
    """Note on the lines what was taken off their items without money up to now."""
    env.cr.execute(
        SQL(
            "UPDATE collection_dispute_line line SET credited_before = %s WHERE line.id = ANY(%s)",
            _credited_sql(SQL("line.item_id")),
            list(line_ids),
        )
    )


def accepted_sql(condition):
    """Return a SELECT of (dispute_id, item_id, amount) of what was accepted, has no credit note, and is not taken off yet.

    ``condition``: SQL on ``stop``, the dispute. What counts as taken off is what was matched since, but for money.
    """
    return SQL(
        """SELECT accepted.dispute_id, accepted.item_id, accepted.amount
             FROM (SELECT line.dispute_id, line.item_id,
                          line.amount_accepted - GREATEST(%(credited)s - COALESCE(line.credited_before, 0), 0) AS amount
                     FROM collection_dispute_line line
                     JOIN collection_dispute stop ON stop.id = line.dispute_id
                     JOIN collection_item item ON item.id = line.item_id AND item.active
                     LEFT JOIN account_move credit_note ON credit_note.id = line.credit_note_id
                    WHERE line.amount_accepted > 0 AND stop.state IN ('accepted', 'partly_accepted')
                      AND (credit_note.id IS NULL OR credit_note.state = 'cancel') AND %(condition)s) accepted
            WHERE accepted.amount > 0""",
        credited=_credited_sql(SQL("line.item_id")),
        condition=condition,
    )


def _credited_sql(item_id):
    """Return SQL for what is matched with the item and is no money: credit notes and entries."""
    return _matched_sql(item_id, SQL("NOT %s", IS_MONEY))


def _paid_sql(item_id):
    """Return SQL for the money that is matched with the item: payments and bank lines, no credit notes."""
    return _matched_sql(item_id, IS_MONEY)


def _matched_sql(item_id, condition):
    """Return SQL for what is matched with the item, of those lines ``credit`` that fulfil ``condition``."""
    return SQL(
        """(SELECT COALESCE(sum(partial.debit_amount_currency), 0)
              FROM collection_item item
              JOIN account_partial_reconcile partial ON partial.debit_move_id = item.move_line_id
              JOIN account_move_line credit ON credit.id = partial.credit_move_id
             WHERE item.id = %(item)s AND %(condition)s)""",
        item=item_id,
        condition=condition,
    )
