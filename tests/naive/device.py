"""What the device answers: virtio-net inner header hash, draft v7, and virtio 1.4, Inner Header Hash."""

from dataclasses import dataclass, replace

from naive.configuration import Configuration
from naive.ebpf import (
    ebpf_inner_network_layer,
    ebpf_network_layer,
    ebpf_read_packet,
    ebpf_takes_extended,
    is_ebpf,
    is_inner_ebpf,
)
from naive.ena import ena_hash, ena_input, is_ena
from naive.frame import Frame, LinkTypeError, NotIpError, TruncatedError
from naive.hash_type import choose_hash_type, hash_input
from naive.ip import Packet, read_packet
from naive.link import network_layer
from naive.nics import corundum_read_packet, vpp_read_packet
from naive.qemu import is_qemu, qemu_network_layer, qemu_read_packet
from naive.toeplitz import toeplitz
from naive.tunnel import ETHERNET_ETHERTYPE, Encapsulation, find_encapsulation, possible_types

__all__ = ["Answer", "Configuration", "answer"]


@dataclass(frozen=True)
class Answer:
    """What is known of one packet; hash input, hash value and queue are None where there is none."""

    encapsulation: str
    header: str
    hash_report: str
    hash_report_tunnel: str
    hash_input: bytes | None
    hash_value: int | None
    queue: int | None
    reason: str


def answer(captured: bytes, original_length: int, link_type: int, configuration: Configuration) -> Answer:
    """Answer as the device would, as far as the captured bytes tell."""
    frame = Frame(captured, max(original_length, len(captured)))
    result = answer_hash(frame, link_type, configuration)
    return replace(result, encapsulation=name_encapsulation(frame, link_type, configuration))


def read_outer(frame: Frame, link_type: int, configuration: Configuration) -> Packet:
    """Read the outer IP header as the device reads it."""
    if is_qemu(configuration):
        return qemu_read_packet(frame, *qemu_network_layer(frame, link_type))
    if is_ebpf(configuration) and not is_inner_ebpf(configuration):
        return ebpf_read_packet(frame, *ebpf_network_layer(frame, link_type))
    if configuration.flavor == "corundum":
        return corundum_read_packet(frame, link_type)
    if configuration.flavor == "vpp":
        return vpp_read_packet(frame, link_type)
    return read_packet(frame, *network_layer(frame, link_type))


def read_inner(frame: Frame, encapsulation: Encapsulation, configuration: Configuration) -> Packet:
    """Read the inner IP header as the device reads it."""
    if not is_inner_ebpf(configuration):
        return read_packet(frame, *encapsulation.inner_network_layer(frame))
    if encapsulation.inner_ethertype == ETHERNET_ETHERTYPE:
        return ebpf_read_packet(frame, *ebpf_inner_network_layer(frame, encapsulation.inner_offset))
    return ebpf_read_packet(frame, *encapsulation.inner_network_layer(frame))


def name_encapsulation(frame: Frame, link_type: int, configuration: Configuration) -> str:
    """Name what the packet is under the profile, whatever is enabled."""
    try:
        found = find_encapsulation(frame, read_outer(frame, link_type, configuration), configuration)
    except NotIpError:
        return "NONE"
    except (TruncatedError, LinkTypeError):
        return "UNKNOWN"
    return found.name if found else "NONE"


def answer_hash(frame: Frame, link_type: int, configuration: Configuration) -> Answer:
    """Answer everything but the encapsulation."""
    try:
        return answer_packet(frame, read_outer(frame, link_type, configuration), configuration)
    except NotIpError:
        return not_hashed(configuration, "not-ip")
    except TruncatedError:
        return unknown("truncated")
    except LinkTypeError:
        return unknown("link-type")


def answer_packet(frame: Frame, outer: Packet, configuration: Configuration) -> Answer:
    """Answer for an IP packet: over the inner header exactly where an enabled encapsulation is found."""
    encapsulation = enabled_encapsulation(frame, outer, configuration)
    if encapsulation is None:
        return answer_header(frame, outer, configuration, "outer", "NONE")
    try:
        inner = read_inner(frame, encapsulation, configuration)
    except NotIpError:
        if configuration.inner_miss == "outer":
            return answer_header(frame, outer, configuration, "outer", "NONE")
        return not_hashed(configuration, "inner-not-ip")
    tunnel = encapsulation.name if configuration.spec == "v7" else "NONE"
    return answer_header(frame, inner, configuration, "inner", tunnel)


def enabled_encapsulation(frame: Frame, outer: Packet, configuration: Configuration) -> Encapsulation | None:
    """Look for an encapsulation only where the packet's protocol could be an enabled one."""
    if not any(configuration.enables_tunnel_type(name) for name in possible_types(outer, configuration.spec)):
        return None
    found = find_encapsulation(frame, outer, configuration)
    return found if found and configuration.enables_tunnel_type(found.name) else None


def answer_header(frame: Frame, packet: Packet, configuration: Configuration, header: str, tunnel: str) -> Answer:
    """Hash one header by the first enabled type that fits."""
    hash_type = choose_hash_type(frame, packet, configuration)
    if hash_type is None:
        return not_hashed(configuration, "no-type")
    over = f"{hash_type}_EX" if is_ebpf(configuration) and ebpf_takes_extended(packet, hash_type, configuration) else ""
    data = hash_input(frame, packet, over or hash_type, configuration.input_transform)
    if is_ena(configuration):
        data = ena_input(data, configuration)
        value = ena_hash(data, configuration)
    else:
        value = toeplitz(configuration.key, data)
    table = configuration.indirection_table
    entry = value % len(table) if configuration.table_index == "modulo" else value & (len(table) - 1)
    return Answer("", header, hash_type, tunnel, data, value, table[entry], "")


def not_hashed(configuration: Configuration, reason: str) -> Answer:
    """Answer where the device calculates no hash: the packet goes to the unclassified queue."""
    return Answer("", "none", "NONE", "NONE", None, None, configuration.unclassified_queue, reason)


def unknown(reason: str) -> Answer:
    """Answer where the capture does not show enough to tell."""
    return Answer("", "none", "UNKNOWN", "UNKNOWN", None, None, None, reason)
