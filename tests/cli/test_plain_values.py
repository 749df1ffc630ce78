"""Plain values are taken as typer would take them, without the library that it validates with."""

import subprocess
import sys

import pytest
import typer
from typer.exceptions import TyperException

from pcaphash.cli import app
from support.shared import ROOT

OVERLAY = ROOT / "sample_traces" / "overlay.pcap"
PROGRAM = typer.main.get_command(app)
VALUES = [None, "", "x", "7", "-7", "07", "+7", " 7 ", "7_0", "٧", "7.0", 7, 0, -1, True, False]
LISTS = [(), ("x",), ["x", "7"], (7,), ("7", 7), "x", ([],)]


def parameters():
    """Give one parameter of each kind."""
    kinds = {}
    for command in (PROGRAM, *PROGRAM.commands.values()):
        with command.make_context("pcaphash", [], resilient_parsing=True) as context:
            for parameter in command.get_params(context):
                described = parameter.type_descriptor
                if described.parameter_info.parser:  # which is given to typer whatever the value
                    continue
                least = described.parameter_info.min
                kind = described.annotation, parameter.multiple, parameter.nargs, parameter.required, least
                kinds.setdefault(repr(kind), (command, parameter))
    return [pytest.param(*found, id=kind) for kind, found in kinds.items()]


def outcome(process, context, value):
    try:
        result = process(context, value)
    except TyperException as error:
        return type(error), str(error)
    return type(result), result


@pytest.mark.parametrize(("command", "parameter"), parameters())
def test_every_value_is_taken_as_typer_takes_it(command, parameter):
    parameter.callback = None
    is_list = parameter.multiple or parameter.nargs == -1
    with command.make_context("pcaphash", [], resilient_parsing=True) as context:
        for value in LISTS if is_list else VALUES:
            ours = outcome(parameter.process_value, context, value)
            theirs = outcome(lambda *given: type(parameter).process_value(parameter, *given), context, value)
            assert ours == theirs, value


LISTING = """
import os, sys
leave = os._exit
def list_and_leave(status):
    print(status, *sorted({"numba", "scipy", "pandas", "pydantic", "matplotlib", "dpkt"} & sys.modules.keys()))
    sys.stdout.flush()
    leave(status)
os._exit = list_and_leave
sys.argv[0] = "pcaphash"
from pcaphash.__main__ import main
main()
"""


@pytest.mark.jit_only
@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["analyze", OVERLAY, "-c", "100"],
        ["explain", OVERLAY, "--packet", "1"],
        ["hash", "192.0.2.1:1234", "198.51.100.2:443", "--queues", "16"],
        ["info", OVERLAY],
    ],
    ids=lambda words: words[0],
)
def test_a_warm_start_loads_nothing_heavy(words):
    command = [sys.executable, "-c", LISTING, *map(str, words)]
    for _ in range(2):  # the first of them may have to compile
        result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert result.stdout.splitlines()[-1] == "0"
