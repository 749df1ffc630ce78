"""What a validation found."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from pcaphash.capture.reported.notes import NoRow, Note
from pcaphash.device.device import Device
from pcaphash.device.flavor import title_of
from pcaphash.engine.reading import Reading
from pcaphash.engine.result import Result, packets_of
from pcaphash.studies.validate.catalogue.fault import FaultKind
from pcaphash.studies.validate.deciding import Decision
from pcaphash.studies.validate.queues.rules import QueueDiagnosis
from pcaphash.studies.validate.queues.steering import FollowedHashes
from pcaphash.studies.validate.search.blank import Blank
from pcaphash.studies.validate.search.configured import configured_so
from pcaphash.studies.validate.search.diagnosis import Diagnosis
from pcaphash.studies.validate.verdicts import NotJudged, PacketVerdict

if TYPE_CHECKING:
    import pandas as pd

_MOST_RIGHT = 2 / 3  # of the hashes, for the key to be worth a thought: one wrong bit leaves up to half of them right
_MOST_LEFT = 0.5  # of the wrong packets that causes leave unexplained, for the key to be no question


class ValidationConclusion(StrEnum):
    """What a validation comes to, by the names that programs get."""

    MATCH = "match"
    """All packets judged match the spec."""
    MISMATCH = "mismatch"
    """Some do not."""
    NOTHING = "nothing"
    """No packet was judged."""


class NoneJudged(StrEnum):
    """Why no packet was judged."""

    NO_PACKETS = "no-packets"
    NONE_SELECTED = "none-selected"
    """All are left out."""
    NO_QUEUES = "no-queues"
    """Only receive queues are reported, and without RSS the device has none."""
    NOT_COMPARED = "not-compared"
    """None can be compared; ``Validation.not_compared`` says why."""


@dataclass(frozen=True)
class Example:
    """One packet: what the spec requires, and what was reported.

    Parameters
    ----------
    trace : str
        Where there are several, which one it is in.
    packet : int
        Its number in the trace.
    verdict : str
        ``match``, or the gravest of what is wrong.
    header, hash_report, hash_report_tunnel, hash_input, hash_value, queue, reason : str
        What the spec requires, as ``hashes`` writes it.
    reported_value, reported_type, reported_tunnel, reported_queue : str
        What the device said; empty where it does not say.
    """

    trace: str
    packet: int
    verdict: str
    header: str
    hash_report: str
    hash_report_tunnel: str
    hash_input: str
    hash_value: str
    queue: str
    reason: str
    reported_value: str
    reported_type: str
    reported_tunnel: str
    reported_queue: str


@dataclass(frozen=True)
class TraceNote:
    """What is to be known of the reported values of a trace, whose name is empty if there is only one."""

    trace: str
    note: Note


@dataclass(frozen=True, eq=False, repr=False)
class Validation(Result):
    """What a validation found.

    Parameters
    ----------
    device : Device
        The configured device.
    reading : Reading
        The result of reading the trace.
    verdicts : dict of PacketVerdict to int
        Packets judged by verdict, each counted once, with the gravest of its faults; ``match`` first.
    faults : dict of PacketVerdict to int
        Packets by fault; one may have several.
    not_compared : dict of NotJudged to int
        Packets that were not judged, by why.
    reported : dict of str to int
        How many of the packets have a hash value, a type, a tunnel and a receive queue reported.
    decisions : list of Decision
        What was decided by the first packets, or by the faults.
    notes : list of TraceNote
        What is to be known of the reported values.
    diagnosis : Diagnosis, optional
        Why hashes are wrong, if some are.
    queue_diagnosis : QueueDiagnosis, optional
        Why receive queues are wrong, if some are.
    steering : FollowedHashes, optional
        Which hashes receive queues follow, the expected or the reported ones, if hashes are wrong and packets tell.
    examples : dict of int to Example
        Packets that the diagnoses name, by their position in the sample.
    blank : Blank, optional
        Which packets have no hash reported that others have, if these are of a kind.
    is_whole : bool
        Whether every wrong packet was diagnosed; otherwise counts by cause are estimates.
    compared_hashes, right_hashes : int
        Packets judged for which a hash is expected and one is reported; and those of them for which it is the same.
    by_queue_alone : int
        Packets judged for which a hash is expected and only a receive queue is reported.
    """

    device: Device
    reading: Reading
    verdicts: dict[PacketVerdict, int]
    faults: dict[PacketVerdict, int]
    not_compared: dict[NotJudged, int]
    reported: dict[str, int]
    decisions: list[Decision]
    notes: list[TraceNote]
    diagnosis: Diagnosis | None = None
    queue_diagnosis: QueueDiagnosis | None = None
    steering: FollowedHashes | None = None
    examples: dict[int, Example] = field(default_factory=dict)
    blank: Blank | None = None
    is_whole: bool = True
    compared_hashes: int = 0
    right_hashes: int = 0
    by_queue_alone: int = 0

    def facts(self) -> list[str]:
        """Return what was read, and how many packets match the spec, or the known device that was asked for."""
        held_to = title_of(self.device.flavor)
        counts = f"{self.mismatches:,} of {self.judged:,} packets judged do not match {held_to}"
        faults = [] if self.diagnosis is None else [fault.name for fault in self.diagnosis.faults]
        found = [f"faults: {', '.join(faults)}"] if faults else []
        return [packets_of(self.reading, self.reading.selected), counts, *found]

    def main_table(self) -> "pd.DataFrame":
        """Return the packets judged, by verdict, and those that were not, by why."""
        import pandas as pd

        counts = self.verdicts | self.not_compared
        return pd.DataFrame([{"verdict": str(name), "packets": n} for name, n in counts.items() if n])

    @property
    def judged(self) -> int:
        """Packets that were judged."""
        return sum(self.verdicts.values())

    @property
    def mismatches(self) -> int:
        """Packets of which the device did not report what the spec requires."""
        return self.judged - self.verdicts[PacketVerdict.MATCH]

    @property
    def conclusion(self) -> ValidationConclusion:
        """What it comes to."""
        if not self.judged:
            return ValidationConclusion.NOTHING
        return ValidationConclusion.MISMATCH if self.mismatches else ValidationConclusion.MATCH

    @property
    def nothing(self) -> NoneJudged | None:
        """Why no packet was judged; None if some were."""
        if self.judged:
            return None
        if not self.reading.packets:
            return NoneJudged.NO_PACKETS
        if not self.reading.selected:
            return NoneJudged.NONE_SELECTED
        if not self.device.has_queue and self.reported["queue"] and not self.reported["hash_value"]:
            return NoneJudged.NO_QUEUES
        return NoneJudged.NOT_COMPARED

    @property
    def configured_so(self) -> Device | None:
        """The device that reports all of this when it is right: one with other hash types or tunnel types."""
        found = self.diagnosis
        if found is None or found.unexplained or any(cause.part is not None for cause in found.causes):
            return None
        return configured_so(self.device, found.faults) if self.queue_diagnosis is None else None

    @property
    def lost_rows(self) -> int:
        """Rows that a table lost where its values begin to be those of later packets: as many as it has fewer."""
        causes = [] if self.diagnosis is None else self.diagnosis.causes
        last = causes[-1].faults[0] if causes else None
        missing = sum(each.note.packets for each in self.notes if isinstance(each.note, NoRow))
        is_lost = last is not None and last.kind == FaultKind.ROWS_EARLY and last.subject == missing
        is_lost &= self.diagnosis is not None and not self.diagnosis.more_stretches.stretches
        return missing if is_lost else 0

    @property
    def is_every_hash_wrong(self) -> bool:
        """Whether hashes were compared, and none is right."""
        return self.compared_hashes > 0 and not self.right_hashes

    @property
    def may_have_another_key(self) -> bool:
        """Whether a key that nobody knows may be why hashes or queues are wrong: no cause explains them.

        Where most hashes are right the key is, unless the others are all of a kind.
        """
        if self.queue_diagnosis is not None and self.queue_diagnosis.is_independent:
            return True
        found = self.diagnosis
        if found is None or found.constant is not None or found.possible:
            return False
        is_explained = found.causes and found.unexplained <= _MOST_LEFT * self.mismatches
        if self.is_every_hash_wrong and not is_explained:
            return True
        is_of_a_kind = found.common is not None and bool(found.common.traits) and not found.common.others
        return found.may_have_another_key and (is_of_a_kind or self.right_hashes < _MOST_RIGHT * self.compared_hashes)
