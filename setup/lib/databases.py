"""Databases of this clone: names, copies, and the templates that tests start from.

Odoo keeps a database in two places, PostgreSQL and the filestore in its data
folder; what is made, copied or dropped here is so in both.

Three templates, each made from the one before: the *base* has the Odoo modules
that the suite depends on and is made once; the *suite* has the suite's modules
too and is made again when one of their files changes; the *browser* template has
the asset bundles. Each is built under another name and renamed when it is whole.
"""

import ast
import contextlib
import os
import shutil
from pathlib import Path

from . import odoo_tree, postgres
from .children import checked
from .paths import CLONE, clone_key, content_key, run_folder
from .prepared import locked, remove
from .say import Problem, doing

# Beside what the manifests name: what tests use without depending on it.
TEST_MODULES = ["account", "account_payment", "mail", "payment_demo", "sms", "snailmail_account"]

NOT_INSTALLED = {"tests", "readme", "__pycache__"}  # folders of a module that leave no trace in a database


class Database:
    """A database and its filestore in ``data``, Odoo's data folder."""

    def __init__(self, environment, name, data):
        self.environment = environment
        self.name = name
        self.data = Path(data)

    @property
    def filestore(self):
        return self.data / "filestore" / self.name

    def exists(self):
        return self.name in names(self.environment)

    def create(self, comment):
        """Create an empty database, with the extensions that Odoo uses where the role may create them."""
        sql(self.environment, f'CREATE DATABASE "{self.name}" TEMPLATE template1')
        sql(self.environment, f"COMMENT ON DATABASE \"{self.name}\" IS '{comment}'")
        for statement in postgres.EXTENSIONS.strip().splitlines():
            with contextlib.suppress(Problem):
                sql(self.environment, statement, database=self.name)

    def comment(self):
        """Return what `create` wrote on the database; '' on one that was made otherwise."""
        query = f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{self.name}'"
        return sql(self.environment, query).strip()

    def copy_from(self, other):
        self.drop()
        sql(self.environment, f'CREATE DATABASE "{self.name}" TEMPLATE "{other.name}"')
        if other.filestore.exists():
            shutil.copytree(other.filestore, self.filestore)

    def rename(self, name):
        sql(self.environment, f'ALTER DATABASE "{self.name}" RENAME TO "{name}"')
        renamed = Database(self.environment, name, self.data)
        remove(renamed.filestore)
        if self.filestore.exists():
            self.filestore.rename(renamed.filestore)
        return renamed

    def drop(self):
        sql(self.environment, f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        remove(self.filestore)

    def odoo(self, action, modules, log, *options):
        """Have Odoo ``--init`` or ``--update`` modules; return the warnings in its log, kept in ``log``."""
        command = self.environment.odoo_command(
            *("--database", self.name, "--data-dir", self.data, action, ",".join(modules)),
            *("--stop-after-init", "--no-http", "--log-level", "info", "--logfile", log, *options),
        )
        log.unlink(missing_ok=True)
        checked(
            command,
            f"Odoo's {action} {','.join(modules)} failed, its log is {log}",
            env=self.environment.variables,
        )
        levels = [f" {level} {self.name} " for level in ("WARNING", "ERROR", "CRITICAL")]
        return [line for line in log.read_text(errors="replace").splitlines() if any(level in line for level in levels)]


def sql(environment, statement, database="postgres"):
    """Run one SQL statement and return its rows, one a line."""
    return checked(
        [postgres.programs() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", statement],
        "the database server refused a statement of ours",
        env=environment.variables,
    )


def names(environment):
    return sql(environment, "SELECT datname FROM pg_database").split()


def own_name(purpose):
    """A database name that no other clone on the same server uses."""
    return f"collections_{clone_key()}_{purpose}"


def suite_modules():
    """The installable modules of this clone."""
    manifests = {path.parent.name: ast.literal_eval(path.read_text()) for path in CLONE.glob("*/__manifest__.py")}
    return sorted(name for name, manifest in manifests.items() if manifest.get("installable", True))


def odoo_modules():
    """The Odoo modules that the suite and its tests stand on."""
    own = suite_modules()
    depends = {
        name for module in own for name in ast.literal_eval((CLONE / module / "__manifest__.py").read_text()).get("depends", [])
    }
    return sorted({*TEST_MODULES, *depends}.difference(own))


def suite_files():
    """The files of the suite's modules that decide what is in a database."""
    for module in suite_modules():
        for path in sorted((CLONE / module).rglob("*")):
            inside = set(path.relative_to(CLONE / module).parts[:-1])
            if path.is_file() and not inside & NOT_INSTALLED:
                yield path


def _template_data():
    return run_folder("templates")


def base_template(environment):
    """The database with Odoo's modules only."""
    modules = odoo_modules()
    name = own_name(f"base_{content_key(environment.odoo, odoo_tree.RECIPE, *modules)}")
    return _template(environment, name, lambda new: _build_base(new, modules))


def suite_template(environment):
    """The database with the suite installed, as its files are now."""
    base = base_template(environment)
    modules = suite_modules()
    if not modules:
        return base
    contents = [part for path in suite_files() for part in (path.relative_to(CLONE), path.read_bytes())]
    name = own_name(f"suite_{content_key(base.name, *contents)}")
    return _template(environment, name, lambda new: _build_suite(new, base, modules))


def browser_template(environment):
    """The suite with Odoo's asset bundles made, which each browser test would else do for itself."""
    suite = suite_template(environment)
    name = own_name(f"browser_{content_key(suite.name)}")
    return _template(environment, name, lambda new: _build_browser(new, suite))


def _template(environment, name, build):
    kind = name.rsplit("_", 1)[0]
    with locked(run_folder("locks") / kind):
        template = Database(environment, name, _template_data())
        if template.exists():
            return template
        new = Database(environment, f"{kind}_new", _template_data())
        new.drop()
        try:
            build(new)
        except BaseException:
            new.drop()
            raise
        _drop_older(environment, kind)
        return new.rename(name)


def in_use(template):
    """A lock that keeps ``template`` while a run copies from it, also when a newer one replaces it."""
    return locked(_use_lock(template.name), shared=True)


def _use_lock(name):
    return run_folder("locks") / f"use-{name}"


def _drop_older(environment, kind):
    """Drop the templates that the new one replaces, unless a run still copies from them."""
    for name in names(environment):
        if name.startswith(f"{kind}_") and name != f"{kind}_new":
            with contextlib.suppress(BlockingIOError), locked(_use_lock(name), wait=False):
                Database(environment, name, _template_data()).drop()
                _use_lock(name).unlink()


def _build_base(new, modules):
    with doing(f"installing Odoo's modules in a template database ({', '.join(modules)})"):
        new.odoo("--init", modules, run_folder("logs") / "install-odoo.log")


def _build_suite(new, base, modules):
    with doing(f"installing {', '.join(modules)} in a template database"):
        new.copy_from(base)
        log = run_folder("logs") / "install-suite.log"
        complaints = new.odoo("--init", modules, log)
        if complaints:
            raise Problem("\n".join([f"installing {', '.join(modules)} left warnings in Odoo's log {log}:", *complaints]))


def _build_browser(new, suite):
    with doing("making the asset bundles for the browser tests"):
        new.copy_from(suite)
        checked(
            new.environment.odoo_command("shell", "--database", new.name, "--data-dir", new.data, "--no-http"),
            "Odoo could not make its asset bundles",
            input="env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()",
            env=new.environment.variables,
        )


def drop_abandoned(environment, purpose, data):
    """Drop what a killed command left: its databases carry its process id after ``purpose``."""
    for name in names(environment):
        start = own_name(f"{purpose}_")
        pid = name.removeprefix(start).split("_")[0]
        if name.startswith(start) and pid.isdigit() and not _is_alive(int(pid)):
            Database(environment, name, data / pid).drop()
    for folder in data.iterdir():
        if folder.name.isdigit() and not _is_alive(int(folder.name)):
            remove(folder)


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
