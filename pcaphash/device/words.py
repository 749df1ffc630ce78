"""Words and whole numbers as users give them, and the errors that help with wrong ones."""

import operator
import re
from collections.abc import Iterable
from typing import SupportsIndex, TypeGuard, cast

from pcaphash.errors import ConfigurationError, Field

Numbers = str | Iterable[SupportsIndex]
"""Whole numbers; in text, decimal and separated by commas or spaces."""

_DECIMAL = re.compile("[0-9]{1,20}")
_SEPARATOR = re.compile(r"\s*,\s*|\s+")

NO_LIMIT = 2**63 - 1
"""The largest number that is ever counted to: as a limit, it is none that a reader needs to know."""


def unknown_word(place: Field | str, word: str, known: Iterable[str], rule: str = "") -> ConfigurationError:
    """Return the error for a word that is not known, with the nearest known one as advice.

    Parameters
    ----------
    place : Field or str
        Where the word was given.
    word : str
        The word.
    known : iterable of str
        The words that are known there.
    rule : str
        Whose words these are, such as ``a hash type of draft v7``.
    """
    import difflib

    by_lower_case = {name.lower(): name for name in known}
    nearest = difflib.get_close_matches(word.lower(), by_lower_case, n=1, cutoff=0.5)
    advice = f"did you mean {by_lower_case[nearest[0]]}?" if nearest else f"use {', '.join(by_lower_case.values())}"
    return ConfigurationError(place, f"{word!r} is not {rule or 'known'}", advice)


def parse_number(place: Field | str, value: SupportsIndex, least: int, most: int, rule: object) -> int:
    """Return a whole number between ``least`` and ``most``.

    Raises
    ------
    ConfigurationError
        It is not a whole number, or out of range; the text of ``rule`` says what the range comes from.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ConfigurationError(place, f"{value!r} is not a whole number", _range_text(least, most))
    number = operator.index(value)
    if not least <= number <= most:
        raise ConfigurationError(place, f"{number} is out of range: {rule}", _range_text(least, most))
    return number


def _range_text(least: int, most: int) -> str:
    return f"give {least} or more" if most == NO_LIMIT else f"give one from {least} to {most}"


def parse_numbers(place: Field | str, value: Numbers, least: int, most: int, rule: object) -> tuple[int, ...]:
    """Return whole numbers between ``least`` and ``most``, in the order given.

    Raises
    ------
    ConfigurationError
        One of them is not a whole number, or out of range; the text of ``rule`` says what the range comes from.
    """
    if isinstance(value, bytes | bytearray) or not isinstance(value, Iterable):
        raise ConfigurationError(place, f"{value!r} is not a list of whole numbers", "give several, such as 0,1,2,3")
    values = _numbers_of_text(place, value) if isinstance(value, str) else tuple(value)
    if _are_between(values, least, most):
        return values
    return tuple(parse_number(place, number, least, most, rule) for number in values)


def parse_choice(place: Field | str, value: str, known: Iterable[str]) -> str:
    """Return one of several words, as it is known.

    Raises
    ------
    ConfigurationError
        It is none of them.
    """
    words = tuple(known)
    if not isinstance(value, str):
        raise ConfigurationError(place, f"{value!r} is not text", f"use one of {', '.join(map(repr, words))}")
    if value.strip().lower() not in words:
        raise unknown_word(place, value, words)
    return value.strip().lower()


def _are_between(values: tuple[object, ...], least: int, most: int) -> TypeGuard[tuple[int, ...]]:
    """Tell of all values at once, since tables can be long, whether they are plain whole numbers in a range."""
    if set(map(type, values)) != {int}:
        return False
    numbers = cast(tuple[int, ...], values)
    return least <= min(numbers) and max(numbers) <= most


def _numbers_of_text(place: Field | str, text: str) -> tuple[int, ...]:
    words = _SEPARATOR.split(text.strip()) if text.strip() else []
    return tuple(_number_of_text(place, word) for word in words)


def _number_of_text(place: Field | str, word: str) -> int:
    if not word:
        raise ConfigurationError(place, "a number is missing beside a comma", "give one number between two commas")
    if not _DECIMAL.fullmatch(word):
        raise ConfigurationError(
            place, f"{word!r} is not a whole number", "give decimal numbers separated by commas, such as 0,1,2,3"
        )
    return int(word)
