"""The framework's dataset (arXiv 2403.11202, table 2) of one's own designs, each row with the proof that goes with it.

Completion comes first and what aligns code with words and faults after it, which is the paper's progressive training.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from selftaught.envs.hardware import making, mutations
from selftaught.envs.hardware.making import Made
from selftaught.envs.hardware.problems import Problem, judge
from selftaught.envs.hardware.prompts import chat, describing
from selftaught.types import Message

STAGES: Final = ("completion", "aligned")
"""In the order of training."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Rows of each design: ``holes`` of every kind of completion but the body, ``repairs`` proved faults of ``faults``.

    A fault or a hole that is drawn twice is one row. With ``lines`` a repair is told as the lines that change.
    """

    holes: int = 2
    repairs: int = 3
    faults: tuple[str, ...] = mutations.TAUGHT
    lines: bool = False

    def __post_init__(self) -> None:
        for name in ("holes", "repairs"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, not {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a chat whose reply is right, its kind, and what was proved of it.

    ``proof`` is *equal* where the reply was put in place, or a module was built from it by rule, and proved to do what
    the design does; and *recorded* for scripts whose calls are those of the flow. ``shown`` is how far the code comes
    that a repair starts from.
    """

    messages: tuple[Message, ...]
    stage: str
    kind: str
    form: str
    fault: str
    proof: str
    shown: str = ""

    def data(self) -> dict[str, Any]:
        """As instruction, input and output, and what is known of it."""
        instruction, given, output = (message.content for message in self.messages)
        return {
            "instruction": instruction,
            "input": given,
            "output": output,
            "stage": self.stage,
            "kind": self.kind,
            "form": self.form,
            "fault": self.fault,
            "proof": self.proof,
            "shown": self.shown,
        }


def rows_of(golden: str, random: np.random.Generator, amounts: Amounts) -> list[Row]:
    """All rows of a design that can be judged."""
    made = [making.completion(golden, random, "body")]
    made += [making.completion(golden, random, form) for form in making.HOLES[1:] for _ in range(amounts.holes)]
    repairs = (making.repair(golden, random, amounts.faults) for _ in range(amounts.repairs))
    made += [replace(one, problem=replace(one.problem, lines=amounts.lines)) for one in repairs if one is not None]
    made += [making.of_design("round_trip", golden, random)]
    found = {row.messages: row for one in made if one is not None for row in _proved(one)}
    if told := making.described(golden, random):
        messages = (*describing(Problem("describe", golden, (golden,), shown=golden)), Message("assistant", told))
        found[messages] = Row(messages, STAGES[1], "describe", "rule", "", "equal")
    return list(found.values())


def drawn_row(kind: str, random: np.random.Generator, *, level: int) -> list[Row]:
    """The row of a construction or of a flow script of the training split."""
    make = {"construct": making.constructed, "script": making.script}[kind]
    while True:
        made = make(random, level=level, split="train")
        if made is not None and (rows := list(_proved(made))):
            return rows


def statistics(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """How many rows there are of each stage, kind, form, fault and proof, and how long they are."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("stage", "kind", "form", "fault", "proof")}
    characters = total = 0
    for row in rows:
        total += 1
        characters += len(row["instruction"]) + len(row["input"]) + len(row["output"])
        for name, counter in counts.items():
            if row[name]:
                counter[row[name] if name != "form" else f"{row['kind']}/{row['form']}"] += 1
    named = {name: dict(sorted(counter.items())) for name, counter in counts.items()}
    return {"rows": total, **named, "characters": characters / total if total else 0.0}


def _proved(made: Made) -> Iterator[Row]:
    """The row of a problem whose right reply was judged right, which the prover must be able to show."""
    found = made.problem
    if judge(found, found.reply).rung == "equal":
        stage = STAGES[0] if found.kind == "complete" else STAGES[1]
        proof = "equal" if found.flow is None else "recorded"
        shown = found.floor if made.fault else ""
        messages = (*chat(found), Message("assistant", found.reply))
        yield Row(messages, stage, found.kind, made.form, made.fault, proof, shown)
