from datetime import timedelta

from odoo import api, fields, models

from ..engine import interest
from ..models.collection_charge_terms import exact


class CollectionInterestExample(models.TransientModel):
    """What does a customer owe for one late invoice? Works it out line by line; claims nothing."""

    _name = "collection.interest.example"
    _description = "Work Out Late Interest"

    terms_id = fields.Many2one("collection.charge.terms", string="Terms", required=True)
    currency_id = fields.Many2one("res.currency", required=True, default=lambda self: self.env.company.currency_id)
    amount = fields.Monetary(string="Invoice", default=1000, help="The amount with tax that is open.")
    due_date = fields.Date(required=True, default=lambda self: fields.Date.context_today(self) - timedelta(days=30))
    paid_date = fields.Date(string="Paid On", required=True, default=lambda self: fields.Date.context_today(self))
    interest = fields.Monetary(compute="_compute_result", string="Late Interest")
    calculation = fields.Text(compute="_compute_result")
    problem = fields.Char(compute="_compute_result")
    fee = fields.Monetary(compute="_compute_fee", currency_field="fee_currency_id", string="Fixed Sum")
    fee_currency_id = fields.Many2one(related="terms_id.fee_currency_id", string="Currency of the Sum")
    fee_note = fields.Char(compute="_compute_fee", string="Condition")

    @api.depends("terms_id", "currency_id", "amount", "due_date", "paid_date")
    @api.depends_context("lang")
    def _compute_result(self):
        """One line for each stretch of days at one rate; where a rate is missing, no interest at all and the reason."""
        for example in self:
            example.interest, example.calculation, example.problem = 0, False, False
            if not (example.terms_id and example.due_date and example.paid_date):
                continue
            digits = example.currency_id.decimal_places
            terms = example.terms_id._get_terms(digits)
            balances = [interest.Balance(example.due_date + timedelta(days=1), exact(example.amount))]
            try:
                lines = interest.steps(terms, example.due_date, example.paid_date, balances)
                total = interest.interest(terms, example.due_date, example.paid_date, balances)
            except interest.MissingRate as missing:
                example.problem = example.terms_id._describe_missing(missing)
                continue
            example.interest = float(interest.rounded(total, digits))
            example.calculation = "\n".join(example.terms_id._describe_step(step, example.currency_id) for step in lines)

    @api.depends("terms_id", "currency_id", "amount")
    @api.depends_context("lang")
    def _compute_fee(self):
        """The fixed sum by the amount of the invoice, and when it may be claimed."""
        for example in self:
            terms = example.terms_id
            example.fee, example.fee_note = 0, False
            if not terms:
                continue
            if terms.bracket_ids and terms.fee_currency_id != example.currency_id:
                example.fee_note = example.env._(
                    "The sum is in %(currency)s: choose that currency to see it.", currency=terms.fee_currency_id.name
                )
            elif terms.fee_condition != "forbidden":
                example.fee = float(terms._get_fee(exact(example.amount)))
            if example.fee or terms.fee_condition == "forbidden":
                conditions = dict(terms._fields["fee_condition"]._description_selection(example.env))
                example.fee_note = conditions[terms.fee_condition]
