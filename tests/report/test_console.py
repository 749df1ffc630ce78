"""What an analysis looks like in terminals of every width, in pipes, and in ASCII."""

import io
import re

import pytest

from pcaphash.device import Device
from pcaphash.device.configs import default_configs
from pcaphash.report.analyze.text import show_analysis

DEFAULTS = default_configs(Device())


class Terminal(io.StringIO):
    def __init__(self, encoding="utf-8"):
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self):
        return self._encoding

    def isatty(self):
        return True


def show(analysis, stream=None):
    stream = stream or io.StringIO()
    show_analysis(analysis, stream)
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())


def shown_at(width, analysis, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    return show(analysis, Terminal())


@pytest.mark.parametrize("width", [40, 53, 80, 81, 120, 300])
def test_no_number_is_cut_however_narrow_the_terminal(make_analysis, monkeypatch, width):
    loads = [987_654_321_012, 1, 23, 0, 4_567_890, 5, 6, 7]
    named = [Device(name=name) for name in ("a", "a-name-of-thirty-characters-is-", "ein Name mit Wörtern", "b", "c")]
    text = shown_at(width, make_analysis(named, loads), monkeypatch)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert text.count(" 100%") == 5
    assert len(re.findall(r"987,658,888,944\b", text)) >= 5 + 1  # hashed, and in the facts
    assert all(device.name in re.sub(r"\s+", " ", text) for device in named)  # in the facts; headings are folded


def test_what_needs_too_much_room_is_shown_in_several_tables(make_analysis, monkeypatch):
    analysis = make_analysis([Device(name=f"configuration-{number}", queues=64) for number in range(12)])
    tables = [shown_at(width, analysis, monkeypatch).count("packets per receive queue") for width in (40, 80, 250)]
    assert tables == [12, 4, 1]


def test_each_of_many_configurations_has_a_row_if_there_is_no_room_for_columns(make_analysis, monkeypatch):
    names = [f"configuration-{number}" for number in range(12)]
    text = shown_at(80, make_analysis([Device(name=name) for name in names]), monkeypatch)
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("packets per receive queue") == 1
    queues, *summaries = re.split("spread over the queues", text.partition("packets per receive queue")[2])
    assert re.search(r"^ +queue( +[0-7]){8}$", queues, re.M)
    for name in names:
        assert len(re.search(rf"^ +{name} .*%$", queues, re.M)[0].split()) == 1 + 8
        assert all(re.search(rf"^ {name} ", summary, re.M) for summary in summaries)


def test_original_lengths_that_cannot_be_are_said_to_spoil_bytes(make_analysis, monkeypatch):
    analysis = make_analysis([Device()], [1000, 1, 1000])
    assert "do not rely on bytes" not in shown_at(120, analysis, monkeypatch)
    analysis.distributions[0].queues[2, 1] += 2**32 - 1
    text = shown_at(120, analysis, monkeypatch)
    assert "do not rely on bytes: packets of one receive queue have 4.3 MB on average" in " ".join(text.split())


@pytest.mark.parametrize("n_devices", [1, 3, 6])
def test_no_table_is_split_on_eighty_columns(make_analysis, monkeypatch, n_devices):
    named = [Device(name=f"a-configuration-with-a-long-name-{number}") for number in range(n_devices)]
    text = shown_at(80, make_analysis(named, [1_234_567, 89, 4_000_000, 5]), monkeypatch)
    assert max(map(len, text.splitlines())) <= 80
    for title in ("packets per receive queue", "spread over the queues"):
        assert text.count(title) == 1
    rows = [line for line in text.split("spread over")[0].splitlines() if re.match(r" +[0-7] {2,}", line)]
    assert len(rows) == 8
    assert all(line.count("%") == n_devices for line in rows)


def styles_of(text: str) -> list[tuple[str, str]]:
    """Return each stretch of text that has a style, with the numbers of the style."""
    return re.findall(r"\x1b\[([0-9;]+)m([^\x1b]*)\x1b\[0m", text)


def test_the_busiest_queue_stands_out_where_the_spread_is_uneven(make_analysis, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for loads, n_red in (([900, 100, 100], 1), ([100, 101, 100, 100, 100, 99, 100, 100], 0)):
        stream = Terminal()
        show_analysis(make_analysis([Device()], loads), stream)
        red = [text for style, text in styles_of(stream.getvalue()) if style == "31"]
        assert len(red) == n_red
        assert all(set(text) <= set("█ ") for text in red)
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    show_analysis(make_analysis([Device()], [900, 100, 100]), stream)
    assert not [text for style, text in styles_of(stream.getvalue()) if style == "31"]


def test_narrower_terminals_than_any_are_given_forty_columns(make_analysis, monkeypatch):
    text = shown_at(10, make_analysis(DEFAULTS), monkeypatch)
    assert max(map(len, text.splitlines())) == 40


def test_nothing_is_wrapped_in_a_pipe(make_analysis):
    text = show(make_analysis([Device(name=f"configuration-{i}") for i in range(9)]))
    tables, _, facts = text.partition("\n36 packets, ")
    assert max(map(len, facts.splitlines())) > 200
    assert len(facts.splitlines()) == 5
    assert max(map(len, tables.split("packets per receive queue")[1].splitlines())) <= 120


def test_counts_stand_beside_shares_where_there_is_room(make_analysis, monkeypatch):
    analysis = make_analysis(DEFAULTS, [1_234_567])
    assert "1,234,567" in show(analysis).split("packets per receive queue")[1].split("spread")[0]
    narrow = shown_at(80, analysis, monkeypatch)
    assert "1,234,567" not in narrow.split("packets per receive queue")[1].split("spread")[0]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_bars_are_drawn_with_what_the_encoding_has(make_analysis, encoding):
    stream = Terminal(encoding)
    text = show(make_analysis(DEFAULTS, [10, 5]), stream)
    text.encode("ascii")  # nothing is left to become a question mark
    assert re.search(r"0   ##########  66\.7%", text)
    assert re.search(r"1   #####       33\.3%", text)
    assert "█" in show(make_analysis(DEFAULTS, [10, 5]), Terminal())


def test_the_first_line_says_how_far_above_ideal_the_busiest_queue_is(make_analysis):
    text = show(make_analysis(DEFAULTS, [500, 600], traces=["left.pcap", "right.pcap"]))
    excesses = "outer-addresses 336%, outer 336%, inner 336%"
    assert text.splitlines()[0] == f"Busiest receive queue, above the ideal share of packets: {excesses}."
    assert "pcap" not in text
    (one,) = show(make_analysis([Device()], [1] * 7 + [25])).splitlines()[:1]
    assert one == "The busiest receive queue is 525% above the ideal share of packets."


def test_few_packets_are_not_judged(make_analysis):
    text = show(make_analysis(DEFAULTS, [5, 6]))
    assert text.splitlines()[0] == (
        "11 packets are too few to judge the spread over 8 receive queues; at least 32 are needed."
    )


def test_one_packet_is_singular(make_analysis):
    text = show(make_analysis(DEFAULTS, [1], sent=1))
    assert "\n1 packet, 100 B\nleft out: 1 packet sent by the capturing host\n" in text
    assert "1 packets" not in text


def test_an_early_end_is_told(make_analysis):
    analysis = make_analysis(DEFAULTS, [1])
    assert "stopped early" not in show(analysis)
    analysis.reading.is_stopped = True
    assert "stopped early" in show(analysis)


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({}, "there are no packets."),
        ({"sent": 3}, "no packet was received; the host sent all 3 that there are; give "),
        ({"unhashed": 1}, "no packet gets a hash. 1 packet goes to the unclassified queue."),
        (
            {"unhashed": 2, "unknown": 3},
            "2 packets go to the unclassified queue; the capture shows too little of the others",
        ),
        ({"unknown": 3}, "the capture shows too little of every packet"),
    ],
)
def test_nothing_to_spread_is_said_plainly(make_analysis, numbers, sentence):
    text = show(make_analysis(DEFAULTS, [], **numbers))
    assert "There is nothing to spread: " in text
    assert sentence in text
    assert "receive queue\n" not in text
    assert "spread over" not in text


