"""Only packets that met the device: by destination, interface, and without what a mirror session put around them."""

import csv
import json

import pytest

import pcaphash
from pcaphash.engine.selecting.selection import Selection
from pcaphash.errors import ConfigurationError
from support import builders
from support.captures import enhanced, interface, obsolete, option, pcap, pcap_record, section, simple
from support.command import complaints, run
from support.mirrors import MIRRORS, RUNTS
from support.shared import CAPTURES, needs_shared

MACS = [bytes([2, 0, 0, 0, 0, i]) for i in range(4)]


def frame(number: int, destination: int = 1, version: int = 4) -> bytes:
    """A frame of its own flow, to one of four hosts, each with addresses of its own."""
    host = bytes([10, 0, 0, destination]) if version == 4 else bytes(15) + bytes([destination])
    segment = builders.udp(bytes(10), 1000 + number, 53)
    packet = (builders.ipv4 if version == 4 else builders.ipv6)(segment, builders.UDP, destination=host)
    ethertype = builders.IPV4 if version == 4 else builders.IPV6
    return builders.ethernet(packet, ethertype, MACS[0], MACS[destination])


def write(path, *packets: bytes, link_type: int = 1):
    path.write_bytes(pcap(b"".join(map(pcap_record, packets)), link_type))
    return path


def chosen(path, **words) -> list[int]:
    return pcaphash.hashes(path, pcaphash.Device(), Selection(direction="all", **words))["packet"].tolist()


@pytest.fixture
def hosts(tmp_path):
    frames = [frame(i, 1 + i % 3, 4 if i % 2 else 6) for i in range(12)]
    arp = builders.ethernet(builders.arp(), builders.ARP, MACS[0], b"\xff" * 6)
    return write(tmp_path / "hosts.pcap", *frames, arp, frames[0][:5])


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ({"to": "10.0.0.1"}, [4, 10]),
        ({"to": ["10.0.0.1", "::2"]}, [4, 5, 10, 11]),
        ({"to": "10.0.0.0/30"}, [2, 4, 6, 8, 10, 12]),
        ({"to": "192.0.2.1"}, []),  # the source of all, and the destination of none
        ({"destination_mac": "02:00:00:00:00:01"}, [1, 4, 7, 10]),
        ({"destination_mac": ["02-00-00-00-00-01", "0200.0000.0002"]}, [1, 2, 4, 5, 7, 8, 10, 11]),
        ({"destination_mac": "ffffffffffff"}, [13]),
        ({"destination_mac": "020000000001", "to": "10.0.0.1"}, [4, 10]),
        ({"destination_mac": "020000000000"}, []),
    ],
)
def test_destinations(hosts, words, numbers):
    if numbers:
        assert chosen(hosts, **words) == numbers
    else:
        with pytest.raises(ConfigurationError, match="none of the 14 packets matches the selection"):
            chosen(hosts, **words)


def test_a_mac_address_needs_an_ethernet_header(tmp_path):
    path = write(tmp_path / "raw.pcap", frame(1)[14:], link_type=101)
    with pytest.raises(ConfigurationError, match="none of the 1 packets"):
        chosen(path, destination_mac="02:00:00:00:00:01")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"to": "host"}, "to: 'host' is not an IP address or network"),
        ({"destination_mac": "02:00:00:00:00"}, "destination_mac: '02:00:00:00:00' is not an Ethernet address"),
        ({"destination_mac": "02:00:00:00:00:0g"}, "is not an Ethernet address"),
        ({"interface": " "}, "interface: ' ' is not an interface"),
        ({"strip": "mpls"}, "strip: "),
    ],
)
def test_words_that_are_refused(words, problem):
    with pytest.raises(ConfigurationError, match=problem):
        Selection(**words)


def test_selections_are_told_as_they_are_given():
    selection = Selection(
        to=["10.0.0.1", "::/8"], destination_mac="0200.0000.0001", interface=["eth0", 3], strip="gre", direction="all"
    )
    words = "to=10.0.0.1/32 to=::/8 interface=eth0 interface=3 destination_mac=02:00:00:00:00:01 strip=gre"
    assert str(selection) == words


