"""One capture per receive queue: which queue each of them is."""

import pytest

from pcaphash.capture.reported_queues import queues_of_traces
from support.reported import read_reported, small_trace


@pytest.mark.parametrize(
    ("traces", "queues"),
    [
        (["a.pcap", "b.pcap"], [0, 1]),
        (["q2.pcap", "q0.pcap"], [2, 0]),
        (["/var/7/rx-10.pcapng.gz", "rx-9.pcap.zst"], [10, 9]),
        (["2026/q1", "2026/q0"], [1, 0]),
        (["q1.pcap", "x/q1.pcap"], [0, 1]),  # not different
        (["q5.pcap", "-"], [0, 1]),  # not all
        (["q01.pcap", "q1.pcap"], [0, 1]),
        (["trace1.old.7.pcap", "trace1.old.6.pcap"], [7, 6]),
        (["q3.pcap"], [3]),
        ([], []),
    ],
)
def test_which_queue_each_capture_is(traces, queues):
    assert [source.queue for source in queues_of_traces(traces)] == queues


def test_every_packet_has_the_queue(tmp_path):
    trace = str(small_trace(tmp_path / "q3.pcap", 2))
    (source,) = queues_of_traces([trace])
    found = read_reported(trace, source)
    assert found.packets == [(None, None, None, 3)] * 2
    assert found.notes == [f"{trace} is taken as receive queue 3"]
