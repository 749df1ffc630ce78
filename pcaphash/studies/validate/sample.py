"""Keep packets for the diagnosis: all kinds of them, memory bounded whatever the trace."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.capture.reported.source import Reported
from pcaphash.engine.describer import Descriptions
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.records import RECORD
from pcaphash.studies.validate.verdicts import Judgement

_MOST_BYTES = 2048  # of a packet, more than the headers that are hashed
_MOST_WRONG = 1024  # packets of one signature with the same faults
_MOST_RIGHT = 128
_N_FAULTS = 256  # sums of faults


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
class _Kept:
    """A packet that was kept, and its rank among those of its stratum."""

    rank: int
    number: int
    data: bytes
    record: np.void
    reported: Reported


@dataclass(eq=False)
class _Stratum:
    """Packets of one signature with the same faults: how many there were, and those of lowest rank, in its order."""

    most: int
    seen: int = 0
    kept: list[_Kept] = field(default_factory=list)

    @property
    def limit(self) -> int | None:
        """The rank above which a packet is not kept; None where there is room."""
        return self.kept[-1].rank if len(self.kept) == self.most else None

    def add(self, seen: int, packets: list[_Kept]) -> None:
        """Take note of packets, of which these may be kept."""
        self.seen += seen
        if packets:
            self.kept = sorted([*self.kept, *packets], key=lambda packet: packet.rank)[: self.most]


class Sampler:
    """Draws the sample at random while packets pass by, of each kind of packets and of faults.

    Which packets are kept follows from their numbers only, so that parts of a trace may come in any order.
    """

    def __init__(self) -> None:
        self._strata: dict[tuple[int, int], _Stratum] = {}
        self._n_right = np.zeros(N_SIGNATURES, np.int64)
        self._limits: dict[int, npt.NDArray[np.int64]] = {}

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
        faults = judgement.faults
        is_right = (faults == 0) & (judgement.reasons == 0)
        self._n_right += np.bincount(found.signatures[is_right], minlength=N_SIGNATURES)
        ranks = _mix(numbers)
        for kind in np.flatnonzero(np.bincount(faults, minlength=_N_FAULTS)).tolist():
            members = np.flatnonzero(is_right if kind == 0 else faults == kind)
            signatures = found.signatures[members]
            if kind:
                self._see(kind, signatures)
            chosen = members[ranks[members] < self._limits_of(kind)[signatures]]
            own = found.signatures[chosen]
            for signature in np.flatnonzero(np.bincount(own, minlength=1)).tolist():
                self._draw((signature, kind), chosen[own == signature], ranks, block, numbers, reported)

    def combine(self, other: "Sampler") -> None:
        """Take in what was kept of another part."""
        self._n_right += other._n_right
        for key, stratum in other._strata.items():
            self._add(key, stratum.seen, stratum.kept)

    def _draw(
        self,
        key: tuple[int, int],
        members: npt.NDArray[np.int64],
        ranks: npt.NDArray[np.int64],
        block: Block,
        numbers: npt.NDArray[np.int64],
        reported: Reported,
    ) -> None:
        """Take those packets of one stratum in that may be among the ones of lowest rank."""
        order = members[np.argsort(ranks[members], kind="stable")][: _most(key)]
        packets = [_packet(int(ranks[at]), block, at, numbers, reported) for at in order.tolist()]
        self._add(key, 0, packets)

    def _see(self, kind: int, signatures: npt.NDArray[np.int32]) -> None:
        """Count wrong packets by signature."""
        counts = np.bincount(signatures)
        for signature in np.flatnonzero(counts).tolist():
            self._add((signature, kind), int(counts[signature]), [])

    def _limits_of(self, kind: int) -> npt.NDArray[np.int64]:
        """Return the rank above which packets are not kept, by signature."""
        if kind not in self._limits:
            self._limits[kind] = np.full(N_SIGNATURES, np.iinfo(np.int64).max, np.int64)
        return self._limits[kind]

    def _add(self, key: tuple[int, int], seen: int, packets: list[_Kept]) -> None:
        stratum = self._strata.setdefault(key, _Stratum(_most(key)))
        stratum.add(seen, packets)
        signature, faults = key
        if stratum.limit is not None:
            self._limits_of(faults)[signature] = stratum.limit

    def sample(self) -> Sample | None:
        """Return what was kept, in order of the trace; None where there is nothing."""
        rows = [
            (packet, faults, (stratum.seen if faults else int(self._n_right[signature])) / len(stratum.kept))
            for (signature, faults), stratum in self._strata.items()
            for packet in stratum.kept
        ]
        if not rows:
            return None
        rows.sort(key=lambda row: row[0].number)
        packets = [packet for packet, _, _ in rows]
        records = np.zeros(len(rows), RECORD)
        offset = 0
        for row, packet in enumerate(packets):
            record = packet.record
            records[row] = record
            records[row]["offset"], records[row]["captured_length"] = offset, len(packet.data)
            records[row]["start"] = records[row]["end"] = 0
            # A captured length above the original one raises it, also where the sample cuts the packet.
            records[row]["original_length"] = max(int(record["original_length"]), int(record["captured_length"]))
            offset += len(packet.data)
        data = np.frombuffer(b"".join(packet.data for packet in packets), np.uint8)
        return Sample(
            Block(data.copy(), records),
            Reported.join([packet.reported for packet in packets]),
            np.array([packet.number for packet in packets], np.int64),
            np.array([faults for _, faults, _ in rows], np.uint8),
            np.array([weight for _, _, weight in rows]),
        )


def _most(key: tuple[int, int]) -> int:
    return _MOST_WRONG if key[1] else _MOST_RIGHT


def _mix(numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give numbers in an order of their own, each number another: the last step of MurmurHash3."""
    mixed = numbers.astype(np.uint64)
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        mixed ^= mixed >> np.uint64(33)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(33)
    return mixed.view(np.int64)


def _packet(rank: int, block: Block, at: int, numbers: npt.NDArray[np.int64], reported: Reported) -> _Kept:
    record = block.records[at].copy()
    offset = int(record["offset"])
    end = offset + min(int(record["captured_length"]), _MOST_BYTES)
    return _Kept(rank, int(numbers[at]), block.data[offset:end].tobytes(), record, reported.take(slice(at, at + 1)))
