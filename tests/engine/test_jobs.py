"""Any number of threads, blocks of any length and files cut anywhere give the same."""

import io
import itertools
import json
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcaphash
from pcaphash.capture.input import FileInput
from pcaphash.capture.reader import BLOCK_LEN, Reader
from pcaphash.engine.census.describer import Describer
from pcaphash.engine.reading import Reading
from pcaphash.engine.request import Asked, Counter
from pcaphash.engine.running import ahead, crew
from pcaphash.engine.running.run import answer, gather
from pcaphash.errors import ConfigurationError, PcaphashError
from pcaphash.report.validate.write import write_validation
from pcaphash.studies.hashes import stream_hashes
from support.asked import REQUESTS, SAMPLES, told

pytestmark = pytest.mark.usefixtures("eager_helpers")

JOBS = 1, 2, 5


@dataclass(frozen=True)
class CutInput(FileInput):
    """A file that is read in blocks of some length."""

    block_len: int = BLOCK_LEN

    def open(self):
        return Reader(self.name, self.block_len)


def outcome(request, write, inputs, jobs) -> str:
    try:
        return told(request, write, gather(request, inputs, jobs=jobs))
    except PcaphashError as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.jit_only
@pytest.mark.parametrize("name", REQUESTS)
@settings(max_examples=10)
@given(paths=st.lists(st.sampled_from(SAMPLES), min_size=1, max_size=3), blocks=st.integers(1, 200), data=st.data())
def test_jobs_and_block_lengths_do_not_matter(name, paths, blocks, data):
    request, write = REQUESTS[name]
    expected = outcome(request, write, [FileInput(str(path)) for path in paths], 1)
    inputs = [CutInput(str(path), block_len=max(64, path.stat().st_size // blocks)) for path in paths]
    assert outcome(request, write, inputs, data.draw(st.sampled_from(JOBS))) == expected


def records_of(path: Path) -> list[bytes]:
    return [
        block.data[start:end].tobytes()
        for block in Reader(str(path)).blocks()
        for start, end in block.records[["start", "end"]].tolist()
    ]


PCAPS = [path for path in SAMPLES if path.suffix == ".pcap"]


def without_names(text: str) -> object:
    """Read a JSON document, without what it says of files."""

    def strip(value):
        if isinstance(value, dict):
            return {name: strip(each) for name, each in value.items() if name not in ("trace", "traces", "files")}
        return [strip(each) for each in value] if isinstance(value, list) else value

    return strip(json.loads(text))


@pytest.mark.jit_only
@pytest.mark.parametrize("name", [name for name in REQUESTS if name not in ("census", "info")])
@settings(max_examples=10)
@given(path=st.sampled_from(PCAPS), draw=st.data(), jobs=st.sampled_from(JOBS))
def test_files_may_be_cut_anywhere(scratch, name, path, draw, jobs):
    request, write = REQUESTS[name]
    records = records_of(path)
    cuts = sorted(draw.draw(st.sets(st.integers(0, len(records)), max_size=4)))
    header = path.read_bytes()[:24]
    inputs = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(records)], strict=True)):
        part = scratch / f"part-{number}.pcap"
        part.write_bytes(header + b"".join(records[start:end]))
        inputs.append(FileInput(str(part)))

    def document(traces, jobs):
        with (scratch / "document.json").open("w+") as stream:
            try:
                write(answer(request, traces, jobs=jobs), "json", stream)
            except PcaphashError as error:
                return str(error)
            stream.seek(0)
            return without_names(stream.read())

    assert document(inputs, jobs) == document([FileInput(str(path))], 1)


REPORTED = sorted(Path("sample_traces").glob("*.pcapng"))


