"""Which header of a packet a device hashes, and by which hash type."""

from dataclasses import dataclass
from enum import Enum

from pcaphash.device.device import Device
from pcaphash.device.flavor import is_steering_program
from pcaphash.kernels.header import PORTS_LEN
from pcaphash.standards import virtio
from pcaphash.studies.explain.dissection import Dissection, Encapsulation, Level
from pcaphash.studies.explain.packet import Packet
from pcaphash.studies.explain.result import Answer

_IN_UDP = virtio.TUNNEL_GRE_UDP | virtio.TUNNEL_VXLAN | virtio.TUNNEL_VXLAN_GPE | virtio.TUNNEL_GENEVE
_IN_GRE = virtio.TUNNEL_GRE_2784 | virtio.TUNNEL_GRE_2890 | virtio.TUNNEL_GRE_7676 | virtio.TUNNEL_NVGRE


class HeaderReason(Enum):
    """Why the outer or the inner header is to be hashed, or why that is not known."""

    NOT_A_TUNNEL = "not a tunnel"
    ENABLED = "tunnel type enabled"
    NOT_ENABLED = "tunnel type not enabled"
    MAY_BE_ENABLED = "may be a tunnel of an enabled type"
    MAY_BE_NOT_ENABLED = "may be a tunnel, but of no enabled type"


@dataclass(frozen=True)
class HeaderChoice:
    """Which header is to be hashed.

    Parameters
    ----------
    part : str
        ``outer`` or ``inner``; empty if the capture does not show enough to tell.
    reason : HeaderReason
        Why.
    tunnel_types : int
        The enabled types that decide, as bits of enabled_tunnel_types; 0 if there are none.
    falls_back : bool
        Whether the outer header is hashed after all, since the inner packet is not IP (``inner_miss``).
    """

    part: str
    reason: HeaderReason
    tunnel_types: int = 0
    falls_back: bool = False


@dataclass(frozen=True)
class MissingBytes:
    """Bytes that a hash type needs and that were not captured.

    Parameters
    ----------
    name : str
        Such as ``home address``; ``ports`` for those.
    offset, length : int
        Where they are in the packet.
    """

    name: str
    offset: int
    length: int


@dataclass(frozen=True)
class TypeChoice:
    """Which hash type a header is hashed by.

    Parameters
    ----------
    level : Level
        The packet whose header it is.
    fitting : tuple of str
        The hash types that fit, the one asked for first in front.
    chosen : str
        The first of them that is enabled; empty if none is.
    is_extended : bool
        Whether addresses of extension headers are hashed in place of those of the IPv6 header.
    missing : tuple of MissingBytes
        What it is over and was not captured.
    """

    level: Level
    fitting: tuple[str, ...]
    chosen: str
    is_extended: bool
    missing: tuple[MissingBytes, ...]

    @property
    def has_ports(self) -> bool:
        """Whether the type is over ports, too."""
        return self.chosen.startswith(("TCP", "UDP"))


def choose_header(dissection: Dissection, answer: Answer) -> HeaderChoice | None:
    """Say which header a device hashes; None if the packet is not IP, or not known."""
    device, encapsulation = answer.device, dissection.encapsulation
    if not dissection.outer.is_ip:
        return None
    if answer.encapsulation == "UNKNOWN":
        possible = device.tunnel_mask & (_IN_GRE if encapsulation == Encapsulation.CUT_GRE else _IN_UDP)
        if possible:
            return HeaderChoice("", HeaderReason.MAY_BE_ENABLED, possible)
        return HeaderChoice("outer", HeaderReason.MAY_BE_NOT_ENABLED)
    if answer.encapsulation == "NONE":
        return HeaderChoice("outer", HeaderReason.NOT_A_TUNNEL)
    bit = 1 << (encapsulation - 1)
    if not device.tunnel_mask & bit:
        return HeaderChoice("outer", HeaderReason.NOT_ENABLED)
    assert dissection.inner is not None
    falls_back = dissection.inner.is_not_ip and device.inner_miss == "outer"
    return HeaderChoice("inner", HeaderReason.ENABLED, bit, falls_back)


def choose_type(dissection: Dissection, choice: HeaderChoice | None, device: Device) -> TypeChoice | None:
    """Say which hash type a device takes for the header it hashes; None if there is none to hash."""
    if choice is None or not choice.part:
        return None
    is_inner = choice.part == "inner" and not choice.falls_back
    level = dissection.inner if is_inner else dissection.outer
    if level is None or not level.is_ip:
        return None
    fitting = tuple(_fitting_types(level, device.flavor))
    enabled = (name for name in fitting if device.base_types & virtio.BASE_HASH_TYPES[name])
    chosen = next(enabled, "")
    is_extended = chosen.endswith("_EX") or _is_extended_as_ebpf(level, chosen, device)
    missing = tuple(_missing(dissection.packet, level, chosen, is_extended))
    return TypeChoice(level, fitting, chosen, is_extended, missing)


def _fitting_types(level: Level, flavor: str) -> list[str]:
    """List the hash types that fit a header, in the order that they are asked for."""
    transport = level.transport_name
    version = "4" if level.is_ipv4 else "6"
    plain = [*([f"{transport}v{version}"] if transport else []), f"IPv{version}"]
    if level.is_ipv4:
        return plain
    extended = [*([f"{transport}_EX"] if transport else []), "IP_EX"]
    if flavor == "qemu":
        return [each for pair in zip(extended, plain, strict=True) for each in pair]
    if is_steering_program(flavor):
        return plain
    return [*extended, *plain] if level.is_extended else plain


def _is_extended_as_ebpf(level: Level, chosen: str, device: Device) -> bool:
    """Say whether QEMU's steering program reports a plain type but hashes the addresses of the extended one."""
    if not is_steering_program(device.flavor) or not level.is_extended or not chosen:
        return False
    return bool(device.base_types & virtio.BASE_HASH_TYPES[chosen.replace("v6", "_EX")])


def _missing(packet: Packet, level: Level, hash_type: str, is_extended: bool) -> list[MissingBytes]:
    """List what a hash type is over and the capture lacks."""
    parts = []
    if is_extended:
        source, destination = level.extended_addresses
        parts.append(("home address" if level.home_address else "source address", source, level.address_len))
        name = "routing header's address" if level.routing_address else "destination address"
        parts.append((name, destination, level.address_len))
    if hash_type.startswith(("TCP", "UDP")):
        parts.append(("ports", level.payload, PORTS_LEN))
    return [MissingBytes(*part) for part in parts if not packet.has(*part[1:])]
