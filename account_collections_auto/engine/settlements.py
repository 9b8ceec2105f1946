"""Settlement offers: which were paid in time, which have run out. One statement for all offers of a company."""

from odoo.tools import SQL

from .promises import IS_MONEY
from .rates import rates_sql
from .withhold import stop_models


def received_sql(env, condition):
    """Return a SELECT of (offer_id, amount, credited): what was matched with the items of the offers that fulfil ``condition``.

    ``amount`` is money, which counts by its own date, from the day of the offer to the last day to pay, whenever it was
    booked. ``credited`` is what credit notes took off, but for those that the offer itself led to.
    """
    items = env["collection.settlement.offer"]._fields["item_ids"]
    notes = env["collection.settlement.offer"]._fields["credit_note_ids"]
    return SQL(
        """SELECT offer_id, COALESCE(sum(amount) FILTER (WHERE is_money AND is_in_time), 0) AS amount,
                  COALESCE(sum(amount) FILTER (WHERE is_credit_note), 0) AS credited
             FROM (SELECT offer.id AS offer_id, partial.debit_amount_currency AS amount, %(is_money)s AS is_money,
                          credit.date BETWEEN offer.date_from AND offer.pay_by AS is_in_time,
                          credit_move.move_type = 'out_refund'
                              AND NOT EXISTS (SELECT 1 FROM %(notes)s note WHERE note.%(note_offer)s = offer.id
                                                 AND note.%(note_move)s = credit_move.id) AS is_credit_note
                     FROM collection_settlement_offer offer
                     JOIN %(relation)s link ON link.%(offer_column)s = offer.id
                     JOIN collection_item item ON item.id = link.%(item_column)s
                     JOIN account_partial_reconcile partial ON partial.debit_move_id = item.move_line_id
                     JOIN account_move_line credit ON credit.id = partial.credit_move_id
                     JOIN account_move credit_move ON credit_move.id = credit.move_id
                    WHERE %(condition)s) matched
            GROUP BY offer_id""",
        relation=SQL.identifier(items.relation),
        offer_column=SQL.identifier(items.column1),
        item_column=SQL.identifier(items.column2),
        notes=SQL.identifier(notes.relation),
        note_offer=SQL.identifier(notes.column1),
        note_move=SQL.identifier(notes.column2),
        is_money=IS_MONEY,
        condition=condition,
    )


def _on_account_sql(condition):
    """Return a SELECT of (offer_id, amount): money on account of the customer, dated in time, that is not matched yet."""
    return SQL(
        """SELECT offer.id AS offer_id, -sum(item.amount_residual_currency) AS amount
             FROM collection_settlement_offer offer
             JOIN collection_item item ON item.case_id = offer.case_id AND item.currency_id = offer.currency_id
                                      AND item.active AND item.amount_residual_currency < 0
             JOIN account_move_line credit ON credit.id = item.move_line_id
            WHERE credit.date BETWEEN offer.date_from AND offer.pay_by AND %(is_money)s AND %(condition)s
            GROUP BY offer.id""",
        is_money=IS_MONEY,
        condition=condition,
    )


def judge(env, company, date):
    """Bring the offers of ``company`` in line with its ledger on ``date``; return [(id, state before, state after)].

    Looked at are open offers, and for a year those that were paid or ran out: money may turn up that is dated in time, or be
    returned. Credit notes since the offer reduce what is to be paid, and what lacks within the tolerance of the dunning plan
    is forgiven. Money on account that would do keeps the offer open from day to day, until somebody matches it.
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
                  SET state = decided.after, amount_received = decided.received, amount_credited = decided.credited,
                      date_until = decided.date_until,
                      ended_on = CASE WHEN decided.after = 'offered' THEN NULL
                                      WHEN decided.after = decided.before THEN offer.ended_on ELSE %(date)s END
                 FROM (SELECT sums.id, sums.state AS before, received, credited,
                              CASE WHEN is_met THEN 'met'
                                   WHEN sums.date_until < %(date)s AND NOT is_covered THEN 'expired'
                                   ELSE 'offered' END AS after,
                              CASE WHEN is_covered AND NOT is_met THEN GREATEST(sums.date_until, %(date)s)
                                   ELSE sums.date_until END AS date_until
                         FROM (%(sums)s) sums
                        CROSS JOIN LATERAL (
                            SELECT to_pay <= 0 OR received > 0 AND received + tolerance >= to_pay AS is_met,
                                   on_account > 0 AND received + on_account + tolerance >= to_pay AS is_covered) found) decided
                WHERE offer.id = decided.id
                  AND (offer.state, offer.amount_received, offer.amount_credited, offer.date_until)
                      IS DISTINCT FROM (decided.after, decided.received, decided.credited, decided.date_until)
               RETURNING offer.id, decided.before, decided.after""",
            date=date,
            sums=_sums_sql(env, company, date, looked_at),
        )
    )
    return [row for row in env.cr.fetchall() if row[1] != row[2]]


def left_to_pay(env, company, offer_ids, date):
    """Return {offer id: what is still to be paid of it}, from the ledger as it is now; writes nothing.

    Money on account that would do is as good as paid: somebody has to match it.
    """
    env.flush_all()
    return dict(
        env.execute_query(
            SQL(
                """SELECT id, CASE WHEN on_account > 0 AND received + on_account + tolerance >= to_pay THEN 0
                                   ELSE GREATEST(to_pay - received, 0) END
                     FROM (%s) sums""",
                _sums_sql(env, company, date, SQL("offer.id = ANY(%s)", list(offer_ids))),
            )
        )
    )


def _sums_sql(env, company, date, condition):
    """Return a SELECT of (id, state, date_until, received, credited, to_pay, on_account, tolerance) of the offers."""
    return SQL(
        """SELECT amounts.*, amount_to_pay - credited AS to_pay
             FROM (SELECT offer.id, offer.state, offer.date_until, offer.amount_to_pay,
                          GREATEST(COALESCE(got.amount, 0) - COALESCE(offer.received_before, 0), 0) AS received,
                          GREATEST(COALESCE(got.credited, 0) - COALESCE(offer.credited_before, 0), 0) AS credited,
                          COALESCE(on_account.amount, 0) AS on_account,
                          COALESCE(dunning.tolerance_amount, 0) * rate.per_unit AS tolerance
                     FROM collection_settlement_offer offer
                     JOIN (%(rates)s) rate ON rate.currency_id = offer.currency_id
                     LEFT JOIN collection_case kase ON kase.id = offer.case_id
                     LEFT JOIN collection_plan dunning ON dunning.id = kase.plan_id
                     LEFT JOIN (%(received)s) got ON got.offer_id = offer.id
                     LEFT JOIN (%(on_account)s) on_account ON on_account.offer_id = offer.id
                    WHERE %(condition)s) amounts""",
        rates=rates_sql(company.id, date),
        received=received_sql(env, condition),
        on_account=_on_account_sql(condition),
        condition=condition,
    )


def find_stops(env, company, item_ids, date):
    """Return [(item id, code, text)] of the ``item_ids`` that an answer or an agency stops on ``date``, in full or in part."""
    models = [name for name in stop_models(env) if name != "collection.hold"]
    return env.execute_query(
        SQL(
            """SELECT DISTINCT ON (item_id) item_id, code, info FROM (%s) stop (item_id, code, until, info, amount)
                WHERE item_id = ANY(%s) ORDER BY item_id, code""",
            SQL(" UNION ALL ").join(SQL("(%s)", env[name]._stopped_items_sql(company, date)) for name in models),
            list(item_ids),
        )
    )
