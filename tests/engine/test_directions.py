"""Captures that hold both directions, or packets twice, are told from those that do not."""

import json

import numpy as np
import pytest

import pcaphash
from pcaphash.studies.info import info
from support import builders
from support.captures import enhanced, interface, option, pcap, pcap_record, section
from support.command import complaints, run
from support.slow import slow_but

HOST, GATEWAY = bytes.fromhex("02000000000a"), bytes.fromhex("0200000000fe")
HOST_IP = bytes([192, 0, 2, 10])


def mac(number: int) -> bytes:
    return bytes([2, 1, 0, 0, number >> 8, number & 255])


def address(number: int) -> bytes:
    return bytes([198, 51, 100 + (number >> 8), number & 255])


def packet(source: bytes, destination: bytes, number: int = 0) -> bytes:
    return builders.ipv4(builders.tcp(bytes(number % 9), 443, 40000 + number), builders.TCP, source, destination)


def link(source: bytes, destination: bytes, inner: bytes) -> bytes:
    return builders.ethernet(inner, builders.IPV4, source, destination)


def conversation(n: int = 40) -> list[bytes]:
    """The traffic of a host through its gateway, every third packet sent by it."""
    found = []
    for i in range(n):
        peer = address(i % 7)
        is_sent = i % 3 == 0
        found.append(
            link(HOST, GATEWAY, packet(HOST_IP, peer, i)) if is_sent else link(GATEWAY, HOST, packet(peer, HOST_IP, i))
        )
    return found


def write(path, packets, link_type: int = 1):
    path.write_bytes(pcap(b"".join(map(pcap_record, packets)), link_type))
    return path


def found_in(tmp_path, packets, link_type: int = 1):
    return info(write(tmp_path / "some.pcap", packets, link_type)).reading.both_ways


def test_a_host_behind_its_gateway(tmp_path):
    found = found_in(tmp_path, conversation(42))
    assert (found.hosts, found.is_open, found.are_macs) == ((HOST.hex(":"),), False, True)
    assert found.share == 14 / 42


def test_a_host_among_others_on_its_network(tmp_path):
    packets = []
    for i in range(60):
        peer = (mac(i % 5), address(i % 5))
        ends = [(HOST, HOST_IP), peer] if i % 2 else [peer, (HOST, HOST_IP)]
        packets.append(link(ends[0][0], ends[1][0], packet(ends[0][1], ends[1][1], i)))
    packets += [link(mac(i), b"\xff" * 6, packet(address(i), b"\xff" * 4)) for i in range(20)]
    found = found_in(tmp_path, packets)
    assert (found.hosts, found.is_open, found.share) == ((HOST.hex(":"),), False, 30 / 80)


def test_two_hosts_alone_may_be_either(tmp_path):
    packets = [
        link(*ends, packet(*addresses, i))
        for i in range(20)
        for ends, addresses in (
            ((HOST, GATEWAY), (HOST_IP, address(1))),
            ((GATEWAY, HOST), (address(1), HOST_IP)),
        )
    ]
    found = found_in(tmp_path, packets)
    assert (set(found.hosts), found.is_open) == ({HOST.hex(":"), GATEWAY.hex(":")}, True)
    (line,) = complaints(run("analyze", tmp_path / "some.pcap"))
    assert "--destination-mac 02:00:00:00:00:0a" in line
    assert "--destination-mac 02:00:00:00:00:fe" in line


