from odoo import fields, models


class CollectionPreview(models.TransientModel):
    """Ask for which company and day a preview is made."""

    _name = "collection.preview"
    _description = "Preview of a Cycle"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company.root_id,
        domain="[('parent_id', '=', False), ('id', 'in', allowed_company_ids)]",
    )
    date = fields.Date(required=True, default=lambda self: self.env.company._collection_today())

    def action_preview(self):
        """Make the preview and open it."""
        self.ensure_one()
        cycle = self.env["collection.cycle"].preview(self.company_id, self.date)
        return {
            "type": "ir.actions.act_window",
            "res_model": cycle._name,
            "res_id": cycle.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
