"""``selftaught train``: one algorithm on one game, or a whole preset experiment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from selftaught.algorithms.optimisation import Optimisation
from selftaught.checkpoint import latest
from selftaught.commands.casting import WRITTEN, Casting, GameName, Speech, find_adapter, make, seat_of
from selftaught.commands.folders import MADE_OF, Wandb, described, metric_rows, open_run, tracked
from selftaught.progress import Meter
from selftaught.types import Agent, Episode, Game, Seat

if TYPE_CHECKING:
    from selftaught.agents.local import LocalAgent
    from selftaught.algorithms.learner import Algorithm
    from selftaught.algorithms.train import Source

SELF, TEACHERS, POLICY = "self", "teachers", "policy"


@dataclass(frozen=True)
class Train:
    """Train a LoRA adapter by play, or run a preset experiment (imitation, self-play and evaluation)."""

    game: GameName = "taboo"
    """Name of the game."""
    preset: Literal["demo", "cpu", "pocket", "fake"] | None = None
    """A whole experiment. Only --seed, --folder, --wandb and --resume go with it."""
    algorithm: Literal["imitation", "spag", "grpo", "ppo", "dpo"] = "spag"
    """imitation learns from the turns of winners, spag from self-play, grpo from samples of one task beside each
    other, ppo from a critic's estimates, dpo from the best and the worst of the replies to one question."""
    model: str = "smollm2-135m"
    """A short name (`selftaught models`), a folder, or a Hugging Face hub id."""
    adapter: Path | None = None
    """Adapter to start from: its folder, a checkpoint or a run; a fresh one if you do not say."""
    rank: int = 16
    """Rank of a fresh adapter."""
    steps: int = 10
    """Rounds of play and learning; with --resume there may be more than before."""
    games: int = 64
    """Games a step."""
    samples: int | None = None
    """Games a task within these; if you do not say, 8 for grpo and dpo (1 where a game holds several answers to one
    question), 1 for the others."""
    opponents: tuple[str, ...] = ()
    """Who is met in turn: `self` (the policy in all seats), `teachers` (the game's teachers against
    its yardsticks), a scripted player, model:NAME, openai:URL#MODEL, python:MODULE:NAME, python:FILE.py:NAME, or
    seat=player. Default: teachers for imitation, self for the others."""
    learners: tuple[Seat, ...] = ()
    """Seats whose turns are learned from; all if you name none."""
    anchored: tuple[Seat, ...] = ()
    """For grpo: seats whose turns are only held near what they were at the start (see --kl), whatever they earn."""
    rewards: Literal["winner", "signed"] = "winner"
    """For spag: winners' turns alone, as published, or both seats with a running baseline."""
    kl: float | None = None
    """Pull to the policy as it was at the start, with --adapter if that is given (beta of dpo); the algorithm's own if
    you do not say."""
    settings: tuple[str, ...] = ()
    """Settings of the game, such as turns=3."""
    curriculum: bool = False
    """Play the game's levels, each once the one before is mastered; the settings hold for all of them."""
    learning: Optimisation = field(default_factory=Optimisation)
    speech: Speech = field(default_factory=Speech)
    evaluate_every: int = 0
    """Steps between greedy evaluations on validation tasks, which go to the metrics; 0 for none."""
    evaluation_games: int = 50
    """Games a seat in these."""
    keep: int = 2
    """Checkpoints kept."""
    seed: int = 0
    """Fixes everything random."""
    folder: Path = Path("runs/train")
    """Where config.json, episodes/, metrics.jsonl, checkpoints/ and plots/ go."""
    wandb: Wandb = "offline"
    """Weights & Biases; offline keeps its files in the folder."""
    resume: bool = False
    """Go on with the run in the folder."""


