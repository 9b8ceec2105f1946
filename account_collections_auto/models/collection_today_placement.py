from odoo import api, models


class CollectionToday(models.AbstractModel):
    """Placements in Decide: what waits for a manager, later items, what agencies gave up, and what they do not know yet."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _decide_kinds(self):
        return [
            *super()._decide_kinds(),
            *self._for_managers(
                (self.env._("Placements that a manager approves"), "open_placements_to_approve", self._placements_to_approve())
            ),
            (self.env._("Later items of customers who are with an agency"), "open_placement_later", self._placement_later()),
            (self.env._("The agency gave up: write off, or recall"), "open_placements_given_up", self._placements_given_up()),
            (self.env._("Payments to report to an agency"), "open_placement_to_report", self._placement_to_report()),
        ]

    @api.model
    def _placements_to_approve(self):
        return "collection.placement", [("state", "=", "proposed")]

    @api.model
    def _placement_later(self):
        return "collection.item", [("is_placement_later", "=", True), *self._mine_domain("case_id.")]

    @api.model
    def _placements_given_up(self):
        return "collection.placement", [
            ("outcome", "=", "uncollectable"),
            ("ended_on", "=", False),
            *self._mine_domain("case_id."),
        ]

    @api.model
    def _placement_to_report(self):
        return "collection.placement.movement", [("is_known", "=", False), *self._mine_domain("placement_id.case_id.")]

    @api.model
    def open_placements_to_approve(self):
        """Open the placements that a manager decides about."""
        return self._open("collection_placement_action", self._placements_to_approve()[1])

    @api.model
    def open_placement_later(self):
        """Open the later items of customers who are with an agency."""
        return self._open("collection_item_action_later", self._placement_later()[1], context={"with_agency": True})

    @api.model
    def open_placements_given_up(self):
        """Open what the agencies gave up."""
        return self._open("collection_placement_action", self._placements_given_up()[1])

    @api.model
    def open_placement_to_report(self):
        """Open what the agencies do not know yet."""
        return self._open("collection_placement_movement_action_report", self._placement_to_report()[1])
