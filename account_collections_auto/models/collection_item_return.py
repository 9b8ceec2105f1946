from odoo import fields, models
from odoo.exceptions import AccessError

from .undo import offer_undo


class CollectionItem(models.Model):
    """Somebody may know that an entry of a bank is no returned payment, although it looks like one."""

    _inherit = "collection.item"  # pylint: disable=consider-merging-classes-inherited

    is_no_return = fields.Boolean(
        string="A Debt of Its Own",
        readonly=True,
        help="It looks like a payment that the bank took back, and a person said that it is none: it is reminded of.",
    )

    def _deny_returns(self):
        """These entries are no returned payments: nobody is asked again, and they are reminded of. Offers a way back."""
        self._check_knows_returns()
        self._record_no_return(True, self.env._("No returned payment, but a debt of its own"))
        # sudo: who keeps the books need not see cases
        self.sudo().case_id._close_return_todos()
        names = ", ".join(self.sudo().mapped("display_name"))
        return offer_undo(self.env._("A debt of its own: %(entries)s", entries=names), self)

    def action_undo(self):
        """Ask again whether these are returned payments. A second click changes nothing."""
        self._check_knows_returns()
        denied_sudo = self.sudo().filtered("is_no_return")  # sudo: as above
        denied_sudo._record_no_return(False, self.env._("Asked again whether it is a returned payment"))
        for company, cases in denied_sudo.case_id.grouped("company_id").items():
            cases._ask_about_returns(company, cases.ids, company._collection_today())
            cases._close_return_todos()  # of those where it was matched meanwhile

    def _record_no_return(self, is_no_return, said):
        items_sudo = self.sudo()  # sudo: recorded by these buttons only
        items_sudo.is_no_return = is_no_return
        for case, items in items_sudo.grouped("case_id").items():
            case._message_log(body=f"{said}: {', '.join(items.mapped('display_name'))}")

    def _check_knows_returns(self):
        """Collectors know their customers, and accountants their entries."""
        if self.env.su:
            return
        if self.env.user.has_group("account.group_account_invoice"):
            self.env["account.move"].browse(self.sudo().move_id.ids).check_access("write")
        elif self.env.user.has_group("account_collections_auto.group_collector"):
            self.env["collection.case"].browse(self.sudo().case_id.ids).check_access("write")
        else:
            raise AccessError(self.env._("Only a collector or an accountant can say that it is no returned payment."))
