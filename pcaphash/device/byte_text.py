"""Bytes as people write them: hex digits in pairs, C arrays, lists of numbers, escaped strings."""

import re
from collections.abc import Sequence

_COMMENTS = re.compile(r"/\*.*?\*/|//[^\n]*|(?<!\S)#[^\n]*", re.DOTALL)
_ESCAPES = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
_STRINGS = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_PAIRS = re.compile(r"[0-9a-fA-F]{2}(?::?[0-9a-fA-F]{2})*")
_SEPARATORS = re.compile(r"[\s,;.-]+")
_BROKEN = re.compile(r":[ \t]*\r?\n\s*|\r?\n\s*:")  # by a terminal, before or after a colon
_LONGEST_WORD = 16  # hex digits of a 64-bit number
_SHOWN = 24


class BytesRefusal(ValueError):
    """Text that gives no bytes; says why, as the end of a sentence that starts with what the text is of."""


class WordsRefusal(BytesRefusal):
    """Text with numbers of several bytes each, whose byte order nothing tells.

    Parameters
    ----------
    words : list of str
        Their hex digits.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.high_first = bytes.fromhex("".join(words))
        """The bytes, if the high byte of each word comes first."""
        self.low_first = b"".join(bytes.fromhex(word)[::-1] for word in words)
        """The bytes, if the low byte does."""
        bits = 4 * len(words[0])
        super().__init__(f"is written in {bits}-bit words, and the byte order of the words is unknown")


def parse_bytes(text: str) -> bytes:
    r"""Return the bytes that a text gives.

    Parameters
    ----------
    text : str
        Hex digits, two for each byte, with or without blanks, colons, commas, dashes, ``0x`` or line breaks between
        bytes; an array in braces or brackets as in C, Python or JSON, whose numbers are decimal unless they start with
        ``0x``; or a string of ``\x6d\x5a``. Comments of C, and a declaration before an array, are ignored.

    Raises
    ------
    BytesRefusal
        It is none of these, or gives words of several bytes: single bytes have no byte order to doubt, words have.
    """
    if "\\x" in text:
        return _parse_escapes(text)
    plain = _COMMENTS.sub(" ", text).strip()
    array = re.search(r"\{([^{}\[\]]*)\}", plain) or re.search(r"\[([^\[\]]*)\][\s});]*$", plain)
    if array is None:
        strings = " ".join(double or single for double, single in _STRINGS.findall(plain))
        return _parse_digits(strings or plain)
    items = array[1].replace('"', " ").replace("'", " ").strip().strip(",").strip()
    numbers = re.split(r"\s*,\s*|\s+", items) if items else []
    if all(re.fullmatch(r"[0-9]{1,3}", number) for number in numbers) and '"' not in array[1]:
        return _parse_decimals(numbers)
    return _parse_digits(items)


def _parse_escapes(text: str) -> bytes:
    strings = [double or single for double, single in _STRINGS.findall(text)] or [text.strip()]
    digits = "".join(strings)
    if not _ESCAPES.fullmatch(digits):
        raise BytesRefusal("has characters besides \\x escapes")
    return bytes.fromhex(digits.replace("\\x", ""))


def _parse_decimals(numbers: Sequence[str]) -> bytes:
    large = next((number for number in numbers if int(number) > 255), None)
    if large is not None:
        raise BytesRefusal(f"contains {large}, but a byte is at most 255")
    return bytes(map(int, numbers))


def _parse_digits(text: str) -> bytes:
    """Return the bytes of hex digits, in whatever way they are put apart."""
    tokens = [token for token in _SEPARATORS.split(_BROKEN.sub(":", text)) if token]
    tokens = [part for token in tokens for part in (token.split(":") if "0x" in token.lower() else [token])]
    is_prefixed = [token[:2].lower() == "0x" for token in tokens]
    if tokens and all(is_prefixed):
        return _parse_prefixed([token[2:] for token in tokens])
    for token in tokens:
        if re.fullmatch("[0-9a-fA-F]+", token) and len(token) % 2:
            raise BytesRefusal(f"has {_shorten(token)!r}, an odd number of hex digits")
        if not _PAIRS.fullmatch(token):
            raise BytesRefusal(f"has {_shorten(token)!r}, which is not hex")
    _refuse_words(tokens)
    return bytes.fromhex("".join(tokens).replace(":", ""))


def _parse_prefixed(numbers: Sequence[str]) -> bytes:
    """Return the bytes of numbers that were written with 0x."""
    for digits in numbers:
        if not re.fullmatch("[0-9a-fA-F]+", digits):
            raise BytesRefusal(f"has '0x{_shorten(digits)}', which is not hex")
    if all(len(digits) <= 2 for digits in numbers):
        return bytes(int(digits, 16) for digits in numbers)
    if len(numbers) == 1 and len(numbers[0]) > _LONGEST_WORD:  # no number: bytes in a row, with 0x to say they are hex
        return _parse_digits(numbers[0])
    width = next(width for width in (4, 8, 16, max(map(len, numbers)) + 1) if max(map(len, numbers)) <= width)
    words = [digits.zfill(width + width % 2) for digits in numbers]
    refusal = WordsRefusal(words)
    if refusal.high_first != refusal.low_first:
        raise refusal
    return refusal.high_first


def _refuse_words(tokens: Sequence[str]) -> None:
    """Refuse groups of 4, 8 or 16 digits: they are numbers of several bytes each; longer ones are lines of bytes."""
    widths = {len(token) for token in tokens}
    if len(tokens) > 1 and ":" not in "".join(tokens) and len(widths) == 1 and widths <= {4, 8, 16}:
        refusal = WordsRefusal(tokens)
        if refusal.high_first != refusal.low_first:
            raise refusal


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
