"""The rules that lead from a packet to its hash type, each with what decided it and where it stands."""

from dataclasses import dataclass

from pcaphash.device.hash_types import format_mask
from pcaphash.errors import Field
from pcaphash.report.explain.internet import internet_words, kind_words, payload_words
from pcaphash.report.explain.links import FLAVOR_SOURCES, cut_words, link_words
from pcaphash.report.explain.tunnels import NAMES, carried_words, tunnel_words
from pcaphash.standards import virtio
from pcaphash.studies.explain.choice import HeaderChoice, HeaderReason, MissingBytes, TypeChoice
from pcaphash.studies.explain.dissection import Encapsulation, Level
from pcaphash.studies.explain.explanation import Explanation
from pcaphash.studies.explain.result import Stripped

TYPES_SOURCE = "virtio 1.4, Hash calculation for incoming packets"
TUNNEL_SOURCES = {"v7": "virtio-net inner header hash, draft v7", "1.4": "virtio 1.4, Inner Header Hash"}
MOBILITY_SOURCE = "RFC 6275 sections 6.3 and 6.4"

_STRIPPED = {
    "erspan": ("ERSPAN", "draft-foschiano-erspan-03 section 4"),
    "vxlan": ("VXLAN", "RFC 7348 section 5"),
    "gre": ("GRE", "RFC 2784 section 2.1"),
}
_NETWORK_NAMES = {"IPv6 with extension headers": "IPv6"}


@dataclass(frozen=True)
class Rule:
    """One rule, applied.

    Parameters
    ----------
    rule : str
        What was to be decided.
    decision : str
        What was decided.
    why : str
        What in the packet or in the configuration decided it.
    source : str
        The section of a standard that says so; if none does, what is usual.
    """

    rule: str
    decision: str
    why: str
    source: str


def rules_before(explanation: Explanation) -> list[Rule]:
    """Say what applies before the packet is looked at."""
    rules = [_stripped_rule(explanation.stripped)] if explanation.stripped else []
    if explanation.direction == "out":
        why = "the capture says that the host sent it: no device steered it, and analyze leaves it out"
        decision = "sent, so the following is what its hash would be"
        rules.append(Rule("direction", decision, why, "the capture"))
    return rules


def rules_of_packet(explanation: Explanation) -> list[Rule]:
    """List the rules that were applied to a packet, up to its hash type or why it has none."""
    outer, inner = explanation.dissection.outer, explanation.dissection.inner
    rules = _level_rules(explanation, outer)
    choice = explanation.header_choice
    if choice is None:
        return rules
    rules += [_encapsulation_rule(explanation), _header_rule(explanation, choice)]
    if choice.part == "inner" and inner:
        rules += _level_rules(explanation, inner)
    if choice.falls_back:
        why = f"the inner packet is not IP, and {Field('inner_miss', 'outer')} is set"
        source = "not in a virtio spec"
        rules.append(Rule("header to hash", "the outer one after all", why, f"{source}: some devices do this"))
    if explanation.type_choice:
        rules.append(_type_rule(explanation, explanation.type_choice))
    return rules


def _stripped_rule(stripped: Stripped) -> Rule:
    """Say what a mirror session put around the packet."""
    name, source = _STRIPPED[stripped.kind]
    if stripped.is_cut:
        why = f"the capture ends within the {name} header, or before it"
        return Rule("mirror session", "the mirrored packet is not shown", why, source)
    why = (
        f"{Field('strip', stripped.kind)}: these bytes belong to the mirror session. The NIC received what follows; "
        "offsets count from there"
    )
    decision = f"{stripped.n_bytes} bytes up to the end of the {name} header are removed"
    return Rule("mirror session", decision, why, source)


def _level_rules(explanation: Explanation, level: Level) -> list[Rule]:
    """Say what the link layer and the IP header of one packet are."""
    dissection, packet = explanation.dissection, explanation.dissection.packet
    flavor = explanation.answer.device.flavor
    why, source = link_words(dissection, level, flavor) if level.links else carried_words(dissection)
    if level.ip is None:
        return [Rule(f"{level.part} link layer", _outcome(level), why, source)]
    kind = kind_words(level)
    found = f"{_NETWORK_NAMES.get(kind, kind)} at byte {level.ip.offset}"
    decision = _outcome(level)
    if level.is_ip:
        decision = f"{kind}, carrying {payload_words(packet, level)} at byte {level.payload}"
    link = Rule(f"{level.part} link layer", found, why, source)
    return [link, Rule(f"{level.part} IP header", decision, *internet_words(packet, level, flavor))]


def _outcome(level: Level) -> str:
    """Say what follows if there is no IP header to hash."""
    if level.is_not_ip:
        return "not IP: no hash" if level.part == "outer" else "not IP: no hash, and never the hash of the outer header"
    if level.is_too_short:
        return "unknown: the packet ends too early"
    return "unknown: the capture ends too early" if level.is_cut else "unknown: such packets are not dissected"


