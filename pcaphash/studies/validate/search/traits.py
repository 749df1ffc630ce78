"""What kinds of packets some packets are: what their headers have in common that those of others do not have."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.census.decision import Decision
from pcaphash.engine.rules import ReadingRules
from pcaphash.kernels import trace
from pcaphash.kernels.records import INTERFACE_UNKNOWN
from pcaphash.kernels.timestamps import NO_TIMESTAMP
from pcaphash.kernels.trace_packet import trace_packet
from pcaphash.standards import ip
from pcaphash.studies.validate.sample import Sample

_TCP_FLAGS = 13  # offset in a TCP header
_FLAG_NAMES = {0x02: "SYN", 0x01: "FIN", 0x04: "RST", 0x08: "PSH", 0x20: "URG"}


class TraitKind(StrEnum):
    """In what packets may be alike; those that say more come first."""

    FRAGMENT = "fragment"
    """Fragments: the subject is empty, first or later."""
    EXTENSION = "extension-header"
    """IPv6 packets with an extension header, the subject its number."""
    OPTIONS = "ipv4-options"
    SHORT = "short-transport"
    """The frame ends within the TCP or UDP header."""
    TAGS = "vlan-tags"
    """So many VLAN tags, the subject; any number where it is empty."""
    ENCAPSULATION = "encapsulation"
    INNER = "inner-header"
    """Tunnel packets whose inner header is hashed."""
    OUTER_PORT = "outer-destination-port"
    """The UDP port, the subject, of the outer header of a tunnel."""
    FLAG = "tcp-flag"
    PROTOCOL = "protocol"
    """The transport of the header that is hashed, by its number; ``ICMP`` for that of either IP version."""
    PORTS = "ports"
    """Ports are hashed beside addresses of an IP version, the subject."""
    REPORT = "hash-report"
    """The expected hash_report, the subject."""
    VERSION = "ip-version"
    INNER_VERSION = "inner-ip-version"
    HASHED_VERSION = "hashed-ip-version"
    """The IP version of the header that is hashed, the outer or the inner one."""
    INTERFACE = "interface"
    FLOW = "flow"
    """One hash input, in hexadecimal digits."""
    SOURCE = "source"
    DESTINATION = "destination"
    DESTINATION_PORT = "destination-port"
    SOURCE_PORT = "source-port"


@dataclass(frozen=True)
class Trait:
    """In what packets are alike.

    Parameters
    ----------
    kind : TraitKind
        What it is about.
    subject : str or int, optional
        What they have there.
    """

    kind: TraitKind
    subject: str | int | None = None


@dataclass(frozen=True)
class Span:
    """A stretch of the trace, by packets of the sample.

    Parameters
    ----------
    first, last : int, optional
        Positions of its first and last packet in the sample; None where it reaches to an end of the trace.
    first_ns, last_ns : int, optional
        When these were captured, since 1970; None where that is not known.
    """

    first: int | None
    last: int | None
    first_ns: int | None = None
    last_ns: int | None = None


N_TRAITS = 256
"""About how many kinds of packets are looked at, for chance to be excluded."""

ICMP = "ICMP"
"""Subject of ``TraitKind.PROTOCOL``: ICMP, and ICMPv6."""

_RANK = {kind: at for at, kind in enumerate(TraitKind)}


class Traits:
    """Reads what kinds of packets those of a sample are, each packet once and only if it is asked for.

    Parameters
    ----------
    device : Device
        The configured device.
    sample : Sample
        The packets.
    inputs : list of bytes
        Their hash inputs; empty where there is none.
    decisions : list of Decision
        What the spec requires of each.
    """

    def __init__(self, device: Device, sample: Sample, inputs: list[bytes], decisions: list[Decision]) -> None:
        self._sample, self._inputs, self._decisions = sample, inputs, decisions
        self._arguments = ReadingRules.of(device).arguments
        self._known: dict[int, frozenset[Trait]] = {}

    def of(self, position: int) -> frozenset[Trait]:
        """Return the traits of a packet."""
        if position not in self._known:
            self._known[position] = frozenset(self._read(position))
        return self._known[position]

    def common(self, positions: Iterable[int]) -> frozenset[Trait]:
        """Return the traits that all of these packets have."""
        sets = [self.of(position) for position in positions]
        return frozenset.intersection(*sets) if sets else frozenset()

    def telling(self, inside: Iterable[int], outside: Iterable[int]) -> list[Trait]:
        """Return the traits that all packets inside have and no packet outside has, those that say most first."""
        found = set(self.common(inside))
        for position in outside:
            if not found:
                break
            found -= self.of(position)
        return ordered(found)

    def _read(self, position: int) -> Iterator[Trait]:
        record = self._sample.block.records[position]
        start, length = int(record["offset"]), int(record["captured_length"])
        data = self._sample.block.data[start : start + length]
        rows = trace.new_trace(length)
        original = int(record["original_length"])
        trace_packet(data, length, original, int(record["link_type"]), *self._arguments, rows)
        steps = rows[1 : int(rows[0, trace.N_STEPS]) + 1].tolist()
        decision = self._decisions[position]
        yield Trait(TraitKind.REPORT, decision.hash_report)
        yield Trait(TraitKind.ENCAPSULATION, decision.encapsulation)
        if decision.header == "inner":
            yield Trait(TraitKind.INNER)
        if record["interface"] != INTERFACE_UNKNOWN:
            yield Trait(TraitKind.INTERFACE, int(record["interface"]))
        yield from _traits_of_steps(steps, data.tobytes(), inside=decision.header == "inner")
        yield from _traits_of_input(self._inputs[position])


def ordered(traits: Iterable[Trait]) -> list[Trait]:
    """Return traits, those that say most first."""
    return sorted(traits, key=lambda trait: (_RANK[trait.kind], trait.subject is None, str(trait.subject)))


def _traits_of_steps(steps: list[list[int]], data: bytes, *, inside: bool) -> Iterator[Trait]:
    tags = 0
    is_tunnel = any(step[trace.LEVEL] for step in steps)
    for step in steps:
        level, layer, value = step[trace.LEVEL], step[trace.LAYER], step[trace.VALUE]
        tags += layer == trace.VLAN_TAG and level == 0
        if layer in (trace.IPV4, trace.IPV6):
            kind = TraitKind.INNER_VERSION if level else TraitKind.VERSION
            yield Trait(kind, 4 if layer == trace.IPV4 else 6)
        if layer == trace.UDP_PORTS and not level and is_tunnel:
            yield Trait(TraitKind.OUTER_PORT, value)
        if bool(level) == inside or not is_tunnel:  # else the header that is hashed is another one
            yield from _traits_of_header(step, data)
    yield Trait(TraitKind.TAGS, tags)
    if tags:
        yield Trait(TraitKind.TAGS)


def _traits_of_header(step: list[int], data: bytes) -> Iterator[Trait]:
    """Yield what one header of the packet that is hashed says of it."""
    layer, offset, value = step[trace.LAYER], step[trace.OFFSET], step[trace.VALUE]
    if layer == trace.IPV4 and len(data) >= offset + ip.IPV4_LEN:
        yield from _traits_of_ipv4(step, data)
    elif layer == trace.IPV6 and value not in ip.EXTENSION_HEADERS:
        yield from _protocol(value)
    elif layer == trace.EXTENSION:
        yield Trait(TraitKind.EXTENSION, value)
        yield Trait(TraitKind.EXTENSION)
        if value == ip.FRAGMENT and len(data) >= offset + ip.EXTENSION_LEN:
            is_later = int.from_bytes(data[offset + 2 : offset + 4], "big") & ip.IPV6_FRAGMENT_OFFSET_MASK
            yield from _fragment(is_later=bool(is_later))
    elif layer == trace.TRANSPORT:
        yield from _protocol(value)
        if step[trace.STOP] == trace.PACKET_END:
            yield Trait(TraitKind.SHORT)
        elif value == ip.TCP and len(data) > offset + _TCP_FLAGS:
            flags = data[offset + _TCP_FLAGS]
            yield from (Trait(TraitKind.FLAG, name) for bit, name in _FLAG_NAMES.items() if flags & bit)


def _protocol(number: int) -> Iterator[Trait]:
    yield Trait(TraitKind.PROTOCOL, number)
    if number in (ip.PROTOCOL_NAMES["icmp"], ip.ICMPV6):
        yield Trait(TraitKind.PROTOCOL, ICMP)


def _traits_of_ipv4(step: list[int], data: bytes) -> Iterator[Trait]:
    offset = step[trace.OFFSET]
    word = int.from_bytes(data[offset + 6 : offset + 8], "big")
    if step[trace.LENGTH] > ip.IPV4_LEN:
        yield Trait(TraitKind.OPTIONS)
    if word & ip.IPV4_FRAGMENT_MASK:
        yield from _fragment(is_later=bool(word & ip.IPV4_FRAGMENT_OFFSET_MASK))
    yield from _protocol(step[trace.VALUE])


def _fragment(*, is_later: bool) -> Iterator[Trait]:
    yield Trait(TraitKind.FRAGMENT)
    yield Trait(TraitKind.FRAGMENT, "later" if is_later else "first")


def _traits_of_input(data: bytes) -> Iterator[Trait]:
    if not data:
        return
    half = 4 if len(data) < 32 else 16
    ports = data[2 * half :]
    version = 4 if half == 4 else 6
    yield Trait(TraitKind.HASHED_VERSION, version)
    yield Trait(TraitKind.FLOW, data.hex())
    yield Trait(TraitKind.SOURCE, data[:half].hex())
    yield Trait(TraitKind.DESTINATION, data[half : 2 * half].hex())
    if ports:
        yield Trait(TraitKind.PORTS, version)
        yield Trait(TraitKind.SOURCE_PORT, int.from_bytes(ports[:2], "big"))
        yield Trait(TraitKind.DESTINATION_PORT, int.from_bytes(ports[2:], "big"))


def span_of(sample: Sample, inside: npt.NDArray[np.int64], outside: npt.NDArray[np.int64]) -> Span | None:
    """Return the stretch that holds some packets, by position, and none of the others; None where there is none."""
    first, last = int(inside[0]), int(inside[-1])
    if ((outside > first) & (outside < last)).any():
        return None
    starts, ends = bool((outside < first).any()), bool((outside > last).any())
    return Span(
        first if starts else None,
        last if ends else None,
        _time_of(sample, first) if starts else None,
        _time_of(sample, last) if ends else None,
    )


def span_from(sample: Sample, first: int) -> Span:
    """Return the stretch from the packet at a position on."""
    return Span(first, None, _time_of(sample, first))


def span_to(sample: Sample, span: Span, last: int) -> Span:
    """Return a stretch that ends with the packet at a position."""
    return replace(span, last=last, last_ns=_time_of(sample, last))


def _time_of(sample: Sample, position: int) -> int | None:
    time = int(sample.block.records["time_ns"][position])
    return None if time == NO_TIMESTAMP else time
