"""What is to be known of hash keys in words: one thought per sentence, each number with its meaning."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pcaphash.device.hash_key import TITLES
from pcaphash.report.words.device import is_key_assumed
from pcaphash.report.words.reach import dependencies_text, input_text, reach_text
from pcaphash.report.words.values import count, counted
from pcaphash.studies.key.facts import HASH_BITS, USED_BYTES, InputPart, Reachable, Symmetry, Varying, Weakness
from pcaphash.studies.shared.linear.hash_input import HashInput
from pcaphash.studies.shared.linear.index_bits import index_bits_of

if TYPE_CHECKING:
    from pcaphash.studies.key.facts import InputFacts, KeyFacts
    from pcaphash.studies.shared.linear.reach import Reach

_SMALL_POWER = 20  # up to which powers of two are written out
_PARTS = {
    InputPart.SOURCE_ADDRESS: "the source address",
    InputPart.DESTINATION_ADDRESS: "the destination address",
    InputPart.SOURCE_PORT: "the source port",
    InputPart.DESTINATION_PORT: "the destination port",
}
_VARYING = {
    Varying.SOURCE_PORT: "source port",
    Varying.SOURCE_ADDRESS: "source address",
    Varying.SOURCE: "source",
    Varying.ALL: "everything",
}
_BY = {
    Varying.SOURCE_PORT: "the source port",
    Varying.SOURCE_ADDRESS: "the source address",
    Varying.SOURCE: "the source address with the port",
    Varying.ALL: "all bits",
}
_PORT_INPUTS = (HashInput.IPV4_PORTS, HashInput.IPV6_PORTS)


@dataclass(frozen=True)
class KeyWords:
    """What is said of one key: the headline, what speaks against it, what an attacker can do, what traffic reaches."""

    headline: str
    reasons: list[str]
    attacks: list[str]
    traffic: list[str]

    @property
    def lines(self) -> list[str]:
        """Everything, line by line."""
        return [self.headline, *self.reasons, *self.attacks, *self.traffic]


def put_into_words(facts: "KeyFacts", reaches: "tuple[Reach, ...]" = ()) -> KeyWords:
    """Write for readers what is to be known of a key, and what the hash inputs of traces reach with it."""
    return KeyWords(
        _headline(facts),
        [
            *(line for weakness in facts.weaknesses for line in _weakness(weakness, facts)),
            *_length(facts),
            *_table(facts),
        ],
        _attacks(facts),
        [reach_text(reach) for reach in reaches],
    )


def varying_text(varying: Varying) -> str:
    """Say what varies."""
    return _VARYING[varying]


def power_text(exponent: int) -> str:
    """Write a power of two."""
    return count(1 << exponent) if exponent <= _SMALL_POWER else f"2^{exponent}"


def _headline(facts: "KeyFacts") -> str:
    weaknesses = facts.weaknesses
    n_entries = count(len(facts.device.indirection_table))
    if Weakness.ZERO in weaknesses:
        hash_value = f"{facts.constant_hash:#010x}" if facts.constant_hash else "0"
        return f"The key is all zero: every hash is {hash_value}, and all packets with a hash go to one receive queue."
    if not facts.inputs:
        transform, flavor = facts.device.input_transform, facts.device.flavor
        name = flavor if transform == "none" else transform
        return (
            f"With {name}, source and destination are combined before they are hashed, so only traces show which table "
            "entries are reached."
        )
    if Weakness.LOW_RANK in weaknesses:
        return "The key is weak: with it, some traffic reaches fewer table entries than with other keys."
    if Weakness.FEW_HASHES in weaknesses:
        return _few_hashes_headline(facts.inputs)
    if Weakness.IGNORED_BITS in weaknesses:
        return "The key is weak: hashes do not depend on all that is hashed."
    has_structure = bool({Weakness.SYMMETRIC, Weakness.REPEATING} & set(weaknesses))
    key = "assumed key" if is_key_assumed(facts.device) else "key"
    verdict = f"The {key} has structure" if has_structure else f"The {key} has no weakness"
    if Weakness.PUBLISHED in weaknesses and not has_structure:
        verdict = f"Apart from being published, the {key} has no weakness"
    if not any(each.choices for each in facts.inputs):
        return f"{verdict}." if has_structure else f"{verdict} in what could be examined."
    reached = f"an address or a source port that takes every value reaches all {n_entries} table entries"
    if len(facts.device.indirection_table) == 1:
        reached = "the table has only one entry"
    if any(choice.rank < choice.index_bits for each in facts.inputs for choice in each.choices):
        reached = "nothing that varies reaches fewer table entries than with 99 of 100 random keys"
    return f"{verdict}, but {reached}." if has_structure else f"{verdict}: {reached}."


def _weakness(weakness: Weakness, facts: "KeyFacts") -> list[str]:
    match weakness:
        case Weakness.LOW_RANK:
            return _low_rank(facts.inputs)
        case Weakness.FEW_HASHES:
            return _few_hashes(facts.inputs)
        case Weakness.IGNORED_BITS:
            return [_ignored(each) for each in facts.inputs if each.ignored]
        case Weakness.SYMMETRIC:
            return [*_symmetric(facts, Symmetry.HASH), *_symmetric(facts, Symmetry.INDEX)]
        case Weakness.REPEATING:
            period = facts.period or 0
            windows = counted(period, "window", "different windows")
            return [f"It repeats itself after {counted(period, 'bit', 'bits')}: it has only {windows} of 32 bits."]
        case Weakness.PUBLISHED:
            return [f"It is published ({TITLES[facts.name]}), so anybody can calculate its hashes."]
    return []


def _low_rank(inputs: "Sequence[InputFacts]") -> list[str]:
    """Say what reaches too little, and what that has in common; a line for all of which the same holds."""
    kinds: dict[str, list[str]] = {}
    for each in inputs:
        for told in _low_ranks(each):
            kinds.setdefault(told, []).append(input_text(each.kind))
    return [
        f"{'Every input' if 1 < len(names) == len(inputs) else ' or '.join(names)}: {told}"
        for told, names in kinds.items()
    ]


def _low_ranks(each: "InputFacts") -> list[str]:
    same: dict[str, list[Reachable]] = {}
    for choice in each.choices:
        if choice.is_weak:
            same.setdefault(dependencies_text(choice.dependencies), []).append(choice)
    lines = []
    for why, choices in same.items():
        *names, last = [_BY[choice.varying] for choice in choices]
        by = f"{', '.join(names)} or {last}" if names else last
        entries = f"{count(choices[0].reachable)} of {count(1 << choices[0].index_bits)} table entries"
        lines.append(f"{by} can reach only {entries}: {why}.")
    return lines


def _few_hashes_headline(inputs: "Sequence[InputFacts]") -> str:
    ranks = {each.hash_rank for each in inputs}
    values = counted(1 << min(ranks), "hash value", "different hash values")
    return f"The key is weak: it gives only {values}{' to some inputs' if len(ranks) > 1 else ''}."


def _few_hashes(inputs: "Sequence[InputFacts]") -> list[str]:
    ranks = {each.hash_rank for each in inputs}
    few = [each for each in inputs if each.hash_rank < HASH_BITS]
    few = few[:1] if len(ranks) == 1 else few
    lines = []
    for each in few:
        if not each.hash_rank:
            name = "All hashes" if len(ranks) == 1 else f"{input_text(each.kind)}: all hashes"
            lines.append(f"{name} are the same.")
            continue
        hashes = "Hashes" if len(ranks) == 1 else f"{input_text(each.kind)}: hashes"
        values, bits = counted(1 << each.hash_rank, "value", "values"), counted(each.hash_rank, "bit", "bits")
        lines.append(f"{hashes} have only {values}: {bits} of {HASH_BITS} can vary.")
    return lines


def _ignored(each: "InputFacts") -> str:
    fields = [f"{counted(n, 'bit', 'bits')} of {_PARTS[part]}" for part, n in each.ignored.items()]
    return f"{input_text(each.kind)}: hashes do not depend on {', '.join(fields)}, where the key is zero."


def _symmetric(facts: "KeyFacts", symmetry: Symmetry) -> list[str]:
    kinds = [each.kind for each in facts.inputs if each.symmetry == symmetry]
    if not kinds:
        return []
    what = "hash" if symmetry == Symmetry.HASH else "table index"
    of = "" if len(kinds) == len(facts.inputs) else f" of {', '.join(input_text(kind) for kind in kinds)}"
    return [f"It is symmetric: packets with source and destination swapped have the same {what}{of}."]


def _length(facts: "KeyFacts") -> list[str]:
    """Say what is too short, too long or padded about a key."""
    n_bytes = counted(len(facts.device.hash_key), "byte", "bytes")
    lines = []
    if facts.too_short_for:
        needed = [f"{n} for {input_text(kind)}" for kind, n in facts.too_short_for.items()]
        lines.append(f"It has {n_bytes}, too few for hash types that are not enabled here: {', '.join(needed)}.")
    if facts.zero_tail and not facts.is_zero:
        lines.append(f"Its last {counted(facts.zero_tail, 'byte is', 'bytes are')} zero, as if it had been padded.")
    if facts.unused:
        lines.append(f"It has {n_bytes}; no hash depends on those after the first {USED_BYTES}.")
    return lines


def _table(facts: "KeyFacts") -> list[str]:
    """Say why there are no ranks, if the hash is linear but the table index is not made of its bits."""
    n_entries = len(facts.device.indirection_table)
    if not facts.inputs or index_bits_of(facts.device) is not None:
        return []
    if not facts.device.has_queue:
        return ["Without RSS there is no table whose entries could be reached."]
    return [
        f"The table has {count(n_entries)} entries, which is not a power of two, so it was not examined which of them "
        "can be reached."
    ]


def _attacks(facts: "KeyFacts") -> list[str]:
    """Say what somebody can do who knows the key and chooses source ports."""
    lines: dict[str, list[str]] = {}
    if facts.is_zero or len(facts.device.indirection_table) == 1:
        return []
    for each in facts.inputs:
        for choice in each.choices:
            if each.kind in _PORT_INPUTS and choice.varying == Varying.SOURCE_PORT and choice.rank:
                version = "IPv4" if each.kind == HashInput.IPV4_PORTS else "IPv6"
                lines.setdefault(_aimed(choice, facts.device.indirection_table), []).append(version)
    return [
        f"An attacker who knows the key can choose source ports: between two "
        f"{'' if len(lines) == 1 else f'{versions[0]} '}addresses, {aimed}."
        for aimed, versions in lines.items()
    ]


def _aimed(choice: Reachable, table: "Sequence[int]") -> str:
    """Say where source ports lead that are chosen."""
    ports = counted(choice.per_entry, "port leads", "ports lead")
    if choice.rank < choice.index_bits:
        return f"{ports} to each of {count(choice.reachable)} of the {count(len(table))} table entries"
    most = max(table.count(queue) for queue in set(table)) * choice.per_entry
    return f"{ports} to each of the {count(len(table))} table entries, and up to {count(most)} to one receive queue"
