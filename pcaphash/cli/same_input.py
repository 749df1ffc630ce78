"""The command that asks something else of the same trace and device, to be pasted into a shell."""

import os
import shlex
import sys
from collections.abc import Collection

from pcaphash.errors import on_one_line


def other_command(of: str, name: str, with_values: Collection[str], flags: Collection[str], *added: str) -> str:
    """Return another command with the words that the one that runs was given.

    Parameters
    ----------
    of, name : str
        The command that runs, and the other one.
    with_values, flags : collection of str
        Options that the other command does without, those that take a value and those that take none.
    added : str
        What else the other command is given.
    """
    kept, is_value = list[str](), False
    words = sys.argv[1:]
    for word in words[words.index(of) + 1 :]:
        option = word.partition("=")[0]
        is_short = any(word.startswith(each) for each in with_values if not each.startswith("--"))
        if not is_value and option not in with_values and word not in flags and not is_short:
            kept.append(word)
        is_value = not is_value and word in with_values
    return " ".join(map(_quote, ["pcaphash", name, *kept, *added]))


def _quote(word: str) -> str:
    """Quote a word for a shell; one that cannot be shown as it is by the numbers of its bytes, as bash reads them."""
    if word == on_one_line(word):
        return shlex.quote(word)
    plain = set(range(0x20, 0x7F)) - set(b"'\\")
    return "$'" + "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in os.fsencode(word)) + "'"
