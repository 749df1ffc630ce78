"""What the figures of a comparison show, that they are written whole, and that colours can be told apart."""

import io
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.image import imread

from pcaphash.device import Device, default_configs
from pcaphash.engine.timeline import Timeline
from pcaphash.report.compare.write import write_comparison_folder
from pcaphash.report.figures.canvas import FORMATS, NARROW, WIDE, printable, save, write_title
from pcaphash.report.figures.compare import MOST_CONFIGURATIONS, draw_comparison, shown_outcomes
from pcaphash.report.figures.palette import BLUE, OF_NAMES, ORANGE, colours
from pcaphash.report.figures.queues import Load, draw_loads
from pcaphash.report.figures.timeline import MOST_ROWS, MOST_STEPS, draw_timelines
from pcaphash.studies.compare import compare
from support.shared import ROOT
from support.traffic import write

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
NAMES = ["outer-addresses", "outer", "inner"]


@pytest.fixture(scope="module")
def overlay():
    return compare(OVERLAY, window_ns=10**8)


def figure_of(comparison, name):
    return next(picture for picture in draw_comparison(comparison) if picture.name == name).figure


def legend_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def timeline(loads, windows=None, window_ns=10**6):
    loads = np.asarray(loads, np.int64)
    made = Timeline(Device(queues=loads.shape[1], indirection_table_size=128), window_ns)
    windows = range(len(loads)) if windows is None else windows
    made._loads = dict(zip(windows, np.stack([loads, 100 * loads], axis=2), strict=True))
    return made


def test_bars_are_the_shares_of_each_configuration(overlay):
    figure = figure_of(overlay, "queues")
    assert legend_of(figure) == ["ideal hashes: 95 of 100 stay in the band", "ideal: the same on each queue"]
    for outcome, panel in zip(overlay.outcomes, figure.axes, strict=True):
        packets = outcome.distribution.queues[:, 0]
        band, *bars = panel.patches
        assert [bar.get_height() for bar in bars] == pytest.approx(packets / packets.sum())
        assert panel.lines[0].get_ydata() == [1 / 8, 1 / 8]
        # The ends of the band are those of the table: how far the busiest queue is above, and the idlest below.
        ends = {
            row["measure"]: row["ideal_high"]
            for row in overlay.baseline_rows
            if (row["config"], row["unit"]) == (outcome.device.name, "packets")
        }
        low, height = band.get_y(), band.get_height()
        assert low == pytest.approx((1 - ends["min_ideal"]) / 8)
        assert low + height == pytest.approx((1 + ends["max_ideal"]) / 8)


def test_the_busiest_queue_is_labelled_with_how_far_it_is_above(overlay):
    labels = {panel.get_title("left"): panel.texts[0] for panel in figure_of(overlay, "queues").axes}
    assert {name: label.get_text() for name, label in labels.items()} == {
        "outer-addresses": "+258%",
        "outer": "+174%",
        "inner": "+8.9%",
    }
    for outcome in overlay.outcomes:
        assert labels[outcome.device.name].xy[0] == outcome.distribution.queues[:, 0].argmax()


def test_titles_say_what_follows(overlay):
    titles = {picture.name: picture.title for picture in draw_comparison(overlay)}
    assert titles == {
        "queues": "inner spreads evenly: busiest queue +8.9%; outer-addresses +258%",
        "concentration": "Half of the packets are on 2 of 8 receive queues under outer-addresses, and on 4 under inner",
        "flow_sizes": "The heaviest of 2,107 flows has 52 packets, 6.9% of a receive queue's ideal load",
        "windows": "In the median window, the busiest queue has 16.6% of packets under inner, and 45.5% under "
        "outer-addresses",
    }


def test_a_configuration_has_one_colour_everywhere(overlay):
    """Also where it stands alone or in another order."""
    reverse = compare(OVERLAY, [outcome.device for outcome in overlay.outcomes[::-1]], window_ns=10**8)
    for comparison in (overlay, reverse):
        for name, number in (("queues", -1), ("windows", None)):
            panels = [panel for panel in figure_of(comparison, name).axes if panel.get_title("left")]
            for panel in panels:
                drawn = panel.spines["left"].get_edgecolor() if number is None else panel.patches[-1].get_facecolor()
                assert to_hex(drawn) == OF_NAMES[panel.get_title("left")]
        curves = figure_of(comparison, "concentration").axes[1].lines
        assert [curve.get_color() for curve in curves] == [OF_NAMES[each.device.name] for each in comparison.outcomes]


