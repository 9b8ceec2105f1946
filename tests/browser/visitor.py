"""A person in front of a real Chromium: opens a mail, taps, types, reads. One browser serves all tests of a class.

Taps and clicks are those of a finger and of a mouse, at the place where the thing is: what is hidden or covered cannot be
hit. They are counted.
"""

import base64
import json
import tempfile
import time
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import axe_playwright_python
from odoo.tests.common import ChromeBrowser, ChromeBrowserException, HttpCase

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
# What axe finds of Odoo's own, as the test of Arabic shows on a page of Odoo: the choice of a language in the footer.
ODOOS = ["footer .js_language_selector"]
SIZES = {"phone": (390, 844), "desktop": (1366, 768)}
PATIENCE = 30

WATCH = """
window.__asked = 0;
const fetched = window.fetch;
window.fetch = (...a) => { window.__asked++; return fetched(...a).finally(() => window.__asked--); };
const sent = XMLHttpRequest.prototype.send;
XMLHttpRequest.prototype.send = function (...a) {
    window.__asked++;
    this.addEventListener("loadend", () => window.__asked--);
    return sent.apply(this, a);
};
"""
FIND = """(label, kinds) => {
    const text = (element) =>
        (element.getAttribute("aria-label") || element.innerText || element.value || "").replace(/\\s+/g, " ").trim();
    const found = [...document.querySelectorAll(kinds)].filter(
        (element) => element.checkVisibility() && !element.disabled
    );
    const one = found.find((element) => text(element) === label) || found.find((element) => text(element).includes(label));
    if (!one) {
        return null;
    }
    one.scrollIntoView({ block: "center", behavior: "instant" });
    const box = [...one.getClientRects()].find((rect) => rect.width && rect.height);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const hit = document.elementFromPoint(x, y);
    const by = hit && (one.contains(hit) || hit.contains(one)) ? "" : hit?.outerHTML.slice(0, 200) || `nothing at ${x}, ${y}`;
    return { x, y, by };
}"""
FIELD = """(label, value) => {
    const labels = [...document.querySelectorAll("label")].filter((one) => one.innerText.includes(label) && one.control);
    const control = labels[0].control;
    if (control.tagName === "SELECT") {
        value = [...control.options].find((option) => option.text.includes(value)).value;
    }
    control.value = value;
    control.dispatchEvent(new Event("input", { bubbles: true }));
    control.dispatchEvent(new Event("change", { bubbles: true }));
}"""
REPORT = """({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(
    (node) => `${id}: ${node.target.join(" ")}: ${node.html.slice(0, 160)}: ${node.failureSummary}`))"""
TAPPABLE = "a, button, summary, label, input[type=submit], input[type=checkbox], input[type=radio]"


