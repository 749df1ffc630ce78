"""The naive reference gives the published hash values.

The eight rows are Microsoft's "Verifying the RSS Hash Calculation"; the symmetric key's column and the values with home
address, routing header and tunnel are not from a standard: they were calculated once, by another program.
"""

from ipaddress import ip_address

import pytest

from naive.device import Configuration, answer
from naive.toeplitz import toeplitz
from support import builders
from support.builders import IPV4, IPV6

SYMMETRIC_KEY = bytes.fromhex("6d5a" * 20)

# destination, destination port, source, source port,
# then the hash over addresses and over addresses and ports, under Microsoft's key and under the symmetric one
VECTORS = [
    ("161.142.100.80", 1766, "66.9.149.187", 2794, 0x323E8FC2, 0x51CCC178, 0x0A590A59, 0x9FCC9FCC),
    ("65.69.140.83", 4739, "199.92.111.2", 14230, 0xD718262A, 0xC626B0EA, 0x7BA97BA9, 0x60D760D7),
    ("12.22.207.184", 38024, "24.19.198.95", 12898, 0xD2D0A5DE, 0x5C2B394A, 0xA55AA55A, 0x3A3E3A3E),
    ("209.142.163.6", 2217, "38.27.205.30", 48228, 0x82989176, 0xAFC7327F, 0xF8A7F8A7, 0xD26ED26E),
    ("202.188.127.2", 1303, "153.39.163.191", 44251, 0x5D1809C5, 0x10E828A2, 0x57545754, 0xF23EF23E),
    ("3ffe:2501:200:3::1", 1766, "3ffe:2501:200:1fff::7", 2794, 0x2CC18CD5, 0x40207D3D, 0x867E867E, 0x13EB13EB),
    ("ff02::1", 4739, "3ffe:501:8::260:97ff:fe40:efab", 14230, 0x0F0C461C, 0xDDE51BBF, 0x2DEF2DEF, 0x36913691),
    (
        "fe80::200:f8ff:fe21:67cf",
        38024,
        "3ffe:1900:4545:3:200:f8ff:fe21:67cf",
        44251,
        0x4B61E985,
        0x02D1FEEF,
        0xC85EC85E,
        0x08090809,
    ),
]

OUTER_TYPES = 0x1FF
IP_ONLY = 0x009


def packed(address: str) -> bytes:
    return ip_address(address).packed


def ip_packet(payload: bytes, protocol: int, source: str, destination: str) -> tuple[bytes, int]:
    """Build a packet of the addresses' own version, with its ethertype."""
    if ip_address(source).version == 4:
        return builders.ipv4(payload, protocol, packed(source), packed(destination)), IPV4
    return builders.ipv6(payload, protocol, packed(source), packed(destination)), IPV6


def hash_of(frame: bytes, hash_types: int, key: bytes | None = None) -> tuple[str, int | None]:
    keys = {} if key is None else {"key": key}
    result = answer(frame, len(frame), 1, Configuration("v7", hash_types, **keys))
    return result.hash_report, result.hash_value


@pytest.mark.parametrize("vector", VECTORS, ids=[vector[0] for vector in VECTORS])
@pytest.mark.parametrize("transport", [builders.tcp, builders.udp])
@pytest.mark.parametrize("key", [None, SYMMETRIC_KEY])
def test_microsoft_vectors(vector, transport, key):
    destination, destination_port, source, source_port, *values = vector
    addresses_value, ports_value = values[:2] if key is None else values[2:]
    protocol, name = (builders.TCP, "TCPv") if transport is builders.tcp else (builders.UDP, "UDPv")
    packet, ethertype = ip_packet(transport(b"", source_port, destination_port), protocol, source, destination)
    frame = builders.ethernet(packet, ethertype)
    version = "4" if ethertype == IPV4 else "6"
    assert hash_of(frame, OUTER_TYPES, key) == (name + version, ports_value)
    assert hash_of(frame, IP_ONLY, key) == ("IPv" + version, addresses_value)


HOME_OPTION = builders.options_header(builders.home_address(packed("2001:db8:aaaa::1")))
ROUTING_HEADER = builders.routing(packed("2001:db8:bbbb::2"))


@pytest.mark.parametrize(
    ("headers", "hash_types", "expected"),
    [
        ([], OUTER_TYPES, ("TCPv6", 0x087B895E)),
        ([], IP_ONLY, ("IPv6", 0x47468E9C)),
        ([HOME_OPTION, ROUTING_HEADER], OUTER_TYPES, ("TCPv6_EX", 0xB32ED059)),
        ([ROUTING_HEADER, HOME_OPTION], OUTER_TYPES, ("TCPv6_EX", 0xB32ED059)),
        ([HOME_OPTION], OUTER_TYPES, ("TCPv6_EX", 0x11B5DB91)),
        ([HOME_OPTION, ROUTING_HEADER], 0x040, ("IPv6_EX", 0xFC13D79B)),
        # IP_EX comes before TCPv6; without any EX type the plain addresses count.
        ([HOME_OPTION, ROUTING_HEADER], 0x050, ("IPv6_EX", 0xFC13D79B)),
        ([HOME_OPTION, ROUTING_HEADER], 0x010, ("TCPv6", 0x087B895E)),
        ([HOME_OPTION, ROUTING_HEADER], 0x008, ("IPv6", 0x47468E9C)),
    ],
)
def test_extension_header_vectors(headers, hash_types, expected):
    payload, next_header = builders.chain(builders.tcp(b"", 40000, 443), builders.TCP, headers)
    packet, ethertype = ip_packet(payload, next_header, "2001:db8::10", "2001:db8::20")
    assert hash_of(builders.ethernet(packet, ethertype), hash_types) == expected


@pytest.mark.parametrize(
    ("hash_types", "expected"),
    [
        (0x0FF, ("UDPv4", 0xD208B456)),
        (0x001, ("IPv4", 0x5CEEA90C)),
        (0x4FF, ("TCPv4", 0xE8B9AB5A)),
        (0x401, ("IPv4", 0x7EECB3F5)),
    ],
)
def test_tunnel_vectors(hash_types, expected):
    inner, ethertype = ip_packet(builders.tcp(b"", 33000, 80), builders.TCP, "10.1.0.5", "10.1.0.9")
    tunnel = builders.udp(builders.vxlan(builders.ethernet(inner, ethertype)), 49152, 4789)
    outer, ethertype = ip_packet(tunnel, builders.UDP, "192.0.2.1", "192.0.2.2")
    assert hash_of(builders.ethernet(outer, ethertype), hash_types) == expected


def test_a_short_key_is_zero_padded_and_a_long_one_is_cut():
    data = bytes(range(1, 37))
    key = bytes(range(100, 160))
    assert toeplitz(key[:20], data) == toeplitz(key[:20] + bytes(20), data)
    assert toeplitz(key, data) == toeplitz(key[:40], data)


def test_zero_is_an_ordinary_hash_value():
    frame = builders.framed(builders.ipv4(builders.udp(), builders.UDP))
    device = Configuration("v7", OUTER_TYPES, key=b"\0", indirection_table=(5, 6), unclassified_queue=7)
    result = answer(frame, len(frame), 1, device)
    assert (result.hash_value, result.queue) == (0, 5)
