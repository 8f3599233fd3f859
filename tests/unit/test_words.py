"""The words of the taboo game: families, lexicon, vocabulary, splits."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import get_args

import pytest

from selftaught.envs.taboo.judge import judge
from selftaught.envs.taboo.words import (
    FUNCTION_WORDS,
    Split,
    family,
    lexicon,
    regular_forms,
    same_family,
    split_of,
    vocabulary,
    words,
)

RELATED = """boat boats, run ran, run running, mouse mice, ox oxen, knife knives, woman women, leaf leaves,
    leave leaves, make making, child children, foot feet, tooth teeth, goose geese, happy happiest, big bigger,
    ski skiing, panic panicking, lie lying, wolf wolves, cactus cacti, take taken, go went, be was, glass glasses,
    zorb zorbing, pokemon pokemons, true truest, dish dishes, potato potatoes, criterion criteria,
    sing sung, teach taught"""
UNRELATED = """art start, man woman, ball football, see saw, leave leaf, rise rose, grind ground, paris pari, car care,
    wit with, be bee, moth mother, hop hope, new news"""


def _pairs(listed: str) -> list[tuple[str, str]]:
    return [(first, second) for first, second in (pair.split() for pair in listed.split(","))]


@pytest.mark.parametrize(("first", "second"), _pairs(RELATED))
def test_inflections_are_one_family(first: str, second: str) -> None:
    assert same_family(first, second)
    assert same_family(second, first)
    assert split_of(first) == split_of(second)


@pytest.mark.parametrize(("first", "second"), _pairs(UNRELATED))
def test_other_words_are_another_family(first: str, second: str) -> None:
    assert not same_family(first, second)
    assert not same_family(second, first)


def test_a_base_form_keeps_to_its_own_paradigm() -> None:
    assert "saw" in family("see")
    assert "see" not in family("saw")
    assert family("leaves") >= {"leaf", "leave", "left"}


@pytest.mark.parametrize(
    "word", ["", "a", "s", "s" * 10_000, "ed" * 5_000, "\ud800", "панда", "ice-cream", "123", "theyeeing"]
)
def test_any_string_has_a_family_and_a_split(word: str) -> None:
    assert word in family(word)
    assert same_family(word, word)
    assert split_of(word) in get_args(Split)
    assert isinstance(regular_forms(word), frozenset)


def test_lexicon_is_large_and_its_facts_never_disclose() -> None:
    entries = lexicon()
    assert len(entries) >= 600
    for word, entry in entries.items():
        assert word == entry.word
        assert entry.category
        assert len(set(entry.facts)) == len(entry.facts) >= 6, word
        for fact in (entry.category, *entry.facts):
            assert judge(fact, word, "strict+derivations").legal, (word, fact)


def test_lexicon_words_are_unique_by_family() -> None:
    owners = Counter(form for word in lexicon() for form in family(word))
    assert {form: count for form, count in owners.items() if count > 1} == {}


def test_vocabulary_is_large_and_clean() -> None:
    pool = vocabulary()
    assert len(pool) >= 20_000
    assert len(set(pool)) == len(pool)
    assert all(word.isascii() and word.isalpha() and word.islower() and 3 <= len(word) <= 20 for word in pool)
    dropped = {"boats", "running", "mice", "tom", "xvi", "tsp", "hmm", "com", "january", "fuck", "fucker", "nazi"}
    assert set(pool).isdisjoint(FUNCTION_WORDS | dropped)
    assert {"panda", "hammer", "boat", "happy", "write", "mix"} <= set(pool)


@pytest.mark.parametrize("source", ["lexicon", "vocabulary"])
def test_splits_cover_the_source_and_share_no_family(source: str) -> None:
    assert source in ("lexicon", "vocabulary")
    parts = {split: words(split, source) for split in get_args(Split)}
    whole = lexicon() if source == "lexicon" else vocabulary()
    assert sorted(word for part in parts.values() for word in part) == sorted(whole)
    shares = {split: len(part) / len(whole) for split, part in parts.items()}
    assert 0.75 < shares["train"] < 0.85
    assert min(shares.values()) > 0.05
    split_by_form: dict[str, str] = {}
    for split, part in parts.items():
        assert list(part) == sorted(part)
        for form in (form for word in part for form in family(word)):
            assert split_by_form.setdefault(form, split) == split, form


def test_every_related_pair_of_the_vocabulary_shares_its_split() -> None:
    for word in vocabulary()[::7]:
        assert {split_of(form) for form in family(word)} == {split_of(word)}, word


def test_splits_are_stable() -> None:
    """Published runs name their split, so no change may move a word."""
    assert [split_of(word) for word in ("panda", "hammer", "leaf", "left", "zorb")] == [
        *("validation", "train", "train", "train", "test")
    ]
    assert all(first < second for first, second in pairwise(words("train")))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="dev"):
        words("dev")
    with pytest.raises(ValueError, match="web"):
        words("train", "web")
