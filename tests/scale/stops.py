"""What a cycle costs when a tenth of the open items is stopped: by holds, disputes, promises, payment notices, plans, agencies.

`prepare` projects the ledger, `stop` records the stops as people do, `serve` plans the same cycle again and again.
"""

import json
import sys
from collections import Counter
from datetime import timedelta

import odoo.sql_db
from cycle import measured_phases
from measure import backend_cpu, process_cpu, tidy_up
from odoo import Command
from odoo.addons.account_collections_auto.engine import project

# Of the items that are stopped, so many in each way; of as many again as the half of them a hold is over.
MIX = {
    "hold": 0.2,
    "customer on hold": 0.1,
    "dispute": 0.25,
    "promise": 0.15,
    "payment notice": 0.1,
    "payment plan": 0.1,
    "customer with an agency": 0.1,
}
OVER = 0.5
# What a cycle writes to.
MADE = (
    *("collection_case", "collection_item", "collection_action", "collection_action_line"),
    *("collection_cycle_line", "collection_cycle"),
)


def prepare(env):
    """Project the ledger: both databases begin with the same items and cases."""
    project.refresh_company(env, env.company)
    env.cr.commit()
    env.cr.execute("ANALYZE")
    env.cr.commit()


def stop(env, share):
    """Stop ``share`` of the open debits from yesterday on. Return how many items, and by how many records of each kind."""
    env = env(context={**env.context, "tracking_disable": True, "mail_create_nolog": True, "mail_activity_quick_update": True})
    env.company.collection_plan_id.write({"promise_max_in_row": 0})
    rows = _draw(env)
    wanted = int(len(rows) * share)
    customers = _whole_customers(rows, wanted * MIX["customer on hold"])
    placed = _whole_customers((row for row in rows if row["partner"] not in customers), wanted * MIX["customer with an agency"])
    rest = iter(row for row in rows if row["partner"] not in customers | placed)
    take = lambda part: [next(rest) for _number in range(int(wanted * part))]  # noqa: E731
    day = env.company._collection_today() - timedelta(days=1)
    later = day + timedelta(days=20)
    hold = {"reason": "Waits for a document", "date_until": later}
    over = {"reason": "Was ill", "date_from": day - timedelta(days=9), "date_until": day - timedelta(days=1)}
    orders = {
        "collection.hold": [
            *({**_common(env, row, day), **_items(row), **hold} for row in take(MIX["hold"])),
            *({"partner_id": partner, "company_id": env.company.id, "date_from": day, **hold} for partner in customers),
            *({**_common(env, row, day), **_items(row), **over} for row in take(OVER)),
        ],
        "collection.dispute": [_dispute(env, row, day, number) for number, row in enumerate(take(MIX["dispute"]))],
        "collection.promise": [
            {**_common(env, row, day), **_items(row), "amount": row["amount"], "promise_date": day + timedelta(days=9)}
            for row in take(MIX["promise"])
        ],
        "collection.payment.notice": [
            {**_common(env, row, day), **_items(row), "amount": row["amount"], "payment_date": day}
            for row in take(MIX["payment notice"])
        ],
        "collection.payment.plan": [_payment_plan(env, row, day) for row in take(MIX["payment plan"])],
    }
    made = {model: env[model].create(values) for model, values in orders.items()}
    _agree(made["collection.payment.plan"], day)
    made["collection.placement"] = _place(env, placed)
    env.cr.commit()
    env.cr.execute("ANALYZE")
    env.cr.commit()
    return {model: len(records) for model, records in made.items()}


def _draw(env):
    """The open debits in an order that chance makes, the same for the same ledger."""
    env.cr.execute(
        """SELECT item.id AS item, kase.partner_id AS partner, item.amount_residual_currency::float AS amount
             FROM collection_item item JOIN collection_case kase ON kase.id = item.case_id
            WHERE item.active AND item.amount_residual_currency > 1 ORDER BY md5(item.id::text)"""
    )
    return env.cr.dictfetchall()


def _whole_customers(rows, items):
    """Customers of ``rows`` who have about so many ``items`` together; a large one that does not fit is left out."""
    counts = Counter(row["partner"] for row in rows)
    chosen = set()
    for partner, count in counts.items():
        if count <= items:
            chosen.add(partner)
            items -= count
    return chosen


def _common(env, row, day):
    return {"partner_id": row["partner"], "company_id": env.company.id, "date_from": day}


def _items(row):
    return {"item_ids": [Command.set([row["item"]])]}


def _dispute(env, row, day, number):
    """Half of the item, of every third all."""
    amount = row["amount"] if number % 3 == 0 else max(round(row["amount"] / 2, 2), 0.01)
    reason = env.ref("account_collections_auto.collection_dispute_reason_delivery").id
    line = Command.create({"item_id": row["item"], "amount": amount})
    return {**_common(env, row, day), "reason_id": reason, "line_ids": [line]}


def _payment_plan(env, row, day):
    """Two halves, of which the first is due in nine days."""
    half = round(row["amount"] / 2, 2)
    parts = ((day + timedelta(days=9), row["amount"] - half), (day + timedelta(days=39), half))
    lines = [Command.create({"date": date, "amount": amount}) for date, amount in parts]
    return {**_common(env, row, day), **_items(row), "line_ids": lines}


def _agree(plans, day):
    """As if each was accepted, but without the PDF of its agreement."""
    plans.write({"state": "running", "accepted_on": day})
    plans._judge(plans.company_id, day)


def _place(env, partners):
    """An agency has these customers; it was approved, and the file for the agency is not made."""
    contact = env["res.partner"].create({"name": "Agency"})
    agency = env["collection.agency"].create({"partner_id": contact.id, "company_id": env.company.id})
    items = env["collection.item"].search(
        [("case_id.partner_id", "in", list(partners)), ("case_id.company_id", "=", env.company.id)]
    )
    placements = env["collection.placement"]
    obstacles = placements._find_obstacles(items)
    return placements._propose(agency, items.filtered(lambda item: item not in obstacles))._approve(despite_notice=True)


# -- planning ----------------------------------------------------------------------------------------------------------


def serve(env):
    """For each line of input plan the cycle of today, undo it, and answer with what it cost."""
    print("ready", flush=True)
    for _line in sys.stdin:
        print(json.dumps(_plan(env)), flush=True)
    return {}


def _plan(env):
    backend = env.cr._cnx.info.backend_pid
    before = (process_cpu(), backend_cpu(backend), odoo.sql_db.sql_counter)
    with measured_phases(env, sample=0) as phases:
        cycle = env["collection.cycle"].run(env.company, env.company._collection_today())
        messages = len(cycle.action_ids)
    after = (process_cpu(), backend_cpu(backend), odoo.sql_db.sql_counter)
    env.cr.rollback()
    env.invalidate_all(flush=False)
    tidy_up(env.cr, *MADE)  # what was undone leaves dead rows behind
    on_this_machine = before[1] is not None and after[1] is not None
    return {
        "cpu": after[0] - before[0] + (after[1] - before[1] if on_this_machine else 0),
        "statements": after[2] - before[2],
        "messages": messages,
        "phases": {name: phase.seconds for name, phase in phases.items()},
    }
