"""Operations on the words of a text or of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from selftaught.envs.sequence.operation import Draw, Operation, no_arguments
from selftaught.envs.sequence.operations.letters import at_least_1

GLOSSARY: Final = {
    "red": "rubo", "blue": "azim", "green": "verla", "cat": "mio", "dog": "baro", "bird": "ciri", "house": "kasa",
    "river": "fluma", "tree": "arbi", "bread": "pano", "stone": "petra", "old": "velu", "new": "nova", "small": "pico",
    "big": "grano", "boat": "navi", "road": "vega", "light": "lumo", "water": "aqui", "moon": "luna",
}  # fmt: skip
"""A language of twenty words."""


def plain(value: str | tuple[str, ...]) -> list[str]:
    """The words, if they are letters and digits alone: of others it is open where a word ends.

    Raises:
        ValueError: if they are not.
    """
    words = value.split() if isinstance(value, str) else list(value)
    if not all(word.isalnum() for word in words):
        raise ValueError(f"more than words: {words}")
    return words


def initials(value: str) -> str:
    """The first letters, in capitals."""
    return "".join(word[0] for word in plain(value)).upper()


def translated(value: str, glossary: str) -> str:
    """Every word of the glossary by its other word; others stay."""
    pairs = dict(pair.split(" = ") for pair in glossary.split(", "))
    return " ".join(pairs.get(word, word) for word in plain(value))


def _draw_word(random: np.random.Generator, value: str | tuple[str, ...]) -> dict[str, Any]:
    words = sorted({word for word in _words(value) if word.isalpha() and word.islower()})
    if not words:
        raise ValueError("no word")
    return {"word": str(random.choice(words))}


def _draw_two(random: np.random.Generator, value: str | tuple[str, ...]) -> dict[str, Any]:
    word = _draw_word(random, value)["word"]
    return {"word": word, "instead": str(random.choice([other for other in GLOSSARY if other != word]))}


def _draw_glossary(random: np.random.Generator, value: str) -> dict[str, Any]:
    known = [word for word in dict.fromkeys(value.split()) if word in GLOSSARY]
    if not known:
        raise ValueError("no word of the glossary")
    others = [word for word in GLOSSARY if word not in known]
    chosen = [*known[:4], *(str(word) for word in random.choice(others, size=2, replace=False))]
    order = [chosen[int(place)] for place in random.permutation(len(chosen))]
    return {"glossary": ", ".join(f"{word} = {GLOSSARY[word]}" for word in order)}


def _draw_length(random: np.random.Generator, value: str | tuple[str, ...]) -> dict[str, Any]:
    lengths = sorted(len(word) for word in _words(value))
    return {"n": int(lengths[int(random.integers(len(lengths)))])}


def _draw_count(random: np.random.Generator, value: str | tuple[str, ...]) -> dict[str, Any]:
    return {"n": int(random.integers(1, max(2, len(_words(value)))))}


def _draw_initial(random: np.random.Generator, value: str | tuple[str, ...]) -> dict[str, Any]:
    letters = sorted({letter for word in _words(value) for letter in word if letter.isalpha() and letter.islower()})
    if not letters:
        raise ValueError("no letter")
    return {"letter": str(random.choice(letters))}


def _words(value: str | tuple[str, ...]) -> list[str]:
    return value.split() if isinstance(value, str) else list(value)


def _of_list(
    id: str, wordings: tuple[str, ...], apply: Callable[..., Any], draw: Draw = no_arguments, *, family: str = "words"
) -> tuple[Operation, Operation]:
    """The same for the words of a text and for the words of a list."""
    of_text = tuple(wording.format_map(_Gaps(thing="the words of {of}")) for wording in wordings)
    of_list = tuple(wording.format_map(_Gaps(thing="the words in {of}")) for wording in wordings)
    return (
        Operation(
            f"{id}_in_text",
            family,
            "text",
            "text",
            of_text,
            lambda value, **given: " ".join(apply(plain(value), **given)),
            draw,
        ),
        Operation(
            f"{id}_in_list",
            family,
            "words",
            "words",
            of_list,
            lambda value, **given: tuple(apply(plain(value), **given)),
            draw,
        ),
    )


class _Gaps(dict[str, str]):
    """Fills what it knows and leaves the other gaps as they are."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


