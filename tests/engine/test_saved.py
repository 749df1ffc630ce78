"""A saved census gives what the traces behind it give, and refuses what it cannot answer."""

import io
from dataclasses import replace

import numpy as np
import pytest

import pcaphash
from pcaphash.engine.census.census import CensusIdentity
from pcaphash.engine.saved import is_saved_census, load_census, save_census
from pcaphash.engine.selecting.selection import Selection
from pcaphash.errors import CaptureError, ConfigurationError, NothingReadableError
from pcaphash.report.analyze.write import write_analysis
from pcaphash.studies.census import census
from support.captures import pcapng_of
from support.variety import variety

FRAMES = variety()
DEVICES = [
    pcaphash.Device(name="all"),
    pcaphash.Device("1.4", "IPv4+TCPv4", "GENEVE+NVGRE", queues=5, indirection_table_size=64, name="some"),
]


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    """Write a trace, and its two halves."""
    folder = tmp_path_factory.mktemp("saved")
    half = len(FRAMES) // 2
    parts = {"whole": FRAMES, "one": FRAMES[:half], "two": FRAMES[half:]}
    for name, frames in parts.items():
        (folder / f"{name}.pcapng").write_bytes(pcapng_of(frames))
    return {name: folder / f"{name}.pcapng" for name in parts}


def save(path, traces, device=DEVICES[0], **words):
    taken = census(traces, device, **words)
    with path.open("wb") as stream:
        save_census(taken, stream)
    return path


def document(analysis) -> str:
    text = io.StringIO()
    write_analysis(analysis, "json", text)
    return text.getvalue()


def test_two_halves_are_the_whole(traces, tmp_path):
    halves = [save(tmp_path / f"{name}.census", traces[name]) for name in ("one", "two")]
    whole = pcaphash.analyze(traces["whole"], DEVICES)
    for mixed in (halves, halves[::-1], [halves[0], traces["two"]], [traces["one"], halves[1]]):
        found = pcaphash.analyze(mixed, DEVICES)
        assert document(found) == document(whole)
    both = save(tmp_path / "both.census", halves)
    assert document(pcaphash.analyze(both, DEVICES)) == document(whole)


def test_a_larger_census_answers_for_smaller_tables(traces, tmp_path):
    large = save(tmp_path / "large.census", traces["whole"], pcaphash.Device(indirection_table_size=1024))
    assert document(pcaphash.analyze(large, DEVICES)) == document(pcaphash.analyze(traces["whole"], DEVICES))


def test_several_keys_in_one_census(traces, tmp_path):
    keys = [bytes(range(start, start + 40)) for start in (0, 3, 7)]
    devices = [pcaphash.Device(hash_key=key, name=str(number)) for number, key in enumerate(keys)]
    saved = save(tmp_path / "keys.census", traces["whole"], devices)
    together = pcaphash.analyze(saved, devices)
    for device, found in zip(devices, together.distributions, strict=True):
        (alone,) = pcaphash.analyze(traces["whole"], device).distributions
        assert np.array_equal(found.queues, alone.queues)
    assert len({found.queues.tobytes() for found in together.distributions}) == 3


def test_numpy_alone_reads_it(traces, tmp_path):
    path = save(tmp_path / "whole.census", traces["whole"])
    with np.load(path, allow_pickle=False) as file:
        assert int(file["version"]) == 1
        assert file["hash_keys"].tobytes() == DEVICES[0].hash_key
        assert int(file["packets"]) == len(FRAMES)
        # The first row of each signature counts all its packets.
        counts, firsts = file["counts"], file["first_rows"]
        assert int(counts[firsts, :, 0].sum()) == len(FRAMES)


def test_the_same_census_is_the_same_file(traces, tmp_path):
    paths = [save(tmp_path / name, traces["whole"]) for name in ("a", "b")]
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_what_was_left_out_is_remembered(traces, tmp_path):
    path = save(tmp_path / "vxlan.census", traces["whole"], selection=Selection(encapsulation="VXLAN"))
    direct = pcaphash.analyze(traces["whole"], DEVICES[0], Selection(encapsulation="VXLAN"))
    found = pcaphash.analyze(path, DEVICES[0])
    assert found.reading.left_out == direct.reading.left_out != {}
    assert np.array_equal(found.distributions[0].queues, direct.distributions[0].queues)


def test_damage_is_remembered(traces, tmp_path):
    cut = tmp_path / "cut.pcapng"
    cut.write_bytes(traces["whole"].read_bytes()[:-5])
    path = save(tmp_path / "cut.census", cut)
    found = pcaphash.analyze(path, DEVICES[0]).reading
    assert found.is_partial
    assert found.problems == pcaphash.analyze(cut, DEVICES[0]).reading.problems


