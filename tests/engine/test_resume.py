"""A run that was interrupted goes on where it stopped, and says in the end what it would have said at once."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from pcaphash import Device, Selection
from pcaphash.capture.input import FileInput
from pcaphash.capture.reader import Reader
from pcaphash.engine.engines import Running
from pcaphash.engine.running.asked_words import _KIND, find_differences
from pcaphash.engine.running.resume import ResumeFolder
from pcaphash.engine.running.run import gather
from pcaphash.errors import ConfigurationError, OutputError
from pcaphash.studies.analyze import AnalysisRequest
from support.asked import DEVICES, REQUESTS, SAMPLES, told


class Opened:
    """Which traces were opened."""

    names: ClassVar[list[str]] = []


@dataclass(frozen=True)
class NotedInput(FileInput):
    """A file that notes when it is opened, and may stop everything."""

    is_last: bool = False

    def open(self):
        if self.is_last:
            raise KeyboardInterrupt
        Opened.names.append(Path(self.name).name)
        return Reader(self.name)


@pytest.fixture
def traces(tmp_path):
    """Copy traces, and put one that cannot be read and a damaged one among them."""
    Opened.names = []
    folder = tmp_path / "traces"
    folder.mkdir()
    for path in SAMPLES[:6]:
        shutil.copy(path, folder)
    (folder / "empty.pcap").touch()
    (folder / "cut.pcap").write_bytes(SAMPLES[0].read_bytes()[:-7])
    return sorted(folder.iterdir())


def inputs_of(paths, last=None):
    return [NotedInput(str(path), is_last=path == last) for path in paths]


@pytest.mark.jit_only
@pytest.mark.parametrize("name", REQUESTS)
def test_a_run_goes_on(name, traces, tmp_path):
    request, write = REQUESTS[name]
    expected = told(request, write, gather(request, inputs_of(traces)))
    for last in (traces[2], traces[5], None):
        Opened.names = []
        running = Running(resume=tmp_path / "partial")
        try:
            partial = running.gather(request, inputs_of(traces, last), None, 2)
        except KeyboardInterrupt:
            continue
        assert told(request, write, partial) == expected
    # What could not be read at all is tried again, in case it can be read now.
    assert Opened.names == ["empty.pcap", *(path.name for path in traces[5:])]
    Opened.names = []
    assert told(request, write, running.gather(request, inputs_of(traces), None, 2)) == expected
    assert Opened.names == ["empty.pcap"]


REQUEST = AnalysisRequest(DEVICES[:2])


def run(traces, folder, request=REQUEST):
    Opened.names = []
    return Running(resume=folder).gather(request, inputs_of(traces), None, 1)


def test_a_trace_that_changed_is_counted_again(traces, tmp_path):
    run(traces, tmp_path / "partial")
    changed = traces[4]
    changed.write_bytes(SAMPLES[7].read_bytes())
    found = run(traces, tmp_path / "partial")
    assert Opened.names == ["empty.pcap", changed.name]
    assert found.reading.packets == gather(REQUEST, inputs_of(traces)).reading.packets
    same_size = bytearray(changed.read_bytes())
    same_size[-1] ^= 1
    changed.write_bytes(same_size)
    os.utime(changed, ns=(1, 1))
    run(traces, tmp_path / "partial")
    assert changed.name in Opened.names


def test_traces_may_be_added(traces, tmp_path):
    run(traces[:4], tmp_path / "partial")
    found = run(traces, tmp_path / "partial")
    assert set(Opened.names) == {"empty.pcap", *(path.name for path in traces[4:])}
    assert found.reading.packets == gather(REQUEST, inputs_of(traces)).reading.packets


def test_a_trace_that_changes_while_it_is_read_is_not_kept(traces, tmp_path):
    @dataclass(frozen=True)
    class Growing(FileInput):
        def open(self):
            os.utime(self.name, ns=(5, 5))
            return Reader(self.name)

    Running(resume=tmp_path / "partial").gather(REQUEST, [Growing(str(traces[0]))], None, 1)
    assert list((tmp_path / "partial").glob("*.partial")) == []


@pytest.mark.parametrize("keep", [0, 10, -1])
def test_damaged_results_are_counted_again(traces, tmp_path, keep):
    run(traces, tmp_path / "partial")
    for path in (tmp_path / "partial").glob("*.partial"):
        path.write_bytes(path.read_bytes()[:keep])
    found = run(traces, tmp_path / "partial")
    assert Opened.names == [path.name for path in traces]
    assert found.reading.packets == gather(REQUEST, inputs_of(traces)).reading.packets


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (replace(REQUEST, devices=(Device(queues=4), *DEVICES[1:2])), "queues=8, now queues=4; 8"),
        (replace(REQUEST, devices=(Device(hash_key="symmetric"),)), "hash_key=6d5a56da"),
        (replace(REQUEST, selection=Selection(vni=3)), "all packets, now vni=3"),
        (replace(REQUEST, with_chance=True), "without output, now with output"),
        (REQUESTS["compare"][0], "pcaphash.analyze, now pcaphash.compare"),
    ],
)
def test_results_of_other_options_are_refused(traces, tmp_path, request_, said):
    run(traces[:1], tmp_path / "partial")
    before = sorted((tmp_path / "partial").iterdir())
    with pytest.raises(ConfigurationError) as caught:
        run(traces[:1], tmp_path / "partial", request_)
    assert said in str(caught.value)
    assert str(caught.value).endswith("give the same options as then, or name another folder")
    assert sorted((tmp_path / "partial").iterdir()) == before


def test_other_folders_are_refused(traces, tmp_path):
    with pytest.raises(ConfigurationError, match="has other files in it; name a new folder"):
        run(traces, traces[0].parent)
    with pytest.raises(OutputError, match="it is a file, not a folder"):
        run(traces, traces[0])
    run(traces[:1], tmp_path / "partial")
    (tmp_path / "partial" / "request.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"request\.json is damaged"):
        run(traces[:1], tmp_path / "partial")


@pytest.mark.parametrize("names", [["request.json"], [".lock"], ["request.json", ".lock"]])
def test_a_folder_of_another_program_stays_as_it_is(traces, tmp_path, names):
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in [*names, ".download.partial", "notes.txt"]:
        (folder / name).write_text('{"url": "of another program"}')
    before = {path: path.read_text() for path in folder.iterdir()}
    with pytest.raises(ConfigurationError, match="name a"):
        run(traces[:1], folder)
    assert {path: path.read_text() for path in folder.iterdir()} == before


def test_what_a_killed_run_left_is_removed(traces, tmp_path):
    folder = tmp_path / "partial"
    run(traces[:1], folder)
    expected = sorted(folder.iterdir())
    for name in (".pcaphash-abc.partial", ".pcaphash-abc.json", ".other.partial"):
        (folder / name).touch()
    run(traces[:1], folder)
    assert sorted(folder.iterdir()) == sorted([*expected, folder / ".other.partial"])


def test_a_run_that_was_killed_before_it_noted_anything_goes_on(traces, tmp_path):
    folder = tmp_path / "partial"
    folder.mkdir()
    for name in (".lock", ".pcaphash-abc.json"):
        (folder / name).touch()
    assert run(traces[:1], folder).reading.packets


def test_one_run_at_a_time(traces, tmp_path):
    folder = ResumeFolder(tmp_path / "partial", REQUEST)
    with pytest.raises(ConfigurationError, match=r"another run is using .*partial; wait for it to end"):
        run(traces, tmp_path / "partial")
    folder.close()
    run(traces[:1], tmp_path / "partial")


def test_what_cannot_run_in_parts(traces, tmp_path):
    with pytest.raises(ConfigurationError, match="when each trace is read apart; leave out resume"):
        run(traces, tmp_path / "partial", AnalysisRequest(selection=Selection(count=3)))
    with pytest.raises(ConfigurationError, match="resume: standard input and pipes can be read only once"):
        Running(resume=tmp_path / "partial").gather(REQUEST, [FileInput("-")], None, 1)
    os.mkfifo(tmp_path / "pipe")
    for running in (Running(resume=tmp_path / "partial"), Running("dask")):
        with pytest.raises(ConfigurationError, match="pipes can be read only once, and only here"):
            running.gather(REQUEST, [FileInput(str(tmp_path / "pipe"))], None, 1)
    assert not (tmp_path / "partial").exists()


def test_engines():
    with pytest.raises(ConfigurationError, match="engine: 'spark' is not an engine; use threads, dask"):
        Running("spark")
    with pytest.raises(ConfigurationError, match="scheduler: only Dask has one; add engine=dask"):
        Running(scheduler="tcp://localhost:8786")


def test_differences_are_written_as_users_write_them():
    before, now = ({_KIND: "compare", "window_ns": value} for value in ("None", "5000000"))
    assert find_differences(before, now) == ["no window_ns, now window_ns=5000000ns"]
