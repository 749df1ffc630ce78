"""What ``info`` looks like: every fact in words, in terminals of every width, in pipes, and as JSON."""

import io
import json
import re
from dataclasses import replace

import pytest

from pcaphash.capture.damage import Damage, DamageKind, Defect
from pcaphash.device import Device
from pcaphash.engine.census.census import CensusIdentity
from pcaphash.engine.flows.tunnels import Tunnel
from pcaphash.engine.reading import Reading
from pcaphash.engine.selecting.left_out import LeftOut
from pcaphash.report.info.write import write_info
from pcaphash.studies.info import (
    CaptureInterface,
    EncapsulationCount,
    Info,
    ReportedFacts,
    SavedFacts,
    Tally,
    Times,
    TraceFile,
    TunnelFacts,
    TunnelLoad,
)
from pcaphash.studies.info.files import Headers
from pcaphash.studies.shared.suspicion import Remedy, Suspected, SuspectKind

START = 1_700_000_000 * 10**9
LONG = "2001:db8:1111:2222:3333:4444:5555:6666"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def interface(number: int, **words) -> CaptureInterface:
    fields = {"name": "", "description": "", "link_type": 1, "snap_length": 0, "base": 10, "exponent": 6} | words
    return CaptureInterface(1, number, "little", *fields.values())


def headers(*interfaces: CaptureInterface, format_: str = "pcapng") -> Headers:
    return Headers({format_: None}, 1, len(interfaces), {"little"}, list(interfaces))


ONE = TraceFile(
    "one.pcap", "none", 1_234_567, 5_000, headers(interface(0, snap_length=96), format_="pcap"), Times(), None
)
TWO = TraceFile(
    "-",
    "gzip",
    999,
    1,
    headers(
        interface(0, name="eth0", exponent=9),
        interface(1, description="a long description of it", link_type=147, base=2, exponent=20),
        interface(2, link_type=60000, snap_length=65535, exponent=0),
    ),
    Times(START, START + 61 * 10**9, 3, 4),
    Damage("-", 77, Defect(DamageKind.CUT_SHORT), True),
)
TALLY = Tally(
    5_001, 20_000_000, 10_000_000, 1_000, 65_000, 250, {"in": 7, "out": 4_990, "unknown": 4},
    Times(START, START + 7_323 * 10**9 + 5_000_000, 3, 12),
)  # fmt: skip
HEAVIEST = [
    TunnelLoad(Tunnel(LONG, LONG[::-1].replace("8bd", "db8"), "VXLAN_GPE", 16_777_215), 4_000, 19_000_000),
    TunnelLoad(Tunnel("192.0.2.1", "198.51.100.2", "IPIP", None), 30, 3_000),
]
WHOLE = Info(
    Reading.of(["one.pcap", "-"], 5_001, link_types={1: 5_000, 147: 1}, problems=[TWO.damage]),
    [ONE, TWO],
    [],
    5_001,
    20_000_000,
    TALLY,
    [EncapsulationCount("NONE", "VXLAN_GPE", 4_000, 19_000_000), EncapsulationCount("NONE", "NONE", 1_001, 1_000_000)],
    {"v7": {"not-ip": 12}, "1.4": {"inner-not-ip": 1_300, "not-ip": 12}},
    TunnelFacts(40, 1.0, HEAVIEST),
    ReportedFacts(4, 5, {"Toeplitz": 4, "CRC32": 1}),
    [
        Suspected(SuspectKind.GTP_U, 2152, 2_000, True, 0.4, None),
        Suspected(SuspectKind.VXLAN, 4799, 12, False, 0.0024, Remedy(Device(), "", "vxlan_ports", (4789, 4799))),
        Suspected(SuspectKind.IPV4_IN_IPV4, None, 1, False, 0.0002, Remedy(Device("1.4"), "1.4", "", ())),
        Suspected(SuspectKind.ESP, None, 1, False, 0.0002, None),
    ],
)
SAVED = SavedFacts(
    "some.census",
    CensusIdentity.of(Device(hash_key=b"k" * 40, vxlan_ports=[53])),
    Reading.of([f"{i}.pcap" for i in range(5)], 900, {"sent by the capturing host": 100}),
    800,
    70_000,
)
ONLY_SAVED = replace(WHOLE, files=[], saved=[SAVED], tally=None, tunnels=None, reported=None, suspects=[])


