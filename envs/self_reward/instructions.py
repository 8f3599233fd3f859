"""Instructions whose answers can be checked exactly, made from a seed.

The check is the audit: whether an answer is right is for people to know, and never reaches a reward. ``Kind.search``
tells where checking is easier than solving, which is where a model can be expected to judge better than it answers.
"""

from __future__ import annotations

import ast
import operator
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np

Given = Mapping[str, Any]
"""What an instruction is about, as JSON data."""

WORDS: Final = (
    "anchor apple autumn basket beacon blanket bottle branch bridge button candle canvas carpet castle cellar chimney "
    "circle copper corner cotton curtain dinner doctor dragon engine feather fiddle finger forest garden garlic hammer "
    "harbour hollow island jacket kettle ladder lantern leather lemon letter market meadow mirror morning mountain "
    "needle orchard oven paper parrot pebble pencil pepper pillow pocket potato rabbit river rocket saddle salmon "
    "school shadow shelter silver spider spring station summer tailor temple thunder ticket timber tunnel turnip "
    "valley velvet village violin wagon walnut whistle window winter wooden yellow"
).split()
NAMES: Final = "Ada Bo Cleo Dov Edda Finn Gus Hana Ivo June Kit Lena".split()
THINGS: Final = "boat kite lamp drum coat ring book cup flute clock".split()
COLOURS: Final = "red blue green white black yellow grey brown".split()
LONGEST: Final = 400
"""Characters of an answer that are looked at; a longer one is wrong."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How instructions of one kind are drawn at a level, told, checked and followed."""

    family: str
    draw: Callable[[np.random.Generator, int], dict[str, Any]]
    tell: Callable[[Given], str]
    right: Callable[[Given, str], bool]
    solve: Callable[[Given], str]
    search: bool = False
    """Whether checking an answer is easier than finding one."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, all of it public.

    Raises:
        ValueError: if the kind is unknown.
    """

    kind: str
    given: Given

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; the kinds are {', '.join(KINDS)}")

    @property
    def text(self) -> str:
        """As an actor and a judge read it."""
        return KINDS[self.kind].tell(self.given)

    def right(self, answer: str) -> bool:
        """Whether the answer does what was asked, and nothing else."""
        return len(answer) <= LONGEST and KINDS[self.kind].right(self.given, answer)

    def solve(self) -> str:
        """A right answer."""
        return KINDS[self.kind].solve(self.given)

    def public(self) -> dict[str, Any]:
        """As JSON data."""
        return {"kind": self.kind, "given": dict(self.given)}


def draw(rng: np.random.Generator, kinds: Sequence[str], *, level: int) -> Instruction:
    """An instruction of one of the kinds; levels from 1 on make the numbers larger and the lists longer."""
    kind = kinds[int(rng.integers(len(kinds)))]
    return Instruction(kind, KINDS[kind].draw(rng, level))


def split_of(instruction: Instruction) -> str:
    """What an instruction says, in whatever order, decides where it belongs: one in five to each test."""
    given = {name: sorted(told) if isinstance(told, list) else told for name, told in instruction.given.items()}
    if "facts" in given:
        given |= {"about": 0, "asked": 0}  # what is asked of the same facts belongs together
    told = Instruction(instruction.kind, given).text
    return {0: "test", 1: "validation"}.get(zlib.crc32(told.encode()) % 5, "train")


def draw_in(rng: np.random.Generator, kinds: Sequence[str], *, level: int, split: str) -> Instruction:
    """As ``draw``, of one split.

    Raises:
        ValueError: if none is found: the kinds have none of that split.
    """
    for _ in range(1000):
        found = draw(rng, kinds, level=level)
        if split_of(found) == split:
            return found
    raise ValueError(f"no instruction of {tuple(kinds)} at level {level} belongs to split {split!r}")


def spoil(instruction: Instruction, rng: np.random.Generator) -> str:
    """An answer that looks like a right one and is wrong."""
    right = instruction.solve()
    while True:
        found = _changed(right, rng)
        if not instruction.right(found):
            return found


def bare(text: str) -> str:
    """In lower case, without quotes, a full stop or blanks around."""
    return " ".join(text.split()).strip(" .\"'`*").lower()


def whole_numbers(text: str) -> list[int] | None:
    """The numbers that make up the whole text, divided by blanks, commas or plus signs; None if there is more in it."""
    parts = [part for part in re.split(r"[\s,+]+", bare(text)) if part]
    whole = parts and all(re.fullmatch(r"-?\d{1,9}", part, re.ASCII) for part in parts)
    return [int(part) for part in parts] if whole else None


def value(expression: str, x: int) -> int | None:
    """What an expression of ``x``, whole numbers, ``+ - *`` and brackets comes to; None if it is none, or says more."""
    if re.search(r"[^0-9x+\-*() \t]|[0-9]x", expression.strip()):
        return None
    try:
        tree = ast.parse(expression.strip(), mode="eval")
        return _value(tree.body, x)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


_OPERATORS: Final = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


