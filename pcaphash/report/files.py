"""Write output files whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pcaphash.errors import ConfigurationError, OutputError


def output_path(text: str) -> Path:
    """Return what ``--output`` names.

    Raises
    ------
    ConfigurationError
        It is empty, which a path would take for the current folder, or ``-``, which is no file.
    """
    if not text.strip():
        raise ConfigurationError("--output", "the name is empty", "name a file or folder; . is the current folder")
    if text == "-":
        problem = "- is no file, and standard output is where results go without this option"
        raise ConfigurationError("--output", problem, "name a file or folder; ./- if it is to be called so")
    return Path(text)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give the name of a file to write to, and put it in place of ``path`` once all of it is written.

    What is no regular file, such as a pipe or a device, is given as it is: nothing can take its place.

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
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
        part = Path(name)
        yield part
        part.chmod(mode)
        part.replace(target)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(str(path), error.strerror or str(error)) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder for output files.

    Raises
    ------
    OutputError
        It cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise OutputError(str(path), "it is a file, not a folder") from error
    except OSError as error:
        raise OutputError(str(path), error.strerror or str(error)) from error


@contextmanager
def output_folder(path: Path) -> Iterator[None]:
    """Make a folder for output files; if nothing comes of it, and it was not there before, take it away again.

    Raises
    ------
    OutputError
        It cannot be made.
    """
    is_new = not path.exists()
    make_folder(path)
    try:
        yield
    except BaseException:
        if is_new:
            with suppress(OSError):  # something is in it
                path.rmdir()
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
