"""What Linux counts of packets that it drops, in the network namespace of this thread."""

from collections.abc import Iterator
from pathlib import Path

_FOLDER = Path("/proc/thread-self/net")
_RECEIVED, _RECEIVE_ERRORS = 1, 2  # places of the numbers in the line of an interface

_WRONG_UDP_CHECKSUM = "the UDP checksum is wrong"
_WRONG_HEADER = "the outer IP header is not valid"
_WRONG_ADDRESS = "Linux accepts no packets with such outer addresses"
_TOO_SHORT = "they are shorter than the outer IP header says"
_FRAGMENT = "they are fragments"
NOT_IP_INSIDE = "what follows the tunnel header is neither Ethernet nor IP"
_UNKNOWN_PROTOCOL = "nothing in this kernel takes the protocol"
_REASONS = {
    "Udp:InCsumErrors": _WRONG_UDP_CHECKSUM,
    "Udp6InCsumErrors": _WRONG_UDP_CHECKSUM,
    "Udp:InErrors": "the UDP length is wrong",
    "Udp6InErrors": "the UDP length is wrong",
    "IpExt:InCsumErrors": "the checksum of the outer IPv4 header is wrong",
    "Ip:ReasmReqds": _FRAGMENT,
    "Ip6ReasmReqds": _FRAGMENT,
    "Ip:InHdrErrors": _WRONG_HEADER,
    "Ip6InHdrErrors": _WRONG_HEADER,
    "IpExt:InTruncatedPkts": _TOO_SHORT,
    "Ip6InTruncatedPkts": _TOO_SHORT,
    "Ip:InAddrErrors": _WRONG_ADDRESS,
    "Ip6InAddrErrors": _WRONG_ADDRESS,
    "in_martian_src": _WRONG_ADDRESS,
    "in_martian_dst": _WRONG_ADDRESS,
    "Udp:NoPorts": "no tunnel device has the UDP port",
    "Udp6NoPorts": "no tunnel device has the UDP port",
    "Ip:InUnknownProtos": _UNKNOWN_PROTOCOL,
    "Ip6InUnknownProtos": _UNKNOWN_PROTOCOL,
    "tunnels": "the tunnel header has what Linux does not accept, or the inner packet is too short",
    "bare": NOT_IP_INSIDE,
    "Icmp:OutDestUnreachs": "no tunnel device takes what the tunnel header announces",
}
"""What counters mean, the first that counts first. Sources: the kernel's Documentation/networking/snmp_counter.rst, and
its net/ipv4/proc.c and net/ipv6/proc.c, which have the names."""

Counts = dict[str, int]


def read_counts(tunnels: str, bare: str) -> Counts:
    """Read the counters that say why a packet was dropped.

    Parameters
    ----------
    tunnels, bare : str
        How the names of tunnel devices begin, and of those that have no Ethernet header: the receive errors of all, and
        what the latter receive.
    """
    counts: Counts = {}
    for name, value in _read_all(tunnels, bare):
        if name in _REASONS:
            counts[name] = counts.get(name, 0) + value
    return counts


def reason_between(before: Counts, after: Counts) -> str:
    """Say why a packet was dropped that was sent between two readings; empty if Linux counted nothing."""
    for name, reason in _REASONS.items():
        if after.get(name, 0) > before.get(name, 0):
            return reason
    return ""


def _read_all(tunnels: str, bare: str) -> Iterator[tuple[str, int]]:
    for file in ("snmp", "netstat"):
        lines = _lines(file)
        for names, values in zip(lines[::2], lines[1::2], strict=True):
            kind, *columns = names.split()
            yield from ((kind + name, int(value)) for name, value in zip(columns, values.split()[1:], strict=True))
    yield from ((name, int(value)) for name, value in map(str.split, _lines("snmp6")))
    names, *processors = _lines("stat/rt_cache") or [""]
    for values in processors:
        yield from ((name, int(value, 16)) for name, value in zip(names.split(), values.split(), strict=True))
    for line in _lines("dev"):
        name, _, values = line.partition(":")
        if name.strip().startswith((tunnels, bare)):
            yield "tunnels", int(values.split()[_RECEIVE_ERRORS])
        if name.strip().startswith(bare):
            yield "bare", int(values.split()[_RECEIVED])


def _lines(name: str) -> list[str]:
    """Return the lines of a file; none where the kernel does not have it."""
    path = _FOLDER / name
    return path.read_text(encoding="ascii").splitlines() if path.exists() else []
