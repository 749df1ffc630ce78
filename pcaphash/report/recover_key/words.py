"""What was recovered of a hash key in words: one thought per sentence, each number with its meaning."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pcaphash.device.hash_key import TITLES
from pcaphash.errors import Command, Field
from pcaphash.report.words.notes import note_text
from pcaphash.report.words.reach import bits_text, input_text
from pcaphash.report.words.values import count, counted, packets
from pcaphash.studies.recover_key.result import Assumption, RecoveryConclusion, ValueOrder
from pcaphash.studies.recover_key.solution import KEY_BITS

if TYPE_CHECKING:
    from pcaphash.studies.recover_key import Recovery
    from pcaphash.studies.recover_key.result import Fit
    from pcaphash.studies.recover_key.solution import Solution

COLUMNS = (
    "independent: hash inputs that are not sums of others; only these tell something about the key",
    "conflicts: packets whose hashes contradict those of other packets",
    "fits: whether there is a key that gives these hashes",
)
"""What the columns of these names mean."""

_ASSUMPTIONS = {
    Assumption.AS_CONFIGURED: "as configured",
    Assumption.INNER_PORTS: "inner addresses and ports",
    Assumption.OUTER_PORTS: "outer addresses and ports",
    Assumption.INNER_ADDRESSES: "inner addresses",
    Assumption.OUTER_ADDRESSES: "outer addresses",
}
_ORDERS = {
    ValueOrder.AS_REPORTED: "as reported",
    ValueOrder.BYTES_REVERSED: "bytes in the opposite order",
    ValueOrder.BITS_REVERSED: "bits in reversed order",
    ValueOrder.HALVES_SWAPPED: "16-bit halves swapped",
}
_HEADLINES = {
    RecoveryConclusion.COMPLETE: f"The key is known: all {KEY_BITS} bits that a hash can depend on.",
    RecoveryConclusion.COMPLETE_FOR_QUEUES: "All key bits that a receive queue can depend on are known.",
    RecoveryConclusion.UNCERTAIN: "No key is certain.",
    RecoveryConclusion.NO_KEY: "No key produces these hashes.",
    RecoveryConclusion.NO_ORDER: "The key cannot be recovered from this log.",
}


@dataclass(frozen=True)
class RecoveryWords:
    """What was recovered of a key in words, line by line.

    Parameters
    ----------
    headline : str
        How much of the key is known.
    key : list of str
        The key as far as it is known; empty if nothing is.
    findings : list of str
        What it rests on and what it is good for, or why there is no key.
    commands : list of str
        What to do with it.
    notes : list of str
        What is to be known of the values read.
    """

    headline: str
    key: list[str] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def put_into_words(recovery: "Recovery", validate_command: str | None = None) -> RecoveryWords:
    """Write what was recovered of a key for readers.

    Parameters
    ----------
    recovery : Recovery
        The results.
    validate_command : str, optional
        The command that validates the same reported values, without the key.
    """
    best, solution = recovery.best, recovery.solution
    notes = [*map(note_text, recovery.notes), *other_types_texts(recovery)]
    if best is None or solution is None:
        if recovery.queue_sums is not None and recovery.conclusion == RecoveryConclusion.NO_KEY:
            return RecoveryWords("No key produces these receive queues.", findings=_why_no_queues(), notes=notes)
        return RecoveryWords(_HEADLINES[recovery.conclusion], findings=_why_not(recovery.conclusion), notes=notes)
    return RecoveryWords(
        _headline(recovery, solution),
        _key_lines(recovery, solution),
        [*_about_queues(recovery), *_about_fit(recovery, best, solution), *_about_use(recovery)],
        _commands(recovery, solution, validate_command or f"{Command('validate')} TRACE"),
        notes,
    )


def _commands(recovery: "Recovery", solution: "Solution", validate: str) -> list[str]:
    """Say how to validate with the key: a known one by its name, since bits may be open."""
    if not recovery.calculable:
        return []
    open_bits = "" if recovery.is_complete or recovery.known_key else ", with 0 for each unknown bit"
    key = recovery.known_key or solution.hash_key.hex()
    return [f"to validate with it{open_bits}: {validate} {Field('hash_key', key)}"]


def _why_not(conclusion: RecoveryConclusion) -> list[str]:
    """Say why there is no key, and what to do."""
    return {
        RecoveryConclusion.UNCERTAIN: [
            "No key fits the device as configured.",
            "With so few packets, other assumptions below may fit by chance. Give more packets.",
        ],
        RecoveryConclusion.NO_KEY: [
            "Either the device does not use Toeplitz, or it hashes bytes other than those assumed below.",
            f"If you know the key, run `{Command('validate')}` to find out more.",
            f"One kind of traffic may still give the key: select it with {Field('encapsulation')}.",
        ],
        RecoveryConclusion.NO_ORDER: [
            "The log is printed queue by queue, so its lines cannot be matched to packets without the key.",
            "Use one receive queue, or packets of different lengths.",
        ],
    }[conclusion]


def _why_no_queues() -> list[str]:
    """Say why no key fits receive queues, and what to do."""
    table = ", ".join(str(Field(name)) for name in ("ethtool", "queues", "indirection_table"))
    return [
        "No packet has a reported hash, so the receive queues were taken, as the indirection table has them.",
        f"Give the table that the device had: {table}.",
        "If this table is right, flow filters may steer packets, or bytes other than those assumed below are hashed.",
    ]


def assumption_text(assumption: Assumption) -> str:
    """Say what is assumed to be hashed."""
    return _ASSUMPTIONS[assumption]


def order_text(order: ValueOrder) -> str:
    """Say how the bits of a hash are arranged in the reported value."""
    return _ORDERS[order]


def known_name(recovery: "Recovery") -> str:
    """Say whose key it is, if it is a known one; else empty."""
    return TITLES[recovery.known_key] if recovery.known_key else ""


def _headline(recovery: "Recovery", solution: "Solution") -> str:
    if recovery.conclusion in (RecoveryConclusion.COMPLETE, RecoveryConclusion.COMPLETE_FOR_QUEUES):
        return _HEADLINES[recovery.conclusion]
    if recovery.queue_sums is not None:
        usable = KEY_BITS - recovery.beside_queues
        return f"{solution.known_bits} of the {usable} key bits that a receive queue can depend on are known."
    return f"{solution.known_bits} of the {KEY_BITS} key bits that a hash can depend on are known."


def _key_lines(recovery: "Recovery", solution: "Solution") -> list[str]:
    name = known_name(recovery)
    key = f"key: {written_key(solution)}{f', {name}' if name else ''}"
    return [key] if recovery.is_complete else [key, f"mask: {solution.key_mask.hex()}"]


def _about_fit(recovery: "Recovery", best: "Fit", solution: "Solution") -> list[str]:
    """Say what is hashed, and how well the hashes go with it."""
    lines = [f"hashed: {assumption_text(best.assumption)}, {packets(best.packets)}"]
    if not best.is_confirmed:
        left = {0: "No equations are", 1: "Only 1 equation is"}.get(
            best.evidence, f"Only {best.evidence} equations are"
        )
        lines.append(f"{left} left to check the key, so it may be wrong. Give more packets.")
    if best.value_order not in (None, ValueOrder.AS_REPORTED):
        lines.append(f"The hash is reported with its {_ORDERS[best.value_order]}.")
    if solution.has_initial:
        lines.append(
            f"The hash starts at 0x{recovery.initial_value:08x} instead of 0, unless unknown key bits explain this."
        )
    if best.contradictions:
        verb = "contradicts" if best.contradictions == 1 else "contradict"
        numbers = ", ".join(map(count, best.contradicting))
        more = ", ..." if len(best.contradicting) < best.contradictions else ""
        lines.append(f"{packets(best.contradictions)} {verb} the others: {numbers}{more}")
    return lines


def _about_queues(recovery: "Recovery") -> list[str]:
    """Say what receive queues tell, and what they cannot tell."""
    sums = recovery.queue_sums
    if sums is None:
        return []
    n_bits = recovery.beside_queues
    lines = [
        f"from receive queues alone: with this indirection table they tell {masks_text(sums.masks)}",
        f"No receive queue depends on {counted(n_bits, 'other bit', 'other bits')} of the key, so they stay unknown.",
    ]
    tried = 0 if recovery.best is None else recovery.best.tried
    if tried > 1:
        lines.append(f"What else they say is not linear: all {count(tried)} keys that were left were tried.")
    elif not tried and not sums.is_all:
        lines.append("What else these queues say of the table index is not linear, and leaves too many keys to try.")
    return lines


def masks_text(masks: "Iterable[int]") -> str:
    """Name sums of bits of the table index."""
    single = [mask.bit_length() - 1 for mask in masks if mask.bit_count() == 1]
    sums = [
        f"the XOR of {bits_text([bit for bit in range(mask.bit_length()) if mask >> bit & 1])}"
        for mask in masks
        if mask.bit_count() > 1
    ]
    return " and ".join([*([bits_text(single)] if single else []), *sums]) + " of the table index"


def _about_use(recovery: "Recovery") -> list[str]:
    """Say which hashes the known bits give."""
    lines = []
    if recovery.calculable:
        inputs = "; ".join(input_text(each) for each in recovery.calculable)
        lines.append(f"enough to calculate every {_reported(recovery)} of these inputs: {inputs}")
    if recovery.unreported:
        have = "has" if recovery.unreported == 1 else "have"
        lines.append(
            f"{packets(recovery.unreported)} {have} no reported {_reported(recovery)}; of {count(recovery.looked_at)} "
            f"examined, the known bits give {count(recovery.predictable)}"
        )
    return lines


def _reported(recovery: "Recovery") -> str:
    return "hash" if recovery.queue_sums is None else "receive queue"


def other_types_texts(recovery: "Recovery") -> list[str]:
    """Say how many packets report another type than expected, if some do."""
    if recovery.best is None or not recovery.of_other_types:
        return []
    one = recovery.of_other_types == 1
    return [
        f"{packets(recovery.of_other_types)} {'reports' if one else 'report'} another hash type than expected "
        f"({assumption_text(recovery.best.assumption)}) and {'was' if one else 'were'} left out: "
        f"set {Field('hash_types')} to match the device"
    ]


def written_key(solution: "Solution") -> str:
    """Write a key in hexadecimal digits, with ``?`` for those that are not known as a whole."""
    pairs = zip(solution.hash_key.hex(), solution.key_mask.hex(), strict=True)
    # The last bit of the 40 bytes never matters.
    last = 2 * len(solution.hash_key) - 1
    return "".join(
        digit if mask == "f" or (place == last and mask == "e") else "?" for place, (digit, mask) in enumerate(pairs)
    )
