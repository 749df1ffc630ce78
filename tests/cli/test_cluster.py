"""The command on a cluster of this machine: from files and from objects, killed in the middle, in little memory."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

pytest.importorskip("distributed", reason="Dask is not installed")
pytest.importorskip("s3fs", reason="s3fs is not installed")
pytest.importorskip("moto", reason="moto is not installed")

from support.objects import MOTO, put, serving, variables
from support.shared import ROOT
from support.thousand import thousand_files

pytestmark = [pytest.mark.jit_only, pytest.mark.slow]

COMMAND = [sys.executable, "-m", "pcaphash"]
CLUSTER = ["--engine", "dask", "--jobs", "2"]


@pytest.fixture(scope="module")
def thousand(tmp_path_factory):
    return thousand_files(tmp_path_factory.mktemp("thousand"))


def run(*words, env=None, stdin=None):
    command = [*COMMAND, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, env=env, input=stdin, check=False)


def problems(result) -> list[str]:
    """Return what was said but for where the dashboard is."""
    return [line for line in result.stderr.splitlines() if "the dashboard of the cluster is at" not in line]


@pytest.mark.parametrize("command", ["analyze", "compare", "sweep", "info"])
def test_a_thousand_files_from_a_list(thousand, command):
    listed = "\n".join(map(str, thousand))
    alone = run(command, "--files-from", "-", "--format", "json", "--jobs", "1", stdin=listed)
    result = run(command, "--files-from", "-", "--format", "json", *CLUSTER, stdin=listed)
    assert len(json.loads(alone.stdout)["problems"]) > 100
    assert (result.returncode, result.stdout, problems(result)) == (3, alone.stdout, problems(alone))


def test_a_thousand_objects(thousand, tmp_path):
    folder = str(thousand[0].parent)
    alone = run("analyze", "--files-from", "-", "--format", "json", stdin="\n".join(map(str, thousand)))
    with serving(MOTO) as server:
        put(server, "bucket")
        for path in thousand:
            put(server, f"bucket/{path.name}", path.read_bytes())
        listed = "\n".join(f"s3://bucket/{path.name}" for path in thousand)
        env = variables(server, tmp_path)
        for words in ([], CLUSTER):
            result = run("analyze", "--files-from", "-", "--format", "json", *words, env=env, stdin=listed)
            assert (result.returncode, result.stdout.replace("s3://bucket", folder)) == (3, alone.stdout)
            assert [line.replace("s3://bucket", folder) for line in problems(result)] == problems(alone)


def test_a_census_by_a_cluster(thousand, tmp_path):
    for name, words in (("alone", []), ("cluster", CLUSTER)):
        run("census", *thousand[:200], "-o", tmp_path / name, *words)
    assert (tmp_path / "alone").read_bytes() == (tmp_path / "cluster").read_bytes()


def test_a_killed_run_goes_on(thousand, tmp_path):
    """The whole run is killed: the client and with it the cluster."""
    folder = tmp_path / "partial"
    listed = tmp_path / "list"
    large = tmp_path / "large"
    large.mkdir()
    data = (ROOT / "sample_traces" / "overlay.pcap").read_bytes()
    for number in range(200):
        (large / f"{number}.pcap").write_bytes(data[: -1 - number * 100])
    listed.write_text("\n".join([*map(str, thousand), *map(str, sorted(large.iterdir()))]))
    words = ["compare", "--files-from", listed, "--format", "json"]
    alone = run(*words)
    command = [*COMMAND, *map(str, words), *CLUSTER, "--resume", str(folder)]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while killed.poll() is None and len(list(folder.glob("[0-9a-f]*.partial"))) < 100:
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    kept = {path: path.stat().st_mtime_ns for path in folder.glob("[0-9a-f]*.partial")}
    assert 100 <= len(kept) < 1196
    result = run(*words, *CLUSTER, "--resume", folder)
    assert (result.returncode, result.stdout, problems(result)) == (3, alone.stdout, problems(alone))
    assert all(path.stat().st_mtime_ns == at for path, at in kept.items())  # what was read is not read again
    again = run(*words, "--resume", folder)
    assert again.stdout == alone.stdout


def test_an_interruption_while_a_scheduler_does_not_answer():
    """Nobody waits until it could have answered."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = [*COMMAND, "info", str(ROOT / "sample_traces" / "vxlan.pcap"), "--engine", "dask"]
        words += ["--scheduler", f"tcp://127.0.0.1:{server.getsockname()[1]}"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            connection, _ = server.accept()
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=60)
            taken = time.monotonic() - began
            connection.close()
    assert (process.returncode, *said) == (130, b"", b"pcaphash: error: interrupted: nothing was written\n")
    assert taken < 15  # it would wait for 22 seconds


PEAK = """
import sys
from pcaphash.engine.cluster import conducting

def peaks():
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

run = conducting.Conductor.run
def run_and_tell(self, parts):
    found = run(self, parts)
    print("peaks", *self._tasks.client.run(peaks).values(), file=sys.stderr)
    return found

conducting.Conductor.run = run_and_tell
from pcaphash.cli import main
main()
"""


@pytest.mark.parametrize("command", ["analyze", "compare", "info"])
def test_memory_of_workers(tmp_path, command):
    """Of 800 MB in four files, with 100,000 flows, each worker needs less than 400 MB."""
    made = tmp_path / "0.pcap"
    assert run("synth", "-w", made, "--packets", "1100000", "--flows", "100000", "--seed", "3").returncode == 0
    for number in range(1, 4):
        (tmp_path / f"{number}.pcap").symlink_to(made)
    words = [sys.executable, "-c", PEAK, command, str(tmp_path), "--format", "json", *CLUSTER]
    result = subprocess.run(words, capture_output=True, text=True, timeout=500, check=False)
    peaks = [int(word) for line in result.stderr.splitlines() if line.startswith("peaks") for word in line.split()[1:]]
    assert len(peaks) == 2, result.stderr
    assert max(peaks) < 400
