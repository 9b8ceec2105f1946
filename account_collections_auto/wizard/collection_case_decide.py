from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

# A case that nobody wants to decide about today comes back after so many days, unless another day is chosen.
DAYS_TO_LEAVE = 7


class CollectionCaseDecide(models.TransientModel):
    """The last level has passed without an answer: what happens next with these customers?

    The one place of these decisions. To add one, extend the selection of ``choice`` in a file of your own with
    ``_apply_<choice>``, which returns (sentence, what is needed to take it back), or the action of a form where the rest
    is decided; and, for the former, ``_take_back_<choice>``. Its fields go into the view, shown for that choice only.
    """

    _name = "collection.case.decide"
    _description = "Decide What Happens Next"
    _inherit = "collection.decision"

    choice = fields.Selection(
        [("call", "Call the customer"), ("leave", "Leave it until a day")],
        string="Decision",
        required=True,
        default=lambda self: self._default_choice(),
    )
    date = fields.Date(
        string="On",
        compute="_compute_date",
        store=True,
        readonly=False,
        help="Until then nobody is asked to decide. A case that was left comes back on this day, one to call the day after.",
    )
    note = fields.Char(string="Why", help="Kept on the case with the decision.")

    @api.model
    def _default_choice(self):
        """What the level of the chosen customers proposes, if it is the same for all of them; else to call."""
        cases = self.env["collection.case"].browse(self.env.context.get("default_case_ids", []))
        proposed = set(cases.mapped("proposed_decision"))
        return (proposed.pop() if len(proposed) == 1 else False) or "call"

    @api.depends("choice", "case_ids")
    def _compute_date(self):
        for wizard in self:
            today = wizard._get_today()
            wizard.date = today if wizard.choice == "call" else today + timedelta(days=DAYS_TO_LEAVE)

    def _get_today(self):
        companies = self.case_ids.company_id or self.env.company
        return max(company._collection_today() for company in companies)

    def _check_date(self):
        today = self._get_today()
        if not self.date or self.date < today:
            raise UserError(self.env._("Choose a day that has not passed."))
        if self.choice == "leave" and self.date == today:
            raise UserError(self.env._("Choose a day after today: from that day on it is to decide again."))

    def action_apply(self):
        """Do what was chosen, close the question and offer to take it back; or open the form where the rest is decided."""
        self.ensure_one()
        self._check_cases()
        result = getattr(self, f"_apply_{self.choice}")()
        if isinstance(result, dict):
            return result
        message, values = result
        return self._finish(message, {"choice": self.choice, "values": values})

    def _take_back(self, values):
        getattr(self, f"_take_back_{values['choice']}")(values["values"])
        self.case_ids._message_log_batch(bodies={case.id: self.env._("The decision was taken back.") for case in self.case_ids})

    def _describe_decision(self, message):
        return f"{message} {self.note}" if self.note else message

    # -- call ----------------------------------------------------------------------------------------------------------

    def _apply_call(self):
        self._check_date()
        before = self._rest_until(self.date + timedelta(days=1))
        users = self.case_ids._get_todo_users()
        self.case_ids.mapped("display_name")  # as for any to-do: read at once, not one by one
        calls = self.env["mail.activity"]
        for user in set(users.values()):
            cases = self.case_ids.filtered(lambda case, user=user: users[case] == user)
            calls += cases.with_context(mail_activity_quick_update=True).activity_schedule(
                "mail.mail_activity_data_call",
                date_deadline=self.date,
                user_id=user.id,
                summary=self.env._("Call: the last level has passed"),
                note=self.note or "",
            )
        message = self.env._("%(subject)s: call on %(date)s.", subject=self.subject, date=format_date(self.env, self.date))
        self._log(message)
        return message, {"before": before, "calls": calls.ids}

    def _take_back_call(self, values):
        # sudo: the call may be on the list of a colleague
        calls = self.env["mail.activity"].sudo().browse(values["calls"]).exists()
        calls.filtered(lambda call: call.res_model == "collection.case" and call.res_id in self.case_ids.ids).unlink()
        self._take_back_leave(values["before"])

    # -- leave ---------------------------------------------------------------------------------------------------------

    def _apply_leave(self):
        self._check_date()
        before = self._rest_until(self.date)
        date = format_date(self.env, self.date)
        message = self.env._("%(subject)s: to decide again on %(date)s.", subject=self.subject, date=date)
        self._log(message)
        return message, before

    def _take_back_leave(self, values):
        for (until, reason), cases in self.case_ids.grouped(
            lambda case: tuple(values.get(str(case.id)) or (False, False))
        ).items():
            cases.write({"snooze_until": until, "snooze_reason": reason})
        for company, cases in self.case_ids.grouped("company_id").items():
            cases._get_decide_todos().date_deadline = company._collection_today()

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _rest_until(self, day):
        """Take the cases out of what is to decide until ``day``. Returns what they had before, to take it back."""
        before = {
            str(case.id): [case.snooze_until and case.snooze_until.isoformat(), case.snooze_reason] for case in self.case_ids
        }
        label = dict(self._fields["choice"]._description_selection(self.env))[self.choice]
        self.case_ids.with_context(tracking_disable=True).write({"snooze_until": day, "snooze_reason": self.note or label})
        self.case_ids._get_decide_todos().with_context(mail_activity_quick_update=True).write(
            {"activity_type_id": self.env.ref("account_collections_auto.mail_activity_type_decide").id, "date_deadline": day}
        )
        return before

    def _log(self, message):
        note = self._describe_decision(message)
        self.case_ids._message_log_batch(bodies={case.id: note for case in self.case_ids})
