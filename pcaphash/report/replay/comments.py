"""What a comment of a delivered packet says: which hash it has, and over which header."""

from typing import TYPE_CHECKING

from pcaphash.engine.census.decision import NONE
from pcaphash.report.words.values import reason_text

if TYPE_CHECKING:
    from pcaphash.engine.census.decision import Decision


def comment_of(decision: "Decision") -> str:
    """Say in a few words what a device does with packets of one signature."""
    if not decision.is_known:
        return f"hash unknown: {reason_text(decision.reason)}"
    if decision.hash_report == NONE:
        return f"no hash: {reason_text(decision.reason)}"
    tunnel = f" ({decision.encapsulation})" if decision.header == "inner" else ""
    return f"{decision.hash_report} over the {decision.header} header{tunnel}"
