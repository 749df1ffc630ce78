"""Whether a capture holds both directions of its traffic although nothing says so.

A host's own capture has its address at one end of every packet, and at either end of many. On Ethernet that is the
address of its interface, elsewhere its IP address. A capture of many hosts, as of a mirror port, has no such address.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.sampled.kept import KeptPackets
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.endpoints import ADDRESS_LEN, ENDPOINTS_LEN, read_endpoints
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6
from pcaphash.kernels.records import DIRECTION_UNKNOWN
from pcaphash.standards.ethernet import ETHERNET, MAC_LEN

Bytes = npt.NDArray[np.bytes_]

_LEAST_PACKETS = 20  # to one host, from which something can be told
_EVERY = 0.98  # of the packets have the host's address; few others get in by mistakes of switches
_LEAST_SHARE = 0.02  # of the packets in either direction
_REVERSED = 0.5  # of the sent packets have a source address that received ones have as destination
_NEARLY_ALL = 0.98  # of the packets are of traces with both directions: what holds of these can be asked of all
_FEWER = 2  # times as many IP addresses are behind one end: that is the network, and the other one the host


@dataclass(frozen=True)
class TraceBothWays:
    """Both directions of traffic in one trace.

    Parameters
    ----------
    trace : int
        Which of the traces, counted from 0.
    hosts : tuple of str
        The Ethernet address, or IP address, of the host that seems to have captured; two where either may be it.
    is_mac : bool
        Whether that is an Ethernet address.
    """

    trace: int
    hosts: tuple[str, ...]
    is_mac: bool


@dataclass(frozen=True)
class BothWays:
    """Both directions of traffic.

    Parameters
    ----------
    share : float
        Of all packets, those that look sent by the host; of two that may be the host, by the first.
    traces : tuple of TraceBothWays
        The traces that have both directions.
    is_everywhere : bool
        Whether nearly all packets are of these traces, so that the others lose little if only packets to these hosts
        are selected.
    """

    share: float
    traces: tuple[TraceBothWays, ...]
    is_everywhere: bool

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of all these traces, each once."""
        return tuple(dict.fromkeys(host for trace in self.traces for host in trace.hosts))

    @property
    def is_open(self) -> bool:
        """Whether either of two ends of some trace may be the host: then both are in ``hosts``."""
        return any(len(trace.hosts) > 1 for trace in self.traces)

    @property
    def are_macs(self) -> bool:
        """Whether all hosts are Ethernet addresses."""
        return all(trace.is_mac for trace in self.traces)


@dataclass(frozen=True)
class _End:
    """One end of all packets: its address, the packets that it sent, and how many IP addresses are behind it."""

    address: bytes
    n_sent: int
    n_behind: int


def find_both_ways(kept: KeptPackets) -> BothWays | None:
    """Find out whether traces hold packets that the capturing host sent, of those of which the capture says nothing."""
    unknown = kept.take(kept.records["direction"] == DIRECTION_UNKNOWN)
    if len(unknown) < _LEAST_PACKETS:
        return None
    found, n_sent, n_packets = [], 0, 0
    for trace in sorted(set(unknown.traces.tolist())):
        part = unknown.take(unknown.traces == trace)
        is_ethernet = part.records["link_type"] == ETHERNET
        by_mac = bool(2 * np.count_nonzero(is_ethernet) > len(part))
        ends = _find_ends(part.take(is_ethernet == by_mac), by_mac)
        if not ends:
            continue
        found.append(TraceBothWays(trace, tuple(_write(end.address, by_mac) for end in ends), by_mac))
        n_sent += ends[0].n_sent
        n_packets += len(part)
    if not found:
        return None
    return BothWays(n_sent / len(kept), tuple(found), n_packets >= _NEARLY_ALL * len(kept))


