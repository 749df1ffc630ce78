"""Why packets came to wrong receive queues, in words."""

from typing import TYPE_CHECKING

from pcaphash.errors import Field
from pcaphash.report.validate.kind_words import part_text, trait_text
from pcaphash.report.words.faults import fault_text
from pcaphash.report.words.values import count, packets
from pcaphash.studies.validate.queues.rule import QueueRuleKind
from pcaphash.studies.validate.queues.steering import Followed

if TYPE_CHECKING:
    from pcaphash.device import Device
    from pcaphash.studies.validate import Validation
    from pcaphash.studies.validate.queues.rule import QueueRule
    from pcaphash.studies.validate.queues.rules import QueueDiagnosis
    from pcaphash.studies.validate.queues.steered import SteeredKinds
    from pcaphash.studies.validate.queues.steering import FollowedHashes

_FILTERS = "flow filters (ntuple rules)"


def queue_sentences(queues: "QueueDiagnosis", validation: "Validation", about: str) -> list[str]:
    """Say why packets came to wrong receive queues.

    Parameters
    ----------
    queues : QueueDiagnosis
        What was found.
    validation : Validation
        What it is part of.
    about : str
        Put in front of counts that are estimates.
    """
    of_hashed = [rule for rule in queues.rules if not rule.of_unhashed]
    sentences = [
        f"{'Or it' if position else 'The device'} {rule_text(rule, validation)}."
        for position, rule in enumerate(of_hashed)
    ]
    of_unhashed = [rule for rule in queues.rules if rule.of_unhashed]
    sentences += [
        f"{'Or it' if position else 'The device'} {rule_text(rule, validation)}."
        for position, rule in enumerate(of_unhashed)
    ]
    if queues.beyond:
        sentences.append(
            f"{about.capitalize()}{packets(queues.beyond)} arrived on receive queues that this device does not have: "
            f"it has {validation.device.queues} ({Field('queues')})."
        )
    if queues.rules and queues.unexplained:
        elsewhere = f"{about.capitalize()}{packets(queues.unexplained)} arrived on other queues"
        sentences.append(f"{elsewhere}: {_FILTERS} or RSS contexts can cause this.")
    elif queues.matching:
        matching, hashes = queues.matching
        sentences.append(
            f"The queues do not depend on the expected hashes: {count(matching)} of {count(hashes)} different hashes "
            "lead to the expected queue, as many as by chance. The device may have another key."
        )
    elif queues.steered:
        sentences += _steered(queues, about)
    elif not queues.rules:
        is_one = queues.packets == 1
        sentences.append(
            f"No rule explains {'this packet' if is_one else f'them: {_hashes(queues)}'}. {_FILTERS.capitalize()}, RSS "
            "contexts, or an indirection table that changed during the trace can cause this."
        )
    return sentences


def steering_text(steering: "FollowedHashes", about: str) -> str:
    """Say which hashes receive queues follow, the expected or the reported ones."""
    told = f"{about}{packets(steering.packets)}"
    if steering.packets != steering.telling:
        told = f"{about}{count(steering.packets)} of {packets(steering.telling)}"
    told = f"{told} whose expected and reported hash lead to different queues"
    if steering.follows == Followed.EXPECTED:
        return f"The receive queues follow the expected hashes ({told}): steering is right, only the report is wrong."
    return f"The receive queues follow the reported hashes ({told}): the device steers by what it reports."


def _steered(queues: "QueueDiagnosis", about: str) -> list[str]:
    """Say which kinds of packets came to one queue each, and how many others are left."""
    sentences = [f"{steered_text(each, about)}." for each in queues.steered]
    left = queues.packets - sum(each.packets for each in queues.steered)
    others = f" {about.capitalize()}{packets(left)} on other wrong queues have no kind in common." if left > 0 else ""
    return [*sentences, f"{_FILTERS.capitalize()} or RSS contexts can cause this.{others}"]


