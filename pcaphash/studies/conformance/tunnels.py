"""Cases with a tunnel: each encapsulation, what is almost one, and what is inside."""

from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip, tunnel
from pcaphash.studies.conformance.case import (
    D4,
    D6,
    I4,
    INNER_PORTS,
    J4,
    S4,
    S6,
    Case,
    fragment,
    home,
    inner4,
    inner6,
    inner_frame,
    options,
    tagged,
    tcp4,
    udp4,
    udp6,
    with_extensions,
)
from pcaphash.studies.shared import frames

_INNER = "virtio 1.4, Inner Header Hash"
_GRE = "RFC 2784, RFC 2890"
_VXLAN = "RFC 7348 section 5"
_GPE = "draft-ietf-nvo3-vxlan-gpe-12"
_GENEVE = "RFC 8926 section 3.4"
_ONE = "only one level is looked through"
_MISS = "no hash: never that of the outer header"
_ETHERNET, _V4, _V6 = tunnel.PROTOCOL_ETHERNET, eth.ETHERTYPE_IPV4, eth.ETHERTYPE_IPV6
_KEY, _SEQUENCE, _CHECKSUM = tunnel.GRE_KEY, tunnel.GRE_SEQUENCE, tunnel.GRE_CHECKSUM


def _v4(payload: bytes, protocol: int = ip.GRE) -> bytes:
    return frames.of_ip(frames.ipv4(payload, protocol, S4, D4))


def _v6(payload: bytes, protocol: int = ip.GRE) -> bytes:
    return frames.of_ip(frames.ipv6(payload, protocol, S6, D6))


def gre() -> list[Case]:
    """Return GRE headers."""
    every = [
        (flags, f"GRE, {words}")
        for flags, words in (
            (0, "no fields"),
            (_CHECKSUM, "checksum"),
            (_KEY, "key"),
            (_SEQUENCE, "sequence"),
            (_KEY | _SEQUENCE, "key, sequence"),
            (_CHECKSUM | _KEY | _SEQUENCE, "checksum, key, sequence"),
        )
    ]
    cases = [Case(name, _GRE, _v4(frames.gre(inner4(), _V4, flags))) for flags, name in every]
    ethernet = inner_frame()
    return [
        *cases,
        Case("GRE, Ethernet", f"{_GRE}; 0x6558 is Ethernet", _v4(frames.gre(ethernet, _ETHERNET))),
        Case("GRE, IPv6", "RFC 7676: GRE_7676", _v4(frames.gre(inner6(), _V6))),
        Case("GRE over IPv6", "RFC 7676: GRE_7676", _v6(frames.gre(inner4(), _V4))),
        Case("GRE over IPv6, key", "RFC 2890 before RFC 7676: GRE_2890", _v6(frames.gre(inner6(), _V6, _KEY))),
        Case("NVGRE", "RFC 7637: a key, Ethernet, nothing else", _v4(frames.gre(ethernet, _ETHERNET, _KEY))),
        Case("NVGRE over IPv6", "RFC 7637", _v6(frames.gre(ethernet, _ETHERNET, _KEY))),
        Case(
            "GRE, key, sequence, Ethernet",
            "not NVGRE: GRE_2890",
            _v4(frames.gre(ethernet, _ETHERNET, _KEY | _SEQUENCE)),
        ),
        Case(
            "GRE, checksum, key, Ethernet",
            "not NVGRE: GRE_2890",
            _v4(frames.gre(ethernet, _ETHERNET, _CHECKSUM | _KEY)),
        ),
        Case("GRE, version 1", "RFC 2637: not this GRE, no tunnel", _v4(frames.gre(inner4(), _V4, 1))),
        Case("GRE, routing bit", "RFC 2784: no tunnel", _v4(frames.gre(inner4(), _V4, 0x4000))),
        Case("GRE, ARP protocol", f"inner-not-ip: {_MISS}", _v4(frames.gre(inner4(), eth.ETHERTYPE_ARP))),
        Case("GRE of 3 bytes", "complete within the frame, else no tunnel", _v4(frames.gre(b"", _V4)[:3])),
        Case(
            "GRE, key cut by the frame",
            "complete within the frame, else no tunnel",
            _v4(frames.gre(b"", _V4, _KEY)[:7]),
        ),
        Case("GRE, nothing inside", f"inner-not-ip: {_MISS}", _v4(frames.gre(b"", _V4))),
        Case(
            "GRE, inner first fragment",
            "an inner fragment has no ports",
            _v4(frames.gre(frames.ipv4(bytes(24), ip.TCP, I4, J4, fragment=0x2000), _V4)),
        ),
        Case(
            "GRE behind an extension header",
            _INNER,
            frames.of_ip(with_extensions(options(b""), transport=ip.GRE, payload=frames.gre(inner4(), _V4))),
        ),
        Case(
            "GRE behind an atomic fragment header",
            "a fragment is no tunnel",
            frames.of_ip(with_extensions(fragment(0), transport=ip.GRE, payload=frames.gre(inner4(), _V4))),
        ),
    ]


