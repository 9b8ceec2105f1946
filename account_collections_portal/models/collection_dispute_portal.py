from datetime import timedelta

from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import html2plaintext, plaintext2html

ANSWERED = "account_collections_portal.mail_activity_type_dispute_answered"
# Files of the customer with one dispute, and messages that its page shows.
MOST_FILES = 20
MOST_MESSAGES = 50
# The same words within so long are a double click.
_SAME_FOR = timedelta(hours=1)


class CollectionDispute(models.Model):
    """As long as a dispute is open its customer adds words and files to it, on the page that shows what was written."""

    _inherit = "collection.dispute"  # pylint: disable=consider-merging-classes-inherited

    def _portal_add(self, text, files, author):
        """The customer adds something, (name, mimetype, content) each file. What is sent twice counts once.

        Whoever looks into it gets one to-do, and a dispute that waited for the customer goes on.
        """
        self.ensure_one()
        self.case_id._portal_begin()
        self.invalidate_recordset(["state", "is_open", "message_ids"])
        if not self.is_open:
            raise UserError(self.env._("This is settled already. If you do not agree, please talk to us."))
        messages = self._get_portal_messages()
        if self._is_said(messages[-1:], text, files, author):
            return
        sent = self._count_portal_files()
        if sent + len(files) > MOST_FILES:
            raise UserError(
                self.env._(
                    "You sent %(count)s files already, and so many more do not fit in here. Please send them by e-mail.",
                    count=sent,
                )
            )
        self.case_id._portal_say(self, text, author, files)
        if self.state == "waiting":
            self.sudo().state = "in_progress"  # sudo: recorded
        self._ask_to_read()

    def _count_portal_files(self):
        """Return how many files came along on the page, however long ago: these are the system's, ours are their authors'."""
        of_this = [("res_model", "=", self._name), ("res_id", "=", self.id), ("create_uid", "=", SUPERUSER_ID)]
        return self.env["ir.attachment"].search_count(of_this)

    def _get_portal_messages(self):
        """Return what the customer may read here, the oldest first: what it wrote, and what was sent to it. No note of ours."""
        self.ensure_one()
        people = self.env["res.partner"]._search([("commercial_partner_id", "in", self._get_customers().ids)])
        of_this = Domain("model", "=", self._name) & Domain("res_id", "=", self.id)
        shared = Domain("author_id", "in", people) | Domain("notified_partner_ids", "in", people)
        messages = self.env["mail.message"].search(of_this & shared, order="id desc", limit=MOST_MESSAGES)
        return messages.filtered(lambda message: _read(message.body) or message.attachment_ids).sorted("id")

    def _read_portal_messages(self):
        """Return (whether it is of the customer, who wrote it, on which day, what, the names of the files) of each message."""
        local = self.with_context(tz=self.company_id.collection_tz)
        return [
            (
                self._is_of_customer(message.author_id),
                message.author_id.name or "",
                fields.Datetime.context_timestamp(local, message.date).date(),
                _read(message.body),
                message.attachment_ids.mapped("name"),
            )
            for message in self._get_portal_messages()
        ]

    def _get_customers(self):
        """Return whose people speak here for the customer: its own, and those of who pays for it."""
        return (self.partner_id | self.partner_id.collection_payer_id).commercial_partner_id

    def _is_of_customer(self, partner):
        return bool(partner.commercial_partner_id & self._get_customers())

    def _is_said(self, message, text, files, author):
        """Return whether ``message``, the last one, says just this."""
        if message.author_id != author or message.date < fields.Datetime.now() - _SAME_FOR:
            return False
        checksum = self.env["ir.attachment"]._compute_checksum
        sent = sorted(checksum(content) for _name, _mimetype, content in files)
        is_same = _read(message.body).split() == _read(plaintext2html(text)).split()
        return is_same and sorted(message.attachment_ids.mapped("checksum")) == sent

    def _ask_to_read(self):
        if self.activity_search([ANSWERED]):
            return
        today = self.company_id._collection_today()
        owner = self.user_id._collection_stand_in(today) or self.case_id._get_todo_user()
        self.with_context(mail_activity_quick_update=True).activity_schedule(
            ANSWERED, date_deadline=today, user_id=owner.id
        )

    def _settle(self, state, resolution=False):
        result = super()._settle(state, resolution)
        self.activity_feedback([ANSWERED])
        return result


def _read(html):
    """Return what a message says, as text."""
    return html2plaintext(html or "", include_references=False).strip()
