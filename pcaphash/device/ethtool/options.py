"""Device options from what Linux's ethtool or DPDK's testpmd shows of a network interface.

``ethtool -x``, as text or JSON, gives the receive queues, the indirection table, the hash key and the input
transformation; ``ethtool -n IF rx-flow-hash`` gives hash types; ``ethtool -X`` and ``-N`` set any of them. A file may
hold any number of outputs and commands, as they came about. Of testpmd it is ``show port N rss reta`` and
``show port N rss-hash key``.
"""

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path

from pcaphash.device.ethtool.commands import Setting
from pcaphash.device.ethtool.flows import Flow, hash_types_of
from pcaphash.device.ethtool.shown import Shown
from pcaphash.device.ethtool.text import read_outputs
from pcaphash.device.hash_types import format_mask
from pcaphash.device.indirection_table import default_table
from pcaphash.device.options import DeviceOptions
from pcaphash.device.paths import is_there
from pcaphash.device.testpmd import is_testpmd, read_testpmd
from pcaphash.device.text_files import decode
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio

ETHTOOL_FIELD = Field("ethtool")

_MOST_BYTES = 1 << 24
_SAVE = "save the output of ethtool -x IF, or of ethtool -n IF rx-flow-hash tcp4, in it"
_REFUSED = "Operation not supported"
_NOTHING = "has no output of ethtool -x or of ethtool -n IF rx-flow-hash"


@dataclass(frozen=True)
class ShownDevice:
    """What a text shows of a device.

    Parameters
    ----------
    options : DeviceOptions
        The arguments of ``Device`` that it gives.
    notes : tuple of str
        What a reader should know of it, a line each.
    is_key_hidden : bool
        Whether a note says that the key is shown as zeros, which drivers print that do not tell it.
    """

    options: DeviceOptions
    notes: tuple[str, ...]
    is_key_hidden: bool = False


def read_ethtool(file: str | PathLike[str], given: Collection[str] = ()) -> ShownDevice:
    """Return the arguments of ``Device`` that a file with outputs of ethtool or of testpmd gives.

    Parameters
    ----------
    file : path
        The file; ``-`` is standard input. Where it shows several interfaces that differ, ``FILE#IF`` chooses one.
    given : collection of str
        Arguments that something else gives: what the file says of them need not be possible.

    Raises
    ------
    ConfigurationError
        The file cannot be read, has no such output, or shows what no device here can be; the message names the line.
    """
    place = Field("ethtool", fspath(file))
    path, interface = _split_interface(fspath(file))
    return _parse(place, path, _read_text(place, path), interface, given)


def find_ethtool(shown: str | PathLike[str], interface: str | None = None, given: Collection[str] = ()) -> ShownDevice:
    """Return what outputs show that are given as a text or as a file; a text has several lines, or a command.

    Raises
    ------
    ConfigurationError
        As ``read_ethtool``.
    """
    if isinstance(shown, str) and ("\n" in shown or "ethtool -" in shown):
        return parse_ethtool(shown, interface, given)
    return read_ethtool(shown if interface is None else f"{fspath(shown)}#{interface}", given)


def parse_ethtool(text: str, interface: str | None = None, given: Collection[str] = ()) -> ShownDevice:
    """Return the arguments of ``Device`` that a text with outputs of ethtool or of testpmd gives.

    Receive queues are those of "with N RX ring(s)", in JSON one more than the highest entry of the table. A table that
    drivers start with comes as its size, so that other queues can be asked for. Where its length is not a power of two,
    the table index is ``modulo``. What ``ethtool -X`` and ``-N`` set counts from where the command stands.

    Hash types are given where some output of rx-flow-hash for TCP or UDP is there: all four fields stand for the
    protocol's type and the type of its addresses, two fields for the latter alone, and none for neither. What is not
    shown is as Linux's virtio driver has it: types for TCP, UDP and addresses, none for IPv6 extension headers, none of
    draft v7's for tunnels.

    Parameters
    ----------
    text : str
        The outputs, which may be quoted or indented.
    interface : str, optional
        Which of several that differ.
    given : collection of str
        As ``read_ethtool`` takes them.

    Raises
    ------
    ConfigurationError
        As ``read_ethtool``.
    """
    return _parse(ETHTOOL_FIELD, "TEXT", text, interface, given)


