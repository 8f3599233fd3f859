"""The judge of the taboo game: does an utterance disclose the target, and is it a guess?

Three rule books. ``strict`` compares whole words with the target's inflection family and sees through common evasions;
``strict+derivations`` adds derived words (teacher for teach); ``spag-v1`` repeats the verdicts of the published judge
(arXiv 2404.10642, ``tools/assign_rewards.py``), faults included. Every check is linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal, get_args

from selftaught.envs.taboo.words import derivation_roots, family, is_derived, is_ordinary, same_family

__all__ = ["Guess", "Reading", "Rules", "Verdict", "family", "judge", "parse_guess", "read_guess", "same_family"]

Rules = Literal["strict", "strict+derivations", "spag-v1"]
Reading = Literal["correct", "wrong", "multiple"]


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
class Guess:
    """An explicit guess: its words, NFKC-normalised and case-folded, and where they stand in the original text."""

    words: tuple[str, ...]
    span: tuple[int, int]


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

# Digits and signs that stand for a letter. 1 is both i and l, so the skeleton below merges these two letters.
_LEET = {"a": "4@", "b": "8", "e": "3", "g": "69", "i": "1!", "l": "1", "o": "0", "s": "5$", "t": "7", "z": "2"}
# Letters that are drawn like Latin ones: Cyrillic, Greek, Armenian, IPA.
_HOMOGLYPHS = {
    pair[0]: pair[1]
    for pair in (
        "аa вb еe кk мm нh оo рp сc тt уy хx ѕs іi јj ԁd һh ԛq ԝw ѵv ӏl ɡg ɑa αa βb εe ιi κk νv ορ τt υu χx γy ϲc ϳj "
        "օo ոn սu ցg հh ɪi ʟl ıi ȷj ɩi ƿp ᴀa ᴄc ᴅd ᴇe ᴊj ᴋk ᴍm ᴏo ᴘp ᴛt ᴜu ᴠv ᴡw ᴢz"
    ).split()
} | {"ο": "o", "ρ": "p"}
_NAMED_LATIN = re.compile(
    r"(?:LATIN (?:SMALL LETTER|CAPITAL LETTER|LETTER SMALL CAPITAL)|REGIONAL INDICATOR SYMBOL LETTER"
    r"|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER) ([A-Z])(?: WITH .+)?"
)
# Letters and signs that are drawn as nothing: Hangul fillers and the blank Braille cell.
_BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")

_LETTER = r"[^\W\d_]"
_TOKEN = re.compile(rf"{_LETTER}+")
# Up to three signs between letters; never those that may be leet letters, so that the pattern cannot backtrack far.
_GAP = r"(?:[^\w@$]|_){0,3}"
_SENTENCE = re.compile(r"[^.!?\n]+")
_CAMEL_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CAMEL_SEAM = re.compile(r"[a-z][A-Z]")
_LETTER_BEFORE = re.compile(rf"(?<!{_LETTER})[^\W\d_ai](?:[^\w]|_){{1,3}}\Z")
_LETTER_AFTER = re.compile(rf"(?:[^\w]|_){{1,3}}{_LETTER}(?!{_LETTER})")
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
        return _judge_published(text, target)
    compiled = _compile(target, rules)
    if compiled.needles is not None and not _may_disclose(text, compiled):
        return _LEGAL
    bare, places = _bare(text)
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
    word = "".join(map(_fold, target))
    # The compounds ice-cream, ice cream and icecream are one target.
    word = re.sub(r"[-_ ]", "", word)
    if not _TOKEN.fullmatch(word):
        raise ValueError(f"a target must be a word of letters, not {target!r}")
    forms = {form: "inflection" for form in sorted(family(word)) if _TOKEN.fullmatch(form)} | {word: "target"}
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
    bodies = (_GAP.join(f"[{letter}{_LEET.get(letter, '')}]" for letter in form) for form in forms)
    either = "|".join(f"({body})(?!{_LETTER})" for body in bodies)
    # A look-ahead, so that a legal candidate ("a part") does not hide an illegal one that starts inside it.
    return re.compile(rf"(?<!{_LETTER})(?={either})")


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
        folded = form.encode("ascii").translate(_SKELETON)
        if not any(needle in folded for needle in needles):
            needles.append(folded)
    return tuple(needles)


def _skeleton_table() -> bytes:
    table = bytearray(bytes(range(256)).lower())
    for letter, signs in _LEET.items():
        for sign in signs:
            table[ord(sign)] = ord(letter)
    table[ord("l")] = table[ord("L")] = table[ord("1")] = ord("i")
    return bytes(table)


_SKELETON = _skeleton_table()
_NO_LETTERS_BUT_BANG = bytes(code for code in range(256) if not 97 <= _SKELETON[code] <= 122)
_NO_LETTERS = _NO_LETTERS_BUT_BANG + b"!"
_NO_WORDS = bytes(code for code in range(256) if not bytes([code]).isalpha() and not bytes([code]).isspace())
_SPACED = bytes(ord(" ") if bytes([code]).isspace() else code for code in range(256)).lower()


def _may_disclose(text: str, compiled: _Target) -> bool:
    """A necessary condition for an illegal text, in about a microsecond: its folded letters hold a folded form."""
    raw = (text if text.isascii() else "".join(map(_fold, text))).encode("ascii", "ignore")
    letters = raw.translate(_SKELETON, _NO_LETTERS)
    for needle in compiled.needles or ():
        if needle in letters:
            return True
    if b"!" in raw:
        letters = raw.translate(_SKELETON, _NO_LETTERS_BUT_BANG)
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


@lru_cache(maxsize=65_536)
def _plain(character: str) -> str:
    """NFKC and case folding of one character, accents dropped; invisible characters and lone marks become nothing."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold())
    return "".join(part for part in decomposed if not _is_invisible(part))


