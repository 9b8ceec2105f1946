from odoo import api, fields, models
from odoo.tools import SQL

from .collection_action import DEAD

# So many days after a plan ended its customer is told of it at the latest; reminders have gone on by then.
TELL_WITHIN_DAYS = 30


class CollectionPaymentPlan(models.Model):
    """The customer is told that the plan has ended and the whole rest is due."""

    _inherit = "collection.payment.plan"  # pylint: disable=consider-merging-classes-inherited

    _told_field = "payment_plan_ids"
    _states_to_tell = ("ended",)
    _makes_due = True

    told_on = fields.Date(
        compute="_compute_told_on", string="Customer Told On", help="The day of the message that the plan was broken off."
    )

    @api.depends("message_action_id.state", "message_action_id.contact_date")
    def _compute_told_on(self):
        for plan in self:
            action_sudo = plan.sudo().message_action_id
            plan.told_on = action_sudo.state not in DEAD and action_sudo.contact_date

    @api.depends("paid_in_time")
    def _compute_message_status(self):
        return super()._compute_message_status()

    def _get_message_template(self):
        template = self.env.ref("account_collections_auto.mail_template_plan_ended", raise_if_not_found=False)
        return template or self.env["mail.template"]

    def _is_to_tell(self):
        return super()._is_to_tell() and not self.paid_in_time

    @api.model
    def _is_to_tell_sql(self):
        return SQL("%s AND record.paid_in_time IS NOT TRUE", super()._is_to_tell_sql())

    @api.model
    def _is_waiting_sql(self, company, date):
        return SQL(
            "%s AND record.ended_on BETWEEN %s::date - %s + 1 AND %s",
            self._is_untold_sql(),
            date,
            TELL_WITHIN_DAYS,
            date,
        )

    @api.model
    def _may_cycle_tell(self, company, date):
        """As the reminders of instalments: every cycle that sends tells whose plan has ended."""
        return bool(self._get_message_template())

    def _get_own_reminders(self):
        """Who was reminded of the instalment was told that the plan ends: that it did is not kept back."""
        return self.line_ids.reminder_id

    def _judge_again(self, date):
        for company, plans in self.sudo().grouped("company_id").items():
            plans._refresh_and_judge(company, date, plans.case_id)
