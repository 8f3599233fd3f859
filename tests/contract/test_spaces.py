"""The text space: what it holds, how it samples, and how it batches."""

from __future__ import annotations

import copy
import json
import pickle
import timeit

import gymnasium
import numpy as np
import pytest
from gymnasium.vector.utils import batch_differing_spaces, batch_space, concatenate, create_empty_array, iterate
from hypothesis import given
from hypothesis import strategies as st

from selftaught.envs.spaces import UnicodeText
from selftaught.validation import HOSTILE

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_every_text_is_in_the_unbounded_space(text: str) -> None:
    assert text in UnicodeText()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_in_the_space_and_survives_json(text: str) -> None:
    space = UnicodeText()
    assert text in space
    assert space.from_jsonable(json.loads(json.dumps(space.to_jsonable([text])))) == [text]


def test_bounds_and_other_types() -> None:
    space = UnicodeText(3)
    assert "abc" in space and "" in space and np.str_("ab") in space
    for outside in ("abcd", b"abc", None, 3, ["a"]):
        assert outside not in space
    with pytest.raises(ValueError, match="-1"):
        UnicodeText(-1)


def test_contains_does_not_look_at_characters() -> None:
    space, book = UnicodeText(), "x" * 1_000_000
    assert timeit.timeit(lambda: space.contains(book), number=1000) < 0.1


def test_samples_are_seeded_contained_and_varied() -> None:
    one, two = UnicodeText(seed=3), UnicodeText(seed=3)
    samples = [one.sample() for _ in range(200)]
    assert samples == [two.sample() for _ in range(200)]
    assert all(sample in one for sample in samples)
    assert len(set(samples)) > 150
    assert len({ord(c) // 0x500 for c in "".join(samples)}) > 5
    "".join(samples).encode()
    assert all(len(UnicodeText(2).sample()) <= 2 for _ in range(50))
    assert UnicodeText(0).sample() == ""


def test_masks_are_refused() -> None:
    with pytest.raises(ValueError, match="masked"):
        UnicodeText().sample(mask=(3, None))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="masked"):
        UnicodeText().sample(probability=(3, None))  # type: ignore[arg-type]


def test_equality_repr_copy_and_pickle() -> None:
    space = UnicodeText(7, seed=1)
    assert space == UnicodeText(7) != UnicodeText(8)
    assert space != gymnasium.spaces.Text(7)
    assert (repr(space), repr(UnicodeText())) == ("UnicodeText(7)", "UnicodeText()")
    for twin in (copy.deepcopy(space), pickle.loads(pickle.dumps(space))):
        assert twin == space
        assert _samples(twin, 5) == _samples(space, 5)


def test_batches_are_tuples_of_texts() -> None:
    space = UnicodeText(9, seed=1)
    batched = batch_space(space, 3)
    texts = ("one", "", "thr\ud800e")
    empty = create_empty_array(space, n=3)
    assert texts in batched and empty in batched
    assert batched.sample() in batched
    assert isinstance(empty, tuple)
    assert concatenate(space, texts, empty) == texts
    assert tuple(iterate(batched, texts)) == texts
    assert ("1234", "12") in batch_differing_spaces([UnicodeText(4), UnicodeText(2)])


def _samples(space: UnicodeText, number: int) -> list[str]:
    twin = copy.deepcopy(space)
    return [twin.sample() for _ in range(number)]
