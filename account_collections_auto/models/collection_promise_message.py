from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..engine import promises
from .collection_action import DEAD

_BROKEN = ("partly", "broken")
_BATCH = 100


class CollectionPromise(models.Model):
    """What follows when a promise was not kept: a to-do, and a message of its own about the promised items, once.

    The message goes the way of a sending by hand (`collection.request`): all that withholds a message withholds it, and it
    changes no level. Where messages leave by themselves the cycle of the day sends it, before its reminders; where a person
    confirms each day's messages, that person sends it from the promise.
    """

    _inherit = "collection.promise"  # pylint: disable=consider-merging-classes-inherited

    message_action_id = fields.Many2one(
        "collection.action", string="Message", readonly=True, copy=False, ondelete="set null", index="btree_not_null"
    )
    message_tried_on = fields.Date(readonly=True, copy=False, help="The last day on which the cycle looked at the message.")
    message_reasons = fields.Json(readonly=True, copy=False)
    message_status = fields.Char(compute="_compute_message_status", string="Message to the Customer")
    can_tell = fields.Boolean(compute="_compute_message_status")
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

    @api.depends("state", "message_action_id.state", "message_reasons", "case_id.plan_id.broken_promise_template_id")
    @api.depends_context("lang")
    def _compute_message_status(self):
        for promise in self:
            action_sudo = promise.sudo().message_action_id
            is_told = bool(action_sudo) and action_sudo.state not in DEAD
            has_text = bool(promise.case_id.plan_id.broken_promise_template_id)
            promise.can_tell = promise.state in _BROKEN and has_text and not is_told
            promise.message_status = promise._describe_message(action_sudo)

    def _describe_message(self, action_sudo):
        if action_sudo.state in DEAD:
            return self.env._("Not sent: %(reason)s", reason=action_sudo.reason or "")
        if action_sudo:
            return self.env._("Sent on %(date)s", date=format_date(self.env, action_sudo.contact_date))
        if self.message_reasons:
            reason = self.env["collection.reason"]._describe_all(self.message_reasons)
            return self.env._("Held back: %(reason)s", reason=reason)
        return False

    def action_tell(self):
        """Prepare the message about promises that were not kept: the person looks at it and sends it."""
        self.check_access("read")
        broken = self.filtered("can_tell")
        templates = broken.case_id.plan_id.broken_promise_template_id
        if not templates:
            raise UserError(
                self.env._(
                    "There is nothing to send: the customer was told already, the promise is not broken, or the dunning plan "
                    "names no message for it."
                )
            )
        if len(templates) > 1:
            raise UserError(self.env._("These customers follow plans with different messages. Choose those of one plan."))
        return broken._prepare_message(templates)._get_open_action()

    def _prepare_message(self, template, **values):
        """Return the draft of a sending that tells the customers of these promises that they were not kept."""
        return self.env["collection.request"]._begin(
            self.case_id, "message", template_id=template.id, promise_ids=[Command.set(self.ids)], **values
        )

    # -- by itself -----------------------------------------------------------------------------------------------------

    @api.model
    def _to_tell_sql(self, company, date):
        """Return a SELECT of (id, case_id, is_new) of what the cycle of ``date`` tells customers by itself.

        Nothing where a person confirms the messages, nor for an earlier day: a message says what is true today.
        """
        if company.collection_mode != "send" or date != company._collection_today():
            return SQL("SELECT NULL::int AS id, NULL::int AS case_id, NULL::boolean AS is_new WHERE FALSE")
        return promises.to_tell_sql(company, date)

    @api.model
    def _count_to_tell(self, company, date):
        self.env.flush_all()
        query = SQL("SELECT count(DISTINCT case_id) FROM (%s) to_tell", self._to_tell_sql(company, date))
        return self.env.execute_query(query)[0][0]

    @api.model
    def _tell_some(self, company, date):
        """Tell the customers of some promises of ``company`` that they were not kept. Return how many were looked at.

        All in this transaction: after a crash they were told and it is recorded, or neither.
        """
        self.env.flush_all()
        query = SQL("SELECT id FROM (%s) to_tell ORDER BY id LIMIT %s", self._to_tell_sql(company, date), _BATCH)
        found = self.browse([row[0] for row in self.env.execute_query(query)])
        for template, group in found.grouped(lambda promise: promise.case_id.plan_id.broken_promise_template_id).items():
            group._tell(template, date)
        return len(found)

    def _tell(self, template, date):
        request = self._prepare_message(template, user_id=self.env.ref("base.user_root").id)
        request.state = "queued"
        while request._send_some():
            continue
        request._finish()
        self.env.flush_all()
        promises.note_reasons(self.env, request, date)
        self.invalidate_recordset(["message_tried_on", "message_reasons"], flush=False)
        # Who was left out is tried again: the reason is on the promise, the list of what was sent stays short.
        left_out = request.line_ids.filtered(lambda line: line.state == "left_out")
        if left_out == request.line_ids:
            request.unlink()
        else:
            left_out.unlink()
