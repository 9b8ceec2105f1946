from datetime import timedelta
from functools import partial

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_date

from ..engine import settlements
from ..engine.attempt import attempt
from ..engine.transactions import retrying

_OFFERED = frozenset({"item_ids", "discount_percent", "pay_by", "partner_id", "company_id", "currency_id"})


class CollectionSettlementOffer(models.Model):
    """Pay this much by that day, and the rest is let go. The rest becomes a draft credit note when the money is there.

    While the offer is open its items rest; when it has run out they go on where they stood.
    """

    _name = "collection.settlement.offer"
    _description = "Settlement Offer"
    _inherit = ["mail.thread", "mail.activity.mixin", "collection.answer.mixin", "collection.told.mixin"]
    _follow_ups = ("mail_activity_type_settlement_paid",)
    _order = "pay_by desc, id desc"
    _recorded = frozenset(
        {
            "state",
            "ended_on",
            "date_from",
            "date_until",
            "amount",
            "amount_to_pay",
            "amount_discount",
            "amount_received",
            "amount_credited",
            "received_before",
            "credited_before",
            "approval_reason",
            "credit_note_ids",
        }
    )

    partner_id = fields.Many2one(tracking=True)
    plan_id = fields.Many2one(related="case_id.plan_id", string="Dunning Plan")
    item_ids = fields.Many2many(help="What is settled by this payment: open items of one currency.")
    discount_percent = fields.Float(
        string="Discount", required=True, default=5.0, tracking=True, help="So much of what is open is let go, in percent."
    )
    pay_by = fields.Date(required=True, tracking=True, help="The money has to be dated up to this day.")
    amount = fields.Monetary(
        compute="_compute_amount",
        store=True,
        readonly=True,
        string="Open",
        help="What was open of the items when it was offered.",
    )
    amount_to_pay = fields.Monetary(compute="_compute_amount_to_pay", store=True, string="To Pay")
    amount_discount = fields.Monetary(compute="_compute_amount_to_pay", store=True, string="Let Go")
    amount_received = fields.Monetary(string="Received", readonly=True, copy=False)
    amount_credited = fields.Monetary(
        string="Credited Since",
        readonly=True,
        copy=False,
        help="Credit notes matched with the items since the offer: so much less is to be paid.",
    )
    received_before = fields.Monetary(readonly=True, copy=False, default=0.0)
    credited_before = fields.Monetary(readonly=True, copy=False, default=0.0)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("to_approve", "To Approve"),
            ("offered", "Offered"),
            ("met", "Paid"),
            ("expired", "Run Out"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    credit_note_ids = fields.Many2many("account.move", string="Credit Notes", readonly=True, copy=False)
    approval_reason = fields.Char(readonly=True, copy=False)
    pay_by_text = fields.Char(compute="_compute_pay_by_text", help="The last day to pay, in words.")
    user_id = fields.Many2one("res.users", string="Made By", default=lambda self: self.env.user, readonly=True)
    note = fields.Text(help="Not shown to the customer.")

    _percent_in_range = models.Constraint(
        "CHECK(discount_percent > 0 AND discount_percent < 100)", "A discount lies between 0 and 100 percent."
    )

    # -- what follows from the rest ------------------------------------------------------------------------------------

    @api.depends("item_ids")
    def _compute_amount(self):
        for offer in self:
            offer.amount = sum(offer.item_ids.mapped("amount_residual_currency"))

    @api.depends("amount", "discount_percent", "currency_id")
    def _compute_amount_to_pay(self):
        for offer in self:
            discount = offer.amount * offer.discount_percent / 100
            offer.amount_discount = offer.currency_id.round(discount) if offer.currency_id else discount
            offer.amount_to_pay = offer.amount - offer.amount_discount

    @api.depends("pay_by")
    @api.depends_context("lang")
    def _compute_pay_by_text(self):
        for offer in self:
            offer.pay_by_text = offer.pay_by and format_date(self.env, offer.pay_by, date_format="long")

    @api.depends("partner_id", "amount_to_pay", "pay_by")
    def _compute_display_name(self):
        for offer in self:
            if not offer.partner_id or not offer.pay_by:
                offer.display_name = False  # shown as new
                continue
            offer.display_name = self.env._(
                "%(customer)s: %(amount)s by %(date)s",
                customer=offer.partner_id.name or "",
                amount=offer.currency_id.format(offer.amount_to_pay) if offer.currency_id else "",
                date=format_date(self.env, offer.pay_by),
            )

    # -- recording -----------------------------------------------------------------------------------------------------

    def write(self, vals):
        if _OFFERED & vals.keys() and not self.env.su and any(offer.state != "draft" for offer in self):
            raise UserError(self.env._("The offer was made and stays as it is. Cancel it and make another one."))
        return super().write(vals)

    @api.constrains("item_ids")
    def _check_has_items(self):
        for offer in self.with_context(active_test=False):
            if not offer.item_ids:
                raise ValidationError(offer.env._("An offer is about open items: choose at least one."))

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_draft(self):
        if any(offer.state not in ("draft", "cancelled") for offer in self):
            raise UserError(self.env._("An offer that was made is evidence and cannot be deleted."))

    # -- what people do ------------------------------------------------------------------------------------------------

    def action_offer(self):
        """Make the offer and tell the customer; beyond the own limit a manager has to approve it first."""
        self._check_state("draft")
        is_manager = self.env.user.has_group("account_collections_auto.group_collection_manager")
        for offer in self:
            offer._check_offer()
            limit = offer.plan_id.settlement_percent
            if offer.discount_percent <= limit or is_manager:
                offer._offer()
                continue
            reason = offer.env._(
                "%(percent)s %% discount; you may give %(limit)s %%", percent=offer.discount_percent, limit=limit
            )
            offer.sudo().write({"state": "to_approve", "approval_reason": reason})
            offer.with_context(mail_activity_quick_update=True).activity_schedule(
                "account_collections_auto.mail_activity_type_settlement_approval",
                user_id=offer._find_approver().id,
                summary=offer.env._("Approve the settlement offer: %(reason)s", reason=reason),
            )

    def action_approve(self):
        """Allow a discount beyond the limit of the one who made the offer: the customer is told."""
        if not self.env.su and not self.env.user.has_group("account_collections_auto.group_collection_manager"):
            raise AccessError(self.env._("Only a collection manager can approve a discount beyond the limit."))
        self._check_state("to_approve")
        for offer in self:
            offer._check_offer()
            offer._offer()
        self.activity_feedback(["account_collections_auto.mail_activity_type_settlement_approval"])

    def action_cancel(self):
        """Taken back, or made by mistake: the items go on where they stood."""
        self._check_state("draft", "to_approve", "offered")
        for company, offers in self.grouped("company_id").items():
            offers.sudo().write({"state": "cancelled", "ended_on": company._collection_today()})
        self.activity_unlink(["account_collections_auto.mail_activity_type_settlement_approval"])
        self._mirror()

    def action_end(self):
        """A stop is ended by cancelling the offer."""
        self.action_cancel()

    def _check_offer(self):
        """In time, about something that is open, and within what a manager may give."""
        self.ensure_one()
        if self.pay_by < self.company_id._collection_today():
            raise UserError(self.env._("The last day to pay has passed already. Choose a later one."))
        self.sudo()._compute_amount()
        if self.amount <= 0:
            raise UserError(self.env._("Nothing is open of these items any more."))
        limit = self.plan_id.settlement_percent_manager
        if self.discount_percent > max(limit, self.plan_id.settlement_percent):
            raise UserError(
                self.env._(
                    "%(percent)s %% is more than anybody may give: the dunning plan allows %(limit)s %%.",
                    percent=self.discount_percent,
                    limit=limit,
                )
            )
        others = self.search([("item_ids", "in", self.item_ids.ids), ("state", "=", "offered"), ("id", "!=", self.id)], limit=1)
        if others:
            raise UserError(
                self.env._("There is an open offer about one of these items: %(offer)s.", offer=others.display_name)
            )
        stopped = self.item_ids._find_stops()
        if stopped:
            raise UserError(
                self.env._(
                    "Not all of these items may be claimed now: %(items)s. Settle that first, or leave them out of the offer.",
                    items="; ".join(f"{item.display_name}: {reason}" for item, reason in stopped.items()),
                )
            )

    def _get_settled(self):
        """Return what was paid or credited of the items since the offer."""
        self.ensure_one()
        return self.amount_received + self.amount_credited

    def _offer(self):
        today = self.company_id._collection_today()
        self.sudo().write(
            {
                "state": "offered",
                "date_from": today,
                "date_until": self.pay_by + timedelta(days=self.plan_id.grace_days),
            }
        )
        self.env.flush_all()
        rows = self.env.execute_query(settlements.received_sql(self.env, SQL("offer.id = %s", self.id)))
        _offer, received, credited = rows[0] if rows else (self.id, 0.0, 0.0)
        self.sudo().write({"received_before": received, "credited_before": credited})
        self._mirror()
        if template := self._get_message_template():
            self._tell(template, today)

    # -- the verdict ---------------------------------------------------------------------------------------------------

    @api.model
    def _judge(self, company, date):
        """Bring the offers of ``company`` in line with its ledger on ``date``: paid, run out, open again. Set-based."""
        self.env.flush_all()
        changed = settlements.judge(self.env, company, date)
        self.invalidate_model(flush=False)
        if not changed:
            return
        labels = dict(self._fields["state"]._description_selection(self.env))
        for offer_id, before, after in changed:
            offer = self.browse(offer_id)
            offer._message_log(body=f"{labels[before]} → {labels[after]}")
            step = offer._let_go if after == "met" else offer._take_back_credit_notes if before == "met" else None
            if step and attempt(offer, step):
                offer._ask_to_look(offer.env._("The credit note could not be made or taken back: look at the offer"))
        self._mirror(company)

    @api.model
    def _cron_judge(self):
        """Bring the offers of all companies up to date."""
        self.env["collection.case"]._refresh_marked()
        for company in self.env["res.company"].sudo().search([("parent_id", "=", False)]):
            judge = partial(attempt, company, self.sudo()._judge_today, company)
            retrying(self.env, judge)  # each company in a transaction of its own

    def _let_go(self):
        """The money is there: what is left of the discount becomes draft credit notes, posted where the plan says so."""
        left = self.amount_discount
        credit_notes, is_exact = self.env["account.move"], True
        items = self.item_ids.filtered(lambda item: item.amount_residual_currency > 0)
        for move, of_move in items.grouped("move_id").items():
            amount = self.currency_id.round(min(left, sum(of_move.mapped("amount_residual_currency"))))
            if amount > 0 and move.is_sale_document(include_receipts=True):
                # The customer reads it on the credit note.
                to_customer = self.with_context(lang=self.partner_id.lang or self.env.lang)
                ref = to_customer.env._("Reversal of: %(number)s, settlement", number=move.name)
                credit_note = self.env["collection.case"]._draft_credit_note(move, amount, ref)
                is_exact = is_exact and self.env["collection.case"]._is_over(credit_note, amount)
                credit_notes += credit_note
                left -= amount
        self.sudo().credit_note_ids = [Command.set(credit_notes.ids)]
        if credit_notes and is_exact and self.plan_id.settlement_post_credit_notes:
            if attempt(self, self._post_credit_notes):
                self._ask_to_look(self.env._("Paid in time, but the credit note could not be posted: look at it"))
        elif items:
            self._ask_to_look(
                self.env._("Paid in time: post the credit note over the rest")
                if credit_notes
                else self.env._("Paid in time: let go of the rest")
            )

    def _ask_to_look(self, summary):
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "account_collections_auto.mail_activity_type_settlement_paid",
            user_id=self.case_id._get_collector().id,
            summary=summary,
        )

    def _post_credit_notes(self):
        self.sudo().credit_note_ids.action_post()  # sudo: whoever judges need not be an accountant; the plan says to post

    def _take_back_credit_notes(self):
        """The money was returned: drafts go, what is posted already is for a person to look at."""
        notes = self.sudo().credit_note_ids
        notes.filtered(lambda move: move.state == "draft").unlink()
        self.activity_unlink(["account_collections_auto.mail_activity_type_settlement_paid"])
        if notes.exists():
            self._ask_to_look(self.env._("The payment was returned, but the credit note is posted: reverse it"))

    # -- what the engine asks ------------------------------------------------------------------------------------------

    def _counts(self):
        return self.state not in ("draft", "to_approve")

    @api.model
    def _stop_code(self):
        return "settlement"

    @api.model
    def _stop_text_sql(self, alias):
        return SQL("to_char(%s, 'YYYY-MM-DD')", SQL.identifier(alias, "pay_by"))

    @api.model
    def _in_force_sql(self, date):
        """A draft stops nothing, and a verdict ends it; one that was judged for a later day is open on an earlier one."""
        return SQL("(%s AND stop.state IN ('offered', 'met', 'expired'))", super()._in_force_sql(date))

    @api.model
    def _is_over_sql(self, date):
        """What nobody offered stopped nothing that could be over."""
        return SQL("(%s AND stop.state NOT IN ('draft', 'to_approve'))", super()._is_over_sql(date))

    @api.model
    def _stopped_items_sql(self, company, date):
        """As in the mixin; of an offer that was paid, what is left is not claimed until it is taken off in accounting: until
        its credit note is posted, and where there is none (an entry, a draft that somebody deleted) until nothing is open.
        """
        items = self._fields["item_ids"]
        return SQL(
            """%(open)s
                UNION ALL
               SELECT item.id, CASE WHEN note.refs IS NULL THEN 'let_go' ELSE 'credit_note_draft' END, NULL, note.refs,
                      NULL::numeric
                 FROM collection_settlement_offer stop
                 JOIN %(relation)s link ON link.%(stop_column)s = stop.id
                 JOIN collection_item item ON item.id = link.%(item_column)s AND item.active
                                          AND item.amount_residual_currency > 0
                CROSS JOIN LATERAL (
                    SELECT bool_or(credit_note.state = 'posted') AS is_posted,
                           max(credit_note.ref) FILTER (WHERE credit_note.state = 'draft') AS refs
                      FROM %(notes)s own
                      JOIN account_move credit_note ON credit_note.id = own.%(note_move)s
                                                   AND credit_note.reversed_entry_id = item.move_id
                     WHERE own.%(note_offer)s = stop.id) note
                WHERE stop.company_id = %(company)s AND stop.state = 'met' AND note.is_posted IS NOT TRUE""",
            open=super()._stopped_items_sql(company, date),
            relation=SQL.identifier(items.relation),
            stop_column=SQL.identifier(items.column1),
            item_column=SQL.identifier(items.column2),
            notes=SQL.identifier(self._fields["credit_note_ids"].relation),
            note_offer=SQL.identifier(self._fields["credit_note_ids"].column1),
            note_move=SQL.identifier(self._fields["credit_note_ids"].column2),
            company=company.id,
        )