def _find_ends(part: KeptPackets, by_mac: bool) -> list[_End]:
    """Find the end that all packets of one trace have in common; two of them where either may be the host."""
    senders, receivers = _mac_addresses(part) if by_mac else _addresses(part)
    chosen = _is_one_host(receivers, by_mac) & (senders != receivers)
    senders, receivers = senders[chosen], receivers[chosen]
    common = _common_addresses(senders, receivers)
    if not common:
        return []
    sources, destinations = _addresses(part.take(chosen))
    found = []
    for address in common:
        sent, received = senders == address, receivers == address
        behind = destinations[received & (destinations != b"")]
        own = sources[sent & (sources != b"")]
        if len(own) and np.isin(own, behind).mean() >= _REVERSED:
            found.append(_End(bytes(address), int(sent.sum()), len(np.unique(behind))))
    found.sort(key=lambda end: end.n_behind)
    is_clear = len(found) == 2 and found[1].n_behind >= _FEWER * found[0].n_behind
    return found[:1] if is_clear else found


def _common_addresses(senders: Bytes, receivers: Bytes) -> list[bytes]:
    """Return the addresses, up to two, that are at one end of every packet, and at either end of many."""
    if len(senders) < _LEAST_PACKETS:
        return []
    numbers, counts = np.unique(np.concatenate([senders, receivers]), return_counts=True)
    common = []
    for address in numbers[np.argsort(-counts, kind="stable")[:2]].tolist():
        sent, received = senders == address, receivers == address
        least = max(_LEAST_SHARE * len(senders), 1)
        if (sent | received).mean() >= _EVERY and min(sent.sum(), received.sum()) >= least:
            common.append(address)
    return common


def _mac_addresses(part: KeptPackets) -> tuple[Bytes, Bytes]:
    """Return the source and destination address of each Ethernet frame."""
    places = part.records["offset"].astype(np.int64)[:, np.newaxis] + np.arange(2 * MAC_LEN)
    both = part.data[places]
    both[part.records["captured_length"] < 2 * MAC_LEN] = 0
    return _as_keys(both[:, MAC_LEN:]), _as_keys(both[:, :MAC_LEN])


def _addresses(part: KeptPackets) -> tuple[Bytes, Bytes]:
    """Return the source and destination address of the outer header of each packet; nothing where there is none."""
    n, rules = len(part), ReadingRules.of(Device())
    signatures, numbers = np.empty(n, np.int32), np.empty(n, np.int64)
    endpoints = np.empty(n * ENDPOINTS_LEN, np.uint8)
    read_endpoints(
        part.data, part.records, n, *rules.arguments,
        signatures, numbers, endpoints,
    )  # fmt: skip
    kinds, places = np.unique(signatures, return_inverse=True)
    outer = np.array([split_signature(int(each))[0] for each in kinds], np.int64)[places]
    versions = np.where(outer >= KIND_IPV6, 6, np.where(outer >= KIND_IPV4, 4, 0)).astype(np.uint8)
    rows = endpoints.reshape(n, 2, ADDRESS_LEN)
    tagged = np.concatenate([np.broadcast_to(versions[:, np.newaxis, np.newaxis], (n, 2, 1)), rows], axis=2)
    return _as_keys(tagged[:, 0]), _as_keys(tagged[:, 1])


def _as_keys(rows: npt.NDArray[np.uint8]) -> Bytes:
    """Return rows of bytes as values that can be compared; of what they end in, zeros are left out."""
    return np.ascontiguousarray(rows).view(f"S{rows.shape[1]}")[:, 0]


def _is_one_host(addresses: Bytes, by_mac: bool) -> npt.NDArray[np.bool_]:
    """Tell which addresses are those of one host: neither a group's, nor everybody's, nor none."""
    found, places = np.unique(addresses, return_inverse=True)
    if by_mac:
        fits = [bool(address) and not address[0] & 1 for address in found]
    else:
        fits = [bool(address) and not _ip(address).is_multicast and not _is_broadcast(address) for address in found]
    return np.array(fits, np.bool_)[places]


def _is_broadcast(address: bytes) -> bool:
    return address[1:] == b"\xff" * 4


def _ip(address: bytes) -> IPv4Address | IPv6Address:
    """Return the address in a key, after its version."""
    length = 4 if address[0] == 4 else ADDRESS_LEN
    data = address[1:].ljust(length, b"\0")
    return IPv4Address(data) if length == 4 else IPv6Address(data)


def _write(address: bytes, is_mac: bool) -> str:
    return address.ljust(MAC_LEN, b"\0").hex(":") if is_mac else str(_ip(address))
