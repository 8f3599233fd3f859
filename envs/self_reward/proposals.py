"""Instructions that a model writes: what can be read back word for word, has an answer and is new is taken.

Answerability needs no label: an instruction that says what a known kind says can be followed and checked, whoever wrote
it. All others are refused and counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from selftaught.envs.self_reward.instructions import Instruction
from selftaught.envs.self_reward.state import ACTOR, PROPOSER
from selftaught.hidden import public_part
from selftaught.types import Episode, Message, Task

LONGEST: Final = 600
"""Characters of a proposal that are looked at; a longer one is refused."""
LARGEST: Final = 10**6
"""Number in a proposal."""

PROPOSE: Final = (
    "You write tasks. Below are some. Write one more that is like one of them in its form, word for word, but with "
    "other words or numbers in it, so that it has an answer. Reply with the new task alone, on one line."
)


def question(examples: Sequence[Instruction]) -> tuple[Message, ...]:
    """What the proposer is asked."""
    told = "\n".join(f"{place}. {example.text}" for place, example in enumerate(examples, start=1))
    return Message("system", PROPOSE), Message("user", told)


def read(text: str) -> Instruction | None:
    """The instruction that the text is, if it is one of a known kind and has an answer."""
    told = " ".join(text.split())
    if len(told) > LONGEST or any(int(number) > LARGEST for number in re.findall(r"[0-9]+", told)):
        return None
    for kind, (form, given) in _FORMS.items():
        found = form.fullmatch(told)
        if found is not None:
            proposed = _made(kind, given, found)
            if proposed is not None and proposed.text == told:
                return proposed
    return None


def settled(episode: Episode) -> Task | None:
    """The task with the instruction that was proposed in its game, if one was; None where it was refused.

    To whoever answers it next it is a task like any other.
    """
    proposed = episode.turns_of(PROPOSER)
    if not proposed:
        return episode.task
    found = read(public_part(proposed[0].reply.text)) if episode.turns_of(ACTOR) else None
    return None if found is None else Task(episode.task.id, found.public(), {"instruction": found.public()})


def _made(kind: str, given: Callable[[re.Match[str]], dict[str, Any]], found: re.Match[str]) -> Instruction | None:
    """The instruction, if it can be followed."""
    try:
        proposed = Instruction(kind, given(found))
        return proposed if proposed.right(proposed.solve()) else None
    except (ValueError, LookupError, StopIteration, ArithmeticError):
        return None


def _form(pattern: str) -> re.Pattern[str]:
    """The pattern as it stands, with ``#`` for a number, ``##`` for several and ``@`` for words of small letters."""
    numbers, number, words = r"([0-9]+(?: [0-9]+){1,11})", r"([0-9]+)", r"([a-z]{2,20}(?: [a-z]{2,20}){0,3})"
    told = re.escape(pattern).replace(r"\#\#", numbers).replace(r"\#", number)
    return re.compile(told.replace("@", words))


def _numbers(found: re.Match[str]) -> dict[str, Any]:
    return {"numbers": [int(number) for number in re.findall("[0-9]+", found[1])]}


def _word(found: re.Match[str]) -> dict[str, Any]:
    return {"word": found[1]}


def _arithmetic(sign: str) -> tuple[re.Pattern[str], Callable[[re.Match[str]], dict[str, Any]]]:
    several = rf"What is ([0-9]+(?: {re.escape(sign)} [0-9]+){{1,3}})\? Reply with the number alone\."
    return re.compile(several), _numbers


def _facts(found: re.Match[str]) -> dict[str, Any]:
    """Whatever is told once of everybody, and what is asked of it."""
    facts = [[name, thing, colour] for name, colour, thing in re.findall(r"(\w+) has a (\w+) (\w+)\.", found[1])]
    names, things = [fact[0] for fact in facts], [fact[1] for fact in facts]
    if len(set(names)) < len(names) or len(set(things)) < len(things):
        raise ValueError("the same twice")
    if found["thing"]:
        return {"facts": facts, "about": things.index(found["thing"]), "asked": 0}
    if found["name"]:
        return {"facts": facts, "about": names.index(found["name"]), "asked": 1}
    return {"facts": facts, "about": names.index(found["owner"]), "asked": 2}


def _expression(found: re.Match[str]) -> dict[str, Any]:
    y_1, x_1, y_2, x_2 = (int(number) for number in found.groups())
    return {"pairs": [[x_1, y_1], [x_2, y_2]]}


_FORMS: Final[Mapping[str, tuple[re.Pattern[str], Callable[[re.Match[str]], dict[str, Any]]]]] = {
    "sum": _arithmetic("+"),
    "difference": _arithmetic("-"),
    "product": _arithmetic("*"),
    "reverse": (_form("Write @ backwards. Reply with the letters alone."), _word),
    "vowels": (_form("Write @ without a, e, i, o and u. Reply with what is left."), _word),
    "sort": (_form("Put in rising order: ##. Reply with the numbers alone."), _numbers),
    "largest": (_form("Which is the largest: ##? Reply with the number alone."), _numbers),
    "distinct": (
        _form("Leave out every number that came before: ##. Reply with the numbers that stay."),
        _numbers,
    ),
    "facts": (
        re.compile(
            r"((?:[A-Z][a-z]+ has a [a-z]+ [a-z]+\. ?){1,8}) ?(?:Who has the (?P<thing>[a-z]+)\?|What does "
            r"(?P<name>[A-Z][a-z]+) have\?|What colour is the [a-z]+ of (?P<owner>[A-Z][a-z]+)\?) Reply with one word\."
        ),
        _facts,
    ),
    "sentence": (
        re.compile(
            r"Write one sentence of exactly ([0-9]{1,2}) words that begins with the letter ([A-Z]), has the word "
            r"([a-z]{2,20}) in it, and ends with a full stop\."
        ),
        lambda found: {"count": int(found[1]), "first": found[2], "word": found[3]},
    ),
    "pick": (
        _form("Which of the numbers ## add up to #? Use each at most once. Reply with these numbers alone."),
        lambda found: {"offered": [int(number) for number in found[1].split()], "total": int(found[2])},
    ),
    "factors": (
        _form("Which two whole numbers above 1 multiply to #? Reply with the two numbers."),
        lambda found: {"product": int(found[1])},
    ),
    "expression": (
        _form(
            "Write an expression of x, with whole numbers and + - * alone, that is # where x is # and # where x is #."
        ),
        _expression,
    ),
}
