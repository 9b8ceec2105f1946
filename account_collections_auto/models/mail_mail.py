import ast
import logging
import re
from datetime import timedelta

from odoo import fields, models
from odoo.tools import email_normalize, plaintext2html, split_every

from ..engine.transactions import retrying
from .collection_action import SENT

_logger = logging.getLogger(__name__)

# So many mails are checked at once and then sent: a few seconds' work, so that the check is fresh.
CHECK_BATCH = 25

CONTACT_FAILURES = ("mail_email_invalid", "mail_email_missing")
FIRST_DELAY_MINUTES = 5
LONGEST_DELAY_MINUTES = 240


class MailMail(models.Model):
    """Odoo's queue asks once more before it sends a message of ours, and tells what became of it."""

    _inherit = "mail.mail"

    def _collection_actions(self, states=("sent",)):
        """Return the collection actions of these mails that are in one of ``states``."""
        ours = self.filtered(lambda mail: mail.model == "collection.case")
        if not ours:
            return self.env["collection.action"].sudo()
        return self.env["collection.action"].sudo().search([("mail_id", "in", ours.ids), ("state", "in", states)])

    # -- once more, just before it leaves ----------------------------------------------------------------------------

    def _send(self, auto_commit=False, **kwargs):
        if not self.filtered(lambda mail: mail.model == "collection.case"):
            return super()._send(auto_commit=auto_commit, **kwargs)
        for batch in split_every(CHECK_BATCH, self.ids, self.browse):
            leaving = batch._drop_outdated(auto_commit)
            super(MailMail, leaving)._send(auto_commit=auto_commit, **kwargs)
        return True

    def _drop_outdated(self, auto_commit):
        """Return the mails that may leave; those whose claim changed or that are stopped are withdrawn and removed.

        With ``auto_commit`` the check is a transaction of its own: it sees what others did until now, does not hold
        them up while the mails leave, and is done again after a conflict with them.
        """
        if not auto_commit:
            return self._withdraw_outdated()
        # The queue has looked for its mails in this transaction already: it would not see what others did since.
        self.env["ir.cron"]._commit_progress()
        return retrying(self.env, self._withdraw_outdated)

    def _withdraw_outdated(self):
        waiting = self.exists().filtered(lambda mail: mail.state == "outgoing")
        ours = waiting.filtered(lambda mail: mail.model == "collection.case")
        actions = self.env["collection.action"].sudo().search([("mail_id", "in", ours.ids)])
        withdrawn = actions.filtered(lambda action: action.state not in ("sent", "delivered"))
        real = actions.filtered(lambda action: action.state == "sent" and not action.is_test)
        by_reason = {}
        for action, reason in real._check_before_leaving().items():
            by_reason.setdefault(reason, []).append(action.id)
        for (code, text), ids in by_reason.items():
            refused = actions.browse(ids)
            refused._withdraw(code, text)
            withdrawn |= refused
        closed = (real - withdrawn)._find_closed(fields.Datetime.now())
        for action, moment in closed.items():
            action.mail_id.scheduled_date = moment
            action.mail_id._trigger_queue()
        waiting -= self.env["mail.mail"].union(*(action.mail_id.sudo(False) for action in closed))
        gone = withdrawn.mail_id
        # The message goes too: the case must not show what the customer never got.
        messages = gone.mail_message_id
        gone.sudo().unlink()
        messages.sudo().unlink()
        return waiting - gone

    def _withdraw_late(self):
        """Take back what waits for its next try and is of an earlier day, so that the cycle of the new day sends it anew.

        Only what is not due: no queue has that in its hands.
        """
        now = fields.Datetime.now()
        trying = [("state", "=", "sent"), ("mail_id.state", "=", "outgoing"), ("mail_id.scheduled_date", ">", now)]
        actions = self.env["collection.action"].sudo().search(trying)
        late = actions.filtered(lambda action: not action.is_test and action._waited_too_long(now))
        mails = late.mail_id
        late._withdraw("waited_too_long")
        mails._take_back()

    # -- a person cancels or deletes ---------------------------------------------------------------------------------

    def write(self, vals):
        result = super().write(vals)
        if vals.get("state") == "cancel":
            self._collection_actions()._withdraw("mail_cancelled")
        return result

    def unlink(self):
        waiting = self.filtered(lambda mail: mail.state in ("outgoing", "exception", "cancel"))
        waiting._collection_actions()._withdraw("mail_cancelled")
        return super().unlink()

    def _take_back(self):
        """Remove mails that a person took back, with their messages: the case must not show what nobody got.

        One that is due may be in the hands of the queue: it stays there, cancelled, and is passed over.
        """
        now = fields.Datetime.now()
        early = self.filtered(lambda mail: mail.scheduled_date and mail.scheduled_date > now)
        (self - early).write({"state": "cancel"})
        messages = early.mail_message_id
        early.unlink()
        messages.unlink()

    # -- failures ------------------------------------------------------------------------------------------------------

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        if failure_type:
            self._hear_failures(failure_type)
        return super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )

    def _hear_failures(self, failure_type=None):
        """Tell the two kinds of failure apart. The contact: the action failed. The service: back into the queue."""
        ours = self.filtered(lambda mail: mail.model == "collection.case")
        actions = ours._collection_actions()
        by_mail = {action.mail_id: action for action in actions}
        service = self.browse()
        for mail in ours:
            action = by_mail.get(mail)
            if not action:
                continue
            refused = mail._get_refused_addresses(failure_type or mail.failure_type)
            if refused is None:
                service |= mail
            else:
                reason = mail.failure_reason or mail.failure_type or failure_type
                action._refuse_contact("mail_failed", refused or action._get_addresses(), reason, "failed")
        if service:
            service._try_again_later(actions.filtered(lambda action: action.mail_id in service))

    def _get_refused_addresses(self, failure_type):
        """Return the addresses that the server refuses for good ([] when it does not say), None when it is the service."""
        self.ensure_one()
        if failure_type in CONTACT_FAILURES:
            return []
        answers = refused_recipients(self.failure_reason)
        if answers and all(500 <= code < 600 and code != 552 for code in answers.values()):
            return [email_normalize(address) or address for address in answers]
        return None

    def _try_again_later(self, actions):
        """Back into the queue, each time after a longer while; one alert for all."""
        now = fields.Datetime.now()
        for attempts, group in actions.grouped("attempts").items():
            delay = min(FIRST_DELAY_MINUTES * 2**attempts, LONGEST_DELAY_MINUTES)
            group.write({"attempts": attempts + 1})
            group.mail_id.write({"state": "outgoing", "scheduled_date": now + timedelta(minutes=delay)})
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger(at=now + timedelta(minutes=delay))
        _logger.info("%s collection mails go back to the queue: %s", len(actions), self[:1].failure_reason)
        self._raise_service_alert(self[:1].failure_reason)

    def _service_alerts(self):
        return (
            self.env["mail.activity"]
            .sudo()
            .search([("activity_type_id", "=", self.env.ref("account_collections_auto.mail_activity_type_mail_service").id)])
        )

    def _raise_service_alert(self, explanation):
        """One to-do for each manager while the service is down, however many mails and days it is about.

        No e-mail: it is e-mail that does not work.
        """
        if self._service_alerts():
            return
        managers = self.env.ref("account_collections_auto.group_collection_manager").sudo().all_user_ids
        kind = self.env.ref("account_collections_auto.mail_activity_type_mail_service")
        self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": kind.id,
                    "user_id": user.id,
                    "summary": self.env._("Payment reminders wait: the mail server does not take them"),
                    "note": plaintext2html(explanation or ""),
                }
                for user in managers
                if user.active and not user.share and user != self.env.ref("base.user_root")
            ]
        )

    def _end_service_alert(self):
        """Once nothing waits for the mail server any more, the alert has done its work.

        What waited too long and was taken back says nothing of the server: after it something has to have left.
        """
        alerts = self._service_alerts()
        if not alerts:
            return
        actions = self.env["collection.action"].sudo()
        tried = [("attempts", ">", 0)]
        waiting = [("state", "=", "sent"), *tried, ("mail_id.state", "in", ("outgoing", "exception"))]
        taken_back = actions.search([("reason_code", "=", "waited_too_long"), *tried], order="sent_at desc", limit=1)
        left = [("channel", "=", "email"), ("state", "in", SENT), ("sent_at", ">", taken_back.sent_at)]
        left += ["|", ("mail_id", "=", False), ("mail_id.state", "=", "sent")]
        if not actions.search_count(waiting, limit=1) and (not taken_back or actions.search_count(left, limit=1)):
            alerts.unlink()

    # -- the queue itself ------------------------------------------------------------------------------------------------

    def _due_domain(self):
        return [
            ("state", "=", "outgoing"),
            "|",
            ("scheduled_date", "=", False),
            ("scheduled_date", "<=", fields.Datetime.now()),
        ]

    def _trigger_queue(self, only_if_due=False):
        """Wake Odoo's queue up after this transaction, or when these mails may leave: a mail that is created does not."""
        if only_if_due and not self.search_count([*self._due_domain(), ("model", "=", "collection.case")], limit=1):
            return
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()
        for at in {mail.scheduled_date for mail in self} or {False}:
            queue._trigger(at=at or None)

    def process_email_queue(self, email_ids=(), batch_size=1000):
        """Odoo takes one batch and stops: ask for the next one while there is some and the last one got anywhere."""
        domain = [*self._due_domain(), ("model", "=", "collection.case")]
        before = self.search_count(domain)
        result = super().process_email_queue(email_ids=email_ids, batch_size=batch_size)
        if before and not email_ids and 0 < self.search_count(domain) < before:
            self._trigger_queue()
        return result


def refused_recipients(text):
    """Return {address: SMTP code} from the text of smtplib's refusal of all recipients, {} for any other text.

    >>> refused_recipients("Failed\\nSMTPRecipientsRefused: {'a@b.c': (550, b'5.1.1 no such user')}")
    {'a@b.c': 550}
    >>> refused_recipients("SMTPServerDisconnected: gone")
    {}
    """
    found = re.search(r"SMTPRecipientsRefused: (\{.*\})", text or "", re.DOTALL)
    if not found:
        return {}
    try:
        answers = ast.literal_eval(found.group(1))
        return {address: int(code) for address, (code, _answer) in answers.items()}
    except (ValueError, SyntaxError, TypeError):
        return {}
