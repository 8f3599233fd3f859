"""The words of the taboo game: the lexicon of targets with facts, the wide vocabulary, the splits.

Dictionaries (lemminflect, simplemma, wordfreq) load on first use, never on import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib import resources
from types import MappingProxyType
from typing import Literal, get_args

from selftaught.envs.taboo.families import (
    FALSE_DERIVATIONS,
    FUNCTION_WORDS,
    derivation_roots,
    family,
    is_derived,
    is_ordinary,
    regular_forms,
    representative,
    same_family,
)

__all__ = [
    "FALSE_DERIVATIONS",
    "FUNCTION_WORDS",
    "Entry",
    "Source",
    "Split",
    "derivation_roots",
    "family",
    "is_derived",
    "is_ordinary",
    "lexicon",
    "regular_forms",
    "same_family",
    "split_of",
    "vocabulary",
    "words",
]

Split = Literal["train", "validation", "test"]
Source = Literal["lexicon", "vocabulary"]
# The published list has 47,591 strings; this many by frequency leave more than 20,000 lemmas after the filters below.
_SCANNED_WORDS = 150_000
_WORD = re.compile(r"[a-z]{3,20}")
_ROMAN = re.compile(r"(?=.)m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_ROMAN_LOOKALIKES = frozenset({"mix"})
# What the list of better-profanity lacks: slurs, and words of sex and violence with their relatives.
_ALSO_OFFENSIVE = frozenset(
    """bisexual bisexuality bitchy cripple erotica eroticism gyp gypsy heterosexual heterosexuality homosexual
    homosexuality midget molester mulatto negro pedophile pornographic rape rapist retard sexuality spastic squaw tranny
    vaginal""".split()
)

# Given names that the dictionaries also list as common nouns or verbs.
_GIVEN_NAMES = frozenset(
    "billy bob dale deb don frank jack jay jimmy ken lee lon martin matt nick pat ray rob victor warren".split()
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One target of the lexicon: a concrete noun, its category, and short facts that never name it."""

    word: str
    category: str
    facts: tuple[str, ...]


@lru_cache(maxsize=1)
def lexicon() -> Mapping[str, Entry]:
    """The targets with facts, by word, in the order of ``data/lexicon.tsv`` (word, category, facts joined by ``"; "``).

    Raises:
        FileNotFoundError: the data file is not installed.
        ValueError: a line does not have three columns, or a word comes twice.
    """
    text = resources.files("selftaught.envs.taboo").joinpath("data", "lexicon.tsv").read_text(encoding="utf-8")
    entries: dict[str, Entry] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        columns = line.split("\t")
        if len(columns) != 3:
            raise ValueError(f"lexicon.tsv line {number}: expected 3 columns, found {len(columns)}: {line!r}")
        word, category, facts = (column.strip() for column in columns)
        if word in entries:
            raise ValueError(f"lexicon.tsv line {number}: {word!r} is listed twice")
        entries[word] = Entry(word=word, category=category, facts=tuple(facts.split("; ")))
    return MappingProxyType(entries)


@lru_cache(maxsize=1)
def vocabulary() -> tuple[str, ...]:
    """English base forms of nouns, verbs and adjectives, most frequent first, by wordfreq and lemminflect.

    Left out: function words, inflected forms, proper names (words that simplemma writes with a capital), abbreviations
    and Roman numerals, and the families of the word list of better-profanity.
    """
    from wordfreq import top_n_list

    offensive = _offensive_words()
    return tuple(
        word
        for word in top_n_list("en", _SCANNED_WORDS)
        if _WORD.fullmatch(word)
        and word not in FUNCTION_WORDS
        and word not in offensive
        and word not in _GIVEN_NAMES
        and _is_base_form(word)
        and not _is_name_or_abbreviation(word)
    )


@lru_cache(maxsize=8)
def words(split: Split, source: Source = "lexicon") -> tuple[str, ...]:
    """The sorted words of one split of the lexicon or of the vocabulary.

    Raises:
        ValueError: unknown ``split`` or ``source``.
    """
    if split not in get_args(Split):
        raise ValueError(f"unknown split {split!r}; expected one of {get_args(Split)}")
    if source not in get_args(Source):
        raise ValueError(f"unknown source {source!r}; expected one of {get_args(Source)}")
    pool = lexicon() if source == "lexicon" else vocabulary()
    return tuple(sorted(word for word in pool if split_of(word) == split))


def split_of(word: str) -> Split:
    """The split (80 / 10 / 10) that ``word`` and every word linked to it by a chain of families belong to.

    Families overlap (leaf, leaves, leave, left), so the hash is of the smallest word of the whole connected component.
    """
    digest = blake2b(representative(word.casefold()).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    tenth = int.from_bytes(digest, "big") % 10
    if tenth < 8:
        return "train"
    return "validation" if tenth == 8 else "test"


def _is_base_form(word: str) -> bool:
    """Whether ``word`` is a noun, verb or adjective and no regular form of another (running, building)."""
    from lemminflect import getAllLemmas

    lemmas = getAllLemmas(word)
    if not any(word in lemmas.get(part, ()) for part in ("NOUN", "VERB", "ADJ")):
        return False
    others = {lemma for found in lemmas.values() for lemma in found} - {word}
    return not any(word in regular_forms(other) for other in others)


def _is_name_or_abbreviation(word: str) -> bool:
    import simplemma

    if word not in _ROMAN_LOOKALIKES and _ROMAN.fullmatch(word):
        return True
    return not set("aeiouy") & set(word) or simplemma.lemmatize(word, lang="en")[0].isupper()


def _offensive_words() -> frozenset[str]:
    listed = resources.files("better_profanity").joinpath("profanity_wordlist.txt").read_text(encoding="utf-8")
    singles = {word for line in listed.splitlines() if _WORD.fullmatch(word := line.strip().casefold())}
    return frozenset().union(*map(family, singles | _ALSO_OFFENSIVE))
