from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..engine import payment_plans

# What is agreed on: open to change until it is proposed to the customer.
_TERMS = frozenset(
    {
        "partner_id",
        "company_id",
        "item_ids",
        "line_ids",
        "currency_id",
        "allocation",
        "grace_days",
        "max_missed",
        "resume_level_id",
        "interest_runs",
    }
)
IN_FORCE = ("proposed", "running")


class CollectionPaymentPlan(models.Model):
    """A customer pays open items in instalments. Nothing posted is changed: the plan only says what is claimed when.

    While it is proposed (up to a day) or running, the items rest as a whole; each instalment is reminded of on its own. What
    is paid comes from the ledger, see `engine/instalments.py`.
    """

    _name = "collection.payment.plan"
    _description = "Payment Plan"
    _inherit = ["mail.thread", "mail.activity.mixin", "collection.answer.mixin", "collection.told.mixin"]
    _follow_ups = ("mail_activity_type_payment_plan_ended", "mail_activity_type_payment_plan_charge")
    _order = "id desc"
    _recorded = frozenset(
        {
            "state",
            "ended_on",
            "date_from",
            "date_until",
            "amount",
            "amount_paid",
            "amount_credited",
            "amount_rest",
            "next_date",
            "missed_count",
            "credited_before",
            "approval_reason",
            "approved_by_id",
            "proposed_on",
            "accepted_on",
            "accepted_by",
            "agreement_id",
            "paid_in_time",
        }
    )

    partner_id = fields.Many2one(tracking=True)
    plan_id = fields.Many2one(related="case_id.plan_id", string="Dunning Plan")
    item_ids = fields.Many2many(help="What is paid by this plan: open items of one currency.")
    line_ids = fields.One2many("collection.payment.plan.line", "payment_plan_id", string="Instalments", copy=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("to_approve", "To Approve"),
            ("proposed", "Proposed"),
            ("running", "Running"),
            ("done", "Paid"),
            ("ended", "Broken Off"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    allocation = fields.Selection(
        [("oldest", "The oldest instalment first"), ("agreed", "As agreed for each instalment")],
        string="Money Pays",
        required=True,
        default="oldest",
        help="Oldest first: whatever is matched with one of the items pays the next instalment. As agreed: each instalment "
        "names an item, and only money matched with that item pays it. Credit notes take off the last instalments.",
    )
    grace_days = fields.Integer(
        compute="_compute_terms",
        store=True,
        readonly=False,
        help="Days after its date until an instalment that was not paid counts as missed. More than the dunning plan says need "
        "the approval of a manager.",
    )
    max_missed = fields.Integer(
        string="Ends After",
        compute="_compute_terms",
        store=True,
        readonly=False,
        help="With so many instalments missed the plan ends, and all that is open is due again. More than the dunning plan "
        "says need the approval of a manager.",
    )
    resume_level_id = fields.Many2one(
        "collection.level",
        string="Goes On With",
        domain="[('plan_id', '=', plan_id), ('days_overdue', '>', 0)]",
        ondelete="set null",
        index="btree_not_null",
        help="The level that comes after a plan that ended. Empty: the next one after the level that each item had.",
    )
    interest_runs = fields.Boolean(
        string="Interest Runs On", help="Off: for the time of the plan no late interest is charged on its items."
    )
    amount = fields.Monetary(compute="_compute_amount", store=True, string="Agreed", help="The sum of the instalments.")
    amount_open = fields.Monetary(compute="_compute_amount_open", string="Open", help="What is open of the items now.")
    amount_paid = fields.Monetary(string="Paid", readonly=True, copy=False, help="Matched with the items since it was agreed.")
    amount_credited = fields.Monetary(
        string="Credited", readonly=True, copy=False, help="Credit notes since it was agreed: the last instalments are less."
    )
    amount_rest = fields.Monetary(string="Still to Pay", readonly=True, copy=False)
    progress = fields.Float(compute="_compute_progress", help="Share that was paid or credited, in percent.")
    next_date = fields.Date(string="Next Instalment", readonly=True, copy=False)
    missed_count = fields.Integer(string="Missed", readonly=True, copy=False, aggregator=None)
    credited_before = fields.Json(readonly=True, copy=False)
    approval_reason = fields.Char(readonly=True, copy=False)
    approved_by_id = fields.Many2one("res.users", string="Approved By", readonly=True, copy=False)
    proposed_on = fields.Date(readonly=True, copy=False)
    accepted_on = fields.Date(readonly=True, copy=False)
    accepted_by = fields.Char(readonly=True, copy=False, help="Who accepted it for the customer.")
    paid_in_time = fields.Boolean(
        readonly=True,
        copy=False,
        help="The plan was broken off, but the money was dated in time: it was only booked or matched later.",
    )
    agreement_id = fields.Many2one("ir.attachment", string="Agreement", readonly=True, copy=False, ondelete="set null")
    signed_ids = fields.Many2many("ir.attachment", string="Signed Agreement", copy=False, help="The scan that came back.")
    user_id = fields.Many2one("res.users", string="Made By", default=lambda self: self.env.user, readonly=True)
    note = fields.Text(help="Not shown to the customer.")

    _days_not_negative = models.Constraint(
        "CHECK(grace_days >= 0 AND max_missed > 0)",
        "The days of grace cannot be negative, and a plan ends after at least one missed instalment.",
    )

    # -- what follows from the rest ------------------------------------------------------------------------------------

    @api.depends("case_id")
    def _compute_terms(self):
        for plan in self:
            dunning = plan.case_id.plan_id
            plan.grace_days = dunning.instalment_grace_days if dunning else 5
            plan.max_missed = dunning.instalment_max_missed or 1

    @api.depends("line_ids.amount")
    def _compute_amount(self):
        for plan in self:
            plan.amount = sum(plan.line_ids.mapped("amount"))

    @api.depends("item_ids.amount_residual_currency")
    def _compute_amount_open(self):
        for plan in self:
            plan.amount_open = sum(plan.item_ids.mapped("amount_residual_currency"))

    @api.depends("amount", "amount_rest", "state")
    def _compute_progress(self):
        for plan in self:
            known = plan.amount and plan.state in ("running", "done", "ended")
            plan.progress = 100.0 * (plan.amount - plan.amount_rest) / plan.amount if known else 0.0

    @api.depends("partner_id", "amount", "line_ids")
    def _compute_display_name(self):
        for plan in self:
            if not plan.partner_id:
                plan.display_name = False  # shown as new
                continue
            plan.display_name = self.env._(
                "%(customer)s: %(amount)s in %(count)s instalments",
                customer=plan.partner_id.name or "",
                amount=plan.currency_id.format(plan.amount) if plan.currency_id else "",
                count=len(plan.line_ids),
            )

    # -- recording -----------------------------------------------------------------------------------------------------

    def write(self, vals):
        if _TERMS & vals.keys() and not self.env.su:
            self._check_is_draft()
        return super().write(vals)

    def _check_is_draft(self):
        for plan in self:
            if plan.state != "draft":
                raise UserError(
                    plan.env._(
                        "%(plan)s was proposed to the customer and stays as it is. Cancel it and make another one.",
                        plan=plan.display_name,
                    )
                )

    @api.constrains("item_ids")
    def _check_has_items(self):
        for plan in self.with_context(active_test=False):
            if not plan.item_ids:
                raise ValidationError(plan.env._("A payment plan is about open items: choose at least one."))

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_draft(self):
        for plan in self:
            if plan.state not in ("draft", "cancelled"):
                raise UserError(plan.env._("%(plan)s is evidence and cannot be deleted.", plan=plan.display_name))

    # -- what people do ------------------------------------------------------------------------------------------------

    def action_propose(self):
        """The terms stand: make the agreement for the customer, or ask a manager first where they exceed the limits."""
        self._check_state("draft")
        for plan in self:
            plan._check_terms()
            reason = plan._find_limit()
            if reason and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
                plan.sudo().write({"state": "to_approve", "approval_reason": reason})
                plan._ask_manager(reason)
            else:
                plan._propose()

    def action_approve(self):
        """Allow a plan beyond the limits: it can be proposed to the customer."""
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can approve a plan beyond the limits."))
        self._check_state("to_approve")
        for plan in self:
            plan._check_terms()
            plan.sudo().approved_by_id = self.env.user
            plan._propose()
        self.activity_feedback(["account_collections_auto.mail_activity_type_payment_plan_approval"])

    def action_back_to_draft(self):
        """Change the terms: nobody has agreed to them yet."""
        self._check_state("to_approve", "proposed")
        self.activity_unlink(["account_collections_auto.mail_activity_type_payment_plan_approval"])
        self.sudo().write({"state": "draft", "date_until": False, "approval_reason": False, "approved_by_id": False})
        self._mirror()

    def action_cancel(self):
        """Not agreed on, or made by mistake: the items go on where they stood."""
        self._check_state("draft", "to_approve", "proposed", "running")
        for company, plans in self.grouped("company_id").items():
            plans.sudo().write({"state": "cancelled", "ended_on": company._collection_today()})
        self.activity_unlink(["account_collections_auto.mail_activity_type_payment_plan_approval"])
        self._mirror()

    def action_end(self):
        """A stop is ended by cancelling the plan."""
        self.action_cancel()

    def action_go_on(self):
        """Take up a plan that was broken off: the customer paid what was missed, or gets another chance."""
        self._check_state("ended")
        for plan in self:
            plan._check_items_are_free()
            today = plan.company_id._collection_today()
            # Also what fell due meanwhile: nobody pays instalments of a plan that has ended.
            unpaid_sudo = plan.sudo().line_ids.filtered_domain([("state", "!=", "paid"), ("date", "<", today)])
            unpaid_sudo.write({"state": "late", "reopened_on": today, "seen_on": False})
            plan.sudo()._run_again()
        self.activity_feedback(["account_collections_auto.mail_activity_type_payment_plan_ended"])
        self._mirror()

    def _run_again(self):
        """The plan was broken off and runs again; of its end nobody is told any more."""
        self._take_items()
        self.write({"state": "running", "ended_on": False, "paid_in_time": False, **self._untold()})

    def action_accept(self):
        """Ask who accepted it when, and for the scan."""
        self.ensure_one()
        self._check_state("proposed")
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_payment_plan_accept_action")
        return action | {"context": {"default_payment_plan_id": self.id}}

    def _check_terms(self):
        """The instalments are in order, name an item each where they have to, and add up to the debt."""
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("Say on which days how much is paid: a plan has at least one instalment."))
        if self.allocation == "agreed" and (self.line_ids.filtered(lambda line: line.item_id not in self.item_ids)):
            raise UserError(self.env._("Each instalment names the item that it pays, or money pays the oldest one first."))
        if self.currency_id.compare_amounts(self.amount, self.amount_open):
            raise UserError(
                self.env._(
                    "The instalments add up to %(sum)s, but %(open)s is open. Make the schedule anew.",
                    sum=self.currency_id.format(self.amount),
                    open=self.currency_id.format(self.amount_open),
                )
            )
        self._check_items_are_free()
        if self.allocation == "agreed":
            for item, lines in self.line_ids.grouped("item_id").items():
                if self.currency_id.compare_amounts(sum(lines.mapped("amount")), item.amount_residual_currency):
                    raise UserError(
                        self.env._(
                            "The instalments of %(number)s do not add up to what is open of it.", number=item.display_name
                        )
                    )

    def _find_other_plan(self):
        """Return a plan in force that pays one of the items of this one, empty without."""
        self.ensure_one()
        domain = [("item_ids", "in", self.item_ids.ids), ("state", "in", IN_FORCE), ("id", "!=", self.id)]
        return self.search(domain, limit=1)

    def _take_items(self):
        """Let nobody else take the items of these plans into a plan at the same time.

        The database lets one of two transactions at a time write an item; the other one is done again, and then sees the plan
        of the first.
        """
        self.item_ids.flush_recordset()
        self.env.cr.execute(
            SQL("UPDATE collection_item SET write_date = write_date WHERE id = ANY(%s)", sorted(self.item_ids.ids))
        )

    def _check_items_are_free(self):
        self._take_items()
        others = self._find_other_plan()
        if others:
            raise UserError(
                self.env._(
                    "%(numbers)s: part of %(plan)s already. An item is paid by one plan at a time.",
                    numbers=", ".join((others.item_ids & self.item_ids).mapped("display_name")),
                    plan=others.display_name,
                )
            )

    def _find_limit(self):
        """Return why a manager has to approve the plan, '' when nobody has to."""
        days, amounts = self.line_ids.mapped("date"), self.line_ids.mapped("amount")
        return self._describe_limit(self.case_id, self.currency_id, days, amounts) or self._describe_terms_limit()

    def _describe_terms_limit(self):
        """Return how these terms are softer on the customer than the dunning plan allows, '' when they are not."""
        dunning = self.case_id.plan_id
        if dunning and self.grace_days > dunning.instalment_grace_days:
            return self.env._(
                "%(days)s days of grace; the dunning plan allows %(limit)s",
                days=self.grace_days,
                limit=dunning.instalment_grace_days,
            )
        if dunning and self.max_missed > dunning.instalment_max_missed:
            return self.env._(
                "it ends after %(count)s missed instalments; the dunning plan allows %(limit)s",
                count=self.max_missed,
                limit=dunning.instalment_max_missed,
            )
        return ""

    def _describe_limit(self, case, currency, days, amounts):
        """Return which limit of the dunning plan of ``case`` instalments on ``days`` of ``amounts`` exceed, '' for none.

        What the customer still has to pay by other plans in force than ``self`` counts for the limit of the debt.
        """
        plan, company = case.plan_id, case.company_id
        today, money = company._collection_today(), company.currency_id
        months = payment_plans.months_between(today, max(days))
        if plan.instalment_max_months and months > plan.instalment_max_months:
            return self.env._(
                "%(months)s months; the dunning plan allows %(limit)s", months=months, limit=plan.instalment_max_months
            )
        smallest, total = (currency._convert(amount, money, company, today) for amount in (min(amounts), sum(amounts)))
        if plan.instalment_min_amount and money.compare_amounts(smallest, plan.instalment_min_amount) < 0:
            return self.env._(
                "an instalment of %(amount)s; the dunning plan asks for %(limit)s",
                amount=money.format(smallest),
                limit=money.format(plan.instalment_min_amount),
            )
        if not plan.instalment_max_debt:
            return ""
        of_case = Domain("case_id", "=", case.id) & Domain("id", "not in", self.ids)
        others = self.search(of_case & self._in_force_domain(today))
        elsewhere = sum(other.currency_id._convert(other.amount_rest, money, company, today) for other in others)
        if money.compare_amounts(total + elsewhere, plan.instalment_max_debt) > 0:
            values = {"amount": money.format(total + elsewhere), "limit": money.format(plan.instalment_max_debt)}
            if elsewhere:
                return self.env._(
                    "%(amount)s in instalments with the other payment plans; the dunning plan allows %(limit)s", **values
                )
            return self.env._("%(amount)s in instalments; the dunning plan allows %(limit)s", **values)
        return ""

    @api.model
    def _in_force_domain(self, today):
        """Return the domain of the plans by which customers pay, or may agree to pay until the end of ``today``."""
        is_open = Domain("date_until", "=", False) | Domain("date_until", ">=", today)
        return Domain("state", "=", "running") | (Domain("state", "=", "proposed") & is_open)

    def _ask_manager(self, reason):
        manager = self._find_approver()
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "account_collections_auto.mail_activity_type_payment_plan_approval",
            user_id=manager.id,
            summary=self.env._("Approve the payment plan: %(reason)s", reason=reason),
        )

    def _propose(self):
        """The items rest until the customer has to answer by; what credit notes took off before does not count later."""
        self.ensure_one()
        today = self.company_id._collection_today()
        self.sudo().write(
            {
                "state": "proposed",
                "proposed_on": today,
                "date_from": today,
                "date_until": fields.Date.add(today, days=self.plan_id.instalment_answer_days),
                "credited_before": self._get_credited(),
                "amount_rest": self.amount,
                "next_date": min(self.line_ids.mapped("date")),
            }
        )
        for line in self.line_ids.sudo():
            line.amount_rest = line.amount
        self._mirror()

    def _get_credited(self):
        """Return {item id: what credit notes took off it so far}."""
        rows = self.env.execute_query(
            SQL(
                """SELECT item.id, COALESCE(credited.amount, 0)
                     FROM collection_item item LEFT JOIN LATERAL (%s) credited ON TRUE WHERE item.id IN %s""",
                self.env["collection.payment.plan.line"]._credited_sql(),
                tuple(self.item_ids.ids),
            )
        )
        return {str(item_id): float(amount) for item_id, amount in rows}

    def _accept(self, accepted_by, accepted_on, scans):
        """The customer agreed: from now on the plan runs, and is judged at once."""
        self.ensure_one()
        self._check_state("proposed")
        self._check_items_are_free()
        self.sudo().write(
            {
                "state": "running",
                "accepted_by": accepted_by,
                "accepted_on": accepted_on,
                "date_until": False,
                "signed_ids": [Command.link(scan.id) for scan in scans],
            }
        )
        # Uploaded to the question, they belong to the plan: whoever may read it may read them.
        scans.sudo().write({"res_model": self._name, "res_id": self.id})
        self._mirror()
        self.message_post(
            body=self.env._("Accepted by %(name)s on %(date)s", name=accepted_by, date=format_date(self.env, accepted_on))
        )
        self.sudo()._judge(self.company_id, self.company_id._collection_today())

    # -- what the engine asks ------------------------------------------------------------------------------------------

    def _counts(self):
        return self.state not in ("draft", "to_approve")

    @api.model
    def _stop_code(self):
        return "payment_plan"

    @api.model
    def _in_force_sql(self, date):
        """A draft stops nothing; a proposal up to the day by which the customer answers."""
        return SQL("(%s AND stop.state IN %s)", super()._in_force_sql(date), IN_FORCE)

    @api.model
    def _is_over_sql(self, date):
        """What nobody proposed stopped nothing that could be over."""
        return SQL("(%s AND stop.proposed_on IS NOT NULL)", super()._is_over_sql(date))
