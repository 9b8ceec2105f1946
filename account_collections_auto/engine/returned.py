"""Returned payments: what a bank took back, booked as an entry of its own that nobody matched with the payment yet."""

from typing import NamedTuple

from odoo.tools import SQL

# A debit may be sent back for eight weeks; where it was never allowed for thirteen months, but then its text has to name it.
DAYS, NAMED_DAYS = 62, 400

# Only a bank takes money back; what goes out of the cash box is a refund.
BANKS = ("bank", "credit")
MONEY = (*BANKS, "cash")


class Returned(NamedTuple):
    """An entry of a bank, its open item and line, and the payment that it takes back, as it looks: name and amount."""

    item_id: int
    case_id: int
    move_id: int
    line_id: int
    credit_id: int
    payment: str
    amount: float
    currency_id: int


def returned_sql(env, items):
    """Return a SELECT of (item_id, credit_id, name, is_same): which payment each of ``items`` looks like the return of.

    An item looks like one that was booked by a bank journal, is no invoice, was matched with nothing yet, and is over the
    amount of a payment of the same customer not long before (``is_same``), or names it in its text and is over no less: with
    charges; unless a person said that it is none. A payment that is matched with what went out is returned already; and where
    open credit notes cover the entry, these were paid out. What the text names comes first, then the same amount, then money
    that is matched with nothing.
    ``items``: the table to look at, with item_id, case_id, move_id, move_line_id, collectable.
    """
    return SQL(
        """WITH suspect AS MATERIALIZED (
               SELECT item.item_id, kase.partner_id AS debtor_id, debit.account_id, debit.company_id, debit.date,
                      debit.currency_id, debit.amount_currency, debit.balance, move.reversed_entry_id,
                      %(text)s AS said
                 FROM %(items)s item
                 JOIN account_move move ON move.id = item.move_id AND move.move_type = 'entry'
                 JOIN account_journal journal ON journal.id = move.journal_id AND journal.type IN %(banks)s
                 JOIN account_move_line debit ON debit.id = item.move_line_id
                 JOIN collection_case kase ON kase.id = item.case_id
                 JOIN collection_item own ON own.id = item.item_id AND own.is_no_return IS NOT TRUE
                WHERE item.collectable AND debit.amount_residual_currency = debit.amount_currency
                  AND COALESCE((
                      SELECT sum(given.amount_residual_currency) FROM collection_item given
                        JOIN account_move note ON note.id = given.move_id AND note.move_type = 'out_refund'
                       WHERE given.case_id = item.case_id AND given.active AND given.currency_id = debit.currency_id
                      ), 0) > -debit.amount_currency)
           SELECT suspect.item_id, paid.credit_id, paid.name, paid.is_same
             FROM suspect
            CROSS JOIN LATERAL (
                SELECT credit.id AS credit_id, entry.name, likeness.more = 0 AS is_same
                  FROM res_partner payer
                  JOIN account_move_line credit ON credit.partner_id = payer.id AND credit.account_id = suspect.account_id
                                               AND credit.balance < 0 AND credit.parent_state = 'posted'
                                               AND credit.company_id = suspect.company_id
                                               AND credit.date BETWEEN suspect.date - %(named_days)s AND suspect.date
                  JOIN account_journal source ON source.id = credit.journal_id AND source.type IN %(money)s
                  JOIN account_move entry ON entry.id = credit.move_id
                 CROSS JOIN LATERAL (
                     SELECT CASE WHEN credit.currency_id = suspect.currency_id
                                 THEN suspect.amount_currency + credit.amount_currency
                                 ELSE suspect.balance + credit.balance END AS more,
                            suspect.reversed_entry_id IS NOT DISTINCT FROM entry.id
                                OR suspect.said ~ '[0-9]' AND EXISTS (%(names)s) AS is_named) likeness
                 WHERE %(debtor)s = suspect.debtor_id AND likeness.more >= 0
                   AND (likeness.more = 0 AND credit.date > suspect.date - %(days)s OR likeness.is_named)
                   AND NOT (%(taken_back)s)
                 ORDER BY likeness.is_named DESC, likeness.more = 0 DESC,
                          credit.amount_residual_currency = credit.amount_currency DESC, credit.date DESC, credit.id DESC
                 LIMIT 1) paid""",
        items=items,
        debtor=env["collection.case"]._debtor_sql("payer"),
        text=_plain(SQL("concat_ws(' ', debit.name, move.ref)")),
        names=_names_sql(),
        taken_back=taken_back_sql("credit", MONEY),
        banks=BANKS,
        money=MONEY,
        days=DAYS,
        named_days=NAMED_DAYS,
    )


def _names_sql():
    """Return a SELECT that finds a row where the text of ``suspect`` names ``credit``, its ``entry``, or what that paid."""
    return SQL(
        """SELECT 1
             FROM (SELECT entry.name
                    UNION ALL SELECT entry.ref
                    UNION ALL SELECT credit.name
                    UNION ALL SELECT unnest(ARRAY[payment.memo, payment.payment_reference])
                                FROM account_payment payment WHERE payment.move_id = entry.id
                    UNION ALL SELECT bill.name FROM account_partial_reconcile partial
                                JOIN account_move_line line ON line.id = partial.debit_move_id
                                JOIN account_move bill ON bill.id = line.move_id
                               WHERE partial.credit_move_id = credit.id) known (text)
            WHERE known.text ~ '[0-9]' AND length(%(known)s) >= 5 AND position(%(known)s IN suspect.said) > 0""",
        known=_plain(SQL("known.text")),
    )


def taken_back_sql(alias, journal_types=BANKS):
    """Return the condition that the credit ``alias`` is matched with what went out of a bank, or of ``journal_types``."""
    return SQL(
        """EXISTS (
               SELECT 1 FROM account_partial_reconcile partial
                 JOIN account_move_line taken ON taken.id = partial.debit_move_id
                 JOIN account_journal bank ON bank.id = taken.journal_id AND bank.type IN %s
                WHERE partial.credit_move_id = %s)""",
        journal_types,
        SQL.identifier(alias, "id"),
    )


def stop_sql(env, items):
    """Return a SELECT of (item_id, code, until, text): what looks like a return is not demanded, it is to be matched."""
    return SQL("SELECT item_id, 'returned_payment', NULL::date, name::text FROM (%s) returned", returned_sql(env, items))


def find(env, cases):
    """Return a list of `Returned`: what in ``cases`` looks like a payment that was returned, the same amount first.

    One statement.
    """
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
            """SELECT item.id, item.case_id, item.move_id, item.move_line_id, found.credit_id, found.name,
                      -credit.amount_currency, credit.currency_id
                 FROM (%s) found
                 JOIN collection_item item ON item.id = found.item_id
                 JOIN account_move_line credit ON credit.id = found.credit_id
                ORDER BY found.is_same DESC, item.id""",
            returned_sql(env, items),
        )
    )
    return [Returned(*row) for row in rows]


def _plain(text):
    """Return SQL for a text without blanks and signs, as banks write references."""
    return SQL("regexp_replace(upper(%s), '[^A-Z0-9]', '', 'g')", text)
