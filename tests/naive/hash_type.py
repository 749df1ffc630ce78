"""Which hash type a header gets, and the bytes that are hashed (virtio, "Hash calculation for incoming packets")."""

from naive.configuration import Configuration
from naive.ebpf import ebpf_hash_type, is_ebpf
from naive.frame import Frame
from naive.ip import TCP, UDP, Packet
from naive.nics import plain_transport, reads_plainly
from naive.qemu import is_qemu, qemu_candidates


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
    transport = plain_transport(packet) if reads_plainly(configuration) else packet.transport(frame)
    if is_ebpf(configuration):
        return ebpf_hash_type(packet, {TCP: "TCP", UDP: "UDP", None: None}[transport], configuration)
    if is_qemu(configuration):
        names = qemu_candidates(packet, {TCP: "TCP", UDP: "UDP", None: None}[transport])
    else:
        names = candidates(packet, transport)
    for name in names:
        if configuration.enables_hash_type(name):
            return name
    return None


def hash_input(frame: Frame, packet: Packet, hash_type: str, transform: str = "none") -> bytes:
    """Collect what is hashed, in wire order; truncated where a byte of it was not captured."""
    source, destination = packet.source, packet.destination
    if hash_type.endswith("_EX"):
        if packet.home_address is not None:
            source = frame.read(packet.home_address, 16)
        if packet.routing_address is not None:
            destination = frame.read(packet.routing_address, 16)
    ports = b"" if hash_type.startswith("IP") else frame.read(packet.payload_offset, 4)
    source, destination = transformed(source, destination, transform)
    return source + destination + b"".join(transformed(ports[:2], ports[2:], transform))


def transformed(source: bytes, destination: bytes, transform: str) -> tuple[bytes, bytes]:
    """Make a field of the source and that of the destination symmetric, as Linux's ethtool describes it."""
    exclusive = bytes(a ^ b for a, b in zip(source, destination, strict=True))
    inclusive = bytes(a | b for a, b in zip(source, destination, strict=True))
    if transform == "symmetric-xor":
        return exclusive, exclusive
    if transform == "symmetric-or-xor":
        return inclusive, exclusive
    return source, destination
