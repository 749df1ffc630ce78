"""Which service rates are tried."""

import numpy as np

from pcaphash.quantities import PS_OF_SECOND
from pcaphash.studies.replay.result import Lossless

N_RATES = 24

_USUAL_PPS = (10_000, 100_000_000)
_REACH = 100  # times the mean rate of arrival, up and down
_WIDER = 10_000  # times the longest service tried: with longer ones it is not told that nothing is lost
_LEAST_PS = 1000
_MOST_BACKLOG_PS = 2**60


def rate_of(service_ps: int) -> float:
    """Return how many packets a core serves in a second."""
    return PS_OF_SECOND / service_ps


def first_grid(ring_size: int, mean_pps: float | None = None) -> list[int]:
    """Return the services that are tried first, the longest first, in picoseconds.

    Parameters
    ----------
    ring_size : int
        Descriptors of a ring: all that wait in it must be served in a time that fits into 64 bits.
    mean_pps : float, optional
        How many packets arrive in a second, if that is known.
    """
    slowest, fastest = (mean_pps / _REACH, mean_pps * _REACH) if mean_pps else _USUAL_PPS
    return _between(PS_OF_SECOND / slowest, PS_OF_SECOND / fastest, ring_size, N_RATES)


def longest_ps(services_ps: list[int], ring_size: int) -> int:
    """Return the longest service with which it is told that nothing is lost, in picoseconds.

    Parameters
    ----------
    services_ps : list of int
        Those tried, the longest first.
    ring_size : int
        As ``first_grid`` takes it.
    """
    return min(services_ps[0] * _WIDER, _MOST_BACKLOG_PS // ring_size)


def lossless_from(service_ps: int, longest_ps: int) -> Lossless:
    """Return from which service rate on nothing is lost, given the longest service without loss, in picoseconds."""
    if service_ps < _LEAST_PS:
        return Lossless(rate_of(_LEAST_PS), None)
    return Lossless(rate_of(service_ps + 1) if service_ps < longest_ps else None, rate_of(service_ps))


def _between(longest: float, shortest: float, ring_size: int, n: int) -> list[int]:
    """Return whole services that are evenly spaced by ratio, the longest first."""
    most = _MOST_BACKLOG_PS // ring_size
    found = np.geomspace(min(max(longest, _LEAST_PS), most), min(max(shortest, _LEAST_PS), most), n)
    return sorted({round(service) for service in found.tolist()}, reverse=True)