def _parse(place: Field | str, path: str, text: str, interface: str | None, given: Collection[str]) -> ShownDevice:
    if not text.strip():
        raise ConfigurationError(place, "is empty", _SAVE)
    found, flows = (read_testpmd(place, text), []) if is_testpmd(text) else read_outputs(place, text)
    found, notes = _without_placeholders(place, found)
    interfaces = [*(each.interface for each in found), *(flow.interface for flow in flows)]
    names = list(dict.fromkeys(name for name in interfaces if name is not None)) or [""]
    if interface is not None and interface not in names:
        raise ConfigurationError(place, f"shows no interface {interface!r}", f"it shows {', '.join(names)}")
    uncovered = [flow for flow in flows if not flow.is_covered]
    if not found and len(uncovered) == len(flows):
        if not uncovered:
            raise _nothing_in(place, text)
        problem = f"line {uncovered[0].line} shows only rx-flow-hash of {_names(uncovered)}, which no hash type covers"
        raise ConfigurationError(place, problem, "save that of tcp4, udp4, tcp6 and udp6, or the output of ethtool -x")
    reading = _Reading(place, names, found, flows, given)
    one_of_several = interface is None and len(names) > 1
    device = _common(place, path, names, reading) if one_of_several else reading.device_of(interface or names[0])
    return replace(device, notes=(*notes, *device.notes))


def _nothing_in(place: Field | str, text: str) -> ConfigurationError:
    """Return the error for a text without any output, where ethtool got no answer perhaps."""
    if _REFUSED not in text:
        return ConfigurationError(place, _NOTHING, _SAVE)
    line = 1 + text[: text.index(_REFUSED)].count("\n")
    problem = f"line {line}: ethtool got no answer from the driver ({_REFUSED})"
    return ConfigurationError(
        place,
        problem,
        f"describe the device with {Field('hash_key')}, {Field('queues')} and {Field('hash_types')}",
    )


def _without_placeholders(
    place: Field | str, found: Sequence[Shown | Setting]
) -> tuple[list[Shown | Setting], list[str]]:
    """Leave out commands for an interface such as <iface> where others are named; return notes on them too."""
    are_words = [isinstance(each, Setting) and each.is_placeholder for each in found]
    if all(are_words):
        return [*found], []
    notes = [
        f"{place}: line {each.line}: the command for {each.interface} is ignored: it names no interface"
        for each, is_word in zip(found, are_words, strict=True)
        if is_word
    ]
    return [each for each, is_word in zip(found, are_words, strict=True) if not is_word], notes


def _split_interface(file: str) -> tuple[str, str | None]:
    """Divide FILE#IF; a file whose name has a # is taken as it is."""
    path, mark, interface = file.rpartition("#")
    return (path, interface) if mark and not is_there(file) else (file, None)


def _read_text(place: Field | str, path: str) -> str:
    try:
        if path == "-":
            data = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            with Path(path).open("rb") as stream:
                data = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConfigurationError(place, problem, "check the path and its permissions") from error
    if len(data) > _MOST_BYTES:
        raise ConfigurationError(place, f"is longer than any ethtool output ({_MOST_BYTES} bytes)", _SAVE)
    return decode(data, errors="replace")


def _names(flows: Sequence[Flow]) -> str:
    return ", ".join(dict.fromkeys(flow.flow_type for flow in flows))


def _common(place: Field | str, path: str, names: Sequence[str], reading: "_Reading") -> ShownDevice:
    """Return what several interfaces have in common, if that is everything."""
    refusal = ConfigurationError(
        place,
        f"shows several interfaces that differ: {', '.join(names)}",
        f"choose one, such as {Field('ethtool', f'{path}#{names[0]}')}",
    )
    try:
        devices = [reading.device_of(name) for name in names]
    except ConfigurationError as error:
        raise refusal from error
    if any(each.options != devices[0].options for each in devices):
        raise refusal
    return devices[0]


