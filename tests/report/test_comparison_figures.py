"""What the figures of a comparison show, that they are written whole, and that colours can be told apart."""

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.image import imread

from pcaphash.device import Device
from pcaphash.report.comparison import write_comparison_folder
from pcaphash.report.comparison_figures import FORMATS, MOST_CONFIGURATIONS, draw_comparison, printable, save
from pcaphash.report.comparison_timeline import MOST_ROWS, MOST_STEPS, draw_timelines
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
    return SimpleNamespace(
        loads=np.stack([loads, 100 * loads], axis=2),
        windows=list(range(len(loads))) if windows is None else windows,
        window_ns=window_ns,
        device=SimpleNamespace(queues=loads.shape[1]),
        without_time=0,
    )


def test_bars_are_the_shares_of_each_configuration(overlay):
    figure = figure_of(overlay, "queues")
    (panel,) = figure.axes
    assert legend_of(figure) == [*NAMES, "ideal: the same on each queue"]
    heights = np.array([bar.get_height() for bar in panel.patches]).reshape(3, 8)
    for outcome, row in zip(overlay.outcomes, heights, strict=True):
        packets = outcome.distribution.queues[:, 0]
        assert row == pytest.approx(packets / packets.sum())
    assert panel.collections[-1].get_segments()[0][:, 1].tolist() == [1 / 8, 1 / 8]


def test_many_queues_are_one_outline_for_each_configuration():
    figure = figure_of(compare(OVERLAY, [Device(queues=1000, name=name) for name in NAMES]), "queues")
    assert [len(panel.patches) for panel in figure.axes] == [1, 1, 1]
    assert all(panel.patches[0].get_data().values.sum() == pytest.approx(1) for panel in figure.axes)


def test_many_configurations_are_not_all_drawn():
    devices = [Device(hash_key=bytes([i] * 40), name=f"_{i}$x_1$") for i in range(MOST_CONFIGURATIONS + 3)]
    pictures = draw_comparison(compare(OVERLAY, devices))
    for picture in pictures:
        # Names that begin with an underscore, or look like formulas, are written as they are.
        named = [name for name in legend_of(picture.figure) if "$x_1$" in name]
        assert len(named) == MOST_CONFIGURATIONS


def test_curves_end_at_everything(overlay):
    of_queues, of_inputs = figure_of(overlay, "concentration").axes
    for outcome, line in zip(overlay.outcomes, of_inputs.lines, strict=True):
        x, y = line.get_data()
        assert (x[-1], y[-1]) == (len(outcome.inputs.loads), pytest.approx(1))
        assert y[0] == pytest.approx(outcome.inputs.loads[:, 0].max() / outcome.inputs.loads[:, 0].sum())
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
    assert figure.axes[-1].get_ylabel() == "packets per second"


def test_a_hundred_thousand_windows_are_drawn_in_few_steps():
    loads = np.random.default_rng(1).integers(1, 5, (100_000, 4))
    figure, description = draw_timelines({"any": timeline(loads)})
    image = figure.axes[0].images[0].get_array()
    assert image.shape[1] <= MOST_STEPS
    seconds = 417 * 1e-3
    assert image.sum() * seconds == pytest.approx(loads.sum())
    assert "417 windows of 1 ms drawn as one" in description


def test_windows_far_apart_keep_their_distance():
    figure, _ = draw_timelines({"any": timeline([[4, 0], [0, 8]], windows=[10, 10 + 10**12])})
    image = figure.axes[0].images[0].get_array()
    assert [tuple(place) for place in np.argwhere(image > 0)] == [(0, 0), (1, image.shape[1] - 1)]


def test_configurations_may_have_packets_in_different_windows():
    figure, _ = draw_timelines({"one": timeline([[1, 2]], windows=[5]), "two": timeline([[3, 4]] * 2, windows=[3, 8])})
    one, two = (np.asarray(panel.images[0].get_array()) for panel in figure.axes[:2])
    assert one.shape == two.shape == (2, 6)
    assert (one[:, 2] / 1000).tolist() == [1, 2]
    assert (two[:, [0, 5]] / 1000).tolist() == [[3, 3], [4, 4]]


def test_of_many_queues_the_busiest_are_seen():
    loads = np.zeros((3, 1000), np.int64)
    loads[1, 777] = 5
    figure, description = draw_timelines({"any": timeline(loads + 1)})
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
        assert ("no" in legend_of(picture.figure)) == (picture.name != "flow_sizes")


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
