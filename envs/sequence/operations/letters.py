"""Operations on the letters of a text: from a text to a text."""

from __future__ import annotations

import re
import string
from typing import Any, Final

import numpy as np

from selftaught.envs.sequence.operation import Draw, Operation, no_arguments

VOWELS: Final = "aeiou"
LETTERS: Final = string.ascii_lowercase


def shifted(text: str, by: int) -> str:
    """Every letter moved on in the alphabet, round its end; others stay."""
    turned = LETTERS[by % 26 :] + LETTERS[: by % 26]
    return text.translate(str.maketrans(LETTERS + LETTERS.upper(), turned + turned.upper()))


def at_least_1(n: int) -> int:
    """The number itself.

    Raises:
        ValueError: if it is below 1: there is nothing to take.
    """
    if n < 1:
        raise ValueError(f"{n} of something is nothing")
    return n


def _draw_count(random: np.random.Generator, value: str) -> dict[str, Any]:
    return {"n": int(random.integers(2, max(3, min(9, len(value)))))}


def _draw_letter(random: np.random.Generator, value: str) -> dict[str, Any]:
    present = sorted({letter for letter in value.lower() if letter in LETTERS})
    return {"letter": str(random.choice(present or list(LETTERS)))}


def _draw_two(random: np.random.Generator, value: str) -> dict[str, Any]:
    letter = str(random.choice(sorted({letter for letter in value if letter in LETTERS})))
    return {"letter": letter, "other": str(random.choice([other for other in LETTERS if other != letter]))}


def _of(id: str, family: str, wordings: tuple[str, ...], apply: Any, draw: Draw = no_arguments) -> Operation:
    return Operation(id, family, "text", "text", wordings, apply, draw)


OPERATIONS: Final = (
    _of("repeat", "repeat", ("Repeat {of}.", "Write {of} again, as it is.", "Copy {of}."), lambda value: value),
    _of(
        "reverse",
        "letters",
        (
            "Write {of} backwards.",
            "Reverse the order of the characters of {of}.",
            "Turn {of} round, last character first.",
        ),
        lambda value: value[::-1].strip(),
    ),
    _of("upper", "letters", ("Write {of} in capitals.", "Put {of} in capital letters."), str.upper),
    _of("lower", "letters", ("Write {of} in small letters.", "Put {of} in small letters throughout."), str.lower),
    _of(
        "title",
        "letters",
        ("Begin every word of {of} with a capital.", "Make the first letter of each word of {of} a capital."),
        lambda value: re.sub(r"(^|\s)([^\w\s]*)(\w)", lambda found: found[1] + found[2] + found[3].upper(), value),
    ),
    _of(
        "swap_case",
        "letters",
        ("Exchange capital and small letters in {of}.", "Make capitals of the small letters of {of}, and the reverse."),
        str.swapcase,
    ),
    _of(
        "no_vowels",
        "letters",
        ("Leave the vowels out of {of}.", "Write {of} without a, e, i, o and u."),
        lambda value: " ".join("".join(c for c in value if c.lower() not in VOWELS).split()),
    ),
    _of(
        "no_spaces",
        "letters",
        ("Leave the spaces out of {of}.", "Write {of} without spaces."),
        lambda value: value.replace(" ", ""),
    ),
    _of(
        "remove_letter",
        "letters",
        (
            "Leave every {letter}, small or capital, out of {of}.",
            "Write {of} without the letter {letter}, small or capital.",
        ),
        lambda value, letter: " ".join(value.replace(letter, "").replace(letter.upper(), "").split()),
        _draw_letter,
    ),
    _of(
        "replace_letter",
        "replace",
        ("Replace every small {letter} in {of} by {other}.", "In {of}, write {other} for each small {letter}."),
        lambda value, letter, other: value.replace(letter, other),
        _draw_two,
    ),
    _of(
        "first_letters",
        "letters",
        ("Take the first {n} characters of {of}.", "Keep only the first {n} characters of {of}."),
        lambda value, n: value[: at_least_1(n)].strip(),
        _draw_count,
    ),
    _of(
        "last_letters",
        "letters",
        ("Take the last {n} characters of {of}.", "Keep only the last {n} characters of {of}."),
        lambda value, n: value[-at_least_1(n) :].strip(),
        _draw_count,
    ),
    _of(
        "every_second",
        "letters",
        (
            "Keep every second character of {of}, from the first on.",
            "Leave out the 2nd, 4th, 6th ... character of {of}.",
        ),
        lambda value: value[::2].strip(),
    ),
    _of(
        "double",
        "letters",
        ("Write every letter of {of} twice.", "Double each letter of {of}."),
        lambda value: "".join(c * 2 if c.isalpha() else c for c in value),
    ),
    _of(
        "caesar",
        "ciphers",
        ("Move every letter of {of} on by {n} in the alphabet.", "Shift the letters of {of} by {n}, z going on to a."),
        lambda value, n: shifted(value, n),
        lambda random, value: {"n": int(random.integers(1, 6))},
    ),
    _of(
        "rot13",
        "ciphers",
        ("Move every letter of {of} half the alphabet on.", "Write {of} in ROT13."),
        lambda value: shifted(value, 13),
    ),
    _of(
        "atbash",
        "ciphers",
        ("In {of}, write z for a, y for b, and so on.", "Mirror the alphabet in {of}: a for z, b for y and so on."),
        lambda value: value.translate(str.maketrans(LETTERS + LETTERS.upper(), LETTERS[::-1] + LETTERS[::-1].upper())),
    ),
    _of(
        "quote",
        "format",
        ("Put {of} in double quotes.", "Write {of} between double quotes."),
        lambda value: f'"{value}"',
    ),
    _of(
        "brackets",
        "format",
        ("Put {of} in square brackets.", "Write {of} in square brackets."),
        lambda value: f"[{value}]",
    ),
    _of(
        "prefix",
        "format",
        ("Write {word}: and a space before {of}.", "Put {word}: and a space in front of {of}."),
        lambda value, word: f"{word}: {value}",
        lambda random, value: {"word": str(random.choice(["answer", "result", "note", "final"]))},
    ),
    _of(
        "exclaim",
        "format",
        ("Put an exclamation mark after {of}.", "Add an exclamation mark at the end of {of}."),
        lambda value: f"{value}!",
    ),
)
