"""One way in which a device may not do what the spec says, as a fact; ``report.validate`` puts it into words."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from pcaphash.device.device import Device

Words = npt.NDArray[np.uint32]
Reports = npt.NDArray[np.int16]

READING, REPORT, REPORT_TUNNEL = "reading", "report", "report-tunnel"
ADDRESSES, PORTS, WORD_ORDER, KEY, KEY_FORM = "addresses", "ports", "word-order", "key", "key-form"
INITIAL_VALUE, BYTE_ORDER, BIT_ORDER, HALVES = "initial-value", "byte-order", "bit-order", "halves"
BESIDES, WIDTH, ROWS = "besides", "width", "rows"
"""Where in a device a fault is: of all but the first a device has one at most."""

ENDS = (ADDRESSES, PORTS)

OF_VALUES = (INITIAL_VALUE, BYTE_ORDER, BIT_ORDER, HALVES, WIDTH)
"""Places of what is done to a hash when it is there."""

AS_SPEC, AS_SPEC_OUTER = "spec", "spec-outer"
"""Subjects of ``FaultKind.FLAVOR`` besides known devices: what the spec requires, and that without any tunnel type."""


class FaultKind(StrEnum):
    """What a device does wrong; the value is the name of the fault, or how its name begins."""

    FLAVOR = "flavor"
    """All that a known device does, the subject, a flavor; or what the spec requires, where a flavor is configured."""
    OUTER_INSTEAD_OF_INNER = "outer-instead-of-inner"
    INNER_INSTEAD_OF_OUTER = "inner-instead-of-outer"
    SECOND_LEVEL_INNER = "second-level-inner"
    OUTER_WHERE_INNER_NOT_IP = "outer-where-inner-not-ip"
    OUTER_OF = "outer-of"
    """The outer header is hashed for one tunnel type, the subject."""
    INNER_OF = "inner-of"
    """The inner header is hashed for one tunnel type, the subject."""
    ADDRESSES_ONLY = "addresses-only"
    PORTS_TOO = "ports-too"
    UDP_ADDRESSES_ONLY = "udp-addresses-only"
    TCP_ADDRESSES_ONLY = "tcp-addresses-only"
    IPV4_ADDRESSES_ONLY = "ipv4-addresses-only"
    IPV6_ADDRESSES_ONLY = "ipv6-addresses-only"
    IPV6_NOT_HASHED = "ipv6-not-hashed"
    SCTP_PORTS = "sctp-ports"
    WITHOUT = "without"
    """A hash type, the subject, is not enabled."""
    WITH = "with"
    """A hash type, the subject, is enabled."""
    FIRST_FRAGMENT_PORTS = "first-fragment-ports"
    FRAGMENT_PORTS = "fragment-ports"
    FRAGMENTS_NOT_HASHED = "fragments-not-hashed"
    DF_AS_FRAGMENT = "df-as-fragment"
    IPV4_OPTIONS_NOT_HASHED = "ipv4-options-not-hashed"
    SHORT_TRANSPORT_NOT_HASHED = "short-transport-not-hashed"
    SYN_ONLY = "syn-only"
    NO_HASH = "no-hash"
    """No packet gets a hash, which is a cause only for a stretch of the trace."""
    UNCLASSIFIED = "unclassified"
    """Likewise where only receive queues are known: every packet goes to the unclassified queue."""
    ESP_SPI = "esp-spi"
    GTP_TUNNEL_ID = "gtp-tunnel-id"
    ALSO_HASHES = "also-hashes"
    """A field that the spec does not hash, the subject, adds to the hash in a linear way."""
    VXLAN_PORT = "vxlan-port"
    """Packets to a port, the subject, are treated as VXLAN."""
    VXLAN_PORT_IGNORED = "vxlan-port-ignored"
    """Packets to one of the ports of VXLAN, the subject, are not treated as VXLAN."""
    IPV6_IN_IP = "ipv6-in-ip"
    EXTENSION_HEADERS_NOT_SKIPPED = "extension-headers-not-skipped"
    EXTENSION_HEADERS_NOT_HASHED = "extension-headers-not-hashed"
    AUTHENTICATION_HEADER_NOT_SKIPPED = "authentication-header-not-skipped"
    EXTENSION_HEADERS_PAST_FRAME = "extension-headers-past-frame"
    AUTHENTICATION_HEADER_IN_EIGHTS = "authentication-header-in-eights"
    HOME_ADDRESS_IGNORED = "home-address-ignored"
    HOME_ADDRESS_FORGOTTEN = "home-address-forgotten"
    HOME_ADDRESS_OF_ANY_LENGTH = "home-address-of-any-length"
    ROUTING_HEADER_IGNORED = "routing-header-ignored"
    EXTENDED_TYPES_IGNORED = "extended-types-ignored"
    EXTENDED_TYPES_FOR_PLAIN_IPV6 = "extended-types-for-plain-ipv6"
    VLAN_NOT_SKIPPED = "vlan-not-skipped"
    VLAN_TWO_TAGS = "vlan-two-tags"
    VLAN_ONE_TAG = "vlan-one-tag"
    VERSION_UNCHECKED = "version-unchecked"

    TYPES_BY_ADDRESSES = "types-by-addresses"
    TYPES_OF_OTHER_TRANSPORT = "types-of-other-transport"
    """The types of TCP are reported for UDP, and the other way round."""
    TYPES_ONE_LESS = "types-one-less"
    """Each number of hash_report is one too low."""
    TUNNEL_UNREPORTED = "tunnel-unreported"
    EXTENDED_TYPES_REPORTED_PLAIN = "extended-types-reported-plain"

    ENDPOINTS_SWAPPED = "endpoints-swapped"
    ADDRESSES_SWAPPED = "addresses-swapped"
    PORTS_SWAPPED = "ports-swapped"
    ENDPOINTS_SORTED = "endpoints-sorted"
    ADDRESSES_AND_PORTS_SORTED = "addresses-and-ports-sorted"
    ADDRESSES_SORTED = "addresses-sorted"
    PORTS_SORTED = "ports-sorted"
    SYMMETRIC_XOR = "symmetric-xor"
    SYMMETRIC_OR_XOR = "symmetric-or-xor"
    INPUT_WORDS_SWAPPED = "input-words-swapped"
    INPUT_BITS_REVERSED = "input-bits-reversed"
    """Of each byte the least significant bit comes first."""
    PORT_BYTES_SWAPPED = "port-bytes-swapped"
    PORTS_FIRST = "ports-first"
    PORTS_BETWEEN = "ports-between"
    """The source port follows the source address, the destination port the destination address."""
    ENDPOINTS_SORTED_DOWN = "endpoints-sorted-down"
    """The greater endpoint comes first."""
    XOR_ONCE = "xor-once"
    """The XOR of the two addresses is hashed, then that of the two ports: half as many bytes."""
    XOR_ONCE_PADDED = "xor-once-padded"
    """Likewise, in place of the source, with zeros in place of the destination."""
    IPV6_PART = "ipv6-part"
    """Only a part of each IPv6 address is hashed, the subject, and moved up."""
    IPV6_PART_PADDED = "ipv6-part-padded"
    """Likewise, with zeros in place of the rest."""
    IPV4_WIDE = "ipv4-wide"
    """IPv4 addresses take the place of those of IPv6, as the subject says."""
    BEFORE_PORTS = "before-ports"
    """Something stands before the ports, the subject: a field or zeros, and how many bytes it takes."""
    BEFORE_ADDRESSES = "before-addresses"
    """Likewise before the addresses."""
    ONLY = "only"
    """Only some fields are hashed, the subject, with zeros in place of the others."""
    ONLY_MOVED_UP = "only-moved-up"
    """Likewise, one behind the other."""
    FUNCTION = "function"
    """Another hash function than Toeplitz, the subject."""

    VALUE_BYTE_SWAPPED = "value-byte-swapped"
    VALUE_BIT_REVERSED = "value-bit-reversed"
    VALUE_HALVES_SWAPPED = "value-halves-swapped"
    VALUE_ROTATED_LEFT = "value-rotated-left"
    """The hash is rotated by so many bits, the subject."""
    VALUE_FOLDED = "value-folded"
    """The XOR of the two halves of the hash is reported, in 16 bits."""
    INITIAL_VALUE_ONES = "initial-value-ones"
    VALUE_LOW_BITS = "value-low-bits"
    """Only so many of the lowest bits are reported, the subject."""
    VALUE_SHIFTED_LEFT = "value-shifted-left"
    """The hash is shifted by so many bits, the subject, and filled with zeros."""
    VALUE_AND = "value-and"
    """Only some bits of the hash are reported, those of a mask, the subject."""
    VALUE_OR = "value-or"
    """Some bits are reported as 1 always, those of a mask, the subject."""
    VALUE_STUCK = "value-stuck"
    """Some bits are reported as 0 always and others as 1, those of two masks, the subject."""
    VALUE_XOR = "value-xor"
    """Some bits are reported inverted, those of a mask, the subject."""
    VALUE_SHIFTED_RIGHT = "value-shifted-right"

    ROWS_LATE = "rows-late"
    """Packets have what is expected of the one so many packets before, the subject."""
    ROWS_EARLY = "rows-early"
    """Packets have what is expected of the one so many packets after, the subject."""

    KEY_BYTES_REVERSED = "key-bytes-reversed"
    KEY_WORDS_REVERSED = "key-words-reversed"
    KEY_WORDS_SWAPPED = "key-words-swapped"
    KEY_BITS_REVERSED = "key-bits-reversed"
    KEY_INVERTED = "key-inverted"
    """Each bit of the key is inverted."""
    KEY_BYTES_SWAPPED_IN = "key-bytes-swapped-in"
    """Words of so many bits of the key, the subject, are taken in the opposite byte order."""
    KEY_HALVES_SWAPPED_IN = "key-halves-swapped-in"
    """The two halves of words of so many bits of the key, the subject, are swapped."""
    KEY_LONG_WORDS_REVERSED = "key-long-words-reversed"
    """The 64-bit words of the key are taken in reversed order."""
    KEY_EVERY_BIT_REVERSED = "key-every-bit-reversed"
    """All bits of the key are taken in reversed order."""
    KEY_ZERO = "key-zero"
    KEY = "key"
    """A published key, the subject, is used."""
    KEY_SHIFTED_LEFT = "key-shifted-left"
    """The key is shifted by so many bits, the subject."""
    KEY_SHIFTED_RIGHT = "key-shifted-right"
    KEY_ROTATED_LEFT = "key-rotated-left"
    KEY_ROTATED_RIGHT = "key-rotated-right"
    KEY_FIRST_BYTES = "key-first-bytes"
    """Only so many of the first bytes of the key are used, the subject; the others are zero."""
    KEY_REPEATED = "key-repeated"
    """So many of the first bytes of the key, the subject, are used over and over."""


@dataclass(frozen=True, eq=False)
class Fault:
    """One way in which a device may not do what the spec says.

    Parameters
    ----------
    kind : FaultKind
        What it does.
    places : tuple of str
        Where it is, of those above.
    flags : int
        Of ``kernels.departures``.
    subject : str or int, optional
        What kinds are about that have one: a flavor, a tunnel type, a hash type, a published key, a number of bits.
    key_bytes : int, optional
        How many bytes of a longer key it takes.
    same_key : tuple of Fault
        Faults that make the same key of the configured one.
    device : callable, optional
        Makes the device that behaves so, of the one that was configured.
    arrange : callable, optional
        Makes hash inputs, shape (n, WORDS), of those that are expected and their lengths in bytes, shape (n,).
    hash_key : callable, optional
        Makes the key used, of the one that was configured.
    function : callable, optional
        Makes hash values, of hash inputs, shape (n, WORDS), and their lengths in bytes.
    value : callable, optional
        Makes the value reported, of the hash.
    besides : callable, optional
        Makes what is XORed to the hashes of packets, of their numbers in the trace, shape (n,).
    report : callable, optional
        Makes the numbers of hash_report, of those that are expected, shape (n,).
    hides_tunnel : bool
        Whether hash_report_tunnel is 0 always.
    is_rare : bool
        Whether it is only tried alone or with one other.
    n_bits : int
        How many bits of a hash are left in the value: so much can it tell at most.
    learned_bits : int
        How many bits of it were read off the packets: it has to explain as many more.
    """

    kind: FaultKind
    places: tuple[str, ...]
    flags: int = 0
    subject: str | int | None = None
    key_bytes: int | None = None
    same_key: "tuple[Fault, ...]" = ()
    device: Callable[[Device], Device] | None = None
    arrange: Callable[[Words, npt.NDArray[np.int64]], Words] | None = None
    hash_key: Callable[[bytes], bytes] | None = None
    function: Callable[[Words, npt.NDArray[np.int64]], Words] | None = None
    value: Callable[[Words], Words] | None = None
    besides: Callable[[npt.NDArray[np.int64]], Words] | None = None
    report: Callable[[Reports], Reports] | None = None
    hides_tunnel: bool = False
    is_rare: bool = False
    n_bits: int = 32
    learned_bits: int = 0

    @property
    def name(self) -> str:
        """Short, for programs."""
        subject = self.subject
        if isinstance(subject, str) and self.kind in (FaultKind.OUTER_OF, FaultKind.INNER_OF):
            subject = subject.lower().replace("_", "-")
        name = self.kind.value if subject is None else f"{self.kind}-{subject}"
        return name if self.key_bytes is None else f"{name}-of-{self.key_bytes}"

    @property
    def hashes_nothing(self) -> bool:
        """Whether a device with it hashes no packet."""
        return self.kind in (FaultKind.NO_HASH, FaultKind.UNCLASSIFIED)
