from odoo import api, models


class CollectionToday(models.AbstractModel):
    """Payments that the bank took back, as it looks, until somebody matches them."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _decide_kinds(self):
        label = self.env._("Payments that the bank took back: match them, then the invoices go on")
        return [*super()._decide_kinds(), (label, "open_returned_payments", ("collection.case", self._returned_domain()))]

    @api.model
    def _returned_domain(self):
        return [("is_return_to_match", "=", True), *self._mine_domain()]

    @api.model
    def open_returned_payments(self):
        """Open the cases with an entry that looks like a returned payment."""
        return self._open("collection_case_action", self._returned_domain())
