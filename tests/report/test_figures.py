"""What the figure of an analysis says, and that many queues are not drawn one by one."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from pcaphash.device import Device
from pcaphash.device.configs import default_configs
from pcaphash.report.figures import draw_comparison, draw_distribution, save
from pcaphash.report.figures.canvas import FORMATS
from pcaphash.report.figures.titles import Excess, spread_title
from pcaphash.studies.analyze import analyze
from pcaphash.studies.compare import compare
from support.shared import ROOT

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"


def devices(n_configs, queues):
    return [Device(queues=queues, indirection_table_size=1024, name=f"$a_{i}$") for i in range(n_configs)]


def shown(figure):
    return [panel for panel in figure.axes if panel.axison]


@pytest.mark.parametrize("queues", [1, 2, 8, 32, 33, 64, 1024])
@pytest.mark.parametrize("n_configs", [1, 3, 4, 5])
def test_a_panel_for_each_configuration_shows_each_queue_and_no_more(make_analysis, n_configs, queues):
    figure = draw_distribution(make_analysis(devices(n_configs, queues)))
    panels = shown(figure)
    assert [panel.get_title("left") for panel in panels] == [f"$a_{i}$" for i in range(n_configs)]
    for panel in panels:
        ticks = [tick for tick in panel.get_xticks() if panel.get_xlim()[0] <= tick <= panel.get_xlim()[1]]
        assert set(ticks) <= set(range(queues))
        assert panel.get_xlim() == pytest.approx((-0.7, queues - 0.3))
    assert legend_of(figure) == ["ideal: the same on each queue", "bytes"]


def legend_of(figure):
    (legend,) = figure.legends
    return [text.get_text() for text in legend.get_texts()]


def test_a_thousand_queues_are_two_shapes(make_analysis):
    (panel,) = shown(draw_distribution(make_analysis(devices(1, 1024))))
    assert len(panel.patches) == 2
    packets, in_bytes = panel.patches
    assert packets.get_data().values.sum() == pytest.approx(1)
    assert np.array_equal(packets.get_data().values, in_bytes.get_data().values)
    assert (packets.get_fill(), in_bytes.get_fill()) == (True, False)


def test_ideal_hashes_are_a_band_where_flows_are_known():
    analysis = analyze(OVERLAY, default_configs(Device()), with_chance=True)
    figure = draw_distribution(analysis)
    assert "ideal hashes: 95 of 100 stay in the band" in legend_of(figure)
    for panel, baseline in zip(shown(figure), analysis.baselines, strict=True):
        band = panel.patches[0]
        highest = 8 * (band.get_y() + band.get_height()) - 1
        assert highest == pytest.approx(baseline.interval("max_ideal_packets").high)


def test_shares_are_drawn_to_scale(make_analysis):
    (panel,) = shown(draw_distribution(make_analysis([Device(queues=4)], [30, 10])))
    heights = [bar.get_height() for bar in panel.patches]
    assert heights == [0.75, 0.25, 0, 0]
    assert [line.get_ydata()[0] for line in panel.lines] == [0.25]
    assert [segment[0][1] for segment in panel.collections[0].get_segments()] == [0.75, 0.25, 0, 0]  # bytes
    assert [text.get_text() for text in panel.texts] == ["+200%"]


FEW = "too few to judge the spread over"


@pytest.mark.parametrize(
    ("device", "loads", "label", "title"),
    [
        (Device(queues=8), [1], "1 packet", f"1 packet is {FEW} 8 receive queues; at least 32 are needed"),
        (
            Device(queues=64),
            [3, 100],
            "100 packets",
            f"103 packets are {FEW} 64 receive queues",
        ),
        (Device(queues=1), [500], "all packets", "There is nothing to spread: there is one receive queue"),
        (Device(queues=8, hash_types="none"), [500], "+700%", "inner spreads unevenly: busiest queue +700%"),
    ],
)
def test_what_cannot_be_judged_has_no_percentage(make_analysis, device, loads, label, title):
    figure = draw_distribution(make_analysis([replace(device, name="inner")], loads))
    (panel,) = shown(figure)
    assert [text.get_text() for text in panel.texts] == [label]
    assert figure.get_suptitle().replace("\n", " ").startswith(title)


def test_without_any_hash_the_panel_says_so(make_analysis):
    figure = draw_distribution(make_analysis([Device()], [], unhashed=500))
    assert [text.get_text() for text in shown(figure)[0].texts] == ["no hash"]
    assert figure.get_suptitle().splitlines()[0] == "There is nothing to spread: no packet has a hash"


def test_the_title_names_the_traces(make_analysis):
    analysis = make_analysis(default_configs(Device()), [1], traces=["x/a$1$.pcap", "-", "c", "d"])
    assert draw_distribution(analysis).get_suptitle().splitlines()[-1] == (
        "a$1$.pcap, standard input and 2 more: 1 packet"
    )


@pytest.mark.parametrize(
    ("excesses", "title"),
    [
        ([0.089, 2.58], "a spreads evenly: busiest queue +8.9%; b +258%"),
        ([0.089, 2.58, 0.1], "a and 1 more spread evenly: busiest queue +8.9%; b +258%"),
        ([0.089, 0.012], "All 2 configurations spread evenly: busiest queue +8.9% at most"),
        ([0.23, 2.58], "No configuration spreads evenly: busiest queue +23.0% under a, b +258%"),
        ([7.0, 7.0], "No configuration spreads evenly: busiest queue +700% under each"),
        ([0.23, 2.58, float("nan")], "No judged configuration spreads evenly: busiest queue +23.0% under a, b +258%"),
        ([0.089, 0.012, float("nan")], "All 2 judged configurations spread evenly: busiest queue +8.9% at most"),
        ([0.1001], "a spreads unevenly: busiest queue +10.0%"),
        ([0.05, float("nan")], "a spreads evenly: busiest queue +5.0%"),
        ([float("nan")], "There is nothing to spread"),
        ([1023.0], "a spreads unevenly: busiest queue +102,300%"),
    ],
)
def test_titles_say_what_the_numbers_do(excesses, title):
    assert spread_title([Excess(name, value) for name, value in zip("abc", excesses, strict=False)]) == title


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.parametrize("loads", [[], [5, 0, 3]])
def test_figures_are_saved_as_their_suffix_says(make_analysis, tmp_path, suffix, loads):
    path = tmp_path / f"figure.{suffix}"
    save(draw_distribution(make_analysis(default_configs(Device()), loads)), path)
    assert path.read_bytes().startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full")
@pytest.mark.parametrize("format_", FORMATS)
def test_a_full_disk_is_said_to_be_one(make_analysis, format_):
    figure = draw_distribution(make_analysis(default_configs(Device()), [5, 0, 3]))
    with pytest.raises(OSError, match="No space left on device"):
        save(figure, Path("/dev/full"), format_)


def test_without_rss_the_figure_says_why_it_is_empty(make_analysis):
    figure = draw_distribution(make_analysis([Device(features="CTRL_VQ+HASH_REPORT")], [4]))
    assert shown(figure) == []
    assert "without the RSS feature" in figure.get_suptitle()


SAMPLES = sorted(path for path in (ROOT / "sample_traces").glob("*.pcap*") if path.stem != "interfaces")


@pytest.mark.parametrize("queues", [2, 8])
@pytest.mark.parametrize("trace", SAMPLES, ids=lambda path: path.name)
def test_titles_do_not_contradict_the_verdict(trace, queues):
    """A configuration that the verdict calls even is the one that the title does, and there is one for both or none."""
    comparison = compare(trace, default_configs(Device(queues=queues)))
    pictures = draw_comparison(comparison)
    even = [finding.config for finding in comparison.verdict.findings if finding.cause == "even"]
    judged = [finding for finding in comparison.verdict.findings if not math.isnan(finding.excess)]
    titles = [picture.title for picture in pictures if picture.name == "queues"]
    # The figure of analyze says the same, from the counts alone.
    own = " ".join(draw_distribution(comparison.analysis).get_suptitle().splitlines()[:-1])
    for title in [*titles, own]:
        assert ("spread evenly" in title or "spreads evenly" in title) == (
            bool(even) or title.startswith("No configuration spreads evenly")
        )
        if not judged:
            assert "%" not in title
    if judged:
        assert own == titles[0]


def test_the_picture_of_the_readme_is_what_analyze_draws(tmp_path):
    """Run ``pcaphash analyze sample_traces/overlay.pcap -o DIR`` and copy distribution.png where this fails."""
    save(draw_distribution(analyze(OVERLAY, default_configs(Device()), with_chance=True)), tmp_path / "now.png")
    shown, now = (imread(path) for path in (ROOT / "docs" / "overlay.png", tmp_path / "now.png"))
    assert shown.shape == now.shape
    assert np.abs(shown - now).mean() < 0.01  # fonts may be drawn a little differently
