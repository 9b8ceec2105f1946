"""A mail server on loopback that delivers nothing: each mail becomes a readable .eml file.

As a program (in the virtual environment): ``python -m lib.smtp_sink FOLDER PORT_FILE``;
it writes its port to PORT_FILE when it listens, and ends on SIGTERM or Ctrl-C.
In a test: ``with Sink(folder) as sink: ... sink.port ... sink.mails()``.
"""

import email
import email.policy
import itertools
import re
import signal
import sys
import threading
import time
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

READABLE = email.policy.SMTPUTF8.clone(cte_type="8bit", max_line_length=998, linesep="\n", refold_source="all")


class Sink:
    """Keeps what it is sent in ``folder``; ``port`` is known once it is entered.

    ``before_answer(message)``, if given, is called when the file is written and the
    client has no answer yet (a test may kill the client there, or raise to refuse).
    """

    def __init__(self, folder, port=0, before_answer=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.before_answer = before_answer
        self.connections = 0
        self._number = itertools.count(1 + sum(1 for _ in self.folder.glob("*.eml")))
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=port)

    def __enter__(self):
        self._controller.start()
        self.port = self._controller.server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_):
        self._controller.stop()

    def wait_until_quiet(self, seconds=10):
        """Wait until nobody is connected: of a client that was killed nothing comes any more."""
        until = time.monotonic() + seconds
        while self.connections and time.monotonic() < until:
            time.sleep(0.01)

    def mails(self):
        """The mails so far, oldest first."""
        return [email.message_from_bytes(file.read_bytes(), policy=READABLE) for file in sorted(self.folder.glob("*.eml"))]

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=READABLE)
        message["X-Envelope-From"] = envelope.mail_from or "<>"
        message["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        name = f"{next(self._number):05d}-{time.strftime('%Y%m%d-%H%M%S')}-{_word(envelope.rcpt_tos[0])}.eml"
        unfinished = self.folder / f".{name}.part"
        unfinished.write_bytes(readable(message))
        unfinished.rename(self.folder / name)
        if self.before_answer:
            self.before_answer(message)
        return "250 kept"


class _Connection(SMTP):
    """Is counted by its sink while it is open."""

    def connection_made(self, transport):
        super().connection_made(transport)
        self.event_handler.connections += 1

    def connection_lost(self, error):
        super().connection_lost(error)
        self.event_handler.connections -= 1


class _AnyPort(Controller):
    """aiosmtpd's controller, also for port 0: it looks for itself at the port it was told."""

    def factory(self):
        return _Connection(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def readable(message):
    """The mail as bytes, its texts neither base64 nor quoted-printable."""
    for part in message.walk():
        if part.get_content_maintype() != "text" or part.get_filename():
            continue
        try:
            part.set_content(part.get_content(), subtype=part.get_content_subtype(), cte="8bit")
        except (LookupError, ValueError):  # an unknown charset, an endless line: keep it as it came
            continue
    return message.as_bytes(policy=READABLE)


def _word(address):
    """
    >>> _word("Anna.B+x@Example.com")
    'Anna.B-x-at-Example.com'
    """
    return re.sub(r"[^\w.-]+", "-", address.replace("@", "-at-"))[:80]


def main(folder, port_file):
    over = threading.Event()
    for end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(end, lambda *_: over.set())
    with Sink(folder) as sink:
        unfinished = Path(f"{port_file}.part")
        unfinished.write_text(str(sink.port))
        unfinished.rename(port_file)
        over.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
