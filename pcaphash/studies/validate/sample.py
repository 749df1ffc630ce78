"""Keep packets for the diagnosis: all kinds of them, memory bounded whatever the trace."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.capture.reported.source import Reported
from pcaphash.engine.census.describer import Descriptions
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.records import RECORD
from pcaphash.studies.validate.verdicts import REASONS, Judgement, NotJudged

_MOST_BYTES = 2048  # of a packet, more than the headers that are hashed
_MOST_WRONG = 1024  # packets of one signature with the same faults
_MOST_RIGHT = 128
_NOTHING_REPORTED = 1 + REASONS.index(NotJudged.NOTHING_REPORTED)
_N_FAULTS = 64  # sums of faults
_SILENT = _N_FAULTS  # number of packets that should have a hash, of which nothing is reported


@dataclass(frozen=True, eq=False)
class Sample:
    """Packets that were kept.

    Parameters
    ----------
    block : Block
        The packets; cut after 2048 bytes.
    reported : Reported
        What the device said of them.
    numbers : int64 array of shape (n,)
        Their numbers in the trace.
    faults : uint8 array of shape (n,)
        What is wrong with each (``verdicts``).
    weights : float64 array of shape (n,)
        How many packets of the trace each stands for, those of the same signature with the same faults.
    """

    block: Block
    reported: Reported
    numbers: npt.NDArray[np.int64]
    faults: npt.NDArray[np.uint8]
    weights: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def is_whole(self) -> bool:
        """Whether every packet with a fault is among them."""
        return bool((self.weights[self.faults > 0] == 1).all())

    def take(self, chosen: npt.NDArray[np.int64]) -> "Sample":
        """Return some of the packets."""
        block = Block(self.block.data, self.block.records[chosen])
        weights = self.weights[chosen]
        return Sample(block, self.reported.take(chosen), self.numbers[chosen], self.faults[chosen], weights)


@dataclass(frozen=True, eq=False)
class _Packets:
    """Packets copied out of blocks, with their signatures and the ranks by which they are drawn."""

    ranks: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    signatures: npt.NDArray[np.int32]
    records: npt.NDArray[np.void]
    reported: Reported
    data: list[bytes]

    def take(self, chosen: npt.NDArray[np.int64]) -> "_Packets":
        return _Packets(
            self.ranks[chosen],
            self.numbers[chosen],
            self.signatures[chosen],
            self.records[chosen],
            self.reported.take(chosen),
            [self.data[at] for at in chosen.tolist()],
        )

    @classmethod
    def join(cls, parts: "Sequence[_Packets]") -> "_Packets":
        ranks, numbers, signatures, records = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("ranks", "numbers", "signatures", "records")
        )
        reported = Reported.join([part.reported for part in parts])
        return cls(ranks, numbers, signatures, records, reported, [each for part in parts for each in part.data])


class _Stratum:
    """Packets with the same faults: how many there were of each signature, and those of lowest rank."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.seen = np.zeros(N_SIGNATURES, np.int64)
        self.limits = np.full(N_SIGNATURES, np.iinfo(np.int64).max, np.int64)
        """The rank above which packets of a signature are not kept."""
        self._parts: list[_Packets] = []
        self._n_kept = self._n_new = 0

    def add(self, packets: _Packets) -> None:
        """Take in packets that may be kept."""
        self._parts.append(packets)
        self._n_new += len(packets.ranks)
        if self._n_new > max(self._n_kept, self._most):
            self.kept()

    def kept(self) -> _Packets | None:
        """Return the packets of lowest rank; None if there are none."""
        if not self._parts:
            return None
        packets = _Packets.join(self._parts) if len(self._parts) > 1 else self._parts[0]
        order = np.lexsort((packets.ranks, packets.signatures))
        signatures = packets.signatures[order]
        starts = np.searchsorted(signatures, signatures)
        own = np.arange(len(order)) - starts
        last = own == self._most - 1
        self.limits[signatures[last]] = packets.ranks[order[last]]
        packets = packets.take(order[own < self._most])
        self._parts, self._n_kept, self._n_new = [packets], len(packets.ranks), 0
        return packets

    def combine(self, other: "_Stratum") -> None:
        """Take in those of another part."""
        self.seen += other.seen
        for packets in other._parts:
            self.add(packets)


