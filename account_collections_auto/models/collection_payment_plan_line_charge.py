from odoo import api, fields, models

from .collection_payment_plan_charge import LIVE, UNDER_WAY


class CollectionPaymentPlanLine(models.Model):
    """An instalment that is charged to a stored card or account."""

    _inherit = "collection.payment.plan.line"  # pylint: disable=consider-merging-classes-inherited

    charge_ids = fields.One2many("collection.payment.plan.charge", "line_id", string="Charges", readonly=True)

    charge_reasons = fields.Json(readonly=True, copy=False)
    charge_note = fields.Char(
        compute="_compute_charge_note",
        string="Why Not Charged",
        help="What kept it, or a part of it, from being charged to the card or account of the customer.",
    )

    @api.depends("charge_reasons", "state")
    @api.depends_context("lang")
    def _compute_charge_note(self):
        for line in self:
            is_waiting = line.state != "paid"
            line.charge_note = is_waiting and self.env["collection.reason"]._describe_all(line.charge_reasons)

    def _note_charge_stops(self, reasons):
        """Remember what stops the charge, or that nothing does any more."""
        self.ensure_one()
        if (self.charge_reasons or False) != (reasons or False):
            self.charge_reasons = reasons

    def _may_charge(self, date):
        """Whether a try may be made on ``date``: none is under way or succeeded, and the last one is long enough ago."""
        self.ensure_one()
        charges = self.charge_ids
        failed = charges.filtered(lambda charge: charge.state == "failed")
        if charges.filtered(lambda charge: charge.state in LIVE):
            return False
        return not failed or (len(failed) <= self.payment_plan_id.plan_id.charge_retries and failed._may_retry_on() <= date)

    def _look_at_charge(self, stopped):
        """Return (amount, reasons): what may be charged of this instalment, and what keeps a part of it or all from it.

        ``stopped``: what `find_stopped` returned. What lies on account of the customer is not taken once more.
        """
        self.ensure_one()
        obstacles = self.payment_plan_id._find_charge_obstacles()
        if obstacles:
            return 0.0, obstacles
        amount_stopped, reasons = stopped.get(self.id, (0.0, []))
        if self.amount_covered:
            reasons = [*reasons, {"code": "covered_by_credit"}]
        return self.currency_id.round(max(self.amount_rest - amount_stopped - self.amount_covered, 0.0)), reasons

    @api.model
    def _to_remind_domain(self, company, date):
        """Nobody is reminded of what is being charged."""
        return [*super()._to_remind_domain(company, date), ("charge_ids", "not any", [("state", "in", UNDER_WAY)])]
