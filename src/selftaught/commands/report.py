"""``selftaught report``: one page about any runs, to read, to send, or to follow while they go on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True)
class Report:
    """Write one self-contained HTML page: scores, curves, judges, alarms, and a browser of transcripts."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """Folders of runs, rollouts, studies or benches, and JSON files of evaluations."""
    output: Path = Path("report.html")
    """Where the page goes."""
    title: str = ""
    """Of the page; the names of the folders if you do not say."""
    episodes: int = 10_000
    """Transcripts at most, evenly over runs and steps; 0 for all. The page says how many were left out."""
    characters: int = 20_000
    """Characters of one text that are kept."""
    serve: bool = False
    """Serve the page on this machine alone and keep it up to date, instead of writing it; Ctrl-C ends it."""
    port: int = 8000
    """Of the server; 0 for any that is free."""


def run(config: Report) -> None:
    """Gather and write, or serve.

    Raises:
        FileNotFoundError: if a path has no run in it.
        ValueError: on a damaged file, limits below their least, or an output that is a folder.
    """
    from datetime import datetime

    from rich.console import Console

    from selftaught import __version__
    from selftaught.benchmarks.report.content import Limits, gather
    from selftaught.benchmarks.report.page import render
    from selftaught.benchmarks.report.server import Follower, serve
    from selftaught.commands.folders import command_line
    from selftaught.progress import meter
    from selftaught.store import aside

    if not config.runs:
        raise ValueError("a report needs at least one folder: selftaught report runs/mine")
    if config.output.is_dir() and not config.serve:
        raise ValueError(f"--output {config.output} is a folder: name a file, such as {config.output / 'report.html'}")
    limits = Limits(config.episodes, config.characters)
    made = {"by": f"selftaught {__version__}", "command": command_line()}
    console = Console()
    if config.serve:
        serve(Follower(config.runs, limits, config.title, made), port=config.port, say=console.print)
        return
    made["at"] = datetime.now().astimezone().isoformat(timespec="minutes")
    with meter() as bars:
        content = gather(config.runs, limits=limits, title=config.title, made=made, meter=bars)
    page = render(content)
    with aside(config.output) as file:
        file.write(page)
    left_out = content["left_out"]["episodes"]
    said = f"{len(content['runs'])} runs, {len(content['episodes'])} episodes"
    if left_out:
        said += f" ({left_out} more left out: --episodes 0 keeps all)"
    console.print(f"{said}, {len(page) / 1e6:.1f} MB")
    console.print(f"written: {config.output}", style="dim")
