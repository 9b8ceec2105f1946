from odoo import api, models


class CollectionToday(models.AbstractModel):
    """What only a person decides: finished ladders, and what waits for a second pair of eyes."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _tile_decide(self):
        found = self._decide_kinds()
        counted = self._sum_kinds([records for _label, _method, records in found])
        kinds = [(label, method, rows) for (label, method, _records), rows in zip(found, counted, strict=True) if rows]
        lines = [self._line(label, rows, link=self._button("", method)) for label, method, rows in kinds]
        return self._tile(
            "decide",
            50,
            "fa-gavel",
            self.env._("Decide"),
            self.env._("Nothing more happens by itself here: call, agree on something, put on hold, or hand over."),
            [row for _label, _method, rows in kinds for row in rows],
            lines=lines if len(lines) > 1 else [],
            buttons=[self._button(self.env._("Open the List"), kinds[0][1])] if kinds else [],
        )

    @api.model
    def _decide_kinds(self):
        """Return (label, name of the method that opens the list, (model, domain)) of what is to decide. Extend to add one.

        All are counted together. What is decided is outside of its domain.
        """
        return [
            (
                self.env._("The last level has passed, or the final notice has expired"),
                "open_decide",
                ("collection.case", self._decide_domain()),
            ),
            (
                self.env._("A hold ends this week: prolong it, or let it end"),
                "open_ending_holds",
                ("collection.hold", self._ending_domain()),
            ),
        ]

    @api.model
    def _decide_domain(self):
        return [("is_to_decide", "=", True), *self._mine_domain()]

    @api.model
    def _ending_domain(self):
        return [("is_ending", "=", True), *self._mine_domain()]

    @api.model
    def open_decide(self):
        """Open the cases that wait for a decision."""
        return self._open("collection_case_action_decide", self._decide_domain())

    @api.model
    def open_ending_holds(self):
        """Open the holds that end within a week."""
        return self._open("collection_hold_action_ending", self._ending_domain())
