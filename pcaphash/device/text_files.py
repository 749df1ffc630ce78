"""Text in files as people have it: UTF-8, or UTF-16 where Windows PowerShell wrote it, with or without a mark."""

import codecs
from io import BufferedReader, TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gzip import GzipFile

_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def is_text(data: bytes) -> bool:
    """Tell text from bytes that stand for themselves: it can be decoded, and has nothing but characters and blanks."""
    try:
        return all(each.isprintable() or each.isspace() for each in decode(data))
    except UnicodeDecodeError:
        return False


def encoding_of(start: bytes) -> str:
    """Return the encoding of a text by its first bytes."""
    return "utf-16" if start.startswith(_UTF_16_MARKS) else "utf-8-sig"


def decode(data: bytes, errors: str = "strict") -> str:
    """Return a text without its byte order mark; ``errors`` is that of ``bytes.decode``.

    Raises
    ------
    UnicodeDecodeError
        It is not in its encoding, and errors are strict.
    """
    return data.decode(encoding_of(data), errors)


def open_text(stream: "BufferedReader | GzipFile", errors: str = "strict", newline: str | None = None) -> TextIOWrapper:
    """Return a stream of text over a stream of bytes, which may be a pipe; it closes both."""
    return TextIOWrapper(stream, encoding=encoding_of(stream.peek(2)), errors=errors, newline=newline)
