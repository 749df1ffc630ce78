"""Outputs of ethtool, line by line; copied from terminals and logs, so alignment and line ends are not relied on."""

import re
from typing import Protocol

from pcaphash.device.ethtool_flows import LETTERS, Flow
from pcaphash.device.ethtool_sections import Functions, Key, Table, Transforms
from pcaphash.device.ethtool_shown import Shown, read_json
from pcaphash.errors import ConfigurationError

_NOT_SUPPORTED = "Operation not supported"
_BELOW_HEADERS: dict[str, type[Key | Functions | Transforms]] = {
    "RSS hash key:": Key,
    "RSS hash function:": Functions,
    "RSS input transformation:": Transforms,
}
_MARK = re.compile(
    r"(RX flow hash indirection table for \S+(?: with -?[0-9]{1,20} RX ring\(s\))?:"
    r"|RSS hash key:|RSS hash function:|(?<!Unknown bits in )RSS input transformation:|Operation not supported)"
)
_RINGS = re.compile(r"RX flow hash indirection table for (\S+?)(?: with (-?[0-9]+) RX ring\(s\))?:")
_FLOWS = re.compile(r"(?:\b(TCP|UDP) over IPV([46]) )?flows (use these fields|- all matching flows discarded)", re.I)
_SET = re.compile(rf"(?:^|\brx-flow-hash\s+)((?:tcp|udp)[46])[\s:]+({LETTERS})(?:\s+context\b.*)?$", re.I)
_ASIDE = re.compile(r"ethtool|[$#>%](\s|$)|^(Cannot|netlink error|For RSS context)\b")
_CONTEXT = re.compile(r"RSS Context(?: ID)? ?:? ?[0-9]", re.I)
_JSON = re.compile(r"[ \t]*(?=\[\s*[{\]]|\{)")


class _Section(Protocol):
    """The lines that follow a header."""

    def take(self, line: int, text: str) -> bool:
        """Take a line; return False, and leave it, where it belongs to no such section."""

    def finish(self) -> None:
        """Take note of the end of the section."""


class _Fields:
    """The fields of a flow type."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def take(self, line: int, text: str) -> bool:
        return self._flow.take(text)

    def finish(self) -> None:
        pass


def read_outputs(option: str, text: str) -> tuple[list[Shown], list[Flow]]:
    """Return what the outputs of ``ethtool -x`` and of ``ethtool -n IF rx-flow-hash`` in a text show.

    Parameters
    ----------
    option : str
        What errors name.
    text : str
        Any number of outputs; other lines are passed over.

    Raises
    ------
    ConfigurationError
        Something in an output is not as ethtool writes it; the text names the line.
    """
    reader = _Reader(option)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    start, line = 0, 1
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        opening = _JSON.match(text, start)
        if opening:
            end = reader.read_json(line, text, opening.end())
        else:
            reader.read(line, text[start:end])
        line += text.count("\n", start, end + 1)
        start = end + 1
    reader.finish()
    return reader.shown, reader.flows


class _Reader:
    def __init__(self, option: str) -> None:
        self.shown: list[Shown] = []
        self.flows: list[Flow] = []
        self._option = option
        self._section: _Section | None = None
        self._after_blank = False
        self._flow_interface: str | None = None

    def read(self, line: int, text: str) -> None:
        """Read a line, in which headers may have run together with what stood before them."""
        for piece in _MARK.split(" ".join(text.split())):
            if _MARK.fullmatch(piece):
                self._open(line, piece)
            elif piece.strip():
                self._take(line, piece.strip())
        self._after_blank = not text.strip()

    def read_json(self, line: int, text: str, start: int) -> int:
        """Read a JSON value that starts within a text; return where it ends."""
        import json

        self.finish()
        try:
            document, end = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", line)
            problem = f"line {line}: is no JSON ({getattr(error, 'msg', 'nested too deeply')})"
            raise ConfigurationError(self._option, problem, "save the output of ethtool --json -x IF") from error
        self.shown += read_json(self._option, line, document)
        return end

    def finish(self) -> None:
        """Close the section that is open."""
        if self._section is not None:
            self._section.finish()
        self._section = None

    def _open(self, line: int, header: str) -> None:
        self.finish()
        rings = _RINGS.fullmatch(header)
        if rings:
            self._flow_interface = None
            self.shown.append(Shown(rings[1], line))
            if rings[2] is not None:
                self.shown[-1].set_queues(self._option, line, int(rings[2]))
            self._section = Table(self._option, self.shown[-1])
        elif header != _NOT_SUPPORTED:
            if not self.shown:
                self.shown.append(Shown("", line))
            self._section = _BELOW_HEADERS[header](self._option, line, self.shown[-1])

    def _take(self, line: int, text: str) -> None:
        flows, fields = _FLOWS.search(text), _SET.search(text)
        if "ethtool" in text:
            self._flow_interface = _interface_of(text)
        if flows:
            self._open_flows(line, flows)
        elif fields:
            self.finish()
            self._add_flow(line, fields[1]).take(fields[2])
        elif _CONTEXT.match(text) and self.shown:
            problem = f"line {line}: {text} follows what belongs to another RSS context"
            raise ConfigurationError(self._option, problem, "leave only one, that of the RSS context in question")
        elif _ASIDE.search(text) or _CONTEXT.match(text):
            self.finish()
        elif self._section is not None and not self._section.take(line, text):
            if not self._after_blank and isinstance(self._section, Table | Key):
                raise self._section.refuse(line, text)
            self.finish()

    def _open_flows(self, line: int, header: re.Match[str]) -> None:
        self.finish()
        if header[1] is None:
            self._section = _Fields(Flow("other", line, None))  # of protocols without a hash type
            return
        flow_type = f"{header[1]}{header[2]}".lower()
        if header[3].startswith("-"):
            problem = f"line {line}: {flow_type} flows are discarded, which is no hash type"
            raise ConfigurationError(self._option, problem, "leave this flow type out")
        self._section = _Fields(self._add_flow(line, flow_type))

    def _add_flow(self, line: int, flow_type: str) -> Flow:
        self.flows.append(Flow(flow_type.lower(), line, self._flow_interface))
        return self.flows[-1]


def _interface_of(command: str) -> str | None:
    """Return the interface whose rx-flow-hash a command shows or sets."""
    before, found, _ = command.partition(" rx-flow-hash")
    return before.split()[-1] if found else None
