"""Settlement offers: which were paid in time, which have run out. Two statements for all offers of a company."""

from typing import NamedTuple

from odoo.tools import SQL

from .promised_money import Money, count_once
from .promises import IS_MONEY
from .rates import rates_sql
from .withhold import stop_models


class Left(NamedTuple):
    """What is left to pay of an offer, as the ledger is now."""

    to_pay: float  # nothing of it is matched with the items
    on_account: float  # of that, what is there and waits to be matched
    asked: float  # what the customer still has to send

    def without_account(self):
        """Return the same where the money on account was for something else."""
        return self._replace(on_account=0.0, asked=self.to_pay)


def received_sql(env, condition):
    """Return a SELECT of (offer_id, amount, credited): what was matched with the items of the offers that fulfil ``condition``.

    ``amount`` is money dated by the last day to pay, whenever it was booked: also what was there before the offer. What was
    matched before is told apart by asking this when the offer is made (``received_before``). ``credited`` is what credit
    notes took off, but for those that the offer itself led to.
    """
    items = env["collection.settlement.offer"]._fields["item_ids"]
    notes = env["collection.settlement.offer"]._fields["credit_note_ids"]
    return SQL(
        """SELECT offer_id, COALESCE(sum(amount) FILTER (WHERE is_money AND is_in_time), 0) AS amount,
                  COALESCE(sum(amount) FILTER (WHERE is_credit_note), 0) AS credited
             FROM (SELECT offer.id AS offer_id, partial.debit_amount_currency AS amount, %(is_money)s AS is_money,
                          credit.date <= offer.pay_by AS is_in_time,
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


def _give_on_account(env, company, date, condition):
    """Return {offer id: money on account that counts for it} for the offers that fulfil ``condition``; writes nothing.

    Money counts for the offers of the customer in whose days it is dated, once: for open offers before those that ran out,
    and for the oldest of them first.
    """
    wanted, found, digits = {}, {}, {}
    query = SQL(
        """SELECT sums.id, sums.to_pay - sums.received, currency.decimal_places, money.rows
             FROM (%(sums)s) sums
             JOIN collection_settlement_offer offer ON offer.id = sums.id
             JOIN res_currency currency ON currency.id = offer.currency_id
            CROSS JOIN LATERAL (
                SELECT jsonb_agg(jsonb_build_array(credit.id, -credit.amount_residual_currency)
                                 ORDER BY credit.date, credit.id) AS rows
                  FROM collection_item item
                  JOIN account_move_line credit ON credit.id = item.move_line_id AND credit.amount_residual_currency < 0
                 WHERE item.case_id = offer.case_id AND item.currency_id = offer.currency_id AND item.active
                   AND credit.date BETWEEN offer.date_from AND offer.pay_by AND %(is_money)s) money
            WHERE sums.to_pay > sums.received AND money.rows IS NOT NULL
            ORDER BY offer.state <> 'offered', offer.date_from, offer.id""",
        sums=_sums_sql(company, date, condition, received_sql(env, condition), {}),
        is_money=IS_MONEY,
    )
    for offer_id, amount, places, rows in env.execute_query(query):
        wanted[offer_id], digits[offer_id] = float(amount), places
        found[offer_id] = [Money(credit_id, None, amount, amount, amount) for credit_id, amount in rows]
    return count_once(wanted, found, digits)


def judge(env, company, date):
    """Bring the offers of ``company`` in line with its ledger on ``date``; return [(id, state before, state after)].

    Looked at are open offers, and for a year those that were paid or ran out: money may turn up that is dated in time, or be
    returned. Credit notes since the offer reduce what is to be paid, and what lacks within the tolerance of the dunning plan
    is forgiven. Money on account that would do keeps the offer open from day to day, until somebody matches it.
    """
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
            sums=_get_sums_sql(env, company, date, _looked_at_sql(company, date)),
        )
    )
    return [row for row in env.cr.fetchall() if row[1] != row[2]]


def left_to_pay(env, company, offer_ids, date):
    """Return {offer id: `Left`}, from the ledger as it is now; writes nothing.

    Money on account is as good as paid, somebody has to match it; the other offers of the customer have their share of it.
    """
    env.flush_all()
    of_these_customers = SQL(
        "%s AND offer.case_id IN (SELECT case_id FROM collection_settlement_offer WHERE id = ANY(%s))",
        _looked_at_sql(company, date),
        list(offer_ids),
    )
    query = SQL(
        """SELECT id, GREATEST(to_pay - received, 0), on_account,
                  CASE WHEN received + on_account > 0 AND received + on_account + tolerance >= to_pay THEN 0
                       ELSE GREATEST(to_pay - received - on_account, 0) END
             FROM (%s) sums WHERE id = ANY(%s)""",
        _get_sums_sql(env, company, date, of_these_customers),
        list(offer_ids),
    )
    return {row[0]: Left(*map(float, row[1:])) for row in env.execute_query(query)}


def _looked_at_sql(company, date):
    """Return a condition on ``offer``: its verdict may still change."""
    return SQL(
        """offer.company_id = %s AND offer.active AND offer.state IN ('offered', 'met', 'expired')
           AND offer.pay_by > %s::date - 366""",
        company.id,
        date,
    )


def _get_sums_sql(env, company, date, condition):
    """Return the SELECT of `_sums_sql`, after asking for how much money on account counts for each offer."""
    on_account = _give_on_account(env, company, date, condition)
    return _sums_sql(company, date, condition, received_sql(env, condition), on_account)


def _sums_sql(company, date, condition, received, on_account):
    """Return a SELECT of (id, state, date_until, received, credited, to_pay, on_account, tolerance) of the offers.

    ``received``: the SELECT of `received_sql`; ``on_account``: {offer id: amount}.
    """
    return SQL(
        """SELECT amounts.*, amount_to_pay - credited AS to_pay
             FROM (SELECT offer.id, offer.state, offer.date_until, offer.amount_to_pay,
                          GREATEST(COALESCE(got.amount, 0) - COALESCE(offer.received_before, 0), 0) AS received,
                          GREATEST(COALESCE(got.credited, 0) - COALESCE(offer.credited_before, 0), 0) AS credited,
                          COALESCE(given.amount, 0) AS on_account,
                          COALESCE(dunning.tolerance_amount, 0) * rate.per_unit AS tolerance
                     FROM collection_settlement_offer offer
                     JOIN (%(rates)s) rate ON rate.currency_id = offer.currency_id
                     LEFT JOIN collection_case kase ON kase.id = offer.case_id
                     LEFT JOIN collection_plan dunning ON dunning.id = kase.plan_id
                     LEFT JOIN (%(received)s) got ON got.offer_id = offer.id
                     LEFT JOIN unnest(%(offers)s::int[], %(amounts)s::numeric[]) given (offer_id, amount)
                            ON given.offer_id = offer.id
                    WHERE %(condition)s) amounts""",
        rates=rates_sql(company.id, date),
        received=received,
        offers=list(on_account),
        amounts=list(on_account.values()),
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
