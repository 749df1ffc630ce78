"""Which hash type a header gets, and the bytes that are hashed (virtio, "Hash calculation for incoming packets")."""

from naive.configuration import Configuration
from naive.frame import Frame
from naive.ip import TCP, UDP, Packet


def candidates(packet: Packet, transport: int | None) -> list[str]:
    """List the hash types that fit a header, the one to be tried first first."""
    first = {TCP: "TCP", UDP: "UDP", None: None}[transport]
    names = []
    if packet.has_extension:
        # IP_EX comes before the plain TCP and UDP types, whatever the transport: that is the letter of the text.
        names += [f"{first}v6_EX", "IPv6_EX"] if first else ["IPv6_EX"]
    if first:
        names.append(f"{first}v{packet.version}")
    names.append(f"IPv{packet.version}")
    return names


def choose_hash_type(frame: Frame, packet: Packet, configuration: Configuration) -> str | None:
    """Choose the first enabled hash type that fits; None where no type is enabled."""
    for name in candidates(packet, packet.transport(frame)):
        if configuration.enables_hash_type(name):
            return name
    return None


def hash_input(frame: Frame, packet: Packet, hash_type: str) -> bytes:
    """Collect what is hashed, in wire order; truncated where a byte of it was not captured."""
    source, destination = packet.source, packet.destination
    if hash_type.endswith("_EX"):
        if packet.home_address is not None:
            source = frame.read(packet.home_address, 16)
        if packet.routing_address is not None:
            destination = frame.read(packet.routing_address, 16)
    ports = b"" if hash_type.startswith("IP") else frame.read(packet.payload_offset, 4)
    return source + destination + ports
