"""Say that a capture is cut too short to judge something, and how long it should be."""

from typing import TYPE_CHECKING

from pcaphash.report.words.values import listed, percent
from pcaphash.studies.shared.chance.enough import ENOUGH_CAPTURED

if TYPE_CHECKING:
    from collections.abc import Sequence


def cut_short(judge: str, share: str) -> str:
    """Say that a capture is cut too short, without a full stop.

    Parameters
    ----------
    judge : str
        What cannot be done for that, such as ``judge inner``.
    share : str
        Of how many packets the capture does not show enough.
    """
    return (
        f"The capture is cut too short to {judge}: for {share} of packets, the bytes to be hashed are not in it. "
        f"Capture at least {ENOUGH_CAPTURED} bytes of each packet (tcpdump -s {ENOUGH_CAPTURED})"
    )


def cut_configurations(cut: "Sequence[tuple[str, float]]") -> str:
    """Say which configurations a capture is cut too short to judge: their names, and the share of packets not shown."""
    shares = [share for _, share in cut]
    least, most = percent(min(shares)), percent(max(shares))
    return (
        f"{cut_short(f'judge {listed([name for name, _ in cut])}', most if least == most else f'{least} to {most}')}."
    )
