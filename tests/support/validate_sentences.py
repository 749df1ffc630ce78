"""Every sentence of ``validate``, and of what is to be known of reported values, made of facts."""

from collections.abc import Iterator
from dataclasses import replace

from pcaphash import Device
from pcaphash.capture.reported import notes
from pcaphash.capture.reported.notes import HeaderField, Lack, Note
from pcaphash.device.flavor import FLAVORS
from pcaphash.engine.reading import Reading
from pcaphash.report.validate.kind_words import blank_text, common_text, part_text, sampled_text, trait_text
from pcaphash.report.validate.queue_words import queue_sentences, steering_text
from pcaphash.report.validate.words import (
    by_queue_text,
    decision_text,
    headline,
    lost_text,
    more_stretches_text,
    not_shown_text,
    possible_texts,
    recover_text,
    unexplained_text,
    verdict_text,
)
from pcaphash.report.words.faults import device_text, fault_text, traffic_texts
from pcaphash.report.words.notes import note_text
from pcaphash.studies.validate import Validation
from pcaphash.studies.validate.catalogue.fault import READING, Fault, FaultKind
from pcaphash.studies.validate.catalogue.hash_faults import ONLY
from pcaphash.studies.validate.catalogue.layouts import PARTS_OF_IPV6, WIDE_IPV4
from pcaphash.studies.validate.deciding import ByteOrder, FewerFaults, HashOrder, TunnelNames
from pcaphash.studies.validate.log import notes as log_notes
from pcaphash.studies.validate.log.notes import MatchedBy
from pcaphash.studies.validate.queues.rule import QueueRule, QueueRuleKind
from pcaphash.studies.validate.queues.rules import QueueDiagnosis
from pcaphash.studies.validate.queues.steered import SteeredKinds
from pcaphash.studies.validate.queues.steering import Followed, FollowedHashes
from pcaphash.studies.validate.result import Example, TraceNote
from pcaphash.studies.validate.search.blank import Blank
from pcaphash.studies.validate.search.diagnosis import Diagnosis, FaultCause
from pcaphash.studies.validate.search.displacement import MoreStretches
from pcaphash.studies.validate.search.fields import Besides
from pcaphash.studies.validate.search.kinship import Common
from pcaphash.studies.validate.search.traits import Span, Trait, TraitKind
from pcaphash.studies.validate.verdicts import FAULTS, NotJudged, PacketVerdict, TunnelNaming

SUBJECTS = {
    FaultKind.FLAVOR: ["qemu", "qemu-ebpf", "qemu-ebpf-inner", "ena-gen4", "ena-gen5", "corundum", "vpp"],
    FaultKind.OUTER_OF: ["VXLAN_GPE"],
    FaultKind.INNER_OF: ["GRE_2784"],
    FaultKind.WITHOUT: ["TCPv4"],
    FaultKind.WITH: ["UDP_EX", "VXLAN_INNER"],
    FaultKind.KEY: ["mlx5"],
    FaultKind.KEY_SHIFTED_LEFT: [1, 8],
    FaultKind.KEY_SHIFTED_RIGHT: [2, 16],
    FaultKind.KEY_ROTATED_LEFT: [7],
    FaultKind.KEY_ROTATED_RIGHT: [32],
    FaultKind.KEY_FIRST_BYTES: [16],
    FaultKind.KEY_REPEATED: [16],
    FaultKind.VALUE_LOW_BITS: [16, 7],
    FaultKind.VALUE_SHIFTED_LEFT: [1],
    FaultKind.VALUE_AND: ["0xffff0000"],
    FaultKind.VALUE_OR: ["0x80000000"],
    FaultKind.VALUE_STUCK: ["0x00000040-0x80000000"],
    FaultKind.VALUE_XOR: ["0x0badcafe"],
    FaultKind.ONLY: list(ONLY),
    FaultKind.ONLY_MOVED_UP: ["ports"],
    FaultKind.ALSO_HASHES: list(Besides),
    FaultKind.BEFORE_PORTS: ["zeros-2", "protocol-1"],
    FaultKind.BEFORE_ADDRESSES: ["vlan-4"],
    FaultKind.IPV6_PART: list(PARTS_OF_IPV6),
    FaultKind.IPV6_PART_PADDED: ["last-64"],
    FaultKind.IPV4_WIDE: list(WIDE_IPV4),
    FaultKind.KEY_BYTES_SWAPPED_IN: [16],
    FaultKind.KEY_HALVES_SWAPPED_IN: [64],
    FaultKind.VALUE_ROTATED_LEFT: [1],
    FaultKind.VALUE_SHIFTED_RIGHT: [8],
    FaultKind.FUNCTION: ["crc32", "jhash"],
    FaultKind.VXLAN_PORT: [4788],
    FaultKind.VXLAN_PORT_IGNORED: [8472],
    FaultKind.ROWS_LATE: [1, 3],
    FaultKind.ROWS_EARLY: [2],
}
TRAITS: dict[TraitKind, list[str | int | None]] = {
    TraitKind.FRAGMENT: [None, "first", "later"],
    TraitKind.EXTENSION: [None, 0, 43, 44, 51, 60, 135],
    TraitKind.TAGS: [None, 0, 1, 2],
    TraitKind.OUTER_PORT: [4789],
    TraitKind.PORTS: [6],
    TraitKind.HASHED_VERSION: [4],
    TraitKind.ENCAPSULATION: ["NONE", "GRE"],
    TraitKind.FLAG: ["SYN"],
    TraitKind.PROTOCOL: ["ICMP", 1, 132, 89],
    TraitKind.REPORT: ["NONE", "TCPv4"],
    TraitKind.VERSION: [4, 6],
    TraitKind.INNER_VERSION: [6],
    TraitKind.INTERFACE: [1],
    TraitKind.SOURCE: ["0a000001"],
    TraitKind.DESTINATION: ["20010db8000000000000000000000001"],
    TraitKind.DESTINATION_PORT: [80],
    TraitKind.SOURCE_PORT: [1024],
}
RULES = {QueueRuleKind.FIRST: 16, QueueRuleKind.TABLE_OF: 1024, QueueRuleKind.HIGH_BITS: 7, QueueRuleKind.INDEX_BITS: 8}
NO_NUMBER = (QueueRuleKind.BYTE_SWAPPED, QueueRuleKind.FOLDED, QueueRuleKind.OTHER_TABLE, QueueRuleKind.ANOTHER_HASH)
FILE = "file"


