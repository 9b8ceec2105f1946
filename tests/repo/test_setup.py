"""``setup/`` itself: what it promises beside working on this machine."""

import contextlib
import doctest
import importlib
import os
import re
import shutil
import smtplib
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace

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
    for path in [*CLONE.glob("requirements*.txt"), *CLONE.glob("setup/**/*"), *CLONE.glob(".ci/*")]:
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


@pytest.fixture
def scratch(tmp_path):
    """A database name of our own on the server that the tests run on, which the PG* variables name."""
    from lib import databases

    name = databases.own_name(f"test_{os.getpid()}_setup")
    database = databases.Database(SimpleNamespace(variables=dict(os.environ)), name, tmp_path)
    database.drop()
    yield database
    database.drop()


def test_a_database_of_somebody_else_on_a_named_server_is_refused(scratch, tmp_path, monkeypatch):
    """`setup/run` neither updates nor drops it, also not with --fresh."""
    from lib import databases, demo
    from lib.say import Problem

    assert demo.postgres.named_by_user()
    demo._check_ours(scratch)  # there is none yet
    databases.sql(scratch.environment, f'CREATE DATABASE "{scratch.name}"')
    monkeypatch.setattr(demo, "DATABASE", scratch.name)
    monkeypatch.setattr(demo, "run_folder", lambda *parts: tmp_path)
    monkeypatch.setattr(demo, "prepared_environment", lambda: contextlib.nullcontext(scratch.environment))
    for arguments in (["--no-serve"], ["--no-serve", "--fresh"]):
        with pytest.raises(Problem, match="that this clone did not make"):
            demo.main(arguments)
    assert scratch.exists()
    scratch.drop()
    scratch.create(comment=demo._mark())
    demo._check_ours(scratch)
    monkeypatch.setattr(demo, "clone_key", lambda: "another")
    with pytest.raises(Problem):
        demo._check_ours(scratch)


def test_a_new_database_has_the_extensions_that_odoo_uses(scratch, monkeypatch):
    """A server of the user's own need not have them in its template."""
    from lib import databases

    real = databases.sql
    monkeypatch.setattr(
        databases,
        "sql",
        lambda environment, statement, **options: real(environment, statement.replace("template1", "template0"), **options),
    )
    scratch.create(comment="ours")
    extensions = databases.sql(scratch.environment, "SELECT extname FROM pg_extension", database=scratch.name).split()
    assert {"pg_trgm", "unaccent"} <= set(extensions)
    assert scratch.comment() == "ours"


def test_two_clones_on_one_server_use_different_names(tmp_path):
    program = "from lib import databases, paths; print(databases.own_name('base'), paths.RUN)"
    answers = []
    for clone in ("one", "two"):
        shutil.copytree(CLONE / "setup", tmp_path / clone / "setup", ignore=shutil.ignore_patterns("__pycache__"))
        command = [sys.executable, "-c", program]
        answers.append(
            subprocess.run(command, cwd=tmp_path / clone / "setup", capture_output=True, text=True, check=True).stdout
        )
    (one, run_of_one), (two, run_of_two) = map(str.split, answers)
    assert one != two
    assert run_of_one != run_of_two


def test_of_two_clones_that_prepare_the_same_at_once_one_works_and_one_waits(tmp_path):
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from lib.prepared import prepared\n"
        "def build(folder):\n"
        "    with open(sys.argv[1] + '.log', 'a') as log: print('built', file=log)\n"
        "    time.sleep(0.5)\n"
        "    (folder / 'whole').touch()\n"
        "assert (prepared(Path(sys.argv[1]), build) / 'whole').exists()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "thing")]
    clones = [subprocess.Popen(command, cwd=CLONE / "setup", stdout=subprocess.DEVNULL) for _number in range(2)]
    assert [clone.wait(timeout=60) for clone in clones] == [0, 0]
    assert (tmp_path / "thing.log").read_text() == "built\n"


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
    lines = [line for file in CLONE.glob("requirements*.txt") for line in file.read_text().splitlines()]
    loose = [line for line in lines if line and not line.startswith("#") and not re.match(r"[\w.-]+==[\w.]+$", line)]
    assert loose == []
