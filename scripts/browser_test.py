"""Steps through the pictures that `scripts/browser-test` wrote and checks what a person would see.

Drives chromedriver over its WebDriver protocol with the standard library alone. Every wait has a limit.
"""

import base64
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

WAIT_S = 20
# chromedriver is on this machine, whatever proxy the environment names.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=1440,900",
]
KEYS = {"ArrowUp": "\ue013", "ArrowDown": "\ue015", "ArrowLeft": "\ue012", "ArrowRight": "\ue014", "Home": "\ue011",
        "End": "\ue010", "Tab": "\ue004"}

# What a person sees of the current step, in the diagram, in the list and beside them.
LOOK = """
const text = (selector) => (document.querySelector(selector) || {}).textContent || '';
const inDiagram = document.querySelector('.step.now');
const inList = document.querySelector('.steps .now');
const visible = (element, pane) => {
  if (!element) return false;
  const [box, frame] = [element.getBoundingClientRect(), document.querySelector(pane).getBoundingClientRect()];
  return box.top < frame.bottom && box.bottom > frame.top;
};
return {
  diagram: document.querySelectorAll('.step.now').length === 1 ? Number(inDiagram.dataset.step) : null,
  list: document.querySelectorAll('.steps .now').length === 1 ? Number(inList.dataset.step) : null,
  focused: document.activeElement === inDiagram,
  visible: visible(inDiagram && inDiagram.querySelector('.frame'), '.picture') && visible(inList, 'nav'),
  where: text('#where'), details: text('#details'), state: text('#details pre'),
  added: [...document.querySelectorAll('#details ins')].map((it) => it.textContent),
  removed: [...document.querySelectorAll('#details del')].map((it) => it.textContent),
  fails: text('#details .fails'), hash: location.hash, title: document.title,
};
"""


