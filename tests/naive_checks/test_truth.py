"""The naive dissection finds the headers that an independent dissector printed for the public captures."""

import csv
import gzip
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from naive.capture import load
from naive.configuration import Configuration
from naive.frame import Frame, LinkTypeError, NotIpError, TruncatedError, big_endian
from naive.ip import TCP, UDP, Packet, read_packet
from naive.link import network_layer
from naive.record import Record
from naive.tunnel import Encapsulation, find_encapsulation
from support.shared import CAPTURES, needs_shared

TRUTH = CAPTURES / "truth"
EVERY_TUNNEL = Configuration("1.4", 0x1FF, tunnel_types=0x1FF)

# What the dissector sees and the device does not look at, or the other way round: the only kind of difference in each
# of these files, and none of the others has any.
DIFFERENCES = {
    "arkime__mpls-basic.pcap": "outer header not reached",  # behind MPLS
    "mercury__pppoe_double_vlan_tagging.pcap": "outer header not reached",  # behind PPPoE
    "suricata-verify__frag-ppp-ip-tcp-syn.pcap": "outer header not reached",  # PPP is no link type of ours
    "suricata-verify__eth-ip-gre-ppp-max-ip-packet.pcap": "inner header not reached",  # PPP in GRE
    "tcpdump__erspan-type-i-4.pcap": "inner header not reached",  # ERSPAN in GRE
    "tcpdump__erspan-type-iii-ft-0.pcap": "inner header not reached",
    "tcpdump__nsh-over-vxlan-gpe.pcap": "inner header not reached",  # NSH in VXLAN-GPE
    "tcpdump__various_gre.pcap": "inner header not reached",  # Cisco metadata in GRE
    "zeek__gre-aruba.pcap": "inner header not reached",  # 802.11 in GRE
    "libpcap__AH-IPcomp-IPv6.pcap": "not an encapsulation",  # IPv6 in IPv6
    "tcpdump__ipv6-srh-ext-header.pcap": "not an encapsulation",
    "zeek__6in6in6.pcap": "not an encapsulation",
    "ndpi__4in6tunnel.pcap": "not an encapsulation",  # only IPv4 in IPv4 is one
    "ndpi__6in4tunnel.pcap": "not an encapsulation",
    "tcpdump__mpls-over-udp.pcap": "not an encapsulation",
    "ndpi__doq.pcapng": "not an encapsulation",  # an ICMPv6 error quotes the packet
    "tcpdump__bigtcp-ipv4-geneve-ipv6.pcap": "missing in the truth",  # the dissector stumbles over zero length fields
}


class Printed:
    """One row of the truth: headers in the order of their kind, outermost first, taken one by one."""

    def __init__(self, row: dict[str, str]) -> None:
        self.row = row
        self.addresses = {4: self.pairs("ip.src", "ip.dst"), 6: self.pairs("ipv6.src", "ipv6.dst")}
        self.ports = {TCP: self.pairs("tcp.srcport", "tcp.dstport"), UDP: self.pairs("udp.srcport", "udp.dstport")}

    def values(self, column: str) -> list[str]:
        return self.row[column].split(",") if self.row[column] else []

    def pairs(self, source: str, destination: str) -> Iterator[tuple[str, str]]:
        return iter(list(zip(self.values(source), self.values(destination), strict=True)))

    def has_more(self) -> bool:
        return any(True for pairs in self.addresses.values() for _ in pairs)


def truth_rows(name: str) -> list[dict[str, str]]:
    """Read the rows of packets; pcapng blocks that are none have no interface in the truth."""
    with gzip.open(TRUTH / f"{name}.tsv.gz", "rt", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    if name.endswith("pcapng"):
        rows = [row for row in rows if row["frame.interface_id"]]
    return rows


def truth_names() -> list[str]:
    return sorted(path.name.removesuffix(".tsv.gz") for path in TRUTH.glob("*.tsv.gz"))


def header_difference(frame: Frame, packet: Packet, printed: Printed) -> str:
    """Compare one IP header and its ports with the next printed ones."""
    addresses = next(printed.addresses[packet.version], None)
    if addresses is None:
        return "missing in the truth"
    if addresses != (str(ip_address(packet.source)), str(ip_address(packet.destination))):
        return "other addresses"
    transport = packet.transport(frame)
    if transport is None or packet.payload_offset + 4 > len(frame.captured):
        return ""
    ports = frame.read(packet.payload_offset, 4)
    if next(printed.ports[transport], None) != (str(big_endian(ports[:2])), str(big_endian(ports[2:]))):
        return "other ports"
    return ""


def tunnel_difference(frame: Frame, encapsulation: Encapsulation, printed: Printed) -> str:
    """Compare a tunnel's identifier, or GRE's protocol and key."""
    if encapsulation.name == "IPIP":
        return ""
    if encapsulation.name in ("VXLAN", "VXLAN_GPE", "GENEVE"):
        column = "geneve.vni" if encapsulation.name == "GENEVE" else "vxlan.vni"
        found = {column: frame.read(encapsulation.header_offset + 4, 3)}
    else:
        found = gre_fields(frame, encapsulation.header_offset)
    for column, field in found.items():
        values = printed.values(column)
        if not values:
            return "missing in the truth"
        if int(values[0], 0) != big_endian(field):
            return f"other {column}"
    return ""


def gre_fields(frame: Frame, offset: int) -> dict[str, bytes]:
    flags = big_endian(frame.read(offset, 2))
    found = {"gre.proto": frame.read(offset + 2, 2)}
    if flags & 0x2000:
        found["gre.key"] = frame.read(offset + (8 if flags & 0x8000 else 4), 4)
    return found


def difference(record: Record, row: dict[str, str]) -> str:
    """Name the first difference between what naive finds in a packet and what the truth has; empty if there is none."""
    frame = Frame(record.captured, max(record.original_length, len(record.captured)))
    printed = Printed(row)
    try:
        outer = read_packet(frame, *network_layer(frame, record.link_type))
    except (NotIpError, TruncatedError, LinkTypeError):
        return "outer header not reached" if printed.has_more() else ""
    if found := header_difference(frame, outer, printed):
        return found
    encapsulation = find_encapsulation(frame, outer, EVERY_TUNNEL)
    if encapsulation is None:
        return "not an encapsulation" if printed.has_more() else ""
    if found := tunnel_difference(frame, encapsulation, printed):
        return found
    try:
        inner = read_packet(frame, *encapsulation.inner_network_layer(frame))
    except (NotIpError, TruncatedError):
        return "inner header not reached" if printed.has_more() else ""
    return header_difference(frame, inner, printed)


@needs_shared
@pytest.mark.parametrize("name", truth_names())
def test_headers_agree(name):
    records, rows = load(CAPTURES / name).records, truth_rows(name)
    differences = {difference(record, row) for record, row in zip(records, rows, strict=True)} - {""}
    assert differences == ({DIFFERENCES[name]} if name in DIFFERENCES else set())


@needs_shared
@pytest.mark.parametrize("name", truth_names())
def test_lengths_and_timestamps_agree(name):
    for record, row in zip(load(CAPTURES / name).records, truth_rows(name), strict=True):
        assert len(record.captured) == int(row["frame.cap_len"])
        assert record.original_length == int(row["frame.len"])
        seconds, _, fraction = row["frame.time_epoch"].partition(".")
        expected = int(seconds) * 10**9 + int(fraction) if seconds else None
        assert record.timestamp_ns == expected


@needs_shared
def test_only_known_files_are_excepted():
    assert set(DIFFERENCES) <= {Path(name).name for name in truth_names()}
