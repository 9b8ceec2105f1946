from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import dates, simulate


class CollectionLevel(models.Model):
    """One rung of a dunning plan: "First reminder, 7 days after the due date"."""

    _name = "collection.level"
    _description = "Dunning Level"
    _order = "plan_id, days_overdue, id"

    name = fields.Char(required=True, translate=True)
    plan_id = fields.Many2one("collection.plan", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    active = fields.Boolean(default=True)
    days_overdue = fields.Integer(
        string="Days After Due Date",
        required=True,
        default=7,
        help="Day 1 is the day after the due date. Zero or negative: a courtesy message, sent up to the due date.",
    )
    response_days = fields.Integer(default=7, help="Days the customer gets to answer; the deadline is printed on the message.")
    minimum_days_since_previous = fields.Integer(
        default=7, help="At least this many days lie between the previous level of an item and this one."
    )
    mode = fields.Selection(
        [("auto", "Send automatically"), ("review", "A person approves"), ("manual", "By hand only")],
        required=True,
        default="auto",
        help="Automatic messages leave with the daily cycle, reviewed ones wait for approval, "
        "and the cycle never prepares a level that is sent by hand.",
    )
    final_notice = fields.Boolean(
        help="The last notice before the debt is handed over. It is never the first contact about an item."
    )
    step_ids = fields.One2many("collection.step", "level_id", string="Steps", copy=True)
    sentence = fields.Char(compute="_compute_sentence", string="In Words")

    _days_unique = models.UniqueIndex(
        "(plan_id, days_overdue) WHERE active", "Two levels of one plan cannot start on the same day."
    )
    _days_not_negative = models.Constraint(
        "CHECK(response_days >= 0 AND minimum_days_since_previous >= 0)",
        "The days to answer and the days since the previous level cannot be negative.",
    )

    @api.constrains("days_overdue", "final_notice", "active", "plan_id")
    def _check_plan_starts_softly(self):
        self.plan_id._check_first_level_is_not_final()

    def unlink(self):
        plans = self.plan_id
        result = super().unlink()
        plans._check_first_level_is_not_final()
        return result

    @api.constrains("final_notice", "days_overdue")
    def _check_courtesy_is_not_final(self):
        for level in self:
            if level.final_notice and level.days_overdue <= 0:
                raise ValidationError(
                    level.env._(
                        "%(level)s is sent before anything is overdue, so it cannot be a final notice.", level=level.name
                    )
                )

    @api.depends("days_overdue", "response_days", "mode", "final_notice", "step_ids.channel", "step_ids.fallback_of_id")
    @api.depends_context("lang")
    def _compute_sentence(self):
        """Each level reads as one sentence, so that nobody mistakes the sign of the days."""
        for level in self:
            level.sentence = level._get_sentence()

    def _get_sentence(self):
        self.ensure_one()
        if self.days_overdue > 0:
            when = self.env._("%(days)s days after the due date", days=self.days_overdue)
        elif self.days_overdue == 0:
            when = self.env._("On the due date")
        else:
            when = self.env._("%(days)s days before the due date", days=-self.days_overdue)
        how = self._get_manner()
        who = {
            "auto": self.env._("automatically"),
            "review": self.env._("after approval"),
            "manual": self.env._("by hand only"),
        }[self.mode]
        parts = [when, how, who]
        if self.days_overdue > 0:
            parts.append(self.env._("answer within %(days)s days", days=self.response_days))
        if self.final_notice:
            parts.append(self.env._("final notice"))
        return ", ".join(parts)

    def _get_manner(self):
        """Return how the level contacts the customer, in words: "by E-mail"."""
        self.ensure_one()
        channel_labels = dict(self.env["collection.step"]._fields["channel"]._description_selection(self.env))
        channels = [channel_labels[step.channel] for step in self.step_ids if not step.fallback_of_id]
        return self.env._("by %(channels)s", channels=" + ".join(channels)) if channels else self.env._("no message")

    def action_open_steps(self):
        """Open the level with its steps."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }

    def _get_deadline(self, sent):
        """Return the last day to answer a message of this level that left on ``sent``: a working day of the plan."""
        self.ensure_one()
        return dates.deadline(sent, self.response_days, *self.plan_id._get_working_days(sent))

    def _prepare_simulation(self):
        """Return this level for `simulate.simulate`. Without steps it waits for a person like one sent by hand."""
        return simulate.Level(
            self.id,
            self.days_overdue,
            self.response_days,
            self.minimum_days_since_previous,
            self.final_notice,
            self.mode == "manual" or not self.step_ids,
        )
