"""Parts of what ``ethtool -x`` writes: the indirection table, the hash key, hash functions, input transformations."""

import re

from pcaphash.device.ethtool.shown import Shown
from pcaphash.device.hash_key import parse_hash_key
from pcaphash.errors import ConfigurationError, Field

_ROW = re.compile(r"(?:([0-9]{1,9}) ?: ?)?([0-9]{1,9}(?: [0-9]{1,9})*)")
_KEY = re.compile(r"[0-9a-fA-FxX: ]+")
_STATE = re.compile(r"(.+?) ?: ?(on|off|0x[0-9a-f]+)", re.IGNORECASE)
_UNSET = ("not set", "none")
_SHOWN_TEXT = 40
_KEY_FORM = "two hex digits per byte, in order, separated by colons, as ethtool -x prints 6d:5a:56:da:..."


class TableSection:
    """Rows of the indirection table: the number of the first entry, and entries."""

    def __init__(self, place: Field | str, shown: Shown) -> None:
        self._place = place
        self._shown = shown

    def take(self, line: int, text: str) -> bool:
        """Take a row; return False where the line is none."""
        row = _ROW.fullmatch(text)
        if not row:
            return False
        n_before = len(self._shown.table)
        if row[1] is not None and int(row[1]) != n_before:
            problem = f"line {line}: the row of entry {int(row[1])}, but entry {n_before} should be next"
            raise ConfigurationError(self._place, problem, "copy the whole table again")
        self._shown.add_entries(self._place, line, [int(entry) for entry in row[2].split()])
        return True

    def finish(self) -> None:
        """Do nothing: the table may end with any row."""

    def refuse(self, line: int, text: str) -> ConfigurationError:
        """Return the error for a line that should be a row."""
        problem = f"line {line}: {text[:_SHOWN_TEXT]!r} is not a row of the indirection table"
        return ConfigurationError(self._place, problem, "write rows such as 8: 0 1 2 3 0 1 2 3")


class KeySection:
    """The hash key, on one line or several."""

    def __init__(self, place: Field | str, line: int, shown: Shown) -> None:
        self._place = place
        self._line = line
        self._shown = shown
        self._words: list[str] = []
        if shown.hash_key is not None or shown.is_key_hidden:
            problem = f"line {line}: a second RSS hash key"
            raise ConfigurationError(place, problem, "keep one of them, below the table of its interface")

    def take(self, line: int, text: str) -> bool:
        """Take a part of the key; return False where the line is none."""
        if not _KEY.fullmatch(text):
            return False
        if not self._words:
            self._line = line
        self._words += text.split()
        return True

    def finish(self) -> None:
        """Put the key together."""
        text = "".join(self._words)
        if not text:
            return
        lengths = {len(word) for word in self._words}
        is_in_words = len(self._words) > 1 and ":" not in text and len(lengths) == 1 and lengths < {4, 8, 16, 32}
        if is_in_words or "x" in text.lower():
            problem = f"line {self._line}: the RSS hash key is in words of unknown byte order"
            raise ConfigurationError(self._place, problem, f"write {_KEY_FORM}")
        try:
            self._shown.set_key(parse_hash_key(text))
        except ConfigurationError as error:
            problem = f"line {self._line}: the RSS hash key {text[:_SHOWN_TEXT]} is not in bytes"
            raise ConfigurationError(self._place, problem, f"write {_KEY_FORM}") from error

    def refuse(self, line: int, text: str) -> ConfigurationError:
        """Return the error for a line that should be a part of the key."""
        problem = f"line {line}: {text[:_SHOWN_TEXT]!r} is not part of a hash key"
        return ConfigurationError(self._place, problem, f"write {_KEY_FORM}")


class _States:
    """Names, each with on or off; numbers that ethtool has no name for are on."""

    def __init__(self, place: Field | str, line: int, shown: Shown) -> None:
        self._place = place
        self._line = line
        self._shown = shown
        self._states: dict[str, bool] = {}
        self._numbers: list[str] = []

    def take(self, line: int, text: str) -> bool:
        """Take a name and its state; return False where the line is none."""
        state = _STATE.fullmatch(text)
        if text.lower() in _UNSET:
            self._states.setdefault(text, False)
            return True
        if not state:
            return False
        if state[2].lower() in ("on", "off"):
            self._states[state[1].lower()] = state[2].lower() == "on"
        else:
            self._numbers.append(state[2])
        return True

    @property
    def _enabled(self) -> list[str]:
        return [name for name, is_on in self._states.items() if is_on]


class Functions(_States):
    """Which hash function is on."""

    def finish(self) -> None:
        """Take note of it, where any is shown."""
        if self._states or self._numbers:
            self._shown.set_functions(self._place, self._line, [*self._enabled, *self._numbers])


class Transforms(_States):
    """Which input transformation is on."""

    def finish(self) -> None:
        """Take note of it, where any is shown."""
        if self._states or self._numbers:
            numbers = [int(number, 16) for number in self._numbers]
            self._shown.set_transforms(self._place, self._line, [*self._enabled, *numbers])
