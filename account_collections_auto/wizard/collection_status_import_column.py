from odoo import fields, models


class CollectionStatusImportColumn(models.TransientModel):
    """A column of the file, and what it holds."""

    _name = "collection.status.import.column"
    _description = "Column of a File of Statuses"
    _order = "position"

    wizard_id = fields.Many2one("collection.status.import", required=True, ondelete="cascade", index=True)
    position = fields.Integer(readonly=True)
    name = fields.Char(string="Column", readonly=True)
    sample = fields.Char(string="For Example", readonly=True)
    role = fields.Selection(
        [
            ("number", "Invoice number"),
            ("status", "Status"),
            ("date", "Date"),
            ("amount", "Amount"),
            ("reason", "Reason"),
        ],
        string="Is",
        help="Number and status are needed. Leave empty what is not used.",
    )
