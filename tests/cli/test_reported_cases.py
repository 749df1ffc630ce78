"""What people paste: logs, tables and file names of public reports, each with its right answer."""

import json

import pytest

from support.command import complaints, run
from support.shared import SHARED, needs_shared

REPORTS = SHARED / "cases" / "reports"

pytestmark = [needs_shared, pytest.mark.jit_only]


def validate(*words):
    """Return the exit code and the document that validate writes."""
    result = run("validate", *words, "--format", "json")
    assert complaints(result) == []
    return result.returncode, json.loads(result.stdout)


def causes(document):
    """Return the names of the faults found, and how many packets each set of them explains."""
    return [([fault["name"] for fault in cause["faults"]], cause["packets"]) for cause in document["causes"]]


@pytest.mark.parametrize("name", ["g01-testpmd-by-queue", "g02-testpmd-fdir"])
def test_logs_of_right_devices(name):
    log = REPORTS / f"{name}.log"
    code, found = validate(REPORTS / f"{name}.pcap", "--testpmd", log, "--hash-types", "linux", "--queues", 4)
    assert (code, found["judged"], found["mismatches"]) == (0, 64, 0)
    assert found["reported"]["hash_value"] == 64


def test_a_log_by_queue_says_that_it_is_one():
    trace, log = REPORTS / "g01-testpmd-by-queue.pcap", REPORTS / "g01-testpmd-by-queue.log"
    _, found = validate(trace, "--testpmd", log, "--hash-types", "linux", "--queues", 4)
    assert any("printed queue by queue" in note for note in found["notes"])


def test_queues_of_flow_rules_are_counted():
    trace, log = REPORTS / "g02-testpmd-fdir.pcap", REPORTS / "g02-testpmd-fdir.log"
    _, found = validate(trace, "--testpmd", log, "--hash-types", "linux", "--queues", 4)
    steered = log.read_text("utf-8").count("FDIR matched ID=0x7")
    assert found["reported"]["queue"] == 64 - steered < 64
    assert any(f"{steered} packets were steered by a flow rule" in note for note in found["notes"])


def test_queues_in_names_that_end_in_a_date():
    traces = sorted(REPORTS.glob("g07-q*.pcap"))
    code, found = validate(*traces, "--per-queue", "--queues", 4, "--hash-types", "linux")
    assert (code, found["judged"], found["mismatches"]) == (0, 64, 0)
    assert [note.rsplit(" ", 1)[1] for note in found["notes"]] == ["0", "1", "2", "3"]
