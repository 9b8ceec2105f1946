"""pytest plugin of ``setup/test``: nothing skipped, nothing unexpected in Odoo's log.

A test that expects a warning says so as in Odoo, with ``assertLogs`` or ``mute_logger``.
Workers of pytest-xdist get their own database and data folder here.
"""

import json
import logging
import os
import time
from pathlib import Path

import pytest

HARMLESS = [
    "Error received after termination",  # Odoo closed the browser while a page was still loading
]

_complaints = []
_durations = {}


class _Complaints(logging.Handler):
    """Keeps the warnings and errors of Odoo's log, from whatever thread."""

    def emit(self, record):
        text = record.getMessage()
        if record.name.split(".")[0] == "odoo" and not any(words in text for words in HARMLESS):
            _complaints.append(f"{record.levelname} {record.name}: {text}")


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_cmdline_main(config):
    """Lead a worker to its own database before pytest-odoo reads the options."""
    worker = os.environ.pop("PYTEST_XDIST_WORKER", None)  # else pytest-odoo shares one filestore
    if worker:
        config.option.odoo_database = config.option.odoo_database.removesuffix("_gw0") + f"_{worker}"
        first = next(option for option in config.option.odoo_extra if option.startswith("data-dir="))
        config.option.odoo_extra = [f"{first.removesuffix('gw0')}{worker}"]
    return (yield)


def pytest_sessionstart(session):
    logging.getLogger().addHandler(_Complaints(level=logging.WARNING))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    return (yield from _strictly())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    return (yield from _strictly())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item):
    return (yield from _strictly())


def _strictly():
    result = yield
    if _complaints:
        found = "\n".join(_complaints)
        _complaints.clear()
        pytest.fail(f"unexpected in Odoo's log:\n{found}", pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _not_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _not_skipped((yield))


def _not_skipped(report):
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which counts as a failure here: {report.longrepr}"
    return report


def pytest_collection_modifyitems(items):
    """The files that took longest last time come first, so that no process ends long after the other.

    Of a file that never ran here the folder tells: replays take minutes, what needs several processes or a browser too.
    """
    known = _known_durations()

    def expected(file):
        slow = {"tests/replay": 120, "tests/crash": 90, "tests/browser": 60, "tests/install": 60}
        return known.get(file, slow.get(file.rpartition("/")[0], 0))

    items.sort(key=lambda item: -expected(_file(item.nodeid)))


def pytest_runtest_logreport(report):
    file = _file(report.nodeid)
    _durations[file] = _durations.get(file, 0) + report.duration


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput") and _durations:
        _duration_file().parent.mkdir(parents=True, exist_ok=True)
        _duration_file().write_text(json.dumps({**_known_durations(), **_durations}, indent=1, sort_keys=True))


def pytest_terminal_summary(terminalreporter):
    """Say what the tests counted, which files took the time, and the time that everything took."""
    _write_counts(terminalreporter)
    started = float(os.environ["COLLECTIONS_TEST_STARTED"])
    budget = float(os.environ.get("COLLECTIONS_TEST_BUDGET") or 0)
    terminalreporter.section("time")
    for file, seconds in sorted(_durations.items(), key=lambda pair: -pair[1])[:10]:
        terminalreporter.write_line(f"{seconds:7.1f} s  {file}")
    spent = time.time() - started
    line = f"everything: {_minutes(spent)}"
    if budget:
        line += f" of a budget of {_minutes(budget)}" + (": OVER THE BUDGET" if spent > budget else "")
    terminalreporter.write_line(line)


def _write_counts(terminalreporter):
    """What tests recorded with ``record_property("counts", text)``."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    lines = [text for report in reports for name, text in report.user_properties if name == "counts"]
    if lines:
        terminalreporter.section("counts")
        for line in dict.fromkeys(lines):
            terminalreporter.write_line(line)


def _minutes(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


def _file(nodeid):
    return nodeid.split("::")[0]


def _duration_file():
    return Path(__file__).resolve().parents[2] / ".run" / "test-durations.json"


def _known_durations():
    try:
        return json.loads(_duration_file().read_text())
    except (OSError, ValueError):
        return {}