def steered_text(steered: "SteeredKinds", about: str) -> str:
    """Say which packets came to one queue, without the full stop."""
    kinds = ", and ".join(map(trait_text, steered.traits))
    number = f"{about}{packets(steered.packets)}"
    went = f"{number[0].upper()}{number[1:]} went to receive queue {steered.queue}"
    return f"{went}: all of them are {kinds}, and of {packets(steered.examined)} examined on other queues, none are"


def _hashes(queues: "QueueDiagnosis") -> str:
    """Say how many of the packets have a hash."""
    said = []
    if queues.hashed:
        have = "has" if queues.hashed == 1 else "have"
        several = "one hash" if queues.hash_values == 1 else f"{count(queues.hash_values)} different hashes"
        said.append(f"{packets(queues.hashed)} {have} {several}")
    if queues.unhashed:
        said.append(f"{packets(queues.unhashed)} {'has' if queues.unhashed == 1 else 'have'} none")
    return ", ".join(said)


def rule_text(rule: "QueueRule", validation: "Validation") -> str:
    """Say how a device chooses receive queues, to follow "the device"."""
    text = _chooses(rule, validation.device)
    if rule.part is not None:
        text = f"{text}, {part_text(rule.part, validation)}"
    return f"{text} (of the hash itself, not of what it reports)" if rule.of_own_hash else text


def _chooses(rule: "QueueRule", device: "Device") -> str:
    number = rule.number or 0
    if rule.kind == QueueRuleKind.OTHER_TABLE:
        return _other_table(rule)
    if rule.kind == QueueRuleKind.ANOTHER_HASH:
        does = ", and ".join(map(fault_text, rule.faults))
        return f"chooses the queue by a hash other than the one it reports: it {does}"
    return {
        QueueRuleKind.ONE_QUEUE: f"sends every packet with a hash to receive queue {number}",
        QueueRuleKind.MODULO_QUEUES: (
            f"takes the hash modulo the number of receive queues, {number}"
            if number == device.queues
            else f"takes the hash modulo {number}"
        ),
        QueueRuleKind.INDEX_BITS: (
            f"indexes the table with bits {number} to {number + _bits(len(device.indirection_table)) - 1} of the hash"
        ),
        QueueRuleKind.FOLDED: "indexes the table with the XOR of the two 16-bit halves of the hash",
        QueueRuleKind.HIGH_BITS: f"indexes the table with the highest {number} bits of the hash",
        QueueRuleKind.BYTE_SWAPPED: "indexes the table with the hash in the opposite byte order",
        QueueRuleKind.SCALED: f"scales the hash to the number of receive queues, (hash * {number}) >> 32",
        QueueRuleKind.FIRST: (
            f"uses only {_bits(number)} bits of the hash, not {_bits(len(device.indirection_table))}"
        ),
        QueueRuleKind.OTHER_QUEUES: (
            f"has receive queues 0 to {number - 1} ({Field('queues', number)}), with entry i of its table leading to "
            f"i % {number}"
        ),
        QueueRuleKind.TABLE_OF: (
            f"has a table of {count(number)} entries, with entry i leading to queue i % {device.queues}"
        ),
        QueueRuleKind.UNCLASSIFIED_QUEUE: (
            f"sends packets without a hash to receive queue {number}, not to {device.unclassified_queue}"
        ),
        QueueRuleKind.FIRST_ENTRY: (
            f"sends packets without a hash where entry 0 of its table leads, to receive queue {number}, not to "
            f"{device.unclassified_queue}"
        ),
    }[rule.kind]


def _other_table(rule: "QueueRule") -> str:
    seen = len(rule.table or ())
    lead = "leads" if rule.entries_elsewhere == 1 else "lead"
    text = f"has another indirection table: {rule.entries_elsewhere} of {seen} entries seen {lead} to other queues"
    if rule.is_one_hash_each:
        return f"{text}; or {_FILTERS} steer these packets, since each entry was seen with only one hash"
    return text


def _bits(entries: int) -> int:
    return entries.bit_length() - 1
