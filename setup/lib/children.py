"""Processes we start, and how they end."""

import os
import signal
import subprocess

from .say import Problem

# Locks of folders being made: a child holds them too, so that after our violent
# death the next set-up waits until an orphan has stopped writing.
build_locks = []


def checked(command, failure, **options):
    """Run ``command`` quietly and return its output; if it fails, ``Problem(failure)`` with the reason."""
    given = options.pop("input", None)
    try:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # so that it ends with all that it started
            pass_fds=build_locks,
            **options,
        )
    except OSError as error:
        raise Problem(f"{failure} ({error})") from error
    try:
        output, _ = child.communicate(given)
    except BaseException:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        raise
    if child.returncode:
        raise Problem(f"{failure} (exit code {child.returncode}: {reason(output)})")
    return output


def reason(output):
    """The line of a program's output that says why it failed.

    >>> reason("Reading lists\\nE: No such package\\nE: Giving up\\n")
    'E: No such package'
    >>> reason("Traceback\\n  File x\\nValueError: no\\n")
    'ValueError: no'
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["it said nothing"]
    errors = [line for line in lines if line.startswith(("E:", "ERROR:", "initdb: error:", "pg_ctl:"))]
    return (errors or lines[-1:])[0][:400]


def wait(child):
    """Wait for ``child``; never leave it behind."""
    try:
        return child.wait()
    except KeyboardInterrupt:
        return end(child, asked=True)
    except BaseException:
        end(child)
        raise


def end(child, asked=False):
    """End a process that we started; the hard way after a while."""
    if not asked and child.poll() is None:
        child.terminate()
    try:
        return child.wait(30)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()
