"""The figure of a tuning: a dot for every key, and a title that does not contradict the verdict."""

import pytest
from matplotlib.colors import to_hex

from pcaphash import Device
from pcaphash.report.figures import draw_tuning
from pcaphash.report.figures.palette import BLUE, VERMILLION
from pcaphash.report.tune.words import headline
from pcaphash.report.tune.write import write_tuning_folder
from pcaphash.report.words.values import above_ideal
from pcaphash.studies.tune import tune
from support.shared import ROOT
from support.traffic import flows, plain, write

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
MEASURE = "max_ideal_packets"


@pytest.fixture(scope="module")
def tuning():
    return tune(OVERLAY, Device(), n_keys=50)


def test_every_key_is_a_dot(tuning):
    (panel,) = draw_tuning(tuning).axes
    dots = [line for line in panel.lines if line.get_linestyle() == "None"]
    points = {tuple(point) for line in dots for point in line.get_xydata().tolist()}
    choosing, judging = (tuning.columns[f"{part}_{MEASURE}"].tolist() for part in ("choosing", "judging"))
    assert points == set(zip(choosing, judging, strict=True))
    marks = {to_hex(line.get_color()): line.get_xydata()[0].tolist() for line in dots[1:]}
    assert marks == {
        VERMILLION: [choosing[tuning.best], judging[tuning.best]],
        BLUE: [choosing[0], judging[0]],
    }
    band = panel.patches[0]
    ideal = tuning.baseline.interval(MEASURE)
    assert (band.get_y(), band.get_y() + band.get_height()) == pytest.approx((ideal.low, ideal.high))


def test_the_title_says_what_the_verdict_does(tuning):
    assert tuning.verdict.cause == "little"
    assert tuning.value("judging", 0) in tuning.baseline.interval(MEASURE)
    title = " ".join(draw_tuning(tuning).get_suptitle().split())
    now = f"{tuning.value('judging', 0):+.1%}"
    assert title.startswith(f"Keep the current key: its {now} is within the range of ideal")


def test_a_bad_key_is_told_by_numbers():
    bad = tune(OVERLAY, Device(hash_key=b"\1" + bytes(39)), n_keys=50)
    assert bad.verdict.cause == "key"
    best, now = (bad.value("judging", key) for key in (bad.best, 0))
    title = " ".join(draw_tuning(bad).get_suptitle().split())
    assert title.startswith(f"Another key helps: {above_ideal(best)} instead of {above_ideal(now)}")


@pytest.mark.parametrize("measure", ["jain_bytes", "cov_packets", "min_ideal_packets"])
def test_other_measures_are_drawn_too(measure, tmp_path):
    paths = write_tuning_folder(tune(OVERLAY, Device(), n_keys=5, measure=measure), tmp_path)
    assert (tmp_path / "keys.png") in paths
    assert (tmp_path / "keys.png").read_bytes().startswith(b"\x89PNG")


def test_where_no_key_was_tried_the_figure_says_why(tmp_path):
    one = tune(write(tmp_path / "one.pcapng", [plain(flows(1)[0])]), Device(), n_keys=5)
    figure = draw_tuning(one)
    assert figure.axes == []
    assert " ".join(figure.get_suptitle().split()).startswith(headline(one.verdict).rstrip("."))
    assert figure.texts[-1].get_text() == "no keys were tried"
