"""What we offered: pay less by a day, and the rest is let go. The page of the message that says so, and the way to pay it."""

from .answer_form import CollectionsAnswerForm
from .pay import CollectionsPay
from .portal_access import collections_route
from .statement import Words

SHOWN = 20
SHOWN_STATES = ("offered", "met", "expired")


class CollectionsOffer(CollectionsAnswerForm, CollectionsPay):
    """The offers to a customer. Their amounts come from the ledger; an address only says which one is paid."""

    @collections_route("/offers")
    def collections_offers(self, viewer, **_kw):
        """Show each offer: what is asked, by when, what is let go, and what became of it."""
        offers = self._collections_find_offers(viewer, SHOWN_STATES)
        return self._collections_form(
            viewer, "offers", viewer.env._("Our offer"), offers=self._collections_describe_offers(viewer, offers)
        )

    def _collections_find_offers(self, viewer, states):
        """Return the offers that this viewer may see, the newest first."""
        domain = [("case_id", "in", viewer.cases.ids), ("state", "in", states)]
        return viewer.only_seen(viewer.env["collection.settlement.offer"].search(domain, order="id desc", limit=SHOWN))

    def _collections_describe_offers(self, viewer, offers):
        """Return each offer as text, with the address that pays it where it can be paid.

        One whose time is over, or of which nothing would be let go, is not shown once nothing of it is open.
        """
        words, found = Words(viewer.env), []
        for offer, left in offers._get_portal_left().items():
            items = offer.with_context(active_test=False).item_ids.with_context(active_test=True)
            status = offer._get_portal_status(left)
            is_open = status not in ("changed", "grace", "over") or items.search_count([("id", "in", items.ids)], limit=1)
            if not status or not is_open:
                continue
            can_pay_anyway = left.on_account and offer._get_portal_status(left.without_account()) == "open"
            found.append(
                {
                    "status": status,
                    "left": words.amount(left.asked, offer.currency_id),
                    "on_account": words.amount(left.on_account, offer.currency_id),
                    "let_go": words.amount(offer.amount_discount, offer.currency_id),
                    "pay_by": words.date(offer.pay_by),
                    "items": self._collections_numbers(items),
                    "company": offer.company_id.name,
                    "pay_url": viewer.url(f"/pay?offer={offer.id}"),
                    "pay_anyway_url": can_pay_anyway and viewer.url(f"/pay?offer={offer.id}&credits=none"),
                }
            )
        return found

    def _collections_statement_values(self, viewer, status=None, search=None, page="1"):
        """An offer that is open stands above everything else: who pays the whole amount would not know of it."""
        values = super()._collections_statement_values(viewer, status, search, page)
        offers = self._collections_describe_offers(viewer, self._collections_find_offers(viewer, ("offered",)))
        return values | {"offers": [offer for offer in offers if offer["status"] == "open"]}

    def _collections_pay_values(self, viewer, choice):
        described = self._collections_describe_offers(viewer, self._collections_find_offer(viewer, choice))
        return super()._collections_pay_values(viewer, choice) | {"offer": described and described[0]}

    def _collections_payment_values(self, viewer, transaction_sudo, choice):
        described = self._collections_describe_offers(viewer, self._collections_find_offer(viewer, choice))
        values = super()._collections_payment_values(viewer, transaction_sudo, choice)
        return values | {"offer": described and described[0]}

    def _collections_find_offer(self, viewer, choice):
        """Return the offer that is paid; empty where something else is, where it is not this customer's or was taken back."""
        offer = viewer.find_answer("collection.settlement.offer", choice.offer_id or 0)
        return offer.filtered(lambda offer: offer.state in SHOWN_STATES)

    def _collections_transaction_vals(self, viewer, choice):
        # whatever becomes of the offer until the money is there
        offer = viewer.find_answer("collection.settlement.offer", choice.offer_id or 0)
        return super()._collections_transaction_vals(viewer, choice) | {"collection_offer_id": offer.id}
