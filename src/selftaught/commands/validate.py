"""``selftaught validate``: does a game keep its promises?"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from selftaught.commands.casting import settings_of
from selftaught.progress import Meter
from selftaught.types import Player, Seat

if TYPE_CHECKING:
    from selftaught.validation import Finding, Subject


@dataclass(frozen=True)
class Validate:
    """Check a game: contract, determinism, isolation, replay, sealed halves, hostile text, oracle, views, speed.

    Ends with code 0 if every check passes, 1 if one fails, 2 if the game cannot be loaded.
    """

    game: tyro.conf.Positional[Annotated[str | None, tyro.conf.arg(metavar="GAME")]] = None
    """MODULE:NAME or FILE.py:NAME of a game of your own (its class, or its Entry), or a registered name."""
    all: bool = False
    """All registered games instead."""
    settings: tuple[str, ...] = ()
    """Settings of the game, such as turns=3."""
    oracle: tuple[str, ...] = ()
    """Who earns the most there is: SEAT=PLAYER, or SEAT=MODULE:FUNCTION. Default: as the game's Entry says, where there
    are no settings."""
    seed: int = 0
    """Fixes tasks and draws."""
    games: int = 5
    """Games of a check with each cast."""
    json: bool = False
    """Print what was found as JSON, and nothing else."""


def run(config: Validate) -> int:
    """Check, and tell as the checks end; the exit code.

    Raises:
        ValueError: on an unknown game, seat or player, a module that cannot be imported, or numbers below 1.
        FileNotFoundError: if there is no such file.
    """
    from selftaught.envs.registry import IDS, entry
    from selftaught.progress import meter
    from selftaught.validation import Subject
    from selftaught.validation.subject import told

    if (config.game is None) != config.all or (config.all and (config.settings or config.oracle)):
        raise ValueError("name one game, such as my_game.game:MyGame, or say --all without settings and oracles")
    if config.games < 1 or config.seed < 0:
        raise ValueError(f"games must be at least 1 and seed at least 0, not {config.games} and {config.seed}")
    report = []
    with meter() as stages:
        for spec in list(IDS) if config.game is None else [config.game]:
            try:
                entry(spec)
                subject = Subject(spec, settings_of(config.settings), seed=config.seed, games=config.games)
                subject = _with_oracles(subject, config.oracle)
            except SystemExit as error:
                raise ValueError(f"{spec} ends the process when it is loaded: {told(error)}") from error
            report.append(_row(subject, stages if config.json else None))
    passed = all(row["passed"] for row in report)
    if config.json:
        print(json.dumps({"passed": passed, "seed": config.seed, "games": report}, indent=1))
    return 0 if passed else 1


def _row(subject: Subject, stages: Meter | None) -> dict[str, Any]:
    """What was found of one game; told on the way, or with a meter where only the row counts."""
    from selftaught.validation.checks import CHECKS, findings

    advance = stages(subject.spec, len(CHECKS)) if stages else None
    if advance is None:
        print(f"{subject.spec}, seed {subject.seed}, {subject.games} games a check")
    found = []
    with nullcontext() if advance is None else redirect_stdout(sys.stderr):  # where a game prints, JSON stays whole
        for finding in findings(subject):
            found.append(finding)
            if advance is None:
                _say(finding)
            else:
                advance(1)
    counts = Counter(finding.status for finding in found)
    if advance is None:
        told = ", ".join(f"{count} {status}" for status, count in counts.items())
        print(f"{told} in {sum(finding.seconds for finding in found):.0f} s\n")
    return {"game": subject.spec, "passed": not counts["failed"], "findings": [asdict(one) for one in found]}


def _with_oracles(subject: Subject, words: Sequence[str]) -> Subject:
    """The subject with the oracles that were named; its settings are looked at, too.

    Raises:
        ValueError: as ``run``.
    """
    from selftaught.envs.registry import make_game, player
    from selftaught.places import named

    if not words and not subject.settings:
        return subject
    game, oracles = make_game(subject.spec, **subject.settings), dict[Seat, Player]()
    for word in words:
        seat, equals, name = word.partition("=")
        if not equals or seat not in game.seats:
            raise ValueError(f"--oracle is written SEAT=PLAYER with a seat of {', '.join(game.seats)}, not {word!r}")
        oracles[seat] = named(name) if ":" in name else player(subject.spec, seat, name)
        if not callable(oracles[seat]):
            raise ValueError(f"{name!r} is no player, which is a function from an ask to a text")
    return replace(subject, oracles=oracles)


def _say(finding: Finding) -> None:
    """A line for the check; where it failed, how to see it and what to do."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    styles = {"passed": "green", "failed": "bold red", "skipped": "yellow"}
    line = Text.assemble((f"{finding.status:<9}", styles[finding.status]), f"{finding.check:<13}", finding.said)
    console.print(line)
    for name, told in (("example", finding.example), ("remedy", finding.remedy)):
        for place, row in enumerate(told.splitlines()):
            console.print(Text(f"{'' if place else name:>20}  {row}", style="dim"))