def _encapsulation_rule(explanation: Explanation) -> Rule:
    """Say what the packet is."""
    answer, dissection = explanation.answer, explanation.dissection
    found, profile = dissection.encapsulation, answer.device.profile
    why, source = tunnel_words(dissection, answer.device)
    if found == Encapsulation.NONE:
        return Rule("encapsulation", "none", why, source)
    if answer.encapsulation == "NONE":
        unknown = f"{profile.title} has no such tunnel"
        if found.is_tunnel:
            unknown = f"{profile.title} does not know {NAMES[found]}"
        decision = f"none that {profile.title} knows"
        return Rule("encapsulation", decision, f"{why}; {unknown}", TUNNEL_SOURCES[profile.name])
    if not found.is_tunnel:
        return Rule("encapsulation", "unknown: the capture ends too early", why, source)
    is_nvgre = answer.encapsulation == "GRE" and found == Encapsulation.NVGRE
    name = "GRE (NVGRE)" if is_nvgre else answer.encapsulation
    assert dissection.outer.tunnel is not None
    return Rule("encapsulation", f"{name}, inner packet at byte {dissection.outer.tunnel.end}", why, source)


def _header_rule(explanation: Explanation, choice: HeaderChoice) -> Rule:
    """Say which header is to be hashed."""
    answer = explanation.answer
    enabled, none = _enabled_words(explanation, choice), _none_enabled_words(explanation)
    cut = tunnel_words(explanation.dissection, answer.device)[0]
    why = {
        HeaderReason.NOT_A_TUNNEL: "the packet is not a tunnel",
        HeaderReason.ENABLED: enabled,
        HeaderReason.NOT_ENABLED: f"for {answer.encapsulation} {none}",
        HeaderReason.MAY_BE_NOT_ENABLED: f"the packet may be a tunnel, but for those {none}",
        HeaderReason.MAY_BE_ENABLED: f"{cut}; the packet may be a tunnel whose inner header is hashed: {enabled}",
    }[choice.reason]
    decision = {"outer": "the outer one", "inner": "the inner one", "": "unknown: outer or inner"}[choice.part]
    return Rule("header to hash", decision, why, TUNNEL_SOURCES[answer.device.spec])


def _enabled_words(explanation: Explanation, choice: HeaderChoice) -> str:
    """Say which types the device has that choose the inner header of such tunnels."""
    device = explanation.answer.device
    if device.profile.tunnel_types:
        named = format_mask(device.tunnel_types & choice.tunnel_types, device.profile.tunnel_types)
        return f"the tunnel types include {named}"
    inner = device.profile.inner_tunnel_types
    mask = sum(bit for bit, types in inner.items() if device.hash_types & bit and types & choice.tunnel_types)
    return f"the hash types include {format_mask(mask, device.profile.hash_types)}"


def _none_enabled_words(explanation: Explanation) -> str:
    device = explanation.answer.device
    if device.profile.tunnel_types:
        return f"no tunnel type is enabled (enabled_tunnel_types: {device.tunnel_types_text})"
    inner = device.hash_types & ~virtio.BASE_HASH_TYPES_MASK
    return f"no tunnel type is among the hash types (of these there are: {format_mask(inner, virtio.INNER_HASH_TYPES)})"


def _type_rule(explanation: Explanation, choice: TypeChoice) -> Rule:
    """Walk the list of hash types that fit a header: the first one enabled wins."""
    device, packet, level = explanation.answer.device, explanation.dissection.packet, choice.level
    names = ", ".join(choice.fitting)
    header = f"the {level.part} header is {kind_words(level)}, carrying {payload_words(packet, level)}"
    source = FLAVOR_SOURCES.get(device.flavor, TYPES_SOURCE)
    if not choice.chosen:
        why = f"{header}; of the types that fit, {names}, none is enabled ({device.hash_types_text})"
        return Rule("hash type", "none fits: no hash", why, source)
    order = f"of the types that fit ({names}, in this order), {choice.chosen} is the first enabled"
    if len(choice.fitting) == 1:
        order = f"{choice.chosen} is the only type that fits, and it is enabled"
    if choice.missing:
        why = "; ".join([cut_words(packet), *map(_missing_words, choice.missing), header, order])
        return Rule("hash type", f"{choice.chosen}, over bytes that the capture does not show", why, source)
    over = "addresses and ports" if choice.has_ports else "addresses"
    taken = _addresses_taken(level) if choice.is_extended else ""
    source = f"{source}; {MOBILITY_SOURCE}" if taken else source
    return Rule("hash type", f"{choice.chosen}: {over} of the {level.part} header", f"{header}; {order}{taken}", source)


def _missing_words(missing: MissingBytes) -> str:
    verb = "are" if missing.name == "ports" else "is"
    return f"the {missing.name} {verb} at bytes {missing.offset} to {missing.offset + missing.length - 1}"


def _addresses_taken(level: Level) -> str:
    """Say which addresses of extension headers are hashed instead of those of the IPv6 header."""
    taken = []
    if level.home_address:
        taken.append("the home address in place of the source address")
    if level.routing_address:
        taken.append("the address of the routing header in place of the destination address")
    return f"; it takes {' and '.join(taken)}" if taken else ""
