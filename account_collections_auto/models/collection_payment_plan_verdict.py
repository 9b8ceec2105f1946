from functools import partial

from odoo import api, models

from ..engine import instalments, project
from ..engine.attempt import attempt
from ..engine.transactions import retrying
from .collection_action import SENT


class CollectionPaymentPlan(models.Model):
    """What the ledger says of the plans: instalments paid and missed, plans done and broken off, and who hears of it."""

    _inherit = "collection.payment.plan"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _judge(self, company, date, cases=None):
        """Bring the plans of ``company`` in line with its ledger on ``date``. Set-based; a second call changes nothing.

        ``cases``: the plans of these cases only.
        """
        self.env.flush_all()
        self._note_paid_in_time(instalments.find_paid_in_time(self.env, company, date, cases), date)
        changed = instalments.judge(self.env, company, date, cases)
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
        if after == "running":
            self._take_items()  # it was paid, and no other plan may take its items at the same time
        if after == "ended":
            amount = self.currency_id.format(self.amount_rest)
            self._ask_collector(self.env._("The payment plan is broken off: %(amount)s is due", amount=amount), date)

    @api.model
    def _refresh_and_judge(self, company, date, cases):
        """Bring ``cases`` up to date with the ledger of this moment, and judge their plans."""
        self.env.flush_all()
        project.append_pending_marks(self.env)
        project.refresh_marked(self.env, partner_ids=cases.partner_id.ids)
        self._judge(company, date, cases)

    # -- broken off, and paid in time after all ------------------------------------------------------------------------

    def _note_paid_in_time(self, found, date):
        """Take plans up again whose money was dated in time and only booked late, or ask a person to.

        By itself only where the customer has heard nothing since the plan ended: who was told, reminded or called meanwhile
        is told by a person how it goes on.
        """
        if found:
            self.invalidate_model(["paid_in_time"], flush=False)
        for plan_id, is_in_time in found:
            plan = self.sudo().browse(plan_id)  # sudo: what the ledger says of a plan is not written by hand
            summary = self.env._("Paid in time, but booked late: let the plan go on")
            if not is_in_time:
                plan.activity_ids.filtered(lambda activity, text=summary: activity.summary == text).unlink()
            elif plan._is_untouched():
                plan.activity_unlink(["account_collections_auto.mail_activity_type_payment_plan_ended"])
                plan._message_log(body=plan.env._("Paid in time, but booked late: the plan goes on"))
                plan._run_again()
            else:
                plan._ask_collector(summary, date)
        self.env.flush_all()

    def _is_untouched(self):
        """Whether the customer heard nothing since the plan ended, and no other plan pays its items."""
        actions = self.env["collection.action"].search_count(
            [
                ("case_id", "=", self.case_id.id),
                ("state", "in", SENT),
                ("channel", "!=", "record"),
                ("is_test", "=", False),
                ("contact_date", ">=", self.ended_on),
            ],
            limit=1,
        )
        is_written = self.case_id.last_written_date and self.case_id.last_written_date >= self.ended_on
        return not (actions or is_written or self._find_other_plan())

    def _ask_collector(self, summary, date):
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "account_collections_auto.mail_activity_type_payment_plan_ended",
            date_deadline=date,
            user_id=self.case_id._get_todo_user().id,
            summary=summary,
        )

    @api.model
    def _cron_judge(self):
        """Bring the plans of all companies up to date; whoever is to be told is told by the next cycle."""
        self.env["collection.case"]._refresh_marked()
        for company in self.env["res.company"].sudo().search([("parent_id", "=", False)]):
            judge = partial(attempt, company, self.sudo()._judge_today, company)
            retrying(self.env, judge)  # each company in a transaction of its own
