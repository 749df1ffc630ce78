"""Quantities with their units: what is read, and what is refused in one line."""

from fractions import Fraction

import pytest

from pcaphash.errors import ConfigurationError, Field
from pcaphash.quantities import parse_duration, parse_rate

PLACE = Field("rate")


@pytest.mark.parametrize(
    ("text", "ps"), [("400ns", 400_000), ("0.1 ns", 100), ("2.5s", 25 * 10**11), ("1min", 60 * 10**12), ("3ps", 3)]
)
def test_lengths_of_time(text, ps):
    assert parse_duration(PLACE, text) == ps


@pytest.mark.parametrize("text", ["", "5", "s", "-1s", "0s", "0.5ps", "1h", "60d", "9999999s", "1e3s", "nans"])
def test_what_is_not_a_length_of_time(text):
    with pytest.raises(ConfigurationError, match=r"^rate: "):
        parse_duration(PLACE, text)


def test_no_time_at_all_where_it_may_be():
    assert parse_duration(PLACE, "0s", can_be_zero=True) == 0


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("2Mpps", (2_000_000, "pps")),
        ("10Gbps", (10**10, "bps")),
        ("0.5kpps", (500, "pps")),
        ("1.5 Gbps", (15 * 10**8, "bps")),
        ("7pps", (7, "pps")),
    ],
)
def test_rates(text, rate):
    assert parse_rate(PLACE, text, ("pps", "bps")) == (Fraction(rate[0]), rate[1])


@pytest.mark.parametrize("text", ["", "2M", "0pps", "-1pps", "2mpps", "2Mfps", "Mpps", "1e3pps"])
def test_what_is_not_a_rate(text):
    with pytest.raises(
        ConfigurationError, match="is not a rate; write a number above zero with its unit, such as 2Mpps or"
    ):
        parse_rate(PLACE, text, ("pps", "bps"))


def test_only_units_that_are_asked_for():
    with pytest.raises(ConfigurationError, match="such as 2Mpps"):
        parse_rate(PLACE, "10Gbps", ("pps",))
