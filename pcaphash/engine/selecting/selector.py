"""Apply a selection to the packets of blocks."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Network

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.engine.census.decision import ENCAPSULATIONS, encapsulation_of
from pcaphash.engine.rules import ReadingRules
from pcaphash.engine.selecting.interfaces import is_on_interface
from pcaphash.engine.selecting.left_out import NOT_MIRRORED, LeftOut
from pcaphash.engine.selecting.selection import Network, Selection
from pcaphash.engine.selecting.stripping import strip_block
from pcaphash.kernels.dissect import split_signature
from pcaphash.kernels.endpoints import ADDRESS_LEN, ENDPOINTS_LEN, read_endpoints
from pcaphash.kernels.header import KIND_IPV4, KIND_IPV6
from pcaphash.kernels.records import DIRECTION_OUT
from pcaphash.kernels.timestamps import NO_TIMESTAMP
from pcaphash.standards.ethernet import ETHERNET, MAC_LEN

Mask = npt.NDArray[np.bool_]


class Selector:
    """Selects the packets of blocks, and counts what is left out, each packet once.

    Parameters
    ----------
    selection : Selection
        What to look at.
    rules : ReadingRules
        How headers are read.
    spec : str
        The text whose names encapsulations have, ``v7`` or ``1.4``.
    left_out : dict of LeftOut to int
        Packets left out are added to it, by why.
    """

    def __init__(self, selection: Selection, rules: ReadingRules, spec: str, left_out: dict[LeftOut, int]) -> None:
        self.selection = selection
        self._left_out = left_out
        self._rules = rules
        self._spec = spec
        self._left = selection.count
        self._lost: list[tuple[LeftOut, Mask]] = []
        self._is_mirrored: Mask | None = None

    @property
    def takes_all(self) -> bool:
        """Whether nothing can be left out of a file that does not say which packets the host sent."""
        chosen = self.selection
        has_bounds = chosen.count is not None or chosen.looks_at_times or chosen.looks_into_packets
        has_bounds |= bool(chosen.destination_mac or chosen.interface or chosen.strip)
        return chosen.direction != "out" and not has_bounds

    @property
    def is_full(self) -> bool:
        """Whether as many packets were selected as were asked for."""
        return self._left == 0

    def strip(self, block: Block) -> Block:
        """Take off what a mirror session put around the packets of a block, if that is asked for; then select."""
        if not self.selection.strip:
            return block
        stripped, self._is_mirrored = strip_block(block, self.selection.strip, self._rules.port_types)
        return stripped

    def select(self, block: Block) -> tuple[npt.NDArray[np.int64] | None, int]:
        """Select packets of a block.

        Returns
        -------
        chosen : int64 array, or None
            Which packets are selected, counted from 0; None for all of them.
        looked_at : int
            How many packets of the block were looked at: all, unless so many are selected now as were asked for.
        """
        n = len(block.records)
        if self.takes_all and not self._has_sent(block):
            return None, n
        self._lost = []
        kept = np.ones(n, np.bool_)
        self._by_direction(block, kept)
        if self._is_mirrored is not None:
            self._keep(kept, self._is_mirrored, NOT_MIRRORED[self.selection.strip])
        if self.selection.interface:
            self._keep(kept, is_on_interface(block, self.selection.interface), LeftOut.OTHER_INTERFACE)
        if self.selection.destination_mac:
            self._keep(kept, _has_destination_mac(block, self.selection.destination_mac), LeftOut.OTHER_MAC)
        if self.selection.looks_at_times:
            self._by_time(block, kept)
        if self.selection.looks_into_packets:
            self._by_packet(block, kept)
        chosen = np.flatnonzero(kept)
        if self._left is not None:
            chosen = chosen[: self._left]
            self._left -= len(chosen)
        looked_at = int(chosen[-1]) + 1 if self.is_full else n
        for reason, lost in self._lost:
            n_lost = int(lost[:looked_at].sum())
            if n_lost:
                self._left_out[reason] = self._left_out.get(reason, 0) + n_lost
        return chosen, looked_at

    def _has_sent(self, block: Block) -> bool:
        return self.selection.direction == "in" and bool(block.records["direction"].max(initial=0) == DIRECTION_OUT)

    def _keep(self, kept: Mask, fits: Mask, reason: LeftOut) -> None:
        """Leave out what does not fit, and note what fitted until now."""
        self._lost.append((reason, kept & ~fits))
        kept &= fits

    def _by_direction(self, block: Block, kept: Mask) -> None:
        is_sent = block.records["direction"] == DIRECTION_OUT
        if self.selection.direction == "in":
            self._keep(kept, ~is_sent, LeftOut.SENT)
        elif self.selection.direction == "out":
            self._keep(kept, is_sent, LeftOut.NOT_SENT)

    def _by_time(self, block: Block, kept: Mask) -> None:
        times = block.timestamps()
        start, end = self.selection.start, self.selection.end
        self._keep(kept, times != NO_TIMESTAMP, LeftOut.WITHOUT_TIME)
        if start is not None:
            self._keep(kept, times >= start, LeftOut.BEFORE_START)
        if end is not None:
            self._keep(kept, times < end, LeftOut.AFTER_END)

    def _by_packet(self, block: Block, kept: Mask) -> None:
        n = len(block.records)
        signatures, numbers = np.empty(n, np.int32), np.empty(n, np.int64)
        endpoints = np.empty(n * ENDPOINTS_LEN, np.uint8)
        read_endpoints(
            block.data, block.records, n, *self._rules.arguments,
            signatures, numbers, endpoints,
        )  # fmt: skip
        if self.selection.encapsulation:
            self._keep(kept, self._of_signatures(signatures, self._has_encapsulation), LeftOut.OTHER_ENCAPSULATION)
        if self.selection.vni:
            self._keep(kept, np.isin(numbers, self.selection.vni), LeftOut.OTHER_VNI)
        addresses = endpoints.reshape(n, 2, ADDRESS_LEN)
        for networks, ends, reason in (
            (self.selection.endpoint, addresses, LeftOut.OTHER_ENDPOINT),
            (self.selection.to, addresses[:, 1:], LeftOut.OTHER_DESTINATION),
        ):
            if networks:
                self._keep(kept, self._in_networks(signatures, ends, networks), reason)

    def _in_networks(
        self, signatures: npt.NDArray[np.int32], addresses: npt.NDArray[np.uint8], networks: Iterable[Network]
    ) -> Mask:
        """Tell of which packets one of the addresses is in one of the networks."""
        fits = np.zeros(len(signatures), np.bool_)
        for network in networks:
            is_ipv4 = isinstance(network, IPv4Network)
            has_version = self._of_signatures(signatures, _is_ipv4 if is_ipv4 else _is_ipv6)
            fits |= has_version & _holds(network, addresses).any(axis=1)
        return fits

    def _of_signatures(self, signatures: npt.NDArray[np.int32], fits: Callable[[int], bool]) -> Mask:
        """Ask a question of each signature once."""
        found, places = np.unique(signatures, return_inverse=True)
        return np.array([fits(int(signature)) for signature in found], np.bool_)[places]

    def _has_encapsulation(self, signature: int) -> bool:
        # A name that the device's text does not know is the other text's.
        other = "1.4" if self._spec == "v7" else "v7"
        return any(
            encapsulation_of(signature, self._spec if name in ENCAPSULATIONS[self._spec] else other) == name
            for name in self.selection.encapsulation
        )


def _has_destination_mac(block: Block, wanted: Iterable[bytes]) -> Mask:
    """Tell which packets are Ethernet frames to one of some addresses."""
    records = block.records
    fits = (records["link_type"] == ETHERNET) & (records["captured_length"] >= MAC_LEN)
    places = records["offset"][fits].astype(np.int64)
    found = block.data[places[:, np.newaxis] + np.arange(MAC_LEN)]
    rows = [np.frombuffer(address, np.uint8) for address in wanted]
    fits[fits] = np.array([(found == row).all(axis=1) for row in rows]).any(axis=0)
    return np.asarray(fits, np.bool_)


def _is_ipv4(signature: int) -> bool:
    return KIND_IPV4 <= split_signature(signature)[0] < KIND_IPV6


def _is_ipv6(signature: int) -> bool:
    return split_signature(signature)[0] >= KIND_IPV6


def _holds(network: Network, addresses: npt.NDArray[np.uint8]) -> Mask:
    """Tell which addresses, the last axis of an array, a network holds."""
    wanted = np.frombuffer(network.network_address.packed, np.uint8)
    mask = np.frombuffer(network.netmask.packed, np.uint8)
    fits: Mask = ((addresses[..., : len(wanted)] & mask) == wanted).all(axis=-1)
    return fits
