"""Names that other programs have for hash types and tunnel types: ethtool, DPDK, Windows, virtio's own constants."""

import re
from collections.abc import Iterable, Mapping

from pcaphash.standards import virtio

# ethtool's flow types; DPDK's rss types (app/test-pmd/config.c), whose groups are unions; Windows' NDIS_HASH_*;
# virtio's hash reports, which name the types for extension headers with the version.
_HASH_TYPES = {
    "ip4": ("IPv4",),
    "tcp4": ("TCPv4",),
    "udp4": ("UDPv4",),
    "ip6": ("IPv6",),
    "tcp6": ("TCPv6",),
    "udp6": ("UDPv6",),
    "ipv4-tcp": ("TCPv4",),
    "ipv4-udp": ("UDPv4",),
    "ipv6-tcp": ("TCPv6",),
    "ipv6-udp": ("UDPv6",),
    "ip-ex": ("IP_EX",),
    "tcp-ex": ("TCP_EX",),
    "udp-ex": ("UDP_EX",),
    "ipv6-ex": ("IP_EX",),
    "ipv6-tcp-ex": ("TCP_EX",),
    "ipv6-udp-ex": ("UDP_EX",),
    "tcp6-ex": ("TCP_EX",),
    "udp6-ex": ("UDP_EX",),
    "tcpv6-ex": ("TCP_EX",),
    "udpv6-ex": ("UDP_EX",),
    "ip": ("IPv4", "IPv6", "IP_EX"),
    "tcp": ("TCPv4", "TCPv6", "TCP_EX"),
    "udp": ("UDPv4", "UDPv6", "UDP_EX"),
    "tcp-ipv4": ("TCPv4",),
    "udp-ipv4": ("UDPv4",),
    "tcp-ipv6": ("TCPv6",),
    "udp-ipv6": ("UDPv6",),
    "tcp-ipv6-ex": ("TCP_EX",),
    "udp-ipv6-ex": ("UDP_EX",),
}

HASH_TYPE_NAMES = {
    word: sum(virtio.BASE_HASH_TYPES[name] for name in names)
    for word, names in {**{name.lower(): (name,) for name in virtio.BASE_HASH_TYPES}, **_HASH_TYPES}.items()
}
"""Masks of hash_types by other programs' names, as ``plain_name`` leaves them."""

_OF_ADDRESSES = (
    *("frag", "other", "sctp", "icmp", "dccp", "ah", "esp", "ah-esp", "l2tpv2", "l2tpv3", "igmp", "gre"),
)  # fmt: skip
_OF_PORTS = ("gtpu", "gtpc", "pfcp", "ecpri")
_OF_NOTHING = (
    *("eth", "ether", "vlan", "s-vlan", "c-vlan", "l2-payload", "mpls", "pppoe", "port", "ipv6-flow-label", "tunnel"),
    *("l2-src-only", "l2-dst-only", "l3-src-only", "l3-dst-only", "l4-src-only", "l4-dst-only", "ipv4-chksum"),
    *("l4-chksum", "level-default", "level-outer", "level-inner", "level-pmd-default", "ib-bth"),
)  # fmt: skip


def advise_on_uncovered(name: str) -> str:
    """Return what to use for a name of something that has a type elsewhere and none in virtio; empty for other names.

    Parameters
    ----------
    name : str
        As ``plain_name`` leaves it: ``ipv4-sctp`` and ``frag-ipv4`` of DPDK, ``sctp4`` and ``gtpu4e`` of ethtool.
    """
    if name in _OF_NOTHING:
        return "leave it out"
    parts = re.fullmatch(r"(?:ip(v[46])-)?([a-z][a-z-]*?(?:v[23])?)(?:-ip(v[46])|([46])[etud]?)?", name)
    if not parts or parts[2] not in (*_OF_ADDRESSES, *_OF_PORTS):
        return ""
    version = parts[1] or parts[3] or (f"v{parts[4]}" if parts[4] else "")
    versions = [version] if version else ["v4", "v6"]
    if parts[2] in _OF_PORTS:
        types, hashed = "+".join(f"UDP{each}" for each in versions), "outer addresses and ports"
    else:
        types, hashed = "+".join(f"IP{each}" for each in versions), "addresses"
    return f"use {types}, which hashes the {hashed} of such packets"


_PREFIXES = (
    *("virtio-net-rss-hash-type-", "virtio-net-hash-type-", "virtio-net-hash-tunnel-type-", "hash-type-"),
    *("rte-eth-rss-", "eth-rss-", "rss-", "ndis-hash-", "nonfrag-"),
)


def plain_name(word: str) -> str:
    """Return a name in lower case, with dashes, without what constants of C have in front of it."""
    name = word.strip().lower().replace("_", "-")
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def nearest_names(word: str, known: Mapping[str, str]) -> list[str]:
    """Return what a misspelt word may stand for: one letter missing, too many, wrong, or two exchanged.

    Parameters
    ----------
    word : str
        The word.
    known : mapping of str to str
        What to show for each name that ``plain_name`` leaves.
    """
    name = plain_name(word)
    if len(name) < 4:  # every short word is near another
        return []
    return list(dict.fromkeys(shown for other, shown in known.items() if len(other) > 3 and _is_near(name, other)))


def _is_near(a: str, b: str) -> bool:
    first = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    rest_a, rest_b = a[first:], b[first:]
    is_swapped = rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:] and len(rest_b) > 1
    return is_swapped or rest_a[1:] == rest_b[1:] or rest_a[1:] == rest_b or rest_a == rest_b[1:]


def shown_names(names: Iterable[str]) -> dict[str, str]:
    """Return names by what ``plain_name`` leaves of them."""
    return {plain_name(name): name for name in names}
