"""Designs out of a folder of somebody's own Verilog files: those that can be judged, and why the others cannot."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from selftaught.envs.hardware import judging
from selftaught.envs.hardware.designs import Design, canonical, split_of
from selftaught.progress import Advance

SUFFIXES: Final = (".v", ".sv")


@dataclass(frozen=True, slots=True)
class Library:
    """The designs of a folder, each once, and the reason for each file that has none."""

    designs: tuple[Design, ...]
    left_out: dict[str, str]

    def of(self, split: str) -> list[Design]:
        """The designs of a split; ``hard`` has those of ``test``, with other faults."""
        wanted = "test" if split == "hard" else split
        return [design for design in self.designs if split_of(design.text) == wanted]

    def summary(self) -> str:
        """How many designs there are of each split, and how many files were left out."""
        found = Counter(split_of(design.text) for design in self.designs)
        shares = ", ".join(f"{count} of {split}" for split, count in sorted(found.items()))
        return f"{len(self.designs)} designs ({shares or 'none'}), {len(self.left_out)} files left out"


def files_of(folder: str | Path) -> list[Path]:
    """All Verilog files below a folder, or the file itself.

    Raises:
        FileNotFoundError: if there is nothing of that name.
        ValueError: if it holds no such file.
    """
    path = Path(folder)
    if not path.exists():
        raise FileNotFoundError(f"there is no folder or file {path}")
    found = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    found = [one for one in found if one.suffix in SUFFIXES]
    if not found:
        raise ValueError(f"{path} holds no files ending in {' or '.join(SUFFIXES)}")
    return found


def gather(folder: str | Path, advance: Advance = lambda done: None) -> Library:
    """Reads every file, called by its path in the folder; ``advance`` is called after each.

    Raises:
        FileNotFoundError, ValueError: as ``files_of``.
    """
    designs: dict[str, Design] = {}
    left_out: dict[str, str] = {}
    home = Path(folder)
    for path in files_of(folder):
        name = str(path.relative_to(home if home.is_dir() else home.parent))
        text, reason = read_text(path)
        if text is not None:
            reason = unfit(text)
            key = canonical(text)
            if not reason and key in designs:
                reason = f"the same design as {designs[key].families[0]}"
            if not reason:
                designs[key] = Design(text, (name,))
        if reason:
            left_out[name] = reason
        advance(1)
    return Library(tuple(designs.values()), left_out)


def read_text(path: Path) -> tuple[str | None, str]:
    """The text of a file, with what is not ASCII replaced by question marks, or the reason why it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return None, f"it cannot be read as text: {error}"
    return text.encode("ascii", "replace").decode("ascii").replace("\r\n", "\n"), ""


def unfit(text: str) -> str:
    """Why nothing can be proved of a design; nothing if it can be."""
    verdict = judging.judged(text, text)
    return "" if verdict.kind == "equal" else " ".join(verdict.reason.split())


@lru_cache(maxsize=8)
def library(folder: str) -> Library:
    """``gather``, once a folder and process."""
    return gather(folder)
