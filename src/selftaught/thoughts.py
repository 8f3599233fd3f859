"""Private thoughts: what stands between ``<think>`` and ``</think>``."""

from __future__ import annotations

import re
from typing import Final

# Possessive, for a sign before many blanks must cost linear time.
_TAG: Final = re.compile(r"<\s*+(/?)\s*+think\s*+>", re.IGNORECASE)

Span = tuple[int, int]


def public_spans(text: str) -> list[Span]:
    """The stretches of ``text`` outside thoughts, in order; tags belong to the thoughts.

    Nested blocks are one block; an unclosed block reaches to the end; a closing tag without an opening one hides all
    before it, since some chat templates open the block in the prompt.
    """
    spans: list[Span] = []
    depth = start = 0
    for tag in _TAG.finditer(text) if "<" in text else ():
        if tag[1]:
            if depth == 0:
                spans.clear()
            depth = max(0, depth - 1)
            start = tag.end()
        else:
            if depth == 0:
                spans.append((start, tag.start()))
            depth += 1
    if depth == 0:
        spans.append((start, len(text)))
    return [(first, last) for first, last in spans if first < last]


def thought_spans(text: str) -> list[Span]:
    """The stretches of ``text`` that are thoughts, with their tags."""
    edges = [0, *(place for span in public_spans(text) for place in span), len(text)]
    return [(first, last) for first, last in zip(edges[::2], edges[1::2], strict=True) if first < last]
