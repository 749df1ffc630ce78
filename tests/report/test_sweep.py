"""What a sweep looks like: on terminals of any width, as JSON, and as a figure."""

import io
import json

import pytest

from pcaphash.device import Device
from pcaphash.report.figures import draw_sweep, save
from pcaphash.report.sweep.text import fold, shown_classes
from pcaphash.report.sweep.words import listing, sweep_title
from pcaphash.report.sweep.write import write_sweep, write_sweep_folder
from pcaphash.report.words.measures import write_measure
from pcaphash.report.words.values import percent
from pcaphash.studies.sweep import MEASURE_COLUMNS, sweep
from support.shared import ROOT
from support.traffic import flows, plain, write

TRACE = str(ROOT / "sample_traces" / "cut.pcap")
NO_RSS = Device(features="CTRL_VQ+HASH_REPORT+HASH_TUNNEL")


@pytest.fixture(scope="module")
def swept():
    return sweep(TRACE, Device(hash_types="TCPv4"))


def text_of(of, format_="table"):
    stream = io.StringIO()
    write_sweep(of, format_, stream)
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("spec", ["v7", "1.4"])
def test_tables_fit_and_no_number_is_cut(monkeypatch, spec, width):
    monkeypatch.setenv("COLUMNS", str(width))
    of = sweep(TRACE, Device(spec), by="jain_bytes")
    text = text_of(of)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert f"{of.columns['jain_bytes'][0]:.3f}" in text
    assert ("masks" in text.split("rank  mask ")[-1].splitlines()[0]) == (width >= 120)


def test_the_best_classes_and_named_masks_are_shown(swept):
    text = text_of(swept)
    assert "4,096 masks form 460 classes; the masks of a class spread these packets alike" in text
    assert "The table has the best classes by max_ideal_packets" in text
    rows = [line.split() for line in text.split("rank  mask ")[-1].splitlines()[1:] if line[:5].strip().isdigit()]
    ranks = [int(row[0]) for row in rows]
    assert ranks == sorted(ranks)
    assert len(ranks) == 10 + len([number for number in set(swept.marks.values()) if number >= 10])
    assert [row[1] for row in rows] == swept.classes["mask"].iloc[shown_classes(swept)].tolist()
    assert "(linux)" in text
    assert "(none, given)" in text
    assert "unknown: packets of which the capture shows too little" in text


def test_nothing_to_rank_is_said(tmp_path):
    empty = tmp_path / "empty.pcap"
    empty.write_bytes((ROOT / "sample_traces" / "vxlan.pcap").read_bytes()[:24])
    assert text_of(sweep(empty)).startswith("There is nothing to spread: there are no packets.\n")
    figure = draw_sweep(sweep(empty))
    assert "nothing to rank" in figure.texts[-1].get_text()


def test_without_rss_there_is_nothing_to_rank_by():
    text = text_of(sweep(TRACE, NO_RSS))
    assert "The table has the classes with the fewest types" in text
    assert "without the RSS feature, no hash chooses one" in text
    assert "busiest" not in text.split("the classes with the fewest types")[1]
    assert "nothing to rank" in draw_sweep(sweep(TRACE, NO_RSS)).texts[-1].get_text()


@pytest.mark.parametrize("spec", ["v7", "1.4"])
def test_json_has_every_mask_in_its_class(spec):
    of = sweep(TRACE, Device(spec))
    document = json.loads(text_of(of, "json"))
    assert document["by"] == "max_ideal_packets"
    assert document["packets"] == of.reading.packets
    assert [each["class"] for each in document["classes"]] == list(range(1, of.n_classes + 1))
    members = [member for each in document["classes"] for member in each["members"]]
    types = [(member["hash_types"], member["tunnel_types"] or 0) for member in members]
    assert types == [of.types(position) for position in range(of.n_masks)]
    assert {member["tunnel_types"] is None for member in members} == {spec == "v7"}
    assert all(len(each["members"]) == each["masks"] for each in document["classes"])
    assert document["marks"]["none"] == of.marks["none"] + 1


