"""The command line: every command is a frozen dataclass of settings and a function that takes it.

Nothing here imports torch, a game or an agent before a command needs it, so that help comes at once.
"""

from __future__ import annotations

import os
import shlex
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console
from rich.text import Text

from selftaught import __version__
from selftaught.commands import (
    augment,
    bench,
    compare,
    demo,
    envs,
    evaluation,
    grow,
    league,
    models,
    new,
    play,
    report,
    rollout,
    scorers,
    self_reward,
    show,
    study,
    train,
    validate,
)

COMMANDS: Mapping[str, tuple[type, Callable[[Any], int | None]]] = {
    "demo": (demo.Demo, demo.run),
    "play": (play.Play, play.run),
    "rollout": (rollout.Rollout, rollout.run),
    "train": (train.Train, train.run),
    "self-reward": (self_reward.SelfReward, self_reward.run),
    "study": (study.Study, study.run),
    "eval": (evaluation.Eval, evaluation.run),
    "show": (show.Show, show.run),
    "report": (report.Report, report.run),
    "envs": (envs.Envs, envs.run),
    "new": (new.New, new.run),
    "validate": (validate.Validate, validate.run),
    "grow": (grow.Grow, grow.run),
    "augment": (augment.Augment, augment.run),
    "scorers": (scorers.Scorers, scorers.run),
    "models": (models.Models, models.run),
    "bench": (bench.Bench, bench.run),
    "compare": (compare.Compare, compare.run),
    "league": (league.League, league.run),
}

RESUMABLE = (
    train.Train,
    self_reward.SelfReward,
    study.Study,
    rollout.Rollout,
    demo.Demo,
    models.Models,
    augment.Augment,
    league.League,
    bench.Bench,
)
"""Commands that go on where they were stopped."""

DESCRIPTION = (
    f"selftaught {__version__}: games in which language models teach themselves. "
    "`selftaught COMMAND --help` explains a command; SELFTAUGHT_DEBUG=1 shows where an error came from."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0, 1 for what is not valid, 2 for a mistake of the user's, 130 after Ctrl-C.

    Raises:
        SystemExit: after help, and after arguments that do not parse (code 2).
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments == ["--version"]:
        print(__version__)
        return 0
    config = parse(arguments)
    if (seed := getattr(config, "seed", None)) is not None and seed < 0:
        _say(f"error: --seed must be at least 0, not {seed}", style="bold red")
        return 2
    run = next(run for kind, run in COMMANDS.values() if isinstance(config, kind))
    try:
        with warnings.catch_warnings():
            # peft and transformers warn of each other; nothing that the user can do about it.
            warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers|peft")
            code = run(config)
        sys.stdout.flush()
    except KeyboardInterrupt:
        _say(f"stopped{_how_to_resume(config, arguments)}", style="yellow")
        return 130
    except BrokenPipeError:
        # The reader, such as `head`, has gone; without this Python complains once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError, ImportError) as error:
        if os.environ.get("SELFTAUGHT_DEBUG") == "1":
            traceback.print_exc()
        _say(f"error: {_told(error)}", style="bold red")
        return 2
    return code or 0


def parse(arguments: Sequence[str]) -> Any:
    """The settings that the arguments spell; unknown ones end the program."""
    return tyro.extras.subcommand_cli_from_dict(
        {name: kind for name, (kind, _) in COMMANDS.items()},
        prog="selftaught",
        description=DESCRIPTION,
        args=list(arguments) or ["--help"],
        config=(tyro.conf.OmitSubcommandPrefixes, tyro.conf.FlagCreatePairsOff),
    )


def _told(error: Exception) -> str:
    """An error in words; the system has but a number for a file where a folder should be, and the other way round."""
    if isinstance(error, NotADirectoryError | FileExistsError):
        place = Path(error.filename or "")
        if file := next((one for one in (place, *place.parents) if one.is_file()), None):
            return f"{file} is a file, and a folder is wanted there: name another"
    if isinstance(error, IsADirectoryError):
        return f"{error.filename2 or error.filename} is a folder, and a file is wanted there: name another"
    return str(error)


def _how_to_resume(config: Any, arguments: Sequence[str]) -> str:
    if not isinstance(config, RESUMABLE):
        return ""
    more = ["--resume"] if getattr(config, "resume", None) is False else []
    return f"; to go on: selftaught {shlex.join([*arguments, *more])}"


def _say(message: str, *, style: str) -> None:
    Console(stderr=True, soft_wrap=True).print(Text(message, style=style))


if __name__ == "__main__":
    sys.exit(main())
