from odoo import fields, models

from ..models.collection_reply_rule import ANSWER_TYPES


class CollectionStatusImportLine(models.TransientModel):
    """A row of the file: what it says, and what it would set."""

    _name = "collection.status.import.line"
    _description = "Row of a File of Statuses"
    _order = "outcome desc, row"

    wizard_id = fields.Many2one("collection.status.import", required=True, ondelete="cascade", index=True)
    row = fields.Integer(aggregator=None)
    cells = fields.Json()
    number = fields.Char()
    status = fields.Char()
    date = fields.Char()
    amount = fields.Char()
    reason = fields.Char()
    outcome = fields.Selection([("ready", "Will be set"), ("skipped", "Nothing to set"), ("refused", "Refused")])
    answer_type = fields.Selection(ANSWER_TYPES, string="Becomes")
    day = fields.Date(string="On")
    value = fields.Float(string="Amount Read", digits="Account")
    dispute_reason_id = fields.Many2one("collection.dispute.reason")
    item_ids = fields.Many2many("collection.item", string="Items")
    column = fields.Char()
    problem = fields.Char()
