"""Taking over from OCA's account_credit_control: really installed, really run, then really followed by our cycles."""

import configparser
import os

from .odoo_process import TEMPLATE, own_database

PEER = "account_credit_control"

# A hundred customers in the middle of a policy of three levels; two policies of no use to anybody stay unused.
BEFORE = """
import random
from datetime import timedelta

dice = random.Random(5)
company = env.company
if not company.chart_template:
    env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
env = env(context={**env.context, "tracking_disable": True, "mail_create_nolog": True})
company = env.company
today = company._collection_today()
policy = env.ref("account_credit_control.credit_control_3_time")
silent = env.ref("account_credit_control.credit_control_no_follow")
receivable = env["account.account"].search([("account_type", "=", "asset_receivable")])
(policy | silent).account_ids = receivable
company.credit_policy_id = policy
customers = env["res.partner"].create(
    [{"name": f"Customer {number}", "email": f"c{number}@customer.example"} for number in range(100)]
)
invoices = env["account.move"].create([
    {
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": today - timedelta(days=days + 30),
        "invoice_date_due": today - timedelta(days=days),
        "invoice_payment_term_id": False,
        "invoice_line_ids": [(0, 0, {"name": "Goods", "price_unit": 100.0, "tax_ids": []})],
    }
    for customer in customers
    for days in dice.sample((-4, 4, 14, 22, 41, 67, 95), dice.randint(1, 3))
])
invoices.action_post()
env.cr.commit()
wizard = env["credit.control.marker"]
for days_ago in (45, 21, 3):
    run = env["credit.control.run"].create({"date": today - timedelta(days=days_ago), "policy_ids": [(6, 0, policy.ids)]})
    run.generate_credit_lines()
    run.set_to_ready_lines()
    lines = run.line_ids.filtered(lambda line: line.state == "to_be_sent")
    unsent = lines[::9]
    wizard.create({"name": "sent", "line_ids": [(6, 0, (lines - unsent).ids)]}).mark_lines()
    (lines - unsent).date_sent = today - timedelta(days=days_ago)
    unsent.write({"state": "ignored"})
customers[:4].credit_policy_id = silent
customers[4:8].manual_followup = True
customers[8:12].payment_next_action_date = today + timedelta(days=30)
invoices.filtered(lambda invoice: invoice.partner_id == customers[12])[:1].sudo().credit_policy_id = silent
assert env["credit.control.line"].search_count([("state", "=", "sent")]) > 100
"""

AFTER = """
from datetime import timedelta
from unittest.mock import patch
from odoo import fields

company = env.company
today = company._collection_today()
customers = env["res.partner"].search([("name", "like", "Customer %")], order="id")
last, levels = {}, {}
for line in env["credit.control.line"].search([("state", "=", "sent")]):
    if line.level >= levels.get(line.move_line_id, (0, None))[0]:
        levels[line.move_line_id] = (line.level, line.date_sent)
    last[line.partner_id] = max(line.date_sent, last.get(line.partner_id, line.date_sent))
source = env["credit.control.line"].search_read([], order="id")

action = env["collection.import"].action_open()
wizard = env["collection.import"].browse(action["res_id"])
assert wizard.source == "oca", wizard.source
for text in ("3 time policy", "is still installed", "it waited for the end of the month", "it sent no e-mail"):
    assert text in wizard.preview, (text, wizard.preview)
assert "2 time policy" not in wizard.preview
wizard.action_import()
plan = company.collection_plan_id
assert plan.name == "3 time policy", plan.name
assert plan.level_ids.mapped("days_overdue") == [10, 30, 40], plan.level_ids.mapped("days_overdue")
assert plan.level_ids.mapped("mode") == ["review", "review", "manual"], plan.level_ids.mapped("mode")
assert "Our records indicate" in plan.level_ids[0].step_ids.mail_template_id.body_html
assert env["credit.control.line"].search_read([], order="id") == source

def contents():
    env.flush_all()
    tables = "collection_plan", "collection_level", "collection_action", "collection_action_line", "collection_hold"
    counts = []
    for table in (*tables, "mail_template", "ir_model_data"):
        env.cr.execute(f"SELECT count(*) FROM {table}")
        counts.append(env.cr.fetchone())
    return counts

before = contents()
again = env["collection.import"].browse(env["collection.import"].action_open()["res_id"])
assert "nothing to take over" in again.preview, again.preview
again.action_import()
assert contents() == before, (contents(), before)

open_items = env["collection.item"].search([])
by_line = {item.move_line_id: item for item in open_items}
days_of = {1: 10, 2: 30, 3: 40}
for line, (level, day) in levels.items():
    assert by_line[line].level_id.days_overdue == days_of[level], (line, level)
    assert by_line[line].level_date == day, (line, day)

plan.level_ids.mode = "auto"
model = type(env["res.company"])
for offset in range(14):
    day = today + timedelta(days=offset)
    moment = fields.Datetime.to_datetime(day).replace(hour=12)
    with patch.object(model, "_collection_now", lambda self, moment=moment: moment):
        env["collection.cycle"].run(company, day)
sent = env["collection.action"].search([("cycle_id", "!=", False), ("state", "=", "sent")])
assert len(sent) > 30, len(sent)
assert not sent.partner_id & customers[:12], sent.partner_id & customers[:12]
for action in sent:
    if action.partner_id in last:
        assert action.contact_date >= last[action.partner_id] + timedelta(days=7), (action, last[action.partner_id])
    for line in action.line_ids.filtered("advances"):
        level, _day = levels.get(line.move_line_id, (0, None))
        assert line.level_days > days_of.get(level, 0), (line.move_name, line.level_days, level)
silent = env["collection.hold"].search([("partner_id", "=", customers[12].id)])
assert len(silent) == 1 and not silent.is_for_all, silent
"""


def addons_path():
    """Odoo's addons path with OCA's module added."""
    conf = configparser.ConfigParser(interpolation=None)
    conf.read(os.environ["ODOO_RC"])
    return f"--addons-path={conf['options']['addons_path']},{os.environ['COLLECTIONS_COMPARED_ADDONS']}"


def test_a_hundred_customers_go_on_where_credit_control_left_them():
    with own_database("oca", TEMPLATE) as database:
        assert database.odoo("--init", PEER, "--stop-after-init", addons_path())[0] == []
        complaints = database.shell(BEFORE, addons_path())
        assert [text for text in complaints if "collection" in text] == []
        assert database.shell(AFTER, addons_path()) == []
