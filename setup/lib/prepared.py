"""Folders that are made once, whole or not at all, whoever comes first.

Two clones (or two commands of one clone) may prepare at the same moment: a file
lock lets one work and the others wait. The folder counts as made only when its
marker is there, and the marker is written last.
"""

import contextlib
import fcntl
import shutil

from . import children
from .say import say

MARKER = ".complete"


@contextlib.contextmanager
def locked(path, shared=False, wait=True):
    """Hold the lock file ``path``; if somebody else has it, say so and wait, or raise BlockingIOError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                raise
            say(f"waiting for another set-up that holds {path.name}")
            fcntl.flock(handle, kind)
        yield handle


def prepared(folder, build):
    """Return ``folder``, made by ``build(folder)`` if it is not there yet."""
    marker = folder / MARKER
    if marker.exists():
        return folder
    with locked(folder.parent / f"{folder.name}.lock") as lock:
        if marker.exists():
            return folder
        remove(folder)  # what a killed set-up left
        folder.mkdir(parents=True)
        children.build_locks.append(lock.fileno())
        try:
            build(folder)
            marker.touch()
        except BaseException:
            remove(folder)
            raise
        finally:
            children.build_locks.remove(lock.fileno())
    return folder


def remove(folder):
    """Remove a folder of ours, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)
