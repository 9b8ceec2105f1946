"""Chromium for the browser tests: the machine's, else Debian's."""

import os
import shutil

from .children import checked
from .say import Problem, doing, say
from .unpacked_program import unpacked_program

NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")  # as Odoo looks for it
INSTALL = "apt-get install --yes --no-install-recommends chromium"


def folder():
    """The folder to put on PATH, None when it is there already or cannot be had."""
    if any(shutil.which(name) for name in NAMES):
        return None
    try:
        if os.geteuid() == 0:
            _install()
            return None
        return unpacked_program("chromium")
    except Problem as problem:
        say(f"no Chromium, browser tests will fail ({problem}); to install it: {INSTALL}")
        return None


def _install():
    with doing("installing Chromium"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        checked(["apt-get", "update", "-q"], "cannot read the package lists", env=quiet)
        checked(INSTALL.split(), "cannot install Chromium", env=quiet)
