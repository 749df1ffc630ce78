"""Kinds of packets and stretches of a trace in words."""

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from pcaphash.errors import trace_name
from pcaphash.report.words.values import count, counted, moment
from pcaphash.standards import ip
from pcaphash.studies.validate.search.traits import ICMP, Span, Trait, TraitKind

if TYPE_CHECKING:
    from pcaphash.studies.validate import Validation
    from pcaphash.studies.validate.search.blank import Blank
    from pcaphash.studies.validate.search.kinship import Common

_PROTOCOLS = {number: name.upper() for name, number in ip.PROTOCOL_NAMES.items()}
_EXTENSIONS = {
    ip.HOP_BY_HOP: "a hop-by-hop options header",
    ip.ROUTING: "a routing header",
    ip.FRAGMENT: "a fragment header",
    ip.AUTHENTICATION: "an authentication header",
    ip.DESTINATION_OPTIONS: "a destination options header",
    ip.MOBILITY: "a mobility header",
}


def trait_text(trait: "Trait") -> str:
    """Name packets that have a trait, in the plural."""
    kind, subject = trait.kind, trait.subject
    if kind == TraitKind.FRAGMENT:
        return f"{subject} fragments" if subject else "fragments"
    if kind == TraitKind.EXTENSION:
        header = "extension headers" if subject is None else _EXTENSIONS[int(subject)]
        return f"IPv6 packets with {header}"
    if kind == TraitKind.TAGS and subject is not None:
        return (
            f"packets with {counted(int(subject), 'VLAN tag', 'VLAN tags')}"
            if subject
            else "packets without a VLAN tag"
        )
    if trait == Trait(TraitKind.TAGS):
        return "packets with VLAN tags"
    if trait == Trait(TraitKind.PROTOCOL, ICMP):
        return "ICMP and ICMPv6 packets"
    if kind == TraitKind.PROTOCOL:
        return f"{_PROTOCOLS.get(int(subject or 0), f'IP protocol {subject}')} packets"
    if kind == TraitKind.ENCAPSULATION:
        return "packets without a tunnel" if subject == "NONE" else f"{subject} packets"
    if kind == TraitKind.REPORT:
        return "packets for which no hash is expected" if subject == "NONE" else f"packets of type {subject}"
    if kind in (TraitKind.SOURCE, TraitKind.DESTINATION):
        return f"packets {'from' if kind == TraitKind.SOURCE else 'to'} {ip_address(bytes.fromhex(str(subject)))}"
    return _TEXTS[kind].format(subject)


_TEXTS = {
    TraitKind.OPTIONS: "IPv4 packets with options",
    TraitKind.SHORT: "packets that end within the TCP or UDP header",
    TraitKind.FLAG: "TCP packets with the {} flag",
    TraitKind.INNER: "tunnel packets whose inner header is hashed",
    TraitKind.VERSION: "IPv{} packets",
    TraitKind.INNER_VERSION: "tunnel packets with IPv{} inside",
    TraitKind.HASHED_VERSION: "packets whose hashed header is IPv{}",
    TraitKind.PORTS: "IPv{} packets with ports",
    TraitKind.OUTER_PORT: "tunnel packets to port {}",
    TraitKind.INTERFACE: "packets of interface {}",
    TraitKind.FLOW: "packets of one flow",
    TraitKind.SOURCE_PORT: "packets from port {}",
    TraitKind.DESTINATION_PORT: "packets to port {}",
}


def part_text(part: "Trait | Span", validation: "Validation") -> str:
    """Name a part of the packets, to follow a comma."""
    return span_text(part, validation) if isinstance(part, Span) else f"only for {trait_text(part)}"


def span_text(span: Span, validation: "Validation") -> str:
    """Name a stretch of the trace; where not all packets were kept, it starts and ends about there."""
    ends, about = [], "" if validation.is_whole else "about "
    for word, position, time in (("from", span.first, span.first_ns), ("up to", span.last, span.last_ns)):
        if position is not None:
            example = validation.examples[position]
            place = f" of {trace_name(example.trace)}" if example.trace else ""
            when = "" if time is None else f" ({moment(time)})"
            ends.append(f"{word} {about}packet {count(example.packet)}{place}{when}")
    return " ".join(ends) + (" on" if span.last is None else "")


def common_text(common: "Common", validation: "Validation", packets: int) -> str:
    """Say what unexplained packets have in common."""
    all_of_them = "Both" if packets == 2 else f"All {count(packets)}"
    found = []
    if common.traits:
        kinds = ", and ".join(map(trait_text, common.traits))
        others = counted(common.others, "other packet", "other packets")
        so_are = f"so {'is' if common.others == 1 else 'are'} {others}" if common.others else "no others are"
        found.append(f"{all_of_them} are {kinds}; {so_are}.")
    if common.span:
        there = "packet there that gets a hash is right" if common.is_of_hashed else "packet judged there matches"
        found.append(f"{all_of_them} occur {span_text(common.span, validation)}, and no {there}.")
    return " ".join(found)


def blank_text(blank: "Blank") -> str:
    """Say of which kinds packets are that have no hash reported."""
    kinds = ", and ".join(map(trait_text, blank.traits))
    all_of_them = "Both" if blank.packets == 2 else f"All {count(blank.packets)}"
    return (
        f"{all_of_them} packets that should have a hash and have none reported are {kinds}; of "
        f"{counted(blank.examined, 'packet', 'packets')} examined with a hash, none are."
    )


def sampled_text(share: float) -> str:
    """Say that hashes are missing at random."""
    return f"About {share:.0%} of packets of every kind get a hash, chosen at random: the device may sample."


def part_document(part: "Trait | Span", validation: "Validation") -> dict[str, Any]:
    """Return a part of the packets as JSON has it."""
    words = part_text(part, validation)
    if not isinstance(part, Span):
        return {"kind": part.kind, "subject": part.subject, "words": words}
    ends = [None if each is None else validation.examples[each].packet for each in (part.first, part.last)]
    return {
        "kind": "span",
        "first_packet": ends[0],
        "last_packet": ends[1],
        "first_ns": part.first_ns,
        "last_ns": part.last_ns,
        "words": words,
    }
