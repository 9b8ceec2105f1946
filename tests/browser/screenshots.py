"""Take a picture of every screen of a database: run it through ``setup/odoo shell``.

    COLLECTIONS_SHOTS=~/shots setup/odoo shell -d collections < tests/browser/screenshots.py

Every menu and window of the suite that the administrator can open, on a laptop (1366x768) and on a phone (390x844), with
sheets that show many of them. ``COLLECTIONS_SHOTS_ONLY`` (a regular expression) limits it to some, and
``COLLECTIONS_SHOTS_PORT`` is the port of the Odoo that it starts and stops. The user `admin` has the password that it has
after an installation.
"""

import base64
import io
import json
import os
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

import websocket
from PIL import Image, ImageDraw

sys.path.insert(0, os.getcwd())

from tests.roles.screens import Screen, load_action, menu_actions, suite_actions  # noqa: E402

SIZES = {"laptop": (1366, 768), "phone": (390, 844)}
CHROMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
FOLDER = Path(os.environ.get("COLLECTIONS_SHOTS", "shots")).expanduser()
ONLY = re.compile(os.environ.get("COLLECTIONS_SHOTS_ONLY", ""))
PORT = int(os.environ.get("COLLECTIONS_SHOTS_PORT", "8178"))
PATIENCE = 60

# Calm: the action is there, nothing is asked of the server any more, and nothing moves.
WATCH = """
window.__asked = 0;
for (const name of ["fetch"]) {
    const original = window[name];
    window[name] = (...a) => { window.__asked++; return original(...a).finally(() => window.__asked--); };
}
const send = XMLHttpRequest.prototype.send;
XMLHttpRequest.prototype.send = function (...a) {
    window.__asked++;
    this.addEventListener("loadend", () => window.__asked--);
    return send.apply(this, a);
};
"""
CALM = """document.readyState === "complete" && window.__asked === 0 && !!window.odoo?.isReady
    && !!document.querySelector(".o_action_manager > *, .o_dialog .o_form_view") && !document.querySelector(".o_blockUI")"""


class Browser:
    """A headless Chromium, told what to do through its DevTools port."""

    def __init__(self, stack):
        profile = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        program = next(path for name in CHROMES if (path := _which(name)))
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        self.process = subprocess.Popen(
            [program, *options, "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Odoo limits its memory, and Chromium reserves much more than it uses.
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)),
        )
        stack.callback(self.process.wait)
        stack.callback(self.process.terminate)
        file = Path(profile) / "DevToolsActivePort"
        _wait_until(lambda: file.exists() and file.read_text().strip(), "Chromium does not start")
        port = file.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            page = next(page for page in json.load(answer) if page["type"] == "page")
        self.socket = websocket.create_connection(page["webSocketDebuggerUrl"], suppress_origin=True, timeout=PATIENCE)
        self.number = 0
        self.tell("Page.enable")
        self.tell("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    def tell(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("id") == self.number:
                return answer.get("result", {})

    def ask(self, script):
        answer = self.tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return answer.get("result", {}).get("value")

    def open(self, url):
        self.tell("Page.navigate", url="about:blank")
        self.tell("Page.navigate", url=url)

    def calm(self):
        _wait_until(lambda: self.ask(CALM), "the screen does not come to rest", fatal=False)
        self.ask("new Promise((done) => setTimeout(done, 350))")  # what fades in or out
        _wait_until(lambda: self.ask(CALM), "the screen does not come to rest", fatal=False)

    def size(self, width, height):
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 700)
        self.tell("Emulation.setTouchEmulationEnabled", enabled=width < 700)

    def picture(self, path):
        answer = self.tell("Page.captureScreenshot", format="png")
        path.write_bytes(small_png(base64.b64decode(answer["data"])))


