"""Pictures of a report for the documents: ``python -m selftaught.benchmarks.screenshots RUN... --folder docs``.

Every section is taken on a wide screen, in light and in dark, and on a phone, by a Chromium that is installed already.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tyro

from selftaught.benchmarks.browser import Look, Tab, tab
from selftaught.benchmarks.report.content import Limits, gather
from selftaught.benchmarks.report.page import render
from selftaught.progress import meter


@dataclass(frozen=True)
class Screenshots:
    """Take pictures of the report on some runs."""

    runs: tyro.conf.Positional[tuple[Path, ...]]
    """As of `selftaught report`."""
    folder: Path = Path("docs")
    """Where the pictures go: report-SECTION-LOOK.png."""
    sections: tuple[str, ...] = ("scores", "curves", "judges", "transcripts")
    """Which; those that these runs do not have are left out."""
    looks: tuple[str, ...] = ("light", "dark", "phone")
    """How."""
    chosen: str = ""
    """What is chosen among the transcripts, as in the page's address: game=taboo&agent=bayes&episode=KEY."""
    title: str = ""
    """Of the page."""
    episodes: int = 2000
    """Transcripts at most."""


SECTIONS = ("scores", "runs", "curves", "shortcuts", "judges", "tables", "cost", "transcripts")
LOOKS = {
    "light": Look(1280, 860),
    "dark": Look(1280, 860, dark=True),
    "phone": Look(390, 844, phone=True, scale=2.0),
}


def take(config: Screenshots) -> list[Path]:
    """Take them; where they lie.

    Raises:
        ValueError: on an unknown look or section, or without runs.
        FileNotFoundError: if a path has no run in it, or no browser is installed.
    """
    for what, said, known in (("looks", config.looks, LOOKS), ("sections", config.sections, SECTIONS)):
        if unknown := [one for one in said if one not in known]:
            raise ValueError(f"unknown {what} {unknown}; expected some of {', '.join(known)}")
    if not config.runs:
        raise ValueError("pictures of what? Name the folders of runs")
    with meter() as bars:
        content = gather(config.runs, limits=Limits(config.episodes), title=config.title, meter=bars)
    with tempfile.TemporaryDirectory() as folder, tab() as page:
        path = Path(folder, "report.html")
        path.write_bytes(render(content))
        return [picture for look in config.looks for picture in _pictures(config, page, path.as_uri(), look)]


def _pictures(config: Screenshots, page: Tab, address: str, look: str) -> Iterator[Path]:
    page.open("about:blank#")
    page.look(LOOKS[look])
    page.open(f"{address}#{config.chosen}" if config.chosen else address)
    page.run("document.fonts.ready")
    for section in config.sections:
        if page.run(f"document.getElementById({section!r}) !== null"):
            # Of the transcripts, the choices and what they lead to, not the notes above.
            page.run(f"document.querySelector('#{section}:not(#transcripts), #{section} .filters').scrollIntoView()")
            page.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            yield page.picture(config.folder / f"report-{section}-{look}.png")


if __name__ == "__main__":
    for taken in take(tyro.cli(Screenshots)):
        print(taken)
