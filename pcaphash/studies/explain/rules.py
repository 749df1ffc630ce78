"""The rules that lead from headers to a hash and a receive queue, each with what decided it."""

from pcaphash.device.device import Device
from pcaphash.device.hash_types import format_mask
from pcaphash.kernels import header as kinds
from pcaphash.kernels import tunnel as kernel
from pcaphash.kernels.link import CUT, NOT_IP
from pcaphash.standards import virtio
from pcaphash.studies.explain.dissection import Dissection, Level
from pcaphash.studies.explain.internet import Place
from pcaphash.studies.explain.packet import Packet, agree
from pcaphash.studies.explain.result import Answer, Step
from pcaphash.studies.explain.tunnels import NAMES

TYPES_SOURCE = "virtio 1.4, Hash calculation for incoming packets"
TUNNEL_SOURCES = {"v7": "virtio-net inner header hash, draft v7", "1.4": "virtio 1.4, Inner Header Hash"}
QUEUE_SOURCE = "virtio 1.4, RSS parameters"
MOBILITY_SOURCE = "RFC 6275 sections 6.3 and 6.4"
STRIPPED = {
    "erspan": ("ERSPAN", "draft-foschiano-erspan-03 section 4"),
    "vxlan": ("VXLAN", "RFC 7348 section 5"),
    "gre": ("GRE", "RFC 2784 section 2.1"),
}

_TCP = (kinds.TRANSPORT_TCP, kinds.TRANSPORT_TCP_CUT)
_UDP = (kinds.TRANSPORT_UDP, kinds.TRANSPORT_UDP_CUT)
_IN_UDP = virtio.TUNNEL_GRE_UDP | virtio.TUNNEL_VXLAN | virtio.TUNNEL_VXLAN_GPE | virtio.TUNNEL_GENEVE
_IN_GRE = virtio.TUNNEL_GRE_2784 | virtio.TUNNEL_GRE_2890 | virtio.TUNNEL_GRE_7676 | virtio.TUNNEL_NVGRE


def list_steps(dissection: Dissection, answer: Answer) -> tuple[Step, ...]:
    """List the rules that were applied to a packet, up to its hash type or why it has none.

    Raises
    ------
    DisagreementError
        They lead to another answer than the one found.
    """
    steps = _level_steps(dissection.outer)
    if dissection.outer.trouble:
        agree("the header", "none", answer.header)
        return tuple(steps)
    steps.append(_encapsulation_step(dissection, answer))
    step, level = _choose_header(dissection, answer)
    steps.append(step)
    if level is not None and level is dissection.inner:
        steps += _level_steps(level)
        if level.trouble and level.trouble.kind == NOT_IP and answer.device.inner_miss == "outer":
            why = "the inner packet is not IP, and --inner-miss outer is set"
            steps.append(
                Step("header to hash", "the outer one after all", why, "not in a virtio spec: some devices do this")
            )
            level = dissection.outer
    if level is None or level.trouble:
        agree("the header", "none", answer.header)
        return tuple(steps)
    steps.append(_type_step(dissection, level, answer))
    return tuple(steps)


def strip_step(strip: str, n_bytes: int, is_cut: bool) -> Step:
    """Say what a mirror session put around the packet, which was taken off before everything else."""
    name, source = STRIPPED[strip]
    if is_cut:
        why = f"the capture ends within the {name} header, or before it"
        return Step("mirror session", "the mirrored packet is not shown", why, source)
    why = (
        f"--strip {strip}: these bytes belong to the mirror session. The NIC received what follows; offsets count "
        "from there"
    )
    return Step("mirror session", f"{n_bytes} bytes up to the end of the {name} header are removed", why, source)


def _level_steps(level: Level) -> list[Step]:
    """Say what the link layer and the IP header of one level are."""
    part, place = level.place.part, level.place
    link = level.link
    if link.trouble:
        return [Step(f"{part} link layer", _outcome(part, link.trouble.kind), link.why, link.source)]
    steps = [Step(f"{part} link layer", f"{link.network} at byte {place.ip}", link.why, link.source)]
    internet = level.internet
    assert internet is not None
    if internet.trouble:
        decision = _outcome(part, internet.trouble.kind)
    else:
        decision = f"{internet.kind}, carrying {internet.payload_text} at byte {place.payload}"
    return [*steps, Step(f"{part} IP header", decision, internet.why, internet.source)]


