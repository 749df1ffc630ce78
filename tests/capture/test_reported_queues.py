"""One capture per receive queue: which queue each of them is."""

import pytest

from pcaphash.capture.reported.notes import TakenAsQueue
from pcaphash.capture.reported.per_queue import queues_of_traces
from pcaphash.errors import ConfigurationError
from support.reported import read_reported, small_trace


@pytest.mark.parametrize(
    ("traces", "queues"),
    [
        (["a.pcap", "b.pcap"], [0, 1]),
        (["q2.pcap", "q0.pcap"], [2, 0]),
        (["/var/7/rx-10.pcapng.gz", "rx-9.pcap.zst"], [10, 9]),
        (["2026/q1", "2026/q0"], [1, 0]),
        (["trace1.old.7.pcap", "trace1.old.6.pcap"], [7, 6]),
        (["cap.q12.pcapng"], [12]),
        (["cap.q1.pcap0", "cap.q2.PCAP.xz"], [1, 2]),
        (["Queue 0.pcap", "rxq[1].pcap"], [0, 1]),
        (["rxq1-20240501-1200.pcap.gz"], [1]),
        # Folders, where the names of files do not say it.
        (["a/q1/trace.pcap", "b/q0/trace.pcap"], [1, 0]),
        (["q3-results/trace0.pcap", "q3-results/trace1.pcap"], [0, 1]),
        (["q5/rx-1.pcap", "q6/rx-0.pcap"], [1, 0]),
        (["q3.pcap"], [3]),
        ([], []),
        # Words before a number, as drivers and tools have them.
        (["queue_2.pcap", "queue_5.pcap"], [2, 5]),
        (["rxq7.pcap", "rxq1.pcap"], [7, 1]),
        (["ring3.pcap", "ring0.pcap"], [3, 0]),
        (["eth0-TxRx-3.pcap", "eth1-TxRx-4.pcap"], [3, 4]),
        (["rx_queue=6.pcap"], [6]),
        (["rx0_q3.pcap", "rx0_q2.pcap"], [3, 2]),
        # Several captures of one queue.
        (["q1.pcap", "x/q1.pcap"], [1, 1]),
        (["q01.pcap", "q1.pcap", "q0.pcap"], [1, 1, 0]),
        (["q0_00001_20240501120000.pcap", "q0_00002_20240501120010.pcap", "q1_00001_20240501120000.pcap"], [0, 0, 1]),
        # Dates are no queues, wherever they stand.
        (["q2_20240501120000.pcap", "q3_20240501120003.pcap"], [2, 3]),
        (["cap-2024-05-01_12-00-00-2.pcap", "cap-2024-05-01_12-00-10-3.pcap"], [2, 3]),
        (["rx-2024-05-01-q3.pcap"], [3]),
        (["ens1f0_rxq7.2024-05-01T12:00:00Z.pcap"], [7]),
        (["eth0.1714564800.pcap", "eth1.1714564801.pcap"], [0, 1]),
        (["q0.pcap.20240501", "q1.pcap.20240501"], [0, 1]),
    ],
)
def test_which_queue_each_capture_is(traces, queues):
    assert [source.queue for source in queues_of_traces(traces, 16)] == queues


@pytest.mark.parametrize(
    ("traces", "problem"),
    [
        (["q3.pcap", "q4.pcap"], "q4.pcap is named as receive queue 4, but the device has 4 (0 to 3)"),
        (["rx-9_20240501.pcap"], "rx-9_20240501.pcap is named as receive queue 9, but the device has 4 (0 to 3)"),
        (["q3.pcap", "-"], "the name - has no receive queue number, but q3.pcap has one"),
        (["a.pcap", "ring0.pcap"], "the name a.pcap has no receive queue number, but ring0.pcap has one"),
        (["q0_ring1.pcap"], "the name q0_ring1.pcap may mean receive queue 0 or 1"),
        (["00_trace_20240501.pcap"], "the name 00_trace_20240501.pcap does not say which queue it is"),
        (["trace.pcap"], "the name trace.pcap does not say which queue it is"),
        (
            ["20240501120001.pcap", "20240501120000.pcap"],
            "the name 20240501120001.pcap says when it was captured, but not on which receive queue",
        ),
        (
            ["dump_00004_20240501120000.pcap", "dump_00007_20240501120010.pcap"],
            "the name dump_00004_20240501120000.pcap says when it was captured, but not on which receive queue",
        ),
        (["cpu0-node1.pcap", "cpu1-node0.pcap"], "the name cpu0-node1.pcap may mean receive queue 0 or 1"),
    ],
)
def test_names_that_do_not_say_it(traces, problem):
    with pytest.raises(ConfigurationError) as caught:
        queues_of_traces(traces, 4)
    assert (str(caught.value.place), caught.value.problem) == ("per_queue", problem)


def test_every_packet_has_the_queue(tmp_path):
    trace = str(small_trace(tmp_path / "q3.pcap", 2))
    (source,) = queues_of_traces([trace])
    found = read_reported(trace, source)
    assert found.packets == [(None, None, None, 3)] * 2
    assert found.notes == [TakenAsQueue(trace, 3, is_by_position=False)]


def test_places_are_named_as_such(tmp_path):
    trace = str(small_trace(tmp_path / "a.pcap", 1))
    source, _ = queues_of_traces([trace, "b.pcap"])
    assert read_reported(trace, source).notes == [TakenAsQueue(trace, 0, is_by_position=True)]


def test_packets_of_an_unknown_queue_are_beside_those_of_known_ones(tmp_path):
    unknown = str(small_trace(tmp_path / "queue-unknown.pcap", 2))
    found = queues_of_traces([str(tmp_path / "queue-10.pcap"), unknown, str(tmp_path / "queue-2.pcap")])
    assert [(source.trace, source.queue) for source in found if source.trace != unknown] == [
        (str(tmp_path / "queue-10.pcap"), 10),
        (str(tmp_path / "queue-2.pcap"), 2),
    ]
    read = read_reported(unknown, found[1])
    assert (read.packets, read.notes) == ([(None, None, None, None)] * 2, [])
