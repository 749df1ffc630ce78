"""What stands at a path. The path may be anything that users give: of what cannot be told, opening it says why."""

import stat
from os import PathLike
from pathlib import Path


def is_there(path: str | PathLike[str]) -> bool:
    """Tell whether there is a file or folder, as far as that can be told."""
    return _mode(path) != 0


def is_folder(path: str | PathLike[str]) -> bool:
    """Tell whether there is a folder, as far as that can be told."""
    return stat.S_ISDIR(_mode(path))


def _mode(path: str | PathLike[str]) -> int:
    try:
        return Path(path).stat().st_mode
    except (OSError, ValueError):  # not there, too long, with a null byte, or in a folder that may not be read
        return 0