def _value(node: ast.expr, x: int) -> int:
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool) and abs(number) < 10**6:
            return number
        case ast.Name(id="x"):
            return x
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, x)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _OPERATORS:
            return int(_OPERATORS[type(sign)](_value(left, x), _value(right, x)))
    raise ValueError(f"no arithmetic: {ast.dump(node)[:80]}")


def _changed(right: str, rng: np.random.Generator) -> str:
    """One thing in the text changed: a number, the order of two words, or of two letters."""
    numbers = list(re.finditer(r"\d+", right))
    if numbers:
        place = numbers[int(rng.integers(len(numbers)))]
        other = max(0, int(place[0]) + int(rng.choice([-10, -2, -1, 1, 2, 10])))
        return right[: place.start()] + str(other) + right[place.end() :]
    words = right.split()
    if len(words) > 1:
        del words[int(rng.integers(len(words)))]
        return " ".join(words)
    if rng.random() < 0.5 and len(right) > 1:
        place_ = int(rng.integers(len(right) - 1))
        return right[:place_] + right[place_ + 1] + right[place_] + right[place_ + 2 :]
    return str(rng.choice([*WORDS, *NAMES]))


def _draw_numbers(rng: np.random.Generator, count: int, *, most: int) -> list[int]:
    return [int(number) for number in rng.integers(1, most + 1, size=count)]


def _draw_pick(rng: np.random.Generator, level: int) -> dict[str, Any]:
    """Different numbers and the sum of two or three of them."""
    offered = sorted(
        {int(number) for number in rng.choice(np.arange(2, 20 + 20 * level), size=3 + level, replace=False)}
    )
    chosen = rng.choice(len(offered), size=2 + (level > 2), replace=False)
    return {"offered": offered, "total": sum(offered[int(place)] for place in chosen)}


def _pick_right(given: Given, answer: str) -> bool:
    said = whole_numbers(answer)
    if said is None or len(set(said)) < len(said):
        return False
    return set(said) <= set(given["offered"]) and sum(said) == given["total"]


def _solve_pick(given: Given) -> str:
    offered = given["offered"]
    for size in range(1, len(offered) + 1):
        for chosen in combinations(offered, size):
            if sum(chosen) == given["total"]:
                return " ".join(map(str, chosen))
    raise ValueError(f"no choice adds up: {dict(given)}")


def _draw_factors(rng: np.random.Generator, level: int) -> dict[str, Any]:
    first, second = rng.integers(2, 8 + 6 * level, size=2)
    return {"product": int(first * second)}


def _factors_right(given: Given, answer: str) -> bool:
    said = whole_numbers(answer)
    return said is not None and len(said) == 2 and min(said) > 1 and said[0] * said[1] == given["product"]


def _solve_factors(given: Given) -> str:
    product = given["product"]
    first = next(number for number in range(2, product) if product % number == 0)
    return f"{first} {product // first}"


def _draw_expression(rng: np.random.Generator, level: int) -> dict[str, Any]:
    factor, shift = int(rng.integers(1, 3 + level)), int(rng.integers(0, 5 * level))
    points = rng.choice(np.arange(2, 12), size=2, replace=False)
    return {"pairs": [[int(x), factor * int(x) + shift] for x in points]}


def _solve_expression(given: Given) -> str:
    (first, low), (second, high) = given["pairs"]
    factor = (high - low) // (second - first)
    shift = low - factor * first
    return f"{factor}*x" + (f"+{shift}" if shift > 0 else f"{shift}" if shift else "")


def _expression_right(given: Given, answer: str) -> bool:
    said = answer.strip().strip("`")
    return all(value(said, x) == y for x, y in given["pairs"])


def _draw_sentence(rng: np.random.Generator, level: int) -> dict[str, Any]:
    word, first = rng.choice(WORDS, size=2, replace=False)
    return {"count": 4 + int(rng.integers(level + 2)), "word": str(word), "first": str(first)[0].upper()}


def _sentence_right(given: Given, answer: str) -> bool:
    said = answer.strip()
    words = re.findall(r"[A-Za-z]+(?:['-][A-Za-z]+)*", said)
    form = said.endswith(".") and said.count(".") == 1 and "\n" not in said and said.startswith(given["first"])
    return form and len(words) == given["count"] == len(said.split()) and given["word"] in map(str.lower, words)


def _solve_sentence(given: Given) -> str:
    starts = {word[0].upper(): word for word in reversed([*WORDS, "quick", "old", "under", "ever", "new", "zebras"])}
    first = starts.get(given["first"], given["first"].lower()).capitalize()
    middle = ["and", "the", "a", "that", "one", "very", "good"]
    filling = [middle[place % len(middle)] for place in range(given["count"] - 2)]
    return " ".join([first, *filling, given["word"]]) + "."


def _draw_facts(rng: np.random.Generator, level: int) -> dict[str, Any]:
    count = min(2 + level, len(COLOURS))
    columns = (rng.permutation(some)[:count] for some in (NAMES, THINGS, COLOURS))
    facts = [[str(word) for word in row] for row in zip(*columns, strict=True)]
    return {"facts": facts, "about": int(rng.integers(len(facts))), "asked": int(rng.integers(3))}


