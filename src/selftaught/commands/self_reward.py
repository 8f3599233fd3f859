"""``selftaught self-reward``: rounds of answering, judging and preferring, M1 to M2 to M3, with an audit of each."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from selftaught.algorithms.optimisation import Optimisation
from selftaught.commands.folders import Wandb, command_line, open_run, tracked

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class SelfReward:
    """Self-rewarding: a model answers and judges itself, round after round; every round is audited."""

    model: str = "smollm2-135m"
    """A short name (`selftaught models`), a folder, or a Hugging Face hub id."""
    judge: str = "self"
    """self, the name of a scripted judge (`selftaught envs`), or a rate at which the oracle is flipped."""
    recipe: Literal["paper", "robust"] = "paper"
    """As published, or with length control, anchored rejects, a second judge's doubt and a meta-judge."""
    rounds: int = 3
    """Of play and learning."""
    tasks: int = 96
    """Instructions a round."""
    level: int = 1
    """Of difficulty."""
    kinds: tuple[str, ...] = ()
    """Of instructions; all if you name none."""
    taught: int = 1024
    """Turns of scripted actors and judges that are imitated before the first round; 0 for none."""
    held_out: int = 100
    """Instructions of the audit, the same in every round."""
    split: Literal["validation", "test"] = "test"
    """Of these."""
    rank: int = 16
    """Of the adapter."""
    threads: int = 0
    """Of torch; its own choice if 0."""
    learning: Optimisation = field(
        default_factory=lambda: Optimisation(learning_rate=2e-4, batch=8, tokens=8192, epochs=2)
    )
    seed: int = 0
    """Fixes everything random."""
    folder: Path = Path("runs/self-reward")
    """Where config.json, episodes/, evaluations/, checkpoints/ and the audit go."""
    wandb: Wandb = "offline"
    """Weights & Biases; offline keeps its files in the folder."""
    resume: bool = False
    """Go on with the run in the folder."""


def run(config: SelfReward) -> None:
    """Run the rounds, or go on; print the audit, and write it with a picture.

    Raises:
        ValueError: on an unknown judge, or a folder that holds another run.
    """
    from rich.console import Console

    from selftaught.benchmarks.plots_rounds import rounds
    from selftaught.benchmarks.record import record
    from selftaught.benchmarks.self_rewarding import run_arm
    from selftaught.benchmarks.self_rewarding_studies import Arm, Study
    from selftaught.progress import meter

    arm = Arm(_judge(config.judge), config.recipe)
    known = {item.name for item in fields(Study)}
    shared = {name: value for name, value in vars(config).items() if name in known}
    study = Study({config.judge: arm}, **shared)
    plain = {name: value for name, value in asdict(config).items() if name not in ("folder", "resume")}
    resolved = {"command": "self-reward", **plain}
    open_run(config.folder, resolved, resume=config.resume, free=("rounds", "wandb"))
    with meter() as bars, tracked(config.folder, wandb=config.wandb, config=resolved) as tracker:
        found = run_arm(study, arm, seed=config.seed, folder=config.folder, bars=bars, tracker=tracker)
    rows = [{"arm": config.judge, "seed": config.seed, **row} for row in found]
    path = record("audit", command=command_line(), seeds=[config.seed], values={"rows": rows}, folder=config.folder)
    picture = rounds({"rows": rows}, config.folder / "audit.png")
    console = Console()
    console.print(_table(rows, title=f"{config.model}, judged by {config.judge}, on {config.held_out} held-out tasks"))
    console.print("right: by the sealed verifier; points: the judge's, of 5; pairs: best against worst\n")
    for written in (path, picture, config.folder / "checkpoints"):
        console.print(f"written: {written}", style="dim")


def _judge(name: str) -> str | float:
    """A rate where it is one, else a name.

    Raises:
        ValueError: if it is neither.
    """
    from selftaught.envs.registry import player

    try:
        rate = float(name)
    except ValueError:
        if name != "self":
            player("self_reward", "judge", name)
        return name
    if not 0 <= rate <= 1:
        raise ValueError(f"the oracle is flipped at a rate from 0 to 1, not {name}")
    return rate


def _alarms(row: dict[str, Any]) -> list[str]:
    """The alarms that ring in a round."""
    from selftaught.algorithms.gap_alarm import blind

    rings = {"pleased": row.get("alarm", {}).get("rings", False), "blind": blind(row["figures"].get("auroc"))}
    return [name for name, ringing in rings.items() if ringing]


def _table(rows: list[dict[str, Any]], *, title: str) -> Table:
    from rich.table import Table

    from selftaught.commands.tables import interval

    table = Table(title=title, title_justify="left", header_style="bold")
    for head in ("round", "right", "points", "AUROC", "pairs right", "pairs wrong", "words", "alarm"):
        table.add_column(head, justify="right")
    for row in rows:
        figures = {name: f"{figure['mean']:.2f}" for name, figure in row["figures"].items()}
        table.add_row(
            "raw" if row["round"] < 0 else str(row["round"]),
            interval(row["figures"]["right"]),
            figures.get("points", ""),
            f"{row['pooled']['auroc']:.2f}" if "auroc" in row["pooled"] else "",
            *(figures.get(name, "") for name in ("pair_right", "pair_wrong", "words")),
            ", ".join(_alarms(row)),
        )
    return table
