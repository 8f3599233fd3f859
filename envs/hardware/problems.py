"""What is asked: a design with holes, or a script, and how far a reply comes (the ladder of rewards)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, get_args

from selftaught.envs.hardware import judging, scripts
from selftaught.envs.hardware.flows import Flow
from selftaught.envs.hardware.patches import patch, patched
from selftaught.envs.hardware.verdicts import UNPROVED, UNREFUTED, Verdict

Kind = Literal["repair", "complete", "round_trip", "construct", "script", "describe"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Rung = Literal["refused", "safe", "parsed", "elaborated", "connected", "driven", "simulated", "equal"]
PAY: Final[Mapping[Rung, float]] = {
    "refused": 0.0,
    "safe": 0.02,
    "parsed": 0.05,
    "elaborated": 0.1,
    "connected": 0.15,
    "driven": 0.2,
    "simulated": 0.5,
    "equal": 1.0,
}
"""What each rung is worth: the gate, the parser, the compiler, ports, drivers, agreement in every run, and proof."""
RUNGS: Final[tuple[Rung, ...]] = get_args(Rung)
MARK: Final = "<{}>"
"""A hole in the code; no bit select looks like it."""
LONGEST: Final = 1200
"""Characters of what the tools say."""

_FENCE: Final = re.compile(r"```[^\n`]*\n")
_ENDS: Final = re.compile(r"\b(?:end)?module\b")
_NUMBERED: Final = re.compile(r"[\[<]?(\d+)[\]>]?\s*[:.]\s?(.*)")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, whole: ``golden`` and ``answers`` are not for the one who answers.

    A reply fills the holes between ``pieces``; where the whole module is asked for there is one hole between nothing
    and nothing. ``told`` says in words what is wanted, ``shown`` is code to work on, ``said`` what the tools say of it.
    ``floor`` is the rung of ``shown`` as it is, or of no reply at all: only what is above it is paid. With ``lines``
    the reply names the lines of ``shown`` that change.
    """

    kind: Kind
    golden: str
    answers: tuple[str, ...]
    pieces: tuple[str, ...] = ("", "")
    told: str = ""
    shown: str = ""
    said: str = ""
    floor: Rung = "refused"
    flow: Mapping[str, Any] | None = None
    lines: bool = False

    @property
    def reply(self) -> str:
        """A right reply."""
        if self.lines:
            return patch(self.shown, self.golden)
        if len(self.answers) == 1:
            return self.answers[0].strip()
        return "\n".join(f"{number}: {answer}" for number, answer in enumerate(self.answers, 1))

    def public(self) -> dict[str, Any]:
        """As plain data for a task."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Judged:
    """A reply on the ladder, and what the tools say: the compiler's words, or a run in which the outputs differ."""

    rung: Rung
    said: str


def problem(public: Mapping[str, Any]) -> Problem:
    """A problem from a task's plain data, whose tuples may have become lists.

    Raises:
        ValueError: if it is none.
    """
    try:
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in public.items()
        }
        found = Problem(**given)
    except TypeError as error:
        raise ValueError(f"no hardware problem: {dict(public)} ({error})") from error
    whole = len(found.pieces) == len(found.answers) + 1 and (found.kind == "script") == (found.flow is not None)
    if found.kind not in KINDS or found.floor not in PAY or not whole:
        raise ValueError(f"no hardware problem: {dict(public)}")
    return found


def pay(found: Problem, rung: Rung) -> float:
    """What a rung is worth above the floor, from 0 to 1; 1 only for what is proved equal."""
    floor = PAY[found.floor]
    return max(PAY[rung] - floor, 0.0) / (1 - floor)


def judge(found: Problem, reply: str) -> Judged:
    """How far a reply comes. No text raises."""
    if found.flow is not None:
        score = scripts.judge(Flow.from_data(found.flow), reply)
        return Judged("equal" if score.function else "elaborated" if score.syntax else "safe", score.reason)
    candidate = filled(found, reply)
    if candidate is None:
        return Judged("refused", "there must be a numbered line for each hole, as in 1: text")
    verdict = judging.judged(found.golden, candidate)
    return Judged(rung_of(verdict), words_of(verdict))


def filled(found: Problem, reply: str) -> str | None:
    """The design that a reply makes; None if it does not fill every hole."""
    block = _block(reply)
    text = reply if block is None else block
    if found.lines:
        return patched(found.shown, text)
    fills: list[str | None]
    if len(found.answers) > 1:
        said = [_NUMBERED.fullmatch(line.strip()) for line in text.split("\n")]
        texts = {line[1]: line[2] for line in said if line}
        fills = [texts.get(str(number)) for number in range(1, len(found.answers) + 1)]
    elif any(found.pieces):
        fills = [text.strip()]
    else:
        fills = [_module(text) if block is None else text]
    parts = [found.pieces[0]]
    for fill, piece in zip(fills, found.pieces[1:], strict=True):
        if fill is None:
            return None
        parts += [fill, piece]
    return "".join(parts)


def _block(reply: str) -> str | None:
    """What stands in the first fenced block; linear time, as all reading of replies."""
    opening = _FENCE.search(reply)
    end = -1 if opening is None else reply.find("```", opening.end())
    return None if opening is None or end < 0 else reply[opening.end() : end]


def _module(text: str) -> str:
    """From the first ``module`` to the last ``endmodule``; the whole text where there are none."""
    words = list(_ENDS.finditer(text))
    start = next((word.start() for word in words if word[0] == "module"), -1)
    end = next((word.end() for word in reversed(words) if word[0] == "endmodule"), -1)
    return text[start:end] if 0 <= start < end else text


def rung_of(verdict: Verdict) -> Rung:
    """The rung of a verdict. What nobody could decide, or brought the judge to an end, counts as not compared."""
    match verdict.kind, verdict.stage:
        case "equal", _:
            return "equal"
        case "unknown", "drivers":
            return "connected"
        case "unknown", _:
            return "simulated" if verdict.reason in (UNPROVED, UNREFUTED) else "elaborated"
        case _, "text":
            return "refused"
        case _, "syntax":
            return "parsed" if verdict.parsed else "safe"
        case _, "ports":
            return "elaborated"
        case _, "drivers":
            return "connected"
    return "driven"


def words_of(verdict: Verdict) -> str:
    """What the tools say of a candidate, cut to a moderate length."""
    parts = [verdict.reason] if verdict.trace is None or verdict.stage == "drivers" else []
    text = "\n".join([*parts, verdict.trace.text()] if verdict.trace is not None else parts).strip()
    if len(text) <= LONGEST:
        return text
    # The end of a run says what differs, the beginning of complaints what is wrong first.
    return f"...\n{text[-LONGEST:]}" if verdict.trace is not None else f"{text[:LONGEST]}\n..."
