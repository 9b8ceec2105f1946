from odoo import fields, models


class CollectionStatusFile(models.Model):
    """A file from a customer's portal that was set, so that it is set once."""

    _name = "collection.status.file"
    _description = "File of Statuses"
    _order = "id desc"

    name = fields.Char(string="File", readonly=True, required=True)
    company_id = fields.Many2one("res.company", readonly=True, required=True, index=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True, ondelete="set null")
    user_id = fields.Many2one("res.users", string="Set By", readonly=True)
    checksum = fields.Char(readonly=True, required=True)
    set_count = fields.Integer(string="Rows Set", readonly=True, aggregator="sum")
    refused_count = fields.Integer(string="Rows Refused", readonly=True, aggregator="sum")

    _once = models.UniqueIndex("(company_id, checksum)", "This file has been set already.")
