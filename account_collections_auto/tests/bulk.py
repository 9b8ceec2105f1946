"""Many documents for a test in seconds: one is made by Odoo, the others are copies of its rows with values of their own."""

import json
import uuid
from datetime import date

from odoo import Command
from odoo.tools import SQL

from ..engine import project


def copy_rows(record, values):
    """Insert a copy of the row of ``record`` for each dict of ``values`` (column -> value). Return the new records."""
    env, table = record.env, SQL.identifier(record._table)
    env.flush_all()
    [[row]] = env.execute_query(SQL("SELECT to_jsonb(source) FROM %s source WHERE id = %s", table, record.id))
    count = SQL("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", record._table, len(values))
    ids = [new_id for (new_id,) in env.execute_query(count)]
    unknown = {column for vals in values for column in vals} - row.keys()
    if unknown:
        raise ValueError(f"{record._table} has no {', '.join(sorted(unknown))}")
    rows = [{**row, **vals, "id": new_id} for new_id, vals in zip(ids, values, strict=True)]
    env.cr.execute(
        SQL(
            "INSERT INTO %s SELECT * FROM jsonb_populate_recordset(NULL::%s, %s::jsonb)",
            table,
            table,
            json.dumps(rows, default=str),
        )
    )
    return record.browse(ids)


def post_invoices(env, orders, currency=None):
    """Post an invoice without tax for each of ``orders``, (customer, amount, due date). Return them in that order.

    ``currency``: one that is worth as much as the company's.
    """
    customer, amount, due = orders[0]
    first = env["account.move"].create({**_invoice_values(customer, amount, due), **_currency_values(currency)})
    first.action_post()
    number = first.sequence_number
    documents = [
        {
            **_partner_columns(customer),
            **dict.fromkeys(_SIGNED_TOTALS, amount),
            "name": f"{first.sequence_prefix}{number + position:05}",
            "payment_reference": f"{first.sequence_prefix}{number + position:05}",
            "sequence_number": number + position,
            **dict.fromkeys(("date", "invoice_date", "invoice_date_due"), due),
        }
        for position, (customer, amount, due) in enumerate(orders[1:], start=1)
    ]
    copies = copy_rows(first, documents) if documents else first.browse()
    receivable = first.line_ids.filtered(lambda line: line.display_type == "payment_term")
    for line in first.line_ids if copies else ():
        lines = []
        for move, document, (customer, amount, due) in zip(copies.ids, documents, orders[1:], strict=True):
            common = {"move_id": move, "move_name": document["name"], "partner_id": customer.id, "date": due}
            own = _debit(amount, due, document["name"]) if line == receivable else _credit(amount)
            lines.append({**common, "invoice_date": due, **own})
        copy_rows(line, lines)
    env.invalidate_all()
    project.mark_debtors(env, {customer.id for customer, _amount, _due in orders})
    return first | copies


_SIGNED_TOTALS = (
    "amount_untaxed",
    "amount_total",
    "amount_residual",
    "amount_untaxed_signed",
    "amount_untaxed_in_currency_signed",
    "amount_total_signed",
    "amount_total_in_currency_signed",
    "amount_residual_signed",
)


def _invoice_values(customer, amount, due: date):
    return {
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "invoice_date": due,
        "invoice_date_due": due,
        "invoice_payment_term_id": False,
        "invoice_line_ids": [Command.create({"name": "Goods", "price_unit": amount, "tax_ids": []})],
    }


def _currency_values(currency):
    return {"currency_id": currency.id} if currency else {}


def _partner_columns(customer):
    return {
        "partner_id": customer.id,
        "commercial_partner_id": customer.commercial_partner_id.id,
        "partner_shipping_id": customer.id,
        "invoice_partner_display_name": customer.name,
        "access_token": str(uuid.uuid4()),
    }


def _debit(amount, due, name):
    amounts = ("debit", "balance", "amount_currency", "amount_residual", "amount_residual_currency")
    return {**dict.fromkeys(amounts, amount), "date_maturity": due, "name": name}


def _credit(amount):
    prices = dict.fromkeys(("credit", "price_unit", "price_subtotal", "price_total"), amount)
    return {**prices, "balance": -amount, "amount_currency": -amount}
