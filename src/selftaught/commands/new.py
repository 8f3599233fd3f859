"""``selftaught new game``: a package to begin with."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclass(frozen=True)
class New:
    """Write the package of a small game that plays, trains and passes `selftaught validate`: change it into yours."""

    what: tyro.conf.Positional[Annotated[Literal["game"], tyro.conf.arg(metavar="WHAT")]]
    """`game`; there is nothing else yet."""
    name: tyro.conf.Positional[Annotated[str, tyro.conf.arg(metavar="NAME")]]
    """Of the package and the game: lower case, such as my_game."""
    folder: Path = Path()
    """Where the package's folder goes."""


def run(config: New) -> None:
    """Copy the template under the new name, and say what to run.

    Raises:
        ValueError: if the name is no good or taken, or the folder is there already.
    """
    from importlib.resources import files

    where = config.folder / config.name
    if where.exists():
        raise ValueError(f"{where} is there already: take another name, or another folder with --folder")
    check_name(config.name)
    title = "".join(part.capitalize() for part in config.name.split("_"))
    sources = [file for file in files("selftaught.template").iterdir() if file.name.endswith((".py", ".md"))]
    texts = {source.name: source.read_text(encoding="utf-8") for source in sources}
    if any(re.search(rf"^(class|from|import)\b.*\b{title}\b", text, re.MULTILINE) for text in texts.values()):
        raise ValueError(f"the game's class would be {title}, and its code has another {title}: take another name")
    where.mkdir(parents=True)
    for file, text in texts.items():
        (where / file).write_text(renamed(text, config.name, title), encoding="utf-8")
    print(f"written: {where}, whose README.md says what to run")
    print(f"check it: selftaught validate {config.name}.game:{title}")


def check_name(name: str) -> None:
    """Accept names of packages that nothing else has.

    Raises:
        ValueError: on any other.
    """
    from importlib.util import find_spec

    from selftaught.envs.registry import IDS

    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
        raise ValueError(
            f"{name!r} is no name of a package: lower-case letters, digits and single underscores, my_game"
        )
    if name in IDS:
        raise ValueError(f"{name!r} is a game of selftaught: take another name")
    if name in sys.stdlib_module_names or find_spec(name) is not None:
        raise ValueError(f"{name!r} is the name of a module that is there already: take another name")


def renamed(text: str, name: str, title: str) -> str:
    """A file of the template, for another game."""
    text = text.replace("selftaught.template", name).replace("MODULE:", f"{name}.game:")
    return text.replace("Template", title).replace('"template"', f'"{name}"').replace("# template", f"# {name}")
