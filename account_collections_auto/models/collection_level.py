from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

from ..engine import dates, ladder, simulate


class CollectionLevel(models.Model):
    """One rung of a dunning plan: "First reminder, 7 days after the due date"."""

    _name = "collection.level"
    _description = "Dunning Level"
    _order = "plan_id, days_overdue, id"

    name = fields.Char(required=True, translate=True, help="How you call this level, for example First reminder.")
    plan_id = fields.Many2one(
        "collection.plan", required=True, index=True, ondelete="cascade", help="The plan that this level is a rung of."
    )
    company_id = fields.Many2one(related="plan_id.company_id", store=True, index=True)
    active = fields.Boolean(default=True, help="An archived level is not reached by anybody any more.")
    days_overdue = fields.Integer(
        string="Days After Due Date",
        required=True,
        default=7,
        help="Day 1 is the day after the due date. Zero or negative: a courtesy message, sent up to the due date.",
    )
    response_days = fields.Integer(
        default=7,
        help="Days the customer gets to answer; the deadline is printed on the message. A courtesy message names the due date.",
    )
    minimum_days_since_previous = fields.Integer(
        default=7, help="At least this many days lie between the previous level of an item and this one."
    )
    mode = fields.Selection(
        [("auto", "Send automatically"), ("review", "A person approves"), ("manual", "By hand only")],
        required=True,
        default="auto",
        help="Automatic messages leave with the daily cycle, reviewed ones wait for approval, "
        "and a level by hand leaves only when somebody presses Send Now on the case.",
    )
    final_notice = fields.Boolean(
        help="The last notice before the debt is handed over. It is never the first contact about an item."
    )
    step_ids = fields.One2many(
        "collection.step",
        "level_id",
        string="Steps",
        copy=True,
        help="The messages of this level, one per channel. A level without any only waits for a person.",
    )
    sentence = fields.Char(compute="_compute_sentence", string="In Words")
    channel_codes = fields.Char(compute="_compute_channel_codes", help="The channels of the steps that come first.")

    _days_unique = models.UniqueIndex(
        "(plan_id, days_overdue) WHERE active",
        "Two levels of one plan cannot start on the same day: choose another day for one of them.",
    )
    _days_not_negative = models.Constraint(
        "CHECK(response_days >= 0 AND minimum_days_since_previous >= 0)",
        "The days to answer and the days since the previous level cannot be negative.",
    )

    @api.model
    def default_get(self, fields):
        """A level that a person adds fits into its plan: a day that is free, the next name, the text that goes with it.

        ``collection_levels`` in the context: (days, final notice) of the levels on the screen, saved or not.
        """
        vals = super().default_get(fields)
        levels = self.env.context.get("collection_levels")
        if levels is None:
            return vals
        return vals | {name: value for name, value in self._prepare_new_level(levels).items() if name in fields}

    def _prepare_new_level(self, levels):
        day = ladder.day_of_new_level([days for days, _final in levels], [days for days, final in levels if final])
        earlier = sum(0 < days < day for days, _final in levels)
        names = [self.env._("First reminder"), self.env._("Second reminder"), self.env._("Third reminder")]
        text = self.env.ref(
            f"account_collections_auto.mail_template_{'second' if earlier else 'first'}_reminder", raise_if_not_found=False
        )
        return {
            "name": names[earlier] if earlier < len(names) else self.env._("Reminder %(number)s", number=earlier + 1),
            "days_overdue": day,
            "step_ids": [Command.create({"channel": "email", "mail_template_id": text.id})] if text else [],
        }

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

    @api.depends("step_ids.channel", "step_ids.fallback_of_id")
    def _compute_channel_codes(self):
        for level in self:
            level.channel_codes = ",".join(step.channel for step in level.step_ids if not step.fallback_of_id)

    def copy(self, default=None):
        copies = super().copy(default=default)
        self.step_ids._pass_on_fallbacks(copies.step_ids)
        return copies

    @api.depends("days_overdue", "response_days", "mode", "final_notice", "step_ids.channel", "step_ids.fallback_of_id")
    @api.depends_context("lang")
    def _compute_sentence(self):
        """Each level reads as one sentence, so that nobody mistakes the sign of the days."""
        for level in self:
            level.sentence = level._get_sentence()

    def _get_sentence(self):
        self.ensure_one()
        if self.days_overdue == 1:
            when = self.env._("The day after the due date")
        elif self.days_overdue == -1:
            when = self.env._("The day before the due date")
        elif self.days_overdue > 0:
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

    def _get_deadline(self, sent):
        """Return the last day to answer a reminder of this level that left on ``sent``: a working day of the plan."""
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