def validate_sentences() -> Iterator[str]:
    """Say everything, with the fact in front."""
    for part in (_headlines(), _verdicts(), _decisions(), _notes(), _faults(), _kinds(), _unexplained(), _rules()):
        yield from part


def example(packet: int) -> Example:
    """Make an example of which only the number counts."""
    return Example("", packet, *[""] * 12)


def _validation(match: int, wrong: int, packets: int = 3, reasons: dict[NotJudged, int] | None = None) -> Validation:
    verdicts = dict.fromkeys((PacketVerdict.MATCH, *FAULTS.values()), 0)
    verdicts |= {PacketVerdict.MATCH: match, PacketVerdict.WRONG_VALUE: wrong}
    reported = dict.fromkeys(("hash_value", "hash_report", "hash_report_tunnel", "queue"), 0)
    return Validation(Device(), Reading(packets=packets), verdicts, verdicts, reasons or {}, reported, [], [])


def _headlines() -> Iterator[str]:
    for match, wrong in ((1, 0), (0, 1), (2000, 0), (1999, 1)):
        found = _validation(match, wrong)
        yield f"{found.conclusion}: {headline(found)}"
    yield f"no-packets: {headline(_validation(0, 0, packets=0))}"
    for reason in NotJudged:
        for n in (1, 2000):
            yield f"{reason}: {headline(_validation(0, 0, reasons={reason: n}))}"
    for n in (1, 1228):
        some = replace(_validation(2000, 0), by_queue_alone=n)
        yield f"by-queue-alone: {by_queue_text(replace(some, reported={'hash_value': 772, 'queue': 2000}))}"
    only_queues = replace(
        _validation(0, 0), device=Device(features=["CTRL_VQ", "HASH_REPORT"]), reported={"hash_value": 0, "queue": 3}
    )
    yield f"no-queues: {headline(only_queues)}"


def _verdicts() -> Iterator[str]:
    for verdict in (PacketVerdict.MATCH, *FAULTS.values()):
        yield f"{verdict}: {verdict_text(verdict, Device())}"
    for flavor in FLAVORS[1:]:
        device = Device(flavor=flavor)
        said = headline(replace(_validation(9, 1), device=device))
        yield f"{flavor}: {verdict_text(PacketVerdict.MATCH, device)}: {said}"


def _decisions() -> Iterator[str]:
    for decision in (
        HashOrder(ByteOrder.SECTION, 1000, 990, 0),
        HashOrder(ByteOrder.OPPOSITE, 1000, 1, 999),
        HashOrder(ByteOrder.SECTION, 1000, 0, 0),
        TunnelNames((TunnelNaming.HASHED,), 3, 1, 4),
        TunnelNames((TunnelNaming.HASHED, TunnelNaming.EVERY), 3, 1, 5),
        FewerFaults(),
    ):
        yield f"{decision.kind}: {decision_text(decision)}"


