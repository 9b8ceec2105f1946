"""The open items of a customer as its own page shows them: two statements for any number of items.

What an item is to the customer follows from the stops that the customer knows of (never from a hold of ours), from what we
let go of, and from its due date. A dispute over a part leaves the rest as it was.
"""

from datetime import date
from typing import NamedTuple

from odoo.addons.account_collections_auto.engine.project import accounts_and_branches
from odoo.tools import SQL
from odoo.tools.sql import escape_psql

# In the order of the page's filters. Of the first two nothing was said: that is what a customer pays first.
STATUSES = ("overdue", "not_due", "disputed", "promised", "in_plan", "on_its_way", "settled", "credit")
_STOPS = ("collection.dispute", "collection.promise", "collection.payment.plan", "collection.payment.notice")
_STOPS += ("collection.settlement.offer",)
# What we let go of and accounting has not taken off yet: a dispute that was accepted, the rest of an offer that was paid.
_SETTLED = ("credit_note_draft", "let_go")
# An open offer changes nothing: the whole amount is owed until it is paid.
_NAMED = ("dispute", "promise", "payment_notice", "settlement", *_SETTLED)


class Row(NamedTuple):
    """One open item. ``open`` is negative for a credit; ``until`` is the day that its status speaks of."""

    item_id: int
    company_id: int
    currency_id: int
    move_id: int
    kind: str
    number: str
    reference: str | None
    date: date
    due_date: date
    days_overdue: int
    instalment: int
    instalments: int
    original: float
    open: float
    disputed: float
    status: str
    until: date | None
    running: float


class Total(NamedTuple):
    """What one currency of one company adds up to: {status: amount} and {status: how many}."""

    company_id: int
    currency_id: int
    amounts: dict
    counts: dict
    disputed: float

    @property
    def balance(self):
        """What is open in all, credits taken off."""
        return sum(self.amounts.values())

    @property
    def count(self):
        """How many items are open."""
        return sum(self.counts.values())


def totals(env, companies, domain):
    """Return the `Total` of each company and currency of the items of ``domain``, the company's currency first."""
    rows = env.execute_query(
        SQL(
            """%s SELECT standing.company_id, standing.currency_id, standing.status, count(*), sum(standing.open),
                      sum(standing.disputed)
                 FROM standing JOIN res_company company ON company.id = standing.company_id
                GROUP BY standing.company_id, standing.currency_id, standing.status, company.currency_id
                ORDER BY standing.company_id, standing.currency_id != company.currency_id, standing.currency_id""",
            _standing(env, companies, domain),
        )
    )
    found = {}
    for company_id, currency_id, status, count, amount, disputed in rows:
        total = found.setdefault((company_id, currency_id), Total(company_id, currency_id, {}, {}, 0.0))
        total.amounts[status] = float(amount)
        total.counts[status] = count
        found[company_id, currency_id] = total._replace(disputed=total.disputed + float(disputed))
    return list(found.values())


def rows(env, companies, domain, *, status=None, search=None, limit=None, offset=0):
    """Return the `Row`s of the items of ``domain``: per company and currency, in the order of due dates.

    ``running`` adds up what is listed of one company and currency, whatever the page. Numbers are sorted byte by byte: by the
    rules of a language thousands of them take longer than everything else.
    """
    found = env.execute_query(
        SQL(
            """%(standing)s, listed AS (
                   SELECT standing.*, move.name, move.ref, move.move_type, move.origin_payment_id, move.statement_line_id,
                          COALESCE(move.invoice_date, move.date) AS date,
                          company.currency_id != standing.currency_id AS is_foreign,
                          sum(standing.open) OVER (
                              PARTITION BY standing.company_id, standing.currency_id
                              ORDER BY standing.open < 0, standing.due_date, move.name COLLATE "C", standing.id) AS running
                     FROM standing
                     JOIN account_move move ON move.id = standing.move_id
                     JOIN res_company company ON company.id = standing.company_id
                    WHERE %(condition)s
                    ORDER BY standing.company_id, company.currency_id != standing.currency_id, standing.currency_id,
                             standing.open < 0, standing.due_date, move.name COLLATE "C", standing.id
                    LIMIT %(limit)s OFFSET %(offset)s)
               SELECT listed.id, listed.company_id, listed.currency_id, listed.move_id,
                      CASE WHEN listed.move_type IN ('out_invoice', 'out_receipt') THEN 'invoice'
                           WHEN listed.move_type = 'out_refund' THEN 'credit_note'
                           WHEN listed.origin_payment_id IS NOT NULL OR listed.statement_line_id IS NOT NULL THEN 'payment'
                           ELSE 'entry' END,
                      listed.name, listed.ref, listed.date, listed.due_date, listed.today - listed.due_date,
                      terms.position, terms.count, line.amount_currency, listed.open, listed.disputed, listed.status,
                      listed.until, listed.running
                 FROM listed
                 LEFT JOIN account_move_line line ON line.id = listed.move_line_id
                 LEFT JOIN LATERAL (
                     SELECT count(*) AS count,
                            count(*) FILTER (WHERE (term.date_maturity, term.id) <= (line.date_maturity, line.id)) AS position
                       FROM account_move_line term
                      WHERE term.move_id = listed.move_id AND term.display_type = 'payment_term') terms ON TRUE
                ORDER BY listed.company_id, listed.is_foreign, listed.currency_id, listed.open < 0, listed.due_date,
                         listed.name COLLATE "C", listed.id""",
            standing=_standing(env, companies, domain),
            condition=_condition(status, search),
            limit=limit,
            offset=offset,
        )
    )
    return [Row(*values) for values in found]