@pytest.mark.parametrize(
    "names", [["inner"], ["a", "inner", "b"], ["outer", "x", "outer-addresses", "y"], [str(i) for i in range(8)]]
)
def test_no_two_configurations_share_a_colour(names):
    chosen = dict(zip(names, colours(names), strict=True))
    assert len(set(chosen.values())) == len(names)
    assert {name: chosen[name] for name in names if name in OF_NAMES} == {
        name: OF_NAMES[name] for name in names if name in OF_NAMES
    }


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("queues", [1, 2, 8, 64, 128, 1024])
def test_labels_stay_inside_and_queues_are_whole_numbers(queues, width):
    devices = [Device(queues=queues, indirection_table_size=1024, name=f"{name}-{'x' * 80}-{queues}") for name in NAMES]
    (figure, *_) = (picture.figure for picture in draw_comparison(compare(OVERLAY, devices), width))
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw_without_rendering()
    around = figure.bbox
    for panel in figure.axes:
        if not panel.axison:
            continue
        left, right = panel.get_xlim()
        assert {tick for tick in panel.get_xticks() if left <= tick <= right} <= set(range(queues))
        assert panel.get_title("left").endswith(f"-{queues}")
        for text in (panel.title, panel._left_title, *panel.texts, panel.xaxis.label, panel.yaxis.label):
            box = text.get_window_extent(renderer)
            assert not text.get_text() or (box.x0 >= around.x0 - 1 and box.x1 <= around.x1 + 1), text
    legend = figure.legends[0].get_window_extent(renderer)
    assert not any(legend.overlaps(panel.get_window_extent(renderer)) for panel in figure.axes)


def test_many_queues_are_one_outline_for_each_configuration():
    figure = figure_of(compare(OVERLAY, [Device(queues=1000, name=name) for name in NAMES]), "queues")
    assert [len(panel.patches) for panel in figure.axes] == [2, 2, 2]  # the band, and the outline
    assert all(panel.patches[1].get_data().values.sum() == pytest.approx(1) for panel in figure.axes)


def test_many_configurations_are_not_all_drawn():
    devices = [Device(hash_key=bytes([i] * 40), name=f"_{i}$x_1$") for i in range(MOST_CONFIGURATIONS + 3)]
    comparison = compare(OVERLAY, devices)
    verdict = comparison.verdict
    queues, *others = draw_comparison(comparison)
    # Names that begin with an underscore, or look like formulas, are written as they are.
    named = [panel.get_title("left") for panel in queues.figure.axes]
    assert named == [device.name for device in devices if device.name in named]
    assert len(named) == MOST_CONFIGURATIONS
    assert {verdict.best.config, verdict.worst.config} <= set(named)
    assert len(set(shown_outcomes(comparison).values())) == MOST_CONFIGURATIONS
    for picture in others:
        named = [name for name in legend_of(picture.figure) if "$x_1$" in name]
        assert len(named) == MOST_CONFIGURATIONS


def test_labels_stay_below_the_title_however_many_configurations():
    devices = [Device(hash_types=mask, name=f"types {mask}") for mask in range(1, MOST_CONFIGURATIONS + 1)]
    for picture in draw_comparison(compare(OVERLAY, devices)):
        write_title(picture.figure, picture.title, "overlay.pcap")
        canvas = FigureCanvasAgg(picture.figure)
        canvas.draw()
        title = picture.figure._suptitle.get_window_extent(canvas.get_renderer())
        for panel in picture.figure.axes:
            assert panel.yaxis.label.get_window_extent(canvas.get_renderer()).y1 <= title.y0


def test_what_the_headline_names_is_drawn():
    others = [Device(hash_types=mask, name=f"types {mask}") for mask in range(1, MOST_CONFIGURATIONS + 1)]
    comparison = compare(OVERLAY, [*others, *default_configs(Device())])
    verdict = comparison.verdict
    named = {verdict.gain.config, verdict.gain.instead_of}
    assert named == {"outer", "inner"}
    assert "outer" not in (verdict.best.config, verdict.worst.config)
    assert named <= {outcome.device.name for outcome in shown_outcomes(comparison)}


