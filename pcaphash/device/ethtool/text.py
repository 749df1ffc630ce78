"""Outputs of ethtool, line by line; copied from terminals, mails and logs, so alignment is not relied on."""

import json
import re
from bisect import bisect_right
from itertools import accumulate
from typing import Protocol

from pcaphash.device.ethtool.commands import Setting, parse_setting
from pcaphash.device.ethtool.flows import LETTERS, Flow
from pcaphash.device.ethtool.sections import Functions, KeySection, TableSection, Transforms
from pcaphash.device.ethtool.shown import Shown, read_json
from pcaphash.device.pasted import Line, read_lines
from pcaphash.errors import ConfigurationError, Field

_NOT_SUPPORTED = "Operation not supported"
_BELOW_HEADERS: dict[str, type[KeySection | Functions | Transforms]] = {
    "RSS hash key:": KeySection,
    "RSS hash function:": Functions,
    "RSS input transformation:": Transforms,
}
_MARK = re.compile(
    r"(RX flow hash indirection table for \S+(?: with -?[0-9]{1,20} RX ring\(s\))?:"
    r"|RSS hash key:|RSS hash function:|(?<!Unknown bits in )RSS input transformation:|Operation not supported)"
)
_RINGS = re.compile(r"RX flow hash indirection table for (\S+?)(?: with (-?[0-9]+) RX ring\(s\))?:")
_FLOWS = re.compile(r"(.*?)\s*flows (use these fields|- all matching flows discarded)", re.I)
_COVERED = re.compile(r"\b(?<![-/])(TCP|UDP|SCTP|GTP) over IPV([46])$", re.I)
_SET = re.compile(rf"(?:^((?:tcp|udp)[46])|\brx-flow-hash\s+(\w+))[\s:]+({LETTERS})(?:\s+context\b.*)?$", re.I)
_ASIDE = re.compile(r"ethtool|^(?:\[[^\]]*\]|\S*(?: \S+)? ?)[$#>%](?:\s|$)|^(?:Cannot|netlink error|For RSS context)\b")
_FAILED = re.compile(r"^Cannot (?:set RX flow hash|change RX network flow hashing)")
_LEFT_OUT = re.compile(r"\W*(?:\.\.+|…|snip)\W*(?:snip\W*)?", re.I)
_STRAY_ROW = re.compile(r"([0-9]{1,6}): [0-9]+(?: [0-9]+){7,}")
_CONTEXT = re.compile(r"RSS Context(?: ID)? ?:? ?[0-9]", re.I)
_HOST_KEY = re.compile(r"(?:net\.core\.netdev_rss_key ?= ?)?([0-9a-f]{2}(?::[0-9a-f]{2}){15,}:?)", re.I)
_JSON = re.compile(r"(?=\[\s*[{\]]|\{)")


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
        """Take a line of the fields that a kind of flow is hashed over."""
        return self._flow.take(text)

    def finish(self) -> None:
        """Do nothing: each line is complete."""


def read_outputs(place: Field | str, text: str) -> tuple[list[Shown | Setting], list[Flow]]:
    """Return what ``ethtool -x`` and ``ethtool -n IF rx-flow-hash`` show in a text, and what ``ethtool -X`` sets.

    Parameters
    ----------
    place : Field or str
        What errors name.
    text : str
        Any number of outputs and commands; other lines are ignored.

    Raises
    ------
    ConfigurationError
        Something in an output is not as ethtool writes it; the message names the line.
    """
    reader = _Reader(place)
    lines = read_lines(text)
    whole = "\n".join(line.text for line in lines)
    starts = [0, *accumulate(len(line.text) + 1 for line in lines)]
    at = 0
    while at < len(lines):
        if lines[at].text[:1] in ("[", "{") and _JSON.match(whole, starts[at]):
            end = reader.read_json(lines[at], whole, starts[at])
            at = bisect_right(starts, end - 1)
        else:
            reader.read(lines[at])
            at += 1
    reader.finish()
    return reader.found, reader.flows


