"""Device options in a TOML file: the words of the command line with underscores.

Those at the top level are of every configuration; a table ``[config.NAME]`` has those of one configuration. A table
``[[at]]`` has a time and what changes then while packets arrive; only a replay in time makes use of it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import cast

from pcaphash.device.changes import TimedOptions
from pcaphash.device.options import WORDS, DeviceOptions
from pcaphash.device.text_files import decode
from pcaphash.device.words import unknown_word
from pcaphash.errors import ConfigurationError, Field
from pcaphash.quantities import parse_duration

__all__ = ["DeviceFile", "DeviceOptions", "read_device_file", "read_options"]

_CONFIGS = "config"
_CHANGES = "at"
_OF_CHANGE = ("time", "config")  # besides words of devices
_TEXT, _NUMBER, _LIST, _FLAG = "text in quotes", "a whole number", "a list", "true or false"
_EXAMPLES = {_TEXT: '"..."', _NUMBER: "8", _LIST: "[...]", _FLAG: "true"}
_TYPES = {str: _TEXT, int: _NUMBER, list: _LIST, bool: _FLAG}
_KINDS: dict[str, tuple[str, ...]] = {
    # the word: what its value may be, where that is not text
    "hash_types": (_TEXT, _NUMBER),
    "tunnel_types": (_TEXT, _NUMBER),
    "features": (_TEXT, _LIST),
    "key": (_TEXT, _LIST),
    "pad_key": (_FLAG,),
    "queues": (_NUMBER,),
    "indirection_table": (_TEXT, _LIST),
    "indirection_table_size": (_NUMBER,),
    "unclassified_queue": (_NUMBER,),
    "vxlan_port": (_NUMBER, _LIST, _TEXT),
    "geneve_port": (_NUMBER, _LIST, _TEXT),
    "vxlan_gpe_port": (_NUMBER, _LIST, _TEXT),
    "gre_udp_port": (_NUMBER, _LIST, _TEXT),
}


@dataclass(frozen=True)
class DeviceFile:
    """What a TOML file gives.

    Parameters
    ----------
    options : DeviceOptions
        Of every configuration.
    configs : dict of str to DeviceOptions
        What each configuration has of its own, by name.
    changes : tuple of TimedOptions
        What changes while packets arrive.
    """

    options: DeviceOptions
    configs: dict[str, DeviceOptions]
    changes: tuple[TimedOptions, ...] = ()


def read_device_file(path: str | PathLike[str]) -> DeviceFile:
    """Return what a TOML file gives: arguments of ``Device``, of each ``[config.NAME]``, and what changes when.

    Raises
    ------
    ConfigurationError
        The file cannot be read, is not TOML, has a word that is not an option, or a value of the wrong kind.
    """
    import tomllib

    place = Field("device_file", fspath(path))
    try:
        text = decode(Path(path).read_bytes())
        document = tomllib.loads(text)
    except OSError as error:
        raise ConfigurationError(place, error.strerror or str(error), "check the path and its permissions") from error
    except (ValueError, RecursionError) as error:  # TOML errors, text that is not UTF-8, brackets without end
        raise ConfigurationError(place, f"is not TOML: {error}", 'write lines such as spec = "v7"') from error
    tables = document.pop(_CONFIGS, {})
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        problem = f"{_place(text, _CONFIGS)}config is for tables, one for each configuration"
        raise ConfigurationError(place, problem, "write [config.NAME], and its options below")
    configs = {name: _read_table(place, text, table, name) for name, table in tables.items()}
    changes = _read_changes(place, text, document.pop(_CHANGES, []))
    return DeviceFile(_read_table(place, text, document), configs, changes)


def read_config(path: str | PathLike[str], config: str | None) -> tuple[DeviceOptions, DeviceOptions]:
    """Return the arguments of ``Device`` that a TOML file gives for all, and those of one ``[config.NAME]``.

    Raises
    ------
    ConfigurationError
        As ``read_device_file``, or the file has no such table.
    """
    file = read_device_file(path)
    if config is None:
        return file.options, {}
    if config not in file.configs:
        known = ", ".join(file.configs) or "none"
        raise ConfigurationError(Field("device_file", fspath(path)), f"has no [config.{config}]", f"it has {known}")
    return file.options, file.configs[config]


def read_options(path: str | PathLike[str]) -> DeviceOptions:
    """Return the arguments of ``Device`` that the top level of a TOML file gives.

    Raises
    ------
    ConfigurationError
        As ``read_device_file``.
    """
    return read_device_file(path).options


def _read_table(place: Field, text: str, table: Mapping[str, object], config: str | None = None) -> DeviceOptions:
    """Return the options of a table: the top level, or that of a configuration."""
    values = (_read_word(place, _place(text, word, config), word, value) for word, value in table.items())
    return cast(DeviceOptions, dict(values))


def _read_changes(place: Field, text: str, tables: object) -> tuple[TimedOptions, ...]:
    """Return what the tables ``[[at]]`` give, in order of the file."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problem = f"{_place(text, _CHANGES)}at is for tables, one for each change"
        raise ConfigurationError(place, problem, 'write [[at]], and below it time = "2.5s" and what changes')
    return tuple(_read_change(place, text, table) for table in tables)


def _read_change(place: Field, text: str, table: Mapping[str, object]) -> TimedOptions:
    time, config = (table.get(word, "") for word in _OF_CHANGE)
    if not isinstance(time, str) or not isinstance(config, str) or not time:
        raise ConfigurationError(
            place,
            f"{_place(text, _CHANGES)}[[at]] needs a time in quotes",
            'write time = "2.5s", counted from the first packet',
        )
    options = _read_table(place, text, {word: value for word, value in table.items() if word not in _OF_CHANGE})
    return TimedOptions(parse_duration(place, time, can_be_zero=True), options, config)


def _read_word(place: Field, line: str, word: str, value: object) -> tuple[str, object]:
    if word not in WORDS:
        meant = next((known for known, argument in WORDS.items() if argument == word), None)
        error = unknown_word(place, word, [meant] if meant else WORDS, "an option of a device")
        raise ConfigurationError(place, f"{line}{error.problem}", error.advice)
    kinds = _KINDS.get(word, (_TEXT,))
    if _TYPES.get(type(value)) not in kinds:
        problem = f"{line}{word} = {value!r} is not {' or '.join(kinds)}"
        raise ConfigurationError(place, problem, f"write {word} = {_EXAMPLES[kinds[0]]}")
    return WORDS[word], value


def _place(text: str, word: str, config: str | None = None) -> str:
    """Say in which line a word stands, if it is written in one of the usual ways."""
    lines = text.splitlines()
    first = 0
    if config is not None:
        header = re.compile(rf"\s*\[\s*{_CONFIGS}\s*\.\s*[\"']?{re.escape(config)}[\"']?\s*\]")
        first = next((number for number, line in enumerate(lines) if header.match(line)), len(lines))
    pattern = re.compile(rf"\s*\[*\s*[\"']?{re.escape(word)}[\"']?\s*[=.\]]")
    found = next((number for number in range(first, len(lines)) if pattern.match(lines[number])), None)
    return "" if found is None else f"line {found + 1}: "
