from odoo import models
from odoo.addons.account_collections_auto.engine import settlements


class CollectionSettlementOffer(models.Model):
    """What the page of an offer shows, and how much it takes."""

    _inherit = "collection.settlement.offer"  # pylint: disable=consider-merging-classes-inherited

    def _get_portal_left(self):
        """Return {offer: what is left to pay of it}, from the ledger as it is now. Writes nothing."""
        found = {}
        for company, offers in self.grouped("company_id").items():
            left = settlements.left_to_pay(self.env, company, offers.ids, company._collection_today())
            found |= {offer: left.get(offer.id, settlements.Left(0.0, 0.0, 0.0)) for offer in offers}
        return {offer: settlements.Left(*map(offer.currency_id.round, found[offer])) for offer in self}

    def _get_portal_status(self, left):
        """Return what the customer is told of an offer of which this much is ``left``.

        - "open": it can be paid, and that lets go of the rest
        - "changed": something but money was booked since, and nothing would be let go any more
        - "grace": its last day has passed; what was paid by then may be on its way
        - "arrived": it is paid, and was not looked at yet, or waits to be matched
        - "met": the rest is let go
        - "over": it ran out
        - "": it was not made yet, or taken back
        """
        self.ensure_one()
        if self.state != "offered":
            return {"met": "met", "expired": "over"}.get(self.state, "")
        if not left.asked:
            return "arrived"
        if self.pay_by < self.company_id._collection_today():
            return "grace"
        return "changed" if self.currency_id.compare_amounts(self._get_portal_open(), left.to_pay) <= 0 else "open"

    def _get_portal_open(self):
        """Return what the ledger has open of the items, in one statement: there may be thousands."""
        items = self.with_context(active_test=False).item_ids
        lines = items._search([("id", "in", items.ids)]).subselect("move_line_id")
        sums = self.env["account.move.line"]._read_group([("id", "in", lines)], [], ["amount_residual_currency:sum"])
        return sums[0][0] or 0.0

    def _get_portal_amount(self, with_on_account=True):
        """Return what can be paid of this offer today: 0 where it is paid, has run out or was taken back.

        ``with_on_account`` off: money that is not matched yet was for something else, says the customer.
        """
        if not self:
            return 0.0
        left = self._get_portal_left()[self]
        if not with_on_account:
            left = left.without_account()
        return left.asked if self._get_portal_status(left) == "open" else 0.0
