from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..engine import notices

_LIKELY_LINES = 10


class CollectionPaymentNotice(models.Model):
    """A customer says: we have paid already. The items rest while the money may be on its way.

    It closes by itself when the money is matched. Not found in time, reminders go on where they stood and ask for proof.
    """

    _name = "collection.payment.notice"
    _description = "Payment Notice"
    _inherit = ["mail.thread", "mail.activity.mixin", "collection.answer.mixin"]
    _order = "date_from desc, id desc"
    _is_made_by_person = False
    _recorded = frozenset({"state", "ended_on", "date_until"})

    payment_date = fields.Date(string="Paid On", required=True, default=fields.Date.context_today, tracking=True)
    amount = fields.Monetary(required=True, tracking=True)
    reference = fields.Char(help="What the customer wrote on the transfer.")
    proof_ids = fields.Many2many("ir.attachment", string="Proof", help="For example the confirmation of the customer's bank.")
    date_until = fields.Date(compute="_compute_date_until", store=True, readonly=True)
    state = fields.Selection(
        [
            ("to_check", "To Check"),
            ("open", "Looking For It"),
            ("found", "Found"),
            ("not_found", "Not Found"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="open",
        readonly=True,
        copy=False,
        tracking=True,
    )
    likely_line_ids = fields.Many2many(
        "account.bank.statement.line",
        compute="_compute_likely_lines",
        string="Likely Bank Lines",
        help="Lines that nobody matched yet, of this customer, with this reference, or over about this amount.",
    )

    _amount_positive = models.Constraint("CHECK(amount > 0)", "A payment is about more than zero.")

    @api.depends("date_from", "case_id")
    def _compute_date_until(self):
        for notice in self:
            days = max(notice.case_id.plan_id.in_transit_days, 1)
            notice.date_until = notice.date_from and notice.date_from + timedelta(days=days - 1)

    @api.depends("partner_id", "amount", "payment_date")
    def _compute_display_name(self):
        for notice in self:
            if not notice.partner_id or not notice.amount:
                notice.display_name = False  # shown as new
                continue
            notice.display_name = self.env._(
                "%(customer)s: %(amount)s paid on %(date)s",
                customer=notice.partner_id.name or "",
                amount=notice.currency_id.format(notice.amount) if notice.currency_id else "",
                date=format_date(self.env, notice.payment_date) if notice.payment_date else "",
            )

    @api.depends("amount", "payment_date", "reference", "partner_id")
    def _compute_likely_lines(self):
        for notice in self:
            notice.likely_line_ids = notice._find_likely_lines()

    def _find_likely_lines(self):
        """Return the bank lines that may be this payment, those of the customer and of the exact amount first."""
        self.ensure_one()
        company = self.company_id
        amount = self.currency_id._convert(self.amount, company.currency_id, company, self.payment_date or self.date_from)
        about = Domain("amount", ">=", amount * (1 - notices.CHARGES_PERCENT / 100)) & Domain("amount", "<=", amount)
        texts = [text for text in [self.reference, *self.item_ids.mapped("move_id.name")] if text and len(text) >= 4]
        hints = [
            about,
            Domain("partner_id", "child_of", self.partner_id.commercial_partner_id.id),
            *(Domain("payment_ref", "ilike", text) for text in texts),
        ]
        lines = self.env["account.bank.statement.line"].search(
            Domain("company_id", "child_of", company.id)
            & Domain("is_reconciled", "=", False)
            & Domain("amount", ">", 0)
            & Domain("date", ">=", (self.payment_date or self.date_from) - timedelta(days=3))
            & Domain.OR(hints),
            limit=_LIKELY_LINES * 5,
        )
        own = self.partner_id.commercial_partner_id
        nearest = lines.sorted(lambda line: (line.partner_id.commercial_partner_id != own, abs(line.amount - amount)))
        return nearest[:_LIKELY_LINES]

    @api.model_create_multi
    def create(self, vals_list):
        found = super().create(vals_list)
        for notice in found:
            if notice._is_repeated():
                notice.sudo().state = "to_check"
            notice._ask_accountant()
        return found

    def _is_repeated(self):
        """The customer said so before about the same debts: this time a person decides whether they rest again.

        The same is an item that both name. A notice about the whole account names what was open at its time; where the first
        payment was found, what is still open was not meant.
        """
        earlier = self.with_context(active_test=False).search(
            [("case_id", "=", self.case_id.id), ("id", "!=", self.id), ("state", "!=", "cancelled")]
        )
        not_found = earlier.filtered(lambda notice: notice.state != "found")
        debts = self.item_ids or self.case_id.item_ids.filtered(lambda item: item.amount_residual_currency > 0)
        said_of_items = (not_found if self.is_for_all else earlier).item_ids
        said_of_all = not_found.filtered("is_for_all").mapped("create_date")
        return bool(debts & said_of_items) or bool(
            debts and said_of_all and min(debts.mapped("create_date")) <= max(said_of_all)
        )

    def _ask_accountant(self):
        """One to-do: look for the money."""
        question = (
            self.env._("The customer says again that it was paid: let the items rest?")
            if self.state == "to_check"
            else self.env._("Look for the payment that the customer announced")
        )
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            "account_collections_auto.mail_activity_type_payment_notice",
            date_deadline=self.date_until,
            user_id=self.case_id._get_todo_user().id,
            summary=question,
        )

    def _end(self, state, feedback):
        for company, found in self.grouped("company_id").items():
            found.sudo().write({"state": state, "ended_on": company._collection_today()})
        self.activity_feedback(["account_collections_auto.mail_activity_type_payment_notice"], feedback=feedback)

    def _check_undecided(self):
        self.check_access("write")
        for notice in self:
            if notice.state not in ("open", "to_check"):
                raise UserError(notice.env._("%(notice)s is decided already.", notice=notice.display_name))

    def action_accept(self):
        """Believe the customer once more: the items rest, from today on as long as money may be on its way."""
        self._check_undecided()
        for company, notices_of_company in self.grouped("company_id").items():
            waiting = notices_of_company.filtered(lambda notice: notice.state == "to_check")
            waiting.sudo().write({"state": "open", "date_from": company._collection_today()})

    def action_not_found(self):
        """The money did not come: reminders go on where they stood and ask for proof."""
        self._check_undecided()
        self._end("not_found", self.env._("Not found"))

    def action_cancel(self):
        """Recorded by mistake: the items go on, and nothing is said about it."""
        self._check_undecided()
        self._end("cancelled", False)

    @api.model
    def _judge(self, company, date):
        """Close the notices of ``company`` whose money was matched, and those whose time is over on ``date``. Set-based."""
        self.env.flush_all()
        for state, ids in notices.judge(self.env, company, date).items():
            found = self.browse(ids)
            found.invalidate_recordset(flush=False)
            labels = dict(self._fields["state"]._description_selection(self.env))
            found.activity_feedback(
                ["account_collections_auto.mail_activity_type_payment_notice"], feedback=labels[state]
            )

    def _counts(self):
        return self.state not in ("to_check", "cancelled")

    @api.model
    def _stop_code(self):
        return "payment_notice"

    @api.model
    def _stop_text_sql(self, alias):
        return SQL("to_char(%s, 'YYYY-MM-DD')", SQL.identifier(alias, "payment_date"))

    @api.model
    def _in_force_sql(self, date):
        """A second notice that nobody looked at stops nothing."""
        return SQL("(%s AND stop.state NOT IN ('to_check', 'cancelled'))", super()._in_force_sql(date))

    @api.model
    def _ended_periods_sql(self, company, date):
        """Nothing waits longer because of it: reminders go on where they stood."""
        return SQL("SELECT NULL::int, NULL::date, NULL::date, NULL::date, NULL::boolean WHERE FALSE")
