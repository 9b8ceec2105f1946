from odoo import api, fields, models
from odoo.exceptions import UserError

from .collection_action import SENT


class CollectionAction(models.Model):
    """A phone call that a person logged: a contact without items, so it changes no level and delays no message."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    call_result = fields.Selection(
        [
            ("will_pay", "Will pay"),
            ("paid", "Says it is paid"),
            ("disputes", "Disputes something"),
            ("cannot_pay", "Cannot pay now"),
            ("call_back", "Calls us back"),
            ("message", "Left a message"),
            ("no_answer", "No answer"),
            ("wrong_number", "Wrong number"),
            ("other", "Something else"),
        ],
        string="Result of the Call",
        readonly=True,
    )
    call_note = fields.Text(string="Notes of the Call", readonly=True)

    @api.model
    def _log_call(self, case, *, called_at, contact, result, note):
        """Return the record of a call about ``case``, made by the current user. It is evidence from the start."""
        case._check_collector()
        # sudo: nobody writes messages by hand; who may log calls was checked above
        return self.sudo().create(
            {
                "case_id": case.id,
                "company_id": case.company_id.id,
                "partner_id": case.partner_id.id,
                "currency_id": case.currency_id.id,
                "channel": "call",
                "state": "sent",
                "occasion": f"call:{fields.Datetime.to_string(called_at)}",
                "recipient": ", ".join(filter(None, (contact.name, contact.phone))),
                "recipient_ids": contact.ids,
                "scheduled_at": called_at,
                "sent_at": called_at,
                "contact_date": case.company_id._collection_local(called_at).date(),
                "call_result": result,
                "call_note": note,
            }
        )

    def action_withdraw_call(self):
        """The call was logged by mistake: it stays visible and counts no more."""
        self._check_collector()
        if any(action.channel != "call" for action in self):
            raise UserError(self.env._("Only a call can be taken back: a message that was sent has left."))
        self.sudo()._change_state(
            "cancelled",
            allowed_from=SENT,
            reason_code="cancelled_by_user",
            reason_values={"text": self.env.user.name},
        )

    def _get_channel_label(self):
        self.ensure_one()
        return dict(self._fields["channel"]._description_selection(self.env)).get(self.channel, self.channel)
