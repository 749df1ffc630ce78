"""What a device makes of a packet that is given by its tuple: the outer header of a packet without a tunnel."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pcaphash.device.device import Device
from pcaphash.device.hash_choice import NOTHING_FITS, HashChoice, choose_hash_type
from pcaphash.device.hash_form import HashForm, hash_form
from pcaphash.device.toeplitz import toeplitz
from pcaphash.engine.result import Result
from pcaphash.errors import ConfigurationError
from pcaphash.standards import ip, virtio
from pcaphash.studies.hash_tuple.columns import TUPLES
from pcaphash.studies.hash_tuple.packet_tuple import PROTOCOL_FIELD, PacketTuple, parse_tuple

if TYPE_CHECKING:
    import pandas as pd

_PORT_LEN = 2


@dataclass(frozen=True, slots=True, repr=False)
class TupleHash(Result):
    """The hash of a tuple, and where it leads.

    Parameters
    ----------
    packet : PacketTuple
        The tuple.
    device : Device
        The configured device.
    hash_report : str
        The hash type, one of ``virtio.HASH_REPORTS``; ``NONE`` if no enabled type fits.
    hash_input : bytes
        The bytes that are hashed; empty without a hash.
    hash_value : int, optional
        The hash, 32 bits; None without one.
    table_entry : int, optional
        The entry of the indirection table that the hash leads to; None without a hash, or without the RSS feature.
    queue : int, optional
        The receive queue: without a hash the unclassified queue; None without the RSS feature.
    tunnel : str
        The tunnel that such packets would be if they carried its header, if the device hashes inner headers of it:
        their hash is then a different one. Empty if there is none.
    """

    packet: PacketTuple
    device: Device
    hash_report: str
    hash_input: bytes
    hash_value: int | None
    table_entry: int | None
    queue: int | None
    tunnel: str

    def facts(self) -> list[str]:
        """Return the tuple, its hash, and where that leads."""
        found = "no hash" if self.hash_value is None else f"hash 0x{self.hash_value:08x} ({self.hash_report})"
        packet = self.packet
        ports = "" if packet.source_port is None else f", ports {packet.source_port} and {packet.destination_port}"
        protocol = f", {packet.protocol_name}" if packet.protocol_name else ""
        told = f"{packet.source} to {packet.destination}{ports}{protocol}"
        return [told, found, *([] if self.queue is None else [f"receive queue {self.queue}"])]

    def main_table(self) -> "pd.DataFrame":
        """Return the hash as a table of one row."""
        return TUPLES.frame([self.row()])

    def row(self) -> dict[str, str | int | None]:
        """Return the hash by the names of the columns (``TUPLES``); None where there is no port, entry or queue."""
        return {
            "source": str(self.packet.source),
            "source_port": self.packet.source_port,
            "destination": str(self.packet.destination),
            "destination_port": self.packet.destination_port,
            "protocol": self.packet.protocol_name,
            "hash_report": self.hash_report,
            "hash_input": self.hash_input.hex(),
            "hash_value": "" if self.hash_value is None else f"0x{self.hash_value:08x}",
            "table_entry": self.table_entry,
            "queue": self.queue,
        }


class Directions(StrEnum):
    """Whether the two directions of a flow meet."""

    SAME_HASH = "same-hash"
    """They have the same hash, and so the same receive queue, if there are queues."""
    SAME_QUEUE = "same-queue"
    """Their hashes differ, and lead to the same receive queue by chance."""
    OTHER_QUEUES = "other-queues"
    OTHER_HASHES = "other-hashes"
    """Their hashes differ, and the device has no receive queues."""


def compare_directions(found: Sequence[TupleHash]) -> Directions | None:
    """Return whether the two directions of a flow meet; None if the tuples are not these."""
    if len(found) != 2 or found[0].packet.reverse() != found[1].packet:
        return None
    one, other = found
    if one.queue != other.queue:
        return Directions.OTHER_QUEUES
    if one.hash_value == other.hash_value:
        return Directions.SAME_HASH
    return Directions.OTHER_HASHES if one.queue is None else Directions.SAME_QUEUE


def hash_tuple(
    source: str,
    destination: str,
    source_port: str | int | None = None,
    destination_port: str | int | None = None,
    protocol: str | int | None = None,
    device: Device | None = None,
) -> TupleHash:
    """Calculate hash, table entry and receive queue of a packet from its addresses and ports.

    Parameters
    ----------
    source, destination : str
        Addresses, which ports may follow: ``192.0.2.1``, ``192.0.2.1:1234``, ``2001:db8::1`` or ``[2001:db8::1]:1234``.
    source_port, destination_port : str or int, optional
        In place of ports after the addresses.
    protocol : str or int, optional
        ``tcp``, ``udp``, another name, or a number. Default: TCP where there are ports.
    device : Device, optional
        The configured device. Default: ``Device()``.

    Raises
    ------
    ConfigurationError
        The tuple is not in this form, or the device hashes ports and there are none.
    """
    packet = parse_tuple(source, destination, source_port, destination_port, protocol)
    return hash_packet_tuple(packet, Device() if device is None else device)


def hash_packet_tuple(packet: PacketTuple, device: Device) -> TupleHash:
    """Calculate hash, table entry and receive queue of a tuple.

    Raises
    ------
    ConfigurationError
        The device hashes ports, and there are none.
    """
    choice = choose_hash_type(device, packet.source.version, packet.protocol)
    if choice.with_ports and packet.source_port is None:
        name = packet.protocol_name
        problem = f"{name} without ports: the hash type {choice.report} needs them"
        raise ConfigurationError(PROTOCOL_FIELD, problem, f"give both ports, or leave {name} out")
    tunnel = _tunnel_of(packet, device)
    if choice == NOTHING_FITS:
        queue = device.unclassified_queue if device.has_queue else None
        return TupleHash(packet, device, choice.report, b"", None, None, queue, tunnel)
    form = hash_form(device.flavor)
    data = _hash_input(packet, choice, form, device.input_transform)
    value = form.complete(toeplitz(data, device.used_key))
    entry = device.entry_of(value) if device.has_queue else None
    queue = None if entry is None else device.indirection_table[entry]
    return TupleHash(packet, device, choice.report, data, value, entry, queue, tunnel)


def _hash_input(packet: PacketTuple, choice: HashChoice, form: HashForm, transform: str) -> bytes:
    """Lay out the hash input: the addresses, then the ports where they are hashed, transformed as Linux may ask."""
    pairs = [(packet.source.packed, packet.destination.packed)]
    if choice.with_ports and packet.source_port is not None and packet.destination_port is not None:
        source_port, destination_port = (n.to_bytes(_PORT_LEN) for n in (packet.source_port, packet.destination_port))
        pairs.append((source_port, destination_port))
    return b"".join(field for pair in pairs for field in _transform(*form.arrange(*pair), transform))


def _transform(source: bytes, destination: bytes, transform: str) -> tuple[bytes, bytes]:
    if transform == "none":
        return source, destination
    different = bytes(a ^ b for a, b in zip(source, destination, strict=True))
    if transform == "symmetric-xor":
        return different, different
    return bytes(a | b for a, b in zip(source, destination, strict=True)), different


def _tunnel_of(packet: PacketTuple, device: Device) -> str:
    """Name the tunnel, of those whose inner headers are hashed, that packets of this protocol and port may be."""
    gre = virtio.TUNNEL_GRE_2784 | virtio.TUNNEL_GRE_2890 | virtio.TUNNEL_GRE_7676 | virtio.TUNNEL_NVGRE
    by_port = (
        ("VXLAN", virtio.TUNNEL_VXLAN, device.vxlan_ports),
        ("GENEVE", virtio.TUNNEL_GENEVE, device.geneve_ports),
        ("VXLAN-GPE", virtio.TUNNEL_VXLAN_GPE, device.vxlan_gpe_ports),
        ("GRE-in-UDP", virtio.TUNNEL_GRE_UDP, device.gre_udp_ports),
    )
    possible: list[tuple[str, int]] = []
    if packet.protocol == ip.UDP:
        possible = [(name, types) for name, types, ports in by_port if packet.destination_port in ports]
    elif packet.protocol == ip.GRE:
        possible = [("GRE", gre)]
    elif packet.protocol == ip.IPIP and packet.source.version == 4:
        possible = [("IPIP", virtio.TUNNEL_IPIP)]
    return next((name for name, types in possible if device.tunnel_mask & types), "")
