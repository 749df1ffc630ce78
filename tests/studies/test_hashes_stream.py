"""Rows of ``hashes`` are there as soon as their packets are read, and are not kept."""

import pytest

import pcaphash
from pcaphash import Device
from pcaphash.capture.reader import Reader
from pcaphash.engine.reading import Reading
from pcaphash.engine.request import Partial
from pcaphash.engine.running.run import batches, finish
from pcaphash.errors import CaptureError, NothingReadableError
from pcaphash.studies.hashes import HashesRequest, stream_hashes

TRACE = "sample_traces/vxlan.pcap"


class Repeated:
    """A trace whose packets come several times, which notes how often they came."""

    name, size = "repeated", 0

    def __init__(self, times: int) -> None:
        self.times, self.read = times, 0

    def open(self):
        of_input = self

        class Opened:
            damage, joints, position = None, [], 0

            def blocks(self):
                for _ in range(of_input.times):
                    of_input.read += 1
                    yield from Reader(TRACE).blocks()

            def close(self):
                pass

        return Opened()


def test_rows_come_while_the_trace_is_read():
    trace = Repeated(5)
    rows = stream_hashes([trace], Device(), Reading())
    n_packets = len(next(rows))
    assert trace.read == 1
    assert [len(each) for each in rows] == [n_packets] * 4
    assert trace.read == 5


def test_rows_that_were_taken_are_not_kept():
    request = HashesRequest()
    partial = Partial(Reading(), request.begin())
    for _ in batches(request, partial, [Repeated(3)]):
        assert len(partial.counter.take()) == 1
        assert partial.counter.take() == []
    assert len(finish(request, partial)) == 0


@pytest.mark.parametrize("ask", [pcaphash.hashes, pcaphash.recover_key])
def test_why_the_only_trace_cannot_be_read(ask, tmp_path):
    with pytest.raises(CaptureError, match="missing"):
        ask(tmp_path / "missing.pcap")


def test_why_no_trace_can_be_read(tmp_path):
    traces = [tmp_path / "missing.pcap", tmp_path / "other.pcap"]
    with pytest.raises(NothingReadableError, match=r"missing\.pcap.*\n.*other\.pcap"):
        list(stream_hashes(traces, Device(), Reading()))
