"""What devices do wrong, one hypothesis each: in reading packets, arranging the hash input, the key, and the result.

Hypotheses about reading run the kernels, with flags of ``kernels.departures`` or as another device; the others change
hash inputs, keys and hash values that the kernels gave.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from pcaphash.device.device import Device
from pcaphash.device.flavor import ABSENT, FLAVORS, has_tunnels, own_key
from pcaphash.device.hash_form import HashForm, hash_form
from pcaphash.errors import ConfigurationError
from pcaphash.kernels import departures
from pcaphash.standards import virtio
from pcaphash.studies.validate.catalogue.fault import (
    AS_SPEC,
    AS_SPEC_OUTER,
    ENDS,
    HALVES,
    INITIAL_VALUE,
    KEY,
    KEY_FORM,
    READING,
    REPORT,
    REPORT_TUNNEL,
    Fault,
    FaultKind,
    Reports,
)
from pcaphash.studies.validate.catalogue.hash_faults import INPUTS, hash_faults
from pcaphash.studies.validate.catalogue.key_faults import key_faults_of
from pcaphash.studies.validate.verdicts import plain_types

_IPV4_TYPES = virtio.HASH_TYPE_TCPV4 | virtio.HASH_TYPE_UDPV4
_IPV6_TYPES = virtio.HASH_TYPE_TCPV6 | virtio.HASH_TYPE_UDPV6
_EX_TYPES = virtio.HASH_TYPE_TCP_EX | virtio.HASH_TYPE_UDP_EX
_TCP_TYPES = virtio.HASH_TYPE_TCPV4 | virtio.HASH_TYPE_TCPV6 | virtio.HASH_TYPE_TCP_EX
_UDP_TYPES = virtio.HASH_TYPE_UDPV4 | virtio.HASH_TYPE_UDPV6 | virtio.HASH_TYPE_UDP_EX
_ALL_EX_TYPES = _EX_TYPES | virtio.HASH_TYPE_IP_EX
_ALL_IPV6_TYPES = virtio.HASH_TYPE_IPV6 | _IPV6_TYPES | _ALL_EX_TYPES
_ONLY_IN_1_4 = ("GRE_UDP", "VXLAN_GPE", "IPIP")  # the other tunnel types of virtio 1.4 are parts of those of draft v7
_TYPES_PER_FAMILY = 3  # numbers of hash_report: addresses, then TCP, then UDP, for each of three families
_FAMILIES = (
    (virtio.HASH_TYPE_IPV4, _IPV4_TYPES),
    (virtio.HASH_TYPE_IPV6, _IPV6_TYPES),
    (virtio.HASH_TYPE_IP_EX, _EX_TYPES),
)


def _address_types(reports: Reports) -> Reports:
    """Return numbers of hash_report with those of addresses in place of the ones with ports."""
    return np.where(reports > 0, reports - (reports - 1) % _TYPES_PER_FAMILY, reports).astype(np.int16)


def _retyped(types: Callable[[int], int]) -> Callable[[Device], Device]:
    """Return what changes the nine types that both specs share."""

    def change(device: Device) -> Device:
        tunnels = device.hash_types & ~virtio.BASE_HASH_TYPES_MASK
        return replace(device, hash_types=types(device.base_types) | tunnels)

    return change


def _addresses_only(types: int) -> int:
    found = 0
    for addresses, transports in _FAMILIES:
        if types & (addresses | transports):
            found |= addresses
    return found


def _with_ports(types: int) -> int:
    for addresses, transports in _FAMILIES:
        if types & addresses:
            types |= transports
    return types


def _outer(device: Device) -> Device:
    return replace(device, hash_types=device.base_types, tunnel_types=0)


def _outer_on_miss(device: Device) -> Device:
    return replace(device, inner_miss="outer")


def _inner(device: Device) -> Device:
    features = device.features | {"HASH_TUNNEL"}
    tunnels = device.profile.all_hash_types & ~virtio.BASE_HASH_TYPES_MASK
    tunnel_types = device.profile.all_tunnel_types
    return replace(device, features=features, hash_types=device.hash_types | tunnels, tunnel_types=tunnel_types)


def _without_tunnel(name: str) -> Callable[[Device], Device]:
    def change(device: Device) -> Device:
        if device.spec == "v7":
            return replace(device, hash_types=device.hash_types & ~virtio.INNER_HASH_TYPES[f"{name}_INNER"])
        return replace(device, tunnel_types=device.tunnel_types & ~virtio.TUNNEL_TYPES[name])

    return change


def _flavor_faults(device: Device) -> Iterator[Fault]:
    """Yield what known devices do; what a device offers that they have not is left out.

    If it should be one of them, a device as the spec requires comes first, with or without tunnels.
    """
    if device.flavor != AS_SPEC:
        yield Fault(FaultKind.FLAVOR, (READING,), subject=AS_SPEC, device=_as_spec)
        yield Fault(FaultKind.FLAVOR, (READING,), subject=AS_SPEC_OUTER, device=_flavored(AS_SPEC))
    for flavor in FLAVORS[1:]:
        if has_tunnels(flavor) and not device.tunnel_mask:
            continue  # which is about inner headers only
        yield Fault(FaultKind.FLAVOR, (READING, *_places(hash_form(flavor))), subject=flavor, device=_flavored(flavor))


def _as_spec(device: Device) -> Device:
    return _inner(replace(device, flavor=AS_SPEC))


def _places(form: HashForm) -> Iterator[str]:
    """Yield where a device that calculates the hash in this form is unlike others, but for what it reads."""
    if form != HashForm():
        yield from (KEY, KEY_FORM)
    if form.is_sorted:
        yield from ENDS
    if form.starts_with_ones:
        yield INITIAL_VALUE
    if form.is_mirrored:
        yield HALVES


def _flavored(flavor: str) -> Callable[[Device], Device]:
    def change(device: Device) -> Device:
        features, key = device.features - ABSENT[flavor], own_key(device.hash_key, flavor)
        flavored = device if flavor != AS_SPEC and has_tunnels(flavor) else _outer(device)
        return replace(flavored, flavor=flavor, features=features, hash_key=key)

    return change


def _tunnel_faults(device: Device) -> Iterator[Fault]:
    names = ("GRE", "VXLAN", "GENEVE") if device.spec == "v7" else tuple(virtio.TUNNEL_TYPES)
    for name in names:
        yield Fault(FaultKind.OUTER_OF, (READING,), subject=name, device=_without_tunnel(name))


def _other_tunnel_faults(device: Device) -> Iterator[Fault]:
    """Yield what a device does that hashes the inner header of tunnels of virtio 1.4 that it should not look into."""
    for name, bit in virtio.TUNNEL_TYPES.items():
        if device.tunnel_mask & bit or (device.spec == "v7" and name not in _ONLY_IN_1_4):
            continue
        yield Fault(FaultKind.INNER_OF, (READING,), subject=name, device=_with_tunnel(bit))
    is_known = device.tunnel_mask & virtio.TUNNEL_IPIP
    flags = departures.IPV6_IN_IP | (0 if is_known else departures.NO_IPV4_IN_IP)
    yield Fault(FaultKind.IPV6_IN_IP, (READING,), flags, device=None if is_known else _with_tunnel(virtio.TUNNEL_IPIP))


def _port_faults(device: Device, ports: Iterable[int]) -> Iterator[Fault]:
    """Yield what a device does that takes packets to these ports for VXLAN, or to only some of those configured."""
    for port in ports:
        yield Fault(FaultKind.VXLAN_PORT, (READING,), subject=port, device=_with_port(port))
    if len(device.vxlan_ports) > 1:
        for port in device.vxlan_ports:
            yield Fault(FaultKind.VXLAN_PORT_IGNORED, (READING,), subject=port, device=_without_port(port))


def _with_port(port: int) -> Callable[[Device], Device]:
    def change(device: Device) -> Device:
        opened = device if device.tunnel_mask & virtio.TUNNEL_VXLAN else _with_tunnel(virtio.TUNNEL_VXLAN)(device)
        return replace(opened, vxlan_ports=(*opened.vxlan_ports, port))

    return change


def _without_port(port: int) -> Callable[[Device], Device]:
    return lambda device: replace(device, vxlan_ports=tuple(each for each in device.vxlan_ports if each != port))


def _with_tunnel(bit: int) -> Callable[[Device], Device]:
    def change(device: Device) -> Device:
        features, tunnel_types = device.features | {"HASH_TUNNEL"}, device.tunnel_mask | bit
        return replace(device, spec="1.4", features=features, hash_types=device.base_types, tunnel_types=tunnel_types)

    return change


def _transport_faults(device: Device) -> Iterator[Fault]:
    """Yield what a device does that hashes the ports of SCTP, which the spec has no hash type for."""
    if device.hash_types & (_UDP_TYPES | _TCP_TYPES):
        flags = departures.SCTP_AS_UDP if device.hash_types & _UDP_TYPES else departures.SCTP_AS_TCP
        yield Fault(FaultKind.SCTP_PORTS, (READING,), flags)
        flags = departures.ESP_AS_UDP if device.hash_types & _UDP_TYPES else departures.ESP_AS_TCP
        yield Fault(FaultKind.ESP_SPI, (READING,), flags)


def _type_faults(device: Device) -> Iterator[Fault]:
    """Yield what a device does that has one hash type, or those of one IP version with ports, more or less."""
    yield Fault(FaultKind.IPV4_ADDRESSES_ONLY, (READING,), device=_without(_IPV4_TYPES))
    yield Fault(FaultKind.IPV6_ADDRESSES_ONLY, (READING,), device=_without(_IPV6_TYPES | _EX_TYPES))
    for name, bit in virtio.BASE_HASH_TYPES.items():
        if device.hash_types & bit:
            yield Fault(FaultKind.WITHOUT, (READING,), subject=name, device=_without(bit))
        else:
            yield Fault(FaultKind.WITH, (READING,), subject=name, device=_with(bit))
    if device.spec == "v7":
        for name, bit in virtio.INNER_HASH_TYPES.items():
            if not device.hash_types & bit:
                yield Fault(FaultKind.WITH, (READING,), subject=name, device=_with(bit))


def _stretch_fault(*, by_queue: bool) -> Iterator[Fault]:
    """Yield what a device does while RSS, or the reports of hashes, are off."""
    kind = FaultKind.UNCLASSIFIED if by_queue else FaultKind.NO_HASH
    yield Fault(kind, (READING,), device=_hashing_nothing, is_rare=True)


def _hashing_nothing(device: Device) -> Device:
    return replace(device, hash_types=0, tunnel_types=0)


def _without(types: int) -> Callable[[Device], Device]:
    return lambda device: replace(device, hash_types=device.hash_types & ~types)


def _with(types: int) -> Callable[[Device], Device]:
    return lambda device: replace(device, hash_types=device.hash_types | types)


_READING = (
    Fault(FaultKind.OUTER_INSTEAD_OF_INNER, (READING,), device=_outer),
    Fault(FaultKind.INNER_INSTEAD_OF_OUTER, (READING,), device=_inner),
    Fault(FaultKind.SECOND_LEVEL_INNER, (READING,), departures.SECOND_LEVEL),
    Fault(FaultKind.OUTER_WHERE_INNER_NOT_IP, (READING,), device=_outer_on_miss),
    Fault(FaultKind.ADDRESSES_ONLY, (READING,), device=_retyped(_addresses_only)),
    Fault(FaultKind.PORTS_TOO, (READING,), device=_retyped(_with_ports)),
    Fault(FaultKind.UDP_ADDRESSES_ONLY, (READING,), device=_retyped(lambda types: types & ~_UDP_TYPES)),
    Fault(FaultKind.TCP_ADDRESSES_ONLY, (READING,), device=_retyped(lambda types: types & ~_TCP_TYPES)),
    Fault(FaultKind.IPV6_NOT_HASHED, (READING,), device=_retyped(lambda types: types & ~_ALL_IPV6_TYPES)),
    Fault(FaultKind.FIRST_FRAGMENT_PORTS, (READING,), departures.FIRST_FRAGMENT_PORTS),
    Fault(FaultKind.FRAGMENT_PORTS, (READING,), departures.EVERY_FRAGMENT_PORTS),
    Fault(FaultKind.FRAGMENTS_NOT_HASHED, (READING,), departures.FRAGMENTS_NOT_HASHED),
    Fault(FaultKind.DF_AS_FRAGMENT, (READING,), departures.DF_AS_FRAGMENT),
    Fault(FaultKind.IPV4_OPTIONS_NOT_HASHED, (READING,), departures.OPTIONS_NOT_HASHED),
    Fault(FaultKind.SHORT_TRANSPORT_NOT_HASHED, (READING,), departures.SHORT_NOT_HASHED),
    Fault(FaultKind.SYN_ONLY, (READING,), departures.SYN_ONLY),
    Fault(FaultKind.GTP_TUNNEL_ID, (READING,), departures.TUNNEL_ID_OF_GTP),
    Fault(FaultKind.EXTENSION_HEADERS_NOT_HASHED, (READING,), departures.EXTENSIONS_NOT_HASHED),
    Fault(FaultKind.AUTHENTICATION_HEADER_NOT_SKIPPED, (READING,), departures.AUTHENTICATION_NOT_SKIPPED),
    Fault(FaultKind.EXTENSION_HEADERS_NOT_SKIPPED, (READING,), departures.EXTENSIONS_NOT_SKIPPED),
    Fault(FaultKind.AUTHENTICATION_HEADER_IN_EIGHTS, (READING,), departures.AUTHENTICATION_IN_EIGHTS),
    Fault(FaultKind.HOME_ADDRESS_IGNORED, (READING,), departures.HOME_ADDRESS_IGNORED),
    Fault(FaultKind.HOME_ADDRESS_FORGOTTEN, (READING,),
          departures.HOME_ADDRESS_FORGOTTEN),
    Fault(FaultKind.ROUTING_HEADER_IGNORED, (READING,), departures.ROUTING_ADDRESS_IGNORED),
    Fault(FaultKind.EXTENDED_TYPES_IGNORED, (READING,), device=_retyped(lambda types: types & ~_ALL_EX_TYPES)),
    Fault(FaultKind.EXTENDED_TYPES_FOR_PLAIN_IPV6, (READING,), departures.EXTENDED_ALWAYS),
    Fault(FaultKind.VLAN_NOT_SKIPPED, (READING,), departures.TAGS_NOT_SKIPPED),
    Fault(FaultKind.VLAN_TWO_TAGS, (READING,), departures.TAGS_AS_QEMU),
    Fault(FaultKind.VLAN_ONE_TAG, (READING,), departures.ONE_TAG_ONLY),
    Fault(FaultKind.VERSION_UNCHECKED, (READING,), departures.VERSION_UNCHECKED),
    Fault(FaultKind.EXTENSION_HEADERS_PAST_FRAME, (READING,), departures.CHAIN_PAST_FRAME),
    Fault(FaultKind.HOME_ADDRESS_OF_ANY_LENGTH, (READING,),
          departures.HOME_ADDRESS_OF_ANY_LENGTH),
)  # fmt: skip


def _of_other_transport(reports: Reports) -> Reports:
    """Return numbers of hash_report with those of TCP and UDP swapped."""
    place = (reports - 1) % _TYPES_PER_FAMILY
    return np.where((reports > 0) & (place > 0), reports + 3 - 2 * place, reports).astype(np.int16)


_REPORTS = (
    Fault(FaultKind.TYPES_OF_OTHER_TRANSPORT, (REPORT,), report=_of_other_transport, is_rare=True),
    Fault(FaultKind.TYPES_ONE_LESS, (REPORT,),
          report=lambda reports: np.maximum(reports - 1, 0).astype(np.int16), is_rare=True),
    Fault(FaultKind.TYPES_BY_ADDRESSES, (REPORT,), report=_address_types),
    Fault(FaultKind.TUNNEL_UNREPORTED, (REPORT_TUNNEL,), hides_tunnel=True),
    Fault(FaultKind.EXTENDED_TYPES_REPORTED_PLAIN, (REPORT,), report=plain_types),
)  # fmt: skip


def faults_of(device: Device, vxlan_ports: Iterable[int] = (), *, by_queue: bool = False) -> list[Fault]:
    """List the faults that a device may have, the likelier first; those that change nothing for it are left out.

    Parameters
    ----------
    device : Device
        The configured device.
    vxlan_ports : iterable of int
        UDP ports that it may take for those of VXLAN.
    by_queue : bool
        Whether only receive queues are known.
    """
    every = (*_stretch_fault(by_queue=by_queue), *_READING, *_flavor_faults(device),
             *_tunnel_faults(device), *_other_tunnel_faults(device), *_port_faults(device, vxlan_ports),
             *_transport_faults(device), *_type_faults(device), *_REPORTS, *INPUTS)  # fmt: skip
    ways = {(device, 0)}  # devices, with the flags of those that depart from them
    reading = []
    for fault in every:
        changed = _changed(fault, device)
        if fault.device is None:
            reading.append(fault)
        elif changed is not None and (changed, fault.flags) not in ways:
            reading.append(fault)
            ways.add((changed, fault.flags))
    return [*reading, *hash_faults(), *key_faults_of(device)]


def _changed(fault: Fault, device: Device) -> Device | None:
    """Return the device that behaves so; None where none can be, such as one that hashes without a feature."""
    try:
        return fault.device(device) if fault.device else device
    except ConfigurationError:
        return None
