"""Who sits where, as users write it: ``fact_giver``, ``model:smollm2-135m@runs/mine``, ``python:mine.py:my_policy``.

Models are loaded once, whatever the number of adapters and seats; torch is imported only when there is one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from selftaught.types import Agent, Game, Seat

if TYPE_CHECKING:
    from rich.console import Console

    from selftaught.agents.local import LocalAgent
    from selftaught.agents.server import ServerAgent

MODEL = "model:"
OPENAI = "openai:"
WRITTEN = "model:NAME, model:NAME@ADAPTER_FOLDER, openai:URL#MODEL, python:MODULE:NAME or python:FILE.py:NAME"
"""How players that are no scripted ones are written."""

SCORERS = ("entailment", "likelihood", "p_true", "relevance", "agreement")
"""What a model may say of another's answers; known here, so that a slip of the pen is told without torch."""

GameName = tyro.conf.Positional[Annotated[str, tyro.conf.arg(metavar="GAME|MODULE:NAME")]]


@dataclass(frozen=True)
class Speech:
    """How models reply."""

    temperature: float = 1.0
    """Of sampling; 0 is greedy."""
    max_new_tokens: int = 32
    """Tokens at which a reply is cut short."""
    batch: int = 64
    """Dialogues in one forward pass, or asks under way at a server."""


@dataclass
class Casting:
    """Agents of one game by the names that users write."""

    game: str
    speech: Speech = Speech()
    marks: dict[str, str] = field(default_factory=dict)
    """Fingerprints of the agents made so far, as they are written, and of the game, of those that have one."""
    _agents: dict[str, Agent] = field(default_factory=dict)
    _models: dict[str, LocalAgent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A game of the user's own may change, too.

        Raises:
            ValueError, FileNotFoundError: as ``own_policy``.
        """
        if ":" in self.game and (mark := fingerprint(f"python:{self.game}")):
            self.marks[self.game] = mark

    def agent(self, seat: Seat, name: str) -> Agent:
        """The agent called ``name`` in ``seat``; all but scripted players are one and the same agent in all seats.

        Raises:
            ValueError: on an unknown player, with the known ones, and on one that is written wrongly.
            FileNotFoundError: if there is no such model, adapter or file.
            ConnectionError: if there is no such server, or no such model on it.
        """
        from selftaught.agents.scripted import Scripted
        from selftaught.envs.registry import player

        if ":" not in name:
            return Scripted(name, player(self.game, seat, name))
        if name not in self._agents:
            self._agents[name] = self._made(name)
            if mark := fingerprint(name):
                self.marks[name] = mark
        return self._agents[name]

    def cast(self, chosen: Mapping[Seat, str]) -> dict[Seat, Agent]:
        """Agents for all seats of ``chosen``."""
        return {seat: self.agent(seat, name) for seat, name in chosen.items()}

    def report(self, console: Console) -> None:
        """Say what became of the asks of each server."""
        from selftaught.agents.server import ServerAgent

        for agent in self._agents.values():
            if isinstance(agent, ServerAgent):
                console.print(agent.report(), style="dim", highlight=False, markup=False, soft_wrap=True)

    def _made(self, name: str) -> Agent:
        """An agent that is no scripted player; also what a model has to say of another's answers."""
        from selftaught.agents.own import PYTHON, own_policy

        if name.startswith(PYTHON):
            return own_policy(name)
        if name.startswith(OPENAI):
            return self._server(name.removeprefix(OPENAI))
        if name.startswith(MODEL):
            return self._model(name)
        kind, _, model = name.partition(":")
        if kind not in SCORERS:
            others = ", ".join(f"{known}:NAME" for known in SCORERS)
            raise ValueError(f"no player {name!r}: with a colon there are {WRITTEN}, {others}")
        from selftaught.agents.local_scorers import OF_MODELS, Entailment

        if kind == "entailment":
            return Entailment(model, name)
        return OF_MODELS[kind](self._model(f"{MODEL}{model}"), name)

    def _server(self, place: str) -> ServerAgent:
        """A model of a server, which has replied once."""
        from selftaught.agents.server import ServerAgent

        url, _, model = place.partition("#")
        if not model:
            raise ValueError(f"no model in '{OPENAI}{place}': write {OPENAI}http://HOST:PORT/v1#MODEL")
        speech = self.speech
        agent = ServerAgent(
            url,
            model,
            temperature=speech.temperature,
            max_new_tokens=speech.max_new_tokens,
            concurrency=speech.batch,
        )
        agent.check()
        return agent

    def _model(self, name: str) -> LocalAgent:
        from selftaught.agents.local import LocalAgent, load_adapter, with_lora
        from selftaught.agents.local_draw import Sampling
        from selftaught.agents.local_models import load

        wanted, _, folder = name.removeprefix(MODEL).partition("@")
        if not wanted:
            raise ValueError(f"no model in {name!r}: write {WRITTEN}")
        source = find_adapter(Path(folder)) if folder else None
        if wanted not in self._models:
            speech = self.speech
            sampling = Sampling(temperature=speech.temperature, max_new_tokens=speech.max_new_tokens)
            self._models[wanted] = LocalAgent(with_lora(load(wanted)), sampling=sampling, batch=speech.batch)
        model = self._models[wanted]
        if source is None:
            return model.sibling(name=wanted, adapter=None)
        adapter = f"adapter{len(self._agents)}"
        load_adapter(model.model, source, name=adapter)
        return model.sibling(name=f"{wanted}@{folder}", adapter=adapter)


def seats_of(game: str, written: Sequence[str], *, default: Mapping[Seat, str] | None = None) -> dict[Seat, str]:
    """The player of every seat from ``seat=player`` words; a word without a seat is meant for all of them.

    Seats that nobody mentions get ``default``, or else the default players of the game.

    Raises:
        ValueError: on an unknown seat, or one that is named twice.
    """
    from selftaught.envs.registry import entry

    known = entry(game)
    # Some settings bring seats that the plain game has not; whoever sits there unasked does no harm.
    everywhere = tuple(known.players)
    found: dict[Seat, str] = {}
    for word in written:
        seat, name = seat_of(word)
        if not seat:
            seats = everywhere
        elif seat in everywhere:
            seats = (seat,)
        else:
            raise ValueError(f"{word!r}: {game} has no seat {seat!r}; its seats are {', '.join(everywhere)}")
        for seat in seats:
            if seat in found:
                raise ValueError(f"seat {seat!r} is given to both {found[seat]!r} and {name!r}")
            found[seat] = name
    return {seat: found.get(seat) or {**known.default_others, **(default or {})}[seat] for seat in everywhere}


def seat_of(word: str) -> tuple[Seat, str]:
    """Seat and player of ``seat=player``; no seat where a player alone is named, whose address may have = in it."""
    seat, equals, name = word.partition("=")
    return (seat, name) if equals and ":" not in seat else ("", word)


def make(game: str, settings: Sequence[str], *, level: Mapping[str, Any] | None = None) -> Game[Any]:
    """The game with settings written as ``name=value``, values in JSON or as plain text; ``level`` overrules them.

    A part of a setting is written ``knobs.workers=2``.

    Raises:
        ValueError: on a word without ``=``, an unknown setting, or a value that the game refuses.
    """
    from selftaught.envs.registry import make_game

    return make_game(game, **_merged(settings_of(settings), level or {}))


def settings_of(words: Sequence[str]) -> dict[str, Any]:
    """The settings that words such as ``turns=3`` and ``knobs.workers=2`` spell.

    Raises:
        ValueError: on a word without ``=``.
    """
    values: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"a setting of the game is written name=value, not {word!r}")
        try:
            read = json.loads(value)
        except ValueError:
            read = value
        whole, dot, part = name.partition(".")
        values = _merged(values, {whole: {part: read}} if dot else {whole: read})
    return values


