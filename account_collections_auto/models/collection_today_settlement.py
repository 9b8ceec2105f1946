from odoo import api, models


class CollectionToday(models.AbstractModel):
    """Charges that failed, and settlement offers that somebody has to see to."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _answer_kinds(self):
        return [
            *super()._answer_kinds(),
            *self._for_managers(
                (
                    self.env._("Settlement offers that a manager approves"),
                    "open_settlements_to_approve",
                    self._offers_to_approve(),
                )
            ),
            (self.env._("Settlements that were paid"), "open_settlements_paid", self._offers_paid()),
        ]

    @api.model
    def _offers_to_approve(self):
        return "collection.settlement.offer", [("state", "=", "to_approve")]

    @api.model
    def _offers_paid(self):
        return "collection.settlement.offer", [
            self._todo("mail_activity_type_settlement_paid"),
            *self._mine_domain("case_id."),
        ]

    @api.model
    def open_settlements_to_approve(self):
        """Open the offers beyond the limit of the one who made them."""
        return self._open(
            "collection_settlement_offer_action", self._offers_to_approve()[1], context={"collection_bulk": "approve"}
        )

    @api.model
    def open_settlements_paid(self):
        """Open the offers that were paid, or whose payment was returned, and that nobody has dealt with."""
        return self._open("collection_settlement_offer_action", self._offers_paid()[1], context={"collection_bulk": "done"})
