"""A user's own policy by its place: ``python:MODULE:NAME`` or ``python:path/to/file.py:NAME``.

``NAME`` is a function from an ask to a text, or a class or an object with ``reply``, which answers a list of asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from traceback import extract_tb

from selftaught.places import named, sources
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
            found = self.answer(asks)
            found = [found] if isinstance(found, str) else list(found)  # a text is no list of letters
        except (Exception, SystemExit) as error:  # whatever a stranger's code raises
            place = extract_tb(error.__traceback__)[-1]
            where = f"at {place.filename}:{place.lineno}, {_at(asks)}"
            raise RuntimeError(f"policy {self.name!r} raised {error!r} {where}") from error
        if len(found) != len(asks):
            raise RuntimeError(f"policy {self.name!r} gave {len(found)} replies {_at(asks)}")
        for ask, one in zip(asks, found, strict=True):
            if not isinstance(one, str | Reply):
                raise RuntimeError(f"policy {self.name!r} replied with {one!r}, which is no text, {_at([ask])}")
            if isinstance(one, Reply) and len(one.logprobs) not in (0, len(one.tokens)):
                told = f"{len(one.logprobs)} log-probabilities of {len(one.tokens)} tokens"
                raise RuntimeError(f"policy {self.name!r} replied with {told}, {_at([ask])}")
        return [Reply(one) if isinstance(one, str) else one for one in found]


def own_policy(written: str) -> Agent:
    """The agent that ``written`` stands for; a class is made an object of, without arguments.

    An agent with a stream, such as one of ``selftaught.agents``, is taken as it is.

    Raises:
        ValueError: if there is nothing of that name, or nothing that plays, or the module cannot be imported.
        FileNotFoundError: if there is no such file.
    """
    place, name = _parts(written)
    found = named(f"{place}:{name}")
    if isinstance(found, type):
        try:
            found = found()
        except Exception as error:  # whatever the user's class does
            raise ValueError(
                f"making an object of {written!r} without arguments failed ({type(error).__name__}: {error}): "
                "mend it, or name an object of it instead"
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


def fingerprint(written: str) -> str:
    """Of the files that hold an own policy, so that another text under the same name is another policy; "" of others.

    Files that it imports from beside itself are among them; what it reads otherwise, say weights, is not.

    Raises:
        FileNotFoundError, ValueError: as ``own_policy``.
    """
    if not written.startswith(PYTHON):
        return ""
    digest, files = blake2b(digest_size=8), sources(_parts(written)[0])
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest() if files else ""


def _parts(written: str) -> tuple[str, str]:
    """Module or file, and name.

    Raises:
        ValueError: if one is missing.
    """
    place, _, name = written.removeprefix(PYTHON).rpartition(":")
    if not (place and name) or name.endswith(".py"):
        raise ValueError(f"an own policy is written python:MODULE:NAME or python:FILE.py:NAME, not {written!r}")
    return place, name


def _at(asks: Sequence[Ask]) -> str:
    """Which ask: its seat, seed, and what it ends with."""
    if not asks:
        return "at no ask"
    ask, more = asks[0], f", the first of {len(asks)}" if len(asks) > 1 else ""
    last = ask.messages[-1].content[-MOST_SHOWN:] if ask.messages else ""
    return f"at an ask of seat {ask.seat!r}{more} (seed {ask.seed}), which ends with {last!r}"
