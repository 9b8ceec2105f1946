"""Real Odoo processes on databases of their own, for what cannot happen inside a test's transaction."""

import contextlib
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import psycopg2

MODULE = "account_collections_auto"
TEMPLATE = os.environ.get("COLLECTIONS_TEMPLATE_DB", "")


class OwnDatabase:
    """A database and its data folder; what a killed run leaves, the next ``setup/test`` removes by its name."""

    def __init__(self, purpose, template):
        scratch = Path(os.environ["COLLECTIONS_RUN_DIR"])
        self.name = f"{TEMPLATE.split('_suite_')[0]}_test_{scratch.name}_{purpose}"
        self.template = template
        self.data = scratch / purpose

    def create(self):
        self.drop()
        self._administer(f'CREATE DATABASE "{self.name}" TEMPLATE "{self.template}"')
        files = Path(os.environ["COLLECTIONS_TEMPLATE_DATA_DIR"]) / "filestore" / self.template
        if files.exists():
            shutil.copytree(files, self.data / "filestore" / self.name)

    def drop(self):
        self._administer(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        shutil.rmtree(self.data, ignore_errors=True)

    def _administer(self, statement):
        connection = psycopg2.connect(dbname="postgres")
        connection.autocommit = True
        try:
            connection.cursor().execute(statement)
        finally:
            connection.close()

    def sql(self, query):
        """Return the rows of ``query``."""
        with contextlib.closing(psycopg2.connect(dbname=self.name)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def odoo(self, *arguments, script=None):
        """Run Odoo's command line; return the warnings and errors in its log."""
        command = [*shlex.split(os.environ["COLLECTIONS_ODOO_CMD"]), *arguments]
        command += ["--database", self.name, "--data-dir", str(self.data), "--no-http", "--log-level", "warn"]
        ran = subprocess.run(command, input=script, capture_output=True, text=True, timeout=600)
        assert ran.returncode == 0, ran.stderr[-4000:]
        return re.findall(r"^.* (?:WARNING|ERROR|CRITICAL) .*$", ran.stderr, re.MULTILINE), ran.stdout

    def install(self, *options, modules=MODULE):
        return self.odoo("--init", modules, "--stop-after-init", *options)[0]

    def update(self):
        return self.odoo("--update", MODULE, "--stop-after-init")[0]

    def shell(self, script, *options):
        """Run ``script`` in Odoo's shell and commit; a script that breaks off fails the test."""
        complaints, output = self.odoo("shell", *options, script=f"{script}\nenv.cr.commit()\nprint('the script ended')\n")
        assert "the script ended" in output, complaints
        return complaints


@contextlib.contextmanager
def own_database(purpose, template="template1"):
    """A database for one test; dropped at its end."""
    database = OwnDatabase(purpose, template)
    database.create()
    try:
        yield database
    finally:
        database.drop()
