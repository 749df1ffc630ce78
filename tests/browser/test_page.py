"""The page in a browser: the verdict at first sight, tables that sort, nothing that reaches out or sticks out."""

import base64
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from pcaphash.device import Device, default_configs
from pcaphash.report.page import write_page
from pcaphash.studies.compare import compare
from support.chromium import CHROMIUM, Browser, starts
from support.shared import ROOT
from support.slow import slow_but
from support.traffic import flows, plain, write

SCREENS = [(1280, 800), (390, 844)]
LEAST_FIGURE = 110  # pixels of height of the figure on the first screen
LEAST_LETTERS = 7  # pixels of height of the letters in it
TRACE = ROOT / "sample_traces" / "overlay.pcap"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on PATH (Debian's package chromium)")


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


def devices(n_configs: int, name: str, **options: object) -> list[Device]:
    """Make configurations with different keys and long names that differ at their end."""
    return [Device(hash_key=bytes([i + 1] * 40), name=f"{name}-{i}", **options) for i in range(n_configs)]


@pytest.fixture(scope="module")
def pages(page, tmp_path_factory) -> Callable[[str], Path]:
    """Return what makes pages of traffic of many kinds, each once."""
    folder = tmp_path_factory.mktemp("pages")
    traces = {
        "one packet": [plain(flows(1)[0])],
        "one flow": [plain(flows(1)[0])] * 500,
        "no tunnels": [plain(flow) for flow in flows(3000)],
        "empty": [],
    }
    configurations = {
        "64 queues": default_configs(Device(queues=64)),
        "eight long names": devices(8, "hash-types-of-our-driver-in-production-since-spring"),
        "one configuration": Device(),
        "1.4": default_configs(Device("1.4")),
    }

    @cache
    def made(name: str) -> Path:
        if name == "overlay":
            return page
        if name in traces:
            found = compare(write(folder / f"{name}.pcapng", traces[name]))
        else:
            found = compare(TRACE, configurations[name])
        return write_page(found, folder / name, "pcaphash report")

    return made


PAGES = [
    *("overlay", "one packet", "one flow", "no tunnels", "empty", "64 queues", "eight long names"),
    *("one configuration", "1.4"),
]

FRONT = """
(() => {
  const seen = (element) => element.getClientRects().length > 0;
  const box = (element) => element.getBoundingClientRect().toJSON();
  const figure = Array.from(document.querySelectorAll("#front svg")).filter(seen);
  const letters = Array.from(document.querySelectorAll("#front svg text")).filter(seen);
  return {
    verdict: box(document.getElementById("verdict")),
    numbers: Array.from(document.querySelectorAll(".numbers li"), box),
    figures: figure.map(box),
    letters: letters.map(box),
  };
})()
"""


def is_inside(box: dict[str, float], screen: tuple[int, int]) -> bool:
    return 0 <= box["left"] < box["right"] <= screen[0] and 0 <= box["top"] < box["bottom"] <= screen[1]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("which", slow_but(1, PAGES))
def test_verdict_numbers_and_figure_are_on_the_first_screen(browser, pages, which, screen, dark):
    browser.open(pages(which), *screen, dark=dark)
    front = browser.ask(FRONT)
    assert browser.ask("scrollY") == 0
    assert is_inside(front["verdict"], screen)
    assert len(front["numbers"]) == 3
    assert all(is_inside(box, screen) for box in front["numbers"])
    assert len(front["figures"]) == (which != "empty")  # one of the two that there are
    for box in front["figures"]:
        assert is_inside(box, screen)
        assert box["height"] >= LEAST_FIGURE
    assert all(is_inside(box, screen) for box in front["letters"])
    assert all(max(box["height"], box["width"]) >= LEAST_LETTERS for box in front["letters"])
    assert browser.ask("document.body.firstElementChild.firstElementChild.id") == "verdict"
    assert browser.ask("document.querySelectorAll('details[open]:not(:has(#advice))').length") == 0


@pytest.mark.parametrize("is_unfolded", [False, True])
@pytest.mark.parametrize("screen", [*SCREENS, (320, 568)])
@pytest.mark.parametrize("which", slow_but(2, ["wide", *PAGES]))
def test_nothing_sticks_out_and_nobody_complains(browser, pages, wide_page, which, screen, is_unfolded):
    browser.open(wide_page if which == "wide" else pages(which), *screen)
    if is_unfolded:
        browser.click(".unfold")
        assert browser.ask("document.querySelectorAll('details:not([open])').length") == 0
    assert browser.ask("document.documentElement.scrollWidth") <= screen[0]
    assert browser.ask("document.body.scrollWidth") <= screen[0]
    assert browser.complaints == []


def test_a_part_unfolds_by_mouse_and_by_key(browser, page):
    browser.open(page, 390, 844)
    part = "document.querySelector('#why').closest('details')"
    assert browser.ask(f"{part}.querySelector('dl').checkVisibility({{contentVisibilityAuto: true}})") is False
    browser.click("#why")
    assert browser.ask(f"{part}.open") is True
    assert browser.ask(f"{part}.querySelector('dl').getBoundingClientRect().height") > 0
    browser.ask(f"{part}.querySelector('summary').focus()")
    browser.press("Enter")
    assert browser.ask(f"{part}.open") is False


def test_everything_that_can_be_used_is_reached_by_keys(browser, page):
    browser.open(page, 1280, 800)
    reached = []
    for _ in range(browser.ask("document.querySelectorAll('summary').length") + 1):
        browser.press("Tab")
        reached.append(browser.ask("document.activeElement.tagName"))
    assert reached == ["BUTTON", *["SUMMARY"] * (len(reached) - 1)]


def test_nothing_is_asked_of_the_network(browser, page):
    browser.open(page, 1280, 800)
    assert [url for url in browser.requests if not url.startswith("data:")] == [page.as_uri()]


def column(browser, table: int, number: int) -> list[str]:
    script = f"[...document.querySelectorAll('table')[{table}].tBodies[0].rows].map((r) => r.cells[{number}].innerText)"
    return browser.ask(script)


@pytest.mark.parametrize("screen", SCREENS)
def test_clicking_a_heading_sorts(browser, page, screen):
    browser.open(page, *screen)
    browser.click(".unfold")
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
    browser.click(".unfold")
    browser.ask("document.querySelector('table thead th:nth-child(3) button').focus()")
    browser.press("Enter")
    assert browser.ask("document.querySelector('table th:nth-child(3)').ariaSort") == "descending"


def test_without_scripts_all_is_there(browser, page):
    browser.open(page, 1280, 800, scripts=False)
    assert browser.ask("document.querySelectorAll('button').length") == 0
    assert len(column(browser, 0, 1)) == 8
    assert browser.ask("document.querySelectorAll('figure svg.wide').length") == 4
    browser.click("#load")
    assert browser.ask("document.querySelector('#load').closest('details').open") is True


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
  return [...document.body.querySelectorAll("*:not(script, style, svg, svg *), svg text")]
    .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => {
      const style = getComputedStyle(e);
      const own = numbers(e.tagName === "text" ? style.fill : style.color);
      const [a, b] = [light(own), light(behind(e))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), e.tagName];
    })
    .sort((x, y) => x[0] - y[0])[0];
})()
"""


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("screen", SCREENS)
def test_text_can_be_told_from_what_is_behind_it(browser, page, screen, dark):
    browser.open(page, *screen, dark=dark)
    browser.click(".unfold")
    ratio, tag = browser.ask(CONTRAST)
    assert ratio >= 4.5, tag
    brightness = browser.ask("getComputedStyle(document.body).backgroundColor")
    assert (brightness == "rgb(255, 255, 255)") == (not dark)


@pytest.mark.parametrize("scripts", [False, True])
@pytest.mark.parametrize("dark", [False, True])
def test_it_prints_all_of_it_in_black_on_white(browser, page, dark, scripts):
    browser.open(page, 1280, 800, dark=dark, scripts=scripts)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.call("Emulation.setEmulatedMedia", media="print", features=[scheme])
    assert browser.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    heights = browser.ask("[...document.querySelectorAll('.folded')].map((e) => e.getBoundingClientRect().height)")
    assert len(heights) >= 10
    assert min(heights) > 0
    browser.call("Emulation.setEmulatedMedia", media="", features=[scheme])
    pdf = base64.b64decode(browser.call("Page.printToPDF")["data"])
    assert pdf.startswith(b"%PDF")
    n_pages = len(re.findall(rb"/Type */Page\b", pdf))
    assert n_pages > 3  # the folded page has two
    if scripts:
        assert browser.ask("document.querySelectorAll('details[open]:not(:has(#advice))').length") == 0  # folded again
