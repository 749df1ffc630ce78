"""One packet as an example: what is expected, and what was reported."""

from pcaphash.capture.reported.source import NOT_REPORTED
from pcaphash.engine.census.describer import NO_QUEUE, Describer
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS
from pcaphash.studies.validate.result import Example
from pcaphash.studies.validate.sample import Sample
from pcaphash.studies.validate.verdicts import gravest


def name_of(number: int, names: tuple[str, ...]) -> str:
    """Name a number of hash_report or hash_report_tunnel; empty where it is not reported."""
    if number == NOT_REPORTED:
        return ""
    return names[number] if number < len(names) else str(number)


def example_of(one: Sample, describer: Describer, trace: str, packet: int) -> Example:
    """Make an example of a sample of one packet."""
    found, said = describer.describe(one.block), one.reported
    decision = describer.decisions[int(found.signatures[0])]
    queue, reported_queue = int(found.queues[0]), int(said.queues[0])
    return Example(
        trace,
        packet,
        gravest(int(one.faults[0])),
        decision.header,
        decision.hash_report,
        decision.hash_report_tunnel,
        found.inputs[0, : int(found.lengths[0])].tobytes().hex(),
        f"0x{int(found.hash_values[0]):08x}" if found.hashed[0] else "",
        "" if queue == NO_QUEUE else str(queue),
        decision.reason,
        f"0x{int(said.hash_values[0]):08x}" if said.has_hash[0] else "",
        name_of(int(said.hash_reports[0]), HASH_REPORTS),
        name_of(int(said.hash_report_tunnels[0]), HASH_REPORT_TUNNELS),
        "" if reported_queue == NOT_REPORTED else str(reported_queue),
    )
