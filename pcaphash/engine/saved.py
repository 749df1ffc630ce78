"""Censuses in files: NumPy's .npz, so that NumPy alone reads them (docs/formats.md has the arrays)."""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pcaphash.capture.damage import Damage, DamageKind, Defect
from pcaphash.capture.damage_words import problem_text
from pcaphash.capture.source import STANDARD_INPUT
from pcaphash.device.device import Device
from pcaphash.device.toml import DeviceOptions
from pcaphash.engine.census.census import CENSUS_VERSION, TABLE_INDEXES, TRANSFORMS, Census, CensusIdentity, n_rows
from pcaphash.engine.reading import Problem, Reading
from pcaphash.engine.result import Result, counted, packets_of
from pcaphash.engine.rules import FLAVORS, ReadingRules
from pcaphash.engine.sampled.doubts import Doubts
from pcaphash.engine.selecting.left_out import LeftOut
from pcaphash.errors import CaptureError, ConfigurationError, Field, Unreadable, portable
from pcaphash.kernels.dissect import N_SIGNATURES
from pcaphash.kernels.toeplitz import KEY_LEN
from pcaphash.standards.pcap import ZIP_MAGIC

if TYPE_CHECKING:
    import pandas as pd

_MOST_OF_NAME = 200  # bytes in which the name of the first array of an archive stands
_PORTS = ("vxlan_ports", "geneve_ports", "vxlan_gpe_ports", "gre_udp_ports")
_WORDS = {"table_index": TABLE_INDEXES, "flavor": FLAVORS, "input_transform": TRANSFORMS}
_DEPENDED_ON = frozenset({"hash_key", *_PORTS, *_WORDS})
_MOST_SLOTS = 65536
_AGAIN = "take the census again"

# Fields that an identity calls otherwise.
_FIELDS = {"hash_keys": "hash_key", "slots": "indirection_table_size"}


@dataclass(frozen=True, repr=False)
class SavedCensus(Result):
    """A census read from a file.

    Parameters
    ----------
    path : str
        The file.
    census : Census
        What it holds.
    reading : Reading
        The result of reading the traces that it was taken from.
    given : frozenset of str
        Arguments of ``Device`` that were given and not left at their defaults, of those that a census depends on.
    doubts : tuple of Doubts
        What makes it doubtful that the device received all of its packets; of an older file, nothing is known.
    """

    path: str
    census: Census
    reading: Reading
    given: frozenset[str]
    doubts: tuple[Doubts, ...] = ()

    def facts(self) -> list[str]:
        """Return what was counted, and for how many hash keys."""
        keys = counted(len(self.census.identity.hash_keys), "hash key")
        return [packets_of(self.reading, self.reading.selected), f"{keys}, {self.census.identity.slots:,} slots"]

    def main_table(self) -> "pd.DataFrame":
        """Return how the census was taken."""
        import pandas as pd

        facts = self.census.identity.facts()
        return pd.DataFrame([{"name": name, "value": _show(value)} for name, value in facts.items()])

    def restrict(self, identity: CensusIdentity) -> Census:
        """Return the part of the census that answers under an identity.

        Raises
        ------
        ConfigurationError
            It was taken under another; the message names in what they differ.
        """
        mine = self.census.identity
        facts = mine.facts()
        for name, wanted in identity.facts().items():
            has: Any = facts[name]
            if name == "hash_keys":
                fits = set(identity.hash_keys) <= set(mine.hash_keys)
            elif name == "slots" and mine.table_index == "mask":
                fits = identity.slots <= mine.slots
            else:
                fits = wanted == has
            if not fits:
                problem = f"{self.path} was taken with {_show(has)}, not {_show(wanted)}"
                advice = "give the same here, or take the census again"
                raise ConfigurationError(Field(_FIELDS.get(name, name)), problem, advice)
        return self.census.restrict(identity)

    def device_options(self, given: DeviceOptions) -> DeviceOptions:
        """Return how the census was taken as arguments of ``Device``, but for what is given and what is usual."""
        mine, usual = self.census.identity, CensusIdentity.of(Device(spec=given.get("spec", "v7")))
        options: DeviceOptions = {}
        if usual.hash_keys[0] not in mine.hash_keys:
            options["hash_key"] = mine.hash_keys[0].hex()
        facts, usual_facts = mine.facts(), usual.facts()
        for name in (*_PORTS, *_WORDS):
            if facts[name] != usual_facts[name]:
                options[name] = facts[name]  # type: ignore[literal-required]
        if mine.table_index == "modulo":
            options["indirection_table_size"] = mine.slots
        return options


