from odoo import fields, models
from odoo.exceptions import UserError


class ResPartner(models.Model):
    """Whether a customer gets a statement of account each month, and the button for one by hand."""

    _inherit = "res.partner"  # pylint: disable=consider-merging-classes-inherited

    collection_statement = fields.Selection(
        [("pdf", "Each month, as PDF"), ("xlsx", "Each month, as spreadsheet"), ("never", "Never")],
        string="Monthly Statement",
        help="A statement of account on the day that is set in the settings of Collections. Empty: as for all customers.",
    )

    def action_collection_statement(self):
        """Ask which statement of account of these customers to print or send."""
        self.check_access("read")
        customers = self.commercial_partner_id
        if not customers:
            raise UserError(self.env._("Choose at least one customer."))
        wizard = self.env["collection.statement"].create(
            {"company_id": self.env.company.root_id.id, "partner_ids": [fields.Command.set(customers.ids)]}
        )
        return wizard._action_open()
