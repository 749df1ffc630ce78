"""Captures of the same packets with the key shifted show whole hashes of a device that tells only receive queues."""

from dataclasses import replace
from pathlib import Path

import pytest

from naive.configuration import Configuration
from pcaphash.capture.reported.key_shifts import KeyShifts, parse_key_shifts
from pcaphash.capture.reported.writer import ReportedPacket, write_pcapng
from pcaphash.errors import ConfigurationError
from pcaphash.studies.recover_key import recover_key
from pcaphash.studies.validate import validate
from support.command import run
from support.comparing import device_of
from support.diagnosing import misbehave, separating_frames

KEY = bytes((7 * i + 3) % 256 for i in range(40))
SEVEN = Configuration("v7", 0x1FF, key=KEY, indirection_table=tuple(range(128)), unclassified_queue=200)
SHIFTS = (0, 7, 14, 21, 28)


def shifted(key: bytes, bits: int) -> bytes:
    return (int.from_bytes(key, "big") >> bits).to_bytes(len(key), "big")


def captures(folder, frames, configuration, *faults, shifts=SHIFTS) -> dict[int, str]:
    """Write what a device delivers that hashes with the shifted keys and tells its queues."""
    paths = {}
    for shift in shifts:
        behaves = replace(configuration, key=shifted(configuration.key, shift))
        said = misbehave(frames, behaves, *faults)
        path = folder / f"shift-{shift}.pcapng"
        with path.open("wb") as stream:
            write_pcapng(stream, [ReportedPacket(f, queue=each.queue) for f, each in zip(frames, said, strict=True)])
        paths[shift] = str(path)
    return paths


def source_of(paths, configuration=SEVEN) -> KeyShifts:
    return KeyShifts(paths, configuration.indirection_table, configuration.unclassified_queue)


@pytest.mark.jit_only
def test_a_right_device_is_right_and_a_wrong_one_is_told(tmp_path):
    frames = separating_frames()
    device = replace(device_of(SEVEN), queues=256)
    for faults in ((), ("ports-swapped",), ("vlan-not-skipped",)):
        paths = captures(tmp_path, frames, SEVEN, *faults)
        found = validate(paths[0], device, source_of(paths))
        assert found.judged == len(frames)
        assert found.reported["hash_value"] > 300
        assert [fault.name for fault in found.diagnosis.faults] if faults else found.mismatches == 0
        if faults:
            assert [fault.name for fault in found.diagnosis.faults] == list(faults)


@pytest.mark.jit_only
def test_other_tables_and_shifts_do_as_well(tmp_path):
    frames = separating_frames()[:60]
    table = tuple((5 * entry + 3) % 16 for entry in range(16))
    configuration = replace(SEVEN, indirection_table=table, unclassified_queue=20)
    paths = captures(tmp_path, frames, configuration, shifts=(0, 4, 8, 11, 15, 19, 22, 26, 28))
    device = replace(device_of(configuration), queues=32)
    assert validate(paths[0], device, source_of(paths, configuration)).mismatches == 0


@pytest.mark.jit_only
def test_the_key_is_recovered(tmp_path):
    paths = captures(tmp_path, separating_frames(), SEVEN)
    device = replace(device_of(SEVEN), queues=256, hash_key=bytes(40))
    found = recover_key(paths[0], device, source_of(paths))
    assert found.solution is not None
    known = found.solution.known_mask >> 32
    key = int.from_bytes(KEY, "big") >> 1
    assert known.bit_count() > 200
    assert (found.solution.particular >> 32 ^ key) & known == 0


@pytest.mark.jit_only
def test_the_command(tmp_path):
    paths = captures(tmp_path, separating_frames(), SEVEN)
    table = ",".join(map(str, range(128)))
    option = ",".join(f"{shift}:{path}" for shift, path in paths.items())
    words = ["--key-shifts", option, "--indirection-table", table, "--queues", "256", "--unclassified-queue", "200"]
    result = run("validate", paths[0], "--key", KEY.hex(), "--hash-types", "0x1ff", *words)
    assert result.returncode == 0, result.stdout.decode() + result.stderr.decode()
    assert b"is right" in result.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.pcapng", "is not BITS:FILE"),
        ("0:a.pcapng,b.pcapng:7", None),
        ("0:", "is not BITS:FILE"),
        ("32:a.pcapng", "is not BITS:FILE"),
        ("0:a.pcapng,0:b.pcapng", "a shift of 0 is given twice"),
    ],
)
def test_what_the_option_takes(text, said):
    if said is None:
        assert parse_key_shifts(text) == {0: "a.pcapng,b.pcapng:7"}
        return
    with pytest.raises(ConfigurationError, match=said):
        parse_key_shifts(text)


def test_what_does_not_show_whole_hashes_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="no capture shows bit 7 of hashes"):
        KeyShifts({0: "a"}, range(128), 200)
    with pytest.raises(ConfigurationError, match="do not lead to 128 different"):
        KeyShifts(dict.fromkeys(SHIFTS, "a"), [i % 8 for i in range(128)], 200)


def test_captures_of_other_packets_are_refused(tmp_path):
    frames = separating_frames()[:20]
    paths = captures(tmp_path, frames, SEVEN)
    paths[7] = captures(tmp_path, [frames[0], *frames[2:], frames[1]], SEVEN, shifts=(7,))[7]
    with pytest.raises(ConfigurationError, match="packet 2 is not that of the trace"):
        validate(paths[0], replace(device_of(SEVEN), queues=256), source_of(paths))


def test_a_capture_that_is_cut_is_named_as_such(tmp_path):
    paths = captures(tmp_path, separating_frames()[:20], SEVEN)
    cut = Path(paths[14])
    cut.write_bytes(cut.read_bytes()[:-5])
    with pytest.raises(ConfigurationError) as caught:
        validate(paths[0], replace(device_of(SEVEN), queues=256), source_of(paths))
    assert str(caught.value) == (
        f"{cut}: the file ends within a record, so packet 20 of the trace is missing; take the capture again"
    )


def test_a_queue_without_an_entry_is_refused(tmp_path):
    paths = captures(tmp_path, separating_frames(), SEVEN)
    source = KeyShifts(paths, [*range(1, 128), 199], 200)
    with pytest.raises(ConfigurationError, match="receive queue 0, to which no entry of the table leads"):
        validate(paths[0], replace(device_of(SEVEN), queues=256), source)
