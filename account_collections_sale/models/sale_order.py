from odoo import api, fields, models
from odoo.exceptions import UserError

TODO = "account_collections_sale.mail_activity_type_order_held"


class SaleOrder(models.Model):
    """A quotation for a customer on credit hold says so; what the customer signs or pays is kept, and people are told."""

    _inherit = "sale.order"

    collection_credit_hold = fields.Char(
        compute="_compute_collection_credit_hold",
        string="Credit Hold",
        help="Why nothing more is sold on account to this customer.",
    )

    collection_credit_hold_way_out = fields.Char(
        compute="_compute_collection_credit_hold_way_out", help="What this user can do about it."
    )

    @api.depends("collection_credit_hold", "company_id")
    @api.depends_context("uid")
    def _compute_collection_credit_hold_way_out(self):
        for order in self:
            if not order.collection_credit_hold:
                order.collection_credit_hold_way_out = False
            elif self.env["collection.credit.hold"]._may_override(order.company_id):
                order.collection_credit_hold_way_out = self.env._("You can confirm it all the same; the order notes that.")
            else:
                order.collection_credit_hold_way_out = self.env._(
                    "You cannot confirm it: ask a collector to lift the hold, or a collection manager to confirm it."
                )

    @api.depends("partner_id", "partner_invoice_id", "company_id", "state")
    def _compute_collection_credit_hold(self):
        held = self._find_credit_holds()
        for order in self:
            order.collection_credit_hold = held.get(order, False)

    def _find_credit_holds(self):
        """Return {quotation: sentence} for those whose customer is on hold: no statement while nobody is."""
        holds = self.env["collection.credit.hold"]
        found = {}
        for company, orders in self.filtered(lambda order: order.state in ("draft", "sent")).grouped("company_id").items():
            customers = orders.partner_id | orders.partner_invoice_id
            reasons = holds._find_reasons(company, customers) if company else {}
            for order in orders if reasons else ():
                for debtor in (order.partner_invoice_id | order.partner_id).commercial_partner_id:
                    if debtor in reasons:
                        found.setdefault(order, holds._describe(debtor, reasons[debtor]))
        return found

    def action_confirm(self):
        """Confirm, unless the customer is on credit hold and the settings and the user's rights say no."""
        held = self._find_credit_holds()
        for order, sentence in held.items():
            if not self.env["collection.credit.hold"]._may_override(order.company_id):
                raise UserError(
                    self.env._(
                        "%(order)s: %(sentence)s Ask a collector to lift the hold, or a collection manager to confirm it.",
                        order=order.name,
                        sentence=sentence,
                    )
                )
        result = super().action_confirm()
        for order, sentence in held.items():
            order._message_log(body=self.env._("Confirmed all the same: %(sentence)s", sentence=sentence))
            if self.env.su:  # paid or signed by the customer, no person of ours was asked
                order._tell_of_credit_hold(self.env._("Confirmed by the customer, who is on credit hold"))
        return result

    def _validate_order(self):
        """What a customer on credit hold signed is kept as a signed quotation where confirming is refused."""
        held = self._find_credit_holds()
        kept = self.browse()
        for order, sentence in held.items():
            if order.company_id.root_id.collection_credit_hold_effect == "refuse" and not order._is_confirmation_paid():
                kept += order
                order.filtered(lambda each: each.state == "draft").state = "sent"
                order._message_log(body=self.env._("Signed, but not confirmed: %(sentence)s", sentence=sentence))
                order._tell_of_credit_hold(self.env._("Signed by the customer, who is on credit hold: confirm it or call"))
        others = self - kept
        return super(SaleOrder, others)._validate_order() if others else None

    def _is_confirmation_paid(self):
        """Return whether the customer has paid what the order asks for before it is confirmed."""
        return bool(self.amount_paid) and self._is_confirmation_amount_reached()

    def _tell_of_credit_hold(self, summary):
        """To-dos for the salesperson, on the order, and for the collector, on the case."""
        self.ensure_one()
        # sudo: it was the customer who signed
        order_sudo = self.sudo()
        debtors = (order_sudo.partner_invoice_id | order_sudo.partner_id).commercial_partner_id
        salesperson = order_sudo.user_id or order_sudo.team_id.user_id or debtors.user_id[:1]
        if salesperson:
            order_sudo.activity_schedule(TODO, user_id=salesperson.id, summary=summary)
        cases = order_sudo.env["collection.case"].search(
            [("partner_id", "in", debtors.ids), ("company_id", "=", order_sudo.company_id.root_id.id)]
        )
        for case, user in cases._get_todo_users().items():
            if user and user != salesperson:
                case.activity_schedule(TODO, user_id=user.id, summary=f"{order_sudo.name}: {summary}")