def test_a_folder_has_both_tables_and_the_figure(swept, tmp_path):
    paths = write_sweep_folder(swept, tmp_path / "new", "parquet")
    assert [path.name for path in paths] == [
        *("sweep.csv", "classes.csv", "sweep.parquet", "classes.parquet", "sweep.png")
    ]
    assert len((tmp_path / "new" / "sweep.csv").read_text().splitlines()) == 1 + 4096
    assert len((tmp_path / "new" / "classes.csv").read_text().splitlines()) == 1 + swept.n_classes
    assert (tmp_path / "new" / "sweep.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("by", MEASURE_COLUMNS)
def test_the_figure_shows_all_classes_and_names_masks(tmp_path, by):
    of = sweep(TRACE, by=by)
    figure = draw_sweep(of)
    (overview,), (types, values) = (part.get_axes() for part in figure.subfigs)
    in_packets = overview.lines[0]
    assert len(in_packets.get_xdata()) == of.n_classes
    assert by in overview.get_xlabel()
    named = {text.get_text() for text in overview.texts}
    best = f"best {of.mask_text(int(of.smallest[0]))}"
    assert {name for text in named for name in text.split(", ")} == {best, *of.marks}
    shown = shown_classes(of)
    labels = [label.get_text() for label in types.get_yticklabels()]
    masks = of.classes["mask"].iloc[shown]
    assert [label.split()[-1] for label in labels] == masks.tolist()
    assert labels[0].split()[-2] == "1:"
    assert len(values.texts) == 1 + len(shown)
    save(figure, tmp_path / "figure.svg")


@pytest.mark.parametrize("spec", ["v7", "1.4"])
def test_dots_are_the_types_of_the_smallest_masks(spec):
    of = sweep(TRACE, Device(spec))
    types = draw_sweep(of).subfigs[1].get_axes()[0]
    names = [label.get_text() for label in types.get_xticklabels()]
    dots = {(row, names[column]) for line in types.lines[1::2] for column, row in zip(*line.get_data(), strict=True)}
    rows = of.classes.iloc[shown_classes(of)]
    texts = (rows["hash_types"] + "+" + rows["tunnel_types"]).tolist()
    assert dots == {(row, name) for row, text in enumerate(texts) for name in text.split("+")} - {
        (row, word) for row in range(len(texts)) for word in ("none", "")
    }


def test_values_in_the_figure_are_those_of_the_table(swept):
    overview = draw_sweep(swept).subfigs[0].get_axes()[0]
    for line, unit in zip(overview.lines, ("packets", "bytes"), strict=False):
        assert line.get_label() == unit
        assert line.get_ydata().tolist() == swept.columns[f"max_ideal_{unit}"].tolist()


@pytest.mark.parametrize("by", ["max_ideal_packets", "jain_bytes", "cov_packets"])
def test_the_band_is_what_ideal_hashes_give_under_the_best_mask(by):
    of = sweep(str(ROOT / "sample_traces" / "overlay.pcap"), by=by, with_chance=True)
    figure = draw_sweep(of)
    band = figure.subfigs[0].get_axes()[0].patches[0]
    ideal = of.baseline.interval(by)
    assert (band.get_y(), band.get_y() + band.get_height()) == pytest.approx((ideal.low, ideal.high))
    values = of.columns[by]
    n_within = int((values >= ideal.low).sum() if by.startswith("jain") else (values <= ideal.high).sum())
    assert (of.verdict.conclusion, of.verdict.n_alike, of.verdict.ideal) == ("several-best", n_within, ideal)
    assert of.verdict.alike == [name for name, number in of.marks.items() if number < n_within]
    assert of.verdict.worse == [name for name, number in of.marks.items() if number >= n_within]
    title = sweep_title(of)
    # Of those that differ by chance alone, it is one that leaves no packet out and has a name.
    chosen = of.recommended
    assert (chosen < n_within, chosen in of.marks.values(), of.left_out(chosen)) == (True, True, 0)
    assert title.startswith(f"Mask {of.mask_text(int(of.smallest[chosen]))} spreads these packets as well as the best")
    assert f"of {of.n_classes} classes, {n_within - 1} others differ from it only by chance" in title


@pytest.mark.parametrize("with_chance", [False, True])
def test_the_terminal_says_first_what_the_figure_and_json_say(with_chance):
    of = sweep(str(ROOT / "sample_traces" / "overlay.pcap"), with_chance=with_chance)
    said = json.loads(text_of(of, "json"))["verdict"]["headline"]
    assert draw_sweep(of).get_suptitle().replace("\n", " ").startswith(said)
    assert text_of(of).startswith(f"{said}.\n\n4,096 masks form 505 classes")
    assert ("Small differences may be chance" in text_of(of)) == (not with_chance)


def test_without_flows_the_title_names_the_best():
    of = sweep(str(ROOT / "sample_traces" / "overlay.pcap"))
    assert (of.verdict.conclusion, of.verdict.ideal) == ("ranked", None)
    assert "Small differences may be chance" in sweep_title(of)
    # The best one leaves packets out that the mask of all types hashes.
    hashed, needed = of.columns["hashed"], of.columns["hashed"][of.marks["all"]]
    chosen = of.recommended
    assert hashed[0] < needed <= hashed[chosen]
    assert (hashed[:chosen] < needed).all()
    missing = percent((needed - hashed[0]) / of.analysis.distributions[0].packets)
    assert sweep_title(of).startswith(
        f"Mask {of.mask_text(int(of.smallest[chosen]))} is the best of those that hash as"
    )
    assert f"{missing} more of the packets have no hash" in sweep_title(of)


def test_no_mask_of_a_capture_that_is_cut_short_is_named_the_best(swept):
    assert (swept.verdict.conclusion, swept.verdict.is_ranked) == ("cut", False)
    most = f"up to {percent(swept.columns['unknown'].max() / 59)}"
    assert text_of(swept).startswith(
        f"The capture is cut too short to rank masks: for {most} of packets, the bytes to be"
    )
    assert sweep_title(swept).endswith("(tcpdump -s 256)")


@pytest.mark.parametrize("width", [3, 5, 8, 100])
def test_folding_keeps_every_piece(width):
    pieces = ["ab+", "cd+", "efg/", "h"]
    lines = fold(pieces, width)
    assert "".join(lines) == "".join(pieces)
    assert all(len(line) <= width or line in pieces for line in lines)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("max_ideal_bytes", 0.25, "+25.0%"),
        ("min_ideal_packets", 0.5, "-50.0%"),
        ("min_max_packets", float("inf"), "empty queue"),
        ("min_max_bytes", 19.9, "+1,990%"),
        ("min_max_bytes", 20.0, "+2,000% or more"),
        ("jain_packets", float("nan"), "-"),
    ],
)
def test_measures_are_written_for_readers(name, value, text):
    assert write_measure(name, value) == text


