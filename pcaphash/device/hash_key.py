"""The hash key as users give it."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import SupportsIndex

from pcaphash.device.byte_text import BytesRefusal, WordsRefusal, parse_bytes
from pcaphash.device.dumps import DumpRefusal, read_dump
from pcaphash.device.paths import is_there
from pcaphash.device.text_files import decode, is_text
from pcaphash.errors import ConfigurationError, Field
from pcaphash.standards import hash_keys, virtio

KEY_FIELD = Field("hash_key")

NAMED_KEYS = {
    "microsoft": virtio.MICROSOFT_KEY,
    "symmetric": virtio.SYMMETRIC_KEY,
    "mlx5": hash_keys.MLX5_KEY,
    "i40e": hash_keys.I40E_KEY,
    "atlantic": hash_keys.ATLANTIC_KEY,
    "cnxk": hash_keys.CNXK_KEY,
}
"""Hash keys that have a name of their own."""

TITLES = {
    "microsoft": "Microsoft's published key",
    "symmetric": "the symmetric key (6d5a repeated)",
    "mlx5": "the key of the mlx5 driver",
    "i40e": "the key of the i40e driver",
    "atlantic": "the key of the atlantic driver",
    "cnxk": "the key of the cnxk driver",
}
"""What to call them in a sentence."""

DRIVER_KEYS = {driver: name for name, drivers in hash_keys.DRIVERS.items() for driver in drivers}
"""The name of the key that each driver of DPDK starts with."""

_ADVICE = "write its bytes in the order of hash_key_data, two hex digits each, such as 6d5a56da or 6d:5a:56:da"
_MOST_BYTES = 1 << 16
_NAME = re.compile(r"[a-z][a-z0-9_-]*", re.I)
_PATH = re.compile(r"\S*/\S*|\S+\.(?=[a-z]*[g-z])[a-z]{2,5}", re.I)  # with a suffix that is not hex
_QUOTED = re.compile(r"^(?:[ \t]*>)+", re.MULTILINE)  # by a mail
_LABEL = re.compile(r"\A\s*(?:RSS (?:hash )?key ?:|hkey\s|(?:net\.core\.)?netdev_rss_key ?=)", re.I)
_NEAR = 0.7
_SHOWN = 40

HashKey = bytes | bytearray | str | Iterable[SupportsIndex | str]
"""A hash key: its bytes, or text that ``parse_hash_key`` reads, or numbers from 0 to 255, or each byte's hex digits."""


def parse_hash_key(value: HashKey) -> bytes:
    r"""Return a hash key.

    Parameters
    ----------
    value : bytes, str or iterable of int
        The bytes of hash_key_data, as such or in text: as hex digits with or without blanks, colons, dashes, commas,
        ``0x`` or line breaks between bytes; as an array of C, Python or JSON; as a string of ``\x6d\x5a``. Or the name
        of a key (``NAMED_KEYS``) or of a driver (``DRIVER_KEYS``), or a file with any of these in it, as its path or
        as ``@`` and its path.

    Raises
    ------
    ConfigurationError
        It is empty or not written so. Words of several bytes are refused, since nothing says which byte comes first.
    """
    if isinstance(value, str):
        key = _parse_text(value.strip())
    elif isinstance(value, bytes | bytearray):
        key = bytes(value)
    else:
        key = _bytes_of_numbers(value)
    if not key:
        raise ConfigurationError(KEY_FIELD, "the hash key is empty, so nothing can be hashed", _ADVICE)
    return key


def pad_hash_key(key: bytes, hash_types: int, is_padding: bool) -> bytes:
    """Return a hash key that is long enough for the hash types.

    Parameters
    ----------
    key : bytes
        As it was given.
    hash_types : int
        Those enabled; an input of n bytes needs n + 4 bytes of key.
    is_padding : bool
        Whether a short key is to be filled up with zeros to 40 bytes.

    Raises
    ------
    ConfigurationError
        It is too short, and not to be padded.
    """
    if is_padding:
        return key.ljust(virtio.LEAST_RSS_MAX_KEY_SIZE, b"\0")
    needed, input_name = next(((n_bytes, name) for n_bytes, name, types in _NEEDED if hash_types & types), (0, ""))
    if len(key) < needed:
        given = "1 byte" if len(key) == 1 else f"{len(key)} bytes"
        problem = f"{given}, but hashing {input_name} needs {needed}"
        raise ConfigurationError(
            KEY_FIELD, problem, f"give the whole key, or add {Field('pad_key')} to fill it up with zeros"
        )
    return key


