"""Installing, updating and uninstalling, as an administrator does it: with processes, on databases of their own."""

from .odoo_process import MODULE, TEMPLATE, own_database

OUR_QUEUE = """SELECT count(*) FROM mail_mail mail JOIN mail_message message ON message.id = mail.mail_message_id
                WHERE message.model LIKE 'collection.%' AND mail.state = 'outgoing'"""

LEFT_BEHIND = {
    "tables": "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'collection\\_%'",
    "columns": """SELECT table_name, column_name FROM information_schema.columns
                   WHERE table_schema = 'public' AND column_name LIKE 'collection\\_%'""",
    "models": "SELECT model FROM ir_model WHERE model LIKE 'collection.%'",
    "fields": "SELECT model, name FROM ir_model_fields WHERE name LIKE 'collection\\_%'",
    "jobs": "SELECT cron_name FROM ir_cron WHERE cron_name LIKE 'Collections%'",
    "roles": "SELECT name FROM res_groups_privilege WHERE name->>'en_US' = 'Collections'",
    "texts": "SELECT name FROM mail_template WHERE model LIKE 'collection.%'",
    "messages": "SELECT id FROM mail_message WHERE model LIKE 'collection.%'",
    "activities": "SELECT id FROM mail_activity WHERE res_model LIKE 'collection.%'",
    "menus": "SELECT name FROM ir_ui_menu WHERE action LIKE 'ir.actions.act_window,%' AND NOT EXISTS "
    "(SELECT 1 FROM ir_act_window WHERE id = split_part(action, ',', 2)::int)",
    "names": f"SELECT name FROM ir_model_data WHERE module = '{MODULE}'",
}

# Three invoices: one on hold (we set Odoo's flag), one whose flag a person set, one that is reminded; a second company
# with a plan of its own.
STORY = """
from datetime import timedelta
company = env.company
if not company.chart_template:
    env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
company.resource_calendar_id.tz = "Europe/Brussels"
env["res.company"].create({"name": "Second company"})
today = company._collection_today()
names = ["On hold", "Flagged by hand", "Reminded"]
customers = env["res.partner"].create([{"name": name, "email": "books@customer.example"} for name in names])
invoices = env["account.move"].create([
    {
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": today - timedelta(days=60),
        "invoice_date_due": today - timedelta(days=30),
        "ref": customer.name,
        "invoice_line_ids": [(0, 0, {"name": "Goods", "price_unit": 100.0, "tax_ids": []})],
    }
    for customer in customers
])
invoices.action_post()
invoices[1].no_followup = True
env["collection.case"]._refresh_marked()
env["collection.hold"].create({"partner_id": customers[0].id, "date_from": today, "reason": "Waits for an answer"})
cycle = env["collection.cycle"].run(company, today)
assert cycle.action_ids.partner_id == customers[2], cycle.action_ids.partner_id
"""

OPTIONAL = """SELECT name FROM ir_module_module
               WHERE name IN ('sale', 'hr_holidays', 'account_collections_sale') AND state = 'installed' ORDER BY name"""

# Anna is on leave, counted in days, half days and hours; Bert, who leads the team, stands in for her on whole days.
LEAVE = """
from datetime import timedelta
from odoo import Command, fields

roles = env.ref("account_collections_auto.group_collector") | env.ref("base.group_user")
anna, bert = env["res.users"].create([
    {"name": name, "login": name, "email": f"{name}@example.org", "group_ids": [Command.set(roles.ids)]}
    for name in ("anna", "bert")
])
employee = env["hr.employee"].create({"name": "Anna", "user_id": anna.id})
env["collection.team"].create({"name": "Export", "leader_id": bert.id, "member_ids": [Command.set(anna.ids)]})
customer = env["res.partner"].create({"name": "Late", "email": "books@customer.example"})
case = env["collection.case"].create({"partner_id": customer.id, "company_id": env.company.id, "user_id": anna.id})
monday = fields.Date.to_date("2026-11-02")

def on_leave(unit, first, last, **vals):
    kind = env["hr.leave.type"].create({
        "name": unit, "requires_allocation": False, "leave_validation_type": "hr", "request_unit": unit,
    })
    days = {"request_date_from": monday + timedelta(days=first), "request_date_to": monday + timedelta(days=last)}
    leave = env["hr.leave"].create({"employee_id": employee.id, "holiday_status_id": kind.id, **days, **vals})
    assert leave.state == "confirm", leave.state
    return leave

def stands_in(day):
    date = monday + timedelta(days=day)
    company = type(env.company)
    now = company._collection_now
    company._collection_now = lambda self: fields.Datetime.to_datetime(date).replace(hour=12)
    try:
        mine = env["collection.case"].with_user(bert).search([("id", "=", case.id), ("is_mine", "=", True)])
        user = case.with_user(bert)._get_todo_user()
        assert bool(mine) == (user == bert), (day, mine, user)
        return user == bert
    finally:
        company._collection_now = now

leave = on_leave("day", 0, 2)
assert not stands_in(1), "it is not approved"
leave.action_approve()
assert [stands_in(day) for day in range(-1, 4)] == [False, True, True, True, False]
on_leave("half_day", 7, 9, request_date_from_period="pm", request_date_to_period="am").action_approve()
assert [stands_in(day) for day in range(7, 10)] == [False, True, False]
on_leave("half_day", 10, 10).action_approve()
assert stands_in(10), "a whole day counted in half days"
on_leave("hour", 14, 14, request_hour_from=9, request_hour_to=11).action_approve()
assert not stands_in(14), "two hours"
leave.action_refuse()
assert not stands_in(1)
"""

