from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

# A card form that was left open for longer is begun anew.
_SAME_FOR = timedelta(hours=1)
TODO = "account_collections_portal.mail_activity_type_payment_on_account"


class PaymentTransaction(models.Model):
    """A payment of items that a customer chose on the portal: what was chosen is what is matched.

    Other transactions take Odoo's own way, and nothing is read or asked for them.
    """

    _inherit = "payment.transaction"

    collection_case_id = fields.Many2one(
        "collection.case",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="account_collections_auto.group_collection_auditor",
    )
    collection_allocation_ids = fields.One2many(
        "collection.payment.allocation",
        "transaction_id",
        string="Chosen Items",
        readonly=True,
        groups="account_collections_auto.group_collection_auditor",
    )
    collection_offer_id = fields.Many2one(
        "collection.settlement.offer",
        string="Settlement Offer",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="account_collections_auto.group_collection_auditor",
        help="The customer paid what this offer asked for.",
    )
    collection_seal = fields.Char(readonly=True, copy=False, groups=fields.NO_ACCESS)

    # -- before money moves --------------------------------------------------------------------------------------------

    @api.model
    def _collection_prepare_vals(self, case, part, lines, reason_id=None):
        """Values of a transaction that pays ``part``; ``lines``: {item id: journal item}. Writes nothing."""
        shares = [(share, 1) for share in part.debts] + [(share, -1) for share in part.credits]
        items = {item.id: item for item in self.env["collection.item"].browse([share.id for share, _sign in shares])}
        return {
            "collection_case_id": case.id,
            "collection_seal": part.seal(),
            "invoice_ids": [Command.set([line.move_id.id for line in lines.values()])],
            "collection_allocation_ids": [
                Command.create(
                    {
                        "case_id": case.id,
                        "item_id": share.id,
                        "move_id": lines[share.id].move_id.id,
                        "account_id": lines[share.id].account_id.id,
                        "number": lines[share.id].move_id.name,
                        "due_date": items[share.id].due_date,
                        "currency_id": lines[share.id].currency_id.id,
                        "amount": sign * share.amount,
                        "reason_id": sign > 0 and reason_id,
                    }
                )
                for share, sign in shares
            ],
        }

    @api.model
    def _collection_under_way(self, moves):
        """Return the payments on their way that are about these documents, whoever began them and wherever.

        What a customer announced as a transfer only is none: no money moved.
        """
        waiting = Domain("state", "in", ("pending", "authorized")) & Domain("provider_code", "not in", ("custom", "none"))
        unbooked = Domain("state", "=", "done") & Domain("is_post_processed", "=", False)
        ours = Domain("collection_allocation_ids.move_id", "in", moves.ids)
        about = (Domain("invoice_ids", "in", moves.ids) | ours) & Domain("operation", "not in", ("refund", "validation"))
        return self.search(about & (waiting | unbooked))

    @api.model
    def _collection_make_way(self, part, moves, own_values, **same):
        """Return the transaction that was begun for just this, if any; what was begun for something else is let go of.

        ``own_values``: {field: id} that it keeps of the choice. Refuses what is on its way already. A letting go leaves the
        transaction as it is: should the provider confirm it after all, its money is booked and stays on account.
        """
        if under_way := self._collection_under_way(moves):
            raise UserError(self._collection_under_way_message(under_way))
        items = [share.id for share in (*part.debts, *part.credits)]
        begun = self.env["collection.payment.allocation"].search([("item_id", "in", items), ("state", "=", "open")])
        transactions = begun.transaction_id
        same = {**same, "state": "draft", "collection_seal": part.seal()}
        for transaction in transactions:
            is_recent = transaction.create_date > fields.Datetime.now() - _SAME_FOR
            is_same = all(transaction[name] == value for name, value in same.items())
            if is_recent and is_same and all(transaction[name].id == value for name, value in own_values.items()):
                return transaction
        transactions.filtered(lambda one: one.state == "pending")._set_canceled(
            self.env._("The customer pays another way.")
        )
        self.env["collection.payment.allocation"]._drop(transactions)
        return self.browse()

    @api.model
    def _collection_under_way_message(self, under_way):
        return self.env._(
            "Nothing was charged: a payment of %(amount)s for these documents is on its way already (%(reference)s). There is "
            "nothing more to do; reload the page to see what is left.",
            amount=under_way[:1].currency_id.format(under_way[:1].amount),
            reference=under_way[:1].reference,
        )

    def _update_state(self, allowed_states, target_state, state_message):
        changed = super()._update_state(allowed_states, target_state, state_message)
        if target_state in ("cancel", "error"):
            ours_sudo = changed.sudo().filtered("collection_case_id")
            if ours_sudo:
                ours_sudo.env["collection.payment.allocation"]._drop(ours_sudo)
        return changed

    # -- when the money is there ---------------------------------------------------------------------------------------

    def _collection_source(self):
        """Return the transaction for which the customer chose: this one, or that of which it captures a part."""
        self.ensure_one()
        source = self.source_transaction_id
        return source if source and source.operation == self.operation else self

    def _post_process(self):
        """Let Odoo book the money without matching it, then match what was chosen."""
        ours = self.filtered(lambda one: one.sudo()._collection_source().collection_case_id)
        if not ours:
            return super()._post_process()
        super(PaymentTransaction, self - ours)._post_process()
        for transaction_sudo in ours.sudo():
            source_sudo, booked = transaction_sudo._collection_source(), transaction_sudo.payment_id
            # Odoo would post drafts among them, and match all of their lines, the oldest first.
            (transaction_sudo | source_sudo).invoice_ids = False
            super(PaymentTransaction, transaction_sudo)._post_process()
            source_sudo.invoice_ids = source_sudo.collection_allocation_ids.move_id
            payment = transaction_sudo.payment_id
            if transaction_sudo.state == "done" and payment != booked:
                company = payment.company_id
                source_sudo.with_company(company)._collection_book(payment.with_company(company))
        return None

    def _create_payment(self, **extra_create_values):
        source_sudo = self.sudo()._collection_source()
        if source_sudo.collection_case_id:
            extra_create_values = {
                "partner_id": source_sudo.collection_case_id.partner_id.id,
                "destination_account_id": source_sudo.collection_allocation_ids[:1].account_id.id,
                "date": self._collection_day(source_sudo.collection_case_id.company_id),
                **extra_create_values,
            }
        return super()._create_payment(**extra_create_values)

    def _collection_day(self, company):
        """Return the day on which the money was confirmed, by the clock of ``company``: an offer is paid in time or not.

        Booked later than that: today, where that day is closed in accounting by now.
        """
        day, journal = company._collection_local(self.last_state_change).date(), self.provider_id.journal_id
        is_closed = (journal.company_id or company)._get_violated_lock_dates(day, False, journal)
        return company._collection_today() if is_closed else day

    def _collection_book(self, payment):
        """Match ``payment`` with what was chosen, say thank you, and tell who answers for the customer what was left."""
        money = payment.move_id.line_ids.filtered(
            lambda line: line.account_id == payment.destination_account_id and not line.reconciled
        )[:1]
        if money:
            self.collection_allocation_ids._match(payment, money)
        else:
            self.collection_allocation_ids.state = "on_account"
        left = -money.amount_residual_currency if money else payment.amount
        missed = self.collection_allocation_ids.filtered(lambda allocation: allocation.state == "on_account")
        if missed or not self.currency_id.is_zero(left):
            self._collection_tell(payment, missed, left)
        offer = self.collection_offer_id
        if offer and (offer.state not in ("offered", "met", "expired") or payment.date > offer.pay_by):
            self._collection_tell_offer(payment)
        self._collection_judge_offers()
        self._collection_thank()

    def _collection_tell(self, payment, missed, left):
        """A to-do for what of a payment stays on account, because it was settled otherwise meanwhile."""
        summary = self.env._(
            "%(amount)s of the payment %(reference)s are on account: %(documents)s changed meanwhile",
            amount=self.currency_id.format(left),
            reference=payment.name or self.reference,
            documents=", ".join(number for number in missed[:5].mapped("number") if number),
        )
        self._collection_ask_to_look(summary)

    def _collection_tell_offer(self, payment):
        """A to-do for a payment over an offer that was cancelled, or ran out, while it was under way: what of the rest?"""
        self._collection_ask_to_look(
            self.env._(
                "%(amount)s (%(reference)s) came for an offer that was taken back or had run out: agree with the customer what "
                "becomes of the rest",
                amount=self.currency_id.format(payment.amount),
                reference=payment.name or self.reference,
            )
        )

    def _collection_ask_to_look(self, summary):
        case = self.collection_case_id
        case.with_context(mail_activity_quick_update=True).activity_schedule(
            TODO, user_id=case._get_todo_user().id, summary=summary
        )

    def _collection_judge_offers(self):
        """Offers about what was paid are looked at in a moment, by the job that makes their credit notes."""
        about = [("state", "=", "offered"), ("item_ids", "in", self.collection_allocation_ids.item_id.ids)]
        if self.env["collection.settlement.offer"].search_count(about, limit=1):
            self.env.ref("account_collections_auto.ir_cron_settlement_offers")._trigger()

    def _collection_thank(self):
        """Mail what was paid, to who paid it."""
        if self.partner_email:
            self.env.ref("account_collections_portal.mail_template_paid").sudo().send_mail(self.id)

    # -- what people read ----------------------------------------------------------------------------------------------

    def _get_invoices_to_notify(self):
        """Of a payment over hundreds of documents the case tells, not each of them."""
        if self.sudo().collection_case_id:
            return self.env["account.move"]
        return super()._get_invoices_to_notify()

    def _log_message_on_linked_documents(self, message):
        case_sudo = self.sudo().collection_case_id
        if case_sudo:
            case_sudo._message_log(body=message, author_id=self.partner_id.id)
        return super()._log_message_on_linked_documents(message)

    def _get_communication(self):
        """Of several documents the reference of none: that of the payment."""
        if len(self.sudo().collection_allocation_ids) > 1:
            return self.reference
        return super()._get_communication()
