"""What a validation found."""

from dataclasses import dataclass, field

from pcaphash.device.device import Device
from pcaphash.engine.reading import Reading
from pcaphash.studies.validate.diagnosis import Diagnosis
from pcaphash.studies.validate.queue_rules import QueueDiagnosis
from pcaphash.studies.validate.verdicts import MATCH, NOT_SHOWN, NOT_THE_DEVICES, NOTHING_REPORTED, OTHER_LINK_TYPE

NOT_COMPARED = {
    NOTHING_REPORTED: "nothing was reported for them",
    NOT_SHOWN: "the capture shows too little to tell what is expected",
    OTHER_LINK_TYPE: "their link type is not dissected",
    NOT_THE_DEVICES: "the reported value is not the device's",
}
"""Why packets are not judged, in words."""


@dataclass(frozen=True)
class Example:
    """One packet: what the text demands, and what was reported.

    Parameters
    ----------
    trace : str
        Where there are several, which one it is in.
    packet : int
        Its number in the trace.
    verdict : str
        ``match``, or the gravest of what is wrong.
    header, hash_report, hash_report_tunnel, hash_input, hash_value, queue, reason : str
        What the text demands, as ``hashes`` writes it.
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


@dataclass(frozen=True, eq=False)
class Validation:
    """What a validation found.

    Parameters
    ----------
    device : Device
        The configured device.
    reading : Reading
        What came of reading the trace.
    verdicts : dict of str to int
        Packets judged by verdict, each counted once, with the gravest of its faults; ``match`` first.
    faults : dict of str to int
        Packets by fault; one may have several.
    not_compared : dict of str to int
        Packets that were not judged, by why.
    reported : dict of str to int
        How many of the packets have a hash value, a type, a tunnel and a receive queue reported.
    notes : list of str
        What was decided or met while reading the reported values, a line each.
    diagnosis : Diagnosis, optional
        Why hashes are wrong, if some are.
    queue_diagnosis : QueueDiagnosis, optional
        Why receive queues are wrong, if some are.
    examples : dict of int to Example
        Packets that the diagnoses name, by their position in the sample.
    is_whole : bool
        Whether every wrong packet was diagnosed; otherwise counts by cause are estimates.
    compared_hashes, right_hashes : int
        Packets judged for which a hash is due and one is reported; and those of them for which it is the same.
    """

    device: Device
    reading: Reading
    verdicts: dict[str, int]
    faults: dict[str, int]
    not_compared: dict[str, int]
    reported: dict[str, int]
    notes: list[str]
    diagnosis: Diagnosis | None = None
    queue_diagnosis: QueueDiagnosis | None = None
    examples: dict[int, Example] = field(default_factory=dict)
    is_whole: bool = True
    compared_hashes: int = 0
    right_hashes: int = 0

    @property
    def judged(self) -> int:
        """Packets that were judged."""
        return sum(self.verdicts.values())

    @property
    def mismatches(self) -> int:
        """Packets of which the device did not report what the text demands."""
        return self.judged - self.verdicts[MATCH]

    @property
    def headline(self) -> str:
        """What was found, in one sentence."""
        if not self.judged:
            return f"Nothing could be judged: {self.why_nothing}."
        if self.judged == 1:
            found = "does not match" if self.mismatches else "matches"
            return (
                f"The device {'differs' if self.mismatches else 'is right'}: the only packet judged {found} the spec."
            )
        judged = f"{self.judged:,} packets judged"
        if not self.mismatches:
            return f"The device is right: all {judged} match the spec."
        share = f"{self.mismatches / self.judged:.2%}"
        return f"The device differs: {self.mismatches:,} of {judged} ({share}) do not match the spec."

    @property
    def why_nothing(self) -> str:
        """Why no packet was judged; empty where some were."""
        if self.judged:
            return ""
        if not self.reading.packets:
            return "there are no packets"
        if not self.reading.selected:
            return f"all {self.reading.packets:,} packets are left out ({', '.join(sorted(self.reading.left_out))})"
        if not self.device.has_queue and self.reported["queue"] and not self.reported["hash_value"]:
            return "only receive queues are reported, and without the RSS feature the device has none to compare"
        return "; ".join(
            f"{n:,} packet{'' if n == 1 else 's'}, {NOT_COMPARED[reason]}" for reason, n in self.not_compared.items()
        )

    @property
    def is_every_hash_wrong(self) -> bool:
        """Whether hashes were compared, and none is right."""
        return self.compared_hashes > 0 and not self.right_hashes
