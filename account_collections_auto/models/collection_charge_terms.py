from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_amount, format_date

from ..engine import late_fees
from ..engine.interest import MissingRate, Rate, Terms, total_rate
from .collection_reference_rate import CONFIDENCE

PRECISION = (16, 4)


def exact(number):
    """Return a stored number as the Decimal that a person reads."""
    return Decimal(str(number))


class CollectionChargeTerms(models.Model):
    """What a customer owes for being late, under one law or contract: interest, and a fixed sum."""

    _name = "collection.charge.terms"
    _description = "Interest and Fees"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True, help="How you call these terms.")
    sequence = fields.Integer(default=10, help="The order in which the terms are listed.")
    active = fields.Boolean(default=True, tracking=True, help="Archived terms are not offered any more.")
    country_id = fields.Many2one("res.country", help="The country whose law it is. Empty: any, for example your own contract.")
    customers = fields.Selection(
        [("business", "Businesses, sole traders, public bodies"), ("consumer", "Consumers"), ("all", "Everybody")],
        required=True,
        default="business",
        tracking=True,
        help="For which customers the law says so.",
    )
    # -- interest
    interest_condition = fields.Selection(
        [("law", "By law"), ("agreed", "Only where your contract says so")],
        required=True,
        default="law",
        tracking=True,
        help="Whether interest is owed by itself or needs an agreement.",
    )
    is_agreed = fields.Boolean(
        string="Our Contract Says So",
        tracking=True,
        help="Your contracts or terms of sale agree what needs an agreement. Off: that is not claimed.",
    )
    reference_id = fields.Many2one(
        "collection.reference.rate",
        ondelete="restrict",
        index=True,
        tracking=True,
        help="The rate that interest is counted from. Empty: the points below are the whole rate.",
    )
    multiplier = fields.Float(default=1.0, required=True, digits=PRECISION, help="Times the reference rate; nearly always 1.")
    margin = fields.Float(
        string="Points on Top", digits=PRECISION, tracking=True, help="Percentage points that are added to the reference rate."
    )
    step = fields.Float(
        string="Up to the Next",
        digits=PRECISION,
        help="The whole rate goes up to a multiple of this: 0.5 in Belgium. Zero: exact.",
    )
    valid_from = fields.Date(help="These terms say nothing about days before this one.")
    lock = fields.Selection(
        [
            ("floating", "Each day at its own rate"),
            ("due_date", "All days at the rate of the due date"),
            ("first_day", "All days at the rate of the day after the due date"),
        ],
        string="When the Rate Changes",
        required=True,
        default="floating",
        help="What a new value of the reference rate does to an invoice that is late already.",
    )
    compounding = fields.Selection(
        [("simple", "Never"), ("yearly", "Once a year"), ("monthly", "Once a month")],
        string="Interest on Interest",
        required=True,
        default="simple",
        help="When interest is added to the debt and bears interest itself. Most laws forbid it.",
    )
    day_count = fields.Selection(
        [
            ("act_365", "Days / 365"),
            ("act_360", "Days / 360"),
            ("act_act", "Days / length of the year"),
            ("30_360", "Months of 30 days / 360"),
        ],
        string="Counting Days",
        required=True,
        default="act_365",
        help="How many days a year has when interest is worked out.",
    )
    percent_today = fields.Float(compute="_compute_percent_today", string="Rate Today (%)", digits=PRECISION)
    known_until = fields.Date(
        related="reference_id.known_until",
        string="Rate Known Until",
        help="For later days no interest is worked out until the next value is entered under Reference Rates.",
    )
    # -- fixed sum
    fee_condition = fields.Selection(
        [
            ("law", "By law"),
            ("law_after_notice", "By law, after a notice"),
            ("agreed", "Only where your contract says so"),
            ("forbidden", "Forbidden"),
        ],
        string="Fixed Sum",
        required=True,
        default="agreed",
        tracking=True,
        help="Whether a fixed sum may be claimed for the trouble of collecting, once for each invoice.",
    )
    notice_days = fields.Integer(
        string="Days After the Notice", help="The notice leaves the customer this many days to pay without the sum."
    )
    fee_currency_id = fields.Many2one("res.currency", string="Currency of the Sum", help="The currency that the law names.")
    bracket_ids = fields.One2many(
        "collection.charge.terms.bracket", "terms_id", string="Sums", copy=True, help="By the amount of the invoice."
    )
    fee_minimum = fields.Float(string="At Least", digits=(16, 2), help="The least sum. Zero: none.")
    fee_maximum = fields.Float(string="At Most", digits=(16, 2), help="The largest sum. Zero: none.")
    # -- where they come from
    legal_force = fields.Selection(
        [
            ("policy_default", "Own choice"),
            ("contract", "Contract"),
            ("guideline", "Guideline"),
            ("regulation", "Regulation"),
            ("directive", "European directive"),
            ("statute", "Law"),
        ],
        string="Where It Comes From",
        required=True,
        default="policy_default",
        tracking=True,
        help="What stands behind these terms.",
    )
    citation = fields.Char(tracking=True, help="Where it is written down, for example a paragraph of a law.")
    confidence = fields.Selection(
        CONFIDENCE, required=True, default="low", tracking=True, help="How well these terms were checked. Low needs a check."
    )
    note = fields.Text(string="Notes", help="For your colleagues: what to mind, who checked it and when.")

    _in_range = models.Constraint(
        "CHECK(multiplier >= 0 AND step >= 0 AND notice_days >= 0 AND fee_minimum >= 0 AND fee_maximum >= 0)",
        "Multiplier, steps, days and the limits of the sum cannot be negative.",
    )

    @api.constrains("bracket_ids", "fee_currency_id")
    def _check_sums_have_a_currency(self):
        for terms in self:
            if terms.bracket_ids and not terms.fee_currency_id:
                raise ValidationError(terms.env._("%(terms)s: choose the currency of the fixed sum.", terms=terms.name))

    @api.depends("reference_id.percent_today", "multiplier", "margin", "step", "valid_from")
    def _compute_percent_today(self):
        today = fields.Date.context_today(self)
        for terms in self:
            reference = terms.reference_id
            is_missing = reference.is_missing or (terms.valid_from and terms.valid_from > today)
            terms.percent_today = 0 if is_missing else max(float(terms._total(reference.percent_today)), 0)

    def _total(self, percent):
        return total_rate(exact(percent), exact(self.margin), exact(self.multiplier), exact(self.step))

    def _get_terms(self, digits):
        """Return these terms for `engine.interest`; ``digits`` of the currency of the debt. Writes nothing."""
        self.ensure_one()
        start = self.valid_from
        found = {}
        for value in self.reference_id.value_ids.sorted("valid_from"):
            # The value before the first day of the terms is in force on that day.
            found[max(value.valid_from, start) if start else value.valid_from] = self._total(value.percent)
        if not self.reference_id:
            found[start or fields.Date.to_date("1900-01-01")] = self._total(0)
        rates = [Rate(day, percent) for day, percent in sorted(found.items())]
        if rates and self.known_until:
            rates[-1] = rates[-1]._replace(end=self.known_until)
        return Terms(tuple(rates), self.lock, self.compounding, self.day_count, digits)

    def _get_fee(self, principal):
        """Return the fixed sum for an invoice of ``principal``, both Decimal in `fee_currency_id`. Zero: there is none."""
        self.ensure_one()
        brackets = [bracket._prepare_bracket() for bracket in self.bracket_ids]
        digits = self.fee_currency_id.decimal_places
        fee = late_fees.by_bracket(brackets, principal, exact(self.fee_maximum) if self.fee_maximum else None, digits)
        return max(fee, exact(self.fee_minimum)) if brackets and principal > 0 else fee

    def _describe_missing(self, missing: MissingRate):
        """Return the sentence that says which rate has to be entered before interest can be worked out."""
        self.ensure_one()
        if self.valid_from and missing.day < self.valid_from:
            return self.env._(
                "No interest: “%(terms)s” say nothing about days before %(day)s.",
                terms=self.name,
                day=format_date(self.env, self.valid_from),
            )
        return self.env._(
            "No interest: for %(day)s no value of “%(reference)s” is known. Under Configuration, Reference Rates, enter "
            "the value and until when it is known.",
            day=format_date(self.env, missing.day),
            reference=self.reference_id.name or self.name,
        )

    def _describe_refusal(self, code, fee_day):
        """Return the sentence why no fixed sum is claimed. ``code``: of `late_fees.refusal`, or of ours."""
        texts = {
            "fee_not_agreed": self.env._("no fixed sum, it has to be agreed in the contract."),
            "fee_without_notice": self.env._("no fixed sum, the notice that the law asks for was not sent yet."),
            "fee_notice_runs": self.env._(
                "no fixed sum before %(day)s, the notice that the law asks for leaves the customer time until then.",
                day=format_date(self.env, fee_day) if fee_day else "",
            ),
            "fee_first_reminder": self.env._("no fixed sum, the first reminder of a consumer carries none."),
            "fee_currency": self.env._("no fixed sum, the law names it in another currency than the invoice's."),
            "fee_held": self.env._("no fixed sum, a hold stops fees."),
        }
        return texts[code]

    def _describe_step(self, step, currency):
        """Return a line of the calculation (`engine.interest.Step`) as a sentence that can be added up by hand."""
        return self.env._(
            "%(first)s to %(last)s: %(days)s days, %(amount)s at %(percent)s %% a year: %(interest)s",
            first=format_date(self.env, step.first),
            last=format_date(self.env, step.last),
            days=step.days,
            amount=format_amount(self.env, float(step.amount), currency),
            percent=f"{float(step.percent):.4g}",
            interest=format_amount(self.env, float(step.interest), currency),
        )

    def action_calculate(self):
        """Work out interest and fixed sum of an amount under these terms."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("account_collections_auto.collection_interest_example_action")
        currency = self.fee_currency_id or self.env.company.currency_id
        return action | {"context": {"default_terms_id": self.id, "default_currency_id": currency.id}}
