"""An overlay network as one host receives it: few tunnel endpoints, thousands of flows inside of the tunnels.

Seven endpoints send to the host, each with its own encapsulation. Three of them choose the outer source port by the
inner flow, as RFC 7348 and RFC 8926 advise, two always use the same, and GRE has no port. How often a flow sends
follows Zipf's law, flattened at the top so that no single flow could fill a queue.
"""

import zlib
from collections.abc import Callable
from itertools import accumulate
from random import Random
from typing import NamedTuple

from builders import (
    GENEVE_PORT,
    VXLAN_PORT,
    VXLAN_PORT_LINUX,
    arp_frame,
    ethernet,
    geneve,
    geneve_option,
    gre,
    icmp,
    icmpv6,
    ipv4,
    ipv6,
    tcp,
    udp,
    vxlan,
)
from ip_headers import split_v4
from writers import ETHERNET, START_NS, Record, write_pcap

SEED = 20230104
PACKETS = 6000
DURATION_US = 4_000_000
SNAP_LENGTH = 144  # enough for the inner ports behind IPv6, UDP, GENEVE with an option, Ethernet and IPv6

FLOWS = 4000
FLATTENING = 24  # the heaviest flow weighs 1/25, the second 1/26 and so on
UNTUNNELLED = 0.1  # share of the flows that come without a tunnel

HOST_V4, HOST_V6 = "198.51.100.10", "2001:db8:100::10"
RESOLVER = "203.0.113.53"
FRAGMENTED_DATAGRAMS, ARP_REQUESTS = 12, 12

SHORTEST_FRAME, LONGEST_FRAME = 60, 1514  # without the checksum at the end, which captures do not show
EPHEMERAL_PORT, EPHEMERAL_PORTS = 49152, 16384
SERVICES = (80, 443, 443, 443, 3306, 5432, 6379, 8080, 9092)


class Flow(NamedTuple):
    """Packets of one direction between two ports; the ports of ICMP are not used."""

    protocol: str
    source: str
    destination: str
    source_port: int
    destination_port: int
    is_bulk: bool

    def packet(self, size: int) -> bytes:
        """Make an IP packet with ``size`` bytes behind the transport header."""
        is_v6 = ":" in self.source
        if self.protocol == "tcp":
            payload = tcp(size, self.source_port, self.destination_port)
        elif self.protocol == "udp":
            payload = udp(bytes(size), self.source_port, self.destination_port)
        else:
            payload = icmpv6(size) if is_v6 else icmp(size)
        return (ipv6 if is_v6 else ipv4)(payload, self.source, self.destination)

    def outer_port(self) -> int:
        """Choose the source port of a tunnel by what tells the flow from others."""
        return EPHEMERAL_PORT + zlib.crc32(repr(self[:5]).encode()) % EPHEMERAL_PORTS


class Endpoint(NamedTuple):
    """A remote end of a tunnel: its address, and the bytes that it sends for an inner packet and an outer port."""

    address: str
    encapsulate: Callable[[bytes, int], bytes]
    share: int


def gre_endpoint(address: str, share: int, **fields: int) -> Endpoint:
    """Make an endpoint of a GRE tunnel."""
    return Endpoint(address, lambda packet, _: ipv4(gre(packet, **fields), address, HOST_V4), share)


def udp_endpoint(
    address: str, share: int, port: int, encapsulate: Callable[[bytes], bytes], fixed_port: int | None = None
) -> Endpoint:
    """Make an endpoint of a tunnel in UDP around Ethernet, with a fixed source port or one for each flow."""
    internet, host = (ipv6, HOST_V6) if ":" in address else (ipv4, HOST_V4)

    def send(packet: bytes, outer_port: int) -> bytes:
        datagram = udp(encapsulate(ethernet(packet)), fixed_port or outer_port, port)
        return internet(datagram, address, host)

    return Endpoint(address, send, share)


def geneve_with_option(frame: bytes) -> bytes:
    """Put GENEVE with an option of 8 bytes in front."""
    return geneve(frame, options=geneve_option())


ENDPOINTS = (
    gre_endpoint("192.0.2.11", 3),
    gre_endpoint("192.0.2.12", 3, key=77),
    udp_endpoint("192.0.2.13", 3, VXLAN_PORT_LINUX, vxlan, fixed_port=VXLAN_PORT_LINUX),
    udp_endpoint("192.0.2.14", 3, VXLAN_PORT, vxlan),
    udp_endpoint("192.0.2.15", 2, GENEVE_PORT, geneve_with_option),
    udp_endpoint("2001:db8::16", 3, GENEVE_PORT, geneve_with_option, fixed_port=GENEVE_PORT),
    udp_endpoint("2001:db8::17", 2, VXLAN_PORT, vxlan),
)


