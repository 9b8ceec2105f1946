"""Where things lie.

The cache folder holds what is downloaded or built, for all clones of this user.
A clone's own databases, mails and logs lie in its git-ignored ``.run/``.
"""

import hashlib
import os
import pwd
import stat
from pathlib import Path

from .say import Problem

CLONE = Path(__file__).resolve().parents[2]
RUN = CLONE / ".run"


def cache_folder():
    """``$XDG_CACHE_HOME/account-collections``, made if need be."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base).absolute() / "account-collections"
    return made(folder)


def run_folder(*parts):
    """A folder inside the clone's ``.run/``."""
    return made(RUN.joinpath(*parts))


def made(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"cannot write to {folder}: {error.strerror}; set XDG_CACHE_HOME to a folder of yours") from error
    return folder


def clone_key():
    """A short name for this clone, different for each folder."""
    return hashlib.sha256(str(CLONE).encode()).hexdigest()[:10]


def content_key(*things):
    """A short name for what is made from ``things`` (texts or bytes)."""
    digest = hashlib.sha256()
    for thing in things:
        digest.update(thing if isinstance(thing, bytes) else str(thing).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:12]


def unprivileged_user():
    """The existing user that runs the database server when we are root, else None."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Problem("running as root, and no user postgres, nobody or daemon exists to run PostgreSQL: run as an ordinary user")


def can_reach(user, folder):
    """Whether ``user`` may pass through every folder down to ``folder``."""
    folder = Path(folder).resolve()
    for place in (folder, *folder.parents):
        if not place.exists():
            continue
        status = place.stat()
        if status.st_uid == user.pw_uid:
            allowed = status.st_mode & stat.S_IXUSR
        elif status.st_gid == user.pw_gid:
            allowed = status.st_mode & stat.S_IXGRP
        else:
            allowed = status.st_mode & stat.S_IXOTH
        if not allowed:
            return False
    return True


def shared_folder():
    """Root's folder under ``/var/tmp`` for what another user must read.

    Only root may write in it; a folder somebody else put there is refused.
    """
    folder = Path("/var/tmp/account-collections")
    folder.mkdir(mode=0o755, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise Problem(f"{folder} is not a folder that only root can write to: remove it")
    return folder
