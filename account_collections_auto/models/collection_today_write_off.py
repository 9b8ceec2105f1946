from odoo import api, models


class CollectionToday(models.AbstractModel):
    """Write-offs that wait for a second person."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _decide_kinds(self):
        return [
            *super()._decide_kinds(),
            (
                self.env._("Write-offs that a second person approves"),
                "open_write_offs",
                ("collection.write.off", self._write_off_domain()),
            ),
        ]

    @api.model
    def _write_off_domain(self):
        """Proposals of others: who proposed one cannot decide about it, and a colleague's case is the point of it."""
        return [("state", "=", "proposed"), ("proposed_by_id", "!=", self.env.uid)]

    @api.model
    def open_write_offs(self):
        """Open the write-offs that somebody else proposed."""
        return self._open("collection_write_off_action", self._write_off_domain())
