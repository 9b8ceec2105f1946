"""Settlement offers: which were paid in time, which have run out. One statement for all offers of a company."""

from odoo.tools import SQL

from .promises import IS_MONEY


def received_sql(env, condition):
    """Return a SELECT of (offer_id, amount): money matched with the items of the offers that fulfil ``condition``.

    Money counts by its own date, from the day of the offer to the last day to pay, whenever it was booked.
    """
    items = env["collection.settlement.offer"]._fields["item_ids"]
    return SQL(
        """SELECT offer.id AS offer_id, sum(partial.debit_amount_currency) AS amount
             FROM collection_settlement_offer offer
             JOIN %(relation)s link ON link.%(offer_column)s = offer.id
             JOIN collection_item item ON item.id = link.%(item_column)s
             JOIN account_partial_reconcile partial ON partial.debit_move_id = item.move_line_id
             JOIN account_move_line credit ON credit.id = partial.credit_move_id
            WHERE credit.date BETWEEN offer.date_from AND offer.pay_by AND %(is_money)s AND %(condition)s
            GROUP BY offer.id""",
        relation=SQL.identifier(items.relation),
        offer_column=SQL.identifier(items.column1),
        item_column=SQL.identifier(items.column2),
        is_money=IS_MONEY,
        condition=condition,
    )


def judge(env, company, date):
    """Bring the offers of ``company`` in line with its ledger on ``date``; return [(id, state before, state after)].

    Looked at are open offers, and for a year those that were paid or ran out: money may turn up that is dated in time, or be
    returned.
    """
    looked_at = SQL(
        """offer.company_id = %s AND offer.active AND offer.state IN ('offered', 'met', 'expired')
           AND offer.pay_by > %s::date - 366""",
        company.id,
        date,
    )
    env.cr.execute(
        SQL(
            """UPDATE collection_settlement_offer offer
                  SET state = decided.after, amount_received = decided.received,
                      ended_on = CASE WHEN decided.after = 'offered' THEN NULL
                                      WHEN decided.after = decided.before THEN offer.ended_on ELSE %(date)s END
                 FROM (SELECT offer.id, offer.state AS before, GREATEST(COALESCE(got.amount, 0) - offer.received_before, 0)
                                  AS received,
                              CASE WHEN COALESCE(got.amount, 0) - offer.received_before >= offer.amount_to_pay THEN 'met'
                                   WHEN offer.date_until < %(date)s THEN 'expired'
                                   ELSE 'offered' END AS after
                         FROM collection_settlement_offer offer
                         LEFT JOIN (%(received)s) got ON got.offer_id = offer.id
                        WHERE %(looked_at)s) decided
                WHERE offer.id = decided.id
                  AND (offer.state, offer.amount_received) IS DISTINCT FROM (decided.after, decided.received)
               RETURNING offer.id, decided.before, decided.after""",
            date=date,
            received=received_sql(env, looked_at),
            looked_at=looked_at,
        )
    )
    return [row for row in env.cr.fetchall() if row[1] != row[2]]
