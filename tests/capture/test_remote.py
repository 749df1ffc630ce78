"""Objects behind URLs give what files give; what is wrong with them is told in one line."""

import bz2
import gzip
import os
import re
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

pytest.importorskip("s3fs", reason="s3fs is not installed")
pytest.importorskip("moto", reason="moto is not installed")
pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from backports.zstd import compress as zstd

from pcaphash.capture import remote
from pcaphash.capture.damage_words import damage_text
from pcaphash.capture.reader import Reader
from support.objects import GOOGLE, MOTO, WEB, put, serving, variables, variables_of_google
from support.shared import ROOT

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
DATA = OVERLAY.read_bytes()
LONG = DATA + DATA[24:] * 5  # several pieces
WARY_MOTO = f"import os\nos.environ['INITIAL_NO_AUTH_ACTION_COUNT'] = '0'\n{MOTO}"  # it wants credentials that it knows
PACKED = {
    "a.pcap": DATA,
    "b.pcap.gz": gzip.compress(DATA, 1),
    "c.pcap.zst": zstd(DATA),
    "d.pcap.bz2": bz2.compress(DATA),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Start a server of S3, and put captures there."""
    with serving(MOTO) as server:
        put(server, "bucket")
        for name, data in PACKED.items():
            put(server, f"bucket/day/{name}", data)
        put(server, "bucket/day/notes.txt", b"Monday")
        put(server, "bucket/long.pcap", LONG)
        yield server, variables(server, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    """Start a web server of captures."""
    folder = tmp_path_factory.mktemp("web")
    for name, data in {**PACKED, "long.pcap": LONG}.items():
        (folder / name).write_bytes(data)
    with serving(WEB, str(folder)) as server:
        yield server, folder


def run(*words, env=None):
    command = [sys.executable, "-m", "pcaphash", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=env, check=False)


def in_python(program: str, env=None) -> str:
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, env=env)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture(scope="module")
def expected():
    return run("analyze", *[OVERLAY] * len(PACKED), "--format", "csv").stdout


@pytest.mark.jit_only
@pytest.mark.parametrize("words", [["s3://bucket/day/"], ["s3://bucket/*/*.pcap*"]])
def test_objects_in_a_bucket(store, expected, words):
    result = run("analyze", *words, "--format", "csv", env=store[1])
    assert (result.returncode, result.stdout, result.stderr) == (0, expected, "")


@pytest.mark.jit_only
@pytest.mark.parametrize("place", ["files", "whole", "plain", "flaky"])
def test_files_on_a_web_server(web, expected, place):
    result = run("analyze", *(f"{web[0]}/{place}/{name}" for name in PACKED), "--format", "csv")
    assert (result.returncode, result.stdout, result.stderr) == (0, expected, "")


@pytest.fixture(scope="module")
def web_of_version_6(web):
    """Start another web server of the same captures, with an IPv6 address."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("there is no IPv6 here")
    with serving(WEB, str(web[1]), "::1") as server:
        assert server.startswith("http://[::1]:")
        yield server


@pytest.mark.jit_only
def test_a_folder_of_a_web_server_with_an_ipv6_address(web, web_of_version_6):
    words = ("analyze", "--format", "csv")
    expected = run(*words, web[1])
    result = run(*words, f"{web_of_version_6}/files/")
    assert (result.returncode, result.stdout, result.stderr) == (0, expected.stdout, "")


@pytest.mark.jit_only
def test_a_file_of_a_web_server_with_an_ipv6_address(web, web_of_version_6):
    result = run("analyze", "--format", "csv", f"{web_of_version_6}/files/long.pcap")
    expected = run("analyze", "--format", "csv", web[1] / "long.pcap")
    assert (result.returncode, result.stdout, result.stderr) == (0, expected.stdout, "")


READ = """
from pcaphash.capture.remote import RemoteFile
file = RemoteFile({url!r})
found, buffer = b"", bytearray(1_000_003)
while n := file.readinto(memoryview(buffer)):
    found += buffer[:n]
file.seek(70_001)
n = file.readinto(memoryview(buffer))
file.close()
data = open({data!r}, "rb").read()
print(found == data, file.size == len(data), buffer[:n] == data[70_001:70_001 + n], n > 0)
"""


def test_every_byte_in_order(store, web):
    path = str(web[1] / "long.pcap")
    for url, env in (("s3://bucket/long.pcap", store[1]), (f"{web[0]}/files/long.pcap", None)):
        assert in_python(READ.format(url=url, data=path), env) == "True True True True\n"


@pytest.mark.parametrize("place", ["plain", "flaky"])
def test_long_files_of_difficult_servers(web, place):
    """One gives everything whatever part is asked for; the other is busy, or breaks off, every second time."""
    words = ("analyze", "--format", "csv")
    expected = run(*words, str(web[1] / "long.pcap"))
    result = run(*words, f"{web[0]}/{place}/long.pcap")
    assert (result.returncode, result.stdout, result.stderr) == (0, expected.stdout, "")


CHANGE = """
import os, sys
sys.path.insert(0, {tests!r})
from support.objects import put
from pcaphash.capture.damage_words import damage_text
from pcaphash.capture.input import FileInput, state_of
from pcaphash.capture.reader import Reader

def replace():
    if {server!r}:
        put({server!r}, "bucket/changing.pcap", {after})
    else:
        open({path!r} + ".new", "wb").write({after})
        os.replace({path!r} + ".new", {path!r})  # what the server is sending stays whole

before = state_of(FileInput({url!r}))
reader = Reader({url!r})
n = 0
for block in reader.blocks():
    n += len(block.records)
    if before:
        replace()
        assert before != state_of(FileInput({url!r}))
        before = ""
print(n > 1000, damage_text(reader.damage))
"""


@pytest.mark.jit_only
@pytest.mark.parametrize(
    "after",
    [
        "data[:24] + data[24:][::-1]",
        *(pytest.param(after, marks=pytest.mark.slow) for after in ("data[:500_000]", "data + data")),
    ],
)
@pytest.mark.parametrize("kind", ["s3", "http"])
def test_an_object_that_changes_while_it_is_read(store, web, kind, after):
    path = web[1] / "changing.pcap"
    path.write_bytes(LONG)
    put(store[0], "bucket/changing.pcap", LONG)
    url = "s3://bucket/changing.pcap" if kind == "s3" else f"{web[0]}/files/changing.pcap"
    program = CHANGE.format(
        tests=str(ROOT / "tests"), server=store[0] if kind == "s3" else "", path=str(path), url=url, after=after
    )
    said = in_python(f"data = open({str(path)!r}, 'rb').read()\n" + program, store[1])
    assert re.fullmatch(
        rf"True {re.escape(url)}: byte \d+: the object has changed while it was read; everything before it was read\n",
        said,
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://bucket/nothing.pcap", "there is no such object; check bucket and key"),
        ("s3://nowhere/a.pcap", "its bucket does not exist; check bucket and key"),
        ("s3://nowhere/", "its bucket does not exist; check bucket and key"),
        ("s3://bucket/night/", "there is no capture; check the URL"),
        ("WEB/files/nothing.pcap", "there is no such object; check the URL"),
        ("WEB/loop/a.pcap", "the server redirects from one URL to another without end; check the URL"),
        ("WEB/loop/", "the server redirects from one URL to another without end; check the URL"),
        ("http://[::1/a.pcap", "Invalid IPv6 URL; check the URL"),
        ("WEB/status/403", "cannot be read: the server answers 403 Forbidden; check the credentials"),
        ("WEB/status/503", "the server answers 503 Service Unavailable; check the URL, and that the server is up"),
        ("http://127.0.0.1:1/a.pcap", "Cannot connect to host"),
        ("smoke://signals/a", "Protocol not known: smoke; use s3://, gs:// or https://"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(store, web, url, said):
    url = url.replace("WEB", web[0])
    result = run("info", url, env=store[1])
    (line,) = result.stderr.splitlines()
    assert result.returncode == 4
    assert line.startswith(f"pcaphash: error: {url}")
    assert said in line


def test_missing_credentials_are_told_in_one_line(store):
    without = {name: value for name, value in store[1].items() if "KEY" not in name}
    result = run("info", "s3://bucket/day/a.pcap", env=without)
    (line,) = result.stderr.splitlines()
    assert result.returncode == 4
    assert line.endswith("cannot be read: Unable to locate credentials; check the credentials, and what they allow")


@pytest.mark.parametrize("url", ["s3://bucket/day/a.pcap", "s3://bucket/day/", "s3://bucket/*/a.pcap"])
def test_wrong_credentials_are_told_in_one_line(tmp_path, url):
    with serving(WARY_MOTO) as server:
        result = run("info", url, env=variables(server, tmp_path))
    (line,) = result.stderr.splitlines()
    assert result.returncode == 4
    reason = "(Forbidden|The AWS Access Key Id you provided does not exist in our records)"
    advice = "check the credentials, and what they allow"
    assert re.fullmatch(rf"pcaphash: error: {re.escape(url)} cannot be read: {reason}; {advice}", line)


@pytest.fixture(scope="module")
def silent():
    """Have something at a port that never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "url", ["s3://bucket/a.pcap", "s3://bucket/day/", "gs://bucket/a.pcap", "gs://bucket/day/", "http://SERVER/a.pcap"]
)
def test_a_server_that_does_not_answer_is_told_soon(tmp_path, silent, url):
    """Libraries ask again and again, each time with a patience of their own, and so for each object."""
    if url.startswith("gs"):
        pytest.importorskip("gcsfs", reason="gcsfs is not installed")
    server = f"http://{silent}"
    env = variables(server, tmp_path) | variables_of_google(server, silent, tmp_path)
    url = url.replace("SERVER", silent)
    urls = [url] if url.endswith("/") else [f"{url}.{number}" for number in range(5)]
    result = run("info", *urls, env=env)
    assert result.returncode == 4
    said = "cannot be read: there was no answer within 10 seconds; check the URL, and that the server is up"
    assert [line.endswith(said) for line in result.stderr.splitlines()] == [True] * len(urls)


STOPS_AT = 300_000  # within the second piece


class Stopping(BaseHTTPRequestHandler):
    """Gives ranges of a capture, of which it sends only what lies before a byte, and keeps the connection."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer(200, len(LONG))

    def do_GET(self):
        first, last = map(int, re.findall(r"\d+", self.headers["Range"]))
        self.answer(206, min(last + 1, len(LONG)) - first)
        self.wfile.write(LONG[first : min(last + 1, STOPS_AT)])

    def answer(self, status, length):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_server_that_stops_sending_is_told(monkeypatch):
    monkeypatch.setattr(remote, "_SILENCE", 1.0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Stopping) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        reader = Reader(f"http://127.0.0.1:{server.server_port}/stopping.pcap")
        n = sum(len(block.records) for block in reader.blocks())
        server.shutdown()
    assert n > 0
    assert damage_text(reader.damage).endswith("the server has stopped sending; everything before it was read")


@pytest.mark.slow
@pytest.mark.parametrize("metadata", ["127.0.0.1:9", "SILENT"])
def test_objects_of_google_without_credentials(tmp_path, silent, metadata, expected):
    """Public ones can be read; nobody is there who has credentials."""
    pytest.importorskip("gcsfs", reason="gcsfs is not installed")
    folder = tmp_path / "objects" / "day"
    folder.mkdir(parents=True)
    for name, data in PACKED.items():
        (folder / name).write_bytes(data)
    with serving(GOOGLE, str(folder.parent)) as server:
        env = variables_of_google(server, metadata.replace("SILENT", silent), tmp_path)
        for url in ("gs://bucket/day/", "gs://bucket/day/*.pcap*"):
            result = run("analyze", url, "--format", "csv", env=env)
            assert (result.returncode, result.stdout, result.stderr) == (0, expected, "")
        missing, private = (run("info", f"gs://{name}/a.pcap", env=env) for name in ("bucket", "private"))
    assert (missing.returncode, private.returncode) == (4, 4)
    assert missing.stderr == ("pcaphash: error: gs://bucket/a.pcap: there is no such object; check bucket and key\n")
    assert private.stderr == (
        "pcaphash: error: gs://private/a.pcap cannot be read: the server answers 401 Anonymous caller does not have "
        "storage.objects.get access to the object; check the credentials, and what they allow\n"
    )


@pytest.mark.parametrize(
    ("package", "url"), [("s3fs", "s3://bucket/a.pcap"), ("gcsfs", "gs://bucket/a.pcap"), ("gcsfs", "gs://bucket/day/")]
)
def test_a_missing_package_is_told_in_one_line(tmp_path, package, url):
    (tmp_path / f"{package}.py").write_text("raise ImportError('none')\n")
    result = run("info", url, env={**os.environ, "PYTHONPATH": str(tmp_path)})
    (line,) = result.stderr.splitlines()
    assert result.returncode == 4
    assert line.endswith("install pcaphash[cloud]")


@pytest.mark.jit_only
def test_a_run_goes_on(store, tmp_path):
    words = [
        "analyze",
        "s3://bucket/day/",
        "s3://bucket/other.pcap",
        "--resume",
        tmp_path / "partial",
        "--format",
        "csv",
    ]
    put(store[0], "bucket/other.pcap", DATA)
    first = run(*words, env=store[1]).stdout
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "partial").glob("*.partial")}
    assert len(kept) == 5
    assert run(*words, env=store[1]).stdout == first
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    put(store[0], "bucket/other.pcap", LONG)
    assert run(*words, env=store[1]).stdout != first
    assert sum(path.stat().st_mtime_ns != at for path, at in kept.items()) == 1


IN_RANGES = """
import sys
from pcaphash.cli import main
from pcaphash.engine.cluster import gathering
from pcaphash.engine.cluster.planning import Sizes
gathering.SIZES = Sizes(range_len=int(sys.argv.pop(1)))
main()
"""


@pytest.mark.slow
@pytest.mark.jit_only
def test_a_large_object_in_ranges_by_a_cluster(store, tmp_path):
    pytest.importorskip("distributed", reason="Dask is not installed")
    _in_ranges(store, LONG, 1_000_000, tmp_path)


@pytest.mark.slow
@pytest.mark.jit_only
def test_an_object_of_more_than_100_mb(store, tmp_path):
    pytest.importorskip("distributed", reason="Dask is not installed")
    _in_ranges(store, DATA + DATA[24:] * 120, 16_000_000, tmp_path)


def _in_ranges(store, data: bytes, range_len: int, folder: Path) -> None:
    path = folder / "large.pcap"
    path.write_bytes(data)
    put(store[0], "bucket/large.pcap", data)
    alone = run("compare", path, "--format", "json")
    words = [sys.executable, "-c", IN_RANGES, str(range_len), "compare", "s3://bucket/large.pcap", "--format", "json"]
    words += ["--engine", "dask", "--jobs", "2"]
    result = subprocess.run(words, capture_output=True, text=True, timeout=500, env=store[1], check=False)
    assert (result.returncode, len(result.stderr.splitlines())) == (0, 1)
    assert result.stdout == alone.stdout
    assert run("compare", "s3://bucket/large.pcap", "--format", "json", env=store[1]).stdout == alone.stdout


@pytest.mark.slow
def test_another_server_of_s3(tmp_path, expected):
    """s3rver, of npm, is written by others in another language."""
    installed = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(tmp_path), "s3rver"],
        capture_output=True,
        check=False,
    )
    program = tmp_path / "node_modules" / "s3rver" / "bin" / "s3rver.js"
    if installed.returncode or not program.exists():
        pytest.skip("npm cannot install s3rver here")
    (tmp_path / "objects").mkdir()
    words = [
        "node",
        str(program),
        "-d",
        str(tmp_path / "objects"),
        "-a",
        "127.0.0.1",
        "-p",
        "0",
        "--configure-bucket",
        "bucket",
    ]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout
            port = next(found[1] for line in server.stdout if (found := re.search(r"127\.0\.0\.1:(\d+)", line)))
            env = variables(f"http://127.0.0.1:{port}", tmp_path)
            program = (
                "import fsspec, pathlib\nfiles = fsspec.filesystem('s3')\n"
                f"for path in pathlib.Path({str(tmp_path / 'made')!r}).iterdir():\n"
                "    files.pipe_file(f'bucket/day/{path.name}', path.read_bytes())\n"
            )
            (tmp_path / "made").mkdir()
            for name, data in PACKED.items():
                (tmp_path / "made" / name).write_bytes(data)
            in_python(program, env)
            result = run("analyze", "s3://bucket/day/", "--format", "csv", env=env)
            assert (result.returncode, result.stdout, result.stderr) == (0, expected, "")
            assert run("info", "s3://bucket/nothing.pcap", env=env).stderr.endswith(
                "there is no such object; check bucket and key\n"
            )
        finally:
            server.terminate()
