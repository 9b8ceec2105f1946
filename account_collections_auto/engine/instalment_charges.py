"""What of instalments may not be charged to the card or account of a customer on a day, because something stops it."""

from odoo.tools import SQL

from .instalments import progress_sql, stopped_sql, stops_sql
from .withhold import money_under_way, reasons_sql, stop_models

# A customer who opened a payment page may be paying at this moment; after so many hours it was left without paying.
PAYMENT_PAGE_HOURS = 24


def find_stopped(env, company, date, cases=None):
    """Return {id of an instalment: (stopped amount, reasons)} of the running plans of ``company``. One statement for all.

    Whatever stops an item counts, but for payment plans themselves, and so does money that is on its way: what is being paid
    already would be taken twice. The reasons are for `collection.reason`. ``cases``: of these cases only.
    """
    env.flush_all()
    models = [model for model in stop_models(env) if model != "collection.payment.plan"]
    items = env["collection.payment.plan"]._fields["item_ids"]
    env.cr.execute(
        SQL(
            # The items and cases bear the names that the conditions of `withhold` know them by.
            """WITH progress AS MATERIALIZED (%(progress)s), collection_tmp_item AS MATERIALIZED (
                   SELECT item.id AS item_id, item.case_id, item.move_id, item.move_line_id, kase.partner_id AS debtor_id,
                          kase.plan_id, FALSE AS is_credit, TRUE AS collectable
                     FROM collection_item item
                     JOIN collection_case kase ON kase.id = item.case_id
                    WHERE item.active AND item.id IN (
                        SELECT link.%(item_column)s FROM %(relation)s link
                          JOIN progress ON progress.plan_id = link.%(plan_column)s)
               ), collection_tmp_case AS MATERIALIZED (
                   SELECT kase.id AS case_id, kase.partner_id AS debtor_id, plan.in_transit_days
                     FROM collection_case kase JOIN collection_plan plan ON plan.id = kase.plan_id
                    WHERE kase.id IN (SELECT case_id FROM collection_tmp_item)
               ), stop AS MATERIALIZED (
                   %(stops)s
                    UNION ALL
                   SELECT item_id, code, until, info, NULL::numeric FROM (%(money)s) money (item_id, code, until, info)
               ), stopped AS (
                   SELECT id, sum(amount) AS amount, array_agg(item_id) AS item_ids FROM (%(stopped)s) part GROUP BY id
               )
               SELECT id, amount, (SELECT %(reasons)s FROM stop WHERE stop.item_id = ANY(stopped.item_ids)) FROM stopped""",
            progress=progress_sql(env, company, date, ("running",), cases),
            relation=SQL.identifier(items.relation),
            plan_column=SQL.identifier(items.column1),
            item_column=SQL.identifier(items.column2),
            stops=stops_sql(env, company, date, models),
            money=SQL(
                "%s UNION ALL (%s) UNION ALL (%s)",
                money_under_way(env, company, date),
                _opened_payment_page(),
                _payment_of_customer(env, company),
            ),
            stopped=stopped_sql(env),
            reasons=reasons_sql("stop"),
        )
    )
    return {line_id: (float(amount), reasons) for line_id, amount, reasons in env.cr.fetchall()}


def find_stopped_items(env, company, date, items):
    """Return {id of one of ``items``: 1 where a part of it is stopped on ``date``, 2 where all of it is}; plans aside."""
    env.flush_all()
    models = [model for model in stop_models(env) if model != "collection.payment.plan"]
    rows = env.execute_query(
        SQL(
            """SELECT item.id, CASE WHEN bool_or(stop.amount IS NULL) OR sum(stop.amount) >= item.amount_residual_currency
                                    THEN 2 ELSE 1 END
                 FROM collection_item item JOIN (%s) stop ON stop.item_id = item.id
                WHERE item.id = ANY(%s)
                GROUP BY item.id, item.amount_residual_currency""",
            stops_sql(env, company, date, models),
            items.ids,
        )
    )
    return dict(rows)


def _opened_payment_page():
    """The customer opened a payment page for the invoice lately, and no answer has come."""
    return SQL(
        """SELECT DISTINCT item.item_id, 'online_payment', NULL::date, transaction.reference::text
             FROM collection_tmp_item item
             JOIN account_invoice_transaction_rel link ON link.invoice_id = item.move_id
             JOIN payment_transaction transaction ON transaction.id = link.transaction_id
            WHERE transaction.state = 'draft'
              AND transaction.create_date > (now() AT TIME ZONE 'UTC') - make_interval(hours => %s)""",
        PAYMENT_PAGE_HOURS,
    )


def _payment_of_customer(env, company):
    """A payment of the customer that names no invoice and is not booked; what a charge made is no reason against others."""
    return SQL(
        """SELECT DISTINCT item.item_id, 'payment', NULL::date, payment.name::text
             FROM collection_tmp_item item
             JOIN res_partner partner ON %(debtor)s = item.debtor_id
             JOIN account_payment payment ON payment.partner_id = partner.id AND payment.payment_type = 'inbound'
             JOIN res_company branch ON branch.id = payment.company_id
                                    AND split_part(branch.parent_path, '/', 1)::int = %(company)s
            WHERE (payment.state = 'draft' OR payment.state = 'in_process' AND payment.move_id IS NULL)
              AND NOT EXISTS (SELECT 1 FROM account_move__account_payment link WHERE link.payment_id = payment.id)
              AND NOT EXISTS (
                  SELECT 1 FROM collection_payment_plan_charge charge
                    JOIN payment_transaction transaction ON transaction.id = charge.transaction_id
                   WHERE transaction.payment_id = payment.id)""",
        debtor=env["collection.case"]._debtor_sql("partner"),
        company=company.id,
    )