def run(config: Train) -> None:
    """Train, or go on.

    Raises:
        ValueError: on unknown names, settings that do not go together, or a folder that holds another run.
    """
    if config.preset is not None:
        _preset(config, config.preset)
        return
    if config.steps < 1 or config.games < 1:
        raise ValueError(f"steps and games must be at least 1, not {config.steps} and {config.games}")
    if _samples(config) < 1 or config.games % _samples(config):
        raise ValueError(f"--samples must divide --games: {config.games} games are no groups of {_samples(config)}")
    if (config.kl or 0) < 0 or config.evaluate_every < 0 or config.evaluation_games < 1:
        said = f"{config.kl}, {config.evaluate_every} and {config.evaluation_games}"
        raise ValueError(f"kl and evaluate-every must be at least 0 and evaluation-games at least 1, not {said}")
    levels = _levels(config)
    if unknown := [seat for seat in (*config.learners, *config.anchored) if seat not in levels[0].seats]:
        raise ValueError(f"{config.game} has no seats {unknown}; its seats are {', '.join(levels[0].seats)}")
    if config.anchored and config.algorithm != "grpo":
        raise ValueError(f"--anchored is for --algorithm grpo, not {config.algorithm}")
    from selftaught.algorithms.train import Loop, train
    from selftaught.benchmarks import plots
    from selftaught.benchmarks.studies import learner_from_here
    from selftaught.progress import meter

    game, algorithm = make(config.game, config.settings), _algorithm(config)
    resolved = _resolved(config, game, algorithm)
    casting = Casting(config.game, config.speech)
    pairings = _pairings(config, game, resolved["opponents"], casting=casting)
    if config.resume and (held := latest(config.folder, clean=False)) and held.step > config.steps:
        raise ValueError(f"the run in {config.folder} has {held.step} steps already: ask for as many with --steps")
    resolved |= {f"{MADE_OF}{name}": mark for name, mark in casting.marks.items()}
    open_run(config.folder, resolved, resume=config.resume, free=("steps", "wandb"))
    agent = _agent(config)
    casts = [{seat: other or agent for seat, other in pairing.items()} for pairing in pairings]
    with tracked(config.folder, wandb=config.wandb, config=resolved) as tracker, meter() as bars:
        train(
            folder=config.folder,
            agent=agent,
            algorithm=algorithm,
            learner=learner_from_here(agent, config.learning, critic=config.algorithm == "ppo"),
            source=_source(config, levels, casts, bars),
            tracker=tracker,
            loop=Loop(steps=config.steps, seed=config.seed, keep=config.keep),
            meter=bars,
            evaluate=_evaluator(config, game, agent),
            # Scripted teachers' turns are to be imitated; a policy gradient is of the policy's own turns only.
            agents=() if config.algorithm == "imitation" else (POLICY,),
            seats=(*config.learners, *config.anchored) if config.learners else (),
            foreign={other.name for pairing in pairings for other in pairing.values() if other is not None},
        )
    picture = plots.training(config.folder / "metrics.jsonl", config.folder / "plots" / "training.png")
    _report(config.folder, picture, casting)


def _preset(config: Train, name: str) -> None:
    from selftaught.benchmarks.selfplay import PRESETS
    from selftaught.commands.experiment import run_experiment

    kept = {"preset", "seed", "folder", "wandb", "resume"}
    plain = Train()
    others = [item.name for item in fields(Train) if item.name not in kept]
    changed = [other for other in others if getattr(config, other) != getattr(plain, other)]
    if changed:
        raise ValueError(f"--preset {name} fixes {', '.join(changed)}: leave these out, or train without a preset")
    plan = replace(PRESETS[name], seed=config.seed)
    run_experiment(plan, config.folder, name=name, resume=config.resume, wandb=config.wandb)


def _algorithm(config: Train) -> Algorithm:
    from selftaught.benchmarks.training import algorithm_of
    from selftaught.envs.registry import entry

    taught = not config.opponents or TEACHERS in config.opponents
    of = (*entry(config.game).teacher_names(), POLICY) if taught else ()
    return algorithm_of(config.algorithm, kl=config.kl, of=of, anchored=config.anchored, rewards=config.rewards)


def _samples(config: Train) -> int:
    """Games a task: several where replies to one question are compared, unless a game holds several by itself."""
    if config.samples is not None or config.algorithm not in ("grpo", "dpo"):
        return 1 if config.samples is None else config.samples
    return 1 if getattr(make(config.game, config.settings), "candidates", 1) > 1 else 8


def _resolved(config: Train, game: Game[Any], algorithm: Any) -> dict[str, Any]:
    """All that fixes the run, as plain data; the folder does not."""
    found = asdict(config)
    for name in ("preset", "settings", "folder", "resume", "kl", "rewards", "anchored"):
        del found[name]
    own = TEACHERS if config.algorithm == "imitation" else SELF
    return found | {
        "command": "train",
        "samples": _samples(config),
        "game": described(game),
        "opponents": list(config.opponents or (own,)),
        "algorithm": {"name": config.algorithm, **asdict(algorithm)},
    }


def _pairings(
    config: Train, game: Game[Any], opponents: Sequence[str], *, casting: Casting
) -> list[dict[Seat, Agent | None]]:
    """Who sits where, game by game in turn; ``None`` stands for the policy.

    Raises:
        ValueError: on a name that no seat knows.
    """
    from selftaught.envs.registry import entry

    known = entry(config.game)
    found: list[dict[Seat, Agent | None]] = []
    for name in opponents:
        if name == SELF:
            found.append(dict.fromkeys(game.seats))
        elif name == TEACHERS:
            found += [dict(casting.cast(table)) for table in known.lessons()]
        elif seat_of(name)[0]:
            seat, player = seat_of(name)
            if seat not in game.seats:
                raise ValueError(f"{name!r}: {config.game} has no seat {seat!r}; its seats are {', '.join(game.seats)}")
            found.append({**dict.fromkeys(game.seats), seat: casting.agent(seat, player)})
        else:
            seats = [seat for seat in game.seats if ":" in name or name in known.players[seat]]
            if not seats:
                players = sorted({player for seat in game.seats for player in known.players[seat]})
                raise ValueError(f"no opponent {name!r}: known are {SELF}, {TEACHERS}, {', '.join(players)}, {WRITTEN}")
            found += [{**dict.fromkeys(game.seats), seat: casting.agent(seat, name)} for seat in seats]
    if not found:
        raise ValueError(f"{config.game} has no {TEACHERS}: name some in its Entry, or others with --opponents")
    return found


