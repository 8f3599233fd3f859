"""Growing sequences: every way keeps a chain right, and what fails is counted as failed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.envs.sequence.chains import Call, Chain, Step
from selftaught.envs.sequence.drawing import allowed_in, draw, held_out_pair, operations_of
from selftaught.envs.sequence.grow import OPTIONS, grow, grow_row, lesson, statistics
from selftaught.envs.sequence.operations import HELD_OUT, OPERATIONS
from selftaught.envs.sequence.replies import score, sections

SEEDS = st.integers(0, 2**32)
CHAIN = Chain("text", "red boat dog", (Step(0, Call("reverse")), Step(0, Call("count_words"))))


def paid(found: Chain, reply: str) -> float:
    return score(found, sections(reply)).reward


@pytest.mark.parametrize("option", OPTIONS)
@given(seed=SEEDS)
def test_every_way_of_growing_keeps_a_chain_right(option: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    found = draw(random, length=int(random.integers(1, 4)))
    grown = OPTIONS[option](random, found, allowed_in("train"))
    if grown is None:
        return
    more = {"keep": 0, "decompose": 1}.get(option, 1)
    assert len(grown.steps) == len(found.steps) + more and paid(grown, grown.solved()) == 1.0
    assert grown.datum == found.datum
    if option == "suffix":
        assert grown.steps[:-1] == found.steps
    if option == "decompose":
        assert set(found.results) <= set(grown.results)
    if option in ("prefix", "interpolate"):
        ops = [step.call.op for step in grown.steps]
        assert any(
            ops[:place] + ops[place + 1 :] == [step.call.op for step in found.steps] for place in range(len(ops))
        )
    seen = operations_of(grown)
    assert not any(held_out_pair(one, op) for before, op in seen for one in before)
    assert not any(OPERATIONS[op].family in HELD_OUT for _, op in seen)


def test_what_could_not_be_done_is_not_taken_for_the_choice_to_keep() -> None:
    """As in SeqIns, where an answer that could not be parsed became the option to leave the instruction as it was."""
    single = Chain("text", "red boat", (Step(0, Call("reverse")),))
    found = [grow(np.random.default_rng(seed), single, rounds=3) for seed in range(50)]
    assert all(len(one.options) + len(one.failed) == 3 for one in found)
    assert all("decompose" not in one.options or len(one.results) > 2 for one in found)
    told = statistics(found)
    assert told["failed"]["decompose"] > 0 and told["lessons"] == 50 == sum(told["steps"].values())


def test_a_row_of_ones_own_grows_on_both_sides() -> None:
    row = {"instruction": "Translate to French.", "input": "good day", "output": "bonjour"}
    found = [grow_row(np.random.default_rng(seed), row, rounds=4) for seed in range(60)]
    assert {1, 3, 4} <= {len(one.results) for one in found}
    for one in found:
        own = one.results.index("bonjour") + 1 if "bonjour" in one.results else 0
        assert own and (one.plain or re.search(f"Step {own}: (On the input: )?Translate to French.", one.told))
        assert one.plain == (len(one.results) == 1) and one.reply.endswith(one.results[-1])
        assert len(one.results) == 1 + sum(name in ("prefix", "suffix") for name in one.options)
    long = grow_row(np.random.default_rng(0), {"instruction": "List.", "output": "a\nb"}, rounds=6)
    assert long.plain and long.reply == "a\nb" and "suffix" in long.failed
    with pytest.raises(ValueError, match="needs text under 'output'"):
        grow_row(np.random.default_rng(0), {"instruction": "x", "output": None}, rounds=1)


def test_a_lesson_is_a_chat() -> None:
    chat = lesson(CHAIN).messages("Do it.")
    assert [message.role for message in chat] == ["system", "user", "assistant"] and chat[-1].content == CHAIN.solved()


def test_a_row_of_ones_own_grows_by_what_training_may_have() -> None:
    row = {"instruction": "Name it.", "input": "red boat dog", "output": "small cat"}
    told = " ".join(
        grow_row(np.random.default_rng(seed), row, rounds=4, allowed=allowed_in("train")).told for seed in range(200)
    )
    assert not re.search("alphabet|ROT13|hours|metres|dozens|weeks|JSON|CSV", told.replace("order of the alphabet", ""))
