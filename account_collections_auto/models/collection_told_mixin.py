from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

from ..engine import told
from .collection_action import DEAD

_BATCH = 100
# A message that a person took back is not written again by itself.
_BY_PERSON = ("cancelled_by_user", "undone", "mail_cancelled")


class CollectionToldMixin(models.AbstractModel):
    """An answer of which the customer is told in a message of its own, about its items only, once.

    The message goes the way of a sending by hand (`collection.request`): all that withholds a message withholds it, and it
    changes no level. Where messages leave by themselves the cycle of the day sends it, before its reminders; where a person
    confirms each day's messages, that person sends it from the record. Inherit it beside ``collection.answer.mixin``.
    """

    _name = "collection.told.mixin"
    _description = "Told in a Message of Its Own"
    _recorded = frozenset({"message_action_id", "message_tried_on", "message_reasons"})

    # The field of `collection.request` with the records that a message is about.
    _told_field = None
    # The states of which the customer is told.
    _states_to_tell = ()
    # The reasons of customers who were told already, and of those whose reminders wait for the message.
    _told_code = "told_already"
    _first_code = "own_message"
    # Whether all of its items count as due, and whether its own stop over them holds back the message.
    _makes_due = False
    _is_stopped_itself = True
    # Whether the message names the sum of its items, so that it waits while something stops a part of them.
    _is_told_whole = False

    message_action_id = fields.Many2one(
        "collection.action", string="Message", readonly=True, copy=False, ondelete="set null", index="btree_not_null"
    )
    message_tried_on = fields.Date(readonly=True, copy=False, help="The last day on which the cycle looked at the message.")
    message_reasons = fields.Json(readonly=True, copy=False)
    message_status = fields.Char(compute="_compute_message_status", string="Message to the Customer")
    can_tell = fields.Boolean(compute="_compute_message_status")

    # -- what a kind of answer says of its message -----------------------------------------------------------------------

    def _get_message_template(self):
        """Return the texts that tell the customers of these records; empty where nobody is told."""
        raise NotImplementedError

    @api.model
    def _is_waiting_sql(self, company, date):
        """Return a condition on ``record``, its case ``kase`` and its ``plan``: the cycle of ``date`` may tell of it."""
        raise NotImplementedError

    @api.model
    def _is_to_tell_sql(self):
        """Return a condition on ``record``: there is something to tell, see `_is_to_tell`."""
        return SQL("record.state IN %s", self._states_to_tell)

    @api.model
    def _is_untold_sql(self):
        """Return a condition on ``record``: there is no message about it, or a stop took it back before it left."""
        return SQL(
            """(record.message_action_id IS NULL
                OR EXISTS (SELECT 1 FROM collection_action action
                            WHERE action.id = record.message_action_id AND action.state = 'cancelled'
                              AND action.reason_code NOT IN %s))""",
            _BY_PERSON,
        )

    def _is_to_tell(self):
        self.ensure_one()
        return self.state in self._states_to_tell

    def _judge_again(self, date):
        """Bring these records up to date with what is known on ``date``, right before the customers are told."""

    def _get_own_reminders(self):
        """Return earlier messages about the same, after which no gap is kept before this one."""
        return self.env["collection.action"]

    def _get_told_items(self):
        """Return the items that the message is about."""
        return self.item_ids

    # -- the message ---------------------------------------------------------------------------------------------------

    @api.depends("state", "message_action_id.state", "message_reasons")
    @api.depends_context("lang")
    def _compute_message_status(self):
        for record in self:
            action_sudo = record.sudo().message_action_id
            is_told = bool(action_sudo) and action_sudo.state not in DEAD
            record.can_tell = record._is_to_tell() and bool(record._get_message_template()) and not is_told
            record.message_status = record._describe_message(action_sudo)

    def _describe_message(self, action_sudo):
        if action_sudo.state in DEAD:
            return self.env._("Not sent: %(reason)s", reason=action_sudo.reason or "")
        if action_sudo:
            return self.env._("Sent on %(date)s", date=format_date(self.env, action_sudo.contact_date))
        if self.message_reasons:
            reason = self.env["collection.reason"]._describe_all(self.message_reasons)
            return self.env._("Held back: %(reason)s", reason=reason)
        return False

    def _untold(self):
        """Return the values of a record of which nobody was told."""
        return {"message_action_id": False, "message_tried_on": False, "message_reasons": False}

    def action_tell(self):
        """Prepare the message to the customers: the person looks at it and sends it."""
        self.check_access("read")
        self.env["collection.request"]._check_collector()
        to_tell = self.filtered("can_tell")
        templates = to_tell._get_message_template()
        if not to_tell or not templates:
            raise UserError(self.env._("There is nothing to send: the customer was told already, or has nothing to be told."))
        if len(templates) > 1:
            raise UserError(self.env._("These customers follow plans with different messages. Choose those of one plan."))
        return to_tell._prepare_message(templates)._get_open_action()

    def _prepare_message(self, template, **values):
        """Return the draft of a sending that tells the customers of these records."""
        return self.env["collection.request"]._begin(
            self.case_id, "message", template_id=template.id, **{self._told_field: [Command.set(self.ids)]}, **values
        )

    # -- by itself -----------------------------------------------------------------------------------------------------

    @api.model
    def _told_models(self):
        """Return the models of which customers are told in messages of their own."""
        mixin = self.env.registry["collection.told.mixin"]
        names = (name for name, model in self.env.registry.items() if issubclass(model, mixin) and not model._abstract)
        return [self.env[name] for name in sorted(names)]

    @api.model
    def _to_tell_sql(self, company, date):
        """Return a SELECT of (id, case_id, is_first) of what the cycle of ``date`` tells customers by itself.

        """
        if not self._may_cycle_tell(company, date):
            return SQL("SELECT NULL::int AS id, NULL::int AS case_id, NULL::boolean AS is_first WHERE FALSE")
        return told.to_tell_sql(self, company, date)

    @api.model
    def _may_cycle_tell(self, company, date):
        """Not where a person confirms the messages, nor for an earlier day: a message says what is true today."""
        return company.collection_mode == "send" and date == company._collection_today()

    @api.model
    def _count_to_tell(self, company, date):
        self.env.flush_all()
        query = SQL("SELECT count(DISTINCT case_id) FROM (%s) to_tell", self._to_tell_sql(company, date))
        return self.env.execute_query(query)[0][0]

    @api.model
    def _tell_some(self, company, date):
        """Tell some customers of ``company`` what they are to be told. Return how many records were looked at.

        All in this transaction: after a crash they were told and it is recorded, or neither.
        """
        self.env.flush_all()
        query = SQL("SELECT id FROM (%s) to_tell ORDER BY id LIMIT %s", self._to_tell_sql(company, date), _BATCH)
        found = self.browse([row[0] for row in self.env.execute_query(query)])
        for template, group in found.grouped(lambda record: record._get_message_template()).items():
            group._tell(template, date, user_id=self.env.ref("base.user_root").id)
        return len(found)

    def _tell(self, template, date, **values):
        """Send the message about these records, and write on them whom it did not reach, and why."""
        # sudo: what a sending records is not written by hand
        request = self._prepare_message(template, date=date, **values).sudo()
        request.state = "queued"
        while request._send_some():
            continue
        request._finish()
        self.env.flush_all()
        told.note_reasons(self.env, request, self, date)
        self.invalidate_recordset(["message_tried_on", "message_reasons"], flush=False)
        # Who was left out is tried again: the reason is on the record, the list of what was sent stays short.
        left_out = request.line_ids.filtered(lambda line: line.state == "left_out")
        if left_out == request.line_ids:
            request.unlink()
        else:
            left_out.unlink()
