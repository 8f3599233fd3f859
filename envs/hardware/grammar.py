"""Trees and the language of ``phrases``: ``speak`` draws a wording for each node, ``hear`` finds the tree again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import numpy as np

from selftaught.envs.hardware.phrases import BODIES, CLAUSES, ROLES, RULES

_SLOT: Final = re.compile(r"\{(\d|\*)(?::(\w*))?(?::(\w+))?\}")
_TOKEN: Final = re.compile(r"([`\"])(\w+)\1|([\w?]+)|(\S)")
_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_RAW: Final = {"d": re.compile(r"[0-9]+"), "p": re.compile(r"[01xz?]+"), "h": re.compile(r"[0-9a-f]+")}
_LINE: Final = re.compile(r"((?:  )*)(- )?(\S.*)")
_MARKS: Final = ("", "", "`", '"')
_INLINE: Final = 0.6
"""How often the one short line beneath another is put beside it."""


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a design: its kind, its parts (names and digits are texts), and the lines beneath it."""

    kind: str
    parts: tuple[Node | str, ...] = ()
    body: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or mark; ``marked`` names stand in quotes and are no words of the language."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a wording: the part's number (-1: all that are left, listed), what it is, and the list's last word."""

    place: int
    sort: str
    last: str


@dataclass(slots=True)
class Fork:
    """A tree of wordings: what may come next, and the kinds of the wordings that end here."""

    words: dict[str, Fork] = field(default_factory=dict)
    slots: dict[Slot, Fork] = field(default_factory=dict)
    ends: list[str] = field(default_factory=list)


def tokens(text: str) -> list[Token]:
    """The words, numbers and marks of a line; words of the language in small letters."""
    found = []
    for match in _TOKEN.finditer(text):
        word = match[2] or match[0]
        low = word.lower()
        found.append(Token(word if match[2] or low not in vocabulary() else low, bool(match[2])))
    return found


@cache
def pieces(wording: str) -> tuple[str | Slot, ...]:
    """A wording as words and slots."""
    found: list[str | Slot] = []
    start = 0
    for slot in _SLOT.finditer(wording):
        found += [match[0] for match in _TOKEN.finditer(wording[start : slot.start()])]
        found.append(Slot(-1 if slot[1] == "*" else int(slot[1]), slot[2] or "", slot[3] or "and"))
        start = slot.end()
    return (*found, *(match[0] for match in _TOKEN.finditer(wording[start:])))


@cache
def vocabulary() -> frozenset[str]:
    """Every word of the language; a name that is one of them is always marked."""
    wordings = [wording for rule in RULES.values() for kind in rule.values() for wording in kind]
    found = {piece for wording in wordings for piece in pieces(wording) if isinstance(piece, str)}
    roles = {word for role in ROLES for word in re.findall(r"\w+", role)}
    return frozenset(found | roles | {"a", "an", "and", "or", "signed"})


@cache
def _fork(rule: str) -> Fork:
    root = Fork()
    for kind, wordings in RULES[rule].items():
        for wording in wordings:
            fork = root
            for piece in pieces(wording):
                if isinstance(piece, str):
                    fork = fork.words.setdefault(piece, Fork())
                else:
                    fork = fork.slots.setdefault(piece, Fork())
            fork.ends.append(kind)
    return root


@cache
def _fitting(rule: str, kind: str, count: int, clause: bool) -> tuple[str, ...]:
    """The wordings of a node with so many parts; those for clauses if its value is one and there are any."""
    wordings, found = RULES[rule][kind], []
    listed = all("{*" in wording for wording in wordings)
    for wording in wordings:
        slots = [piece for piece in pieces(wording) if isinstance(piece, Slot)]
        fixed = len({slot.place for slot in slots if slot.place >= 0})
        rest = count - fixed
        if rest >= (1 if listed else 2) if any(slot.place < 0 for slot in slots) else rest == 0:
            found.append(wording)
    special = [wording for wording in found if ":b}" in wording]
    return tuple(special if clause and special else [wording for wording in found if wording not in special])