def in_order(question, path: Path, block_len: int, selection, jobs: int) -> str:
    """Ask a question that needs packets in order, and return all it says."""
    trace = CutInput(str(path), block_len=block_len)
    try:
        if question == "hashes":
            rows = pcaphash.hashes(trace, selection=selection, jobs=jobs)
            return f"{rows.to_csv()} {rows.attrs}"
        if question == "analyze":
            return repr(pcaphash.analyze(trace, selection=selection, jobs=jobs).distribution_rows())
        if question == "recover-key":
            return repr(vars(pcaphash.recover_key(trace, selection=selection, jobs=jobs)))
        found = pcaphash.validate(trace, selection=selection, jobs=jobs)
        stream = io.StringIO()
        write_validation(found, "json", stream)
        return f"{stream.getvalue()} {found.reading}"
    except PcaphashError as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.jit_only
@pytest.mark.parametrize("question", ["hashes", "validate", "recover-key", "analyze"])
@settings(max_examples=12)
@given(data=st.data(), blocks=st.integers(1, 40), jobs=st.sampled_from(JOBS))
def test_what_needs_order_gets_it(question, data, blocks, jobs):
    path = data.draw(st.sampled_from(SAMPLES if question in ("hashes", "analyze") else REPORTED))
    counts = st.integers(1, 60)
    count = data.draw(counts if question == "analyze" else st.none() | counts)
    selection = pcaphash.Selection(count=count, direction="all")
    block_len = max(64, path.stat().st_size // blocks)
    # The first blocks decide how validate reads the others, and which assumptions recover-key still follows: how many
    # packets these are depends on the length of blocks.
    usual = block_len if question in ("validate", "recover-key") else BLOCK_LEN
    expected = in_order(question, path, usual, selection, 1)
    assert in_order(question, path, block_len, selection, jobs) == expected


class Threads(Counter):
    """Notes which threads count; a helper waits until it may go on."""

    def __init__(self, go_on: threading.Event, error: Exception | None) -> None:
        self.packets = {}
        self.go_on, self.error = go_on, error

    def append(self, batch):
        thread = threading.current_thread()
        if thread is not threading.main_thread():
            self.go_on.wait(60)
            if self.error:
                raise self.error
        self.packets[thread] = self.packets.get(thread, 0) + len(batch.block.records)

    def combine(self, other):
        self.packets |= other.packets


@dataclass(frozen=True)
class ThreadsRequest(Asked):
    go_on: threading.Event = None
    error: Exception | None = None

    def begin(self):
        return Threads(self.go_on, self.error)

    def finish(self, partial):
        return partial.counter.packets


TRACE = CutInput("sample_traces/overlay.pcap", block_len=1000)
N_PACKETS = len(records_of(Path(TRACE.name)))


def test_who_reads_counts_what_helpers_have_no_time_for():
    """Few blocks wait: else memory would grow with the trace."""
    go_on = threading.Event()

    def watch(progress):
        if progress.packets == N_PACKETS:
            go_on.set()

    packets = answer(ThreadsRequest(go_on=go_on), [TRACE], watch, jobs=3)
    mine = packets.pop(threading.main_thread())
    assert len(packets) == 2
    assert mine + sum(packets.values()) == N_PACKETS
    assert sum(packets.values()) <= 6 * 20 < mine  # so many blocks, of so many packets at most, can wait or be counted
    assert not any(thread.is_alive() for thread in packets)


def test_an_error_of_a_helper_ends_the_run():
    go_on = threading.Event()
    go_on.set()
    error = ConfigurationError("something", "is wrong", "do it right")
    before = threading.active_count()
    with pytest.raises(ConfigurationError) as caught:
        answer(ThreadsRequest(go_on=go_on, error=error), [TRACE], jobs=2)
    assert caught.value is error
    assert threading.active_count() == before


def test_an_interruption_leaves_no_thread():
    go_on = threading.Event()
    before = threading.active_count()

    def watch(progress):
        if progress.packets > N_PACKETS // 2:
            go_on.set()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer(ThreadsRequest(go_on=go_on), [TRACE], watch, jobs=2)
    assert threading.active_count() == before


class OpenedInput(CutInput):
    """Keeps what it opened."""

    def open(self):
        opened.append(super().open())
        return opened[-1]


opened: list[Reader] = []


def rows_of(trace, watch, jobs):
    return list(stream_hashes([trace], pcaphash.Device(), Reading(), watch=watch, jobs=jobs))


def count_of(trace, watch, jobs):
    return gather(REQUESTS["analyze"][0], [trace], watch, jobs)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("after", [1, 15, N_PACKETS // 2])
@pytest.mark.parametrize("ask", [rows_of, count_of])
def test_an_interruption_closes_the_trace(jobs, after, ask):
    def watch(progress):
        if progress.packets > after:
            raise KeyboardInterrupt

    opened.clear()
    with pytest.raises(KeyboardInterrupt) as caught:
        ask(OpenedInput(TRACE.name, block_len=1000), watch, jobs)
    (reader,) = opened
    assert reader.is_finished
    assert "closed file" in str(reader.source.readinto(memoryview(bytearray(1)))[1])
    assert caught.value.__traceback__  # which keeps all that was under way


def test_one_job_and_little_work_need_no_thread(monkeypatch):
    monkeypatch.setattr(crew, "Thread", lambda **_: pytest.fail("a thread is made"))
    request, _ = REQUESTS["analyze"]
    gather(request, [TRACE], jobs=1)
    monkeypatch.setattr(crew, "_LEAST_READ", BLOCK_LEN)
    gather(request, [TRACE], jobs=5)
    monkeypatch.setattr(crew, "_LEAST_READ", 0)
    monkeypatch.setattr(crew, "_LEAST_HANDED", BLOCK_LEN)
    gather(request, [TRACE], jobs=5)


@pytest.mark.parametrize("jobs", [0, -1])
def test_there_is_a_thread_at_least(jobs):
    with pytest.raises(ConfigurationError, match="jobs"):
        pcaphash.analyze(TRACE.name, jobs=jobs)


def rows_until(stop, jobs: int, trace=TRACE) -> list[int]:
    """Return the numbers of the packets whose rows came before something stopped them."""
    numbers = []
    try:
        for rows in stream_hashes([trace], pcaphash.Device(), Reading(), watch=stop, jobs=jobs):
            numbers += rows["packet"].tolist()
    except (KeyboardInterrupt, PcaphashError):
        pass
    return numbers


def test_rows_come_up_to_where_it_was_interrupted():
    def stop(progress):
        if progress.packets > N_PACKETS // 2:
            raise KeyboardInterrupt

    before = threading.active_count()
    assert N_PACKETS // 2 < len(rows_until(stop, 1)) < N_PACKETS
    assert rows_until(stop, 2) == rows_until(stop, 1)
    assert threading.active_count() == before


def test_whoever_stops_listening_leaves_no_thread():
    before = threading.active_count()
    rows = stream_hashes([TRACE], pcaphash.Device(), Reading(), jobs=2)
    for _ in range(5):
        next(rows)
    assert threading.active_count() == before + 1
    rows.close()
    assert threading.active_count() == before


def test_rows_come_before_an_error_that_comes_after_them(monkeypatch):
    original = Describer.describe
    error = ConfigurationError("something", "is wrong", "do it right")

    def numbers(jobs):
        blocks = itertools.count()

        def describe(describer, block):
            if next(blocks) == 20:
                raise error
            return original(describer, block)

        monkeypatch.setattr(Describer, "describe", describe)
        return rows_until(None, jobs)

    assert 0 < len(numbers(1)) < N_PACKETS
    assert numbers(2) == numbers(1)


def test_rows_of_one_block_need_no_thread(monkeypatch):
    monkeypatch.setattr(ahead, "Thread", lambda **_: pytest.fail("a thread is made"))
    assert len(rows_until(None, 5, FileInput("sample_traces/vxlan.pcap"))) == len(
        records_of(Path("sample_traces/vxlan.pcap"))
    )
