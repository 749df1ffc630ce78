"""What DPDK's testpmd shows of a port: ``show port N rss reta`` and ``show port N rss-hash key``.

Source: DPDK, app/test-pmd/config.c, port_rss_reta_info and port_rss_hash_conf_show. Versions differ in how they lay the
names of hash types out, and newer ones show the hash algorithm.
"""

import re

from pcaphash.device.ethtool.shown import Shown
from pcaphash.device.hash_key import parse_hash_key
from pcaphash.device.pasted import Line, read_lines
from pcaphash.device.type_names import HASH_TYPE_NAMES, plain_name
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio

_ENTRY = re.compile(r"RSS RETA configuration: hash index=([0-9]{1,6}), queue=([0-9]{1,6})\b")
_TESTPMD = re.compile(r"RSS RETA configuration: hash index=|RSS functions:|RSS key:|RSS disabled")
_COMMAND = re.compile(r"\bport (?:config |info )?([0-9]{1,5}|all)\b")
_CONFIG = re.compile(r"\bport config ([0-9]{1,5}|all) rss")
_RETA = re.compile(r"\brss reta ([0-9]{1,6}) \(")
_QUEUES = re.compile(r"Current number of RX queues: ([0-9]{1,6})")
_HEADER = re.compile(r"(RSS functions|RSS key|RSS algorithm):\s*(.*)")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_NAMES = re.compile(r"[a-z0-9][a-z0-9-]*(?: [a-z0-9][a-z0-9-]*)*")

# What testpmd names beside types of virtio: fragments and other protocols hash addresses.
_ADDRESSES = {
    **dict.fromkeys(("ipv4-frag", "ipv4-other"), virtio.HASH_TYPE_IPV4),
    **dict.fromkeys(("ipv6-frag", "ipv6-other"), virtio.HASH_TYPE_IPV6),
}
_GROUPS = frozenset({"all", "none", "ip", "tcp", "udp", "sctp"})  # unions, shown beside what they are made of
_TOEPLITZ = ("toeplitz", "default")
_SHOW = "print it with: show port N rss-hash key"


def is_testpmd(text: str) -> bool:
    """Tell whether a text has such a print of testpmd."""
    return _TESTPMD.search(text) is not None


def read_testpmd(place: Field | str, text: str) -> list[Shown]:
    """Return what testpmd shows in a text, for each port.

    Parameters
    ----------
    place : Field or str
        What errors name.
    text : str
        Prints of testpmd, with its commands where there are several ports; other lines are ignored.

    Raises
    ------
    ConfigurationError
        A print is not whole; the message names the line.
    """
    reader = _Reader(place)
    for line in read_lines(text):
        reader.read(line)
    return reader.finish()


class _Reader:
    def __init__(self, place: Field | str) -> None:
        self._place = place
        self._ports: dict[str, Shown] = {}
        self._port = ""
        self._section = ""
        self._sizes: dict[str, tuple[int, int]] = {}  # by port: line of the command, entries it asks for
        self._names: dict[str, list[str]] = {}

    def read(self, line: Line) -> None:
        """Read a line."""
        entry, header, queues = _ENTRY.search(line.text), _HEADER.search(line.text), _QUEUES.search(line.text)
        if entry:
            self._add_entry(line.number, int(entry[1]), int(entry[2]))
        elif header:
            self._section = header[1]
            shown = self._shown(line.number)
            if header[1] == "RSS key":
                shown.hash_key = None
            elif header[1] == "RSS functions":
                self._names[self._port] = []
            if header[2]:
                self._take(line.number, header[2])
        elif "RSS disabled" in line.text:
            self._shown(line.number).hash_types = 0
        elif queues:
            self._shown(line.number).set_queues(self._place, line.number, int(queues[1]))
        elif _COMMAND.search(line.text):
            self._take_command(line)
        elif line.text and self._section:
            self._take(line.number, line.text)

    def finish(self) -> list[Shown]:
        """Return the ports."""
        for port, shown in self._ports.items():
            line, size = self._sizes.get(port, (shown.line, len(shown.table)))
            if shown.table and len(shown.table) < size:
                problem = f"line {line}: {len(shown.table)} of {size} entries of the RETA are printed"
                raise ConfigurationError(
                    self._place, problem, ("print all of them, with a mask of ones for each 64 entries")
                )
            if port in self._names:
                self._set_types(shown, self._names[port])
        return list(self._ports.values())

    def _shown(self, line: int) -> Shown:
        return self._ports.setdefault(self._port, Shown(self._port, line))

    def _add_entry(self, line: int, index: int, queue: int) -> None:
        self._section = ""
        shown = self._shown(line)
        if index == 0:
            shown.table = []  # printed again, perhaps after a change
        if index != len(shown.table):
            problem = f"line {line}: entry {index} of the RETA, but entry {len(shown.table)} should be next"
            raise ConfigurationError(self._place, problem, "print the whole table, with a mask of ones")
        shown.add_entries(self._place, line, [queue])

    def _take_command(self, line: Line) -> None:
        self._section = ""
        port, size = _COMMAND.search(line.text), _RETA.search(line.text)
        if port and port[1] != "all":
            self._port = port[1]
        if size:
            self._sizes[self._port] = (line.number, int(size[1]))
        changed = _CONFIG.search(line.text)
        if changed:
            shown = self._ports.get(self._port)
            if shown is not None:
                shown.notes = [f"line {line.number}: the effect of {changed[0]} counts only if it is printed again"]

    def _take(self, line: int, text: str) -> None:
        """Take a line of a print with a header."""
        shown = self._shown(line)
        if self._section == "RSS key":
            if not _HEX.fullmatch(text):
                if shown.hash_key is None:
                    problem = f"line {line}: the RSS key is not two hex digits per byte"
                    raise ConfigurationError(self._place, problem, _SHOW)
                self._section = ""
                return
            shown.hash_key = (shown.hash_key or b"") + parse_hash_key(text)
        elif self._section == "RSS functions" and _NAMES.fullmatch(text):
            self._names[self._port] += text.split()
        elif self._section == "RSS algorithm":
            if text.lower() not in _TOEPLITZ:
                problem = f"line {line}: the RSS algorithm is {text}, but only toeplitz can be calculated"
                shown.refusal = ConfigurationError(self._place, problem, "change it in the flow rule or the driver")
            self._section = ""
        else:
            self._section = ""

    def _set_types(self, shown: Shown, names: list[str]) -> None:
        """Set the hash types that names of testpmd stand for."""
        mask, others = 0, []
        for name in names:
            types = HASH_TYPE_NAMES.get(plain_name(name), 0) | _ADDRESSES.get(name, 0)
            if types and name not in _GROUPS:
                mask |= types
            elif name not in _GROUPS:
                others.append(name)
        if not mask:  # somebody's summary has groups alone
            mask = sum(HASH_TYPE_NAMES.get(name, 0) for name in set(names) & _GROUPS)
            mask |= virtio.BASE_HASH_TYPES_MASK if "all" in names else 0
        shown.hash_types = mask
        for version in ("4", "6"):
            protocols = [name for name in (f"ipv{version}-tcp", f"ipv{version}-udp") if name not in names]
            if f"ipv{version}-other" in names and f"ipv{version}" not in names and protocols:
                what = f"the RSS functions have ipv{version}-other but not {' and '.join(protocols)}"
                shown.notes.append(f"{what}: type IPv{version} of virtio hashes the addresses of those packets too")
        if others:
            shown.notes.append(f"the RSS functions {', '.join(others)} are ignored: no hash type covers them")