def _tell_facts(given: Given) -> str:
    told = " ".join(f"{name} has a {colour} {thing}." for name, thing, colour in given["facts"])
    name, thing, _ = given["facts"][given["about"]]
    question = (f"Who has the {thing}?", f"What does {name} have?", f"What colour is the {thing} of {name}?")
    return f"{told} {question[given['asked']]} Reply with one word."


def _word_right(expected: str, answer: str) -> bool:
    return bare(answer) == expected.lower()


def _numbers_right(expected: Sequence[int], answer: str) -> bool:
    if len(expected) == 1 and re.fullmatch(r"-?\d{1,3}(?:,\d{3}){1,2}", bare(answer), re.ASCII):
        answer = answer.replace(",", "")
    return whole_numbers(answer) == list(expected)


def _arithmetic(sign: str, draw_: Callable[[np.random.Generator, int], list[int]], total: Callable[..., int]) -> Kind:
    def solve(given: Given) -> str:
        found = given["numbers"][0]
        for number in given["numbers"][1:]:
            found = total(found, number)
        return str(found)

    return Kind(
        "arithmetic",
        lambda rng, level: {"numbers": draw_(rng, level)},
        lambda given: f"What is {f' {sign} '.join(map(str, given['numbers']))}? Reply with the number alone.",
        lambda given, answer: _numbers_right([int(solve(given))], answer),
        solve,
    )


def _of_word(told: str, solve: Callable[[str], str]) -> Kind:
    return Kind(
        "strings",
        lambda rng, level: {"word": " ".join(str(word) for word in rng.choice(WORDS, size=max(1, level - 1)))},
        lambda given: told.format(given["word"]),
        lambda given, answer: _word_right(solve(given["word"]), answer),
        lambda given: solve(given["word"]),
    )


def _of_list(told: str, solve: Callable[[Sequence[int]], list[int]]) -> Kind:
    return Kind(
        "lists",
        lambda rng, level: {"numbers": _draw_numbers(rng, 3 + level, most=9 + 10 * (level - 1))},
        lambda given: told.format(" ".join(map(str, given["numbers"]))),
        lambda given, answer: _numbers_right(solve(given["numbers"]), answer),
        lambda given: " ".join(map(str, solve(given["numbers"]))),
    )


KINDS: Final[Mapping[str, Kind]] = {
    "sum": _arithmetic("+", lambda rng, level: _draw_numbers(rng, 2 + (level > 2), most=10**level), operator.add),
    "difference": _arithmetic(
        "-", lambda rng, level: sorted(_draw_numbers(rng, 2, most=10**level), reverse=True), operator.sub
    ),
    "product": _arithmetic("*", lambda rng, level: _draw_numbers(rng, 2, most=4 + 5 * level), operator.mul),
    "reverse": _of_word("Write {} backwards. Reply with the letters alone.", lambda word: word[::-1]),
    "vowels": _of_word(
        "Write {} without a, e, i, o and u. Reply with what is left.", lambda word: re.sub("[aeiou]", "", word)
    ),
    "sort": _of_list("Put in rising order: {}. Reply with the numbers alone.", sorted),
    "largest": _of_list("Which is the largest: {}? Reply with the number alone.", lambda some: [max(some)]),
    "distinct": _of_list(
        "Leave out every number that came before: {}. Reply with the numbers that stay.",
        lambda some: list(dict.fromkeys(some)),
    ),
    "facts": Kind(
        "closed world",
        _draw_facts,
        _tell_facts,
        lambda given, answer: _word_right(given["facts"][given["about"]][given["asked"]], answer),
        lambda given: given["facts"][given["about"]][given["asked"]],
    ),
    "sentence": Kind(
        "format",
        _draw_sentence,
        lambda given: (
            f"Write one sentence of exactly {given['count']} words that begins with the letter {given['first']}, has "
            f"the word {given['word']} in it, and ends with a full stop."
        ),
        _sentence_right,
        _solve_sentence,
        search=True,
    ),
    "pick": Kind(
        "search",
        _draw_pick,
        lambda given: (
            f"Which of the numbers {' '.join(map(str, given['offered']))} add up to {given['total']}? Use each at most "
            "once. Reply with these numbers alone."
        ),
        _pick_right,
        _solve_pick,
        search=True,
    ),
    "factors": Kind(
        "search",
        _draw_factors,
        lambda given: f"Which two whole numbers above 1 multiply to {given['product']}? Reply with the two numbers.",
        _factors_right,
        _solve_factors,
        search=True,
    ),
    "expression": Kind(
        "code",
        _draw_expression,
        lambda given: (
            "Write an expression of x, with whole numbers and + - * alone, that is "
            + " and ".join(f"{y} where x is {x}" for x, y in given["pairs"])
            + "."
        ),
        _expression_right,
        _solve_expression,
        search=True,
    ),
}
