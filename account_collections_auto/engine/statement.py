"""Statement of account: what customers owed on a day and how it came to that, read from the ledger of any day.

Two statements for any number of customers. What was open on a day is the line's amount less what was allocated to it up
to that day: an allocation counts from the later of the dates of its two lines on (``max_date``).

Everything is kept per currency of the lines. An allocation between two currencies, or with another customer's line, is a
movement of its own in each of them; so in each currency opening balance + movements = closing balance = open items.
"""

from typing import NamedTuple

from odoo.tools import SQL

from .project import accounts_and_branches
from .sections import Movement, OpenItem


class Scope(NamedTuple):
    """Whose ledger: a root company with its branches, and some debtors."""

    company_id: int
    debtor_ids: list


def open_items(env, scope, day):
    """Return {debtor id: [OpenItem]} of what was open at the end of ``day``, in the order of due dates."""
    query = SQL(
        """WITH line AS MATERIALIZED (%(lines)s),
                open_line AS (
                    SELECT line.*,
                           line.balance - COALESCE(debit.amount, 0) + COALESCE(credit.amount, 0) AS open_company,
                           line.amount_currency - COALESCE(debit.amount_currency, 0) + COALESCE(credit.amount_currency, 0)
                               AS open
                      FROM line
                      LEFT JOIN LATERAL (
                          SELECT sum(partial.amount) AS amount, sum(partial.debit_amount_currency) AS amount_currency
                            FROM account_partial_reconcile partial
                           WHERE partial.debit_move_id = line.id AND partial.max_date <= %(day)s) debit ON TRUE
                      LEFT JOIN LATERAL (
                          SELECT sum(partial.amount) AS amount, sum(partial.credit_amount_currency) AS amount_currency
                            FROM account_partial_reconcile partial
                           WHERE partial.credit_move_id = line.id AND partial.max_date <= %(day)s) credit ON TRUE)
           SELECT line.debtor_id, line.currency_id, %(kind)s, move.name, %(reference)s,
                  COALESCE(move.invoice_date, line.date), line.due_date, line.amount_currency, line.open, line.open_company,
                  move.id, move.partner_bank_id, move.payment_reference
             FROM open_line line
             JOIN account_move move ON move.id = line.move_id
             JOIN account_journal journal ON journal.id = move.journal_id
             LEFT JOIN account_bank_statement_line bank_line ON bank_line.id = move.statement_line_id
            WHERE line.open != 0 OR line.open_company != 0
            ORDER BY line.debtor_id, line.due_date, move.name, line.id""",
        lines=_lines(
            env,
            scope,
            day,
            # What is settled by now was open on the day only if something was allocated later.
            SQL(
                """(line.reconciled IS NOT TRUE OR EXISTS (
                        SELECT 1 FROM account_partial_reconcile partial
                         WHERE partial.max_date > %(day)s AND partial.debit_move_id = line.id) OR EXISTS (
                        SELECT 1 FROM account_partial_reconcile partial
                         WHERE partial.max_date > %(day)s AND partial.credit_move_id = line.id))""",
                day=day,
            ),
        ),
        kind=_kind(scope, SQL("line.amount_currency"), SQL("line.balance")),
        reference=_reference(),
        day=day,
    )
    return _by_debtor(env, scope, query, OpenItem)


