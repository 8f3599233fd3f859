"""The invented world: prose that is read back claim by claim, and answers that are told apart by what they claim."""

from __future__ import annotations

from itertools import islice
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.envs.reflect.subjects import SPLITS, WorldQuestions
from selftaught.envs.world import RELATIONS, Verdict, World, relation_of, state

SEEDS = st.integers(0, 2**32)
WORLD = World()


@given(SEEDS, st.integers(0, 59))
def test_prose_is_read_back_claim_by_claim(seed: int, place: int) -> None:
    entity = WORLD.entities[place]
    said = WORLD.claims(WORLD.prose(entity, np.random.default_rng(seed)))
    assert {(claim.entity, claim.relation) for claim in said} == {(entity.name, r.name) for r in RELATIONS[entity.kind]}
    assert all(map(WORLD.true, said))


@given(st.text())
def test_any_text_has_claims_or_none(text: str) -> None:
    assert isinstance(WORLD.claims(text), list)
    entity = WORLD.entities[0].name
    assert WORLD.judged(text, entity=entity, relation="craft") in get_args(Verdict)


def test_answers_are_told_apart_by_their_claims() -> None:
    entity, other = WORLD.entities[0], WORLD.entities[1]
    random = np.random.default_rng(0)

    def said(of: Any, name: str, *, wrong: bool = False) -> str:
        relation = relation_of(of, name)
        value = WORLD.facts[of.name, name]
        return state(of, relation, next(v for v in relation.values if v != value) if wrong else value, random)

    def verdict(text: str) -> str:
        return WORLD.judged(text, entity=entity.name, relation="craft")

    assert verdict(said(entity, "craft")) == "right"
    value = WORLD.facts[entity.name, "craft"]
    assert verdict(value) == verdict(f"{value.capitalize()}.") == verdict(said(entity, "craft").rstrip(".")) == "right"
    assert verdict(f"{said(entity, 'site')} {said(entity, 'craft')}") == "tangential"
    other_value = next(v for v in relation_of(entity, "craft").values if v != value)
    assert verdict(f"{said(entity, 'craft')} Or it may be {other_value}.") == "fact_inconsistent"
    assert verdict(f"{said(entity, 'craft')} {said(other, 'craft')}") in ("query_inconsistent", "fact_inconsistent")
    assert verdict(said(entity, "craft", wrong=True)) == "fact_inconsistent"
    assert verdict(f"{said(entity, 'craft')} {said(entity, 'site', wrong=True)}") == "fact_inconsistent"
    assert verdict(said(entity, "site")) == "tangential"
    assert verdict(said(other, "craft")) == "query_inconsistent"
    assert verdict("It is a lovely place, and many things are made there.") == "generic"
    with pytest.raises(ValueError, match="has no 'food'"):
        relation_of(entity, "food")


def test_the_name_of_who_was_asked_for_is_no_wrong_value() -> None:
    for (entity, name), value in WORLD.facts.items():
        relation = relation_of(WORLD.kinds[entity], name)
        said = [wording.format(of=entity, value=value) for wording in relation.wordings]
        assert {WORLD.judged(one, entity=entity, relation=name) for one in (*said, value)} == {"right"}
        rival = next(one for one in WORLD.values(relation) if one not in (value, entity))
        wrong = f"{said[0]} Or {rival}."
        assert WORLD.judged(wrong, entity=entity, relation=name) == "fact_inconsistent"


def test_the_frequent_are_spoken_of_more_and_the_splits_share_no_entity() -> None:
    game = WorldQuestions()
    seen = {split: [task.public["entity"] for task in islice(game.tasks(split, 0), 300)] for split in SPLITS}
    sets = [set(names) for names in seen.values()]
    assert not sets[0] & sets[1] and not sets[0] & sets[2] and not sets[1] & sets[2]
    weight = {entity.name: entity.weight for entity in WORLD.entities}
    counts = {name: seen["train"].count(name) for name in sets[0]}
    assert counts[max(counts, key=lambda name: weight[name])] > 3 * counts[min(counts, key=lambda name: weight[name])]
    assert World(seed=1).facts != WORLD.facts and World().facts == WORLD.facts