class Browser:
    """One Chromium under a chromedriver of its own."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="faultline-browser-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], stdout=subprocess.DEVNULL)
        self.session = None
        self.await_driver()
        options = {"args": [*FLAGS, f"--user-data-dir={self.folder}"]}
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})["sessionId"]

    def await_driver(self):
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            try:
                with OPENER.open(f"http://127.0.0.1:{self.port}/status", timeout=WAIT_S) as answer:
                    if json.load(answer)["value"]["ready"]:
                        return
            except OSError:
                time.sleep(0.05)
        self.driver.kill()
        raise SystemExit("FAILED browser-test: chromedriver did not start")

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with OPENER.open(request, timeout=WAIT_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise SystemExit(f"FAILED browser-test: {method} {path}: {error.read().decode()[:500]}") from error

    def ask(self, method, path, body=None):
        return self.call(method, f"/session/{self.session}{path}", body)

    def open(self, file, fragment=""):
        # An address that differs in its fragment alone would not be loaded again.
        self.ask("POST", "/url", {"url": "about:blank"})
        self.ask("POST", "/url", {"url": file.resolve().as_uri() + fragment})

    def script(self, text):
        return self.ask("POST", "/execute/sync", {"script": text, "args": []})

    def look(self):
        return self.script(LOOK)

    def press(self, key):
        strokes = [{"type": "keyDown", "value": KEYS[key]}, {"type": "keyUp", "value": KEYS[key]}]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": strokes}]})
        return self.look()

    def point_at(self, selector):
        """Moves the mouse to the middle of the first element; to one of an arrow's points, as its middle may be empty."""
        where = self.script(f"""
            const element = document.querySelector({json.dumps(selector)});
            element.scrollIntoView({{block: 'center', inline: 'center'}});
            const box = element.getBoundingClientRect();
            if (!element.getPointAtLength) return [box.left + box.width / 2, box.top + box.height / 2];
            const point = element.getPointAtLength(element.getTotalLength() / 2).matrixTransform(element.getScreenCTM());
            return [point.x, point.y];""")
        move = {"type": "pointerMove", "duration": 0, "x": round(where[0]), "y": round(where[1])}
        self.ask("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [move]}]})
        return self.look()

    def emulate(self, scheme="light", width=1440, height=900):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.cdp("Emulation.setDeviceMetricsOverride", metrics)
        self.cdp("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def cdp(self, command, parameters):
        self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def screenshot(self, file):
        time.sleep(0.2)  # Lets a change of colour come to its end; nothing is judged by it.
        file.write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))

    def complaints(self):
        entries = self.ask("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    def close(self):
        try:
            if self.session:
                self.ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(WAIT_S)
            shutil.rmtree(self.folder, ignore_errors=True)


class Checks:
    """Counts what held and says what did not."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def __call__(self, what, holds, seen=None):
        self.passed += bool(holds)
        self.failed += not holds
        if not holds:
            print(f"FAILED {what}; seen: {json.dumps(seen, ensure_ascii=False)}")

    def at(self, what, seen, number, last):
        self(f"{what}: step {number} is marked in the diagram", seen["diagram"] == number, seen)
        self(f"{what}: step {number} is marked in the list", seen["list"] == number, seen)
        self(f"{what}: step {number} is in sight", seen["visible"], seen)
        self(f"{what}: the heading says step {number}", seen["where"].startswith(f"Step {number} of {last}"), seen)
        self(f"{what}: the address says step {number}", seen["hash"] == f"#step={number}", seen)


def search(browser, check, folder):
    """The failure that a search found: four steps, the last one fails."""
    page = folder / "search.html"
    browser.open(page)
    seen = browser.look()
    check.at("opened", seen, 4, 4)
    check("the last step is the one that fails", "Here it fails" in seen["fails"], seen)
    seen = browser.press("Home")
    check.at("Home", seen, 1, 4)
    check("the keys move the focus", seen["focused"], seen)
    check("the first step does not fail", seen["fails"] == "", seen)
    check("the command is told", "is asked to carry 1" in seen["details"], seen)
    check("the state of the courier is shown", "Courier" in seen["state"], seen)
    check("what changed is marked", "None" in "".join(seen["removed"]) and "Some" in "".join(seen["added"]), seen)
    seen = browser.press("ArrowDown")
    check.at("down", seen, 2, 4)
    check("the state of the door is shown", "Door" in seen["state"] and "Some" in "".join(seen["added"]), seen)
    browser.screenshot(folder / "search-step-2-light.png")
    check.at("right", browser.press("ArrowRight"), 3, 4)
    check.at("left", browser.press("ArrowLeft"), 2, 4)
    check.at("up", browser.press("ArrowUp"), 1, 4)
    check.at("up at the first", browser.press("ArrowUp"), 1, 4)
    check.at("End", browser.press("End"), 4, 4)
    check.at("down at the last", browser.press("ArrowDown"), 4, 4)
    browser.open(page, "#step=3")
    check.at("an address with a step", browser.look(), 3, 4)
    seen = browser.point_at('.step[data-step="2"] .number')
    check("pointing at a step shows it", seen["where"].startswith("Step 2 of 4") and seen["diagram"] == 3, seen)
    browser.point_at("h1")
    check("pointing away shows the current step again", browser.look()["where"].startswith("Step 3 of 4"), browser.look())
    browser.press("End")
    browser.screenshot(folder / "search-light.png")
    browser.emulate("dark")
    browser.screenshot(folder / "search-dark.png")
    browser.emulate("light")


def storm(browser, check, folder):
    """The simulation in which everything happens."""
    browser.open(folder / "storm.html")
    last = browser.script("return document.querySelectorAll('.step').length")
    steps = {}
    seen = browser.press("Home")
    for number in range(1, last + 1):
        check.at("stepping", seen, number, last)
        steps[number] = seen
        seen = browser.press("ArrowDown")
    told = "\n".join(step["details"] for step in steps.values())
    for words in ["loses", "duplicates", "corrupts", "crashes", "comes up again", "is paused", "goes on", "is cut off", "syncs"]:
        check(f"a step tells that something {words}", words in told, told[:300])
    down = [step for step in steps.values() if "It is down" in step["details"]]
    check("a crashed host has no state", down and all(step["state"] == "" for step in down), down[:1])
    seen = browser.point_at(".flight.late .reach")
    check("pointing at an arrow shows its datagram", "receives" in seen["details"], seen)
    lit = browser.script("return document.querySelectorAll('.flight.lit').length")
    check("pointing at an arrow lights it", lit >= 1, lit)
    shapes = browser.script("""
        const dash = (kind) => getComputedStyle(document.querySelector(`.flight.${kind} .way`)).strokeDasharray;
        return {lost: dash('lost'), late: dash('late'), copy: document.querySelectorAll('.flight.copy .inner').length,
                plain: dash('corrupted')};""")
    check("lost and late ways are dashed differently", len({shapes["lost"], shapes["late"], shapes["plain"]}) == 3, shapes)
    check("a copy has a double line", shapes["copy"] > 0, shapes)
    for step, name in [(8, "storm-top"), (last * 2 // 3, "storm-middle"), (last, "storm-end")]:
        browser.open(folder / "storm.html", f"#step={step}")
        browser.screenshot(folder / f"{name}-light.png")
        browser.emulate("dark")
        browser.screenshot(folder / f"{name}-dark.png")
        browser.emulate("light")
    height = browser.script("return document.querySelector('.diagram').clientHeight") + 300
    browser.emulate("light", 1440, height)
    browser.screenshot(folder / "storm-whole-light.png")
    browser.emulate("dark", 1440, height)
    browser.screenshot(folder / "storm-whole-dark.png")
    browser.emulate("light", 420, 900)
    browser.open(folder / "storm.html")
    top = browser.script("return window.scrollY")
    check("a narrow page begins with the reason", top == 0, top)
    browser.screenshot(folder / "storm-narrow-light.png")
    browser.emulate("light")


def long(browser, check, folder):
    """More than can be drawn, with contents that try to break out."""
    browser.open(folder / "long.html")
    seen = browser.look()
    check("hostile contents stay texts", "alert" not in seen["title"] and seen["title"] != "broken", seen["title"])
    check("the end of a long story is shown", seen["fails"] != "" and seen["diagram"] == seen["list"], seen)
    check("the reader is told that the story was cut", browser.script(
        "return document.querySelector('.picture').textContent.includes('earlier steps are left out')"))
    check("a state is shown with all that a student put into it", "</script>" in seen["state"], seen["state"])
    before = seen["diagram"]
    check("stepping works", browser.press("ArrowUp")["diagram"] == before - 1, before)
    browser.screenshot(folder / "long-light.png")
    first = browser.press("Home")
    check("the first that is shown is in sight", first["visible"] and first["diagram"] > 1, first)


def main():
    folder = pathlib.Path(sys.argv[1])
    check = Checks()
    browser = Browser()
    try:
        browser.emulate()
        for part in (search, storm, long):
            part(browser, check, folder)
            complaints = browser.complaints()
            check(f"{part.__name__}: the console has no complaints", not complaints, complaints)
    finally:
        browser.close()
    print(f"browser-test: {check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