UNINSTALL = f"env['ir.module.module'].search([('name', '=', '{MODULE}')]).button_immediate_uninstall()"


def flags(database):
    """Return {customer: whether Odoo's "no follow-up" is set}."""
    return dict(
        database.sql(
            """SELECT move.ref, line.no_followup IS TRUE FROM account_move move
                 JOIN account_move_line line ON line.move_id = move.id
                WHERE line.display_type = 'payment_term'"""
        )
    )


def test_installs_on_an_empty_database_and_updates_without_a_warning():
    """Nothing is switched on by installing, and nothing waits to be sent. Sales and Time Off join in when they come later."""
    with own_database("empty") as database:
        assert database.install() == []
        assert database.sql(OPTIONAL) == []
        assert database.sql("SELECT count(*) FROM res_company WHERE collection_is_active") == [(0,)]
        assert database.sql(OUR_QUEUE) == [(0,)]
        assert database.sql("SELECT count(*) FROM res_company WHERE parent_id IS NULL AND collection_plan_id IS NULL") == [(0,)]
        assert database.update() == []
        assert database.install(modules="sale,hr_holidays") == []
        assert database.sql(OPTIONAL) == [("account_collections_sale",), ("hr_holidays",), ("sale",)]
        assert database.shell(LEAVE) == []


def test_installs_with_demonstration_data():
    """Every state that a newcomer should see is there; nothing of it waits to be sent."""
    with own_database("demo") as database:
        assert database.install("--with-demo") == []
        assert database.sql("SELECT count(*), count(DISTINCT lang) FROM res_partner WHERE ref LIKE 'COLLECT-%'") == [(40, 6)]
        assert database.sql(
            """SELECT count(*) FROM account_move move JOIN res_partner partner ON partner.id = move.partner_id
                WHERE partner.ref LIKE 'COLLECT-%' AND move.move_type = 'out_invoice' AND move.state = 'posted'"""
        ) == [(300,)]
        levels = database.sql("SELECT count(DISTINCT level_id) FROM collection_item WHERE active AND level_id IS NOT NULL")
        assert levels[0][0] >= 3
        assert database.sql("SELECT count(*) FROM collection_hold") == [(2,)]
        assert database.sql(OUR_QUEUE) == [(0,)]


def test_uninstalling_gives_back_the_flags_and_leaves_nothing():
    """And the module can be installed again afterwards; it finds the time zone of the company in its working hours."""
    with own_database("uninstall", TEMPLATE) as database:
        assert database.shell(STORY) == []
        assert flags(database) == {"On hold": True, "Flagged by hand": True, "Reminded": False}
        assert database.shell(UNINSTALL) == []
        assert flags(database) == {"On hold": False, "Flagged by hand": True, "Reminded": False}
        assert {what: rows for what, query in LEFT_BEHIND.items() if (rows := database.sql(query))} == {}
        assert database.install() == []
        assert database.sql("SELECT count(*) FROM collection_plan") != [(0,)]
        assert database.sql("SELECT collection_tz FROM res_company WHERE id = 1") == [("Europe/Brussels",)]
