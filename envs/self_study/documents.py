"""A user's own texts: files and folders of txt, md and pdf, or a dataset of the Hugging Face hub, cut into passages.

Whatever stands in a text is data. What cannot be read is named with its reason, and is left out only where the user
says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from selftaught.envs.self_study.words import sentences
from selftaught.types import Task

SUFFIXES: Final = (".txt", ".md", ".rst", ".pdf")
LONGEST: Final = 600
"""Characters of a passage, about a hundred and fifty tokens."""
SHORTEST: Final = 8
"""Words of a passage; fewer hardly say anything that can be asked for."""
SOLID: Final = 40
"""Characters of a passage without so many blanks, as some scripts have none."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text and what it is called."""

    name: str
    text: str


def read(source: str, *, skip: bool = False) -> list[Document]:
    """All documents of a file, a folder, or a hub dataset with a column ``text``.

    Args:
        source: a path, or ``hub:NAME`` (its train split).
        skip: leave out what cannot be read.

    Raises:
        FileNotFoundError: if there is no such file or folder.
        ValueError: if a file cannot be read (all of them are named), or there is nothing to read.
        ImportError: if a library that the source needs is not installed; the message says which extra has it.
    """
    if source.startswith("hub:"):
        return list(_dataset(source.removeprefix("hub:")))
    root = Path(source)
    if not root.exists():
        raise FileNotFoundError(f"there is no {source}: name a text file, a folder of them, or hub:DATASET")
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if root.is_file():
        paths, root = [root], root.parent
    found: list[Document] = []
    failed: list[str] = []
    for path in paths:
        try:
            text = _pdf(path) if path.suffix.lower() == ".pdf" else _plain(path)
        except (OSError, ValueError) as error:
            failed.append(f"{path}: {error}")
            continue
        if text.strip():
            found.append(Document(str(path.relative_to(root)), text))
    if failed and not skip:
        raise ValueError("cannot read " + "; ".join(failed) + " (mend them, or leave them out with --skip)")
    if not found:
        raise ValueError(f"there is no text in {source}: it needs files that end in {', '.join(SUFFIXES)}")
    return found


def passages(documents: Iterable[Document], *, longest: int = LONGEST) -> list[Task]:
    """The documents in pieces of whole paragraphs, or of whole sentences where those are long, each as a task.

    Headings stay with what follows; code blocks, tables and comments of Markdown are left out.

    Raises:
        ValueError: if pieces are to be shorter than 100 characters.
    """
    if longest < 100:
        raise ValueError(f"passages need room for 100 characters at least, not {longest}")
    found: list[Task] = []
    for document in documents:
        text = _prose(document.text) if document.name.lower().endswith(".md") else document.text
        pieces = [piece for piece in _pieces(text, longest) if len(piece.split()) >= SHORTEST or len(piece) >= SOLID]
        for place, piece in enumerate(pieces):
            found.append(Task(f"{document.name}#{place}", {"name": document.name, "text": piece}))
    return found


def _plain(path: Path) -> str:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start} is no UTF-8; save it as UTF-8") from error
    if "\0" in text:
        raise ValueError("it has zero bytes, as no text has")
    return text


def _pdf(path: Path) -> str:
    try:
        from pypdf import PdfReader
        from pypdf.errors import DependencyError, PyPdfError
    except ImportError as error:
        raise ImportError(f"{path} is a PDF: reading it needs pip install 'selftaught[documents]'") from error
    try:
        return "\n\n".join(page.extract_text() for page in PdfReader(path).pages)
    except (PyPdfError, DependencyError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"it is no PDF that can be read ({error})") from error


def _dataset(name: str) -> Iterator[Document]:
    try:
        import datasets
    except ImportError as error:
        raise ImportError(f"hub:{name} needs pip install 'selftaught[train]'") from error
    rows: Any = datasets.load_dataset(name, split="train")
    if "text" not in rows.column_names:
        raise ValueError(f"dataset {name} has no column 'text', only {', '.join(rows.column_names)}")
    for place, row in enumerate(rows):
        yield Document(f"{name}/{place}", str(row["text"]))


def _prose(text: str) -> str:
    """Markdown without what is no prose."""
    lines, fence = [], ""
    for line in _without_comments(text).splitlines():
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~") and fence in ("", mark):
            fence = "" if fence else mark
        elif not fence and not line.lstrip().startswith("|"):
            lines.append(line)
    text = re.sub(r"!?\[([^\]\[\n]{0,300})\]\([^)\n]{0,500}\)", r"\1", "\n".join(lines))
    return re.sub(r"^#+[ \t]*(.*)$", r"\1.\n", text, flags=re.MULTILINE).replace("`", "").replace("**", "")


def _without_comments(text: str) -> str:
    parts = text.split("<!--")
    return parts[0] + "".join(part.split("-->", 1)[1] if "-->" in part else part for part in parts[1:])


def _pieces(text: str, longest: int) -> Iterator[str]:
    """Paragraphs put together as long as there is room, long ones cut after sentences, and those after words."""
    piece = ""
    for paragraph in re.split(r"\n\s*\n", text):
        for part in _parts(" ".join(paragraph.split()), longest):
            if piece and len(piece) + 1 + len(part) > longest:
                yield piece
                piece = ""
            piece = f"{piece} {part}".strip()
    if piece:
        yield piece


def _parts(paragraph: str, longest: int) -> Iterator[str]:
    if len(paragraph) <= longest:
        yield paragraph
        return
    for sentence in sentences(paragraph):
        while len(sentence) > longest:
            cut = sentence.rfind(" ", 0, longest) if " " in sentence[:longest] else longest
            yield sentence[:cut]
            sentence = sentence[cut:].strip()
        yield sentence
