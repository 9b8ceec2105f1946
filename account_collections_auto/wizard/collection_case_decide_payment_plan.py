from odoo import fields, models
from odoo.exceptions import UserError


class CollectionCaseDecide(models.TransientModel):
    """After the last level: the customer pays in instalments."""

    _inherit = "collection.case.decide"  # pylint: disable=consider-merging-classes-inherited

    choice = fields.Selection(
        selection_add=[("payment_plan", "Agree on instalments")], ondelete={"payment_plan": "set default"}
    )

    def _apply_payment_plan(self):
        """Open the assistant for a payment plan."""
        if len(self.case_ids) != 1:
            raise UserError(self.env._("A payment plan is agreed on with one customer: choose a single case."))
        return self.case_ids.action_payment_plan()