class Visitor:
    """Somebody with a phone or at a desk."""

    def __init__(self, test, chrome, size):
        self.test, self.chrome = test, chrome
        self.taps = 0
        self.resize(size)
        self.forget()

    # -- the browser ---------------------------------------------------------------------------------------------------

    def resize(self, size):
        """Look at the same page on another screen."""
        self.size = size
        width, height = SIZES[size]
        is_phone = size == "phone"
        self.tell(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=is_phone
        )
        self.tell("Emulation.setTouchEmulationEnabled", enabled=is_phone)

    def tell(self, method, **parameters):
        return self.chrome._websocket_request(method, params=parameters, timeout=PATIENCE)

    def ask(self, script):
        """Return what a script says in the page, None where the page is just going away."""
        try:
            answer = self.tell("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        except ChromeBrowserException:
            return None
        if "exceptionDetails" in answer:
            raise AssertionError(f"{script[:200]}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def forget(self, login=None):
        """Begin a session of a browser that knows nothing, or that of a user of the portal."""
        self.tell("Network.clearBrowserCookies")
        self.test.authenticate(login, login, browser=self.chrome)

    @contextmanager
    def _at_the_server(self):
        """Let the server answer the browser, for as long as the block runs."""
        self.test.env.flush_all()
        with self.test.allow_requests(browser=self.chrome):
            yield
            self.test._wait_remaining_requests()
        self.test.env.invalidate_all()

    def _wait(self, script, failure):
        self._wait_until(lambda: self.ask(script), failure)

    def _wait_until(self, ready, failure):
        deadline = time.monotonic() + PATIENCE
        while not ready():
            if time.monotonic() > deadline:
                raise AssertionError(f"{failure}; {self.address()} says: {self.text()[:1500]}")
            time.sleep(0.03)

    def _wait_for(self, text):
        # Odoo's scripts come after the page, and ask for translations; taps wait for them too.
        ready = "document.readyState === 'complete' && typeof window.odoo?.isTourReady === 'function'"
        said = f"document.body.innerText.replace(/\\s+/g, ' ').includes({json.dumps(text)})"
        self._wait(f"{ready} && !window.__left && !window.__asked && {said}", f"{text!r} does not come")

    # -- what a person does --------------------------------------------------------------------------------------------

    def open(self, address, until):
        """Type an address."""
        with self._at_the_server():
            self.tell("Page.navigate", url=self.test.base_url() + address if address.startswith("/") else address)
            self._wait_for(until)
        return self

    def open_mail(self, mail):
        """Open a mail as a mail program shows it."""
        html = mail.get_body(("html",)).get_content()
        html = f'<meta name="viewport" content="width=device-width, initial-scale=1"/>{html}'
        with self._at_the_server():
            self.tell("Page.navigate", url="about:blank")
            frame = self.tell("Page.getFrameTree")["frameTree"]["frame"]["id"]
            self.tell("Page.setDocumentContent", frameId=frame, html=html)
            self._wait('document.readyState === "complete"', "the mail is not shown")
        return self

    def tap(self, label, until=None, kinds=TAPPABLE):
        """Tap what is called ``label``, and wait ``until`` the page that comes says so."""
        with self._at_the_server():
            self._hit(label, kinds, "window.__left = true" if until else "")
            if until:
                self._wait_for(until)
        return self

    def download(self, label):
        """Tap what is called ``label``, and return (name, content) of the file that comes."""
        with tempfile.TemporaryDirectory() as folder, self._at_the_server():
            self.tell("Page.setDownloadBehavior", behavior="allow", downloadPath=folder)
            self._hit(label, TAPPABLE)
            self._wait_until(
                lambda: [file for file in Path(folder).iterdir() if file.suffix != ".crdownload"], f"no file comes of {label!r}"
            )
            (file,) = Path(folder).iterdir()
            return file.name, file.read_bytes()

    def _hit(self, label, kinds, before=""):
        find = f"({FIND})({json.dumps(label)}, {json.dumps(kinds)})"
        self._wait(find, f"nothing is called {label!r}")
        place = self.ask(find)
        if place["by"]:
            raise AssertionError(f"{label!r} is covered by {place['by']}")
        self.ask(before)
        self._touch(place["x"], place["y"])
        self.taps += 1

    def _touch(self, x, y):
        if self.size == "phone":
            self.tell("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
            self.tell("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
            return
        for kind in ("mousePressed", "mouseReleased"):
            self.tell("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def fill(self, label, value):
        """Write into the field that is labelled so, or choose it there."""
        self.ask(f"({FIELD})({json.dumps(label)}, {json.dumps(str(value))})")
        return self

    # -- what a person reads -------------------------------------------------------------------------------------------

    def text(self):
        return " ".join((self.ask("document.body.innerText") or "").split())

    def address(self):
        return self.ask("location.pathname + location.search")

    def picture(self, path):
        """Keep what the screen shows."""
        Path(path).write_bytes(base64.b64decode(self.tell("Page.captureScreenshot", format="png")["data"]))

    def violations(self, leave_out=()):
        """Return what axe finds against WCAG 2.1 AA on this page, a text each: rule, where, why."""
        if not self.ask("!!window.axe"):
            self.ask(f"{AXE}; true")
        context = {"include": [["html"]], "exclude": [[selector] for selector in leave_out]}
        options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
        found = self.ask(f"axe.run({json.dumps(context)}, {json.dumps(options)}).then({REPORT})")
        if found is None:
            raise AssertionError("axe did not run")
        return found


class BrowserCase(HttpCase):
    """Tests that share one browser."""

    _chrome = None

    def open_browser(self, size):
        """Return a visitor with a browser that knows nothing, of a size (`SIZES`)."""
        case = type(self)
        if not case._chrome:
            case._chrome = ChromeBrowser(self)
            case.addClassCleanup(case._close_browser)
            case._chrome._websocket_request("Page.addScriptToEvaluateOnNewDocument", params={"source": WATCH})
        case._chrome.test_case = self
        case._chrome._result = Future()  # what a script reports as an error fails the test that it happens in
        return Visitor(self, case._chrome, size)

    @classmethod
    def _close_browser(cls):
        cls._chrome.stop()
        cls._chrome = None
