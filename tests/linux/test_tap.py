"""A real Linux receive path answers: a tap steered by QEMU's eBPF program, behind Linux's own tunnel devices."""

import errno
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

import pcaphash
from naive.capture import load
from pcaphash import Device
from pcaphash.capture.delivered.opening import open_table
from pcaphash.capture.reported.table import ReportedTable
from pcaphash.errors import ConfigurationError
from pcaphash.standards.ethernet import ETHERNET
from pcaphash.studies.replay import ReplayOptions
from pcaphash.studies.replay.into import Sent, Unsent, send_into
from pcaphash.studies.replay.onto import send_on
from pcaphash.studies.validate import Validation, validate
from pcaphash.targets import steering_program, tap
from pcaphash.targets.answer import NotSent, TargetAnswer
from pcaphash.targets.interface import open_interface
from pcaphash.targets.namespace import configure, own_network
from pcaphash.targets.tap import open_tap
from support import builders
from support.captures import pcapng_of
from support.command import run
from support.shared import ROOT, SHARED, needs_shared
from support.taps import missing, odd_frames
from support.traffic import write

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
BASE = Device(hash_types="base")
INNER = Device()
VXLAN_PORTS = (4789, 8472)

EBPF_HABITS = {
    # Frame of device/frames.pcap, from 1: what QEMU's eBPF program does otherwise than the spec.
    29: "skips one 802.1Q tag only",
    31: "knows no 802.1ad tag",
    32: "skips one 802.1Q tag only",
    45: "takes the DF bit for a fragment",
    50: "does not look behind an authentication header",
    51: "does not look behind an authentication header",
    88: "hashes nothing of TCP with less than 20 bytes",
    89: "hashes nothing of UDP with less than 8 bytes",
    98: "does not look at the IP version",
}