def shown(info: Info, stream: io.StringIO | None = None) -> str:
    stream = stream or io.StringIO()
    write_info(info, "table", stream, is_verbose=True)
    return stream.getvalue()


def document(info: Info) -> dict:
    stream = io.StringIO()
    write_info(info, "json", stream)
    return json.loads(stream.getvalue())


def test_every_fact_is_a_line():
    lines = [line.strip() for line in shown(WHOLE).splitlines()]
    for line in [
        "one.pcap: pcap, little-endian, 1.2 MB, 5,000 packets",
        "link type ETHERNET (1), snap length 96 B, times in us",
        "standard input: pcapng, little-endian, compressed with gzip, 999 B, 1 packet",
        "1 section, 3 interfaces",
        "damaged at byte 77 of the decompressed data: the file ends within a record; everything before it was read",
        "5,001 packets, 20.0 MB",
        "packets by link type: ETHERNET (1) 5,000, USER0 (147) 1",
        "from 2023-11-14 22:13:20 UTC to 2023-11-14 22:14:21 UTC: 61.000 s",
        "from 2023-11-14 22:13:20 UTC to 2023-11-15 00:15:23.005 UTC: 7,323.005 s (2:02:03)",
        "3 packets without a timestamp",
        "12 packets with a timestamp before that of the previous packet",
        "1,000 packets cut (20.0%): 10.0 MB captured of 20.0 MB",
        "250 packets (5.0%) are longer than 1,518 B, up to 65,000 B: the host merged them (GRO) or had not split them "
        "yet (TSO), so packet counts understate the imbalance",
        "packets by direction: in 7, out 4,990, unknown 4",
        "reported in packet options: hashes Toeplitz 4, CRC32 1; receive queue of 5 packets",
        "40 tunnels: the heaviest by packets, share, bytes",
        "30   0.6%   3.0 kB  192.0.2.1 > 198.51.100.2 IPIP",
        "GTP-U on UDP port 2152: about 2,000 packets (40.0%); neither spec looks into GTP-U",
        "VXLAN on UDP port 4799: 12 packets (0.2%); add --vxlan-port 4789 --vxlan-port 4799 to look into it",
        "IPv4 in IPv4: 1 packet (0.0%); add --spec 1.4 to look into it (draft v7 does not)",
        "ESP: 1 packet (0.0%); neither spec looks into ESP, whose payload is encrypted",
    ]:
        assert line in lines
    text = re.sub(r" +", " ", shown(WHOLE))
    for row in [
        " 0 eth0 ETHERNET none ns ",
        " 1 a long description of it USER0 none 2^-20 s ",
        " 2 60000 65,535 B s ",
        " VXLAN_GPE NONE 4,000 80.0% 19.0 MB ",
        " inner packet not IP 0 1,300 ",
        " not IP 12 12 ",
    ]:
        assert row.rstrip() in text


@pytest.mark.parametrize(("destination", "is_told"), [("198.51.100.2", True), ("198.51.100.3", False)])
def test_it_is_said_why_one_gre_tunnel_has_two_names(destination, is_told):
    tunnels = [
        Tunnel("192.0.2.1", "198.51.100.2", "GRE_2784", None),
        Tunnel("192.0.2.1", destination, "GRE_7676", None),
    ]
    info = replace(WHOLE, tunnels=TunnelFacts(2, 1.0, [TunnelLoad(each, 30, 3_000) for each in tunnels]))
    text = " ".join(shown(info).split())
    assert ("GRE_2784 and GRE_7676 of the same endpoints are one tunnel under draft v7" in text) == is_told


