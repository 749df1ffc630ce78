"""A cluster gives what one process gives, bit for bit: whatever dies, and however often a task is run."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

pytest.importorskip("distributed", reason="Dask is not installed")

from pcaphash.capture.damage_words import damage_text, problem_text
from pcaphash.capture.input import FileInput
from pcaphash.engine.cluster import connecting, gathering, local
from pcaphash.engine.cluster.merging import MergeTree
from pcaphash.engine.cluster.planning import FileGroup, Sizes, group_parts
from pcaphash.engine.engines import Running
from pcaphash.engine.part import Part, whole_parts
from pcaphash.engine.running.run import gather
from pcaphash.errors import ConfigurationError
from support.asked import REQUESTS, SAMPLES, told
from support.cluster import AbsentInput, LoggedInput, cluster
from support.disguised import disguised_pcap, disguised_pcapng, parallel_pcap
from support.shared import ROOT
from support.thousand import thousand_files

pytestmark = pytest.mark.jit_only
SMALL = Sizes(least_group=20_000, most_group=20_000, range_len=150_000)


@pytest.fixture(scope="module")
def scheduler():
    with cluster(2) as address:
        yield address


@pytest.fixture(autouse=True)
def _small_tasks(monkeypatch):
    monkeypatch.setattr(gathering, "SIZES", SMALL)


@pytest.fixture(scope="module")
def thousand(tmp_path_factory):
    return thousand_files(tmp_path_factory.mktemp("thousand"))


def on_cluster(scheduler, request, inputs, **words):
    return Running("dask", scheduler, **words).gather(request, inputs, None, None)


def inputs_of(paths):
    return [FileInput(str(path)) for path in paths]


def quickly(names, quick):
    """Leave all but some to the longer tests."""
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", quickly(REQUESTS, ("census", "compare")))
def test_every_study(scheduler, name):
    request, write = REQUESTS[name]
    inputs = inputs_of([*SAMPLES, "nothing"])
    assert told(request, write, on_cluster(scheduler, request, inputs)) == told(request, write, gather(request, inputs))


@pytest.mark.parametrize("name", quickly(["analyze", "info"], ("info",)))
def test_a_thousand_files(scheduler, thousand, name):
    request, write = REQUESTS[name]
    assert len(thousand) == 1000
    alone = gather(request, inputs_of(thousand), jobs=1)
    expected = told(request, write, alone)
    assert len(alone.reading.unreadable) == 4
    assert len(alone.reading.damages) > 50
    progress = []
    partial = Running("dask", scheduler).gather(
        request, inputs_of(thousand), lambda each: progress.append(replace(each)), None
    )
    assert told(request, write, partial) == expected
    assert (progress[-1].read_files, progress[-1].total_files) == (1000, 1000)
    assert progress[-1].packets == partial.reading.packets
    assert progress[-1].read_bytes == progress[-1].total_bytes


@pytest.mark.parametrize("n", [400, pytest.param(1000, marks=pytest.mark.slow)])
def test_workers_that_die(scheduler, thousand, tmp_path, n):
    """What tasks gave that died with a worker is made again, and counted once."""
    request, write = REQUESTS["compare"]
    thousand = thousand[:n]
    log = tmp_path / "log"
    inputs = [
        LoggedInput(str(path), log=str(log), deaths=int(number in (n // 4, n // 2)))
        for number, path in enumerate(thousand)
    ]
    partial = on_cluster(scheduler, request, inputs)
    opened = Counter(log.read_text().split())
    assert opened.keys() == {path.name for path in thousand}
    assert sum(times > 1 for times in opened.values()) > 10
    assert told(request, write, partial) == told(request, write, gather(request, inputs_of(thousand)))


@pytest.mark.slow
def test_a_trace_that_kills_every_worker(scheduler, tmp_path):
    inputs = [*inputs_of(SAMPLES[:2]), LoggedInput(str(SAMPLES[2]), log=str(tmp_path / "log"), deaths=100)]
    with pytest.raises(ConfigurationError, match="engine=dask: a task was given up after the workers that had it died"):
        on_cluster(scheduler, REQUESTS["census"][0], inputs)


@pytest.mark.parametrize("make", [disguised_pcap, disguised_pcapng, parallel_pcap])
@pytest.mark.parametrize("damage", [None, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_large_files_in_ranges(scheduler, tmp_path, make, damage):
    path = tmp_path / "large"
    data = make(8000)
    path.write_bytes(data if damage is None else data[:damage] + b"\xff" * 4000 + data[damage + 4000 :])
    inputs = inputs_of([SAMPLES[0], path, SAMPLES[1]])
    for name in ("analyze", "info"):
        request, write = REQUESTS[name]
        partial = on_cluster(scheduler, request, inputs)
        assert bool(partial.reading.damages) == (damage is not None)
        assert told(request, write, partial) == told(request, write, gather(request, inputs))


def test_relative_paths(scheduler, tmp_path, monkeypatch):
    """Workers run in another folder; there is a file of the same name, too."""
    first, second = SAMPLES[0].read_bytes(), SAMPLES[1].read_bytes()
    monkeypatch.chdir(tmp_path)
    cut, large = Path("cut.pcap"), Path("large.pcap")
    cut.write_bytes(first[:-5])
    large.write_bytes(disguised_pcap(3000))
    Path("README.md").write_bytes(second)
    inputs = inputs_of([cut, large, "README.md", "nothing"])
    for name in ("census", "info"):
        request, write = REQUESTS[name]
        assert told(request, write, on_cluster(scheduler, request, inputs)) == told(
            request, write, gather(request, inputs)
        )
    problems = on_cluster(scheduler, request, inputs, resume="partial").reading.problems
    assert list(map(problem_text, problems)) == [
        "nothing: No such file or directory; check the path and its permissions",
        *map(damage_text, gather(request, inputs).reading.damages),
    ]


def test_a_file_that_workers_miss(scheduler, tmp_path):
    path = tmp_path / "here.pcap"
    path.write_bytes(SAMPLES[0].read_bytes())
    partial = on_cluster(scheduler, REQUESTS["census"][0], [AbsentInput(str(path)), *inputs_of(SAMPLES[1:2])])
    assert list(map(str, partial.reading.problems)) == [
        f"{path} is not on every machine of the cluster, or not at {path}; have all of them find it at the same path"
    ]


def test_a_run_goes_on(scheduler, thousand, tmp_path):
    """Some were read by one process before, and large ones are read in ranges."""
    request, write = REQUESTS["info"]
    large = tmp_path / "large.pcap"
    large.write_bytes(disguised_pcap(3000))
    paths = [*thousand[:100], large]
    expected = told(request, write, gather(request, inputs_of(paths)))
    log = tmp_path / "log"

    def run(first, last, **words):
        log.write_text("")
        inputs = [LoggedInput(str(path), log=str(log)) for path in paths[:first]] + inputs_of(paths[first:last])
        partial = Running(resume=tmp_path / "partial", **words).gather(request, inputs, None, 1)
        return told(request, write, partial)

    run(60, 60)
    assert run(100, 101, engine="dask", scheduler=scheduler) == expected
    assert set(log.read_text().split()) == {path.name for path in thousand[60:100]}
    assert run(100, 101) == expected
    assert log.read_text() == ""
    assert run(100, 101, engine="dask", scheduler=scheduler) == expected


def test_results_of_each_trace(scheduler, thousand, tmp_path):
    import pcaphash

    large = tmp_path / "large.pcap"
    large.write_bytes(disguised_pcap(3000))
    paths = [*thousand[:50], large]
    apart = pcaphash.analyze(paths, per_file=True, running=Running("dask", scheduler))
    assert apart.file_rows == pcaphash.analyze(paths, per_file=True).file_rows


def test_a_cluster_of_this_machine(thousand, tmp_path):
    """The command starts one, says where to look at it, and leaves nothing behind."""
    command = [sys.executable, "-m", "pcaphash", "analyze", *map(str, thousand[:300]), "--format", "json"]
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    alone = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    command += ["--engine", "dask", "--jobs", "2"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, env=env, check=False)
    assert not any(tmp_path.iterdir())
    assert (result.returncode, result.stdout) == (alone.returncode, alone.stdout)
    first, *others = result.stderr.splitlines()
    assert first.startswith("pcaphash: the dashboard of the cluster is at http://127.0.0.1:")
    assert others == alone.stderr.splitlines()


def test_a_process_of_this_machine_that_dies_is_replaced(thousand, tmp_path):
    """There is only one, which is killed twice."""
    request, write = REQUESTS["info"]
    inputs = inputs_of(thousand[:20])
    inputs[10] = LoggedInput(str(thousand[10]), log=str(tmp_path / "log"), deaths=2)
    partial = Running("dask").gather(request, inputs, None, 1)
    assert (tmp_path / "log").read_text().split() == [thousand[10].name] * 3
    assert told(request, write, partial) == told(request, write, gather(request, inputs_of(thousand[:20])))


def test_processes_end_with_the_one_that_started_them(tmp_path):
    program = """
