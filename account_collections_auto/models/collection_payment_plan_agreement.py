import logging

from babel import Locale, UnknownLocaleError
from babel.dates import format_date as babel_date
from odoo import api, fields, models
from odoo.addons.base.models.ir_qweb import QWebError
from odoo.exceptions import UserError

from ..engine.sections import join_numbers
from .collection_action_text import REFERENCE_LENGTH, Formats

_logger = logging.getLogger(__name__)


class CollectionPaymentPlan(models.Model):
    """The agreement on paper: made when the plan is proposed, in the customer's language, and sent to be signed."""

    _inherit = "collection.payment.plan"  # pylint: disable=consider-merging-classes-inherited

    instalments_table = fields.Html(compute="_compute_instalments_table", compute_sudo=True, sanitize=False)
    payment_details = fields.Html(compute="_compute_payment_details", compute_sudo=True, sanitize=False)
    answer_text = fields.Char(compute="_compute_answer_text", help="The last day to accept, in words.")

    @api.depends("line_ids.amount", "line_ids.amount_rest", "line_ids.date")
    @api.depends_context("lang")
    def _compute_instalments_table(self):
        for plan in self:
            plan.instalments_table = plan.line_ids._render_table()

    @api.depends("item_ids", "company_id")
    @api.depends_context("lang")
    def _compute_payment_details(self):
        for plan in self:
            bank = plan.company_id.partner_id.bank_ids[:1]
            plan.payment_details = self.env["ir.qweb"]._render(
                "account_collections_auto.payment_details",
                {
                    "accounts": [{"bank": bank, "currency": None}] if bank else [],
                    "reference": join_numbers((item.display_name for item in plan.item_ids), REFERENCE_LENGTH),
                    "qr_url": None,
                },
                minimal_qcontext=True,
            )

    @api.depends("date_until")
    @api.depends_context("lang")
    def _compute_answer_text(self):
        for plan in self:
            plan.answer_text = plan.date_until and plan._long_date(plan.date_until)

    def _long_date(self, day):
        """Return ``day`` with the month in words, in the language of the context."""
        try:
            locale = Locale.parse(self.env.lang or "en_US")
        except (UnknownLocaleError, ValueError):
            locale = Locale("en")
        return babel_date(day, "long", locale=locale)

    def _propose(self):
        result = super()._propose()
        self._make_agreement()
        return result

    def _make_agreement(self):
        """Keep the agreement as a file of this plan: what is proposed is what was printed."""
        lang = self.partner_id.lang or self.env.lang
        plan = self.with_context(lang=lang).sudo()
        try:
            with self.env.cr.savepoint():
                content, kind = (
                    self.env["ir.actions.report"]
                    .sudo()
                    ._render_qweb_pdf("account_collections_auto.action_report_payment_plan", self.ids)
                )
        except (UserError, OSError, ValueError, QWebError) as error:
            _logger.info("No agreement for payment plan %s: %s", self.id, error)
            return
        plan.agreement_id = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": plan._get_agreement_name(),
                    "raw": content,
                    "mimetype": "application/pdf" if kind == "pdf" else "text/html",
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        )

    def _get_agreement_name(self):
        self.ensure_one()
        return self.env._("Payment agreement %(number)s.pdf", number=self.id)

    def _get_conditions(self):
        """Return the sentences of the agreement, in the language of the context."""
        self.ensure_one()
        sentences = [
            self.env._("As long as the instalments are paid on time, we do not ask for the rest of the amount."),
            self.env._(
                "An instalment counts as paid on time when it reaches us at most %(days)s days after its date.",
                days=self.grace_days,
            ),
            self.env._("If %(count)s instalments are not paid on time, the whole rest is due at once.", count=self.max_missed)
            if self.max_missed > 1
            else self.env._("If an instalment is not paid on time, the whole rest is due at once."),
        ]
        if self.interest_runs:
            sentences.append(self.env._("Late interest runs on and is invoiced separately."))
        else:
            sentences.append(self.env._("For the time of this agreement no late interest is charged."))
        return sentences

    def _get_rows(self):
        """Return the rows of the items for the agreement: number, date, due date, open amount, as text."""
        formats = Formats(self.env)
        return [
            {
                "number": item.display_name,
                "date": formats.date(item.move_id.invoice_date or item.move_id.date),
                "due_date": formats.date(item.due_date),
                "open": formats.amount(item.amount_residual_currency, item.currency_id),
            }
            for item in self.item_ids
        ]

    def action_print_agreement(self):
        """Open the agreement: the file that was made when the plan was proposed, before that a draft of it."""
        self.ensure_one()
        self.check_access("read")
        if self.agreement_id:
            return {
                "type": "ir.actions.act_url",
                "url": f"/web/content/{self.agreement_id.id}?download=true",
                "target": "download",
            }
        return self.env.ref("account_collections_auto.action_report_payment_plan").report_action(self)

    def action_send_agreement(self):
        """Send the agreement to whom the reminders go, with the question to sign it."""
        self._check_state("proposed")
        template = self.env.ref("account_collections_auto.mail_template_payment_plan_agreement")
        for plan in self:
            if plan.case_id._tell(template, plan, plan.sudo().agreement_id):
                plan.message_post(body=plan.env._("The agreement was sent to the customer."))
