"""The space of all texts: what language models read and say, as a Gymnasium space."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector.utils import batch_differing_spaces, create_empty_array

LONGEST_SAMPLE = 32
"""Samples are for checkers and fuzzing, so they are short even where the space is not."""

SAMPLE_CHARACTERS = (
    " \n\t.,?!'\"<>/{}[]0123456789abcdefghijklmnopqrstuvwxyzABCXYZéßñøπλΩжщЯאשعلमक日本語한글🙂🚀e\u0301\u200d"
)


class UnicodeText(gymnasium.Space[str]):
    """Every ``str`` of at most ``max_length`` characters; ``None`` means any length.

    The empty text, blanks, control characters and lone surrogates all belong to it. ``contains`` looks at the type and
    the length alone, so it costs the same for a word and for a book; Gymnasium's own ``Text`` looks at every character
    and by default rejects even a blank.
    """

    def __init__(self, max_length: int | None = None, *, seed: int | np.random.Generator | None = None) -> None:
        if max_length is not None and max_length < 0:
            raise ValueError(f"max_length must be at least 0 or None, got {max_length}")
        super().__init__(shape=None, dtype=str, seed=seed)
        self.max_length = max_length

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is a ``str`` that is not too long."""
        return isinstance(x, str) and (self.max_length is None or len(x) <= self.max_length)

    def sample(self, mask: None = None, probability: None = None) -> str:
        """A short text in mixed scripts, without lone surrogates so that it can be encoded and stored.

        Raises:
            ValueError: if a mask or a probability is given, for texts have neither.
        """
        if mask is not None or probability is not None:
            raise ValueError(f"texts cannot be masked, got mask={mask!r}, probability={probability!r}")
        longest = LONGEST_SAMPLE if self.max_length is None else min(LONGEST_SAMPLE, self.max_length)
        length = self.np_random.integers(longest + 1)
        picks = self.np_random.integers(len(SAMPLE_CHARACTERS), size=length)
        return "".join([SAMPLE_CHARACTERS[pick] for pick in picks])

    def to_jsonable(self, sample_n: Iterable[str]) -> list[str]:
        """The texts as a list: JSON holds every text, lone surrogates as escapes."""
        return list(sample_n)

    def from_jsonable(self, sample_n: list[Any]) -> list[str]:
        """The texts of a list read from JSON."""
        return list(sample_n)

    @property
    def is_np_flattenable(self) -> bool:
        """False: a text has no fixed number of entries."""
        return False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnicodeText) and self.max_length == other.max_length

    def __repr__(self) -> str:
        return f"UnicodeText({'' if self.max_length is None else self.max_length})"


# Vector environments batch texts as tuples of str. `batch_space` and `concatenate` do so for every space by default.
# `iterate` must stay unregistered: a registered one would walk through the characters of the texts of a batch.


@create_empty_array.register(UnicodeText)
def _empty_texts(space: UnicodeText, n: int = 1, fn: Callable[..., Any] = np.zeros) -> tuple[str, ...]:
    return ("",) * n


@batch_differing_spaces.register(UnicodeText)
def _batch_differing_texts(  # type: ignore[misc]  # Gymnasium dispatches on the type of the first space
    spaces: Sequence[UnicodeText],
) -> gymnasium.spaces.Tuple[Any]:
    return gymnasium.spaces.Tuple([UnicodeText(space.max_length) for space in spaces])
