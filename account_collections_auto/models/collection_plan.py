from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import dates


class CollectionPlan(models.Model):
    """A dunning procedure of a company: ordered levels, thresholds and gaps."""

    _name = "collection.plan"
    _description = "Dunning Plan"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True, help="How you call this plan; customers do not see it.")
    sequence = fields.Integer(default=10, help="The order in which plans are listed.")
    active = fields.Boolean(
        default=True,
        help="An archived plan is not offered any more. Customers who follow it go on with it until they get another one.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company.root_id,
        help="Customers of this company and of its branches can follow the plan.",
    )
    currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    template_code = fields.Char(readonly=True, help="The ready-made plan that this one was made from.")
    level_ids = fields.One2many(
        "collection.level",
        "plan_id",
        string="Levels",
        copy=True,
        help="What is sent, on which day, counted from the due date of each invoice.",
    )
    timeline = fields.Json(compute="_compute_timeline", string="Time Line")
    minimum_amount = fields.Monetary(
        tracking=True,
        help="Customers who owe less than this in overdue items, after credits, are not contacted. Company currency.",
    )
    tolerance_amount = fields.Monetary(
        default=1.0,
        tracking=True,
        help="A rest of at most this amount counts as settled: it is not claimed and keeps no case open. "
        "Company currency; converted for items in another currency.",
    )
    minimum_days_between_contacts = fields.Integer(
        default=7, tracking=True, help="At least this many days lie between two messages to one customer."
    )
    grace_days = fields.Integer(
        default=3,
        tracking=True,
        help="Days that we wait after a deadline has passed before the next level, because money takes time to arrive.",
    )
    resume_days = fields.Integer(
        default=5,
        tracking=True,
        help="After a hold, a dispute or another stop has ended, the next level comes no earlier than this many days later.",
    )
    promise_max_days = fields.Integer(
        string="Promises Up To",
        default=30,
        help="A promise further ahead than this many days needs the approval of a manager. 0: no limit.",
    )
    promise_max_in_row = fields.Integer(
        string="Promises in a Row",
        default=2,
        help="After so many promises in a row of which none was kept, the next one needs the approval of a manager. 0: no "
        "limit.",
    )
    promise_tolerance_percent = fields.Float(
        string="Promise Kept With",
        default=1.0,
        help="A promise counts as kept when at most this share of it, in percent, is missing.",
    )
    broken_promise_template_id = fields.Many2one(
        "mail.template",
        string="When Not Kept, Send",
        domain="[('model', '=', 'collection.action')]",
        ondelete="restrict",
        tracking=True,
        default=lambda self: self.env.ref("account_collections_auto.mail_template_broken_promise", raise_if_not_found=False),
        help="A message of its own about the promised items, sent once after the verdict; it changes no level. Where a person "
        "confirms each day's messages, it is sent from the promise. Empty: there is only the to-do.",
    )
    in_transit_days = fields.Integer(
        default=5,
        help="A bank line of this customer that is not matched yet holds back reminders for this many days, "
        "counted from the day of the line. A payment that the customer announced, or a wire transfer chosen on a payment page, "
        "holds them back as long.",
    )
    review_expiry_days = fields.Integer(
        default=10, help="A message not approved for this many days is cancelled and selected anew."
    )
    catch_up = fields.Boolean(
        tracking=True,
        help="When days were missed, go straight to the highest level reached instead of one level per cycle. "
        "A final notice is never the first contact.",
    )
    only_sent_invoices = fields.Boolean(
        tracking=True, help="Remind only of invoices that were sent to the customer through Odoo."
    )
    repeat_last_days = fields.Integer(
        string="Repeat Last Level Every", help="Days after which the last level is sent again; 0: never."
    )
    repeat_last_times = fields.Integer(
        string="At Most", help="How many times the last level is repeated for one invoice; 0: never."
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Days",
        default=lambda self: self.env.company.resource_calendar_id,
        help="A deadline that falls on a day off moves to the next working day. Empty: every day is a working day.",
    )

    company_leave_ids = fields.Many2many(
        "resource.calendar.leaves",
        string="Company Holidays",
        compute="_compute_company_leave_ids",
        compute_sudo=True,
        help="Days on which the whole company is off, whatever the working hours.",
    )

    _amounts_not_negative = models.Constraint(
        "CHECK(minimum_amount >= 0 AND tolerance_amount >= 0)",
        "The minimum amount and the tolerance of a dunning plan cannot be negative.",
    )
    _days_not_negative = models.Constraint(
        """CHECK(minimum_days_between_contacts >= 0 AND grace_days >= 0 AND in_transit_days >= 0 AND resume_days >= 0
                 AND promise_max_days >= 0 AND promise_max_in_row >= 0 AND promise_tolerance_percent >= 0
                 AND review_expiry_days > 0 AND repeat_last_days >= 0 AND repeat_last_times >= 0)""",
        "The days of a dunning plan cannot be negative, and a message needs at least one day to be reviewed.",
    )

    @api.depends("level_ids.name", "level_ids.days_overdue", "level_ids.mode", "level_ids.final_notice", "level_ids.sentence")
    @api.depends_context("lang")
    def _compute_timeline(self):
        for plan in self:
            plan.timeline = plan._get_timeline()

    def _get_timeline(self):
        """Return what the picture of the plan shows, one dict per level from the first day to the last."""
        self.ensure_one()
        return [
            {
                "name": level.name,
                "days": level.days_overdue,
                "mode": level.mode,
                "final": level.final_notice,
                "channels": level.channel_codes,
                "sentence": level.sentence,
            }
            for level in self.level_ids.sorted("days_overdue")
        ]

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        if "name" not in (default or {}):
            for plan, vals in zip(self, vals_list, strict=True):
                vals["name"] = plan.env._("%(plan)s (copy)", plan=plan.name)
        return vals_list

    def copy(self, default=None):
        copies = super().copy(default=default)
        everything = self.with_context(active_test=False)
        everything.level_ids.step_ids._pass_on_fallbacks(copies.with_context(active_test=False).level_ids.step_ids)
        return copies

    def action_duplicate(self):
        """Copy the plan with its levels and steps, and open the copy."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.copy().id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.constrains("broken_promise_template_id")
    def _check_template_is_about_messages(self):
        """The text of another model would be filled with whatever record of it bears the number of the message."""
        for plan in self:
            template_sudo = plan.broken_promise_template_id.sudo()
            if template_sudo and template_sudo.model != "collection.action":
                raise ValidationError(
                    plan.env._(
                        "%(template)s is not a text for collection messages, so %(plan)s cannot send it.",
                        template=template_sudo.name,
                        plan=plan.name,
                    )
                )

    @api.constrains("level_ids", "active")
    def _check_first_level_is_not_final(self):
        """A final notice is never the first contact, so a plan may not start with one."""
        for plan in self:
            overdue_levels = plan.level_ids.filtered(lambda level: level.days_overdue > 0).sorted("days_overdue")
            if overdue_levels[:1].final_notice:
                raise ValidationError(
                    plan.env._(
                        "The lowest level of %(plan)s after the due date is %(level)s, a final notice. A final notice is "
                        "never the first contact: add a reminder before it, or do not mark this level as final.",
                        plan=plan.display_name,
                        level=overdue_levels[0].name,
                    )
                )

    def _get_working_days(self, start):
        """Return (weekdays, holidays) of the plan's calendar for the year after ``start``; all days without a calendar."""
        self.ensure_one()
        calendar = self.calendar_id.sudo()
        if not calendar:
            return dates.EVERY_DAY, frozenset()
        weekdays = frozenset(int(day) for day in calendar.attendance_ids.mapped("dayofweek"))
        periods = [
            (dates.local_day(leave.date_from, calendar.tz), dates.local_day(leave.date_to, calendar.tz))
            for leave in calendar.global_leave_ids | self.company_leave_ids
        ]
        holidays = frozenset(
            first + timedelta(days=number)
            for first, last in periods
            if last >= start and first <= start + timedelta(days=366)
            for number in range((last - first).days + 1)
        )
        return weekdays, holidays

    @api.depends("company_id", "calendar_id")
    def _compute_company_leave_ids(self):
        """As a field, so that a batch of messages reads them once."""
        leaves = self.env["resource.calendar.leaves"].search(
            [("calendar_id", "=", False), ("resource_id", "=", False), ("company_id", "in", self.company_id.ids)]
        )
        for plan in self:
            plan.company_leave_ids = leaves.filtered(lambda leave, plan=plan: leave.company_id == plan.company_id)
