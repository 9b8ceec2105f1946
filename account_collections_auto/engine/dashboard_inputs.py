"""What the dashboard shows beside the figures of `kpi_inputs`: who owes most, how far reminders got, a week of each collector.

Set-based: the same number of statements for ten invoices and for a million. Whoever calls this names companies that the user
may see, and checks the role.
"""

from typing import NamedTuple

from odoo.tools import SQL

from . import as_of, kpi_inputs


class Debtor(NamedTuple):
    """A customer with what was open on a day, in company currency; ``partner_id`` None: entries without a customer."""

    partner_id: int | None
    name: str | None
    amount: float
    overdue: float
    oldest: object
    items: int
    of_all: float
    """What all customers owed who owed something."""


def largest(env, scope, date, limit):
    """Return the ``limit`` Debtors who owed most on ``date``, after their credits. One statement."""
    rows = env.execute_query(
        SQL(
            """SELECT debt.partner_id, COALESCE(partner.complete_name, partner.name), debt.amount, debt.overdue, debt.oldest,
                      debt.items, debt.of_all
                 FROM (SELECT line.partner_id, sum(line.residual) AS amount,
                              COALESCE(sum(line.residual) FILTER (WHERE line.date_maturity < %(date)s), 0) AS overdue,
                              min(line.date_maturity) FILTER (WHERE line.date_maturity < %(date)s) AS oldest,
                              count(line.date_maturity) AS items, sum(sum(line.residual)) OVER () AS of_all
                         FROM (%(open)s) line WHERE %(wanted)s
                        GROUP BY 1 HAVING sum(line.residual) > 0
                        ORDER BY 2 DESC, 1 LIMIT %(limit)s) debt
                 LEFT JOIN res_partner partner ON partner.id = debt.partner_id
                ORDER BY debt.amount DESC, debt.partner_id""",
            date=date,
            open=as_of.open_lines_sql(env, scope.company_ids, date),
            wanted=kpi_inputs.wanted_sql(env, scope),
            limit=limit,
        )
    )
    return [Debtor(*row) for row in rows]


def overdue_by_level(env, scope, date):
    """Return {level id (None: no level yet): (items, customers, amount)} of what was overdue on ``date``. One statement.

    Each item counts once, at the highest level that it had reached by then.
    """
    rows = env.execute_query(
        SQL(
            """WITH open AS MATERIALIZED (
                        SELECT line.line_id, line.partner_id, line.residual
                          FROM (%(open)s) line WHERE line.date_maturity < %(date)s AND %(wanted)s),
                    reached AS (
                        SELECT DISTINCT ON (claimed.move_line_id) claimed.move_line_id, claimed.level_id
                          FROM collection_action_line claimed JOIN collection_action action ON action.id = claimed.action_id
                         WHERE claimed.move_line_id IN (SELECT line_id FROM open) AND claimed.advances AND claimed.is_live
                           AND action.state IN ('sent', 'delivered') AND action.contact_date <= %(date)s
                         ORDER BY claimed.move_line_id, claimed.level_days DESC, action.contact_date DESC)
               SELECT reached.level_id, count(*), count(DISTINCT open.partner_id), sum(open.residual)
                 FROM open LEFT JOIN reached ON reached.move_line_id = open.line_id
                GROUP BY 1""",
            open=as_of.open_lines_sql(env, scope.company_ids, date),
            wanted=kpi_inputs.wanted_sql(env, scope),
            date=date,
        )
    )
    return {level_id: tuple(figures) for level_id, *figures in rows}


class Week(NamedTuple):
    """What was done with the cases of one collector in some days."""

    contacts: int = 0
    conversations: int = 0
    promises: int = 0
    money: float = 0.0


def weeks(env, scope, start, end, received):
    """Return {user id (None: cases of nobody): Week} of (start, end]; ``received`` is what `money` found. Two statements.

    A contact is a message that left or a logged call. Money is payments less refunds by payment date, matched or not, as in
    `kpi_inputs.flows`. Both, and promises, belong to the collector who has the case today.
    """
    found = {}
    for user_id, contacts, conversations in env.execute_query(_contacts_sql(env, scope, start, end)):
        found[user_id] = Week(contacts, conversations)
    for user_id, promises in env.execute_query(_promises_sql(env, scope, start, end)):
        found[user_id] = found.get(user_id, Week())._replace(promises=promises)
    for user_id, amount in received:
        found[user_id] = found.get(user_id, Week())._replace(money=amount)
    return found


def _contacts_sql(env, scope, start, end):
    """Contacts are about a customer, in whatever currency the items are."""
    return SQL(
        """SELECT kase.user_id, count(*), count(*) FILTER (WHERE line.is_conversation)
             FROM (%(contacts)s) line JOIN collection_case kase ON kase.id = line.case_id
            WHERE line.company_id = ANY(%(companies)s) AND line.date > %(start)s AND line.date <= %(end)s AND %(wanted)s
            GROUP BY 1""",
        contacts=env["collection.action.report"]._contacts_sql(),
        companies=list(scope.company_ids),
        start=start,
        end=end,
        wanted=kpi_inputs.wanted_sql(env, scope._replace(currency_ids=())),
    )


def _promises_sql(env, scope, start, end):
    return SQL(
        """SELECT kase.user_id, count(*)
             FROM collection_promise line LEFT JOIN collection_case kase ON kase.id = line.case_id
            WHERE line.state NOT IN ('to_approve', 'cancelled') AND line.active AND line.company_id = ANY(%(companies)s)
              AND line.date_from > %(start)s AND line.date_from <= %(end)s AND %(wanted)s
            GROUP BY 1""",
        companies=list(scope.company_ids),
        start=start,
        end=end,
        wanted=kpi_inputs.wanted_sql(env, scope),
    )


def money(env, start, end):
    """Return [(user id, money)] of (start, end], inside `kpi_inputs.gathered`: by the collector of the case. One statement."""
    return env.execute_query(
        SQL(
            """SELECT kase.user_id, -sum(line.balance * kind.share)
                 FROM collection_kpi_line line
                 JOIN collection_kpi_kind kind ON kind.move_id = line.move_id AND kind.kind = 'money'
                 JOIN res_company company ON company.id = line.company_id
                 LEFT JOIN collection_case kase ON kase.partner_id = line.debtor_id
                                               AND kase.company_id = split_part(company.parent_path, '/', 1)::int
                WHERE NOT line.is_sale AND line.counts_from > %(start)s AND line.counts_from <= %(end)s
                GROUP BY 1""",
            start=start,
            end=end,
        )
    )


def choices(env, company_ids):
    """Return sets (currencies, countries, segments, collectors), ids of what the customers with a case have. One statement."""
    env.flush_all()
    rows = env.execute_query(
        SQL(
            """SELECT DISTINCT 'currency', item.currency_id FROM collection_item item WHERE item.company_id = ANY(%(companies)s)
                UNION ALL
               SELECT DISTINCT named.kind, named.id
                 FROM collection_case kase
                 JOIN res_company company ON split_part(company.parent_path, '/', 1)::int = kase.company_id
                                         AND company.id = ANY(%(companies)s)
                 JOIN res_partner partner ON partner.id = kase.partner_id
                CROSS JOIN LATERAL (VALUES ('country', partner.country_id), ('segment', partner.industry_id),
                                           ('collector', kase.user_id)) named (kind, id)
                WHERE named.id IS NOT NULL""",
            companies=list(company_ids),
        )
    )
    kinds = ("currency", "country", "segment", "collector")
    return tuple({found for kind, found in rows if kind == wanted} for wanted in kinds)
