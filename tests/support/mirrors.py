"""Packets as mirror sessions send them."""

from support.builders import (
    ETHERNET,
    erspan_i,
    erspan_ii,
    erspan_iii,
    gre,
    in_gre,
    in_udp,
    vxlan,
)


def in_vxlan(frame: bytes, port: int = 4789) -> bytes:
    """Put a frame into VXLAN, as the traffic mirroring of clouds does."""
    return in_udp(vxlan(frame, 7), port, 65000)


MIRRORS = {
    # how it is called: what is stripped, the packet around a frame, and how many bytes are around it
    "erspan-i": ("erspan", lambda frame: in_gre(erspan_i(frame)), 38),
    "erspan-ii": ("erspan", lambda frame: in_gre(erspan_ii(frame)), 50),
    "erspan-ii-over-ipv6": ("erspan", lambda frame: in_gre(erspan_ii(frame), 6), 70),
    "erspan-iii": ("erspan", lambda frame: in_gre(erspan_iii(frame)), 50),
    "erspan-iii-subheader": ("erspan", lambda frame: in_gre(erspan_iii(frame, subheader=True, sequence=9)), 62),
    "vxlan": ("vxlan", in_vxlan, 50),
    "gre-ethernet": ("gre", lambda frame: in_gre(gre(frame, ETHERNET, key=5)), 42),
}

_NO_PAYLOAD = b""

RUNTS = {
    # how it is called: what is stripped, and a packet that ends on the wire before the mirrored packet could start
    "erspan-ii": ("erspan", in_gre(erspan_ii(_NO_PAYLOAD)[:-1])),
    "erspan-ii-without-header": ("erspan", in_gre(erspan_ii(_NO_PAYLOAD)[:8])),
    "erspan-iii": ("erspan", in_gre(erspan_iii(_NO_PAYLOAD)[:-1])),
    "erspan-iii-subheader": ("erspan", in_gre(erspan_iii(_NO_PAYLOAD, subheader=True)[:-1])),
    "vxlan": ("vxlan", in_udp(vxlan(_NO_PAYLOAD, 7)[:-1], 4789, 65000)),
    "gre-ethernet": ("gre", in_gre(gre(_NO_PAYLOAD, ETHERNET, key=5)[:-1])),
}