@pytest.mark.parametrize("width", [40, 53, 80, 81, 120, 300])
def test_no_number_is_cut_however_narrow_the_terminal(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown(WHOLE, Terminal()) + shown(ONLY_SAVED, Terminal()))
    assert max(map(len, plain.splitlines())) <= width
    flat = re.sub(r"\s", "", plain)
    assert "…" not in flat
    for part in (
        "65,535B",
        "7,323.005s(2:02:03)",
        "1,300",
        LONG,
        "VXLAN_GPE16777215",
        SAVED.identity.hash_keys[0].hex(),
    ):
        assert part in flat


def test_colours_are_for_terminals_alone(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert "\x1b[" in shown(WHOLE, Terminal())
    assert "\x1b[" not in shown(WHOLE)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in shown(WHOLE, Terminal())


def test_what_there_is_not_is_not_said():
    plain = Tally(5, 300, 300, 0, 60, 0, {"in": 0, "out": 0, "unknown": 5}, Times(START, START))
    info = replace(
        WHOLE,
        files=[ONE],
        tally=plain,
        tunnels=TunnelFacts(0, 1.0, []),
        reported=ReportedFacts(0, 0, {}),
        reasons={"v7": {}, "1.4": {}},
        suspects=[],
    )
    text = shown(info)
    for word in ("cut", "MTU", "order", "tunnel", "reported", "without a", "damaged", "left out", "section"):
        assert word not in text, word
    assert "to 2023-11-14 22:13:20 UTC: 0 ns" in text


@pytest.mark.parametrize(
    ("nanoseconds", "words"),
    [
        (17, "17 ns"),
        (17_500, "17.5 us"),
        (999_000_000, "999 ms"),
        (10**9, "1.000 s"),
        (200_000 * 10**9, "2 days, 7:33:20"),
    ],
)
def test_durations_have_units(nanoseconds, words):
    tally = replace(TALLY, times=Times(START, START + nanoseconds))
    assert words in shown(replace(WHOLE, files=[ONE], tally=tally))


def test_jumbo_frames_may_be_wire_packets():
    assert "unless the network has jumbo frames" not in shown(WHOLE)
    assert "unless the network has jumbo frames, the host merged them" in shown(
        replace(WHOLE, tally=replace(TALLY, longest=9000))
    )


def test_limits_are_said():
    assert "about 12.5% of all" in shown(replace(WHOLE, tunnels=TunnelFacts(40, 0.125, HEAVIEST)))
    many = replace(TWO, headers=headers(*(interface(i, name=f"eth{i}") for i in range(23))))
    text = shown(replace(WHOLE, files=[many]))
    assert "eth19" in text
    assert "eth20" not in text
    assert "and 3 more interfaces: see --format json" in text
    left_out = replace(
        WHOLE, reading=Reading(packets=9, left_out={LeftOut.BEFORE_START: 4}, is_stopped=True, link_types={1: 9})
    )
    assert "left out: 4 packets before the start" in shown(left_out)
    assert "those left out included: ETHERNET (1) 9" in shown(left_out)
    assert "stopped early" in shown(left_out)


def test_a_saved_census():
    text = shown(ONLY_SAVED)
    for line in [
        "some.census: saved census, 800 packets, 70.0 kB",
        "  of 0.pcap, 1.pcap, 2.pcap and 2 more",
        f"  hash key {(b'k' * 40).hex()}",
        "  UDP ports VXLAN 53, GENEVE 6081, VXLAN-GPE 4790, GRE in UDP 4754",
        "  up to 128 entries of the indirection table (mask), flavor spec, input transform none",
        "  a saved census has no timestamps, directions, captured lengths or tunnels",
    ]:
        assert line in text.splitlines()
    modulo = replace(SAVED, identity=CensusIdentity.of(Device(table_index="modulo", indirection_table_size=100)))
    assert "  100 entries of the indirection table (modulo)" in shown(replace(ONLY_SAVED, saved=[modulo]))


def test_json_has_everything_under_stable_names():
    found = document(WHOLE)
    assert list(found) == [
        "version", "partial", "problems", "problem_facts", "files", "saved_censuses", "packets", "left_out", "stopped",
        "selected", "link_types", "time", "lengths", "directions", "both_ways", "repeated", "encapsulations", "tunnels",
        "suspected_tunnels", "reasons", "reported",
    ]  # fmt: skip
    assert found["partial"] is True
    one, two = found["files"]
    assert (one["trace"], one["format"], one["byte_order"], one["compression"]) == (
        "one.pcap",
        "pcap",
        "little",
        "none",
    )
    assert (one["stored_bytes"], one["packets"], one["damage"]) == (1_234_567, 5_000, None)
    assert one["interfaces"] == [
        {
            "section": 1, "interface": 0, "byte_order": "little", "name": None, "description": None, "link_type": 1,
            "link_type_name": "ETHERNET", "snap_length": 96, "resolution_base": 10, "resolution_exponent": 6,
        }
    ]  # fmt: skip
    assert (two["sections"], two["n_interfaces"], two["damage"]["offset"]) == (1, 3, 77)
    assert two["time"] == {
        "first_ns": START,
        "last_ns": START + 61 * 10**9,
        "duration_ns": 61 * 10**9,
        "without_time": 3,
        "out_of_order": 4,
    }
    assert found["selected"] == {"packets": 5_001, "bytes": 20_000_000}
    assert found["link_types"][1] == {"link_type": 147, "name": "USER0", "packets": 1}
    assert found["time"]["duration_ns"] == 7_323_005_000_000
    assert found["lengths"] == {
        "packets": 5_001,
        "bytes": 20_000_000,
        "captured_bytes": 10_000_000,
        "cut": 1_000,
        "implausible": 0,
        "oversized": 250,
        "longest": 65_000,
    }
    assert found["directions"] == {"in": 7, "out": 4_990, "unknown": 4}
    assert found["encapsulations"][0] == {"v7": "NONE", "1.4": "VXLAN_GPE", "packets": 4_000, "bytes": 19_000_000}
    assert (found["tunnels"]["kept"], found["tunnels"]["kept_share"]) == (40, 1)
    assert found["tunnels"]["heaviest"][1] == {
        "source": "192.0.2.1", "destination": "198.51.100.2", "encapsulation": "IPIP", "network_number": None,
        "packets": 30, "bytes": 3_000,
    }  # fmt: skip
    assert found["suspected_tunnels"][0] == {
        "kind": "GTP-U", "port": 2152, "packets": 2_000, "is_estimate": True, "share": 0.4, "spec": "",
        "ports_argument": "", "ports": [],
    }  # fmt: skip
    assert found["suspected_tunnels"][2]["spec"] == "1.4"
    assert found["reasons"] == WHOLE.reasons
    assert found["reported"] == {"hashes": 4, "queues": 5, "algorithms": {"Toeplitz": 4, "CRC32": 1}}


def test_json_of_a_saved_census():
    found = document(ONLY_SAVED)
    assert list(found) == list(document(WHOLE))
    assert [found[name] for name in ("files", "time", "lengths", "directions", "tunnels", "reported")] == [
        [],
        *[None] * 5,
    ]
    (saved,) = found["saved_censuses"]
    assert saved["hash_keys"] == [(b"k" * 40).hex()]
    assert (saved["path"], saved["version"], saved["slots"], saved["vxlan_port"]) == ("some.census", 1, 128, [53])
    assert (saved["table_index"], saved["flavor"], saved["input_transform"]) == ("mask", "spec", "none")
    assert (saved["packets"], saved["left_out"]) == (900, {"sent by the capturing host": 100})
    assert saved["selected"] == {"packets": 800, "bytes": 70_000}