@pytest.mark.parametrize(
    ("device", "message"),
    [
        (pcaphash.Device(hash_key=b"other" * 8), r"hash_key: .* was taken with 6d5a56da.*, not 6f74686572"),
        (pcaphash.Device(vxlan_ports=[1]), r"vxlan_ports: .* was taken with 4789, 8472, not 1"),
        (pcaphash.Device(indirection_table_size=256), r"indirection_table_size: .* was taken with 128, not 256"),
        (pcaphash.Device(table_index="modulo"), r"table_index: .* was taken with mask, not modulo"),
        (pcaphash.Device(input_transform="symmetric-xor"), "^input_transform: "),
        (pcaphash.Device(flavor="qemu"), "^flavor: "),
    ],
)
def test_other_devices_are_refused(traces, tmp_path, device, message):
    path = save(tmp_path / "whole.census", traces["whole"])
    with pytest.raises(ConfigurationError, match=message):
        pcaphash.analyze(path, device)


def test_nothing_can_be_selected_from_a_census(traces, tmp_path):
    path = save(tmp_path / "whole.census", traces["whole"])
    with pytest.raises(ConfigurationError, match=r"count=5: .*no packets to select from"):
        pcaphash.analyze(path, DEVICES[0], Selection(count=5))


def test_device_options_give_the_device_back(traces, tmp_path):
    words = {"hash_key": bytes(range(40)), "vxlan_ports": [9], "table_index": "modulo", "indirection_table_size": 96}
    device = pcaphash.Device(**words)
    path = save(tmp_path / "own.census", traces["whole"], device)
    options = load_census(str(path)).device_options({})
    assert CensusIdentity.of(pcaphash.Device(**options)) == CensusIdentity.of(device)
    usual = save(tmp_path / "usual.census", traces["whole"])
    assert load_census(str(usual)).device_options({}) == {}


def arrays_of(path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("version", np.int64(2), "is a census of version 2, but this program reads version 1; take the census again"),
        ("signatures", np.array([10**6], np.int64), "no signature 1000000"),
        ("signatures", np.array([], np.int64), "do not fit the signatures"),
        ("counts", np.zeros((1, 128, 2), np.int64), "rows of a signature"),
        ("counts", np.zeros((1, 128, 2), np.float64), "counts has the wrong format"),
        ("slots", np.int64(0), "no slots"),
        ("slots", np.int64(100), "power of two"),
        ("hash_keys", np.zeros((0, 40), np.uint8), "no hash key"),
        ("hash_keys", np.zeros((1, 39), np.uint8), "wrong format"),
        ("flavor", np.array("odd"), "flavor"),
        ("packets", None, "packets"),
    ],
)
def test_a_census_that_cannot_be(traces, tmp_path, name, value, message):
    arrays = arrays_of(save(tmp_path / "good.census", traces["whole"]))
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value
    path = tmp_path / "bad.census"
    with path.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
    with pytest.raises(CaptureError, match=message):
        load_census(str(path))


def test_a_census_cut_or_damaged_anywhere(traces, tmp_path):
    data = save(tmp_path / "good.census", traces["one"]).read_bytes()
    path = tmp_path / "bad.census"
    for end in range(4, len(data), max(len(data) // 40, 1)):
        path.write_bytes(data[:end])
        with pytest.raises(CaptureError, match=r"bad\.census"):
            load_census(str(path))
    good = load_census(str(tmp_path / "good.census")).census
    for at in range(0, len(data), max(len(data) // 60, 1)):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
        try:
            found = load_census(str(path)).census
        except CaptureError:
            continue
        # Only what NumPy and zip do not look at can have changed.
        assert found.identity == good.identity
        assert found.signatures() == good.signatures()


def test_captures_are_no_censuses(traces, tmp_path):
    assert not is_saved_census(str(traces["whole"]))
    assert not is_saved_census("-")
    assert not is_saved_census(str(tmp_path / "nothing"))
    archive = io.BytesIO()
    np.savez(archive, something=np.zeros(3))
    path = tmp_path / "archive.zip"
    path.write_bytes(archive.getvalue())
    with pytest.raises(NothingReadableError, match="not a readable census"):
        pcaphash.analyze(path, DEVICES[0])


def test_restricting_keeps_the_chosen_keys(traces):
    devices = [pcaphash.Device(hash_key=bytes([n] * 40), name=str(n)) for n in (1, 2, 3)]
    taken = census(traces["whole"], devices).census
    part = taken.restrict(replace(taken.identity, hash_keys=(taken.identity.hash_keys[2],)))
    for signature in taken.signatures():
        assert np.array_equal(part.natural_rows(signature), taken.restrict(part.identity).natural_rows(signature))
        assert np.array_equal(part.rows(signature), taken.rows(signature, 2))