def _every_note() -> Iterator[Note]:
    for lack in Lack:
        yield notes.Lacking(lack, 2, 3000)
    yield notes.OtherAlgorithms({"CRC32": 1000, "MD5": 1})
    yield notes.MalformedOptions(1)
    yield notes.MalformedOptions(1000)
    yield notes.TakenAsQueue("q3.pcap", 3, is_by_position=False)
    yield notes.TakenAsQueue("a.pcap", 0, is_by_position=True)
    for field in HeaderField:
        yield notes.ImpossibleHeaders(1, 11, field, 10)
    yield notes.ImpossibleHeaders(2000, 11, HeaderField.FLAGS, 8)
    yield notes.NoRow(FILE, 2, 3000)
    yield notes.BareHex(FILE, "51ccc178")
    yield notes.IgnoredColumns(FILE, ("time", "reason"))
    yield notes.NoLine(FILE, 2, 3000)
    yield notes.SeveralPorts(FILE, (0, 3))
    for n in (1, 2000):
        yield notes.SteeredByRule(FILE, n)
        yield notes.OtherLengths(FILE, n, 2, 61, 3, 60)
        yield log_notes.UnexpectedHashes(FILE, n)
        yield log_notes.StrangeLines(FILE, n)
    for by in MatchedBy:
        for fault in (None, Fault(FaultKind.PORTS_SWAPPED, (READING,))):
            for n in (1500, 2000):
                yield log_notes.LinesMatched(
                    FILE, 2000, n - 1, by, of_several_queues=fault is None, fault=fault, of_packets=n
                )
    yield log_notes.OrderAssumed(FILE)
    yield log_notes.MatchedWithoutKey(FILE, 2000, 3)


def _notes() -> Iterator[str]:
    for note in _every_note():
        yield f"{note.kind}: {note_text(note)}"


def _every_fault() -> Iterator[Fault]:
    for kind in FaultKind:
        for subject in SUBJECTS.get(kind, [None]):
            yield Fault(kind, (READING,), subject=subject)
    reversed_ = Fault(FaultKind.KEY_WORDS_REVERSED, (READING,))
    yield replace(reversed_, key_bytes=40)
    yield replace(reversed_, same_key=(Fault(FaultKind.KEY_BYTES_REVERSED, (READING,)),))
    yield replace(reversed_, same_key=(Fault(FaultKind.KEY_BYTES_REVERSED, (READING,)),) * 3)


def _faults() -> Iterator[str]:
    for fault in _every_fault():
        yield f"{fault.name}: {device_text([fault])}. It shows in {traffic_texts([fault])[0]}."
    two = [Fault(FaultKind.PORTS_SWAPPED, (READING,)), Fault(FaultKind.KEY_ZERO, (READING,))]
    yield f"{device_text(two)}."


def _kinds() -> Iterator[str]:
    """Name every kind of packets, and say what packets have in common."""
    for kind in TraitKind:
        for subject in TRAITS.get(kind, [None]):
            yield f"{kind}: {trait_text(Trait(kind, subject))}"
    named = {0: example(750), 1: example(1000)}
    found = replace(_validation(1, 1), examples=named)
    some = Trait(TraitKind.FRAGMENT), Trait(TraitKind.VERSION, 4)
    for span in (Span(0, None), Span(None, 1), Span(0, 1, 10**18, 10**18 + 5)):
        yield f"part: The device {fault_text(Fault(FaultKind.PORTS_SWAPPED, (READING,)))}, {part_text(span, found)}."
        yield f"span: {common_text(Common((), span, 0), found, 40)}"
    yield f"sampled: {sampled_text(0.2)}"
    for n in (2, 2000):
        yield f"blank: {blank_text(Blank(n, some, 3000))}"
    yield f"span: {common_text(Common((), Span(0, None), 0, is_of_hashed=True), found, 40)}"
    for common in (Common(some, None, 0), Common(some[:1], None, 1), Common(some[1:], Span(0, 1), 2000)):
        yield f"common: {common_text(common, found, 40)}"
    yield f"common: {common_text(Common(some[:1], None, 0), found, 2)}"