@dataclass(slots=True)
class Speaker:
    """Draws the wordings; ``mark`` stands around names."""

    rng: np.random.Generator
    mark: str

    def lines(self, nodes: Sequence[Node], rule: str, depth: int) -> Iterator[str]:
        """The lines of some nodes and of all beneath."""
        for node in nodes:
            text = f"{'  ' * depth}{'- ' if depth else ''}{self._sentence(rule, node)}"
            if node.kind not in BODIES:
                yield f"{text}."
            elif len(node.body) == 1 and node.body[0].kind not in BODIES and depth and self.rng.random() < _INLINE:
                yield f"{text}: {self._filled(BODIES[node.kind], node.body[0])}."
            else:
                yield f"{text}:"
                yield from self.lines(node.body, BODIES[node.kind], depth + 1)

    def _sentence(self, rule: str, node: Node) -> str:
        text = self._filled(rule, node)
        first = re.match(r"\w+", text)
        return text[0].upper() + text[1:] if first and first[0] in vocabulary() else text

    def _filled(self, rule: str, node: Node) -> str:
        clause = bool(node.parts) and isinstance(node.parts[-1], Node) and node.parts[-1].kind in CLAUSES
        wordings = _fitting(rule, node.kind, len(node.parts), clause)
        wording = wordings[int(self.rng.integers(len(wordings)))] if len(wordings) > 1 else wordings[0]
        fixed = len({match[1] for match in _SLOT.finditer(wording)} - {"*"})

        def fill(match: re.Match[str]) -> str:
            sort = match[2] or ""
            if match[1] != "*":
                return self._part(sort, node.parts[int(match[1])])
            shown = [self._part(sort, part) for part in node.parts[fixed:]]
            return f" {match[3] or 'and'} ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)

        return _SLOT.sub(fill, wording)

    def _part(self, sort: str, part: Node | str) -> str:
        if isinstance(part, str):
            return self._text(sort, part)
        if sort in ("", "e", "c", "b"):
            if sort == "c" and part.kind not in CLAUSES:
                return self._filled("truth", Node("truth", (part,)))
            rule = "atom" if part.kind in RULES["atom"] else "compound"
            text = self._filled(rule, part)
            return f"({text})" if rule == "compound" and not sort else text
        return self._filled(sort, part)

    def _text(self, sort: str, text: str) -> str:
        if sort == "r":
            return f"{'an' if text[0] in 'aeiou' else 'a'} {text}"
        if sort != "n":
            return text
        mark = self.mark or ('"' if text.lower() in vocabulary() else "")
        return f"{mark}{text}{mark}"


