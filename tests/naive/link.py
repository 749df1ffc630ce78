"""Where the IP packet begins, by link type (numbers of the LINKTYPE registry of tcpdump.org)."""

from naive.frame import Frame, LinkTypeError, NotIpError, big_endian

NULL, ETHERNET, LOOP, SLL, SLL2 = 0, 1, 108, 113, 276
RAW = (12, 14, 101, 228, 229)

IPV4_ETHERTYPE, IPV6_ETHERTYPE = 0x0800, 0x86DD
VLAN_ETHERTYPES = (0x8100, 0x88A8, 0x9100)  # IEEE 802.1Q, 802.1ad, and the older double tag

# Address families as BSD, Linux (10), FreeBSD (28), NetBSD (24) and Darwin (30) number them.
VERSION_OF_FAMILY = {2: 4, 10: 6, 24: 6, 28: 6, 30: 6}


def network_layer(frame: Frame, link_type: int) -> tuple[int, int]:
    """Find the IP version that the link layer announces and the offset of the IP header."""
    if link_type == ETHERNET:
        return ethernet(frame, 0)
    if link_type in RAW:
        return raw(frame)
    if link_type in (NULL, LOOP):
        return loopback(frame)
    if link_type == SLL:
        return by_ethertype(frame, big_endian(frame.read_or_not_ip(14, 2)), 16)
    if link_type == SLL2:
        return by_ethertype(frame, big_endian(frame.read_or_not_ip(0, 2)), 20)
    raise LinkTypeError


def ethernet(frame: Frame, offset: int) -> tuple[int, int]:
    """Skip an Ethernet header and its VLAN tags; a length in place of the type (LLC) is not IP."""
    return by_ethertype(frame, big_endian(frame.read_or_not_ip(offset + 12, 2)), offset + 14)


def by_ethertype(frame: Frame, ethertype: int, offset: int) -> tuple[int, int]:
    """Skip VLAN tags of any depth: each is two bytes of tag control and the next type."""
    while ethertype in VLAN_ETHERTYPES:
        ethertype = big_endian(frame.read_or_not_ip(offset + 2, 2))
        offset += 4
    return version_of(ethertype), offset


def version_of(ethertype: int) -> int:
    """Return the IP version that an ethertype announces."""
    if ethertype == IPV4_ETHERTYPE:
        return 4
    if ethertype == IPV6_ETHERTYPE:
        return 6
    raise NotIpError


def raw(frame: Frame) -> tuple[int, int]:
    """Believe the version nibble, whatever the link type's own name says."""
    version = frame.read_or_not_ip(0, 1)[0] >> 4
    if version not in (4, 6):
        raise NotIpError
    return version, 0


def loopback(frame: Frame) -> tuple[int, int]:
    """Read the four byte address family in either byte order: the file does not say whose it is."""
    family = frame.read_or_not_ip(0, 4)
    for order in ("little", "big"):
        version = VERSION_OF_FAMILY.get(int.from_bytes(family, order))
        if version is not None:
            return version, 4
    raise NotIpError
