"""What Linux counts of packets that it drops, in the network namespace of this thread."""

from collections.abc import Iterator
from pathlib import Path

from pcaphash.targets.answer import WhyLost

_FOLDER = Path("/proc/thread-self/net")
_RECEIVED, _RECEIVE_ERRORS = 1, 2  # places of the numbers in the line of an interface

_REASONS = {
    "Udp:InCsumErrors": WhyLost.UDP_CHECKSUM,
    "Udp6InCsumErrors": WhyLost.UDP_CHECKSUM,
    "Udp:InErrors": WhyLost.UDP_LENGTH,
    "Udp6InErrors": WhyLost.UDP_LENGTH,
    "IpExt:InCsumErrors": WhyLost.IPV4_CHECKSUM,
    "Ip:ReasmReqds": WhyLost.FRAGMENT,
    "Ip6ReasmReqds": WhyLost.FRAGMENT,
    "Ip:InHdrErrors": WhyLost.HEADER,
    "Ip6InHdrErrors": WhyLost.HEADER,
    "IpExt:InTruncatedPkts": WhyLost.SHORT,
    "Ip6InTruncatedPkts": WhyLost.SHORT,
    "Ip:InAddrErrors": WhyLost.ADDRESS,
    "Ip6InAddrErrors": WhyLost.ADDRESS,
    "in_martian_src": WhyLost.ADDRESS,
    "in_martian_dst": WhyLost.ADDRESS,
    "Udp:NoPorts": WhyLost.UDP_PORT,
    "Udp6NoPorts": WhyLost.UDP_PORT,
    "Ip:InUnknownProtos": WhyLost.PROTOCOL,
    "Ip6InUnknownProtos": WhyLost.PROTOCOL,
    "tunnels": WhyLost.TUNNEL_HEADER,
    "bare": WhyLost.NEITHER_ETHERNET_NOR_IP,
    "Icmp:OutDestUnreachs": WhyLost.NOT_TAKEN,
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


def reason_between(before: Counts, after: Counts) -> WhyLost | None:
    """Return why a packet was dropped that was sent between two readings; None if Linux counted nothing."""
    for name, reason in _REASONS.items():
        if after.get(name, 0) > before.get(name, 0):
            return reason
    return None


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
