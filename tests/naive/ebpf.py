"""The program by which QEMU 7.2 steers packets in the tap of Linux, where it deviates from the text: plain Python."""

from dataclasses import replace

from naive.configuration import Configuration
from naive.frame import Frame, NotIpError, big_endian
from naive.ip import (
    DESTINATION_OPTIONS,
    FRAGMENT,
    HOME_ADDRESS,
    HOP_BY_HOP,
    MOBILITY,
    PAD1,
    ROUTING,
    TCP,
    UDP,
    Packet,
    is_type_2_routing,
)
from naive.link import ETHERNET, network_layer, version_of

TAG, SERVICE_TAG = 0x8100, 0x88A8
ICMPV6, NO_NEXT_HEADER = 58, 59
WALKED = (HOP_BY_HOP, ROUTING, FRAGMENT, ICMPV6, NO_NEXT_HEADER, DESTINATION_OPTIONS, MOBILITY)
MOST_EXTENSIONS, MOST_OPTIONS = 11, 30


def ebpf_network_layer(frame: Frame, link_type: int) -> tuple[int, int]:
    """Read the EtherType behind one tag, or two if the first is a service tag; Linux skips all tags of both kinds."""
    if link_type != ETHERNET:
        return network_layer(frame, link_type)
    first = big_endian(frame.read_or_not_ip(0, 14)[12:])
    place = {TAG: 16, SERVICE_TAG: 20}.get(first, 12)
    announced = big_endian(frame.read_or_not_ip(place, 2))
    offset, ethertype = 14, first
    while ethertype in (TAG, SERVICE_TAG):
        ethertype = big_endian(frame.read_or_not_ip(offset, 4)[2:])
        offset += 4
    return version_of(announced), offset


def ebpf_inner_network_layer(frame: Frame, offset: int) -> tuple[int, int]:
    """Read the EtherType of an inner frame whose first tag Linux keeps elsewhere; IP follows at once, for Linux."""
    ethertype = big_endian(frame.read_or_not_ip(offset, 14)[12:])
    offset += 14
    if ethertype in (TAG, SERVICE_TAG):
        ethertype = big_endian(frame.read_or_not_ip(offset, 4)[2:])
        offset += 4
    for tag in range({TAG: 1, SERVICE_TAG: 2}.get(ethertype, 0)):
        ethertype = big_endian(frame.read_or_not_ip(offset + 4 * tag, 4)[2:])
    return version_of(ethertype), offset


def ebpf_read_packet(frame: Frame, version: int, offset: int) -> Packet:
    """Read an IP header and what follows; a header that is not whole leaves the packet without a hash."""
    if version == 4:
        header = frame.read_or_not_ip(offset, 20)
        packet = Packet(
            version=4,
            source=header[12:16],
            destination=header[16:20],
            protocol=header[9],
            payload_offset=offset + (header[0] & 0x0F) * 4,
            is_fragment=header[6:8] != b"\0\0",
        )
    else:
        header = frame.read_or_not_ip(offset, 40)
        packet = Packet(6, header[8:24], header[24:40], header[6], offset + 40)
        for _ in range(MOST_EXTENSIONS):
            if packet.protocol in WALKED:
                packet = ebpf_skip_extension_header(frame, packet)
    length = {TCP: 20, UDP: 8}.get(packet.protocol or 0, 0)
    if length and not packet.is_fragment and not frame.holds(packet.payload_offset, length):
        raise NotIpError
    return packet


def ebpf_skip_extension_header(frame: Frame, packet: Packet) -> Packet:
    """Step over what counts as an extension header."""
    kind, offset = packet.protocol, packet.payload_offset
    next_header, units = frame.read_or_not_ip(offset, 2)
    packet = replace(packet, protocol=next_header, payload_offset=offset + (units + 1) * 8)
    if kind == ROUTING and is_type_2_routing(frame.read_or_not_ip(offset, 4)):
        if not frame.holds(offset, 24):
            raise NotIpError
        return replace(packet, routing_address=offset + 8, has_extension=True)
    if kind == DESTINATION_OPTIONS:
        home_address = ebpf_find_home_address(frame, offset, units)
        return replace(packet, home_address=home_address, has_extension=True) if home_address else packet
    return replace(packet, is_fragment=True) if kind == FRAGMENT else packet


def ebpf_find_home_address(frame: Frame, offset: int, units: int) -> int | None:
    """Find a home address option before the last eight bytes, whatever length it says it has."""
    position = offset + 2
    for _ in range(MOST_OPTIONS):
        option, length = frame.read_or_not_ip(position, 2)
        if option == HOME_ADDRESS:
            if not frame.holds(position + 2, 16):
                raise NotIpError
            return position + 2
        position += 1 if option == PAD1 else 2 + length
        if position + 1 >= offset + units * 8:
            return None
    return None


def ebpf_hash_type(packet: Packet, transport_name: str | None, configuration: Configuration) -> str | None:
    """Choose among the plain types."""
    names = [f"{transport_name}v{packet.version}"] if transport_name else []
    return next(filter(configuration.enables_hash_type, [*names, f"IPv{packet.version}"]), None)


def ebpf_takes_extended(packet: Packet, hash_type: str, configuration: Configuration) -> bool:
    """Say whether addresses of extension headers take the place of the plain ones."""
    return packet.version == 6 and configuration.enables_hash_type(f"{hash_type}_EX")


def is_ebpf(configuration: Configuration) -> bool:
    """Say whether the device is to deviate as the program does."""
    return configuration.flavor in ("qemu-ebpf", "qemu-ebpf-inner")


def is_inner_ebpf(configuration: Configuration) -> bool:
    """Say whether it is to do so with inner headers only, which Linux hands to the program."""
    return configuration.flavor == "qemu-ebpf-inner"
