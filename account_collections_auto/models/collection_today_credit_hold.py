from odoo import api, models


class CollectionToday(models.AbstractModel):
    """Credit holds that a level proposes and nobody has approved."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _decide_kinds(self):
        return [
            *super()._decide_kinds(),
            (
                self.env._("Credit holds to approve"),
                "open_credit_holds",
                ("collection.credit.hold", self._credit_hold_domain()),
            ),
        ]

    @api.model
    def _credit_hold_domain(self):
        return [("state", "=", "proposed"), *self._mine_domain("case_id.")]

    @api.model
    def open_credit_holds(self):
        """Open the credit holds that wait for approval."""
        return self._open("collection_credit_hold_action", self._credit_hold_domain())
