from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, email_normalize, email_normalize_all, format_date

from ..engine import project, schedule, select, withhold
from ..engine.attempt import trying
from .collection_action import REASON_LENGTH

# A message counts from the day on which it leaves. What a cycle handed over late in the evening may leave after midnight, so
# much later at most; what waited longer the next cycle sends anew. A message by hand waits for days: no cycle repeats it.
OVER_MIDNIGHT = timedelta(hours=3)
QUEUE_DAYS = 3
# Reasons of a customer that do not concern a message which was sent already: its own, or how it was prepared.
NOT_FOR_THE_QUEUE = ("gap", "manual_level", "no_steps", "awaiting_review")


class CollectionAction(models.Model):
    """A message in Odoo's outgoing queue and after: asked once more before it leaves, failed, bounced, on paper."""

    _inherit = "collection.action"  # pylint: disable=consider-merging-classes-inherited

    sent_subject = fields.Char(related="mail_message_id.subject", string="Subject")
    sent_attachment_ids = fields.Many2many(related="mail_message_id.attachment_ids", string="Attachments")

    # -- once more, just before the queue sends ----------------------------------------------------------------------

    def _check_before_leaving(self):
        """Return {action: (reason code, text)} of the sent actions that must not leave any more.

        The same question as at dispatch, put to the ledger and the stops of this moment; a constant number of statements
        per company, day and request of a person. A day in the queue is a day later for every stop, also for a cycle of an
        earlier date.
        """
        now = fields.Datetime.now()
        late = self.filtered(lambda action: action._waited_too_long(now))
        refused = dict.fromkeys(late, ("waited_too_long", None))
        waiting = self - late
        groups = waiting.grouped(
            lambda action: (action.company_id, action.contact_date + action._get_nights(now), action.request_id)
        )
        self.env.flush_all()
        project.append_pending_marks(self.env)
        project.refresh_marked(self.env, partner_ids=waiting.partner_id.ids)
        for (company, date, request), actions in groups.items():
            refused.update(actions.with_company(company)._find_refused(company, date, request._wish()))
        return refused

    def _get_nights(self, now):
        """Return by how many days it is later than when this message was handed over, where the company is."""
        local = self.company_id._collection_local
        return local(now).date() - local(self.sent_at).date()

    def _waited_too_long(self, now):
        waited = now - self.sent_at
        if not self.cycle_id:
            return waited.days >= QUEUE_DAYS
        return bool(self._get_nights(now)) and waited > OVER_MIDNIGHT

    def _find_refused(self, company, date, wish):
        self.env.flush_all()
        select.select(self.env, company, date, SQL("SELECT unnest(%s)", self.case_id.ids), wish)
        schedule.pretend_unsent(self.env, self)
        withhold.withhold(self.env, company, date, ignore_actions=self.ids, wish=wish)
        outdated = schedule.outdated(self.env, self)
        causes = schedule.causes(self.env, outdated)
        stopped = self._stopped_cases(ignored=NOT_FOR_THE_QUEUE)
        misdirected = schedule.misdirected(self.env, self)
        select.drop(self.env)
        refused = {action: ("recipient_changed", misdirected[action.id]) for action in self if action.id in misdirected}
        refused |= {action: causes.get(action.id, ("paid_meanwhile", None)) for action in outdated}
        for action in self:
            if action.case_id.id in stopped:
                refused[action] = stopped[action.case_id.id]
        return refused

    def _withdraw(self, code, text=None):
        """Take back messages that never left: the levels of their items go back with them."""
        self._change_state("cancelled", allowed_from=("sent",), reason_code=code, reason_values=self._reason_values(code, text))

    # -- failures and bounces -----------------------------------------------------------------------------------------

    def _refuse_contact(self, code, emails, explanation, target):
        """The contact is wrong: level back, and nothing goes to ``emails`` until they are corrected."""
        for action in self:
            if not action.is_test:
                action._block_addresses(emails, explanation)
        self._change_state(
            target, allowed_from=("sent", "delivered"), reason_code=code, reason_values={"text": explanation[:REASON_LENGTH]}
        )

    def _block_addresses(self, emails, explanation):
        """Remember the refused addresses, once each, and show the problem on the case."""
        self.ensure_one()
        self.env["collection.bounce"]._remember(self.case_id, emails, explanation, action=self)
        self.case_id.sudo().write({"contact_problem_code": "bounced", "contact_problem_values": {"text": ", ".join(emails)}})

    def _bounce(self, email, explanation):
        """A message came back from ``email`` (normalised; False when the answer does not say).

        Of several recipients only the refused address is blocked; the message bounced when none is left.
        """
        for action in self:
            addresses = action._get_addresses()
            in_copy = email_normalize_all(action.partner_id.collection_cc)
            refused = email if email in addresses else (addresses[0] if len(addresses) == 1 else False)
            if action.is_test or action.state not in ("sent", "delivered"):
                continue
            if email in in_copy and email not in addresses or not refused:
                action.note_code = "copy_refused"
                continue
            blocked = action.env["collection.bounce"].sudo().search([("action_id", "=", action.id)]).mapped("email")
            if set(addresses) - set(blocked) - {refused}:
                action._block_addresses([refused], explanation)
                action.note_code = "address_refused"
            else:
                action._refuse_contact("mail_bounced", [refused], explanation, "bounced")

    def _get_addresses(self):
        """Return the normalised addresses that this message was for."""
        self.ensure_one()
        addresses = (email_normalize(address) for address in (self.recipient or "").split(","))
        return [address for address in addresses if address]

    # -- on paper -------------------------------------------------------------------------------------------------------

    def _get_letter(self):
        """Return the wording of the letter: that of the e-mail, in the language of the context.

        So what a person wrote for it comes before the text of the step, of the request or of an instalment.
        """
        self.ensure_one()
        template = self._get_template() or self.env.ref("account_collections_auto.mail_template_first_reminder")
        template = template.with_context(lang=self.env.lang).sudo()
        if own := self._get_own_text():
            words = own._fill(self)
        else:
            words = {name: template._render_field(name, self.ids)[self.id] for name in ("subject", "body_html")}
        return {
            "subject": words["subject"],
            "body": words["body_html"],
            "date": self._long_date(self.contact_date or self.company_id._collection_today()),
        }

    def _get_letter_address(self):
        self.ensure_one()
        partner = self.recipient_ids[:1] or self.partner_id
        return partner._display_address(without_company=False) if partner.name else partner.display_name

    def _get_letter_name(self):
        self.ensure_one()
        day = self.contact_date or self.company_id._collection_today()
        return self.env._("Letter of %(date)s", date=format_date(self.env, day, date_format="yyyy-MM-dd"))

    def _get_letter_attachment(self, problems):
        """Return the letter as a file kept on the action; empty when it could not be made, with the problem noted."""
        action = self.with_context(lang=self.lang or self.partner_id.lang)
        return action._make_pdf(
            "account_collections_auto.action_report_letter", action, f"{action._get_letter_name()}.pdf", problems
        )

    @api.model
    def _make_pdf(self, report, record, name, problems):
        """Return a PDF of one record as a file of this action; the message goes without one that could not be made."""
        # Odoo's reports may write on what they print, and a company's own report fails in its own ways.
        with trying(self, f"PDF {name}") as outcome:
            content, kind = self.env["ir.actions.report"].sudo()._render_qweb_pdf(report, record.ids)
        if outcome.error:
            problems.append("pdf_missing")
            return self.env["ir.attachment"].sudo()
        return (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": name,
                    "raw": content,
                    "mimetype": "application/pdf" if kind == "pdf" else "text/html",
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        )