def vxlan() -> list[Case]:
    """Return VXLAN and VXLAN-GPE headers."""
    frame, gpe = inner_frame(), tunnel.VXLAN_INSTANCE | tunnel.VXLAN_GPE_NEXT_PROTOCOL
    arp = frames.ethernet(bytes(28), eth.ETHERTYPE_ARP, frames.INNER_MACS)
    extended = inner_frame(with_extensions(options(home())))
    nested = inner_frame(udp4(frames.vxlan(inner_frame(tcp4(J4, I4))), 4789, I4, J4))
    cases = [
        ("VXLAN", _VXLAN, udp4(frames.vxlan(frame), 4789)),
        ("VXLAN, Linux's old port", "port 8472 too", udp4(frames.vxlan(frame), 8472)),
        ("VXLAN over IPv6", _VXLAN, udp6(frames.vxlan(frame), 4789)),
        ("VXLAN, inner IPv6", _INNER, udp4(frames.vxlan(inner_frame(inner6())), 4789)),
        ("VXLAN, inner UDP", _INNER, udp4(frames.vxlan(inner_frame(udp4(b"", 53, I4, J4))), 4789)),
        ("VXLAN, inner ICMP", _INNER, udp4(frames.vxlan(inner_frame(frames.ipv4(bytes(8), ip.ICMP, I4, J4))), 4789)),
        (
            "VXLAN, inner VLAN tag",
            "tags are skipped inside, too",
            udp4(frames.vxlan(tagged(inner4(), eth.ETHERTYPE_VLAN, macs=frames.INNER_MACS)), 4789),
        ),
        ("VXLAN, inner home address", "extended types inside", udp4(frames.vxlan(extended), 4789)),
        ("VXLAN, other flags", f"{_VXLAN}: they are ignored", udp4(frames.vxlan(frame, flags=0x88), 4789)),
        ("VXLAN without the I flag", f"{_VXLAN}: no tunnel", udp4(frames.vxlan(frame, flags=0), 4789)),
        (
            "VXLAN as source port",
            "the destination port counts",
            frames.ipv4(frames.transport(ip.UDP, S4, D4, (4789, 443), frames.vxlan(frame)), ip.UDP, S4, D4),
        ),
        ("VXLAN of 7 bytes", "complete within the frame, else no tunnel", udp4(frames.vxlan(b"")[:7], 4789)),
        ("VXLAN, ARP", f"inner-not-ip: {_MISS}", udp4(frames.vxlan(arp), 4789)),
        ("VXLAN, nothing inside", f"inner-not-ip: {_MISS}", udp4(frames.vxlan(b""), 4789)),
        ("VXLAN in VXLAN", f"{_ONE}: UDP ports of the second", udp4(frames.vxlan(nested), 4789)),
        ("VXLAN-GPE, Ethernet", _GPE, udp4(frames.vxlan(frame, flags=gpe, next_protocol=3), 4790)),
        ("VXLAN-GPE, IPv4", _GPE, udp4(frames.vxlan(inner4(), flags=gpe, next_protocol=1), 4790)),
        ("VXLAN-GPE, IPv6", _GPE, udp6(frames.vxlan(inner6(), flags=gpe, next_protocol=2), 4790)),
        ("VXLAN-GPE, NSH", f"inner-not-ip: {_MISS}", udp4(frames.vxlan(inner4(), flags=gpe, next_protocol=4), 4790)),
        (
            "VXLAN-GPE, other flags",
            f"{_GPE}: they are ignored",
            udp4(frames.vxlan(inner4(), flags=gpe | 0xF3, next_protocol=1), 4790),
        ),
        ("VXLAN-GPE without the P flag", f"{_GPE}: Ethernet", udp4(frames.vxlan(frame, next_protocol=1), 4790)),
        (
            "VXLAN-GPE without the I flag",
            "no tunnel",
            udp4(frames.vxlan(frame, flags=tunnel.VXLAN_GPE_NEXT_PROTOCOL, next_protocol=3), 4790),
        ),
        (
            "VXLAN-GPE of 7 bytes",
            "complete within the frame, else no tunnel",
            udp4(frames.vxlan(b"", flags=gpe)[:7], 4790),
        ),
    ]
    short = frames.ipv4(frames.transport(ip.UDP, S4, D4, (40000, 4789))[:3], ip.UDP, S4, D4)
    return [
        *(Case(name, rule, frames.of_ip(packet)) for name, rule, packet in cases),
        Case(
            "VXLAN behind a VLAN tag", "tags are skipped", tagged(udp4(frames.vxlan(frame), 4789), eth.ETHERTYPE_VLAN)
        ),
        Case("UDP of 3 bytes", "UDP needs 8 bytes within the frame: no tunnel, no ports", frames.of_ip(short)),
    ]


