from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_round

from ..engine import payment_plans


class CollectionPaymentPlanStart(models.TransientModel):
    """Put together a payment plan: the schedule is shown while its terms are typed."""

    _name = "collection.payment.plan.start"
    _description = "New Payment Plan"

    case_id = fields.Many2one("collection.case", required=True, ondelete="cascade")
    company_id = fields.Many2one(related="case_id.company_id")
    item_ids = fields.Many2many("collection.item", string="Items", required=True, help="Open items of one currency.")
    currency_id = fields.Many2one("res.currency", compute="_compute_amount")
    amount = fields.Monetary(compute="_compute_amount", string="Open", help="What is open of the items, to be paid in all.")
    is_custom = fields.Boolean(string="Custom Instalments", help="Change days and amounts below yourself.")
    instalment_count = fields.Integer(string="Instalments", default=3, help="Equal ones, beside the down payment.")
    rhythm = fields.Selection(
        [
            ("last_working_day", "On the last working day of each month"),
            ("monthly", "Every month"),
            ("weekly", "Every week"),
        ],
        required=True,
        default="last_working_day",
        help="Working days are those of the dunning plan.",
    )
    first_date = fields.Date(
        string="First On", required=True, default=lambda self: self._default_first_date(), help="No instalment comes earlier."
    )
    down_payment = fields.Monetary(help="Paid at once; the rest is divided into the instalments.")
    down_payment_date = fields.Date(string="Down Payment On", default=lambda self: self._default_first_date())
    allocation = fields.Selection(
        [("oldest", "The oldest instalment first"), ("agreed", "As agreed for each instalment")],
        string="Money Pays",
        required=True,
        default="oldest",
        help="As agreed: each instalment names an item, and only money matched with that item pays it.",
    )
    line_ids = fields.One2many(
        "collection.payment.plan.start.line", "start_id", compute="_compute_line_ids", store=True, readonly=False
    )
    difference = fields.Monetary(compute="_compute_difference", string="Not Yet Divided")
    limit_reason = fields.Char(compute="_compute_difference", string="Needs Approval")

    @api.model
    def _default_first_date(self):
        return fields.Date.context_today(self)

    @api.depends("item_ids")
    def _compute_amount(self):
        for start in self:
            items = start.item_ids
            start.currency_id = items[:1].currency_id or start.company_id.currency_id
            start.amount = sum(items.mapped("amount_residual_currency"))

    @api.depends(
        "item_ids", "is_custom", "instalment_count", "rhythm", "first_date", "down_payment", "down_payment_date", "allocation"
    )
    def _compute_line_ids(self):
        for start in self:
            if start.is_custom and start.line_ids:
                continue
            start.line_ids = [Command.clear()] + [Command.create(vals) for vals in start._prepare_lines()]

    def _prepare_lines(self):
        """Return the values of the instalments, as the terms have it."""
        if not (self.item_ids and self.first_date and self.currency_id) or self.amount <= 0:
            return []
        unit = self.currency_id.rounding
        days = self.case_id.plan_id._get_working_days(self.first_date) if self.case_id.plan_id else ()
        parts = payment_plans.schedule(
            self._to_units(self.amount),
            max(self.instalment_count, 1),
            self.rhythm,
            self.first_date,
            self._to_units(max(self.down_payment, 0.0)),
            self.down_payment_date or self.first_date,
            *days,
        )
        if self.allocation == "oldest":
            return [{"date": day, "amount": self._to_amount(units, unit)} for day, units in parts]
        items = self.item_ids.sorted(lambda item: (item.due_date, item.id or 0))
        owed = [(item._origin.id, self._to_units(item.amount_residual_currency)) for item in items]
        return [
            {"date": day, "amount": self._to_amount(units, unit), "item_id": item_id}
            for day, units, item_id in payment_plans.split_over_items(parts, owed)
        ]

    def _to_units(self, amount):
        return round(amount / self.currency_id.rounding)

    @staticmethod
    def _to_amount(units, unit):
        return float_round(units * unit, precision_rounding=unit)

    @api.depends("amount", "line_ids.amount", "line_ids.date")
    def _compute_difference(self):
        for start in self:
            start.difference = start.amount - sum(start.line_ids.mapped("amount"))
            lines = start.line_ids.filtered(lambda line: line.date and line.amount > 0)
            start.limit_reason = lines and self.env["collection.payment.plan"]._describe_limit(
                start.case_id, start.currency_id, lines.mapped("date"), lines.mapped("amount")
            )

    def _check_items(self):
        if self.item_ids.case_id != self.case_id or len(self.item_ids.currency_id) != 1:
            raise UserError(self.env._("Choose open items of this customer, all in one currency."))
        if any(item.amount_residual_currency <= 0 for item in self.item_ids):
            raise UserError(self.env._("A credit is not paid in instalments: choose what the customer owes."))

    def _make(self):
        """Return the draft of the plan."""
        self.ensure_one()
        self._check_items()
        if not self.currency_id.is_zero(self.difference):
            raise UserError(
                self.env._(
                    "The instalments have to add up to %(amount)s; %(difference)s is missing.",
                    amount=self.currency_id.format(self.amount),
                    difference=self.currency_id.format(self.difference),
                )
            )
        return self.env["collection.payment.plan"].create(
            {
                "partner_id": self.case_id.partner_id.id,
                "company_id": self.company_id.id,
                "item_ids": [Command.set(self.item_ids.ids)],
                "currency_id": self.currency_id.id,
                "allocation": self.allocation,
                "line_ids": [
                    Command.create({"date": line.date, "amount": line.amount, "item_id": line.item_id.id})
                    for line in self.line_ids
                ],
            }
        )

    def action_make(self):
        """Make the plan as a draft and open it."""
        return self._make().get_formview_action()
