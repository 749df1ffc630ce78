"""The hash key as users give it."""

import re

from pcaphash.errors import ConfigurationError
from pcaphash.standards import hash_keys, virtio

KEY_OPTION = "--key"

NAMED_KEYS = {
    "microsoft": virtio.MICROSOFT_KEY,
    "symmetric": virtio.SYMMETRIC_KEY,
    "mlx5": hash_keys.MLX5_KEY,
    "i40e": hash_keys.I40E_KEY,
}
"""Hash keys that have a name of their own."""

TITLES = {
    "microsoft": "Microsoft's published key",
    "symmetric": "the symmetric key (6d5a repeated)",
    "mlx5": "the key of the mlx5 driver",
    "i40e": "the key of the i40e driver",
}
"""What to call them in a sentence."""

_ADVICE = "write its bytes in the order of hash_key_data as hex digits, two each, such as 6d5a56da or 6d:5a:56:da"
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+(?::(?:[0-9a-fA-F]{2})+)*")


_WORDS = re.compile(r"(?:0x)?[0-9a-f]{3,}(?:[\s,]+(?:0x)?[0-9a-f]{3,})+,?|0x[0-9a-f]+", re.I)


def parse_hash_key(value: bytes | bytearray | str) -> bytes:
    """Return a hash key.

    Parameters
    ----------
    value : bytes or str
        The bytes of hash_key_data, or the same as hexadecimal digits, with or without colons between bytes, or the name
        of a key: ``microsoft``, ``symmetric``, ``mlx5``, ``i40e``.

    Raises
    ------
    ConfigurationError
        It is empty or not written so. 32-bit words are refused, since nothing says which byte of a word comes first.
    """
    if isinstance(value, bytes | bytearray):
        key = bytes(value)
    elif isinstance(value, str):
        key = NAMED_KEYS.get(value.strip().lower()) or _parse_hex(value.strip())
    else:
        raise ConfigurationError(KEY_OPTION, f"{value!r} is no hash key", "give bytes, or text with hex digits")
    if not key:
        raise ConfigurationError(KEY_OPTION, "the hash key is empty: there would be nothing to hash with", _ADVICE)
    return key


def _parse_hex(text: str) -> bytes:
    if _WORDS.fullmatch(text):
        raise ConfigurationError(KEY_OPTION, "it is in words, of which nothing says which byte comes first", _ADVICE)
    if text and not _HEX.fullmatch(text):
        if re.fullmatch("[0-9a-fA-F]+", text):
            raise ConfigurationError(KEY_OPTION, "an odd number of hex digits", _ADVICE)
        raise ConfigurationError(KEY_OPTION, f"{text!r} is not hex and not {' or '.join(NAMED_KEYS)}", _ADVICE)
    return bytes.fromhex(text.replace(":", ""))
