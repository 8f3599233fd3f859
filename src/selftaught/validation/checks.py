"""All checks of a game, in order, and what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter

from selftaught.validation import contract, earning, randomness, repeating, sealed, streams, views
from selftaught.validation.subject import Fault, Finding, Skip, Subject, told


@dataclass(frozen=True, slots=True)
class Check:
    """One promise of a game: ``run`` says what it saw, or raises; it says something only where ``needs`` passed."""

    name: str
    run: Callable[[Subject], str]
    remedy: str
    needs: tuple[str, ...] = ()


CHECKS = (
    Check("protocol", contract.protocol, "see selftaught.types.Game, and Entry for who plays"),
    Check("tasks", streams.stream, "draw tasks from numpy.random.default_rng(seed), in an endless loop", ("protocol",)),
    Check(
        "plain",
        streams.plain,
        "put only None, bool, int, float, str, tuples, lists and dicts with text keys into tasks",
        ("tasks",),
    ),
    Check("play", contract.play, "let ask give None after some turns, whatever was said", ("tasks",)),
    Check("outcome", contract.outcome, contract.PAY, ("play",)),
    Check(
        "randomness",
        randomness.randomness,
        "draw from the generator that start is given, players from numpy.random.default_rng(ask.seed)",
        ("play",),
    ),
    Check(
        "determinism",
        repeating.determinism,
        "let nothing depend on time, on hash(), on the order of sets, or on random numbers of one's own",
        ("plain", "outcome", "randomness"),
    ),
    Check(
        "purity",
        contract.purity,
        "keep all that changes in the state, and give a new one instead of changing it",
        ("determinism",),
    ),
    Check(
        "isolation",
        repeating.isolation,
        "keep nothing in the game object, its class or its module that play changes",
        ("purity",),
    ),
    Check(
        "sealed",
        sealed.sealed,
        "let metrics alone read task.sealed, with .get, and keep nothing of it",
        ("isolation",),
    ),
    Check(
        "replay",
        repeating.replay,
        "let start make the state of public and rng alone, and keep nothing from tasks",
        ("sealed",),
    ),
    Check("knowledge", sealed.knowledge, "put into view only what the messages tell, too", ("purity",)),
    Check("hostile", earning.hostile, "read replies by code that stands any text, of any length", ("outcome",)),
    Check("oracle", earning.oracle, "pay who is right in full, and nobody else", ("outcome",)),
    Check(
        "gymnasium",
        views.gymnasium_view,
        "let every seat come to act beside the default players; see SeatEnv",
        ("sealed",),
    ),
    Check("pettingzoo", views.pettingzoo_view, "see AecView", ("sealed",)),
    Check("throughput", views.throughput, "let tasks never end, and no call raise", ("outcome",)),
)
"""All checks, in an order in which each comes after those that it needs."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding a check, as they come; a check whose needs were not met is skipped."""
    missed: set[str] = set()
    for check in CHECKS:
        lacking = [name for name in check.needs if name in missed]
        if lacking:
            found = Finding(check.name, "skipped", f"says nothing before {' and '.join(lacking)} pass")
        else:
            found = checked(subject, check)
        if lacking or found.status == "failed":
            missed.add(check.name)
        yield found


def checked(subject: Subject, check: Check) -> Finding:
    """What one check finds."""
    began = perf_counter()
    try:
        found = Finding(check.name, "passed", check.run(subject))
    except Skip as skip:
        found = Finding(check.name, "skipped", str(skip))
    except Fault as fault:
        found = Finding(check.name, "failed", str(fault), fault.example, fault.remedy or check.remedy)
    except (Exception, SystemExit) as error:  # whatever the user's code raises where no call of it was watched
        found = Finding(check.name, "failed", told(error), subject.code(), check.remedy)
    return Finding(found.check, found.status, found.said, found.example, found.remedy, perf_counter() - began)
