"""The hash key as users give it."""

import re

from pcaphash.errors import ConfigurationError

KEY_OPTION = "--key"

_ADVICE = "write its bytes in the order of hash_key_data as hex digits, two each, such as 6d5a56da or 6d:5a:56:da"
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+(?::(?:[0-9a-fA-F]{2})+)*")


def parse_hash_key(value: bytes | bytearray | str) -> bytes:
    """Return a hash key.

    Parameters
    ----------
    value : bytes or str
        The bytes of hash_key_data, or the same as hexadecimal digits, with or without colons between bytes.

    Raises
    ------
    ConfigurationError
        It is empty or not written so. 32-bit words are refused, since nothing says which byte of a word comes first.
    """
    if isinstance(value, bytes | bytearray):
        key = bytes(value)
    elif isinstance(value, str):
        key = _parse_hex(value.strip())
    else:
        raise ConfigurationError(KEY_OPTION, f"{value!r} is no hash key", "give bytes, or text with hex digits")
    if not key:
        raise ConfigurationError(KEY_OPTION, "the hash key is empty: there would be nothing to hash with", _ADVICE)
    return key


def _parse_hex(text: str) -> bytes:
    if "0x" in text.lower() or "," in text:
        raise ConfigurationError(
            KEY_OPTION, "the byte order of 0x words is not known", f"without 0x and commas, {_ADVICE}"
        )
    if text and not _HEX.fullmatch(text):
        problem = "an odd number of hex digits" if re.fullmatch("[0-9a-fA-F]+", text) else f"{text!r} is not hex"
        raise ConfigurationError(KEY_OPTION, problem, _ADVICE)
    return bytes.fromhex(text.replace(":", ""))
