"""Which packets of a trace to look at: by count, time, direction, encapsulation, virtual network and endpoint."""

import re
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import SupportsIndex

from pcaphash.device.words import NO_LIMIT, parse_number, unknown_word
from pcaphash.engine.selecting.times import parse_time, show_time
from pcaphash.errors import Command, ConfigurationError, Field
from pcaphash.standards.virtio import TUNNEL_TYPES

STRIPS = ("erspan", "vxlan", "gre")
"""What mirror sessions put around packets, that can be stripped."""

DIRECTIONS = ("in", "out", "all")
ENCAPSULATIONS = ("NONE", "GRE", *TUNNEL_TYPES, "UNKNOWN")
"""Names of encapsulations under either spec; draft v7 divides GRE no further."""

_MOST_NETWORK_NUMBER = 0xFFFFFFFF
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]+", re.ASCII)
_MAC = re.compile(r"[0-9a-fA-F]{2}([:-]?[0-9a-fA-F]{2}){5}|[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4}){2}")
_MAC_DIGITS = 12

Words = str | Iterable[str]
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, init=False)
class Selection:
    """Which packets to look at; a packet must satisfy all that is given.

    Parameters
    ----------
    count : int, optional
        Stop after so many selected packets.
    start, end : str, int or float, optional
        From this time on, and before this time: ISO 8601 (UTC unless it says otherwise) or seconds since 1970.
    direction : str
        ``in`` leaves out the packets that the host sent, if the capture marks them (they never went through
        receive-side scaling); ``out`` takes only these; ``all`` takes all.
    encapsulation : str or iterable of str
        Encapsulations, by their names in the column ``encapsulation`` under either spec, including NONE and UNKNOWN.
    vni : int or str, or iterable of these
        VNI of VXLAN, VXLAN-GPE and GENEVE, VSID of NVGRE, key of other GRE.
    endpoint : str or iterable of str
        Addresses or networks, such as ``10.0.0.1`` or ``2001:db8::/32``. The source or the destination of the outer
        header must be in one of them.
    to : str or iterable of str
        The same for only the destination.
    destination_mac : str or iterable of str
        Ethernet addresses such as ``02:00:00:00:00:01``, one of which must be the destination.
    interface : str, int or iterable of them
        Where the packet was captured: the name of an interface of a pcapng file, or a number. In Linux cooked headers
        of the second version (captures of ``any``), this is the interface index in Linux; otherwise the position in
        the pcapng file, counted from 0.
    strip : str, optional
        ``erspan``, ``vxlan`` or ``gre``: the headers that a mirror session added, which are taken off before anything
        else. Packets without them are left out.

    Raises
    ------
    ConfigurationError
        A value is impossible.
    """

    count: int | None
    start: int | None
    end: int | None
    direction: str
    encapsulation: tuple[str, ...]
    vni: tuple[int, ...]
    endpoint: tuple[Network, ...]
    to: tuple[Network, ...]
    destination_mac: tuple[bytes, ...]
    interface: tuple[str, ...]
    strip: str

    def __init__(
        self,
        count: SupportsIndex | None = None,
        start: str | float | None = None,
        end: str | float | None = None,
        direction: str = "in",
        encapsulation: Words = (),
        vni: SupportsIndex | str | Iterable[SupportsIndex | str] = (),
        endpoint: Words = (),
        to: Words = (),
        destination_mac: Words = (),
        interface: Words | int | Iterable[str | int] = (),
        strip: str | None = None,
    ) -> None:
        if direction not in DIRECTIONS:
            raise unknown_word(Field("direction"), direction, DIRECTIONS, "a direction")
        if strip is not None and strip not in STRIPS:
            raise unknown_word(Field("strip"), strip, STRIPS, "something to strip")
        fields = {
            "count": None if count is None else _parse_count(count),
            "start": None if start is None else parse_time(Field("start"), start),
            "end": None if end is None else parse_time(Field("end"), end),
            "direction": direction,
            "encapsulation": tuple(_parse_encapsulation(word) for word in _list(encapsulation)),
            "vni": tuple(_parse_vni(number) for number in _list(vni)),
            "endpoint": tuple(_parse_network(Field("endpoint"), word) for word in _list(endpoint)),
            "to": tuple(_parse_network(Field("to"), word) for word in _list(to)),
            "destination_mac": tuple(_parse_mac(word) for word in _list(destination_mac)),
            "interface": tuple(_parse_interface(word) for word in _list(interface)),
            "strip": strip or "",
        }
        for field, value in fields.items():
            object.__setattr__(self, field, value)
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ConfigurationError(Field("end"), f"is not after {Field('start')}", "give a later time")

    def without_count(self) -> "Selection":
        """Return what selects the same packets, however many there are."""
        every = copy(self)
        object.__setattr__(every, "count", None)
        return every

    @property
    def looks_into_packets(self) -> bool:
        """Whether packets have to be dissected to know whether they are selected."""
        return bool(self.encapsulation or self.vni or self.endpoint or self.to)

    @property
    def looks_at_times(self) -> bool:
        """Whether the time of a packet matters."""
        return self.start is not None or self.end is not None

    def __str__(self) -> str:
        """Return the settings that give it, except those with their defaults."""
        given = [Field("count", self.count)] if self.count is not None else []
        times = (("start", self.start), ("end", self.end))
        given += [Field(name, show_time(at)) for name, at in times if at is not None]
        for name in ("encapsulation", "vni", "endpoint", "to", "interface"):
            given += [Field(name, value) for value in getattr(self, name)]
        given += [Field("destination_mac", address.hex(":")) for address in self.destination_mac]
        given += [Field("strip", self.strip)] if self.strip else []
        if self.direction == "out" or (self.direction == "all" and not given):  # "all" leaves nothing out
            given.append(Field("direction", self.direction))
        return " ".join(map(str, given))


