from odoo import models


class CollectionAction(models.Model):
    """What a message says about a payment that the customer announced and nobody found."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    def _get_proof_request(self):
        """Return a sentence that asks for proof of the payments that were announced and not found, '' when there is none.

        Only about items that this message claims, and not once proof was sent.
        """
        self.ensure_one()
        notices = self.case_id.payment_notice_ids.filtered(lambda notice: notice.state == "not_found" and not notice.proof_ids)
        claimed = self.line_ids.filtered("advances").item_id
        notices = notices.filtered(lambda notice: not notice.item_ids or notice.item_ids & claimed)
        if not notices:
            return ""
        notice = notices.sorted("payment_date")[-1]
        return self.env._(
            "You told us that you paid %(amount)s on %(date)s. We have not found this payment: please send us the confirmation "
            "of your bank.",
            amount=notice.currency_id.format(notice.amount),
            date=self._long_date(notice.payment_date),
        )
