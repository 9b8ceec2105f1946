"""Stories about answers by e-mail: raw mails through Odoo's gateway, as a mail server hands them over."""

import email.policy
import re
from email.message import EmailMessage
from pathlib import Path

from odoo.tools import mute_logger

from .common import TODAY
from .email_common import EmailCase

FOLDER = Path(__file__).parent / "replies"
_EXAMPLE = re.compile(r"^@@ ", re.MULTILINE)


def read_examples(name):
    """Yield {"type", "lang", "text", ...} of a file of examples; its first lines say how it is written."""
    for part in _EXAMPLE.split((FOLDER / name).read_text())[1:]:
        head, _newline, text = part.partition("\n")
        head, automatic, _nothing = (*head.partition(" automatic"), "")[:3]
        head, _mark, subject = head.partition(" subject=")
        kind, lang, *facts = head.split()
        yield {
            "type": kind,
            "lang": lang,
            "text": text,
            "subject": subject,
            "automatic": bool(automatic),
            **dict(fact.split("=") for fact in facts),
        }


class GatewayCase(EmailCase):
    """A mail server through which the answers of customers come."""

    def answer(
        self,
        text="",
        html=None,
        sender="Ann <customer@example.com>",
        subject="Re: Reminder",
        reminder=None,
        on=TODAY,
        **headers,
    ):
        """Let a mail that answers ``reminder`` arrive; returns the answer that was recorded, if any."""
        mail = EmailMessage(policy=email.policy.SMTP)
        number = self.env["mail.message"].sudo().search([], order="id desc", limit=1).id
        mail["From"], mail["To"], mail["Subject"] = sender, self.domain.catchall_email, subject
        mail["Message-ID"] = f"<answer-{number}@customer.example>"
        mail["In-Reply-To"] = mail["References"] = reminder.message_id
        mail["Date"] = f"{on:%a, %d %b %Y} 09:30:00 +0000"
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        if text or html is None:
            mail.set_content(text)
        if html is not None:
            (mail.add_alternative if text else mail.set_content)(html, subtype="html")
        return self.arrive(mail.as_bytes(), on)

    def arrive(self, raw, on=TODAY):
        """Hand a raw mail to Odoo's gateway; returns the answers that were recorded because of it."""
        before = self.env["collection.reply"].search([])
        with self.on_day(on), mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].sudo().message_process("res.partner", raw)
        self.env.invalidate_all()
        return self.env["collection.reply"].search([]) - before


class ReplyCase(GatewayCase):
    """A customer with an overdue invoice who got a reminder."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.customer("Buyer Ltd", lang="en_US")
        cls.bill = cls.invoice(cls.buyer, 1240.5)
        cls.other_bill = cls.invoice(cls.buyer, 300)
        cls.run_cycle()
        cls.reminder = cls.actions(cls.buyer, "sent").mail_id
        cls.collector = cls.make_user("collector", "account_collections_auto.group_collector")
        cls.auditor = cls.make_user("auditor", "account_collections_auto.group_collection_auditor")
        cls.case_of_buyer = cls.case(cls.buyer)
        cls.case_of_buyer.user_id = cls.collector

    def answer(self, text="", html=None, reminder=None, **headers):
        return super().answer(text, html, reminder=reminder or self.reminder, **headers)

    def todos(self, reply):
        return reply.activity_ids.filtered(
            lambda todo: todo.activity_type_id == self.env.ref("account_collections_auto.mail_activity_type_reply")
        )
