"""Fields of a command's payload, read one after the other, each with where it stands and what it says."""

import re
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

from pcaphash.device.byte_text import BytesRefusal, parse_bytes
from pcaphash.device.dumps import DumpRefusal, read_dump
from pcaphash.device.options import DeviceOptions
from pcaphash.device.pasted import unquote
from pcaphash.device.text_files import decode, is_text
from pcaphash.errors import ConfigurationError, Field

_HEX_TEXT = re.compile(r"\s*(?:0[xX])?[0-9a-fA-F\s:]+")
_ARRAY = re.compile(r"\{|\[|\\x|\b0x[0-9a-fA-F]{1,2}\b|^[0-9a-fA-F]{2}(?:[,-][0-9a-fA-F]{2})+$")
_MOST_BYTES = 1 << 20
_MOST_SHOWN = 60
_GIVE = "give its bytes in hex, or a file that holds them"


@dataclass(frozen=True)
class PayloadField:
    """One field of a payload.

    Parameters
    ----------
    name : str
        As the virtio text has it.
    offset, length : int
        Where it starts in the payload, and how long it is, in bytes.
    value : str
        What stands there, for readers.
    remark : str
        What that means; may be empty.
    """

    name: str
    offset: int
    length: int
    value: str
    remark: str


@dataclass(frozen=True)
class Payload:
    """A payload that was read and found in order.

    Parameters
    ----------
    command : str
        Its name in the virtio text (``standards.virtio_commands``).
    fields : tuple of PayloadField
        All of it, in order.
    options : DeviceOptions
        The arguments of ``Device`` that it gives.
    """

    command: str
    fields: tuple[PayloadField, ...]
    options: DeviceOptions


class PayloadFields:
    """Takes fields from a payload one after the other; all are little-endian.

    Parameters
    ----------
    place : Field or str
        The option that gives the payload.
    payload : bytes, str or path
        Its bytes; text with its bytes in hex, in any notation that ``parse_bytes`` reads, or a dump of xxd, hexdump -C
        or od -tx1; or a file that holds any of these.

    Raises
    ------
    ConfigurationError
        The text is not hex and names no file that can be read.
    """

    def __init__(self, place: Field | str, payload: bytes | bytearray | str | PathLike[str]) -> None:
        self.place = place
        self.offset = 0
        """Where the next field starts."""
        self.field_offset = 0
        """Where the last one taken starts."""
        self._data = _bytes_of(place, payload)
        self._name = ""
        self._fields: list[PayloadField] = []

    def take(self, name: str, length: int) -> int:
        """Take a number of some bytes."""
        return int.from_bytes(self.take_bytes(name, length), "little")

    def take_bytes(self, name: str, length: int) -> bytes:
        """Take some bytes.

        Raises
        ------
        ConfigurationError
            There are not so many.
        """
        self._name, self.field_offset = name, self.offset
        data = self._data[self.offset : self.offset + length]
        if len(data) < length:
            problem = f"the payload ends after {len(self._data)} bytes, but {self.offset + length} are needed"
            raise self.refuse(problem, "give the whole payload, without the class and command before it")
        self.offset += length
        return data

    def describe(self, value: str, remark: str) -> None:
        """Keep what the field taken last says."""
        length = self.offset - self.field_offset
        self._fields.append(PayloadField(self._name, self.field_offset, length, value, remark))

    def refuse(self, problem: str, advice: str) -> ConfigurationError:
        """Return the error for the field taken last."""
        return ConfigurationError(self.place, f"{self._name} at offset {self.field_offset}: {problem}", advice)

    def finish(self) -> tuple[PayloadField, ...]:
        """Return all fields.

        Raises
        ------
        ConfigurationError
            Something follows them.
        """
        if self.offset < len(self._data):
            n_more = len(self._data) - self.offset
            more = "1 byte" if n_more == 1 else f"{n_more} bytes"
            problem = f"{more} too many at offset {self.offset}, after the last field, {self._name}"
            raise ConfigurationError(self.place, problem, "remove what is not part of the payload")
        return tuple(self._fields)


def _bytes_of(place: Field | str, payload: bytes | bytearray | str | PathLike[str]) -> bytes:
    if isinstance(payload, bytes | bytearray):
        return bytes(payload)
    told = _bytes_of_text(place, payload) if isinstance(payload, str) else None
    if told is not None:
        return told
    if not fspath(payload).strip():
        raise ConfigurationError(place, "the payload is empty", _GIVE)
    try:
        with Path(payload).open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
        shown = fspath(payload)[:_MOST_SHOWN]
        problem = f"{shown!r} is neither hex nor a file that can be read: {problem}"
        raise ConfigurationError(place, problem, _GIVE) from error
    if len(data) > _MOST_BYTES:
        raise ConfigurationError(place, f"{fspath(payload)} is longer than any payload ({_MOST_BYTES} bytes)", _GIVE)
    if not is_text(data):
        return data
    found = _bytes_of_text(place, decode(data))
    return data if found is None else found


def _bytes_of_text(place: Field | str, text: str) -> bytes | None:
    """Return the bytes that a text gives; None if it is not such text."""
    if not text.strip():
        return None
    plain = unquote(text)
    try:
        dump = read_dump(plain)
        if dump is not None:
            return dump
        if _HEX_TEXT.fullmatch(text):
            return _bytes_of_hex(place, text)
        return parse_bytes(plain) if _ARRAY.search(text) else None
    except DumpRefusal as error:
        problem, _, advice = str(error).partition("; ")
        raise ConfigurationError(place, problem, advice) from error
    except BytesRefusal as error:
        raise ConfigurationError(place, f"the payload {error}", _GIVE) from error


def _bytes_of_hex(place: Field | str, text: str) -> bytes:
    digits = re.sub(r"^\s*0[xX]|[\s:]", "", text)
    if len(digits) % 2:
        raise ConfigurationError(place, f"{len(digits)} hex digits are not whole bytes", "give two for each byte")
    return bytes.fromhex(digits)
