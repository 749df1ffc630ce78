"""Say that a capture is cut too short to judge something, and how long it should be."""

from pcaphash.studies.shared.chance.enough import ENOUGH_CAPTURED


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
        f"The capture is cut too short to {judge}: what {share} of packets hash is not in it. Capture at least "
        f"{ENOUGH_CAPTURED} bytes of each packet (tcpdump -s {ENOUGH_CAPTURED})"
    )