def overlay() -> bytes:
    """Write the whole trace."""
    return write_pcap(overlay_records(), ETHERNET, SNAP_LENGTH)


def overlay_records() -> list[Record]:
    """Make the packets of the trace."""
    random = Random(SEED)
    frames = [*flow_frames(random), *other_frames()]
    random.shuffle(frames)
    times = sorted(random.randrange(DURATION_US) for _ in frames)
    return [
        Record(START_NS + time * 1000, frame[:SNAP_LENGTH], len(frame))
        for time, frame in zip(times, frames, strict=True)
    ]


def flow_frames(random: Random) -> list[bytes]:
    """Make the packets of all flows, tunnelled or not."""
    senders = random.choices(ENDPOINTS, [endpoint.share for endpoint in ENDPOINTS], k=FLOWS)
    pairs = [
        (draw_client_flow(random), None) if random.random() < UNTUNNELLED else (draw_inner_flow(random, sender), sender)
        for sender in senders
    ]
    weights = accumulate(1 / (rank + FLATTENING) for rank in range(1, FLOWS + 1))
    chosen = random.choices(pairs, cum_weights=list(weights), k=PACKETS)
    return [make_frame(flow, sender, draw_size(random, flow)) for flow, sender in chosen]


def draw_inner_flow(random: Random, sender: Endpoint) -> Flow:
    """Draw a flow from a machine behind an endpoint to one on this host."""
    site = ENDPOINTS.index(sender) + 1
    machine, target = random.randint(1, 60), random.randint(1, 24)
    if random.random() < 0.3:
        source, destination = f"fd00:0:0:{site}::{machine:x}", f"fd00::{target:x}"
    else:
        source, destination = f"10.0.{site}.{machine}", f"10.0.0.{target}"
    return draw_flow(random, source, destination)


def draw_client_flow(random: Random) -> Flow:
    """Draw a flow from some client to the host itself."""
    client = random.randint(1, 250)
    if random.random() < 0.3:
        return draw_flow(random, f"2001:db8:200::{client:x}", HOST_V6)
    return draw_flow(random, f"203.0.113.{client}", HOST_V4)


def draw_flow(random: Random, source: str, destination: str) -> Flow:
    """Draw what a flow between two addresses is: mostly TCP, some UDP, little ICMP."""
    protocol = random.choices(("tcp", "udp", "icmp"), (75, 22, 3))[0]
    service = random.choice(SERVICES) if protocol == "tcp" else random.choice((53, 123, 443))
    return Flow(protocol, source, destination, random.randint(32768, 60999), service, random.random() < 0.4)


def draw_size(random: Random, flow: Flow) -> int:
    """Draw the bytes behind a transport header: full packets, nothing but acknowledgements, or anything between."""
    if flow.is_bulk and random.random() < 0.8:
        return LONGEST_FRAME
    if flow.protocol == "tcp" and random.random() < 0.6:
        return 0
    return random.randint(16, 900)


def make_frame(flow: Flow, sender: Endpoint | None, size: int) -> bytes:
    """Make the frame of one packet, as long as Ethernet allows at most."""

    def build(size: int) -> bytes:
        packet = flow.packet(size)
        return ethernet(sender.encapsulate(packet, flow.outer_port()) if sender else packet)

    longest = LONGEST_FRAME - len(build(0))
    return build(min(size, longest)).ljust(SHORTEST_FRAME, b"\0")


def other_frames() -> list[bytes]:
    """Make what belongs to no flow: fragments of long answers from a name server, and address resolution."""
    frames = []
    for number in range(FRAGMENTED_DATAGRAMS):
        datagram = bytes(udp(bytes(3000 + 40 * number), 53, 40000 + number))
        frames += [ethernet(packet).ljust(SHORTEST_FRAME, b"\0") for packet in split_v4(datagram, RESOLVER, HOST_V4)]
    for number in range(ARP_REQUESTS):
        frames.append(arp_frame(f"198.51.100.{20 + number}", HOST_V4).ljust(SHORTEST_FRAME, b"\0"))
        inner = arp_frame(f"10.0.4.{1 + number}", f"10.0.0.{1 + number}")
        datagram = udp(vxlan(inner), EPHEMERAL_PORT + number, VXLAN_PORT)
        frames.append(ethernet(ipv4(datagram, "192.0.2.14", HOST_V4)))
    return frames
