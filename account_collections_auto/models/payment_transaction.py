from odoo import models


class PaymentTransaction(models.Model):
    """The payment of an instalment is matched with the items of its plan."""

    _inherit = "payment.transaction"

    def _post_process(self):
        result = super()._post_process()
        charges = self.env["collection.payment.plan.charge"].sudo().search([("transaction_id", "in", self.ids)])
        charges.filtered(lambda charge: charge.transaction_id.payment_id)._match()
        return result
