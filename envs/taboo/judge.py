"""The judge of the taboo game: does an utterance disclose the target, and is it a guess?

Three rule books. ``strict`` compares whole words with the target's inflection family and sees through common evasions;
``strict+derivations`` adds derived words (teacher for teach); ``spag-v1`` repeats the verdicts of the published judge
(arXiv 2404.10642, ``tools/assign_rewards.py``), faults included. Every check is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import get_args

from selftaught.envs.taboo import published
from selftaught.envs.taboo.families import derivation_roots, family, is_derived, is_ordinary, same_family
from selftaught.envs.taboo.guesses import Guess, Reading, Rules, parse_guess, read_guess
from selftaught.envs.taboo.letters import LEET, LETTER, SKELETON, TOKEN, fold, fold_text, plain

__all__ = ["Guess", "Reading", "Rules", "Verdict", "family", "judge", "parse_guess", "read_guess", "same_family"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an utterance is legal; if not, why, and where in the original text (``text[span[0]:span[1]]``).

    Reasons: ``target``, ``inflection``, ``derivation`` (strict+derivations only), ``compound`` (the target or a form of
    it as a hyphenated or CamelCase part: panda-like, RedPanda), ``spelled_out`` (p-a-n-d-a), ``split`` (pan-da),
    ``reversed`` (adnap), ``leet`` (p4nda), ``invisible`` (invisible characters or combining marks within),
    ``homoglyph`` (look-alike letters of other scripts), ``initials`` (of all words of a sentence, or of all lines).
    """

    legal: bool
    reason: str | None = None
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class _Target:
    """What the strict rules need to know of one target, compiled once.

    ``needles`` are letters of which an illegal text must hold at least one (None: no such test); an acrostic holds both
    ``starts``. ``reasons[k]`` is why ``forms[k]`` is illegal.
    """

    word: str
    forms: tuple[str, ...]
    reasons: tuple[str, ...]
    roots: frozenset[str]
    needles: tuple[bytes, ...] | None
    starts: tuple[bytes, bytes] | None


_LEGAL = Verdict(legal=True)

# Up to three signs between letters; never those that may be leet letters, so that the pattern cannot backtrack far.
_GAP = r"(?:[^\w@$]|_){0,3}"
_SENTENCE = re.compile(r"[^.!?\n]+")
_CAMEL_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CAMEL_SEAM = re.compile(r"[a-z][A-Z]")
_LETTER_BEFORE = re.compile(rf"(?<!{LETTER})[^\W\d_ai](?:[^\w]|_){{1,3}}\Z")
_LETTER_AFTER = re.compile(rf"(?:[^\w]|_){{1,3}}{LETTER}(?!{LETTER})")
# Signs that join the parts of one word. Dashes, slashes and stops are no such signs: prose puts them between words.
_JOINERS = frozenset("-\u2010\u2011_*~`^+=|#\u00b7\u2022'\u2019")
_HYPHENS = frozenset("-\u2010\u2011_")
_APOSTROPHES = frozenset("'\u2019")
_STOPS = frozenset('.,;:!?()"\u201c\u201d\u2026\u2014/')
# Zipf scale: 2 is one use in ten million words.
_NAME_ZIPF = 2.0
# An acrostic of five words or lines hits a given word by chance about once in 200,000 sentences; one of four still in
# some 10,000, which self-play would meet daily.
_SHORTEST_INITIALS = 5
_CONTRACTION_TAILS = frozenset({"s", "t", "d", "m", "ll", "re", "ve", "em"})


def judge(text: str, target: str, rules: Rules = "strict") -> Verdict:
    """Whether ``text`` keeps ``target`` undisclosed under ``rules``; no text makes it raise.

    Raises:
        ValueError: ``target`` is not one word of letters, or ``rules`` is unknown.
        ImportError: ``spag-v1`` without TextBlob.
    """
    if rules == "spag-v1":
        form = published.find_form(text, target)
        return Verdict(False, *form) if form else _LEGAL
    compiled = _compile(target, rules)
    if compiled.needles is not None and not _may_disclose(text, compiled):
        return _LEGAL
    bare, places = fold_text(text)
    for match in _pattern(compiled.forms).finditer(bare):
        group = match.lastindex or 1
        start, end = match.span(group)
        original = text[places[start] : places[end - 1] + 1]
        if reason := _reason(bare, (start, end), compiled, group=group, original=original):
            return Verdict(False, reason, (places[start], places[end - 1] + 1))
    if found := _part_of_word(text, bare, places, compiled=compiled) or _initials(bare, places, compiled.word):
        return found
    return _LEGAL