def _outcome(part: str, trouble: int) -> str:
    """Say what trouble with a header leads to."""
    if trouble == NOT_IP:
        return "not IP: no hash" if part == "outer" else "not IP: no hash, and never the hash of the outer header"
    return "unknown: the capture ends too early" if trouble == CUT else "unknown: such packets are not dissected"


def _encapsulation_step(dissection: Dissection, answer: Answer) -> Step:
    """Say what the packet is."""
    tunnel, profile = dissection.tunnel, answer.device.profile
    if tunnel.is_tunnel and answer.encapsulation == "NONE":
        why = f"{tunnel.why}; {profile.title} does not know {NAMES[tunnel.encapsulation]}"
        return Step("encapsulation", f"none that {profile.title} knows", why, TUNNEL_SOURCES[profile.name])
    if tunnel.is_tunnel:
        decision = f"{answer.encapsulation}, inner packet at byte {tunnel.inner}"
        if answer.encapsulation == "GRE" and tunnel.encapsulation == kernel.NVGRE:
            decision = f"GRE (NVGRE), inner packet at byte {tunnel.inner}"
        return Step("encapsulation", decision, tunnel.why, tunnel.source)
    if tunnel.encapsulation == kernel.NO_ENCAPSULATION:
        return Step("encapsulation", "none", tunnel.why, tunnel.source)
    if answer.encapsulation == "NONE":
        why = f"{tunnel.why}; {profile.title} has no such tunnel"
        return Step("encapsulation", f"none that {profile.title} knows", why, TUNNEL_SOURCES[profile.name])
    return Step("encapsulation", "unknown: the capture ends too early", tunnel.why, tunnel.source)


def _choose_header(dissection: Dissection, answer: Answer) -> tuple[Step, Level | None]:
    """Say which header is to be hashed; none where that is not known."""
    device, tunnel = answer.device, dissection.tunnel
    rule, source = "header to hash", TUNNEL_SOURCES[device.spec]
    if answer.encapsulation == "UNKNOWN":
        possible = _IN_GRE if tunnel.encapsulation == kernel.CUT_GRE else _IN_UDP
        enabled = device.tunnel_mask & possible
        if enabled:
            why = f"the packet may be a tunnel whose inner header is hashed: {_enabled(device, enabled)}"
            return Step(rule, "unknown: outer or inner", f"{tunnel.why}; {why}", source), None
        why = f"the packet may be a tunnel, but for those {_none_enabled(device)}"
        return Step(rule, "the outer one", why, source), dissection.outer
    if answer.encapsulation == "NONE":
        return Step(rule, "the outer one", "the packet is not a tunnel", source), dissection.outer
    bit = 1 << (tunnel.encapsulation - 1)
    if device.tunnel_mask & bit:
        return Step(rule, "the inner one", _enabled(device, bit), source), dissection.inner
    why = f"for {answer.encapsulation} {_none_enabled(device)}"
    return Step(rule, "the outer one", why, source), dissection.outer


def _enabled(device: Device, tunnel_types: int) -> str:
    """Say which types the device has that choose the inner header of such tunnels."""
    if device.profile.tunnel_types:
        return f"the tunnel types have {format_mask(device.tunnel_types & tunnel_types, device.profile.tunnel_types)}"
    inner = device.profile.inner_tunnel_types
    mask = sum(bit for bit, types in inner.items() if device.hash_types & bit and types & tunnel_types)
    return f"the hash types have {format_mask(mask, device.profile.hash_types)}"


def _none_enabled(device: Device) -> str:
    if device.profile.tunnel_types:
        return f"no tunnel type is enabled (enabled_tunnel_types: {device.tunnel_types_text})"
    inner = device.hash_types & ~virtio.BASE_HASH_TYPES_MASK
    return f"no tunnel type is among the hash types (of these there are: {format_mask(inner, virtio.INNER_HASH_TYPES)})"


