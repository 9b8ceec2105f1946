"""The reports on a large ledger, measured in units of one sequential aggregate over the receivable lines and their matchings.

Everything is read as a manager does through the web client: with access rights, and with an empty ORM cache each time.
"""

import signal
import time
from statistics import median

from measure import Phase, tidy_up

# What any report has to read at least: each receivable line with what was matched with it up to a day, once.
BASELINE = """
    SELECT line.partner_id, count(*), sum(line.balance - COALESCE(matched.amount, 0))
      FROM account_move_line line
      LEFT JOIN (SELECT line_id, sum(amount) AS amount
                   FROM (SELECT debit_move_id AS line_id, amount FROM account_partial_reconcile WHERE max_date <= %(date)s
                          UNION ALL
                         SELECT credit_move_id, -amount FROM account_partial_reconcile WHERE max_date <= %(date)s) part
                  GROUP BY line_id) matched ON matched.line_id = line.id
     WHERE line.account_id IN (SELECT id FROM account_account WHERE account_type = 'asset_receivable')
       AND line.parent_state = 'posted' AND line.date <= %(date)s
     GROUP BY line.partner_id"""


def compare(env, rounds):
    """Return {"items", "baseline": seconds, "reports": {name: (seconds, statements)}}; the baseline in turns with each."""
    tidy_up(env.cr)
    env.cr.execute("SELECT count(*) FROM account_move_line")
    items = env.cr.fetchone()[0]
    env = env(user=env.ref("base.user_admin").id, su=False, context={"allowed_company_ids": env.company.ids, "lang": "en_US"})
    calls = _reports(env)
    taken, baselines = {name: [] for name in calls}, []
    for _round in range(rounds + 1):
        for name, call in calls.items():
            baselines.append(_baseline(env))
            taken[name].append(_measured(env, call))
    return {
        "items": items,
        "baseline": median(baselines[len(calls) :]),
        "reports": {
            name: (median(seconds for seconds, _count in values[1:]), values[-1][1]) for name, values in taken.items()
        },
    }


def _reports(env):
    figures, report = env["collection.kpi"], env["collection.report"]
    columns = {name: {} for name in ("as_of", "move_id", "partner_id", "due_date", "bucket", "amount", "amount_overdue")}
    calls = {
        "figures of a day, a month": lambda: figures.get_figures(period="month"),
        "figures of a day, a year": lambda: figures.get_figures(period="year"),
        "aged receivables, first page": lambda: env["collection.aged.report"].get_page(),
        "open items by month-end, first page": lambda: report.web_search_read([("is_now", "=", True)], columns, limit=80),
        "open items by month-end and age": lambda: report.formatted_read_group([], ["as_of:month", "bucket"], ["amount:sum"]),
        "cash forecast": lambda: env["collection.forecast"].get_forecast(),
    }
    if "collection.dashboard" in env:
        calls["whole dashboard"] = lambda: env["collection.dashboard"].get_page()
    return calls


def _baseline(env):
    start = time.perf_counter()
    env.cr.execute(BASELINE, {"date": env.company._collection_today()})
    env.cr.fetchall()
    return time.perf_counter() - start


def _measured(env, call):
    env.flush_all()
    env.invalidate_all()
    env.registry.clear_cache()
    with Phase() as phase:
        call()
    return phase.seconds, phase.statements


# -- OCA's account_financial_report -----------------------------------------------------------------------------------


class _TimeIsUp(Exception):
    pass


def peer(env, seconds):
    """Return the seconds that OCA's aged partner balance takes to compute its figures, and whether it was stopped."""
    tidy_up(env.cr)
    today = env.company._collection_today()
    accounts = env["account.account"].search([("account_type", "=", "asset_receivable")])
    wizard = env["aged.partner.balance.report.wizard"].create({"date_at": today, "account_ids": [(6, 0, accounts.ids)]})
    data = wizard._prepare_report_data()
    data["date_at"] = str(data["date_at"])  # as the web client sends it: the report reads text
    env.flush_all()
    env.invalidate_all()
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(int(seconds))
    stopped = False
    with Phase() as phase:
        try:
            env["report.account_financial_report.aged_partner_balance"]._get_report_values(wizard.ids, data)
        except _TimeIsUp:
            stopped = True
    signal.alarm(0)
    env.cr.rollback()
    return {"seconds": phase.seconds, "statements": phase.statements, "stopped": stopped}


def _stop(*_signal):
    raise _TimeIsUp
