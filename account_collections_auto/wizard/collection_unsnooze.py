from odoo import models


class CollectionUnsnooze(models.TransientModel):
    """Put snoozed cases back into the worklist. It asks nothing; it knows how they were snoozed, for who takes it back."""

    _name = "collection.unsnooze"
    _description = "Back to the Worklist"
    _inherit = "collection.decision"

    def _apply(self):
        before = {str(case.id): [case.snooze_until.isoformat(), case.snooze_reason] for case in self.case_ids}
        self.case_ids.write({"snooze_until": False, "snooze_reason": False})
        return self.env._("%(subject)s: back in the worklist.", subject=self.subject), before

    def _finish(self, message, undo_values):
        action = super()._finish(message, undo_values)
        action["params"]["next"] = {"type": "ir.actions.client", "tag": "soft_reload"}
        return action

    def _take_back(self, values):
        for (until, reason), cases in self.case_ids.grouped(lambda case: tuple(values[str(case.id)])).items():
            cases.write({"snooze_until": until, "snooze_reason": reason})
