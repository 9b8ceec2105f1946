from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_datetime

from .collection_action import DEAD

# A message that a person sends or approves waits this long in Odoo's queue, so that it can be taken back.
UNDO_MINUTES = 2


class CollectionAction(models.Model):
    """A message that a person sent by hand or approved: whose request it was, what was set aside, and the way back."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    request_id = fields.Many2one(
        "collection.request", string="Sent by Hand", readonly=True, ondelete="set null", index="btree_not_null"
    )
    set_aside = fields.Json(readonly=True, help="The rules of the plan that the person set aside.")
    set_aside_because = fields.Char(readonly=True)
    set_aside_note = fields.Char(compute="_compute_set_aside_note", string="Sent In Spite Of")
    can_undo = fields.Boolean(compute="_compute_can_undo")

    @api.depends("set_aside", "set_aside_because", "request_id.user_id")
    @api.depends_context("lang")
    def _compute_set_aside_note(self):
        for action in self:
            action.set_aside_note = action.set_aside and self.env._(
                "%(reasons)s. %(user)s: %(because)s",
                reasons=self.env["collection.reason"]._describe_all(action.set_aside),
                user=action.approved_by_id.name,
                because=action.set_aside_because,
            )

    def _get_template(self):
        """Return the template of the message: that of its step, or of the request for a message outside of the levels."""
        self.ensure_one()
        return self.step_id.mail_template_id or self.request_id.template_id

    def _get_own_text(self):
        """Return the text that a person wrote for this message, in the language of its recipient; empty for the template's."""
        self.ensure_one()
        if self.step_id:
            return self.env["collection.request.text"]
        return self.request_id.text_ids.filtered(lambda text: text.is_edited and (text.lang or False) == (self.lang or False))

    def _get_shown_recipients(self):
        """Return name and address of the recipients, as a person recognises them."""
        self.ensure_one()
        names = self.recipient_ids._get_collection_names()
        return ", ".join(f"{names.get(address, '')} <{address}>".strip() for address in self._get_addresses())

    def _get_leaving_time(self):
        """Return when the mail may leave at the earliest, False for at once."""
        return bool(self.approved_by_id) and fields.Datetime.now() + timedelta(minutes=UNDO_MINUTES)

    def _change_state(self, target, *, allowed_from, **values):
        """A customer whose message was taken back, failed or came back was not written to: the request says so."""
        result = super()._change_state(target, allowed_from=allowed_from, **values)
        if target in DEAD and self.request_id:
            self._leave_out_of_requests()
        return result

    def _leave_out_of_requests(self):
        lines_sudo = (
            self.env["collection.request.line"]
            .sudo()
            .search(
                [
                    ("request_id", "in", self.request_id.ids),
                    ("case_id", "in", self.case_id.ids),
                    ("state", "=", "sent"),
                ]
            )
        )
        others = self.sudo().search(
            [
                ("request_id", "in", self.request_id.ids),
                ("case_id", "in", self.case_id.ids),
                ("state", "not in", DEAD),
            ]
        )
        written = {(action.request_id, action.case_id) for action in others}
        lost = {(action.request_id, action.case_id): action for action in self}
        for line_sudo in lines_sudo:
            key = (line_sudo.request_id, line_sudo.case_id)
            if key in lost and key not in written:
                action = lost[key]
                reason = {"code": action.reason_code, **(action.reason_values or {})}
                line_sudo.write({"state": "left_out", "reason_code": reason["code"], "reasons": [reason]})

    # -- the way back --------------------------------------------------------------------------------------------------

    @api.depends("state", "approved_by_id", "mail_id.state")
    def _compute_can_undo(self):
        undoable = self.sudo()._find_undoable()
        for action in self:
            action.can_undo = action._origin.id in undoable.ids

    def _find_undoable(self, limit=None):
        """Return those that a person let go and that are still here: approved and queued, or in Odoo's queue."""
        return self.search(
            [
                ("id", "in", self.ids),
                ("approved_by_id", "!=", False),
                "|",
                ("state", "=", "queued"),
                "&",
                ("state", "=", "sent"),
                ("mail_id.state", "=", "outgoing"),
            ],
            limit=limit,
        )

    def action_undo(self):
        """Take back what has not left: the levels go back with it. Tell how many it was too late for."""
        self._check_collector()
        actions = self.sudo()._find_undoable().try_lock_for_update()
        mails = actions.mail_id.try_lock_for_update()
        sent = actions.filtered(lambda action: action.state == "sent" and action.mail_id in mails)
        approved = actions.filtered(lambda action: action.state == "queued" and not action.request_id)
        waiting = actions.filtered(lambda action: action.state == "queued" and action.request_id)
        # What a person sent and the contact rules let leave later has nobody's approval but that person's.
        waiting._cancel("undone", text=self.env.user.name)
        sent._withdraw("undone", self.env.user.name)
        sent.mail_id._take_back()
        approved._change_state("review", allowed_from=("queued",), approved_by_id=False, approved_at=False)
        return self._tell_what_was_undone(sent | waiting, approved)

    def _tell_what_was_undone(self, sent, approved):
        gone = self.sudo().filtered(lambda action: action.state in ("sent", "delivered"))
        texts = []
        if sent:
            texts.append(self.env._("%(count)s messages were taken back before they left.", count=len(sent)))
        if approved:
            texts.append(self.env._("%(count)s messages wait for approval again.", count=len(approved)))
        if gone:
            left = max(gone.mapped("sent_at"))
            texts.append(
                self.env._(
                    "It is too late for %(count)s messages: they were handed to the mail server (%(time)s). What the "
                    "customer has received cannot be taken back.",
                    count=len(gone),
                    time=format_datetime(self.env, left, dt_format="short"),
                )
            )
        if not texts:
            texts.append(self.env._("There is nothing left to take back."))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if gone else "success",
                "message": " ".join(texts),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _offer_undo(self, message):
        """Return the client action that shows ``message`` with a way back."""
        following = {"type": "ir.actions.client", "tag": "soft_reload"}
        params = {"message": message, "model": self._name, "ids": self.ids, "next": following}
        return {"type": "ir.actions.client", "tag": "collection_undo", "params": params}
