"""The page: valid, accessible HTML that holds what was found, small however much that is, and safe from any name."""

import base64
import hashlib
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import html5lib
import numpy as np
import pytest

from pcaphash.device import Device, default_configs
from pcaphash.engine.reading import Reading
from pcaphash.engine.timeline import Timeline
from pcaphash.errors import CaptureError, Unreadable
from pcaphash.report.compare.text import show_comparison
from pcaphash.report.compare.words import put_into_words
from pcaphash.report.compare.write import write_comparison
from pcaphash.report.figures import draw_comparison
from pcaphash.report.figures.palette import ON_DARK
from pcaphash.report.page import make_page, write_page
from pcaphash.report.page.facts import notices
from pcaphash.report.page.results import MOST_QUEUES, _measure
from pcaphash.report.page.table import MOST_ROWS
from pcaphash.report.words.measures import MEASURES
from pcaphash.studies.compare import compare
from support import builders
from support.captures import pcapng_of
from support.hostile import HOSTILE
from support.shared import ROOT
from support.traffic import flows, plain, tunnelled, write

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
COMMAND = "pcaphash report overlay.pcap --window 100ms -o results"
MOST_BYTES = 2_000_000
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Outline(HTMLParser):
    """Reads a page and notes what its structure is; complains of elements that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict]] = []
        self.elements: list[tuple[str, dict, str]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), (tag, names)
        self.elements.append((tag, dict(attributes), "/".join(name for name, _ in self.open)))
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes), "/".join(name for name, _ in self.open)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open and data.strip():
            self.texts.setdefault(self.open[-1][0], []).append(data)

    def having(self, *tags: str) -> list[tuple[str, dict, str]]:
        return [element for element in self.elements if element[0] in tags]


def text_of(page: str) -> str:
    """Return what a reader is shown, on one line."""
    body = html5lib.parse(page, namespaceHTMLElements=False).find("body")
    for parent in list(body.iter()):
        for child in [each for each in parent if each.tag in ("script", "style")]:
            parent.remove(child)
    return " ".join(" ".join(body.itertext()).split())


@pytest.fixture(scope="module")
def overlay():
    return compare(OVERLAY, window_ns=10**8)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    trace = write(tmp_path_factory.mktemp("hostile") / "trace.pcapng", [tunnelled(flow) for flow in flows(300)])
    comparison = compare(trace, [Device(name=HOSTILE[:-3]), Device(hash_types="base", name="$x_1$ <b>")])
    reading = Reading.of([HOSTILE], 300, {HOSTILE: 3}, link_types={1: 300, 250: 1})
    reading.add_problem((1,), CaptureError(HOSTILE, Unreadable.NOT_READ, "<b>cannot</b> be read"))
    return replace(comparison, analysis=replace(comparison.analysis, reading=reading))


@pytest.fixture(scope="module")
def pages(overlay, hostile, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    empty = write(folder / "empty.pcapng", [])
    one_flow = write(folder / "one.pcapng", [plain(flows(1)[0])] * 50)
    return {
        "overlay": make_page(overlay, COMMAND),
        "hostile": make_page(hostile, f"pcaphash report '{HOSTILE}'"),
        "empty": make_page(compare(empty, window_ns=1)),
        "no queues": make_page(compare(OVERLAY, Device(features="CTRL_VQ+HASH_REPORT+HASH_TUNNEL"))),
        "1.4": make_page(compare(OVERLAY, default_configs(Device("1.4")), heaviest=0)),
        "one flow": make_page(compare(one_flow, window_ns=10**6)),  # equal images, one for each configuration
    }


KINDS = pytest.mark.parametrize("kind", ["overlay", "hostile", "empty", "no queues", "1.4", "one flow"])


@KINDS
def test_it_is_html(pages, kind):
    html5lib.HTMLParser(strict=True).parse(pages[kind])
    outline = Outline(pages[kind])
    assert pages[kind].startswith("<!DOCTYPE html>\n")
    assert outline.elements[0][:2] == ("html", {"lang": "en"})
    assert len(outline.having("title")) >= 1


@KINDS
def test_ids_are_unique_and_all_references_lead_somewhere(pages, kind):
    outline = Outline(pages[kind])
    ids = [attributes["id"] for _, attributes, _ in outline.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = set(re.findall(r'(?:href="#|url\(#)([^")]*)', pages[kind]))
    for _, attributes, _ in outline.elements:
        used |= set(attributes.get("aria-labelledby", "").split())
    assert used <= set(ids)


@KINDS
def test_headings_are_in_order_and_sections_are_named(pages, kind):
    outline = Outline(pages[kind])
    levels = [int(tag[1]) for tag, _, _ in outline.having("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(level <= before + 1 for before, level in pairwise(levels))
    assert all("aria-labelledby" in attributes for _, attributes, _ in outline.having("section"))


@KINDS
def test_tables_have_captions_and_scopes(pages, kind):
    outline = Outline(pages[kind])
    tables, captions = outline.having("table"), outline.having("caption")
    assert len(tables) == len(captions) > 0
    for _, attributes, path in outline.having("th"):
        assert attributes["scope"] == ("col" if "thead" in path else "row")
    for _, attributes, _ in outline.elements:
        if "data-value" in attributes:
            float(attributes["data-value"])
    root = html5lib.parse(pages[kind], namespaceHTMLElements=False)
    for table in root.iter("table"):
        widths = {len(row) for row in table.iter("tr")}
        assert len(widths) == 1


def test_figures_have_names_and_descriptions(pages):
    outline = Outline(pages["overlay"])
    figures = [attributes for tag, attributes, path in outline.having("svg") if "svg" not in path]
    assert [each["class"] for each in figures] == ["wide", "narrow"] * 4  # of which a screen shows one
    assert all(each["role"] == "img" for each in figures)
    assert len(outline.having("desc")) == 8
    assert len([path for _, _, path in outline.having("title") if path.endswith("svg")]) == 8


@KINDS
def test_only_the_first_screen_and_what_to_do_are_not_folded(pages, kind):
    body = html5lib.parse(pages[kind], namespaceHTMLElements=False).find("body")
    header, main = body.find("header"), body.find("main")
    assert header.find("h1").get("id") == "verdict"
    assert len(header.find("ul")) == 3
    assert len(header.findall("figure")) == (kind not in ("empty", "no queues"))
    for part in main:
        if part.get("role") != "note":
            (details,) = part
            assert details.tag == "details"
            assert (details.get("open") is not None) == (part.get("aria-labelledby") in ("advice", "notes"))
            assert details[0].tag == "summary"


def test_the_three_numbers_are_those_that_matter(pages):
    def numbers(kind):
        header = html5lib.parse(pages[kind], namespaceHTMLElements=False).find("body/header")
        return [" ".join("".join(item.itertext()).split()) for item in header.find("ul")]

    assert numbers("overlay") == [
        "+258% busiest queue above its ideal share, at worst: outer-addresses",
        "+8.9% busiest queue above its ideal share, at best: inner",
        "up to +32.0% by chance: 95 of 100 ideal hashes under inner",
    ]
    assert numbers("empty") == ["0 packets", "0 with a hash under outer-addresses", "8 receive queues"]
    assert numbers("no queues")[2] == "no receive queues"


@pytest.mark.parametrize(
    ("n_packets", "numbers"),
    [
        (1, ["1 packet", "1 with a hash under outer-addresses", "8 receive queues"]),
        (31, ["31 packets", "31 with a hash under outer-addresses", "8 receive queues"]),
        (32, ["+700% busiest queue above its ideal share, under each configuration", "up to +700%", "1 of 8"]),
    ],
)
def test_few_packets_are_counted_and_not_judged(tmp_path, n_packets, numbers):
    comparison = compare(write(tmp_path / "few.pcapng", [plain(flows(1)[0])] * n_packets))
    header = html5lib.parse(make_page(comparison), namespaceHTMLElements=False).find("body/header")
    shown = [" ".join("".join(item.itertext()).split()) for item in header.find("ul")]
    assert [text[: len(number)] for text, number in zip(shown, numbers, strict=True)] == numbers
    title = draw_comparison(comparison)[0].title
    assert ("too few" in title) == ("too few" in header.find("h1").text) == (n_packets < 32)


def test_measures_are_written_as_on_the_terminal(pages, overlay, monkeypatch):
    """Value and band of each, with the same signs and digits."""
    monkeypatch.setenv("COLUMNS", "200")
    stream = io.StringIO()
    write_comparison(overlay, "table", stream)
    terminal = stream.getvalue()
    rows = [row for row in cells(pages["overlay"], "baseline") if row[0] == "inner" and row[2] == "packets"]
    assert len(rows) == 6
    for measure, value in ((row[1], row[3]) for row in rows):
        # The terminal does not show how far the busiest queue is above the idlest.
        assert value in terminal or measure == MEASURES["min_max"], measure
        assert value.startswith("-") == measure.startswith("idlest")


def test_a_ratio_is_written_as_on_the_terminal():
    row = {"measure": "min_max", "value": 20.0, "ideal_low": 19.5, "ideal_high": float("inf"), "sampling_low": None}
    capped, least, empty, none = (_measure(row, name) for name in list(row)[1:])
    assert [cell.text for cell in (capped, least, empty, none)] == ["+2,000% or more", "+1,950%", "empty queue", "-"]
    assert least.value < capped.value < empty.value


def test_a_note_is_no_proposal(tmp_path):
    frames = [builders.ethernet(builders.arp(), builders.ARP)] * 70 + [plain(flow) for flow in flows(9)]
    comparison = compare(write(tmp_path / "trace.pcapng", frames), Device(hash_types="base"))
    (note,) = put_into_words(comparison.verdict, comparison.reading).advice
    assert note.is_note
    shown = text_of(make_page(comparison))
    assert shown.index("Notes") < shown.index(note.text) < shown.index("Why")
    assert "To do" not in shown
    assert "1 proposal" not in shown


def test_figures_have_the_colours_of_the_page(pages):
    """No colour of the palette stands in a figure as such: all are variables, which dark screens change."""
    svgs = re.findall(r"<svg .*?</svg>", pages["overlay"], re.DOTALL)
    assert len(svgs) == 8
    for svg in svgs:
        drawn = {found.lower() for found in re.findall(r"#[0-9a-fA-F]{6}\b", svg)}
        assert not drawn & set(ON_DARK)
        assert "var(--ink)" in svg
    style = re.search(r"<style>(.*?)</style>", pages["overlay"], re.DOTALL)[1]
    used = set(re.findall(r"var\((--[\w-]+)\)", pages["overlay"]))
    for scheme in ("light", "dark"):
        part = style.split("@media screen and (prefers-color-scheme: dark)")[scheme == "dark"]
        assert {name for name in used if name[2:8] == "colour"} <= set(re.findall(r"(--[\w-]+):", part))


@KINDS
def test_nothing_comes_from_elsewhere(pages, kind):
    outline = Outline(pages[kind])
    for tag, attributes, _ in outline.elements:
        assert tag not in ("iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "xlink:href", "action", "poster", "srcset"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
        assert not [name for name in attributes if name.startswith("on")]
    assert "@import" not in pages[kind]
    (policy,) = (each[1]["content"] for each in outline.having("meta") if "http-equiv" in each[1])
    (script,) = re.findall(r"<script>(.*?)</script>", pages[kind], re.DOTALL)
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy
    assert policy.startswith("default-src 'none'")


def test_hostile_names_are_text(pages):
    page = pages["hostile"]
    outline = Outline(page)
    assert not outline.having("img", "b")
    assert len(outline.having("script")) == 1
    assert "\u202e" not in page
    assert "\x1b" not in page
    page.encode("utf-8")
    shown = text_of(page)
    assert "<img src=x onerror=alert(1)>\"'&amp;</script><!--\\u202e\\x1b\\udcff" in shown
    assert "could not be read: " in shown
    assert "<b>cannot</b> be read" in shown


def test_what_was_found_is_on_the_page(pages, overlay):
    shown = text_of(pages["overlay"])
    verdict = put_into_words(overlay.verdict, overlay.reading)
    advice = [text for each in verdict.advice for text in (each.text, *each.commands)]
    for line in (verdict.headline, *(each.text for each in verdict.findings), *advice, COMMAND):
        assert line in shown
    assert shown.index(verdict.headline) < shown.index("To do") < shown.index("Why")
    for part in (
        *("busiest queue above the ideal", "192.0.2.13 > 198.51.100.10 VXLAN 1", "inner flows"),
        *("inner-not-ip", "Microsoft's published key", "ETHERNET", "4.5 MB"),
        *("2023-01-04 00:00:00 UTC", "2,093", "203.0.113.53 > 198.51.100.10", "10.0.4.44:51661 > 10.0.0.24:5432 TCP"),
    ):
        assert part in shown, part


def cells(page: str, name: str) -> list[list[str]]:
    """Return the rows of the table with a name."""
    for table in html5lib.parse(page, namespaceHTMLElements=False).iter("table"):
        if table.find("caption").get("id") == f"table-{name}":
            return [["".join(cell.itertext()) for cell in row] for row in table.find("tbody")]
    return []


def test_queues_have_their_packets(pages, overlay):
    rows = cells(pages["overlay"], "queues")
    assert [row[0] for row in rows] == [str(queue) for queue in range(8)]
    inner = overlay.outcomes[2].distribution.queues[:, 0]
    assert [int(row[5].replace(",", "")) for row in rows] == inner.tolist()
    assert [row[6] for row in rows] == [f"{packets / inner.sum():.1%}" for packets in inner]


def test_the_hottest_queues_flows_are_its_own(pages, overlay):
    rows = [row for row in cells(pages["overlay"], "hottest") if row[3] == "inner"]
    assert len(rows) == 10
    outcome = overlay.outcomes[2]
    hottest = int(outcome.distribution.queues[:, 0].argmax())
    loads = outcome.flow_set.flows.loads[outcome.inputs.queue_of_flow == hottest, 0]
    assert [int(row[5]) for row in rows] == sorted(loads.tolist(), reverse=True)[:10]
    assert {row[4] for row in rows} == {str(hottest)}


def test_limits_are_said(tmp_path, overlay):
    assert notices(overlay) == []
    (line,) = notices(compare(OVERLAY, Device(), most_flows=100))
    assert line.endswith("raise --max-flows")
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(OVERLAY.read_bytes()[:-7])
    shown = text_of(make_page(compare(cut, Device())))
    assert shown.index("the results are partial") < shown.index("could not be read: ") < shown.index("Why")
    assert "partial" not in text_of(make_page(overlay))


@pytest.mark.slow
def test_a_thousand_queues_stay_small():
    devices = [Device(queues=1000, indirection_table_size=2048, name=name) for name in ("one", "two")]
    page = make_page(compare(OVERLAY, devices))
    assert len(page.encode()) < MOST_BYTES
    assert f"The {MOST_QUEUES} busiest of 1,000 receive queues." in text_of(page)
    rows = cells(page, "queues")
    assert len(rows) == MOST_QUEUES
    assert [int(row[0]) for row in rows] == sorted(int(row[0]) for row in rows)


@pytest.mark.slow
def test_a_hundred_thousand_windows_stay_small(overlay):
    loads = np.random.default_rng(1).integers(1, 9, (100_000, 8, 2))
    timeline = Timeline(Device(), 10**6)
    timeline._loads, timeline.without_time = dict(enumerate(loads)), 4
    page = make_page(replace(overlay, outcomes=[replace(each, timeline=timeline) for each in overlay.outcomes]))
    assert len(page.encode()) < MOST_BYTES
    shown = text_of(page)
    assert "417 windows of 1 ms drawn as one" in shown
    assert "4 packets without a timestamp are in no window." in shown


@pytest.mark.slow
def test_many_tunnels_and_configurations_stay_small(tmp_path):
    packets = [tunnelled(flow, vni=number) for number, flow in enumerate(flows(500))]
    trace = write(tmp_path / "tunnels.pcapng", packets)
    devices = [Device(hash_key=bytes([i] * 40), name=f"key {i}") for i in range(12)]
    page = make_page(compare(trace, devices, heaviest=500))
    assert len(page.encode()) < MOST_BYTES
    shown = text_of(page)
    assert f"The first {MOST_ROWS} of 6,000 rows; pcaphash compare --output writes all of them." in shown
    assert "8 of 12 configurations, the best and the worst among them." in shown
    assert "8 of 12 configurations drawn, the best and the worst among them." in shown


@pytest.mark.slow
def test_the_same_comparison_gives_the_same_page(tmp_path):
    trace = write(tmp_path / "flows.pcapng", [plain(flow) for flow in flows(50)])
    paths = [write_page(compare(trace), tmp_path / name, COMMAND) for name in ("one", "two")]
    assert [path.name for path in paths] == ["report.html"] * 2
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_flows_that_the_capture_cuts_are_not_shown(tmp_path):
    """Without their inner ports, a tunnel looks like few heavy flows."""
    trace = tmp_path / "cut.pcapng"
    frames = [tunnelled(flow) for flow in flows(300)]
    trace.write_bytes(pcapng_of([(frame[:50], len(frame), 1) for frame in frames]))
    comparison = compare(trace, default_configs(Device()))
    assert "flows are not shown: 100% of packets are in tunnels and cut before their inner ports" in notices(comparison)
    page = make_page(comparison)
    assert cells(page, "hottest") == []
    assert not [each for each in Outline(page).having("h2") if each[1].get("id") == "flows"]
    shown = io.StringIO()
    show_comparison(comparison, shown)
    assert "heaviest flows" not in shown.getvalue()
    assert "flows are not shown: 100% of packets" in " ".join(shown.getvalue().split())
