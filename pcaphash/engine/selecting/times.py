"""Times at which packets begin and cease to be selected, as users write them."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from numbers import Real

from pcaphash.errors import ConfigurationError, Field

_SECONDS = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_COMPACT_DATE = re.compile(r"[0-9]{8}")
_YEAR = re.compile(r"[0-9]{4}")
_FRACTION = re.compile(r"((?<=[^+-][0-9]{2}:[0-9]{2}:[0-9]{2})|(?<=[^+-][0-9]{6}))[.,](?P<digits>[0-9]+)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NS = 10**9
_MOST_NS = 2**63 - 1  # what the time of a packet is kept in
_ADVICE = "write 2026-01-31T12:00:00Z, or seconds since 1970 in digits"


def parse_time(place: Field | str, value: str | float) -> int:
    """Return a time in nanoseconds since 1970.

    Parameters
    ----------
    place : Field or str
        Where it was given.
    value : str, int or float
        A number of seconds since 1970; or text, which is ISO 8601 (UTC unless it says otherwise) or such a number.
        Text of 8 digits is a date; text of 4 digits could be a year as well as seconds.

    Raises
    ------
    ConfigurationError
        It is not a time, could be two, or 64 bits of nanoseconds do not hold it.
    """
    text = str(value).strip()
    if _YEAR.fullmatch(text) and not isinstance(value, Real):
        problem = f"{text!r} could be a year or seconds since 1970"
        raise ConfigurationError(place, problem, f"write {text}-01-01 for the year, or {text}.0 for seconds")
    try:
        if isinstance(value, Real) or (_SECONDS.fullmatch(text) and not _COMPACT_DATE.fullmatch(text)):
            nanoseconds = _of_seconds(Decimal(text))
        else:
            nanoseconds = _of_iso(text)
    except (InvalidOperation, ValueError) as error:
        raise ConfigurationError(place, f"{text!r} is not a time", _ADVICE) from error
    except OverflowError as error:
        problem = f"{text!r} is out of range: 64 bits of nanoseconds do not hold it"
        raise ConfigurationError(place, problem, "give a time from 1678 to 2261") from error
    return nanoseconds


def show_time(nanoseconds: int) -> str:
    """Write a time that 64 bits hold as ``parse_time`` reads it, of UTC."""
    seconds, rest = divmod(nanoseconds, _NS)
    fraction = f".{rest:09d}".rstrip("0").rstrip(".")
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _of_seconds(seconds: Decimal) -> int:
    if seconds.is_nan():
        raise ValueError
    if abs(seconds) > _MOST_NS // _NS:  # before it is multiplied, which may take many digits
        raise OverflowError
    return int(seconds * _NS)


def _of_iso(text: str) -> int:
    fraction = _FRACTION.search(text)
    digits = fraction["digits"][:9].ljust(9, "0") if fraction else "0"
    whole = text[: fraction.start()] + text[fraction.end() :] if fraction else text
    if not text.isascii() or "." in whole or "," in whole:  # else a fraction of an hour would count as one of a second
        raise ValueError
    moment = datetime.fromisoformat(whole)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    nanoseconds = int((moment - _EPOCH).total_seconds()) * _NS + int(digits)
    if abs(nanoseconds) > _MOST_NS:
        raise OverflowError
    return nanoseconds
