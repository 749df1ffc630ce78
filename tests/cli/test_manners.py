"""How much is said and in which colours, and what an interrupted command says and leaves."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

from support.command import complaints, run
from support.shared import ROOT

VXLAN = ROOT / "sample_traces" / "vxlan.pcap"
ESCAPE = b"\x1b["


def test_warnings_and_errors_say_what_they_are():
    warning, *_ = complaints(run("analyze", VXLAN, VXLAN))
    assert warning.startswith("pcaphash: warning: ")
    (error,) = complaints(run("analyze", VXLAN, "--queues", "0"))
    assert error.startswith("pcaphash: error: --queues: ")


@pytest.mark.parametrize(
    "words", [["--quiet", "analyze"], ["-q", "analyze"], ["analyze", "--quiet"], ["analyze", "-q"]]
)
def test_quiet_says_nothing_but_errors(words, tmp_path):
    loud = run("analyze", VXLAN, VXLAN, "--output", tmp_path / "loud")
    quiet = run(*words, VXLAN, VXLAN, "--output", tmp_path / "quiet")
    assert loud.stderr
    assert (quiet.returncode, quiet.stderr, quiet.stdout) == (0, b"", loud.stdout)
    assert len(list((tmp_path / "quiet").iterdir())) == len(list((tmp_path / "loud").iterdir())) > 1
    failed = run(*words, "nowhere.pcap")
    assert failed.returncode == 4
    assert len(complaints(failed)) == 1


@pytest.mark.parametrize("words", [["--color", "{}", "info"], ["info", "--color", "{}"]])
def test_colours_as_asked_for(words):
    def coloured(choice):
        return run(*[word.format(choice) for word in words], VXLAN).stdout

    plain = run("info", VXLAN).stdout
    assert coloured("never") == coloured("auto") == plain
    assert ESCAPE not in plain
    assert ESCAPE in coloured("always")
    assert re.sub(rb"\x1b\[[0-9;]*m", b"", coloured("always")) == plain


def on_a_terminal(*words, **variables):
    """Return what a command writes to a terminal."""
    leader, follower = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    command = [sys.executable, "-m", "pcaphash", *map(str, words)]
    environment |= {"TERM": "xterm", **variables}
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment) as process:
        os.close(follower)
        parts = []
        while part := read_all(leader):
            parts.append(part)
        process.wait(60)
    os.close(leader)
    return b"".join(parts)


def read_all(leader):
    try:
        return os.read(leader, 65536)
    except OSError:  # the other end is closed
        return b""


def test_colours_on_a_terminal():
    info = ("info", VXLAN, "--quiet")  # without the bar that shows where reading takes long, and moves the cursor
    assert ESCAPE in on_a_terminal(*info)
    assert ESCAPE not in on_a_terminal(*info, NO_COLOR="1")
    assert ESCAPE not in on_a_terminal(*info, "--color", "never")
    assert ESCAPE in on_a_terminal(*info, "--color", "always", NO_COLOR="1", TERM="dumb")


def test_warnings_and_errors_stand_out_on_a_terminal_only():
    shown = on_a_terminal("info", VXLAN, VXLAN) + on_a_terminal("info", "nowhere.pcap")
    assert b"pcaphash: \x1b[1;33mwarning:\x1b[0m " in shown
    assert b"pcaphash: \x1b[1;31merror:\x1b[0m nowhere.pcap" in shown
    for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert b"pcaphash: error: nowhere.pcap" in on_a_terminal("info", "nowhere.pcap", **plain)
    assert ESCAPE not in run("info", "nowhere.pcap").stderr
    assert ESCAPE in run("info", "nowhere.pcap", "--color", "always").stderr


@pytest.mark.parametrize("words", [["--color", "blue", "info"], ["info", "--color", "blue"]])
def test_other_colours_are_refused_before_anything_is_read(words):
    result = run(*words, "nowhere.pcap")
    assert result.returncode == 2
    assert complaints(result) == ["pcaphash: error: --color: 'blue' is not known; use auto, always, never"]


# Interruptions


def interrupt(*words, data, has_rows=False):
    """Interrupt a command that waits for more data from a pipe; return its exit code and both outputs."""
    command = [sys.executable, "-m", "pcaphash", *map(str, words)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        process.stdin.write(data)
        process.stdin.flush()
        while unread(process.stdin):
            time.sleep(0.02)
        while has_rows and not unread(process.stdout):
            time.sleep(0.02)
        time.sleep(0.5)  # for what has been read to be processed
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout, [line for line in stderr.decode().splitlines() if "compiling" not in line]


def unread(pipe):
    """Return how many bytes of a pipe nobody has read."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