@lru_cache(maxsize=4096)
def _compile(target: str, rules: Rules) -> _Target:
    if rules not in get_args(Rules):
        raise ValueError(f"unknown rules {rules!r}; expected one of {get_args(Rules)}")
    word = "".join(map(fold, target))
    # The compounds ice-cream, ice cream and icecream are one target.
    word = re.sub(r"[-_ ]", "", word)
    if not TOKEN.fullmatch(word):
        raise ValueError(f"a target must be a word of letters, not {target!r}")
    forms = {form: "inflection" for form in sorted(family(word)) if TOKEN.fullmatch(form)} | {word: "target"}
    forms.update({form[::-1]: "reversed" for form in forms if _is_certain_reversal(form, word)})
    # The shorter form first: the one in "panda's" is "panda", not a "pandas" whose apostrophe is a gap.
    ordered = tuple(sorted(forms, key=lambda form: (len(form), form)))
    roots = derivation_roots(word) if rules == "strict+derivations" else frozenset[str]()
    return _Target(
        word=word,
        forms=ordered,
        reasons=tuple(forms[form] for form in ordered),
        roots=roots,
        needles=_needles({*forms, *(root[:-1] if root[-1] in "ey" else root for root in roots)}),
        starts=(f" {word[1]}".encode(), f" {word[2]}".encode()) if len(word) >= _SHORTEST_INITIALS else None,
    )


@lru_cache(maxsize=1024)
def _pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    """Finds ``forms[k - 1]`` as group k, also split or leeted; made on demand, for few texts need it."""
    bodies = (_GAP.join(f"[{letter}{LEET.get(letter, '')}]" for letter in form) for form in forms)
    either = "|".join(f"({body})(?!{LETTER})" for body in bodies)
    # A look-ahead, so that a legal candidate ("a part") does not hide an illegal one that starts inside it.
    return re.compile(rf"(?<!{LETTER})(?={either})")


def _is_certain_reversal(form: str, word: str) -> bool:
    """Whether ``form`` backwards is nothing that is said in its own right (live, drawer; deps for sped)."""
    from wordfreq import zipf_frequency

    long_enough = len(form) >= (4 if form == word else 5)
    return long_enough and form != form[::-1] and zipf_frequency(form[::-1], "en") < _NAME_ZIPF


def _needles(forms: set[str]) -> tuple[bytes, ...] | None:
    if not all(form.isascii() for form in forms):
        return None
    needles: list[bytes] = []
    for form in sorted(forms, key=len):
        folded = form.encode("ascii").translate(SKELETON)
        if not any(needle in folded for needle in needles):
            needles.append(folded)
    return tuple(needles)


_NO_LETTERS_BUT_BANG = bytes(code for code in range(256) if not 97 <= SKELETON[code] <= 122)
_NO_LETTERS = _NO_LETTERS_BUT_BANG + b"!"
_NO_WORDS = bytes(code for code in range(256) if not bytes([code]).isalpha() and not bytes([code]).isspace())
_SPACED = bytes(ord(" ") if bytes([code]).isspace() else code for code in range(256)).lower()


def _may_disclose(text: str, compiled: _Target) -> bool:
    """A necessary condition for an illegal text, in about a microsecond: its folded letters hold a folded form."""
    raw = (text if text.isascii() else "".join(map(fold, text))).encode("ascii", "ignore")
    letters = raw.translate(SKELETON, _NO_LETTERS)
    for needle in compiled.needles or ():
        if needle in letters:
            return True
    if b"!" in raw:
        letters = raw.translate(SKELETON, _NO_LETTERS_BUT_BANG)
        if any(needle in letters for needle in compiled.needles or ()):
            return True
    if compiled.starts is None:
        return False
    spaced = raw.translate(_SPACED, _NO_WORDS)
    second, third = compiled.starts
    return second in spaced and third in spaced and _may_have_initials(spaced, raw.count(b"\n"), word=compiled.word)


def _may_have_initials(spaced: bytes, newlines: int, *, word: str) -> bool:
    if newlines + 1 >= len(word):
        return True
    return word.encode("ascii", "ignore") in bytes([chunk[0] for chunk in spaced.split()])


def _reason(bare: str, span: tuple[int, int], compiled: _Target, *, group: int, original: str) -> str | None:
    """Why the candidate ``bare[span]`` is illegal, or None where it is ordinary prose."""
    start, end = span
    form, reason = compiled.forms[group - 1], compiled.reasons[group - 1]
    tokens = TOKEN.findall(bare, start, end)
    gap_reason = None
    if leet := sum(map(len, tokens)) < len(form):
        if reason == "reversed" or not _is_certain_leet(bare, start, end):
            return None
    elif len(tokens) > 1:
        gap_reason = _gap_reason(bare, start, end)
        if gap_reason is None or (reason == "reversed" and gap_reason == "split"):
            return None
    if not original.isascii() or not original.isprintable():
        if any(not plain(character) for character in original):
            return "invisible"
        if compiled.word.isascii() and any(plain(character) != fold(character) for character in original):
            return "homoglyph"
    if leet:
        return "leet"
    if reason == "reversed" or gap_reason is None:
        return "compound" if reason != "reversed" and _is_hyphenated(bare, start, end) else reason
    return gap_reason


