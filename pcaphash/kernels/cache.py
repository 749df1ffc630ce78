"""Where compiled kernels are kept between runs.

Every combination of version, kernel sources, processor, libraries and switches gets a folder of its own below the
user's cache directory (or below ``NUMBA_CACHE_DIR`` where that is set), with a file for each kernel and each kind of
arguments that it was called with. A file that is damaged, or is not what its name says, counts as missing; it is
written anew, and appears in one piece, whoever else writes it at the same time.
"""

import fcntl
import functools
import hashlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

import llvmlite
import numpy as np
import platformdirs

from pcaphash import __version__
from pcaphash.kernels import processor

_SOURCE_FOLDERS = ("kernels", "standards")


class Code(NamedTuple):
    """A compiled kernel."""

    entry: str
    """The name of the function that ``compiler`` adds to it."""
    results: str
    """A letter for each result: i for an integer, b for a truth value; behind an opening bracket for a tuple."""
    machine_code: bytes
    """An object file."""


@functools.cache
def _identity() -> str:
    """Hash all that compiled code depends on, but for the kernel and the kind of its arguments."""
    digest = hashlib.sha256()
    package = Path(__file__).resolve().parent.parent
    for folder in _SOURCE_FOLDERS:
        for source in sorted((package / folder).glob("*.py")):
            digest.update(source.name.encode())
            digest.update(source.read_bytes())
    digest.update(_version_of_numba())
    switches = sorted(item for item in os.environ.items() if item[0].startswith("NUMBA_"))
    versions = (sys.version, llvmlite.__version__, np.__version__)
    processors = (processor.name(), processor.features())
    digest.update(repr((versions, processors, [item for item in switches if item[0] != "NUMBA_CACHE_DIR"])).encode())
    return digest.hexdigest()[:16]


def _version_of_numba() -> bytes:
    """Return what tells numba's versions apart, without loading numba, or all that knows installed packages."""
    found = importlib.util.find_spec("numba")
    return Path(found.origin).with_name("_version.py").read_bytes() if found and found.origin else b""


def _candidates() -> Iterator[Path]:
    """Give the folders to try, best first."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        yield Path(chosen) / "pcaphash"
        return
    yield Path(platformdirs.user_cache_dir("pcaphash", appauthor=False))
    if hasattr(os, "getuid"):
        import tempfile  # which takes longer to load than kernels

        yield Path(tempfile.gettempdir()) / f"pcaphash-{os.getuid()}"


def _usable(folder: Path) -> bool:
    """Tell whether the folder can be written, and belongs to this user alone (compiled code is run from it)."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return False
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        return False
    return os.access(folder, os.W_OK | os.X_OK)


@functools.cache
def folder() -> Path | None:
    """Return the folder that this run's kernels are kept in; None where no folder can be written."""
    for base in _candidates():
        folder = base / f"{__version__}-{_identity()}"
        if _usable(base) and _usable(folder):
            return folder
    return None


def load(name: str) -> Code | None:
    """Return the code that was kept under a name, if it is there and whole."""
    place = folder()
    if place is None:
        return None
    try:
        data = (place / name).read_bytes()
    except OSError:
        return None
    size = hashlib.sha256().digest_size
    seal, content = data[:size], data[size:]
    if seal != _seal(name, content):
        return None
    entry, results, machine_code = content.split(b"\n", 2)
    return Code(entry.decode(), results.decode(), machine_code)


def keep(name: str, code: Code) -> None:
    """Keep code under a name; where that fails, the next run compiles it again."""
    place = folder()
    if place is None:
        return
    import tempfile

    content = b"\n".join((code.entry.encode(), code.results.encode(), code.machine_code))
    with suppress(OSError), tempfile.NamedTemporaryFile(dir=place, prefix=f".{name}-", delete=False) as written:
        try:
            written.write(_seal(name, content) + content)
            written.close()
            Path(written.name).replace(place / name)
        except OSError:
            Path(written.name).unlink()


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Have only one process of this host at a time do what stands in the ``with`` statement for a name."""
    place = folder()
    if place is None:
        yield
        return
    path = place / f".{name}.lock"
    try:
        lock = _lock(path)
    except OSError:  # a full disk, say: then several may do it
        yield
        return
    with lock:
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _lock(path: Path) -> IO[str]:
    """Open and lock a file, which is there as long as it is locked."""
    while True:
        lock = path.open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Whoever had the lock before has removed the file; another process may have made and locked a new one.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                return lock
        lock.close()


def _seal(name: str, content: bytes) -> bytes:
    """Hash what a file has, and what it is meant to be."""
    return hashlib.sha256(f"{_identity()}/{name}\n".encode() + content).digest()
