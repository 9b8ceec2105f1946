from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ..engine import promises
from ..engine.attempt import attempt
from ..engine.transactions import retrying


class CollectionPromise(models.Model):
    """A customer says: this much, on that day. Until the verdict the promised items rest in silence.

    The verdict comes from the ledger, on the day after the promised day and the plan's grace: money dated in time counts,
    whenever it was booked; money returned does not. It changes when the ledger does.
    """

    _name = "collection.promise"
    _description = "Promise to Pay"
    _inherit = ["mail.thread", "mail.activity.mixin", "collection.answer.mixin", "collection.told.mixin"]
    _follow_ups = ("mail_activity_type_promise_broken",)
    _order = "promise_date desc, id desc"
    _recorded = frozenset(
        {
            "state",
            "ended_on",
            "date_until",
            "verdict_date",
            "amount_received",
            "amount_credited",
            "kept_percent",
            "approval_reason",
            "matched_before",
        }
    )
    # What was promised: as it was recorded once the verdict is known.
    _promised = frozenset({"amount", "currency_id", "promise_date", "date_from", "item_ids", "partner_id", "company_id"})

    partner_id = fields.Many2one(tracking=True)
    contact_id = fields.Many2one("res.partner", string="Promised By", help="The person who promised it.")
    channel = fields.Selection(
        [("call", "Call"), ("email", "E-mail"), ("letter", "Letter"), ("portal", "Portal"), ("other", "Otherwise")],
        string="Received By",
        required=True,
        default="call",
    )
    amount = fields.Monetary(required=True, tracking=True, help="What the customer promised to pay, in all.")
    promise_date = fields.Date(string="Pays On", required=True, tracking=True)
    verdict_date = fields.Date(
        compute="_compute_verdict_date", store=True, help="The day after the promised day and the grace days of the plan."
    )
    # The stop ends with the verdict; who promises is not asked again before.
    date_until = fields.Date(compute="_compute_verdict_date", store=True, readonly=True)
    state = fields.Selection(
        [
            ("to_approve", "To Approve"),
            ("open", "Open"),
            ("kept", "Kept"),
            ("partly", "Partly Kept"),
            ("broken", "Broken"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="open",
        readonly=True,
        copy=False,
        tracking=True,
    )
    amount_received = fields.Monetary(readonly=True, copy=False, help="Money dated in time, less what was returned.")
    amount_credited = fields.Monetary(readonly=True, copy=False, help="Credit notes on the promised items: less to pay.")
    matched_before = fields.Integer(
        readonly=True, copy=False, help="The last matching in the ledger before the promise: what is matched later may keep it."
    )
    kept_percent = fields.Float(string="Kept", readonly=True, copy=False, aggregator="avg")
    note = fields.Text()
    approval_reason = fields.Char(readonly=True, copy=False)
    user_id = fields.Many2one("res.users", string="Recorded By", default=lambda self: self.env.user, readonly=True)

    _amount_positive = models.Constraint("CHECK(amount > 0)", "A promise is about more than zero.")

    # -- what follows from the rest ------------------------------------------------------------------------------------

    @api.depends("promise_date", "case_id")
    def _compute_verdict_date(self):
        for promise in self:
            last_day = promise.promise_date and promise.promise_date + timedelta(days=promise.case_id.plan_id.grace_days)
            promise.date_until = last_day
            promise.verdict_date = last_day and last_day + timedelta(days=1)

    @api.depends("partner_id", "amount", "promise_date")
    def _compute_display_name(self):
        for promise in self:
            if not promise.partner_id or not promise.promise_date:
                promise.display_name = False  # shown as new
                continue
            promise.display_name = self.env._(
                "%(customer)s: %(amount)s on %(date)s",
                customer=promise.partner_id.name or "",
                amount=promise.currency_id.format(promise.amount or 0.0) if promise.currency_id else "",
                date=format_date(self.env, promise.promise_date),
            )

    # -- recording -----------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        promises_made = super().create(vals_list)
        # sudo: recorded; and whoever notes a promise need not see the ledger
        last = self.env["account.partial.reconcile"].sudo().search([], order="id desc", limit=1)
        promises_made.sudo().matched_before = last.id
        promises_made._check_limits()
        return promises_made

    def write(self, vals):
        """A later day is another promise: it meets the same limits, and needs a new approval beyond them.

        So does whatever changes of a promise that a manager approved. The day from which it runs stays.
        """
        if self._promised & vals.keys() and not self.env.su:
            self._check_undecided()
            first = fields.Date.to_date(vals.get("date_from"))
            if "date_from" in vals and any(promise.date_from != first for promise in self):
                raise UserError(self.env._("The day on which the promise was made stays. Cancel it and record another one."))
        days = {promise: promise.promise_date for promise in self}
        result = super().write(vals)
        if self._promised & vals.keys() and not self.env.su:
            changed = self.filtered(
                lambda promise: promise.state == "open" and (promise.approval_reason or promise.promise_date > days[promise])
            )
            changed._check_limits()
        return result

    def _check_limits(self):
        for promise in self:
            reason = promise._find_limit()
            if reason:
                promise.sudo().write({"state": "to_approve", "approval_reason": reason})
                promise._ask_manager()

    @api.constrains("promise_date", "date_from")
    def _check_dates(self):
        for promise in self:
            if promise.promise_date < promise.date_from:
                raise ValidationError(promise.env._("The promised day lies before the day of the promise."))

    def _find_limit(self):
        """Return why a manager has to approve the promise, '' when nobody has to."""
        plan = self.case_id.plan_id
        # A promise that is to run from a later day is made today all the same.
        days = (self.promise_date - min(self.date_from, self.company_id._collection_today())).days
        if plan.promise_max_days and days > plan.promise_max_days:
            return self.env._("%(days)s days ahead; the plan allows %(limit)s", days=days, limit=plan.promise_max_days)
        judged = self.search(
            [("case_id", "=", self.case_id.id), ("id", "!=", self.id), ("state", "in", ("kept", "partly", "broken"))],
            order="promise_date desc, id desc",
            limit=plan.promise_max_in_row or 1,
        )
        in_row = len(judged) == plan.promise_max_in_row and all(one.state != "kept" for one in judged)
        if plan.promise_max_in_row and in_row:
            return self.env._("None of the last %(count)s promises was kept", count=plan.promise_max_in_row)
        return ""

    def _ask_manager(self):
        manager = self._find_approver()
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "account_collections_auto.mail_activity_type_promise_approval",
            user_id=manager.id,
            summary=self.env._("Approve the promise: %(reason)s", reason=self.approval_reason),
        )

    # -- what people do ------------------------------------------------------------------------------------------------

    def action_approve(self):
        """Accept a promise beyond the limits of the plan: from now on the items rest."""
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can approve a promise beyond the limits of the plan."))
        self.check_access("write")
        for promise in self:
            if promise.state != "to_approve":
                raise UserError(promise.env._("%(promise)s needs no approval.", promise=promise.display_name))
        self.sudo().write({"state": "open"})
        self.activity_feedback(["account_collections_auto.mail_activity_type_promise_approval"])
        self._mirror()

    def action_cancel(self):
        """The promise was recorded by mistake or taken back: the items go on where they stood."""
        self.check_access("write")
        self._check_undecided()
        for promise in self:
            # One that nobody approved has stopped nothing, not for a day.
            ended_on = promise.date_from if promise.state == "to_approve" else promise.company_id._collection_today()
            promise.sudo().write({"state": "cancelled", "ended_on": ended_on})
        self.activity_feedback(["account_collections_auto.mail_activity_type_promise_approval"])

    def _check_undecided(self):
        for promise in self:
            if promise.state not in ("open", "to_approve"):
                raise UserError(
                    promise.env._("The verdict on %(promise)s is known; it stays as it is.", promise=promise.display_name)
                )

    # -- the verdict ---------------------------------------------------------------------------------------------------

    @api.model
    def _judge(self, company, date):
        """Bring amounts and states of the promises of ``company`` in line with its ledger on ``date``.

        Set-based. A newly broken promise gets one to-do; one that turns out kept after all loses it.
        """
        self.env.flush_all()
        changed = promises.judge(self.env, company, date)
        if not changed:
            return
        found = self.browse([promise_id for promise_id, _before, _after in changed])
        found.invalidate_recordset(flush=False)
        xmlid = "account_collections_auto.mail_activity_type_promise_broken"
        for promise_id, before, after in changed:
            promise = self.browse(promise_id)
            promise._message_log(body=promise._describe_verdict())
            if before in ("broken", "partly") and after not in ("broken", "partly"):
                promise.activity_unlink([xmlid])
            elif after in ("broken", "partly") and before not in ("broken", "partly"):
                promise.with_context(mail_activity_quick_update=True).activity_schedule(
                    xmlid,
                    date_deadline=date,
                    user_id=promise.case_id._get_todo_user().id,
                    summary=promise._describe_verdict(),
                )
        found._mirror()

    def _describe_verdict(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return self.env._(
            "%(state)s: %(received)s of %(amount)s received in time",
            state=labels[self.state],
            received=self.currency_id.format(self.amount_received),
            amount=self.currency_id.format(self.amount - self.amount_credited),
        )

    @api.model
    def _cron_judge(self):
        """Bring the promises of all companies up to date. What goes wrong in one is logged and holds up no other."""
        for company in self.env["res.company"].sudo().search([("parent_id", "=", False)]):
            judge = partial(attempt, company, self.sudo()._judge_today, company)
            retrying(self.env, judge)  # each company in a transaction of its own

    # -- what the engine asks ------------------------------------------------------------------------------------------

    def _counts(self):
        return self.state not in ("to_approve", "cancelled")

    @api.model
    def _stop_code(self):
        return "promise"

    @api.model
    def _stop_text_sql(self, alias):
        return SQL("to_char(%s, 'YYYY-MM-DD')", SQL.identifier(alias, "promise_date"))

    @api.model
    def _in_force_sql(self, date):
        """A promise that nobody approved stops nothing, and a verdict ends it."""
        return SQL("(%s AND stop.state IN ('open', 'kept', 'partly', 'broken'))", super()._in_force_sql(date))

    @api.model
    def _is_over_sql(self, date):
        """What nobody approved stopped nothing that could be over."""
        return SQL("(%s AND stop.state != 'to_approve')", super()._is_over_sql(date))