@dataclass(slots=True)
class Listener:
    """Finds every reading of the tokens of one line; ``known`` keeps those from each place on."""

    tokens: Sequence[Token]
    known: dict[tuple[str, int], list[tuple[Node | str, int]]] = field(default_factory=dict)

    def line(self, rule: str) -> Node | None:
        """The only reading of the whole line, or None."""
        found = {node for node, end in self.readings(rule, 0) if end == len(self.tokens)}
        node = found.pop() if len(found) == 1 else None
        return node if isinstance(node, Node) else None

    def readings(self, sort: str, start: int) -> list[tuple[Node | str, int]]:
        """What stands at a place, each with where it ends."""
        key = sort, start
        if key not in self.known:
            self.known[key] = list(self._readings(sort, start))
        return self.known[key]

    def _readings(self, sort: str, start: int) -> Iterator[tuple[Node | str, int]]:
        if start >= len(self.tokens):
            return
        token = self.tokens[start]
        if sort == "n":
            if token.marked or (_NAME.fullmatch(token.text) and token.text.lower() not in vocabulary()):
                yield token.text, start + 1
        elif sort in _RAW:
            if not token.marked and _RAW[sort].fullmatch(token.text):
                yield token.text, start + 1
        elif sort == "r":
            yield from self._roles(start)
        elif sort == "":
            yield from self.readings("atom", start)
            if token == Token("("):
                for node, end in self.readings("e", start + 1):
                    if self.tokens[end : end + 1] == [Token(")")]:
                        yield node, end + 1
        elif sort in ("e", "c"):
            rules = ("atom", "compound") if sort == "e" else ("clause", "truth")
            for rule in rules:
                yield from self.readings(rule, start)
        else:
            yield from self._walk(_fork("clause" if sort == "b" else sort), start, {})

    def _roles(self, start: int) -> Iterator[tuple[str, int]]:
        if self.tokens[start].text not in ("a", "an"):
            return
        words = [token.text for token in self.tokens[start + 1 : start + 4]]
        for length in range(1, len(words) + 1):
            role = " ".join(words[:length])
            if role.removeprefix("signed ") in ROLES:
                yield role, start + 1 + length

    def _walk(
        self, fork: Fork, at: int, filled: Mapping[int, Node | str | tuple[Node | str, ...]]
    ) -> Iterator[tuple[Node | str, int]]:
        for kind in fork.ends:
            yield _built(kind, filled), at
        if at >= len(self.tokens):
            return
        token = self.tokens[at]
        if not token.marked and token.text in fork.words:
            yield from self._walk(fork.words[token.text], at + 1, filled)
        for slot, rest in fork.slots.items():
            if slot.place < 0:
                for listed, end in self._list(slot, at):
                    yield from self._walk(rest, end, {**filled, -1: listed})
            else:
                for part, end in self.readings(slot.sort, at):
                    yield from self._walk(rest, end, {**filled, slot.place: part})

    def _list(self, slot: Slot, start: int) -> Iterator[tuple[tuple[Node | str, ...], int]]:
        for first, end in self.readings(slot.sort, start):
            yield (first,), end
            yield from self._more(slot, (first,), end)

    def _more(self, slot: Slot, found: tuple[Node | str, ...], at: int) -> Iterator[tuple[tuple[Node | str, ...], int]]:
        if at >= len(self.tokens) or self.tokens[at].marked:
            return
        if self.tokens[at].text == ",":
            for part, end in self.readings(slot.sort, at + 1):
                yield from self._more(slot, (*found, part), end)
        elif self.tokens[at].text == slot.last:
            for part, end in self.readings(slot.sort, at + 1):
                yield (*found, part), end


def _built(kind: str, filled: Mapping[int, Node | str | tuple[Node | str, ...]]) -> Node | str:
    parts: list[Node | str] = []
    for place in sorted(filled, key=lambda place: (place < 0, place)):
        part = filled[place]
        parts += part if isinstance(part, tuple) else [part]
    return parts[0] if kind == "truth" else Node(kind, tuple(parts))


def speak(nodes: Sequence[Node], rule: str, rng: np.random.Generator) -> str:
    """The text of some nodes of a rule, a line each, and what is beneath them; wordings are drawn."""
    mark = _MARKS[int(rng.integers(len(_MARKS)))]
    return "".join(f"{line}\n" for line in Speaker(rng, mark).lines(nodes, rule, 0))


def hear(text: str, rule: str) -> tuple[Node, ...] | None:
    """The nodes of a text that ``speak`` could have written; None for any other."""
    lines = []
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None or bool(found[1]) != bool(found[2]):
            return None
        lines.append((len(found[1]) // 2, tokens(found[3])))
    nodes, end = _heard(lines, rule, 0, 0)
    return nodes if nodes is not None and end == len(lines) else None


def _heard(
    lines: Sequence[tuple[int, list[Token]]], rule: str, start: int, depth: int
) -> tuple[tuple[Node, ...] | None, int]:
    """The nodes of the lines from one on that are as deep, and where they end."""
    nodes: list[Node] = []
    at = start
    while at < len(lines) and lines[at][0] == depth:
        line, at = lines[at][1], at + 1
        cut = line.index(Token(":")) if Token(":") in line else len(line) - 1
        node = Listener(line[:cut]).line(rule)
        if node is None or (line[cut] == Token(":")) != (node.kind in BODIES):
            return None, at
        body: tuple[Node, ...] | None = ()
        if node.kind in BODIES and cut < len(line) - 1:
            inner = Listener(line[cut + 1 : -1]).line(BODIES[node.kind])
            body = None if inner is None or inner.kind in BODIES else (inner,)
        elif node.kind in BODIES:
            body, at = _heard(lines, BODIES[node.kind], at, depth + 1)
        if body is None or (cut < len(line) - 1 and line[-1] != Token(".")) or line[cut].text not in (":", "."):
            return None, at
        nodes.append(Node(node.kind, node.parts, body))
    return tuple(nodes), at