import os, time
from pcaphash.engine.cluster.connecting import connected
with connected(None, None, 2, None) as client:
    print(*client.run(os.getpid).values(), flush=True)
    time.sleep(100)
"""
    variables = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=variables) as process:
        workers = [Path(f"/proc/{word}") for word in process.stdout.readline().split()]
        assert len(workers) == 2
        assert any(tmp_path.glob("pcaphash-*"))
        process.kill()
    until = time.monotonic() + 20
    while time.monotonic() < until and any(map(_is_running, workers)):
        time.sleep(0.05)
    assert not any(map(_is_running, workers))
    assert not any(tmp_path.glob("pcaphash-*"))


def test_processes_that_were_started_in_vain_end(tmp_path):
    """They are started before the command looks at its traces."""
    empty, temporary = tmp_path / "empty", tmp_path / "temporary"
    empty.mkdir()
    temporary.mkdir()
    command = [sys.executable, "-m", "pcaphash", "analyze", str(empty), "--engine", "dask"]
    variables = {**os.environ, "TMPDIR": str(temporary)}
    result = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=60, check=False)
    assert result.returncode == 4
    assert "is a folder without a capture" in result.stderr
    until = time.monotonic() + 20
    while time.monotonic() < until and any(temporary.iterdir()):
        time.sleep(0.05)
    assert not any(temporary.iterdir())


def _is_running(process):
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_dashboard_is_there_when_a_run_takes_longer(monkeypatch):
    pytest.importorskip("bokeh", reason="bokeh is not installed")
    monkeypatch.setattr(local, "_UNSEEN", 0)
    told_lines = []
    with connecting.connected(None, None, 1, told_lines.append):
        url = told_lines[0].rpartition(" ")[2]
        until = time.monotonic() + 20
        while True:
            with suppress(HTTPError), urlopen(url) as page:
                assert b"bokeh" in page.read()
                break
            assert time.monotonic() < until
            time.sleep(0.05)


ANYTHING = REQUESTS["census"][0], inputs_of(SAMPLES[:1])


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("tcp://127.0.0.1:1", "(Connection refused|nobody answers)"),
        ("smoke://signals", "unknown address scheme 'smoke'[^;]*"),
    ],
)
def test_nobody_answers(monkeypatch, address, reason):
    monkeypatch.setattr(connecting, "_PATIENCE", 1)
    with pytest.raises(ConfigurationError, match=f"scheduler: {address} cannot be reached: {reason}; start one"):
        on_cluster(address, *ANYTHING)


def test_something_else_answers(monkeypatch):
    """Such as the dashboard of a scheduler, whose port is easily taken for the scheduler's."""
    monkeypatch.setattr(connecting, "_PATIENCE", 1)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(ConfigurationError, match="what is there does not answer as a scheduler does; start one"):
            on_cluster(f"tcp://127.0.0.1:{server.server_port}", *ANYTHING)
        server.shutdown()


