"""Times that select packets: ISO 8601 or seconds since 1970, and what could be either or neither."""

import numpy as np
import pytest

from pcaphash.engine.selecting.selection import Selection
from pcaphash.errors import ConfigurationError

JANUARY_31 = 1_769_817_600


@pytest.mark.parametrize(
    ("value", "nanoseconds"),
    [
        ("0", 0),
        ("12", 12 * 10**9),
        ("-1.5", -1_500_000_000),
        ("1769817600", JANUARY_31 * 10**9),
        ("1769817600.000000001", JANUARY_31 * 10**9 + 1),
        ("2024.0", 2024 * 10**9),
        ("20260131.0", 20_260_131 * 10**9),
        (" 12. ", 12 * 10**9),
        (".5", 500_000_000),
        (2024, 2024 * 10**9),
        (20260131, 20_260_131 * 10**9),
        (np.int64(2024), 2024 * 10**9),
        (0.5, 500_000_000),
        (1e9, 10**18),
        ("2026-01-31", JANUARY_31 * 10**9),
        ("20260131", JANUARY_31 * 10**9),
        ("20260131T000000.000000001", JANUARY_31 * 10**9 + 1),
        ("20260131T000000,5Z", JANUARY_31 * 10**9 + 500_000_000),
        ("2026-01-31T01:00:00.25+01:00", JANUARY_31 * 10**9 + 250_000_000),
        ("2026-01-31 00:00", JANUARY_31 * 10**9),
        ("1969-12-31T23:59:59.5", -500_000_000),
    ],
)
def test_a_time_in_nanoseconds(value, nanoseconds):
    assert Selection(start=value).start == nanoseconds


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "",
        "nan",
        "inf",
        "1e400",
        "1e999999",
        "1e9",
        "1_000",
        "0x10",
        "١٢",
        "２０２６-01-31",
        "12345678",
        "20261331",
        "2026-13-01",
        "2026-01-31T12.5",
        "2026-01-31T12:30.5",
        float("nan"),
        True,
    ],
)
def test_what_is_not_a_time(value):
    with pytest.raises(ConfigurationError, match="is not a time; write 2026-01-31T12:00:00Z, or seconds since 1970"):
        Selection(end=value)


@pytest.mark.parametrize("value", ["9" * 400, "9223372037", "-9223372037", "9999-12-31", 1e300, 10**30, float("inf")])
def test_a_time_that_64_bits_do_not_hold(value):
    with pytest.raises(ConfigurationError, match="is out of range: 64 bits of nanoseconds do not hold it"):
        Selection(start=value)


@pytest.mark.parametrize("value", ["1678-01-01", "2261-12-31T23:59:59.999999999"])
def test_the_advice_is_within_range(value):
    assert abs(Selection(start=value).start) < 2**63


def test_a_year_is_not_taken_for_seconds():
    advice = "'2024' could be a year or seconds since 1970; write 2024-01-01 for the year, or 2024.0 for seconds"
    with pytest.raises(ConfigurationError, match=f"end: {advice}"):
        Selection(end="2024")