MISSING = missing()
pytestmark = [pytest.mark.jit_only, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


def asked(trace: Path, device: Device, folder: Path, *, decapsulated: bool) -> tuple[Sent, Validation | None]:
    """Send a trace into the tap; return what came of it, and what `validate` finds of that."""
    table = folder / f"{trace.name}.csv"
    with ExitStack() as stack:
        tap = stack.enter_context(open_tap(device, with_hash=True, decapsulated=decapsulated))
        sent = send_into(trace, tap, device, [stack.enter_context(open_table(str(table)))])
    return sent, validate(trace, device, ReportedTable(table)) if sent.returned else None


def vxlan_packets(trace: Path) -> "tuple[int, int]":
    """Count uncut packets of VXLAN, and those with an inner IP header, as `hashes` tells them."""
    records = load(trace).records
    uncut = [r.link_type == ETHERNET and len(r.captured) >= r.original_length for r in records]
    rows = pcaphash.hashes(trace, INNER).itertuples()
    known = [row for row, is_uncut in zip(rows, uncut, strict=True) if is_uncut and row.encapsulation == "VXLAN"]
    return len(known), sum(row.header == "inner" for row in known)


def test_every_vxlan_packet_of_the_overlay_has_the_inner_hash(tmp_path):
    sent, found = asked(OVERLAY, INNER, tmp_path, decapsulated=True)
    packets, with_ip = vxlan_packets(OVERLAY)
    assert packets > 468
    assert sent.returned >= packets
    assert sent.hashed >= with_ip
    assert found.mismatches == 0
    assert found.judged == sent.returned
    assert sent.not_sent[Unsent(NotSent.CUT)] == sum(len(r.captured) < r.original_length for r in load(OVERLAY).records)
    assert sent.not_sent.total() + sent.returned + sent.lost == sent.reading.packets == 6060


def test_inner_packets_without_ip_go_to_the_unclassified_queue(tmp_path):
    device = Device(queues=8, unclassified_queue=7, indirection_table=[0])
    sent, found = asked(OVERLAY, device, tmp_path, decapsulated=True)
    packets, with_ip = vxlan_packets(OVERLAY)
    assert sent.of_queue[7] == packets - with_ip > 0
    assert found.mismatches == 0


@pytest.mark.parametrize("trace", [OVERLAY, ROOT / "sample_traces" / "vxlan.pcap"], ids=lambda path: path.name)
def test_outer_hashes_of_another_key_and_table(trace, tmp_path):
    table = tuple((7 * entry) % 5 for entry in range(64))
    device = Device(
        hash_types="IPv4+TCPv4+UDPv6",
        hash_key=bytes(range(1, 41)),
        indirection_table=table,
        queues=5,
        unclassified_queue=2,
    )
    sent, found = asked(trace, device, tmp_path, decapsulated=False)
    assert sent.returned
    assert (sent.lost, found.mismatches) == (0, 0)


@needs_shared
def test_frames_that_differ_are_those_of_known_habits(tmp_path):
    trace = SHARED / "device" / "frames.pcap"
    frames = [record.captured for record in load(trace).records]
    with open_tap(BASE, with_hash=True, decapsulated=False) as tap:
        answers = tap.answer(frames)
    differ = set()
    for number, (answer, row) in enumerate(zip(answers, pcaphash.hashes(trace, BASE).itertuples(), strict=True), 1):
        assert isinstance(answer, TargetAnswer)
        expected = None if row.hash_report == "NONE" else int(str(row.hash_value), 0)
        if (answer.hash_value, answer.queue) != (expected, row.queue):
            differ.add(number)
    assert differ == EBPF_HABITS.keys()


@needs_shared
def test_the_diagnosis_names_the_program(tmp_path):
    _, found = asked(SHARED / "device" / "frames.pcap", BASE, tmp_path, decapsulated=False)
    (cause,) = found.diagnosis.causes
    assert [fault.name for fault in cause.faults] == ["flavor-qemu-ebpf"]
    assert (cause.packets, found.diagnosis.unexplained) == (len(EBPF_HABITS), 0)


@needs_shared
@pytest.mark.parametrize("types", ["base", "IPv4+IPv6", "TCPv4+UDPv4+TCPv6+UDPv6", "TCPv6+TCP_EX+IPv6+IP_EX", "0x1ff"])
def test_the_flavor_is_what_the_program_does(types):
    trace = SHARED / "device" / "frames.pcap"
    assert_flavored(trace, [record.captured for record in load(trace).records], types)


@pytest.mark.parametrize("types", ["base", "0x1ff"])
def test_the_flavor_is_what_the_program_does_with_frames_that_nobody_sends(types, tmp_path):
    frames = odd_frames(3000)
    assert_flavored(write(tmp_path / "frames.pcapng", frames), frames, types)


def assert_flavored(trace: Path, frames: list[bytes], types: str) -> None:
    """Ask the program about frames, and the flavor."""
    device = Device(flavor="qemu-ebpf", hash_types=types)
    with open_tap(Device(hash_types=types), with_hash=True, decapsulated=False) as tap:
        answers = tap.answer(frames)
    assert sum(answer.hash_value is not None for answer in answers) > len(frames) / 3
    for number, (answer, row) in enumerate(zip(answers, pcaphash.hashes(trace, device).itertuples(), strict=True)):
        expected = None if row.hash_report == "NONE" else int(str(row.hash_value), 0)
        assert (answer.hash_value, answer.queue) == (expected, row.queue), (number, frames[number].hex())


def test_an_interface_is_sent_what_the_trace_has_in_order():
    whole = [r.captured for r in load(OVERLAY).records if len(r.captured) >= r.original_length]
    with own_network():
        configure(
            "ip link add veth0 type veth peer name veth1",
            "sysctl -qw net.ipv6.conf.veth0.disable_ipv6=1 net.ipv6.conf.veth1.disable_ipv6=1",
            "ip link set veth0 up",
            "ip link set veth1 up",
        )
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as receiver:
            receiver.setsockopt(socket.SOL_SOCKET, 33, 1 << 26)  # SO_RCVBUFFORCE
            receiver.bind(("veth1", 0))
            receiver.settimeout(5)
            with open_interface("veth0") as interface:
                reading = send_on(OVERLAY, interface, BASE, ReplayOptions(speed=100, loop=2))
            came = [receiver.recv(65536) for _ in range(2 * len(whole))]
    assert reading.packets == 6060
    assert interface.lateness.sent == 2 * len(whole)
    assert interface.lateness.not_sent == {NotSent.CUT: 2 * (6060 - len(whole))}
    assert came == whole + whole
    assert interface.lateness.most_ns >= 0


def test_frames_are_sent_when_they_are_due(tmp_path):
    frames = [builders.ethernet(bytes([number]) * 60, 0x88B5) for number in range(20)]
    trace = write(tmp_path / "trace.pcapng", frames)
    with own_network():
        configure("ip link add veth0 type veth peer name veth1", "ip link set veth0 up", "ip link set veth1 up")
        with open_interface("veth0") as interface:
            before = time.monotonic()
            send_on(trace, interface, BASE, ReplayOptions(rate=pcaphash.Rate(100)))
            took = time.monotonic() - before
    assert interface.lateness.sent == 20
    assert took >= 0.19


@pytest.mark.parametrize(
    ("device", "said"),
    [
        (Device(queues=256), "queues=256"),
        (Device(indirection_table=[0] * 256), "indirection_table_size=256"),
        (Device(hash_key=bytes(range(52))), "a tap steered by QEMU's program keeps 40 bytes of a key"),
    ],
)
def test_what_the_program_cannot_do_is_refused(device, said):
    with pytest.raises(ConfigurationError, match=said), open_tap(device, with_hash=False, decapsulated=False):
        pass


def test_an_interface_that_is_down_is_told():
    said = r"the interface lo is down; 0 frames were sent before; set it up: ip link set lo up"
    with own_network(), open_interface("lo") as interface, pytest.raises(ConfigurationError, match=said):
        interface.send([bytes(64)], [0])


def test_frames_that_are_not_sent_take_no_slot_of_a_rate(tmp_path):
    frame = builders.ethernet(bytes(60), 0x88B5)
    packets = [(frame, len(frame) + (number < 30), ETHERNET) for number in range(35)]
    trace = tmp_path / "trace.pcapng"
    trace.write_bytes(pcapng_of(packets))
    with own_network():
        configure("ip link set lo up")
        with open_interface("lo") as interface:
            before = time.monotonic()
            send_on(trace, interface, BASE, ReplayOptions(rate=pcaphash.Rate(10)))
            took = time.monotonic() - before
    assert (interface.lateness.sent, interface.lateness.not_sent) == (5, {NotSent.CUT: 30})
    assert took < 2


def test_an_interrupted_command_tells_how_many_frames_were_sent(tmp_path):
    trace = write(tmp_path / "trace.pcapng", [builders.ethernet(bytes(60), 0x88B5)] * 100)
    with own_network():
        configure("ip link set lo up")
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as receiver:
            receiver.bind(("lo", 0))
            words = [sys.executable, "-m", "pcaphash", "replay", str(trace), "--into", "lo", "--rate", "10pps"]
            process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(6):  # each frame goes out and comes in: three were sent, and two counted
                receiver.recv(65536)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(rb"interrupted.*: [1-9][0-9]* frames were sent on lo$", told.strip()), told


def test_the_command_writes_what_validate_takes(tmp_path):
    table = tmp_path / "linux.csv"
    result = run("replay", OVERLAY, "--into", "tap", "--read-hash", "--decapsulate", "--reported", table)
    assert result.returncode == 0, result.stderr
    packets, with_ip = vxlan_packets(OVERLAY)
    first = result.stdout.decode().splitlines()[0]
    assert first.startswith(f"Linux's tap returned {packets} of ")
    assert f"The hash of {with_ip} packets is known." in result.stdout.decode()
    checked = run("validate", OVERLAY, "--reported", table)
    assert checked.stdout.startswith(b"The device is right: all %d packets judged match the spec." % packets)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_file_is_left_open():
    before = open_files()
    with open_tap(INNER, with_hash=True, decapsulated=True):
        assert open_files() > before + 129
    assert open_files() == before


REFUSALS = {
    # what the kernel refuses: what is said of it
    ("ioctl", 0x400454CA): "a tap with 129 queues cannot be set up: Too many users",
    ("ioctl", 0x800454E0): "a tap with 129 queues cannot be set up: Too many users",
    ("load", 5): "the kernel does not take QEMU's steering program: Too many users",
    ("open", 100): "/dev/net/tun cannot be opened: Too many users",
}


@pytest.mark.parametrize(("call", "number"), REFUSALS)
def test_no_file_is_left_open_where_the_kernel_refuses(call, number, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EUSERS, os.strerror(errno.EUSERS))

    ioctl, bpf, open_file, opened = tap.fcntl.ioctl, steering_program._bpf, os.open, []

    def open_some(path, flags):
        if path == "/dev/net/tun":
            opened.append(path)
        return refuse() if len(opened) == number else open_file(path, flags)

    if call == "ioctl":
        monkeypatch.setattr(
            tap.fcntl, "ioctl", lambda file, code, *words: (refuse if code == number else ioctl)(file, code, *words)
        )
    elif call == "load":
        monkeypatch.setattr(
            steering_program, "_bpf", lambda code, words: (refuse if code == number else bpf)(code, words)
        )
    else:
        monkeypatch.setattr(tap.os, "open", open_some)
    before = open_files()
    with pytest.raises(ConfigurationError, match=REFUSALS[call, number]):  # noqa: SIM117 - the error is of the second
        with open_tap(BASE, with_hash=True, decapsulated=False):
            pass
    assert open_files() == before
