from odoo import api, fields, models

from ..engine import promises


class CollectionRequest(models.Model):
    """A message about promises that were not kept: about their items only, once for each promise, without a level."""

    _inherit = "collection.request"  # pylint: disable=consider-merging-classes-inherited

    promise_ids = fields.Many2many("collection.promise", string="Broken Promises", readonly=True)

    @api.constrains("template_id")
    def _check_template_is_a_message(self):
        """What a plan names for broken promises is offered with them, and not for other messages."""
        others = self.filtered(
            lambda request: request.template_id not in request.sudo().promise_ids.case_id.plan_id.broken_promise_template_id
        )
        return super(CollectionRequest, others)._check_template_is_a_message()

    def _wish(self):
        wish = super()._wish()
        if not self.sudo().promise_ids:
            return wish
        return wish._replace(advances=False, items=self._get_promised_items(), by_itself=not self._get_approver())

    def _get_promised_items(self):
        """Return the ids of the items that were promised: of a promise on the whole case all of its items."""
        promises_sudo = self.sudo().promise_ids
        items_sudo = promises_sudo.filtered("is_for_all").case_id.item_ids | promises_sudo.item_ids
        return tuple(items_sudo.ids)

    def _look(self, cases, lock=False):
        result = super()._look(cases, lock)
        if self.promise_ids:
            promises.hold_back_told(self.env, self)
        return result

    def _send_some(self, limit=100):
        count = super()._send_some(limit)
        if count and self.promise_ids:
            self.env.flush_all()
            promises.note_messages(self.env, self)
            self.promise_ids.invalidate_recordset(["message_action_id", "message_reasons"], flush=False)
        return count
