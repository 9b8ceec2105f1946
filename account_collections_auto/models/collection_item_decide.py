from odoo import models


class CollectionItem(models.Model):
    """Whether an item has anything to wait for."""

    _inherit = "collection.item"  # pylint: disable=consider-merging-classes-inherited

    def _has_passed_last_level(self):
        """Return whether the deadline of the last level of its plan, or of a final notice, has passed."""
        self.ensure_one()
        level, plan = self.level_id, self.case_id.plan_id
        if not level or not self.deadline or self.deadline >= self.case_id.company_id._collection_today():
            return False
        higher = plan.level_ids.filtered(lambda other: other.active and other.days_overdue > level.days_overdue)
        return level.final_notice or not higher