def movements(env, scope, date_from, day):
    """Return {debtor id: [Movement]} from ``date_from`` to ``day``; the first of each currency is its opening balance.

    One movement per document, whatever its instalments; of a payment, what was written off with it is told apart.
    """
    query = SQL(
        """WITH line AS MATERIALIZED (%(lines)s),
                document AS (
                    SELECT debtor_id, currency_id, move_id, date, min(due_date) AS due_date,
                           count(DISTINCT due_date) AS due_dates, sum(amount_currency) AS amount, sum(balance) AS amount_company
                      FROM line GROUP BY debtor_id, currency_id, move_id, date
                ),
                allocation AS (
                    SELECT line.debtor_id, line.currency_id, partial.max_date AS date, partial.credit_move_id AS other_id,
                           line.id AS line_id, partial.id, -partial.debit_amount_currency AS amount,
                           -partial.amount AS amount_company
                      FROM line JOIN account_partial_reconcile partial ON partial.debit_move_id = line.id
                     WHERE partial.max_date <= %(day)s
                     UNION ALL
                    SELECT line.debtor_id, line.currency_id, partial.max_date, partial.debit_move_id,
                           line.id, partial.id, partial.credit_amount_currency, partial.amount
                      FROM line JOIN account_partial_reconcile partial ON partial.credit_move_id = line.id
                     WHERE partial.max_date <= %(day)s
                ),
                crossing AS (
                    SELECT debtor_id, currency_id, date, id, min(line_id) AS line_id, min(other_id) AS other_id,
                           sum(amount) AS amount, sum(amount_company) AS amount_company
                      FROM allocation GROUP BY debtor_id, currency_id, date, id
                    HAVING sum(amount) != 0 OR sum(amount_company) != 0
                ),
                written_off AS (
                    SELECT document.debtor_id, document.currency_id, document.move_id,
                           sum(line.amount_currency) AS amount, sum(line.balance) AS amount_company
                      FROM document
                      JOIN account_move move ON move.id = document.move_id
                      JOIN account_move_line line ON line.move_id = move.id AND line.currency_id = document.currency_id
                      JOIN account_account account ON account.id = line.account_id
                     WHERE document.date >= %(since)s AND move.move_type = 'entry'
                       AND (move.origin_payment_id IS NOT NULL OR move.statement_line_id IS NOT NULL)
                       AND document.amount < 0 AND line.amount_currency > 0
                       AND (account.account_type LIKE ANY (ARRAY['income%%', 'expense%%']) OR line.tax_line_id IS NOT NULL)
                       AND NOT EXISTS (SELECT 1 FROM document other
                                        WHERE other.move_id = document.move_id AND other.debtor_id != document.debtor_id)
                     GROUP BY document.debtor_id, document.currency_id, document.move_id
                ),
                movement AS (
                    SELECT document.debtor_id, document.currency_id, document.date,
                           %(kind)s AS kind, move.name AS number, %(reference)s AS reference,
                           CASE WHEN due_dates = 1 AND document.amount > 0 THEN document.due_date END AS due_date,
                           document.amount + COALESCE(written_off.amount, 0) AS amount,
                           document.amount_company + COALESCE(written_off.amount_company, 0) AS amount_company,
                           move.id AS move_id, 0 AS part
                      FROM document
                      JOIN account_move move ON move.id = document.move_id
                      JOIN account_journal journal ON journal.id = move.journal_id
                      LEFT JOIN account_bank_statement_line bank_line ON bank_line.id = move.statement_line_id
                      LEFT JOIN written_off
                        ON (written_off.debtor_id, written_off.currency_id, written_off.move_id)
                           = (document.debtor_id, document.currency_id, document.move_id)
                     WHERE document.date >= %(since)s
                     UNION ALL
                    SELECT document.debtor_id, document.currency_id, document.date, 'write_off', move.name, %(reference)s, NULL,
                           -written_off.amount, -written_off.amount_company, move.id, 1
                      FROM written_off
                      JOIN document USING (debtor_id, currency_id, move_id)
                      JOIN account_move move ON move.id = document.move_id
                      LEFT JOIN account_bank_statement_line bank_line ON bank_line.id = move.statement_line_id
                     WHERE written_off.amount != 0 OR written_off.amount_company != 0
                     UNION ALL
                    SELECT crossing.debtor_id, crossing.currency_id, crossing.date, %(crossing_kind)s,
                           move.name, other_move.name, NULL, crossing.amount, crossing.amount_company, move.id, 2
                      FROM crossing
                      JOIN account_move_line own ON own.id = crossing.line_id
                      JOIN account_move move ON move.id = own.move_id
                      JOIN account_move_line other ON other.id = crossing.other_id
                      JOIN account_move other_move ON other_move.id = other.move_id
                      LEFT JOIN res_partner other_partner ON other_partner.id = other.partner_id
                     WHERE crossing.date >= %(since)s
                ),
                opening AS (
                    SELECT debtor_id, currency_id, sum(amount) AS amount, sum(amount_company) AS amount_company
                      FROM (SELECT debtor_id, currency_id, amount, amount_company FROM document WHERE date < %(since)s
                             UNION ALL
                            SELECT debtor_id, currency_id, amount, amount_company FROM crossing WHERE date < %(since)s) before
                     GROUP BY debtor_id, currency_id
                )
           SELECT debtor_id, currency_id, NULL AS date, 'opening' AS kind, NULL AS number, NULL AS reference,
                  NULL::date AS due_date, amount, amount_company, 0 AS move_id, 0 AS part
             FROM opening
            UNION ALL
           SELECT * FROM movement
            ORDER BY 1, 2, 3 NULLS FIRST, 10, 11""",
        lines=_lines(env, scope, day, SQL("TRUE")),
        kind=_kind(scope, SQL("document.amount"), SQL("document.amount_company")),
        crossing_kind=SQL(
            """CASE WHEN other.parent_state != 'posted' THEN 'not_booked'
                    WHEN %(debtor)s IS DISTINCT FROM crossing.debtor_id THEN 'other_customer'
                    ELSE 'other_currency' END""",
            debtor=env["collection.case"]._debtor_sql("other_partner"),
        ),
        reference=_reference(),
        since=date_from,
        day=day,
    )
    return _by_debtor(env, scope, query, Movement)


