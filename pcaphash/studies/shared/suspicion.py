"""Tunnels that a device does not look into, by what packets contain: other ports, other protocols, the other text."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device
from pcaphash.device.profile import PROFILES
from pcaphash.engine.census.census import Census, CensusIdentity
from pcaphash.engine.census.distribution import distribute
from pcaphash.engine.reading import Reading
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.sampled.kept import KeptPackets
from pcaphash.errors import ConfigurationError
from pcaphash.kernels import suspects as kernel
from pcaphash.kernels.suspects import recognize_suspects
from pcaphash.standards import ip, other_tunnels
from pcaphash.studies.shared.chance.spread import spread

Ports = npt.NDArray[np.uint32]


class SuspectKind(StrEnum):
    """What packets seem to carry."""

    VXLAN = "VXLAN"
    VXLAN_GPE = "VXLAN-GPE"
    GENEVE = "GENEVE"
    GRE_IN_UDP = "GRE in UDP"
    GTP_U = "GTP-U"
    WIREGUARD = "WireGuard"
    ESP_IN_UDP = "ESP in UDP"
    TEREDO = "Teredo"
    MPLS_IN_UDP = "MPLS in UDP"
    L2TP_IN_UDP = "L2TP in UDP"
    ESP = "ESP"
    AUTHENTICATION = "AH"
    L2TP = "L2TPv3"
    IPV4_IN_IPV4 = "IPv4 in IPv4"
    IPV6_IN_IPV4 = "IPv6 in IPv4"
    IPV4_IN_IPV6 = "IPv4 in IPv6"
    IPV6_IN_IPV6 = "IPv6 in IPv6"
    ERSPAN = "ERSPAN"
    PPTP = "GRE of PPTP"


_KINDS = dict(enumerate(SuspectKind, kernel.VXLAN))
"""By the numbers of ``kernels.suspects``, which stand in the same order."""

_ENCRYPTED = (SuspectKind.ESP, SuspectKind.ESP_IN_UDP, SuspectKind.WIREGUARD)
_BOTH_WAYS = {  # the port is that of either end; the usual one
    SuspectKind.WIREGUARD: other_tunnels.WIREGUARD_PORT,
    SuspectKind.ESP_IN_UDP: other_tunnels.ESP_PORT,
    SuspectKind.TEREDO: other_tunnels.TEREDO_PORT,
    SuspectKind.GTP_U: other_tunnels.GTP_U_PORT,
    SuspectKind.L2TP_IN_UDP: other_tunnels.L2TP_PORT,
}
_PORTS = {
    SuspectKind.VXLAN: "vxlan_ports",
    SuspectKind.GENEVE: "geneve_ports",
    SuspectKind.VXLAN_GPE: "vxlan_gpe_ports",
    SuspectKind.GRE_IN_UDP: "gre_udp_ports",
}
_OF_1_4 = (SuspectKind.VXLAN_GPE, SuspectKind.GRE_IN_UDP, SuspectKind.IPV4_IN_IPV4)


@dataclass(frozen=True)
class _Evidence:
    """How many packets a suspicion takes, and which share of those of UDP on the port."""

    packets: int
    share: float


_BY_CONTENT = _Evidence(5, 0.8)
_BY_PORT_AND_CONTENT = _Evidence(2, 0.25)  # what a port is known for also has messages of other forms
_BY_PORT = _Evidence(2, 0.3)  # of random bytes a quarter has this form; IKE may be the most of it all
_BY_FEW_FIELDS = _Evidence(10, 0.9)
_BY_PROTOCOL = _Evidence(1, 0.0)


@dataclass(frozen=True)
class Remedy:
    """What makes a device hash the inner headers of suspected tunnels.

    Parameters
    ----------
    device : Device
        The device that looks into them, with all types enabled.
    spec : str
        The spec it needs; empty if it is the one already chosen.
    ports_argument : str
        Which ports of ``Device`` are to be given; empty for none.
    ports : tuple of int
        All that are needed of them: those suspected, and those that already have tunnels.
    """

    device: Device
    spec: str
    ports_argument: str
    ports: tuple[int, ...]


@dataclass(frozen=True)
class Suspected:
    """Packets that look like a tunnel into which the device does not look.

    Parameters
    ----------
    kind : SuspectKind
        What they look like.
    port : int or None
        The UDP port that they have in common.
    packets : int
        How many they are.
    is_estimate : bool
        Whether that is an estimate, since not all packets were looked at.
    share : float
        Their share of all packets.
    remedy : Remedy or None
        What makes a device hash their inner headers; None if neither spec looks into them.
    """

    kind: SuspectKind
    port: int | None
    packets: int
    is_estimate: bool
    share: float
    remedy: Remedy | None

    @property
    def is_encrypted(self) -> bool:
        """Whether no device but the endpoint could look into them."""
        return self.kind in _ENCRYPTED

    @property
    def is_mirrored(self) -> bool:
        """Whether they are copies from a mirror session, in an encapsulation that the studied NIC did not receive."""
        return self.kind is SuspectKind.ERSPAN

    @property
    def depends_on_spec(self) -> bool:
        """Whether virtio 1.4 looks into them, and draft v7 does not."""
        return self.kind in _OF_1_4


@dataclass(frozen=True, eq=False)
class _Looks:
    """What packets look like: kinds, IP protocols, and both UDP ports, each of shape (n,)."""

    kinds: npt.NDArray[np.uint8]
    sources: Ports
    destinations: Ports
    is_udp: npt.NDArray[np.bool_]


def find_suspects(reading: Reading, device: Device) -> list[Suspected]:
    """Find tunnels that a device does not look into, the most frequent first.

    Parameters
    ----------
    reading : Reading
        Of traces: the packets that it kept are looked at.
    device : Device
        Its spec and ports count; tunnels that it knows are not suspected, whether or not their types are enabled.
    """
    kept = reading.keeper.kept()
    if not len(kept):
        return []
    looks = _look(kept, device)
    counts = {
        (kind, port): n
        for number, kind in _KINDS.items()
        for port, n in _count_ports(looks, number, kind).items()
        if not _is_known(kind, port, device)
    }
    ports = {kind: [port for found, port in counts if found is kind and port is not None] for kind in _PORTS}
    remedies = {kind: _find_remedy(kind, ports.get(kind, []), device, looks) for kind, _ in counts}
    total, is_estimate = reading.selected, len(kept) < reading.selected
    found = [
        Suspected(kind, port, round(n / len(kept) * total), is_estimate, n / len(kept), remedies[kind])
        for (kind, port), n in counts.items()
    ]
    return sorted(found, key=lambda each: (-each.packets, each.kind, each.port or 0))


def join_remedies(remedies: Sequence[Remedy], device: Device) -> Device | None:
    """Return the device that looks into the suspected tunnels of several kinds; None where no device can.

    Parameters
    ----------
    remedies : sequence of Remedy
        One of each kind.
    device : Device
        What they were found for.
    """
    spec = next((each.spec for each in remedies if each.spec), "")
    return _widen(device, spec, {each.ports_argument: each.ports for each in remedies if each.ports_argument})


def estimate_excess(reading: Reading, device: Device) -> float:
    """Return how far the busiest receive queue of a device is above ideal, by the packets that a reading kept."""
    kept = reading.keeper.kept()
    census = Census(CensusIdentity.of(device))
    census.append(kept.data, kept.records)
    return spread(distribute(census, device).queues[:, 0])["max_ideal"]


def _look(kept: KeptPackets, device: Device) -> _Looks:
    n, rules = len(kept), ReadingRules.of(device)
    kinds, protocols, ports = np.empty(n, np.uint8), np.empty(n, np.int16), np.empty(n, np.uint32)
    recognize_suspects(
        kept.data, kept.records, n, *rules.arguments[:2], kinds, protocols, ports
    )  # fmt: skip
    return _Looks(kinds, ports >> np.uint32(16), ports & np.uint32(0xFFFF), protocols == ip.UDP)


def _count_ports(looks: _Looks, number: int, kind: SuspectKind) -> dict[int | None, int]:
    """Count packets that look like one kind, by port, where there is evidence enough; without one for IP protocols."""
    chosen = looks.kinds == number
    if not chosen.any():
        return {}
    if not looks.is_udp[chosen].any():
        n = int(np.count_nonzero(chosen))
        return {None: n} if n >= _BY_PROTOCOL.packets else {}
    ports = looks.destinations[chosen]
    if kind in _BOTH_WAYS:
        ports = _server_ports(looks.sources[chosen], ports, _BOTH_WAYS[kind])
    found: dict[int | None, int] = {}
    for port, n in zip(*np.unique(ports, return_counts=True), strict=True):
        on_port = looks.destinations == port
        if kind in _BOTH_WAYS:
            on_port |= looks.sources == port
        evidence = _evidence(kind, int(port))
        if n >= evidence.packets and n >= evidence.share * np.count_nonzero(on_port & looks.is_udp):
            found[int(port)] = int(n)
    return found


def _server_ports(sources: Ports, destinations: Ports, usual: int) -> Ports:
    """Return of each pair of ports the usual one, else that which more packets have: those of clients differ."""
    numbers, places = np.unique(np.concatenate([sources, destinations]), return_inverse=True)
    frequent = np.bincount(places, minlength=len(numbers))
    frequent[numbers == usual] = len(places) + 1
    of_source, of_destination = frequent[places].reshape(2, -1)
    is_source = (of_source > of_destination) | ((of_source == of_destination) & (sources < destinations))
    return np.where(is_source, sources, destinations)


def _evidence(kind: SuspectKind, port: int) -> _Evidence:
    if kind is SuspectKind.WIREGUARD:
        return _BY_PORT_AND_CONTENT if port == other_tunnels.WIREGUARD_PORT else _BY_FEW_FIELDS
    if kind is SuspectKind.ESP_IN_UDP:
        return _BY_PORT
    is_by_port = (
        kind in (SuspectKind.TEREDO, SuspectKind.MPLS_IN_UDP, SuspectKind.L2TP_IN_UDP)
        or port == other_tunnels.GTP_U_PORT
    )
    return _BY_PORT_AND_CONTENT if is_by_port else _BY_CONTENT


def _is_known(kind: SuspectKind, port: int | None, device: Device) -> bool:
    """Tell whether the device's text looks into a kind, on this port."""
    if device.spec == "v7" or kind not in _OF_1_4:
        return False
    return kind not in _PORTS or port in getattr(device, _PORTS[kind])


