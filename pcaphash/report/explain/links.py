"""What a link layer announces, in words."""

from pcaphash.report.words.values import counted
from pcaphash.standards import ethernet as eth
from pcaphash.standards.other_link_types import OTHER_LINK_TYPE_NAMES
from pcaphash.studies.explain import names
from pcaphash.studies.explain.dissection import Dissection, Level
from pcaphash.studies.explain.packet import Packet
from pcaphash.studies.explain.steps import ENDS, Layer, StopReason, TraceStep

LINK_TYPES = "registry of link-layer header types for pcap and pcapng"
ETHERNET = "IEEE 802.3"
TAGS = "IEEE 802.1Q"
QEMU = "QEMU 7.2"
CORUNDUM = "Corundum, fpga/common/rtl/rx_hash.v"
VPP = "VPP, src/plugins/soft-rss"
FLAVOR_SOURCES = {"qemu": QEMU, "qemu-ebpf": QEMU, "qemu-ebpf-inner": QEMU, "corundum": CORUNDUM, "vpp": VPP}
FLAVOR_NAMES = {
    "qemu": "QEMU",
    "qemu-ebpf": "QEMU's steering program",
    "qemu-ebpf-inner": "QEMU's steering program",
    "corundum": "Corundum",
    "vpp": "VPP's soft-rss",
}
"""Subjects of what such a device does."""

NETWORKS = {Layer.IPV4: "IPv4", Layer.IPV6: "IPv6"}

_TYPE_OFFSETS = {Layer.ETHERNET: eth.ETHERNET_TYPE_OFFSET, Layer.VLAN_TAG: 2, Layer.LINUX_COOKED: 0}
_NEEDED = {
    Layer.ETHERNET: ("the {part} Ethernet header", ETHERNET),
    Layer.VLAN_TAG: ("a VLAN tag of the {part} header", TAGS),
    Layer.LINUX_COOKED: ("the protocol of the Linux cooked header", LINK_TYPES),
    Layer.LOOPBACK: ("the loopback header", LINK_TYPES),
    Layer.RAW_IP: ("the IP version", LINK_TYPES),
}


def cut_words(packet: Packet) -> str:
    """Say how much the capture shows, as sentences begin."""
    return f"the capture shows {len(packet.data)} of {packet.length} bytes"


def missing_words(packet: Packet, step: TraceStep, what: str) -> str:
    """Say that the packet or the capture ends before bytes that are needed."""
    if step.reason == StopReason.PACKET_END:
        return (
            f"{what} would need {step.length} bytes from byte {step.offset}, but the packet has {step.available} left"
        )
    return f"{cut_words(packet)}; {what} is at bytes {step.offset} to {step.offset + step.needed - 1}"


def link_type_words(link_type: int) -> str:
    """Name a link type."""
    name = eth.LINK_TYPE_NAMES.get(link_type) or OTHER_LINK_TYPE_NAMES.get(link_type)
    return f"link type {link_type} ({name})" if name else f"link type {link_type}"


def link_words(dissection: Dissection, level: Level, flavor: str) -> tuple[str, str]:
    """Say how a link layer announces an IP header, or why none follows; and where the rule stands."""
    packet, last = dissection.packet, level.links[-1]
    if last.reason in ENDS:
        what, source = _NEEDED[last.layer]
        return missing_words(packet, last, what.format(part=level.part)), source
    if last.layer == Layer.OTHER_LINK:
        return f"{link_type_words(last.value)} is not a link type that is dissected", LINK_TYPES
    if last.layer == Layer.RAW_IP:
        why = f"{link_type_words(packet.link_type)} begins with IP, and the version in byte 0 is {last.value}"
        return (f"{why}: neither 4 nor 6" if last.reason else why), LINK_TYPES
    if last.layer == Layer.LOOPBACK:
        return _family_words(level, last), LINK_TYPES
    return _ethertype_words(packet, level, last, flavor)


def _family_words(level: Level, last: TraceStep) -> str:
    if level.ip is None:
        return f"address family {last.value} is neither 2 (IPv4) nor 10, 24, 28 or 30 (IPv6)"
    return f"address family {last.value} is {NETWORKS[level.ip.layer]}"


def _ethertype_words(packet: Packet, level: Level, last: TraceStep, flavor: str) -> tuple[str, str]:
    shown = f"the EtherType at byte {last.offset + _TYPE_OFFSETS[last.layer]} is {names.ethertype(last.value)}"
    if last.reason == StopReason.TAG_NOT_SKIPPED:
        return f"{shown}: a tag that QEMU does not step over", QEMU
    if last.reason == StopReason.TYPE_READ_ELSEWHERE:
        first = level.links[0]
        skipped = 2 if first.value == eth.ETHERTYPE_SERVICE_VLAN else 1
        place = first.offset + eth.ETHERNET_TYPE_OFFSET + skipped * eth.VLAN_TAG_LEN
        read = f"the program steps over {counted(skipped, 'tag', 'tags')}, whatever follows, and reads"
        return f"{shown}, but {read} {names.ethertype(packet.number(place, 2))} at byte {place}", QEMU
    if last.reason == StopReason.NOT_IP_TYPE and last.value in names.TAG_TYPES and flavor in FLAVOR_NAMES:
        return f"{shown}: a tag that {FLAVOR_NAMES[flavor]} does not step over", FLAVOR_SOURCES[flavor]
    source = TAGS if any(step.layer == Layer.VLAN_TAG for step in level.links) else ETHERNET
    return shown, source
