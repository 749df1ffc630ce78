"""Pcap files of patched versions of libpcap, whose record headers are longer than the magic number says."""

import contextlib
import gzip
import os
import struct
import threading
import time
from contextlib import closing

import pytest

import pcaphash
from pcaphash.capture.input import FileInput
from pcaphash.errors import CaptureError, NothingReadableError
from support import captures
from support.shared import ROOT

MODIFIED = 0xA1B2CD34
FRAMES = [bytes(60), bytes(range(100)), bytes(1400)]
SECOND = 1_700_000_000


def capture(magic, length, order="<", frames=FRAMES, second=SECOND) -> bytes:
    """Write a capture whose record headers have this length; what is added to them is not zero."""
    records = b"".join(
        struct.pack(order + "4I", second + n, 999_999, len(frame), len(frame)).ljust(length, b"\1") + frame
        for n, frame in enumerate(frames)
    )
    return captures.pcap(records, order=order, magic=magic)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("magic", "length", "system"),
    [(captures.MICROSECONDS, 24, "Red Hat 6.1"), (captures.MICROSECONDS, 20, "Nokia"), (MODIFIED, 28, "SuSE 6.3")],
)
def test_they_are_named_with_what_converts_them(tmp_path, magic, length, system, order):
    path = tmp_path / "old.pcap"
    for n_frames in (2, 3):
        path.write_bytes(capture(magic, length, order, FRAMES[:n_frames]))
        with pytest.raises(NothingReadableError) as caught:
            pcaphash.info(path)
        assert str(caught.value) == (
            f"{path} is a capture of the patched libpcap of {system} ({length} bytes before each packet), which "
            f"pcaphash cannot read; convert it: editcap -F pcap {path} OUT.pcap"
        )
    packed = tmp_path / "old.pcap.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(NothingReadableError, match=r"convert it: gzip -dc \S+ \| editcap -F pcap - OUT.pcap"):
        pcaphash.info(packed)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("n_frames", [2, 3])
@pytest.mark.parametrize("n_bytes", [24, 30, 40, 24 + 24 + 60, 24 + 24 + 60 + 15])
def test_they_are_named_however_a_pipe_cuts_them(n_bytes, n_frames, pack):
    data = capture(captures.MICROSECONDS, 24, frames=FRAMES[:n_frames])
    with pytest.raises(CaptureError, match=r"the patched libpcap of Red Hat 6\.1"):
        read_in_pieces(pack(data[:n_bytes]), pack(data[n_bytes:]))


@pytest.mark.parametrize("n_bytes", [24, 30, 24 + 16 + 60, 24 + 16 + 60 + 15])
@pytest.mark.parametrize("n_frames", [1, 2, 3])
def test_other_captures_are_read_however_a_pipe_cuts_them(n_bytes, n_frames):
    data = capture(captures.MICROSECONDS, 16, frames=FRAMES[:n_frames])
    assert read_in_pieces(data[:n_bytes], data[n_bytes:]) == n_frames


def read_in_pieces(first: bytes, rest: bytes) -> int:
    """Count the packets of a pipe of which the second piece comes late."""
    read_end, write_end = os.pipe()

    def write() -> None:
        with os.fdopen(write_end, "wb", buffering=0) as stream:
            stream.write(first)
            time.sleep(0.1)
            with contextlib.suppress(BrokenPipeError):
                stream.write(rest)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with closing(FileInput(f"/dev/fd/{read_end}").open()) as reader:
            return sum(len(block.records) for block in reader.blocks())
    finally:
        os.close(read_end)
        writer.join()


@pytest.mark.parametrize(("magic", "length"), [(captures.MICROSECONDS, 16), (MODIFIED, 24)])
@pytest.mark.parametrize("n_frames", [1, 2, 3])
def test_other_captures_are_read(tmp_path, magic, length, n_frames):
    path = tmp_path / "new.pcap"
    data = capture(magic, length, frames=FRAMES[:n_frames])
    path.write_bytes(data)
    assert pcaphash.info(path).reading.packets == n_frames
    path.write_bytes(data + b"\xff" * 100)  # what follows the last record is damage, and nothing else
    assert pcaphash.info(path).reading.packets == n_frames


def test_a_capture_with_a_patched_one_as_its_first_packet_is_read(tmp_path):
    inner = capture(captures.MICROSECONDS, 24)
    path = tmp_path / "nested.pcap"
    path.write_bytes(capture(captures.MICROSECONDS, 16, frames=[inner, inner[24:]]))
    assert pcaphash.info(path).reading.packets == 2


def test_samples_are_no_such_captures():
    paths = sorted((ROOT / "sample_traces").glob("*.pcap"))
    assert pcaphash.info(paths).reading.unreadable == []