def _unexplained() -> Iterator[str]:
    """Say how many packets are unexplained, and which faults are possible."""
    fault = Fault(FaultKind.PORTS_SWAPPED, (READING,))
    cause = FaultCause((fault,), 3, 0)
    flavor = Fault(FaultKind.FLAVOR, (READING,), subject="vpp")
    for diagnosis, about in (
        (Diagnosis([], [], 1, []), ""),
        (Diagnosis([cause], [], 2000, []), "about "),
        (Diagnosis([], [], 2000, [], constant=0x12345678), "about "),
        (Diagnosis([], [], 1, [], possible=(fault,)), ""),
        (Diagnosis([], [], 3, [], possible=(fault, flavor)), ""),
        (Diagnosis([], [], 2000, [], possible=(fault, flavor) * 4), "about "),
    ):
        yield f"unexplained: {' '.join([unexplained_text(diagnosis, about), *possible_texts(diagnosis)])}"
    for n in (1, 2000):
        more = Diagnosis([cause], [], 0, [], more_stretches=MoreStretches(n, 3000))
        yield f"more-stretches: {more_stretches_text(more)}"
    for shifts in ((1,), (2,), (1, 2)):
        causes = [FaultCause((Fault(FaultKind.ROWS_EARLY, (READING,), subject=shift),), 9, 0) for shift in shifts]
        rows = [TraceNote("", notes.NoRow(FILE, shifts[-1], 3000))]
        yield f"lost: {lost_text(replace(_validation(1, 1), notes=rows, diagnosis=Diagnosis(causes, [], 0, [])))}"
    for n, about in ((1, ""), (2000, "about ")):
        yield f"not-shown: {not_shown_text(Diagnosis([cause], [], 0, [], not_shown=n), about)}"


def _diagnosis(*rules: QueueRule, unhashed: int = 0, hash_values: int = 30, beyond: int = 0) -> QueueDiagnosis:
    return QueueDiagnosis(list(rules), 2000 + unhashed, hash_values, 2000, unhashed, beyond)


def _rules() -> Iterator[str]:
    asked = replace(_validation(1, 1), examples={0: example(1200)})
    for kind in QueueRuleKind:
        rule = QueueRule(kind, None if kind in NO_NUMBER else RULES.get(kind, 5))
        if kind == QueueRuleKind.OTHER_TABLE:
            rule = replace(rule, table={1: 2, 2: 3, 3: 4}, entries_elsewhere=2)
        elif kind == QueueRuleKind.ANOTHER_HASH:
            rule = replace(
                rule, faults=tuple(Fault(each, (READING,)) for each in (FaultKind.ADDRESSES_ONLY, FaultKind.KEY_ZERO))
            )
        unhashed = QueueDiagnosis([rule], 9, 1, 0, 9, 0)
        found = unhashed if rule.of_unhashed else _diagnosis(rule)
        yield f"{rule.name}: {' '.join(queue_sentences(found, asked, ''))}"
    since = QueueRule(QueueRuleKind.OTHER_QUEUES, 4, part=Span(0, None, 10**18))
    yield f"{since.name}: {' '.join(queue_sentences(_diagnosis(since), asked, ''))}"
    table = QueueRule(QueueRuleKind.OTHER_TABLE, table={1: 2}, entries_elsewhere=1, is_one_hash_each=True)
    modulo = QueueRule(QueueRuleKind.MODULO_QUEUES, 5, of_own_hash=True, exceptions=4)
    yield f"{table.name}: {' '.join(queue_sentences(_diagnosis(table), asked, ''))}"
    yield f"several: {' '.join(queue_sentences(_diagnosis(modulo, table, beyond=3), asked, 'about '))}"
    yield f"none: {' '.join(queue_sentences(_diagnosis(unhashed=7), asked, ''))}"
    yield f"independent: {' '.join(queue_sentences(replace(_diagnosis(), matching=(123, 1000)), asked, ''))}"
    some = SteeredKinds(7, 1600, (Trait(TraitKind.DESTINATION_PORT, 443),), 2312)
    rest = SteeredKinds(3, 400, (Trait(TraitKind.PROTOCOL, 132), Trait(TraitKind.VERSION, 4)), 5000)
    for steered, about in (([some], ""), ([some, rest], "about ")):
        told = queue_sentences(replace(_diagnosis(), steered=steered), asked, about)
        yield f"steered: {' '.join(told)}"
    for steering, about in (
        (FollowedHashes(Followed.EXPECTED, 2000, 2000), ""),
        (FollowedHashes(Followed.REPORTED, 1990, 2000), "about "),
    ):
        yield f"steering: {steering_text(steering, about)}"
    for found in (
        replace(_validation(0, 5), compared_hashes=5),
        replace(_validation(2, 5), compared_hashes=7, right_hashes=2),
        replace(_validation(2, 5), queue_diagnosis=replace(_diagnosis(), matching=(123, 1000))),
    ):
        yield f"recover: {recover_text(found)}"
    yield f"none: {' '.join(queue_sentences(_diagnosis(hash_values=1), asked, ''))}"
    yield f"none: {' '.join(queue_sentences(QueueDiagnosis([], 1, 1, 1, 0, 0), asked, ''))}"
    part = Trait(TraitKind.HASHED_VERSION, 6)
    yield f"part: The device {fault_text(Fault(FaultKind.PORTS_SWAPPED, (READING,)))}, {part_text(part, asked)}."