@pytest.fixture
def interfaces(tmp_path):
    """Write packets of named interfaces and one without a name, in two sections, one of them big-endian."""
    data = section() + interface(options=option(2, b"eth0") + option(0, b"")) + interface(options=option(2, b"vxlan0"))
    data += interface() + enhanced(frame(1), number=0) + enhanced(frame(2), number=1) + enhanced(frame(3), number=2)
    data += simple(frame(4)) + obsolete(frame(5), number=1)
    data += section(">") + interface(options=option(2, b"vxlan0", ">"), order=">")
    data += enhanced(frame(6), number=0, order=">")
    path = tmp_path / "interfaces.pcapng"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [("eth0", [1, 4]), ("vxlan0", [2, 5, 6]), (0, [1, 4, 6]), ("2", [3]), (["eth0", 2], [1, 3, 4])],
)
def test_interfaces_of_pcapng(interfaces, wanted, numbers):
    assert chosen(interfaces, interface=wanted) == numbers


def cooked(number: int, index: int) -> bytes:
    return builders.sll2(frame(number)[14:], builders.IPV4, interface=index)


def test_interfaces_of_linux_cooked_headers(tmp_path):
    packets = [cooked(i, 2 if i % 3 else 70_000) for i in range(9)]
    path = write(tmp_path / "any.pcap", *packets, packets[0][:7], link_type=276)
    assert chosen(path, interface=70_000) == [1, 4, 7]
    assert chosen(path, interface=["70000", "2"]) == list(range(1, 10))
    result = run("analyze", path, "--interface", "eth0")
    assert (result.returncode, len(complaints(result))) == (2, 1)


@pytest.mark.parametrize("name", MIRRORS)
def test_mirrored_packets_are_as_the_nic_met_them(tmp_path, name):
    what, around, _ = MIRRORS[name]
    frames = [frame(i, 1 + i % 3, 4 if i % 2 else 6) for i in range(20)]
    plain, mirrored = write(tmp_path / "plain.pcap", *frames), tmp_path / "mirrored.pcap"
    write(mirrored, *map(around, frames), frames[0])
    device = pcaphash.Device()
    due = pcaphash.hashes(plain, device)
    found = pcaphash.hashes(mirrored, device, Selection(strip=what))
    assert found.equals(due)
    reading = pcaphash.analyze(mirrored, device, Selection(strip=what)).reading
    assert list(reading.left_out.values()) == [1]
    assert "header to strip" in next(iter(reading.left_out))


def test_selections_look_at_the_mirrored_packet(tmp_path):
    packets = [MIRRORS["erspan-ii"][1](frame(i, 1 + i % 3)) for i in range(9)]
    path = write(tmp_path / "mirrored.pcap", *packets)
    assert chosen(path, strip="erspan", to="10.0.0.2") == [2, 5, 8]
    assert chosen(path, strip="erspan", destination_mac=MACS[3].hex(":")) == [3, 6, 9]
    assert chosen(path, strip="erspan", count=4) == [1, 2, 3, 4]


def test_times_and_interfaces_are_those_of_the_capture(tmp_path):
    around = MIRRORS["vxlan"][1]
    blocks = [enhanced(around(frame(i)), number=i % 2, ticks=1_000_000 * (i + 1)) for i in range(6)]
    path = tmp_path / "mirrored.pcapng"
    path.write_bytes(section() + interface() + interface(options=option(2, b"tap0")) + b"".join(blocks))
    rows = pcaphash.hashes(path, pcaphash.Device(), Selection(strip="vxlan", interface="tap0"))
    assert rows["packet"].tolist() == [2, 4, 6]
    assert rows["timestamp_ns"].tolist() == [2 * 10**9, 4 * 10**9, 6 * 10**9]
    assert chosen(path, strip="vxlan", start=3, end=5) == [3, 4]


def test_what_the_capture_cuts_is_unknown(tmp_path):
    whole = MIRRORS["erspan-iii"][1](frame(1))
    records = b"".join(pcap_record(whole[:n], len(whole)) for n in (30, 45, 50, 60, 100))
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap(records))
    rows = pcaphash.hashes(path, pcaphash.Device(), Selection(strip="erspan"))
    assert rows["hash_report"].tolist() == ["UNKNOWN"] * 4 + ["UDPv4"]
    assert rows["reason"].tolist() == ["truncated"] * 4 + [""]


@pytest.mark.parametrize("name", RUNTS)
def test_what_ends_too_early_on_the_wire_is_not_called_cut(tmp_path, name):
    what, runt = RUNTS[name]
    mirror = next(around for stripped, around, _ in MIRRORS.values() if stripped == what)
    path = write(tmp_path / "runt.pcap", runt, mirror(frame(1)))
    reading = pcaphash.analyze(path, pcaphash.Device(), Selection(strip=what)).reading
    assert (reading.packets, reading.selected) == (2, 1)


