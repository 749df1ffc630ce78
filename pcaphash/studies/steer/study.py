"""Find flows that go to receive queues."""

from dataclasses import replace
from itertools import islice
from typing import SupportsIndex

from pcaphash.device.device import Device
from pcaphash.device.flavor import FLAVOR_FIELD, TITLES
from pcaphash.device.hash_form import hash_form
from pcaphash.device.words import parse_number, unknown_word
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio
from pcaphash.studies.hash_tuple import PacketTuple, hash_packet_tuple
from pcaphash.studies.shared import tunnelling
from pcaphash.studies.steer.flow import PORTS, SOURCE, parse_flows
from pcaphash.studies.steer.result import QueueFlows, Steering
from pcaphash.studies.steer.search import TupleBlock, divide, list_flows
from pcaphash.studies.steer.unreached import Unreached, WhyNot
from pcaphash.studies.steer.unreached_words import advice_text, reason_text

HEADERS = ("inner", "outer")
QUEUE, TUNNEL, HEADER = map(Field, ("queue", "tunnel", "header"))

_MOST_FLOWS = 1_000_000
_NO_ENTRY = Unreached(WhyNot.NO_ENTRY)


def steer(
    source: str,
    destination: str,
    protocol: str | int | None = None,
    queue: int | None = None,
    flow_count: SupportsIndex = 1,
    both: bool = False,
    source_ports: str | None = None,
    tunnel: str = "",
    header: str = "",
    device: Device | None = None,
) -> Steering:
    """Find flows that go to a receive queue, or to each.

    Parameters
    ----------
    source : str
        The source address; or a network such as ``10.0.0.0/24``, from which addresses are chosen.
    destination : str
        The destination address with its port. With a tunnel and ``header="outer"``, the port is that of the tunnel.
    protocol : str or int, optional
        ``tcp``, ``udp``, another name, or a number. Default: TCP where there is a port.
    queue : int, optional
        The receive queue. Default: each of the device, with as many flows for one as for the others.
    flow_count : int
        How many flows for each queue, at most.
    both : bool
        Whether the other direction of a flow is to go to the same queue.
    source_ports : str, optional
        The source ports to choose from. Default: ``32768-65535``.
    tunnel : str
        The tunnel that the flows are in, such as ``VXLAN`` or ``GENEVE`` (``studies.shared.tunnelling.NAMES``).
        Default: none.
    header : str
        Which header of the tunnel packets has these addresses: ``inner`` (by default) or ``outer``.
    device : Device, optional
        The configured device. Default: ``Device()``.

    Raises
    ------
    ConfigurationError
        Something is impossible: what, and why.
    """
    device = Device() if device is None else device
    n_flows = parse_number(Field("flow_count"), flow_count, 1, _MOST_FLOWS, "at least one flow, at most a million")
    if queue is not None:
        parse_number(QUEUE, queue, 0, device.queues - 1, f"the device has {device.queues} receive queues")
    _check_index(device)
    name = _parse_tunnel(tunnel)
    is_given, header = bool(header), _parse_header(header, name)
    wanted = parse_flows(source, destination, protocol, source_ports, name if header == "outer" else "", device)
    packet = wanted.packet
    _check_header(packet, device, name, header, HEADER if is_given else TUNNEL)
    ports = [(wanted.low, 0)] if packet.source_port is None else list(divide(wanted.low, wanted.high))
    blocks = [TupleBlock(_with_port(packet, first), bits, wanted.address_bits, device, both) for first, bits in ports]
    _check_free(blocks[0])
    targets = [_find(blocks, each, n_flows) for each in ([queue] if queue is not None else range(device.queues))]
    why_not = targets[0].why_not
    if queue is not None and why_not is not None:
        problem = f"{queue} cannot be reached: {reason_text(why_not)}"
        raise ConfigurationError(QUEUE, problem, advice_text(why_not))
    if queue is None and not any(target.flows for target in targets):
        why_not = next(each.why_not for each in targets if each.why_not not in (None, _NO_ENTRY))
        assert why_not is not None
        place, problem = (
            PORTS if blocks[0].has_ports else SOURCE,
            f"no receive queue can be reached: {reason_text(why_not)}",
        )
        raise ConfigurationError(place, problem, advice_text(why_not))
    if queue is None:
        targets = _even(targets)
    return Steering(device, tuple(targets), name, header, both)


def _find(blocks: list[TupleBlock], queue: int, n_flows: int) -> QueueFlows:
    """Find flows for a queue; say why there are none."""
    if queue not in blocks[0].device.indirection_table:
        return QueueFlows(queue, (), 0, _NO_ENTRY)
    solved = [(block, block.solve(queue)) for block in blocks]
    possible = sum(solutions.number for _, solutions in solved)
    if not possible:
        return QueueFlows(queue, (), 0, _explain(blocks))
    flows = [
        tuple(hash_packet_tuple(each, blocks[0].device) for each in flow)
        for flow in islice(list_flows(solved), n_flows)
    ]
    return QueueFlows(queue, tuple(flows), possible)


