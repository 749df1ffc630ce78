"""Partial results survive being bytes, whatever was counted; bytes that are something else are refused."""

import os
import pickle
import threading

import lz4.frame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcaphash.capture.input import FileInput
from pcaphash.engine.part import whole_parts
from pcaphash.engine.running.packed import NotPackedError, _checksum, check_packed, pack, unpack
from pcaphash.engine.running.run import combine, run
from support.asked import REQUESTS, SAMPLES, told


@pytest.mark.jit_only
@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_packed_adds_up_to_the_same(name):
    request, write = REQUESTS[name]
    parts = whole_parts(FileInput(str(path)) for path in SAMPLES)
    packed = [pack(run(request, part)) for part in parts]
    assert told(request, write, combine(map(unpack, packed))) == told(
        request, write, combine(run(request, part) for part in parts)
    )


@pytest.mark.jit_only
@pytest.mark.parametrize("name", ["compare", "info"])
def test_counting_goes_on_after_unpacking(name):
    """Tables have room again for what comes later: packed ones have none."""
    request, write = REQUESTS[name]
    first, *others = whole_parts(FileInput(str(path)) for path in SAMPLES)
    total = unpack(pack(run(request, first)))
    for part in others:
        total.combine(run(request, part))
        total = unpack(pack(total))
    assert told(request, write, total) == told(request, write, combine(run(request, part) for part in (first, *others)))


def test_unpacked_results_share_nothing():
    request, _ = REQUESTS["info"]
    packed = pack(run(request, whole_parts([FileInput("sample_traces/vxlan.pcap")])[0]))
    first, second = unpack(packed), unpack(packed)
    first.combine(second)
    assert first.reading.packets == 2 * second.reading.packets == 2 * unpack(packed).reading.packets


PACKED = pack(run(REQUESTS["census"][0], whole_parts([FileInput("sample_traces/vxlan.pcap")])[0]))


@settings(max_examples=50)
@given(place=st.integers(0, len(PACKED) - 1), bit=st.integers(0, 7))
def test_damage_is_noticed(place, bit):
    damaged = bytearray(PACKED)
    damaged[place] ^= 1 << bit
    for take in (check_packed, unpack):
        with pytest.raises(NotPackedError):
            take(bytes(damaged))
        with pytest.raises(NotPackedError):
            take(PACKED[:place])


class Runs:
    def __reduce__(self):
        return os.system, ("true",)


class Hidden:
    """Reaches a function through a module of the package."""

    def __reduce__(self):
        import pcaphash.capture.files

        return pcaphash.capture.files.make_folder, ("/tmp/made",)


@pytest.mark.parametrize("value", [Runs(), Hidden(), print, threading.Thread, eval])
def test_no_code_is_run(value):
    data = lz4.frame.compress(pickle.dumps(value))
    with pytest.raises(NotPackedError, match="is not part of a result"):
        unpack(_checksum(data) + data)


def test_what_has_been_something_else_is_refused():
    data = lz4.frame.compress(b"nothing that was pickled")
    with pytest.raises(NotPackedError):
        unpack(_checksum(data) + data)
