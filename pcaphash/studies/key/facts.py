"""What is to be known of a hash key without any traffic.

A bit of the hash input adds to the hash the 32 bits of the key that begin at its place, its window (Microsoft, "RSS
hashing functions"). So what a key makes of an input that varies in some bits is the rank of their windows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from pcaphash.device.device import Device
from pcaphash.device.flavor import hashes_ipv6
from pcaphash.device.hash_form import hash_form
from pcaphash.device.hash_key import NAMED_KEYS
from pcaphash.standards import virtio
from pcaphash.studies.shared.linear.equations import find_basis
from pcaphash.studies.shared.linear.hash_input import INPUT_BYTES_OF, HashInput
from pcaphash.studies.shared.linear.index_bits import Dependency, find_dependencies, index_bits_of

HASH_BITS = 32
USED_BYTES = max(INPUT_BYTES_OF.values()) + HASH_BITS // 8
"""Bytes of a key that hashes depend on; the last bit of these never matters."""

_TYPES_OF = {
    HashInput.IPV4_ADDRESSES: virtio.HASH_TYPE_IPV4,
    HashInput.IPV4_PORTS: virtio.HASH_TYPE_TCPV4 | virtio.HASH_TYPE_UDPV4,
    HashInput.IPV6_ADDRESSES: virtio.HASH_TYPE_IPV6 | virtio.HASH_TYPE_IP_EX,
    HashInput.IPV6_PORTS: virtio.HASH_TYPE_TCPV6
    | virtio.HASH_TYPE_UDPV6
    | virtio.HASH_TYPE_TCP_EX
    | virtio.HASH_TYPE_UDP_EX,
}
_OF_IPV6 = (HashInput.IPV6_ADDRESSES, HashInput.IPV6_PORTS)
_PORT_BITS = 16
_RARE = 7  # one in 2 to the power of that many is rare


class InputPart(StrEnum):
    """A field of a hash input."""

    SOURCE_ADDRESS = "source-address"
    DESTINATION_ADDRESS = "destination-address"
    SOURCE_PORT = "source-port"
    DESTINATION_PORT = "destination-port"


class Varying(StrEnum):
    """What varies in a hash input, while all else stays as it is."""

    SOURCE_PORT = "source-port"
    SOURCE_ADDRESS = "source-address"
    SOURCE = "source"
    """Source address and source port."""
    ALL = "all"
    """Every bit of the input."""
    TRAFFIC = "traffic"
    """What varies in the packets of traces."""


class Symmetry(StrEnum):
    """Whether packets have the same hash with source and destination swapped."""

    NONE = "none"
    INDEX = "index"
    """Their hashes differ, but not in the table index."""
    HASH = "hash"


class Weakness(StrEnum):
    """What speaks against a key, by the names that programs get."""

    ZERO = "zero"
    """It is all zero."""
    LOW_RANK = "low-rank"
    """Something that varies reaches fewer table entries than it does with 99 of 100 random keys."""
    FEW_HASHES = "few-hashes"
    """Hashes do not have 32 bits that vary."""
    IGNORED_BITS = "ignored-bits"
    """Bits of the input change nothing in the hash."""
    SYMMETRIC = "symmetric"
    """Source and destination can be swapped."""
    REPEATING = "repeating"
    """It repeats itself."""
    PUBLISHED = "published"
    """Everybody knows it."""


@dataclass(frozen=True)
class Reachable:
    """What some bits of a hash input can reach, while all else stays as it is.

    Parameters
    ----------
    varying : Varying
        What these bits are.
    bits : int
        How many they are.
    index_bits : int
        Bits of the table index.
    rank : int
        Of the map from them to the index.
    dependencies : tuple of Dependency
        What holds of the index, whatever they are.
    """

    varying: Varying
    bits: int
    index_bits: int
    rank: int
    dependencies: tuple[Dependency, ...]

    @property
    def reachable(self) -> int:
        """How many entries of the table they lead to."""
        return 1 << self.rank

    @property
    def per_entry(self) -> int:
        """How many of their values lead to each of these entries."""
        return 1 << (self.bits - self.rank)

    @property
    def is_weak(self) -> bool:
        """Whether fewer than one in 100 random keys reach so few entries.

        Windows of bits that are neighbours make a Toeplitz matrix. If its sides differ by d, the rank of one in
        ``2 ** (d + 2 * s - 1)`` random ones is too low by s at least.
        """
        missing = min(self.bits, self.index_bits) - self.rank
        return missing > 0 and abs(self.bits - self.index_bits) + 2 * missing - 1 >= _RARE


@dataclass(frozen=True)
class InputFacts:
    """What a key makes of one kind of hash input.

    Parameters
    ----------
    kind : HashInput
        What is hashed.
    windows : int
        Windows of the key, one for each bit of the input.
    distinct_windows : int
        How many of them are different: equal ones make two bits of the input interchangeable.
    hash_rank : int
        Of the map from the input to all bits of the hash, which has 2 to the power of that many values.
    symmetry : Symmetry
        Whether source and destination can be swapped.
    ignored : dict of InputPart to int
        Bits of each field that change nothing in the hash; fields without any are left out.
    choices : tuple of Reachable
        What parts of the input can reach.
    """

    kind: HashInput
    windows: int
    distinct_windows: int
    hash_rank: int
    symmetry: Symmetry
    ignored: dict[InputPart, int]
    choices: tuple[Reachable, ...]


@dataclass(frozen=True, eq=False)
class KeyFacts:
    """What is to be known of the hash key of a device.

    Parameters
    ----------
    device : Device
        The configured device.
    inputs : tuple of InputFacts
        For each kind of input that its hash types ask for; empty if it is not linear in the input
        (``symmetric-or-xor``, and flavors that sort addresses).
    """

    device: Device
    inputs: tuple[InputFacts, ...]

    @property
    def name(self) -> str:
        """Which of ``NAMED_KEYS`` it is; else empty."""
        return next((name for name, key in NAMED_KEYS.items() if key == self.device.hash_key), "")

    @property
    def is_zero(self) -> bool:
        """Whether all bytes that hashes depend on are 0."""
        return not any(self.device.hash_key[:USED_BYTES])

    @property
    def constant_hash(self) -> int:
        """The hash of an input of zeros, and of every input if the key is all zero."""
        return hash_form(self.device.flavor).complete(0)

    @property
    def zero_tail(self) -> int:
        """How many of the bytes that hashes could depend on are zeros at the end, as those of a padded key."""
        used = self.device.hash_key[:USED_BYTES]
        return len(used) - len(used.rstrip(b"\0"))

    @property
    def unused(self) -> int:
        """How many bytes of it no hash depends on."""
        return max(0, len(self.device.hash_key) - USED_BYTES)

    @property
    def too_short_for(self) -> dict[HashInput, int]:
        """The inputs that it is too short for, and the bytes that these ask for; no enabled hash type has them."""
        needed = {kind: n_bytes + HASH_BITS // 8 for kind, n_bytes in INPUT_BYTES_OF.items()}
        return {kind: n_bytes for kind, n_bytes in needed.items() if n_bytes > len(self.device.hash_key)}

    @cached_property
    def period(self) -> int | None:
        """After how many bits it repeats itself, if it does so twice at least."""
        used = self.device.used_key[:USED_BYTES]
        text = f"{int.from_bytes(used, 'big'):0{8 * len(used)}b}"
        return next((n for n in range(1, len(text) // 2 + 1) if text.startswith(text[n:])), None)

    @property
    def weaknesses(self) -> list[Weakness]:
        """What speaks against it, the worst first."""
        if self.is_zero:
            return [Weakness.ZERO]
        found = {
            Weakness.LOW_RANK: any(choice.is_weak for each in self.inputs for choice in each.choices),
            Weakness.FEW_HASHES: any(each.hash_rank < HASH_BITS for each in self.inputs),
            Weakness.IGNORED_BITS: any(each.ignored for each in self.inputs),
            Weakness.SYMMETRIC: any(each.symmetry != Symmetry.NONE for each in self.inputs),
            Weakness.REPEATING: self.period is not None,
            Weakness.PUBLISHED: bool(self.name),
        }
        return [weakness for weakness, is_so in found.items() if is_so]


def find_facts(device: Device) -> KeyFacts:
    """Find what is to be known of the hash key of a device."""
    kinds = hashed_kinds(device)
    is_linear = device.input_transform != "symmetric-or-xor" and not hash_form(device.flavor).is_sorted
    return KeyFacts(device, tuple(_facts_of(kind, device) for kind in kinds) if is_linear else ())


def hashed_kinds(device: Device) -> list[HashInput]:
    """List the kinds of hash inputs that a device has: those that its hash types ask for and its flavor hashes."""
    has_ipv6 = hashes_ipv6(device.flavor)
    return [
        kind for kind, types in _TYPES_OF.items() if device.base_types & types and (has_ipv6 or kind not in _OF_IPV6)
    ]


def windows_of(key: bytes, n_bits: int) -> list[int]:
    """Return what each of so many bits of an input adds to the hash, the first bit of the input first."""
    n_bytes = (n_bits + HASH_BITS + 7) // 8
    number = int.from_bytes(key[:n_bytes].ljust(n_bytes, b"\0"), "big")
    top = 8 * n_bytes - HASH_BITS
    return [number >> (top - bit) & (1 << HASH_BITS) - 1 for bit in range(n_bits)]


def hash_rank_of(key: bytes, n_bits: int) -> int:
    """Return how many bits of the hash vary independently if so many bits of the input do."""
    return len(find_basis(windows_of(key, n_bits), HASH_BITS))


def _facts_of(kind: HashInput, device: Device) -> InputFacts:
    n_bits = 8 * INPUT_BYTES_OF[kind]
    windows = windows_of(device.used_key, n_bits)
    fields = _fields_of(kind)
    columns = windows
    if device.input_transform == "symmetric-xor":  # each bit is in the input twice
        columns = _merge(windows, fields)
    index_bits = index_bits_of(device)
    mask = (1 << (index_bits or 0)) - 1
    ignored = {part: sum(not columns[bit] for bit in places) for part, places in fields.items()}
    return InputFacts(
        kind=kind,
        windows=n_bits,
        distinct_windows=len(set(windows)),
        hash_rank=len(find_basis(columns, HASH_BITS)),
        symmetry=_symmetry(columns, fields, mask),
        ignored={part: n for part, n in ignored.items() if n},
        choices=()
        if index_bits is None
        else tuple(_choices(columns, fields, index_bits, hash_form(device.flavor).complete(0) & mask)),
    )


def _fields_of(kind: HashInput) -> dict[InputPart, range]:
    """Return which bits of an input each field has."""
    with_ports = kind in (HashInput.IPV4_PORTS, HashInput.IPV6_PORTS)
    address_bits = (8 * INPUT_BYTES_OF[kind] - (2 * _PORT_BITS if with_ports else 0)) // 2
    widths = [address_bits] * 2 + [_PORT_BITS] * 2 * with_ports
    starts = [sum(widths[:i]) for i in range(len(widths))]
    return {part: range(at, at + n) for part, at, n in zip(InputPart, starts, widths, strict=False)}


def _pairs(fields: dict[InputPart, range]) -> list[tuple[int, int]]:
    """Return which bits swap places where source and destination do."""
    both = [
        (InputPart.SOURCE_ADDRESS, InputPart.DESTINATION_ADDRESS),
        (InputPart.SOURCE_PORT, InputPart.DESTINATION_PORT),
    ]
    return [pair for one, other in both if one in fields for pair in zip(fields[one], fields[other], strict=True)]


def _merge(windows: Sequence[int], fields: dict[InputPart, range]) -> list[int]:
    merged = list(windows)
    for one, other in _pairs(fields):
        merged[one] = merged[other] = windows[one] ^ windows[other]
    return merged


def _symmetry(columns: Sequence[int], fields: dict[InputPart, range], mask: int) -> Symmetry:
    differences = [columns[one] ^ columns[other] for one, other in _pairs(fields)]
    if not any(differences):
        return Symmetry.HASH
    return Symmetry.INDEX if mask and not any(each & mask for each in differences) else Symmetry.NONE


def _choices(columns: Sequence[int], fields: dict[InputPart, range], index_bits: int, of_zeros: int) -> list[Reachable]:
    """Find what parts of an input can reach, given the index that an input of zeros leads to."""
    parts = {
        Varying.SOURCE_PORT: [InputPart.SOURCE_PORT],
        Varying.SOURCE_ADDRESS: [InputPart.SOURCE_ADDRESS],
        Varying.SOURCE: [InputPart.SOURCE_ADDRESS, InputPart.SOURCE_PORT],
        Varying.ALL: list(fields),
    }
    found = []
    for varying, chosen in parts.items():
        if all(part in fields for part in chosen):
            vectors = [columns[bit] & (1 << index_bits) - 1 for part in chosen for bit in fields[part]]
            basis = find_basis(vectors, index_bits)
            first = of_zeros if varying == Varying.ALL else None
            dependencies = find_dependencies(basis, index_bits, first)
            found.append(Reachable(varying, len(vectors), index_bits, len(basis), dependencies))
    return found
