from odoo import fields, models
from odoo.exceptions import AccessError

from ..engine import returned


class AccountMove(models.Model):
    """An entry of a bank that looks like the return of a payment: whoever keeps the books matches the two from here."""

    _inherit = "account.move"  # pylint: disable=consider-merging-classes-inherited

    collection_return_of = fields.Char(
        compute="_compute_collection_return_of",
        compute_sudo=True,
        string="Looks Like the Return Of",
        help="A payment of the customer that the bank took back, as it looks: this entry is matched with nothing yet.",
    )

    def _compute_collection_return_of(self):
        """Without dependencies: a form reads it, and posting and matching entries need not keep it up to date."""
        found = returned.find(self.env, self._find_collection_return_cases())
        for move in self:
            entries = [entry for entry in found if entry.move_id == move._origin.id]
            move.collection_return_of = ", ".join(map(self.env["collection.case"]._describe_payment_of, entries))

    def _find_collection_return_cases(self):
        """Return the cases with an open item of one of these entries of a bank; no statement where there is no such entry."""
        entries = self._origin.filtered(
            lambda move: move.move_type == "entry" and move.state == "posted" and move.journal_id.type in returned.BANKS
        )
        # sudo: whoever keeps the books need not see cases
        return self.env["collection.item"].sudo().search([("move_id", "in", entries.ids)]).case_id

    def action_match_return(self):
        """Take the payment off what it had paid, and match it with this entry."""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(self.env._("Payments are matched by whoever keeps the books. Ask an accountant."))
        self._find_collection_return_cases()._match_returns(self.env["account.move.line"], self)

    def action_deny_return(self):
        """This entry is no returned payment, but a debt of its own: it is reminded of, and nobody is asked again."""
        self.check_access("read")
        found = returned.find(self.env, self._find_collection_return_cases())
        return self.env["collection.case"]._deny_returns([entry.item_id for entry in found if entry.move_id in self.ids])
