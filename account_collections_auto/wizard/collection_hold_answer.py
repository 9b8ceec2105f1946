from odoo import fields, models


class CollectionHoldAnswer(models.TransientModel):
    """What was answered about holds that end soon, and how they were before: for who takes it back."""

    _name = "collection.hold.answer"
    _description = "Answer about Holds That End Soon"
    _inherit = ["collection.recorded.mixin"]
    _recorded = frozenset({"hold_ids", "answered"})

    hold_ids = fields.Many2many("collection.hold", string="Holds", readonly=True)
    answered = fields.Json(readonly=True, help="Of each hold: how it was, and how it is now.")

    def action_undo(self):
        """Give the holds back the day they had, and ask again. What somebody changed since stays. A second click: nothing."""
        self.ensure_one()
        self.hold_ids._check_decides()
        answered, self.sudo().answered = self.answered or {}, False
        now = self.hold_ids._read_ending()
        found = self.hold_ids.filtered(lambda hold: answered.get(str(hold.id), [None, None])[1] == now[str(hold.id)])
        for (date_until, ends_as_planned), holds in found.grouped(lambda hold: tuple(answered[str(hold.id)][0])).items():
            holds.write({"date_until": date_until, "ends_as_planned": ends_as_planned})