@pytest.mark.parametrize("of", ["worker", "nanny"])
def test_another_part_of_the_cluster_answers(scheduler, of):
    from distributed import Client

    with Client(scheduler) as client:
        client.wait_for_workers(1, timeout=60)
        address, facts = next(iter(client.scheduler_info()["workers"].items()))
    with pytest.raises(ConfigurationError, match="what is there is another part of a cluster; start one"):
        on_cluster(address if of == "worker" else facts["nanny"], *ANYTHING)


def test_certificates_are_missing(scheduler):
    with pytest.raises(ConfigurationError, match=r"tls://[0-9.:]* cannot be reached: TLS expects"):
        on_cluster(scheduler.replace("tcp", "tls"), *ANYTHING)


@pytest.mark.slow
def test_the_scheduler_is_lost():
    """Dask writes nothing about it."""
    program = """
import sys
from pcaphash.engine.engines import Running
from pcaphash.errors import ConfigurationError
from support.asked import REQUESTS
from support.cluster import LastInput
try:
    Running("dask", sys.argv[1]).gather(REQUESTS["census"][0], [LastInput(sys.argv[2])], None, None)
except ConfigurationError as error:
    print(error)
"""
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    with cluster(1) as address:
        command = [sys.executable, "-c", program, address, str(SAMPLES[0])]
        result = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=100, check=False)
    assert result.stdout.startswith("engine=dask: the connection to the scheduler was lost; run it again")
    assert result.stderr == ""


@pytest.mark.slow
def test_a_cluster_without_workers(monkeypatch):
    monkeypatch.setattr(connecting, "_PATIENCE", 1)
    with cluster(0) as address, pytest.raises(ConfigurationError, match="has no workers; start some with `dask worker"):
        on_cluster(address, *ANYTHING)


