"""Where the options of a device come from: files, captured commands, the command line."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pcaphash.cli.inputs import note_inputs, note_keys
from pcaphash.cli.messages import warn
from pcaphash.cli.payloads import read_payloads
from pcaphash.device import DeviceOptions, TimedOptions, combine_options, list_overrides, read_device_file
from pcaphash.errors import ConfigurationError, Field


class Sources(NamedTuple):
    """What files and the command line give of devices.

    Parameters
    ----------
    options : DeviceOptions
        Of every configuration.
    configs : dict of str to DeviceOptions
        What a file gives of each configuration, by name.
    changes : tuple of TimedOptions
        What a file says that changes while packets arrive.
    """

    options: DeviceOptions
    configs: dict[str, DeviceOptions]
    changes: tuple[TimedOptions, ...]


def combine_sources(given: dict[str, Any]) -> Sources:
    """Combine the device options of files and of the command line, each of which wins over those before it.

    Parameters
    ----------
    given : dict of str
        What the command line gives, by the names of parameters; those of files are taken out.
    """
    device_file, ethtool = given.pop("device_file"), given.pop("ethtool")
    payloads = {name: given.pop(name) for name in ("rss_config", "hash_config", "hash_tunnel_set")}
    note_inputs([device_file, ethtool, *payloads.values()])
    note_keys([given["hash_key"]])
    chosen: Any = {name: value for name, value in given.items() if value not in (None, [])}
    sources: list[tuple[str, DeviceOptions]] = []
    of_file: dict[str, DeviceOptions] = {}
    changes: tuple[TimedOptions, ...] = ()
    if device_file is not None:
        found = read_device_file(device_file)
        of_file, changes = found.configs, found.changes
        tables = (found.options, *of_file.values(), *(change.options for change in changes))
        note_keys(table.get("hash_key") for table in tables)
        sources.append((f"--device {device_file}", found.options))
    is_told = False
    if ethtool is not None:
        from pcaphash.device.ethtool.options import read_ethtool

        note_inputs([ethtool.rpartition("#")[0]])
        shown = read_ethtool(ethtool, chosen)
        for note in shown.notes:
            warn(note)
        is_told = shown.is_key_hidden
        sources.append((f"--ethtool {ethtool}", shown.options))
    if any(payload is not None for payload in payloads.values()):
        sources.append(("the captured commands", read_payloads(payloads, chosen)))
    sources.append(("", chosen))
    for line in list_overrides(sources):
        warn(line)
    options = combine_options(*(options for _, options in sources))
    if ethtool is not None:
        _tell_what_is_not_shown(f"--ethtool {ethtool}", options, is_key_told=is_told)
    _check_table(sources, options)
    options["given"] = frozenset(options)
    return Sources(options, of_file, changes)


def _check_table(sources: Sequence[tuple[str, DeviceOptions]], options: DeviceOptions) -> None:
    """Refuse the table of a file that needs more queues than are given beside it: the error names the file.

    Raises
    ------
    ConfigurationError
        It does.
    """
    table, queues = options.get("indirection_table"), options.get("queues")
    label = next((label for label, given in reversed(sources) if "indirection_table" in given), "")
    if not label or not isinstance(table, (tuple, list)) or not isinstance(queues, int):
        return
    last = max((entry for entry in table if isinstance(entry, int)), default=0)
    if last >= queues:
        problem = f"its indirection table has receive queue {last}, but with {Field('queues', queues)}"
        advice = f"give {Field('queues', last + 1)}, or another table with {Field('indirection_table')}"
        raise ConfigurationError(label, f"{problem}, the last is {queues - 1}", advice)


def _tell_what_is_not_shown(label: str, options: DeviceOptions, *, is_key_told: bool) -> None:
    """Tell of a key or a table that the file does not show, unless something else gives it, or it was told."""
    missing = [] if "hash_key" in options or is_key_told else ["hash key"]
    missing += [] if {"indirection_table", "indirection_table_size"} & options.keys() else ["indirection table"]
    if missing:
        warn(f"{label} shows no {' and no '.join(missing)}, so the default is assumed; the device may differ")
