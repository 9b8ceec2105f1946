from odoo import api, models


class CollectionToday(models.AbstractModel):
    """Instalments that could not be charged and that nobody has dealt with."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _answer_kinds(self):
        return [
            *super()._answer_kinds(),
            (self.env._("Instalments that could not be charged"), "open_failed_charges", self._failed_charges()),
        ]

    @api.model
    def _failed_charges(self):
        return "collection.payment.plan", [
            self._todo("mail_activity_type_payment_plan_charge"),
            *self._mine_domain("case_id."),
        ]

    @api.model
    def open_failed_charges(self):
        """Open the plans with an instalment that could not be charged."""
        return self._open("collection_payment_plan_action", self._failed_charges()[1], context={"collection_bulk": "done"})
