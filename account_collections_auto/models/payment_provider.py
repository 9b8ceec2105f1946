from odoo import models
from odoo.exceptions import UserError


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _collection_books_payments(self):
        """Return whether what this provider takes becomes a payment with a journal entry: only that pays an open item.

        Odoo makes none where the payment method of the journal has no outstanding account; without Odoo's accounting app it
        chooses one of the company instead, if there is one.
        """
        self.ensure_one()
        method_line = self.journal_id.inbound_payment_method_line_ids.filtered(lambda line: line.payment_provider_id == self)
        if not method_line:
            return False
        if method_line.payment_account_id:
            return True
        if self.env["account.move"]._get_invoice_in_payment_state() == "in_payment":
            return False
        payment = self.env["account.payment"].new({"company_id": self.company_id.id, "journal_id": self.journal_id.id})
        try:
            return bool(payment._get_outstanding_account("inbound"))
        except UserError:  # Odoo says it only when it books the payment, after the money was taken
            return False
