"""Write what a device delivers, in memory, with reports that tests make up."""

import io
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from naive.delivered import Report
from pcaphash.capture.delivered.delivery import NO_COMMENT, Comments, Delivery
from pcaphash.capture.delivered.encoder import Encoder
from pcaphash.capture.reader import BLOCK_LEN, Block, Reader
from pcaphash.capture.reported.source import NOT_REPORTED, Reported
from pcaphash.kernels.delivered import DELIVERED, DROPPED, LEFT_OUT

FATES = {"left out": LEFT_OUT, "delivered": DELIVERED, "dropped": DROPPED}


def write_with(
    path: Path,
    reports: Callable[[int], Report],
    encode: Callable[[io.BytesIO], Encoder],
    block_len: int = BLOCK_LEN,
) -> tuple[bytes, Reader]:
    """Write a trace with what ``reports`` gives for the number of each packet; return the bytes, and the reader."""
    stream = io.BytesIO()
    encoder = encode(stream)
    reader = write_pieces(path, reports, encoder, block_len)
    encoder.finish()
    encoder.close()
    return stream.getvalue(), reader


def write_pieces(path: Path, reports: Callable[[int], Report], encoder: Encoder, block_len: int = BLOCK_LEN) -> Reader:
    """Write the pieces of a trace, but not the end of the file."""
    reader = Reader(str(path), block_len)
    first, texts = 1, Comments()
    with closing(reader):
        for piece in reader.pieces():
            if isinstance(piece, Block):
                n = len(piece.records)
                delivery = delivery_of([reports(number) for number in range(first, first + n)], first, texts)
                encoder.write(piece, delivery)
                first += n
            else:
                encoder.write(piece)
    return reader


def delivery_of(reports: Sequence[Report], first: int, texts: Comments) -> Delivery:
    """Make what a device makes of packets from reports; each comment is a text of its own."""
    n = len(reports)
    reported = Reported.nothing(n)
    fates, comments = np.zeros(n, np.uint8), np.full(n, NO_COMMENT, np.int32)
    for i, report in enumerate(reports):
        fates[i] = FATES[report.fate]
        if report.hash_value is not None:
            reported.hash_values[i], reported.has_hash[i] = report.hash_value, True
        reported.queues[i] = NOT_REPORTED if report.queue is None else report.queue
        if report.comment is not None:
            comments[i] = texts.add(report.comment.decode())
    return Delivery(first, fates, reported, comments, texts)