def _agent(config: Train) -> LocalAgent:
    """The policy: the model with its adapter, fresh or read."""
    from selftaught.agents.local import LocalAgent, with_lora
    from selftaught.agents.local_draw import Sampling
    from selftaught.agents.local_models import load

    speech, rank, alpha, source = config.speech, config.rank, 2 * config.rank, None
    if config.adapter is not None:
        source = find_adapter(config.adapter)
        told = json.loads((source / "adapter_config.json").read_text(encoding="utf-8"))
        rank, alpha = told["r"], told["lora_alpha"]
    loaded = with_lora(load(config.model), rank=rank, alpha=alpha, seed=config.seed)
    sampling = Sampling(temperature=speech.temperature, max_new_tokens=speech.max_new_tokens)
    agent = LocalAgent(loaded, name=POLICY, sampling=sampling, batch=speech.batch)
    if source is not None:
        agent.load(source)
    return agent


def _levels(config: Train) -> list[Game[Any]]:
    """The games that are played: one, or with a curriculum one a level."""
    from selftaught.envs.registry import entry

    levels = entry(config.game).levels if config.curriculum else ({},)
    if not levels:
        raise ValueError(f"{config.game} has no levels: leave --curriculum out")
    return [make(config.game, config.settings, level=level) for level in levels]


def _source(config: Train, levels: Sequence[Game[Any]], casts: Sequence[Mapping[Seat, Agent]], meter: Meter) -> Source:
    """The games of a step: the next tasks of the training split, the pairings in turn; of its levels, if wanted."""
    from selftaught.algorithms.curriculum import Curriculum
    from selftaught.rollout import rollout

    samples = _samples(config)
    most = config.games // samples

    def play(level: int, count: int, step: int, seed: int) -> list[Episode]:
        first = step * most
        tasks = islice(levels[level].tasks("train", config.seed), first, first + count)
        advance = meter(f"step {step + 1}/{config.steps}: play", count * samples)
        # Counted from the run's first task, so that every pairing comes even when a step has fewer games.
        return rollout(
            levels[level],
            tasks,
            lambda index: casts[(first + index // samples) % len(casts)],
            seed=seed,
            samples=samples,
            label=f"{step}/{level}/" if config.curriculum else f"{step}/",
            progress=advance,
        )

    if not config.curriculum:
        return lambda step, seed: play(0, most, step, seed)
    path = config.folder / "curriculum.jsonl"
    return Curriculum(play, levels=len(levels), games=most, success=_mastered, path=path)


def _mastered(episode: Episode) -> bool:
    return episode.metrics.get("success") == 1.0


def _evaluator(config: Train, game: Game[Any], agent: LocalAgent) -> Callable[[int], Mapping[str, float]]:
    from selftaught.benchmarks.evaluation import evaluate
    from selftaught.benchmarks.selfplay import scripted
    from selftaught.envs.registry import entry

    opponents = scripted(config.game, entry(config.game).yardsticks)

    def measure(step: int) -> Mapping[str, float]:
        if not config.evaluate_every or step % config.evaluate_every:
            return {}
        greedy = agent.sibling(
            name=f"step-{step}", adapter="default", sampling=replace(agent.sampling, temperature=0.0)
        )
        result = evaluate(game, greedy, opponents, games=config.evaluation_games, seed=config.seed, split="validation")
        return {
            f"evaluation/{row.seat}/{name}": estimate.mean
            for row in result.rows
            if row.opponent == "all"
            for name, estimate in row.figures.items()
        }

    return measure


def _report(folder: Path, picture: Path, casting: Casting) -> None:
    from rich.console import Console
    from rich.table import Table

    rows = metric_rows(folder / "metrics.jsonl")
    first, last = rows[0], rows[-1]
    table = Table("metric", f"step {first['step']}", f"step {last['step']}", header_style="bold")
    for name in last:
        if name.startswith(("learn/", "reward/", "evaluation/", "sampled/", "metric/end/")):
            table.add_row(name, *("" if row.get(name) is None else f"{row[name]:.3g}" for row in (first, last)))
    console = Console()
    console.print(table)
    casting.report(console)
    for path in (picture, folder / "checkpoints", folder / "episodes"):
        console.print(f"written: {path}", style="dim")