def test_a_mirror_port_with_many_hosts_is_not_called_so(tmp_path):
    packets = []
    for i in range(200):
        one, other = i % 8, (i // 8 + 1 + i) % 8
        packets.append(link(mac(one), mac(other), packet(address(one), address(other), i)))
        packets.append(link(mac(other), mac(one), packet(address(other), address(one), i)))
    assert found_in(tmp_path, packets) is None


def test_a_router_that_forwards_is_not_called_so(tmp_path):
    # On a mirror port before a router everything is to it or from it, but nothing comes back to where it came from.
    packets = [link(mac(i % 8), GATEWAY, packet(address(i % 8), address(100 + i), i)) for i in range(100)]
    packets += [link(GATEWAY, mac(8 + i % 8), packet(address(200 + i % 50), address(300 + i), i)) for i in range(100)]
    assert found_in(tmp_path, packets) is None


@pytest.mark.parametrize("direction", ["received", "sent"])
def test_one_direction_only(tmp_path, direction):
    chosen = [each for each in conversation(90) if (each[6:12] == HOST) == (direction == "sent")]
    assert len(chosen) >= 30
    assert found_in(tmp_path, chosen) is None


def test_groups_do_not_count(tmp_path):
    group = bytes.fromhex("01005e000001")
    packets = [link(HOST, group, packet(HOST_IP, bytes([224, 0, 0, 1]), i)) for i in range(40)]
    packets += [link(GATEWAY, HOST, packet(address(1), HOST_IP, i)) for i in range(40)]
    assert found_in(tmp_path, packets) is None


def test_few_packets_tell_nothing(tmp_path):
    assert found_in(tmp_path, conversation(15)) is None


def test_without_ethernet_headers_addresses_tell(tmp_path):
    found = found_in(tmp_path, [each[14:] for each in conversation(45)], 101)
    assert (found.hosts, found.is_open, found.are_macs) == (("192.0.2.10",), False, False)
    (line,) = complaints(run("analyze", tmp_path / "some.pcap"))
    assert "--to 192.0.2.10" in line


def test_what_the_capture_says_itself_is_no_guess(tmp_path):
    blocks = [
        enhanced(each, options=option(2, bytes([2 if each[6:12] == HOST else 1, 0, 0, 0]))) for each in conversation()
    ]
    path = tmp_path / "told.pcapng"
    path.write_bytes(section() + interface() + b"".join(blocks))
    assert info(path).reading.both_ways is None


def test_two_traces_of_two_hosts(tmp_path):
    other = [each.replace(HOST, mac(9)) for each in conversation(60)]
    paths = [write(tmp_path / "one.pcap", conversation(60)), write(tmp_path / "two.pcap", other)]
    found = info(paths).reading.both_ways
    assert (found.hosts, found.share, found.is_everywhere) == ((HOST.hex(":"), mac(9).hex(":")), 1 / 3, True)


def one_way(n: int) -> list[bytes]:
    """Packets of a mirror port, which has no host's address in common."""
    return [link(mac(9 + i), mac(99 - i % 50), packet(address(i % 50), address(99), i)) for i in range(n)]


def test_advice_for_some_traces_is_not_given_for_all(tmp_path):
    paths = [write(tmp_path / "a.pcap", one_way(500)), write(tmp_path / "b.pcap", conversation(60))]
    found = info(paths).reading.both_ways
    assert ([each.trace for each in found.traces], found.is_everywhere) == ([1], False)
    (line,) = complaints(run("analyze", *paths))
    assert line == (
        "pcaphash: warning: 3.6% of packets seem to be sent by the capturing host, so its NIC did not receive them "
        f"(in {paths[1]}). In a run over this trace alone, leave them out with --destination-mac {HOST.hex(':')}; "
        "over all traces, that would leave out packets that the NIC received"
    )
    paths.append(write(tmp_path / "c.pcap", [each.replace(HOST, mac(9)) for each in conversation(60)]))
    (line,) = complaints(run("analyze", *paths))
    assert f"(in 2 of 3 traces, the first is {paths[1]}). In a run over that trace alone" in line
    assert mac(9).hex(":") not in line
    (line,) = complaints(run("analyze", paths[1], paths[2]))
    assert line.endswith(f"--destination-mac {HOST.hex(':')} --destination-mac {mac(9).hex(':')}")


COMMANDS = {
    "analyze": (),
    "compare": (),
    "sweep": (),
    "tune": ("--keys", "10"),
    "census": ("-o", "saved"),
    "report": ("-o", "page"),
}


@pytest.mark.parametrize("command", slow_but(2, COMMANDS))
@pytest.mark.jit_only
def test_commands_warn(tmp_path, command):
    path = write(tmp_path / "some.pcap", conversation(120))
    options = [tmp_path / word if word in ("saved", "page") else word for word in COMMANDS[command]]
    line = (
        "33.3% of packets seem to be sent by the capturing host (02:00:00:00:00:0a), so its NIC did not receive them; "
        "leave them out with --destination-mac 02:00:00:00:00:0a"
    )
    result = run(command, path, *options)
    assert result.returncode == 0, result.stderr
    assert line in result.stderr.decode()
    for chosen in (("--destination-mac", HOST.hex(":")), ("--direction", "all")):
        assert "seem to be sent" not in run(command, path, *options, *chosen).stderr.decode()


@pytest.mark.parametrize("n_traces", [1, 2])
def test_what_is_delivered_is_doubted_too(tmp_path, n_traces):
    paths = [write(tmp_path / f"{n}.pcap", conversation(120)) for n in range(n_traces)]
    result = run("replay", *paths, "-w", tmp_path / "delivered.pcapng")
    assert result.returncode == 0, result.stderr
    line = "33.3% of packets seem to be sent by the capturing host (02:00:00:00:00:0a)"
    assert line in result.stderr.decode()
    chosen = ("--destination-mac", HOST.hex(":"))
    again = run("replay", *paths, "-w", tmp_path / "delivered.pcapng", *chosen)
    assert "seem to be sent" not in again.stderr.decode()


def test_validate_warns(tmp_path):
    path = write(tmp_path / "some.pcap", conversation(120))
    (tmp_path / "reported.csv").write_bytes(run("hashes", path, "--format", "csv").stdout)
    result = run("validate", path, "--reported", tmp_path / "reported.csv")
    assert result.returncode == 0
    assert "seem to be sent by the capturing host" in result.stderr.decode()


def test_info_tells(tmp_path):
    path = write(tmp_path / "some.pcap", conversation(120))
    assert "33.3% of packets seem to be sent by the capturing host" in " ".join(
        run("info", path).stdout.decode().split()
    )
    document = json.loads(run("info", path, "--format", "json").stdout)
    assert document["both_ways"] == {
        "share": 1 / 3, "hosts": ["02:00:00:00:00:0a"], "is_open": False, "are_macs": True, "is_everywhere": True,
        "traces": [{"trace": str(path), "hosts": ["02:00:00:00:00:0a"], "is_mac": True}],
    }  # fmt: skip


def warnings_of(*words) -> list[str]:
    """Return the warnings of a command about packets that the NIC may not have received."""
    lines = run(*words).stderr.decode().splitlines()
    return [line.removeprefix("pcaphash: warning: ") for line in lines if "seem to" in line or "run one way" in line]


def test_a_saved_census_tells_what_its_traces_tell(tmp_path):
    path, saved = write(tmp_path / "some.pcap", conversation(120)), tmp_path / "some.census"
    (of_trace,) = warnings_of("analyze", path)
    assert warnings_of("census", path, "-o", saved) == [of_trace]
    of_census = f"{saved}: {of_trace.replace('leave them out with', 'take the census again with')}"
    assert warnings_of("analyze", saved) == [of_census]
    # Combined with another census, of which nothing is to be told.
    other = write(tmp_path / "other.pcap", [frame for frame in conversation(120) if frame[:6] == HOST])
    run("census", other, "-o", tmp_path / "other.census")
    assert warnings_of("analyze", tmp_path / "other.census") == []
    both = tmp_path / "both.census"
    assert warnings_of("census", tmp_path / "other.census", saved, "-o", both) == [of_census]
    assert warnings_of("analyze", both) == [of_census.replace(str(saved), str(both))]
    # Nor is anything told of a census that was to have these packets.
    run("census", path, "--direction", "all", "-o", saved)
    assert warnings_of("analyze", saved) == []


def test_a_saved_census_names_the_traces_in_doubt(tmp_path):
    small = write(tmp_path / "small.pcap", conversation(60))
    large = write(tmp_path / "large.pcap", [frame for frame in conversation(400) if frame[:6] == HOST])
    saved = tmp_path / "two.census"
    (of_traces,) = warnings_of("analyze", large, small)
    assert f"(in {small})" in of_traces
    run("census", large, small, "-o", saved)
    of_census = of_traces.replace(str(small), small.name).replace("leave them out with", "take the census again with")
    assert warnings_of("analyze", saved) == [f"{saved}: {of_census}"]


def test_a_census_of_an_earlier_version_tells_nothing(tmp_path):
    path, saved = write(tmp_path / "some.pcap", conversation(120)), tmp_path / "some.census"
    run("census", path, "-o", saved)
    with np.load(saved) as file:
        arrays = {name: file[name] for name in file.files if name != "doubts"}
    with saved.open("wb") as stream:
        np.savez(stream, **arrays)
    assert run("analyze", saved).returncode == 0
    assert warnings_of("analyze", saved) == []


def test_what_is_selected_is_looked_at(tmp_path):
    path = write(tmp_path / "some.pcap", conversation(120))
    analysis = pcaphash.analyze(path, pcaphash.Device(), pcaphash.Selection(destination_mac=HOST.hex(":")))
    assert analysis.reading.both_ways is None


# Packets that are there twice.


def cooked(inner: bytes, index: int) -> bytes:
    return builders.sll2(inner, builders.IPV4, interface=index)


def tunnelled(number: int) -> tuple[bytes, bytes]:
    """A packet in a tunnel, and what is in it, as outer IP packets."""
    inner = packet(address(number % 5), HOST_IP, number)
    frame = link(mac(1), mac(2), inner)
    return builders.ipv4(builders.udp(builders.vxlan(frame), 50000, 4789), builders.UDP), inner


def test_any_has_what_was_in_the_tunnel_again(tmp_path):
    packets = [cooked(each, index) for i in range(30) for each, index in zip(tunnelled(i), (2, 7), strict=True)]
    path = write(tmp_path / "any.pcap", packets, 276)
    found = info(path).reading.repeated
    assert (found.share, found.interfaces, found.others) == (1.0, (2,), (7,))
    lines = complaints(run("analyze", path))
    assert any("100% of tunnel packets" in line and "--interface 2" in line for line in lines)
    assert "tunnel packets" not in run("analyze", path, "--interface", 2).stderr.decode()


def test_packets_that_are_there_twice_are_remembered_by_a_census(tmp_path):
    packets = [cooked(each, index) for i in range(30) for each, index in zip(tunnelled(i), (2, 7), strict=True)]
    path, saved = write(tmp_path / "any.pcap", packets, 276), tmp_path / "any.census"
    (of_trace,) = warnings_of("analyze", path)
    run("census", path, "-o", saved)
    of_census = of_trace.replace("choose one with", "take the census again with")
    assert warnings_of("analyze", saved) == [f"{saved}: {of_census}"]


def test_interfaces_of_pcapng_have_it_again(tmp_path):
    blocks = b"".join(
        enhanced(builders.ethernet(each, builders.IPV4), number=number)
        for i in range(30)
        for number, each in enumerate(tunnelled(i))
    )
    path = tmp_path / "any.pcapng"
    path.write_bytes(section() + interface() + interface() + blocks)
    found = info(path).reading.repeated
    assert (found.interfaces, found.others) == ((0,), (1,))


def test_the_first_version_of_cooked_headers_does_not_say_where(tmp_path):
    packets = [builders.sll(each, builders.IPV4) for i in range(30) for each in tunnelled(i)]
    path = write(tmp_path / "any.pcap", packets, 113)
    assert info(path).reading.repeated.interfaces == ()
    assert any("--encapsulation" in line for line in complaints(run("analyze", path)))


def test_other_flows_beside_a_tunnel_are_no_copies(tmp_path):
    packets = [cooked(tunnelled(i)[0], 2) for i in range(30)]
    packets += [cooked(packet(address(200), address(201), i), 7) for i in range(30)]
    assert info(write(tmp_path / "any.pcap", packets, 276)).reading.repeated is None


def test_what_leaves_the_tunnel_on_the_same_interface_is_no_copy(tmp_path):
    packets = [cooked(each, 2) for i in range(30) for each in tunnelled(i)]
    assert info(write(tmp_path / "any.pcap", packets, 276)).reading.repeated is None
