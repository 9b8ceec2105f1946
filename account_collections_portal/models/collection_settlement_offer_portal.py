from odoo import models
from odoo.addons.account_collections_auto.engine import settlements


class CollectionSettlementOffer(models.Model):
    """What the page of an offer shows, and how much it takes."""

    _inherit = "collection.settlement.offer"  # pylint: disable=consider-merging-classes-inherited

    def _is_portal_open(self):
        """Return whether it can be paid today: offered, and the last day has not passed."""
        self.ensure_one()
        return self.state == "offered" and self.pay_by >= self.company_id._collection_today()

    def _get_portal_amounts(self):
        """Return {offer: what is still to be paid of it}, from the ledger as it is now. Writes nothing."""
        amounts = {}
        for company, offers in self.grouped("company_id").items():
            left = settlements.left_to_pay(self.env, company, offers.ids, company._collection_today())
            amounts |= {offer: offer.currency_id.round(float(left.get(offer.id, 0.0))) for offer in offers}
        return amounts

    def _get_portal_amount(self):
        """Return what can be paid of this offer today: 0 where it is paid, has run out or was taken back."""
        return self._get_portal_amounts()[self] if self and self._is_portal_open() else 0.0