_NEEDED = (
    # bytes of key, what is hashed, and the types that hash it; the longest first
    (40, "IPv6 addresses and ports", virtio.HASH_TYPE_TCPV6 | virtio.HASH_TYPE_UDPV6 | virtio.HASH_TYPE_TCP_EX
     | virtio.HASH_TYPE_UDP_EX),
    (36, "IPv6 addresses", virtio.HASH_TYPE_IPV6 | virtio.HASH_TYPE_IP_EX),
    (16, "IPv4 addresses and ports", virtio.HASH_TYPE_TCPV4 | virtio.HASH_TYPE_UDPV4),
    (12, "IPv4 addresses", virtio.HASH_TYPE_IPV4),
)  # fmt: skip


def list_key_names() -> str:
    """Return the names of keys and of drivers in a sentence's form."""
    groups = []
    for name in NAMED_KEYS:
        drivers = [driver for driver, key in DRIVER_KEYS.items() if key == name and driver != name]
        groups.append(f"{name} ({', '.join(drivers)})" if drivers else name)
    return ", ".join(groups)


def key_path(text: str) -> str | None:
    """Return the path of the file that a key may be in; None for a name, even if a file is called like that."""
    text = text.strip()
    return text.removeprefix("@") if _named_key(text) is None else None


def _named_key(text: str) -> bytes | None:
    name = text.lower()
    return NAMED_KEYS.get(DRIVER_KEYS.get(name.removeprefix("net_"), name))


def _parse_text(text: str) -> bytes:
    named = _named_key(text)
    if named is not None:
        return named
    if text.startswith("@"):
        return _read_file(text[1:])
    try:
        return _parse_shown(text)
    except BytesRefusal as error:
        if not isinstance(error, WordsRefusal):
            if is_there(text):
                return _read_file(text)
            if _PATH.fullmatch(text):
                problem = f"{text[:_SHOWN]!r} is not hex, and there is no such file"
                raise ConfigurationError(KEY_FIELD, problem, "check the path, or write the bytes of the key") from error
            if _NAME.fullmatch(text):
                raise _unknown_name(text) from error
        raise ConfigurationError(KEY_FIELD, f"the hash key {error}", _advice_for(error)) from error


def _parse_shown(text: str) -> bytes:
    """Return the bytes that a text or a dump shows, which may be quoted and stand behind what calls it a key."""
    text = _LABEL.sub("", _QUOTED.sub("", text.strip("`\ufeff \t\r\n")), count=1).strip()
    try:
        dump = read_dump(text)
    except DumpRefusal as error:
        raise BytesRefusal(f"is a dump: {error}") from error
    return parse_bytes(text) if dump is None else dump


def _read_file(path: str) -> bytes:
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        problem = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise ConfigurationError(KEY_FIELD, f"{path!r}: {problem}", "check the path and its permissions") from error
    if len(data) > _MOST_BYTES:
        raise ConfigurationError(KEY_FIELD, f"{path!r} is longer than any hash key", "give a file with one key")
    if not is_text(data):
        return data  # the bytes themselves
    try:
        return _parse_shown(decode(data))
    except BytesRefusal as error:
        raise ConfigurationError(KEY_FIELD, f"the hash key in {path!r} {error}", _advice_for(error)) from error


def _bytes_of_numbers(value: object) -> bytes:
    if isinstance(value, Iterable):
        numbers = list(value)
        if numbers and all(isinstance(each, str) for each in numbers):
            return _parse_text(" ".join(numbers))
        try:
            return bytes(numbers)
        except (TypeError, ValueError) as error:
            problem = (
                f"{str(numbers)[:_SHOWN]} is not a hash key: it contains values that are not numbers from 0 to 255"
            )
            raise ConfigurationError(KEY_FIELD, problem, "give bytes, text, or a list of such numbers") from error
    raise ConfigurationError(KEY_FIELD, f"{value!r} is not a hash key", "give bytes, or text with hex digits")


def _unknown_name(text: str) -> ConfigurationError:
    """Return the error for a word, with what was meant only where that is clear."""
    import difflib

    nearest = difflib.get_close_matches(text.lower(), [*NAMED_KEYS, *DRIVER_KEYS], n=1, cutoff=_NEAR)
    advice = f"did you mean {nearest[0]}?" if nearest else f"write its bytes, or one of these names: {list_key_names()}"
    return ConfigurationError(KEY_FIELD, f"{text!r} is not hex, the name of a key or a file", advice)


def _advice_for(refusal: BytesRefusal) -> str:
    """Return what to do; words that give a known key in one of the two orders can be told by name."""
    if isinstance(refusal, WordsRefusal):
        for name, key in NAMED_KEYS.items():
            if key in (refusal.high_first, refusal.low_first):
                return f"it may be {TITLES[name]}: use {Field('hash_key', name)}, or {_ADVICE}"
    return _ADVICE
