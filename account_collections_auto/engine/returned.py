"""Returned payments: what a bank took back, booked as an entry of its own that nobody matched with the payment yet."""

from typing import NamedTuple

from odoo.tools import SQL

# A debit may be sent back for eight weeks; where it was never allowed for thirteen months, but then its text has to name it.
DAYS, NAMED_DAYS = 62, 400


class Returned(NamedTuple):
    """An entry of a bank, its open item and line, and the line and name of the payment that it takes back, as it looks."""

    item_id: int
    case_id: int
    move_id: int
    line_id: int
    credit_id: int
    payment: str


def returned_sql(env, items):
    """Return a SELECT of (item_id, credit_id, name): which payment each of ``items`` looks like the return of.

    An item looks like one that was booked by a bank or cash journal, is no invoice, was matched with nothing yet, and is over
    the amount of a payment of the same customer not long before, or names it in its text. A payment that is matched with what
    went out of a bank is returned already; and where an open credit note covers the entry, that was paid out. ``items``: the
    table to look at, with item_id, case_id, move_id, move_line_id, collectable.
    """
    return SQL(
        """SELECT item.item_id, paid.credit_id, paid.name
             FROM %(items)s item
             JOIN account_move move ON move.id = item.move_id AND move.move_type = 'entry'
             JOIN account_journal journal ON journal.id = move.journal_id AND journal.type IN ('bank', 'cash', 'credit')
             JOIN account_move_line debit ON debit.id = item.move_line_id
             JOIN collection_case kase ON kase.id = item.case_id
            CROSS JOIN LATERAL (
                SELECT credit.id AS credit_id, entry.name
                  FROM res_partner payer
                  JOIN account_move_line credit ON credit.partner_id = payer.id AND credit.account_id = debit.account_id
                                               AND credit.balance < 0 AND credit.parent_state = 'posted'
                                               AND credit.company_id = debit.company_id
                                               AND credit.date BETWEEN debit.date - %(named_days)s AND debit.date
                  JOIN account_journal source ON source.id = credit.journal_id AND source.type IN ('bank', 'cash', 'credit')
                  JOIN account_move entry ON entry.id = credit.move_id
                  LEFT JOIN account_payment payment ON payment.move_id = entry.id
                 CROSS JOIN LATERAL (
                     SELECT credit.balance = -debit.balance
                            OR (credit.amount_currency = -debit.amount_currency AND credit.currency_id = debit.currency_id)
                                AS is_same,
                            move.reversed_entry_id IS NOT DISTINCT FROM entry.id OR EXISTS (
                                SELECT 1 FROM (VALUES (entry.name), (payment.memo), (payment.payment_reference)) said (text)
                                 WHERE said.text ~ '[0-9]' AND length(%(said)s) >= 5
                                   AND position(%(said)s IN %(text)s) > 0) AS is_named) likeness
                 WHERE %(debtor)s = kase.partner_id
                   AND (likeness.is_named OR likeness.is_same AND credit.date > debit.date - %(days)s)
                   AND NOT EXISTS (
                       SELECT 1 FROM account_partial_reconcile partial
                         JOIN account_move_line taken ON taken.id = partial.debit_move_id
                         JOIN account_journal bank ON bank.id = taken.journal_id AND bank.type IN ('bank', 'cash', 'credit')
                        WHERE partial.credit_move_id = credit.id)
                 ORDER BY likeness.is_named DESC, likeness.is_same DESC, credit.date DESC, credit.id DESC
                 LIMIT 1) paid
            WHERE item.collectable AND debit.amount_residual_currency = debit.amount_currency
              AND NOT EXISTS (
                  SELECT 1 FROM collection_item given
                    JOIN account_move note ON note.id = given.move_id AND note.move_type = 'out_refund'
                   WHERE given.case_id = item.case_id AND given.active AND given.currency_id = debit.currency_id
                     AND given.amount_residual_currency <= -debit.amount_currency)""",
        items=items,
        debtor=env["collection.case"]._debtor_sql("payer"),
        said=_plain(SQL("said.text")),
        text=_plain(SQL("concat_ws(' ', debit.name, move.ref)")),
        days=DAYS,
        named_days=NAMED_DAYS,
    )


def stop_sql(env, items):
    """Return a SELECT of (item_id, code, until, text): what looks like a return is not demanded, it is to be matched."""
    return SQL("SELECT item_id, 'returned_payment', NULL::date, name::text FROM (%s) returned", returned_sql(env, items))


def find(env, cases):
    """Return a list of `Returned`: what in ``cases`` looks like a payment that was returned. One statement."""
    if not cases:
        return []
    env.flush_all()
    items = SQL(
        """(SELECT id AS item_id, case_id, move_id, move_line_id, TRUE AS collectable FROM collection_item
             WHERE active AND amount_residual_currency > 0 AND case_id = ANY(%s))""",
        cases.ids,
    )
    rows = env.execute_query(
        SQL(
            """SELECT item.id, item.case_id, item.move_id, item.move_line_id, found.credit_id, found.name
                 FROM (%s) found JOIN collection_item item ON item.id = found.item_id ORDER BY item.id""",
            returned_sql(env, items),
        )
    )
    return [Returned(*row) for row in rows]


def _plain(text):
    """Return SQL for a text without blanks and signs, as banks write references."""
    return SQL("regexp_replace(upper(%s), '[^A-Z0-9]', '', 'g')", text)
