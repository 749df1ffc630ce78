"""Device options from what Linux' ethtool shows of a network interface.

``ethtool -x``, as text or JSON, gives the receive queues, the indirection table, the hash key and the input
transformation; ``ethtool -n IF rx-flow-hash`` gives hash types. A file may hold any number of outputs in any order.
"""

from collections.abc import Sequence
from os import PathLike, fspath
from pathlib import Path

from pcaphash.device.ethtool_flows import Flow, hash_types_of
from pcaphash.device.ethtool_shown import Shown
from pcaphash.device.ethtool_text import read_outputs
from pcaphash.device.hash_types import format_mask
from pcaphash.device.indirection_table import default_table
from pcaphash.device.options import DeviceOptions
from pcaphash.errors import ConfigurationError
from pcaphash.standards import virtio

ETHTOOL_OPTION = "--ethtool"

_MOST_BYTES = 1 << 24
_SAVE = "save the output of ethtool -x IF, or of ethtool -n IF rx-flow-hash tcp4, in it"


def read_ethtool(file: str | PathLike[str]) -> DeviceOptions:
    """Return the arguments of ``Device`` that a file with outputs of ethtool gives.

    Receive queues are those of "with N RX ring(s)", in JSON one more than the highest entry of the table. A table that
    drivers start with comes as its size, so that other queues can be asked for. Where its length is no power of two,
    the table index is ``modulo``.

    Hash types are given where some output of rx-flow-hash for TCP or UDP is there: all four fields stand for the
    protocol's type and the type of its addresses, two fields for the latter alone, and none for neither. What is not
    shown is as Linux' virtio driver has it: types for TCP, UDP and addresses, none for IPv6 extension headers, none of
    draft v7's for tunnels.

    Parameters
    ----------
    file : path
        The file. Where it shows several interfaces that differ, ``FILE#IF`` chooses one.

    Raises
    ------
    ConfigurationError
        The file cannot be read, has no such output, or shows what no device here can be; the text names the line.
    """
    option = f"{ETHTOOL_OPTION} {fspath(file)}"
    path, interface = _split_interface(fspath(file))
    shown, flows = read_outputs(option, _read_text(option, path))
    interfaces = [*(each.interface for each in shown), *(flow.interface for flow in flows)]
    names = list(dict.fromkeys(name for name in interfaces if name is not None)) or [""]
    if interface is not None and interface not in names:
        raise ConfigurationError(option, f"shows no interface {interface!r}", f"it shows {', '.join(names)}")
    if not shown and not flows:
        raise ConfigurationError(option, "has no output of ethtool -x or of ethtool -n IF rx-flow-hash", _SAVE)
    if interface is not None or len(names) == 1:
        return _options_of(option, interface or names[0], names, shown, flows)
    return _common_options(option, path, names, shown, flows)


def _split_interface(file: str) -> tuple[str, str | None]:
    """Divide FILE#IF; a file whose name has a # is taken as it is."""
    path, mark, interface = file.rpartition("#")
    return (path, interface) if mark and not Path(file).exists() else (file, None)


def _read_text(option: str, path: str) -> str:
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConfigurationError(option, problem, "check the path and its permissions") from error
    if not data.strip():
        raise ConfigurationError(option, "is empty", _SAVE)
    if len(data) > _MOST_BYTES:
        raise ConfigurationError(option, f"is longer than any output of ethtool ({_MOST_BYTES} bytes)", _SAVE)
    return data.decode("utf-8-sig", errors="replace")


def _common_options(
    option: str, path: str, names: Sequence[str], shown: Sequence[Shown], flows: Sequence[Flow]
) -> DeviceOptions:
    """Return what several interfaces have in common, if that is everything."""
    refusal = ConfigurationError(
        option,
        f"shows several interfaces that differ: {', '.join(names)}",
        f"choose one, such as {ETHTOOL_OPTION} {path}#{names[0]}",
    )
    try:
        options = [_options_of(option, name, names, shown, flows) for name in names]
    except ConfigurationError as error:
        raise refusal from error
    if any(each != options[0] for each in options):
        raise refusal
    return options[0]


def _options_of(
    option: str, interface: str, names: Sequence[str], shown: Sequence[Shown], flows: Sequence[Flow]
) -> DeviceOptions:
    """Return the options of one interface."""
    for flow in flows:
        if flow.interface is None and len(names) > 1:
            problem = f"line {flow.line}: nothing says whose rx-flow-hash this is: {', '.join(names)}"
            raise ConfigurationError(option, problem, "write the command before it, such as ethtool -n IF rx-flow-hash")
    options: DeviceOptions = {}
    own = [each for each in shown if each.interface == interface]
    for each in own:
        found = _options_shown(option, each)
        if each is not own[0] and found != options:
            problem = f"line {each.line}: a second output of ethtool -x {interface} that differs from the first"
            raise ConfigurationError(option, problem, "leave only one, that of the RSS context in question")
        options = found
    own_flows = [flow for flow in flows if flow.interface in (None, interface)]
    if own_flows:
        options["hash_types"] = format_mask(hash_types_of(option, own_flows), virtio.BASE_HASH_TYPES)
    return options


def _options_shown(option: str, shown: Shown) -> DeviceOptions:
    """Return the options that one output of ``ethtool -x`` gives."""
    if shown.refusal is not None:
        raise shown.refusal
    options: DeviceOptions = {}
    if shown.hash_key is not None:
        options["hash_key"] = shown.hash_key.hex()
    if shown.input_transform is not None:
        options["input_transform"] = shown.input_transform
    queues = shown.queues or (1 + max(shown.table) if shown.table else None)
    if queues is not None:
        options["queues"] = queues
        n_entries = len(shown.table)
        if n_entries and tuple(shown.table) == default_table(n_entries, queues):
            options["indirection_table_size"] = n_entries
        elif n_entries:
            options["indirection_table"] = shown.table
        if n_entries & (n_entries - 1):
            options["table_index"] = "modulo"
    if not options:
        problem = f"line {shown.line}: neither a hash key nor an indirection table is shown"
        raise ConfigurationError(option, problem, _SAVE)
    return options
