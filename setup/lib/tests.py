"""``setup/test [--long] [pytest arguments]``: the tests, in two processes side by side.

With one path to test there is one process. Each process works on its own copy of
the template database with its own data folder: Odoo collects a filestore's
garbage after each test class, and would delete the other process's files.
"""

import os
import time

from . import chromium, databases
from .environment import prepared_environment
from .paths import CLONE, run_folder
from .prepared import remove
from .say import Problem

PROCESSES = 2
BUDGET_MINUTES = 30  # of the short run


def main(arguments):
    started = time.time()
    long_run = "--long" in arguments
    arguments = [argument for argument in arguments if argument != "--long"]
    with prepared_environment() as environment:
        environment = environment.with_path(chromium.folder())
        data = run_folder("test")
        databases.drop_abandoned(environment, "test", data)
        template = databases.suite_template(environment)
        environment = environment.with_variables(
            COLLECTIONS_TEMPLATE_DB=template.name,
            COLLECTIONS_TEMPLATE_DATA_DIR=template.data,
            COLLECTIONS_RUN_DIR=run_folder("test", str(os.getpid())),
            COLLECTIONS_LONG="1" if long_run else "",
            COLLECTIONS_TEST_STARTED=started,
            COLLECTIONS_TEST_BUDGET="" if long_run else BUDGET_MINUTES * 60,
            PYTHONPATH=os.pathsep.join([environment.variables["PYTHONPATH"], str(CLONE / "setup")]),
            PYTHONDONTWRITEBYTECODE="",
        )
        try:
            return _run(environment, template, arguments)
        finally:
            remove(data / str(os.getpid()))


def _run(environment, template, arguments):
    paths = _paths(arguments)
    processes = PROCESSES if len(paths) != 1 else 0
    copies = _copies(environment, template, processes)
    command = [
        environment.python,
        "-m",
        "pytest",
        "-p",
        "lib.pytest_strict",
        "--odoo-http",
        "--odoo-log-level=warn",
        f"--odoo-database={copies[0].name}",
        f"--odoo-extra=data-dir={copies[0].data}",
    ]
    if processes:
        # The slowest files first (pytest_strict sorts them), a file stays in one process.
        command += ["-n", processes, "--dist=loadfile", "--no-loadscope-reorder", "--max-worker-restart=0"]
    try:
        return environment.run([*command, *arguments, *([] if paths else _all_tests())], cwd=CLONE)
    finally:
        for copy in copies:
            copy.drop()


def _copies(environment, template, processes):
    """The test databases: one, or one for each worker, named after it (see pytest_strict)."""
    pid = str(os.getpid())
    copies = []
    for worker in [f"gw{number}" for number in range(processes)] or [""]:
        name = databases.own_name("_".join(filter(None, ["test", pid, worker])))
        copy = databases.Database(environment, name, run_folder("test", pid, worker or "gw"))
        copy.copy_from(template)
        copies.append(copy)
    return copies


def _paths(arguments):
    """The arguments that name something to test."""
    return [word for word in arguments if not word.startswith("-") and (CLONE / word.split("::")[0]).exists()]


def _all_tests():
    folders = [CLONE / module / "tests" for module in databases.suite_modules()] + [CLONE / "tests"]
    found = [str(folder.relative_to(CLONE)) for folder in folders if any(folder.rglob("test_*.py"))]
    if not found:
        raise Problem("there are no tests")
    return found
