"""A validation in words: the headline, what was decided, and why packets were not judged."""

from typing import TYPE_CHECKING

from pcaphash.device.flavor import title_of
from pcaphash.errors import Field, trace_name
from pcaphash.report.words.faults import possible_text
from pcaphash.report.words.notes import note_text
from pcaphash.report.words.values import brief_hash_types, count, counted, packets
from pcaphash.studies.validate.catalogue.fault import AS_SPEC
from pcaphash.studies.validate.deciding import ByteOrder, HashOrder, TunnelNames
from pcaphash.studies.validate.result import NoneJudged, ValidationConclusion
from pcaphash.studies.validate.verdicts import NotJudged, PacketVerdict, TunnelNaming

if TYPE_CHECKING:
    from pcaphash.device.device import Device
    from pcaphash.studies.validate import Validation
    from pcaphash.studies.validate.deciding import Decision
    from pcaphash.studies.validate.search.diagnosis import Diagnosis

_MOST_POSSIBLE = 6

_VERDICTS = {
    PacketVerdict.HASH_MISSING: "no hash where one is expected",
    PacketVerdict.HASH_UNEXPECTED: "a hash where none is expected",
    PacketVerdict.WRONG_VALUE: "wrong hash value",
    PacketVerdict.WRONG_TYPE: "wrong hash_report",
    PacketVerdict.WRONG_TUNNEL: "wrong hash_report_tunnel",
    PacketVerdict.WRONG_QUEUE: "wrong receive queue",
}
_NOT_JUDGED = {
    NotJudged.NOTHING_REPORTED: "nothing was reported for {}",
    NotJudged.NOT_SHOWN: "the capture shows too little of {} to tell what is expected",
    NotJudged.OTHER_LINK_TYPE: "the link type of {} is not dissected",
    NotJudged.NOT_THE_DEVICES: "what is reported for {} does not come from the device",
}


def headline(validation: "Validation") -> str:
    """Say in one sentence what was found."""
    if validation.conclusion == ValidationConclusion.NOTHING:
        return f"Nothing could be judged: {why_nothing(validation)}."
    is_right, held_to = validation.conclusion == ValidationConclusion.MATCH, title_of(validation.device.flavor)
    if validation.judged == 1:
        found = "right: the only packet judged matches" if is_right else "wrong: the only packet judged does not match"
        return f"The device is {found} {held_to}."
    judged = f"{packets(validation.judged)} judged"
    if is_right:
        return f"The device is right: all {judged} match {held_to}."
    share = f"{validation.mismatches / validation.judged:.2%}"
    do = "does" if validation.mismatches == 1 else "do"
    return f"The device is wrong: {count(validation.mismatches)} of {judged} ({share}) {do} not match {held_to}."


def by_queue_text(validation: "Validation") -> str:
    """Say how many packets lack a hash that others have reported, to follow the headline; nothing if none do."""
    n = validation.by_queue_alone
    if not n or not validation.reported["hash_value"]:
        return ""
    have, they, their = ("has", "it was", "its") if n == 1 else ("have", "they were", "their")
    return f"{packets(n)} that should have a hash {have} none reported: {they} judged by {their} receive queue alone."


def verdict_text(verdict: PacketVerdict, device: "Device") -> str:
    """Name packets with a verdict; those that match by what the device is held to."""
    if verdict != PacketVerdict.MATCH:
        return _VERDICTS[verdict]
    return "as the spec requires" if device.flavor == AS_SPEC else f"as expected of {title_of(device.flavor)}"


def why_nothing(validation: "Validation") -> str:
    """Say why no packet was judged, without a full stop; nothing if some were."""
    if validation.nothing == NoneJudged.NO_PACKETS:
        return "there are no packets"
    if validation.nothing == NoneJudged.NONE_SELECTED:
        reasons = ", ".join(sorted(validation.reading.left_out))
        return f"all {packets(validation.reading.packets)} are left out ({reasons})"
    if validation.nothing == NoneJudged.NO_QUEUES:
        return "only receive queues are reported, and without the RSS feature the device has none to compare"
    return "; ".join(not_judged_texts(validation)) if validation.nothing else ""


def not_judged_texts(validation: "Validation") -> list[str]:
    """Say how many packets were not judged, and why."""
    return [_NOT_JUDGED[reason].format(packets(n)) for reason, n in validation.not_compared.items()]


def remarks(validation: "Validation") -> list[str]:
    """Say what was decided, and what is to be known of the reported values."""
    texts = [decision_text(decision) for decision in validation.decisions]
    for each in validation.notes:
        text, name = note_text(each.note), trace_name(each.trace)
        texts.append(f"{name}: {text}" if name and not text.startswith(name) else text)
    return texts