def small_png(data):
    """Return the picture with at most 256 colours: a third of the size, and nobody sees it."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").quantize(256).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def _which(name):
    return next((f"{folder}/{name}" for folder in os.get_exec_path() if os.access(f"{folder}/{name}", os.X_OK)), None)


def _wait_until(ready, failure, fatal=True):
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            if fatal:
                raise SystemExit(failure)
            print(f"  {failure}")
            return
        time.sleep(0.1)


@contextmanager
def odoo_server(database):
    """Odoo on the database, for as long as the block runs."""
    log = FOLDER / "odoo.log"
    command = [*shlex.split(os.environ["COLLECTIONS_ODOO_CMD"]), "-d", database, "--db-filter", f"^{database}$"]
    command += ["--http-interface", "127.0.0.1", "--http-port", str(PORT), "--max-cron-threads", "0", "--logfile", str(log)]
    process = subprocess.Popen(command)
    try:
        _wait_until(_answers, f"Odoo does not start, see {log}")
        yield f"http://127.0.0.1:{PORT}"
    finally:
        process.terminate()
        process.wait()


def _answers():
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/web/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def stops(env):
    """Yield (name, path) of every screen: each view of each window, the form of its first record, and a new one."""
    for (kind, action_id), where in {**suite_actions(env), **menu_actions(env)}.items():
        action = load_action(env, kind, action_id)
        xmlid = (action.get("xml_id") or where).rpartition(".")[2].removeprefix("collection_")
        path = f"/odoo/action-{action_id}"
        if kind == "ir.actions.client":
            yield xmlid, path
        elif kind == "ir.actions.act_window" and "active_id" not in (action["context"] or ""):  # else of a record only
            yield from _stops_of_window(xmlid, path, Screen(env, action))


def _stops_of_window(xmlid, path, screen):
    kinds = [kind for kind in screen.archs if kind != "search"]
    if screen.model._transient or kinds == ["form"]:
        yield xmlid, path
        return
    for kind in kinds:
        if kind != "form":
            yield f"{xmlid}.{kind}", f"{path}?view_type={kind}"
    if "form" in kinds:
        records = screen.model.search(screen.first_domain, limit=1)
        for record in records:
            yield f"{xmlid}.form", f"{path}/{record.id}"
        if screen.archs["form"].get("create") not in ("0", "false", "False"):
            yield f"{xmlid}.new", f"{path}/new"


def sheets(size):
    """Put the pictures of a size on sheets, nine on each."""
    width, height = SIZES[size]
    small = (width // 2, height // 2) if width > 700 else (width * 2 // 3, height * 2 // 3)
    columns = 3 if width > 700 else 5
    pictures = sorted(path for path in (FOLDER / size).glob("*.png"))
    for number in range(0, len(pictures), 3 * columns):
        sheet = Image.new("RGB", (columns * (small[0] + 8), 3 * (small[1] + 24)), "white")
        for place, path in enumerate(pictures[number : number + 3 * columns]):
            corner = (place % columns * (small[0] + 8), place // columns * (small[1] + 24))
            sheet.paste(Image.open(path).convert("RGB").resize(small, Image.LANCZOS), (corner[0], corner[1] + 16))
            ImageDraw.Draw(sheet).text(corner, path.stem, fill="black")
        sheet.save(FOLDER / f"sheet-{size}-{number // (3 * columns) + 1:02}.png")


def take_all(env):
    """Take the pictures."""
    screens = [(name, path) for name, path in stops(env) if ONLY.search(name)]
    env.cr.rollback()
    with ExitStack() as stack:
        for size in SIZES:
            (FOLDER / size).mkdir(parents=True, exist_ok=True)
        root = stack.enter_context(odoo_server(env.cr.dbname))
        browser = Browser(stack)
        browser.open(f"{root}/web/login")
        _wait_until(lambda: browser.ask("!!document.querySelector('form.oe_login_form')"), "no login page")
        browser.ask(
            """(() => {
                document.querySelector("#login").value = "admin";
                document.querySelector("#password").value = "admin";
                document.querySelector("form.oe_login_form").submit();
            })()"""
        )
        _wait_until(lambda: browser.ask("!!window.odoo?.isReady"), "cannot log in as admin")
        for size, (width, height) in SIZES.items():
            browser.size(width, height)
            for name, path in screens:
                started = time.monotonic()
                browser.open(root + path)
                browser.calm()
                browser.picture(FOLDER / size / f"{name}.png")
                print(f"  {size:<7}{name:<50}{time.monotonic() - started:6.1f} s", flush=True)
            sheets(size)


if "env" in globals():
    FOLDER.mkdir(parents=True, exist_ok=True)
    take_all(env(user=env.ref("base.user_admin").id, su=False))  # noqa: F821 (the shell gives env)