class Sampler:
    """Draws the sample at random while packets pass by, of each kind of packets and of faults.

    Which packets are kept follows from their numbers only, so that parts of a trace may come in any order.
    """

    def __init__(self) -> None:
        self._strata: dict[int, _Stratum] = {}

    def append(
        self,
        block: Block,
        numbers: npt.NDArray[np.int64],
        found: Descriptions,
        reported: Reported,
        judgement: Judgement,
    ) -> None:
        """Look at the packets of a block.

        Parameters
        ----------
        block : Block
            The packets.
        numbers : int64 array of shape (n,)
            Their numbers, each of which is that of one packet in all parts.
        found, reported, judgement
            What the spec requires of them, what the device said, and what is wrong.
        """
        faults = np.where(judgement.reasons == 0, judgement.faults, _SILENT + 1).astype(np.int64)
        faults[(judgement.reasons == _NOTHING_REPORTED) & found.hashed & found.known] = _SILENT
        ranks = _mix(numbers)
        for kind in np.flatnonzero(np.bincount(faults, minlength=_SILENT)[: _SILENT + 1]).tolist():
            stratum = self._stratum(kind)
            members = np.flatnonzero(faults == kind)
            signatures = found.signatures[members]
            stratum.seen += np.bincount(signatures, minlength=N_SIGNATURES)
            chosen = members[ranks[members] < stratum.limits[signatures]]
            if len(chosen):
                stratum.add(_packets_of(block, chosen, ranks, numbers, found, reported))

    def combine(self, other: "Sampler") -> None:
        """Take in what was kept of another part."""
        for kind, stratum in other._strata.items():
            self._stratum(kind).combine(stratum)

    def _stratum(self, kind: int) -> _Stratum:
        if kind not in self._strata:
            self._strata[kind] = _Stratum(_MOST_WRONG if kind else _MOST_RIGHT)
        return self._strata[kind]

    @property
    def has_silent(self) -> bool:
        """Whether nothing is reported of some packets that should have a hash."""
        return _SILENT in self._strata

    def sample(self, *, with_silent: bool = False) -> Sample | None:
        """Return what was kept, in order of the trace; None where there is nothing.

        Parameters
        ----------
        with_silent : bool
            Whether to have packets too that should have a hash, of which nothing is reported; their faults are 0.
        """
        kinds, parts, weights = [], [], []
        for kind, stratum in self._strata.items():
            if kind == _SILENT and not with_silent:
                continue
            packets = stratum.kept()
            if packets is not None:
                kept = np.bincount(packets.signatures, minlength=N_SIGNATURES)
                parts.append(packets)
                kinds.append(np.full(len(packets.ranks), kind % _SILENT, np.uint8))
                weights.append((stratum.seen / np.maximum(kept, 1))[packets.signatures])
        if not parts:
            return None
        joined = _Packets.join(parts)
        order = np.argsort(joined.numbers)
        packets = joined.take(order)
        records = packets.records.astype(RECORD)
        lengths = np.array([len(each) for each in packets.data], np.int64)
        # A captured length above the original one raises it, also where the sample cuts the packet.
        records["original_length"] = np.maximum(records["original_length"], records["captured_length"])
        records["captured_length"] = lengths
        records["offset"] = np.cumsum(lengths) - lengths
        records["start"] = records["end"] = 0
        data = np.frombuffer(b"".join(packets.data), np.uint8)
        return Sample(
            Block(data.copy(), records),
            packets.reported,
            packets.numbers,
            np.concatenate(kinds)[order],
            np.concatenate(weights)[order],
        )


def _packets_of(
    block: Block,
    chosen: npt.NDArray[np.int64],
    ranks: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.int64],
    found: Descriptions,
    reported: Reported,
) -> _Packets:
    """Copy packets out of a block."""
    records, data = np.array(block.records[chosen]), _data_of(block, chosen)
    said = reported.take(chosen)
    return _Packets(ranks[chosen], numbers[chosen], found.signatures[chosen], records, said, data)


def _data_of(block: Block, chosen: npt.NDArray[np.int64]) -> list[bytes]:
    """Copy the first bytes of packets."""
    offsets = block.records["offset"][chosen].astype(np.int64)
    ends = offsets + np.minimum(block.records["captured_length"][chosen], _MOST_BYTES)
    view = block.data.data
    return [view[start:end].tobytes() for start, end in zip(offsets.tolist(), ends.tolist(), strict=True)]


def _mix(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give numbers in an order of their own, each number another: the last step of MurmurHash3."""
    mixed = numbers.astype(np.uint64)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        mixed ^= mixed >> np.uint64(33)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(33)
    return mixed.view(np.int64)
