"""Below the command line, texts name fields; the command line writes them as its options."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import typer

import pcaphash
from pcaphash import errors
from pcaphash.cli import app
from pcaphash.cli.commands import SUMMARIES
from pcaphash.cli.words import COMMANDS, PARAMETERS, options_of, speak_in_options
from pcaphash.device import DeviceOptions
from pcaphash.engine.selecting.selection import Selection
from pcaphash.errors import Command, Field
from pcaphash.report.words.device import warning_lines

PACKAGE = Path(pcaphash.__file__).parent
PROGRAM = typer.main.get_command(app)
OPTIONS = options_of(PROGRAM)
# The README of the conformance set shows the command that writes it.
BELOW = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] != "cli" and path != PACKAGE / "report" / "conformance.py"
]


def nodes_of(paths: list[Path]) -> Iterator[ast.AST]:
    for path in paths:
        yield from ast.walk(ast.parse(path.read_text("utf-8")))


def calls_of(name: str) -> set[str]:
    """List the texts that are the first argument of calls of a class, below the command line."""
    return {
        node.args[0].value
        for node in nodes_of(BELOW)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name and node.args
        if isinstance(node.args[0], ast.Constant)
    }


@pytest.fixture
def in_options(monkeypatch):
    monkeypatch.setattr(errors, "_Words", type("_Words", (errors._Words,), {}))
    speak_in_options(PROGRAM)


def texts_in(path: Path) -> list[str]:
    """List the texts in a module, without those that document it."""
    nodes = list(nodes_of([path]))
    kinds = ast.Module, ast.ClassDef, ast.FunctionDef
    documenting = {id(node.body[0].value) for node in nodes if isinstance(node, kinds) and ast.get_docstring(node)}
    texts = [node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.value for node in texts if id(node) not in documenting]


@pytest.mark.parametrize("path", BELOW, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_text_names_an_option(path):
    texts = texts_in(path)
    named = {word for text in texts for word in re.findall(r"(?<![\w-])(?<!jq )--?[a-z][a-z-]*(?![\w=-])", text)}
    assert named & set(OPTIONS.values()) == set()


@pytest.mark.parametrize("path", BELOW, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_text_names_a_command(path):
    # A pipe into the program can only be meant for a shell.
    named = {name for text in texts_in(path) for name in re.findall(r"(?<!\| )pcaphash ([a-z-]+)", text)}
    assert named & SUMMARIES.keys() == set()


def test_every_field_has_an_option():
    named = calls_of("Field") | DeviceOptions.__annotations__.keys() | {each.name for each in fields(Selection)}
    assert {name for name in named - {"given"} if PARAMETERS.get(name, name) not in OPTIONS} == set()


def test_every_command_exists():
    named = calls_of("Command")
    assert named <= set(pcaphash.__all__)
    assert {COMMANDS.get(name, name) for name in named} <= PROGRAM.commands.keys()


def test_a_parameter_is_one_option_in_all_commands():
    for command in PROGRAM.commands.values():
        assert options_of(type("", (), {"commands": {"": command}})).items() <= OPTIONS.items()


def test_users_of_python_read_arguments():
    assert [str(Field("queues")), str(Field("queues", 4)), str(Command("info"))] == [
        "queues",
        "queues=4",
        "pcaphash.info",
    ]
    few = pcaphash.Device(queues=16, indirection_table_size=8)
    assert warning_lines([few])[0].startswith("indirection_table_size: 8 entries for 16 receive queues")


@pytest.mark.usefixtures("in_options")
def test_users_of_the_command_line_read_options():
    assert str(Field("queues", 4)) == "--queues 4"
    assert str(Field("hash_key")) == "--key"
    assert str(Field("most_flows")) == "--max-flows"
    assert str(Field("window_ns")) == "--window"
    assert str(Field("name")) == str(Field("devices")) == "--config"
    assert str(Field("count", 9)) == "-c 9"
    assert str(Field("source")) == "SOURCE"
    assert str(Command("info")) == "pcaphash info"
