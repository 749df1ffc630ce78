"""The page in a browser: the verdict at first sight, tables that sort, nothing that reaches out or sticks out."""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pcaphash.device import Device, default_configs
from pcaphash.report.page import write_page
from pcaphash.studies.compare import compare
from support.shared import ROOT

CHROMIUM = shutil.which("chromium")
COMMAND = (
    *(CHROMIUM or "", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"),
    "--remote-debugging-pipe",
)
MOST_SECONDS = 60  # for a browser to start
SCREENS = [(1280, 800), (375, 800)]
TRACE = ROOT / "sample_traces" / "overlay.pcap"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on PATH (Debian's package chromium)")


def starts(profile: Path) -> bool:
    """Tell whether the browser can be run at all, which a sandbox may forbid."""
    command = [*COMMAND[:-1], f"--user-data-dir={profile}", "--dump-dom", "about:blank"]
    try:
        result = subprocess.run(command, capture_output=True, timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return result.returncode == 0 and b"<html" in result.stdout


class Browser:
    """Chromium, spoken to in its DevTools protocol: JSON with a zero byte behind, over two pipes (its fd 3 and 4)."""

    def __init__(self, profile: Path) -> None:
        its_input, self._input = os.pipe()
        self._output, its_output = os.pipe()
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$@" 3<&{its_input} 4>&{its_output}', "bash", *COMMAND, f"--user-data-dir={profile}"],
            pass_fds=(its_input, its_output),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(its_input)
        os.close(its_output)
        self._received = b""
        self._number = 0
        self._session: dict[str, str] = {}
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        self._session = {}
        self.call("Browser.close")
        try:
            self._process.wait(timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        os.close(self._input)
        os.close(self._output)

    def call(self, method: str, **parameters: object) -> dict:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **self._session}
        os.write(self._input, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _receive(self) -> dict:
        while b"\0" not in self._received:
            assert select.select([self._output], [], [], 60)[0], "chromium does not answer"
            part = os.read(self._output, 1 << 16)
            assert part, "chromium is gone"
            self._received += part
        message, _, self._received = self._received.partition(b"\0")
        event = json.loads(message)
        if event.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"):
            self.complaints.append(json.dumps(event["params"]))
        if event.get("method") == "Network.requestWillBeSent":
            self.requests.append(event["params"]["request"]["url"])
        return event

    def open(self, path: Path, width: int, height: int, dark: bool = False, scripts: bool = True) -> None:
        """Show a page on a screen of so many CSS pixels; return once it is loaded."""
        self.complaints.clear()
        self.requests.clear()
        is_phone = width < 500
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=is_phone
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Page.navigate", url=path.as_uri())
        for _ in range(200):
            if self.ask(f"document.readyState == 'complete' && location.href == '{path.as_uri()}'"):
                return
            time.sleep(0.05)
        raise AssertionError("the page does not load")

    def ask(self, expression: str) -> object:
        """Return the value of an expression in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def click(self, selector: str) -> None:
        """Click where an element is, as a mouse does."""
        script = (
            f"(() => {{ const element = document.querySelector({json.dumps(selector)}); "
            "element.scrollIntoView({block: 'center'}); const box = element.getBoundingClientRect(); "
            "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        x, y = self.ask(script)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path: Path) -> None:
        """Save what the whole page looks like."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Browser]:
    if not starts(tmp_path_factory.mktemp("trial")):
        pytest.skip("chromium is installed, but does not start here")
    chromium = Browser(tmp_path_factory.mktemp("profile"))
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    return write_page(compare(TRACE, window_ns=10**8), tmp_path_factory.mktemp("page"), "pcaphash report overlay.pcap")


@pytest.fixture(scope="module")
def wide_page(tmp_path_factory) -> Path:
    """A page with long words and many queues: what could stick out on a phone."""
    name = "a-very-long-name-of-a-configuration-without-any-space-" * 3
    devices = [*default_configs(Device(queues=1000, indirection_table_size=2048)), Device(queues=1000, name=name)]
    return write_page(compare(TRACE, devices), tmp_path_factory.mktemp("wide"), f"pcaphash report {'x' * 300}")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("screen", SCREENS)
def test_the_verdict_is_on_the_first_screen(browser, page, screen, dark):
    browser.open(page, *screen, dark=dark)
    box = browser.ask("document.getElementById('verdict').getBoundingClientRect().toJSON()")
    assert browser.ask("scrollY") == 0
    assert 0 <= box["left"] < box["right"] <= screen[0]
    assert 0 <= box["top"] < box["bottom"] <= screen[1] / 2
    assert browser.ask("document.body.firstElementChild.firstElementChild.id") == "verdict"


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("which", ["page", "wide_page"])
def test_nothing_sticks_out_and_nobody_complains(request, browser, which, screen):
    browser.open(request.getfixturevalue(which), *screen)
    assert browser.ask("document.documentElement.scrollWidth") <= screen[0]
    assert browser.ask("document.body.scrollWidth") <= screen[0]
    assert browser.complaints == []


def test_nothing_is_asked_of_the_network(browser, page):
    browser.open(page, 1280, 800)
    assert [url for url in browser.requests if not url.startswith("data:")] == [page.as_uri()]


def column(browser, table: int, number: int) -> list[str]:
    script = f"[...document.querySelectorAll('table')[{table}].tBodies[0].rows].map((r) => r.cells[{number}].innerText)"
    return browser.ask(script)


@pytest.mark.parametrize("screen", SCREENS)
def test_clicking_a_heading_sorts(browser, page, screen):
    browser.open(page, *screen)
    before = column(browser, 0, 1)
    numbers = sorted((int(text.replace(",", "")) for text in before), reverse=True)
    button = "table thead th:nth-child(2) button"
    for direction, expected in (("descending", numbers), ("ascending", numbers[::-1])):
        browser.click(button)
        assert [int(text.replace(",", "")) for text in column(browser, 0, 1)] == expected
        assert browser.ask("document.querySelectorAll('table [aria-sort]').length") == 1
        assert browser.ask("document.querySelector('table th:nth-child(2)').getAttribute('aria-sort')") == direction
    browser.click("table thead th:nth-child(1) button")
    browser.click("table thead th:nth-child(1) button")
    assert column(browser, 0, 0) == [str(queue) for queue in range(8)]
    assert column(browser, 0, 1) == before


def test_keys_sort_too(browser, page):
    browser.open(page, 1280, 800)
    browser.ask("document.querySelector('table thead th:nth-child(3) button').focus()")
    for kind in ("rawKeyDown", "char", "keyUp"):
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        browser.call("Input.dispatchKeyEvent", type=kind, **key, **({"text": "\r"} if kind == "char" else {}))
    assert browser.ask("document.querySelector('table th:nth-child(3)').ariaSort") == "descending"


def test_without_scripts_all_is_there(browser, page):
    browser.open(page, 1280, 800, scripts=False)
    assert browser.ask("document.querySelectorAll('button').length") == 0
    assert len(column(browser, 0, 1)) == 8
    assert browser.ask("document.querySelectorAll('figure svg').length") == 4


CONTRAST = """
(() => {
  const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = (rgb) => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
  const numbers = (text) => text.match(/[0-9.]+/g).map(Number);
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = numbers(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return null;
  };
  return [...document.body.querySelectorAll("*:not(script, style, svg, svg *)")]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => {
      const [a, b] = [light(numbers(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), e.tagName];
    })
    .sort((x, y) => x[0] - y[0])[0];
})()
"""


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_told_from_what_is_behind_it(browser, page, dark):
    browser.open(page, 1280, 800, dark=dark)
    ratio, tag = browser.ask(CONTRAST)
    assert ratio >= 4.5, tag
    brightness = browser.ask("getComputedStyle(document.body).backgroundColor")
    assert (brightness == "rgb(255, 255, 255)") == (not dark)


def test_it_prints(browser, page):
    browser.open(page, 1280, 800)
    assert base64.b64decode(browser.call("Page.printToPDF")["data"]).startswith(b"%PDF")
