from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import allot

TODO = "account_collections_auto.mail_activity_type_write_off"
# So many days what was written off counts for the limits.
_YEAR = 365


class CollectionWriteOff(models.Model):
    """One person proposes to give up what a customer owes, a second one approves; then it is an ordinary Odoo entry.

    The items rest while it is proposed. Nothing of the posted invoices is edited: the entry is matched with them, and
    Odoo's reversal of it takes everything back.
    """

    _name = "collection.write.off"
    _description = "Write-off"
    _inherit = ["mail.thread", "mail.activity.mixin", "collection.answer.mixin"]
    _order = "id desc"
    _rec_name = "partner_id"
    _recorded = frozenset(
        {"state", "ended_on", "proposed_by_id", "decided_by_id", "decided_on", "refusal", "move_ids"}
        | {"case_id", "is_for_all", "amount_company", "proposed_amounts", "amount_booked"}
    )
    # What a second person looks at stays as it was proposed.
    _proposed = frozenset(
        {"partner_id", "company_id", "item_ids", "currency_id", "amount", "reason", "date_from", "date_until", "active"}
    )

    item_ids = fields.Many2many(
        domain="[('case_id.partner_id', '=', partner_id), ('company_id', 'child_of', company_id), "
        "('amount_residual_currency', '>', 0)]",
        help="The open items that are given up, all in one currency.",
    )
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        precompute=True,
        readonly=False,
        string="Proposed",
        help="What is proposed to be given up, tax included. Less than what is open: the oldest items first.",
    )
    proposed_amounts = fields.Json(readonly=True, copy=False, help="What was proposed to be given up of each item, by its ID.")
    amount_booked = fields.Monetary(
        string="Written Off",
        readonly=True,
        copy=False,
        help="What was booked: of each item what was proposed, as far as it was still open.",
    )
    amount_open = fields.Monetary(compute="_compute_amount_open", string="Open Now")
    company_currency_id = fields.Many2one(related="company_id.currency_id", string="Company Currency")
    amount_company = fields.Monetary(
        compute="_compute_amount_company",
        store=True,
        currency_field="company_currency_id",
        string="In Company Currency",
        help="At the rate of the day of the proposal. It decides who may approve.",
    )
    reason = fields.Text(required=True, help="Why the money is given up. The second person and the auditor read it.")
    proposed_by_id = fields.Many2one("res.users", string="Proposed By", readonly=True, copy=False)
    decided_by_id = fields.Many2one("res.users", string="Decided By", readonly=True, copy=False)
    decided_on = fields.Date(readonly=True, copy=False)
    refusal = fields.Text(string="Why It Was Refused", readonly=True, copy=False)
    move_ids = fields.Many2many("account.move", string="Entries", readonly=True, copy=False)
    state = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("booked", "Booked"),
            ("refused", "Refused"),
            ("withdrawn", "Withdrawn"),
            ("undone", "Undone"),
        ],
        required=True,
        default="proposed",
        readonly=True,
        copy=False,
        tracking=True,
    )
    released_elsewhere = fields.Char(
        compute="_compute_released_elsewhere", help="What may settle these items without being given up."
    )
    approval_problem = fields.Char(compute="_compute_approval_problem", help="Why you cannot approve it.")

    may_withdraw = fields.Boolean(compute="_compute_may_withdraw", help="You proposed it, or are a manager.")

    _amount_positive = models.Constraint("CHECK(amount > 0)", "A write-off is about an amount above zero.")

    # -- what follows from the rest ------------------------------------------------------------------------------------

    @api.depends("item_ids")
    def _compute_amount(self):
        for write_off in self:
            write_off.amount = sum(write_off.item_ids.mapped("amount_residual_currency"))

    @api.depends("item_ids.amount_residual_currency")
    def _compute_amount_open(self):
        for write_off in self:
            write_off.amount_open = sum(write_off.item_ids.mapped("amount_residual_currency"))

    @api.depends("amount", "currency_id", "company_id", "date_from")
    def _compute_amount_company(self):
        for write_off in self:
            company = write_off.company_id
            write_off.amount_company = write_off.currency_id._convert(
                write_off.amount, company.currency_id, company, write_off.date_from or company._collection_today()
            )

    @api.depends("item_ids", "partner_id", "company_id", "currency_id", "state")
    def _compute_released_elsewhere(self):
        for write_off in self:
            texts = []
            if write_off.state == "proposed":
                texts = [write_off._describe_draft(draft) for draft in write_off._find_draft_credit_notes()]
                on_account = -sum(write_off._find_credits().mapped("amount_residual_currency"))
                if on_account:
                    amount = write_off.currency_id.format(on_account)
                    texts.append(write_off.env._("%(amount)s on account is not matched yet.", amount=amount))
            write_off.released_elsewhere = " ".join(texts)

    @api.depends("state", "proposed_by_id", "amount_company")
    @api.depends_context("uid")
    def _compute_approval_problem(self):
        together = self._sum_by_case()
        for write_off in self:
            write_off.approval_problem = write_off._find_problem(self.env.user, together)

    @api.depends("proposed_by_id")
    @api.depends_context("uid")
    def _compute_may_withdraw(self):
        is_manager = self.env.su or self.env.user.has_group("account_collections_auto.group_collection_manager")
        for write_off in self:
            write_off.may_withdraw = is_manager or write_off.proposed_by_id == self.env.user

    @api.depends("partner_id", "amount", "amount_booked", "currency_id")
    def _compute_display_name(self):
        for write_off in self:
            name = write_off.partner_id.name
            amount = write_off.amount_booked or write_off.amount
            amount = write_off.currency_id.format(amount) if write_off.currency_id else ""
            write_off.display_name = f"{name}: {amount}" if name else False

    @api.constrains("item_ids", "amount")
    def _check_amount(self):
        for write_off in self:
            if not write_off.item_ids:
                raise ValidationError(write_off.env._("Choose the items that are written off."))
            if any(item.amount_residual_currency <= 0 for item in write_off.item_ids):
                raise ValidationError(write_off.env._("Only what is open can be written off; credits cannot."))
            if write_off.currency_id.compare_amounts(write_off.amount, write_off.amount_open) > 0:
                raise ValidationError(
                    write_off.env._(
                        "Of these items %(open)s is open; not more can be written off.",
                        open=write_off.currency_id.format(write_off.amount_open),
                    )
                )

    # -- proposing -----------------------------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        write_offs = super().create(vals_list)
        # Whatever defaults a client sends: a proposal is a proposal, of the one who makes it.
        for company, proposals in write_offs.grouped("company_id").items():
            today = company._collection_today()
            proposals.sudo().write({"state": "proposed", "proposed_by_id": self.env.uid, "date_from": today})
        for write_off in write_offs:
            write_off.sudo().proposed_amounts = write_off._spread_amount()
        write_offs._check_one_proposal()
        write_offs._check_released_elsewhere()
        write_offs._ask_second_person()
        return write_offs

    def write(self, vals):
        changed = self._proposed & vals.keys()
        if changed and not self.env.su:
            raise UserError(
                self.env._(
                    "A write-off stays as it was proposed. Withdraw %(name)s and propose another one.",
                    name=self[:1].display_name,
                )
            )
        return super().write(vals)

    def _spread_amount(self):
        """Return {item ID, as text: how much of it is proposed to be given up}: the oldest items first."""
        items = self.item_ids.sorted(lambda item: (item.due_date, item.id))
        amounts = allot.oldest_first(self.amount, items.mapped("amount_residual_currency"), self.currency_id.decimal_places)
        return {str(item.id): amount for item, amount in zip(items, amounts, strict=True) if amount}

    def _check_one_proposal(self):
        others = self.search([("state", "=", "proposed"), ("item_ids", "in", self.item_ids.ids)])
        for write_off in self:
            double = (others - write_off).item_ids & write_off.item_ids
            if double:
                raise UserError(
                    write_off.env._(
                        "%(items)s is proposed to be written off already.", items=", ".join(double.mapped("display_name"))
                    )
                )

    # -- what settles the items in another way -------------------------------------------------------------------------

    def _find_draft_credit_notes(self):
        """Return the drafts over the invoices of these items: made by hand, for a dispute or for a settlement."""
        # sudo: whoever proposes need not be an accountant
        return (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("reversed_entry_id", "in", self.item_ids.move_id.ids),
                    ("move_type", "=", "out_refund"),
                    ("state", "=", "draft"),
                ],
                order="id",
            )
        )

    def _find_credits(self):
        """Return what lies on account of this customer, in the currency of the write-off."""
        own = self.case_id.item_ids.filtered(lambda item: item.currency_id == self.currency_id)
        return own.filtered(lambda item: item.amount_residual_currency < 0)

    def _describe_draft(self, draft):
        return self.env._(
            "A draft credit note over %(amount)s takes off %(invoice)s already.",
            amount=draft.currency_id.format(draft.amount_total),
            invoice=draft.reversed_entry_id.name,
        )

    def _check_released_elsewhere(self):
        """Refuse to give up what a draft credit note, or money on account, settles already."""
        self.env["collection.case"].sudo()._refresh_marked()
        drafts = self._find_draft_credit_notes()
        for write_off in self:
            parts = write_off._get_parts()
            write_off._check_drafts(drafts, parts)
            write_off._check_credits(parts)

    def _check_drafts(self, all_drafts, parts):
        for move, drafts in all_drafts.grouped("reversed_entry_id").items():
            proposed = sum(amount for line, amount in parts if line.move_id == move)
            rest = max(move.amount_residual - sum(drafts.mapped("amount_total")), 0.0)
            if self.currency_id.compare_amounts(proposed, rest) > 0:
                raise UserError(
                    self.env._(
                        "%(drafts)s So %(rest)s of it can be written off, and %(proposed)s is proposed. Post or delete the "
                        "credit note first, or propose less.",
                        drafts=" ".join(self._describe_draft(draft) for draft in drafts),
                        rest=self.currency_id.format(rest),
                        proposed=self.currency_id.format(proposed),
                    )
                )

    def _check_credits(self, parts):
        credits = self._find_credits()
        on_account = -sum(credits.mapped("amount_residual_currency"))
        owed = sum(
            self.case_id.item_ids.filtered(lambda item: item.currency_id == self.currency_id).mapped("amount_residual_currency")
        )
        proposed = sum(amount for _line, amount in parts)
        if on_account and self.currency_id.compare_amounts(proposed, owed) > 0:
            raise UserError(
                self.env._(
                    "%(amount)s on account of %(customer)s is not matched yet: %(credits)s. Less the money on account %(owed)s "
                    "is owed, and %(proposed)s is proposed to be written off. Match the credits first, or propose less.",
                    amount=self.currency_id.format(on_account),
                    customer=self.partner_id.name,
                    credits=", ".join(credits.mapped("display_name")),
                    owed=self.currency_id.format(max(owed, 0.0)),
                    proposed=self.currency_id.format(proposed),
                )
            )

    def _ask_second_person(self):
        """One to-do for who may approve: the leader of the team, else the first manager who may."""
        for approver, write_offs in self.grouped(lambda write_off: write_off._find_approver()).items():
            if approver:
                write_offs.with_context(mail_activity_quick_update=True).activity_schedule(
                    TODO,
                    user_id=approver.id,
                    summary=self.env._("Approve or refuse the write-off that %(user)s proposes", user=self.env.user.name),
                )

    def _find_approver(self):
        leader = self.case_id._get_leaders().get(self.case_id)
        managers = self.company_id._collection_managers().sorted("id")
        people = leader | managers if leader else managers
        together = self._sum_by_case()
        return next((user for user in people if not self._find_problem(user, together)), people.browse())

    # -- deciding ------------------------------------------------------------------------------------------------------

    def _sum_by_case(self):
        """Return {case: what is proposed, or was written off within a year, in company currency}; one statement a company.

        A limit is about a customer: a large write-off does not become a small one by being proposed in pieces.
        """
        sums = {}
        for company, own in self.grouped("company_id").items():
            a_year_ago = company._collection_today() - timedelta(days=_YEAR)
            counted = Domain("state", "=", "proposed") | Domain([("state", "=", "booked"), ("decided_on", ">", a_year_ago)])
            # sudo: what counts for a limit does not depend on who may see it
            of_cases = Domain("case_id", "in", own.case_id.ids)
            sums |= dict(self.sudo()._read_group(counted & of_cases, ["case_id"], ["amount_company:sum"]))
        return sums

    def _find_problem(self, user, together):
        """Return why ``user`` cannot approve, '' when nothing speaks against it. ``together``: as of `_sum_by_case`."""
        self.ensure_one()
        company = self.company_id.sudo()
        if self.state != "proposed":
            return self.env._("It is decided already.")
        if user == self.proposed_by_id:
            return self.env._("You proposed it yourself: a second person approves.")
        limit = self._get_limit(user)
        if limit is None:
            return ""
        if company.currency_id.compare_amounts(self.amount_company, limit) > 0:
            return self.env._("It is above your limit of %(limit)s.", limit=company.currency_id.format(limit))
        amount = together.get(self.case_id, self.amount_company)
        if company.currency_id.compare_amounts(amount, limit) > 0:
            return self.env._(
                "With what else is proposed for this customer, or was written off within a year, it comes to %(amount)s: above "
                "your limit of %(limit)s.",
                amount=company.currency_id.format(amount),
                limit=company.currency_id.format(limit),
            )
        return ""

    def _get_limit(self, user):
        """Return up to how much ``user`` may approve, in company currency; None for any amount."""
        company, user_sudo = self.company_id.sudo(), user.sudo()
        if user_sudo.has_group("account_collections_auto.group_collection_manager"):
            no_limit = not company.collection_write_off_manager_limit or user_sudo.has_group("account.group_account_manager")
            return None if no_limit else company.collection_write_off_manager_limit
        if user_sudo.has_group("account_collections_auto.group_collector"):
            return company.collection_write_off_collector_limit
        return 0.0

    def action_approve(self):
        """Approve what somebody else proposed: the entry is posted and matched with the items."""
        self.check_access("write")
        together = self._sum_by_case()
        for write_off in self:
            problem = write_off._find_problem(self.env.user, together)
            if problem:
                raise UserError(write_off.env._("%(name)s: %(problem)s", name=write_off.display_name, problem=problem))
        for write_off in self:
            write_off._check_released_elsewhere()
            write_off._book()
        self._close("booked")
        for write_off in self:
            body = write_off.env._(
                "%(amount)s written off: %(reason)s",
                amount=write_off.currency_id.format(write_off.amount_booked),
                reason=write_off.reason,
            )
            write_off._message_log(body=body)
            write_off.case_id._message_log(body=body)

    def action_refuse(self):
        """Ask why it is refused."""
        self._check_proposed()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse the Write-off"),
            "res_model": "collection.write.off.refuse",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_write_off_ids": self.ids},
        }

    def _refuse(self, refusal):
        self._check_proposed()
        self._close("refused", refusal=refusal)
        for write_off in self:
            write_off.message_post(
                body=write_off.env._("Refused: %(reason)s", reason=refusal), partner_ids=write_off.proposed_by_id.partner_id.ids
            )

    def action_withdraw(self):
        """Take back a proposal: the items go on where they stood. For who proposed it, or a manager."""
        self._check_proposed()
        if not all(write_off.may_withdraw for write_off in self):
            raise AccessError(self.env._("Only who proposed it, or a manager, can withdraw it. You may refuse it."))
        self._close("withdrawn")

    def action_end(self):
        """As every stop: here it means to withdraw the proposal."""
        self.action_withdraw()

    def _check_proposed(self):
        self.check_access("write")
        for write_off in self:
            if write_off.state != "proposed":
                raise UserError(write_off.env._("%(name)s is decided already.", name=write_off.display_name))

    def _close(self, state, **values):
        for company, write_offs in self.grouped("company_id").items():
            today = company._collection_today()
            write_offs.sudo().write(
                {"state": state, "ended_on": today, "decided_by_id": self.env.uid, "decided_on": today, **values}
            )
        # sudo: the to-do of a colleague
        self.sudo().activity_unlink([TODO])
        self._mirror()

    # -- booking -------------------------------------------------------------------------------------------------------

    def _get_parts(self):
        """Return [(receivable line, amount)]: of each item what was proposed, as far as it is open by now."""
        self.ensure_one()
        # sudo: who decides about write-offs need not be an accountant; nothing but this entry is made
        items = self.item_ids.sudo().filtered("move_line_id").sorted(lambda item: (item.due_date, item.id))
        proposed = self.proposed_amounts or {}
        parts = [
            (item.move_line_id, min(proposed.get(str(item.id), 0.0), item.move_line_id.amount_residual_currency))
            for item in items
        ]
        return [(line, amount) for line, amount in parts if amount > 0]

    def _book(self):
        """Post the entry of each company and match it with the items."""
        parts = self._get_parts()
        if not parts:
            raise UserError(
                self.env._("%(name)s: nothing of it is open any more. Refuse or withdraw it.", name=self.display_name)
            )
        moves = self.env["account.move"].sudo()
        for company in {line.company_id for line, _amount in parts}:
            moves += self._book_in(company, [part for part in parts if part[0].company_id == company])
        self.sudo().write({"move_ids": [Command.set(moves.ids)], "amount_booked": sum(amount for _line, amount in parts)})

    def _book_in(self, company, parts):
        vals = self._prepare_move_vals(company, parts)
        self._check_lock_dates(company, vals["date"], self._get_journal(company))
        move = self.env["account.move"].sudo().with_company(company).create(vals)
        move._post(soft=False)
        settled = move.line_ids.filtered(lambda line: line.account_id.account_type == "asset_receivable").sorted("sequence")
        for (line, _amount), counterpart in zip(parts, settled, strict=True):
            (line + counterpart).reconcile()
        return move

    def _prepare_move_vals(self, company, parts):
        """Values of the entry in ``company``; ``parts``: (receivable line, amount in its currency). Extend with yours."""
        account = self.company_id.sudo().collection_write_off_account_id
        if not account:
            raise UserError(
                self.env._(
                    "No account for write-offs is set for %(company)s: choose one in the settings of Collections.",
                    company=self.company_id.name,
                )
            )
        lines = []
        for number, (line, amount) in enumerate(parts):
            share = amount / line.amount_residual_currency
            balance = company.currency_id.round(line.amount_residual * share)
            label = self.env._("Write-off of %(number)s", number=line.move_id.name)
            common = {"name": label, "currency_id": line.currency_id.id, "partner_id": line.partner_id.id}
            given_up = {**common, "sequence": number, "account_id": account.id}
            settled = {**common, "sequence": number, "account_id": line.account_id.id}
            lines.append(Command.create({**given_up, "amount_currency": amount, "balance": balance}))
            lines.append(Command.create({**settled, "amount_currency": -amount, "balance": -balance}))
        return {
            "move_type": "entry",
            "company_id": company.id,
            "journal_id": self._get_journal(company).id,
            "date": self.company_id._collection_today(),
            "ref": self.env._("Write-off: %(reason)s", reason=self.reason[:100]),
            "line_ids": lines,
        }

    def _get_journal(self, company):
        journal = self.company_id.sudo().collection_write_off_journal_id
        if journal:
            return journal
        journals = self.env["account.journal"].sudo()
        domain = [*journals._check_company_domain(company), ("type", "=", "general")]
        journal = journals.search(domain, limit=1)
        if not journal:
            raise UserError(self.env._("%(company)s has no journal for miscellaneous entries.", company=company.name))
        return journal

    def _check_lock_dates(self, company, date, journal):
        locks = company.sudo()._get_violated_lock_dates(date, False, journal)
        if locks:
            raise UserError(
                self.env._(
                    "The books of %(company)s are closed for this day (%(locks)s). Ask an accountant to open them, or decide "
                    "later.",
                    company=company.name,
                    locks=company._format_lock_dates(locks),
                )
            )

    def action_undo(self):
        """Take a booked write-off back with Odoo's own reversal: the items are open again. Managers only."""
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can undo a write-off."))
        self.check_access("write")
        for write_off in self:
            if write_off.state != "booked":
                raise UserError(write_off.env._("%(name)s is not booked.", name=write_off.display_name))
            # sudo: as when it was booked
            for move in write_off.move_ids.sudo():
                today = write_off.company_id._collection_today()
                write_off._check_lock_dates(move.company_id, today, move.journal_id)
                ref = write_off.env._("Reversal of: %(number)s", number=move.name)
                reversal = move._reverse_moves([{"date": today, "ref": ref}], cancel=True)
                write_off.sudo().move_ids = [Command.link(reversal.id)]
            write_off.sudo().state = "undone"
            write_off.case_id._message_log(
                body=write_off.env._(
                    "The write-off of %(amount)s was undone.", amount=write_off.currency_id.format(write_off.amount_booked)
                )
            )

    def action_view_moves(self):
        """Open the entries."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Entries of the Write-off"),
            "res_model": "account.move",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self.move_ids.ids)],
            "context": {"create": False},
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if not self.env.is_superuser():
            raise AccessError(self.env._("Write-offs are evidence and cannot be deleted. Withdraw one that nobody decided."))

    # -- what the engine asks ------------------------------------------------------------------------------------------

    @api.model
    def _stop_code(self):
        return "write_off"

    @api.model
    def _in_force_sql(self, date):
        """Items rest while it is proposed; what is booked is not open any more."""
        return SQL("(%s AND stop.state = 'proposed')", super()._in_force_sql(date))