COMMANDS = {
    "analyze": ("--format", "csv"),
    "compare": (),
    "sweep": ("--format", "csv"),
    "tune": ("--keys", "20"),
    "info": (),
    "hashes": (),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.jit_only
def test_every_command_strips(tmp_path, command):
    frames = [frame(i, 1 + i % 3) for i in range(80)]
    plain = write(tmp_path / "plain.pcap", *frames)
    mirrored = write(tmp_path / "mirrored.pcap", *map(MIRRORS["erspan-i"][1], frames))
    due, found = (
        run(command, plain, *COMMANDS[command]),
        run(command, mirrored, "--strip", "erspan", *COMMANDS[command]),
    )
    assert (due.returncode, found.returncode) == (0, 0), found.stderr
    if command != "info":  # which tells of the file, too
        assert found.stdout == due.stdout
    else:
        assert b"without a hash" not in found.stdout


def test_a_census_of_mirrored_packets(tmp_path):
    frames = [frame(i) for i in range(50)]
    plain = write(tmp_path / "plain.pcap", *frames)
    mirrored = write(tmp_path / "mirrored.pcap", *map(MIRRORS["gre-ethernet"][1], frames))
    assert run("census", mirrored, "--strip", "gre", "-o", tmp_path / "saved").returncode == 0
    assert (
        run("analyze", tmp_path / "saved", "--format", "csv").stdout == run("analyze", plain, "--format", "csv").stdout
    )


@pytest.mark.slow
@pytest.mark.jit_only
def test_validation_and_recovery_of_mirrored_packets(tmp_path):
    frames = [frame(i, 1 + i % 3) for i in range(60)]
    plain = write(tmp_path / "plain.pcap", *frames)
    mirrored = write(tmp_path / "mirrored.pcap", *map(MIRRORS["erspan-ii"][1], frames))
    table = tmp_path / "reported.csv"
    table.write_bytes(run("hashes", plain, "--format", "csv").stdout)
    with table.open() as stream:
        rows = [{"packet": row["packet"], "hash_value": row["hash_value"]} for row in csv.DictReader(stream)]
    with table.open("w") as stream:
        writer = csv.DictWriter(stream, ["packet", "hash_value"])
        writer.writeheader()
        writer.writerows(rows)
    result = run("validate", mirrored, "--reported", table, "--strip", "erspan", "--format", "json")
    assert result.returncode == 0, result.stderr
    assert run("recover-key", mirrored, "--reported", table, "--strip", "erspan").returncode == 0
    assert run("validate", mirrored, "--reported", table, "--format", "json").returncode != 0


def test_explain_shows_the_strip_as_a_step(tmp_path):
    plain = write(tmp_path / "plain.pcap", frame(1))
    mirrored = write(tmp_path / "mirrored.pcap", MIRRORS["erspan-ii"][1](frame(1)), frame(1))
    due, found = (
        json.loads(run("explain", path, "--packet", 1, "--format", "json", *options).stdout)
        for path, options in ((plain, ()), (mirrored, ("--strip", "erspan")))
    )
    step, *steps = found["steps"]
    assert (step["rule"], steps) == ("mirror session", due["steps"])
    assert "50 bytes" in step["decision"]
    assert found["hash_value"] == due["hash_value"]
    result = run("explain", mirrored, "--packet", 2, "--strip", "erspan")
    assert result.returncode == 2
    assert "packet 2 is without an ERSPAN header to strip" in complaints(result)[0]


@needs_shared
@pytest.mark.parametrize(("name", "n"), [("type-i-4", 88), ("type-ii-3", 108), ("type-iii-ft-0", 9)])
def test_real_mirror_sessions(name, n):
    path = CAPTURES / f"tcpdump__erspan-{name}.pcap"
    rows = pcaphash.hashes(path, pcaphash.Device(), Selection(strip="erspan"))
    assert len(rows) == n
    assert set(rows["encapsulation"]) == {"NONE"}
    # Type II mirrors spanning tree frames; the others IP.
    assert set(rows["hash_report"]) <= {"NONE", "IPv4", "TCPv4", "UDPv4"}
    assert ("IPv4" in set(rows["hash_report"]) or "TCPv4" in set(rows["hash_report"])) == (name != "type-ii-3")