def others() -> list[Case]:
    """Return GENEVE, GRE in UDP, and IP in IP."""
    frame = inner_frame()
    cases = [
        ("GENEVE", _GENEVE, udp4(frames.geneve(frame), 6081)),
        ("GENEVE, options", f"{_GENEVE}: skipped", udp4(frames.geneve(frame, options=bytes(12)), 6081)),
        ("GENEVE over IPv6, inner IPv6", _GENEVE, udp6(frames.geneve(inner_frame(inner6())), 6081)),
        (
            "GENEVE, IPv4 without Ethernet",
            f"{_GENEVE}: the protocol type decides",
            udp4(frames.geneve(inner4(), _V4), 6081),
        ),
        (
            "GENEVE, IPv6 without Ethernet",
            f"{_GENEVE}: the protocol type decides",
            udp4(frames.geneve(inner6(), _V6), 6081),
        ),
        ("GENEVE, ARP protocol", f"inner-not-ip: {_MISS}", udp4(frames.geneve(frame, eth.ETHERTYPE_ARP), 6081)),
        ("GENEVE, version 1", f"{_GENEVE}: no tunnel", udp4(frames.geneve(frame, version=1), 6081)),
        ("GENEVE, O and C bits", f"{_GENEVE}: they are ignored", udp4(b"\0\xc0" + frames.geneve(frame)[2:], 6081)),
        ("GENEVE of 7 bytes", "complete within the frame, else no tunnel", udp4(frames.geneve(b"")[:7], 6081)),
        (
            "GENEVE, options past the frame",
            "complete within the frame, else no tunnel",
            udp4(frames.geneve(b"", options=bytes(8))[:-1], 6081),
        ),
        ("GRE in UDP", "RFC 8086", udp4(frames.gre(inner4(), _V4), 4754)),
        (
            "GRE in UDP, key, Ethernet",
            "RFC 8086: one type, whatever its fields",
            udp4(frames.gre(frame, _ETHERNET, _KEY), 4754),
        ),
        ("GRE in UDP over IPv6", "RFC 8086", udp6(frames.gre(inner6(), _V6), 4754)),
        ("GRE in UDP, version 1", "no tunnel", udp4(frames.gre(inner4(), _V4, 1), 4754)),
        ("IPIP", "RFC 2003", frames.ipv4(inner4(), ip.IPIP, S4, D4)),
        ("IPIP, nothing inside", f"inner-not-ip: {_MISS}", frames.ipv4(b"", ip.IPIP, S4, D4)),
        ("IPIP, inner version 6", "IPIP carries IPv4: inner-not-ip", frames.ipv4(inner6(), ip.IPIP, S4, D4)),
        ("IPv4 in IPv6", "not RFC 2003: no tunnel", frames.ipv6(inner4(), ip.IPIP, S6, D6)),
        ("IPv6 in IPv4", "not RFC 2003: no tunnel", frames.ipv4(inner6(), 41, S4, D4)),
        (
            "inner TCP of 19 bytes",
            "TCP needs 20 bytes within the frame",
            frames.ipv4(tcp4(I4, J4, INNER_PORTS)[:-1], ip.IPIP, S4, D4),
        ),
    ]
    return [Case(name, rule, frames.of_ip(packet)) for name, rule, packet in cases]
