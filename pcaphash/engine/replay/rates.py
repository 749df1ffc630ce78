"""Rates, durations and speeds as people write them, read exactly."""

import re
from dataclasses import dataclass
from fractions import Fraction

from pcaphash import quantities
from pcaphash.errors import ConfigurationError, Field

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_MOST_TERM = 1_000_000_000


@dataclass(frozen=True)
class Rate:
    """How fast packets arrive.

    Parameters
    ----------
    amount : Fraction
        Per second, exactly.
    unit : str
        ``packets``, or ``bits``: those of original lengths, without preamble, frame check sequence and gap.
    """

    amount: Fraction
    unit: str = "packets"

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", Fraction(self.amount))


def parse_rate(text: str, field: str = "rate") -> Rate:
    """Read a rate of packets or bits, such as ``2Mpps`` or ``10Gbps``.

    Parameters
    ----------
    text : str
        What somebody wrote.
    field : str
        The field that errors name.

    Raises
    ------
    ConfigurationError
        It is none, or 0.
    """
    amount, unit = quantities.parse_rate(Field(field), text, ("pps", "bps"))
    return Rate(amount, "packets" if unit == "pps" else "bits")


def parse_service_rate(text: str, field: str = "service_rate") -> int:
    """Read how many packets a second a core serves; return how long one takes, to the nearest picosecond.

    Raises
    ------
    ConfigurationError
        It is not a rate of packets, or more than 10^12 a second.
    """
    amount, _ = quantities.parse_rate(Field(field), text, ("pps",))
    if amount > quantities.PS_OF_SECOND:
        raise ConfigurationError(Field(field), f"{text!r} is more than 10^12 a second", "give a lower rate")
    return round(quantities.PS_OF_SECOND / amount)


def parse_speed(text: str, field: str = "speed") -> Fraction:
    """Read how many times as fast a trace is replayed, such as ``2x`` or ``0.5``.

    Raises
    ------
    ConfigurationError
        It is not a number above 0.
    """
    found = re.fullmatch(rf"{_NUMBER} ?x?", text.strip())
    speed = Fraction(found[1]) if found else Fraction(0)
    if not speed:
        raise ConfigurationError(Field(field), f"{text!r} is not a speed above 0", "write a number, such as 2x or 0.5x")
    return check_ratio(speed, field)


def check_ratio(value: Fraction, field: str) -> Fraction:
    """Refuse numbers with which times would not be exact in 64 bits.

    Raises
    ------
    ConfigurationError
        As a ratio of two whole numbers it needs one above 10^9.
    """
    if max(value.numerator, value.denominator) > _MOST_TERM:
        problem = f"{float(value):g} has too many digits, or is too large or too small, for exact times"
        raise ConfigurationError(Field(field), problem, "give a number with at most 9 digits")
    return value
