"""Quantities that users write with their units: lengths of time, rates, factors."""

import re
from decimal import Decimal
from fractions import Fraction

from pcaphash.errors import ConfigurationError, Field

PS_OF_NS = 10**3
PS_OF_SECOND = 10**12

_TIMES_PS = {"ps": 1, "ns": PS_OF_NS, "us": 10**6, "ms": 10**9, "s": PS_OF_SECOND, "min": 60 * PS_OF_SECOND}
_PREFIXES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_MOST_PS = 2**62


def parse_duration(place: Field, text: str, can_be_zero: bool = False) -> int:
    """Read a length of time, such as ``2.5s`` or ``400ns``; return it in picoseconds.

    Raises
    ------
    ConfigurationError
        It is not a length of time in whole picoseconds, or it is longer than 53 days, or zero where it must not be.
    """
    found = re.fullmatch(rf"{_NUMBER} ?({'|'.join(_TIMES_PS)})", text.strip())
    if found is None:
        raise ConfigurationError(
            place, f"{text!r} is not a length of time", f"write a number and one of {', '.join(_TIMES_PS)}, as in 2.5ms"
        )
    length = Decimal(found[1]) * _TIMES_PS[found[2]]
    if length >= _MOST_PS:
        raise ConfigurationError(place, f"{text!r} is more than 53 days", "give a shorter time")
    if length != int(length):
        raise ConfigurationError(place, f"{text!r} is not a whole number of picoseconds", "give fewer digits")
    if not length and not can_be_zero:
        raise ConfigurationError(place, f"{text!r} is not above zero", "give a longer time")
    return int(length)


def parse_rate(place: Field, text: str, units: tuple[str, ...]) -> tuple[Fraction, str]:
    """Read a rate, such as ``2Mpps`` or ``10Gbps``; return how many in a second, and the unit.

    Parameters
    ----------
    place : Field
        What gives it.
    text : str
        A number, perhaps k, M, G or T, and the unit.
    units : tuple of str
        Units that may be used: ``pps`` (packets a second), ``bps`` (bits a second).

    Raises
    ------
    ConfigurationError
        It is not a rate in one of these units, or it is zero.
    """
    found = re.fullmatch(rf"{_NUMBER} ?({'|'.join(_PREFIXES)})({'|'.join(units)})", text.strip())
    if found is None or not Decimal(found[1]):
        example = {"pps": "2Mpps", "bps": "10Gbps"}
        examples = " or ".join(example[unit] for unit in units)
        raise ConfigurationError(
            place, f"{text!r} is not a rate", f"write a number above zero with its unit, such as {examples}"
        )
    return Fraction(found[1]) * _PREFIXES[found[2]], found[3]
