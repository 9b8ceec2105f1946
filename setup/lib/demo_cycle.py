"""Runs inside ``odoo shell``: one dunning cycle, the mail queue, and what came of both.

Writes a JSON object to the file named by COLLECTIONS_RESULT.
"""

import json
import os
import time
from collections import Counter, defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

from odoo.exceptions import UserError
from odoo.service.model import retrying

env = env(user=env.ref("base.user_admin"))  # noqa: F821 (the shell's; the cycle is for managers)
sink = os.environ["COLLECTIONS_MAILS"]


def today(company):
    """The date in the company's own time zone."""
    return datetime.now(ZoneInfo(company.collection_tz or "UTC")).date()


def run_cycles():
    """One cycle for each company that keeps books, as its manager would start it."""
    cycles = env["collection.cycle"].browse()
    for company in env["res.company"].search([("parent_id", "=", False), ("chart_template", "!=", False)]):
        inside = env(context={**env.context, "allowed_company_ids": company.ids})
        cycles |= retrying(lambda: inside["collection.cycle"].run(company, today(company)), inside).with_env(env)  # noqa: B023
    return cycles


def drain_queue(patience=120):
    """Have Odoo's own mail queue send everything; return how many it had to send, and the failures."""
    Mail = env["mail.mail"].sudo()
    waiting = Mail.search([("state", "=", "outgoing")])
    count = len(waiting)
    deadline = time.monotonic() + patience
    while Mail.search_count([("state", "=", "outgoing")]) and time.monotonic() < deadline:
        try:
            env.ref("mail.ir_cron_mail_scheduler_action").sudo().method_direct_trigger()
        except UserError:  # the server's own cron is at it
            time.sleep(1)
        env.cr.commit()
    unsent = Mail.search([("state", "in", ("outgoing", "exception"))])
    return count, [f"{mail.subject}: {mail.failure_reason or mail.state}" for mail in unsent]


def label(record, field):
    """The words of a selection field's value."""
    return dict(record._fields[field]._description_selection(record.env)).get(record[field], record[field] or "")


def sent(cycles):
    """Rows (level, channel, state, how many) of the cycles' actions."""
    counts = Counter(
        (action.level_id.display_name or "", label(action, "channel"), label(action, "state"))
        for action in env["collection.action"].search([("cycle_id", "in", cycles.ids)], order="level_id, channel, state")
    )
    return [[*key, count] for key, count in counts.items()]


def withheld(lines):
    """Rows (reason, how many customers); reasons that differ in a date or a name are one row."""
    texts, customers = defaultdict(list), defaultdict(set)
    for line in lines:
        texts[line.reason_code].append(line.reason)
        customers[line.reason_code].add(line.case_id)
    rows = []
    for code, found in texts.items():
        similar = " (and the like)" if len(set(found)) > 1 else ""
        rows.append([(found[0] or code or "") + similar, len(customers[code])])
    return sorted(rows, key=lambda row: -row[1])


mails_before = len(os.listdir(sink))
cycles = run_cycles()
env.cr.commit()
queued, failures = drain_queue()
env.invalidate_all()
lines = env["collection.cycle.line"].search([("cycle_id", "in", cycles.ids)])
result = {
    "cycles": [[cycle.company_id.name, str(cycle.date), cycle.state] for cycle in cycles],
    "customers_due": len(lines.case_id),
    "sent": sent(cycles),
    "withheld": withheld(lines.filtered(lambda line: line.decision != "planned")),
    "mails_queued": queued,
    "mails_arrived": len(os.listdir(sink)) - mails_before,
    "mail_failures": failures,
    "logins": env["res.users"].search([("share", "=", False)]).mapped("login"),
}
with open(os.environ["COLLECTIONS_RESULT"], "w") as file:
    json.dump(result, file)
