"""Device options in a TOML file: the words of the command line with underscores, each at the top level."""

from os import PathLike, fspath
from pathlib import Path
from typing import TypedDict, cast

from pcaphash.device.words import unknown_word
from pcaphash.errors import ConfigurationError


class DeviceOptions(TypedDict, total=False):
    """Arguments of ``Device``, as far as they are given."""

    spec: str
    hash_types: str | int
    tunnel_types: str | int
    features: str | list[str | int]
    hash_key: str
    queues: int
    indirection_table: str | list[int]
    indirection_table_size: int
    unclassified_queue: int
    vxlan_ports: int | list[int]
    geneve_ports: int | list[int]
    vxlan_gpe_ports: int | list[int]
    gre_udp_ports: int | list[int]


_TEXT, _NUMBER, _LIST = "text in quotes", "a whole number", "a list"
_EXAMPLES = {_TEXT: '"..."', _NUMBER: "8", _LIST: "[...]"}
_TYPES = {str: _TEXT, int: _NUMBER, list: _LIST}

# Word, argument of Device, and what a value may be.
_WORDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "spec": ("spec", (_TEXT,)),
    "hash_types": ("hash_types", (_TEXT, _NUMBER)),
    "tunnel_types": ("tunnel_types", (_TEXT, _NUMBER)),
    "features": ("features", (_TEXT, _LIST)),
    "key": ("hash_key", (_TEXT,)),
    "queues": ("queues", (_NUMBER,)),
    "indirection_table": ("indirection_table", (_TEXT, _LIST)),
    "indirection_table_size": ("indirection_table_size", (_NUMBER,)),
    "unclassified_queue": ("unclassified_queue", (_NUMBER,)),
    "vxlan_port": ("vxlan_ports", (_NUMBER, _LIST)),
    "geneve_port": ("geneve_ports", (_NUMBER, _LIST)),
    "vxlan_gpe_port": ("vxlan_gpe_ports", (_NUMBER, _LIST)),
    "gre_udp_port": ("gre_udp_ports", (_NUMBER, _LIST)),
}


def read_options(path: str | PathLike[str]) -> DeviceOptions:
    """Return the arguments of ``Device`` that a TOML file gives.

    Raises
    ------
    ConfigurationError
        The file cannot be read, is no TOML, has a word that is no option, or a value of the wrong kind.
    """
    import tomllib

    option = f"--device {fspath(path)}"
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(option, error.strerror or str(error), "check the path and its permissions") from error
    except (ValueError, RecursionError) as error:  # TOML errors, text that is not UTF-8, brackets without end
        raise ConfigurationError(option, f"is no TOML: {error}", 'write lines such as spec = "v7"') from error
    return cast(DeviceOptions, dict(_read_word(option, word, value) for word, value in document.items()))


def combine_options(of_file: DeviceOptions, given: DeviceOptions) -> DeviceOptions:
    """Return the options of a file and those given on the command line, which win.

    An indirection table or its size, when given, displaces both in the file.
    """
    kept = of_file.copy()
    if "indirection_table" in given or "indirection_table_size" in given:
        kept.pop("indirection_table", None)
        kept.pop("indirection_table_size", None)
    return {**kept, **given}


def _read_word(option: str, word: str, value: object) -> tuple[str, object]:
    if word not in _WORDS:
        meant = next((known for known, (argument, _) in _WORDS.items() if argument == word), None)
        raise unknown_word(option, word, [meant] if meant else _WORDS, "an option of a device")
    argument, kinds = _WORDS[word]
    if _TYPES.get(type(value)) not in kinds:
        problem = f"{word} = {value!r} is not {' or '.join(kinds)}"
        raise ConfigurationError(option, problem, f"write {word} = {_EXAMPLES[kinds[0]]}")
    return argument, value
