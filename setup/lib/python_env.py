"""The virtual environment with what ``requirements.txt`` and ``requirements-alone.txt`` pin."""

import os
import shutil
import sys
from pathlib import Path

from . import debian
from .children import checked
from .paths import CLONE, cache_folder, content_key
from .prepared import prepared
from .say import Problem, doing

OLDEST = (3, 10)  # of the Pythons that Odoo 19 runs on


def python():
    """The virtual environment's Python, made on the first call."""
    if sys.version_info < OLDEST:
        raise Problem(f"Odoo 19 needs Python 3.10 or newer, this is {sys.version.split()[0]}: start it with a newer python3")
    requirements, alone = CLONE / "requirements.txt", CLONE / "requirements-alone.txt"
    key = content_key(requirements.read_bytes(), alone.read_bytes(), sys.version, sys.base_prefix)
    folder = prepared(cache_folder() / f"python-{key}", lambda folder: _build(folder, requirements, alone))
    return folder / "bin/python"


def clean_environment():
    """This process's variables without those that lead Python elsewhere."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}}


def pip(python, *arguments, failure):
    checked([python, "-m", "pip", "--disable-pip-version-check", *arguments], failure, env=clean_environment())


def _build(folder, requirements, alone):
    with doing("installing the pinned Python packages"):
        _empty_environment(folder)
        for options in (["--requirement", requirements], ["--no-deps", "--requirement", alone]):
            pip(
                folder / "bin/python",
                "install",
                "--quiet",
                *options,
                failure=f"cannot install the Python packages of {options[-1].name}: check that pip reaches its package index",
            )


def _empty_environment(folder):
    """A virtual environment with pip, also where Debian split ensurepip off Python."""
    base = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
    base = base if base.exists() else Path(sys.executable)
    try:
        checked([base, "-m", "venv", folder], "cannot make a virtual environment", env=clean_environment())
    except Problem:
        checked(
            [base, "-m", "venv", "--clear", "--without-pip", folder],
            "cannot make a virtual environment",
            env=clean_environment(),
        )
        _pip_from_debian(folder)


def _pip_from_debian(folder):
    wheels = folder / "pip-wheels"
    debian.unpack(["python3-pip-whl"], wheels)
    wheel = next(wheels.glob("usr/share/python-wheels/pip-*.whl"))
    checked(
        [folder / "bin/python", wheel / "pip", "install", "--quiet", "--no-index", wheel],
        "cannot put pip into the virtual environment",
        env=clean_environment(),
    )
    shutil.rmtree(wheels)
