"""The linters pass: ruff on everything, pylint-odoo on the modules."""

import subprocess
import sys
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
NOT_OURS = "--disable=manifest-required-author,missing-readme"  # OCA's authorship, and the README.rst it generates


def run(*command):
    """Run a tool in the clone; its output is the failure message."""
    ran = subprocess.run([sys.executable, "-m", *command], cwd=CLONE, capture_output=True, text=True)
    assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout}{ran.stderr}"


def test_ruff_finds_nothing():
    run("ruff", "check", ".")


def test_code_is_laid_out_by_ruff():
    run("ruff", "format", "--check", "setup", "tests/repo")


def test_pylint_odoo_finds_nothing():
    modules = sorted(path.parent.name for path in CLONE.glob("*/__manifest__.py"))
    run("pylint", "--load-plugins=pylint_odoo", "--disable=all", "--enable=odoolint", NOT_OURS, "--score=no", *modules)