def _merged(values: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """``later`` over ``values``; mappings within them are merged, not replaced."""
    both = {
        name: {**values[name], **value}
        if isinstance(value, Mapping) and isinstance(values.get(name), Mapping)
        else value
        for name, value in later.items()
    }
    return {**values, **both}


def fingerprint(written: str) -> str:
    """Of the file or the weights that a player is made of, for they may be others tomorrow; "" if it has none here.

    Raises:
        ValueError, FileNotFoundError: as ``own_policy`` and ``find_adapter``.
    """
    from selftaught.agents import own
    from selftaught.agents.local_models import POCKETS, known, resolve

    kind, _, name = written.partition(":")
    if kind not in (MODEL[:-1], *SCORERS):
        return own.fingerprint(written)
    model, _, adapter = name.partition("@")
    files: list[Path] = []
    if model in POCKETS:  # which are built on this machine, and may be built anew
        files = sorted(resolve(model).glob("*.safetensors"))
    elif model not in {one.alias for one in known()}:
        files = sorted(Path(model).expanduser().glob("*.safetensors"))
    files += [find_adapter(Path(adapter)) / "adapter_model.safetensors"] if adapter else []
    digests = [_digest(file, file.stat().st_mtime_ns) for file in files]
    return "-".join(digests)


@cache
def _digest(file: Path, changed: int) -> str:
    """Of a file of weights, read once for as long as it is not ``changed``."""
    with open(file, "rb") as opened:
        return file_digest(opened, partial(blake2b, digest_size=8)).hexdigest()


def find_adapter(folder: Path) -> Path:
    """The folder of adapter weights that ``folder`` means: itself, a checkpoint's, or a run's newest.

    Raises:
        FileNotFoundError: if there is none.
    """
    from selftaught.checkpoint import latest

    newest = latest(folder, clean=False)
    candidates = [folder, folder / "adapter"] + ([] if newest is None else [newest.path / "adapter"])
    for candidate in candidates:
        if (candidate / "adapter_model.safetensors").is_file():
            return candidate
    raise FileNotFoundError(
        f"no adapter in {folder}: name a folder with adapter_model.safetensors, a checkpoint, or the folder of a run"
    )
