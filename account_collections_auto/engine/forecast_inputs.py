"""What a cash forecast is made of, as of any date: open items, delays, and what was agreed. One statement each.

From the ledger: what was open, and how late money came before that date. From people: promises, payment plans, disputes and
placements that were in force on that date, as far as they are still recorded. Nothing here asks who may see what.
"""

from collections import defaultdict

from odoo.tools import SQL

from . import as_of, forecast
from .promises import IS_MONEY

# So far back payments tell how a customer pays.
HISTORY_DAYS = 730


def read(env, company_ids, date):
    """Return (items, held, plans, promises), as `forecast.forecast` takes them beside a predictor."""
    roots = _roots(env, company_ids)
    items = read_items(env, company_ids, date)
    debits = _debits_by_customer(items, roots)
    return (
        items,
        read_held(env, set(roots.values()), date),
        read_plans(env, set(roots.values()), date),
        read_promises(env, set(roots.values()), date, debits),
    )


def _roots(env, company_ids):
    return {company.id: company.root_id.id for company in env["res.company"].sudo().browse(company_ids)}


def _debits_by_customer(items, roots):
    """Return {(root company, debtor, currency): [line]} of the debits."""
    found = defaultdict(list)
    for item in items:
        if item.amount > 0:
            found[roots[item.company_id], item.debtor_id, item.currency_id].append(item.line_id)
    return found


def read_items(env, company_ids, date):
    """Return the receivable lines that were open at the end of ``date``, in their own currency.

    A segment is the customers of a company that live in one country and are of one kind: companies, or persons.
    """
    rows = env.execute_query(
        SQL(
            """SELECT line.line_id, line.company_id, line.currency_id, line.partner_id, %(segment)s,
                      COALESCE(%(date)s - line.date_maturity, 0),
                      round(line.residual_currency * power(10::numeric, currency.decimal_places))::bigint,
                      line.residual::float, %(is_from_bank)s
                 FROM (%(lines)s) line
                 JOIN account_journal journal ON journal.id = line.journal_id
                 JOIN res_currency currency ON currency.id = line.currency_id
                 LEFT JOIN res_partner partner ON partner.id = line.partner_id
                WHERE line.residual_currency != 0
                ORDER BY line.line_id""",
            lines=as_of.open_lines_sql(env, company_ids, date),
            segment=_SEGMENT,
            is_from_bank=_IS_FROM_BANK,
            date=date,
        )
    )
    return [
        forecast.Item(line_id, company_id, currency_id, debtor_id, (country_id, is_company), *amounts)
        for line_id, company_id, currency_id, debtor_id, country_id, is_company, *amounts in rows
    ]


_SEGMENT = SQL("partner.country_id, partner.is_company IS TRUE")
_IS_FROM_BANK = SQL("journal.type IN ('bank', 'cash', 'credit')")
# Of a matching ``partial``: whether money, not a credit note or a mere entry, pays the item. As in `kpi_inputs`, money is what
# was booked by a bank or cash journal or belongs to a payment.
_BY_MONEY = SQL("(%s OR %s)", _IS_FROM_BANK, IS_MONEY)
_OF_ITEMS = SQL(
    """JOIN account_move_line credit ON credit.id = partial.credit_move_id AND debit.account_id = ANY(%s)
       JOIN account_journal journal ON journal.id = credit.journal_id""",
    as_of.ACCOUNTS,
)


