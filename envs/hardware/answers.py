"""The sealed answers of the problems under way, for scripted players that are placed beside a policy.

An ask holds no answer, so an oracle must know it from elsewhere: here, under the digest of what the engineer reads. No
rule, reward or figure looks here; a process that did not start the game has nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from threading import Lock
from typing import Final

from selftaught.types import Message

MOST: Final = 20_000
"""Answers that are kept; the oldest go."""

_kept: Final[OrderedDict[bytes, str]] = OrderedDict()
_lock: Final = Lock()


def keep(thread: Sequence[Message], answer: str) -> None:
    """Remember a right reply; nothing for an empty thread."""
    if thread:
        with _lock:
            _kept[_digest(thread)] = answer
            while len(_kept) > MOST:
                _kept.popitem(last=False)


def known(thread: Sequence[Message]) -> str | None:
    """A right reply to what was read; None if it is not known here."""
    return _kept.get(_digest(thread))


def _digest(thread: Sequence[Message]) -> bytes:
    digest = blake2b(digest_size=16)
    for message in thread:
        digest.update(f"{message.role}\0{message.content}\0".encode(errors="surrogatepass"))
    return digest.digest()
