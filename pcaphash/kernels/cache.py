"""Where compiled kernels are kept between runs.

numba's own cache does not see when a helper in another file changed, nor that bounds checks were switched. So every
combination of version, kernel sources and switches gets a folder of its own below the user's cache directory
(or below ``NUMBA_CACHE_DIR`` where that is set).
"""

import hashlib
import os
import tempfile
from pathlib import Path

import numba
import platformdirs

from pcaphash import __version__

_SOURCE_FOLDERS = ("kernels", "standards")


def _identity() -> str:
    """Hash all that compiled code depends on and that numba's own cache key leaves out."""
    digest = hashlib.sha256()
    package = Path(__file__).resolve().parent.parent
    for folder in _SOURCE_FOLDERS:
        for source in sorted((package / folder).glob("*.py")):
            digest.update(source.name.encode())
            digest.update(source.read_bytes())
    switches = (numba.__version__, numba.config.BOUNDSCHECK, numba.config.CPU_NAME, numba.config.CPU_FEATURES)
    digest.update(repr(switches).encode())
    return digest.hexdigest()[:16]


def _candidates() -> list[Path]:
    """List the folders to try, best first."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        return [Path(chosen) / "pcaphash"]
    folders = [Path(platformdirs.user_cache_dir("pcaphash", appauthor=False))]
    if hasattr(os, "getuid"):
        folders.append(Path(tempfile.gettempdir()) / f"pcaphash-{os.getuid()}")
    return folders


def _usable(folder: Path) -> bool:
    """Tell whether the folder can be written, and belongs to this user alone (compiled code is run from it)."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
            return False
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def folder_in_use() -> str:
    """Return the folder that compiled kernels are kept in."""
    return str(numba.config.CACHE_DIR)


def enable() -> bool:
    """Point numba to this version's cache folder; return False where no folder can be written."""
    for base in _candidates():
        folder = base / f"{__version__}-{_identity()}"
        if _usable(base) and _usable(folder):
            numba.config.CACHE_DIR = str(folder)
            return True
    return False
