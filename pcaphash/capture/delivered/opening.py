"""Open what delivered packets are written to: captures, tables, and folders with a capture for each receive queue.

All of these are context managers that give an ``Encoder``. What they write is there whole, once all went well, or not
at all.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from pcaphash.capture.delivered.encoder import Encoder, Sink
from pcaphash.capture.delivered.output import STANDARD_OUTPUT, open_output, plain_name
from pcaphash.capture.delivered.pcap import WRITE_FIELD, PcapEncoder, VirtioLayout
from pcaphash.capture.delivered.pcapng import PcapngEncoder
from pcaphash.capture.delivered.split import SplitEncoder
from pcaphash.capture.delivered.table import ParquetEncoder, TextTableEncoder
from pcaphash.capture.files import whole_folder
from pcaphash.capture.reported.table import TABLE_FIELD
from pcaphash.device.paths import is_folder
from pcaphash.errors import ConfigurationError, Field

SPLIT_FIELD = Field("split_by_queue")
PCAPNG, PCAP = ".pcapng", ".pcap"
_TABLES = (".csv", ".jsonl", ".parquet")


def open_capture(path: str, layout: VirtioLayout | None = None) -> AbstractContextManager[Encoder]:
    """Open a capture of what is delivered.

    Parameters
    ----------
    path : str
        A name that ends with ``.pcapng`` or ``.pcap``, and then perhaps ``.gz`` or ``.zst``; ``-`` is standard output,
        which gets pcap with virtio headers, and pcapng without.
    layout : VirtioLayout, optional
        The header in front of each packet of a pcap file; none by default.

    Raises
    ------
    ConfigurationError
        The name says no format, or one that has no place for such headers.
    OutputError
        The file cannot be written; raised when the context is entered, written to, or left.
    """
    suffix = capture_suffix(path, layout is not None)
    return _encoding(path, WRITE_FIELD, capture_encoder(WRITE_FIELD, suffix, layout))


def capture_suffix(path: str, has_virtio_headers: bool) -> str:
    """Return what says the format of a capture: the end of its name, or of what standard output gets."""
    return default_suffix(has_virtio_headers) if path == STANDARD_OUTPUT else plain_name(path).suffix.lower()


def default_suffix(has_virtio_headers: bool) -> str:
    """Return the end of the name of a capture whose format is not chosen: only pcap holds virtio headers."""
    return PCAP if has_virtio_headers else PCAPNG


def capture_encoder(place: Field, suffix: str, layout: VirtioLayout | None) -> Callable[[Sink], Encoder]:
    """Return what makes the encoder of a format."""
    if suffix not in (PCAPNG, PCAP):
        raise ConfigurationError(place, "the file extension names no format", "name it .pcapng or .pcap")
    if suffix == PCAP:
        return partial(PcapEncoder, layout=layout)
    if layout is not None:
        field = Field("header_len", layout.header_len)
        raise ConfigurationError(field, "virtio headers go into pcap files only", "name the file .pcap")
    return PcapngEncoder


def open_table(path: str) -> AbstractContextManager[Encoder]:
    """Open a table of what is reported, by the end of its name: ``.csv``, ``.jsonl`` or ``.parquet``.

    Text may be compressed by gzip (``.gz``).

    Raises
    ------
    ConfigurationError
        The name says no format.
    OutputError
        The file cannot be written; raised when the context is entered, written to, or left.
    """
    name = Path(path)
    is_compressed = name.suffix.lower() == ".gz"
    suffix = (name.with_suffix("") if is_compressed else name).suffix.lower()
    if suffix not in _TABLES or (suffix == ".parquet" and is_compressed):
        raise ConfigurationError(
            TABLE_FIELD, "the file extension names no format", f"name it {', '.join(_TABLES[:-1])} or {_TABLES[-1]}"
        )
    if suffix == ".parquet":
        return _encoding(path, TABLE_FIELD, ParquetEncoder)
    return _encoding(path, TABLE_FIELD, partial(TextTableEncoder, is_json=suffix == ".jsonl"))


@contextmanager
def _encoding(path: str, place: Field, encode: Callable[[IO[bytes]], Encoder]) -> Iterator[Encoder]:
    with open_output(path, place) as output, _finishing(encode(output)) as encoder:
        yield encoder


@contextmanager
def _finishing(encoder: Encoder) -> Iterator[Encoder]:
    try:
        yield encoder
        encoder.finish()
    finally:
        encoder.close()


def split_captures(folder: Path) -> list[Path]:
    """Return the captures in a folder that are named as those of receive queues."""
    return sorted(folder.glob("queue-*.pcap*")) if is_folder(folder) else []


def _refuse_others(folder: Path, n_queues: int, suffix: str) -> None:
    """Refuse a folder with captures of more receive queues, or in another format: they would be taken for these."""
    ours = {f"queue-{name}{suffix}" for name in (*range(n_queues), "unknown")}
    other = next((path.name for path in split_captures(folder) if path.name not in ours), None)
    if other is not None:
        problem = f"{folder} has files of another run, such as {other}"
        raise ConfigurationError(SPLIT_FIELD, problem, "remove them, or name another folder")


@contextmanager
def open_split(
    folder: Path, n_queues: int, suffix: str = PCAPNG, layout: VirtioLayout | None = None
) -> Iterator[Encoder]:
    """Open a folder with a capture for each receive queue; see ``SplitEncoder``.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of these names in it are replaced.
    n_queues : int
        How many receive queues the device has; 0 if hashes choose none.
    suffix : str
        What names of files end with: ``.pcapng`` or ``.pcap``, and then perhaps ``.gz`` or ``.zst``.
    layout : VirtioLayout, optional
        As ``open_capture`` takes it.

    Raises
    ------
    ConfigurationError
        The device has no receive queues, the suffix says no format, or the folder has captures of other queues.
    OutputError
        Something cannot be written.
    """
    if not n_queues:
        problem = "without the RSS feature, hashes choose no receive queues"
        raise ConfigurationError(SPLIT_FIELD, problem, f"give a device with RSS, or leave {SPLIT_FIELD} out")
    encode = capture_encoder(SPLIT_FIELD, plain_name(f"queue{suffix}").suffix, layout)
    _refuse_others(folder, n_queues, suffix)
    with (
        whole_folder(folder, SPLIT_FIELD) as part,
        _finishing(SplitEncoder(part, n_queues, suffix, encode, SPLIT_FIELD)) as encoder,
    ):
        yield encoder
