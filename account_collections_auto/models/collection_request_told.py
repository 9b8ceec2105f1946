from odoo import api, fields, models

from ..engine import told


class CollectionRequest(models.Model):
    """A message about answers of customers (see `collection.told.mixin`): about their items only, once, without a level."""

    _inherit = "collection.request"  # pylint: disable=consider-merging-classes-inherited

    promise_ids = fields.Many2many("collection.promise", string="Broken Promises", readonly=True)
    payment_plan_ids = fields.Many2many("collection.payment.plan", string="Ended Payment Plans", readonly=True)
    settlement_ids = fields.Many2many("collection.settlement.offer", string="Settlement Offers", readonly=True)

    def _get_told(self):
        """Return the records that the message is about; empty for a message about anything else."""
        self_sudo = self.sudo()  # whoever reads a message need not see what it is about
        told_by = (self_sudo[model._told_field] for model in self.env["collection.told.mixin"]._told_models())
        return next(filter(None, told_by), self.browse())

    @api.constrains("template_id")
    def _check_template_is_a_message(self):
        """What is meant for an answer is offered with it, and not for other messages."""
        others = self.filtered(
            lambda request: not (records := request._get_told())
            or request.template_id.sudo() not in records._get_message_template()
        )
        return super(CollectionRequest, others)._check_template_is_a_message()

    def _wish(self):
        wish, records = super()._wish(), self._get_told()
        if not records:
            return wish
        return wish._replace(
            advances=False,
            items=tuple(records._get_told_items().ids),
            by_itself=not self._get_approver(),
            about=records._name,
            makes_due=records._makes_due,
        )

    def _get_day(self):
        """Of what the cycle sends by itself the day is that of the cycle."""
        return self.date if self._get_told() and not self._get_approver() else super()._get_day()

    def _get_ignored_actions(self):
        records = self._get_told()
        return records._get_own_reminders().ids if records else super()._get_ignored_actions()

    def _look(self, cases, lock=False):
        records = self._get_told()
        if records:
            records._judge_again(self.date)
        result = super()._look(cases, lock)
        if records:
            told.hold_back_told(self.env, self, records)
        return result

    def _send_some(self, limit=100):
        count, records = super()._send_some(limit), self._get_told()
        if count and records:
            self.env.flush_all()
            told.note_messages(self.env, self, records)
            records.invalidate_recordset(["message_action_id", "message_reasons"], flush=False)
        return count