class _Reader:
    def __init__(self, place: Field | str) -> None:
        self.found: list[Shown | Setting] = []
        self.flows: list[Flow] = []
        self._place = place
        self._section: _Section | None = None
        self._shown: Shown | None = None
        self._mark = ""
        self._after_blank = self._after_remark = False
        self._flow_interface: str | None = None
        self._flow_type = ""

    def read(self, line: Line) -> None:
        """Read a line, in which headers may have run together with what stood before them."""
        setting = parse_setting(self._place, line.number, line.text)
        if setting is not None:
            self.finish()
            self.found.append(setting)
            self._mark = line.mark
        else:
            for piece in _MARK.split(line.text):
                if _MARK.fullmatch(piece):
                    self._open(line.number, piece)
                    self._mark = line.mark
                elif piece.strip():
                    self._take(line, piece.strip())
        self._after_blank = not line.text

    def read_json(self, line: Line, text: str, start: int) -> int:
        """Read a JSON value that starts within a text; return where it ends."""
        self.finish()
        try:
            document, end = json.JSONDecoder().raw_decode(text, start)
        except (ValueError, RecursionError) as error:
            first = text.count("\n", 0, start)
            number = line.number + getattr(error, "lineno", first + 1) - first - 1
            problem = f"line {number} is not JSON ({getattr(error, 'msg', 'nested too deeply')})"
            raise ConfigurationError(self._place, problem, "save the output of ethtool --json -x IF") from error
        self.found += read_json(self._place, line.number, document)
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
            shown = self._add_shown(rings[1], line)
            if rings[2] is not None:
                shown.set_queues(self._place, line, int(rings[2]))
            self._section = TableSection(self._place, shown)
        elif header != _NOT_SUPPORTED:
            shown = self._shown or self._add_shown("", line)
            self._section = _BELOW_HEADERS[header](self._place, line, shown)

    def _add_shown(self, interface: str | None, line: int) -> Shown:
        shown = Shown(interface, line)
        self.found.append(shown)
        if interface is not None:
            self._shown = shown
        return shown

    def _take(self, line: Line, text: str) -> None:
        flows, fields = _FLOWS.match(text), _SET.search(text)
        if "ethtool" in text:
            self._flow_interface, self._flow_type = _flow_of(text)
        if flows:
            self._mark = line.mark
            self._open_flows(line.number, flows)
        elif fields:
            self.finish()
            self._mark = line.mark
            self._add_flow(line.number, (fields[1] or fields[2]).lower(), is_set="rx-flow-hash" in text).take(fields[3])
        elif _CONTEXT.match(text) and self._shown is not None:
            problem = f"line {line.number}: {text} follows output of another RSS context"
            raise ConfigurationError(self._place, problem, "keep only the one for the RSS context to examine")
        elif line.mark == self._mark and (_ASIDE.search(text) or _CONTEXT.match(text)):
            self._take_aside(text)
        elif self._section is None or not self._take_in_section(line, text):
            self._take_host_key(line, text)

    def _take_aside(self, text: str) -> None:
        """Take a prompt or a message; one that says that the command before it failed takes that back."""
        self.finish()
        if not _FAILED.match(text):
            return
        if "network flow" in text and self.flows and self.flows[-1].is_set:
            self.flows.pop()
        elif "network flow" not in text and self.found and isinstance(self.found[-1], Setting):
            self.found.pop()

    def _take_in_section(self, line: Line, text: str) -> bool:
        """Take a line of the open section; what is quoted otherwise may go on with it, or be somebody's remark."""
        assert self._section is not None
        is_remark = line.mark != self._mark and (self._after_blank or self._after_remark)
        self._after_remark = is_remark
        if is_remark or self._section.take(line.number, text):
            return True
        if line.mark != self._mark:
            self._after_remark = True
            return True
        if isinstance(self._section, TableSection | KeySection) and _LEFT_OUT.fullmatch(text):
            problem = f"line {line.number}: part of the output is missing here"
            raise ConfigurationError(self._place, problem, "copy the whole output again")
        if (
            not self._after_blank
            and isinstance(self._section, TableSection | KeySection)
            and not _HOST_KEY.fullmatch(text)
        ):
            raise self._section.refuse(line.number, text)
        self.finish()
        return False

    def _take_host_key(self, line: Line, text: str) -> None:
        """Take what /proc/sys/net/core/netdev_rss_key holds: the key that Linux gives drivers without one."""
        key = _HOST_KEY.fullmatch(text)
        if key:
            self._section = KeySection(self._place, line.number, self._add_shown(None, line.number))
            self._section.take(line.number, key[1])
            self._mark = line.mark
        row = _STRAY_ROW.fullmatch(text)
        if row and self._shown is not None and 0 < int(row[1]) == len(self._shown.table):
            problem = f"line {line.number}: this row of the indirection table does not follow the one before it"
            raise ConfigurationError(self._place, problem, "remove the lines between them")

    def _open_flows(self, line: int, header: re.Match[str]) -> None:
        self.finish()
        covered = _COVERED.search(header[1])
        flow_type = f"{covered[1]}{covered[2]}".lower() if covered else self._flow_type or header[1].strip()
        flow = self._add_flow(line, flow_type)
        if header[2].startswith("-") and flow.is_covered:
            problem = f"line {line}: {flow_type} flows are discarded, which no hash type can express"
            raise ConfigurationError(self._place, problem, "leave this flow type out")
        self._section = _Fields(flow)

    def _add_flow(self, line: int, flow_type: str, is_set: bool = False) -> Flow:
        self.flows.append(Flow(flow_type, line, self._flow_interface, is_set=is_set))
        return self.flows[-1]


def _flow_of(command: str) -> tuple[str | None, str]:
    """Return the interface and the flow type whose rx-flow-hash a command shows or sets."""
    before, found, after = command.partition(" rx-flow-hash ")
    return (before.split()[-1], after.split()[0].lower()) if found and after.split() else (None, "")