def _type_step(dissection: Dissection, level: Level, answer: Answer) -> Step:
    """Walk the list of hash types that fit a header: the first one enabled wins."""
    place, device = level.place, answer.device
    assert level.internet is not None
    fitting = _fitting_types(level, device.flavor)
    names = ", ".join(name for name, _ in fitting)
    found = next(((name, report) for name, report in fitting if device.base_types & virtio.BASE_HASH_TYPES[name]), None)
    header = f"the {place.part} header is {level.internet.kind}, carrying {level.internet.payload_text}"
    source = "QEMU 7.2" if device.flavor == "qemu" else TYPES_SOURCE
    if found is None:
        agree("the hash type", ("NONE", "none"), (answer.hash_report, answer.header))
        why = f"{header}; of the types that fit, {names}, none is enabled ({device.hash_types_text})"
        return Step("hash type", "none fits: no hash", why, source)
    name, report = found
    order = f"of the types that fit ({names}, in this order), {name} is the first enabled"
    order = f"{name} is the only type that fits, and it is enabled" if len(fitting) == 1 else order
    if answer.hash_report == "UNKNOWN":
        lacking = _lacking(dissection.packet, place, name)
        agree("what is not captured", True, bool(lacking))
        why = "; ".join([dissection.packet.cut, *lacking, header, order])
        return Step("hash type", f"{name}, over bytes that the capture does not show", why, source)
    agree("the hash type", (report, place.part), (answer.hash_report, answer.header))
    over = "addresses and ports" if name.startswith(("TCP", "UDP")) else "addresses"
    taken = _addresses_taken(place) if name.endswith("_EX") else ""
    source = f"{source}; {MOBILITY_SOURCE}" if taken else source
    return Step("hash type", f"{name}: {over} of the {place.part} header", f"{header}; {order}{taken}", source)


def _addresses_taken(place: Place) -> str:
    """Say which addresses of extension headers are hashed instead of those of the IPv6 header."""
    taken = []
    if place.source != place.plain[0]:
        taken.append("the home address in place of the source address")
    if place.destination != place.plain[1]:
        taken.append("the address of the routing header in place of the destination address")
    return f"; it takes {' and '.join(taken)}" if taken else ""


def _transport(level: Level) -> str:
    """Name the transport whose ports could be hashed."""
    if level.place.transport in _TCP:
        return "TCP"
    return "UDP" if level.place.transport in _UDP else ""


def _fitting_types(level: Level, flavor: str) -> list[tuple[str, str]]:
    """List the hash types that fit a header, the one asked for first in front, and what each is reported as."""
    transport = _transport(level)
    version = "4" if level.place.is_ipv4 else "6"
    plain = [(f"{transport}v{version}",) * 2] if transport else []
    plain.append((f"IPv{version}",) * 2)
    extended = [(f"{transport}_EX", f"{transport}v6_EX")] if transport else []
    extended.append(("IP_EX", "IPv6_EX"))
    if level.place.is_ipv4:
        return plain
    if flavor == "qemu":
        return [each for pair in zip(extended, plain, strict=True) for each in pair]
    return [*extended, *plain] if level.place.is_extended else plain


def _lacking(packet: Packet, place: Place, name: str) -> list[str]:
    """Say where those parts stand that a hash type is over and the capture lacks."""
    parts = []
    if name.endswith("_EX"):
        plain_source, plain_destination = place.plain
        source = "source address" if place.source == plain_source else "home address"
        destination = "destination address" if place.destination == plain_destination else "routing header's address"
        length = place.address_len
        parts += [(f"the {source} is", place.source, length), (f"the {destination} is", place.destination, length)]
    if name.startswith(("TCP", "UDP")):
        parts.append(("the ports are", place.payload, kinds.PORTS_LEN))
    missing = [part for part in parts if not packet.has(*part[1:])]
    return [f"{what} at bytes {offset} to {offset + length - 1}" for what, offset, length in missing]