def test_of_many_queues_the_busiest_and_idlest_are_shown(make_analysis):
    device = Device(queues=200, indirection_table_size=256)
    text = show(make_analysis([device], range(1, 201)))
    assert "packets per receive queue: of 200, the 10 busiest and the 10 idlest" in text
    queues = [int(line.split()[0]) for line in text.splitlines() if re.match(r" +\d+ .*%", line)]
    assert queues == [*range(10), *range(190, 200)]
    few = show(make_analysis([Device(queues=128)], range(1, 129)))
    assert "busiest and" not in few


def test_what_no_configuration_hashes_is_told_by_reason(make_analysis):
    assert "under inner: 2 packets (not IP), 3 packets (cut short in the capture)" in show(
        make_analysis(DEFAULTS, [], unhashed=2, unknown=3)
    )


def test_configurations_are_written_as_the_option_takes_them(make_analysis):
    text = show(
        make_analysis(
            [*DEFAULTS, Device(hash_types="linux+VXLAN_INNER", name="x"), Device(hash_types="IPv4", name="y")]
        )
    )
    line = "configurations (NAME=HASH_TYPES): outer-addresses=addresses; outer=base; inner=all; "
    assert f"{line}x=linux+VXLAN_INNER; y=IPv4\n" in text
    text = show(make_analysis(default_configs(Device("1.4"))))
    assert "(NAME=HASH_TYPES/TUNNEL_TYPES): outer-addresses=addresses/none; outer=base/none; inner=base/all\n" in text


def test_without_rss_the_queues_are_not_shown(make_analysis):
    text = show(make_analysis([Device(features="CTRL_VQ+HASH_REPORT")], [4]))
    assert "no receive queues to show" in text
    assert "packets per receive queue" not in text
    assert "hashed" in text
