"""Operations that count or measure: whatever they take, a number comes out."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from selftaught.envs.sequence.operation import Draw, Operation, no_arguments
from selftaught.envs.sequence.operations.words import plain
from selftaught.envs.sequence.values import Kind


def _draw_letter(random: np.random.Generator, value: str) -> dict[str, Any]:
    present = sorted({letter for letter in value if letter.isalpha() and letter.islower() and letter.isascii()})
    return {"letter": str(random.choice(present or ["e"]))}


def _draw_bound(random: np.random.Generator, value: tuple[int, ...]) -> dict[str, Any]:
    return {"n": max(0, min(9999, int(random.choice(value))))}


def _of(
    id: str, takes: Kind, wordings: tuple[str, ...], apply: Any, draw: Draw = no_arguments, *, family: str = "count"
) -> Operation:
    return Operation(id, family, takes, "number", wordings, apply, draw)


OPERATIONS: Final = (
    _of(
        "count_words",
        "text",
        ("Count the words of {of}.", "How many words has {of}?"),
        lambda value: len(plain(value)),
    ),
    _of(
        "count_letters",
        "text",
        ("Count the letters of {of}, letters alone.", "How many letters has {of}, other characters left out?"),
        lambda value: sum(c.isalpha() for c in value),
    ),
    _of(
        "count_vowels",
        "text",
        ("Count the vowels of {of}.", "How many of a, e, i, o and u has {of}?"),
        lambda value: sum(c.lower() in "aeiou" for c in value),
    ),
    _of(
        "count_letter",
        "text",
        (
            "How often does {letter} stand in {of}, small or capital?",
            "Count the letter {letter} in {of}, small or capital.",
        ),
        lambda value, letter: value.lower().count(letter),
        _draw_letter,
    ),
    _of("count_items", "words", ("How many words are in {of}?", "Count the words in {of}."), len),
    _of("count_numbers", "numbers", ("How many numbers are in {of}?", "Count the numbers in {of}."), len),
    _of("sum", "numbers", ("Add up {of}.", "What is the sum of {of}?"), sum, family="arithmetic"),
    _of(
        "largest",
        "numbers",
        ("Give the largest of {of}.", "Which is the largest number in {of}?"),
        max,
        family="extract",
    ),
    _of("least", "numbers", ("Give the least of {of}.", "Which is the least number in {of}?"), min, family="extract"),
    _of(
        "range",
        "numbers",
        ("Take the least of {of} from the largest.", "How far is the largest of {of} above the least?"),
        lambda value: max(value) - min(value),
        family="arithmetic",
    ),
    _of(
        "count_above",
        "numbers",
        ("How many numbers in {of} are above {n}?", "Count the numbers above {n} in {of}."),
        lambda value, n: sum(number > n for number in value),
        _draw_bound,
    ),
    _of(
        "first_number",
        "numbers",
        ("Give the first number of {of}.", "Which number comes first in {of}?"),
        lambda value: value[0],
        family="extract",
    ),
    _of(
        "last_number",
        "numbers",
        ("Give the last number of {of}.", "Which number comes last in {of}?"),
        lambda value: value[-1],
        family="extract",
    ),
)