def read_predictor(env, company_ids, date, items):
    """Return the predictor that knows the payments up to ``date``, and what was not paid up to then: ``items`` and the lost.

    A payment is money matched with an item, dated with the later one of the two entries; its weight is its amount in company
    currency. Money paid back is no item. What was taken off an item without money, in the same two years:

    - given up: of an entry, or a credit note, what stands against expenses or the account for write-offs. It is never paid;
    - moved by any other entry (set off, taken over by another customer, booked through a clearing account): not paid up to
      that day, and what would have come then is not known;
    - credit notes and exchange differences say nothing: what is credited was not owed, whenever that was noticed. Nor does an
      entry that takes back another one say anything.
    """
    env.flush_all()
    rows = env.execute_query(
        SQL(
            """WITH taken AS MATERIALIZED (
                   SELECT debit.company_id, %(debtor)s AS debtor_id, partner.country_id,
                          partner.is_company IS TRUE AS is_company,
                          partial.max_date - COALESCE(debit.date_maturity, debit.date) AS delay,
                          CASE WHEN NOT %(by_money)s THEN credit.move_id END AS move_id,
                          sum(partial.amount)::float AS amount, count(*) AS number
                     FROM account_partial_reconcile partial
                     JOIN account_move_line debit ON debit.id = partial.debit_move_id
                     %(of_items)s
                     JOIN account_journal debit_journal ON debit_journal.id = debit.journal_id
                                                       AND debit_journal.type NOT IN ('bank', 'cash', 'credit')
                     JOIN res_partner partner ON partner.id = debit.partner_id
                    WHERE debit.company_id = ANY(%(companies)s) AND debit.parent_state = 'posted' AND partial.amount > 0
                      AND partial.max_date <= %(date)s AND partial.max_date > %(date)s::date - %(days)s
                      AND (%(by_money)s OR NOT EXISTS (
                               SELECT 1 FROM account_move back
                                WHERE back.id = debit.move_id AND back.reversed_entry_id = credit.move_id
                                   OR back.id = credit.move_id AND back.reversed_entry_id = debit.move_id
                                      AND back.move_type = 'entry'))
                    GROUP BY 1, 2, 3, 4, 5, 6
               ),
               lost AS (
                   SELECT line.move_id,
                          sum(line.balance) FILTER (
                              WHERE account.account_type LIKE 'expense%%'
                                 OR account.id IN (SELECT collection_write_off_account_id FROM res_company))
                          / NULLIF(sum(line.balance), 0) AS share
                     FROM account_move_line line
                     JOIN account_account account ON account.id = line.account_id
                    WHERE line.move_id IN (SELECT move_id FROM taken)
                      AND line.tax_line_id IS NULL AND line.account_id != ALL(%(accounts)s)
                    GROUP BY line.move_id
               )
               SELECT company_id, debtor_id, country_id, is_company, delay, amount, number, 0.0, 0.0
                 FROM taken WHERE move_id IS NULL
                UNION ALL
               SELECT taken.company_id, taken.debtor_id, taken.country_id, taken.is_company, taken.delay, NULL, NULL,
                      taken.amount * given_up.share,
                      CASE WHEN move.move_type = 'entry' THEN taken.amount * (1 - given_up.share) ELSE 0.0 END
                 FROM taken
                 JOIN account_move move ON move.id = taken.move_id
                 LEFT JOIN lost ON lost.move_id = taken.move_id
                CROSS JOIN LATERAL (SELECT GREATEST(0, LEAST(1, COALESCE(lost.share, 0)))::float AS share) given_up
                WHERE move.journal_id NOT IN (SELECT currency_exchange_journal_id FROM res_company
                                               WHERE currency_exchange_journal_id IS NOT NULL)""",
            debtor=env["collection.case"]._debtor_sql("partner"),
            by_money=_BY_MONEY,
            of_items=_OF_ITEMS,
            accounts=as_of.ACCOUNTS,
            companies=list(company_ids),
            date=date,
            days=HISTORY_DAYS,
        )
    )
    history, segments = defaultdict(list), {}
    unpaid = [row for row in forecast.find_unpaid(items) if row.days <= HISTORY_DAYS]
    for company_id, debtor_id, country_id, is_company, delay, amount, number, given_up, moved in rows:
        segment = (country_id, is_company)
        if amount is not None:
            history[company_id, debtor_id].append((delay, amount, number))
            segments[company_id, debtor_id] = segment
        if given_up:
            unpaid.append(forecast.Unpaid(company_id, debtor_id, segment, forecast.GIVEN_UP, given_up))
        if moved:
            unpaid.append(forecast.Unpaid(company_id, debtor_id, segment, delay, moved))
    return forecast.RobustDelay(history, segments, unpaid)