def test_curves_end_at_everything(overlay):
    of_queues, of_inputs = figure_of(overlay, "concentration").axes
    for outcome, line in zip(overlay.outcomes, of_inputs.lines, strict=True):
        x, y = line.get_data()
        assert (x[-1], y[-1]) == (len(outcome.inputs.loads), pytest.approx(1))
        assert y[0] == pytest.approx(outcome.inputs.loads[:, 0].max() / outcome.inputs.loads[:, 0].sum())
    bands = of_queues.collections
    assert len(bands) == 3
    for line in of_queues.lines[:3]:
        assert line.get_xydata()[[0, -1]].tolist() == [[0, 0], [1, 1]]
        assert (np.diff(line.get_ydata()) >= 0).all()


def test_sizes_are_of_all_flows_and_fall(overlay):
    panel = figure_of(overlay, "flow_sizes").axes[0]
    assert (panel.get_xscale(), panel.get_yscale()) == ("log", "log")
    flows = next(line for line in panel.lines if line.get_linewidth() == 5)
    loads = overlay.outcomes[0].flow_set.flows.loads[:, 0]
    x, y = flows.get_data()
    assert (x[0], x[-1], y[0]) == (loads.min(), loads.max(), 1)
    assert (np.diff(y) < 0).all()
    assert y[5] == pytest.approx((loads >= x[5]).mean())


def test_windows_hold_every_packet(overlay):
    figure = figure_of(overlay, "windows")
    for outcome, panel in zip(overlay.outcomes, figure.axes[:3], strict=True):
        assert panel.get_title("left") == outcome.device.name
        image = np.asarray(panel.images[0].get_array())
        assert image.shape == (8, 40)
        assert image.sum(axis=1) * 0.1 == pytest.approx(outcome.distribution.queues[:, 0])
        assert panel.images[0].get_clim() == (0, image.max())
    figure.canvas.draw()
    for scale in figure.axes[3:]:
        assert scale.get_ylabel() == "load"
        assert all(label.get_text().endswith("pps") for label in scale.get_yticklabels())
    assert figure.axes[2].get_xlabel() == "time from 2023-01-04 00:00:00 UTC"
    assert [label.get_text() for label in figure.axes[2].get_xticklabels()][:2] == ["0", "500 ms"]


def test_bars_that_are_too_low_beside_others_have_a_scale_of_their_own():
    even, hot = np.full(64, 10), np.zeros(64, np.int64)
    hot[3] = 640
    for rows, is_shared in (([even, hot], False), ([even, even + np.arange(64)], True)):
        loads = [Load(str(number), BLUE, np.stack([row, row], axis=1)) for number, row in enumerate(rows)]
        tops = [panel.get_ylim()[1] for panel in draw_loads(loads, WIDE).axes]
        assert (tops[0] == tops[1]) == is_shared
        for load, top in zip(loads, tops, strict=True):
            assert is_shared or float(load.shares[:, 0].max()) < top < 1.5 * float(load.shares[:, 0].max())


def test_a_hundred_thousand_windows_are_drawn_in_few_steps():
    loads = np.random.default_rng(1).integers(1, 5, (100_000, 4))
    picture = draw_timelines({"any": (timeline(loads), BLUE)}, WIDE)
    figure, description = picture.figure, picture.description
    image = figure.axes[0].images[0].get_array()
    assert image.shape[1] <= MOST_STEPS
    seconds = 417 * 1e-3
    assert image.sum() * seconds == pytest.approx(loads.sum())
    assert "417 windows of 1 ms drawn as one" in description


def test_windows_far_apart_keep_their_distance():
    figure = draw_timelines({"any": (timeline([[4, 0], [0, 8]], windows=[10, 10 + 10**12]), BLUE)}, WIDE).figure
    image = figure.axes[0].images[0].get_array()
    assert [tuple(place) for place in np.argwhere(image > 0)] == [(0, 0), (1, image.shape[1] - 1)]


