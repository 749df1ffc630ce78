"""Damage in words, which stand here and not with other sentences because errors below the reports quote them."""

from pcaphash.capture.damage import Damage, DamageKind, Defect
from pcaphash.errors import CaptureError, trace_name

_WORDS = {
    DamageKind.CUT_SHORT: "the file ends within a record",
    DamageKind.JOINED_HEADER_CUT_SHORT: "the file ends within the header of another file joined to it",
    DamageKind.RECORD_TOO_LONG: "a record gives its length as {length:,} bytes, which is more than 16 MiB",
    DamageKind.BLOCK_LENGTH_INVALID: "a block gives an impossible length, {length:,} bytes",
    DamageKind.BLOCK_LENGTHS_DIFFER: "the two lengths of a block do not match",
    DamageKind.UNDECLARED_INTERFACE: "a packet names an interface that was not declared",
    DamageKind.PACKET_TOO_LONG: "a packet gives a captured length that its block cannot hold, {length:,} bytes",
    DamageKind.NO_BYTE_ORDER: "a section header has no byte-order magic",
    DamageKind.COMPRESSED_CUT_SHORT: "the compressed data ends early",
    DamageKind.COMPRESSED_DAMAGED: "the compressed data is damaged ({detail})",
    DamageKind.NOT_READ: "{detail}",
}


def defect_text(defect: Defect) -> str:
    """Say what is wrong."""
    return _WORDS[defect.kind].format(length=defect.length, detail=defect.detail)


def problem_text(problem: CaptureError | Damage | str) -> str:
    """Say why a trace could not be read, or only in part."""
    return damage_text(problem) if isinstance(problem, Damage) else str(problem)


def damage_text(damage: Damage) -> str:
    """Say where and why the reading of a trace ended early, in one line that names the trace."""
    return f"{trace_name(damage.trace)}: {place_text(damage)}"


def place_text(damage: Damage) -> str:
    """Say the same without naming the trace."""
    of = " of the decompressed data" if damage.is_compressed else ""
    return f"byte {damage.offset}{of}: {defect_text(damage.defect)}; everything before it was read"
