"""``setup/test [--long] [pytest arguments]``: the tests, in two processes side by side.

With one path to test there is one process. Each process works on its own copy of
the template database with its own data folder: Odoo collects a filestore's
garbage after each test class, and would delete the other process's files.
"""

import itertools
import os
import re
import time

from . import chromium, compared, databases
from .environment import prepared_environment
from .paths import CLONE, run_folder
from .prepared import remove
from .say import Problem

PROCESSES = 2
OPTIONS_WITH_A_VALUE = {"-k", "-m", "-n", "-o", "-p", "-W"}
BUDGET_MINUTES = 30  # of the short run


def main(arguments):
    started = time.time()
    long_run = "--long" in arguments
    arguments = [argument for argument in arguments if argument != "--long"]
    with prepared_environment() as environment:
        data = run_folder("test")
        databases.drop_abandoned(environment, "test", data)
        template = databases.suite_template(environment)
        environment = environment.with_variables(
            COLLECTIONS_TEMPLATE_DB=template.name,
            COLLECTIONS_TEMPLATE_DATA_DIR=template.data,
            COLLECTIONS_RUN_DIR=run_folder("test", str(os.getpid())),
            COLLECTIONS_COMPARED_ADDONS=compared.addons(environment),
            COLLECTIONS_LONG="1" if long_run else "",
            COLLECTIONS_TEST_STARTED=started,
            COLLECTIONS_TEST_BUDGET="" if long_run else BUDGET_MINUTES * 60,
            PYTHONPATH=os.pathsep.join([environment.variables["PYTHONPATH"], str(CLONE / "setup")]),
            PYTHONDONTWRITEBYTECODE="",
        )
        try:
            with databases.in_use(template):
                return _run(environment, arguments)
        finally:
            remove(data / str(os.getpid()))


def _run(environment, arguments):
    paths = _paths(arguments)
    if any(_use_a_browser(path) for path in paths or _all_tests()):
        environment = environment.with_path(chromium.folder())
        template = databases.browser_template(environment)
    else:
        template = databases.suite_template(environment)
    processes = PROCESSES if len(paths) != 1 else 0
    copies = _copies(environment, template, processes)
    command = [environment.python, *"-m pytest -p lib.pytest_strict --odoo-http --odoo-log-level=warn".split()]
    command += [f"--odoo-database={copies[0].name}", f"--odoo-extra=data-dir={copies[0].data}"]
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
    """The arguments that name something to test.

    >>> _paths(["-k", "setup", "-x", "setup/lib"])
    ['setup/lib']
    """
    words = [word for before, word in itertools.pairwise(["", *arguments]) if before not in OPTIONS_WITH_A_VALUE]
    return [word for word in words if not word.startswith("-") and (CLONE / word.split("::")[0]).exists()]


def _use_a_browser(path):
    """Whether a test in ``path`` (a file, a folder, or a pytest node) starts a browser."""
    place = CLONE / path.split("::")[0]
    files = place.rglob("test_*.py") if place.is_dir() else [place]
    return any(re.search(r"\b(start_tour|browser_js|open_browser)\(", file.read_text()) for file in files)


def _all_tests():
    folders = [CLONE / module / "tests" for module in databases.suite_modules()] + [CLONE / "tests"]
    found = [str(folder.relative_to(CLONE)) for folder in folders if any(folder.rglob("test_*.py"))]
    if not found:
        raise Problem("there are no tests")
    return found
