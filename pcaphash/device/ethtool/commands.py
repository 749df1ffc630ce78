"""Commands ``ethtool -X`` that set the indirection table, the hash key and the input transformation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pcaphash.device.ethtool.shown import Shown
from pcaphash.device.hash_key import parse_hash_key
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import virtio

# A command of its own line, behind a prompt perhaps; not one that is spoken of.
_COMMAND = re.compile(
    r"(?:[^`'\"]{0,80}[$#%>:+]\s+)?(?:sudo\s+(?:-\S+\s+)*)?(?:\S*/)?ethtool\s+"
    r"(?:(-X|--set-rxfh-indir|--rxfh)|-L|--set-channels)\s+(\S+)\s*(.*)"
)
_PLACEHOLDER = re.compile(r"<.*>|[$]\w+|[$]\{.*\}|IF|IFACE|INTERFACE|DEV|devname|eth[NX]", re.I)
_END = frozenset({";", "&&", "||", "|", "&", "#", ">", "2>&1"})
_WORDS = frozenset({"equal", "weight", "start", "hkey", "hfunc", "xfrm", "default", "context", "delete"})
_MOST_SHOWN = 40


@dataclass(frozen=True)
class Setting:
    """What one command ``ethtool -X`` sets; None and empty for what it leaves as it is.

    Parameters
    ----------
    interface : str
        Whose.
    line : int
        Where in the file it stands.
    equal : int, optional
        So many receive queues take turns in the table.
    weights : tuple of int
        How many parts of the table each receive queue gets, one queue after the other.
    start : int
        The first receive queue of these.
    is_default : bool
        Whether the table is the one that the driver starts with.
    hash_key : bytes, optional
        The hash key.
    function, transform : str, optional
        The hash function and the input transformation.
    is_channels : bool
        Whether it is ``ethtool -L`` instead, after which the driver may have made the table anew.
    """

    interface: str
    line: int
    equal: int | None = None
    weights: tuple[int, ...] = ()
    start: int = 0
    is_default: bool = False
    hash_key: bytes | None = None
    function: str | None = None
    transform: str | None = None
    is_channels: bool = False

    @property
    def is_placeholder(self) -> bool:
        """Whether the interface is a word that stands for any."""
        return _PLACEHOLDER.fullmatch(self.interface) is not None

    def apply(self, place: Field | str, before: Shown | None) -> Shown:
        """Return what the device is after the command.

        Parameters
        ----------
        place : Field or str
            What errors name.
        before : Shown, optional
            What it was, where that is known; else the table has 128 entries, and a note says so.
        """
        after = replace(before, table=[*before.table], notes=[*before.notes]) if before else Shown(self.interface, 0)
        if self.is_channels:
            note = f"line {self.line}: ethtool -L may have changed the indirection table after it was shown"
            after.notes.append(note)
            return after
        after.line = self.line
        if self.equal is not None or self.weights or self.is_default:
            self._set_table(place, after)
        if self.hash_key is not None:
            after.hash_key, after.is_key_hidden = self.hash_key, False
        if self.function is not None:
            after.set_functions(place, self.line, [self.function])
        if self.transform is not None:
            after.set_transforms(place, self.line, [] if self.transform == "none" else [self.transform])
        return after

    def _set_table(self, place: Field | str, after: Shown) -> None:
        size = len(after.table) or virtio.LEAST_RSS_MAX_INDIRECTION_TABLE_LENGTH
        if not after.table:
            after.is_size_assumed = True
            after.notes.append(
                f"line {self.line}: ethtool -X does not say how many entries the table has; {size} are assumed"
            )
        if self.is_default:
            if after.queues is None:
                problem = (
                    f"line {self.line}: 'default' is the table for all receive queues, but their number is unknown"
                )
                raise ConfigurationError(place, problem, "add the output of ethtool -x")
            table = [i % after.queues for i in range(size)]
        elif self.equal is not None:
            table = [self.start + i % self.equal for i in range(size)]
        else:
            table = _weighted(place, self, size)
        after.table = []
        after.add_entries(place, self.line, table)


def parse_setting(place: Field | str, line: int, text: str) -> Setting | None:
    """Return what a line sets if it is a command ``ethtool -X``, else None.

    Raises
    ------
    ConfigurationError
        It is one, and ethtool would not understand it, or it is about another RSS context.
    """
    command = _COMMAND.match(text)
    if command is None:
        return None
    if command[1] is None:
        return Setting(command[2], line, is_channels=True)
    words = _words_of(command[3])
    values: dict[str, list[str]] = {}
    for word in words:
        if word in _WORDS:
            values[word] = []
        elif values:
            values[[*values][-1]].append(word)
        else:
            raise _refuse(place, line, f"ethtool -X does not know {word!r}")
    if "context" in values or "delete" in values:
        problem = f"line {line}: this ethtool -X is about an RSS context other than the main one"
        raise ConfigurationError(
            place, problem, ("remove the line, or only its 'context' if that is the one to examine")
        )
    key = "".join(values.get("hkey", []))
    return Setting(
        command[2],
        line,
        equal=_number(place, line, values, "equal", 1) if "equal" in values else None,
        weights=_weights(place, line, values.get("weight")),
        start=_number(place, line, values, "start", 0) if "start" in values else 0,
        is_default="default" in values,
        hash_key=_key(place, line, key) if "hkey" in values else None,
        function=_one(place, line, values, "hfunc"),
        transform=_one(place, line, values, "xfrm"),
    )


def _words_of(text: str) -> list[str]:
    words = []
    for word in text.split():
        if word in _END:
            break
        words.append(word.strip("'\"").rstrip(";"))
        if word.endswith(";"):
            break
    return words


def _key(place: Field | str, line: int, text: str) -> bytes:
    digits = ":".join(part.zfill(2) for part in text.split(":") if part)
    try:
        return parse_hash_key(digits)
    except ConfigurationError as error:
        raise _refuse(place, line, f"the hkey {text[:_MOST_SHOWN]!r} is not hex bytes separated by colons") from error


def _weights(place: Field | str, line: int, words: Sequence[str] | None) -> tuple[int, ...]:
    if words is None:
        return ()
    if not words or not all(re.fullmatch("[0-9]{1,6}", word) for word in words) or not any(map(int, words)):
        raise _refuse(
            place, line, f"the weights {' '.join(words)[:_MOST_SHOWN]!r} must be whole numbers, not all of them 0"
        )
    return tuple(map(int, words))


def _number(place: Field | str, line: int, values: dict[str, list[str]], word: str, least: int) -> int:
    text = _one(place, line, values, word) or ""
    if not re.fullmatch("[0-9]{1,6}", text) or not least <= int(text) <= virtio.MOST_QUEUES:
        raise _refuse(place, line, f"{word} {text} is not a number of receive queues")
    return int(text)


def _one(place: Field | str, line: int, values: dict[str, list[str]], word: str) -> str | None:
    if word not in values:
        return None
    if len(values[word]) != 1:
        raise _refuse(place, line, f"{word} needs one value after it")
    return values[word][0].lower()


def _refuse(place: Field | str, line: int, problem: str) -> ConfigurationError:
    advice = "write it in the form ethtool accepts: ethtool -X IF hkey 6d:5a:... equal 4"
    return ConfigurationError(place, f"line {line}: {problem}", advice)


def _weighted(place: Field | str, setting: Setting, size: int) -> list[int]:
    """Return the table that ethtool makes of weights: queue by queue, rounded down at each queue's end."""
    total = sum(setting.weights)
    if total > size:
        raise _refuse(place, setting.line, f"the weights add up to {total}, but the table has {size} entries")
    table: list[int] = []
    upto = 0
    for queue, weight in enumerate(setting.weights):
        upto += weight
        # Entry i belongs to the first queue for which i < size * upto // total.
        table += [setting.start + queue] * (size * upto // total - len(table))
    return table
