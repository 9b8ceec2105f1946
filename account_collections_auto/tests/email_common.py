"""Stories about e-mail: a real mail server on loopback takes what Odoo's queue sends."""

import email
import email.policy
from contextlib import contextmanager
from unittest.mock import patch

from aiosmtpd.controller import Controller
from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.tools import mute_logger

from .common import CollectionsCase

BOUNCE = """\
From: Mail Delivery System <mailer-daemon@customer.example>
To: bounce@{domain}
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-{number}@customer.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain; charset=us-ascii

The mailbox of {address} does not exist.

--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example

{recipients}

--part
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: returned

--part--
"""


RECIPIENT = """\
Final-Recipient: rfc822; {}
Action: {}
Status: {}
Diagnostic-Code: smtp; as said above
"""


class MailServer:
    """Keeps what it is sent; ``refused`` maps an address to the answer it gets instead."""

    def __init__(self):
        self.mails = []
        self.refused = {}
        self.busy = ""

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.busy:
            return self.busy
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        mail.recipients = list(envelope.rcpt_tos)
        self.mails.append(mail)
        return "250 kept"


class _AnyPort(Controller):
    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        return super()._trigger_server()


class EmailCase(CollectionsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env["mail.alias.domain"].create({"name": "ours.example"})
        cls.company.write(
            {
                "email": "accounts@ours.example",
                "phone": "+32 2 555 00 00",
                "alias_domain_id": cls.domain.id,
                "collection_user_id": cls.env.user.id,
            }
        )
        cls.env.user.partner_id.write({"email": "carla@ours.example", "name": "Carla Collector", "phone": "+32 2 555 00 01"})

    @contextmanager
    def mail_server(self):
        """Let Odoo send to a mail server of our own; yields it."""
        handler = MailServer()
        controller = _AnyPort(handler, hostname="127.0.0.1", port=0)
        controller.start()
        try:
            with self.sending_to(controller.port):
                yield handler
        finally:
            controller.stop()

    @contextmanager
    def sending_to(self, port):
        self.env["ir.mail_server"].sudo().search([]).action_archive()
        server = (
            self.env["ir.mail_server"]
            .sudo()
            .create({"name": "loopback", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_encryption": "none"})
        )
        # Odoo sends nothing in tests unless told to.
        with patch.object(IrMail_Server, "_disable_send", lambda self: False):
            yield server
        server.unlink()

    @contextmanager
    def dead_mail_server(self):
        """Nobody listens where the mail server should be."""
        controller = _AnyPort(MailServer(), hostname="127.0.0.1", port=0)
        controller.start()
        controller.stop()
        with self.sending_to(controller.port):
            yield

    def run_queue(self):
        """Let Odoo's queue send what is due; what it logs about failing mails is expected."""
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            self.env["mail.mail"].sudo().process_email_queue()
        self.env.invalidate_all()

    def bounce(self, action, address=None):
        """Let the customer's mail server return the message of ``action``."""
        self.report(action, (address or action.recipient, "failed", "5.1.1"))

    def report(self, action, *recipients):
        """Let the customer's mail server say what became of the message of ``action``: (address, what, status) of each."""
        text = BOUNCE.format(
            domain=self.domain.name,
            number=action.id,
            address=recipients[0][0],
            recipients="\n".join(RECIPIENT.format(address, *said) for address, *said in recipients),
            message_id=action.message_id,
        )
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].sudo().message_process("collection.case", text)
        self.env.invalidate_all()

    @staticmethod
    def html_of(mail):
        return mail.get_body(("html",)).get_content()

    @staticmethod
    def files_of(mail):
        return [part.get_filename() for part in mail.iter_attachments()]

    def mail_of(self, customer):
        """The one mail in Odoo's queue for this customer."""
        mail = self.actions(customer, "sent").mail_id
        self.assertEqual(len(mail), 1)
        return mail
