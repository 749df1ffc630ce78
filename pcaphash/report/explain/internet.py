"""What an IP header is and what it carries, in words."""

from pcaphash.kernels.header import PORTS_LEN
from pcaphash.report.explain.links import (
    CORUNDUM,
    FLAVOR_NAMES,
    FLAVOR_SOURCES,
    NETWORKS,
    QEMU,
    VPP,
    cut_words,
    missing_words,
)
from pcaphash.standards import ip
from pcaphash.studies.explain import names
from pcaphash.studies.explain.dissection import Level
from pcaphash.studies.explain.extensions import extension_name
from pcaphash.studies.explain.packet import Packet
from pcaphash.studies.explain.steps import ENDS, Layer, StopReason, TraceStep

IPV4_SOURCE = "RFC 791 section 3.1"
IPV6_SOURCE = "RFC 8200 section 3"
EXTENSION_SOURCE = "RFC 8200 section 4"
HOME_ADDRESS_SOURCE = "RFC 6275 section 6.3"
FRAGMENTS = "Microsoft, RSS hashing types; the virtio specs do not say"
_IPV4_VERSION, _IPV6_VERSION = 4, 6
NO_PORTS = "no fragment is searched for ports or tunnels, not even the first"


def kind_words(level: Level) -> str:
    """Name an IP header, such as ``IPv6 with extension headers``."""
    assert level.ip is not None
    return "IPv6 with extension headers" if level.extensions else NETWORKS[level.ip.layer]


def payload_words(packet: Packet, level: Level) -> str:
    """Say what an IP header carries."""
    if level.transport:
        return names.protocol_name(level.transport.value)
    if level.last.reason == StopReason.FRAGMENT:
        return _fragment_words(packet, level)
    if level.last.reason == StopReason.TAKEN_FOR_FRAGMENT:
        return f"{names.protocol_name(level.last.value)} (taken for a fragment)"
    return "no transport" if level.last.reason in ENDS else "what the device does not read"


def _fragment_words(packet: Packet, level: Level) -> str:
    """Name the protocol of a fragment, and say which part it is, as far as that was captured."""
    header = _fragment_header(level)
    if header.layer == Layer.IPV4:
        protocol, shown = header.value, names.ipv4_fragment(packet.data[header.offset + 6 : header.offset + 8])
    else:
        protocol, shown = packet.data[level.last.offset], "offset not captured"
        if packet.has(header.offset + 2, 2):
            shown = names.ipv6_fragment(packet.data[header.offset + 2 : header.offset + 4])
    return f"a fragment of {names.protocol_name(protocol)} ({shown})"


def _fragment_header(level: Level) -> TraceStep:
    """Return the header that says that a packet is a fragment."""
    fragments = [step for step in level.extensions if step.value == ip.FRAGMENT]
    return fragments[-1] if fragments else level.last


def internet_words(packet: Packet, level: Level, flavor: str) -> tuple[str, str]:
    """Say what makes an IP header what it is, or why it cannot be read; and where the rule stands."""
    header, last = level.ip, level.last
    assert header is not None
    if level.is_not_ip and level.transport:
        ports = "ports" if level.transport.length == PORTS_LEN else "header"
        missing = missing_words(packet, level.transport, f"the {names.protocol_name(level.transport.value)} {ports}")
        return f"{missing}: {FLAVOR_NAMES[flavor]} hashes no such packets", FLAVOR_SOURCES[flavor]
    if last.layer == Layer.EXTENSION and last.reason in ENDS:
        return _unread_extension_words(packet, level)
    if last.reason in (StopReason.OPTIONS, StopReason.NOT_READ):
        return _unusual_words(packet, level, header)
    if last.reason in ENDS or last.reason in (StopReason.WRONG_VERSION, StopReason.SHORT_LENGTH):
        return _unread_words(packet, level, header)
    if last.reason == StopReason.TAKEN_FOR_FRAGMENT:
        bits = names.hexadecimal(packet.data[last.offset + 6 : last.offset + 8])
        why = f"bytes {last.offset + 6} and {last.offset + 7} are {bits}: QEMU's steering program takes a packet"
        return f"{why} with any bit there for a fragment, DF too", QEMU
    if last.reason == StopReason.FRAGMENT:
        fragment = _fragment_header(level)
        said = f"there is a fragment header at byte {fragment.offset}"
        if fragment.layer == Layer.IPV4:
            said = f"bytes {fragment.offset + 6} and {fragment.offset + 7} say so"
        if level.is_not_ip:
            return f"{said}: VPP's soft-rss hashes no fragments", VPP
        return f"{said}: {NO_PORTS}", FRAGMENTS
    if header.layer == Layer.IPV4:
        field = int.from_bytes(packet.data[header.offset + 6 : header.offset + 8])
        if field & ip.IPV4_FRAGMENT_MASK:
            why = f"a fragment, which Corundum does not look for, of protocol {header.value}"
            return f"{why} at byte {header.offset + 9}", CORUNDUM
        return _sound_ipv4_words(packet, header, flavor)
    if not level.extensions:
        if header.value in ip.EXTENSION_HEADERS:
            why = "VPP's soft-rss does not step over extension headers"
            return f"{why}; next header {header.value} at byte {header.offset + 6}", VPP
        why = f"no extension header; next header {header.value} at byte {header.offset + 6}"
        if packet.data[header.offset] >> 4 != _IPV6_VERSION:
            version = f"version {packet.data[header.offset] >> 4}, which {FLAVOR_NAMES[flavor]} does not check"
            return f"{version}; {why}", FLAVOR_SOURCES[flavor]
        return why, IPV6_SOURCE
    next_header = packet.data[last.offset]
    return f"{_chain_words(level)}; then next header {next_header}, at byte {last.offset}", EXTENSION_SOURCE


