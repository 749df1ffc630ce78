"""QEMU 7.2's virtio-net device where it deviates from the virtio text: its parser in plain Python.

Only what is a function of the frame: where an IP header does not fit into the frame, the device hashes leftovers of an
earlier frame, so that its answer is not known.
"""

from dataclasses import replace

from naive.configuration import Configuration
from naive.frame import Frame, big_endian
from naive.ip import DESTINATION_OPTIONS, EXTENSION_HEADERS, FRAGMENT, HOME_ADDRESS, PAD1, ROUTING, Packet
from naive.link import ETHERNET, network_layer, version_of

TAG, SERVICE_TAG = 0x8100, 0x88A8


def qemu_network_layer(frame: Frame, link_type: int) -> tuple[int, int]:
    """Skip one tag, or a service tag and a tag behind it; the device meets Ethernet only."""
    if link_type != ETHERNET:
        return network_layer(frame, link_type)
    offset = 14
    ethertype = big_endian(frame.read_or_not_ip(12, 2))
    for tag in (SERVICE_TAG, TAG) if ethertype == SERVICE_TAG else (TAG,):
        if ethertype == tag:
            ethertype = big_endian(frame.read_or_not_ip(offset, 4)[2:])
            offset += 4
    return version_of(ethertype), offset


def qemu_read_packet(frame: Frame, version: int, offset: int) -> Packet:
    """Read an IP header by what the ethertype announced, whatever its version nibble says."""
    if version == 4:
        header = frame.read(offset, 20)
        return Packet(
            version=4,
            source=header[12:16],
            destination=header[16:20],
            protocol=header[9] if header[0] >> 4 == 4 else None,
            payload_offset=offset + (header[0] & 0x0F) * 4,
            is_fragment=big_endian(header[6:8]) & 0x3FFF != 0,
        )
    header = frame.read(offset, 40)
    packet = Packet(6, header[8:24], header[24:40], header[6], offset + 40)
    while packet.protocol in EXTENSION_HEADERS:
        packet = qemu_skip_extension_header(frame, packet)
    return packet


def qemu_skip_extension_header(frame: Frame, packet: Packet) -> Packet:
    """Step over an extension header; where it runs past the frame, go no further but hash the addresses."""
    kind, offset = packet.protocol, packet.payload_offset
    packet = replace(packet, has_extension=True)
    if not frame.holds(offset, 2):
        return replace(packet, protocol=None)
    next_header, units = frame.read(offset, 2)
    length = (units + 1) * 8
    if kind == ROUTING and units == 2:
        is_usable = frame.holds(offset, 24) and frame.read(offset, 4)[2:] == b"\x02\x01"
        packet = replace(packet, routing_address=offset + 8 if is_usable else None)
    elif kind == DESTINATION_OPTIONS:
        packet = replace(packet, home_address=qemu_find_home_address(frame, offset, length))
    elif kind == FRAGMENT:
        packet = replace(packet, is_fragment=True)
    return replace(packet, protocol=next_header, payload_offset=offset + length)


def qemu_find_home_address(frame: Frame, offset: int, length: int) -> int | None:
    """Find a home address option, whatever length it says it has."""
    position, left = offset + 2, length - 2
    while left > 2:
        if not frame.holds(position, 2):
            return None
        option, body = frame.read(position, 2)
        size = 1 if option == PAD1 else 2 + body
        if size > left:
            return None
        if option == HOME_ADDRESS:
            return position + 2 if frame.holds(position + 2, 16) else None
        position += size
        left -= size
    return None


def qemu_candidates(packet: Packet, transport_name: str | None) -> list[str]:
    """List the hash types in the order that the device asks for them."""
    names = [f"{transport_name}v{packet.version}"] if transport_name else []
    names.append(f"IPv{packet.version}")
    if packet.version == 4:
        return names
    return [name for plain in names for name in (f"{plain}_EX", plain)]


def is_qemu(configuration: Configuration) -> bool:
    """Say whether the device is to deviate as QEMU does."""
    return configuration.flavor == "qemu"
