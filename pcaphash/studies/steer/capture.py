"""Flows that were found as packets, with the hash and the queue that the device gives them."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from pcaphash.capture.delivered.output import STANDARD_OUTPUT, open_output, plain_name
from pcaphash.capture.reported.writer import ReportedPacket, write_pcapng
from pcaphash.device.paths import is_folder
from pcaphash.errors import ConfigurationError, Field, OutputError
from pcaphash.standards import ip, virtio
from pcaphash.studies.hash_tuple import PacketTuple, TupleHash
from pcaphash.studies.shared import frames, tunnelling
from pcaphash.studies.steer.result import Steering

WRITE_FIELD = Field("write")

_OUTER = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 2])
_INNER = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])
_PORTS = 49152, 9
_GAP_NS = 1000
_START_NS = 1_672_790_400_000_000_000  # 2023-01-04, 00:00 UTC


def write_flows(path: str, steering: Steering) -> None:
    """Write a packet for each direction of each flow, whole or not at all.

    Parameters
    ----------
    path : str
        A name that ends with ``.pcapng``, and then perhaps ``.gz`` or ``.zst``; ``-`` is standard output.
    steering : Steering
        The flows.

    Raises
    ------
    ConfigurationError
        The name is that of another format, which has no place for hashes.
    OutputError
        The file cannot be written; it is a folder, say.
    """
    if is_folder(Path(path)):
        raise OutputError(path, "it is a folder, not a file", WRITE_FIELD)
    if path != STANDARD_OUTPUT and plain_name(path).suffix.lower() != ".pcapng":
        raise ConfigurationError(WRITE_FIELD, "only pcapng has a place for hashes and queues", "name the file .pcapng")
    with open_output(path, WRITE_FIELD) as output:
        write_pcapng(cast(BinaryIO, output), _packets_of(steering))


def _packets_of(steering: Steering) -> Iterator[ReportedPacket]:
    for number, each in enumerate(steering.tuples):
        yield ReportedPacket(
            _frame_of(each, steering),
            hash_value=each.hash_value,
            hash_report=virtio.HASH_REPORTS.index(each.hash_report),
            queue=each.queue,
            timestamp_ns=_START_NS + number * _GAP_NS,
        )


def _frame_of(found: TupleHash, steering: Steering) -> bytes:
    packet, name = found.packet, steering.tunnel
    if not name:
        return frames.of_ip(_ip_packet(packet))
    protocol = tunnelling.protocol_of(name)
    if steering.header == "inner":
        port = tunnelling.ports_of(name, steering.device)[0] if tunnelling.is_in_udp(name) else 0
        return frames.of_ip(_outer(_ip_packet(packet), name, *_OUTER, (_PORTS[0], port), protocol))
    inner = frames.ipv4(frames.transport(ip.UDP, *_INNER, _PORTS), ip.UDP, *_INNER)
    ports = packet.source_port or 0, packet.destination_port or 0
    return frames.of_ip(_outer(inner, name, packet.source.packed, packet.destination.packed, ports, protocol))


def _outer(inner: bytes, name: str, source: bytes, destination: bytes, ports: tuple[int, int], protocol: int) -> bytes:
    carried = tunnelling.encapsulate(name, inner)
    if protocol == ip.UDP:
        carried = frames.transport(ip.UDP, source, destination, ports, carried)
    return frames.internet(carried, protocol, source, destination)


def _ip_packet(packet: PacketTuple) -> bytes:
    """Return an IP packet of a tuple; of one without ports, one that carries next to nothing."""
    source, destination = packet.source.packed, packet.destination.packed
    protocol = _NO_TRANSPORT if packet.protocol is None else packet.protocol
    if packet.source_port is not None and packet.destination_port is not None:
        payload = frames.transport(protocol, source, destination, (packet.source_port, packet.destination_port))
    elif protocol in (ip.ICMP, ip.ICMPV6):
        payload = frames.echo(protocol, source, destination)
    else:
        payload = _HEADERS.get(protocol, bytes(16))
    return frames.internet(payload, protocol, source, destination)


_NO_TRANSPORT = 253  # RFC 3692: for experiments
_HEADERS = {
    ip.SCTP: bytes(ip.SCTP_LEN),
    ip.AUTHENTICATION: bytes([ip.NO_NEXT_HEADER, 1]) + bytes(10),
    _NO_TRANSPORT: b"",
}
"""What stands in packets of protocols for which 16 bytes of zeros are malformed."""