def test_configurations_may_have_packets_in_different_windows():
    both = {
        "one": (timeline([[1, 2]], windows=[5]), BLUE),
        "two": (timeline([[3, 4]] * 2, windows=[3, 8]), ORANGE),
    }
    figure = draw_timelines(both, WIDE).figure
    one, two = (np.asarray(panel.images[0].get_array()) for panel in figure.axes[:2])
    assert one.shape == two.shape == (2, 6)
    assert (one[:, 2] / 1000).tolist() == [1, 2]
    assert (two[:, [0, 5]] / 1000).tolist() == [[3, 3], [4, 4]]


def test_of_many_queues_the_busiest_are_seen():
    loads = np.zeros((3, 1000), np.int64)
    loads[1, 777] = 5
    picture = draw_timelines({"any": (timeline(loads + 1), BLUE)}, WIDE)
    figure, description = picture.figure, picture.description
    image = figure.axes[0].images[0].get_array()
    assert len(image) <= MOST_ROWS
    assert image.max() == pytest.approx(6000)
    assert "the busiest of each 8 receive queues drawn" in description


def test_descriptions_have_numbers(overlay):
    texts = {picture.name: picture.description for picture in draw_comparison(overlay)}
    assert "outer-addresses: busiest queue 1 with 44.7%, idlest queue 5 with 1.3%, ideal 12.5%" in texts["queues"]
    assert "inner: 4 of 8 receive queues have half of the packets" in texts["concentration"]
    assert "2,107 flows: half have at least 1 packet, the heaviest has 52 packets" in texts["flow_sizes"]
    assert "in 40 windows with packets" in texts["windows"]


@pytest.fixture(scope="module")
def written(overlay, tmp_path_factory):
    return write_comparison_folder(overlay, tmp_path_factory.mktemp("written"))


def test_a_folder_has_each_figure_in_each_format(written):
    starts = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    figures = [path for path in written if path.suffix in starts]
    assert len(figures) == 4 * 3
    assert all(path.read_bytes().startswith(starts[path.suffix]) for path in figures)


def test_what_is_written_twice_is_the_same(overlay, written):
    for picture in draw_comparison(overlay)[:1]:
        for format_ in FORMATS:
            streams = [io.BytesIO(), io.BytesIO()]
            for stream in streams:
                save(picture.figure, stream, format_)
            assert streams[0].getvalue() == streams[1].getvalue()


def test_figures_are_white_all_over(written):
    for path in written:
        if path.suffix == ".png":
            image = imread(path)
            assert image.shape[2] == 3 or image[:, :, 3].min() == 1
            assert image[0, 0, :3].tolist() == [1, 1, 1]


def test_what_cannot_be_drawn_is_left_out(tmp_path):
    assert draw_comparison(compare(write(tmp_path / "empty.pcapng", []), window_ns=1)) == []
    assert draw_comparison(compare(OVERLAY, Device(features="CTRL_VQ+HASH_REPORT+HASH_TUNNEL"))) == []
    without = compare(OVERLAY, Device())
    lone = replace(without.outcomes[0], flow_set=None, inputs=None, baseline=None)
    names = [picture.name for picture in draw_comparison(replace(without, outcomes=[lone]))]
    assert names == ["queues", "concentration"]


def test_a_configuration_without_any_hash_beside_one_with():
    comparison = compare(OVERLAY, [Device(hash_types="none", name="no"), Device(name="all")])
    for picture in draw_comparison(comparison):
        picture.figure.draw_without_rendering()
        names = [*legend_of(picture.figure), *(panel.get_title("left") for panel in picture.figure.axes)]
        assert ("no" in names) == (picture.name != "flow_sizes")


def test_letters_that_no_font_has_are_no_warning(tmp_path):
    figure = figure_of(compare(OVERLAY, Device(name="\u6587")), "queues")
    with pytest.warns(UserWarning, match="Glyph"):
        figure.draw_without_rendering()
    save(figure, tmp_path / "figure.png", "png")


@pytest.mark.parametrize(
    ("text", "shown"), [("a\x1b[0m", r"a\x1b[0m"), ("a\u202eb", r"a\u202eb"), ("\udcff", r"\udcff"), ("é中", "é中")]
)
def test_what_nothing_shows_is_written_as_an_escape(text, shown):
    assert printable(text) == shown
