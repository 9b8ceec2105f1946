from odoo import api, models


class CollectionToday(models.AbstractModel):
    """The answers by e-mail that nobody has read."""

    _inherit = "collection.today"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _answer_kinds(self):
        return [
            (self.env._("Answers by e-mail to read"), "open_replies", self._replies()),
            *super()._answer_kinds(),
        ]

    @api.model
    def _replies(self):
        return "collection.reply", [("state", "=", "new"), *self._mine_domain("case_id.")]

    @api.model
    def open_replies(self):
        """Open the answers by e-mail that nobody has dealt with."""
        return self._open("collection_reply_action", self._replies()[1], context={"group_by": ["answer_type"]})
