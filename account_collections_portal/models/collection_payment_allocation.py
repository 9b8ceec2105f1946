from odoo import api, fields, models

from ..engine.paying import Share, match

# Under way at the provider, or on its way to the bank: neither the item nor the credit goes into another payment.
OPEN = "open"


class CollectionPaymentAllocation(models.Model):
    """What a customer chose to pay with a transaction: an item with the amount, or a credit that is taken off.

    Written by the server when the customer pays, and kept as evidence. When the money is there, exactly this is matched;
    what was settled otherwise meanwhile stays on account, and a person is told.
    """

    _name = "collection.payment.allocation"
    _description = "Chosen Item of a Payment"
    _order = "transaction_id desc, id"
    _rec_name = "number"

    transaction_id = fields.Many2one(
        "payment.transaction", required=True, readonly=True, index=True, ondelete="restrict", string="Payment"
    )
    case_id = fields.Many2one("collection.case", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="case_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="case_id.partner_id", string="Customer")
    item_id = fields.Many2one("collection.item", readonly=True, index="btree_not_null", ondelete="set null")
    move_id = fields.Many2one(
        "account.move", string="Document", readonly=True, index="btree_not_null", ondelete="set null"
    )
    account_id = fields.Many2one("account.account", required=True, readonly=True, ondelete="restrict")
    number = fields.Char(readonly=True, help="As the customer saw it.")
    due_date = fields.Date(readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(readonly=True, help="Chosen by the customer. Negative: a credit that was taken off.")
    amount_matched = fields.Monetary(readonly=True, string="Matched", help="Of the amount, what was matched with the item.")
    reason_id = fields.Many2one(
        "collection.dispute.reason",
        string="Reason for a Part",
        readonly=True,
        ondelete="restrict",
        help="Why the customer paid a part of the item only, as chosen on the page.",
    )
    state = fields.Selection(
        [("open", "Under Way"), ("matched", "Matched"), ("on_account", "On Account"), ("dropped", "Not Paid")],
        required=True,
        default=OPEN,
        readonly=True,
        help="On account: the money came, and all or some of it could not be matched as chosen. Not paid: the payment failed, "
        "was cancelled, or the customer began another one.",
    )

    _paid_once = models.UniqueIndex("(item_id) WHERE state = 'open'", "A payment of one of these items is under way already.")

    @api.model
    def _drop(self, transactions):
        """Let go of what these transactions were to pay: it can be paid by another one."""
        self.search([("transaction_id", "in", transactions.ids), ("state", "=", OPEN)]).write({"state": "dropped"})
        self.flush_model(["state"])  # the items may go into the next payment: the index looks at once

    def _match(self, payment, money):
        """Match ``money``, the journal item of a payment, with what was chosen and was not matched before."""
        lines = {allocation: allocation._get_open_line(payment.destination_account_id) for allocation in self}
        debts, sources = [], []
        for allocation, line in lines.items():
            rest, residual = allocation.amount - allocation.amount_matched, line.amount_residual_currency
            if rest > 0 and residual > 0:
                debts.append(Share(line.id, min(rest, residual)))
            elif rest < 0 and residual < 0:
                sources.append(Share(line.id, min(-rest, -residual)))
        sources.append(Share(money.id, -money.amount_residual_currency))
        # The credits first: what could not be matched is money then, which can be paid back.
        pairs = match(debts, sources, payment.currency_id.decimal_places)
        payment.env["account.move.line"]._collection_reconcile(pairs)
        self._note_matched(lines, pairs)

    def _get_open_line(self, account):
        """Return the journal item to be matched, empty when nothing is open of it any more."""
        self.ensure_one()
        line = self.item_id.move_line_id
        return line.filtered(
            lambda line: line.parent_state == "posted"
            and not line.reconciled
            and line.account_id == account
            and line.currency_id == self.currency_id
        )

    def _note_matched(self, lines, pairs):
        matched = {}
        for debt_id, source_id, amount in pairs:
            matched[debt_id] = matched.get(debt_id, 0.0) + amount
            matched[source_id] = matched.get(source_id, 0.0) - amount
        for allocation, line in lines.items():
            amount = allocation.currency_id.round(allocation.amount_matched + matched.get(line.id, 0.0))
            is_whole = allocation.currency_id.compare_amounts(amount, allocation.amount) == 0
            # Of what is captured in parts the rest is still to come.
            rest = OPEN if allocation.transaction_id.state == "authorized" else "on_account"
            allocation.write({"amount_matched": amount, "state": "matched" if is_whole else rest})
