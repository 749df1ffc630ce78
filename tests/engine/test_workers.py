"""The processes of a cluster of this machine: how they are started, replaced and ended."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="Dask is not installed")

from pcaphash.capture.input import FileInput
from pcaphash.engine.cluster import workers
from pcaphash.engine.cluster.connecting import connected
from pcaphash.engine.cluster.work import count_files
from pcaphash.engine.engines import Running
from pcaphash.engine.part import whole_parts
from pcaphash.engine.running.packed import unpack
from pcaphash.engine.running.resume import Shelf
from pcaphash.engine.running.run import gather
from pcaphash.errors import ConfigurationError
from support.asked import REQUESTS, SAMPLES, told
from support.cluster import LoggedInput

pytestmark = pytest.mark.jit_only
INPUTS = [FileInput(str(path)) for path in SAMPLES]
PATIENCE = 100  # seconds: kernels may have to be compiled

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="workers are forks of one process on Linux only")


@pytest.fixture(params=[pytest.param(True, marks=only_linux, id="forks"), pytest.param(False, id="no forks")])
def forks(request, monkeypatch):
    monkeypatch.setattr(workers, "_FORKS", request.param)
    return request.param


@pytest.fixture
def temporary(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def eventually(is_so):
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def is_quiet(folder):
    before = set(folder.iterdir())
    time.sleep(0.5)
    return set(folder.iterdir()) == before


def is_there(pid):
    return Path(f"/proc/{pid}").exists()


def children_of(pid):
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.parametrize("n", [1, 2])
def test_a_worker_without_a_place_to_write_leaves_no_traceback(tmp_path, n):
    """The folder is gone when a worker is replaced just as the run ends, for instance."""
    (tmp_path / "file").write_bytes(b"")
    program = "import sys; from pcaphash.engine.cluster.serving import serve; serve(sys.argv[1], int(sys.argv[2]))"
    words = [sys.executable, "-c", program, str(tmp_path / "file" / "gone"), str(n)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(b'["tcp://127.0.0.1:9", {}]\n')
        process.stdin.flush()
        time.sleep(5)  # until workers have been tried
        assert process.communicate(timeout=PATIENCE)[1] == b""
    assert process.returncode == (n == 1)  # one that is alone is replaced by whoever has started it


@only_linux
def test_workers_are_forks_of_one_process():
    """It is a new interpreter, loads Dask once, and has no threads whose locks a fork would keep."""
    with connected(None, None, 3, None) as client:
        pids = set(client.run(os.getpid).values())
        assert len(pids) == 3
        (parent,) = set(client.run(os.getppid).values())
        assert parent in children_of(os.getpid())
        assert len(list(Path(f"/proc/{parent}/task").iterdir())) == 1
    assert not any(map(is_there, [parent, *pids]))  # not even as what nobody has waited for


def test_each_worker_is_started_where_there_are_no_forks(monkeypatch):
    monkeypatch.setattr(workers, "_FORKS", False)
    with connected(None, None, 2, None) as client:
        pids = set(client.run(os.getpid).values())
        assert len(pids) == 2
        assert set(client.run(os.getppid).values()) == {os.getpid()}
    assert not any(map(is_there, pids))


def _say_something():
    os.write(2, b"Traceback\n")


@pytest.mark.usefixtures("forks")
def test_workers_say_nothing(capfd):
    """Whatever libraries write there, when a run ends before they expect it."""
    with connected(None, None, 2, None) as client:
        client.run(_say_something)
    assert capfd.readouterr().err == ""


def test_one_that_cannot_be_replaced_at_first(monkeypatch, capfd):
    """There are too many processes for a moment."""
    popen, failed = subprocess.Popen, []

    def start(*words, **named):
        if len(failed) < 2:
            failed.append(words)
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return popen(*words, **named)

    monkeypatch.setattr(workers, "_FORKS", False)
    with connected(None, None, 1, None) as client:
        (pid,) = client.run(os.getpid).values()
        monkeypatch.setattr(subprocess, "Popen", start)
        os.kill(pid, signal.SIGKILL)
        assert client.submit(sum, [1, 2]).result(PATIENCE) == 3
    assert len(failed) == 2
    assert capfd.readouterr().err == ""


def test_a_cluster_that_cannot_be_started(monkeypatch, temporary):
    import distributed

    def fail(**_):
        raise RuntimeError("Cluster failed to start: no address")

    monkeypatch.setattr(distributed, "LocalCluster", fail)
    with pytest.raises(ConfigurationError, match="it cannot be started: Cluster failed to start: no address; run with"):
        Running("dask").gather(REQUESTS["census"][0], INPUTS, None, 1)
    assert not any(temporary.iterdir())


def test_a_cluster_that_cannot_be_closed_has_done_its_work(monkeypatch):
    import distributed

    def fail(part, timeout=None):
        close[type(part)](part, timeout)
        if timeout is not None:  # and not where Python itself closes what nobody uses any more
            raise TimeoutError("timed out")

    close = {part: part.close for part in (distributed.Client, distributed.LocalCluster)}
    for part in close:
        monkeypatch.setattr(part, "close", fail)
    request, write = REQUESTS["census"]
    partial = Running("dask").gather(request, INPUTS, None, 1)
    assert told(request, write, partial) == told(request, write, gather(request, INPUTS))


@pytest.mark.usefixtures("forks")
def test_one_that_dies_is_replaced(tmp_path):
    """Two are killed, one after the other, by the same trace."""
    request, write = REQUESTS["compare"]
    inputs = [*INPUTS[:-1], LoggedInput(str(SAMPLES[-1]), log=str(tmp_path / "log"), deaths=2)]
    partial = Running("dask").gather(request, inputs, None, 2)
    assert (tmp_path / "log").read_text().split() == [SAMPLES[-1].name] * 3
    assert told(request, write, partial) == told(request, write, gather(request, INPUTS))


@only_linux
def test_the_process_dies_that_workers_are_forks_of(temporary):
    """Its forks end, and another process is started for others."""
    with connected(None, None, 2, None) as client:
        before = set(client.run(os.getpid).values())
        (parent,) = set(client.run(os.getppid).values())
        os.kill(parent, signal.SIGKILL)
        eventually(lambda: not any(map(is_there, before)))
        after = set()
        eventually(lambda: len(after.update(client.run(os.getpid, on_error="ignore").values()) or after - before) == 2)
        assert client.submit(sum, [1, 2]).result(PATIENCE) == 3
    assert not any(map(is_there, after))
    assert not any(temporary.iterdir())


@pytest.mark.usefixtures("forks")
def test_those_that_do_not_end_are_killed(temporary, monkeypatch):
    monkeypatch.setattr(workers, "_GRACE", 0.1)
    with connected(None, None, 2, None) as client:
        pids = {*client.run(os.getpid).values(), *client.run(os.getppid).values()} - {os.getpid()}
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
    eventually(lambda: not any(map(is_there, pids)))
    assert not any(temporary.iterdir())


def test_one_that_cannot_be_started(temporary, monkeypatch):
    """Those that were started before it end."""
    start, started = subprocess.Popen, []

    def popen(*words, **named):
        if started:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(start(*words, **named))
        return started[0]

    monkeypatch.setattr(workers, "_FORKS", False)
    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(ConfigurationError, match=r"its processes cannot be started: Resource temp[a-z ]*; run"):
        Running("dask").gather(REQUESTS["census"][0], INPUTS, None, 2)
    assert not is_there(started[0].pid)
    assert not any(temporary.iterdir())


def test_what_was_read_of_a_task_is_kept_when_all_is_killed(tmp_path):
    """All is killed when a worker has read a few of the many small traces that are one task."""
    traces = [tmp_path / f"{number}.pcap" for number in range(300)]
    for trace in traces:
        trace.write_bytes(SAMPLES[0].read_bytes())
    folder = tmp_path / "partial"
    command = [sys.executable, "-m", "pcaphash", "analyze", *map(str, traces), "--format", "json"]
    words = ["--engine", "dask", "--jobs", "1", "--resume", str(folder)]
    with subprocess.Popen([*command, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: len(list(folder.glob("[0-9a-f]*.partial"))) >= 2)
        finally:
            process.kill()
    eventually(lambda: is_quiet(folder))  # workers end a little later
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("[0-9a-f]*.partial")}
    run = partial(subprocess.run, capture_output=True, text=True, timeout=200, check=False)
    assert run([*command, *words]).stdout == run(command).stdout
    assert 2 <= len(kept) < len(traces)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert len(list(folder.glob("[0-9a-f]*.partial"))) == len(traces)


def test_what_a_worker_keeps_of_each_trace_is_sent_as_one_sum(tmp_path):
    """To unpack and add the results of a thousand small traces takes longer than to read them."""
    request, write = REQUESTS["compare"]
    parts, shelf = whole_parts(INPUTS), Shelf(tmp_path)
    counted = count_files(request, parts, 0, False, shelf)
    (kept,) = counted.portion.kept
    assert told(request, write, unpack(kept.packed)) == told(request, write, gather(request, INPUTS))
    assert {shelf.file_of(part) for part in parts} == set(tmp_path.iterdir())
    assert [each.number for each in count_files(request, parts, 0, True).portion.kept] == list(range(len(parts)))


@pytest.mark.parametrize(("folder", "is_started"), [("new", True), ("made before", False)])
def test_workers_are_started_ahead_unless_there_may_be_nothing_to_do(tmp_path, folder, is_started):
    (tmp_path / "made before").mkdir()
    running = Running("dask", resume=tmp_path / folder)
    running.start_ahead(1)
    assert (running._workers is not None) == is_started
    if running._workers:
        running._workers.__exit__()


def test_what_was_read_cannot_be_kept(tmp_path):
    """A worker says so, and the command."""
    command = [sys.executable, "-m", "pcaphash", "analyze", str(SAMPLES[0]), "--resume", str(tmp_path / "partial")]
    result = subprocess.run(
        [*command, "--engine", "dask", "--jobs", "1"], capture_output=True, text=True, timeout=200, check=False,
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_FSIZE, (2000, 2000)),
    )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr.endswith(".partial cannot be written: File too large; choose another place with --resume\n")


@pytest.mark.parametrize("limit", ["soft", "hard"])
def test_few_open_files(limit):
    """More are allowed if they may be; if not, that is said at once."""
    command = [sys.executable, "-m", "pcaphash", "analyze", str(SAMPLES[0]), "--format", "json"]
    run = partial(subprocess.run, capture_output=True, text=True, timeout=60, check=False)
    limits = (20, 20 if limit == "hard" else resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    began = time.monotonic()
    result = run(
        [*command, "--engine", "dask", "--jobs", "3"],
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_NOFILE, limits),
    )
    if limit == "soft":
        assert (result.returncode, result.stdout) == (0, run(command).stdout)
        return
    assert result.returncode == 2
    assert result.stderr == (
        "pcaphash: error: --engine dask: a cluster of 3 processes needs 52 open files, and the limit is 20; "
        "raise it (`ulimit -n`), or run without a cluster\n"
    )
    assert time.monotonic() - began < 20