OPERATIONS: Final = (
    *_of_list(
        "reversed",
        ("Put {thing} in the reverse order.", "Give {thing} from the last to the first."),
        lambda words: words[::-1],
    ),
    *_of_list(
        "sorted",
        ("Put {thing} in the order of the alphabet.", "Sort {thing} from a to z."),
        lambda words: sorted(words, key=lambda word: (word.lower(), word)),
        family="sort",
    ),
    *_of_list(
        "by_length",
        (
            "Sort {thing} by length, shortest first; equals stay in order.",
            "Put {thing} in rising order of length, equals as they stand.",
        ),
        lambda words: sorted(words, key=len),
        family="sort",
    ),
    *_of_list(
        "distinct",
        ("Of {thing}, keep each only where it comes first.", "Drop from {thing} whatever stood there already."),
        lambda words: list(dict.fromkeys(words)),
        family="filter",
    ),
    *_of_list(
        "longer",
        (
            "Keep those of {thing} that have more than {n} characters.",
            "Of {thing}, leave out all of {n} characters or fewer.",
        ),
        lambda words, n: [word for word in words if len(word) > n],
        _draw_length,
        family="filter",
    ),
    *_of_list(
        "containing",
        (
            "Keep those of {thing} that have a small {letter} in them.",
            "Of {thing}, leave out all without a small {letter}.",
        ),
        lambda words, letter: [word for word in words if letter in word],
        _draw_initial,
        family="filter",
    ),
    *_of_list(
        "first",
        ("Take the first {n} of {thing}.", "Of {thing}, keep only the first {n}."),
        lambda words, n: words[: at_least_1(n)],
        _draw_count,
        family="extract",
    ),
    *_of_list(
        "last",
        ("Take the last {n} of {thing}.", "Of {thing}, keep only the last {n}."),
        lambda words, n: words[-at_least_1(n) :],
        _draw_count,
        family="extract",
    ),
    *_of_list(
        "without",
        ("Leave {word} out of {thing}.", "Of {thing}, keep all that are not {word}."),
        lambda words, word: [one for one in words if one != word],
        _draw_word,
        family="filter",
    ),
    *_of_list(
        "instead",
        ("Among {thing}, put {instead} in the place of {word}.", "In {thing}, replace {word} by {instead}."),
        lambda words, word, instead: [instead if one == word else one for one in words],
        _draw_two,
        family="replace",
    ),
    Operation(
        "translate",
        "translate",
        "text",
        "text",
        ("With {glossary}, translate {of}.", "Translate {of} by this glossary: {glossary}."),
        translated,
        _draw_glossary,
    ),
    Operation(
        "split",
        "extract",
        "text",
        "words",
        ("List the words of {of}, with commas.", "Make a list of the words of {of}."),
        lambda value: tuple(plain(value)),
    ),
    Operation(
        "join",
        "format",
        "words",
        "text",
        ("Join {of} with hyphens.", "Write {of} as one, with hyphens between."),
        "-".join,
    ),
    Operation(
        "spaced",
        "format",
        "words",
        "text",
        ("Write {of} without commas.", "Put {of} in one line, with spaces alone."),
        " ".join,
    ),
    Operation(
        "acronym",
        "extract",
        "text",
        "text",
        (
            "Take the first letter of each word of {of}, in capitals, without spaces.",
            "Make a word of the initials of {of}, in capitals.",
        ),
        initials,
    ),
    Operation(
        "longest",
        "extract",
        "words",
        "text",
        ("Give the longest of {of}, the first of equals.", "Which is the longest in {of}? Of equals the first."),
        lambda value: max(value, key=len),
    ),
    Operation(
        "shortest",
        "extract",
        "words",
        "text",
        ("Give the shortest of {of}, the first of equals.", "Which is the shortest in {of}? Of equals the first."),
        lambda value: min(value, key=len),
    ),
    Operation(
        "lengths",
        "count",
        "words",
        "numbers",
        ("Give the number of characters of each in {of}.", "How many characters has each in {of}?"),
        lambda value: tuple(len(word) for word in value),
    ),
)
