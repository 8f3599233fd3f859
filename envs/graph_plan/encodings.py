"""One plan in ten kinds of text, each of which can be read back: ``parse(render(i, e), e) == graph(i)``.

The published benchmark's CSR arm held wrong column indices in every row; a round trip would have shown it. Steps are
numbered from 1 in all texts. The kinds follow Talk like a Graph (arXiv 2310.04560), whose social forms do not exist for
directed graphs, with stories of our own instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from selftaught.envs.graph_plan import wordings
from selftaught.envs.graph_plan.instances import Instance
from selftaught.envs.graph_plan.plans import Edge
from selftaught.envs.graph_plan.texts import PEOPLE
from selftaught.envs.graph_plan.times import SPELLINGS, Unit, spell

Encoding = Literal[
    "english", "edges", "adjacency", "matrix", "csr", "incident", "arrows", "dot", "stories", "graph_tokens"
]
ENCODINGS: Final[tuple[Encoding, ...]] = get_args(Encoding)
MOST_NODES: Final = 40
"""Steps for which there are names in stories and tokens."""
GRAPH_TOKENS: Final[Mapping[str, str]] = {
    **{f"<n{number}>": f" step {number}" for number in range(1, MOST_NODES + 1)},
    "<edge>": " before",
    "<skip>": " not needed",
}
"""Tokens for every step and edge, and what they mean: ``selftaught.agents.local_adapters.with_tokens`` adds them."""


@dataclass(frozen=True, slots=True)
class Graph:
    """What a text tells: the fields of an ``Instance`` of the same names, edges sorted."""

    amounts: tuple[int, ...]
    units: tuple[Unit, ...]
    edges: tuple[Edge, ...]
    spare: tuple[int, ...] = ()


def graph(instance: Instance) -> Graph:
    """What any text on the instance tells."""
    return Graph(instance.amounts, instance.units, tuple(sorted(instance.edges)), instance.spare)


def render(instance: Instance, encoding: Encoding) -> str:
    """The plan as text.

    Raises:
        ValueError: on an unknown encoding, or more than 40 steps for stories and graph tokens.
    """
    if encoding not in ENCODINGS:
        raise ValueError(f"unknown encoding {encoding!r}; the encodings are {', '.join(ENCODINGS)}")
    if encoding in ("stories", "graph_tokens") and len(instance.steps) > MOST_NODES:
        raise ValueError(f"{encoding} name at most {MOST_NODES} steps, and there are {len(instance.steps)}")
    return _KINDS[encoding][0](instance)


def parse(text: str, encoding: Encoding) -> Graph:
    """What ``render`` has put into the text.

    Raises:
        ValueError: if it is not such a text.
    """
    try:
        return _KINDS[encoding][1](text)
    except (AttributeError, IndexError, KeyError) as error:
        raise ValueError(f"no plan in the form {encoding!r}: {text!r}") from error


def _english(instance: Instance) -> str:
    random = np.random.default_rng(instance.wording)
    choices = wordings.wordings(held_out=instance.held_out)
    sentences = [
        choices[int(random.integers(len(choices)))].format(a=before + 1, b=after + 1)
        for before, after in instance.edges
    ]
    told = " ".join(sentences[place] for place in random.permutation(len(sentences)))
    lines = [f"{number}. {step} ({time})" for number, step, time in _listed(instance)]
    return "\n".join([*lines, *([told] if told else []), *_skipped(instance)])


def _read_english(text: str) -> Graph:
    lines = text.split("\n")
    times = [match[1] for line in lines if (match := re.match(r"\d+\. .+ \(([^()]+)\)$", line))]
    rest = [line for line in lines[len(times) :] if not line.startswith("Not needed:")]
    edges = [
        pair for line in rest for sentence in re.findall(r"[^.]+\.", line) if (pair := _sentence(sentence.strip()))
    ]
    return _graph(times, edges, text)


def _sentence(sentence: str) -> Edge:
    pair = wordings.read(sentence)
    if pair is None:
        raise ValueError(f"no constraint: {sentence!r}")
    return pair


def _stories(instance: Instance) -> str:
    random = np.random.default_rng(instance.wording)
    names = [PEOPLE[place] for place in random.permutation(len(PEOPLE))[: len(instance.steps)]]
    lines = [f"{number}. {names[number - 1]} has to {step} ({time})" for number, step, time in _listed(instance)]
    waits = [f"{names[after]} must wait for {names[before]}." for before, after in instance.edges]
    told = " ".join(waits[place] for place in random.permutation(len(waits)))
    return "\n".join([*lines, *([told] if told else []), *_skipped(instance)])


def _read_stories(text: str) -> Graph:
    found = re.findall(r"^\d+\. (\w+) has to .+ \(([^()]+)\)$", text, re.MULTILINE)
    number = {name: place for place, (name, _) in enumerate(found, start=1)}
    edges = [(number[first], number[then]) for then, first in re.findall(r"(\w+) must wait for (\w+)\.", text)]
    return _graph([time for _, time in found], edges, text)


def _edges(instance: Instance) -> str:
    return _block(instance, "Edges: " + (", ".join(f"({a + 1}, {b + 1})" for a, b in instance.edges) or "none"))


def _read_edges(text: str) -> Graph:
    return _graph(_times(text), _pairs(r"\((\d+), (\d+)\)", text), text)


def _arrows(instance: Instance) -> str:
    return _block(instance, "\n".join(f"{a + 1} -> {b + 1}" for a, b in instance.edges))


def _read_arrows(text: str) -> Graph:
    return _graph(_times(text), _pairs(r"^(\d+) -> (\d+)$", text), text)


def _adjacency(instance: Instance) -> str:
    lines = [f"{step + 1}: {_names(after, '[', ']')}" for step, after in enumerate(_following(instance))]
    return _block(instance, "Next steps:\n" + "\n".join(lines))


def _read_adjacency(text: str) -> Graph:
    rows = re.findall(r"^(\d+): \[([\d, ]*)\]$", text, re.MULTILINE)
    return _graph(_times(text), [(int(a), b) for a, after in rows for b in _numbers(after)], text)


def _incident(instance: Instance) -> str:
    lines = [
        f"Step {step + 1} is followed by {'no step' if not after else 'step ' + _and(after)}."
        for step, after in enumerate(_following(instance))
    ]
    return _block(instance, "\n".join(lines))


def _read_incident(text: str) -> Graph:
    rows = re.findall(r"^Step (\d+) is followed by step ([\d, and]+)\.$", text, re.MULTILINE)
    return _graph(_times(text), [(int(a), b) for a, after in rows for b in _numbers(after)], text)


def _matrix(instance: Instance) -> str:
    told = set(instance.edges)
    count = range(len(instance.steps))
    rows = (" ".join(str(int((row, column) in told)) for column in count) for row in count)
    return _block(instance, "Matrix (row before column):\n" + "\n".join(rows))


def _read_matrix(text: str) -> Graph:
    rows = text.split("Matrix (row before column):\n")[1].split("\nNot needed")[0].split("\n")
    cells = [(a, b) for a, row in enumerate(rows, 1) for b, cell in enumerate(row.split(), 1) if cell == "1"]
    return _graph(_times(text), cells, text)


def _csr(instance: Instance) -> str:
    following = _following(instance)
    offsets = np.cumsum([0, *map(len, following)]).tolist()
    columns = [after + 1 for row in following for after in row]
    return _block(instance, f"Row offsets: {_line(offsets)}\nColumns: {_line(columns)}")


def _read_csr(text: str) -> Graph:
    offsets, columns = (_numbers(line) for line in re.findall(r"^(?:Row offsets|Columns):(.*)$", text, re.MULTILINE))
    if offsets[0] or offsets[-1] != len(columns) or offsets != sorted(offsets):
        raise ValueError(f"row offsets {offsets} do not cut {len(columns)} columns into rows")
    pairs = [(row, b) for row in range(1, len(offsets)) for b in columns[offsets[row - 1] : offsets[row]]]
    return _graph(_times(text), pairs, text)


def _dot(instance: Instance) -> str:
    nodes = [f'  {number} [label="{step}", time="{time}"];' for number, step, time in _listed(instance)]
    edges = [f"  {a + 1} -> {b + 1};" for a, b in instance.edges]
    return "\n".join(["digraph plan {", *nodes, *edges, "}", *_skipped(instance)])


def _read_dot(text: str) -> Graph:
    return _graph(re.findall(r'time="([^"]+)"\];', text), _pairs(r"^  (\d+) -> (\d+);$", text), text)


def _graph_tokens(instance: Instance) -> str:
    nodes = "".join(f"<n{number}>{time}" for number, _, time in _listed(instance))
    edges = "".join(f"<edge><n{a + 1}><n{b + 1}>" for a, b in instance.edges)
    return nodes + edges + "".join(f"<skip><n{step + 1}>" for step in instance.spare)


def _read_graph_tokens(text: str) -> Graph:
    spare = tuple(int(step) - 1 for step in re.findall(r"<skip><n(\d+)>", text))
    times = re.findall(r"<n\d+>(\d+ \w+)", text)
    return _graph(times, _pairs(r"<edge><n(\d+)><n(\d+)>", text), text, spare=spare)


_KINDS: Final[Mapping[Encoding, tuple[Callable[[Instance], str], Callable[[str], Graph]]]] = {
    "english": (_english, _read_english),
    "edges": (_edges, _read_edges),
    "adjacency": (_adjacency, _read_adjacency),
    "matrix": (_matrix, _read_matrix),
    "csr": (_csr, _read_csr),
    "incident": (_incident, _read_incident),
    "arrows": (_arrows, _read_arrows),
    "dot": (_dot, _read_dot),
    "stories": (_stories, _read_stories),
    "graph_tokens": (_graph_tokens, _read_graph_tokens),
}


def _listed(instance: Instance) -> Iterable[tuple[int, str, str]]:
    """Number, text and time of every step."""
    for number, (step, amount, unit) in enumerate(zip(instance.steps, instance.amounts, instance.units, strict=True)):
        yield number + 1, step, spell(amount, unit)


def _block(instance: Instance, told: str) -> str:
    times = ", ".join(f"{number}={time}" for number, _, time in _listed(instance))
    return "\n".join([f"Times: {times}", *([told] if told else []), *_skipped(instance)])


def _times(text: str) -> list[str]:
    return re.findall(r"\d+=(\d+ \w+)", text.split("\n")[0])


def _skipped(instance: Instance) -> list[str]:
    return [f"Not needed: step {_and(instance.spare)}."] if instance.spare else []


def _following(instance: Instance) -> list[list[int]]:
    following: list[list[int]] = [[] for _ in instance.steps]
    for before, after in sorted(instance.edges):
        following[before].append(after)
    return following


def _graph(times: Sequence[str], pairs: Iterable[Edge], text: str, *, spare: tuple[int, ...] | None = None) -> Graph:
    """A graph from steps numbered from 1."""
    parts = [time.split() for time in times]
    if spare is None:
        named = re.search(r"^Not needed: step ([\d, and]+)\.$", text, re.MULTILINE)
        spare = tuple(number - 1 for number in _numbers(named[1])) if named else ()
    return Graph(
        tuple(int(amount) for amount, _ in parts),
        tuple(SPELLINGS[unit] for _, unit in parts),
        tuple(sorted((before - 1, after - 1) for before, after in pairs)),
        spare,
    )


def _pairs(pattern: str, text: str) -> list[Edge]:
    return [(int(a), int(b)) for a, b in re.findall(pattern, text, re.MULTILINE)]


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def _line(numbers: Iterable[int]) -> str:
    return " ".join(map(str, numbers))


def _names(steps: Iterable[int], opening: str, closing: str) -> str:
    return opening + ", ".join(str(step + 1) for step in steps) + closing


def _and(steps: Sequence[int]) -> str:
    """Step numbers as in prose: ``2``, ``2 and 5``, ``2, 5 and 6``."""
    *first, last = (str(step + 1) for step in steps)
    return f"{', '.join(first)} and {last}" if first else last
