"""``hashes`` equals the naive reference on every packet of the public captures."""

import pytest

from naive.capture import load
from support.comparing import CONFIGURATIONS, LARGE, assert_rows_equal, hashes_rows, index_of, naive_rows
from support.shared import CAPTURES, needs_shared


def asked(name: str) -> list:
    """Choose the devices to ask for: for the two large captures, one of each text."""
    return [CONFIGURATIONS[0], CONFIGURATIONS[11]] if name in LARGE else CONFIGURATIONS


def captures() -> list:
    return [
        pytest.param(row, id=row["file"], marks=pytest.mark.jit_only if row["file"] in LARGE else ())
        for row in index_of(CAPTURES)
    ]


def test_both_texts_are_asked_for_eight_devices():
    assert [configuration.spec for configuration in CONFIGURATIONS[:16]] == ["v7"] * 8 + ["1.4"] * 8


@needs_shared
@pytest.mark.parametrize("row", captures())
def test_every_packet(row):
    path = CAPTURES / row["file"]
    records = load(path).records
    assert len(records) == int(row["packets"])
    for configuration in asked(path.name):
        assert_rows_equal(hashes_rows(path, configuration), naive_rows(records, configuration))