def read_held(env, root_ids, date):
    """Return {line: {"placed" or "disputed": amount, None for all of it}} of what waits without a date on ``date``."""
    roots = list(root_ids)
    of_roots = SQL("line.company_id = ANY(%s)", roots)
    rows = env.execute_query(
        SQL(
            """SELECT item.move_line_id, 'placed', NULL::bigint
                 FROM collection_placement_line line
                 JOIN collection_placement stop ON stop.id = line.placement_id
                 JOIN collection_item item ON item.id = line.item_id
                WHERE stop.company_id = ANY(%(roots)s) AND stop.approved_on <= %(date)s AND %(placed)s
                  AND (line.recalled_on IS NULL OR line.recalled_on > %(date)s) AND item.move_line_id IS NOT NULL
                UNION ALL
               SELECT item.move_line_id, 'disputed',
                      round(sum(disputed.amount) * power(10::numeric, currency.decimal_places))::bigint
                 FROM (%(disputed)s) disputed (item_id, amount)
                 JOIN collection_item item ON item.id = disputed.item_id
                 JOIN res_currency currency ON currency.id = item.currency_id
                WHERE item.move_line_id IS NOT NULL
                GROUP BY item.move_line_id, currency.decimal_places""",
            roots=roots,
            date=date,
            placed=env["collection.placement"]._in_force_sql(date),
            disputed=env["collection.dispute"]._unclaimed_sql(of_roots, date),
        )
    )
    held = defaultdict(dict)
    for line_id, kind, amount in rows:
        held[line_id][kind] = amount
    return held


def read_plans(env, root_ids, date):
    """Return the payment plans that ran on ``date``, one `Plan` for each item where money pays as agreed.

    Credit notes took off the last instalments.
    """
    items = env["collection.payment.plan"]._fields["item_ids"]
    rows = env.execute_query(
        SQL(
            """SELECT plan.id, plan.allocation,
                      (SELECT array_agg(item.move_line_id ORDER BY item.due_date, item.id)
                         FROM %(relation)s link JOIN collection_item item ON item.id = link.%(item_column)s
                        WHERE link.%(plan_column)s = plan.id AND item.move_line_id IS NOT NULL),
                      array_agg(item.move_line_id ORDER BY line.date, line.id),
                      array_agg(line.date - %(date)s::date ORDER BY line.date, line.id),
                      array_agg(round((line.amount - COALESCE(line.amount_credited, 0))
                                      * power(10::numeric, currency.decimal_places))::bigint ORDER BY line.date, line.id)
                 FROM collection_payment_plan plan
                 JOIN res_currency currency ON currency.id = plan.currency_id
                 JOIN collection_payment_plan_line line ON line.payment_plan_id = plan.id
                 LEFT JOIN collection_item item ON item.id = line.item_id
                WHERE plan.company_id = ANY(%(roots)s) AND plan.active AND plan.accepted_on <= %(date)s
                  AND (plan.ended_on IS NULL OR plan.ended_on > %(date)s)
                  AND plan.state IN ('running', 'done', 'ended', 'cancelled')
                GROUP BY plan.id, plan.allocation ORDER BY plan.id""",
            relation=SQL.identifier(items.relation),
            plan_column=SQL.identifier(items.column1),
            item_column=SQL.identifier(items.column2),
            roots=list(root_ids),
            date=date,
        )
    )
    plans = []
    for _plan_id, allocation, line_ids, pays, days, amounts in rows:
        parts = list(zip(pays, days, amounts, strict=True))
        if allocation != "agreed":
            plans.append(forecast.Plan(line_ids or (), [(day, amount) for _line, day, amount in parts]))
            continue
        for line_id in line_ids or ():
            own = [(day, amount) for paid_line, day, amount in parts if paid_line == line_id]
            plans.append(forecast.Plan([line_id], own))
    return plans