def lost_text(validation: "Validation") -> str:
    """Say that a table has as many rows fewer as its values are shifted by."""
    n, diagnosis = validation.lost_rows, validation.diagnosis
    row = "a row was" if n == 1 else "rows were"
    where = "each of these" if diagnosis is not None and len(diagnosis.causes) > 1 else "this"
    return f"The table has {counted(n, 'row', 'rows')} fewer than the trace: {row} probably lost where {where} begins."


def more_stretches_text(diagnosis: "Diagnosis") -> str:
    """Say how many stretches are shifted after those that are told one by one."""
    more = diagnosis.more_stretches
    return (
        f"After these, {counted(more.stretches, 'more stretch', 'more stretches')} of the trace "
        f"{'has' if more.stretches == 1 else 'have'} the hashes of other packets, by other numbers of places: "
        f"{packets(more.explained)}."
    )


def unexplained_text(diagnosis: "Diagnosis", about: str) -> str:
    """Say how many packets nothing explains, or that chance might explain them as well as what would."""
    if diagnosis.constant is not None:
        value = f"Every packet that gets a hash has the same reported one, 0x{diagnosis.constant:08x}"
        return f"{value}: the device, or what logged it, does not report hashes."
    number = f"{about}{packets(diagnosis.unexplained)}"
    if diagnosis.possible:
        return f"Unexplained: {number}. The packets are too few, or too alike, to tell a cause from chance."
    return f"{'Still unexplained:' if diagnosis.causes else 'No known fault explains'} {number}."


def not_shown_text(diagnosis: "Diagnosis", about: str) -> str:
    """Say of how many wrong packets the capture does not show what a device with the faults found would report."""
    number = f"{about}{counted(diagnosis.not_shown, 'more wrong packet', 'more wrong packets')}"
    return f"For {number}, the capture shows too little to tell what such a device would report."


def configured_text(device: "Device") -> str:
    """Say that a device with other types than were given reports all of this."""
    options = [Field("hash_types", brief_hash_types(device))]
    options += [Field("tunnel_types", device.tunnel_types_text)] if device.profile.tunnel_types else []
    return f"With {' '.join(map(str, options))}, all packets judged match. The device may be configured so."


def possible_texts(diagnosis: "Diagnosis") -> list[str]:
    """Say what would explain the unexplained packets, had chance not done as well; nothing where nothing would."""
    some = [possible_text(fault) for fault in diagnosis.possible]
    what = "it" if diagnosis.unexplained == 1 else "all of them"
    if len(some) < 2:
        return [f"{each[0].upper()}{each[1:]} would explain {what}." for each in some]
    rest = len(some) - _MOST_POSSIBLE
    more = [f"- and {count(rest)} more"] if rest > 0 else []
    return [f"Each of these would explain {what}:", *(f"- {each}" for each in some[:_MOST_POSSIBLE]), *more]


def recover_text(validation: "Validation") -> str:
    """Say why one may want to recover the key, to stand before the command."""
    queues = validation.queue_diagnosis
    if queues is not None and queues.is_independent:
        return "Recover the key that the device has from its queues:"
    why = "Every hash is wrong." if validation.is_every_hash_wrong else "No known fault explains these hashes."
    return f"{why} If the device may have another key, recover it from the hashes:"


def decision_text(decision: "Decision") -> str:
    """Say what was decided by the first packets, or by the faults."""
    if isinstance(decision, HashOrder):
        return _hash_order(decision)
    if isinstance(decision, TunnelNames):
        return _tunnel_names(decision)
    return "the diagnosis reads hash options in the opposite byte order, because this needs fewer faults"


def _hash_order(decision: HashOrder) -> str:
    if decision.is_open:
        return (
            f"hash options are read in the byte order of their section: none of the first {count(decision.hashes)} "
            "match in this byte order, and none in the opposite one"
        )
    is_opposite = decision.order == ByteOrder.OPPOSITE
    order = "the opposite byte order" if is_opposite else "the byte order"
    most, least = sorted((decision.as_written, decision.opposite), reverse=True)
    return (
        f"hash options are read in {order} of their section: {count(most)} of the first {count(decision.hashes)} "
        f"match in this byte order, {count(least)} in the opposite one"
    )


def _tunnel_names(decision: TunnelNames) -> str:
    is_every = TunnelNaming.EVERY in decision.namings
    every = "every tunnel packet" if is_every else "every tunnel packet that gets a hash"
    return (
        f"hash_report_tunnel is read as naming the encapsulation of {every}, whichever header is hashed: "
        f"of the first {packets(decision.telling)} in which readings differ, {count(decision.agreeing)} match in this "
        f"one, {count(decision.usual)} in the usual one"
    )