def _find_remedy(kind: SuspectKind, ports: Sequence[int], device: Device, looks: _Looks) -> Remedy | None:
    """Find the device that looks into all suspected tunnels of one kind."""
    argument = _PORTS.get(kind, "")
    if not argument and kind not in _OF_1_4:
        return None
    spec = "1.4" if kind in _OF_1_4 and device.spec != "1.4" else ""
    known: tuple[int, ...] = getattr(device, argument) if argument else ()
    used = [port for port in known if bool((looks.destinations == port).any())]
    needed = tuple(dict.fromkeys([*used, *ports]))
    if set(needed) <= set(known):
        argument, needed = "", ()
    wider = _widen(device, spec, {argument: needed} if argument else {})
    return None if wider is None else Remedy(wider, spec, argument, needed)


def _widen(device: Device, spec: str, ports: dict[str, Any]) -> Device | None:
    """Return a device with all types enabled that has other ports, and perhaps another spec."""
    profile = PROFILES[spec or device.spec]
    try:
        return replace(
            device,
            name="inner",
            spec=profile.name,
            hash_types=profile.all_hash_types,
            tunnel_types=profile.all_tunnel_types,
            **ports,
        )
    except ConfigurationError:
        return None  # such a device looks into no tunnel, or has another kind of tunnel on this port
