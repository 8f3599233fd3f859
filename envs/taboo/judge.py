"""The judge of the taboo game: does an utterance disclose the target, and is it a guess?

Three rule books. ``strict`` compares whole words with the target's inflection family and sees through common evasions;
``strict+derivations`` adds derived words (teacher for teach); ``spag-v1`` repeats the verdicts of the published judge
(arXiv 2404.10642, ``tools/assign_rewards.py``), faults included. Every check is linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from selftaught.envs.taboo.words import FUNCTION_WORDS, family, is_ordinary, regular_forms, same_family

__all__ = ["Guess", "Reading", "Rules", "Verdict", "family", "judge", "parse_guess", "read_guess", "same_family"]

Rules = Literal["strict", "strict+derivations", "spag-v1"]
Reading = Literal["correct", "wrong", "multiple"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an utterance is legal; if not, why, and where in the original text (``text[span[0]:span[1]]``).

    Reasons: ``target``, ``inflection``, ``derivation`` (strict+derivations only), ``compound`` (one of the former as a
    hyphenated or CamelCase part: panda-like, RedPanda), ``spelled_out`` (p-a-n-d-a), ``split`` (pan-da), ``reversed``
    (adnap), ``leet`` (p4nda), ``invisible`` (zero-width characters or combining marks within), ``homoglyph`` (letters
    of other scripts that look Latin), ``initials`` (first letters of all words of a sentence, or of all lines).
    """

    legal: bool
    reason: str | None = None
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """An explicit guess: its words, NFKC-normalised and case-folded, and where they stand in the original text."""

    words: tuple[str, ...]
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Target:
    """What the strict rules need to know of one target, compiled once."""

    word: str
    forms: dict[str, str]
    reversals: frozenset[str]
    needles: tuple[bytes, ...] | None
    initials: tuple[str, ...]
    pattern: re.Pattern[str]


_LEGAL = Verdict(legal=True)

# Look-alikes of each Latin letter among digits and signs. 1 stands for both i and l.
_LEET = {"a": "4@", "b": "8", "e": "3", "g": "69", "i": "1!", "l": "1", "o": "0", "s": "5$", "t": "7", "z": "2"}
# Look-alikes among letters that Unicode's compatibility forms leave alone: Cyrillic, Greek, Armenian, IPA, Cherokee.
_HOMOGLYPHS = dict(
    zip(
        "авсԁеɡһіјкӏмпорԛѕтυѵԝхуɑαβεικνορτυχγϲϳօոսցհʟɪʀʙɢʜɴʏıȷℓµԍ",
        "abcdeghijklmnopqstuvwxyaabeiknoptuxycjonsghlirbghnyijlug",
        strict=True,
    )
)
_NAMED_LATIN = re.compile(r"LATIN (?:LETTER |SMALL LETTER |CAPITAL LETTER )(?:SMALL CAPITAL )?([A-Z])(?: WITH .+)?")
_SQUARED_LATIN = re.compile(r"(?:NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER|REGIONAL INDICATOR SYMBOL LETTER) ([A-Z])")
# Letters by category that are drawn as nothing: Hangul fillers and the blank Braille cell.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")

