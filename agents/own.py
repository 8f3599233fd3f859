"""A user's own policy by its place: ``python:MODULE:NAME`` or ``python:path/to/file.py:NAME``.

``NAME`` is a function from an ask to a text, or a class or an object with ``reply``, which answers a list of asks.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selftaught.types import Agent, Ask, Reply, Streaming

PYTHON = "python:"
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Own:
    """A policy that somebody else wrote, as an agent whose mistakes say where they were made.

    ``answer`` gives a text or a reply for every ask.
    """

    name: str
    answer: Callable[[Sequence[Ask]], Sequence[str | Reply]]
    singly: bool
    """Whether it is to be given one ask at a time."""

    def reply(self, asks: Sequence[Ask]) -> list[Reply]:
        """What the policy replies.

        Raises:
            RuntimeError: if the policy raises, from what it raised, or gives anything but one text or reply an ask.
        """
        parts = [[ask] for ask in asks] if self.singly else [list(asks)]
        return [reply for part in parts for reply in self._checked(part)]

    def _checked(self, asks: Sequence[Ask]) -> list[Reply]:
        try:
            found = list(self.answer(asks))
        except Exception as error:  # whatever a stranger's code raises
            raise RuntimeError(f"policy {self.name!r} raised {error!r} {_at(asks)}") from error
        if len(found) != len(asks):
            raise RuntimeError(f"policy {self.name!r} gave {len(found)} replies {_at(asks)}")
        for ask, one in zip(asks, found, strict=True):
            if not isinstance(one, str | Reply):
                raise RuntimeError(f"policy {self.name!r} replied with {one!r}, which is no text, {_at([ask])}")
        return [Reply(one) if isinstance(one, str) else one for one in found]


def own_policy(written: str) -> Agent:
    """The agent that ``written`` stands for; a class is made an object of, without arguments.

    An agent with a stream, such as one of ``selftaught.agents``, is taken as it is.

    Raises:
        ValueError: if there is nothing of that name, or nothing that plays.
        FileNotFoundError: if there is no such file.
        ImportError: if the module cannot be imported.
    """
    place, colon, name = written.removeprefix(PYTHON).rpartition(":")
    if not (colon and place and name):
        raise ValueError(f"an own policy is written python:MODULE:NAME or python:FILE.py:NAME, not {written!r}")
    module = _module(place)
    try:
        found = getattr(module, name)
    except AttributeError:
        mine = {
            own: value for own, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__
        }
        offered = sorted(own for own, value in mine.items() if callable(value) or hasattr(value, "reply"))
        raise ValueError(f"{place} has no {name!r} for {written!r}; it has {', '.join(offered) or 'nothing'}") from None
    if isinstance(found, type):
        try:
            found = found()
        except TypeError as error:
            raise ValueError(
                f"the class of {written!r} cannot be made without arguments ({error}): name an object of it instead"
            ) from error
    if isinstance(found, Streaming):
        return found
    if callable(reply := getattr(found, "reply", None)):
        return Own(written, reply, singly=False)
    if callable(found):
        return Own(written, lambda asks: [found(ask) for ask in asks], singly=True)
    raise ValueError(
        f"{written!r} is a {type(found).__name__}: a policy is a function from an ask to a text, or has `reply`"
    )


def _module(place: str) -> Any:
    """The module of this name, those in the working directory included, or the one that a file holds."""
    if not place.endswith(".py"):
        _search(Path.cwd())
        try:
            return importlib.import_module(place)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{place}.".startswith(f"{error.name}."):
                raise  # it is there, and imports what is not
            raise ImportError(
                f"no module {place!r}, here or installed: for a file write python:path/to/file.py:NAME"
            ) from None
    path = Path(place).resolve()
    if not path.is_file():
        raise FileNotFoundError(f"no file {place} to take a policy from")
    name = str(path)  # which no other module has
    if name not in sys.modules:
        _search(path.parent)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None, path
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def _search(folder: Path) -> None:
    """Let modules be found in a folder as well; last, so that nothing that is installed is hidden."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _at(asks: Sequence[Ask]) -> str:
    """Which ask: its seat, seed, and what it ends with."""
    if not asks:
        return "at no ask"
    ask, more = asks[0], f", the first of {len(asks)}" if len(asks) > 1 else ""
    last = ask.messages[-1].content[-MOST_SHOWN:] if ask.messages else ""
    return f"at an ask of seat {ask.seat!r}{more} (seed {ask.seed}), which ends with {last!r}"
