"""A selection keeps exactly the packets that its words describe, and what it leaves out is counted."""

import ipaddress

import pytest

import pcaphash
from naive.capture import load
from naive.configuration import Configuration
from naive.device import answer
from pcaphash.engine.selecting.selection import Selection
from pcaphash.engine.selecting.times import parse_time, show_time
from pcaphash.errors import ConfigurationError
from support import builders
from support.captures import enhanced, interface, option, pcap, pcapng_of, section, simple
from support.comparing import small_capture_paths
from support.shared import needs_shared
from support.variety import variety

FRAMES = variety()
OUTBOUND, INBOUND = (option(2, bytes([flags, 0, 0, 0])) for flags in (2, 1))


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    path = tmp_path_factory.mktemp("selection") / "variety.pcapng"
    path.write_bytes(pcapng_of(FRAMES))
    return path


@pytest.fixture
def timed(tmp_path):
    """Write eight packets a second apart, every third one sent, and one that has no time."""
    frame = builders.framed(builders.ipv4(builders.udp(), builders.UDP))
    packets = [
        enhanced(frame, ticks=(1_700_000_000 + i) * 10**6, options=INBOUND if i % 3 else OUTBOUND) for i in range(8)
    ]
    path = tmp_path / "timed.pcapng"
    path.write_bytes(section() + interface() + b"".join(packets) + simple(frame))
    return path


def chosen(trace, **words) -> list[int]:
    return pcaphash.hashes(trace, pcaphash.Device(), Selection(**{"direction": "all", **words}))["packet"].tolist()


def test_a_count_stops_reading(trace):
    assert chosen(trace, count=5) == [1, 2, 3, 4, 5]
    reading = pcaphash.analyze(trace, pcaphash.Device(), Selection(count=5)).reading
    assert (reading.packets, reading.selected, reading.is_stopped, reading.left_out) == (5, 5, True, {})


def test_a_count_larger_than_the_trace(trace):
    reading = pcaphash.analyze(trace, pcaphash.Device(), Selection(count=10**9)).reading
    assert (reading.packets, reading.is_stopped) == (len(FRAMES), False)


def test_a_count_over_several_traces(trace):
    reading = pcaphash.analyze([trace, trace, trace], pcaphash.Device(), Selection(count=len(FRAMES) + 3)).reading
    assert reading.packets == len(FRAMES) + 3
    assert len(reading.traces) == 2


