from babel import Locale, UnknownLocaleError
from babel.dates import format_date as babel_date
from babel.lists import format_list
from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import SQL, format_amount, format_date

from ..engine.sections import join_numbers

# Of several documents that share one payment reference: what a bank transfer has room for.
REFERENCE_LENGTH = 140


class CollectionAction(models.Model):
    """What the texts of a message show: names, sums and dates in words, the table of items, how to pay, whom to ask.

    All of it in the language of the context. Editing the text of a template cannot break these: they are variables.
    """

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    greeting_name = fields.Char(compute="_compute_names", compute_sudo=True)
    deadline_text = fields.Char(compute="_compute_deadline_text", compute_sudo=True)
    claimed_text = fields.Char(compute="_compute_claimed_text", compute_sudo=True, string="Claimed, per Currency")
    claimed_words = fields.Char(compute="_compute_claimed_words", compute_sudo=True, string="Claimed, in Words")
    items_table = fields.Html(compute="_compute_items_table", compute_sudo=True, sanitize=False)
    payment_details = fields.Html(compute="_compute_payment_details", compute_sudo=True, sanitize=False)
    contact_details = fields.Html(compute="_compute_contact_details", compute_sudo=True, sanitize=False)

    @api.depends("recipient_ids.name", "partner_id.name")
    def _compute_names(self):
        for action in self:
            recipient = action.recipient_ids if len(action.recipient_ids) == 1 else action.partner_id
            action.greeting_name = recipient.name or recipient.commercial_partner_id.name or ""

    @api.depends("deadline", "level_id")
    @api.depends_context("lang")
    def _compute_deadline_text(self):
        """The last day to answer; of a message that has not left, the day it would be if it left today."""
        texts = {}
        for action in self:
            deadline = action.deadline
            if not deadline:
                today = action.company_id._collection_today()
                deadline = action._get_deadline(today) or today
            if deadline not in texts:
                texts[deadline] = self._long_date(deadline)
            action.deadline_text = texts[deadline]

    def _get_deadline(self, day):
        """Return the last day to answer if this message leaves on ``day``; False outside of the levels.

        A courtesy message names the first due date of what it is about: asking for a later day would defer the payment.
        """
        self.ensure_one()
        level = self.level_id
        if not level or level.days_overdue > 0:
            return bool(level) and level._get_deadline(day)
        return max(day, min(self.line_ids.filtered("advances").mapped("due_date"), default=day))

    def _long_date(self, day):
        """Return ``day`` with the month in words: nobody takes the day for the month."""
        return babel_date(day, "long", locale=self._locale())

    def _locale(self):
        try:
            return Locale.parse(self.env.lang or "en_US")
        except (UnknownLocaleError, ValueError):
            return Locale("en")

    # -- sums ------------------------------------------------------------------------------------------------------

    def _get_claims(self):
        """Return {currency: what is demanded in it}: what is claimed of the items less the credits, not below zero."""
        self.ensure_one()
        sums = {}
        for line in self.line_ids:
            sums[line.currency_id] = sums.get(line.currency_id, 0.0) + line.amount_claimed_currency
        return {currency: max(currency.round(amount), 0.0) for currency, amount in sums.items()}

    def _get_demands(self):
        """Return {currency: what is demanded in it}: what is claimed, where it is more than the tolerance of the plan."""
        own, tolerance = self.company_id.currency_id, self.plan_id.tolerance_amount
        day = self.contact_date or self.company_id._collection_today()
        return {
            currency: amount
            for currency, amount in self._get_claims().items()
            if amount > own._convert(tolerance, currency, self.company_id, day, round=False)
        }

    def _join_claims(self, describe):
        demanded = self._get_demands() or {currency: 0.0 for currency in list(self._get_claims())[:1]}
        return format_list([describe(currency, amount) for currency, amount in demanded.items()], locale=self._locale())

    @api.depends("line_ids.amount_claimed_currency")
    @api.depends_context("lang")
    def _compute_claimed_text(self):
        for action in self:
            action.claimed_text = action._join_claims(lambda currency, amount: format_amount(self.env, amount, currency))

    @api.depends("line_ids.amount_claimed_currency")
    @api.depends_context("lang")
    def _compute_claimed_words(self):
        """As Odoo spells amounts; a language that `num2words` lacks gets English."""
        for action in self:
            action.claimed_words = action._join_claims(lambda currency, amount: currency.amount_to_text(amount))

    # -- the table of items -----------------------------------------------------------------------------------------

    @api.depends("line_ids", "level_id")
    @api.depends_context("lang")
    def _compute_items_table(self):
        qweb = self.env["ir.qweb"]
        formats = Formats(self.env)
        for action in self:
            values = action._prepare_items_table(formats)
            action.items_table = qweb._render("account_collections_auto.items_table", values, minimal_qcontext=True)

    def _prepare_items_table(self, formats):
        """Return what the table shows, as text: sections with rows, and the sums of each currency."""
        sections = {}
        for line in self.line_ids:
            sections.setdefault(self._section_of(line), []).append(line)
        titles = self._section_titles(formats)
        claims, demands = self._get_claims(), self._get_demands()
        return {
            "sections": [
                {"title": titles(key), "rows": [self._prepare_row(line, formats) for line in sections[key]]}
                for key in sorted(sections)
            ],
            "sums": [
                self._prepare_sums(currency, total, formats) | {"is_left": bool(total and currency not in demands)}
                for currency, total in claims.items()
            ],
            "has_references": any(line.move_reference for line in self.line_ids),
            "has_overdue": self._has_overdue_debts(),
            "has_stopped": any(line.amount_stopped_currency for line in self.line_ids),
            "final": self.level_id.final_notice,
            "proof_request": self._get_proof_request(),
        }

    def _has_overdue_debts(self):
        return any(line.days_overdue > 0 and line.amount_residual_currency > 0 for line in self.line_ids)

    def _section_of(self, line):
        """What advances, what was reminded before (by date), what else is due, the credits.

        Of a final notice, what advances to it comes first: an item at a lower level is not called final.
        """
        if line.amount_residual_currency < 0:
            return (4, "")
        if line.advances:
            return (1, "") if self.level_id.final_notice and line.level_id != self.level_id else (0, "")
        return (2, line.reminded_date.isoformat()) if line.reminded_date else (3, "")

    def _section_titles(self, formats):
        level = self.level_id
        due = self.env._("Now due")
        if level.final_notice:
            first = self.env._("Final notice")
        elif level and level.days_overdue <= 0 and not self._has_overdue_debts():
            first = self.env._("Due soon")
        else:
            first = due

        def title(key):
            kind, day = key
            if kind == 2:
                return self.env._("Already reminded on %(date)s", date=formats.date(fields.Date.to_date(day)))
            others = self.env._("Also due") if level else due
            return {0: first, 1: due, 3: others, 4: self.env._("Credits and payments not yet matched")}[kind]

        return title

    def _prepare_row(self, line, formats):
        original, residual, currency = line.amount_original_currency, line.amount_residual_currency, line.currency_id
        return {
            "number": line.move_name or "",
            "url": line._get_portal_url(),
            "reference": line.move_reference or "",
            "date": formats.date(line.invoice_date),
            "due_date": formats.date(line.due_date) if residual > 0 else "",
            "days_overdue": line.days_overdue if residual > 0 and line.days_overdue > 0 else "",
            "original": formats.amount(original, currency),
            "paid": formats.amount(original - residual, currency) if original != residual else "",
            "open": formats.amount(residual, currency),
            "stopped": formats.amount(line.amount_stopped_currency, currency) if line.amount_stopped_currency else "",
        }

    def _prepare_sums(self, currency, total, formats):
        lines = self.line_ids.filtered(lambda line: line.currency_id == currency)
        credit = sum(line.amount_residual_currency for line in lines if line.amount_residual_currency < 0)
        debit = sum(line.amount_residual_currency for line in lines if line.amount_residual_currency > 0)
        stopped = sum(lines.mapped("amount_stopped_currency"))
        return {
            "currency": currency.name,
            "subtotal": formats.amount(debit, currency),
            "credits": formats.amount(credit, currency) if credit else "",
            "stopped": formats.amount(-stopped, currency) if stopped else "",
            "total": formats.amount(total, currency),
        }

    @api.model
    def _ensure_portal_links(self, moves):
        """Give the documents that lack one the access token of Odoo's signed page, in one statement.

        Invoices get theirs when they are created; this is for older ones. Rows that somebody is working on are left
        alone: nobody waits for us, and the number is then shown without a link.
        """
        moves.flush_recordset(["access_token"])
        self.env.cr.execute(
            SQL(
                """UPDATE account_move SET access_token = gen_random_uuid()::text
                    WHERE id IN (SELECT id FROM account_move WHERE id = ANY(%s) AND access_token IS NULL
                                    FOR NO KEY UPDATE SKIP LOCKED)""",
                moves.ids,
            )
        )
        if self.env.cr.rowcount:
            moves.invalidate_recordset(["access_token"], flush=False)

    # -- how to pay, whom to ask --------------------------------------------------------------------------------------

    @api.depends("line_ids.move_id", "company_id")
    @api.depends_context("lang")
    def _compute_payment_details(self):
        for action in self:
            action.payment_details = self.env["ir.qweb"]._render(
                "account_collections_auto.payment_details", action._prepare_payment_details(), minimal_qcontext=True
            )

    def _prepare_payment_details(self):
        """Return what "how to pay" shows. Extend with yours; writes nothing."""
        self.ensure_one()
        banks = self._get_bank_accounts()
        currencies = {bank: [currency for currency in banks if banks[currency] == bank] for bank in banks.values() if bank}
        return {
            "accounts": [
                {"bank": bank, "currency": ", ".join(each.name for each in names) if len(currencies) > 1 else None}
                for bank, names in currencies.items()
            ],
            "reference": self._get_payment_reference(),
            "qr_url": self._get_qr_url(banks),
        }

    def _get_bank_accounts(self):
        """Return {currency that is demanded: account to pay to}: the one printed on its invoices, else on the others, else
        the company's first. An invoice of a branch may name the account of the branch.
        """
        owed = self.line_ids.filtered(lambda line: line.amount_residual_currency > 0)
        holders = (self.company_id | owed.move_id.company_id).partner_id

        def printed(lines):
            return lines.move_id.partner_bank_id.filtered(lambda bank: bank.partner_id in holders)[:1]

        other = printed(owed) or self.company_id.partner_id.bank_ids[:1]
        return {
            currency: printed(owed.filtered(lambda line, currency=currency: line.currency_id == currency)) or other
            for currency in self._get_demands() or owed.currency_id
        }

    def _get_payment_reference(self):
        """Return what to state in the transfer: the reference of the one document, else the numbers that fit."""
        lines = self.line_ids.filtered(lambda line: line.amount_residual_currency > 0)
        if len(lines.move_id) == 1 and lines.move_id.payment_reference:
            return lines.move_id.payment_reference
        return join_numbers((line.move_name for line in lines), REFERENCE_LENGTH)

    def _get_qr_url(self, banks):
        """Return the address of the QR code that Odoo makes for the claim, None where it makes none."""
        demands = self._get_demands()
        if len(demands) != 1 or not self.company_id.qr_code:
            return None
        ((currency, amount),) = demands.items()
        bank = banks[currency]
        if not bank:
            return None
        url = bank.build_qr_code_url(amount, self._get_payment_reference(), "", currency, self.partner_id)
        return url and self.get_base_url() + url

    @api.depends("case_id.user_id", "company_id")
    @api.depends_context("lang")
    def _compute_contact_details(self):
        for action in self:
            collector = action.case_id._get_collector()
            action.contact_details = self.env["ir.qweb"]._render(
                "account_collections_auto.contact_details",
                {
                    "name": collector.name,
                    "company": action.company_id,
                    "phone": collector.phone or action.company_id.phone,
                    "email": action._get_reply_address(),
                },
                minimal_qcontext=True,
            )

    def _get_reply_address(self):
        """Return the address that people are told to write to: the collector's, else the company's."""
        return self.case_id._get_reply_address()


class Formats:
    """Dates and amounts as text in the language of ``env``; each value is formatted once."""

    def __init__(self, env):
        self.env = env
        self._dates = {}
        self._amounts = {}

    def date(self, day):
        """Return ``day`` as text, '' for none."""
        if day not in self._dates:
            self._dates[day] = format_date(self.env, day) if day else ""
        return self._dates[day]

    def amount(self, amount, currency):
        """Return ``amount`` with its currency, never broken over two lines."""
        key = (currency.id, currency.round(amount))
        if key not in self._amounts:
            # No line break inside an amount, whatever the separators of the language.
            self._amounts[key] = Markup(format_amount(self.env, key[1] + 0.0, currency).replace(" ", "\N{NO-BREAK SPACE}"))
        return self._amounts[key]
