from odoo import api, fields, models
from odoo.tools import format_amount

from ..engine.sections import join_numbers

# Of many settled items, what a sentence has room for.
OFFERED_LENGTH = 200


class CollectionAction(models.Model):
    """What a message says of a settlement offer; and whether what it tells is still true when it leaves."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    offered_text = fields.Char(compute="_compute_offered_text", compute_sudo=True, string="Offered")

    @api.depends("request_id.settlement_ids", "case_id")
    @api.depends_context("lang")
    def _compute_offered_text(self):
        """What is taken by which day for how much, of each offer, in the language of the context."""
        for action in self:
            own = action.request_id.settlement_ids.filtered(lambda offer, action=action: offer.case_id == action.case_id)
            action.offered_text = "; ".join(
                action.env._(
                    "%(less)s by %(date)s instead of %(open)s for %(numbers)s",
                    less=format_amount(action.env, offer.amount_to_pay, offer.currency_id),
                    date=action._long_date(offer.pay_by),
                    open=format_amount(action.env, offer.amount, offer.currency_id),
                    numbers=join_numbers((item.display_name for item in offer.item_ids), OFFERED_LENGTH),
                )
                for offer in own
            )

    def _find_refused(self, company, date, wish):
        """As ever; and what it tells is judged once more: money dated in time may have turned up, an offer be taken back."""
        records = self.request_id._get_told()
        if records:
            records._judge_again(date)
        refused = super()._find_refused(company, date, wish)
        if records:
            cases = records.filtered(lambda record: record._is_to_tell()).case_id
            for action in self.filtered(lambda action: action.case_id not in cases):
                refused.setdefault(action, (records._told_code, None))
        return refused