def read_promises(env, root_ids, date, debits):
    """Return the promises in force on ``date`` without a verdict then, less what had come for them, the oldest first.

    ``debits``: {(root company, debtor, currency): [line]}, for promises that name no item.
    """
    items = env["collection.promise"]._fields["item_ids"]
    rows = env.execute_query(
        SQL(
            """SELECT stop.company_id, %(debtor)s, stop.currency_id, stop.is_for_all IS TRUE, named.line_ids,
                      stop.promise_date - %(date)s::date,
                      round((stop.amount - COALESCE(matched.amount, 0) - COALESCE(came.amount, 0))
                            * power(10::numeric, currency.decimal_places))::bigint
                 FROM collection_promise stop
                 JOIN res_partner partner ON partner.id = stop.partner_id
                 JOIN res_currency currency ON currency.id = stop.currency_id
                 LEFT JOIN LATERAL (
                     SELECT array_agg(item.move_line_id) AS line_ids
                       FROM %(relation)s link JOIN collection_item item ON item.id = link.%(item_column)s
                      WHERE link.%(promise_column)s = stop.id AND item.move_line_id IS NOT NULL) named ON TRUE
                 LEFT JOIN LATERAL (
                     SELECT sum(partial.debit_amount_currency) AS amount
                       FROM account_partial_reconcile partial
                       JOIN account_move_line credit ON credit.id = partial.credit_move_id
                      WHERE stop.is_for_all IS NOT TRUE AND partial.debit_move_id = ANY(named.line_ids)
                        AND partial.max_date <= %(date)s
                        AND (credit.date >= stop.date_from OR partial.id > stop.matched_before)) matched ON TRUE
                 LEFT JOIN LATERAL (
                     SELECT -sum(credit.amount_currency) AS amount
                       FROM account_move_line credit
                       JOIN res_company branch ON branch.id = credit.company_id
                       JOIN res_partner payer ON payer.id = credit.partner_id
                      WHERE stop.is_for_all AND %(payer)s = %(debtor)s AND credit.currency_id = stop.currency_id
                        AND split_part(branch.parent_path, '/', 1)::int = stop.company_id
                        AND credit.account_id = ANY(%(accounts)s) AND credit.parent_state = 'posted' AND credit.balance < 0
                        AND credit.date BETWEEN stop.date_from AND %(date)s) came ON TRUE
                WHERE stop.company_id = ANY(%(roots)s) AND %(in_force)s
                ORDER BY stop.date_from, stop.id""",
            debtor=env["collection.case"]._debtor_sql("partner"),
            payer=env["collection.case"]._debtor_sql("payer"),
            relation=SQL.identifier(items.relation),
            promise_column=SQL.identifier(items.column1),
            item_column=SQL.identifier(items.column2),
            in_force=env["collection.promise"]._in_force_sql(date),
            accounts=as_of.ACCOUNTS,
            roots=list(root_ids),
            date=date,
        )
    )
    return [
        forecast.Promise(debits.get((root_id, debtor_id, currency_id), ()) if is_for_all else line_ids or (), day, amount)
        for root_id, debtor_id, currency_id, is_for_all, line_ids, day, amount in rows
        if amount > 0
    ]


def read_received(env, company_ids, dates):
    """Return {(date, company, currency): {week: amount}} of the money that came for what was open on each of ``dates``.

    Money matched with those items, in the smallest unit of their currency. Money that was there on the date, but not matched
    yet, was a credit then and is not counted.
    """
    env.flush_all()
    rows = env.execute_query(
        SQL(
            """SELECT day.date, debit.company_id, debit.currency_id, (partial.max_date - day.date - 1) / 7 + 1 AS week,
                      round(sum(partial.debit_amount_currency) * power(10::numeric, currency.decimal_places))::bigint
                 FROM unnest(%(dates)s::date[]) day (date)
                 JOIN account_partial_reconcile partial ON partial.max_date > day.date
                                                       AND partial.max_date <= day.date + 7 * %(weeks)s
                 JOIN account_move_line debit ON debit.id = partial.debit_move_id AND debit.date <= day.date
                 %(of_items)s AND %(by_money)s
                 JOIN res_currency currency ON currency.id = debit.currency_id
                WHERE debit.company_id = ANY(%(companies)s) AND debit.parent_state = 'posted' AND credit.date > day.date
                GROUP BY 1, 2, 3, 4, currency.decimal_places""",
            dates=list(dates),
            weeks=forecast.WEEKS,
            companies=list(company_ids),
            of_items=_OF_ITEMS,
            by_money=_BY_MONEY,
        )
    )
    received = defaultdict(dict)
    for day, company_id, currency_id, week, amount in rows:
        received[day, company_id, currency_id][week] = amount
    return received


def first_day(env, company_ids):
    """Return the date of the first receivable line of the companies, None without one."""
    rows = env.execute_query(
        SQL(
            """SELECT min(line.date) FROM account_move_line line
                WHERE line.account_id = ANY(%s) AND line.parent_state = 'posted' AND line.company_id = ANY(%s)""",
            as_of.ACCOUNTS,
            list(company_ids),
        )
    )
    return rows[0][0]