def _gap_reason(bare: str, start: int, end: int) -> str | None:
    """``spelled_out`` or ``split`` for a form whose letters stand apart, or None where prose may have put them so."""
    matches = list(TOKEN.finditer(bare, start, end))
    tokens = [match[0] for match in matches]
    if bare[start - 1 : start].isdigit() or bare[end : end + 1].isdigit():
        return None  # ordinals and units: "the 13th in May" is not thin
    if bare[start - 1 : start] in _APOSTROPHES and tokens[0] in _CONTRACTION_TAILS:
        return None  # "you're working" is not rework
    gaps = [bare[left.end() : right.start()] for left, right in pairwise(matches)]
    if all(len(token) == 1 for token in tokens):
        # Initials of two letters (U.S.) and listed letters (bases A, C, T, G) are prose.
        listed = _LETTER_BEFORE.search(bare[max(0, start - 5) : start]) or _LETTER_AFTER.match(bare, end)
        return None if len(tokens) < 3 or (len(tokens) == 3 and listed) else "spelled_out"
    pairs = zip(gaps, tokens[1:], strict=True)
    if any(_APOSTROPHES.issuperset(gap) and tail in _CONTRACTION_TAILS for gap, tail in pairs):
        return None  # we'll is not well, she'd is not shed
    if any(_JOINERS.issuperset(gap) for gap in gaps):
        return "split"
    if any(not _STOPS.isdisjoint(gap) and any(map(str.isspace, gap)) for gap in gaps):
        return None  # a new clause: "in the pan. Da Vinci"
    # A single letter may be a name (plan b at noon); "the rapist", "a part" and "car pet" are all words.
    return "split" if any(len(token) > 1 and not is_ordinary(token) for token in tokens) else None


def _is_certain_leet(bare: str, start: int, end: int) -> bool:
    found = bare[start:end]
    letters = TOKEN.findall(found)
    count = sum(map(len, letters))
    if 2 * count < end - start - sum(map(str.isspace, found)) or (" " in found and max(map(len, letters)) > 1):
        return False
    if bare[start - 1 : start].isdigit() or bare[end : end + 1].isdigit():
        return False  # part of a longer number or code
    if len(letters) == 1 and (found.startswith(letters[0]) or found.endswith(letters[0])):
        # Digits at one end only are mostly numbers: 8am, 70s, star3.
        return len(found) >= 4 and not is_ordinary(letters[0])
    return True


def _is_hyphenated(bare: str, start: int, end: int) -> bool:
    before, after = bare[max(0, start - 2) : start], bare[end : end + 2]
    return (len(before) == 2 and before[1] in _HYPHENS and before[0].isalpha()) or (
        len(after) == 2 and after[0] in _HYPHENS and after[1].isalpha()
    )


def _part_of_word(text: str, bare: str, places: Sequence[int], *, compiled: _Target) -> Verdict | None:
    """An illegal derivation, or a form as one part of a CamelCase word; other closed compounds are legal (football)."""
    if compiled.roots:
        for match in TOKEN.finditer(bare):
            if is_derived(match[0], compiled.roots):
                return Verdict(False, "derivation", (places[match.start()], places[match.end() - 1] + 1))
    if _CAMEL_SEAM.search(text):
        for match in TOKEN.finditer(text):
            if _CAMEL_SEAM.search(match[0]) and (span := _camel_part(match[0], compiled)):
                return Verdict(False, "compound", (match.start() + span[0], match.start() + span[1]))
    return None


def _camel_part(word: str, compiled: _Target) -> tuple[int, int] | None:
    """Where a form is a part of the CamelCase ``word``, unless that is a name in general use (YouTube, MacDonald)."""
    from wordfreq import zipf_frequency

    for match in _CAMEL_PART.finditer(word):
        part = match[0].lower()
        if part in compiled.forms and compiled.reasons[compiled.forms.index(part)] != "reversed":
            return None if zipf_frequency(word, "en") >= _NAME_ZIPF else match.span()
    return None


def _initials(bare: str, places: Sequence[int], word: str) -> Verdict | None:
    if len(word) < _SHORTEST_INITIALS:
        return None
    for sentence in _SENTENCE.finditer(bare):
        chunks = sentence[0].split()
        if len(chunks) >= len(word) and _first_letters(chunks) == word:
            start, end = sentence.span()
            return Verdict(False, "initials", (places[start], places[end - 1] + 1))
    if bare.count("\n") + 1 >= len(word) and _first_letters(bare.splitlines()) == word:
        return Verdict(False, "initials", (places[0], places[-1] + 1))
    return None


def _first_letters(chunks: Sequence[str]) -> str:
    found = (TOKEN.search(chunk) for chunk in chunks)
    return "".join(match[0][0] for match in found if match)