def _list(values: object) -> list[object]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [values]
    return list(values)


def _parse_encapsulation(word: object) -> str:
    found = next((name for name in ENCAPSULATIONS if name.lower() == str(word).lower()), None)
    if found is None:
        raise unknown_word(Field("encapsulation"), str(word), ENCAPSULATIONS, "an encapsulation")
    return found


def _parse_count(number: SupportsIndex) -> int:
    return parse_number(Field("count"), number, 1, NO_LIMIT, "it is a number of packets")


def _parse_vni(number: object) -> int:
    rule = "a VNI or VSID has 24 bits, a GRE key 32"
    if isinstance(number, str) and _NUMBER.fullmatch(number):
        number = int(number, 16 if number[:2].lower() == "0x" else 10)
    return parse_number(Field("vni"), number, 0, _MOST_NETWORK_NUMBER, rule)  # type: ignore[arg-type]


def _parse_network(place: Field | str, word: object) -> Network:
    try:
        return ip_network(str(word), strict=False)
    except ValueError as error:
        problem = f"{word!r} is not an IP address or network"
        raise ConfigurationError(place, problem, "write 10.0.0.1 or 2001:db8::/32") from error


def _parse_mac(word: object) -> bytes:
    digits = re.sub(r"[:.\s-]", "", str(word))
    if not _MAC.fullmatch(str(word).strip()) or len(digits) != _MAC_DIGITS:
        problem = f"{word!r} is not an Ethernet address"
        raise ConfigurationError(Field("destination_mac"), problem, "write 02:00:00:00:00:01")
    return bytes.fromhex(digits)


def _parse_interface(word: object) -> str:
    text = str(word).strip()
    if not text or not text.isprintable():
        problem = f"{word!r} is not an interface"
        raise ConfigurationError(Field("interface"), problem, f"give its name or number; {Command('info')} shows them")
    return text


RECEIVED = Selection()
"""All packets but those that the capture says the host sent."""

EVERYTHING = Selection(direction="all")
"""All packets."""
