from odoo import models
from odoo.exceptions import UserError


class CollectionItem(models.Model):
    """Items and payment plans."""

    _inherit = "collection.item"  # pylint: disable=consider-merging-classes-inherited

    def action_payment_plan(self):
        """Prepare a payment plan over these items."""
        if len(self.case_id) != 1 or len(self.currency_id) != 1:
            raise UserError(
                self.env._(
                    "A payment plan is of one customer and in one currency: choose items of one customer and currency only."
                )
            )
        return self.case_id._action_new_payment_plan(self.filtered(lambda item: item.amount_residual_currency > 0))
