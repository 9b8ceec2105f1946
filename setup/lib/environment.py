"""All parts together: what a child process needs to run Odoo.

Children (Odoo, pytest, the benches) get these variables, beside PG* and PATH:

``COLLECTIONS_ODOO_CMD``     the command that starts Odoo's own command line, split like a shell does;
                             add ``--data-dir`` for a database whose files lie elsewhere
``COLLECTIONS_RUN_DIR``      a folder of this clone's ``.run/`` for what the process leaves behind
``COLLECTIONS_TEMPLATE_DB``  (tests) a database with the suite installed, never opened: make your own from
                             it with ``CREATE DATABASE mine TEMPLATE "$COLLECTIONS_TEMPLATE_DB"``
``COLLECTIONS_TEMPLATE_DATA_DIR``  (tests) Odoo's data folder with that database's filestore: copy
                             ``filestore/$COLLECTIONS_TEMPLATE_DB`` to ``filestore/mine`` of your own data folder
``COLLECTIONS_COMPARED_ADDONS``  (tests) a folder with OCA's account_credit_control, not on the addons path of ODOO_RC
``COLLECTIONS_LONG``         (tests) "1" when ``--long`` was given
``ODOO_RC``                  the configuration file that all of these use
"""

import contextlib
import os
import shlex
import subprocess
from pathlib import Path

from . import odoo_tree, postgres, python_env, wkhtmltopdf
from .children import wait
from .paths import CLONE, run_folder
from .prepared import locked
from .say import say

SETTINGS = """\
[options]
; written by setup/
addons_path = {addons}
data_dir = {data}
db_template = template1
unaccent = True
http_interface = 127.0.0.1
"""


class Environment:
    """A prepared environment; ``variables`` is the whole environment of a child."""

    def __init__(self, python, odoo, variables):
        self.python = python
        self.odoo = odoo
        self.variables = variables

    def odoo_command(self, *arguments):
        return [str(self.python), "-m", "odoo", *map(str, arguments)]

    def with_variables(self, **more):
        return Environment(self.python, self.odoo, {**self.variables, **{name: str(value) for name, value in more.items()}})

    def with_path(self, folder):
        """The same with ``folder`` first on PATH; None changes nothing."""
        if folder is None:
            return self
        return self.with_variables(PATH=f"{folder}{os.pathsep}{self.variables['PATH']}")

    def run(self, command, **options):
        """Run ``command`` in the foreground and return its exit code.

        Ctrl-C reaches it as it reaches us, so we only wait for it to end; what ends
        us in another way is passed on.
        """
        child = subprocess.Popen([str(part) for part in command], env=self.variables, **options)
        return wait(child)


@contextlib.contextmanager
def prepared_environment():
    """Prepare what is missing, keep the database server running, yield the environment."""
    odoo = odoo_tree.odoo_folder()
    python = python_env.python()
    pdf = wkhtmltopdf.folder()
    with postgres.server() as pg_variables:
        variables = {
            **python_env.clean_environment(),
            **pg_variables,
            "PYTHONPATH": str(_only_odoo(odoo)),
            "ODOO_RC": str(write_conf(odoo)),
            "COLLECTIONS_RUN_DIR": str(run_folder()),
            "COLLECTIONS_ODOO_CMD": shlex.join([str(python), "-m", "odoo"]),
            "PATH": os.pathsep.join([str(python.parent), str(postgres.programs()), os.environ.get("PATH", os.defpath)]),
        }
        yield Environment(python, odoo, variables).with_path(pdf)


def write_conf(odoo, name="odoo.conf", data=None, addons=()):
    """Write Odoo's configuration file, in one go, so that nobody reads half of it."""
    folders = [*odoo_tree.addons_folders(odoo), *addons]
    if any(CLONE.glob("*/__manifest__.py")):
        folders.append(CLONE)
    text = SETTINGS.format(addons=",".join(map(str, folders)), data=data or run_folder("odoo-data"))
    conf = run_folder() / name
    with locked(run_folder("locks") / "odoo-conf"):
        if not conf.exists() or conf.read_text() != text:
            fresh = conf.with_suffix(".new")
            fresh.write_text(text)
            fresh.replace(conf)
    return conf


def _only_odoo(odoo):
    """The folder for PYTHONPATH: a system's dist-packages would bring all its packages along."""
    if odoo.name not in {"dist-packages", "site-packages"} or odoo_tree.is_ours(odoo):
        return odoo
    link = run_folder("python") / "odoo"
    target = odoo / "odoo"
    with locked(run_folder("locks") / "odoo-link"):
        if not link.is_symlink() or Path(os.readlink(link)) != target:
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    say(f"using Odoo 19 in {odoo}")
    return link.parent
