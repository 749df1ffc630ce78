"""Write output files whole or not at all."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from pcaphash.device.paths import is_there
from pcaphash.errors import OUTPUT_FIELD, ConfigurationError, Field, OutputError

PART_PREFIX = ".pcaphash-"
"""What the names of files and folders start with while they are being written."""

_LONGEST_SUFFIX = 32


def output_path(text: str, place: Field = OUTPUT_FIELD) -> Path:
    """Return the file or folder that a field names.

    Raises
    ------
    ConfigurationError
        It is empty, which a path would take for the current folder, or ``-``, which is not a file.
    """
    if not text.strip():
        raise ConfigurationError(place, "the name is empty", "name a file or folder (. is the current folder)")
    if text == "-":
        elsewhere = "; without this option, results go to standard output" if place == OUTPUT_FIELD else ""
        problem = f"- is not a file{elsewhere}"
        raise ConfigurationError(place, problem, "name a file or folder (./- for a file of that name)")
    return Path(text)


@contextmanager
def whole_file(path: Path, place: Field = OUTPUT_FIELD) -> Iterator[Path]:
    """Give the name of a file to write to, and put it in place of ``path`` once all of it is written.

    What is not a regular file, such as a pipe or a device, is given as it is: nothing can take its place. Errors name
    ``place`` as the field that says where to write.

    Raises
    ------
    OutputError
        The file cannot be written; what stood at ``path`` before still does.
    """
    part: Path | None = None
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            yield path
            return
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        suffix = target.suffix if len(target.suffix) <= _LONGEST_SUFFIX else ""  # a name has 255 bytes at most
        handle, name = tempfile.mkstemp(prefix=PART_PREFIX, suffix=suffix, dir=target.parent)
        os.close(handle)
        part = Path(name)
        yield part
        part.chmod(mode)
        part.replace(target)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(str(path), error.strerror or str(error), place) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def make_folder(path: Path, place: Field = OUTPUT_FIELD) -> None:
    """Make a folder for output files; errors name ``place`` as the field that says where.

    Raises
    ------
    OutputError
        It cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(str(path), "it is a file, not a folder", place) from error
    except OSError as error:
        raise OutputError(str(path), error.strerror or str(error), place) from error


@contextmanager
def output_folder(path: Path, place: Field = OUTPUT_FIELD) -> Iterator[None]:
    """Make a folder for output files; if nothing comes of it, and it was not there before, take it away again.

    Raises
    ------
    OutputError
        It cannot be made.
    """
    is_new = not is_there(path)
    make_folder(path, place)
    try:
        yield
    except BaseException:
        if is_new:
            with suppress(OSError):  # something is in it
                path.rmdir()
        raise


@contextmanager
def whole_folder(path: Path, place: Field = OUTPUT_FIELD) -> Iterator[Path]:
    """Give a folder to write files to, and put them all into ``path`` once the last of them is written.

    Errors name ``place`` as the field that says where.

    Raises
    ------
    OutputError
        Something cannot be written; what stood in ``path`` before still does.
    """
    with output_folder(path, place):
        try:
            part = Path(tempfile.mkdtemp(prefix=PART_PREFIX, dir=path))
        except OSError as error:
            raise OutputError(str(path), error.strerror or str(error), place) from error
        try:
            yield part
            _move_all(part, path, place)
        except OutputError as error:
            raise OutputError(str(path / Path(error.path).name), error.problem, error.place) from error
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(str(path), error.strerror or str(error), place) from error
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _move_all(part: Path, path: Path, place: Field) -> None:
    """Move files into a folder, all of them or none, as far as it can be known beforehand."""
    moves = [(each, (path / each.name).resolve()) for each in sorted(part.iterdir())]
    for _, target in moves:
        if target.is_dir():
            raise OutputError(str(target), "it is a folder, not a file", place)
    with _uninterrupted():
        for each, target in moves:
            try:
                if target.exists():
                    each.chmod(target.stat().st_mode & 0o777)
                each.replace(target)
            except OSError as error:
                raise OutputError(str(target), error.strerror or str(error), place) from error


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put an interruption off until the end."""
    if threading.current_thread() is not threading.main_thread():
        yield  # where signals never arrive
        return
    waiting: list[tuple[int, FrameType | None]] = []
    before = signal.signal(signal.SIGINT, lambda *arguments: waiting.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if waiting and callable(before):
            before(*waiting[0])


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
