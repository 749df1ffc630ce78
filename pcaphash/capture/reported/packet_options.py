"""What a device reported of packets, from the options of pcapng's packet blocks.

Source: draft-ietf-opsawg-pcapng section 4.3: epb_hash and epb_queue, as DPDK's dpdk-dumpcap writes them.
"""

from collections.abc import Sequence

import numpy as np

from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import Lack, Lacking, MalformedOptions, Note, OtherAlgorithms
from pcaphash.capture.reported.source import Reported
from pcaphash.kernels.packet_options import MALFORMED, N_COUNTS, read_packet_options
from pcaphash.standards.packet_options import HASH_ALGORITHMS, HASH_TOEPLITZ


class PacketOptions:
    """Reads Toeplitz hashes and receive queues from packet options; neither says of which type a hash is.

    The draft gives the bytes of a hash no order. They are taken in the byte order of the section, which is how DPDK
    writes them; whoever compares them can swap them (``numpy.ndarray.byteswap``).
    """

    def __init__(self) -> None:
        self.n_hashes = 0
        """Packets with a Toeplitz hash."""
        self.n_queues = 0
        """Packets with a receive queue."""
        self._counts = np.zeros(N_COUNTS, np.int64)

    @property
    def algorithms(self) -> dict[str, int]:
        """How many hashes there are of each algorithm, by its name; only Toeplitz hashes count as reported."""
        names = dict(enumerate(HASH_ALGORITHMS))
        return {
            names.get(algorithm, f"algorithm {algorithm}"): int(self._counts[algorithm])
            for algorithm in np.flatnonzero(self._counts[:MALFORMED]).tolist()
        }

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        """Read the options of a block's packets."""
        reported = Reported.nothing(len(block.records))
        read_packet_options(
            block.data, block.records, reported.hash_values, reported.has_hash, reported.queues, self._counts
        )
        self.n_hashes += int(np.count_nonzero(reported.has_hash))
        self.n_queues += int(np.count_nonzero(reported.queues >= 0))
        return block, reported

    def combine(self, other: "PacketOptions") -> None:
        """Add what was read of other packets."""
        self.n_hashes += other.n_hashes
        self.n_queues += other.n_queues
        self._counts += other._counts

    def finish(self, n_packets: int) -> Sequence[Note]:
        """Return how many packets have no options, and what was ignored."""
        notes: list[Note] = []
        for lack, n in ((Lack.EPB_HASH, self.n_hashes), (Lack.EPB_QUEUE, self.n_queues)):
            if n < n_packets:
                notes.append(Lacking(lack, n_packets - n, n_packets))
        toeplitz = HASH_ALGORITHMS[HASH_TOEPLITZ]
        if others := {name: n for name, n in self.algorithms.items() if name != toeplitz}:
            notes.append(OtherAlgorithms(others))
        if n := int(self._counts[MALFORMED]):
            notes.append(MalformedOptions(n))
        return notes