def test_interrupted_rows_are_whole_and_it_is_told_how_many():
    whole = run("hashes", VXLAN).stdout
    status, stdout, lines = interrupt("hashes", "-", data=VXLAN.read_bytes(), has_rows=True)
    assert status == 130
    (line,) = lines
    assert re.fullmatch(
        r"pcaphash: error: interrupted after [\d,]+ packets: standard output has only the rows up to this point", line
    )
    assert whole.startswith(stdout)
    assert stdout.endswith(b"\n")
    assert len(stdout.splitlines()) > 1


@pytest.mark.parametrize("command", ["analyze", "compare", "sweep", "tune", "validate"])
def test_an_interrupted_set_of_files_is_not_there(command, tmp_path):
    folder = tmp_path / "results"
    status, stdout, lines = interrupt(command, "-", "-o", folder, data=VXLAN.read_bytes())
    assert (status, stdout) == (130, b"")
    assert lines[-1].startswith("pcaphash: error: interrupted")
    assert lines[-1].endswith(": nothing was written")
    assert not folder.exists()


@pytest.mark.parametrize("module", ["typer", "pcaphash.cli", "pcaphash.cli.info"])
def test_an_interruption_while_the_program_is_loaded_is_one_line(module):
    program = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted)\n"
        "sys.argv = ['pcaphash', 'info', 'nowhere.pcap']\n"
        "from pcaphash.__main__ import main\n"
        "main()\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (result.returncode, result.stdout) == (130, b"")
    assert result.stderr == b"pcaphash: error: interrupted: nothing was written\n"


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_an_interruption_that_a_library_turns_into_another_error(number):
    program = (
        "import signal, sys\n"
        "from pcaphash.__main__ import main\n"
        "class Interrupted:\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        if name == 'pcaphash.cli.info':\n"
        "            try:\n"
        f"                signal.raise_signal(signal.{number})\n"
        "            except KeyboardInterrupt:\n"
        "                pass\n"
        "            raise TypeError('expected a message argument')\n"
        "sys.meta_path.insert(0, Interrupted)\n"
        "sys.argv = ['pcaphash', 'info', 'nowhere.pcap']\n"
        "main()\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (result.returncode, result.stdout) == (130, b"")
    assert result.stderr == b"pcaphash: error: interrupted: nothing was written\n"


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_an_interruption_that_python_ignores_comes_again(number):
    """It comes within a callback, of which imports have many; nothing of the run is to be seen."""
    program = (
        "import signal, sys, weakref\n"
        "from pcaphash.__main__ import main\n"
        "class Thing: pass\n"
        "class Interrupted:\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        if name == 'pcaphash.cli.info':\n"
        "            thing = Thing()\n"
        f"            reference = weakref.ref(thing, lambda _: signal.raise_signal(signal.{number}))\n"
        "            del thing\n"
        "sys.meta_path.insert(0, Interrupted)\n"
        f"sys.argv = ['pcaphash', 'info', '-']\n"
        "main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.wait(60) == 130  # it does not wait for its input
        assert (process.stdout.read(), process.stderr.read()) == (
            b"",
            b"pcaphash: error: interrupted: nothing was written\n",
        )


def test_quiet_tells_of_input_that_could_not_be_read(tmp_path):
    missing = tmp_path / "missing.pcap"
    result = run("analyze", VXLAN, missing, "--quiet")
    assert result.returncode == 3
    assert [line.removeprefix("pcaphash: warning: ") for line in complaints(result)] == [
        f"{missing}: No such file or directory; check the path and its permissions",
        "the results are partial",
    ]
