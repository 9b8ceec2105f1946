from odoo import api, models

_AMOUNTS = "collection_amounts"


class AccountMoveLine(models.Model):
    """Matching lines with each other to a given amount, and no further."""

    _inherit = "account.move.line"

    @api.model
    def _collection_reconcile(self, pairs):
        """Match ``pairs`` of (debit line id, credit line id, amount in their common currency) with Odoo's own matching.

        Odoo always matches as much as is open of two lines, and offers no amount: it is given to the innermost step.
        """
        plan = [self.browse([debit_id, credit_id]) for debit_id, credit_id, _amount in pairs]
        amounts = {(debit_id, credit_id): amount for debit_id, credit_id, amount in pairs}
        if plan:
            self.with_context(**{_AMOUNTS: amounts})._reconcile_plan(plan)

    def _prepare_reconciliation_single_partial(self, debit_values, credit_values, shadowed_aml_values=None):
        amounts = self.env.context.get(_AMOUNTS)
        amount = amounts and amounts.get((debit_values["aml"].id, credit_values["aml"].id))
        if not amount:
            return super()._prepare_reconciliation_single_partial(debit_values, credit_values, shadowed_aml_values)
        debit, credit = _take(debit_values, amount), _take(credit_values, -amount)
        result = super()._prepare_reconciliation_single_partial(debit, credit, shadowed_aml_values)
        return {**result, "debit_values": None, "credit_values": None}


def _take(values, amount):
    """Take ``amount`` in the line's currency off the open amounts of ``values`` and return values about that alone."""
    line = values["aml"]
    residual, residual_currency = values["amount_residual"], values["amount_residual_currency"]
    if line.currency_id.compare_amounts(amount, residual_currency) == 0:
        taken = residual  # the last of it takes the cents of rounding along
    else:
        taken = line.company_currency_id.round(residual * amount / residual_currency)
    values["amount_residual"] = residual - taken
    values["amount_residual_currency"] = line.currency_id.round(residual_currency - amount)
    return {**values, "amount_residual": taken, "amount_residual_currency": amount}
