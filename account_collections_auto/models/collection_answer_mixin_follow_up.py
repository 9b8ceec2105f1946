from odoo import fields, models

from .undo import offer_undo


class CollectionAnswerMixin(models.AbstractModel):
    """Answers that somebody has to see to: many of them are done at once, and taken back."""

    _inherit = "collection.answer.mixin"  # pylint: disable=consider-merging-classes-inherited
    # XML ids of the types of the to-dos by which Today shows it; set by the models that have some.
    _follow_ups = ()

    def action_follow_up_done(self):
        """Somebody has seen to these: their to-dos are done, and Today shows them no more. Offers a way back."""
        self.check_access("write")
        todos = self._find_follow_ups()
        answers = self.browse(set(todos.mapped("res_id")))
        todos.action_feedback()
        return offer_undo(self.env._("Done: %(count)s", count=len(answers)), answers)

    def action_undo(self):
        """Open again what this user has done today. A second click changes nothing."""
        self.check_access("write")
        todos = self.with_context(active_test=False)._find_follow_ups()
        today = fields.Date.today()  # as Odoo notes it on to-dos
        todos.filtered(
            lambda todo: not todo.active and todo.date_done == today and todo.write_uid == self.env.user
        ).action_unarchive()

    def _find_follow_ups(self):
        names = [f"account_collections_auto.{name}" for name in self._follow_ups]
        return self.activity_search(names, only_automated=False) if names else self.env["mail.activity"]
