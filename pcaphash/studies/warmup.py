"""Compile every kernel beforehand, by asking every question of a small trace made up for it."""

import io
import struct
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from dpkt.ethernet import Ethernet
from dpkt.ip import IP
from dpkt.ip6 import IP6
from dpkt.pcap import Writer
from dpkt.udp import UDP

from pcaphash.capture.delivered.opening import open_capture
from pcaphash.capture.input import FileInput
from pcaphash.capture.ranges import split_file
from pcaphash.capture.reader import Reader
from pcaphash.capture.reported.writer import ReportedPacket, write_pcapng
from pcaphash.device.device import Device
from pcaphash.engine.part import Part, split_part
from pcaphash.engine.replay.rates import Rate
from pcaphash.engine.replay.received import Received
from pcaphash.engine.replay.rings import Rings, Service
from pcaphash.engine.running.run import combine, run
from pcaphash.engine.sampled.kept import PacketKeeper
from pcaphash.engine.selecting.selection import Selection
from pcaphash.standards.ethernet import ETHERTYPE_IPV6
from pcaphash.studies.analyze import AnalysisRequest, analyze
from pcaphash.studies.compare import compare
from pcaphash.studies.explain import explain
from pcaphash.studies.hashes import hashes
from pcaphash.studies.info import info
from pcaphash.studies.recover_key import recover_key
from pcaphash.studies.replay import ReplayOptions, replay
from pcaphash.studies.replay.delivery import deliver
from pcaphash.studies.sweep import sweep
from pcaphash.studies.synth import Traffic, synth
from pcaphash.studies.tune import tune
from pcaphash.studies.validate import validate

_CROWD = 8192
_FLOWS = 64
_NS = 1_000_000_000


def warm_up() -> None:
    """Have every kernel compiled, in each form that it has."""
    with tempfile.TemporaryDirectory(prefix="pcaphash-") as folder:
        pcap, pcapng = Path(folder) / "warmup.pcap", Path(folder) / "warmup.pcapng"
        pcap.write_bytes(_write_pcap())
        with pcapng.open("wb") as stream:
            write_pcapng(stream, _reported_packets())
        for trace in (pcap, pcapng):
            _ask(trace)
        _ask_in_parts(pcap)
        split_file(str(pcap), 1000)
        _crowd_rings()
        for trace in (pcap, pcapng):
            whole = Reader(str(trace))
            for _ in whole.walk(whole.format.walk):
                pass
        keeper = PacketKeeper(1)
        for block in Reader(str(pcap)).blocks():
            keeper.append(block, 0)
        synth(Path(folder) / "synth.pcap", Traffic(packets=1))
        validate(pcapng, Device())
        recover_key(pcapng, Device())
        for written in ("written.pcapng", "written.pcap"):
            with open_capture(str(Path(folder) / written)) as encoder:
                deliver(str(pcap), Device(), [encoder])


def _ask(trace: Path) -> None:
    """Ask every question that needs no reported hashes, of devices that follow the specs and of one that does not."""
    selection = Selection(encapsulation=["VXLAN"], vni=[1], endpoint=["192.0.2.0/24"], direction="all")
    for device in (Device(), Device(flavor="qemu")):
        other = Device(hash_key=bytes(range(40)), flavor=device.flavor, name="other")
        analyze(trace, device, with_chance=True)
        analyze(trace, device, selection)
        analyze(trace, [device, other])
        assert compare(trace, [device, other], window_ns=_NS).baseline_rows, "resampling is among what is compiled"
        compare(trace, device, most_flows=1)
        hashes(trace, device)
        hashes(trace, device, Selection(strip="vxlan", direction="all"))
        explain(trace, 1, device)
        info(trace, device=device)
        replay(trace, device, ReplayOptions(service_ps=_NS))
        replay(trace, device, ReplayOptions(rate=Rate(Fraction(1000))))
        sweep(trace, device)
        tune(trace, device, n_keys=16)


def _crowd_rings() -> None:
    """Have more flows on the way than the table of rings has room for at first."""
    flows = np.arange(_CROWD)
    Rings(1, Service(_CROWD, 1)).run(Received(np.zeros_like(flows), flows, flows, np.zeros(_CROWD, np.int32)))


def _ask_in_parts(trace: Path) -> None:
    """Ask for flows in two parts, which have to be combined."""
    request = AnalysisRequest(with_chance=True)
    combine([run(request, part) for part in split_part(Part(FileInput(str(trace))), [2])])


def _frames() -> Iterator[bytes]:
    """Make packets of several flows over IPv4 and IPv6, some of them in VXLAN."""
    for number in range(_FLOWS):
        transport = UDP(sport=1024 + number, dport=53, data=bytes(8))
        transport.ulen = len(transport)
        addresses = bytes([192, 0, 2, 1 + number]), bytes([198, 51, 100, 1])
        ipv4 = IP(p=17, src=addresses[0], dst=addresses[1], data=transport)
        ipv6 = IP6(nxt=17, src=bytes(12) + addresses[0], dst=bytes(12) + addresses[1], data=transport)
        yield bytes(Ethernet(data=ipv4))
        yield bytes(Ethernet(type=ETHERTYPE_IPV6, data=ipv6))
        inner = struct.pack("!BxxxI", 0x08, 1 << 8) + bytes(Ethernet(data=ipv4))
        outer = UDP(sport=49152 + number, dport=4789, data=inner)
        outer.ulen = len(outer)
        yield bytes(Ethernet(data=IP(p=17, src=addresses[0], dst=addresses[1], data=outer)))


def _write_pcap() -> bytes:
    stream = io.BytesIO()
    writer = Writer(stream)
    for number, frame in enumerate(_frames()):
        writer.writepkt(frame, ts=number)
    return stream.getvalue()


def _reported_packets() -> Iterator[ReportedPacket]:
    """Report hashes that nothing explains, so that a diagnosis tries all it knows."""
    for number, frame in enumerate(_frames()):
        nothing_of_it = number * 0x9E3779B1 & 0xFFFFFFFF
        yield ReportedPacket(frame, hash_value=nothing_of_it, queue=number % 8, timestamp_ns=number * _NS)
