from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date


class CollectionCallLog(models.TransientModel):
    """Whom did you call, when, and what came out of it?"""

    _name = "collection.call.log"
    _description = "Log a Call"
    _inherit = "collection.decision"

    partner_id = fields.Many2one(
        "res.partner",
        string="Spoke With",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', contact_ids)]",
    )
    contact_ids = fields.Many2many("res.partner", compute="_compute_contact_ids")
    phone = fields.Char(related="partner_id.phone")
    called_at = fields.Datetime(string="When", required=True, default=fields.Datetime.now)
    call_result = fields.Selection(
        selection=lambda self: self.env["collection.action"]._fields["call_result"]._description_selection(self.env),
        string="Result",
        required=True,
    )
    call_note = fields.Text(string="Notes")
    next_call_date = fields.Date(string="Call Again On", help="Puts a call on your list of activities for that day.")

    @api.depends("case_ids")
    def _compute_contact_ids(self):
        for wizard in self:
            wizard.contact_ids = wizard.case_ids._origin.contact_ids

    @api.depends("case_ids")
    def _compute_partner_id(self):
        for wizard in self:
            case = wizard.case_ids._origin[:1]
            contacts = case._get_contacts_to_write() if case else case.partner_id
            wizard.partner_id = contacts.filtered("phone")[:1] or contacts[:1]

    @api.constrains("called_at", "next_call_date")
    def _check_dates(self):
        for wizard in self:
            if wizard.called_at > fields.Datetime.now():
                raise ValidationError(wizard.env._("A call is logged after it took place: choose an earlier time."))
            if wizard.next_call_date and wizard.next_call_date < wizard.case_ids.company_id[:1]._collection_today():
                raise ValidationError(wizard.env._("The day of the next call has passed already."))

    def action_apply(self):
        """Log the call; what the customer said opens as a promise, a dispute or an announced payment to record."""
        result = super().action_apply()
        case = self.case_ids
        follow_up = {
            "will_pay": case.action_promise,
            "disputes": case.action_dispute,
            "paid": case.action_payment_notice,
        }.get(self.call_result)
        if follow_up:
            result["params"]["next"] = follow_up()
        return result

    def _apply(self):
        case = self.case_ids.ensure_one()
        contact = self.partner_id or case.partner_id
        action = self.env["collection.action"]._log_call(
            case, called_at=self.called_at, contact=contact, result=self.call_result, note=self.call_note
        )
        case.message_post(body=self._get_note(contact), subtype_xmlid="mail.mt_note")
        values = {"action": action.id, "activity": self._schedule_next(case).id}
        return self.env._("The call with %(contact)s is logged.", contact=contact.display_name), values

    def _get_note(self, contact):
        result = dict(self._fields["call_result"]._description_selection(self.env))[self.call_result]
        lines = [self.env._("Called %(contact)s: %(result)s", contact=contact.display_name, result=result)]
        lines += (self.call_note or "").splitlines()
        if self.next_call_date:
            lines.append(self.env._("Next call on %(date)s", date=format_date(self.env, self.next_call_date)))
        return Markup("<br/>").join(lines)

    def _schedule_next(self, case):
        if not self.next_call_date:
            return self.env["mail.activity"]
        return case.activity_schedule(
            "mail.mail_activity_data_call",
            date_deadline=self.next_call_date,
            user_id=self.env.uid,
            summary=self.env._("Call about open invoices"),
        )

    def _take_back(self, values):
        self.env["collection.action"].browse(values["action"]).action_withdraw_call()
        self.env["mail.activity"].browse(values["activity"] or []).exists().unlink()
        self.case_ids.message_post(body=self.env._("The call was logged by mistake."), subtype_xmlid="mail.mt_note")
