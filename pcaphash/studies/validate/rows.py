"""Every packet as a row: what is expected, what was reported, and the verdict."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.engine.census.describer import NO_QUEUE, Describer, Descriptions
from pcaphash.errors import portable
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS
from pcaphash.studies.validate.columns import PACKETS
from pcaphash.studies.validate.examples import name_of
from pcaphash.studies.validate.verdicts import FAULTS, REASONS, Judgement, PacketVerdict, gravest

if TYPE_CHECKING:
    import pandas as pd


def rows_of(
    packets: npt.NDArray[np.int64],
    found: Descriptions,
    reported: Reported,
    judgement: Judgement,
    describer: Describer,
    trace: str,
) -> "pd.DataFrame":
    """Return the rows of packets, columns ``PACKETS``."""
    import pandas as pd

    decided = {each: describer.decisions[each] for each in np.unique(found.signatures).tolist()}
    verdicts = np.array([gravest(flags).value for flags in range(64)], object)[judgement.faults]
    verdicts[judgement.reasons > 0] = PacketVerdict.NOT_COMPARABLE.value
    names = np.array(["+".join(name for flag, name in FAULTS.items() if flags & flag) for flags in range(64)], object)
    reasons = np.array(["", *(reason.value for reason in REASONS)], object)
    rows = pd.DataFrame(
        {
            "trace": portable(trace),
            "packet": packets,
            "verdict": verdicts,
            "faults": names[judgement.faults],
            "not_compared": reasons[judgement.reasons],
            "hash_report": [decided[each].hash_report for each in found.signatures.tolist()],
            "hash_report_tunnel": [decided[each].hash_report_tunnel for each in found.signatures.tolist()],
            "hash_value": _hex(found.hash_values, found.hashed),
            "queue": pd.array(found.queues, dtype="Int64"),
            "reported_hash_report": [name_of(each, HASH_REPORTS) for each in reported.hash_reports.tolist()],
            "reported_hash_report_tunnel": [
                name_of(each, HASH_REPORT_TUNNELS) for each in reported.hash_report_tunnels.tolist()
            ],
            "reported_hash_value": _hex(reported.hash_values, reported.has_hash),
            "reported_queue": pd.array(reported.queues, dtype="Int64"),
        },
        columns=list(PACKETS.names),
    )
    return rows.assign(
        queue=rows["queue"].mask(found.queues == NO_QUEUE),
        reported_queue=rows["reported_queue"].mask(reported.queues == NOT_REPORTED),
    )


def _hex(values: npt.NDArray[np.uint32], present: npt.NDArray[np.bool_]) -> npt.NDArray[np.object_]:
    text = np.array([f"0x{value:08x}" for value in values.tolist()], object)
    text[~present] = ""
    return text
