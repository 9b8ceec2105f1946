"""A program of a Debian package, unpacked with the libraries that this machine lacks."""

import platform
import shlex
import shutil

from . import debian
from .children import checked
from .paths import cache_folder, content_key
from .prepared import prepared
from .say import Problem, doing


def unpacked_program(name, variables=None):
    """The folder with program ``name``, or None if the machine has it already."""
    if shutil.which(name):
        return None
    key = content_key(name, debian.release(), platform.machine(), sorted((variables or {}).items()))
    return prepared(cache_folder() / f"{name}-{key}", lambda folder: _build(folder, name, variables or {})) / "bin"


def _build(folder, name, variables):
    with doing(f"unpacking {name} from Debian's package"):
        files = debian.unpack(debian.missing_dependencies(name), folder / "root")
        (folder / "made-from.txt").write_text("\n".join(files) + "\n")
        _write_starter(folder, name, variables)
        checked([folder / "bin" / name, "--version"], f"the unpacked {name} does not start")


def _write_starter(folder, name, variables):
    """A small script that starts the program with its own libraries."""
    root = folder / "root"
    # What lies in bin may be a script that looks for the program in the system's own folders.
    program = next((path for path in (root / "usr/lib" / name / name, root / "usr/bin" / name) if path.exists()), None)
    if not program:
        raise Problem(f"Debian's package {name} holds no program of that name")
    libraries = sorted({str(path.parent) for path in root.rglob("*.so*")}, key=len)
    system = [path for path in libraries if path.count("/") <= str(root).count("/") + 3]
    plugins = next(iter(root.glob("usr/lib/*/qt5/plugins")), None)
    exports = {"LD_LIBRARY_PATH": ":".join(system), **variables}
    if plugins:
        exports["QT_PLUGIN_PATH"] = str(plugins)
    (folder / "bin").mkdir()
    starter = folder / "bin" / name
    lines = [f"export {key}={shlex.quote(value)}" for key, value in exports.items() if value]
    starter.write_text("\n".join(["#!/bin/sh", *lines, f'exec {shlex.quote(str(program))} "$@"', ""]))
    starter.chmod(0o755)