def recipients(env, company, case_ids):
    """Return {case id: [(partner id, address, lang, problem)]} of whom an e-mail about the whole account would reach.

    By the rules of reminders (`channels/email.py`), which read these two tables; here they are read-only. Nobody, where a
    hold forbids to write to the customer and names no other contact.
    """
    rows = env.execute_query(
        SQL(
            """WITH collection_tmp_case AS MATERIALIZED (
                   SELECT file.id AS case_id, file.partner_id AS debtor_id, only_to.contact_id AS only_contact_id
                     FROM collection_case file
                     LEFT JOIN (%(only_contacts)s) only_to
                       ON only_to.company_id = file.company_id AND only_to.debtor_id = file.partner_id
                    WHERE file.id = ANY(%(cases)s) AND (only_to.debtor_id IS NULL OR only_to.contact_id IS NOT NULL)
               ), collection_tmp_item AS MATERIALIZED (
                   SELECT item.case_id, COALESCE(move.partner_id, kase.partner_id) AS contact_id,
                          item.amount_residual_currency > 0 AS advances, FALSE AS collectable, FALSE AS is_overdue
                     FROM collection_item item
                     JOIN collection_case kase ON kase.id = item.case_id
                     JOIN account_move move ON move.id = item.move_id
                    WHERE item.active AND item.case_id = ANY(%(cases)s)
               )
               SELECT case_id, partner_id, address, lang, problem
                 FROM (%(recipients)s) AS recipient
                      (case_id, contact_id, channel, partner_id, address, lang, problem)
                ORDER BY case_id, partner_id, address""",
            cases=list(case_ids),
            only_contacts=env["collection.hold"]._only_contacts_sql(company._collection_today()),
            recipients=env["collection.channel.email"]._recipients_sql(company, for_customer=True),
        )
    )
    found = {case_id: [] for case_id in case_ids}
    for case_id, *recipient in rows:
        found[case_id].append(tuple(recipient))
    for case_id, (contact_id, info, _until) in env["collection.case"].browse(case_ids)._read_only_contacts().items():
        if not contact_id:
            found[case_id] = [(None, info, None, "no_hold_contact")]
    return found


# -- parts -----------------------------------------------------------------------------------------------------------


def _by_debtor(env, scope, query, kind):
    env.flush_all()
    found = {debtor_id: [] for debtor_id in scope.debtor_ids}
    for debtor_id, *values in env.execute_query(query):
        found[debtor_id].append(kind(*values))
    return found


def _lines(env, scope, day, condition):
    """SELECT of the posted receivable lines in scope up to ``day``."""
    debtor = env["collection.case"]._debtor_sql("partner")
    accounts, companies = accounts_and_branches(env, scope.company_id)
    return SQL(
        """SELECT line.id, line.move_id, %(debtor)s AS debtor_id, line.currency_id, line.date,
                  COALESCE(line.date_maturity, line.date) AS due_date, line.balance, line.amount_currency
             FROM account_move_line line
             JOIN res_partner partner ON partner.id = line.partner_id
            WHERE line.partner_id IN (SELECT partner.id FROM res_partner partner WHERE %(debtor)s = ANY(%(debtors)s))
              AND line.account_id IN %(accounts)s AND line.parent_state = 'posted' AND line.company_id IN %(companies)s
              AND line.date <= %(day)s AND %(condition)s""",
        debtor=debtor,
        debtors=list(scope.debtor_ids),
        accounts=accounts,
        companies=companies,
        day=day,
        condition=condition,
    )


def _kind(scope, amount, amount_company):
    """SQL for what a document is to the customer, by ``move`` and its ``journal``; the sign tells a payment's direction."""
    return SQL(
        """CASE WHEN move.move_type IN ('out_invoice', 'out_receipt') THEN 'invoice'
                WHEN move.move_type = 'out_refund' THEN 'credit_note'
                WHEN move.journal_id IN (SELECT company.currency_exchange_journal_id FROM res_company company
                                          WHERE split_part(company.parent_path, '/', 1)::int = %(company)s)
                  OR EXISTS (SELECT 1 FROM account_partial_reconcile partial WHERE partial.exchange_move_id = move.id)
                THEN 'exchange'
                WHEN move.origin_payment_id IS NOT NULL OR move.statement_line_id IS NOT NULL
                  OR journal.type IN ('bank', 'cash', 'credit')
                THEN CASE WHEN %(amount)s > 0 OR (%(amount)s = 0 AND %(amount_company)s > 0)
                          THEN 'payment_out' ELSE 'payment' END
                WHEN %(amount)s < 0 AND EXISTS (
                    SELECT 1 FROM account_move_line line JOIN account_account account ON account.id = line.account_id
                     WHERE line.move_id = move.id
                       AND (account.account_type LIKE 'expense%%' OR account.account_type = 'income_other'))
                THEN 'write_off'
                ELSE 'entry' END""",
        company=scope.company_id,
        amount=amount,
        amount_company=amount_company,
    )


def _reference():
    """SQL for the customer's reference of an invoice, or for what a payment was for."""
    return SQL("COALESCE(NULLIF(move.ref, ''), bank_line.payment_ref)")
