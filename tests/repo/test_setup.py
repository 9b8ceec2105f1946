"""``setup/`` itself: what it promises beside working on this machine."""

import doctest
import importlib
import re
import smtplib
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CLONE / "setup"))

MODULES = sorted(path.stem for path in (CLONE / "setup/lib").glob("*.py") if ">>>" in path.read_text())
COMMANDS = ["run", "test", "odoo", "psql", "bench"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(f"lib.{name}")).failed == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_command_is_executable_and_tells_what_it_does(name):
    command = CLONE / "setup" / name
    assert command.stat().st_mode & 0o100
    assert command.read_text().startswith('#!/usr/bin/env python3\n"""')


def test_bootstrap_needs_nothing_but_the_standard_library():
    """What runs before the virtual environment exists imports no installed package."""
    program = "import lib.demo, lib.tests, lib.bench, lib.odoo, sys; print([m for m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=CLONE / "setup", env={}, capture_output=True, text=True, check=True
    ).stdout
    assert "site-packages" not in loaded


def test_no_host_name_of_a_registry_or_mirror_is_written_down():
    """Debian and PyPI are reached as the machine is configured to reach them."""
    hosts = re.compile(r"\b(?:deb|pypi|ftp|security|snapshot|files)\.[a-z.-]*(?:debian|python|pypi)[a-z]*\.(?:org|net)")
    for path in [CLONE / "requirements.txt", *CLONE.glob("setup/**/*"), *CLONE.glob(".ci/*")]:
        if path.is_file() and path.suffix != ".pyc":
            assert not hosts.search(path.read_text()), path


def test_half_made_folder_is_made_again(tmp_path):
    """A set-up that was killed leaves no marker, so the next one starts over."""
    from lib.prepared import MARKER, prepared

    folder = tmp_path / "thing"
    folder.mkdir()
    (folder / "left-over").touch()
    assert prepared(folder, lambda new: (new / "whole").touch()) == folder
    assert sorted(path.name for path in folder.iterdir()) == [MARKER, "whole"]


def test_failed_build_leaves_nothing(tmp_path):
    from lib.prepared import prepared

    def build(folder):
        (folder / "half").touch()
        raise ValueError

    with pytest.raises(ValueError):
        prepared(tmp_path / "thing", build)
    assert not (tmp_path / "thing").exists()


def test_mail_sink_keeps_a_readable_file(tmp_path):
    from lib.smtp_sink import Sink

    message = EmailMessage()
    message["Subject"] = "Zahlungserinnerung für Müller"
    message["Message-ID"] = "<one@test>"
    message.set_content("Offen: 1.000,00 €\n", cte="base64")
    message.add_alternative("<p>Offen: 1.000,00 €</p>", subtype="html", cte="quoted-printable")
    with Sink(tmp_path) as sink:
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            client.send_message(message, "us@test", ["anna@test", "b@test"])
        (kept,) = sink.mails()
    (file,) = tmp_path.glob("*.eml")
    text = file.read_text()
    assert "Zahlungserinnerung für Müller" in text
    assert text.count("Offen: 1.000,00 €") == 2
    assert kept["Message-ID"] == "<one@test>"
    assert kept["X-Envelope-To"] == "anna@test, b@test"


def test_every_requirement_is_pinned():
    lines = (CLONE / "requirements.txt").read_text().splitlines()
    loose = [line for line in lines if line and not line.startswith("#") and not re.match(r"[\w.-]+==[\w.]+$", line)]
    assert loose == []
