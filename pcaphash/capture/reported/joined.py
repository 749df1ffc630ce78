"""What a device reported of packets after a virtio_net_hdr, by the header and by something else besides."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pcaphash.capture.reader import Block
from pcaphash.capture.reported.notes import Note
from pcaphash.capture.reported.source import NOT_REPORTED, Reported, ReportedSource
from pcaphash.capture.reported.virtio_headers import VirtioHeaders


class BehindHeaders:
    """Takes from the headers what another source does not say, such as hashes beside receive queues.

    Parameters
    ----------
    headers : VirtioHeaders
        Reads the headers, and gives the packets after them.
    source : ReportedSource
        What it says comes first.
    """

    def __init__(self, headers: VirtioHeaders, source: ReportedSource) -> None:
        self._headers, self._source = headers, source

    def read(self, block: Block, first: int) -> tuple[Block, Reported]:
        """Read both of a block's packets."""
        behind, by_header = self._headers.read(block, first)
        behind, reported = self._source.read(behind, first)
        has_hash = reported.has_hash
        return behind, Reported(
            np.where(has_hash, reported.hash_values, by_header.hash_values),
            has_hash | by_header.has_hash,
            _first_said(reported.hash_reports, by_header.hash_reports),
            _first_said(reported.hash_report_tunnels, by_header.hash_report_tunnels),
            _first_said(reported.queues, by_header.queues),
        )

    def finish(self, n_packets: int) -> Sequence[Note]:
        """Return what is to be known of both."""
        return [*self._headers.finish(n_packets), *self._source.finish(n_packets)]


def _first_said(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.where(one != NOT_REPORTED, one, other)
