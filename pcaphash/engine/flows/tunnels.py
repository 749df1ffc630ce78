"""The tunnels that flows run through: outer source and destination, encapsulation and virtual network."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import numpy as np
import numpy.typing as npt

from pcaphash.engine.census.decision import NONE, encapsulation_of
from pcaphash.engine.flows.grouping import group_rows, least_rows
from pcaphash.engine.flows.table import Flows
from pcaphash.kernels import header as kinds
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.flows import INNER_ADDRESSES, OUTER_ADDRESSES
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6
from pcaphash.kernels.tunnel import NO_NETWORK_NUMBER, TUNNELS

NO_TUNNEL = -1

_PROTOCOLS = {
    kinds.TRANSPORT_TCP: "TCP",
    kinds.TRANSPORT_UDP: "UDP",
    kinds.TRANSPORT_TCP_CUT: "TCP",
    kinds.TRANSPORT_UDP_CUT: "UDP",
}


@dataclass(frozen=True)
class Tunnel:
    """A tunnel, in one direction.

    Parameters
    ----------
    source, destination : str
        Outer addresses.
    encapsulation : str
        Its name under the spec asked for.
    network_number : int or None
        VNI, VSID or GRE key.
    """

    source: str
    destination: str
    encapsulation: str
    network_number: int | None

    @property
    def ends(self) -> tuple[str, str]:
        """Where it is from, and where it leads to."""
        return self.source, self.destination

    def __str__(self) -> str:
        """Write the tunnel for readers."""
        network = "" if self.network_number is None else f" {self.network_number}"
        return f"{self.source} > {self.destination} {self.encapsulation}{network}"


@dataclass(frozen=True, eq=False)
class Tunnels:
    """The tunnels of flows.

    Parameters
    ----------
    rows : uint64 array of shape (n, 7)
        Each tunnel once, in no order that means anything: number of its encapsulation, whether the outer header is
        IPv6, four words of addresses, and network number (counted from 1; 0 for none).
    encapsulations : list of str
        Names of the encapsulations, in order of their numbers.
    of_flow : int64 array of shape (flows,)
        Which of them each flow runs through, or NO_TUNNEL.
    """

    rows: npt.NDArray[np.uint64]
    encapsulations: list[str]
    of_flow: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Return how many tunnels there are."""
        return len(self.rows)

    def __getitem__(self, number: int) -> Tunnel:
        """Return one of the tunnels."""
        name, is_ipv6, *words, network_number = self.rows[number].tolist()
        source, destination = _addresses(bool(is_ipv6), words)
        named = network_number + NO_NETWORK_NUMBER if network_number else None
        return Tunnel(source, destination, self.encapsulations[name], named)

    def heaviest(self, packets: npt.NDArray[np.int64], most: int) -> list[int]:
        """Return the numbers of the tunnels with the most packets, given those of each; equal ones by their rows."""
        found: list[int] = least_rows([-packets, *self.rows.T], most).tolist()
        return found


@dataclass(frozen=True)
class Endpoints:
    """Source and destination of one header of a flow.

    Parameters
    ----------
    source, destination : str
        Addresses; empty where the header is not IP.
    protocol : str
        ``TCP`` or ``UDP`` where there are ports, else empty.
    source_port, destination_port : int or None
        The ports; None where there are none, or where they were not captured.
    """

    source: str
    destination: str
    protocol: str
    source_port: int | None
    destination_port: int | None

    def __str__(self) -> str:
        """Write both for readers."""
        if not self.source:
            return "not IP"
        if self.source_port is None:
            return f"{self.source} > {self.destination}"
        source, destination = (f"[{each}]" if ":" in each else each for each in (self.source, self.destination))
        return f"{source}:{self.source_port} > {destination}:{self.destination_port} {self.protocol}"


def find_tunnels(flows: Flows, spec: str) -> Tunnels:
    """Find the tunnels that flows run through, under the names of one of the specs.

    Parameters
    ----------
    flows : Flows
        As ``flows.join_flows`` returns them.
    spec : str
        The text.
    """
    names = {signature: _name_of(signature, spec) for signature in flows.distinct_signatures}
    order = sorted({NONE, *names.values()})
    named = flows.by_signature(lambda signature: order.index(names[signature]))
    is_ipv6 = flows.by_signature(lambda signature: split_signature(signature)[0] >= KIND_IPV6)
    chosen = np.flatnonzero(named != order.index(NONE))
    rows = np.empty((len(chosen), 7), np.uint64)
    rows[:, 0], rows[:, 1] = named[chosen], is_ipv6[chosen]
    rows[:, 2:6] = flows.keys[chosen, OUTER_ADDRESSES : OUTER_ADDRESSES + 4]
    rows[:, 6] = flows.network_numbers[chosen] - NO_NETWORK_NUMBER
    groups = group_rows(rows)
    of_flow = np.full(len(flows), NO_TUNNEL, np.int64)
    of_flow[chosen] = groups.of_row
    return Tunnels(rows[groups.firsts], order, of_flow)


def _name_of(signature: int, spec: str) -> str:
    """Name the encapsulation of a tunnel; NONE where there is none."""
    _, encapsulation, _ = split_signature(signature)
    return encapsulation_of(signature, spec) if encapsulation in TUNNELS else NONE


def outer_endpoints(flows: Flows, flow: int) -> Endpoints:
    """Return source and destination of a flow's outer header."""
    kind, _, _ = split_signature(int(flows.signatures[flow]))
    return _endpoints(flows.keys[flow], kind, 0, OUTER_ADDRESSES)


def inner_endpoints(flows: Flows, flow: int) -> Endpoints | None:
    """Return source and destination of a flow's inner header; None where it is no tunnel."""
    _, encapsulation, kind = split_signature(int(flows.signatures[flow]))
    return _endpoints(flows.keys[flow], kind, 1, INNER_ADDRESSES) if encapsulation in TUNNELS else None


def _endpoints(key: npt.NDArray[np.uint64], kind: int, ports_word: int, first: int) -> Endpoints:
    if kind < KIND_IPV4:
        return Endpoints("", "", "", None, None)
    source, destination = _addresses(kind >= KIND_IPV6, key[first : first + 4].tolist())
    transport = (kind - KIND_IPV4) % kinds.N_TRANSPORTS
    ports = int(key[ports_word]) & 0xFFFFFFFF
    has_ports = transport in (kinds.TRANSPORT_TCP, kinds.TRANSPORT_UDP)
    return Endpoints(
        source,
        destination,
        _PROTOCOLS.get(transport, ""),
        ports >> 16 if has_ports else None,
        ports & 0xFFFF if has_ports else None,
    )


def _addresses(is_ipv6: bool, words: list[int]) -> tuple[str, str]:
    """Write the addresses in the words of a key."""
    if is_ipv6:
        return str(IPv6Address(words[0] << 64 | words[1])), str(IPv6Address(words[2] << 64 | words[3]))
    return str(IPv4Address(words[0] >> 32)), str(IPv4Address(words[0] & 0xFFFFFFFF))
