"""The rules of the house: which way imports point, who may use what, and how long a module may be."""

import ast
import re
from pathlib import Path

import pytest

import pcaphash
from pcaphash.standards import ethernet, ip, other_tunnels, tunnel

PACKAGE = Path(pcaphash.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# From top to bottom: a folder imports from folders below it and from itself.
FOLDERS = ("cli", "report", "studies", "engine", "targets", "capture", "device", "kernels", "standards")
# The same of folders in folders; modules beside these are what they agree on.
INNER_FOLDERS = {
    "engine": ("cluster", "replay", "running", "sampled", "selecting", "flows", "census"),
    "studies/validate": ("log", "queues", "search", "catalogue"),
}
# Folders of the report that are no command's own. Figures and the page draw what several commands found.
SHARED_IN_THE_REPORT = ("words", "formats")
OF_SEVERAL_COMMANDS = ("figures", "page")
# The version, what can go wrong for the user, and quantities with their units.
FOREVERYONE = {"pcaphash", "pcaphash.errors", "pcaphash.quantities"}
ONLY_IN = {"numba": "kernels", "llvmlite": "kernels", "matplotlib": "report"}
LONGEST = 420
# Below the report, sentences are those of errors. Words that errors and results have in common stand in these modules.
WORDS_OF_ERRORS = {
    "capture/damage_words.py": "a capture that is read only in part, and one that cannot be read at all",
    "capture/reported/header_words.py": "virtio headers that are left out, and a layout that fits none",
    "engine/running/asked_words.py": "a folder whose results answer another question",
    "studies/steer/unreached_words.py": "receive queues that no flow goes to",
}
# What else makes sentences there: one line that shows a result to a programmer, and where the dashboard of Dask is.
OTHER_SENTENCES = ("facts", "_announce")
# Meanings of columns and names of test cases are data.
DATA = ("columns.py", "conformance/")


def imports_of(path: Path) -> set[str]:
    """List the modules that a module imports, wherever in it that is written."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            # `from pcaphash.kernels import tunnel` imports a module too.
            inner = {f"{module}.{alias.name}" for alias in node.names if is_module(f"{module}.{alias.name}")}
            found |= inner | ({module} if len(inner) < len(node.names) else set())
    return found


def is_module(name: str) -> bool:
    path = PACKAGE.parent / name.replace(".", "/")
    return path.with_suffix(".py").exists() or path.is_dir()


def folder_of(path: Path) -> str:
    """Name the folder of a module; modules beside the folders have none."""
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def in_folders() -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(PACKAGE))) for path in MODULES if folder_of(path)]


def test_the_folders_are_those():
    assert {folder_of(path) for path in MODULES} - {""} == set(FOLDERS)


@pytest.mark.parametrize("path", in_folders())
def test_imports_point_downward(path):
    folder = folder_of(path)
    below = FOLDERS[FOLDERS.index(folder) :] if folder != "kernels" else ("kernels", "standards")
    for name in imports_of(path):
        if name.split(".")[0] == "pcaphash" and name not in FOREVERYONE:
            assert name.split(".")[1] in below, f"{folder} imports {name}"


@pytest.mark.parametrize("place", INNER_FOLDERS)
def test_imports_between_inner_folders_point_downward(place):
    order, root = INNER_FOLDERS[place], PACKAGE / place
    assert {path.parent.name for path in root.glob("*/__init__.py")} == set(order)
    prefix = f"pcaphash.{place.replace('/', '.')}."
    for number, folder in enumerate(order):
        imported = {name for path in (root / folder).glob("*.py") for name in imports_of(path)}
        above = {name for name in imported if name.removeprefix(prefix).split(".")[0] in order[:number]}
        assert not {name for name in above if name.startswith(prefix)}, folder


def test_commands_of_the_report_meet_in_what_is_shared():
    """Of other commands' folders only that of ``analyze`` may be used: other results contain an analysis."""
    folders = {path.name for path in (PACKAGE / "report").iterdir() if (path / "__init__.py").exists()}
    commands = folders - {*SHARED_IN_THE_REPORT, *OF_SEVERAL_COMMANDS}
    for folder in sorted(folders - {*OF_SEVERAL_COMMANDS}):
        allowed = {folder, "analyze"} if folder in commands else set()
        imported = {name for path in (PACKAGE / "report" / folder).rglob("*.py") for name in imports_of(path)}
        parts = {name.split(".")[2] for name in imported if name.startswith("pcaphash.report.")}
        assert parts & commands <= allowed, folder


def name_of(path: Path) -> str:
    """Name a module as imports do."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def test_no_modules_import_each_other_in_a_circle():
    imports = {name_of(path): imports_of(path) for path in MODULES}
    del imports["pcaphash"]  # it loads names when they are first used
    while ends := [name for name, others in imports.items() if not others & imports.keys()]:
        for name in ends:
            del imports[name]
    assert sorted(imports) == []


@pytest.mark.parametrize("path", [path for path in MODULES if folder_of(path) == "standards"], ids=lambda p: p.name)
def test_standards_are_facts_only(path):
    assert imports_of(path) == set()


def named_numbers(module: ast.Module) -> dict[str, int]:
    """Return the numbers that a module writes out and names, without underscores before their names."""
    found = {}
    for node in module.body:
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            targets = target.elts if isinstance(target, ast.Tuple) else [target]
            values = value.elts if isinstance(value, ast.Tuple) and len(value.elts) == len(targets) else [value]
            for name, number in zip(targets, values, strict=False):
                if isinstance(name, ast.Name) and isinstance(number, ast.Constant) and isinstance(number.value, int):
                    found[name.id.lstrip("_")] = number.value
    return found


STANDARDS = {
    name: number
    for module in (ethernet, ip, other_tunnels, tunnel)
    for name, number in vars(module).items()
    if type(number) is int and number > 9  # smaller ones number other things, too, such as layers
}
ETHERTYPES = {number for name, number in vars(ethernet).items() if name.startswith("ETHERTYPE_")}


def test_only_standards_write_out_numbers_of_the_wire():
    """No other module writes out an EtherType, or a number that has the same name in ``standards/``."""
    for path in (path for path in MODULES if folder_of(path) != "standards"):
        text = path.read_text("utf-8")
        module = ast.parse(text)
        numbers = [each for each in ast.walk(module) if isinstance(each, ast.Constant) and each.value in ETHERTYPES]
        written = [each.lineno for each in numbers if in_the_source(text, each).startswith("0x")]
        again = [name for name, number in named_numbers(module).items() if STANDARDS.get(name) == number]
        assert (written, again) == ([], []), name_of(path)


def in_the_source(text: str, node: ast.Constant) -> str:
    return ast.get_source_segment(text, node) or ""


def test_errors_know_nobody():
    assert not any(name.startswith("pcaphash") for name in imports_of(PACKAGE / "errors.py"))


_WORD = re.compile(r"(?<![\w/.-])[a-z]+(?![\w/-])")
_GRAMMAR = {
    "a",
    "an",
    "and",
    "are",
    "for",
    "has",
    "have",
    "in",
    "is",
    "no",
    "not",
    "of",
    "or",
    "that",
    "the",
    "to",
    "with",
}


def sentences_in(code: ast.AST) -> list[str]:
    """Return texts that have four words or more, without those that only programmers read."""
    unread = {each for node in ast.walk(code) if isinstance(node, ast.Assert) for each in ast.walk(node)}
    unread |= {node.value for node in ast.walk(code) if isinstance(node, ast.Expr)}
    unread |= {each for node in ast.walk(code) if isinstance(node, ast.JoinedStr) for each in node.values}
    texts = {text: _WORD.findall(text) for node in ast.walk(code) if node not in unread and (text := text_of(node))}
    return [text for text, words in texts.items() if len(words) >= 4 and _GRAMMAR & {*words}]


def text_of(node: ast.AST) -> str:
    """Return the text that a string has, with X for what is put into it; empty if it is none."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(each) or "X" for each in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_studies_and_the_engine_have_facts_and_not_sentences():
    """What is said of a result is said in ``report/``; a function that makes sentences below it raises an error."""
    found = {}
    for path in (path for path in MODULES if folder_of(path) in ("studies", "engine")):
        place = str(path.relative_to(PACKAGE))
        if place in WORDS_OF_ERRORS or any(each in place for each in DATA):
            continue
        module = ast.parse(path.read_text("utf-8"))
        tables = [
            node.value for node in module.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        ]
        functions = [
            node
            for node in ast.walk(module)
            if isinstance(node, ast.FunctionDef) and node.name not in OTHER_SENTENCES and not makes_errors(node)
        ]
        found |= {f"{place}:{each.lineno}": said for each in (*tables, *functions) if (said := sentences_in(each))}
    assert found == {}


def makes_errors(function: ast.FunctionDef) -> bool:
    """Tell whether a function raises, names an error, or has numbers read, which is told what to say of wrong ones."""
    names = [node.id for node in ast.walk(function) if isinstance(node, ast.Name)]
    is_raising = any(isinstance(node, ast.Raise) for node in ast.walk(function))
    return is_raising or "parse_number" in names or any(name.endswith("Error") for name in names)


def test_words_of_errors_are_those():
    below = {path.relative_to(PACKAGE) for path in MODULES if folder_of(path) not in ("cli", "report")}
    assert {str(path) for path in below if path.stem.endswith("_words")} == WORDS_OF_ERRORS.keys()


def test_no_two_classes_have_the_same_name():
    """Whoever reads ``Verdict`` in an import knows which one it is; names with an underscore stay in their module."""
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(name_of(path))
    assert {name: modules for name, modules in homes.items() if len(modules) > 1} == {}


@pytest.mark.parametrize("library", ONLY_IN)
def test_libraries_stay_in_their_folder(library):
    users = {folder_of(path) for path in MODULES if any(n.split(".")[0] == library for n in imports_of(path))}
    assert users == {ONLY_IN[library]}


def test_the_compiler_is_loaded_by_those_who_compile():
    users = {path.name for path in MODULES if any(name.split(".")[0] == "numba" for name in imports_of(path))}
    assert users == {"compiler.py", "instructions.py"}
    lazily = {path.name for path in MODULES if "pcaphash.kernels.compiler" in imports_of(path)}
    assert lazily == {"base.py", "stored.py"}


def test_no_module_is_long():
    long = {path.name: n for path in MODULES if (n := len(path.read_text("utf-8").splitlines())) > LONGEST}
    assert long == {}
