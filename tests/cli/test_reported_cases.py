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
    assert [note["facts"]["of_several_queues"] for note in found["notes"]] == [True]


def test_queues_of_flow_rules_are_counted():
    trace, log = REPORTS / "g02-testpmd-fdir.pcap", REPORTS / "g02-testpmd-fdir.log"
    _, found = validate(trace, "--testpmd", log, "--hash-types", "linux", "--queues", 4)
    steered = log.read_text("utf-8").count("FDIR matched ID=0x7")
    assert found["reported"]["queue"] == 64 - steered < 64
    assert [(note["kind"], note["facts"]["packets"]) for note in found["notes"]] == [("steered-by-rule", steered)]


def test_queues_in_names_that_end_in_a_date():
    traces = sorted(REPORTS.glob("g07-q*.pcap"))
    code, found = validate(*traces, "--per-queue", "--queues", 4, "--hash-types", "linux")
    assert (code, found["judged"], found["mismatches"]) == (0, 64, 0)
    assert [note["facts"]["queue"] for note in found["notes"]] == [0, 1, 2, 3]


def test_fragments_that_are_not_hashed():
    trace, table = REPORTS / "g05-fragments-no-hash.pcap", REPORTS / "g05-fragments-no-hash.csv"
    code, found = validate(trace, "--reported", table, "--hash-types", "linux", "--queues", 16)
    assert (code, causes(found), found["alternatives"]) == (1, [(["fragments-not-hashed"], 40)], [])
    assert found["unexplained"]["packets"] == 0
    shown = run("validate", trace, "--reported", table, "--hash-types", "linux", "--queues", 16).stdout.decode()
    words = "The device does not hash fragments; they go to the unclassified queue: 40 packets"
    assert words in " ".join(shown.split())


def test_ports_of_sctp():
    trace, table = REPORTS / "g06-sctp-ports.pcap", REPORTS / "g06-sctp-ports.csv"
    code, found = validate(trace, "--reported", table, "--hash-types", "linux", "--queues", 16)
    assert (code, causes(found), found["alternatives"]) == (1, [(["sctp-ports"], 30)], [])
    assert found["unexplained"]["packets"] == 0


def test_tunnels_of_the_other_spec():
    trace, log = REPORTS / "g14-vxlan-gpe-xl710.pcap", REPORTS / "g14-vxlan-gpe-xl710.log"
    code, found = validate(trace, "--testpmd", log, "--key", "i40e", "--indirection-table-size", 512)
    assert (code, causes(found)) == (1, [(["inner-of-vxlan-gpe"], 1)])
    assert found["unexplained"]["packets"] == 0
