from odoo import models
from odoo.exceptions import UserError


class CollectionItem(models.Model):
    """Items and promises."""

    _inherit = "collection.item"  # pylint: disable=consider-merging-classes-inherited

    def action_promise(self):
        """Prepare a promise about what is open of these items."""
        if len(self.case_id) != 1 or len(self.currency_id) != 1:
            raise UserError(
                self.env._("A promise is of one customer and in one currency: choose items of one customer and currency only.")
            )
        return self.case_id._action_new_promise(self, sum(self.mapped("amount_residual_currency")))
