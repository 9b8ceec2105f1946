"""Inputs of late interest and fees: what happened to many items, read with two statements whatever their number."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from odoo.tools import SQL

from .interest import Balance


class Facts(NamedTuple):
    """What charges of one item are worked out from; amounts in its currency."""

    due_date: date
    balances: tuple[Balance, ...]
    free: tuple[tuple[date, date], ...]
    charged_until: date | None
    has_fee: bool
    is_fee_held: bool
    notices: tuple[tuple[date, bool], ...]  # day, whether it is the notice that fees need; the earliest first


def read_facts(env, company, item_ids, until):
    """Return {item id: `Facts`} of open debits of ``company``, for charges through ``until``.

    A payment lowers the balance from the day after it; a credit note from the beginning: what it takes back was not owed.
    Days on which a hold stops interest are free.
    """
    free, held = {}, set()
    for item_id, what, first, last in env.execute_query(_stopped(env, company, item_ids, until)):
        if what == "interest":
            free.setdefault(item_id, []).append((first, last or until))
        elif last is None or last >= until:
            held.add(item_id)
    return {
        item_id: Facts(
            due,
            tuple(_balances(due, Decimal(str(original)), payments or ())),
            tuple(free.get(item_id, ())),
            charged_until,
            has_fee,
            item_id in held,
            tuple((date.fromisoformat(day), is_notice) for day, is_notice in notices or ()),
        )
        for item_id, due, original, payments, charged_until, has_fee, notices in env.execute_query(_items(item_ids))
    }


def _balances(due, original, payments):
    left = original - sum((Decimal(str(amount)) for _day, amount, is_credit_note in payments if is_credit_note), Decimal(0))
    found = {due: left}
    for day, amount, is_credit_note in payments:
        if not is_credit_note:
            left -= Decimal(str(amount))
            # The day of the payment still bears interest; what was paid before the due date never does.
            found[max(date.fromisoformat(day), due)] = left
    return [Balance(date.fromordinal(day.toordinal() + 1), amount) for day, amount in sorted(found.items())]


def _items(item_ids):
    return SQL(
        """SELECT item.id, item.due_date, line.amount_currency,
                  (SELECT jsonb_agg(jsonb_build_array(credit.date, part.debit_amount_currency, refund.move_type = 'out_refund')
                                    ORDER BY credit.date, part.id)
                     FROM account_partial_reconcile part
                     JOIN account_move_line credit ON credit.id = part.credit_move_id
                     JOIN account_move refund ON refund.id = credit.move_id
                    WHERE part.debit_move_id = line.id),
                  (SELECT max(charge.date_to) FROM collection_late_charge charge
                    WHERE charge.item_id = item.id AND charge.kind = 'interest' AND charge.state != 'reversed'),
                  EXISTS (SELECT 1 FROM collection_late_charge charge
                           WHERE charge.move_id = item.move_id AND charge.kind = 'fee' AND charge.state != 'reversed'),
                  (SELECT jsonb_agg(jsonb_build_array(action.contact_date, COALESCE(level.is_fee_notice, FALSE))
                                    ORDER BY action.contact_date, action.id)
                     FROM collection_action_line told
                     JOIN collection_action action ON action.id = told.action_id AND action.state IN ('sent', 'delivered')
                                                  AND NOT COALESCE(action.is_test, FALSE)
                     LEFT JOIN collection_level level ON level.id = action.level_id
                    WHERE told.item_id = item.id AND told.days_overdue > 0 AND action.contact_date IS NOT NULL
                      AND action.channel NOT IN ('record', 'call'))
             FROM collection_item item JOIN account_move_line line ON line.id = item.move_line_id
            WHERE item.id = ANY(%s)""",
        list(item_ids),
    )


def _stopped(env, company, item_ids, until):
    """SELECT of (item id, "interest" or "fees", first day, last day) of the holds that stop it, begun by ``until``."""
    hold = env["collection.hold"]
    selects = [
        SQL(
            "SELECT stopped.* FROM (%(holds)s) stopped WHERE stopped.id = ANY(%(items)s)",
            items=list(item_ids),
            holds=hold._stops_with_items_sql(
                company,
                SQL("%s::text AS what, stop.date_from, %s", what, hold._last_day_sql()),
                # A hold that was ended on its first day held nothing.
                SQL(
                    "%(stops)s AND stop.date_from <= %(until)s AND COALESCE(%(last)s, %(until)s) >= stop.date_from",
                    stops=hold._stops_sql(what),
                    last=hold._last_day_sql(),
                    until=until,
                ),
            ),
        )
        for what in ("interest", "fees")
    ]
    return SQL(" UNION ALL ").join(selects)
