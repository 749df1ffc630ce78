"""Where files of delivered packets go: a file that is there whole or not at all, or standard output; compressed or not.

The end of the name says how it is compressed: ``.gz`` or ``.zst``.
"""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Literal, cast

from pcaphash.capture.files import whole_file
from pcaphash.errors import ConfigurationError, Field, OutputError

STANDARD_OUTPUT = "-"
COMPRESSED = (".gz", ".zst")

_GZIP_LEVEL = 1  # of isal's 0 to 3: three times as fast as 2, and 5% larger


class Output(io.RawIOBase):
    """A file that is written beside others: its errors name it and no other.

    Parameters
    ----------
    stream : BinaryIO
        Takes the bytes.
    name : str
        What errors call it.
    place : Field
        The field that names it.
    """

    def __init__(self, stream: BinaryIO, name: str, place: Field) -> None:
        self._stream = stream
        self._name, self._place = name, place

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def write(self, data: "memoryview | bytes", /) -> int:  # type: ignore[override]
        """Take bytes, all of them.

        Raises
        ------
        OutputError
            They cannot be written.
        """
        with self._naming():
            self._stream.write(data)
        return len(data)

    def finish(self) -> None:
        """Write what is held back."""
        with self._naming():
            self._stream.flush()

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(self._name, error.strerror or str(error), self._place) from error


@contextmanager
def open_output(path: str, place: Field) -> Iterator[IO[bytes]]:
    """Open a file to write, which takes its place once all of it is written; ``-`` is standard output.

    Parameters
    ----------
    path : str
        The file.
    place : Field
        The field that names it, for errors.

    Raises
    ------
    ConfigurationError
        Standard output is a terminal.
    OutputError
        It cannot be written; what stood there before still does.
    """
    if path == STANDARD_OUTPUT:
        if sys.stdout.isatty():
            problem = "packets are binary, and standard output is a terminal"
            raise ConfigurationError(place, problem, "name a file, or write to a pipe")
        output = Output(sys.stdout.buffer, "standard output", place)
        yield cast(IO[bytes], output)
        output.finish()
        return
    with whole_file(Path(path), place) as part, open_stream(part, Path(path).suffix) as stream:
        output = Output(stream, path, place)
        yield cast(IO[bytes], output)
        output.finish()


def open_stream(path: Path, suffix: str, mode: Literal["wb", "ab"] = "wb") -> BinaryIO:
    """Open a file to write or, with mode ``ab``, to append to; compressed if the suffix says so."""
    if suffix == ".gz":
        from isal import igzip

        file = path.open(mode)
        # Neither the name, which is made up until the file is whole, nor the time: equal bytes give equal files.
        stream = igzip.IGzipFile("", mode, _GZIP_LEVEL, file, mtime=0)  # type: ignore[no-untyped-call]
        stream.myfileobj = cast(io.FileIO, file)  # closed with it
        return cast(BinaryIO, stream)
    if suffix == ".zst":
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
        return cast(BinaryIO, zstd.open(path, mode))
    return cast(BinaryIO, path.open(mode))


def plain_name(path: str) -> Path:
    """Return a name without the end that says how the file is compressed."""
    name = Path(path)
    return name.with_suffix("") if name.suffix in COMPRESSED and name.stem else name
