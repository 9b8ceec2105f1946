from odoo import api, models


class AccountMove(models.Model):
    """What we let go of stays unclaimed when the draft credit note over it is deleted: somebody is asked what is to be done."""

    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    @api.ondelete(at_uninstall=False)
    def _unlink_ask_what_instead(self):
        drafts = self.filtered(lambda move: move.move_type == "out_refund" and move.reversed_entry_id)
        if not drafts:
            return
        # sudo: whoever deletes a draft need not see the dispute or the offer that it comes from
        lines_sudo = self.env["collection.dispute.line"].sudo().search([("credit_note_id", "in", drafts.ids)])
        summary = self.env._("The draft credit note was deleted: make another one, or take it off otherwise")
        lines_sudo.dispute_id.filtered(lambda dispute: not dispute.is_open)._ask_to_finish(summary)
        offers_sudo = self.env["collection.settlement.offer"].sudo().search([("credit_note_ids", "in", drafts.ids)])
        for offer_sudo in offers_sudo.filtered(lambda offer: offer.state == "met"):
            offer_sudo._ask_to_look(summary)
