from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountMove(models.Model):
    """An invoice for a customer on credit hold: its draft says so, and posting it warns or is refused."""

    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    collection_credit_hold = fields.Char(compute="_compute_collection_credit_hold", string="Credit Hold")

    @api.depends("partner_id", "company_id", "state", "move_type")
    def _compute_collection_credit_hold(self):
        reasons = self._find_credit_holds()
        for move in self:
            move.collection_credit_hold = reasons.get(move, False)

    def _find_credit_holds(self):
        """Return {draft invoice: sentence} for those whose customer is on hold: no statement while nobody is."""
        holds = self.env["collection.credit.hold"]
        found = {}
        drafts = self.filtered(lambda move: move.move_type == "out_invoice" and move.state == "draft")
        for company, moves in drafts.grouped("company_id").items():
            reasons = holds._find_reasons(company, moves.partner_id) if company else {}
            for move in moves if reasons else ():
                debtor = move.partner_id.commercial_partner_id
                if debtor in reasons:
                    found[move] = holds._describe(debtor, reasons[debtor])
        return found

    def _post(self, soft=True):
        held = self._find_credit_holds()
        for move, sentence in held.items():
            if not self.env["collection.credit.hold"]._may_override(move.company_id):
                raise UserError(
                    self.env._(
                        "%(sentence)s Ask a collector to lift the hold, or a collection manager to post the invoice.",
                        sentence=sentence,
                    )
                )
        posted = super()._post(soft)
        for move, sentence in held.items():
            move._message_log(body=self.env._("Posted all the same: %(sentence)s", sentence=sentence))
        return posted
