"""A packet of the conformance set, and what cases are built from."""

from dataclasses import dataclass
from ipaddress import ip_address

from pcaphash.standards import ethernet as eth
from pcaphash.standards import ip
from pcaphash.studies.shared import frames

S4, D4 = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 2])
I4, J4 = bytes([10, 1, 0, 5]), bytes([10, 1, 0, 9])
S6, D6 = (ip_address(each).packed for each in ("2001:db8::10", "2001:db8::20"))
I6, J6 = (ip_address(each).packed for each in ("fd00::5", "fd00::9"))
HOME, OTHER_HOME, CARE_OF = (
    ip_address(each).packed for each in ("2001:db8:aaaa::1", "2001:db8:aaaa::2", "2001:db8:bbbb::2")
)
PORTS, INNER_PORTS = (40000, 443), (33000, 80)


@dataclass(frozen=True)
class Case:
    """A packet, and the rule that it is for.

    Parameters
    ----------
    name : str
        What it is, in a few words.
    rule : str
        What a device does with it, and why: the source of the rule.
    packet : bytes
        All bytes on the wire, from the link layer on.
    captured : int, optional
        How many of them the capture has. Default: all.
    said : int, optional
        The original length as the file says it. Default: the length of the packet.
    link_type : int
        Of the link layer.
    """

    name: str
    rule: str
    packet: bytes
    captured: int | None = None
    said: int | None = None
    link_type: int = eth.ETHERNET

    @property
    def bytes_captured(self) -> bytes:
        """The bytes that the capture has."""
        return self.packet[: self.captured]

    @property
    def original_length(self) -> int:
        """The original length as the file says it."""
        return len(self.packet) if self.said is None else self.said


def tcp4(source: bytes = S4, destination: bytes = D4, ports: tuple[int, int] = PORTS) -> bytes:
    """IPv4 and TCP."""
    return frames.ipv4(frames.transport(ip.TCP, source, destination, ports), ip.TCP, source, destination)


def udp4(payload: bytes = b"", port: int = 443, source: bytes = S4, destination: bytes = D4) -> bytes:
    """IPv4 and UDP."""
    data = frames.transport(ip.UDP, source, destination, (PORTS[0], port), payload)
    return frames.ipv4(data, ip.UDP, source, destination)


def tcp6(source: bytes = S6, destination: bytes = D6, ports: tuple[int, int] = PORTS) -> bytes:
    """IPv6 and TCP."""
    return frames.ipv6(frames.transport(ip.TCP, source, destination, ports), ip.TCP, source, destination)


def udp6(payload: bytes = b"", port: int = 443) -> bytes:
    """IPv6 and UDP."""
    return frames.ipv6(frames.transport(ip.UDP, S6, D6, (PORTS[0], port), payload), ip.UDP, S6, D6)


def inner4() -> bytes:
    """IPv4 and TCP, as they are inside of tunnels."""
    return tcp4(I4, J4, INNER_PORTS)


def inner6() -> bytes:
    """IPv6 and TCP, as they are inside of tunnels."""
    return tcp6(I6, J6, INNER_PORTS)


def inner_frame(packet: bytes | None = None) -> bytes:
    """Ethernet and an IP packet, as they are inside of tunnels."""
    return frames.of_ip(inner4() if packet is None else packet, frames.INNER_MACS)


def tagged(packet: bytes, *tags: int, macs: bytes = frames.MACS) -> bytes:
    """Ethernet with VLAN tags of these EtherTypes, the outermost first, and an IP packet."""
    kind, data = frames.ethertype_of(packet), packet
    for number, tag in enumerate(reversed(tags), 1):
        data = number.to_bytes(2) + kind.to_bytes(2) + data
        kind = tag
    return frames.ethernet(data, kind, macs)


def with_extensions(*headers: tuple[int, bytes], transport: int = ip.TCP, payload: bytes | None = None) -> bytes:
    """IPv6 with extension headers, each a type and its bytes, the first of which is filled in; then TCP or UDP."""
    following, data = transport, frames.transport(transport, S6, D6, PORTS) if payload is None else payload
    for kind, header in reversed(headers):
        data = bytes([following]) + header[1:] + data
        following = kind
    return frames.ipv6(data, following, S6, D6)


def options(body: bytes, kind: int = ip.DESTINATION_OPTIONS) -> tuple[int, bytes]:
    """Options header, padded to units of 8 bytes."""
    missing = -(2 + len(body)) % 8
    padded = body + (bytes([ip.OPTION_PADN, missing - 2]) + bytes(missing - 2) if missing > 1 else bytes(missing))
    return kind, bytes([0, (2 + len(padded)) // 8 - 1]) + padded


def home(address: bytes = HOME, length: int = ip.HOME_ADDRESS_LEN) -> bytes:
    """Home address option."""
    return bytes([ip.OPTION_HOME_ADDRESS, length]) + address


def routing(
    address: bytes = CARE_OF, kind: int = ip.ROUTING_TYPE_2, left: int = 1, extra: bytes = b""
) -> tuple[int, bytes]:
    """Routing header."""
    return ip.ROUTING, bytes([0, (len(address) + len(extra)) // 8, kind, left, 0, 0, 0, 0]) + address + extra


def fragment(field: int) -> tuple[int, bytes]:
    """Fragment header with a field of offset and more-fragments flag."""
    return ip.FRAGMENT, bytes(2) + field.to_bytes(2) + bytes([0, 0, 0, 7])


def authentication(words: int = 4) -> tuple[int, bytes]:
    """Return an authentication header of so many more than two words."""
    return ip.AUTHENTICATION, bytes([0, words]) + bytes(4 * (words + 2) - 2)
