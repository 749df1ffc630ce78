"""Errors are one line each, know their exit code, and survive being sent between processes."""

import pickle

import pytest

from pcaphash.errors import CaptureError, ConfigurationError, Field, OutputError, PcaphashError, Unreadable

ERRORS = [
    (ConfigurationError(Field("queues"), "0 is out of range", "give more"), 2, "queues: 0 is out of range; give more"),
    (CaptureError("a.pcap", Unreadable.NOT_READ, "is empty"), 4, "a.pcap is empty"),
    (CaptureError("a.pcap", Unreadable.NOT_READ, "is empty", "capture again"), 4, "a.pcap is empty; capture again"),
    (
        CaptureError("-", Unreadable.NOT_READ, "it is cut", "copy again", offset=7),
        4,
        "standard input: byte 7: it is cut; copy again",
    ),
    (CaptureError("-", Unreadable.NOT_READ, "is cut", "copy again", offset=0), 4, "standard input is cut; copy again"),
    (OutputError("out", "no space"), 2, "out cannot be written: no space; choose another place with output"),
    (PcaphashError("plain"), 2, "plain"),
]


@pytest.mark.parametrize(("error", "exit_code", "line"), ERRORS)
def test_text_and_exit_code(error, exit_code, line):
    assert isinstance(error, PcaphashError)
    assert error.exit_code == exit_code
    assert str(error) == line


@pytest.mark.parametrize("error", [row[0] for row in ERRORS])
def test_survives_pickling(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
