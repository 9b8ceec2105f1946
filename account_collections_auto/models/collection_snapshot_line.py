from odoo import fields, models


class CollectionSnapshotLine(models.Model):
    """One item that was open at the end of a month; an unapplied credit has a negative amount and no due date."""

    _name = "collection.snapshot.line"
    _description = "Item of a Month-End"
    _order = "due_date, id"
    _rec_name = "move_name"
    _log_access = False

    snapshot_id = fields.Many2one("collection.snapshot", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    move_line_id = fields.Many2one("account.move.line", readonly=True, ondelete="set null", index="btree_not_null")
    move_id = fields.Many2one(
        "account.move", string="Document", readonly=True, ondelete="set null", index="btree_not_null"
    )
    move_name = fields.Char(string="Number", readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, ondelete="set null", index="btree_not_null"
    )
    partner_name = fields.Char(string="Name at the Time", readonly=True)
    date = fields.Date(readonly=True)
    due_date = fields.Date(readonly=True, help="Empty for credits.")
    amount = fields.Monetary(string="Booked", readonly=True, currency_field="company_currency_id")
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount_residual = fields.Monetary(string="Open", readonly=True, currency_field="company_currency_id")
    amount_residual_currency = fields.Monetary(string="Open in Currency", readonly=True, aggregator=None)
