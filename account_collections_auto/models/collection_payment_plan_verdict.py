from functools import partial

from odoo import api, models

from ..engine import instalments
from ..engine.attempt import attempt
from ..engine.transactions import retrying


class CollectionPaymentPlan(models.Model):
    """What the ledger says of the plans: instalments paid and missed, plans done and broken off, and who hears of it."""

    _inherit = "collection.payment.plan"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _judge(self, company, date):
        """Bring the plans of ``company`` in line with its ledger on ``date``. Set-based; a second call changes nothing."""
        self.env.flush_all()
        changed = instalments.judge(self.env, company, date)
        self.invalidate_model(flush=False)
        self.line_ids.invalidate_model(flush=False)
        for plan_id, before, after in changed:
            self.browse(plan_id)._note_verdict(before, after, date)
        if changed:
            # What is filtered and grouped by the state of the plan follows it.
            self.browse([plan_id for plan_id, _before, _after in changed]).modified(["state"])
            self._mirror(company)

    def _note_verdict(self, before, after, date):
        labels = dict(self._fields["state"]._description_selection(self.env))
        self._message_log(body=f"{labels[before]} → {labels[after]}")
        if after == "ended":
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                "account_collections_auto.mail_activity_type_payment_plan_ended",
                date_deadline=date,
                user_id=self.case_id._get_todo_user().id,
                summary=self.env._(
                    "The payment plan is broken off: %(amount)s is due", amount=self.currency_id.format(self.amount_rest)
                ),
            )

    @api.model
    def _cron_judge(self):
        """Bring the plans of all companies up to date; whoever is to be told is told by the next cycle."""
        self.env["collection.case"]._refresh_marked()
        for company in self.env["res.company"].sudo().search([("parent_id", "=", False)]):
            judge = partial(attempt, company, self.sudo()._judge, company, company._collection_today())
            retrying(self.env, judge)  # each company in a transaction of its own

    # -- telling the customer ------------------------------------------------------------------------------------------

    @api.model
    def _tell_of_ended(self, company, date):
        """Tell the customers of ``company`` whose plans were broken off and who do not know it yet.

        Where a hold says to write to nobody, it waits for the end of the hold. A mail that fails holds up nothing else.
        """
        plans = self.search([("company_id", "=", company.id), ("state", "=", "ended"), ("told_on", "=", False)])
        for plan in plans:
            if plan.case_id._get_contacts_to_write() and attempt(plan, plan._tell_ended, date):
                plan._ask_to_tell(date)

    def _ask_to_tell(self, date):
        summary = self.env._("The customer could not be told that the payment plan is broken off: look at the message")
        if summary not in self.activity_ids.mapped("summary"):
            self.with_context(mail_activity_quick_update=True).activity_schedule(
                "account_collections_auto.mail_activity_type_payment_plan_ended",
                date_deadline=date,
                user_id=self.case_id._get_todo_user().id,
                summary=summary,
            )

    def _tell_ended(self, date):
        template = self.env.ref("account_collections_auto.mail_template_payment_plan_ended")
        for plan in self:
            if plan.case_id._tell(template, plan):
                plan.told_on = date

    def action_tell_ended(self):
        """Tell the customer now that the plan is broken off, without waiting for the next cycle."""
        self._check_state("ended")
        for plan in self.filtered(lambda plan: not plan.told_on).sudo():
            plan._tell_ended(plan.company_id._collection_today())
