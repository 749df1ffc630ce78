"""What a packet looks like to carry, by its content: a plain reading of the RFCs, strict where a header allows it."""

from naive.configuration import Configuration
from naive.frame import Frame, LinkTypeError, NotIpError, TruncatedError, big_endian
from naive.ip import Packet, read_packet
from naive.link import network_layer
from naive.tunnel import find_encapsulation

PROTOCOLS = {50: "ESP", 51: "AH", 115: "L2TPv3"}
ETHERTYPES = {0x0800: 4, 0x86DD: 6}


def suspect(captured: bytes, original_length: int, link_type: int, configuration: Configuration) -> str:
    """Name what a packet looks like; nothing where it looks like none of them, or both texts look into it."""
    frame = Frame(captured, max(original_length, len(captured)))
    try:
        packet = read_packet(frame, *network_layer(frame, link_type))
        packet.source, packet.destination  # noqa: B018
    except (NotIpError, TruncatedError, LinkTypeError):
        return ""
    if packet.is_fragment:
        return ""
    if packet.protocol == 47:
        return of_gre(captured[packet.payload_offset :])
    if packet.protocol == 4:
        return f"IPv4 in IPv{packet.version}"
    if packet.protocol == 41:
        return f"IPv6 in IPv{packet.version}"
    if packet.protocol == 17:
        return of_udp(frame, packet, configuration)
    return PROTOCOLS.get(packet.protocol, "")


def of_gre(header: bytes) -> str:
    """GRE of version 1 is PPTP's; two protocol types are ERSPAN's."""
    if len(header) < 4:
        return ""
    if header[1] & 7 == 1:
        return "GRE of PPTP"
    return "ERSPAN" if big_endian(header[2:4]) in (0x88BE, 0x22EB) else ""


def of_udp(frame: Frame, packet: Packet, configuration: Configuration) -> str:
    """Look at the ports, then into the payload."""
    header = frame.captured[packet.payload_offset :]
    room = frame.length - packet.payload_offset
    if min(len(header), room) < 8:
        return ""
    try:
        found = find_encapsulation(frame, packet, configuration)
    except TruncatedError:
        return ""
    if found is not None:
        return {"VXLAN_GPE": "VXLAN-GPE", "GRE_UDP": "GRE in UDP"}.get(found.name, "")
    ports = [big_endian(header[:2]), big_endian(header[2:4])]
    length = big_endian(header[4:6])
    length = length if 8 <= length < room else room
    payload = Payload(header[8:length], length - 8)
    if min(len(payload.shown), payload.length) < 8:
        return ""
    known = known_by_port(*ports)
    if known == "ESP in UDP" and min(ports) < 1024:
        return ""
    if known:
        return known if KNOWN[known](payload) else ""
    tests = (vxlan, vxlan_gpe, gtp_u, wireguard, geneve, gre)
    names = ("VXLAN", "VXLAN-GPE", "GTP-U", "WireGuard", "GENEVE", "GRE in UDP")
    return next((name for name, test in zip(names, tests, strict=True) if test(payload)), "")


def known_by_port(source: int, destination: int) -> str:
    """Name what a port is for, of either end but for MPLS."""
    for port, name in ((3544, "Teredo"), (4500, "ESP in UDP"), (1701, "L2TP in UDP")):
        if port in (source, destination):
            return name
    if destination == 6635:
        return "MPLS in UDP"
    return "GTP-U" if 2152 in (source, destination) else ""


class Payload:
    """Bytes of a payload, as many as were captured, and its whole length."""

    def __init__(self, shown: bytes, length: int) -> None:
        self.shown, self.length = shown, length

    def behind(self, size: int) -> "Payload":
        """What stands after so many bytes."""
        return Payload(self.shown[size:], self.length - size)


def is_ip(payload: Payload, padding: int = 0, version: int | None = None) -> bool:
    """An IP packet whose length is that of the payload, but for padding."""
    shown = payload.shown
    if len(shown) < 20 or (version is not None and shown[0] >> 4 != version):
        return False
    if shown[0] >> 4 == 4:
        header, length = (shown[0] & 15) * 4, big_endian(shown[2:4])
        if header < 20 or length < header or shown[6] & 0x80:
            return False
    elif shown[0] >> 4 == 6 and len(shown) >= 40:
        length = 40 + big_endian(shown[4:6])
    else:
        return False
    return length <= payload.length <= length + padding


def is_frame(payload: Payload) -> bool:
    """An Ethernet frame around an IP packet, with any VLAN tags; or around ARP; or cut in the IP header."""
    at = 12
    while big_endian(payload.shown[at : at + 2]) in (0x8100, 0x88A8, 0x9100) and len(payload.shown) >= at + 6:
        at += 4
    ethertype, inner = big_endian(payload.shown[at : at + 2]), payload.behind(at + 2)
    if ethertype == 0x0806:
        return inner.shown[:4] == bytes([0, 1, 8, 0])
    version = ETHERTYPES.get(ethertype)
    if version is None:
        return False
    header = 20 if version == 4 else 40
    if len(inner.shown) < min(header, inner.length):
        return inner.length >= header and all(byte >> 4 == version for byte in inner.shown[:1])
    return is_ip(inner, 46, version)