@lru_cache(maxsize=65_536)
def _fold(character: str) -> str:
    """``_plain``, with look-alikes of Latin letters replaced by these."""
    plain = _plain(character)
    if plain.isascii():
        return plain
    return "".join(_HOMOGLYPHS.get(part) or _named_letter(part) or part for part in plain)


def _named_letter(character: str) -> str | None:
    named = _NAMED_LATIN.fullmatch(unicodedata.name(character, ""))
    return named[1].lower() if named else None


def _is_invisible(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Mn", "Me", "Cf") or (category == "Cc" and not character.isspace()) or character in _BLANKS


def _bare(text: str) -> tuple[str, Sequence[int]]:
    """The folded text, and for each of its characters the index in ``text`` that it comes from."""
    if text.isascii() and text.replace("\n", " ").replace("\t", " ").isprintable():
        return text.lower(), range(len(text))
    parts = [_fold(character) for character in text]
    return "".join(parts), [index for index, part in enumerate(parts) for _ in part]


def _reason(bare: str, span: tuple[int, int], compiled: _Target, *, group: int, original: str) -> str | None:
    """Why the candidate ``bare[span]`` is illegal, or None where it is ordinary prose."""
    start, end = span
    form, reason = compiled.forms[group - 1], compiled.reasons[group - 1]
    tokens = _TOKEN.findall(bare, start, end)
    gap_reason = None
    if leet := sum(map(len, tokens)) < len(form):
        if reason == "reversed" or not _is_certain_leet(bare, start, end):
            return None
    elif len(tokens) > 1:
        gap_reason = _gap_reason(bare, start, end)
        if gap_reason is None or (reason == "reversed" and gap_reason == "split"):
            return None
    if not original.isascii() or not original.isprintable():
        if any(not _plain(character) for character in original):
            return "invisible"
        if compiled.word.isascii() and any(_plain(character) != _fold(character) for character in original):
            return "homoglyph"
    if leet:
        return "leet"
    if reason == "reversed" or gap_reason is None:
        return "compound" if reason != "reversed" and _is_hyphenated(bare, start, end) else reason
    return gap_reason


def _gap_reason(bare: str, start: int, end: int) -> str | None:
    """``spelled_out`` or ``split`` for a form whose letters stand apart, or None where prose may have put them so."""
    matches = list(_TOKEN.finditer(bare, start, end))
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
    letters = _TOKEN.findall(found)
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
        for match in _TOKEN.finditer(bare):
            if is_derived(match[0], compiled.roots):
                return Verdict(False, "derivation", (places[match.start()], places[match.end() - 1] + 1))
    if _CAMEL_SEAM.search(text):
        for match in _TOKEN.finditer(text):
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
    found = (_TOKEN.search(chunk) for chunk in chunks)
    return "".join(match[0][0] for match in found if match)


# ``Guess: word`` or the published sentence in any punctuation, as the whole utterance.
# Possessive, for many blanks in a row must cost linear time.
_EDGE = r"[\s*_`\"'\u2018\u2019\u201c\u201d()\[\]{}<>]*+"
_THE_WORD = r"the (?:secret |target )?word\b"
_LEAD = rf"(?:it|{_THE_WORD})(?:\s++(?:is|must be)\b|['\u2019]s\b)(?:{_EDGE}{_THE_WORD})?+\s*+:?+"
_OPENING = rf"i know {_THE_WORD}{_EDGE}[!.,;:\u2014-]*+{_EDGE}(?:and )?"
_GUESS = re.compile(
    rf"{_EDGE}(?:guess{_EDGE}:{_EDGE}(?:{_LEAD})?+|{_OPENING}{_LEAD})(?P<words>.*)", re.IGNORECASE | re.DOTALL
)
_TRIMMED = " \t\r\n*_`\"'\u2018\u2019\u201c\u201d()[]{}<>.!"
_GUESS_WORD = re.compile(r"[^\s,/;&|\"\u201c\u201d*`()\[\]{}<>]+")
_SENTENCE_END = re.compile(r"[.!?:]|\n")
_NO_GUESSES = frozenset({"a", "an", "the", "or", "and"})
_PUBLISHED_GUESS = "i know the word! it.{1,8}"


def parse_guess(text: str, rules: Rules = "strict") -> Guess | None:
    """The guess that is the whole of ``text``: ``Guess: word`` or ``I know the word! It is word``, else None.

    Articles, quotes, brackets, Markdown signs and closing ``.`` or ``!`` are ignored; ``or`` and ``and`` only separate.
    A two-word target must be joined (ice-cream, icecream). Under ``spag-v1`` the published pattern decides, anywhere in
    the text, and the words are all those on the line after its ``it``.
    """
    if rules == "spag-v1":
        match = re.search(_PUBLISHED_GUESS, text.lower())
        if match is None:
            return None
        first = _lowered_places(text)[match.start() + len("i know the word! it")]
        last = text.find("\n", first)
        last = len(text) if last < 0 else last
    else:
        match = _GUESS.match(text)
        if match is None:
            return None
        first, last = match.span("words")
        while first < last and text[last - 1] in _TRIMMED:
            last -= 1
        if _SENTENCE_END.search(text, first, last):
            return None
    found = [part for part in _GUESS_WORD.finditer(text, first, last) if _normal(part[0]) not in _NO_GUESSES]
    found = [part for part in found if _TOKEN.search(part[0])]
    if not found:
        return None
    return Guess(words=tuple(_normal(part[0]) for part in found), span=(found[0].start(), found[-1].end()))


def read_guess(text: str, target: str, rules: Rules = "strict") -> Reading | None:
    """What a defender's utterance is as a guess of ``target``; None if it is no guess.

    ``multiple``: more than one word was named, so none is judged (never under ``spag-v1``, which takes any of them).
    """
    if rules == "spag-v1":
        lowered = text.lower()
        if re.search(_PUBLISHED_GUESS, lowered) is None:
            return None
        forms = _published_forms(target)
        return "correct" if any(re.search(_PUBLISHED_GUESS + form, lowered) for form in forms) else "wrong"
    guess = parse_guess(text, rules)
    if guess is None:
        return None
    if len(guess.words) > 1:
        return "multiple"
    said, wanted = (re.sub(r"[\W_]", "", "".join(map(_fold, word))) for word in (guess.words[0], target))
    return "correct" if said == wanted or same_family(said, wanted) else "wrong"


def _normal(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().strip("'\u2018\u2019_-.!")


@lru_cache(maxsize=4096)
def _published_forms(target: str) -> tuple[str, ...]:
    """The published list of forbidden strings, less its quoted copies, which all contain one of these."""
    try:
        from textblob.en.inflect import pluralize
    except ImportError as error:
        raise ImportError("the spag-v1 rules need TextBlob's plurals: pip install 'selftaught[spag]'") from error
    word = target.lower()
    return word, word + "ing", word + "ed", str(pluralize(word))


def _judge_published(text: str, target: str) -> Verdict:
    """Plain substrings of the lower-cased text, as published."""
    lowered = text.lower()
    for form in _published_forms(target):
        start = lowered.find(form)
        if start < 0:
            continue
        reason = "target" if form == target.lower() else "inflection"
        places = _lowered_places(text)
        return Verdict(False, reason, (places[start], places[start + len(form) - 1] + 1))
    return _LEGAL


def _lowered_places(text: str) -> Sequence[int]:
    """For each character of ``text.lower()`` the index in ``text`` that it comes from; lower-casing lengthens a few."""
    if text.isascii():
        return range(len(text))
    return [index for index, character in enumerate(text) for _ in character.lower()]