def test_a_table_that_leaves_out_queues_is_told():
    of = sweep(str(ROOT / "sample_traces" / "overlay.pcap"), Device(queues=8, indirection_table=[0, 1] * 64))
    assert "The indirection table leads to only 2 of 8 receive queues under every mask. 4,096 masks" in listing(of)


def test_one_receive_queue_leaves_nothing_to_rank():
    text = text_of(sweep(ROOT / "sample_traces" / "overlay.pcap", Device(queues=1)))
    assert text.startswith("There is nothing to rank: there is only one receive queue.\n")
    assert "+0.0%" not in text
    assert sweep_title(sweep(TRACE, Device(queues=1))) == "There is nothing to rank: there is only one receive queue"


def test_few_packets_are_not_ranked_in_the_title_either(tmp_path):
    of = sweep(write(tmp_path / "few.pcapng", [plain(flow) for flow in flows(9)]))
    assert (of.verdict.conclusion, of.verdict.packets, of.verdict.needed) == ("too-few", 9, 32)
    few = "Masks cannot be ranked: 9 packets are too few to judge the spread over 8 receive queues"
    few += "; at least 32 are needed"
    assert text_of(of).startswith(f"{few}.\n")
    assert sweep_title(of) == few


def test_under_virtio_1_4_the_best_mask_is_told_with_its_tunnel_types():
    swept = sweep(ROOT / "sample_traces" / "overlay.pcap", Device("1.4"))
    hash_types, tunnel_types = swept.types(int(swept.smallest[swept.recommended]))
    assert tunnel_types
    assert text_of(swept).startswith(f"Mask 0x{hash_types:03x} with tunnel types {tunnel_types:#x} ")
