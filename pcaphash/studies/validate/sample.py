"""Keep packets for the diagnosis: all kinds of them, memory bounded whatever the trace."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pcaphash.capture.pcap import Pcap
from pcaphash.capture.pcapng import Pcapng
from pcaphash.capture.reader import Block
from pcaphash.capture.reported import Reported
from pcaphash.engine.describer import Descriptions
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.records import RECORD

_MOST_BYTES = 2048  # of a packet; headers that are hashed stand in front of them
_MOST_WRONG = 1024  # packets of one signature with the same faults
_MOST_RIGHT = 64
_SEED = 1


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
        block = Block(self.block.data, self.block.records[chosen], self.block.format)
        weights = self.weights[chosen]
        return Sample(block, self.reported.take(chosen), self.numbers[chosen], self.faults[chosen], weights)


@dataclass(eq=False)
class _Stratum:
    """Packets of one signature with the same faults: how many there were, and those kept."""

    seen: int
    kept: list[int]


class Sampler:
    """Draws the sample while packets pass by: of each kind of fault at random, of what is right the first ones."""

    def __init__(self) -> None:
        self._packets: list[tuple[bytes, np.void, int, int]] = []
        self._reported: list[Reported] = []
        self._strata: dict[tuple[int, int], _Stratum] = {}
        self._wants_right = np.full(N_SIGNATURES, _MOST_RIGHT, np.int64)
        self._random = np.random.default_rng(_SEED)
        self._format: Pcap | Pcapng | None = None

    def add(
        self,
        block: Block,
        numbers: npt.NDArray[np.int64],
        found: Descriptions,
        reported: Reported,
        faults: npt.NDArray[np.uint8],
        judged: npt.NDArray[np.bool_],
    ) -> None:
        """Look at the packets of a block."""
        self._format = block.format
        right = np.flatnonzero((faults == 0) & judged & (self._wants_right[found.signatures] > 0))
        wrong = np.flatnonzero(faults)
        for each in (right, wrong):
            keys = found.signatures[each].astype(np.int64) << 8 | faults[each]
            for key in np.unique(keys).tolist():
                self._draw(divmod(key, 256), each[keys == key], block, numbers, reported)

    def _draw(
        self,
        key: tuple[int, int],
        members: npt.NDArray[np.int64],
        block: Block,
        numbers: npt.NDArray[np.int64],
        reported: Reported,
    ) -> None:
        """Take packets of one stratum in, each with the same chance in the end."""
        signature, faults = key
        stratum = self._strata.setdefault(key, _Stratum(0, []))
        most = _MOST_WRONG if faults else _MOST_RIGHT
        fresh = members[: most - len(stratum.kept)]
        for i in fresh.tolist():
            stratum.kept.append(len(self._packets))
            self._packets.append(_packet(block, i, int(numbers[i]), faults))
            self._reported.append(reported.take(slice(i, i + 1)))
        if not faults:
            self._wants_right[signature] = _MOST_RIGHT - len(stratum.kept)
        rest = members[len(fresh) :]
        places = self._random.integers(0, stratum.seen + len(fresh) + 1 + np.arange(len(rest)))
        for i, place in zip(rest[places < most].tolist(), places[places < most].tolist(), strict=True):
            at = stratum.kept[place]
            self._packets[at] = _packet(block, i, int(numbers[i]), faults)
            self._reported[at] = reported.take(slice(i, i + 1))
        stratum.seen += len(members)

    def sample(self) -> Sample | None:
        """Return what was kept, in order of the trace; None where there is nothing."""
        if self._format is None or not self._packets:
            return None
        weights = np.ones(len(self._packets))
        for stratum in self._strata.values():
            weights[stratum.kept] = stratum.seen / len(stratum.kept)
        order = np.argsort([number for _, _, number, _ in self._packets], kind="stable")
        records = np.zeros(len(order), RECORD)
        offset = 0
        for row, at in enumerate(order.tolist()):
            data, record, _, _ = self._packets[at]
            records[row] = record
            records[row]["offset"], records[row]["captured_length"] = offset, len(data)
            # A captured length above the original one raises it, also where the sample cuts the packet.
            records[row]["original_length"] = max(int(record["original_length"]), int(record["captured_length"]))
            offset += len(data)
        data = np.frombuffer(b"".join(self._packets[at][0] for at in order.tolist()), np.uint8)
        return Sample(
            Block(data.copy(), records, self._format),
            Reported.join([self._reported[at] for at in order.tolist()]),
            np.array([self._packets[at][2] for at in order.tolist()], np.int64),
            np.array([self._packets[at][3] for at in order.tolist()], np.uint8),
            weights[order],
        )


def _packet(block: Block, i: int, number: int, faults: int) -> tuple[bytes, np.void, int, int]:
    record = block.records[i].copy()
    offset = int(record["offset"])
    end = offset + min(int(record["captured_length"]), _MOST_BYTES)
    return block.data[offset:end].tobytes(), record, number, faults
