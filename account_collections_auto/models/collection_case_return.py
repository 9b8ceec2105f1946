from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..engine import returned

TODO = "account_collections_auto.mail_activity_type_returned_payment"


class CollectionCase(models.Model):
    """A payment that the bank took back, booked without a word about the payment: a person matches the two."""

    _inherit = "collection.case"  # pylint: disable=consider-merging-classes-inherited

    returned_notice = fields.Char(compute="_compute_returned_notice", compute_sudo=True, string="Returned Payments")
    is_return_to_match = fields.Boolean(
        compute="_compute_is_return_to_match",
        search="_search_is_return_to_match",
        string="Returned Payment to Match",
        help="Something was booked that looks like a payment that the bank took back; somebody has a to-do to match the two.",
    )

    @api.depends("item_ids.amount_residual", "item_ids.is_no_return")
    @api.depends_context("lang")
    def _compute_returned_notice(self):
        found = returned.find(self.env, self._origin)
        for case in self:
            case.returned_notice = "; ".join(
                case._describe_returned(entry) for entry in found if entry.case_id == case._origin.id
            )

    def _describe_returned(self, entry):
        item = self.env["collection.item"].browse(entry.item_id)
        return self.env._(
            "%(entry)s over %(amount)s looks like the return of %(payment)s",
            entry=item.display_name,
            amount=item.currency_id.format(item.amount_residual_currency),
            payment=self._describe_payment_of(entry),
        )

    @api.model
    def _describe_payment_of(self, entry):
        """Return the name and the amount of the payment that ``entry`` takes back, as it looks."""
        return f"{entry.payment} ({self.env['res.currency'].browse(entry.currency_id).format(entry.amount)})"

    def _compute_is_return_to_match(self):
        found = self.search([("id", "in", self.ids), ("is_return_to_match", "=", True)])
        for case in self:
            case.is_return_to_match = case._origin in found

    def _search_is_return_to_match(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: a to-do is shown to whoever may write on the record, but an auditor sees what is left undone, too
        todos_sudo = self.env["mail.activity"].sudo()._search(self._return_todo_domain())
        found = Domain("id", "in", todos_sudo.subselect("res_id"))
        return found if True in value else ~found

    @api.model
    def _return_todo_domain(self):
        return Domain("activity_type_id", "=", self.env.ref(TODO).id) & Domain("res_model", "=", self._name)

    def action_match_returns(self):
        """Match what the bank took back with the payments; what these had paid is open again, at the level it had."""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group("account.group_account_invoice"):
            raise AccessError(self.env._("Payments are matched by whoever keeps the books. Ask an accountant."))
        self._match_returns(self.env["account.move.line"])

    def _match_returns(self, lines, moves=None):
        """Undo the match of each payment that was returned, and match it with what the bank took back instead.

        ``lines``: journal items, in the hands of whoever matches. ``moves``: what these entries took back only.
        """
        names = {}
        while found := [entry for entry in returned.find(self.env, self) if not moves or entry.move_id in moves.ids]:
            matched = set()
            for entry in found:
                if entry.credit_id in matched:
                    continue  # two entries over one payment: the next look finds another payment, or none
                matched.add(entry.credit_id)
                self._match_return(lines.browse(entry.credit_id), lines.browse(entry.line_id))
                names.setdefault(self.browse(entry.case_id), []).append(entry.payment)
        if not names:
            raise UserError(self.env._("Nothing is booked here that looks like a returned payment."))
        for case, payments in names.items():
            names_of_case = ", ".join(payments)
            case._message_log(
                body=self.env._("Returned by the bank: %(payments)s. What was paid is open again.", payments=names_of_case)
            )
        self._close_return_todos()

    @api.model
    def _match_return(self, credit, debit):
        """Match the two instead of what ``credit`` is matched with, and nothing is left of either when they are worth the same.

        Between our own currency and another one at the rate of the line that has one: Odoo would take the rate of a day.
        """
        credit.remove_move_reconcile()
        lines = credit + debit
        foreign = lines.filtered(lambda line: line.currency_id != line.company_currency_id)
        if len(foreign) == 1:
            lines = lines.with_context(forced_rate_from_register_payment=abs(foreign.amount_currency / foreign.balance))
        lines.reconcile()

    def action_deny_returns(self):
        """What looks like returned payments here is none: it is reminded of, and nobody is asked again."""
        self.check_access("read")
        return self._deny_returns([entry.item_id for entry in returned.find(self.env, self)])

    @api.model
    def _deny_returns(self, item_ids):
        if not item_ids:
            raise UserError(self.env._("Nothing is booked here that looks like a returned payment."))
        return self.env["collection.item"].browse(item_ids)._deny_returns()

    def _close_return_todos(self):
        """The to-dos of these cases are done where nothing looks like a returned payment any more."""
        still = {entry.case_id for entry in returned.find(self.env, self)}
        self.filtered(lambda case: case.id not in still)._get_return_todos().unlink()

    def _get_return_todos(self):
        # sudo: the to-dos of colleagues, of cases that this user may write
        return self.env["mail.activity"].sudo().search(self._return_todo_domain() & Domain("res_id", "in", self.ids))

    @api.model
    def _ask_about_returns(self, company, case_ids, date):
        """One to-do for each of the cases ``case_ids``, which have such an entry; those of other cases of ``company`` are done
        where nothing looks like it any more. For many cases at once.
        """
        asked = self.search([("company_id", "=", company.id), ("is_return_to_match", "=", True)])
        earlier = asked.filtered(lambda case: case.id not in case_ids)
        if earlier:
            earlier._close_return_todos()
        users = (self.browse(case_ids) - asked)._get_todo_users()
        self.browse(case_ids).mapped("display_name")  # for the to-dos: Odoo would read them one by one
        for user in set(users.values()):
            cases = self.union(*(case for case in users if users[case] == user))
            cases.with_context(mail_activity_quick_update=True).activity_schedule(
                TODO,
                date_deadline=date,
                user_id=user.id,
                summary=self.env._("A payment seems to have been returned: match the two"),
            )