def _explain(blocks: list[TupleBlock]) -> Unreached:
    """Return why no flow of these leads where it should."""
    first = blocks[0]
    if not any(first.device.hash_key[: virtio.LEAST_RSS_MAX_KEY_SIZE]):
        return Unreached(WhyNot.ZERO_KEY)
    rank = max(block.equations.rank for block in blocks)
    why = WhyNot.RANGE if rank == first.needed else WhyNot.RANK
    ports = (0, 0)
    if first.has_ports and not first.address_bits and sum(1 << each.port_bits for each in blocks) < 1 << first.needed:
        low, last = first.packet.source_port, blocks[-1]
        assert low is not None, "the tuple has ports"
        assert last.packet.source_port is not None, "the tuple has ports"
        why, ports = WhyNot.FEW_PORTS, (low, last.packet.source_port + (1 << last.port_bits) - 1)
    return Unreached(why, rank, first.needed, first.has_ports, bool(first.address_bits), first.is_both, ports)


def _even(targets: list[QueueFlows]) -> list[QueueFlows]:
    """Give each queue that can be reached as many flows as the others."""
    fewest = min((len(target.flows) for target in targets if target.flows), default=0)
    return [QueueFlows(each.queue, each.flows[:fewest], each.possible, each.why_not) for each in targets]


def _check_index(device: Device) -> None:
    n_entries = len(device.indirection_table)
    if not device.has_queue:
        raise ConfigurationError(Field("features"), "without the RSS feature, no hash chooses a queue", "add RSS")
    if n_entries & (n_entries - 1):
        problem = f"hash % {n_entries} is not linear in the bits of a hash, so no equations can be solved"
        raise ConfigurationError(Field("table_index"), problem, "give a table whose size is a power of two")
    if hash_form(device.flavor).is_sorted:
        problem = f"{TITLES[device.flavor]} sorts addresses and ports, so no equations can be solved"
        raise ConfigurationError(FLAVOR_FIELD, problem, f"use another {FLAVOR_FIELD}")


def _parse_tunnel(text: str) -> str:
    name = text.strip().upper().replace("-", "_")
    if name and name not in tunnelling.NAMES:
        raise unknown_word(TUNNEL, text, tunnelling.NAMES, "a tunnel")
    return name


def _parse_header(text: str, tunnel: str) -> str:
    if not tunnel:
        if text:
            raise ConfigurationError(HEADER, "there is no tunnel", f"give {TUNNEL}, or leave it out")
        return ""
    if text and text not in HEADERS:
        raise unknown_word(HEADER, text, HEADERS)
    return text or HEADERS[0]


def _with_port(packet: PacketTuple, port: int) -> PacketTuple:
    return packet if packet.source_port is None else replace(packet, source_port=port)


def _check_header(packet: PacketTuple, device: Device, tunnel: str, header: str, place: Field) -> None:
    """Refuse flows of a header that the device does not hash; the error names ``place``, which was given."""
    if not tunnel:
        found = hash_packet_tuple(packet, device).tunnel
        if found:
            kind = "of this protocol" if packet.destination_port is None else "to this port"
            problem = f"packets {kind} may be {found}, whose inner header the device hashes"
            raise ConfigurationError(TUNNEL, problem, f"give {TUNNEL} and {HEADER}, or another {kind.split()[-1]}")
        return
    if tunnel == "IPIP" and packet.source.version == 6:
        raise ConfigurationError(TUNNEL, "IPIP is IPv4 in IPv4", "give IPv4 addresses, or another tunnel")
    is_inner = bool(device.tunnel_mask & tunnelling.type_of(tunnel, {packet.source.version}))
    if header == "inner" and not is_inner:
        problem = f"the device hashes the outer header of {tunnel}, for which the inner source port does not matter"
        enabled = f"{tunnel}_INNER" if f"{tunnel}_INNER" in device.profile.hash_types else tunnel
        raise ConfigurationError(place, problem, f"enable {enabled}, or ask for the outer header with {HEADER}")
    if header == "outer" and is_inner:
        problem = f"the device hashes the inner header of {tunnel}, for which the outer source port does not matter"
        raise ConfigurationError(HEADER, problem, f"disable {tunnel}, or ask for the inner header")


def _check_free(block: TupleBlock) -> None:
    """Refuse tuples in which nothing that is hashed is free."""
    found = hash_packet_tuple(block.packet, block.device)
    if found.hash_value is None:
        problem = "no enabled hash type covers these packets, which all go to the unclassified queue"
        raise ConfigurationError(Field("hash_types"), problem, "enable a type that fits")
    with_ports = len(found.hash_input) % 8 == 4
    if not with_ports and not block.address_bits:
        problem = f"the hash type {found.hash_report} covers no ports, so all source ports lead to one queue"
        advice = f"give a network as {SOURCE}, or enable a type that covers ports"
        raise ConfigurationError(Field("hash_types"), problem, advice)