def test_a_count_counts_selected_packets(timed):
    assert chosen(timed, count=2, direction="out") == [1, 4]
    reading = pcaphash.analyze(timed, pcaphash.Device(), Selection(count=2, direction="out")).reading
    assert (reading.packets, reading.left_out) == (4, {"not sent by the capturing host": 2})


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ({"start": 1_700_000_003}, [4, 5, 6, 7, 8]),
        ({"end": 1_700_000_003}, [1, 2, 3]),
        ({"start": "1700000001.5", "end": "1700000004"}, [3, 4]),
        ({"start": "2023-11-14T22:13:23Z"}, [4, 5, 6, 7, 8]),
        ({"start": "2023-11-14T23:13:23+01:00", "end": "2023-11-14 22:13:24.000000001"}, [4, 5]),
        ({"direction": "in"}, [2, 3, 5, 6, 8, 9]),
        ({"direction": "out"}, [1, 4, 7]),
        ({"direction": "in", "start": 1_700_000_002}, [3, 5, 6, 8]),
        ({}, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_times_and_directions(timed, words, numbers):
    assert chosen(timed, **words) == numbers


def test_what_is_left_out_is_counted_once_each(timed):
    selection = Selection(start=1_700_000_002, end=1_700_000_005)
    reading = pcaphash.analyze(timed, pcaphash.Device(), selection).reading
    assert reading.packets == 9
    assert reading.left_out == {
        "sent by the capturing host": 3,
        "without a time": 1,
        "before the start": 1,
        "after the end": 2,
    }
    assert reading.selected == 2


@pytest.mark.parametrize("spec", ["v7", "1.4"])
def test_encapsulations_are_those_of_the_column(trace, spec):
    device = pcaphash.Device(spec)
    everything = pcaphash.hashes(trace, device)
    for name in everything["encapsulation"].unique():
        rows = pcaphash.hashes(trace, device, Selection(encapsulation=name.lower()))
        assert rows["packet"].tolist() == everything["packet"][everything["encapsulation"] == name].tolist()
    both = pcaphash.hashes(trace, device, Selection(encapsulation=["VXLAN", "GENEVE"]))
    assert set(both["encapsulation"]) == {"VXLAN", "GENEVE"}


def test_draft_v7_takes_the_finer_names_too(trace):
    rows = pcaphash.hashes(trace, pcaphash.Device("v7"), Selection(encapsulation="NVGRE"))
    fine = pcaphash.hashes(trace, pcaphash.Device("1.4"), Selection(encapsulation="NVGRE"))
    assert rows["packet"].tolist() == fine["packet"].tolist()
    assert len(rows) > 0
    assert set(rows["encapsulation"]) == {"GRE"}


def tunnel(body: bytes, port: int, source: bytes = bytes([10, 0, 0, 1])) -> bytes:
    return builders.framed(builders.ipv4(builders.udp(body, 1, port), builders.UDP, source))


def test_network_numbers(tmp_path):
    inner = builders.framed(builders.ipv4(builders.udp(), builders.UDP))
    ip = inner[14:]

    frames = {
        "vxlan": (tunnel(builders.vxlan(inner, 0xABCDEF), 4789), 0xABCDEF),
        "vxlan-gpe": (tunnel(builders.vxlan_gpe(inner, identifier=7), 4790), 7),
        "geneve": (tunnel(builders.geneve(inner, identifier=8), 6081), 8),
        "nvgre": (builders.in_gre(builders.nvgre(inner, 5000)), 5000),
        "gre key": (builders.in_gre(builders.gre(ip, builders.IPV4, key=0xDEADBEEF)), 0xDEADBEEF),
        "gre checksum and key": (builders.in_gre(builders.gre(ip, builders.IPV4, checksum=True, key=99)), 99),
        "gre without key": (builders.in_gre(builders.gre(ip, builders.IPV4)), None),
        "no tunnel": (inner, None),
    }
    path = tmp_path / "numbers.pcapng"
    path.write_bytes(pcapng_of([(frame, len(frame), 1) for frame, _ in frames.values()]))
    for number, (name, (_, identifier)) in enumerate(frames.items(), 1):
        if identifier is not None:
            assert chosen(path, vni=identifier) == [number], name
    assert chosen(path, vni=[7, 8]) == chosen(path, vni=["7", "0x08"]) == [2, 3]
    with pytest.raises(ConfigurationError, match="vni: '0xg' is not a whole number"):
        Selection(vni="0xg")


def outer_addresses(captured: bytes, length: int, link_type: int) -> list:
    """Read the outer addresses off the hash input of a device that hashes these alone."""
    result = answer(captured, length, link_type, Configuration("v7", 0x009))
    data = result.hash_input or b""
    half = len(data) // 2
    return [ipaddress.ip_address(part) for part in (data[:half], data[half:]) if part]


@pytest.mark.parametrize("word", ["10.0.0.0/9", "192.0.2.1", "0.0.0.0/0", "::/0", "2001:db8::/32"])
def test_endpoints_of_the_variety(trace, word):
    network = ipaddress.ip_network(word)
    expected = [
        number
        for number, frame in enumerate(FRAMES, 1)
        if any(address in network for address in outer_addresses(*frame) if address.version == network.version)
    ]
    if expected:
        assert chosen(trace, endpoint=word) == expected
    else:
        with pytest.raises(ConfigurationError, match="is selected"):
            chosen(trace, endpoint=word)


@needs_shared
@pytest.mark.parametrize("path", small_capture_paths()[::4], ids=lambda path: path.name)
def test_endpoints_of_the_public_captures(path):
    records = load(path).records
    addresses = [outer_addresses(record.captured, record.original_length, record.link_type) for record in records]
    wanted = next((found[0] for found in addresses if found), None)
    if wanted is None:
        return
    expected = [record.packet for record, found in zip(records, addresses, strict=True) if wanted in found]
    assert chosen(path, endpoint=str(wanted)) == expected


def test_selections_agree_with_counted_rows(trace):
    selection = Selection(encapsulation=["GRE", "NONE"], count=30)
    rows = pcaphash.hashes(trace, pcaphash.Device(), selection)
    (found,) = pcaphash.analyze(trace, pcaphash.Device(), selection).distributions
    assert found.packets == len(rows) == 30
    counts = rows["queue"].value_counts()
    assert [int(counts.get(queue, 0)) for queue in range(8)] == found.queues[:, 0].tolist()


def test_a_selection_that_matches_nothing(trace, tmp_path):
    with pytest.raises(ConfigurationError, match=r"vni=12345: none of the [0-9,]+ packets matches the selection"):
        pcaphash.analyze(trace, pcaphash.Device(), Selection(vni=12345))
    with pytest.raises(ConfigurationError, match="start=2100-01-01T00:00:00Z"):
        pcaphash.hashes(trace, pcaphash.Device(), Selection(start="2100-01-01"))
    empty = tmp_path / "empty.pcap"
    empty.write_bytes(pcap())
    assert pcaphash.analyze(empty, pcaphash.Device(), Selection(vni=12345)).reading.packets == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"count": 0}, "count: 0"),
        ({"start": "yesterday"}, "start: 'yesterday' is not a time"),
        ({"start": "nan"}, "start: "),
        ({"end": "2023-13-01"}, "end: "),
        ({"start": 2, "end": 2}, "end is not after start"),
        ({"direction": "both"}, "direction: "),
        ({"encapsulation": "VXLANN"}, "did you mean VXLAN"),
        ({"vni": -1}, "vni: -1"),
        ({"vni": 2**32}, "vni: "),
        ({"endpoint": "10.0.0.300"}, "endpoint: "),
    ],
)
def test_words_that_cannot_be(words, message):
    with pytest.raises(ConfigurationError, match=message):
        Selection(**words)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"direction": "all", "vni": [7]}, "vni=7"),
        ({"direction": "all"}, "direction=all"),
        ({"direction": "out", "vni": [7]}, "vni=7 direction=out"),
        ({}, ""),
    ],
)
def test_a_selection_names_what_leaves_packets_out(given, text):
    assert str(Selection(**given)) == text


@pytest.mark.parametrize("time", [0, 10**9, 1_672_790_400_000_001_500, -1, -(10**18) + 7, 2**63 - 1])
def test_a_time_is_shown_as_it_can_be_given(time):
    assert parse_time("start", show_time(time)) == time
    assert show_time(1_672_790_400 * 10**9) == "2023-01-04T00:00:00Z"