_LETTER = r"[^\W\d_]"
_TOKEN = re.compile(rf"{_LETTER}+")
_SENTENCE = re.compile(r"[^.!?\n]+")
# Signs that join two words within one, when no blank is beside them. Dashes, slashes and full stops also part words.
_JOINERS = frozenset("-\u2010\u2011_*~`^+=|#\u00b7\u2022'\"\u2019")
_HYPHENS = frozenset("-\u2010\u2011_")
_APOSTROPHES = frozenset("'\u2019")
_CONTRACTION_TAILS = frozenset({"s", "t", "d", "m", "ll", "re", "ve", "em"})
_DERIVING_SUFFIXES = (
    "able age al ally ation ative dom ed en er ery ess ette ful fully hood ian ible ic ical ician icity ify ion ise ish"
    " ism ist istic itis ity ive ize less let ling like ly man ment ness or ory ous person proof ship some ster tion"
    " ward wards wise woman work worker y"
).split()
_DERIVING_PREFIXES = "anti bi co counter de dis en ex fore in inter micro mid mini mis multi non out over post pre re semi sub super trans un under".split()
# Words that look derived but are not; the rule is for derivations that speakers still hear.
_FALSE_DERIVATIONS = frozenset(
    """badge bandage batter battery belly bery billion bitter blander border bother bully bus busy butter cabbage candle cannon
    capable capital carry cattery cation charity chapter cherry coral corner cottage county cover cower cushion daily
    dairy damage dandy darling dearth dinner factor fairy fancy father fever fiction filter final finger flower folly forty
    funeral garment gallery general genery genius gravy hammer harvest hearty hinder hobby jelly jury ladder lady later
    latter lawless legion letter lily liver lobby lotion lower magic manage manor martial master matter mature meter metal
    million minister minor mission moment monitor moral mortal mother motion mustard musty narrow nation notion number
    offer onion oral other oven over pantry paper party passage passion pastor penal pension penny person pillage pillow
    pity pony poppy portion potion pottery poverty powder pretty proper pudding puppy rally ration rely relish remedy
    repeat restaurant restore result return reveal review river rosary rubbish rusty savage scary section sentry session
    shower sister sorry station story sturdy summer supper supply surface surgery tardy tally tower trolley vanity
    vision wander warden warrior water weather whisky winter wonder worship""".split()
)


def judge(text: str, target: str, rules: Rules = "strict") -> Verdict:
    """Whether ``text`` keeps ``target`` undisclosed under ``rules``; never raises because of the text.

    Raises:
        ValueError: ``target`` has no letter, or ``rules`` is unknown.
        ImportError: ``spag-v1`` without TextBlob.
    """
    if rules == "spag-v1":
        return _judge_published(text, target)
    compiled = _compile(target, rules)
    if compiled.needles is not None and not _may_disclose(text, compiled):
        return _LEGAL
    bare, places = _bare(text)
    for match in compiled.pattern.finditer(bare):
        start, end = match.span(1)
        reason = _reason(text, bare, places, (start, end), compiled)
        if reason is not None:
            return Verdict(legal=False, reason=reason, span=(places[start], places[end - 1] + 1))
    return _judge_initials(bare, places, compiled)


def _may_disclose(text: str, compiled: _Target) -> bool:
    """A necessary condition for an illegal text, in about a microsecond: its folded letters contain a folded form."""
    if text.isascii():
        raw = text.encode("ascii")
    else:
        text = text.translate(_FOLDS)
        raw = text.encode("ascii", "ignore")
    letters = raw.translate(_SKELETON, _NO_LETTERS)
    for needle in compiled.needles or ():
        if needle in letters:
            return True
    if b"!" in raw:
        letters = raw.translate(_SKELETON_WITH_BANG, _NO_LETTERS_BUT_BANG)
        if any(needle in letters for needle in compiled.needles or ()):
            return True
    return bool(compiled.initials) and _may_have_initials(text, compiled)


def _may_have_initials(text: str, compiled: _Target) -> bool:
    second, third, fourth = compiled.initials
    lowered = text.lower()
    return "\n" in text or "\t" in text or (second in lowered and third in lowered and fourth in lowered)


def _reason(text: str, bare: str, places: range | list[int], span: tuple[int, int], compiled: _Target) -> str | None:
    """Why the candidate ``bare[span]`` is illegal, or None when it is ordinary prose."""
    start, end = span
    found = bare[start:end]
    tokens = _TOKEN.findall(found)
    letters = "".join(tokens)
    form = letters
    if leet := any(character in _LEET_SIGNS for character in found):
        if not _is_certain_leet(bare, start, end):
            return None
        form = compiled.word if letters not in compiled.forms else letters
    original = text[places[start] : places[end - 1] + 1]
    masked = _masking(original)
    gaps = [gap for gap in _TOKEN.split(found)[1:-1] if gap] if not leet else []
    if gaps and (reason := _gap_reason(tokens, gaps, is_edge_free=_is_alone(bare, start, end))) is None:
        return None
    if form not in compiled.forms:
        return "reversed" if form in compiled.reversals and (not gaps or reason == "spelled_out") else None
    if masked is not None:
        return masked
    if leet:
        return "leet"
    if gaps:
        return reason
    if not _is_whole_word(text, places, start, end):
        return "compound" if _is_camel_part(text, places, start, end) else None
    return "compound" if _is_hyphenated(bare, start, end) else compiled.forms[form]
