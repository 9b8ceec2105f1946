from babel.lists import format_list
from odoo import api, fields, models
from odoo.tools import format_amount

from ..engine.sections import join_numbers

# Of many settled items, what a sentence has room for.
OFFERED_LENGTH = 200


class CollectionAction(models.Model):
    """What a message says of answers: promises not kept, settlement offers; and whether it is still true when it leaves."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    promised_text = fields.Char(compute="_compute_told_texts", compute_sudo=True, string="Promised")
    offered_text = fields.Char(compute="_compute_told_texts", compute_sudo=True, string="Offered")

    @api.depends("request_id.promise_ids", "request_id.settlement_ids", "case_id")
    @api.depends_context("lang")
    def _compute_told_texts(self):
        """Each promise and each offer of the customer, in the language of the context."""
        for action in self:
            promises = action._get_own(action.request_id.promise_ids).sorted("promise_date")
            texts = [action._describe_promise(promise) for promise in promises]
            action.promised_text = format_list(texts, locale=action._locale()) if texts else ""
            offers = action._get_own(action.request_id.settlement_ids)
            action.offered_text = "; ".join(action._describe_offer(offer) for offer in offers)

    def _get_own(self, records):
        return records.filtered(lambda record: record.case_id == self.case_id)

    def _describe_promise(self, promise):
        """Return its amount and its day."""
        return self.env._(
            "%(amount)s by %(date)s",
            amount=format_amount(self.env, promise.amount, promise.currency_id),
            date=self._long_date(promise.promise_date),
        )

    def _describe_offer(self, offer):
        """Return what is taken by which day for how much."""
        settled = offer._get_settled()
        return self.env._(
            "%(less)s by %(date)s instead of %(open)s for %(numbers)s",
            less=format_amount(self.env, offer.amount_to_pay - settled, offer.currency_id),
            date=self._long_date(offer.pay_by),
            open=format_amount(self.env, offer.amount - settled, offer.currency_id),
            numbers=join_numbers((item.display_name for item in offer.item_ids), OFFERED_LENGTH),
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
