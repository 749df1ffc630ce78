"""What an analysis looks like in terminals of every width, in pipes, and in ASCII."""

import io
import re

import pytest

from pcaphash.device import Device
from pcaphash.device.configs import default_configs
from pcaphash.report.console import show_analysis

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
    assert text.count(" 100.0%") == 5
    assert len(re.findall(r"987,658,888,944\b", text)) >= 5 + 1  # hashed, and in the title
    flat = re.sub(r"\s", "", text)
    assert all(device.name.replace(" ", "") in flat for device in named)


def test_the_wider_the_fewer_tables(make_analysis, monkeypatch):
    analysis = make_analysis(DEFAULTS)
    tables = [shown_at(width, analysis, monkeypatch).count("packets per receive queue") for width in (40, 60, 80)]
    assert tables == [3, 2, 1]


def test_narrower_terminals_than_any_are_given_forty_columns(make_analysis, monkeypatch):
    text = shown_at(10, make_analysis(DEFAULTS), monkeypatch)
    assert max(map(len, text.splitlines())) == 40


def test_nothing_is_wrapped_in_a_pipe(make_analysis):
    text = show(make_analysis([Device(name=f"configuration-{i}") for i in range(9)]))
    facts, *tables = text.split("packets per receive queue")
    assert max(map(len, facts.splitlines())) > 200
    assert len(facts.splitlines()) == 5
    assert max(map(len, "".join(tables).splitlines())) <= 120


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


def test_the_first_line_names_no_trace(make_analysis):
    text = show(make_analysis(DEFAULTS, [5, 6], traces=["left.pcap", "right.pcap"]))
    assert text.splitlines()[0] == "11 packets, 1.1 kB"
    assert "pcap" not in text


def test_one_packet_is_singular(make_analysis):
    text = show(make_analysis(DEFAULTS, [1], sent=1))
    assert text.startswith("1 packet, 100 B\nleft out: 1 packet sent by the capturing host\n")
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
        ({"sent": 3}, "there are no packets but those left out."),
        ({"unhashed": 1}, "no packet gets a hash. 1 packet to the unclassified queue."),
        ({"unhashed": 2, "unknown": 3}, "2 packets to the unclassified queue; of the others the capture does not"),
        ({"unknown": 3}, "the capture shows of no packet"),
    ],
)
def test_nothing_to_distribute_is_said_plainly(make_analysis, numbers, sentence):
    text = show(make_analysis(DEFAULTS, [], **numbers))
    assert "Nothing to distribute: " in text
    assert sentence in text
    assert "receive queue\n" not in text
    assert "spread over" not in text


def test_what_no_configuration_hashes_is_told_by_reason(make_analysis):
    assert "under inner: not-ip 2, truncated 3" in show(make_analysis(DEFAULTS, [], unhashed=2, unknown=3))


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