def test_other_versions(scheduler, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(connecting, "__version__", "9.9")
        with pytest.raises(ConfigurationError, match=r"worker tcp://.* has version .* of pcaphash, not 9\.9; install"):
            on_cluster(scheduler, *ANYTHING)
    versions, told_first = connecting._versions_of, iter(["9.0"])
    monkeypatch.setattr(
        connecting, "_versions_of", lambda found: versions(found) | {"distributed": next(told_first, "1.0")}
    )
    with pytest.raises(ConfigurationError, match=r"the scheduler has distributed 1\.0 \(here 9\.0\); install the same"):
        on_cluster(scheduler, *ANYTHING)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["scheduler", "worker"])
def test_the_package_is_missing_somewhere(tmp_path, monkeypatch, part):
    """Or has another version, which does not have these modules."""
    (tmp_path / "pcaphash").mkdir()
    (tmp_path / "pcaphash" / "__init__.py").write_text("__version__ = '9.9'\n")
    with cluster(1, missing={part: tmp_path}) as address:
        who = "the scheduler" if part == "scheduler" else r"worker tcp://[0-9.:]*"
        with pytest.raises(ConfigurationError, match=rf"scheduler: {who} has no version of pcaphash, not .*; install"):
            on_cluster(address, *ANYTHING)


def test_a_scheduler_of_long_ago():
    """It is asked for its versions before anything else, which a client of other versions may ask wrongly."""
    from distributed.core import Server
    from distributed.versions import get_versions

    found = get_versions()
    found["packages"]["distributed"] = "2023.5.0"

    async def serve(told_address, is_over):
        async with Server({"identity": lambda: {"type": "Scheduler"}, "versions": lambda: found}) as server:
            await server.listen("tcp://127.0.0.1:0")
            told_address.set_result(server.address)
            await asyncio.wrap_future(is_over)

    address, is_over = Future(), Future()
    thread = threading.Thread(target=lambda: asyncio.run(serve(address, is_over)))
    thread.start()
    try:
        with pytest.raises(ConfigurationError, match=r"the scheduler has distributed 2023\.5\.0 \(here"):
            on_cluster(address.result(20), *ANYTHING)
    finally:
        is_over.set_result(None)
        thread.join()


def test_dask_is_not_installed(tmp_path):
    (tmp_path / "distributed.py").write_text("raise ModuleNotFoundError('none', name='distributed')\n")
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [
        sys.executable,
        "-m",
        "pcaphash",
        "census",
        str(SAMPLES[0]),
        "-o",
        str(tmp_path / "a"),
        "--engine",
        "dask",
    ]
    result = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=60, check=False)
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert line.endswith("--engine dask: a package that it needs is missing (distributed); install pcaphash[dask]")


def test_groups():
    def part(size, number=0, name="x"):
        return Part(type("Sized", (FileInput,), {"size": size})(name), number)

    sizes = Sizes(least_group=100, most_group=400, range_len=1000, most_files=3)
    groups = group_parts([part(60), part(30), part(30), part(5000), part(0), part(0), part(0)], sizes, 50)
    assert [(group.n_bytes, len(group.parts), group.is_large) for group in groups] == [
        *((90, 2, False), (5000, 1, True), (30, 3, False), (0, 1, False)),
    ]
    assert (sizes.group_len(999, 2), sizes.group_len(10**9, 2), sizes.group_len(0, 2)) == (250, 400, 100)
    even = group_parts([part(60)] * 10, sizes, 1)  # 600 bytes in two tasks, so 300 each, but no more than three files
    assert [group.n_bytes for group in even] == [180, 120, 180, 120]
    compressed = group_parts([part(60, name="a.pcap.gz")] * 2, sizes, 2)
    assert [group.n_bytes for group in compressed] == [60, 60]
    assert list(group_parts([], sizes, 1)) == []
    assert isinstance(next(group_parts(whole_parts([FileInput("nothing")]), sizes, 1)), FileGroup)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 63, 64, 65, 513])
@pytest.mark.parametrize("most", [1, 8])
def test_the_tree_adds_each_once_and_few_at_a_time(n, most):
    sizes = []

    def merge(futures):
        sizes.append(len(futures))
        return [each for future in futures for each in future]

    tree = MergeTree(merge)
    for number in range(n):
        tree.add([number])
    sums = tree.finish(most)
    assert sorted(each for total in sums for each in total) == list(range(n))
    assert len(sums) <= most
    assert max(sizes, default=0) <= 8