def _show(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_show(item) for item in value) or "none"
    return value.hex() if isinstance(value, bytes) else str(value)


def is_saved_census(trace: str) -> bool:
    """Tell whether a file holds a census and not a capture, by its first bytes."""
    if trace == STANDARD_INPUT:
        return False
    try:
        if not Path(trace).is_file():
            return False
        with Path(trace).open("rb") as stream:
            start = stream.read(_MOST_OF_NAME)
    except (OSError, ValueError):
        return False
    if not start.startswith(ZIP_MAGIC):
        return False
    from pcaphash.capture.foreign import is_saved_array

    return is_saved_array(start)


def given_to_census(device: Device) -> frozenset[str]:
    """Return which arguments of a device were given, of those that a census depends on."""
    return device.given & _DEPENDED_ON


def save_census(saved: SavedCensus, stream: IO[bytes]) -> None:
    """Write a census, and the result of reading the traces that it was taken from."""
    census, reading, identity = saved.census, saved.reading, saved.census.identity
    signatures = census.signatures()
    rows = [census.natural_rows(signature) for signature in signatures]
    shape = (0, identity.slots, 2)
    facts = identity.facts()
    arrays: dict[str, Any] = {
        "version": np.int64(identity.version),
        "hash_keys": np.frombuffer(b"".join(identity.hash_keys), np.uint8).reshape(-1, KEY_LEN),
        **{name: np.array(facts[name], np.int64) for name in _PORTS},
        **{name: np.array(facts[name]) for name in _WORDS},
        "slots": np.int64(identity.slots),
        "given": np.array(sorted(saved.given), np.str_),
        "signatures": np.array(signatures, np.int64),
        "first_rows": np.cumsum([0, *(len(each) for each in rows[:-1])])[: len(rows)].astype(np.int64),
        "counts": np.concatenate([np.zeros(shape, np.int64), *rows]),
        "traces": np.array([portable(Path(trace).name) for trace in reading.traces], np.str_),
        "packets": np.int64(reading.packets),
        "left_out_reasons": np.array(list(reading.left_out), np.str_),
        "left_out_packets": np.array(list(reading.left_out.values()), np.int64),
        "link_types": np.array(list(reading.link_types.items()), np.int64).reshape(-1, 2),
        "is_stopped": np.bool_(reading.is_stopped),
        "problems": np.array([portable(problem_text(problem)) for problem in reading.problems], np.str_),
        "problem_values": np.array([portable(_write_problem(problem)) for problem in reading.problems], np.str_),
        "doubts": np.array([json.dumps(each.document()) for each in saved.doubts], np.str_),
    }
    np.savez_compressed(stream, **arrays)


def _write_problem(problem: Problem) -> str:
    """Write as JSON why a trace could not be read, or only in part."""
    if isinstance(problem, str):
        return json.dumps(problem)
    if isinstance(problem, Damage):
        written = {"fault" if name == "defect" else name: value for name, value in vars(problem).items()}
        return json.dumps({"damage": written}, default=int)
    return json.dumps({"error": problem.args}, default=int)


def _read_problem(text: str) -> Problem:
    """Read what ``_write_problem`` wrote.

    Raises
    ------
    ValueError, KeyError, TypeError
        It is not that.
    """
    value = json.loads(text)
    if isinstance(value, str):
        return value
    if "damage" in value:
        kind, length, detail = value["damage"].pop("fault")  # its name in the first files
        return Damage(**value["damage"], defect=Defect(DamageKind(kind), length, detail))
    path, kind, *others = value["error"]
    return CaptureError(path, Unreadable(kind), *others)