def _sound_ipv4_words(packet: Packet, header: TraceStep, flavor: str) -> tuple[str, str]:
    """Say what is read of an IPv4 header that the device takes for sound, and what of it the device does not check."""
    version, length = packet.data[header.offset] >> 4, 4 * (packet.data[header.offset] & 15)
    why = f"version {version}, a header of {length} bytes, not a fragment"
    why += f", protocol {header.value} at byte {header.offset + 9}"
    wrong = [f"the {name}" for name, is_so in (("version", version != _IPV4_VERSION), ("length", length < ip.IPV4_LEN))
             if is_so]  # fmt: skip
    if not wrong:
        return why, IPV4_SOURCE
    return f"{why}; {FLAVOR_NAMES[flavor]} does not check {' or '.join(wrong)}", FLAVOR_SOURCES[flavor]


def _chain_words(level: Level) -> str:
    """Name extension headers, and the addresses in them that stand in for those of the IPv6 header."""
    words = [f"{extension_name(step.value)} at byte {step.offset}" for step in level.extensions]
    if level.home_address:
        words.append(f"home address at byte {level.home_address.offset}")
    if level.routing_address:
        words.append(f"routing address at byte {level.routing_address.offset}")
    return names.listed(words)


def _unread_words(packet: Packet, level: Level, header: TraceStep) -> tuple[str, str]:
    """Say what is wrong with an IP header."""
    name = NETWORKS[header.layer]
    source = IPV4_SOURCE if header.layer == Layer.IPV4 else IPV6_SOURCE
    announced = f"{name} is announced, but byte {header.offset} has"
    if header.reason == StopReason.WRONG_VERSION:
        if level.is_ip:
            why = f"byte {header.offset} has a version other than 4: QEMU looks no further than the addresses"
            return why, QEMU
        return f"{announced} version {packet.data[header.offset] >> 4}", source
    if header.reason == StopReason.SHORT_LENGTH:
        return f"{announced} a header length of {header.length} bytes, less than 20", source
    if header.reason == StopReason.PACKET_END and header.length > header.needed:
        left = f"and the packet has {header.available} left"
        return f"{announced} a header length of {header.length} bytes, {left}", source
    missing = missing_words(packet, header, f"the {level.part} {name} header")
    if level.is_too_short:
        return f"{missing}: QEMU then hashes what an earlier packet left in its memory", QEMU
    return missing, source


def _unusual_words(packet: Packet, level: Level, header: TraceStep) -> tuple[str, str]:
    """Say what a device does not read of a header that is as it should be."""
    if header.reason == StopReason.NOT_READ:
        return f"Corundum does not hash {NETWORKS[header.layer]}", CORUNDUM
    length = f"byte {header.offset} has a header length of {4 * (packet.data[header.offset] & 15)} bytes, not 20"
    if level.is_ip:
        return f"{length}: Corundum looks no further than the addresses", CORUNDUM
    return f"{length}: VPP's soft-rss hashes no such packets", VPP


def _unread_extension_words(packet: Packet, level: Level) -> tuple[str, str]:
    """Say why an extension header could not be skipped."""
    step = level.last
    if level.is_ip:
        why = f"the chain of extension headers runs past the packet at byte {step.offset}: QEMU hashes what it has"
        return why, QEMU
    what = f"the {extension_name(step.value)} (next header {step.value})"
    end = step.offset + max(step.length, ip.EXTENSION_LEN) - 1
    if step.needed < ip.EXTENSION_LEN and step.reason == StopReason.PACKET_END:
        return f"{what} at byte {step.offset} runs past the packet: QEMU's steering program hashes nothing then", QEMU
    if step.needed < ip.EXTENSION_LEN:
        # Only QEMU reads less than eight bytes.
        return f"{cut_words(packet)}; {what}, which QEMU goes through, is at bytes {step.offset} to {end}", QEMU
    if step.reason == StopReason.CAPTURED_END and step.needed > ip.EXTENSION_LEN:
        why = f"{cut_words(packet)}; {what} goes on to byte {end}, and a home address could be in it"
        return why, HOME_ADDRESS_SOURCE
    if step.reason == StopReason.PACKET_END and step.length > ip.EXTENSION_LEN:
        why = f"{what} at byte {step.offset} has {step.length} bytes, but the packet has {step.available} left"
        return f"{why}: the chain of extension headers is broken", EXTENSION_SOURCE
    return missing_words(packet, step, what), EXTENSION_SOURCE
