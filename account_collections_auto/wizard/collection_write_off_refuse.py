from odoo import fields, models


class CollectionWriteOffRefuse(models.TransientModel):
    """Why is the write-off refused? Who proposed it reads the answer."""

    _name = "collection.write.off.refuse"
    _description = "Refuse a Write-off"

    write_off_ids = fields.Many2many("collection.write.off", string="Write-offs", required=True, readonly=True)
    refusal = fields.Text(string="Why", required=True, help="Who proposed it is told.")

    def action_refuse(self):
        """Refuse them: the items go on where they stood, and who proposed it is told why."""
        self.ensure_one()
        self.write_off_ids._refuse(self.refusal)
        return {"type": "ir.actions.act_window_close"}
