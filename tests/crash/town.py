"""A scratch database, and real Odoo processes that work on it and may be killed at any instant."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg2

CLONE = Path(__file__).resolve().parents[2]
LOUD = re.compile(" WARNING | ERROR | CRITICAL ")
# The second is that of two clients who start one cycle: whose transaction cannot see the other's cycle, starts again.
CONFLICT = re.compile("could not serialize access|collection_cycle_one_per_day")
SCRIPT = """
import sys
sys.path.insert(0, {clone!r})
from tests.crash import jobs
jobs.serve(env)
"""


class Town:
    """``with Town("crash", "--smtp=127.0.0.1") as town: town.start("cycle", ...)``; all it started ends with it."""

    def __init__(self, name, *odoo_options):
        # Named after the run, like its other databases: the next run drops what this one leaves when it is killed.
        run = Path(os.environ["COLLECTIONS_RUN_DIR"]).name
        self.database = f"{os.environ['COLLECTIONS_TEMPLATE_DB'].split('_suite_')[0]}_test_{run}_{name}"
        self.options = odoo_options
        self.jobs = []

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(dir=os.environ["COLLECTIONS_RUN_DIR"]))
        template = os.environ["COLLECTIONS_TEMPLATE_DB"]
        with contextlib.ExitStack() as undo:
            undo.callback(shutil.rmtree, self.folder, ignore_errors=True)
            undo.callback(self._server_sql, f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')
            self._server_sql(f'CREATE DATABASE "{self.database}" TEMPLATE "{template}"')
            filestore = Path(os.environ["COLLECTIONS_TEMPLATE_DATA_DIR"]) / "filestore" / template
            if filestore.exists():
                shutil.copytree(filestore, self.folder / "filestore" / self.database)
            undo.callback(self._end_processes)
            self._start_odoo()
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_):
        self._undo.close()

    def _start_odoo(self):
        command = [
            *shlex.split(os.environ["COLLECTIONS_ODOO_CMD"]),
            *("shell", "-d", self.database, "--data-dir", str(self.folder), "--no-http", "--log-level=info"),
            *self.options,
        ]
        script = self.folder / "serve.py"
        script.write_text(SCRIPT.format(clone=str(CLONE)))
        with script.open() as stdin, self.log_file.open("w") as log:
            self.server = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=log, text=True)
        word, _, port = self.server.stdout.readline().partition(" ")
        assert word == "PORT", self.log_file.read_text()
        self.port = int(port)

    def _end_processes(self):
        for job in self.jobs:
            job.kill()
        if hasattr(self, "server"):
            self.server.kill()
            self.server.wait()
            self.server.stdout.close()

    # -- the database --------------------------------------------------------------------------------------------------

    @staticmethod
    def _server_sql(statement):
        with contextlib.closing(psycopg2.connect(dbname="postgres")) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)

    def sql(self, statement, *values):
        """Return the rows of ``statement``, read in a transaction of its own."""
        with contextlib.closing(psycopg2.connect(dbname=self.database)) as connection, connection:
            cursor = connection.cursor()
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    # -- the processes ---------------------------------------------------------------------------------------------------

    def start(self, job, **order):
        """Start a job; one that says "ready" waits there for `RunningJob.go`."""
        started = RunningJob(self, job, order)
        self.jobs.append(started)
        return started

    def run(self, job, **order):
        """Start a job, wait for its end, return its result."""
        return self.start(job, **order).result()

    @property
    def log_file(self):
        return self.folder / "odoo.log"

    def complaints(self):
        """The warnings and errors in the log of the processes, without conflicts: whoever met one did its work again."""
        entries = re.split(r"^(?=\d{4}-\d\d-\d\d )", self.log_file.read_text(), flags=re.MULTILINE)
        return [entry for entry in entries if LOUD.search(entry[:60]) and not CONFLICT.search(entry)]


class RunningJob:
    """One process of a `Town`: what it tells, and its end."""

    def __init__(self, town, name, order):
        self.name = name
        self.reached = []
        self.killed_at = None
        self.error = None
        self._result = None
        self._connection = socket.create_connection(("127.0.0.1", town.port))
        self._wire = self._connection.makefile("rw")
        self._wire.write(json.dumps({"job": name, **order}) + "\n")
        self._wire.flush()
        self.pid = json.loads(self._wire.readline())["pid"]

    def read(self):
        """Read the next message; None when the process has ended."""
        try:
            line = self._wire.readline()
        except ConnectionResetError:
            line = ""
        if not line.endswith("\n"):
            return None
        message = json.loads(line)
        if "reached" in message:
            self.reached.append(message)
        self.killed_at = message.get("killed_at", self.killed_at)
        self.error = message.get("error", self.error)
        if "result" in message:
            self._result = [message["result"]]
        return message

    def go(self):
        """Let a process that is ready begin."""
        assert self.wait_for("ready")
        return self.go_on()

    def go_on(self):
        """Let a process that pauses go on."""
        self._wire.write("go\n")
        self._wire.flush()
        return self

    def wait_for(self, instant):
        """Read until the process reaches ``instant``; return False when it ends before."""
        while message := self.read():
            if message.get("reached") == instant:
                return True
        return False

    def wait(self):
        """Wait for the end of the process, however it comes. Return whether it came to its own end without an error."""
        while self.read():
            pass
        self._connection.close()
        while self.is_alive():
            time.sleep(0.01)
        assert self.error is None, self.error
        return self._result is not None

    def result(self):
        assert self.wait(), f"{self.name} was killed"
        return self._result[0]

    def is_alive(self):
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self):
        """SIGKILL; harmless when it is over."""
        if self._result is None and self.error is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
