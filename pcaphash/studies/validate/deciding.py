"""Decide by the first packets what no spec settles: the byte order of hash options, what hash_report_tunnel names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.engine.census.describer import Descriptions
from pcaphash.kernels.records import RECORD
from pcaphash.studies.validate.verdicts import Expectations, Leniency, TunnelNaming

Mask = npt.NDArray[np.bool_]

_LOOKED_AT = 1000  # packets that decide
_MOST_WAITING = (
    8192  # packets that they are among, from the first of which something is reported, however blocks are cut
)


class ByteOrder(StrEnum):
    """The byte order of hash options."""

    SECTION = "section"
    """That of their section."""
    OPPOSITE = "opposite"


@dataclass(frozen=True)
class HashOrder:
    """In which byte order hash options are read.

    Parameters
    ----------
    order : ByteOrder
        The one that more hashes match in; that of the section if none match in either.
    hashes : int
        The first hashes, which decide.
    as_written, opposite : int
        How many of them match in the byte order of the section, and in the opposite one.
    """

    kind: ClassVar[str] = "hash-order"
    order: ByteOrder
    hashes: int
    as_written: int
    opposite: int

    @property
    def is_open(self) -> bool:
        """Whether no hash matches in either byte order."""
        return not self.as_written and not self.opposite


@dataclass(frozen=True)
class TunnelNames:
    """What hash_report_tunnel is taken to name, where more packets agree with this than with the usual reading.

    Parameters
    ----------
    namings : tuple of TunnelNaming
        Of which packets it names the encapsulation; with several, packets do not tell these apart.
    agreeing, usual : int
        Packets that agree, and packets that agree with ``TunnelNaming.INNER_HASHED``, of those that tell.
    telling : int
        Packets in which readings differ.
    """

    kind: ClassVar[str] = "tunnel-names"
    namings: tuple[TunnelNaming, ...]
    agreeing: int
    usual: int
    telling: int


@dataclass(frozen=True)
class FewerFaults:
    """The diagnosis reads hash options in the opposite byte order: no hash is right, and that needs fewer faults."""

    kind: ClassVar[str] = "fewer-faults"


Decision = HashOrder | TunnelNames | FewerFaults


@dataclass(frozen=True, eq=False)
class Described:
    """The packets of a block, what is expected, and what was reported."""

    block: Block
    numbers: npt.NDArray[np.int64]
    found: Descriptions
    reported: Reported

    @property
    def says(self) -> Mask:
        """Of which packets a hash or a tunnel is reported, shape (n,)."""
        says: Mask = self.reported.has_hash | (self.reported.hash_report_tunnels != NOT_REPORTED)
        return says


class Decider:
    """Holds the first packets back until they decide, then passes all on.

    This needs packets in the order of the trace, so a validation runs in one part.

    Parameters
    ----------
    expected : Expectations
        Having learned all decisions on the packets that it is given.
    leniency : Leniency
        Which differences count as right, before it is decided what hash_report_tunnel names.
    decides_order, decides_naming : bool
        What to decide.
    """

    def __init__(
        self, expected: Expectations, leniency: Leniency, *, decides_order: bool, decides_naming: bool
    ) -> None:
        self.leniency = leniency
        self.decisions: list[Decision] = []
        self.is_order_open = False
        """Whether no hash option was right in either byte order."""
        self._expected = expected
        self._decides_order, self._decides_naming = decides_order, decides_naming
        self._is_swapped = False
        self._waiting: list[Described] | None = []

    def take(self, part: Described) -> list[Described]:
        """Take the next packets; return those that can be judged now."""
        if self._waiting is None:
            return [self._in_order(part)]
        if not self._waiting and not part.says.any():  # there is nothing to decide by yet
            return [part]
        self._waiting.append(_kept(part))
        says = np.concatenate([each.says for each in self._waiting])
        return self.finish() if len(says) - int(np.argmax(says)) >= _MOST_WAITING else []

    def finish(self) -> list[Described]:
        """Decide by the packets that wait, if any do, and return them."""
        waiting, self._waiting = self._waiting, None
        if not waiting:
            return []
        deciding = _deciding(waiting)
        if self._decides_order:
            self._decide_order(waiting, deciding)
        if self._decides_naming:
            self._decide_naming(waiting, deciding)
        return [self._in_order(part) for part in waiting]

    def _in_order(self, part: Described) -> Described:
        return replace(part, reported=part.reported.swapped()) if self._is_swapped else part

    def _decide_order(self, parts: Sequence[Described], deciding: Sequence[Mask]) -> None:
        as_written = opposite = total = 0
        for part, decides in zip(parts, deciding, strict=True):
            chosen = np.flatnonzero(part.found.hashed & part.reported.has_hash & decides)[: _LOOKED_AT - total]
            expected, said = part.found.hash_values[chosen], part.reported.hash_values[chosen]
            total += len(expected)
            as_written += int((expected == said).sum())
            opposite += int((expected == said.byteswap()).sum())
        self._is_swapped = opposite > as_written
        if total:
            order = ByteOrder.OPPOSITE if self._is_swapped else ByteOrder.SECTION
            decision = HashOrder(order, total, as_written, opposite)
            self.is_order_open = decision.is_open
            self.decisions.append(decision)

    def _decide_naming(self, parts: Sequence[Described], deciding: Sequence[Mask]) -> None:
        agree, telling = dict.fromkeys(TunnelNaming, 0), 0
        for part, decides in zip(parts, deciding, strict=True):
            said = part.reported.hash_report_tunnels
            tunnels = {naming: each[part.found.signatures] for naming, each in self._expected.tunnels.items()}
            tells = tunnels[TunnelNaming.INNER_HASHED] != tunnels[TunnelNaming.EVERY]
            tells &= (said != NOT_REPORTED) & part.found.known & decides
            chosen = np.flatnonzero(tells)[: _LOOKED_AT - telling]
            telling += len(chosen)
            for naming in TunnelNaming:
                agree[naming] += int((said[chosen] == tunnels[naming][chosen]).sum())
        most, usual = max(agree.values()), agree[TunnelNaming.INNER_HASHED]
        if most > usual and 2 * most > telling:  # of arbitrary names, some agree with any reading
            best = tuple(naming for naming in TunnelNaming if agree[naming] == most)
            self.leniency = replace(self.leniency, namings=frozenset(best))
            self.decisions.append(TunnelNames(best, most, usual, telling))


def _deciding(parts: Sequence[Described]) -> list[Mask]:
    """Tell of each part among which packets those are that decide."""
    says = np.concatenate([part.says for part in parts])
    decides = np.arange(len(says)) < int(np.argmax(says)) + _MOST_WAITING
    return np.split(decides, np.cumsum([len(part.numbers) for part in parts])[:-1])


def _kept(part: Described) -> Described:
    """Copy what the reader writes over when it goes on."""
    records = np.array(part.block.records, RECORD)
    return replace(part, block=replace(part.block, data=part.block.data.copy(), records=records))