def announced(payload: Payload, protocol: int) -> bool:
    """What an EtherType announces."""
    if protocol == 0x6558:
        return is_frame(payload)
    return protocol in ETHERTYPES and is_ip(payload, 0, ETHERTYPES[protocol])


def vxlan(payload: Payload) -> bool:
    """RFC 7348 section 5; as VXLAN-GPE too where an Ethernet frame follows."""
    flags = payload.shown[:4] in (b"\x08\0\0\0", b"\x0c\0\0\3")
    policy = payload.shown[0] == 0x88 and payload.shown[1] in (0x00, 0x08, 0x40, 0x48)
    return (flags or policy) and payload.shown[7] == 0 and is_frame(payload.behind(8))


def vxlan_gpe(payload: Payload) -> bool:
    """The draft of VXLAN-GPE, section 3."""
    version = {1: 4, 2: 6}.get(payload.shown[3])
    good = payload.shown[:3] == b"\x0c\0\0" and payload.shown[7] == 0
    return good and version is not None and is_ip(payload.behind(8), 0, version)


def geneve(payload: Payload) -> bool:
    """RFC 8926 section 3.4."""
    first, second, last = payload.shown[0], payload.shown[1], payload.shown[7]
    if first >> 6 or second & 0x3F or last:
        return False
    return announced(payload.behind(8 + (first & 0x3F) * 4), big_endian(payload.shown[2:4]))


def gre(payload: Payload) -> bool:
    """RFC 8086: a GRE header of RFC 2890."""
    flags = big_endian(payload.shown[:2])
    if flags & 0x4FFF:
        return False
    return announced(payload.behind(4 + 4 * (flags & 0xB000).bit_count()), big_endian(payload.shown[2:4]))


def gtp_u(payload: Payload) -> bool:
    """3GPP TS 29.281 sections 5.1 and 5.2."""
    first, kind = payload.shown[:2]
    if first >> 3 != 6 or kind != 255 or big_endian(payload.shown[2:4]) != payload.length - 8:
        return False
    at = 8
    if first & 7:
        at = 12
        for _ in range(4):
            if at > len(payload.shown) or payload.shown[at - 1] == 0:
                break
            if at >= len(payload.shown) or payload.shown[at] == 0:
                return False
            at += 4 * payload.shown[at]
    return is_ip(payload.behind(at))


def gtp_u_message(payload: Payload) -> bool:
    """Any message of GTP-U: 3GPP TS 29.281 section 6.1."""
    first, kind = payload.shown[:2]
    return first >> 3 == 6 and kind in (1, 2, 26, 254, 255) and big_endian(payload.shown[2:4]) == payload.length - 8


def wireguard(payload: Payload) -> bool:
    """Messages of the types 1 to 4."""
    shown, length = payload.shown, payload.length
    if shown[1:4] != bytes(3):
        return False
    if shown[0] == 4:
        return length >= 32 and length % 16 == 0 and shown[14:16] == bytes(2)
    return {1: 148, 2: 92, 3: 64}.get(shown[0]) == length


def esp(payload: Payload) -> bool:
    """RFC 3948 section 2: neither IKE nor a reserved index."""
    return big_endian(payload.shown[:4]) >= 256 and payload.length >= 20 and payload.length % 4 == 0


def teredo(payload: Payload) -> bool:
    """RFC 4380 section 5.1.1."""
    if payload.shown[:2] == b"\0\1":
        payload = payload.behind(13 + payload.shown[2] + payload.shown[3])
    if payload.shown[:2] == b"\0\0" and len(payload.shown) >= 8:
        payload = payload.behind(8)
    shown = payload.shown
    prefix = bytes.fromhex("20010000")
    return is_ip(payload, 0, 6) and (prefix in (shown[8:12], shown[24:28]) or shown[8:10] == b"\xfe\x80")


def mpls(payload: Payload) -> bool:
    """RFC 7510: labels up to the bottom of the stack, then IP."""
    for _ in range(8):
        label, payload = payload.shown[:4], payload.behind(4)
        if len(label) < 4:
            return False
        if label[2] & 1:
            return is_ip(payload)
    return False


def l2tp(payload: Payload) -> bool:
    """RFC 2661 section 3.1, RFC 3931 section 4.1.2."""
    flags, second = big_endian(payload.shown[:2]), big_endian(payload.shown[2:4])
    if flags & 0x34F0 or (flags & 0x4000 and second != payload.length):
        return False
    if flags & 0x8000:
        return flags & 0x4800 == 0x4800 and flags & 15 in (2, 3)
    return flags & 15 == 2 or (flags == 3 and second == 0)


KNOWN = {"Teredo": teredo, "ESP in UDP": esp, "L2TP in UDP": l2tp, "MPLS in UDP": mpls, "GTP-U": gtp_u_message}
