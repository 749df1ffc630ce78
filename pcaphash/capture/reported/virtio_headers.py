"""What a virtio network device reported of packets, from the virtio_net_hdr in front of each.

Source: virtio 1.4, "Packet Header" and "Hash reporting for incoming packets"; draft v7 for hash_report_tunnel.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.capture.reported.header_words import header_problem
from pcaphash.capture.reported.notes import HeaderField, ImpossibleHeaders, Lack, Lacking, Note
from pcaphash.capture.reported.source import Reported
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import ethernet as eth
from pcaphash.standards import virtio_header as header
from pcaphash.standards.virtio import HASH_REPORT_TUNNELS, HASH_REPORTS

_DRAFT = "v7"
_KNOWN_ETHERTYPES = (eth.ETHERTYPE_IPV4, eth.ETHERTYPE_ARP, eth.ETHERTYPE_IPV6, *eth.VLAN_TAGS)
_TOLERATED = 10  # one in so many; a wrong layout shows only where a field of the right one is not 0


def check_header_len(header_len: int, spec: str) -> None:
    """Hold that a spec has a virtio_net_hdr of this length.

    Raises
    ------
    ConfigurationError
        It has none.
    """
    place = Field("header_len", header_len)
    if header_len not in header.HEADER_LENGTHS:
        listed = ", ".join(map(str, header.HEADER_LENGTHS[:-1]))
        advice = f"use {listed} or {header.HEADER_LENGTHS[-1]}"
        raise ConfigurationError(place, f"no virtio_net_hdr has {header_len} bytes", advice)
    if spec == _DRAFT and header_len > header.WITH_HASH:
        problem = f"in draft v7, no virtio_net_hdr has {header_len} bytes"
        raise ConfigurationError(place, problem, f"use {header.WITH_HASH}, or {Field('spec', '1.4')}")


class VirtioHeaders:
    """Reads the virtio_net_hdr before each packet, and gives the packets after it as Ethernet.

    A hash counts as reported where hash_report is not NONE. Headers that cannot be are left out and counted; where more
    than a tenth of the first block's are such, the layout is not the one that was said.

    Parameters
    ----------
    header_len : int
        12, without a hash; 20, with one; 24 and 32, which virtio 1.4 has for UDP tunnels and outer headers.
    spec : str
        ``v7``, which has hash_report_tunnel after hash_report, or ``1.4``, which has padding there.
    link_types : collection of int
        Of the trace; USER0 to USER15 by default.

    Raises
    ------
    ConfigurationError
        There is no header of this length.
    """

    def __init__(
        self, header_len: int, spec: str = _DRAFT, link_types: Collection[int] = header.USER_LINK_TYPES
    ) -> None:
        check_header_len(header_len, spec)
        self._place = Field("header_len", header_len)
        self._header_len = header_len
        self._has_tunnel = spec == _DRAFT and header_len == header.WITH_HASH
        self._link_types = frozenset(link_types)
        self._is_first = True
        self._impossible: ImpossibleHeaders | None = None
        self.n_cut = 0
        """Packets whose header was not captured whole."""

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        """Read the headers of a block's packets.

        Raises
        ------
        ConfigurationError
            A packet has a link type without such headers, or the headers of the first block cannot be.
        """
        records = block.records
        self._check_link_types(records["link_type"], first)
        is_whole = records["captured_length"] >= self._header_len
        whole = np.flatnonzero(is_whole)
        places = records["offset"][whole].astype(np.int64)[:, np.newaxis] + np.arange(self._header_len)
        headers = block.data[places]
        lengths = np.maximum(records["original_length"], records["captured_length"])[whole].astype(np.int64)
        if self._is_first:
            self._check_frames(block, whole)
        is_good = self._judge(headers, lengths - self._header_len, whole + first)
        self.n_cut += len(records) - len(whole)
        reported = Reported.nothing(len(records))
        if self._header_len > header.WITHOUT_HASH:
            self._fill(reported, headers[is_good], whole[is_good])
        return self._behind_headers(block), reported

    def finish(self, n_packets: int) -> Sequence[Note]:
        """Return how many headers were left out, and why."""
        impossible = [] if self._impossible is None else [self._impossible]
        cut = [Lacking(Lack.VIRTIO_HEADER, self.n_cut, n_packets)] if self.n_cut else []
        return [*impossible, *cut]

    def _check_link_types(self, link_types: npt.NDArray[np.uint16], first: int) -> None:
        foreign = np.flatnonzero(~np.isin(link_types, list(self._link_types)))
        if len(foreign):
            place = int(foreign[0])
            is_user = self._link_types == frozenset(header.USER_LINK_TYPES)
            known = "USER0 to USER15 (147 to 162)" if is_user else ", ".join(map(str, sorted(self._link_types)))
            problem = f"packet {first + place} has link type {link_types[place]}, not {known}"
            advice = f"if its packets still have virtio headers, add {Field('link_types', link_types[place])}"
            raise ConfigurationError(self._place, problem, advice)

    def _check_frames(self, block: Block, whole: npt.NDArray[np.int64]) -> None:
        """Refuse this length if frames start after headers of another one."""
        known = {length: self._n_known(block, whole, length) for length in header.HEADER_LENGTHS}
        likely = max(known, key=lambda length: known[length])
        if known[likely] * _TOLERATED > len(whole) * (_TOLERATED - 1) and known[self._header_len] * 2 < len(whole):
            mine = f"after {self._header_len} bytes {known[self._header_len]:,} of the first {len(whole):,} packets"
            problem = f"{mine} have a known EtherType, after {likely} bytes {known[likely]:,}"
            raise ConfigurationError(self._place, problem, f"use {Field('header_len', likely)}")

    @staticmethod
    def _n_known(block: Block, whole: npt.NDArray[np.int64], header_len: int) -> int:
        """Count the packets that have a known EtherType after a header of this length."""
        records = block.records[whole]
        at = header_len + eth.ETHERNET_TYPE_OFFSET
        records = records[records["captured_length"] >= at + 2]
        places = records["offset"].astype(np.int64) + at
        ethertypes = block.data[places].astype(np.int64) << 8 | block.data[places + 1]
        return int(np.isin(ethertypes, _KNOWN_ETHERTYPES).sum())

    def _judge(
        self, headers: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Tell which headers are possible, given the lengths of the packets after them and their numbers."""
        is_good = np.ones(len(headers), bool)
        reason = np.zeros(len(headers), np.int64)
        checks = list(self._checks(headers, lengths))
        for number, (_, is_wrong, _) in enumerate(checks):
            reason[is_good & is_wrong] = number
            is_good &= ~is_wrong
        n_bad = int(np.count_nonzero(~is_good))
        if n_bad:
            place = int(np.argmin(is_good))
            field, _, values = checks[reason[place]]
            packet, value = int(numbers[place]), int(values[place])
            if self._is_first and _TOLERATED * n_bad > len(headers):
                refusal = f"packet {packet}: {header_problem(field, value)}"
                problem = refusal if n_bad == 1 else f"{refusal} (and {n_bad:,} of the first {len(headers):,} like it)"
                advice = f"give the length of the header, and {Field('spec')}, that the device had"
                raise ConfigurationError(self._place, problem, advice)
            before = self._impossible or ImpossibleHeaders(0, packet, field, value)
            self._impossible = replace(before, headers=before.headers + n_bad)
        self._is_first = self._is_first and not len(headers)
        return is_good

    def _checks(
        self, headers: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]
    ) -> Iterator[tuple[HeaderField, npt.NDArray[np.bool_], npt.NDArray[np.int64]]]:
        """Yield for each field which headers are impossible because of it, and its values."""
        flags, gso_types = headers[:, header.FLAGS].astype(np.int64), headers[:, header.GSO_TYPE].astype(np.int64)
        known_flags, gso_bits = header.BASE_FLAGS, header.GSO_ECN
        if self._header_len >= header.WITH_TUNNEL_OFFSETS:
            known_flags |= header.FLAG_UDP_TUNNEL_CSUM
            gso_bits |= header.GSO_UDP_TUNNEL
        if self._header_len >= header.WITH_OUTER_HEADER:
            known_flags |= header.IPSEC_FLAGS
        yield HeaderField.FLAGS, flags & ~known_flags != 0, flags
        yield HeaderField.GSO_TYPE, ~np.isin(gso_types & ~gso_bits, header.GSO_TYPES), gso_types
        if self._header_len == header.WITHOUT_HASH:
            return
        reports = _le16(headers, header.HASH_REPORT)
        yield HeaderField.HASH_REPORT, reports >= len(HASH_REPORTS), reports
        if self._has_tunnel:
            tunnels = headers[:, header.HASH_REPORT_TUNNEL].astype(np.int64)
            yield HeaderField.HASH_REPORT_TUNNEL, tunnels >= len(HASH_REPORT_TUNNELS), tunnels
            padding = headers[:, header.PADDING_V7].astype(np.int64)
        else:
            padding = _le16(headers, header.PADDING)
        yield HeaderField.PADDING, padding != 0, padding
        if self._header_len >= header.WITH_TUNNEL_OFFSETS:
            outer, inner = (
                _le16(headers, offset) for offset in (header.OUTER_TRANSPORT_OFFSET, header.INNER_NETWORK_OFFSET)
            )
            can_be = (outer < inner) & (inner < lengths)
            yield HeaderField.INNER_OFFSET, ((outer | inner) != 0) & ~can_be, inner

    def _fill(self, reported: Reported, headers: npt.NDArray[np.uint8], places: npt.NDArray[np.int64]) -> None:
        reports = _le16(headers, header.HASH_REPORT)
        high = _le16(headers, header.HASH_VALUE + 2) << 16
        reported.hash_values[places] = _le16(headers, header.HASH_VALUE) | high
        reported.has_hash[places] = reports != 0
        reported.hash_reports[places] = reports
        if self._has_tunnel:
            reported.hash_report_tunnels[places] = headers[:, header.HASH_REPORT_TUNNEL]

    def _behind_headers(self, block: Block) -> Block:
        records = block.records.copy()
        for name in ("captured_length", "original_length"):
            records[name] -= np.minimum(records[name], self._header_len)
        records["offset"] += self._header_len
        records["link_type"] = eth.ETHERNET
        return replace(block, records=records)


def _le16(headers: npt.NDArray[np.uint8], offset: int) -> npt.NDArray[np.int64]:
    """Read a field of two bytes from each header."""
    return headers[:, offset].astype(np.int64) | headers[:, offset + 1].astype(np.int64) << 8
