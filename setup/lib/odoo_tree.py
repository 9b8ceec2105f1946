"""Odoo 19: the tree named by ODOO_SOURCE, an importable odoo, else Debian's package unpacked."""

import importlib.util
import os
import re
from pathlib import Path

from . import debian
from .paths import cache_folder, content_key
from .prepared import prepared
from .say import Problem, doing, say

PACKAGE = "odoo-19"

# The package links to these instead of carrying its own copies.
LINKED_PACKAGES = [
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-font-awesome",
    "fonts-inconsolata",
    "fonts-ocr-b",
]

# Named in an asset bundle, but left out of the package: an empty file keeps the bundle whole
# (what is lost is the blurred background in video calls).
ABSENT_SCRIPTS = ["odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js"]

RECIPE = 1  # raise it when the way the tree is made changes


def odoo_folder():
    """The folder to put on Python's path, and a word on where it comes from."""
    named = os.environ.get("ODOO_SOURCE")
    if named:
        folder = Path(named).expanduser().absolute()
        if _version(folder) != 19:
            raise Problem(f"ODOO_SOURCE={named} is not a tree of Odoo 19 (odoo/release.py says {_version(folder)})")
        return folder
    return _importable() or _unpacked()


def addons_folders(folder):
    """The addons folders of a tree: inside the package, and beside it in a source tree."""
    return [path for path in (folder / "addons", folder / "odoo" / "addons") if path.is_dir()]


def is_ours(folder):
    """Whether the tree is the one unpacked here."""
    return cache_folder() in folder.parents


def _version(folder):
    """The major version of the Odoo tree in ``folder``, None if there is none."""
    try:
        text = (folder / "odoo" / "release.py").read_text()
    except OSError:
        return None
    found = re.search(r"^version_info\s*=\s*\(\s*['\"]?(?:saas~)?(\d+)", text, re.M)
    return int(found.group(1)) if found else None


def _importable():
    """The folder of an ``odoo`` 19 that this Python could import, or None."""
    spec = importlib.util.find_spec("odoo")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place).parent
        if _version(folder) == 19:
            return folder
    return None


def _unpacked():
    key = content_key(PACKAGE, *LINKED_PACKAGES, *ABSENT_SCRIPTS, debian.release(), RECIPE)
    tree = prepared(cache_folder() / f"odoo-{key}", _unpack)
    return tree / "usr/lib/python3/dist-packages"


def _unpack(folder):
    with doing("unpacking Odoo 19 from the Debian package odoo-19 (about 120 MB to download)"):
        files = debian.unpack([PACKAGE], folder, suite=debian.UNSTABLE)
        files += debian.unpack(debian.known(LINKED_PACKAGES), folder)
        odoo = folder / "usr/lib/python3/dist-packages"
        if _version(odoo) != 19:
            raise Problem(f"the Debian package {files[0]} does not hold Odoo 19")
        _mend(folder, odoo)
        (folder / "made-from.txt").write_text("\n".join(files) + "\n")


def _mend(folder, odoo):
    """Give every link that still leads nowhere something harmless to lead to."""
    stand_in = folder / "usr/share/fonts/truetype/roboto/unhinted/RobotoTTF/Roboto-Regular.ttf"
    mended = 0
    for link in odoo.rglob("*"):
        if not link.is_symlink() or link.exists():
            continue
        mended += 1
        target = stand_in if link.suffix in {".ttf", ".otf"} and stand_in.exists() else None
        link.unlink()
        if target:
            link.symlink_to(os.path.relpath(target, link.parent))
        elif link.suffix in {".js", ".css"}:
            link.write_text("/* not part of this build */\n")
    if mended:
        say(f"{mended} links of the package to files of newer Debian releases were given a stand-in")
    for name in ABSENT_SCRIPTS:
        script = odoo / name
        if not script.exists():
            script.parent.mkdir(parents=True, exist_ok=True)
            script.write_text("/* not part of this build */\n")
