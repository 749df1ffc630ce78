"""Advice in words: Linux commands where there are any, and none where there are none; numbers in one style."""

import math

import pytest

from pcaphash.engine.census import decision
from pcaphash.report.compare.advice import put_advice_into_words
from pcaphash.report.words.values import above_ideal, index, percent, reason_text
from pcaphash.studies.compare.advice import EvenTable, HashInner, HashPorts, OtherKey, SplitFlow
from pcaphash.studies.compare.causes import UnevenTable
from pcaphash.studies.compare.gain import Gain, Step

GAIN = Gain(Step.PORTS, "ports", "addresses", 0.055, 7.0, is_certain=True)


@pytest.mark.parametrize(
    ("advice", "commands"),
    [
        (HashInner(GAIN), []),
        (
            HashPorts(GAIN, ["udp4", "udp6"], is_tunnelled=False),
            ["ethtool -N IF rx-flow-hash udp4 sdfn", "ethtool -N IF rx-flow-hash udp6 sdfn"],
        ),
        (OtherKey(["zero"]), ["ethtool -X IF hkey KEY"]),
        (EvenTable(UnevenTable(0, 3, 4, 2, 0), 0.5, 2, {}), ["ethtool -X IF equal 2"]),
        (EvenTable(UnevenTable(0, 2, 16, 12, 0), 0.5, 8, {}), ["ethtool -L IF combined 8"]),
        (SplitFlow("inner", 3, False), ["echo CPUMASK > /sys/class/net/IF/queues/rx-N/rps_cpus"]),
    ],
)
def test_advice_gives_the_linux_commands_that_follow_it(advice, commands):
    words = put_advice_into_words(advice)
    assert words.commands == commands
    assert words.text.endswith(".")


def test_a_gain_is_told_with_both_numbers():
    certain = put_advice_into_words(HashPorts(GAIN, ["tcp4"], is_tunnelled=False)).text
    assert "5.5% above the ideal share instead of 700% (addresses)" in certain
    unsure = Gain(Step.PORTS, "ports", "addresses", 0.055, 7.0, is_certain=False)
    assert "cannot show whether this is luck" in put_advice_into_words(HashPorts(unsure, [], is_tunnelled=False)).text
    assert "outer source port" in put_advice_into_words(HashPorts(GAIN, [], is_tunnelled=True)).text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0891, "+8.9%"), (2.5776, "+258%"), (-0.9, "-90.0%"), (0.9994, "+99.9%"), (0.9996, "+100%"), (-1.0, "-100%"),
        (1023.0, "+102,300%"), (0.0, "+0.0%"), (-0.0001, "+0.0%"), (math.nan, "-"),
    ],
)  # fmt: skip
def test_excesses_have_a_sign_and_as_many_digits_as_matter(value, text):
    assert above_ideal(value) == text


def test_shares_and_indices():
    assert [percent(share) for share in (0, 0.3844, 0.99949, 1)] == ["0.0%", "38.4%", "99.9%", "100%"]
    assert [index(value) for value in (0.34916, 1.0, math.nan)] == ["0.349", "1.000", "-"]


def test_every_reason_has_words():
    reasons = [value for name, value in vars(decision).items() if name.startswith("REASON_")]
    assert len(reasons) == 5
    assert len({reason_text(reason) for reason in reasons}) == 5