def count(env, companies, domain, *, status=None, search=None):
    """Return how many rows there are to page through."""
    query = SQL(
        "%s SELECT count(*) FROM standing JOIN account_move move ON move.id = standing.move_id WHERE %s",
        _standing(env, companies, domain),
        _condition(status, search),
    )
    return env.execute_query(query)[0][0]


def payments(env, company, partner, since, only_contact=None):
    """Return (date, number, reference, currency id, amount) of what ``partner`` paid since a day, the newest first."""
    env.flush_all()
    accounts, companies = accounts_and_branches(env, company.id)
    payer = SQL("line.partner_id = %s", only_contact.id) if only_contact else SQL("TRUE")
    return env.execute_query(
        SQL(
            """SELECT move.date, move.name, COALESCE(NULLIF(bank_line.payment_ref, ''), move.ref), line.currency_id,
                      -sum(line.amount_currency)
                 FROM account_move_line line
                 JOIN res_partner payer ON payer.id = line.partner_id
                 JOIN account_move move ON move.id = line.move_id
                 LEFT JOIN account_bank_statement_line bank_line ON bank_line.id = move.statement_line_id
                WHERE line.partner_id IN (SELECT id FROM res_partner WHERE commercial_partner_id = %(partner)s)
                  AND line.account_id IN %(accounts)s AND line.company_id IN %(companies)s
                  AND line.parent_state = 'posted' AND line.balance < 0 AND line.date >= %(since)s AND %(payer)s
                  AND (move.origin_payment_id IS NOT NULL OR move.statement_line_id IS NOT NULL)
                GROUP BY move.id, bank_line.payment_ref, line.currency_id
                ORDER BY move.date DESC, move.id DESC
                LIMIT 20""",
            partner=partner.id,
            accounts=accounts,
            companies=companies,
            since=since,
            payer=payer,
        )
    )


def _condition(status, search):
    """Return a condition on ``standing`` and ``move``: of this status, with this in the number or reference."""
    condition = SQL("standing.status = %s", status) if status else SQL("TRUE")
    if not search:
        return condition
    pattern = f"%{escape_psql(search)}%"
    return SQL("%s AND (move.name ILIKE %s OR move.ref ILIKE %s)", condition, pattern, pattern)


def _standing(env, companies, domain):
    """Return a WITH clause whose ``standing`` has one row per item: what is open, what is disputed, its status."""
    env.flush_all()
    days = [SQL("(%s, %s)", company.id, company._collection_today()) for company in companies] or [SQL("(0, NULL::date)")]
    stops = [
        SQL("(%s)", env[model]._stopped_items_sql(company, company._collection_today()))
        for company in companies
        for model in _STOPS
    ] or [SQL("SELECT NULL::int, NULL, NULL::date, NULL, NULL::numeric")]
    return SQL(
        """WITH mine AS MATERIALIZED (
               SELECT item.id, item.move_id, item.move_line_id, item.currency_id, item.due_date, kase.company_id,
                      item.amount_residual_currency AS open, day.today
                 FROM collection_item item
                 JOIN collection_case kase ON kase.id = item.case_id
                 JOIN (VALUES %(days)s) AS day (company_id, today) ON day.company_id = kase.company_id
                WHERE item.id IN %(ids)s
           ), said AS (
               SELECT stop.item_id,
                      CASE WHEN bool_or(stop.amount IS NULL) FILTER (WHERE stop.code = 'dispute')
                           THEN 'whole' ELSE 'part' END AS extent,
                      bool_or(stop.amount IS NULL) FILTER (WHERE stop.code IN %(settled)s) AS is_settled,
                      sum(stop.amount) FILTER (WHERE stop.code = 'dispute' OR stop.code IN %(settled)s) AS disputed,
                      max(stop.until) FILTER (WHERE stop.code = 'promise') AS promised_until,
                      max(stop.until) FILTER (WHERE stop.code = 'payment_notice') AS noticed_until,
                      bool_or(stop.code = 'promise') AS is_promised,
                      bool_or(stop.code = 'payment_notice') AS is_noticed,
                      bool_or(stop.code NOT IN %(named)s) AS is_planned
                 FROM (%(stops)s) AS stop (item_id, code, until, text, amount)
                WHERE stop.item_id IN (SELECT id FROM mine)
                GROUP BY stop.item_id
           ), standing AS (
               SELECT mine.*,
                      CASE WHEN mine.open < 0 THEN 0
                           WHEN said.extent = 'whole' OR said.is_settled THEN mine.open
                           ELSE LEAST(COALESCE(said.disputed, 0), mine.open) END AS disputed,
                      CASE WHEN mine.open < 0 THEN 'credit'
                           WHEN said.is_settled THEN 'settled'
                           WHEN said.extent = 'whole' OR said.disputed >= mine.open THEN 'disputed'
                           WHEN said.is_planned THEN 'in_plan'
                           WHEN said.is_promised THEN 'promised'
                           WHEN said.is_noticed THEN 'on_its_way'
                           WHEN mine.due_date < mine.today THEN 'overdue'
                           ELSE 'not_due' END AS status,
                      CASE WHEN said.is_planned THEN NULL
                           WHEN said.is_promised THEN said.promised_until
                           ELSE said.noticed_until END AS until
                 FROM mine LEFT JOIN said ON said.item_id = mine.id
           )""",
        days=SQL(", ").join(days),
        ids=env["collection.item"]._search(domain).subselect(),
        stops=SQL(" UNION ALL ").join(stops),
        settled=_SETTLED,
        named=_NAMED,
    )
