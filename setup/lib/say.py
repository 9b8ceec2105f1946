"""Progress lines, and the one error that ends a command with one line."""

import contextlib
import signal
import sys
import threading
import time


class Problem(Exception):
    """Something cannot be had: the text says what, and how to get it."""


def say(text):
    """Print one progress line; standard error, so that output can be piped."""
    print(f"[setup] {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def doing(what, every=15):
    """Say ``what`` is being done, that it still is, and how long it took."""
    started = time.monotonic()
    done = threading.Event()

    def still():
        while not done.wait(every):
            say(f"{what}: {time.monotonic() - started:.0f} s so far")

    say(f"{what} ...")
    threading.Thread(target=still, daemon=True).start()
    try:
        yield
    finally:
        done.set()
    say(f"{what}: done in {time.monotonic() - started:.1f} s")


def main(command):
    """Run ``command(arguments)`` as a program: exit code, one line on a problem."""
    for end in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(end, lambda number, _: sys.exit(128 + number))  # so that what we started is stopped
    try:
        code = command(sys.argv[1:])
    except Problem as problem:
        print(f"setup: {problem}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
