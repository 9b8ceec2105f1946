from decimal import Decimal

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..engine import commission
from ..engine.attempt import attempt


class CollectionPlacementReceipt(models.Model):
    """Money that the customer paid to the agency, which passes it on less its commission.

    It becomes ordinary drafts: an entry that moves the debt from the customer to the agency, matched with the placed items
    when it is posted, and the agency's bill over the commission (or an expense line in the entry). What is then left open on
    the agency is what arrives, or has arrived, at our bank. A person posts them.
    """

    _name = "collection.placement.receipt"
    _description = "Payment Through an Agency"
    _inherit = ["mail.thread", "collection.recorded.mixin"]
    _order = "date desc, id desc"
    # What the documents were made from.
    _fixed = frozenset({"placement_id", "date", "amount", "commission"})
    _recorded = frozenset({"state", "move_id", "bill_id", "agency_id", "company_id", "partner_id", "currency_id", "net"})

    placement_id = fields.Many2one(
        "collection.placement",
        required=True,
        index=True,
        ondelete="restrict",
        domain="[('state', 'in', ('handed_over', 'closed', 'recalled'))]",
    )
    agency_id = fields.Many2one(related="placement_id.agency_id", store=True, index=True)
    company_id = fields.Many2one(related="placement_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="placement_id.partner_id", string="Customer", store=True)
    currency_id = fields.Many2one(related="placement_id.currency_id", store=True)
    date = fields.Date(string="Paid On", required=True, default=fields.Date.context_today, tracking=True)
    reference = fields.Char(help="The number of the agency's statement.")
    amount = fields.Monetary(
        string="Paid by the Customer", required=True, tracking=True, help="Before the agency took its commission."
    )
    commission = fields.Monetary(
        string="Commission Kept",
        compute="_compute_commission",
        store=True,
        readonly=False,
        tracking=True,
        help="What the agency kept. By the terms it is proposed; type what the agency's statement says.",
    )
    net = fields.Monetary(string="Passed On", compute="_compute_net", store=True, help="What arrives at our bank.")
    commission_due = fields.Monetary(
        string="Commission by the Terms",
        compute="_compute_commission_due",
        help="For this payment, as far as it is for placed items.",
    )
    state = fields.Selection(
        [("draft", "Recorded"), ("prepared", "To Post"), ("booked", "Booked"), ("cancelled", "Cancelled")],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    move_id = fields.Many2one(
        "account.move", string="Payment Entry", readonly=True, copy=False, ondelete="restrict", index="btree_not_null"
    )
    bill_id = fields.Many2one(
        "account.move", string="Agency's Bill", readonly=True, copy=False, ondelete="set null", index="btree_not_null"
    )

    _amounts_in_order = models.Constraint(
        "CHECK(amount > 0 AND commission >= 0 AND commission <= amount)",
        "A payment is about more than zero, and the commission is a part of it.",
    )

    @api.depends("amount", "commission")
    def _compute_net(self):
        for receipt in self:
            receipt.net = receipt.amount - receipt.commission

    @api.depends("placement_id", "amount")
    def _compute_commission_due(self):
        for receipt in self:
            receipt.commission_due = receipt._get_commission_due()

    @api.depends("placement_id", "amount")
    def _compute_commission(self):
        for receipt in self:
            receipt.commission = receipt._get_commission_due()

    def _get_commission_due(self):
        """Return what the terms allow for this payment, after all that was reported or recorded before."""
        placement = self.placement_id
        if not placement or not self.amount:
            return 0.0
        movements = self.env["collection.placement.movement"].search(
            [("placement_id", "=", placement._origin.id), ("is_charged", "=", True), ("is_known", "=", True)]
        )
        # Each payment counts after those recorded before it, whichever is posted first.
        own_id = self._origin.id
        before = movements.filtered(lambda movement: not own_id or not movement.receipt_id or movement.receipt_id.id < own_id)
        earlier, own = self._prepare_paid()
        return float(sum(commission.charge(placement._get_terms(), before._prepare_paid() + earlier, own)))

    def _prepare_paid(self):
        """Return what counts for the commission: (of earlier payments that are not in the ledger yet, of this one)."""
        lines, earlier, own, _rest = self._allocate()
        return [
            [commission.Paid(part, Decimal(str(line.percent))) for line, part in zip(lines, parts, strict=True) if part]
            for parts in (earlier, own)
        ]

    def _find_earlier(self):
        """Return the payments that were recorded before this one and are not matched yet."""
        domain = [("placement_id", "=", self.placement_id._origin.id), ("state", "in", ("draft", "prepared"))]
        waiting = self.search([*domain, ("id", "<", self._origin.id)] if self._origin else domain)
        matched = self.env["collection.placement.movement"].search([("receipt_id", "in", waiting.ids)])
        return waiting - matched.receipt_id

    def _allocate(self):
        """Return (placed lines that are open, what earlier payments take of each, what goes to each, what is left over).

        The oldest first. Recalled ones as well: the customer may have paid to the agency before it knew. Earlier payments
        are those that are not matched yet.
        """
        lines = self.placement_id.line_ids.filtered(lambda line: line.item_id.active).sorted(
            lambda line: (line.due_date, line.id)
        )
        rests = [Decimal(str(line.item_id.amount_residual_currency)) for line in lines]
        waiting = sum(self._find_earlier().mapped("amount"))
        earlier, _rest = commission.allocate(Decimal(str(waiting)), rests)
        rests = [rest - taken for rest, taken in zip(rests, earlier, strict=True)]
        parts, rest = commission.allocate(Decimal(str(self.amount)), rests)
        return lines, earlier, parts, rest

    @api.depends("placement_id", "amount", "date")
    def _compute_display_name(self):
        for receipt in self:
            if not receipt.placement_id or not receipt.amount:
                receipt.display_name = False  # shown as new
                continue
            receipt.display_name = f"{receipt.placement_id.display_name}: {receipt.currency_id.format(receipt.amount)}"

    # -- recording -----------------------------------------------------------------------------------------------------

    def write(self, vals):
        if self._fixed & vals.keys() and any(receipt.state != "draft" for receipt in self):
            raise UserError(self.env._("The documents are made already. Cancel it, and record the payment anew."))
        return super().write(vals)

    @api.constrains("placement_id")
    def _check_placement(self):
        for receipt in self:
            if not receipt.placement_id.handed_over_on:
                raise ValidationError(
                    receipt.env._("%(placement)s is not handed over.", placement=receipt.placement_id.display_name)
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_recorded(self):
        if any(receipt.state not in ("draft", "cancelled") for receipt in self):
            raise UserError(self.env._("Cancel the payment first: its documents are made already."))

    # -- documents -------------------------------------------------------------------------------------------------------

    def action_prepare(self):
        """Make the drafts that a person posts: the entry, and the agency's bill."""
        self.check_access("write")
        for receipt in self:
            if receipt.state != "draft":
                raise UserError(receipt.env._("The documents of this payment are made already."))
            # sudo: a collector need not be an accountant; an accountant posts the drafts
            receipt = receipt.sudo()
            entry = self.env["account.move"].sudo().create(receipt._prepare_entry_vals())
            bill = self.env["account.move"]
            if receipt.agency_id.commission_booking == "bill" and receipt.commission:
                bill = bill.sudo().create(receipt._prepare_bill_vals())
            receipt.write({"state": "prepared", "move_id": entry.id, "bill_id": bill.id})
        return None

    def _get_journal(self, journal_type):
        company = self.company_id
        journal = self.env["account.journal"].search(
            [*self.env["account.journal"]._check_company_domain(company), ("type", "=", journal_type)], limit=1
        )
        if not journal:
            raise UserError(self.env._("%(company)s has no journal for this entry.", company=company.name))
        return journal

    def _get_commission_account(self):
        account = self.agency_id.commission_account_id or self._get_journal("purchase").default_account_id
        if not account:
            raise UserError(
                self.env._(
                    "Say on the agency which account its commission is booked on: %(agency)s", agency=self.agency_id.name
                )
            )
        return account

    def _prepare_entry_vals(self):
        """Values of the entry: off what the customer owes, onto what the agency owes us."""
        self.ensure_one()
        currency, company, agency = self.currency_id, self.company_id, self.agency_id
        label = self.env._("Paid to %(agency)s", agency=agency.name)
        as_expense = self.commission if agency.commission_booking == "entry" else 0.0
        values = []

        def add(account, partner, amount, name):
            balance = currency._convert(amount, company.currency_id, company, self.date)
            values.append(
                {
                    "account_id": account.id,
                    "partner_id": partner.id,
                    "currency_id": currency.id,
                    "amount_currency": amount,
                    "balance": balance,
                    "name": name,
                }
            )

        for account, paid in self._sum_by_account().items():
            add(account, self.partner_id, -paid, label)
        if as_expense:
            add(self._get_commission_account(), agency.partner_id, as_expense, self.env._("Commission"))
        partner = agency.partner_id.with_company(company)
        if self.amount - as_expense:
            add(partner.property_account_payable_id, partner, self.amount - as_expense, label)
        # Each line is rounded on its own: the last one takes the cent.
        off = company.currency_id.round(sum(line["balance"] for line in values))
        values[-1]["balance"] -= off
        return {
            "move_type": "entry",
            "journal_id": (agency.journal_id or self._get_journal("general")).id,
            "date": self.date,
            "ref": " ".join(filter(None, [self.placement_id.name, self.reference])),
            "line_ids": [Command.create(line) for line in values],
        }

    def _sum_by_account(self):
        """Return {receivable account: amount} of the payment; what is left over is a credit of the customer."""
        lines, _earlier, parts, rest = self._allocate()
        customer = self.partner_id.with_company(self.company_id)
        accounts = [line.item_id.move_line_id.account_id for line in lines]
        parts.append(rest)
        accounts.append(accounts[0] if accounts else customer.property_account_receivable_id)
        sums = {}
        for account, part in zip(accounts, parts, strict=True):
            if part:
                sums[account] = sums.get(account, Decimal(0)) + part
        return {account: float(paid) for account, paid in sums.items()}

    def _prepare_bill_vals(self):
        """Values of the agency's bill over the commission, without tax: that is added from the paper."""
        self.ensure_one()
        return {
            "move_type": "in_invoice",
            "company_id": self.company_id.id,
            "journal_id": self._get_journal("purchase").id,
            "partner_id": self.agency_id.partner_id.id,
            "currency_id": self.currency_id.id,
            "invoice_date": self.date,
            "ref": self.reference,
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": self.env._(
                            "Commission: %(customer)s, %(placement)s",
                            customer=self.partner_id.name,
                            placement=self.placement_id.name,
                        ),
                        "account_id": self._get_commission_account().id,
                        "quantity": 1,
                        "price_unit": self.commission,
                        "tax_ids": [],
                    }
                )
            ],
        }

    def action_post(self):
        """Post the entry and match it with the placed items, with the rights of the accountant who does it."""
        self.check_access("write")
        for receipt in self:
            if receipt.state != "prepared":
                raise UserError(receipt.env._("Prepare the documents first."))
            move = receipt.move_id.sudo(False)
            if move.state == "draft":
                move.action_post()
        self.sudo()._match()

    @api.model
    def _match_posted(self):
        """Match the payments whose entry somebody posted in accounting. One that fails waits, and holds up no other."""
        posted = self.search([("state", "=", "prepared"), ("move_id.state", "=", "posted")])
        if posted.filtered(lambda receipt: not attempt(receipt, receipt._book)):
            self.env["collection.case"]._refresh_marked()

    def _match(self):
        for receipt in self:
            receipt._book()
        self.env["collection.case"]._refresh_marked()
        for company in self.company_id:
            self.env["collection.placement.movement"]._find(company)

    def _book(self):
        self._reconcile()
        self.state = "booked"

    def _reconcile(self):
        """Match the entry's lines with the items that are still open, the oldest first."""
        placed = self.placement_id.line_ids.item_id.move_line_id.filtered(lambda line: not line.reconciled)
        for account, debits in placed.grouped("account_id").items():
            credits = self.move_id.line_ids.filtered(
                lambda line, own=account: line.account_id == own and line.balance < 0 and not line.reconciled
            )
            if credits:
                (credits + debits).reconcile()

    def action_cancel(self):
        """Recorded by mistake: the drafts are deleted. A posted entry has to be reversed in accounting first."""
        self.check_access("write")
        for receipt in self:
            if receipt.state == "booked" or receipt.move_id.state == "posted":
                raise UserError(receipt.env._("The entry is posted. Reverse it in accounting; the agency is told of that."))
            receipt = receipt.sudo()
            drafts = (receipt.move_id + receipt.bill_id).filtered(lambda move: move.state == "draft")
            receipt.write({"state": "cancelled", "move_id": False, "bill_id": False})
            drafts.unlink()
