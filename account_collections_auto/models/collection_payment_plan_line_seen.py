from odoo import fields, models
from odoo.exceptions import AccessError

from .undo import offer_undo


class CollectionPaymentPlanLine(models.Model):
    """An instalment that was missed is shown on Today until somebody has seen to it, or something new happens to it."""

    _inherit = "collection.payment.plan.line"  # pylint: disable=consider-merging-classes-inherited
    _recorded = frozenset({"seen_on"})

    seen_on = fields.Date(
        string="Seen To On",
        readonly=True,
        copy=False,
        help="Somebody has seen to it: Today asks again when its state changes.",
    )

    def action_seen(self):
        """Somebody has seen to these: Today shows them no more. Offers a way back."""
        self._check_sees()
        seen = self.filtered(lambda line: not line.seen_on)
        for company, lines in seen.grouped("company_id").items():
            lines.sudo().seen_on = company._collection_today()  # sudo: recorded by this button only
        message = self.env._("Done: %(count)s", count=len(seen))
        return offer_undo(message, seen)

    def action_undo(self):
        """Show again on Today what was seen to today. A second click changes nothing."""
        self._check_sees()
        today = self.filtered(lambda line: line.seen_on and line.seen_on == line.company_id._collection_today())
        today.sudo().seen_on = False  # sudo: recorded by these buttons only

    def _check_sees(self):
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collector"):
            raise AccessError(self.env._("Only a collector can say that an instalment was seen to."))
