"""What posting and paying cost: one transaction of an accountant, in a database with or without the module.

`serve` is a process that waits for one line per round, ``SCENARIO ROUND SIZE``, and answers each with a line of JSON:
the transaction up to its commit, and what runs right after the commit, which is our refresh of the customers it touched.
"""

import json
import sys

import ledger
import odoo.sql_db
from measure import backend_cpu, process_cpu
from odoo import Command


def serve(env):
    """Answer rounds until the input ends."""
    print("ready", flush=True)
    for line in sys.stdin:
        scenario, number, size = line.split()
        result = _measure(env, SCENARIOS[scenario], int(number), int(size))
        print(json.dumps(result), flush=True)
    return {}


def _measure(env, prepare, number, size):
    act = prepare(env, number, size)
    env.flush_all()
    env.cr.commit()
    env.invalidate_all()
    start = _Reading(env.cr)
    committed = []
    env.cr.postcommit.add(lambda: committed.append(_Reading(env.cr)))  # the first, so before any refresh
    act()
    env.cr.commit()
    end = _Reading(env.cr)
    return {"transaction": committed[0] - start, "after_commit": end - committed[0]}


class _Reading:
    """CPU of this process and of its database backends, and statements, at one moment."""

    def __init__(self, cr):
        self.cpu = process_cpu()
        self.statements = odoo.sql_db.sql_counter
        pids = {connection.info.backend_pid for connection in odoo.sql_db._Pool._connections if not connection.closed}
        self.database = {pid: backend_cpu(pid) for pid in pids | {cr._cnx.info.backend_pid}}

    def __sub__(self, other):
        known = all(value is not None for value in [*self.database.values(), *other.database.values()])
        spent = sum(value - other.database.get(pid, 0.0) for pid, value in self.database.items()) if known else None
        return {"cpu": self.cpu - other.cpu, "database_cpu": spent, "statements": self.statements - other.statements}


# -- scenarios: prepare and commit what is needed, return the transaction to measure --------------------------------


def _post(env, number, size):
    moves = _drafts(env, size)
    return moves.action_post


def _drafts(env, size):
    """``size`` draft invoices: one made through Odoo, the others its copies by SQL."""
    cr = env.cr
    # Each of another customer, as in a month-end run.
    cr.execute("SELECT id FROM res_partner WHERE name LIKE 'Customer %%' ORDER BY id LIMIT %s", [size])
    partner_ids = [row[0] for row in cr.fetchall()]
    move = env["account.move"].create(
        {
            "move_type": "out_invoice",
            "partner_id": partner_ids[0],
            "invoice_payment_term_id": False,
            "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": 100.0, "tax_ids": []})],
        }
    )
    env.flush_all()
    first = ledger.reserve(cr, "account_move", size)
    cr.execute("DROP TABLE IF EXISTS bench_draft")
    cr.execute(
        "CREATE TEMPORARY TABLE bench_draft AS SELECT %s + row_number() OVER () AS move_id, partner_id "
        "FROM unnest(%s::int[]) partner_id",
        [first, partner_ids[1:]],
    )
    customer = {"partner_id": "source.partner_id", "commercial_partner_id": "source.partner_id"}
    ledger.copy(
        cr,
        move,
        "bench_draft source",
        {**customer, "partner_shipping_id": "source.partner_id", "id": "source.move_id", "access_token": "NULL"},
    )
    for line in move.line_ids:
        first_line = ledger.reserve(cr, "account_move_line", size)
        ledger.copy(
            cr,
            line,
            "bench_draft source",
            {"id": f"{first_line} + source.move_id - {first}", "move_id": "source.move_id", "partner_id": "source.partner_id"},
        )
    env.invalidate_all()
    cr.execute("SELECT move_id FROM bench_draft")
    return move + move.browse([row[0] for row in cr.fetchall()])


def _pay(env, number, size):
    env.cr.execute(
        """SELECT line.id FROM account_move_line line JOIN account_move move ON move.id = line.move_id
            WHERE move.name LIKE 'BENCH/%%' AND line.display_type = 'payment_term' AND line.reconciled IS NOT TRUE
              AND line.currency_id = %s
            ORDER BY line.id LIMIT %s OFFSET %s""",
        [env.company.currency_id.id, size, 0],
    )
    lines = env["account.move.line"].browse([row[0] for row in env.cr.fetchall()])
    wizard = env["account.payment.register"].with_context(active_model="account.move.line", active_ids=lines.ids)
    wizard = wizard.create({"group_payment": False})
    return wizard._create_payments


def _reconcile(env, number, size):
    env.cr.execute("SELECT id FROM res_partner WHERE name = %s", [f"Customer {number + 1}"])
    partner_id = env.cr.fetchone()[0]
    account = env["account.account"].search([("account_type", "=", "asset_receivable")], limit=1)
    journal = env["account.journal"].search([("type", "=", "general")], limit=1)
    move = env["account.move"].create(
        {
            "move_type": "entry",
            "journal_id": journal.id,
            "line_ids": [
                Command.create({"account_id": account.id, "partner_id": partner_id, side: 10.0})
                for _pair in range(size // 2)
                for side in ("debit", "credit")
            ],
        }
    )
    move.action_post()
    return move.line_ids.reconcile


SCENARIOS = {"post": _post, "pay": _pay, "reconcile": _reconcile}
