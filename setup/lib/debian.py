"""Debian packages without installing them: a private apt state, unpacked files.

The mirror is the one this machine is configured for. Debian's unstable suite is
added to a private list only; the system's own apt never hears of it. apt checks
the signature against Debian's archive keyring as always.
"""

import os
import platform
import re
import shutil
import tempfile
from pathlib import Path

from .children import checked
from .paths import cache_folder, content_key, made
from .prepared import locked
from .say import Problem, say

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
UNSTABLE = "unstable"
PREFERENCES = f"Package: *\nPin: release a={UNSTABLE}\nPin-Priority: 1\n"  # only what is asked for by suite


def release():
    """The codename of this machine's Debian release, e.g. the word after VERSION_CODENAME."""
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return ""
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return values.get("VERSION_CODENAME", "").strip('"')


def unpack(packages, folder, suite=None):
    """Unpack the named packages of ``suite`` (default: this machine's release) into ``folder``.

    Returns the file names of the packages, which carry their versions.
    """
    wanted = [f"{name}/{suite}" if suite else name for name in packages]
    with tempfile.TemporaryDirectory(dir=made(folder), prefix="download-") as download:
        _Apt().download(wanted, download)
        files = sorted(Path(download).glob("*.deb"))
        for file in files:
            checked(["dpkg-deb", "-x", file, folder], f"cannot unpack {file.name}")
        return [file.name for file in files]


def known(packages):
    """Those of ``packages`` that exist in this machine's release."""
    apt = _Apt()
    return [name for name in packages if apt.has(name)]


def missing_dependencies(package):
    """``package`` and what it needs that is not installed on this system, as package names."""
    out = checked(
        [
            *_Apt(Path("/var/lib/dpkg/status")).command("apt-get"),
            *("install", "--simulate", "--no-install-recommends", "--no-remove", package),
        ],
        f"cannot work out what the Debian package {package} needs",
    )
    return re.findall(r"^Inst (\S+)", out, re.M)


class _Apt:
    """apt with a state of its own in the cache folder."""

    def __init__(self, status=None):
        """``status``: the list of what is installed; by default nothing is."""
        for program in ("apt-get", "apt-cache", "dpkg-deb"):
            if not shutil.which(program):
                raise Problem(
                    f"{program} is not on this machine, so Debian's packages cannot be had: "
                    "name an Odoo 19 source tree in ODOO_SOURCE"
                )
        if not KEYRING.exists():
            raise Problem("Debian's archive keyring is missing: apt-get install debian-archive-keyring")
        self.sources = "".join(f"deb [signed-by={KEYRING}] {uri} {suite} main\n" for uri, suite in sources())
        self.folder = cache_folder() / f"apt-{content_key(self.sources, PREFERENCES, platform.machine())}"
        self.status = status or self.folder / "status"
        self._update()

    def command(self, program):
        folder = self.folder
        options = {
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": folder / "preferences",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State": folder,
            "Dir::State::status": self.status,
            "Dir::Cache": folder / "cache",
            "Acquire::Languages": "none",
            "Acquire::Retries": 2,
            "APT::Get::List-Cleanup": "false",
        }
        if os.geteuid() == 0:
            options["APT::Sandbox::User"] = "root"  # _apt may not look into root's cache
        return [program, "-q", *(f"-o{name}={value}" for name, value in options.items())]

    def _update(self):
        with locked(self.folder.with_suffix(".lock")):
            if (self.folder / "updated").exists():
                return
            say("reading the package lists of this machine's Debian mirror")
            for part in ("lists/partial", "cache/archives/partial"):
                made(self.folder / part)
            (self.folder / "status").touch()
            (self.folder / "sources.list").write_text(self.sources)
            (self.folder / "preferences").write_text(PREFERENCES)
            self.refresh()

    def refresh(self):
        checked(
            [*self.command("apt-get"), "update", "-o", "APT::Update::Error-Mode=any"],
            "cannot read the package lists of this machine's Debian mirror: check `apt-get update`, "
            "or name an Odoo 19 source tree in ODOO_SOURCE",
        )
        (self.folder / "updated").touch()

    def has(self, package):
        out = checked([*self.command("apt-cache"), "madison", package], f"cannot look up {package}")
        return f" {release()}" in out

    def download(self, wanted, folder):
        command = [*self.command("apt-get"), "download", *wanted]
        failure = f"cannot download {', '.join(wanted)} from this machine's Debian mirror"
        try:
            checked(command, failure, cwd=folder)
        except Problem:
            # A newer version may have replaced the one in our lists.
            with locked(self.folder.with_suffix(".lock")):
                self.refresh()
            checked(command, failure, cwd=folder)


def sources():
    """Pairs (address, suite): this machine's own release with its updates, and unstable from the same mirror."""
    own = [(uri, suite) for uri, suites in _configured_sources() for suite in suites if _is_own(suite)]
    mirror = next((uri for uri, suite in own if suite == release()), None)
    if not mirror:
        raise Problem(
            "this machine has no Debian mirror configured for its own release, so the package odoo-19 cannot be had: "
            "name an Odoo 19 source tree in ODOO_SOURCE"
        )
    return sorted({*own, (mirror, UNSTABLE)})


def _is_own(suite):
    return bool(release()) and suite in {release(), f"{release()}-updates", f"{release()}-security"}


def _configured_sources():
    """Pairs (address, suites) of apt's own source files, both formats."""
    etc = Path("/etc/apt")
    for file in [etc / "sources.list", *sorted(etc.glob("sources.list.d/*"))]:
        if not file.is_file():
            continue
        text = file.read_text(errors="replace")
        if file.suffix == ".sources":
            yield from _deb822_sources(text)
        elif file.suffix == ".list":
            yield from _one_line_sources(text)


def _deb822_sources(text):
    """
    >>> list(_deb822_sources('Types: deb\\n# note\\nURIs: http://a/debian\\nSuites: x x-updates\\n'))
    [('http://a/debian', ['x', 'x-updates'])]
    """
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if not line.startswith("#")]
        fields = {}
        for line in re.sub(r"\n[ \t]+", " ", "\n".join(lines)).splitlines():
            name, colon, value = line.partition(":")
            if colon:
                fields[name.strip().lower()] = value.split()
        enabled = fields.get("enabled", ["yes"]) != ["no"]
        if enabled and "deb" in fields.get("types", []):
            for uri in fields.get("uris", []):
                yield uri, fields.get("suites", [])


def _one_line_sources(text):
    """
    >>> list(_one_line_sources('deb [arch=amd64 signed-by=/k] http://a/debian x main\\n#deb http://b y main\\n'))
    [('http://a/debian', ['x'])]
    """
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)", line)
        if match:
            yield match.group(1), [match.group(2)]