@dataclass(frozen=True)
class _Reading:
    """What a text shows, of all interfaces.

    Parameters
    ----------
    place : Field or str
        What errors name.
    names : sequence of str
        The interfaces.
    found : sequence of Shown and Setting
        In order of the text.
    flows : sequence of Flow
        Likewise.
    given : collection of str
        Arguments that something else gives.
    """

    place: Field | str
    names: Sequence[str]
    found: Sequence[Shown | Setting]
    flows: Sequence[Flow]
    given: Collection[str]

    def device_of(self, interface: str) -> ShownDevice:
        """Return what is shown of one interface."""
        for flow in self.flows:
            if flow.interface is None and len(self.names) > 1:
                problem = (
                    f"line {flow.line}: it is unclear which interface this rx-flow-hash belongs to: "
                    f"{', '.join(self.names)}"
                )
                advice = "write the command before it, such as ethtool -n IF rx-flow-hash"
                raise ConfigurationError(self.place, problem, advice)
        shown = self._last_of(interface)
        options = self._options_of(shown) if shown is not None else {}
        notes = [f"{self.place}: {note}" for note in shown.notes] if shown is not None else []
        is_key_hidden = shown is not None and shown.is_key_hidden and "hash_key" not in {*self.given, *options}
        if is_key_hidden:
            notes.append(
                f"{self.place}: the RSS hash key is shown as zeros, as by drivers that do not tell it; unless it is "
                f"given, the default is assumed: give it with {Field('hash_key')}, or set one with ethtool -X "
                f"{interface or 'IF'} hkey KEY"
            )
        own_flows = [flow for flow in self.flows if flow.interface in (None, interface)]
        if any(flow.is_covered for flow in own_flows):
            options["hash_types"] = format_mask(hash_types_of(self.place, own_flows), virtio.BASE_HASH_TYPES)
        uncovered = [flow for flow in own_flows if not flow.is_covered]
        if uncovered:
            what = f"line {uncovered[0].line}: rx-flow-hash of {_names(uncovered)} is ignored"
            notes.append(f"{self.place}: {what}: no hash type covers it")
        return ShownDevice(options, tuple(notes), is_key_hidden)

    def _last_of(self, interface: str) -> Shown | None:
        """Return an interface as the last output and the commands after it leave it."""
        state: Shown | None = None
        is_set = True
        for each in self.found:
            if each.interface != interface:
                continue
            if isinstance(each, Setting):
                if not each.is_channels or state is not None:
                    state = each.apply(self.place, state)
                is_set = True
            elif state is not None and not is_set and self._options_of(each) != self._options_of(state):
                problem = f"line {each.line}: a second output of ethtool -x {interface} that differs from the first"
                raise ConfigurationError(self.place, problem, "keep only the one for the RSS context to examine")
            else:
                state, is_set = each, False
        shared = next((each for each in self.found if isinstance(each, Shown) and each.interface is None), None)
        if shared is not None and (state is None or state.hash_key is None):
            state = state or Shown(interface, shared.line)
            state.hash_key = shared.hash_key
        return state

    def _options_of(self, shown: Shown) -> DeviceOptions:
        """Return the options that one output gives."""
        if shown.refusal is not None:
            raise shown.refusal
        if shown.transform_refusal is not None and "input_transform" not in self.given:
            raise shown.transform_refusal
        options: DeviceOptions = {}
        if shown.hash_key is not None:
            options["hash_key"] = shown.hash_key.hex()
        if shown.input_transform is not None:
            options["input_transform"] = shown.input_transform
        if shown.hash_types is not None:
            options["hash_types"] = format_mask(shown.hash_types, virtio.BASE_HASH_TYPES)
        options |= _table_options(shown)
        if not options and not shown.is_key_hidden:
            problem = f"line {shown.line}: neither a hash key nor an indirection table is shown"
            raise ConfigurationError(self.place, problem, _SAVE)
        return options


def _table_options(shown: Shown) -> DeviceOptions:
    """Return the options that give the receive queues and the indirection table."""
    options: DeviceOptions = {}
    queues = shown.queues or (1 + max(shown.table) if shown.table else None)
    if queues is None:
        return options
    options["queues"] = queues
    n_entries = len(shown.table)
    if n_entries and tuple(shown.table) == default_table(n_entries, queues):
        if not shown.is_size_assumed:
            options["indirection_table_size"] = n_entries
    elif n_entries:
        options["indirection_table"] = shown.table
    if n_entries & (n_entries - 1):
        options["table_index"] = "modulo"
    return options
