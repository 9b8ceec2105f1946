from odoo import api, fields, models
from odoo.fields import Domain

from ..engine import promises

_BROKEN = ("partly", "broken")


class CollectionPromise(models.Model):
    """What follows when a promise was not kept: a to-do, and a message of its own about the promised items, once."""

    _inherit = "collection.promise"  # pylint: disable=consider-merging-classes-inherited

    _told_field = "promise_ids"
    _states_to_tell = _BROKEN
    _told_code = "promise_told"
    _first_code = "broken_promise"

    is_to_follow_up = fields.Boolean(
        compute="_compute_is_to_follow_up",
        search="_search_is_to_follow_up",
        string="To Follow Up",
        help="It was not kept, and nobody has done the to-do about it.",
    )

    # -- nobody has dealt with it --------------------------------------------------------------------------------------

    def _compute_is_to_follow_up(self):
        found = self.search([("id", "in", self.ids), ("is_to_follow_up", "=", True)])
        for promise in self:
            promise.is_to_follow_up = promise._origin in found

    def _search_is_to_follow_up(self, operator, value):
        if operator != "in":
            return NotImplemented
        todo = self.env.ref("account_collections_auto.mail_activity_type_promise_broken")
        domain = Domain("state", "in", _BROKEN) & Domain("todo_type_ids", "in", todo.ids)
        return domain if True in value else ~domain

    # -- the message ---------------------------------------------------------------------------------------------------

    @api.depends("case_id.plan_id.broken_promise_template_id")
    def _compute_message_status(self):
        return super()._compute_message_status()

    def _get_message_template(self):
        return self.case_id.plan_id.broken_promise_template_id

    def _get_told_items(self):
        """Of a promise on the whole case all of its items."""
        return self.filtered("is_for_all").case_id.item_ids | self.item_ids

    @api.model
    def _is_waiting_sql(self, company, date):
        return promises.is_waiting_sql(date)