def load_census(trace: str, path: str | None = None) -> SavedCensus:
    """Read a census from a file, given what messages call it, and where it is if that is elsewhere.

    Raises
    ------
    CaptureError
        The file cannot be read, is damaged, or of a version that this program does not know.
    """
    try:
        with Path(path or trace).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            version = int(file["version"])
            if version != CENSUS_VERSION:
                problem = f"is a census of version {version}, but this program reads version {CENSUS_VERSION}"
                raise CaptureError(trace, Unreadable.OTHER_CENSUS_VERSION, problem, _AGAIN)
            return _build(trace, {name: file[name] for name in file.files})
    except OSError as error:
        kind = Unreadable.NOT_FOUND if isinstance(error, FileNotFoundError) else Unreadable.NOT_READ
        raise CaptureError(trace, kind, error.strerror or str(error), "check the path and its permissions") from error
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, NotImplementedError, RuntimeError) as error:
        raise CaptureError(trace, Unreadable.CENSUS_DAMAGED, f"is not a readable census ({error})", _AGAIN) from error
    except Exception as error:
        if type(error).__module__ != "zlib":
            raise
        raise CaptureError(trace, Unreadable.CENSUS_DAMAGED, f"is a damaged census ({error})", _AGAIN) from error


def _build(path: str, arrays: dict[str, npt.NDArray[Any]]) -> SavedCensus:
    """Make a census of the arrays of a file.

    Raises
    ------
    ValueError, KeyError
        They do not fit together.
    """
    keys = _array(arrays, "hash_keys", np.uint8, (None, KEY_LEN))
    slots = int(_array(arrays, "slots", np.int64, ()))
    if not len(keys) or not 0 < slots <= _MOST_SLOTS:
        raise ValueError("no hash key, or no slots")
    words = {name: str(arrays[name]) for name in _WORDS}
    if any(word not in _WORDS[name] for name, word in words.items()):
        raise ValueError(f"unknown {', '.join(_WORDS)}")
    ports = {name: tuple(_array(arrays, name, np.int64, (None,)).tolist()) for name in _PORTS}
    rules = ReadingRules(**ports, flavor=words["flavor"])
    identity = CensusIdentity(
        tuple(key.tobytes() for key in keys), rules, words["table_index"], words["input_transform"], slots
    )
    if identity.table_index != "modulo" and slots & (slots - 1):
        raise ValueError(f"{slots} slots are not a power of two")
    census = Census(identity)
    counts = _array(arrays, "counts", np.int64, (None, slots, 2))
    first = 0
    for signature in _array(arrays, "signatures", np.int64, (None,)).tolist():
        if not 0 <= signature < N_SIGNATURES:
            raise ValueError(f"there is no signature {signature}")
        last = first + n_rows(signature) * len(keys)
        census.add_natural_rows(signature, counts[first:last])
        first = last
    if first != len(counts) or bool((counts < 0).any()):
        raise ValueError("the counts do not fit the signatures")
    given = _DEPENDED_ON & set(arrays["given"].reshape(-1).tolist())
    doubts = tuple(Doubts.of(json.loads(text)) for text in arrays.get("doubts", np.array([], np.str_)).tolist())
    return SavedCensus(path, census, _reading_of(arrays), given, doubts)


def _reading_of(arrays: dict[str, npt.NDArray[Any]]) -> Reading:
    reasons = [LeftOut(reason) for reason in arrays["left_out_reasons"]]
    left_out = _array(arrays, "left_out_packets", np.int64, (len(reasons),)).tolist()
    link_types = _array(arrays, "link_types", np.int64, (None, 2)).tolist()
    # Censuses of earlier versions say in lines of text alone what could not be read.
    values = arrays.get("problem_values")
    problems = arrays["problems"].tolist() if values is None else map(_read_problem, values.tolist())
    return Reading.of(
        [str(trace) for trace in arrays["traces"]],
        int(_array(arrays, "packets", np.int64, ())),
        dict(zip(reasons, left_out, strict=True)),
        is_stopped=bool(arrays["is_stopped"]),
        link_types=dict(link_types),
        problems=problems,
    )


def _array(
    arrays: dict[str, npt.NDArray[Any]], name: str, dtype: type[np.generic], shape: Sequence[int | None]
) -> npt.NDArray[Any]:
    """Return an array of the dtype and shape that it has to have.

    Raises
    ------
    ValueError, KeyError
        It has another, or is not there.
    """
    array = arrays[name]
    fits = len(shape) == array.ndim and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    if array.dtype != dtype or not fits:
        raise ValueError(f"{name} has the wrong format")
    return array
